"""Progress of a training: a bar in a terminal, lines elsewhere, nothing unasked."""

import io
import os
import sys
import time

import pytest

from skfadm import _progress

LOSSES = {"score": 0.123456, "y": 0.69, "z": 1.5}


class Loss:
    """A loss that counts how often it is read."""

    n_reads = 0

    def __float__(self):
        self.n_reads += 1
        return 0.5


def run(n, losses=LOSSES, verbose=1, before=lambda i: None, known=lambda i, n: n):
    with _progress.show_progress(n, verbose) as report:
        i = 0
        while i < known(i, n):
            before(i)
            if report is not None:
                report(i, losses, known(i, n))
            i += 1


@pytest.fixture
def clock(monkeypatch):
    """Give the time as a list of one number, which the test moves."""
    now = [100.0]
    monkeypatch.setattr(_progress, "monotonic", lambda: now[0])
    return now


def wait(clock, seconds):
    def before(i):
        clock[0] += seconds

    return before


@pytest.fixture(params=[80, None], ids=["80 columns", "unknown width"])
def terminal(request, monkeypatch):
    """Run with a terminal as standard error; give what was written."""
    pty, termios = pytest.importorskip("pty"), pytest.importorskip("termios")
    reader, writer = pty.openpty()
    if request.param:
        termios.tcsetwinsize(writer, (24, request.param))
    stream = os.fdopen(writer, "w")
    os.set_blocking(reader, False)

    def written(run, *args, **kwargs):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", stream)
            run(*args, **kwargs)
        stream.flush()
        pieces = []
        try:
            while piece := os.read(reader, 100_000):
                pieces.append(piece)
        except BlockingIOError:
            return b"".join(pieces).decode()

    yield written
    stream.close()
    os.close(reader)


def test_a_log_gets_a_line_every_tenth_with_losses_and_time_left(clock, capsys):
    run(100, before=wait(clock, 1.0))
    lines = capsys.readouterr().err.splitlines()
    assert (
        lines[0]
        == "training  10% 10/100  score 0.123  y 0.690  z 1.500  0:01:30 left at most"
    )
    last = "training 100% 100/100  score 0.123  y 0.690  z 1.500  took 0:01:39"
    assert lines[-1] == last
    assert len(lines) == 10


def ends_at_40_from_30_on(i, n):
    return n if i < 30 else 40


def test_a_training_that_ends_early_tells_the_time_that_is_left_then(clock, capsys):
    run(100, before=wait(clock, 1.0), known=ends_at_40_from_30_on)
    lines = capsys.readouterr().err.splitlines()
    shown = [line.removeprefix("training").strip().split("  ") for line in lines]
    assert [(words[0], words[-1]) for words in shown] == [
        ("10% 10/100", "0:01:30 left at most"),
        ("20% 20/100", "0:01:20 left at most"),
        ("30% 30/100", "0:01:10 left at most"),
        ("80% 32/40", "0:00:08 left"),
        ("90% 36/40", "0:00:04 left"),
        ("100% 40/40", "took 0:00:39"),
    ]


def test_a_line_a_second_and_the_last_at_most_and_nothing_unasked(clock, capsys):
    run(100, before=wait(clock, 0.025), verbose=0)
    assert capsys.readouterr() == ("", "")
    loss = Loss()
    run(100, {"score": loss}, before=wait(clock, 0.025))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == ["40%", "80%", "100%"]
    # Losses are read only when they are shown.
    assert loss.n_reads == 3


def test_a_training_outlives_the_stream_and_does_without_one(monkeypatch):
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    for stream in (Gone(), None):
        monkeypatch.setattr(sys, "stderr", stream)
        run(10)


def test_a_terminal_gets_one_line_that_is_redrawn_and_fits(terminal):
    pytest.importorskip("tqdm")
    text = terminal(run, 200, before=lambda i: time.sleep(0.002))
    lines = text.replace("\r\n", "").split("\r")
    assert len(lines) > 3
    assert max(map(len, lines)) <= 80
    assert "training 100%" in lines[-1]
    assert "score 0.123  y 0.690  z 1.500" in lines[-1]
    assert text.endswith("\n")
    # It is full where a training ends early.
    shown = terminal(run, 100, known=ends_at_40_from_30_on)
    assert "100%" in shown and "40/40" in shown
