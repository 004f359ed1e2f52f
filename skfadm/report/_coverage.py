"""alpha-precision and beta-recall (Alaa et al., ICML 2022)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._neighbours import distance_to_centre, nearest
from ._tables import Matrix

_N_LEVELS = 30


def alpha_precision_beta_recall(
    real: Matrix, synthetic: Matrix, is_category: NDArray[np.bool_]
) -> tuple[float, float]:
    r"""Whether synthetic rows are typical of the real, and whether they cover them.

    :math:`P_\alpha` is the share of synthetic rows within the :math:`\alpha`-quantile
    of the distances of the real rows to their mean row. :math:`R_\beta` is the share of
    real rows whose nearest synthetic row is not farther than their nearest other real
    row, and lies within the :math:`\beta`-quantile of the distances of such rows to the
    mean synthetic row. Over 30 levels from 0 to 1,

    .. math::
        \alpha\text{-precision} =
            1 - \frac{\sum_\alpha |P_\alpha - \alpha|}{\sum_\alpha \alpha}, \qquad
        \beta\text{-recall} =
            1 - \frac{\sum_\beta |R_\beta - \beta|}{\sum_\beta \beta}

    as synthcity has it without an embedding, and TabSyn and TabDiff report it, here
    with Gower's distance. The tables are scaled, and have as many rows.
    """
    levels = np.linspace(0.0, 1.0, _N_LEVELS)
    to_centre = distance_to_centre(real, real, is_category)
    radii = np.quantile(to_centre, levels)
    inside = distance_to_centre(synthetic, real, is_category)[:, None] <= radii
    precision = inside.mean(axis=0)

    among_real, _ = nearest(real, real, is_category, skip_self=True)
    to_synthetic, closest = nearest(real, synthetic, is_category)
    covered = to_synthetic[:, 0] <= among_real[:, 0]
    depth = distance_to_centre(synthetic, synthetic, is_category)[closest]
    deep = depth[:, None] <= np.quantile(depth, levels)
    recall = (covered[:, None] & deep).mean(axis=0)

    def closeness(curve: Matrix) -> float:
        return float(1 - np.abs(curve - levels).sum() / levels.sum())

    return closeness(precision), closeness(recall)
