"""The figures of a synthetic table, when each of them is bad, and how they print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .._files import HtmlPage
from ._limits import FIGURES, limit_of
from ._marginals import Marginal

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

_GOOD = "background-color: rgba(15, 118, 110, 0.12)"
_BAD = "background-color: rgba(194, 65, 12, 0.22); font-weight: bold"
_TOOLTIP = (
    "visibility: hidden; position: absolute; z-index: 1; padding: 0.3em; "
    "background-color: #333a42; color: white"
)


@dataclass(frozen=True, eq=False, repr=False)
class QualityReport(HtmlPage):
    """Figures of :func:`quality_report`; prints as one table, marked where bad.

    A figure that could not be measured (no labels, no holdout) is NaN. A figure is
    bad beyond its limit:

    ==================  =========================================================
    figure              bad
    ==================  =========================================================
    column_shapes       below 0.90
    pair_trends         below 0.95 (independent columns can reach 0.92)
    c2st_auc            above 0.70, also against the holdout
    c2st_score          never: it is ``c2st_auc`` on another scale
    alpha_precision     below 0.90
    beta_recall         0.10 below the reference
    tstr_auc            0.03 below training on real rows
    tstr_accuracy       0.03 below training on real rows
    dcr_share           above 0.55
    nndr                0.05 below the reference
    copies              0.01 above the reference
    membership_auc      above 0.55
    ==================  =========================================================

    No limit is stricter than what fresh real rows reach: where the reference is
    worse, the limit is 0.02 beyond the reference. And every limit is moved by two
    standard errors, of an AUC or a share for as many rows as the smallest table
    has (0.01 for 10,000 rows, 0.05 for 400), so that a small table is not called
    bad by chance. The limits printed and in `to_frame` include both.

    Attributes
    ----------
    column_shapes, pair_trends, c2st_auc, c2st_score, c2st_auc_holdout, \
alpha_precision, beta_recall, tstr_auc, tstr_accuracy, dcr_share, nndr, copies, \
membership_auc : float
        The figures, defined in :func:`quality_report`.
    reference : mapping of str to float
        What real rows give. For fidelity, the holdout in the place of the synthetic
        rows (without one, one half of the real rows in the place of the synthetic,
        the other in that of the real rows, except for C2ST); for ``tstr_*``,
        training on real rows; for ``nndr`` and ``copies``, the same with the holdout
        in the place of the real rows (without one, the real rows among themselves).
    column_scores : Series, shape (n_columns,)
        Shape scores of the columns.
    pair_scores : DataFrame, shape (n_columns, n_columns)
        Trend scores of the pairs, NaN on the diagonal.
    marginals : tuple of Marginal
        Histograms of the columns, for :class:`QualityDisplay`. The report keeps no
        rows.
    n_rows : mapping of str to int
        Sizes of the tables.
    """

    column_shapes: float
    pair_trends: float
    c2st_auc: float
    c2st_score: float
    alpha_precision: float
    beta_recall: float
    nndr: float
    copies: float
    reference: Mapping[str, float]
    column_scores: pd.Series
    pair_scores: pd.DataFrame
    marginals: tuple[Marginal, ...]
    n_rows: Mapping[str, int]
    c2st_auc_holdout: float = field(default=np.nan)
    tstr_auc: float = field(default=np.nan)
    tstr_accuracy: float = field(default=np.nan)
    dcr_share: float = field(default=np.nan)
    membership_auc: float = field(default=np.nan)

    @property
    def bad(self) -> tuple[str, ...]:
        """Names of the figures beyond their limits."""
        frame = self.to_frame()
        return tuple(frame.index[frame["bad"]])

    def to_frame(self) -> pd.DataFrame:
        """Return one row a figure, those that were not measured as NaN.

        Returns
        -------
        DataFrame with columns ``group`` ("fidelity", "use" or "privacy"), ``measure``,
        ``value``, ``reference``, ``limit``, ``bad``; the index holds the attribute
        names.
        """
        columns = ["group", "measure", "value", "reference", "limit", "bad"]
        return figures_of(self)[columns]

    def _html(self) -> str:
        from ._render import page

        return page(self)

    @property
    def style(self) -> Styler:
        """The measured figures as a pandas Styler: grouped, coloured, with tooltips."""
        shown = self._shown()
        measured = figures_of(self).dropna(subset="value")
        colour = np.where(measured["bad"], _BAD, _GOOD)
        colour[measured["limit"].isna()] = ""
        tooltips = measured[["question"]].set_axis(["value"], axis=1)
        tooltips = tooltips.set_axis(shown.index)
        styles = [
            {"selector": "th.row_heading", "props": "text-align: left"},
            {"selector": "th.level1", "props": "font-weight: normal"},
        ]
        return (
            shown.style.set_caption(self._title())
            .format(escape="html")
            .format_index(escape="html")
            .apply(lambda column: colour, subset="value")
            .set_table_styles(styles)
            .set_tooltips(tooltips, props=_TOOLTIP)
        )

    def __repr__(self) -> str:
        bad = f"{len(self.bad)} bad: {', '.join(self.bad)}" if self.bad else ""
        return f"<QualityReport: {bad or 'no figure is bad'}>"

    def __str__(self) -> str:
        table = self._shown().to_string(index_names=False)
        lines = [line.rstrip() for line in table.splitlines()]
        return "\n".join([self._title(), "", *lines, "", *self._notes()])

    def _repr_html_(self) -> str:
        notes = pd.DataFrame({"notes": self._notes()})
        words = notes.style.hide().hide(axis="columns").format(escape="html")
        return str(self.style.to_html()) + str(words.to_html())

    def _shown(self) -> pd.DataFrame:
        """Return the measured figures as text, by group and measure."""
        frame = figures_of(self).dropna(subset="value")
        bad_if = frame["beyond"] + " " + frame["limit"].map(_number)
        shown = pd.DataFrame(
            {
                "value": frame["value"].map(_number),
                "real rows": frame["reference"].map(_number),
                "bad if": bad_if.where(frame["limit"].notna(), ""),
                "": np.where(frame["bad"], "BAD", ""),
            }
        )
        return shown.set_axis(pd.MultiIndex.from_frame(frame[["group", "measure"]]))

    def _title(self) -> str:
        n = self.n_rows
        title = (
            f"Quality of {n['synthetic']:,} synthetic rows against {n['real']:,} "
            f"real rows, {len(self.column_scores)} columns"
        )
        return title + (f", holdout {n['holdout']:,} rows" if "holdout" in n else "")

    def _notes(self) -> list[str]:
        figures = figures_of(self)
        bad = figures[figures["bad"]]
        notes = [f"BAD {row.measure}: {row.meaning}." for row in bad.itertuples()]
        if not notes:
            notes.append("No figure is bad.")
        notes.append(
            "Real rows: what fresh real rows reach; no generator should do better."
        )
        columns = self.column_scores.dropna().nsmallest(3)
        upper = self.pair_scores.where(np.triu(np.ones(self.pair_scores.shape), 1) > 0)
        pairs = upper.stack().dropna().nsmallest(3)
        pairs.index = [f"{one} and {other}" for one, other in pairs.index]
        for name, scores in (("column shapes", columns), ("pair trends", pairs)):
            if len(scores):
                lowest = ", ".join(f"{k} {score:.3f}" for k, score in scores.items())
                notes.append(f"Lowest {name}: {lowest}.")
        if "holdout" not in self.n_rows:
            notes.append("No holdout: DCR share and membership AUC are not measured.")
        return notes


def figures_of(report: QualityReport) -> pd.DataFrame:
    """Return what a report has measured, one row a figure, with what is known of it."""
    rows = {}
    for figure in FIGURES:
        value = getattr(report, figure.name)
        reference = report.reference.get(figure.name, np.nan)
        limit = limit_of(figure, reference, report.n_rows)
        rows[figure.name] = {
            "group": figure.group,
            "measure": figure.title,
            "value": value,
            "reference": reference,
            "beyond": "below" if figure.more_is_better else "above",
            "limit": limit,
            "bad": bool(value < limit if figure.more_is_better else value > limit),
            "question": figure.question,
            "meaning": figure.meaning,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.3f}"
