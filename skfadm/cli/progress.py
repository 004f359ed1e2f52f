"""Progress of sampling on standard error: a bar in a terminal, lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta
from importlib.util import find_spec
from time import monotonic
from typing import Any

#: Seconds without a line of progress, at least.
_PAUSE = 10.0


def with_progress(batches: Iterable[Any], n_rows: int, *, quiet: bool) -> Iterator[Any]:
    """Yield batches of rows and labels; show how many of the rows are there.

    Parameters
    ----------
    batches : iterable of (X, y)
        The batches.
    n_rows : int
        Rows of all batches.
    quiet : bool
        Whether to show nothing.
    """
    stream = sys.stderr
    if quiet or stream is None:
        yield from batches
    elif stream.isatty() and find_spec("tqdm"):
        yield from _with_bar(batches, n_rows)
    else:
        yield from _with_lines(batches, n_rows)


def _with_bar(batches: Iterable[Any], n_rows: int) -> Iterator[Any]:
    from tqdm import tqdm

    form = "{desc} {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
    options = {"dynamic_ncols": True, "bar_format": form, "file": sys.stderr}
    with tqdm(total=n_rows, desc="sampling", **options) as bar:
        for X, y in batches:
            bar.update(len(y))
            yield X, y


def _with_lines(batches: Iterable[Any], n_rows: int) -> Iterator[Any]:
    begun = shown = monotonic()
    done = 0
    for X, y in batches:
        done += len(y)
        now = monotonic()
        if done < n_rows and now - shown > _PAUSE:
            shown = now
            left = timedelta(seconds=round((now - begun) / done * (n_rows - done)))
            print(
                f"sampling {100 * done // n_rows:3d}%  {left} left",
                file=sys.stderr,
                flush=True,
            )
        yield X, y
