"""The picture of Table 1: accuracy against the two ratios."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .published import AVERAGE, PUBLISHED
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


def draw(table: pd.DataFrame, rule: str, *, is_quick: bool) -> Figure:
    """Draw the averages over targets: a point with its interval for each method.

    Parameters
    ----------
    table : DataFrame
        Of `summary`.
    rule : str
        What candidates are chosen by.
    is_quick : bool
        Whether to say that this is a quick run.

    Returns
    -------
    matplotlib.figure.Figure
        A row of panels for each downstream classifier, a column for each ratio; hollow
        points are what the paper published, a line is a method without ratios.
    """
    from matplotlib.figure import Figure

    table = table.xs(rule, level="rule")
    present = [c for c in CLASSIFIERS if c in table.index.get_level_values(0)]
    figure = Figure(figsize=(10, 1.2 + 3.2 * len(present)), layout="constrained")
    axes = figure.subplots(len(present), 2, squeeze=False, sharey="row", sharex=True)
    for row, classifier in zip(axes, present, strict=True):
        for ax, ratio in zip(row, _RATIOS, strict=True):
            _panel(ax, table.loc[classifier], ratio)
        row[0].set_ylabel(f"{CLASSIFIERS[classifier]}\naccuracy, %")
    for ax, words in zip(axes[-1], _RATIOS.values(), strict=True):
        ax.set_xlabel(words)
    handles, labels = _legend(axes)
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    note = " - quick run, says nothing about the methods" if is_quick else ""
    figure.suptitle(f"Adult, average over target races, chosen by {RULES[rule]}{note}")
    return figure


def _panel(ax: Axes, own: pd.DataFrame, ratio: str) -> None:
    for method, (colour, marker) in _STYLES.items():
        if method in own.index.get_level_values("method"):
            average = own.loc[method].loc[AVERAGE]
            x, y = average.loc[ratio], average.loc["ACC"]
            label = METHODS[method].title
            if pd.isna(x["mean"]):
                # Where nobody is given the positive label there is no ratio.
                ax.axhline(y["mean"], color=colour, linestyle=":", label=label)
            else:
                # An interval of one seed is NaN, and not drawn.
                ax.errorbar(
                    x["mean"],
                    y["mean"],
                    xerr=x["half_width"],
                    yerr=y["half_width"],
                    fmt=marker,
                    color=colour,
                    markersize=12 if marker == "*" else 7,
                    elinewidth=1,
                    label=label,
                )
        if method in PUBLISHED.index:
            published = PUBLISHED.loc[method, AVERAGE]
            ax.plot(
                [published[ratio]],
                [published["ACC"]],
                marker,
                markerfacecolor="none",
                markeredgecolor=colour,
                label=f"{METHODS[method].title.split(',')[0]}, published",
            )
    ax.set_xlim(-0.03, 1.03)
    ax.grid(alpha=0.3)


def _legend(axes: Any) -> tuple[list, list]:
    """Return each method once, those of this run first."""
    handles, labels = axes[0, 0].get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda i: labels[i].endswith("published"))
    return [handles[i] for i in order], [labels[i] for i in order]
