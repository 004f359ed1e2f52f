"""The figures of a synthetic table, and how they print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import escape

from .._files import HtmlPage
from .._text import printable
from ._limits import ATTACKS, FIGURES, judge
from ._marginals import Marginal
from ._page import quality_parts, render
from ._words import listed

_WIDTH = 80
#: With fewer rows of a kind, no attack can find enough to speak of privacy.
_MIN_ATTACKED = 100


@dataclass(frozen=True, eq=False, repr=False)
class QualityReport(HtmlPage):
    """Figures of :func:`quality_report`; prints as one table, marked where bad.

    A figure that could not be measured (no labels, no holdout, no value missing) is
    NaN. The limits are printed and in `to_frame`; an attack is bad if all of its
    interval lies beyond.

    Attributes
    ----------
    column_shapes, pair_trends, pair_trends_sdmetrics, missing_values, c2st_auc, \
c2st_auc_holdout, tstr_auc, tstr_accuracy, membership_auc, membership_tpr, \
attribute_inference, singling_out, dcr_share, copies : float
        The figures, defined in :func:`quality_report`.
    reference : mapping of str to float
        What real rows give. For fidelity, the holdout in the place of the synthetic
        rows (without one, one half of the real rows in the place of the synthetic,
        the other in that of the real rows, except for C2ST); for ``tstr_*``,
        training on real rows; for ``copies``, the same with the holdout in the place of
        the real rows (without one, the real rows among themselves).
    intervals : mapping of str to tuple of float
        Ends of the 95 % intervals of the attacks: DeLong's for the AUC, of threshold
        and share for ``membership_tpr``, normal ones for the differences. Empty without
        a holdout.
    column_scores : Series, shape (n_columns,)
        Shape scores of the columns.
    pair_scores : DataFrame, shape (n_columns, n_columns)
        Trend scores of the pairs, NaN on the diagonal.
    missing_scores : Series, shape (n_columns,)
        One minus the difference of the shares of missing values; NaN where none is.
    numbers : DataFrame
        Mean, standard deviation, 1 % and 99 % points of each column of numbers. Index:
        column, statistic; columns: "real", "synthetic" and "off", which marks what is
        farther from the real figure than a tenth of the real standard deviation and
        three standard errors.
    marginals : tuple of Marginal
        Histograms of the columns, for :class:`QualityDisplay`. The report keeps no
        rows.
    n_rows : mapping of str to int
        Sizes of the tables.
    """

    reference: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    column_scores: pd.Series
    pair_scores: pd.DataFrame
    missing_scores: pd.Series
    numbers: pd.DataFrame
    marginals: tuple[Marginal, ...]
    n_rows: Mapping[str, int]
    column_shapes: float
    pair_trends: float
    pair_trends_sdmetrics: float
    missing_values: float
    c2st_auc: float
    copies: float
    c2st_auc_holdout: float = np.nan
    tstr_auc: float = np.nan
    tstr_accuracy: float = np.nan
    dcr_share: float = np.nan
    membership_auc: float = np.nan
    membership_tpr: float = np.nan
    attribute_inference: float = np.nan
    singling_out: float = np.nan

    @property
    def bad(self) -> tuple[str, ...]:
        """Names of the figures beyond their limits."""
        frame = self._judged()
        return tuple(frame.index[frame["bad"]])

    def to_frame(self) -> pd.DataFrame:
        """Return one row a figure, those that were not measured as NaN.

        Returns
        -------
        DataFrame with columns ``group`` ("fidelity", "use" or "privacy"), ``measure``,
        ``value``, ``low``, ``high``, ``reference``, ``limit``, ``bad``; the index
        holds the attribute names.
        """
        columns = "group measure value low high reference limit bad"
        return self._judged()[columns.split()]

    def _judged(self) -> pd.DataFrame:
        values = {figure.name: getattr(self, figure.name) for figure in FIGURES}
        return judge(values, self.reference, self.n_rows, self.intervals)

    def summary(self, *groups: str) -> str:
        """Say how many figures are bad, and which.

        Parameters
        ----------
        *groups : {"fidelity", "use", "privacy"}
            The figures to look at; none for all.

        Returns
        -------
        str
        """
        frame = self._judged().dropna(subset=["value", "limit"])
        if groups:
            frame = frame[frame["group"].isin(groups)]
        bad = frame.loc[frame["bad"], "measure"].tolist()
        if not bad:
            return f"none of {len(frame)} figures is bad"
        are = "is" if len(bad) == 1 else "are"
        return f"{len(bad)} of {len(frame)} figures {are} bad: {', '.join(bad)}"

    @property
    def privacy(self) -> str:
        """The verdict on privacy: "good", "look closer" or "not attacked".

        "good" only where all attacks were made on 100 held-out rows or more, and
        nothing is bad.
        """
        frame = self._judged()
        if frame.loc[frame["group"] == "privacy", "bad"].any():
            return "look closer"
        sizes = [self.n_rows.get(name, 0) for name in ("real", "holdout")]
        enough = (
            min(sizes) >= _MIN_ATTACKED
            and not frame.loc[list(ATTACKS), "value"].isna().any()
        )
        return "good" if enough else "not attacked"

    def _privacy(self) -> str:
        verdict = self.privacy
        if verdict == "good":
            low, high = self.intervals["membership_auc"]
            return (
                "good: no attack learns more of training rows than of others "
                f"(membership AUC {self.membership_auc:.2f}, {low:.2f} to {high:.2f})"
            )
        if verdict == "not attacked":
            return (
                f"not attacked: give {_MIN_ATTACKED} or more held-out rows to attack; "
                f"{self.summary('privacy')}"
            )
        more = "" if self.intervals else "; not attacked: give held-out rows"
        return f"{verdict}: {self.summary('privacy')}{more}"

    def _parts(self) -> dict[str, Any]:
        """Return what a page shows of the quality."""
        return {
            "quality": self,
            "figures": self._judged().dropna(subset="value"),
            "fidelity": self.summary("fidelity", "use"),
            "privacy": self._privacy(),
            "notes": self._notes(),
            **quality_parts(self),
        }

    def _html(self) -> str:
        return render("quality.html", **self._parts())

    def __repr__(self) -> str:
        bad = f"{len(self.bad)} bad: {', '.join(self.bad)}" if self.bad else ""
        return f"<QualityReport: {bad or 'no figure is bad'}>"

    def __str__(self) -> str:
        n, frame = self.n_rows, self._judged().dropna(subset="value")
        title = (
            f"Quality of {n['synthetic']:,} synthetic rows against {n['real']:,} "
            f"real rows, {len(self.column_scores)} columns"
        )
        title += f", holdout {n['holdout']:,} rows" if "holdout" in n else ""
        limits = frame["beyond"] + " " + frame["limit"].map(_number)
        shown = pd.DataFrame(
            {
                "value": [_with_range(row) for row in frame.itertuples()],
                "real rows": frame["reference"].map(_number),
                "bad if": limits.where(frame["limit"].notna(), ""),
                "": np.where(frame["bad"], "BAD", ""),
            }
        ).set_axis(pd.MultiIndex.from_frame(frame[["group", "measure"]]))
        table = shown.to_string(index_names=False)
        bad = frame[frame["bad"]]
        notes = [f"BAD {r.measure}: {r.meaning}." for r in bad.itertuples()]
        notes = notes or ["No figure is bad."]
        notes += [f"Privacy: {self._privacy()}.", *self._notes()]
        if self.intervals:
            notes.append(
                "±: half of the 95 % interval; an attack is bad if all of it is."
            )
        notes.append(
            "Real rows: what fresh real rows reach; no generator should do better."
        )
        lines = [line.rstrip() for line in table.splitlines()]
        text = [fill(note, _WIDTH, break_long_words=False) for note in notes]
        return "\n".join([title, "", *lines, "", *text])

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"

    def _notes(self) -> list[str]:
        """Name the columns and pairs that are worst, and what is not measured."""
        notes = []
        empty = self.column_scores.index[self.column_scores == 0]
        empty = [m.name for m in self.marginals if m.name in empty and m.is_empty]
        if empty:
            notes.append(f"BAD: no generated value in {listed(empty)}.")
        missing = self.missing_scores.dropna().nsmallest(3)
        if "missing_values" in self.bad:
            notes.append(f"Shares of missing values differ most in {_scores(missing)}.")
        off = self.numbers[self.numbers["off"]]
        if len(off):
            named = [
                f"{r.column} {r.statistic} {r.synthetic:.4g} (real {r.real:.4g})"
                for r in off.reset_index().itertuples()
            ]
            notes.append(f"Numbers that are off: {listed(named)}.")
        columns = self.column_scores.dropna().nsmallest(3)
        upper = self.pair_scores.where(np.triu(np.ones(self.pair_scores.shape), 1) > 0)
        pairs = upper.stack().dropna().nsmallest(3)
        pairs.index = [f"{one} and {other}" for one, other in pairs.index]
        for name, scores in (("column shapes", columns), ("pair trends", pairs)):
            if len(scores):
                notes.append(f"Lowest {name}: {_scores(scores)}.")
        if "holdout" not in self.n_rows:
            notes.append("No holdout: no attack is made, no DCR share is measured.")
        elif self.privacy == "look closer":
            notes.append(
                "Rows seem to be learned in part. Train for fewer iterations "
                "(max_iter) or on more rows, and attack again."
            )
        notes.append(
            "DCR share and copies are distances: bad ones are a sign of a leak, good "
            "ones do not show that there is none (arXiv 2505.01524)."
        )
        return [printable(note) for note in notes]


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.3f}"


def _with_range(row: Any) -> str:
    """Write the value of a judged row, and half of its interval if it has one."""
    half = "" if np.isnan(row.low) else f"±{(row.high - row.low) / 2:.2f}"
    return _number(row.value) + half.ljust(5)


def _scores(scores: pd.Series) -> str:
    return ", ".join(f"{name} {score:.3f}" for name, score in scores.items())
