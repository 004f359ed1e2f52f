"""FairnessReport: what was found, as tables, as text and as a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import pandas as pd

from .._figures import FOUR_FIFTHS
from .._files import HtmlPage
from ..metrics import FairnessTradeoffDisplay
from . import _words as words
from ._quality_report import QualityReport

_WIDTH = 80
_MAX_GROUPS = 8


@dataclass(frozen=True, eq=False, repr=False)
class FairnessReport(HtmlPage):
    """What :func:`fairness_report` has found; prints as a small table.

    "real" in the tables is the classifier trained on the real rows, before, and
    "synthetic" the one trained on the synthetic rows, after.

    Attributes
    ----------
    rates : DataFrame
        Selection rates and true positive rates. Index: measure, attribute, label,
        group. Columns: "n", the rows that count; "observed", the share of them that has
        the label; "real" and "synthetic", each with ``_low`` and ``_high``.
    scores : DataFrame
        Index: attribute ("" for accuracy), measure ("accuracy",
        "demographic_parity_ratio", "equal_opportunity_ratio"). Columns: "real",
        "synthetic" and "change", each with ``_low`` and ``_high``.
    by_domain : DataFrame or None
        The scores of each domain, with its rows as "n". Index: domain, measure.
    quality : QualityReport
        Fidelity, use and privacy.
    tradeoff : FairnessTradeoffDisplay or None
        Accuracy against the ratio for several strengths, not drawn yet.
    attribute : str
        The sensitive attribute of the verdict, or the combination of all.
    label_name : str
        What the labels are.
    pos_labels : tuple of labels
        The positive label, or all that were it in turn.
    n_rows : mapping of str to int
        Sizes of the tables that were given.
    n_judged : int
        Rows that both classifiers were judged on.
    settings : mapping of str to str
        How the rows were made.
    random_state : int
        The seed.
    warnings : tuple of str
        What makes figures less sure than they look.
    """

    rates: pd.DataFrame
    scores: pd.DataFrame
    by_domain: pd.DataFrame | None
    quality: QualityReport
    tradeoff: FairnessTradeoffDisplay | None
    attribute: str
    label_name: str
    pos_labels: tuple[Any, ...]
    n_rows: Mapping[str, int]
    n_judged: int
    settings: Mapping[str, str]
    random_state: int
    warnings: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """The verdict in a sentence, or two where equal opportunity is worse."""
        return " ".join(filter(None, (words.headline(self), words.caveat(self))))

    @property
    def is_fair(self) -> bool:
        """Whether the ratio of demographic parity after is four fifths or more."""
        parity = self.scores.loc[(self.attribute, "demographic_parity_ratio")]
        return bool(parity["synthetic"] >= FOUR_FIFTHS)

    @property
    def accuracy(self) -> pd.Series:
        """The accuracy before and after, a row of `scores`."""
        return self.scores.loc[("", "accuracy")]

    def _html(self) -> str:
        from ._page import page

        return page(self)

    def to_text(self, next_step: str | None = None) -> str:
        """Return what printing shows, in 80 columns.

        Parameters
        ----------
        next_step : str, default=None
            What to do next; None says it in terms of Python.

        Returns
        -------
        str
        """
        n = self.n_rows
        told = words.next_step(self) if next_step is None else next_step
        paragraphs = [
            f"{n['synthetic']:,} synthetic rows for {n['real']:,} real ones, judged on "
            f"{words.judged_on(self)}. Positive label: {words.positive_label(self)}.",
            "",
            *self._table(),
            "",
            self.verdict,
            f"Fidelity: {words.fidelity(self.quality)}.",
            f"Privacy: {words.privacy(self.quality)}.",
            *(f"Warning: {warning}" for warning in self.warnings),
            f"Next: {told}",
        ]
        return "\n".join(
            line if line.startswith(" ") or not line else fill(line, _WIDTH)
            for line in paragraphs
        )

    __str__ = to_text

    def __repr__(self) -> str:
        return f"<FairnessReport: {self.verdict}>"

    def _table(self) -> list[str]:
        """Return the lines of the table, each starting with a space."""
        rates = words.group_rates(self, "selection rate")
        rows = []
        for (label, group), row in rates.head(_MAX_GROUPS).iterrows():
            what = f"{group}" if len(self.pos_labels) == 1 else f"{group}: {label}"
            cells = [words.percent(row[name]) for name in ("real", "synthetic")]
            rows.append((f"selection rate, {what}", *cells))
        if len(rates) > _MAX_GROUPS:
            rows.append(
                (f"... {len(rates) - _MAX_GROUPS} more in report.rates", "", "")
            )
        ratios = self.scores.loc[self.attribute]
        for measure, row in (*ratios.iterrows(), ("accuracy", self.accuracy)):
            cells = []
            for name in ("real", "synthetic"):
                ends = words.interval(row[f"{name}_low"], row[f"{name}_high"])
                value = words.number(row[name])
                cells.append(f"{value} ({ends})" if ends else value)
            rows.append((words.TITLES[measure], *cells))
        longest = _WIDTH - 46
        names = [row[0][:longest] for row in rows]
        heads = ["trained on real rows", "on synthetic rows"]
        frame = pd.DataFrame([row[1:] for row in rows], index=names, columns=heads)
        return [f" {line.rstrip()}" for line in frame.to_string().splitlines()]
