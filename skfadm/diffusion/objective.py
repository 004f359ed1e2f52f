"""The three networks with their losses, as training sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .evidence import BlockEvidence
from .layout import Layout
from .losses import (
    NoisedRows,
    classification_loss,
    denoising_loss,
    score_matching_loss,
)
from .networks import Denoiser, NoisedClassifier
from .sde import VPSDE


@dataclass(frozen=True)
class NetworkSizes:
    """What the networks look like: all that is needed to rebuild them."""

    n_numbers: int
    category_sizes: tuple[int, ...]
    n_classes: int
    n_groups: tuple[int, ...]
    width: int
    n_blocks: int
    softmax: bool
    conditional: bool
    #: Larger classifiers learn small tables by heart, and so do those without dropout.
    classifier_width: int = 64
    classifier_blocks: int = 1
    dropout: float = 0.5


class Batch(NamedTuple):
    """Noised rows, their codes, the labels that are told, the weight of their loss."""

    rows: NoisedRows
    y: Tensor
    z: Tensor
    told: Tensor | None
    weight: float | Tensor


class Objective(nn.Module):
    """The three networks and their losses on a batch."""

    def __init__(self, sizes: NetworkSizes, sde: VPSDE):
        super().__init__()
        layout = Layout(sizes.n_numbers, sizes.category_sizes)
        self.softmax = sizes.softmax
        self.evidence = BlockEvidence(layout, sde, active=sizes.softmax)
        n_labels = sizes.n_classes if sizes.conditional else 0
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
            "score": self.score_loss(batch.rows, batch.told),
            "y": classification_loss(self.y, batch.rows, batch.y),
        }
        if self.z is not None:
            losses["z"] = classification_loss(self.z, batch.rows, batch.z)
        weight = batch.weight
        if isinstance(weight, float):
            return {name: loss.mean() * weight for name, loss in losses.items()}
        return {name: (loss * weight).mean() for name, loss in losses.items()}

    def score_loss(self, rows: NoisedRows, told: Tensor | None) -> Tensor:
        """Return the loss of the score network on each row, shape (n,)."""
        loss = denoising_loss if self.softmax else score_matching_loss
        return loss(self.score, rows, told)


def restore(
    sizes: NetworkSizes, weights: dict[str, NDArray[np.float32]], device: str
) -> Objective:
    """Return trained networks, ready to be evaluated on a device."""
    networks = Objective(sizes, VPSDE())
    networks.load_state_dict({k: torch.from_numpy(w) for k, w in weights.items()})
    return networks.to(device).eval().requires_grad_(False)
