"""QualityDisplay: marginals and differences of pair trends in one figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .._figures import BAD, INK, REAL, SYNTHETIC, axes_for
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

    Small panels show the distribution of each column in both tables, with the shape
    score in the title. A heatmap shows how much is lost (1 - the score, 0 is best): on
    its diagonal of the shape of each column, beside it of the trend of each pair. Its
    colours are the same for all tables: pale up to 0.1, which is harmless, then redder
    up to 0.3. Crossed cells cannot be measured, for instance a correlation with a
    constant. Needs matplotlib.

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
    def from_report(
        cls, report: Any, *, ax: Axes | None = None, max_columns: int = 12
    ) -> QualityDisplay:
        """Draw what a report measured.

        Parameters
        ----------
        report : QualityReport
        ax : matplotlib Axes, default=None
            Its room is used; a figure of its own if None.
        max_columns : int, default=12
            Of more columns, those with the worst shapes are shown.

        Returns
        -------
        QualityDisplay
        """
        display = cls(report.marginals, report.column_scores, report.pair_scores)
        return display.plot(ax=ax, max_columns=max_columns)

    @classmethod
    def from_tables(
        cls,
        real: Any,
        synthetic: Any,
        *,
        categorical_features: Sequence[Any] | None = None,
        ax: Axes | None = None,
        max_columns: int = 12,
    ) -> QualityDisplay:
        """Draw two tables, without the rest of a report.

        Parameters
        ----------
        real, synthetic : DataFrame or array, shapes (n_rows, n_columns)
        categorical_features : list of column names or positions, optional
            Columns that hold categories although they are coded as numbers.
        ax : matplotlib Axes, default=None
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
        return display.plot(ax=ax, max_columns=max_columns)

    def plot(self, ax: Axes | None = None, *, max_columns: int = 12) -> QualityDisplay:
        """Draw the figure.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Its room is used; a figure of its own if None.
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
        shown = worst_columns(self.column_scores, max_columns)
        with_heatmap = len(shown) > 1
        # As even as can be, so that no place is left empty.
        n_rows = -(-len(shown) // _PANELS_A_ROW)
        panels = [part.tolist() for part in np.array_split(shown, n_rows)]
        heat = max(2.8, 1.6 + 0.34 * len(shown)) if with_heatmap else 0.0
        size = (max(2.9 * len(panels[0]), 6.0), 2.3 * n_rows + heat)
        outer = axes_for("QualityDisplay.plot", ax, figsize=size)
        room = outer.get_subplotspec()
        if room is None:
            raise ValueError("ax must come from plt.subplots or a GridSpec.")
        outer.set_axis_off()
        figure: Any = outer.get_figure(root=True)
        heights = [2.3] * n_rows + [heat] * with_heatmap
        grid = room.subgridspec(len(heights), 1, height_ratios=heights)
        axes = []
        for i, positions in enumerate(panels):
            row = grid[i].subgridspec(1, len(positions))
            for j, position in enumerate(positions):
                marginal = self.marginals[position]
                score = self.column_scores.iloc[position]
                shape = "no values" if np.isnan(score) else f"{score:.3f}"
                axes.append(figure.add_subplot(row[j]))
                draw_marginal(axes[-1], marginal)
                title = drawable(f"{marginal.name}  {shape}", 28)
                axes[-1].set_title(title, fontsize=9)
        self.axes_ = np.array(axes, dtype=object)
        self._add_legend(axes[0])
        self.figure_ = figure
        self.ax_ = axes[0]
        if with_heatmap:
            self.ax_ = figure.add_subplot(grid[n_rows])
            self._plot_losses(shown)
        if ax is None and len(shown) < len(self.marginals):
            figure.suptitle(
                f"{len(shown)} of {len(self.marginals)} columns, those with the worst "
                "shapes",
                fontsize=10,
            )
        return self

    @staticmethod
    def _add_legend(ax: Axes) -> None:
        """Put the legend into the first panel, with room made above a histogram."""
        if ax.patches and not ax.yaxis_inverted() and ax.get_yscale() == "linear":
            ax.set_ylim(top=1.35 * ax.get_ylim()[1])
        style: dict[str, Any] = {"frameon": False, "fontsize": 7, "handlelength": 1.2}
        ax.legend(loc="lower right" if ax.yaxis_inverted() else "upper right", **style)

    def _plot_losses(self, shown: list[int]) -> None:
        from matplotlib.colors import LinearSegmentedColormap

        lost = losses_of(self.column_scores, self.pair_scores, shown)
        # Nothing stands out before the limit, and noise on a good table is no alarm.
        limit = max(COLUMN_LIMIT, PAIR_LIMIT)
        colours = [(0, "#ffffff"), (1 / 3, "#f3e3da"), (0.5, "#e8a67f"), (1, BAD)]
        ax = self.ax_
        image = ax.imshow(
            lost,
            cmap=LinearSegmentedColormap.from_list("lost", colours),
            vmin=0.0,
            vmax=3 * limit,
            aspect="auto",
        )
        style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 7}
        for (i, j), value in np.ndenumerate(lost):
            colour = "white" if value > 2.5 * limit else INK
            text = "\u00d7" if np.isnan(value) else f"{value:.2f}".removeprefix("0")
            weight = "bold" if i == j else "normal"
            ax.text(j, i, text, color=colour, fontweight=weight, **style)
        names = [_label(self.marginals[k].name) for k in shown]
        ax.set_xticks(range(len(names)), names, rotation=35, ha="right", fontsize=8)
        ax.set_yticks(range(len(names)), names, fontsize=8)
        ax.set_title(
            "lost of shapes (diagonal) and of pair trends: 0 is best, up to 0.1 "
            "harmless",
            fontsize=9,
        )
        bar = ax.figure.colorbar(image, ax=ax, pad=0.01, extend="max")
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
