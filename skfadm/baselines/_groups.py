"""The groups of z as networks are given them, and as they are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot

from skfadm._base import EncodedTable


@dataclass(frozen=True, eq=False)
class Groups:
    """Combinations of groups with their joint shares in training."""

    #: Groups of each sensitive attribute.
    n_groups: tuple[int, ...]
    #: Group codes that occur together, (n_combinations, n_attributes).
    combinations: NDArray[np.int64]
    #: How often they do, (n_combinations,); they sum to 1.
    shares: NDArray[np.float64]

    @classmethod
    def of(cls, table: EncodedTable) -> Groups:
        """Return the groups of an encoded table."""
        combinations, counts = np.unique(table.groups, axis=0, return_counts=True)
        return cls(table.n_groups, combinations, counts / counts.sum())

    @property
    def width(self) -> int:
        """Channels of one-hot groups, all attributes together."""
        return sum(self.n_groups)

    def one_hot(self, groups: Tensor) -> Tensor:
        """Return group codes (n, n_attributes) as one-hot blocks, float32."""
        columns = zip(groups.T, self.n_groups, strict=True)
        return torch.cat([one_hot(z, n).float() for z, n in columns], 1)

    def draw(self, uniforms: Tensor) -> Tensor:
        """Return group codes (n, n_attributes), drawn with `uniforms` (n,)."""
        levels = torch.from_numpy(self.shares.cumsum())
        index = torch.searchsorted(levels, uniforms.double(), right=True)
        # The last level may have been rounded to less than 1.
        return torch.from_numpy(self.combinations)[index.clamp_max(len(levels) - 1)]
