"""Cells of rows by what their features tell of the group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

from .diffusion.fair_control import GroupCells

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
    but :math:`p(z | x)`, so the mean of :math:`p(y | x)` in a cell is
    :math:`p(y | cell)`.

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
    n, n_groups = p_z.shape
    # A label that no row can have is nowhere rarer than elsewhere.
    p_y = np.maximum(p_y, 1e-12)
    regressor = DecisionTreeRegressor(
        max_leaf_nodes=CELLS_A_GROUP * n_groups,
        min_samples_leaf=max(MIN_ROWS, int(MIN_SHARE * n)),
        random_state=0,
    )
    tree = regressor.fit(p_z, p_y).tree_
    cell = regressor.apply(p_z)
    shares = p_y.mean(0)
    size = np.bincount(cell, minlength=tree.node_count)[:, None]
    sums = np.stack([np.bincount(cell, p, tree.node_count) for p in p_y.T], axis=1)
    of_cell = (sums + PRIOR_ROWS * shares) / (size + PRIOR_ROWS)
    is_leaf = tree.children_left < 0
    itself = np.arange(tree.node_count)
    return GroupCells(
        feature=np.where(is_leaf, 0, tree.feature).astype(np.int64),
        threshold=np.where(is_leaf, 0.0, tree.threshold),
        left=np.where(is_leaf, itself, tree.children_left),
        right=np.where(is_leaf, itself, tree.children_right),
        pmi=np.log(of_cell / shares),
    )
