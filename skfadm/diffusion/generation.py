"""From trained networks to compact rows, with the final draw of categories."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from .devices import has_fast_bfloat16
from .guidance import DenoiserFunction, Guidance, emphasis_of, guided_denoiser
from .layout import Layout
from .losses import MIN_NOISE_LEVEL, fill_numbers
from .objective import NetworkSizes, restore
from .recipe import Recipe
from .row_streams import RowStreams
from .samplers import Solver
from .sde import VPSDE


@dataclass(frozen=True)
class RowGenerator:
    """Solves the guided reverse process."""

    #: Estimate of x_0 from (x_t, t) or, with labels, (x_t, t, y).
    denoiser: DenoiserFunction
    layout: Layout
    guidance: Guidance
    sde: VPSDE
    #: The times of the steps, and how they are taken.
    times: Tensor
    solver: Solver
    device: str = "cpu"
    #: Whether categories are drawn from their probabilities, or the largest taken.
    draw_categories: bool = True

    @classmethod
    def of(
        cls,
        sizes: NetworkSizes,
        recipe: Recipe,
        weights: dict[str, NDArray[np.float32]],
        device: str,
        *,
        lambda_y: float,
        lambda_z: float,
        label_counts: NDArray[np.int64],
        n_steps: int,
    ) -> RowGenerator:
        """Return the generator of trained weights."""
        networks = restore(sizes, recipe, weights, device)
        if has_fast_bfloat16(device):
            # On Adult twice as fast, and no figure of fidelity moves by 0.001.
            networks.score.network.halve()
        sde = networks.score.sde
        return cls(
            networks.score,
            networks.score.layout,
            Guidance(
                None if recipe.conditional else networks.y,
                networks.z,
                lambda_y,
                lambda_z,
                emphasis_of(label_counts),
            ),
            sde,
            recipe.sampling_times(n_steps, sde),
            recipe.solver,
            device,
            draw_categories=recipe.categorical,
        )

    def generate(
        self,
        y: NDArray[np.int64],
        seed: int,
        index: NDArray[np.int64],
        attempt: int = 0,
    ) -> NDArray[np.float32]:
        """Return a compact row (n, n_columns) for each label code.

        A row depends on the seed, its index in the whole table, the attempt and its
        label only.
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


def label_probabilities(
    sizes: NetworkSizes,
    recipe: Recipe,
    weights: dict[str, NDArray[np.float32]],
    rows: NDArray[np.float32],
    seed: int,
    device: str,
) -> NDArray[np.float64]:
    """Return p(y | x) of compact rows by the label classifier, at the least noise."""
    networks = restore(sizes, recipe, weights, device)
    generator = Generator(device).manual_seed(seed)
    layout, sde = networks.score.layout, networks.score.sde
    t = sde.time(torch.tensor([[MIN_NOISE_LEVEL]], device=device))
    alpha, sigma = sde.marginal(t)
    with torch.no_grad():
        filled = fill_numbers(torch.as_tensor(rows, device=device), generator)
        x = alpha * layout.expand(filled)
        x += sigma * torch.randn(x.shape, generator=generator, device=device)
        (log_p,) = networks.y(x, t)
    return log_p.exp().cpu().numpy().astype(np.float64)
