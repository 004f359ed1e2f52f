"""What a fairness report says in sentences, from its figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

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


def interval(low: float, high: float, digits: int = 2) -> str:
    """Write an interval; nothing if it is unknown."""
    return "" if np.isnan(low) else f"{low:.{digits}f} to {high:.{digits}f}"


def listed(names: Iterable[Any], at_most: int = 5) -> str:
    """Write the first names, and how many more there are."""
    names = list(map(str, names))
    more = f" and {len(names) - at_most} more" if len(names) > at_most else ""
    return ", ".join(names[:at_most]) + more


def points(row: Mapping[str, float], minus: str = "-") -> str:
    """Write a change in percentage points, with its interval."""
    change, low, high = (100 * row[f"change{end}"] for end in ("", "_low", "_high"))
    text = f"{change:+.1f} points ({low:+.1f} to {high:+.1f})"
    return text.replace("-", minus)


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
    if np.isnan(parity["synthetic"]) or np.isnan(parity["change"]):
        return "No verdict: the ratio of demographic parity is undefined."
    first, second = (
        f"{name} (from {number(row['real'])} to {number(row['synthetic'])})"
        for name, row in (("parity", parity), ("opportunity", opportunity))
    )
    of_parity, of_opportunity = (_CHANGES[direction(r)] for r in (parity, opportunity))
    joint = " and" if of_parity == of_opportunity else f", {of_opportunity}"
    change = f"{of_parity} {first}{joint} {second}"
    return f"{change[0].upper()}{change[1:]}, {_price(accuracy, measure)}."


def _price(accuracy: Mapping[str, float], measure: str) -> str:
    change = 100 * accuracy["change"]
    if direction(accuracy) == 0:
        return f"at no clear cost in {measure}"
    if change > 0:
        return f"and {change:.1f} points better in {measure}"
    return f"for {-change:.1f} points of {measure}"


def level(parity: Mapping[str, float]) -> str:
    """Say whether parity after reaches four fifths; nothing if it is undefined."""
    after = parity["synthetic"]
    if np.isnan(after):
        return ""
    if after < FOUR_FIFTHS:
        return "Parity stays below four fifths."
    sure = "" if parity["synthetic_low"] >= FOUR_FIFTHS else ", but not surely"
    return f"Parity is above four fifths{sure}."


def yardstick(
    accuracy: Mapping[str, float],
    balanced: Mapping[str, float] | None,
    constant: tuple[Any, float],
) -> str:
    """Compare the accuracy with that of always giving the most frequent label."""
    label, share = constant
    text = (
        f"Accuracy is {percent(accuracy['synthetic'])}, {percent(accuracy['real'])} "
        f'before; always answering "{label}" reaches {percent(share)}.'
    )
    if balanced is None:
        return text
    return (
        f"{text} Labels are rare, so look at balanced accuracy: "
        f"{percent(balanced['synthetic'])}, {percent(balanced['real'])} before."
    )


def rates_sentence(
    rates: pd.Series, ratio: Mapping[str, float], name: str, whose: str
) -> str:
    """Say which group is selected least and which most; by label and group."""
    present = rates.dropna()
    # Of several labels, the one whose rates differ the most makes the ratio.
    by_label = present.groupby("label")
    worst = (by_label.min() / by_label.max()).fillna(1.0).idxmin()
    of_label = present.xs(worst, level="label")
    least = f"{percent(of_label.min())} of {of_label.idxmin()}"
    most = f"{percent(of_label.max())} of {of_label.idxmax()}"
    ends = interval(ratio[f"{name}_low"], ratio[f"{name}_high"])
    return (
        f"A classifier trained on {whose} gives “{worst}” to {least} and to {most}: a "
        f"ratio of {number(ratio[name])}{f' ({ends})' if ends else ''}."
    )


def opportunity_sentence(row: Mapping[str, float]) -> str:
    """Say how the ratio of equal opportunity changes."""
    trend = {1: ", clearly better", -1: ", clearly worse", 0: ""}[direction(row)]
    return (
        "Among those who truly have the positive label, the ratio of the shares that "
        f"are found is {number(row['real'])} before and {number(row['synthetic'])} "
        f"after{trend} (equal opportunity; 1 is equal)."
    )
