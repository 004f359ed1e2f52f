"""Fair control beyond the paper: p(s_fair = 1 | x, y) that keeps the label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .guidance import LogProbabilities

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GroupCells:
    r"""Cells of rows whose features tell the same of the group: leaves of a tree.

    Parameters
    ----------
    feature : ndarray of shape (n_nodes,), int64
        The probability that a node looks at, counted through all groups.
    threshold : ndarray of shape (n_nodes,)
        Rows go left where it is not exceeded.
    left, right : ndarray of shape (n_nodes,), int64
        The nodes below; a leaf has itself.
    """

    feature: NDArray[np.int64]
    threshold: Array
    left: NDArray[np.int64]
    right: NDArray[np.int64]

    @property
    def n_cells(self) -> int:
        """How many cells there are."""
        return (len(self.left) + 1) // 2

    def assign(self, log_p: Sequence[Tensor]) -> Tensor:
        """Return each row's cell, (n,) int64, in the order of the tree's leaves.

        Parameters
        ----------
        log_p : sequence of Tensor of shape (n, n_groups)
            Log-probabilities of the groups, one an attribute.
        """
        # In single precision, as the tree was fitted.
        p = torch.cat([a.exp() for a in log_p], dim=1).float()
        leaves = self.left == np.arange(len(self.left))
        feature, threshold, left, right, cell = (
            torch.as_tensor(a, device=p.device)
            for a in (
                self.feature,
                self.threshold,
                self.left,
                self.right,
                np.cumsum(leaves) - 1,
            )
        )
        node = torch.zeros(len(p), dtype=torch.int64, device=p.device)
        for _ in range(len(self.feature) // 2):  # no path is longer
            value = p.gather(1, feature[node][:, None])[:, 0]
            node = torch.where(value <= threshold[node], left[node], right[node])
        return cell[node]


@dataclass(frozen=True)
class Tilt:
    r"""How much rarer each row becomes under each label.

    Rows of p(x | y) are tilted by :math:`e^{-c(x, y)}` with

    .. math:: c(x, y) = \sum_a \sum_z p_a(z | x)\, G_a(y, z) + C(y, cell(x)),

    a table G of label and group for each sensitive attribute a, and one of label and
    cell.

    Parameters
    ----------
    groups : tuple of ndarray of shape (n_classes, n_groups)
        The tables G.
    of_cells : ndarray of shape (n_cells, n_classes)
        The table C.
    cells : GroupCells
        Finds a row's cell.
    lowest : ndarray of shape (n_classes,)
        What c(., y) is taken to be at least: rows below are tilted as if at it.
    """

    groups: tuple[Array, ...]
    of_cells: Array
    cells: GroupCells
    lowest: Array

    def coupling(self, log_p: Sequence[Tensor]) -> Tensor:
        """Return c(x, y) for every label, shape (n, n_classes).

        Parameters
        ----------
        log_p : sequence of Tensor of shape (n, n_groups)
            Log-probabilities of the groups, one an attribute.
        """
        c = torch.as_tensor(self.of_cells).to(log_p[0])[self.cells.assign(log_p)]
        for p, table in zip(log_p, self.groups, strict=True):
            c = c + p.exp() @ torch.as_tensor(table).to(p).T
        return c


@dataclass(frozen=True)
class FairControl:
    r"""The coupling term of fair control, as a probability of accepting a clean row.

    .. math:: \log p(s_{fair} = 1 | x, y) = -\max(c(x, y) - \underline{c}_y, 0)

    Eq. 10 drops the label; here a row is fair if its label does not go along with what
    its features suggest of the group. The term is known for clean rows, so that rows
    drawn from p(x | y) and accepted with this probability are exactly tilted by it,
    which the gradient of the term along the diffusion only approximates.

    Parameters
    ----------
    sensitive_classifier : callable
        Log-probabilities of rows at a time, one tensor (n, n_groups) an attribute.
    tilt : Tilt
        The term c and its lower bound.
    """

    sensitive_classifier: LogProbabilities
    tilt: Tilt

    def log_acceptance(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
        """Return the log-probability of accepting each row, shape (n,), at most 0."""
        c = self.tilt.coupling(self.sensitive_classifier(x, t))
        excess = c - torch.as_tensor(self.tilt.lowest).to(c)
        return -excess.gather(1, y[:, None])[:, 0].clamp_min(0.0)
