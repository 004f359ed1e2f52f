"""What a fairness report says in sentences, from its figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .._figures import FOUR_FIFTHS

#: What the measures of the scores are called.
TITLES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "demographic_parity_ratio": "ratio of demographic parity",
    "equal_opportunity_ratio": "ratio of equal opportunity",
}
_CHANGES = {1: "fairer by", -1: "less fair by", 0: "no clear change in"}


def percent(share: float) -> str:
    """Write a share as a percentage."""
    return "undefined" if np.isnan(share) else f"{100 * share:.1f} %"


def number(value: float, digits: int = 2) -> str:
    """Write a ratio."""
    return "undefined" if np.isnan(value) else f"{value:.{digits}f}"


def interval(row: Mapping[str, float], name: str) -> str:
    """Write the interval of a figure of a row; nothing if it is unknown."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return "" if np.isnan(low) else f"{low:.2f} to {high:.2f}"


def listed(names: Iterable[Any], at_most: int = 5) -> str:
    """Write the first names, and how many more there are."""
    names = list(map(str, names))
    more = f" and {len(names) - at_most} more" if len(names) > at_most else ""
    return ", ".join(names[:at_most]) + more


def direction(row: Mapping[str, float]) -> int:
    """Return 1 for what is surely larger after than before, -1 for smaller, else 0."""
    return int(row["change_low"] > 0) - int(row["change_high"] < 0)


def headline(
    parity: Mapping[str, float],
    opportunity: Mapping[str, float],
    accuracy: Mapping[str, float],
    measure: str,
    always: Mapping[str, Any],
) -> str:
    """Return the verdict on both ratios and its price in one sentence.

    `accuracy` is what `measure` names; `always` holds the label of each classifier
    that gives one label to all rows.
    """
    if "synthetic" in always:
        return (
            "No use: the classifier trained on synthetic rows always answers "
            f'"{always["synthetic"]}".'
        )
    if np.isnan(parity["change"]):
        return "No verdict: the ratio of demographic parity is undefined."
    first, second = (
        f"{name} (from {number(row['real'])} to {number(row['synthetic'])})"
        for name, row in (("parity", parity), ("opportunity", opportunity))
    )
    of_parity, of_opportunity = (_CHANGES[direction(r)] for r in (parity, opportunity))
    joint = " and" if of_parity == of_opportunity else f", {of_opportunity}"
    price = {
        0: f"at no clear cost in {measure}",
        1: f"and {100 * accuracy['change']:.1f} points better in {measure}",
        -1: f"for {-100 * accuracy['change']:.1f} points of {measure}",
    }[direction(accuracy)]
    text = f"{of_parity} {first}{joint} {second}, {price}."
    return text[0].upper() + text[1:]


def caveats(
    parity: Mapping[str, float],
    accuracy: Mapping[str, float],
    balanced: Mapping[str, float] | None,
    constant: tuple[Any, float],
) -> list[str]:
    """Hold parity against four fifths, accuracy against always the same answer."""
    after, (label, share) = parity["synthetic"], constant
    found = []
    if after < FOUR_FIFTHS:
        found.append("Parity stays below four fifths.")
    elif after >= FOUR_FIFTHS:
        is_sure = parity["synthetic_low"] >= FOUR_FIFTHS
        unsure = "" if is_sure else ", but not surely"
        found.append(f"Parity is above four fifths{unsure}.")
    found.append(
        f"Accuracy is {percent(accuracy['synthetic'])}, {percent(accuracy['real'])} "
        f'before; always answering "{label}" reaches {percent(share)}.'
    )
    if balanced is not None:
        found.append(
            "Labels are rare, so look at balanced accuracy: "
            f"{percent(balanced['synthetic'])}, {percent(balanced['real'])} before."
        )
    return found
