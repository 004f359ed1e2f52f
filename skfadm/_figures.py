"""What all pictures share: whose axes they draw into, and their colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.utils._optional_dependencies import check_matplotlib_support

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Told apart in grey by their lightness, and by people who are colour-blind.
REAL, SYNTHETIC, BAD, INK = "#8b95a1", "#0f766e", "#c2410c", "#333a42"
#: The four-fifths rule.
FOUR_FIFTHS = 0.8


def axes_for(caller: str, ax: Axes | None, **subplots: Any) -> Axes:
    """Return `ax`, or the axes of a new figure that ``plt.show()`` shows.

    Where matplotlib is missing, the error says that `caller` needs it.
    """
    check_matplotlib_support(caller)
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    _, ax = plt.subplots(layout="constrained", **subplots)
    return ax
