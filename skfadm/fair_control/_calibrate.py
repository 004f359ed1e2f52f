"""What the trained classifiers say of the source rows: tilts, predicted ratios."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .._base import EncodedTable
from ..diffusion.training import Objective, classify
from ._tilt_path import TiltPath, follow
from .calibration import MAX_CALIBRATION_ROWS, Calibration
from .curve import FairnessCurve

#: Rows that are classified at a time: with many categories they are wide.
CHUNK = 8192


def calibrate(
    networks: Objective, table: EncodedTable, seed: int
) -> tuple[TiltPath | None, FairnessCurve | None]:
    """Return the tilts of all strengths and what is predicted of them on source rows.

    Without sensitive attribute there is nothing to tilt by.
    """
    if networks.z is None:
        return None, None
    rng = np.random.default_rng(seed)
    index = rng.permutation(len(table.rows))[:MAX_CALIBRATION_ROWS]
    log_p_y, log_p_z = _classify(networks, table.rows[index], rng)
    calibration = Calibration(
        log_p_y, table.labels[index], table.groups[index], table.domains[index]
    )
    return follow(calibration, [np.exp(a) for a in log_p_z])


def _classify(
    networks: Objective, rows: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """Return log p(y | x) and log p(z | x) of each attribute, chunk by chunk."""
    parts = []
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        (of_y,), of_z = classify(networks, chunk, int(rng.integers(2**31)))
        parts.append((of_y, *of_z))
    log_p_y, *log_p_z = (np.concatenate(p) for p in zip(*parts, strict=True))
    return log_p_y, log_p_z
