"""From the rows of a run to tables and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .._running import half_width
from ..downstream import RATIOS, over_targets
from .settings import CLASSIFIERS, METHODS, RULES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KEYS = ["classifier", "rule", "method"]
#: What a row costs: rows drawn in training, seconds of training and generation.
COSTS = ["row_visits", "seconds"]
_TIMES = ["fit_s", "sample_s", "teach_s"]

_X_AXES = {
    "R_DP": "ratio of demographic parity",
    "R_EOp": "ratio of equal opportunity",
}
# Colours that people who are colour-blind tell apart, and a marker for each method.
_COLOURS = [*["#777777"] * 4, "#004488", "#DDAA33", "#44AA99", "#882255", "#117733"]
_COLOURS += ["#88CCEE", "#BB5566", "#000000", "#EE7733", "#AA4499"]
_MARKERS = "xosdv^<>PXD**h"


def averages(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each classifier, rule and method over targets and seeds, with its cost.

    Accuracy is in percent. Where nothing is generated, the seconds are those of the
    classifiers. Trainings that diverged are counted as "failed".
    """
    rows = _in_percent(rows)
    rows = rows.reindex(columns=rows.columns.union([*_TIMES, "row_visits"], sort=False))
    spent = (rows["fit_s"] + rows["sample_s"]).fillna(rows["teach_s"])
    grouped = rows.assign(seconds=spent).groupby(KEYS)
    failed = grouped["ACC"].agg(lambda scores: scores.isna().sum()).rename("failed")
    table = over_targets(rows, KEYS).join(grouped[COSTS].mean()).join(failed)
    return table.reindex(list(METHODS), level="method")


def by_target(rows: pd.DataFrame) -> pd.DataFrame:
    """Return means over seeds and half their 95 % intervals for each target."""
    rates = [c for c in rows if c.startswith(("rate ", "TPR "))]
    grouped = _in_percent(rows).groupby([*KEYS, "target"], sort=False)
    grouped = grouped[["ACC", *RATIOS, *rates]]
    return grouped.mean().join(grouped.agg(half_width).add_suffix(" +-"))


def _in_percent(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(ACC=rows["ACC"] * 100.0)


def draw(means: pd.DataFrame, rule: str, *, is_quick: bool) -> Figure:
    """Draw `averages` of one rule: a point with its interval for each method.

    A row of panels for each classifier, a column for each ratio; a line is a method
    without ratios.
    """
    from matplotlib.figure import Figure

    means = means.xs(rule, level="rule")
    present = [c for c in CLASSIFIERS if c in means.index.get_level_values(0)]
    figure = Figure(figsize=(10, 1.2 + 3.2 * len(present)), layout="constrained")
    axes = figure.subplots(len(present), 2, squeeze=False, sharey="row", sharex=True)
    for row, classifier in zip(axes, present, strict=True):
        for ax, ratio in zip(row, _X_AXES, strict=True):
            _panel(ax, means.loc[classifier], ratio)
        row[0].set_ylabel(f"{CLASSIFIERS[classifier]}\naccuracy, %")
    for ax, words in zip(axes[-1], _X_AXES.values(), strict=True):
        ax.set_xlabel(words)
    handles = axes[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=4, frameon=False)
    note = " - quick run, says nothing about the methods" if is_quick else ""
    figure.suptitle(f"Adult, average over target races, chosen by {RULES[rule]}{note}")
    return figure


def _panel(ax: Axes, means: pd.DataFrame, ratio: str) -> None:
    styles = zip(METHODS.items(), _COLOURS, _MARKERS, strict=True)
    for (method, settings), colour, marker in styles:
        if method not in means.index:
            continue
        own, label = means.loc[method], settings.title
        if pd.isna(own[ratio]):
            # Where nobody is given the positive label there is no ratio.
            ax.axhline(own["ACC"], color=colour, linestyle=":", label=label)
            continue
        # An interval of one seed is NaN, and not drawn.
        ax.errorbar(
            own[ratio],
            own["ACC"],
            xerr=own[f"{ratio} +-"],
            yerr=own["ACC +-"],
            fmt=marker,
            color=colour,
            markersize=12 if marker == "*" else 7,
            elinewidth=1,
            label=label,
        )
    ax.set_xlim(-0.03, 1.03)
    ax.grid(alpha=0.3)
