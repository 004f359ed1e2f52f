"""The picture of Table 1: accuracy against the two ratios."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .settings import CLASSIFIERS, METHODS, RULES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_RATIOS = {
    "R_DP": "ratio of demographic parity",
    "R_EOp": "ratio of equal opportunity",
}
# Colours that people who are colour-blind tell apart, and a marker for each method.
_STYLES = {
    "majority": ("#777777", "x"),
    "real": ("#777777", "o"),
    "reweighed": ("#777777", "s"),
    "exponentiated": ("#777777", "d"),
    "vae": ("#004488", "v"),
    "gan": ("#DDAA33", "^"),
    "ddpm": ("#44AA99", "<"),
    "fairgan": ("#882255", ">"),
    "decaf": ("#117733", "P"),
    "fldgm": ("#88CCEE", "X"),
    "fadm": ("#BB5566", "D"),
    "skfadm": ("#000000", "*"),
    "adapted": ("#EE7733", "*"),
    "mostlyai": ("#AA4499", "h"),
}


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
        for ax, ratio in zip(row, _RATIOS, strict=True):
            _panel(ax, means.loc[classifier], ratio)
        row[0].set_ylabel(f"{CLASSIFIERS[classifier]}\naccuracy, %")
    for ax, words in zip(axes[-1], _RATIOS.values(), strict=True):
        ax.set_xlabel(words)
    handles = axes[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=4, frameon=False)
    note = " - quick run, says nothing about the methods" if is_quick else ""
    figure.suptitle(f"Adult, average over target races, chosen by {RULES[rule]}{note}")
    return figure


def _panel(ax: Axes, means: pd.DataFrame, ratio: str) -> None:
    for method, (colour, marker) in _STYLES.items():
        if method not in means.index:
            continue
        own, label = means.loc[method], METHODS[method].title
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
