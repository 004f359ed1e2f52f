"""Pages of HTML: plain data in, one file out that needs no other."""

from __future__ import annotations

import platform
import threading
import warnings
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.metadata import version
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from sklearn.utils._optional_dependencies import check_matplotlib_support

from .._figures import INK
from .._text import printable
from ._display import draw_marginal, losses_of, worst_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._quality_report import QualityReport

_MAX_NUMBERS = 24
_PACKAGES = ("numpy", "pandas", "scikit-learn", "torch")
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
    # A line never begins with the slash between two groups.
    whole = whole.replace(" / ", Markup("&nbsp;/ "))
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


def quality_parts(quality: QualityReport) -> dict[str, Any]:
    """Return the pictures and tables of columns that the templates show."""
    scores, marginals = quality.column_scores, quality.marginals
    shown = worst_columns(scores)
    lost = losses_of(scores, quality.pair_scores, shown)
    columns = []
    for k in shown:
        name, score = marginals[k].name, float(scores.iloc[k])
        image = picture(
            partial(draw_marginal, marginal=marginals[k]),
            size=(2.9, 1.75),
            alt=f"Distribution of {name} in real and synthetic rows; shape score "
            f"{number(score)}",
        )
        columns.append({"name": name, "score": score, "image": image})
    by_column = quality.numbers.groupby(level="column", sort=False)
    numbers = sorted(by_column, key=lambda pair: not pair[1]["off"].any())
    return {
        "columns": columns,
        "heat": [
            (column["name"], cells)
            for column, cells in zip(columns, lost.tolist(), strict=True)
        ],
        "numbers": numbers[:_MAX_NUMBERS],
        "n_numbers": len(numbers),
    }


def percent(share: float) -> str:
    """Write a share as a percentage."""
    return "undefined" if np.isnan(share) else f"{100 * share:.1f} %"


def number(value: float, digits: int = 2) -> str:
    """Write a ratio."""
    return "undefined" if np.isnan(value) else f"{value:.{digits}f}"


def interval(row: Mapping[str, float], name: str) -> str:
    """Write the interval of a figure of a row; nothing if it is unknown."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return "" if np.isnan(low) else f"{low:.2f} to {high:.2f}"


def listed(names: Iterable[Any], at_most: int = 5) -> str:
    """Write the first names, and how many more there are."""
    names = list(map(str, names))
    more = f" and {len(names) - at_most} more" if len(names) > at_most else ""
    return ", ".join(names[:at_most]) + more
