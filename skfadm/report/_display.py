"""QualityDisplay: marginals and differences of pair trends in one figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils._optional_dependencies import check_matplotlib_support

from .._figures import BAD, INK, REAL, SYNTHETIC
from .._text import drawable
from ._fidelity import column_shapes, pair_trends
from ._limits import COLUMN_LIMIT, PAIR_LIMIT
from ._marginals import Marginal, marginals_of
from ._tables import Matrix, read_tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PANELS_A_ROW = 4
_SPIKE = 0.6
_DAY = 86_400  # seconds; matplotlib counts dates in days


class QualityDisplay:
    """Figure of a synthetic table beside the real one.

    Panels show the distribution of each column in both tables, with its shape score. A
    heatmap shows how much is lost (1 - the score, 0 is best) of the shape of each
    column, on its diagonal, and of the trend of each pair. Its colours mean the same
    for all tables: pale up to 0.1, which is harmless, then redder up to 0.3. Crossed
    cells cannot be measured, such as a correlation with a constant. Needs matplotlib.

    It is recommended to use :meth:`from_report` or :meth:`from_tables`.

    Parameters
    ----------
    marginals : sequence of Marginal
        Histograms of the columns.
    column_scores : Series, shape (n_columns,)
        Shape scores.
    pair_scores : DataFrame, shape (n_columns, n_columns)
        Trend scores of the pairs.

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
    >>> rng = np.random.default_rng(0)
    >>> real, synthetic = rng.normal(size=(2, 100, 3))
    >>> display = QualityDisplay.from_tables(real, synthetic)  # doctest: +SKIP
    """

    def __init__(
        self,
        marginals: Sequence[Marginal],
        column_scores: pd.Series,
        pair_scores: pd.DataFrame,
    ) -> None:
        self.marginals = marginals
        self.column_scores = column_scores
        self.pair_scores = pair_scores

    @classmethod
    def from_report(cls, report: Any, *, max_columns: int = 12) -> QualityDisplay:
        """Draw what a report measured.

        Parameters
        ----------
        report : QualityReport
        max_columns : int, default=12
            Of more columns, those with the worst shapes are shown.

        Returns
        -------
        QualityDisplay
        """
        display = cls(report.marginals, report.column_scores, report.pair_scores)
        return display.plot(max_columns=max_columns)

    @classmethod
    def from_tables(
        cls,
        real: Any,
        synthetic: Any,
        *,
        categorical_features: Sequence[Any] | None = None,
        max_columns: int = 12,
    ) -> QualityDisplay:
        """Draw two tables, without the rest of a report.

        Parameters
        ----------
        real, synthetic : DataFrame or array, shapes (n_rows, n_columns)
        categorical_features : list of column names or positions, optional
            Columns that hold categories although they are coded as numbers.
        max_columns : int, default=12

        Returns
        -------
        QualityDisplay

        Raises
        ------
        ValueError, TypeError
            As :func:`quality_report` does for tables that do not match.
        """
        given = {"real": real, "synthetic": synthetic}
        tables = read_tables(given, categorical_features)
        pair = (tables.values["real"], tables.values["synthetic"], tables.is_category)
        names = list(tables.columns)
        display = cls(
            marginals_of(tables),
            pd.Series(column_shapes(*pair), index=names, name="score"),
            pd.DataFrame(pair_trends(*pair), index=names, columns=names),
        )
        return display.plot(max_columns=max_columns)

    def plot(self, *, max_columns: int = 12) -> QualityDisplay:
        """Draw the figure, which ``plt.show()`` shows.

        Parameters
        ----------
        max_columns : int, default=12
            Of more columns, those with the worst shapes are shown.

        Returns
        -------
        QualityDisplay
            Itself, with ``axes_``, ``ax_`` and ``figure_``.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        if max_columns < 1:
            raise ValueError(f"max_columns must be at least 1, got {max_columns!r}.")
        check_matplotlib_support("QualityDisplay.plot")
        import matplotlib.pyplot as plt

        shown = worst_columns(self.column_scores, max_columns)
        # As even as can be, so that no place is left empty.
        n_rows = -(-len(shown) // _PANELS_A_ROW)
        panels = [part.tolist() for part in np.array_split(shown, n_rows)]
        heights = [2.3] * n_rows
        if len(shown) > 1:
            heights.append(max(2.8, 1.6 + 0.34 * len(shown)))
        size = (max(2.9 * len(panels[0]), 6.0), sum(heights))
        self.figure_ = plt.figure(figsize=size, layout="constrained")
        grid = self.figure_.add_gridspec(len(heights), 1, height_ratios=heights)
        axes = []
        for i, positions in enumerate(panels):
            row = grid[i].subgridspec(1, len(positions))
            for j, position in enumerate(positions):
                marginal = self.marginals[position]
                score = self.column_scores.iloc[position]
                shape = "no values" if np.isnan(score) else f"{score:.3f}"
                axes.append(self.figure_.add_subplot(row[j]))
                draw_marginal(axes[-1], marginal)
                title = f"{drawable(marginal.name, 28, 3)}  {shape}"
                axes[-1].set_title(title, fontsize=9)
        self.axes_ = np.array(axes, dtype=object)
        handles, labels = axes[0].get_legend_handles_labels()
        style: dict[str, Any] = {"frameon": False, "fontsize": 8, "ncols": 2}
        self.figure_.legend(handles, labels, loc="outside upper right", **style)
        self.ax_ = axes[0]
        if len(shown) > 1:
            self.ax_ = self.figure_.add_subplot(grid[n_rows])
            self._plot_losses(shown)
        if len(shown) < len(self.marginals):
            title = f"the {len(shown)} of {len(self.marginals)} columns that are worst"
            self.figure_.suptitle(title, fontsize=10)
        return self

    def _plot_losses(self, shown: list[int]) -> None:
        from matplotlib.colors import LinearSegmentedColormap

        lost = losses_of(self.column_scores, self.pair_scores, shown)
        # Nothing stands out before the limit, and noise on a good table is no alarm.
        limit = max(COLUMN_LIMIT, PAIR_LIMIT)
        colours = [(0, "#ffffff"), (1 / 3, "#f3e3da"), (0.5, "#e8a67f"), (1, BAD)]
        colour_map = LinearSegmentedColormap.from_list("lost", colours)
        ax = self.ax_
        image = ax.imshow(lost, cmap=colour_map, vmin=0, vmax=3 * limit, aspect="auto")
        for (i, j), value in np.ndenumerate(lost):
            style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 7}
            style["color"] = "white" if value > 2.5 * limit else INK
            style["fontweight"] = "bold" if i == j else "normal"
            text = "\u00d7" if np.isnan(value) else f"{value:.2f}".removeprefix("0")
            ax.text(j, i, text, **style)
        names = [_label(self.marginals[k].name) for k in shown]
        ax.set_xticks(range(len(names)), names, rotation=35, ha="right", fontsize=8)
        ax.set_yticks(range(len(names)), names, fontsize=8)
        ax.set_title(
            "lost of shapes (diagonal) and of pair trends: 0 is best, up to 0.1 "
            "harmless",
            fontsize=9,
        )
        bar = self.figure_.colorbar(image, ax=ax, pad=0.01, extend="max")
        bar.ax.tick_params(labelsize=7)


def worst_columns(column_scores: pd.Series, n: int) -> list[int]:
    """Return positions of the columns with the worst shapes, in their order."""
    scores = np.nan_to_num(column_scores.to_numpy(), nan=2.0)
    return sorted(np.argsort(scores, kind="stable")[:n].tolist())


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
        ax.set_yticks(places, [_label(label) for label in marginal.labels])
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


def _label(name: str) -> str:
    return drawable(name, 16, 4)
