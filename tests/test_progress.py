"""Progress of a training: what is drawn where, when, and what is left behind."""

import fcntl
import io
import os
import pty
import re
import select
import struct
import termios

import pytest
import torch
from sklearn.base import BaseEstimator, _fit_context
from sklearn.callback import CallbackSupportMixin, ProgressBar

from skfadm import _progress as progress
from skfadm._progress import TrainingProgress
from skfadm._reports import MAX_TASKS, CallbackTasks, training_report

LOSSES = {"score": 0.123456, "y": 0.69, "z": 1.5}


class Clock:
    """A clock that the test moves."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "monotonic", clock)
    return clock


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def narrow_terminal(monkeypatch):
    """Give a function that opens a pseudo-terminal of so many columns."""
    monkeypatch.setenv("TERM", "xterm")
    opened = []

    def open_terminal(columns):
        master, slave = pty.openpty()
        size = struct.pack("HHHH", 24, columns, 0, 0)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
        stream = os.fdopen(slave, "w")
        opened.append((master, stream))
        return master, stream

    yield open_terminal
    for master, stream in opened:
        stream.close()
        os.close(master)


def read(terminal):
    """Read all that is there; it may come in pieces."""
    text = b""
    while select.select([terminal], [], [], 0.05)[0]:
        text += os.read(terminal, 100_000)
    return text.decode()


def run(reporter, n, clock, seconds):
    with reporter as report:
        for i in range(n):
            clock.now += seconds
            report(i, LOSSES)


def test_log_gets_a_plain_line_every_tenth_with_losses_and_time_left(clock):
    log = io.StringIO()
    run(TrainingProgress(100, log), 100, clock, seconds=2)
    lines = log.getvalue().splitlines()
    assert len(lines) == 10
    # 90 iterations left at 2 s each.
    assert lines[0] == (
        "training  10%   10/100  score 0.123  y 0.690  z 1.500  3:00 left"
    )
    assert lines[-1].startswith("training 100%  100/100")
    assert lines[-1].endswith("took 3:18")  # counted from the end of the first
    assert re.fullmatch(r"[\x20-\x7e\n]*", log.getvalue())


def test_log_of_a_slow_training_gets_a_line_after_30_seconds(clock):
    log = io.StringIO()
    run(TrainingProgress(10_000, log), 100, clock, seconds=1)
    assert [line.split()[2] for line in log.getvalue().splitlines()] == [
        "31/10000",
        "61/10000",
        "91/10000",
    ]


def test_log_of_a_fast_training_gets_at_most_a_line_a_second(clock):
    log = io.StringIO()
    run(TrainingProgress(1000, log), 1000, clock, seconds=0.002)
    assert len(log.getvalue().splitlines()) == 2


def test_terminal_line_is_redrawn_at_most_ten_times_a_second(clock, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    run(TrainingProgress(10_000, terminal), 10_000, clock, seconds=0.001)
    # 10 s: one at the start, one at the end, and ten a second in between.
    assert 80 <= terminal.getvalue().count("\r") <= 102
    assert terminal.getvalue().count("\n") == 1
    assert terminal.getvalue().endswith("\n")
    assert re.search(r"  50%  \[(#{5,})\.{5,}\]  ", terminal.getvalue())


@pytest.mark.parametrize("columns", [5, 20, 40, 60, 200])
def test_line_never_reaches_the_edge_of_the_terminal(clock, narrow_terminal, columns):
    master, stream = narrow_terminal(columns)
    run(TrainingProgress(20, stream), 20, clock, seconds=1)
    drawn = read(master).replace("\r\n", "").split("\r")[1:]
    assert len(drawn) == 20
    assert all(len(line) == columns - 1 for line in drawn)
    assert drawn[9].rstrip().startswith("training  50%") == (columns >= 20)
    assert ("0:10 left" in drawn[9]) == (columns >= 40)
    assert ("score" in drawn[9]) == (columns >= 60)
    assert ("[###" in drawn[9]) == (columns in (40, 200))


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_open_line_is_ended_when_training_stops(clock, monkeypatch, error):
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    with pytest.raises(error), TrainingProgress(10, terminal) as report:
        report(0, LOSSES)
        raise error
    assert terminal.getvalue().endswith("\n")
    assert terminal.getvalue().count("\n") == 1


def test_nothing_is_written_if_nothing_was_trained():
    terminal = Terminal()
    with TrainingProgress(10, terminal):
        pass
    assert terminal.getvalue() == ""


def test_dumb_terminal_gets_plain_lines(clock, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    terminal = Terminal()
    run(TrainingProgress(10, terminal), 10, clock, seconds=2)
    assert "\r" not in terminal.getvalue()


def test_losses_are_read_only_when_they_are_shown(clock):
    class Loss:
        n_read = 0

        def __float__(self):
            Loss.n_read += 1
            return 1.0

    with TrainingProgress(1000, io.StringIO()) as report:
        for i in range(1000):
            report(i, {"score": Loss()})
    assert Loss.n_read == 1


def test_tensors_and_infinite_losses_are_shown(clock):
    log = io.StringIO()
    with TrainingProgress(1, log) as report:
        report(0, {"score": torch.tensor(2.5), "y": torch.tensor(float("nan"))})
    assert "score 2.500  y nan" in log.getvalue()


def test_training_outlives_the_stream(clock):
    log = io.StringIO()
    log.close()
    run(TrainingProgress(10, log), 10, clock, seconds=5)


def test_default_stream_is_stderr(clock, capsys):
    run(TrainingProgress(1), 1, clock, seconds=1)
    out, err = capsys.readouterr()
    assert out == ""
    assert "1/1" in err


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.4, "0:00"), (59.6, "1:00"), (3599, "59:59"), (7384, "2:03:04")],
)
def test_clock(seconds, shown):
    assert progress._clock(seconds) == shown


class Trained(CallbackSupportMixin, BaseEstimator):
    """An estimator that trains as the generator does."""

    _parameter_constraints: dict = {}

    def __init__(self, max_iter=10, verbose=0):
        self.max_iter = max_iter
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        n_tasks = CallbackTasks.count(self.max_iter)
        context = self._init_callback_context(max_subtasks=n_tasks)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        with training_report(self, context, self.max_iter) as report:
            self.reported_ = report is not None
            for i in range(self.max_iter if report else 0):
                report(i, LOSSES)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self


class Recorder:
    def __init__(self):
        self.events = []

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.events.append(("begin", context.task_name, context.task_id))

    def on_fit_task_end(self, estimator, context):
        self.events.append(("end", context.task_name, context.task_id))


@pytest.mark.parametrize("max_iter", [1, 7, 100, 101, 250, 5000])
def test_callbacks_see_at_most_100_tasks_begin_and_end_in_turn(max_iter):
    recorder = Recorder()
    Trained(max_iter).set_callbacks(recorder).fit([[0.0]])
    tasks = recorder.events[2:-2]
    n_tasks = min(max_iter, MAX_TASKS)
    assert tasks == [
        (kind, "iterations", task)
        for task in range(n_tasks)
        for kind in ("begin", "end")
    ]
    assert recorder.events[:2] == ["setup", ("begin", "fit", 0)]
    assert recorder.events[-2:] == [("end", "fit", 0), "teardown"]


def test_progress_bar_of_scikit_learn_shows_the_training(capsys):
    pytest.importorskip("rich")
    Trained(250).set_callbacks(ProgressBar()).fit([[0.0]])
    assert "Trained - fit" in capsys.readouterr().out


def test_nobody_is_reported_to_unless_asked_for(capsys):
    assert not Trained().fit([[0.0]]).reported_
    assert capsys.readouterr().err == ""
    assert Trained(verbose=1).fit([[0.0]]).reported_
    assert "10/10" in capsys.readouterr().err
