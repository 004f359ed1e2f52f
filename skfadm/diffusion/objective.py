"""The recipe of a generator, and the networks with their losses that it asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .layout import Layout
from .losses import NoisedRows, classification_loss, denoising_loss, lognormal_times
from .networks import BlockEvidence, Denoiser, NoisedClassifier
from .optimiser import Optimiser, muon_and_adam
from .samplers import Solver, multistep, multistep_times
from .schedule import Schedule, UntilFlat
from .sde import VPSDE


@dataclass(frozen=True)
class Recipe:
    """How networks are built and trained, and how rows are sampled from them."""

    #: Loss of the score network on each row, shape (n,); labels may be None.
    loss: Callable[[Denoiser, NoisedRows, Tensor | None], Tensor]
    #: Whether a one-hot block is estimated by a softmax, from which its category is
    #: drawn at the end. Otherwise each of its channels is a number like any other.
    categorical: bool
    #: Whether the score network is given labels, and gives label guidance itself.
    #: Otherwise there is a label classifier that does.
    conditional: bool
    #: Whether training differentiates through the inner step, as Algorithm 1 does.
    second_order: bool
    #: Whether the losses on B_in and B_out count by their shares of the rows, and rare
    #: labels are drawn more often and count by as much less.
    weighted: bool
    #: Training times of quantiles in (0, 1).
    training_times: Callable[[Tensor, VPSDE], Tensor]
    #: The optimisers of named parameters, with products of a dtype.
    optimisers: Callable[[Mapping[str, nn.Parameter], torch.dtype], list[Optimiser]]
    #: The course of the learning rate over a number of iterations.
    schedule: Callable[[int], Schedule]
    #: Whether products are in bfloat16 where a processor is fast at it.
    half: bool
    #: The times of a number of steps, and how these are taken.
    sampling_times: Callable[[int, VPSDE], Tensor]
    solver: Solver


#: The generator's own; that of the paper stands beside `baselines.FADM`.
DEFAULT = Recipe(
    loss=denoising_loss,
    categorical=True,
    conditional=True,
    second_order=False,
    weighted=True,
    training_times=lognormal_times,
    optimisers=muon_and_adam,
    schedule=UntilFlat,
    half=True,
    sampling_times=multistep_times,
    solver=multistep,
)


@dataclass(frozen=True)
class NetworkSizes:
    """What networks look like: all that is needed to rebuild those of a recipe."""

    n_numbers: int
    category_sizes: tuple[int, ...]
    n_classes: int
    n_groups: tuple[int, ...]
    width: int
    n_blocks: int
    #: Larger classifiers overfit small tables, and so do those without dropout.
    classifier_width: int = 64
    classifier_blocks: int = 1
    dropout: float = 0.5


class Batch(NamedTuple):
    """Noised rows, their codes, labels as the score network gets them, and weights."""

    rows: NoisedRows
    y: Tensor
    z: Tensor
    label_condition: Tensor | None
    weight: float | Tensor


class Objective(nn.Module):
    """The networks of a recipe and their losses on a batch."""

    def __init__(self, sizes: NetworkSizes, recipe: Recipe):
        super().__init__()
        layout, sde = Layout(sizes.n_numbers, sizes.category_sizes), VPSDE()
        self.recipe = recipe
        self.evidence = BlockEvidence(layout, sde, active=recipe.categorical)
        n_labels = sizes.n_classes if recipe.conditional else 0
        self.score = Denoiser(self.evidence, sizes.width, sizes.n_blocks, sde, n_labels)
        shape = (sizes.classifier_width, sizes.classifier_blocks, sde, sizes.dropout)
        self.y = (
            None
            if recipe.conditional
            else NoisedClassifier(self.evidence, (sizes.n_classes,), *shape)
        )
        self.z = (
            NoisedClassifier(self.evidence, sizes.n_groups, *shape)
            if sizes.n_groups
            else None
        )

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the weighted loss of each network, scalars."""
        losses = {
            "score": self.recipe.loss(self.score, batch.rows, batch.label_condition)
        }
        if self.y is not None:
            losses["y"] = classification_loss(self.y, batch.rows, batch.y)
        if self.z is not None:
            losses["z"] = classification_loss(self.z, batch.rows, batch.z)
        weight = batch.weight
        if isinstance(weight, float):
            return {name: loss.mean() * weight for name, loss in losses.items()}
        return {name: (loss * weight).mean() for name, loss in losses.items()}


def restore(
    sizes: NetworkSizes,
    recipe: Recipe,
    weights: dict[str, NDArray[np.float32]],
    device: str,
) -> Objective:
    """Return trained networks, ready to be evaluated on a device."""
    networks = Objective(sizes, recipe)
    networks.load_state_dict({k: torch.from_numpy(w) for k, w in weights.items()})
    return networks.to(device).eval().requires_grad_(False)
