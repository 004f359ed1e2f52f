"""From trained networks to compact rows: chunks, and the final draw of categories."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch import Tensor

from .guidance import DenoiserFunction, Guidance, guided_denoiser
from .layout import Layout
from .row_streams import RowStreams
from .samplers import Solver
from .sde import VPSDE

#: Rows that are computed at a time: enough to be fast, few enough to stay in the cache.
CHUNK_SIZE = 512

T = TypeVar("T")
R = TypeVar("R")


def _mapped(compute: Callable[[T], R], chunks: Sequence[T], device: str) -> list[R]:
    """Return what is computed of each chunk, as many at a time as torch has threads.

    Each takes one thread: chunks wait for nobody, while threads that share a chunk wait
    for each other after each of its operations.
    """
    n_threads = torch.get_num_threads() if torch.device(device).type == "cpu" else 1
    if min(n_threads, len(chunks)) < 2:
        return [compute(chunk) for chunk in chunks]
    with ThreadPoolExecutor(n_threads, initializer=_use_one_thread) as pool:
        return list(pool.map(compute, chunks))


def _use_one_thread() -> None:
    """Let PyTorch use one thread in this thread, and leave all others alone."""
    torch.get_num_threads()  # sets up the thread, which would undo the limit later
    threadpool_limits(1, user_api="openmp")


@dataclass(frozen=True)
class RowGenerator:
    """Solves the guided reverse process, chunk by chunk.

    Parameters
    ----------
    denoiser : callable
        Estimate of x_0 from (x_t, t) or, told the label, (x_t, t, y).
    layout : Layout
        The blocks of R^p.
    guidance : Guidance
        Classifiers and their strengths.
    sde, times, solver
        The diffusion, the times of its steps and how they are taken.
    chunk_size : int
        Rows that are computed at a time.
    device : str, default="cpu"
        Where to compute.
    draw_categories : bool, default=True
        Draw each category from the denoiser's probabilities; False takes the largest.
    """

    denoiser: DenoiserFunction
    layout: Layout
    guidance: Guidance
    sde: VPSDE
    times: Tensor
    solver: Solver
    chunk_size: int
    device: str = "cpu"
    draw_categories: bool = True

    def generate(
        self,
        y: NDArray[np.int64],
        seed: int,
        index: NDArray[np.int64],
        attempt: int = 0,
    ) -> NDArray[np.float32]:
        """Generate a row for each label.

        Parameters
        ----------
        y : ndarray of shape (n,), int64
            Label code asked of each row.
        seed : int
            A row depends on it, its index, the attempt and its label only.
        index : ndarray of shape (n,), int64
            Indices of the rows in the whole table.
        attempt : int, default=0
            Another attempt gives another row.

        Returns
        -------
        ndarray of shape (n, n_columns), float32
            Compact rows.
        """

        def compute(chunk: NDArray[np.int64]) -> NDArray[np.float32]:
            labels = torch.as_tensor(y[chunk], device=self.device)
            streams = RowStreams(seed, index[chunk], attempt, self.device)
            with torch.no_grad():
                return self._chunk(labels, streams)

        # By label, which is cheaper to tell to a chunk of rows that share it.
        order = np.argsort(y, kind="stable")
        starts = range(0, len(y), self.chunk_size)
        chunks = [order[start : start + self.chunk_size] for start in starts]
        rows = np.empty((len(y), self.layout.n_columns), dtype=np.float32)
        rows[order] = np.concatenate(_mapped(compute, chunks, self.device))
        if not np.isfinite(rows).all():
            raise FloatingPointError(
                "Sampling left the range of numbers; lower the strengths lambda_y "
                f"({self.guidance.lambda_y:g}) or lambda_z "
                f"({self.guidance.lambda_z:g})."
            )
        return rows

    def _chunk(self, y: Tensor, streams: RowStreams) -> NDArray[np.float32]:
        layout = self.layout
        noise = partial(streams.normal, layout.width)
        guided = guided_denoiser(self.denoiser, self.guidance, y, self.sde)
        x = self.solver(guided, noise(), self.times, self.sde, noise)
        uniforms = streams.uniform(len(layout.category_sizes))
        return (
            layout.collapse(x, uniforms if self.draw_categories else None).cpu().numpy()
        )
