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
from ._page import interval, number, percent, picture, quality_parts, render
from ._quality_report import QualityReport

_WIDTH = 80
_COLUMN = 22
_MAX_GROUPS = 8
#: With a label that is rarer, accuracy says little.
_RARE = 0.2

#: What the measures of the scores are called.
TITLES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "demographic_parity_ratio": "ratio of demographic parity",
    "equal_opportunity_ratio": "ratio of equal opportunity",
}
_CHANGES = {1: "fairer by", -1: "less fair by", 0: "no clear change in"}


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
    label_name, pos_labels : str, tuple of labels
        What the labels are, and the positive one, or all that were it in turn.
    labels : Series
        The shares of the labels in the judged rows, the most frequent first.
    always : mapping of str to label
        The answer of each classifier, "real" or "synthetic", that has only one.
    n_rows : mapping of str to int
        Sizes of the tables that were given, and of the rows that were "judged".
    settings, warnings : mapping of str to str, tuple of str
        How the rows were made; what makes figures less sure than they look.
    """

    rates: pd.DataFrame
    scores: pd.DataFrame
    by_domain: pd.DataFrame | None
    quality: QualityReport
    tradeoff: FairnessTradeoffDisplay | None
    attribute: str
    label_name: str
    pos_labels: tuple[Any, ...]
    labels: pd.Series
    always: Mapping[str, Any]
    n_rows: Mapping[str, int]
    settings: Mapping[str, str]
    warnings: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """Both ratios and their price in a sentence, and what they rest on."""
        return " ".join([self._headline(), *self._caveats()])

    @property
    def is_fair(self) -> bool:
        """Whether the ratio of demographic parity after is four fifths or more."""
        parity = self._scores().loc["demographic_parity_ratio"]
        return bool(parity["synthetic"] >= FOUR_FIFTHS)

    def _scores(self) -> pd.DataFrame:
        """Return the scores that the verdict is about, with those of rare labels."""
        scores = self.scores.loc[["", self.attribute]].droplevel(0)
        rare = ["balanced_accuracy"] if self.labels.iloc[-1] < _RARE else []
        return scores.loc[[*RATIOS, "accuracy", *rare]]

    def _headline(self) -> str:
        """Return the verdict on both ratios and its price, the last of the scores."""
        if "synthetic" in self.always:
            return printable(
                "No use: the classifier trained on synthetic rows always answers "
                f'"{self.always["synthetic"]}".'
            )
        scores = self._scores()
        rows = [row for _, row in scores.iterrows()]
        if np.isnan(rows[0]["change"]):
            return "No verdict: the ratio of demographic parity is undefined."
        first, second = (
            f"{name} (from {number(row['real'])} to {number(row['synthetic'])})"
            for name, row in zip(("parity", "opportunity"), rows, strict=False)
        )
        of_parity, of_opportunity = (_CHANGES[direction(row)] for row in rows[:2])
        joint = " and" if of_parity == of_opportunity else f", {of_opportunity}"
        points, measure = 100 * rows[-1]["change"], TITLES[scores.index[-1]]
        price = {
            0: f"at no clear cost in {measure}",
            1: f"and {points:.1f} points better in {measure}",
            -1: f"for {-points:.1f} points of {measure}",
        }[direction(rows[-1])]
        text = f"{of_parity} {first}{joint} {second}, {price}."
        return printable(text[0].upper() + text[1:])

    def _caveats(self) -> list[str]:
        """Hold parity against four fifths, accuracy against always the same answer."""
        scores, labels = self._scores(), self.labels
        parity, accuracy = scores.iloc[0], scores.loc["accuracy"]
        found = []
        if parity["synthetic"] < FOUR_FIFTHS:
            found.append("Parity stays below four fifths.")
        elif parity["synthetic"] >= FOUR_FIFTHS:
            is_sure = parity["synthetic_low"] >= FOUR_FIFTHS
            unsure = "" if is_sure else ", but not surely"
            found.append(f"Parity is above four fifths{unsure}.")
        before, after = percent(accuracy["real"]), percent(accuracy["synthetic"])
        found.append(
            f"Accuracy is {after}, {before} before; always answering "
            f'"{labels.index[0]}" reaches {percent(labels.iloc[0])}.'
        )
        if "balanced_accuracy" in scores.index:
            row = scores.loc["balanced_accuracy"]
            found.append(
                "Labels are rare, so look at balanced accuracy: "
                f"{percent(row['synthetic'])}, {percent(row['real'])} before."
            )
        return list(map(printable, found))

    def _rates(self, measure: str) -> pd.DataFrame:
        """Return the rates of the groups of the verdict, by label and named group."""
        level = ["measure", "attribute"]
        rates = self.rates.xs((measure, self.attribute), level=level).reset_index()
        rates["group"] = names_of(self.attribute, rates["group"])
        return rates

    def _judged_on(self) -> str:
        held_out = "holdout" in self.n_rows
        kind = "held-out rows" if held_out else "real rows by cross-fitting"
        return f"{self.n_rows['judged']:,} {kind}"

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
        if next_step is None:
            next_step = 'save_html("report.html") shows all of it to a colleague.'
            if "holdout" not in self.n_rows:
                next_step = "judge by rows that the generator has not seen (holdout=)."
            if not self.is_fair:
                next_step = "make fair control stronger and compare the reports."
        n = self.n_rows
        before = (
            f"{n['synthetic']:,} synthetic rows for {n['real']:,} real ones, judged on "
            f"{self._judged_on()}. Positive label: {self._positive()}."
        )
        after = [
            self._headline(),
            " ".join(self._caveats()),
            f"Fidelity: {self.quality.summary('fidelity', 'use')}.",
            f"Privacy: {self.quality._privacy()}.",
            *(f"Warning: {warning}" for warning in self.warnings),
            f"Next: {next_step}",
        ]
        return "\n".join(
            [_filled(before), "", *self._table(), "", *map(_filled, after)]
        )

    __str__ = to_text

    def __repr__(self) -> str:
        return f"<FairnessReport: {self.verdict}>"

    def _table(self) -> list[str]:
        """Return the lines of the table, each starting with a space."""
        rates = self._rates("selection rate")
        rows: list[tuple[str, ...]] = [
            ("", "trained on real rows", "on synthetic rows")
        ]
        for row in rates.head(_MAX_GROUPS).itertuples():
            label = f": {row.label}" if len(self.pos_labels) > 1 else ""
            name = printable(f"selection rate, {row.group}{label}")
            rows.append((name, percent(row.real), percent(row.synthetic)))
        if len(rates) > _MAX_GROUPS:
            rows.append(
                (f"... {len(rates) - _MAX_GROUPS} more in report.rates", "", "")
            )
        for measure, row in self._scores().iterrows():
            cells = []
            for name in ("real", "synthetic"):
                ends = interval(row, name)
                cells.append(number(row[name]) + f" ({ends})" * bool(ends))
            rows.append((TITLES[measure], *cells))
        width = _WIDTH - 2 * _COLUMN - 1
        lines = []
        for name, *cells in rows:
            if len(name) > width:  # a line of its own, and whole
                lines += _filled(name, _WIDTH - 1).splitlines()
                name = ""
            lines.append(name.ljust(width) + "".join(c.rjust(_COLUMN) for c in cells))
        return [f" {line.rstrip()}" for line in lines]

    def _html(self) -> str:
        return render(
            "report.html",
            **quality_parts(self.quality),
            quality=self.quality,
            report=self,
            titles=TITLES,
            direction=direction,
            interval=interval,
            names_of=names_of,
            four_fifths=FOUR_FIFTHS,
            tradeoff=self._tradeoff(),
        )

    def _tradeoff(self) -> Any:
        display = self.tradeoff
        if display is None:
            return None

        def draw(ax: Any) -> None:
            display.plot(ax)
            ax.set_title("")

        figures: list[Any] = [display.strengths, display.ratio, display.accuracy]
        seen = ", ".join(
            f"strength {s:g}: ratio {number(r)}, accuracy {number(a, 3)}"
            for s, r, a in zip(*figures, strict=True)
        )
        alt = f"Accuracy against the ratio of demographic parity. {seen}."
        return picture(draw, size=(4.2, 3.4), alt=alt)


def _filled(text: str, width: int = _WIDTH) -> str:
    return fill(printable(text), width, break_long_words=False)


def direction(row: Mapping[str, float]) -> int:
    """Return 1 for what is surely larger after than before, -1 for smaller, else 0."""
    return int(row["change_low"] > 0) - int(row["change_high"] < 0)
