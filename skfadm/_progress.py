"""Progress on standard error: a bar in a terminal, lines elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from importlib.util import find_spec
from time import monotonic
from typing import Any, SupportsFloat, TextIO

#: Called as report(iteration, losses, n_iter) after each iteration. Losses, numbers or
#: tensors, are read only when they are shown: reading waits for the device. `n_iter` is
#: how long training lasts as far as is known by then; it may fall.
Report = Callable[[int, Mapping[str, SupportsFloat], int], None]
#: Seconds between two lines at least.
PAUSE = 1.0


@contextmanager
def show_progress(
    max_iter: int, verbose: int, what: str = "training"
) -> Iterator[Report | None]:
    """Give what shows how far work is, the time left and the losses; None for nothing.

    There are `max_iter` iterations at most.
    """
    stream = sys.stderr
    if not verbose or stream is None:
        yield None
    elif stream.isatty() and find_spec("tqdm"):
        yield from _bar(max_iter, stream, what)
    else:
        yield _lines(max_iter, stream, what)


def _bar(max_iter: int, stream: TextIO, what: str) -> Iterator[Report]:
    from tqdm import tqdm

    bar_format = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} "
    bar_format += "{elapsed}<{remaining}{postfix}"
    # Some terminals do not know how large they are.
    columns = os.get_terminal_size(stream.fileno()).columns
    size: dict[str, Any] = (
        {"dynamic_ncols": True} if columns else {"ncols": 80, "nrows": 24}
    )
    with tqdm(
        total=max_iter,
        desc=what,
        bar_format=bar_format,
        miniters=1,
        file=stream,
        **size,
    ) as bar:

        def report(
            iteration: int, losses: Mapping[str, SupportsFloat], n_iter: int
        ) -> None:
            bar.total = n_iter
            if iteration == 0:
                bar.unpause()  # the first one also warms up: it tells no rate
            if bar.update() or iteration + 1 == n_iter:
                bar.set_postfix_str(_words(losses), refresh=False)

        yield report


def _lines(max_iter: int, stream: TextIO, what: str) -> Report:
    begun, shown = 0.0, monotonic()

    def report(
        iteration: int, losses: Mapping[str, SupportsFloat], n_iter: int
    ) -> None:
        nonlocal begun, shown
        if n_iter == 1:
            return  # done before it can be told
        now, done = monotonic(), iteration + 1
        begun = begun or now
        is_tenth = done * 10 // n_iter > iteration * 10 // n_iter
        if done < n_iter and (not is_tenth or now - shown < PAUSE):
            return
        shown = now
        took, time = now - begun, ""
        if done == n_iter:
            time = f"  took {_clock(took)}"
        elif iteration:
            time = f"  {_clock(took / iteration * (n_iter - done))} left"
            if losses and n_iter == max_iter:  # a training may end early
                time += " at most"
        share = f"{100 * done // n_iter:3d}% {done}/{n_iter}"
        words = f"  {_words(losses)}" if losses else ""
        try:
            print(f"{what} {share}{words}{time}", file=stream, flush=True)
        except (OSError, ValueError):
            shown = float("inf")  # the reader went away; the training goes on

    return report


def _words(losses: Mapping[str, SupportsFloat]) -> str:
    return "  ".join(f"{name} {float(value):.3f}" for name, value in losses.items())


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
