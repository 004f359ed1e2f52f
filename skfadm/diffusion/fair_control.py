"""Fair control beyond the paper: p(s_fair = 1 | x, y) that keeps the label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .guidance import LogProbabilities

#: Share of the coupling that comes from cells of rows, the rest from groups.
CELL_SHARE = 1 / 3


def coupling(log_p: Tensor, pmi: Tensor) -> Tensor:
    r"""Return how far each label goes along with the group that rows suggest.

    :math:`\sum_z p(z | x)\, pmi(y, z)`, shape (n, n_classes), of log-probabilities
    (n, n_groups) and a table `pmi` (n_classes, n_groups).
    """
    return log_p.exp() @ pmi.to(log_p).T


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
    pmi : ndarray of shape (n_nodes, n_classes)
        :math:`\log p(y | cell) / p(y)` of the leaves.
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    pmi: NDArray[np.float64]

    def coupling(self, log_p: Sequence[Tensor]) -> Tensor:
        """Return the pmi of every label with each row's cell, shape (n, n_classes).

        Parameters
        ----------
        log_p : sequence of Tensor of shape (n, n_groups)
            Log-probabilities of the groups, one an attribute.
        """
        # In single precision, as the tree was fitted.
        p = torch.cat([a.exp() for a in log_p], dim=1).float()
        feature, threshold, left, right, pmi = (
            torch.as_tensor(a, device=p.device)
            for a in (self.feature, self.threshold, self.left, self.right, self.pmi)
        )
        node = torch.zeros(len(p), dtype=torch.int64, device=p.device)
        for _ in range(len(self.feature) // 2):  # no path is longer
            value = p.gather(1, feature[node][:, None])[:, 0]
            node = torch.where(value <= threshold[node], left[node], right[node])
        return pmi.to(log_p[0])[node]

    @property
    def lowest(self) -> NDArray[np.float64]:
        """The smallest pmi of each label, shape (n_classes,)."""
        leaves = self.left == np.arange(len(self.left))
        return self.pmi[leaves].min(0)


@dataclass(frozen=True)
class FairControl:
    r"""The coupling term of fair control, as a probability of accepting a clean row.

    .. math:: \log p(s_{fair} = 1 | x, y) = -\lambda_{yz} (c(x, y) - \min c(\cdot, y)),
              \qquad
              c(x, y) = \tfrac23 \textstyle\sum_z p(z | x)\, pmi(y, z)
              + \tfrac13\, pmi(y, cell(x))

    Eq. 10 drops the label; here a row is fair if its label does not go along with the
    group that its features suggest. The term is known for clean rows and bounded, so
    that rows drawn from p(x | y) and accepted with this probability are exactly tilted
    by it, which the gradient of the term along the diffusion only approximates. With
    several sensitive attributes the terms of their groups are added; cells are of all
    of them at once.

    Parameters
    ----------
    sensitive_classifier : callable
        Log-probabilities of rows at a time, one tensor (n, n_groups) an attribute.
    pmi : tuple of Tensor
        Pointwise mutual information of label and group, (n_classes, n_groups) each.
    lambda_yz : float
        The strength, at least 0.
    cells : GroupCells or None, default=None
        None leaves the term of groups alone, with weight 1.
    """

    sensitive_classifier: LogProbabilities
    pmi: tuple[Tensor, ...]
    lambda_yz: float
    cells: GroupCells | None = None

    def coupling(self, log_p: Sequence[Tensor]) -> Tensor:
        """Return c(x, y) for every label, shape (n, n_classes).

        Parameters
        ----------
        log_p : sequence of Tensor of shape (n, n_groups)
            Log-probabilities of the groups, one an attribute.
        """
        terms = [coupling(a, pmi) for a, pmi in zip(log_p, self.pmi, strict=True)]
        of_groups = torch.stack(terms).sum(0)
        if self.cells is None:
            return of_groups
        of_cells = self.cells.coupling(log_p)
        return (1.0 - CELL_SHARE) * of_groups + CELL_SHARE * of_cells

    def lowest(self) -> Tensor:
        """Return a lower bound of c(., y) for every label, shape (n_classes,)."""
        of_groups = torch.stack([pmi.min(1).values for pmi in self.pmi]).sum(0)
        if self.cells is None:
            return of_groups
        of_cells = torch.as_tensor(self.cells.lowest).to(of_groups)
        return (1.0 - CELL_SHARE) * of_groups + CELL_SHARE * of_cells

    def excess(self, log_p: Sequence[Tensor]) -> Tensor:
        """Return c(x, y) less its lower bound, (n, n_classes), at least 0.

        Parameters
        ----------
        log_p : sequence of Tensor of shape (n, n_groups)
            Log-probabilities of the groups, one an attribute.
        """
        return (self.coupling(log_p) - self.lowest()).clamp_min(0.0)

    def log_acceptance(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
        """Return the log-probability of accepting each row, shape (n,), at most 0."""
        excess = self.excess(self.sensitive_classifier(x, t))
        return -self.lambda_yz * excess.gather(1, y[:, None])[:, 0]
