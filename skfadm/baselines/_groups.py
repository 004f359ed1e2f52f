"""The groups of z as networks are told them, and as they are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot

from skfadm._base import EncodedTable


@dataclass(frozen=True, eq=False)
class Groups:
    """Combinations of groups with their joint shares in training.

    Parameters
    ----------
    n_groups : tuple of int
        Groups of each sensitive attribute.
    combinations : ndarray of shape (n_combinations, n_attributes), int64
        Group codes that occur together.
    shares : ndarray of shape (n_combinations,)
        How often they do; they sum to 1.
    """

    n_groups: tuple[int, ...]
    combinations: NDArray[np.int64]
    shares: NDArray[np.float64]

    @classmethod
    def of(cls, table: EncodedTable, method: str, why: str) -> Self:
        """Return the groups of an encoded table.

        Parameters
        ----------
        table : EncodedTable
            What `fit` was given.
        method, why : str
            The estimator and what it needs z for, for the error.

        Raises
        ------
        ValueError
            If there is no sensitive attribute.
        """
        if not table.sensitive_classes:
            raise ValueError(
                f"z is None, but {method} {why}; expected z of shape (n_samples,) or "
                "(n_samples, n_attributes)."
            )
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
