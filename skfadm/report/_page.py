"""Pages of HTML: plain data in, one file out that needs no other."""

from __future__ import annotations

import platform
import threading
import warnings
from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from sklearn.utils._optional_dependencies import check_matplotlib_support

from .._figures import INK
from .._text import printable
from ._display import draw_marginal, losses_of, worst_columns
from ._marginals import Marginal
from ._words import number, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MAX_COLUMNS = 12
_MAX_NUMBERS = 24
_PACKAGES = ("numpy", "pandas", "scikit-learn", "torch")
_TITLES = {"fidelity": "Fidelity", "use": "Use", "privacy": "Privacy"}
_STYLE = {
    "svg.fonttype": "none",  # the browser has the letters of all languages
    "svg.hashsalt": "skfadm",
    "font.size": 8.0,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
# Matplotlib's style is one for the process; two reports must not restore it crosswise.
_LOCK = threading.Lock()


def render(template: str, **values: Any) -> str:
    """Fill in a template of this room; text of users is escaped and printable."""
    environment = Environment(
        loader=PackageLoader("skfadm.report"),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "number": number,
        "sentence": lambda text: f"{text[:1].upper()}{text[1:]}.",
        "name": _name,
    }
    versions = {name: version(name) for name in ("skfadm", *_PACKAGES)}
    return environment.get_template(template).render(
        versions=versions | {"Python": platform.python_version()}, **values
    )


def _name(name: Any) -> Markup:
    """Return a name that browsers break behind its marks, if they must."""
    whole = escape(printable(name)).replace(" = ", Markup("&nbsp;=&nbsp;"))
    return whole.replace("_", Markup("_<wbr>"))


def _finalize(value: Any) -> Any:
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return printable(value) if is_text else value


def picture(
    draw: Callable[[Axes], Any], *, size: tuple[float, float], alt: str
) -> Markup:
    """Draw into axes of `size`, in inches, and return an image of HTML.

    A phone shows about four inches. `alt` says what is to be seen to those who do not
    see it.
    """
    check_matplotlib_support("save_html")
    from matplotlib import style
    from matplotlib.figure import Figure

    with _LOCK, style.context(["default", _STYLE]), warnings.catch_warnings():
        # Matplotlib has no letters of some languages, but the browser has.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots())
        file = BytesIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    data = b64encode(file.getvalue()).decode()
    return Markup('<img src="data:image/svg+xml;base64,{}" alt="{}">').format(
        data, printable(alt)
    )


def quality_parts(
    figures: pd.DataFrame,
    column_scores: pd.Series,
    pair_scores: pd.DataFrame,
    numbers: pd.DataFrame,
    marginals: Sequence[Marginal],
) -> dict[str, Any]:
    """Return what the templates show of the quality of a table."""
    shown = worst_columns(column_scores, _MAX_COLUMNS)
    lost = losses_of(column_scores, pair_scores, shown)
    names = [marginals[k].name for k in shown]
    records = figures.to_dict(orient="records")
    of_columns = numbers.groupby(level="column", sort=False)
    tables = [(name, part.droplevel(0)) for name, part in of_columns]
    tables.sort(key=lambda pair: not pair[1]["off"].any())
    return {
        "figures": {
            title: [row for row in records if row["group"] == group]
            for group, title in _TITLES.items()
        },
        "columns": [_column(marginals[k], float(column_scores.iloc[k])) for k in shown],
        "n_columns": len(marginals),
        "heat": list(zip(names, lost.tolist(), strict=True)),
        "numbers": [
            (name, part.to_dict(orient="index")) for name, part in tables[:_MAX_NUMBERS]
        ],
        "n_numbers": len(tables),
    }


def _column(marginal: Marginal, score: float) -> dict[str, Any]:
    alt = (
        f"Distribution of {marginal.name} in real and synthetic rows; shape score "
        f"{number(score)}"
    )
    draw = partial(draw_marginal, marginal=marginal)
    image = picture(draw, size=(2.9, 1.75), alt=alt)
    return {"name": marginal.name, "score": score, "image": image}
