"""Cells of rows by what their features tell of the group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

from ..diffusion.fair_control import GroupCells

Array = NDArray[np.float64]

#: Cells for each group, at most. More of them make rare labels rarer still to accept.
CELLS_A_GROUP = 6
#: The least rows of a cell, and as a share of all.
MIN_ROWS, MIN_SHARE = 20, 0.005
#: Rows with the labels' common shares that are added to every cell.
PRIOR_ROWS = 10.0


def fit_group_cells(p_y: Array, p_z: Array) -> GroupCells:
    r"""Divide rows by :math:`p(z | x)` so that cells differ in their labels.

    The cells are the leaves of a regression tree for :math:`p(y | x)` that sees nothing
    but :math:`p(z | x)`.

    Parameters
    ----------
    p_y : ndarray of shape (n, n_classes)
        Probabilities of the labels.
    p_z : ndarray of shape (n, n_groups)
        Probabilities of the groups, of all attributes side by side.

    Returns
    -------
    GroupCells
        At most 6 cells a group, each of at least 20 rows and 0.5 % of them.
    """
    regressor = DecisionTreeRegressor(
        max_leaf_nodes=CELLS_A_GROUP * p_z.shape[1],
        min_samples_leaf=max(MIN_ROWS, int(MIN_SHARE * len(p_z))),
        random_state=0,
    )
    tree = regressor.fit(p_z, p_y).tree_
    is_leaf = tree.children_left < 0
    itself = np.arange(tree.node_count)
    return GroupCells(
        feature=np.where(is_leaf, 0, tree.feature).astype(np.int64),
        threshold=np.where(is_leaf, 0.0, tree.threshold),
        left=np.where(is_leaf, itself, tree.children_left),
        right=np.where(is_leaf, itself, tree.children_right),
    )


def pmi_with_cells(
    y: NDArray[np.int64], cell: NDArray[np.int64], n_classes: int, n_cells: int
) -> Array:
    r"""Return :math:`\log p(y | cell) / p(y)`, shape (n_cells, n_classes).

    Parameters
    ----------
    y, cell : ndarray of shape (n,), int64
        Label and cell of each row.
    n_classes, n_cells : int
        Their numbers.

    Returns
    -------
    ndarray of shape (n_cells, n_classes)
        Finite: cells with few rows lean toward 0, and a label without rows has 0.
    """
    codes = np.ravel_multi_index((cell, y), (n_cells, n_classes))
    counts = np.bincount(codes, minlength=n_cells * n_classes)
    counts = counts.reshape(n_cells, n_classes)
    shares = (counts.sum(0) + 0.5) / (len(y) + 0.5 * n_classes)
    prior = PRIOR_ROWS * shares
    of_cell = (counts + prior) / (counts + prior).sum(1, keepdims=True)
    return np.log(of_cell / shares)
