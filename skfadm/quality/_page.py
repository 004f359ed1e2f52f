"""Pages on the quality of a table, and the parts that other pages take from them."""

from __future__ import annotations

import platform
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from .. import __version__
from . import _words as words
from ._display import draw_marginal
from ._limits import FIGURES
from ._pictures import picture

if TYPE_CHECKING:
    from ._report import QualityReport

_MAX_COLUMNS = 12
_PACKAGES = ("numpy", "pandas", "scikit-learn", "torch")


def page(quality: QualityReport) -> str:
    """Return the report as HTML."""
    return render("skfadm.quality", "quality.html", quality, words=words)


def render(package: str, template: str, quality: QualityReport, **values: Any) -> str:
    """Fill in a page that shows the quality of a table, among other things.

    Parameters
    ----------
    package : str
        Whose template it is; it may include those of this package.
    template : str
        Its name.
    quality : QualityReport
        What ``figures.html`` and ``tiles.html`` show.
    **values : dict
        What else the template takes.
    """
    loaders = [PackageLoader(name) for name in (package, "skfadm.quality")]
    environment = Environment(
        loader=ChoiceLoader(loaders),
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
        version=__version__,
        versions={"Python": platform.python_version()}
        | {name: version(name) for name in _PACKAGES},
        **values,
    )


def _figures(quality: QualityReport) -> list[dict[str, Any]]:
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
