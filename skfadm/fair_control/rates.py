"""Rates of decisions by group, predicted without knowing the groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .posteriors import Probabilities

Array = NDArray[np.float64]

#: The rows among which a measure compares rates of a label: all, those that have the
#: label, and those that have another.
CONDITIONS = {
    "demographic_parity": ("all",),
    "equal_opportunity": ("label",),
    "equalized_odds": ("label", "rest"),
}
MEASURES = tuple(CONDITIONS)


def members(p: Probabilities, condition: str, y: int) -> list[Array]:
    """Return how much each row counts in each group, (n, n_groups) an attribute."""
    if condition == "all":
        return list(p.group)
    of_label = [p.label[:, [y]] * given[:, y] for given in p.group_given_label]
    if condition == "label":
        return of_label
    return [np.maximum(a - b, 0.0) for a, b in zip(p.group, of_label, strict=True)]


def predicted_rates(
    p: Probabilities, decided: Array, measure: str, labels: Sequence[int]
) -> Iterator[tuple[Array, Array]]:
    r"""Yield the rates that a measure compares, (..., n_groups), and the groups' sizes.

    .. math:: r_g = \frac{\sum_i f_i\, p(g | x_i)}{\sum_i p(g | x_i)},
              \qquad \text{or with } p(g, y | x_i) \text{ among rows with a label.}
    """
    for y in labels:
        for condition in CONDITIONS[measure]:
            for belongs in members(p, condition, y):
                size = belongs.sum(axis=0)
                known = np.where(size > 0, size, np.nan)
                yield decided[..., y] @ belongs / known, size


def predicted_ratio(
    p: Probabilities, decided: Array, measure: str, labels: Sequence[int]
) -> Array:
    """Return the lowest over the highest rate, of labels and attributes the smallest.

    A label that is never decided for is left out; without any the ratio is NaN.
    `decided` has the shape (..., n, n_labels), the result (...).
    """
    each = predicted_rates(p, decided, measure, labels)
    return np.fmin.reduce([lowest_over_highest(rates) for rates, _ in each])


def lowest_over_highest(rates: Array) -> Array:
    """Return the ratio of rates (..., n_groups); NaN is the rate of no one."""
    high = np.fmax.reduce(rates, axis=-1)
    return np.fmin.reduce(rates, axis=-1) / np.where(high > 0, high, np.nan)


def sampling_error(
    p: Probabilities, decided: Array, measure: str, labels: Sequence[int]
) -> Array:
    """Return the standard error of the logarithm of a ratio on so many rows, (...)."""
    errors = []
    for rates, size in predicted_rates(p, decided, measure, labels):
        variance = (1.0 - np.nan_to_num(rates)) / np.maximum(rates * size, 1.0)
        two = np.sort(variance, axis=-1)[..., -2:].sum(axis=-1)
        errors.append(np.sqrt(two.clip(0)))
    return np.fmax.reduce(errors)
