"""FairnessReport: what was found, as tables, as text and as a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd

from .._figures import FOUR_FIFTHS
from .._files import HtmlPage
from .._text import names_of, printable
from ..metrics import FairnessTradeoffDisplay
from ..metrics._ratios import RATIOS
from . import _words as words
from ._page import picture, render
from ._quality_report import QualityReport

_WIDTH = 80
_COLUMN = 22
_MAX_GROUPS = {"text": 8, "page": 24}
#: With a label that is rarer, accuracy says little.
_RARE = 0.2


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
        Index: attribute ("" for the first two), measure ("accuracy",
        "balanced_accuracy", "demographic_parity_ratio", "equal_opportunity_ratio").
        Columns: "real", "synthetic" and "change", each with ``_low`` and ``_high``.
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
    constant : tuple of label and float
        The most frequent label, and the accuracy of always answering it.
    rarest : float
        The share of the least frequent label.
    always : mapping of str to label
        The answer of each classifier, "real" or "synthetic", that has only one.
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
    constant: tuple[Any, float]
    rarest: float
    always: Mapping[str, Any]
    n_rows: Mapping[str, int]
    n_judged: int
    settings: Mapping[str, str]
    random_state: int
    warnings: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """Both ratios and their price in a sentence, and what they rest on."""
        return " ".join(filter(None, (self._headline(), *self._caveats())))

    @property
    def is_fair(self) -> bool:
        """Whether the ratio of demographic parity after is four fifths or more."""
        return bool(self._ratio("demographic_parity")["synthetic"] >= FOUR_FIFTHS)

    @property
    def accuracy(self) -> pd.Series:
        """The accuracy before and after, a row of `scores`."""
        return self.scores.loc[("", "accuracy")]

    def _ratio(self, name: str) -> pd.Series:
        return self.scores.loc[(self.attribute, f"{name}_ratio")]

    def _balanced(self) -> pd.Series | None:
        """Return the balanced accuracy where a label is rare."""
        is_rare = self.rarest < _RARE
        return self.scores.loc[("", "balanced_accuracy")] if is_rare else None

    def _headline(self) -> str:
        balanced = self._balanced()
        text = words.headline(
            self._ratio("demographic_parity"),
            self._ratio("equal_opportunity"),
            self.accuracy if balanced is None else balanced,
            "accuracy" if balanced is None else "balanced accuracy",
            self.always,
        )
        return printable(text)

    def _caveats(self) -> list[str]:
        level = words.level(self._ratio("demographic_parity"))
        yardstick = words.yardstick(self.accuracy, self._balanced(), self.constant)
        return [printable(text) for text in (level, yardstick) if text]

    def _rates(self, measure: str) -> pd.DataFrame:
        """Return the rates of the groups of the verdict, by label and named group."""
        rates = self.rates.xs((measure, self.attribute), level=["measure", "attribute"])
        labels, groups = (rates.index.get_level_values(k) for k in ("label", "group"))
        named = [labels, names_of(self.attribute, groups)]
        return rates.set_axis(
            pd.MultiIndex.from_arrays(named, names=["label", "group"])
        )

    def _judged_on(self) -> str:
        if "holdout" in self.n_rows:
            return f"{self.n_judged:,} held-out rows"
        return f"{self.n_judged:,} real rows by cross-fitting"

    def _positive(self) -> str:
        labels = " / ".join(map(str, self.pos_labels))
        return printable(f"{self.label_name} = {labels}")

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
        paragraphs = [
            f"{n['synthetic']:,} synthetic rows for {n['real']:,} real ones, judged on "
            f"{self._judged_on()}. Positive label: {self._positive()}.",
            "",
            *self._table(),
            "",
            self._headline(),
            " ".join(self._caveats()),
            f"Fidelity: {self.quality.summary('fidelity', 'use')}.",
            f"Privacy: {self.quality._privacy()}.",
            *(f"Warning: {warning}" for warning in self.warnings),
            f"Next: {self._next_step() if next_step is None else next_step}",
        ]
        return "\n".join(
            line
            if line.startswith(" ") or not line
            else fill(printable(line), _WIDTH, break_long_words=False)
            for line in paragraphs
        )

    __str__ = to_text

    def __repr__(self) -> str:
        return f"<FairnessReport: {self.verdict}>"

    def _next_step(self) -> str:
        if not self.is_fair:
            return "make the generator's fair control stronger and compare the reports."
        if "holdout" not in self.n_rows:
            return "judge by rows that the generator has not seen (holdout=)."
        return 'report.save_html("report.html") shows all of it to a colleague.'

    def _table(self) -> list[str]:
        """Return the lines of the table, each starting with a space."""
        rates = self._rates("selection rate")
        shown = _MAX_GROUPS["text"]
        rows = []
        for (label, group), row in rates.head(shown).iterrows():
            what = group if len(self.pos_labels) == 1 else f"{group}: {label}"
            cells = [words.percent(row[name]) for name in ("real", "synthetic")]
            rows.append((printable(f"selection rate, {what}"), *cells))
        if len(rates) > shown:
            rows.append((f"... {len(rates) - shown} more in report.rates", "", ""))
        scores = self.scores.loc[["", self.attribute]].droplevel(0)
        for measure in (*RATIOS, "accuracy", "balanced_accuracy"):
            if measure == "balanced_accuracy" and self._balanced() is None:
                continue
            row = scores.loc[measure]
            cells = []
            for name in ("real", "synthetic"):
                ends = words.interval(row[f"{name}_low"], row[f"{name}_high"])
                value = words.number(row[name])
                cells.append(f"{value} ({ends})" if ends else value)
            rows.append((words.TITLES[measure], *cells))
        room = _WIDTH - 2 * _COLUMN - 1
        width = min(room, max(len(name) for name, *_ in rows))
        lines = []
        heads = ("", "trained on real rows", "on synthetic rows")
        for name, *cells in (heads, *rows):
            if len(name) > width:  # a line of its own, and whole
                lines += fill(name, _WIDTH - 1, break_long_words=False).splitlines()
                name = ""
            lines.append(name.ljust(width) + "".join(c.rjust(_COLUMN) for c in cells))
        return [f" {line.rstrip()}" for line in lines]

    def _html(self) -> str:
        measures = [*RATIOS, "accuracy"]
        if self._balanced() is not None:
            measures.append("balanced_accuracy")
        scores = self.scores.loc[["", self.attribute]].droplevel(0)
        parity, opportunity = scores.loc[measures[0]], scores.loc[measures[1]]
        rates = self._rates("selection rate")
        sentences = [
            words.rates_sentence(rates[name], parity, name, f"the {name} rows")
            for name in ("real", "synthetic")
        ]
        return render(
            "report.html",
            **self.quality._parts(),
            report=self,
            words=words,
            four_fifths=FOUR_FIFTHS,
            headline=self._headline(),
            caveats=self._caveats(),
            positive=self._positive(),
            judged_on=self._judged_on(),
            sentences=[*sentences, words.opportunity_sentence(opportunity)],
            tiles=_records(scores.loc[measures]),
            tables=[self._bars(m) for m in ("selection rate", "true positive rate")],
            attributes=_records(self.scores.drop(index="", level=0)),
            domains=self._domains(),
            tradeoff=self._tradeoff(),
        )

    def _bars(self, measure: str) -> dict[str, Any]:
        """Return the rates of the largest groups, and how far their scale goes."""
        table = self._rates(measure)
        n = _MAX_GROUPS["page"]
        shown = table[table["n"].rank(method="first", ascending=False) <= n]
        ends = shown[["real_high", "synthetic_high"]].to_numpy()
        return {
            "measure": measure,
            "rows": _records(shown),
            "left_out": len(table) - len(shown),
            "scale": min(1.0, np.ceil(10 * np.nanmax(ends, initial=0.05)) / 10),
        }

    def _domains(self) -> list[dict[str, Any]]:
        if self.by_domain is None:
            return []
        names = self.by_domain.index.unique(0)
        told = names_of(names.name, names, between=" ")
        found = []
        for domain, name in zip(names, told, strict=True):
            of = self.by_domain.loc[domain]
            found.append({"name": name, "n": int(of["n"].iloc[0])} | of.T.to_dict())
        return found

    def _tradeoff(self) -> Any:
        display = self.tradeoff
        if display is None:
            return None

        def draw(ax: Any) -> None:
            display.plot(ax)
            ax.set_title("")

        triples = zip(
            np.ravel(display.strengths),
            np.ravel(display.ratio),
            np.ravel(display.accuracy),
            strict=True,
        )
        seen = ", ".join(
            f"strength {s:g}: ratio {words.number(r)}, accuracy {words.number(a, 3)}"
            for s, r, a in triples
        )
        alt = f"Accuracy against the ratio of demographic parity. {seen}."
        return picture(draw, size=(4.2, 3.4), alt=alt)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = frame.reset_index().to_dict(orient="records")
    return records
