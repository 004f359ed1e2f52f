"""The figures of a synthetic table, and how they print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import fill
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from markupsafe import escape

from .._files import HtmlPage
from .._text import printable
from ._display import Marginal
from ._page import listed, quality_parts, render

_WIDTH = 80
#: With fewer rows of a kind, no attack can find enough to speak of privacy.
_MIN_ATTACKED = 100

#: Figures with an interval, all of which must lie beyond the limit to be bad.
ATTACKS = ("membership_auc", "membership_tpr", "attribute_inference", "singling_out")
#: Figures whose limit is relative to what real rows reach.
_RELATIVE = ("tstr_auc", "tstr_accuracy", "copies")
#: So much worse than what real rows reach is no figure bad.
_SLACK = 0.02


class Figure(NamedTuple):
    """What is known of a figure before it is measured."""

    name: str
    group: str
    measure: str
    beyond: str  # where it turns bad
    limit: float  # NaN: the figure says in other words what another one says
    meaning: str  # of a bad one


FIGURES = (
    Figure("column_shapes", "fidelity", "column shapes", "below", 0.9,
           "single columns are distributed differently"),
    Figure("pair_trends", "fidelity", "pair trends", "below", 0.95,
           "columns depend on each other differently than in the real table"),
    Figure("pair_trends_sdmetrics", "fidelity", "pair trends, SDMetrics", "below",
           np.nan, ""),
    Figure("missing_values", "fidelity", "missing values", "below", 0.95,
           "a column has more, or fewer, missing values than in the real table"),
    Figure("c2st_auc", "fidelity", "real-or-generated AUC", "above", 0.7,
           "trees easily tell synthetic rows from real ones"),
    Figure("c2st_auc_holdout", "fidelity", "real-or-generated AUC, holdout", "above",
           0.7, "trees easily tell synthetic rows from unseen real ones"),
    Figure("tstr_auc", "use", "train-on-synthetic AUC", "below", -0.03,
           "a classifier trained on synthetic rows ranks real rows worse"),
    Figure("tstr_accuracy", "use", "train-on-synthetic accuracy", "below", -0.03,
           "a classifier trained on synthetic rows is less often right"),
    Figure("membership_auc", "privacy", "membership AUC", "above", 0.52,
           "an attacker can tell who was in the training table"),
    Figure("membership_tpr", "privacy", "members found at 1 % FPR", "above", 0.03,
           "some training rows are recognised almost for sure"),
    Figure("attribute_inference", "privacy", "attribute inference", "above", 0.02,
           "values of training rows can be guessed better than those of others"),
    Figure("singling_out", "privacy", "singling out", "above", 0.02,
           "descriptions taken from synthetic rows isolate training rows"),
    Figure("dcr_share", "privacy", "DCR share", "above", 0.55,
           "synthetic rows lie nearer to training rows than to unseen ones"),
    Figure("copies", "privacy", "exact copies", "above", 0.01,
           "training rows are copied more often than chance explains"),
)  # fmt: skip


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
        What real rows give: the holdout in the place of the synthetic rows (of the real
        ones for ``copies``) or, without one, two halves of the real rows; for
        ``tstr_*``, training on real rows.
    intervals : mapping of str to tuple of float
        Ends of the 95 % intervals of the attacks; empty without a holdout.
    column_scores, missing_scores : Series of shape (n_columns,)
        Shape scores; one minus the differences of the shares of missing values.
    pair_scores : DataFrame of shape (n_columns, n_columns)
        Trend scores of the pairs, NaN on the diagonal.
    numbers : DataFrame
        Mean, standard deviation, 1 % and 99 % points of each column of numbers. Index:
        column, statistic; columns: "real", "synthetic" and "off", which marks what is
        farther from the real figure than a tenth of the real standard deviation and
        three standard errors.
    marginals : tuple
        Histograms of the columns, for :class:`QualityDisplay`. There are no rows.
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
        """Return one row a figure, by its attribute name; NaN where not measured.

        Returns
        -------
        DataFrame with columns ``group`` ("fidelity", "use" or "privacy"), ``measure``,
        ``value``, ``low``, ``high``, ``reference``, ``limit`` and ``bad``.
        """
        columns = "group measure value low high reference limit bad"
        return self._judged()[columns.split()]

    def _judged(self) -> pd.DataFrame:
        """Return one row a figure, with what is known of it.

        No limit is stricter than what real rows reach. But for the attacks, which have
        intervals, limits allow for two standard errors if nothing is wrong.
        """
        # Neighbours are shared: a share is only as sure as the smallest table.
        smallest = min(self.n_rows.values())
        rows = {}
        for figure in FIGURES:
            value = getattr(self, figure.name)
            real = self.reference.get(figure.name, np.nan)
            low, high = self.intervals.get(figure.name, (np.nan, np.nan))
            is_attack = figure.name in ATTACKS
            limit, sign = figure.limit, 1 if figure.beyond == "above" else -1
            if figure.name in _RELATIVE:
                limit += real
            elif not is_attack:
                excused = sign * real + _SLACK if real == real else -np.inf
                limit = sign * np.maximum(sign * limit, excused)
            if not is_attack:
                # Of a share of one half; others are surer.
                variance = 2 * real * (1 - real) if figure.name == "copies" else 0.25
                limit += sign * 2 * np.sqrt(variance / smallest)
            surely = low if is_attack else value
            rows[figure.name] = figure._asdict() | {
                "value": value,
                "low": low,
                "high": high,
                "reference": real,
                "limit": limit,
                "bad": bool(sign * surely > sign * limit),
            }
        return pd.DataFrame.from_dict(rows, orient="index")

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
        frame = frame[frame["group"].isin(groups or frame["group"])]
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
        return "good" if min(sizes) >= _MIN_ATTACKED else "not attacked"

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

    def _html(self) -> str:
        return render("quality.html", quality=self, **quality_parts(self))

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
