"""What pictures share: their axes, their colours and the curve of a trade-off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._optional_dependencies import check_matplotlib_support

from ._text import drawable

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


def draw_tradeoff(
    ax: Axes,
    strengths: ArrayLike,
    accuracy: ArrayLike,
    ratio: ArrayLike,
    *,
    ratio_name: str,
    accuracy_interval: ArrayLike | None = None,
    ratio_interval: ArrayLike | None = None,
    auto: float | None = None,
    real: tuple[float, float] | None = None,
    pos_label: Any = None,
    **kwargs: Any,
) -> tuple[Any, Any, Any, Any]:
    """Draw the curve, with its strengths written beside the points.

    Parameters are those of :class:`~skfadm.FairnessTradeoffDisplay`, but for
    `ratio_name`, which is in words; `kwargs` go to ``ax.plot``. Returned are line,
    intervals and the points of `auto` and `real`, None for what was not drawn.
    """
    style: dict[str, Any] = {"marker": "o", "markersize": 4, "color": SYNTHETIC}
    x, y = (np.asarray(values, dtype=float) for values in (ratio, accuracy))
    ax.axvspan(FOUR_FIFTHS, 1.0, color=SYNTHETIC, alpha=0.07, linewidth=0)
    ax.axvline(FOUR_FIFTHS, color=BAD, linewidth=1, linestyle="--", label="four fifths")
    if "label" in kwargs:
        kwargs["label"] = drawable(kwargs["label"])
    (line,) = ax.plot(x, y, **style | kwargs)
    intervals = _draw_intervals(ax, x, y, ratio_interval, accuracy_interval)
    ring = _draw_strengths(ax, np.asarray(strengths, dtype=float), x, y, auto)
    star = None
    if real is not None:
        star = ax.scatter(
            *real, color=REAL, marker="*", s=110, label="real rows", zorder=3
        )
    seen = [x, np.ravel(real or ())[:1]]
    seen += [] if ratio_interval is None else [np.ravel(ratio_interval)]
    _finish(ax, np.concatenate(seen), ratio_name, pos_label)
    return line, intervals, ring, star


def _draw_strengths(
    ax: Axes,
    strengths: NDArray[np.float64],
    ratio: NDArray[np.float64],
    accuracy: NDArray[np.float64],
    auto: float | None,
) -> Any:
    """Write each strength beside its point; return the ring around `auto`."""
    ring = None
    for strength, x, y in zip(strengths, ratio, accuracy, strict=True):
        if not np.isfinite([x, y]).all():
            continue
        is_auto = auto is not None and np.isclose(strength, auto)
        if is_auto:
            hollow: dict[str, Any] = {"facecolors": "none", "linewidths": 1.5}
            ring = ax.scatter(x, y, s=110, edgecolors=BAD, zorder=4, **hollow)
        ax.annotate(
            f"auto ({strength:.2g})" if is_auto else f"{strength:g}",
            (x, y),
            xytext=(8, 8) if is_auto else (5, 5),
            textcoords="offset points",
            fontsize="small",
            fontweight="bold" if is_auto else "normal",
            color=INK,
            clip_on=False,
        )
    return ring


def _draw_intervals(
    ax: Axes,
    ratio: NDArray[np.float64],
    accuracy: NDArray[np.float64],
    ratio_interval: ArrayLike | None,
    accuracy_interval: ArrayLike | None,
) -> Any:
    sides: dict[str, Any] = {}
    for side, centre, ends in (
        ("xerr", ratio, ratio_interval),
        ("yerr", accuracy, accuracy_interval),
    ):
        if ends is not None:
            low, high = np.asarray(ends, dtype=float).T
            sides[side] = np.stack([centre - low, high - centre]).clip(min=0)
    if not sides:
        return None
    style: dict[str, Any] = {"fmt": "none", "ecolor": SYNTHETIC, "elinewidth": 0.9}
    return ax.errorbar(ratio, accuracy, **sides, **style, alpha=0.55)


def _finish(
    ax: Axes, ratios: NDArray[np.float64], ratio_name: str, pos_label: Any
) -> None:
    """Set limits, in which the four fifths and all `ratios` are, and words."""
    lowest = min(np.nanmin(np.append(ratios, 0.7)) - 0.06, 0.66)
    ax.set_xlim(max(-0.03, lowest), 1.03)
    ax.margins(y=0.16)
    ax.text(
        0.98,
        0.98,
        "better \u2197",
        transform=ax.transAxes,
        ha="right",
        va="top",
        color=SYNTHETIC,
        fontweight="bold",
    )
    positive = "" if pos_label is None else f"\npositive: {drawable(pos_label)}"
    ax.set(
        xlabel=f"{ratio_name} (1: equal rates){positive}",
        ylabel="accuracy",
        title="What fairness costs, by strength of fair control",
    )
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(
        title="numbers: lambda_yz",
        fontsize="small",
        title_fontsize="small",
        frameon=False,
        loc="lower left",
    )
