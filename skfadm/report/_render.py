"""Pages on the quality of a table, and the parts that other pages take from them."""

from __future__ import annotations

import platform
from functools import partial
from importlib.metadata import version
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from . import _quality_words as words
from ._display import draw_marginal, losses_of, worst_columns
from ._pictures import picture
from ._quality_report import QualityReport, figures_of

_MAX_COLUMNS = 12
_PACKAGES = ("numpy", "pandas", "scikit-learn", "torch")


def page(quality: QualityReport) -> str:
    """Return the report as HTML."""
    return render("quality.html", quality, words=words)


def render(template: str, quality: QualityReport, **values: Any) -> str:
    """Fill in a page that shows the quality of a table, among other `values`."""
    environment = Environment(
        loader=PackageLoader("skfadm.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": words.percent, "number": words.number}
    return environment.get_template(template).render(
        quality=quality,
        figures=_figures(quality),
        columns=_columns(quality),
        heat=_heat(quality),
        version=version("skfadm"),
        versions={"Python": platform.python_version()}
        | {name: version(name) for name in _PACKAGES},
        **values,
    )


def _figures(quality: QualityReport) -> list[dict[str, Any]]:
    """Return the measured figures with their questions, by group."""
    rows = figures_of(quality).dropna(subset="value").to_dict(orient="records")
    titles = {"fidelity": "Fidelity", "use": "Use", "privacy": "Privacy"}
    return [
        {"title": title, "rows": [row for row in rows if row["group"] == group]}
        for group, title in titles.items()
    ]


def _columns(quality: QualityReport) -> list[dict[str, Any]]:
    found = []
    for position in worst_columns(quality.column_scores, _MAX_COLUMNS):
        marginal = quality.marginals[position]
        score = float(quality.column_scores.iloc[position])
        alt = (
            f"Distribution of {marginal.name} in real and synthetic rows; shape score "
            f"{words.number(score)}"
        )
        svg = picture(
            f"column{position}",
            partial(draw_marginal, marginal=marginal),
            size=(2.9, 1.75),
            alt=alt,
        )
        found.append({"name": marginal.name, "score": score, "svg": Markup(svg)})
    return found


def _heat(quality: QualityReport) -> list[dict[str, Any]]:
    """Return what is lost of shapes, on the diagonal, and of pair trends."""
    shown = worst_columns(quality.column_scores, _MAX_COLUMNS)
    lost = losses_of(quality.column_scores, quality.pair_scores, shown)
    names = [quality.marginals[k].name for k in shown]
    return [
        {"name": name, "cells": list(zip(names, row.tolist(), strict=True))}
        for name, row in zip(names, lost, strict=True)
    ]
