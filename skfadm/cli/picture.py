"""The picture of the demo: rows before and after, and what is learnt from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Told apart by people who are colour-blind, and in grey by their lightness or marker.
_COLOURS = ("#004488", "#DDAA33", "#BB5566")
_MARKERS = ("o", "^", "s")
_GREY = "#777777"
#: 720 pixels wide: text is as large as that around it on a phone, which shows half.
_SIZE, DPI = (4.5, 7.8), 160
#: Where means stand as figures, right of all scores.
_FIGURES_AT = 1.12


def before_after_figure(
    rows: Mapping[str, tuple[pd.DataFrame, ArrayLike]],
    *,
    features: tuple[str, str],
    group_rates: Mapping[str, Mapping[str, float]],
    label: str,
    scores: Mapping[str, Mapping[str, Sequence[float]]],
    target: float,
) -> Figure:
    """Draw a table before and after: its rows, and what is learnt from them.

    Two columns of two tables, real then generated, stand side by side; below them
    ``group_rates[table][group]``, how often the group is given `label`, and
    ``scores[table][measure]``, a list of repetitions, all in [0, 1], with the `target`
    of parity.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, layout="constrained")
    grid = figure.add_gridspec(3, 2, height_ratios=(1.1, 1.2, 1.5))
    first = figure.add_subplot(grid[0, 0])
    second = figure.add_subplot(grid[0, 1], sharex=first, sharey=first)
    for ax, (name, (X, y)) in zip((first, second), rows.items(), strict=True):
        plot_rows(ax, X, y, features)
        ax.set_title(name, fontsize="medium")
    first.legend(loc="lower right", fontsize="small", handletextpad=0.1, borderpad=0.2)
    second.tick_params(labelleft=False)
    second.set_ylabel("")
    plot_group_rates(figure.add_subplot(grid[1, :]), group_rates, label)
    plot_scores(figure.add_subplot(grid[2, :]), scores, target)
    return figure


def plot_rows(
    ax: Axes, X: pd.DataFrame, y: ArrayLike, features: tuple[str, str]
) -> None:
    """Scatter two columns of a table, coloured by label."""
    labels = np.asarray(y)
    for i, label in enumerate(np.unique(labels)):
        members = X[labels == label]
        ax.scatter(
            members[features[0]],
            members[features[1]],
            s=12,
            color=_COLOURS[i % len(_COLOURS)],
            marker=_MARKERS[i % len(_MARKERS)],
            alpha=0.6,
            linewidths=0,
            label=str(label),
        )
    ax.set(xlabel=features[0], ylabel=features[1])


def plot_group_rates(
    ax: Axes, rates: Mapping[str, Mapping[str, float]], label: str
) -> None:
    """Draw how often each group is given a label: the more alike, the fairer."""
    groups = list(next(iter(rates.values())))
    height = 0.8 / len(rates)
    for i, (name, by_group) in enumerate(rates.items()):
        places = np.arange(len(groups)) + (i - (len(rates) - 1) / 2) * height
        bars = ax.barh(
            places,
            [by_group[group] for group in groups],
            0.9 * height,
            color=_colour(i),
            label=name,
        )
        ax.bar_label(bars, fmt="{:.0%}", padding=3)
    ax.set(
        title=f"Who is given \u201c{label}\u201d",
        xlabel="share of the group, rows held out",
        xlim=(0, 1),
        ylim=(len(groups) - 0.5, -0.5),
        yticks=range(len(groups)),
        yticklabels=groups,
    )


def plot_scores(
    ax: Axes, scores: Mapping[str, Mapping[str, Sequence[float]]], target: float
) -> None:
    """Draw the mean of scores in [0, 1], with every repetition behind it."""
    measures = list(next(iter(scores.values())))
    step = 0.6 / max(1, len(scores) - 1)
    for i, (name, by_measure) in enumerate(scores.items()):
        heights = np.arange(len(measures)) + (i * step - 0.3)
        means = [np.mean(by_measure[m]) for m in measures]
        ax.scatter(
            means, heights, s=60, color=_colour(i), marker=_MARKERS[i], label=name
        )
        for height, mean, measure in zip(heights, means, measures, strict=True):
            repeats = by_measure[measure]
            behind: dict[str, Any] = {"alpha": 0.35, "linewidths": 0, "zorder": 0.9}
            ax.scatter(
                repeats, [height] * len(repeats), s=14, color=_colour(i), **behind
            )
            ax.text(_FIGURES_AT, height, f"{mean:.2f}", va="center")
    parity = measures.index("parity")
    ax.plot([target] * 2, [parity - 0.45, parity + 0.45], color="black", zorder=0.5)
    ax.text(
        target + 0.02,
        parity - 0.3,
        f"target {target:g}",
        va="center",
        fontsize="small",
    )
    ax.set(
        title="What is learnt from them",
        xlabel="on the rows held out (1 is best)",
        xlim=(0, 1.28),
        xticks=np.linspace(0, 1, 6),
        ylim=(len(measures) - 0.4, -0.6),
        yticks=range(len(measures)),
        yticklabels=measures,
    )
    ax.grid(axis="x", alpha=0.3)
    ax.legend(
        loc="upper center", bbox_to_anchor=(0.4, -0.25), frameon=False, borderpad=0
    )


def _colour(i: int) -> Any:
    """Return grey for the real rows, which come first, then the colours."""
    return _GREY if i == 0 else _COLOURS[(i + 1) % len(_COLOURS)]
