"""Fill in the page."""

from __future__ import annotations

import platform
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from .. import __version__
from .._figures import FOUR_FIFTHS
from ..quality._display import draw_marginal
from ..quality._limits import FIGURES
from . import _words as words
from ._pictures import picture

if TYPE_CHECKING:
    from ..quality import QualityReport
    from ._report import FairnessReport

_MAX_GROUPS, _MAX_COLUMNS = 24, 12
_PACKAGES = ("numpy", "pandas", "scikit-learn", "torch")


def page(report: FairnessReport) -> str:
    """Return the report as HTML."""
    environment = Environment(
        loader=PackageLoader("skfadm.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": words.percent, "number": words.number}
    template = environment.get_template("report.html")
    quality = report.quality
    return template.render(
        report=report,
        words=words,
        version=__version__,
        four_fifths=FOUR_FIFTHS,
        tables=[_rates(report, m) for m in ("selection rate", "true positive rate")],
        scores=_records(report.scores.loc[report.attribute]),
        attributes=_records(report.scores.drop(index="", level=0)),
        domains=_domains(report),
        tradeoff=_tradeoff(report),
        quality=_quality(quality),
        columns=_columns(quality),
        heat=_heat(quality),
        versions={"Python": platform.python_version()}
        | {name: version(name) for name in _PACKAGES},
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


def _quality(quality: QualityReport) -> list[dict[str, Any]]:
    """Return the measured figures with their questions, by group."""
    frame = quality.to_frame().dropna(subset="value")
    of_figure = {figure.name: figure for figure in FIGURES}
    rows = [
        {
            "name": name,
            "question": of_figure[name].question,
            "meaning": of_figure[name].meaning,
            "beyond": "below" if of_figure[name].more_is_better else "above",
            **row,
        }
        for name, row in frame.to_dict(orient="index").items()
    ]
    titles = {"fidelity": "Fidelity", "use": "Use", "privacy": "Privacy"}
    return [
        {"title": title, "rows": [row for row in rows if row["group"] == group]}
        for group, title in titles.items()
    ]


def _shown(quality: QualityReport) -> list[int]:
    """Return the positions of the columns with the worst shapes, in their order."""
    scores = np.nan_to_num(quality.column_scores.to_numpy(), nan=2.0)
    return sorted(np.argsort(scores, kind="stable")[:_MAX_COLUMNS].tolist())


def _columns(quality: QualityReport) -> list[dict[str, Any]]:
    found = []
    for position in _shown(quality):
        marginal = quality.marginals[position]
        score = float(quality.column_scores.iloc[position])

        def draw(ax: Any, marginal: Any, score: float) -> None:
            draw_marginal(ax, marginal, score)
            ax.set_title("")

        alt = (
            f"Distribution of {marginal.name} in real and synthetic rows; shape score "
            f"{words.number(score)}"
        )
        svg = picture(
            f"column{position}",
            partial(draw, marginal=marginal, score=score),
            size=(2.9, 1.75),
            alt=alt,
        )
        found.append({"name": marginal.name, "score": score, "svg": Markup(svg)})
    return found


def _heat(quality: QualityReport) -> list[dict[str, Any]]:
    """Return what is lost of shapes, on the diagonal, and of pair trends."""
    shown = _shown(quality)
    lost = 1 - quality.pair_scores.to_numpy()[np.ix_(shown, shown)]
    np.fill_diagonal(lost, 1 - quality.column_scores.to_numpy()[shown])
    names = [quality.marginals[k].name for k in shown]
    return [
        {"name": name, "cells": list(zip(names, row.tolist(), strict=True))}
        for name, row in zip(names, lost, strict=True)
    ]
