"""Layers that draw from a generator they are given.

Torch's global one belongs to the whole process: a draw changes those of other threads.
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor, nn


class ZeroLinear(nn.Linear):
    """A linear layer that starts as zero."""

    def reset_parameters(self) -> None:
        """Set weights and bias to zero."""
        nn.init.zeros_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor, shift: Tensor | None = None) -> Tensor:
        """Return products plus the bias, or plus `shift` (n or 1, n_outputs)."""
        if shift is None:
            return super().forward(x)
        return torch.addmm(shift, x, self.weight.T.to(x.dtype))


class Linear(ZeroLinear):
    """A linear layer that is zero until `draw_weights` draws what it starts as."""

    def draw(self, generator: Generator) -> None:
        """Draw weights and bias from the distribution of `torch.nn.Linear`."""
        bound = 1.0 / math.sqrt(max(1, self.in_features))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound, generator)


class Dropout(nn.Module):
    """Dropout whose masks are made of random bytes, a sixth of the time of nn.Dropout.

    One draw of 64 bits decides over eight units, so that the share of units left out is
    `p` to the nearest 1/256. `deal_dropout` sets the generator.
    """

    generator: Generator | None = None

    def __init__(self, p: float):
        super().__init__()
        self.threshold = round(256 * (1.0 - p))

    def forward(self, x: Tensor) -> Tensor:
        """Leave units out in training; scale the others so that the mean stays."""
        if not self.training or self.threshold == 256:
            return x
        if self.generator is None:
            raise RuntimeError("Dropout has no generator to draw from.")
        words = torch.empty(-(-x.numel() // 8), dtype=torch.int64, device=x.device)
        words.random_(-(2**63), None, generator=self.generator)
        draws = words.view(torch.uint8)[: x.numel()]
        kept = (draws.view(x.shape) < self.threshold).to(x.dtype)
        return x * kept.mul_(256 / self.threshold)


def draw_weights(networks: nn.Module, generator: Generator) -> None:
    """Draw the initial weights of all layers, in their order."""
    for layer in networks.modules():
        if isinstance(layer, Linear):
            layer.draw(generator)


def deal_dropout(networks: nn.Module, generator: Generator) -> None:
    """Have all dropout draw from `generator`, on the device of the networks."""
    for layer in networks.modules():
        if isinstance(layer, Dropout):
            layer.generator = generator
