"""Rows of a table made in parts, by as many workers as joblib is told to use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.parallel import Parallel, delayed

from .diffusion.generation import RowGenerator

#: Chunks of one task. Tasks have this size however many workers there are, so that
#: rows are the same to the last bit; it is large enough for the last few attempts of
#: fair control, on few rows each, to be a small part of a task.
TASK_CHUNKS = 16


def generate_rows(
    generator: RowGenerator,
    codes: NDArray[np.unsignedinteger],
    seed: int,
    first: int = 0,
    n_jobs: int | None = None,
) -> list[NDArray[np.float32]]:
    """Generate a row for each label, in tasks that joblib runs.

    Parameters
    ----------
    generator : RowGenerator
        Makes the rows; a copy goes to each process.
    codes : ndarray of shape (n,), int
        Label code asked of each row.
    seed : int
        Seed of the whole table.
    first : int, default=0
        Index of the first row in the whole table.
    n_jobs : int or None, default=None
        As for joblib.

    Returns
    -------
    list of ndarray of shape (n, n_columns), float32
        Compact rows, one table for each fair control of the generator.
    """
    size = TASK_CHUNKS * generator.chunk_size
    # Cut at multiples of the size in the whole table, wherever this part of it begins.
    cuts = np.arange(first // size + 1, (first + len(codes) - 1) // size + 1) * size
    starts = [first, *cuts.tolist()]
    labels = [part.astype(np.int64) for part in np.split(codes, cuts - first)]
    if len(labels) == 1:
        return generator.generate(labels[0], seed, first)
    parts = Parallel(n_jobs=n_jobs)(
        delayed(generator.generate)(part, seed, start)
        for part, start in zip(labels, starts, strict=True)
    )
    return [np.concatenate(tables) for tables in zip(*parts, strict=True)]
