"""Pictures as inline SVG that takes the colours and the fonts of the page."""

from __future__ import annotations

import threading
from collections.abc import Callable
from io import StringIO
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from sklearn.utils._optional_dependencies import check_matplotlib_support

from .._figures import BAD, INK, REAL, SYNTHETIC

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
#: The page says what these colours are, in the light and in the dark.
_VARIABLES = {REAL: "--real", SYNTHETIC: "--accent", BAD: "--bad", INK: "--ink"}
_STYLE = {
    "svg.fonttype": "none",  # text stays text: to be read aloud, searched and scaled
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


def picture(
    name: str, draw: Callable[[Axes], Any], *, size: tuple[float, float], alt: str
) -> str:
    """Draw into axes of `size`, in inches, and return the SVG element.

    A phone shows about four inches. `name` is unique in the page, a prefix of the ids;
    `alt` says what is to be seen to those who do not see it.
    """
    check_matplotlib_support("save_html")
    from matplotlib import style
    from matplotlib.figure import Figure

    with _LOCK, style.context(["default", _STYLE]):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots())
        file = StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return _for_page(file.getvalue(), name, alt)


def _for_page(svg: str, name: str, alt: str) -> str:
    """Make an SVG file an element of a page that holds others."""
    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in list(parent):
            # A style in one picture would hold for the whole page.
            if child.tag in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"):
                parent.remove(child)
    attributes = [(e, key, value) for e in root.iter() for key, value in e.items()]
    used = {
        value.partition("#")[2].rstrip(")")
        for _, key, value in attributes
        if key == f"{{{_XLINK}}}href" or value.startswith("url(#")
    }
    for element, key, value in attributes:
        if key == "id" and value not in used:
            del element.attrib["id"]
        elif key == "id":
            element.set(key, f"{name}-{value}")
        elif key == f"{{{_XLINK}}}href":
            del element.attrib[key]
            element.set("href", value.replace("#", f"#{name}-"))
        elif value.startswith("url(#"):
            element.set(key, value.replace("#", f"#{name}-"))
        elif key == "style":
            for colour, variable in _VARIABLES.items():
                value = value.replace(colour, f"var({variable})")
            element.set(key, value)
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.set("role", "img")
    root.set("aria-label", alt)
    ElementTree.register_namespace("", _SVG)
    text = ElementTree.tostring(root, encoding="unicode")
    return text.replace(f' xmlns="{_SVG}"', "")
