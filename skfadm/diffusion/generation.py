"""From trained networks to compact rows: chunks, the final draw, acceptance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .fair_control import FairControl
from .guidance import DenoiserFunction, Guidance, guided_denoiser
from .layout import Layout
from .row_streams import RowStreams
from .samplers import Solver
from .sde import VPSDE

#: Rows that are computed at a time: enough to be fast, few enough to stay in the cache.
CHUNK_SIZE = 1024
#: How often a row is generated at most, until fair control accepts it.
MAX_ATTEMPTS = 32

T = TypeVar("T")
R = TypeVar("R")


class _Accepted:
    """A table that fills up with the rows it accepts."""

    def __init__(self, n_rows: int, n_columns: int):
        self.rows = np.empty((n_rows, n_columns), dtype=np.float32)
        self.pending = np.ones(n_rows, dtype=bool)
        self.best = np.full(n_rows, -np.inf)

    def offer(
        self,
        index: NDArray[np.int64],
        rows: NDArray[np.float32],
        log_accept: NDArray[np.float32],
        u: NDArray[np.float32],
    ) -> None:
        """Accept rows for these indices with their probabilities, by two uniforms."""
        accepted = np.log(u[:, 0]) < log_accept
        # The largest of log w + Gumbel noise is a draw with weights w.
        key = log_accept - np.log(-np.log(u[:, 1]))
        taken = self.pending[index] & (accepted | (key > self.best[index]))
        self.rows[index[taken]] = rows[taken]
        self.best[index] = np.maximum(self.best[index], key)
        self.pending[index[accepted]] = False


def _mapped(compute: Callable[[T], R], chunks: Sequence[T], device: str) -> list[R]:
    """Return what is computed of each chunk, as many at a time as torch has threads.

    Each takes one thread: chunks wait for nobody, while threads that share a chunk wait
    for each other after each of its operations.
    """
    n_threads = torch.get_num_threads() if torch.device(device).type == "cpu" else 1
    if min(n_threads, len(chunks)) < 2:
        return [compute(chunk) for chunk in chunks]
    # The number of threads is a setting of the thread that sets it.
    one_each = partial(torch.set_num_threads, 1)
    with ThreadPoolExecutor(n_threads, initializer=one_each) as pool:
        return list(pool.map(compute, chunks))


@dataclass(frozen=True)
class RowGenerator:
    """Solves the guided reverse SDE, chunk by chunk.

    Parameters
    ----------
    denoiser : callable
        Estimate of x_0 from (x_t, t) or, told the label, (x_t, t, y).
    layout : Layout
        The blocks of R^p.
    guidance : Guidance
        Classifiers and their strengths.
    fair_controls : tuple of FairControl or None
        What rows each table accepts; None accepts all.
    sde, grid, solver
        The diffusion, its times and how they are stepped through.
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
    fair_controls: tuple[FairControl | None, ...]
    sde: VPSDE
    grid: Tensor
    solver: Solver
    chunk_size: int
    device: str = "cpu"
    draw_categories: bool = True

    def generate(
        self, y: NDArray[np.int64], seed: int, first: int = 0
    ) -> list[NDArray[np.float32]]:
        """Generate a row for each label, for each table.

        Under fair control a row is generated until it is accepted, at most
        `MAX_ATTEMPTS` times; a row that never is becomes one of its attempts, drawn
        with the attempts' acceptance as weights. Tables choose among the same attempts:
        several take as long as the one that is hardest to please.

        Parameters
        ----------
        y : ndarray of shape (n,), int64
            Label code asked of each row.
        seed : int
            A row depends on it, its index and its label only.
        first : int, default=0
            Index of the first row: a long table can be made in parts.

        Returns
        -------
        list of ndarray of shape (n, n_columns), float32
            Compact rows, one table for each of `fair_controls`.
        """
        tables = [_Accepted(len(y), self.layout.n_columns) for _ in self.fair_controls]
        # By label, which is cheaper to tell to a chunk of rows that share it.
        pending = order = np.argsort(y, kind="stable")
        n_attempts = MAX_ATTEMPTS if any(self.fair_controls) else 1
        for attempt in range(n_attempts):
            rows, log_accept, u = self._attempt(y, pending, seed, attempt, first)
            if not (np.isfinite(rows).all() and np.isfinite(log_accept).all()):
                raise FloatingPointError(
                    "Sampling left the range of numbers; lower the strengths lambda_y "
                    f"({self.guidance.lambda_y:g}) or lambda_z "
                    f"({self.guidance.lambda_z:g})."
                )
            for table, of_table in zip(tables, log_accept.T, strict=True):
                table.offer(pending, rows, of_table, u)
            is_pending = np.any([t.pending for t in tables], axis=0)
            pending = order[is_pending[order]]
            if not len(pending):
                break
        return [table.rows for table in tables]

    def _attempt(
        self,
        y: NDArray[np.int64],
        index: NDArray[np.int64],
        seed: int,
        attempt: int,
        first: int,
    ) -> list[NDArray[np.float32]]:
        """Return rows of these indices, log acceptances by table, two uniforms each."""

        def compute(chunk: NDArray[np.int64]) -> tuple[Any, Any, Any]:
            labels = torch.as_tensor(y[chunk], device=self.device)
            streams = RowStreams(seed, first + chunk, attempt, self.device)
            with torch.no_grad():
                return self._chunk(labels, streams)

        starts = range(0, len(index), self.chunk_size)
        chunks = [index[start : start + self.chunk_size] for start in starts]
        parts = _mapped(compute, chunks, self.device)
        return [np.concatenate(part) for part in zip(*parts, strict=True)]

    def _chunk(self, y: Tensor, streams: RowStreams) -> tuple[Any, Any, Any]:
        layout = self.layout
        noise = partial(streams.normal, layout.width)
        guided = guided_denoiser(self.denoiser, self.guidance, y, self.sde)
        x = self.solver(guided, noise(), self.grid, self.sde, noise)
        uniforms = streams.uniform(len(layout.category_sizes))
        rows = layout.collapse(x, uniforms if self.draw_categories else None)
        log_accept = x.new_zeros(len(x), len(self.fair_controls))
        t = self.grid[-1].to(x).view(1, 1)
        for i, fair_control in enumerate(self.fair_controls):
            if fair_control:
                clean = layout.expand(rows)
                log_accept[:, i] = fair_control.log_acceptance(clean, t, y)
        # Never exactly 0 or 1, where the logarithms above are none.
        tests = streams.uniform(2).clamp(1e-7, 1.0 - 1e-7)
        return rows.cpu().numpy(), log_accept.cpu().numpy(), tests.cpu().numpy()
