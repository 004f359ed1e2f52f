"""The quality of a table in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from ._quality_report import QualityReport


def percent(share: float) -> str:
    """Write a share as a percentage."""
    return "undefined" if np.isnan(share) else f"{100 * share:.1f} %"


def number(value: float, digits: int = 2) -> str:
    """Write a ratio."""
    return "undefined" if np.isnan(value) else f"{value:.{digits}f}"


def verdict(quality: QualityReport) -> str:
    """Say in a sentence whether the table is good."""
    found = _judged(quality)
    n_bad = int(found["bad"].sum())
    if not n_bad:
        return f"None of {len(found)} figures is bad."
    return f"{n_bad} of {len(found)} figures {'are' if n_bad > 1 else 'is'} bad."


def fidelity(quality: QualityReport) -> str:
    """Say in a line how faithful and useful the rows are."""
    return _group(quality, ("fidelity", "use"), "faithful and useful")


def privacy(quality: QualityReport) -> str:
    """Say in a line what the rows give away."""
    found = _group(quality, ("privacy",), "no sign of copying")
    if "holdout" in quality.n_rows:
        return found
    return f"{found}; membership is not measured: give held-out rows"


def _group(quality: QualityReport, groups: tuple[str, ...], good: str) -> str:
    frame = _judged(quality)
    frame = frame[frame["group"].isin(groups)]
    bad = frame.loc[frame["bad"], "measure"].tolist()
    if not bad:
        return f"{good}: none of {len(frame)} figures is bad"
    return f"{len(bad)} of {len(frame)} figures are bad: {', '.join(bad)}"


def _judged(quality: QualityReport) -> pd.DataFrame:
    """Return the figures that were measured and have a limit."""
    return quality.to_frame().dropna(subset=["value", "limit"])
