"""The report in plain words: the verdict first, then what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .._figures import FOUR_FIFTHS
from ..metrics._ratios import RATIOS
from ._quality_words import fidelity as fidelity  # the page takes all from here
from ._quality_words import number, percent
from ._quality_words import privacy as privacy

if TYPE_CHECKING:
    from ._report import FairnessReport

#: What the measures of the scores are called.
TITLES = {"accuracy": "accuracy", **RATIOS}


def interval(low: float, high: float, digits: int = 2) -> str:
    """Write an interval; nothing if it is unknown."""
    return "" if np.isnan(low) else f"{low:.{digits}f} to {high:.{digits}f}"


def headline(report: FairnessReport) -> str:
    """Return the verdict on selection rates in one sentence."""
    parity = report.scores.loc[(report.attribute, "demographic_parity_ratio")]
    after, change = parity["synthetic"], parity["change"]
    if np.isnan(after) or np.isnan(change):
        return "No verdict: the ratio of demographic parity is undefined."
    if parity["change_low"] > 0:
        direction = "Fairer"
    elif parity["change_high"] < 0:
        direction = "Less fair"
    else:
        direction = "No clear change in fairness"
    above = report.is_fair
    surely = parity["synthetic_low"] >= FOUR_FIFTHS or not above
    level = "above" if above else "below"
    sure = "" if surely else " (not surely)"
    joint = "but" if (direction == "Fairer") != above else "and"
    return f"{direction}, {joint} {level} four fifths{sure}, {_price(report)}."


def caveat(report: FairnessReport) -> str:
    """Return what the verdict must not hide, or nothing."""
    row = report.scores.loc[(report.attribute, "equal_opportunity_ratio")]
    if not row["change_high"] < 0:
        return ""
    before, after = number(row["real"]), number(row["synthetic"])
    return f"Equal opportunity is worse: a ratio of {after}, {before} before."


def _price(report: FairnessReport) -> str:
    accuracy = report.accuracy
    points = 100 * accuracy["change"]
    if accuracy["change_low"] <= 0 <= accuracy["change_high"]:
        return "at no clear cost in accuracy"
    if points > 0:
        return f"and {points:.1f} points more accurate"
    return f"for {-points:.1f} points of accuracy"


def sentences(report: FairnessReport) -> list[str]:
    """Return what the verdict rests on, one idea a sentence."""
    told = []
    for name, whose in (("real", "the real rows"), ("synthetic", "the synthetic rows")):
        told.append(_rates_sentence(report, name, whose))
    opportunity = report.scores.loc[(report.attribute, "equal_opportunity_ratio")]
    trend = ""
    if opportunity["change_low"] > 0:
        trend = ", clearly better"
    elif opportunity["change_high"] < 0:
        trend = ", clearly worse"
    told.append(
        "Among those who truly have the positive label, the ratio of the shares that "
        f"are found is {number(opportunity['real'])} before and "
        f"{number(opportunity['synthetic'])} after{trend} (equal opportunity; 1 is "
        "equal)."
    )
    accuracy = report.accuracy
    before, after = percent(accuracy["real"]), percent(accuracy["synthetic"])
    told.append(
        f"Accuracy is {before} before and {after} after, a change of "
        f"{points(accuracy)}."
    )
    return told


def points(row: pd.Series, minus: str = "-") -> str:
    """Write a change in percentage points, with its interval."""
    change, low, high = (100 * row[f"change{end}"] for end in ("", "_low", "_high"))
    text = f"{change:+.1f} points ({low:+.1f} to {high:+.1f})"
    return text.replace("-", minus)


def _rates_sentence(report: FairnessReport, name: str, whose: str) -> str:
    rates = group_rates(report, "selection rate")[name].dropna()
    ratio = report.scores.loc[(report.attribute, "demographic_parity_ratio")]
    # Of several labels, the one whose rates differ the most makes the ratio.
    by_label = rates.groupby("label")
    worst = (by_label.min() / by_label.max()).fillna(1.0).idxmin()
    of_label = rates.xs(worst, level="label")
    low, high = of_label.idxmin(), of_label.idxmax()
    ends = interval(ratio[f"{name}_low"], ratio[f"{name}_high"])
    shares = " and to ".join(f"{percent(of_label[g])} of {g}" for g in (low, high))
    return (
        f"A classifier trained on {whose} gives “{worst}” to {shares}: a ratio of "
        f"{number(ratio[name])}{f' ({ends})' if ends else ''}."
    )


def group_rates(report: FairnessReport, measure: str) -> pd.DataFrame:
    """Return the rates of the groups of the verdict, by label and group."""
    levels = ["measure", "attribute"]
    rates: pd.DataFrame = report.rates.xs((measure, report.attribute), level=levels)
    return rates


def judged_on(report: FairnessReport) -> str:
    """Say which rows the classifiers are judged on."""
    if "holdout" in report.n_rows:
        return f"{report.n_judged:,} held-out rows"
    return f"{report.n_judged:,} real rows by cross-fitting"


def positive_label(report: FairnessReport) -> str:
    """Name the positive label."""
    labels = " / ".join(map(str, report.pos_labels))
    return f"{report.label_name} = {labels}"


def next_step(report: FairnessReport) -> str:
    """Say what to do next."""
    if not report.is_fair:
        return "make the generator's fair control stronger and compare the reports."
    if "holdout" not in report.n_rows:
        return "judge by rows that the generator has not seen (holdout=)."
    return 'report.save_html("report.html") shows all of it to a colleague.'
