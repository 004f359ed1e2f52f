"""Rows of a table made chunk by chunk, by as many workers as joblib is told to use."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
from joblib import effective_n_jobs
from numpy.typing import NDArray
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import ThreadpoolController

from .diffusion.generation import RowGenerator

#: Rows that are computed at a time: enough to be fast, few enough to stay in the cache.
#: Chunks are cut alike however many workers there are, so that rows have the same bits.
CHUNK_SIZE = 1024
#: A GPU computes more of them at a time, at most, and fewer where a row has more than
#: 128 channels, so that they fit into its memory.
GPU_CHUNK_SIZE = 65_536


def generate_rows(
    generator: RowGenerator,
    codes: NDArray[np.integer],
    seed: int,
    index: NDArray[np.int64],
    attempt: int = 0,
    n_jobs: int | None = None,
) -> NDArray[np.float32]:
    """Generate a compact row for each label code, in chunks that joblib runs.

    `seed` is that of the whole table, in which the rows have the indices `index`. With
    `n_jobs` None there are as many workers as torch has threads, unless a
    `joblib.parallel_config` asks for more than one.
    """
    # By label, which is cheaper to tell to a chunk of rows that share it.
    order = np.argsort(codes, kind="stable")
    size = _chunk_size(generator.device, generator.layout.width)
    chunks = np.split(order, range(size, len(order), size))
    n_workers = _n_workers(n_jobs, generator.device) if len(chunks) > 1 else 1
    found = Parallel(n_jobs=n_workers, prefer="threads")(
        delayed(_chunk)(
            generator, codes[rows].astype(np.int64), seed, index[rows], attempt
        )
        for rows in chunks
    )
    return np.concatenate(found)[np.argsort(order)]


def _chunk_size(device: str, width: int) -> int:
    """Return how many rows of so many channels a device computes at a time."""
    if torch.device(device).type == "cpu":
        return CHUNK_SIZE
    return min(GPU_CHUNK_SIZE, max(CHUNK_SIZE, 128 * GPU_CHUNK_SIZE // max(1, width)))


def _chunk(generator: RowGenerator, *args: Any) -> NDArray[np.float32]:
    """Generate a chunk with one thread.

    Chunks wait for nobody, while threads that share a chunk wait for each other after
    each of its operations. The limit is this thread's own: it holds for no other.
    """
    torch.get_num_threads()  # sets up the thread, which would undo the limit later
    with _openmp().limit(limits=1):
        return generator.generate(*args)


@cache
def _openmp() -> ThreadpoolController:
    """Return what limits OpenMP; looking for its libraries takes milliseconds."""
    return ThreadpoolController().select(user_api="openmp")


def _n_workers(n_jobs: int | None, device: str) -> int:
    if n_jobs is not None:
        return n_jobs
    configured = effective_n_jobs(None)
    is_free = configured == 1 and torch.device(device).type == "cpu"
    return torch.get_num_threads() if is_free else configured
