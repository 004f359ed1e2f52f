"""QualityDisplay: marginals and differences of pair trends in one figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ._fidelity import column_shapes, pair_trends
from ._marginals import Marginal, marginals_of
from ._tables import read_tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._report import QualityReport

_REAL, _SYNTHETIC = "#9aa0a6", "#c2410c"
_PANELS_A_ROW = 4
_MAX_LABEL = 14
_SPIKE = 0.6


class QualityDisplay:
    """Figure of a synthetic table beside the real one.

    Small panels show the distribution of each column in both tables, with the shape
    score in the title, and a heatmap shows how much of the trend of each pair of
    columns is lost (1 - the pair's score, 0 is perfect). Needs matplotlib.

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
        cls, report: QualityReport, *, ax: Axes | None = None, max_columns: int = 12
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
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError(
                "QualityDisplay.plot needs matplotlib: pip install matplotlib."
            ) from error
        shown = self._shown(max_columns)
        with_heatmap = len(shown) > 1
        n_rows = -(-len(shown) // _PANELS_A_ROW)
        n_columns = min(len(shown), _PANELS_A_ROW)
        heat = max(2.6, 1.6 + 0.34 * len(shown)) if with_heatmap else 0.0
        if ax is None:
            size = (max(2.9 * n_columns, 6.0), 2.3 * n_rows + heat)
            figure: Any = plt.figure(figsize=size, layout="constrained")
            room: Any = figure.add_gridspec(1, 1)[0]
        else:
            ax.set_axis_off()
            figure, room = ax.get_figure(root=True), ax.get_subplotspec()
            if room is None:
                raise ValueError("ax must come from plt.subplots or a GridSpec.")
        rows = [2.3] * n_rows + [heat] * with_heatmap
        grid = room.subgridspec(len(rows), n_columns, height_ratios=rows)
        axes = []
        for place, position in enumerate(shown):
            cell = grid[divmod(place, _PANELS_A_ROW)]
            axes.append(figure.add_subplot(cell))
            self._plot_marginal(axes[-1], position)
        self.axes_ = np.array(axes, dtype=object)
        self._add_legend(axes[0])
        self.figure_ = figure
        self.ax_ = axes[0]
        if with_heatmap:
            self.ax_ = figure.add_subplot(grid[n_rows, :])
            self._plot_pairs(shown)
        if ax is None and len(shown) < len(self.marginals):
            figure.suptitle(
                f"{len(shown)} of {len(self.marginals)} columns, those with the worst "
                "shapes",
                fontsize=10,
            )
        return self

    def _shown(self, max_columns: int) -> list[int]:
        """Return positions of the columns to draw, in the order of the table."""
        scores = self.column_scores.to_numpy()
        order = np.argsort(np.nan_to_num(scores, nan=2.0), kind="stable")
        return sorted(order[:max_columns].tolist())

    def _plot_marginal(self, ax: Axes, position: int) -> None:
        marginal = self.marginals[position]
        if marginal.edges is None:
            places, height = np.arange(len(marginal.labels)), 0.4
            ax.barh(places - 0.2, marginal.real, height, color=_REAL, label="real")
            ax.barh(
                places + 0.2,
                marginal.synthetic,
                height,
                color=_SYNTHETIC,
                label="synthetic",
            )
            ax.set_yticks(places, [_short(label) for label in marginal.labels])
            ax.invert_yaxis()
            ax.set_xlabel("share", fontsize=8)
        else:
            ax.stairs(
                marginal.real, marginal.edges, fill=True, color=_REAL, label="real"
            )
            ax.stairs(
                marginal.synthetic,
                marginal.edges,
                color=_SYNTHETIC,
                linewidth=1.4,
                label="synthetic",
            )
            spiky = marginal.real.max(initial=0.0) > _SPIKE and len(marginal.real) > 2
            if spiky:  # on a linear axis nothing but the spike could be seen
                ax.set_yscale("log")
            ax.set_ylabel("share (log)" if spiky else "share", fontsize=8)
            ax.locator_params(axis="x", nbins=4)
        score = self.column_scores.iloc[position]
        figure = "no values" if np.isnan(score) else f"{score:.3f}"
        ax.set_title(f"{_short(marginal.name, 20)}  {figure}", fontsize=9)
        ax.tick_params(labelsize=7)
        ax.spines[["top", "right"]].set_visible(False)

    @staticmethod
    def _add_legend(ax: Axes) -> None:
        """Put the legend into the first panel, with room made above a histogram."""
        if ax.patches and not ax.yaxis_inverted() and ax.get_yscale() == "linear":
            ax.set_ylim(top=1.35 * ax.get_ylim()[1])
        style: dict[str, Any] = {"frameon": False, "fontsize": 7, "handlelength": 1.2}
        ax.legend(loc="lower right" if ax.yaxis_inverted() else "upper right", **style)

    def _plot_pairs(self, shown: list[int]) -> None:
        lost = 1 - self.pair_scores.to_numpy()[np.ix_(shown, shown)]
        known = lost[~np.isnan(lost)]
        # A floor, so that noise on a good table does not look like an alarm.
        top = max(0.1, float(known.max(initial=0.0)))
        ax = self.ax_
        image = ax.imshow(lost, cmap="Oranges", vmin=0.0, vmax=top, aspect="auto")
        for i, j in zip(*np.nonzero(~np.isnan(lost)), strict=True):
            colour = "white" if lost[i, j] > 0.65 * top else "black"
            text = f"{lost[i, j]:.2f}".lstrip("0") if lost[i, j] < 1 else "1"
            ax.text(j, i, text, ha="center", va="center", fontsize=7, color=colour)
        names = [_short(self.marginals[k].name) for k in shown]
        ax.set_xticks(range(len(names)), names, rotation=35, ha="right", fontsize=8)
        ax.set_yticks(range(len(names)), names, fontsize=8)
        ax.set_title("pair trends lost (1 - score; 0 is perfect)", fontsize=9)
        ax.figure.colorbar(image, ax=ax, pad=0.01).ax.tick_params(labelsize=7)


def _short(text: str, length: int = _MAX_LABEL) -> str:
    return text if len(text) <= length else text[: length - 1] + "\u2026"
