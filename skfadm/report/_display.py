"""Histograms of columns, and the figure of these and of differences of pair trends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils._optional_dependencies import check_matplotlib_support

from .._figures import BAD, INK, REAL, SYNTHETIC
from .._text import drawable
from ._tables import Matrix, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._quality_report import QualityReport

# A report keeps histograms, and no rows.
_MAX_BINS = 30
_MAX_CATEGORIES = 8
_MAX_COLUMNS = 12
_PANELS_A_ROW = 4
_SPIKE = 0.6
#: What a column or pair may lose (1 - its score) without being worth a look.
_HARMLESS = 0.1
_DAY = 86_400  # seconds; matplotlib counts dates in days


class QualityDisplay:
    """Figure of a synthetic table beside the real one.

    Panels show the distribution of each column in both tables, with its shape score, of
    many columns the twelve that are worst. A
    heatmap shows how much is lost (1 - the score, 0 is best) of the shape of each
    column, on its diagonal, and of the trend of each pair. Its colours mean the same
    for all tables: pale up to 0.1, which is harmless, then redder up to 0.3. Crossed
    cells cannot be measured, such as a correlation with a constant. Needs matplotlib.

    It is recommended to use :meth:`from_report`.

    Parameters
    ----------
    report : QualityReport
        What was measured.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        One a marginal that is shown.
    ax_ : matplotlib Axes
        With the heatmap.
    figure_ : matplotlib Figure

    Examples
    --------
    >>> import numpy as np
    >>> from skfadm.report import QualityDisplay, quality_report
    >>> real, synthetic = np.random.default_rng(0).normal(size=(2, 100, 3))
    >>> report = quality_report(real, synthetic, random_state=0)
    >>> display = QualityDisplay.from_report(report)  # doctest: +SKIP
    """

    def __init__(self, report: QualityReport) -> None:
        self.report = report

    @classmethod
    def from_report(cls, report: QualityReport) -> QualityDisplay:
        """Draw what a report measured.

        Parameters
        ----------
        report : QualityReport

        Returns
        -------
        QualityDisplay
        """
        return cls(report).plot()

    def plot(self) -> QualityDisplay:
        """Draw the figure, which ``plt.show()`` shows.

        Returns
        -------
        self : QualityDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        check_matplotlib_support("QualityDisplay.plot")
        import matplotlib.pyplot as plt

        marginals, scores = self.report.marginals, self.report.column_scores
        shown = worst_columns(scores)
        n_rows = -(-len(shown) // _PANELS_A_ROW)
        n_columns = -(-len(shown) // n_rows)
        heights = [2.3] * n_rows
        if len(shown) > 1:
            heights.append(max(2.8, 1.6 + 0.34 * len(shown)))
        size = (max(2.9 * n_columns, 6.0), sum(heights))
        self.figure_ = plt.figure(figsize=size, layout="constrained")
        grid = self.figure_.add_gridspec(len(heights), n_columns, height_ratios=heights)
        axes = []
        for k, position in enumerate(shown):
            ax = self.figure_.add_subplot(grid[divmod(k, n_columns)])
            draw_marginal(ax, marginals[position])
            score = scores.iloc[position]
            shape = "no values" if np.isnan(score) else f"{score:.3f}"
            name = drawable(marginals[position].name, 28, 3)
            ax.set_title(f"{name}  {shape}", fontsize=9)
            axes.append(ax)
        self.axes_ = np.array(axes, dtype=object)
        handles, labels = axes[0].get_legend_handles_labels()
        style: dict[str, Any] = {"frameon": False, "fontsize": 8, "ncols": 2}
        self.figure_.legend(handles, labels, loc="outside upper right", **style)
        self.ax_ = axes[0]
        if len(shown) > 1:
            self.ax_ = self.figure_.add_subplot(grid[n_rows, :])
            self._plot_losses(shown)
        if len(shown) < len(marginals):
            title = f"the {len(shown)} of {len(marginals)} columns that are worst"
            self.figure_.suptitle(title, fontsize=10)
        return self

    def _plot_losses(self, shown: list[int]) -> None:
        from matplotlib.colors import LinearSegmentedColormap

        lost = losses_of(self.report.column_scores, self.report.pair_scores, shown)
        # Nothing stands out before the limit, and noise on a good table is no alarm.
        colours = [(0, "#ffffff"), (1 / 3, "#f3e3da"), (0.5, "#e8a67f"), (1, BAD)]
        colour_map = LinearSegmentedColormap.from_list("lost", colours)
        ax = self.ax_
        image = ax.imshow(
            lost, cmap=colour_map, vmin=0, vmax=3 * _HARMLESS, aspect="auto"
        )
        for (i, j), value in np.ndenumerate(lost):
            style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 7}
            style["color"] = "white" if value > 2.5 * _HARMLESS else INK
            style["fontweight"] = "bold" if i == j else "normal"
            text = "\u00d7" if np.isnan(value) else f"{value:.2f}".removeprefix("0")
            ax.text(j, i, text, **style)
        names = [drawable(self.report.marginals[k].name, 16, 4) for k in shown]
        ax.set_xticks(range(len(names)), names, rotation=35, ha="right", fontsize=8)
        ax.set_yticks(range(len(names)), names, fontsize=8)
        ax.set_title(
            "lost of shapes (diagonal) and of pair trends: 0 is best, up to 0.1 "
            "harmless",
            fontsize=9,
        )
        bar = self.figure_.colorbar(image, ax=ax, pad=0.01, extend="max")
        bar.ax.tick_params(labelsize=7)


def worst_columns(column_scores: pd.Series) -> list[int]:
    """Return positions of the columns with the worst shapes, in their order."""
    scores = np.nan_to_num(column_scores.to_numpy(), nan=2.0)
    return sorted(np.argsort(scores, kind="stable")[:_MAX_COLUMNS].tolist())


def losses_of(
    column_scores: pd.Series, pair_scores: pd.DataFrame, shown: list[int]
) -> Matrix:
    """Return what is lost of shapes, on the diagonal, and of pair trends."""
    lost: Matrix = 1 - pair_scores.to_numpy()[np.ix_(shown, shown)]
    np.fill_diagonal(lost, 1 - column_scores.to_numpy()[shown])
    return lost


def draw_marginal(ax: Axes, marginal: Marginal) -> None:
    """Draw the distribution of a column in both tables."""
    pair = {"real": marginal.real, "synthetic": marginal.synthetic}
    if marginal.edges is None:
        places = np.arange(len(marginal.labels))
        for side, (name, shares) in zip((-0.2, 0.2), pair.items(), strict=True):
            colour = REAL if name == "real" else SYNTHETIC
            ax.barh(places + side, shares, 0.4, color=colour, label=name)
        ax.set_yticks(places, [drawable(label, 16, 4) for label in marginal.labels])
        ax.invert_yaxis()
        ax.set_xlabel("share", fontsize=8)
    else:
        edges = marginal.edges
        if marginal.is_time:
            from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

            edges = edges / _DAY
            locator = AutoDateLocator(minticks=2, maxticks=4)
            ax.xaxis.set_major_locator(locator)
            ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        ax.stairs(marginal.real, edges, fill=True, color=REAL, label="real")
        style: dict[str, Any] = {"color": SYNTHETIC, "linewidth": 1.4}
        ax.stairs(marginal.synthetic, edges, label="synthetic", **style)
        spiky = marginal.real.max(initial=0.0) > _SPIKE and len(marginal.real) > 2
        if spiky:  # on a linear axis nothing but the spike could be seen
            ax.set_yscale("log")
        ax.set_ylabel("share (log)" if spiky else "share", fontsize=8)
        if not marginal.is_time:
            ax.locator_params(axis="x", nbins=4)
    ax.tick_params(labelsize=7)
    ax.spines[["top", "right"]].set_visible(False)


@dataclass(frozen=True, eq=False)
class Marginal:
    """The distribution of one column in two tables."""

    name: str
    #: Shares of bins or categories, the most frequent first; of numbers, of the values
    #: that are there.
    real: Matrix
    synthetic: Matrix
    #: Of the bins of a column of numbers, shape (n_bins + 1,); None for categories.
    edges: Matrix | None
    #: Of the categories; empty for numbers.
    labels: tuple[str, ...]
    #: Whether the edges are seconds since 1970.
    is_time: bool
    #: Whether no synthetic row has a value.
    is_empty: bool


def marginals_of(tables: Tables) -> tuple[Marginal, ...]:
    """Return the marginals of the real and the synthetic table, one a column."""
    found = []
    for j, name in enumerate(tables.columns):
        pair = [tables.values[table][:, j] for table in ("real", "synthetic")]
        edges: Matrix | None = None
        labels: tuple[str, ...] = ()
        if tables.is_category[j]:
            labels, shares = _of_categories(tables.categories[j], pair)
        else:
            there = [column[~np.isnan(column)] for column in pair]
            edges = _edges(np.concatenate(there))
            shares = [np.histogram(v, edges)[0] / max(len(v), 1) for v in there]
        is_empty = bool(np.isnan(pair[1]).all())
        is_time = bool(tables.is_time[j])
        real, synthetic = shares
        found.append(Marginal(name, real, synthetic, edges, labels, is_time, is_empty))
    return tuple(found)


def _edges(values: Matrix) -> Matrix:
    if not len(values):
        return np.array([0.0, 1.0])
    low, high = values.min(), values.max()
    if (values == np.round(values)).all() and high - low < 2**53:
        # Bins of equally many integers each: others would look like a comb.
        width = np.ceil((high - low + 1) / _MAX_BINS)
        n_bins = int(np.ceil((high - low + 1) / width))
        return low - 0.5 + width * np.arange(n_bins + 1)
    if low == high:
        return np.array([low - 0.5, low + 0.5])
    # Not by NumPy's bins, which it refuses for numbers that are hardly apart.
    edges: Matrix = np.linspace(low, high, _MAX_BINS + 1)
    return edges


def _of_categories(
    categories: list[object], pair: list[Matrix]
) -> tuple[tuple[str, ...], list[Matrix]]:
    """Shares of the most frequent categories, of the others, and of missing values."""
    counts = [
        pd.Series(column).value_counts(normalize=True, dropna=False) for column in pair
    ]
    shares = pd.concat(counts, axis=1).fillna(0.0)
    order = shares.sum(axis=1).sort_index().sort_values(ascending=False, kind="stable")
    shares = shares.loc[order.index]
    missing = shares.index.isna()
    known = shares[~missing]
    shown = known.iloc[:_MAX_CATEGORIES]
    labels = [str(categories[int(code)]) for code in shown.index]
    parts = [shown.to_numpy()]
    if n_others := len(known) - len(shown):
        labels.append(f"{n_others} others")
        parts.append(known.iloc[_MAX_CATEGORIES:].sum().to_numpy()[None])
    if missing.any():
        labels.append("missing")
        parts.append(shares[missing].to_numpy())
    real, synthetic = np.concatenate(parts).T
    return tuple(labels), [real, synthetic]
