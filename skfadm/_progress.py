"""Progress of a training: a bar in a terminal, lines in a log."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from time import monotonic
from types import TracebackType
from typing import Self, SupportsFloat, TextIO

__all__ = ["TrainingProgress"]

# Seconds between two drawings of a bar, and between two lines of a log.
REDRAW = 0.1
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
WIDEST_BAR, NARROWEST_BAR = 30, 8


class TrainingProgress:
    """Show how far a training is, its losses and the time left.

    In a terminal one line is redrawn, at most ten times a second and never wider than
    the terminal. Anywhere else (a file, a pipe, a notebook) plain lines are written:
    at every tenth of the training and at the latest after 30 seconds, with at least a
    second between two. The stream may go away; the training goes on.

    Use it as a context manager, so that the line is ended when the training is
    interrupted or fails.

    Parameters
    ----------
    max_iter : int
        Number of iterations of the training.
    stream : text stream, default=None
        Where to write; ``None`` means ``sys.stderr``.

    Examples
    --------
    >>> import sys
    >>> from skfadm._progress import TrainingProgress
    >>> with TrainingProgress(max_iter=2, stream=sys.stdout) as report:
    ...     report(0, {"score": 1.5, "y": 0.69})
    ...     report(1, {"score": 1.25, "y": 0.5})
    training 100%  2/2  score 1.250  y 0.500  took 0:00
    """

    def __init__(self, max_iter: int, stream: TextIO | None = None):
        self.max_iter = max_iter
        self._stream: TextIO | None = sys.stderr if stream is None else stream
        self._in_terminal = _is_terminal(self._stream)
        self._line_is_open = False
        self._start: float | None = None
        self._first = 0
        self._last_shown = 0.0
        self._shown = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._line_is_open:
            self._write("\n")

    def __call__(self, iteration: int, losses: Mapping[str, SupportsFloat]) -> None:
        """Take note of an iteration that has ended.

        Parameters
        ----------
        iteration : int
            Its index, from 0.
        losses : mapping of str to number
            Numbers or tensors of no dimension. They are read only when they are shown:
            reading waits for the device.
        """
        now, done = monotonic(), iteration + 1
        if self._start is None:
            # The rate is taken from here on: the first iteration also warms up.
            self._start, self._first, self._last_shown = now, done, now
        if not self._is_due(done, now - self._last_shown):
            return
        shown = {name: float(value) for name, value in losses.items()}
        self._show(done, shown, monotonic() - self._start)
        self._last_shown, self._shown = monotonic(), done

    def _is_due(self, done: int, pause: float) -> bool:
        if self._stream is None:
            return False
        if done == self.max_iter:
            return True
        if self._in_terminal:
            return pause >= REDRAW or self._shown == 0
        new_tenth = done * 10 // self.max_iter > self._shown * 10 // self.max_iter
        return pause >= (SHORTEST_PAUSE if new_tenth else LONGEST_PAUSE)

    def _show(self, done: int, losses: Mapping[str, float], elapsed: float) -> None:
        is_last = done == self.max_iter
        timing = f"took {_clock(elapsed)}"
        if not is_last:
            timing = f"{self._time_left(done, elapsed)} left"
        parts = [
            f"training {100 * done // self.max_iter:3d}%",
            # As wide from first to last, so that the bar beside it does not jump.
            f"{done:>{len(str(self.max_iter))}}/{self.max_iter}",
            *(f"{name} {value:.3f}" for name, value in losses.items()),
            timing,
        ]
        if not self._in_terminal:
            self._write("  ".join(parts) + "\n")
            return
        # The last column stays free: some terminals wrap when it is written to.
        width = _columns(self._stream) - 1
        line = _fit_line(parts, done / self.max_iter, width)
        self._line_is_open = not is_last
        self._write(f"\r{line:<{width}}" + ("\n" if is_last else ""))

    def _time_left(self, done: int, elapsed: float) -> str:
        if done == self._first:
            return "-:--"
        return _clock(elapsed / (done - self._first) * (self.max_iter - done))

    def _write(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # A closed pipe or terminal is no reason to lose hours of training.
            self._stream, self._line_is_open = None, False


def _is_terminal(stream: TextIO | None) -> bool:
    if stream is None or os.environ.get("TERM") == "dumb":
        return False
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def _columns(stream: TextIO | None) -> int:
    # Not shutil.get_terminal_size: it looks at stdout, which may be a file.
    if stream is None:
        return 80
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (AttributeError, OSError, ValueError):
        return 80


def _fit_line(parts: list[str], share: float, width: int) -> str:
    """Join the parts that fit: the share first, then time, losses, bar and count."""
    first, count, *losses, timing = parts
    choices = [
        ([first, count, *losses, timing], NARROWEST_BAR),
        ([first, *losses, timing], NARROWEST_BAR),
        ([first, *losses, timing], 0),
        ([first, timing], 0),
    ]
    for chosen, narrowest in choices:
        room = min(WIDEST_BAR, width - len("  ".join(chosen)) - len("  []"))
        if room >= NARROWEST_BAR:
            filled = round(share * room)
            chosen.insert(1, f"[{'#' * filled}{'.' * (room - filled)}]")
            return "  ".join(chosen)
        if not narrowest and len("  ".join(chosen)) <= width:
            return "  ".join(chosen)
    return first[-width:]


def _clock(seconds: float) -> str:
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
