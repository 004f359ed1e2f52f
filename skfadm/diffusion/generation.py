"""From trained networks to compact rows: chunks, noise streams, the final draw."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from .guidance import DenoiserFunction, Guidance, guided_denoiser
from .layout import Layout
from .samplers import Solver
from .sde import VPSDE


class RowStreams:
    """Random numbers for a run of rows that depend on the seed and each row's index.

    Rows come in blocks of fixed size, each with a generator of its own: whatever the
    chunks, a row is dealt the same numbers.

    Parameters
    ----------
    seed : int
        Seed of the whole table.
    start, stop : int
        The run of rows; `start` is a multiple of `BLOCK`.
    device : str
        Where the numbers are made.
    """

    BLOCK = 256

    def __init__(self, seed: int, start: int, stop: int, device: str):
        if start % self.BLOCK:
            raise ValueError(f"start must be a multiple of {self.BLOCK}, got {start}")
        self.n = stop - start
        self.generators = [
            Generator(device).manual_seed(_block_seed(seed, block))
            for block in range(start // self.BLOCK, -(-stop // self.BLOCK))
        ]

    def normal(self, width: int) -> Tensor:
        """Return standard normal numbers, shape (stop - start, width)."""
        return self._draw(torch.randn, width)

    def uniform(self, width: int) -> Tensor:
        """Return uniform numbers in [0, 1), shape (stop - start, width)."""
        return self._draw(torch.rand, width)

    def _draw(self, make: Callable[..., Tensor], width: int) -> Tensor:
        parts = [
            make(self.BLOCK, width, generator=g, device=g.device)
            for g in self.generators
        ]
        return torch.cat(parts)[: self.n]


def _block_seed(seed: int, block: int) -> int:
    state = np.random.SeedSequence(seed, spawn_key=(block,)).generate_state(
        1, np.uint64
    )
    return int(state[0] >> np.uint64(1))


def generate(
    denoiser: DenoiserFunction,
    layout: Layout,
    guidance: Guidance,
    y: NDArray[np.int64],
    *,
    sde: VPSDE,
    grid: Tensor,
    solver: Solver,
    seed: int,
    chunk_size: int,
    device: str = "cpu",
    draw_categories: bool = True,
) -> NDArray[np.float32]:
    """Solve the guided reverse SDE for one row a label.

    Parameters
    ----------
    denoiser : callable
        Estimate of x_0 from (x_t, t).
    layout : Layout
        The blocks of R^p.
    guidance : Guidance
        Classifiers and their strengths.
    y : ndarray of shape (n,), int64
        Label code asked of each row.
    sde, grid, solver
        The diffusion, its times and how they are stepped through.
    seed : int
        A row depends on it and on the row's index only.
    chunk_size : int
        Rows held in memory at a time, rounded up to whole blocks of `RowStreams`.
    device : str, default="cpu"
        Where to compute.
    draw_categories : bool, default=True
        Draw each category from the denoiser's probabilities; False takes the largest.

    Returns
    -------
    ndarray of shape (n, n_columns), float32
        Compact rows.
    """
    block = RowStreams.BLOCK
    step = max(1, -(-chunk_size // block)) * block
    out = np.empty((len(y), layout.n_columns), dtype=np.float32)
    for start in range(0, len(y), step):
        labels = torch.as_tensor(y[start : start + step], device=device)
        stop = start + len(labels)
        streams = RowStreams(seed, start, stop, device)
        guided = guided_denoiser(denoiser, guidance, labels, sde)
        with torch.no_grad():
            x = solver(
                guided,
                streams.normal(layout.width),
                grid,
                sde,
                partial(streams.normal, layout.width),
            )
            uniforms = streams.uniform(len(layout.category_sizes))
            rows = layout.collapse(x, uniforms if draw_categories else None)
        out[start:stop] = rows.cpu().numpy()
    return out
