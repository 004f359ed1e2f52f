"""Rows of a table made in parts, by as many workers as joblib is told to use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.parallel import Parallel, delayed

from .diffusion.generation import RowGenerator

#: Chunks of one task. Tasks have this size however many workers there are, so that
#: rows are the same to the last bit.
TASK_CHUNKS = 16


def generate_rows(
    generator: RowGenerator,
    codes: NDArray[np.integer],
    seed: int,
    index: NDArray[np.int64],
    attempt: int = 0,
    n_jobs: int | None = None,
) -> NDArray[np.float32]:
    """Generate a row for each label, in tasks that joblib runs.

    Parameters
    ----------
    generator : RowGenerator
        Makes the rows; a copy goes to each process.
    codes : ndarray of shape (n,), int
        Label code asked of each row.
    seed : int
        Seed of the whole table.
    index : ndarray of shape (n,), int64
        Indices of the rows in the whole table, increasing.
    attempt : int, default=0
        As for `RowGenerator.generate`.
    n_jobs : int or None, default=None
        As for joblib.

    Returns
    -------
    ndarray of shape (n, n_columns), float32
        Compact rows.
    """
    size = TASK_CHUNKS * generator.chunk_size
    # Cut at multiples of the size in the whole table, wherever this part of it begins.
    cuts = np.flatnonzero(np.diff(index // size)) + 1
    tasks = [
        delayed(generator.generate)(labels.astype(np.int64), seed, rows, attempt)
        for labels, rows in zip(
            np.split(codes, cuts), np.split(index, cuts), strict=True
        )
    ]
    if len(tasks) == 1:
        return generator.generate(codes.astype(np.int64), seed, index, attempt)
    return np.concatenate(Parallel(n_jobs=n_jobs)(tasks))
