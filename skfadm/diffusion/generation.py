"""From trained networks to compact rows, with the final draw of categories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .devices import has_fast_bfloat16
from .guidance import DenoiserFunction, Guidance, emphasis_of, guided_denoiser
from .layout import Layout
from .objective import NetworkSizes, restore
from .row_streams import RowStreams
from .samplers import Solver
from .sde import VPSDE


@dataclass(frozen=True)
class RowGenerator:
    """Solves the guided reverse process.

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
    device: str = "cpu"
    draw_categories: bool = True

    @classmethod
    def of(
        cls,
        sizes: NetworkSizes,
        weights: dict[str, NDArray[np.float32]],
        device: str,
        *,
        lambda_y: float,
        lambda_z: float,
        label_counts: NDArray[np.int64],
        n_steps: int,
        times: Callable[[int, VPSDE], Tensor],
        solver: Solver,
    ) -> RowGenerator:
        """Return the generator of trained weights."""
        networks = restore(sizes, weights, device)
        if has_fast_bfloat16(device):
            # On Adult twice as fast, and no figure of fidelity moves by 0.001.
            networks.score.network.halve()
        sde = networks.score.sde
        return cls(
            networks.score,
            networks.score.layout,
            Guidance(
                networks.y,
                networks.z,
                lambda_y,
                lambda_z,
                sizes.conditional,
                emphasis_of(label_counts),
            ),
            sde,
            times(n_steps, sde),
            solver,
            device,
            draw_categories=sizes.softmax,
        )

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
        streams = RowStreams(seed, index, attempt, self.device)
        noise = partial(streams.normal, self.layout.width)
        labels = torch.as_tensor(y, device=self.device)
        guided = guided_denoiser(self.denoiser, self.guidance, labels, self.sde)
        with torch.no_grad():
            x = self.solver(guided, noise(), self.times, self.sde, noise)
            uniforms = streams.uniform(len(self.layout.category_sizes))
            rows = self.layout.collapse(x, uniforms if self.draw_categories else None)
        if not rows.isfinite().all():
            raise FloatingPointError(
                "Sampling left the range of numbers; lower the strengths lambda_y "
                f"({self.guidance.lambda_y:g}) or lambda_z "
                f"({self.guidance.lambda_z:g})."
            )
        return rows.cpu().numpy()
