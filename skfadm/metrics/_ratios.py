"""The ratios of demographic parity and equal opportunity (Eq. 12, 13)."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.exceptions import UndefinedMetricWarning

from .._validation import as_labels, combine_groups

#: The ratios, and what they are called.
RATIOS = {
    "demographic_parity_ratio": "ratio of demographic parity",
    "equal_opportunity_ratio": "ratio of equal opportunity",
}


def demographic_parity_ratio(
    y_true: ArrayLike, y_pred: ArrayLike, *, z: ArrayLike, pos_label: Any = None
) -> float:
    """Ratio of demographic parity: the smallest over the largest positive rate.

    The positive rate of a group is ``P(y_pred = pos_label | z = group)``. With two
    groups this is Eq. 12 of the paper; with more, the two most distant ones count.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, which only help to tell which labels there are.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    z : array-like of shape (n_samples,) or (n_samples, n_attributes)
        Sensitive attribute, any values. With several attributes, the groups are the
        combinations of their values that occur.
    pos_label : label, default=None
        The positive label. With ``None`` and two labels, it is the larger one (as
        ``classes_[1]`` in scikit-learn). With ``None`` and more than two labels, each
        label in turn is the positive one, and the smallest ratio is returned.

    Returns
    -------
    float
        In [0, 1]; 1 means that all groups have the same positive rate. NaN where it is
        undefined: no group has a positive prediction, or `z` holds one group only.

    Raises
    ------
    ValueError
        If an argument has the wrong shape or length, holds missing or continuous
        values, or if `pos_label` is not among the labels.

    Warns
    -----
    UndefinedMetricWarning
        If the ratio is undefined, or it is for one of several labels, which is then
        left out of the minimum.

    See Also
    --------
    equal_opportunity_ratio : Looks only at the rows whose true label is positive.

    References
    ----------
    Eq. 12 of Lin et al., "Fair Data Generation via Score-based Diffusion Model", 2024;
    Dwork et al., "Fairness through awareness", ITCS 2012.

    Examples
    --------
    >>> from skfadm.metrics import demographic_parity_ratio
    >>> y_true = [0, 1, 1, 0, 1, 0, 1, 1]
    >>> y_pred = [0, 0, 1, 0, 1, 0, 1, 0]
    >>> z = ["f", "f", "f", "f", "m", "m", "m", "m"]
    >>> demographic_parity_ratio(y_true, y_pred, z=z)
    0.5
    """
    return _public_ratio("demographic_parity_ratio", y_true, y_pred, z, pos_label)


def equal_opportunity_ratio(
    y_true: ArrayLike, y_pred: ArrayLike, *, z: ArrayLike, pos_label: Any = None
) -> float:
    """Ratio of equal opportunity: smallest over largest true positive rate.

    The true positive rate of a group is
    ``P(y_pred = pos_label | z = group, y_true = pos_label)``. With two groups this is
    Eq. 13 of the paper; with more, the two most distant ones count.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,)
        True and predicted labels.
    z, pos_label
        As for :func:`demographic_parity_ratio`.

    Returns
    -------
    float
        In [0, 1]; 1 means that the positive rows of all groups are found equally
        often. A group without a positive row is left out. NaN where the ratio is
        undefined: fewer than two groups are left, or no positive row is found.

    Raises
    ------
    ValueError
        As :func:`demographic_parity_ratio` does.

    Warns
    -----
    UndefinedMetricWarning
        As :func:`demographic_parity_ratio` does, and if a group is left out.

    See Also
    --------
    demographic_parity_ratio : Looks at all rows, whatever their true label.

    Notes
    -----
    `fairlearn.metrics.equal_opportunity_ratio` gives the same numbers, but counts a
    group without a positive row as if none of them had been found.

    References
    ----------
    Eq. 13 of Lin et al., "Fair Data Generation via Score-based Diffusion Model", 2024;
    Hardt, Price and Srebro, "Equality of opportunity in supervised learning", NeurIPS
    2016.

    Examples
    --------
    >>> from skfadm.metrics import equal_opportunity_ratio
    >>> y_true = [0, 1, 1, 0, 1, 0, 1, 1]
    >>> y_pred = [0, 0, 1, 0, 1, 0, 1, 0]
    >>> z = ["f", "f", "f", "f", "m", "m", "m", "m"]
    >>> equal_opportunity_ratio(y_true, y_pred, z=z)
    0.75
    """
    return _public_ratio("equal_opportunity_ratio", y_true, y_pred, z, pos_label)


def union_of_labels(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """All labels of both, sorted; an error if numbers and words would be mixed."""
    kinds = [labels.dtype.kind in "biuf" for labels in (a, b)]
    try:
        if kinds[0] == kinds[1]:
            return np.union1d(a, b)
    except TypeError:
        pass  # words and numbers within one object array
    raise ValueError(
        f"y_true and y_pred hold {pd.unique(a)[:5].tolist()} and "
        f"{pd.unique(b)[:5].tolist()}; expected labels of one kind, numbers or words."
    )


def positive_labels(labels: np.ndarray, pos_label: Any) -> list:
    """List the labels that are the positive one in turn."""
    if pos_label is not None:
        # One label says little of the others; with two, the positive must be there.
        if len(labels) > 1 and pos_label not in labels.tolist():
            raise ValueError(
                f"pos_label={pos_label!r} is not among the labels {labels.tolist()}."
            )
        return [pos_label]
    if len(labels) > 2:
        return labels.tolist()
    if len(labels) == 2:
        return [labels[1]]
    if labels.dtype.kind in "biuf" and labels[0] in (-1, 0, 1):
        return [1]
    raise ValueError(
        f"y_true and y_pred hold one label only, {labels[0]!r}, which does not tell "
        "the positive label. Pass pos_label."
    )


def _public_ratio(name: str, y_true: Any, y_pred: Any, z: Any, pos_label: Any) -> float:
    true = as_labels("y_true", y_true)
    pred = as_labels("y_pred", y_pred, len(true), "y_true")
    groups = combine_groups(z, len(true), "y_true")
    return fairness_ratio(
        name, true, pred, groups, union_of_labels(true, pred), pos_label
    )


def fairness_ratio(
    name: str,
    y_true: np.ndarray,
    y_pred: np.ndarray,
    groups: np.ndarray,
    labels: np.ndarray,
    pos_label: Any,
) -> float:
    """Eq. 12 or 13; the smallest over the positive labels for which it is defined."""
    notes, ratios = [], []
    n_groups = groups.max() + 1
    of_true = name == "equal_opportunity_ratio"
    for label in positive_labels(labels, pos_label):
        asked = (y_true == label) | (not of_true)
        n_asked = np.bincount(groups[asked], minlength=n_groups)
        n_chosen = np.bincount(groups[asked & (y_pred == label)], minlength=n_groups)
        ratios.append(float(ratio_of_rates(n_chosen, n_asked)))
        n_there = int((n_asked > 0).sum())
        note = ""
        if n_there < 2:
            note = (
                f"the ratio is undefined: {n_there} of {n_groups} group(s) have rows "
                "to look at, and a ratio compares two"
            )
        elif np.isnan(ratios[-1]):
            note = "the ratio is undefined: it is predicted in no group"
        elif n_there < n_groups:
            note = f"{n_groups - n_there} group(s) without such rows are left out"
        if note:
            notes.append(f"for label {label!r}, {note}")
    if notes:
        warnings.warn(f"{name}: {'; '.join(notes)}.", UndefinedMetricWarning, 4)
    return float(np.fmin.reduce(ratios))


def ratio_of_rates(n_chosen: np.ndarray, n_asked: np.ndarray) -> np.ndarray:
    """Smallest over largest rate of the groups, which are the last axis.

    Groups without rows are left out; NaN of fewer than two, and if nobody is chosen.
    """
    with np.errstate(invalid="ignore"):
        rates = n_chosen / n_asked
        ratio = np.fmin.reduce(rates, axis=-1) / np.fmax.reduce(rates, axis=-1)
    return np.where((n_asked > 0).sum(axis=-1) > 1, ratio, np.nan)
