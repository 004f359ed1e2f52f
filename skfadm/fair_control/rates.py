"""Rates of decisions by group, predicted without knowing the groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .posteriors import Probabilities

Array = NDArray[np.float64]

MEASURES = ("demographic_parity", "equal_opportunity")


def predicted_rates(
    p: Probabilities, decided: Array, measure: str, y: int, weights: Array
) -> list[Array]:
    r"""Return the predicted rate of label y in each group.

    .. math:: r_g = \frac{\sum_i w_i f_i\, p(g | x_i)}{\sum_i w_i\, p(g | x_i)},
              \qquad \text{or with } p(g, y | x_i) \text{ for equal opportunity.}

    Groups need not be known, so this serves for unlabelled rows as well.

    Parameters
    ----------
    p : Probabilities
        Of the rows.
    decided : ndarray of shape (n, n_labels)
        Decisions f, or their probabilities.
    measure : {"demographic_parity", "equal_opportunity"}
        Among all rows, or among those that have the label.
    y : int
        Code of the label.
    weights : ndarray of shape (n,)
        Weights of the rows.

    Returns
    -------
    list of ndarray of shape (n_groups,)
        One array a sensitive attribute; NaN for a group that is never met.
    """
    rates = []
    for group, given in zip(p.group, p.group_given_label, strict=True):
        of_parity = measure == "demographic_parity"
        belongs = group if of_parity else p.label[:, [y]] * given[:, y]
        belongs = belongs * weights[:, np.newaxis]
        total = belongs.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            rates.append(decided[:, y] @ belongs / np.where(total > 0, total, np.nan))
    return rates


def predicted_ratio(
    p: Probabilities,
    decided: Array,
    measure: str,
    labels: Sequence[int],
    weights: Array,
) -> float:
    """Return the lowest over the highest rate, the smallest of labels and attributes.

    Parameters
    ----------
    p, decided, measure, weights
        As for `predicted_rates`.
    labels : sequence of int
        Codes of the labels that count.

    Returns
    -------
    float
        In [0, 1]; a label that is never decided for is left out, and without any the
        ratio is NaN.
    """
    ratios = []
    for y in labels:
        for rates in predicted_rates(p, decided, measure, y, weights):
            high = np.nanmax(rates)
            if high > 0:
                ratios.append(float(np.nanmin(rates) / high))
    return min(ratios, default=float("nan"))
