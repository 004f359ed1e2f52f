"""The networks with their losses, as training sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .evidence import BlockEvidence
from .layout import Layout
from .losses import NoisedRows, classification_loss
from .networks import Denoiser, NoisedClassifier
from .recipe import Recipe
from .sde import VPSDE


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
    """Noised rows, their codes, the labels given to the score network, their weight."""

    rows: NoisedRows
    y: Tensor
    z: Tensor
    label_condition: Tensor | None
    weight: float | Tensor


class Objective(nn.Module):
    """The networks of a recipe and their losses on a batch."""

    def __init__(self, sizes: NetworkSizes, recipe: Recipe, sde: VPSDE):
        super().__init__()
        layout = Layout(sizes.n_numbers, sizes.category_sizes)
        self.recipe = recipe
        self.evidence = BlockEvidence(layout, sde, active=recipe.categorical)
        n_labels = sizes.n_classes if recipe.conditional else 0
        self.score = Denoiser(self.evidence, sizes.width, sizes.n_blocks, sde, n_labels)
        shape = (sizes.classifier_width, sizes.classifier_blocks, sde, sizes.dropout)
        self.y = NoisedClassifier(self.evidence, (sizes.n_classes,), *shape)
        self.z = (
            NoisedClassifier(self.evidence, sizes.n_groups, *shape)
            if sizes.n_groups
            else None
        )

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the weighted loss of each network, scalars."""
        losses = {
            "score": self.recipe.loss(self.score, batch.rows, batch.label_condition),
            "y": classification_loss(self.y, batch.rows, batch.y),
        }
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
    networks = Objective(sizes, recipe, VPSDE())
    networks.load_state_dict({k: torch.from_numpy(w) for k, w in weights.items()})
    return networks.to(device).eval().requires_grad_(False)
