"""Fill in the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from .._figures import FOUR_FIFTHS
from . import _words as words
from ._pictures import picture
from ._render import render

if TYPE_CHECKING:
    from ._report import FairnessReport

_MAX_GROUPS = 24


def page(report: FairnessReport) -> str:
    """Return the report as HTML."""
    return render(
        "report.html",
        report.quality,
        report=report,
        words=words,
        four_fifths=FOUR_FIFTHS,
        tables=[_rates(report, m) for m in ("selection rate", "true positive rate")],
        scores=_records(report.scores.loc[report.attribute]),
        attributes=_records(report.scores.drop(index="", level=0)),
        domains=_domains(report),
        tradeoff=_tradeoff(report),
    )


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = frame.reset_index().to_dict(orient="records")
    return records


def _rates(report: FairnessReport, measure: str) -> dict[str, Any]:
    """Return the rates of the largest groups, and how far their scale goes."""
    table = words.group_rates(report, measure)
    largest = table.nlargest(_MAX_GROUPS, "n", keep="all").index[:_MAX_GROUPS]
    shown = table[table.index.isin(largest)]
    highest = np.nanmax(shown[["real_high", "synthetic_high"]].to_numpy(), initial=0.05)
    return {
        "measure": measure,
        "rows": _records(shown),
        "left_out": len(table) - len(shown),
        "scale": min(1.0, np.ceil(10 * highest) / 10),
    }


def _domains(report: FairnessReport) -> list[dict[str, Any]]:
    if report.by_domain is None:
        return []
    found = []
    for domain, scores in report.by_domain.groupby(level=0, sort=False):
        of = scores.droplevel(0)
        found.append({"name": domain, "n": int(of["n"].iloc[0])} | of.T.to_dict())
    return found


def _tradeoff(report: FairnessReport) -> Markup | None:
    display = report.tradeoff
    if display is None:
        return None

    def draw(ax: Any) -> None:
        display.plot(ax)
        ax.set_title("")

    points = ", ".join(
        f"strength {s:g}: ratio {words.number(r)}, accuracy {words.number(a, 3)}"
        for s, r, a in zip(
            np.ravel(display.strengths),
            np.ravel(display.ratio),
            np.ravel(display.accuracy),
            strict=True,
        )
    )
    alt = f"Accuracy against the ratio of demographic parity. {points}."
    return Markup(picture("tradeoff", draw, size=(4.2, 3.4), alt=alt))
