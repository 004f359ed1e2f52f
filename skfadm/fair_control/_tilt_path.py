"""The tilt of every strength: from none by reweighing to parity in every cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ..diffusion.fair_control import GroupCells, Tilt
from ._cells import fit_group_cells, pmi_with_cells
from .calibration import (
    MAX_STRENGTH,
    MEASURES,
    Calibration,
    pointwise_mutual_information,
)
from .curve import FairnessCurve

Array = NDArray[np.float64]

#: From 0 to the largest strength.
STRENGTHS = np.linspace(0.0, MAX_STRENGTH, round(10 * MAX_STRENGTH) + 1)
#: The share of a label's rows for which a tilt would ask for more than all: what they
#: are denied doubles, on Adult, how many of the others can be accepted.
CLIPPED = 0.01


@dataclass(frozen=True)
class TiltPath:
    r"""A tilt for each strength, which are interpolated between those that are kept.

    Up to 1 the tables of groups grow in proportion, to the pointwise mutual information
    (pmi) of group and decision without a tilt: 1 is reweighing, in expectation. Beyond,
    the table of cells grows by the pmi of cell and *current* decision,

    .. math:: \frac{dC_\lambda(y, s)}{d\lambda} = pmi_\lambda(y, s), \qquad \lambda > 1,

    so that it comes to rest where decisions are the same in every cell, and does not
    pass it.

    Parameters
    ----------
    strengths : ndarray of shape (n_strengths,)
        Increasing, from 0.
    pmi : tuple of ndarray of shape (n_classes, n_groups)
        Tables of label and group at strength 1, one a sensitive attribute.
    of_cells : ndarray of shape (n_strengths, n_cells, n_classes)
        Tables of cell and label.
    lowest : ndarray of shape (n_strengths, n_classes)
        Lower bounds, which 1 % of the rows of a label fall below.
    cells : GroupCells
        Finds a row's cell.
    """

    strengths: Array
    pmi: tuple[Array, ...]
    of_cells: Array
    lowest: Array
    cells: GroupCells

    def tilt(self, strength: float) -> Tilt:
        """Return the tilt of a strength.

        Parameters
        ----------
        strength : float
            In [0, 6].
        """
        place = np.interp(strength, self.strengths, np.arange(len(self.strengths)))
        i = min(int(place), len(self.strengths) - 2)
        of_cells, lowest = (
            a[i] + (place - i) * (a[i + 1] - a[i]) for a in (self.of_cells, self.lowest)
        )
        groups = tuple(min(strength, 1.0) * table for table in self.pmi)
        return Tilt(groups, of_cells, self.cells, lowest)


class Predictions:
    """Collects, tilt by tilt, what is predicted of their rows.

    Parameters
    ----------
    calibration : Calibration
        Source rows with their probabilities of labels.
    """

    def __init__(self, calibration: Calibration):
        self.calibration = calibration
        self.lowest: list[Array] = []
        self.accuracies: list[float] = []
        self.acceptances: list[float] = []
        self.ratios: dict[str, list[float]] = {measure: [] for measure in MEASURES}

    def add(self, coupling: Array) -> NDArray[np.int64]:
        """Take the next tilt's coupling (n, n_classes); return decisions under it."""
        decided = self.calibration.decisions(coupling)
        lowest = self.calibration.lowest(coupling, CLIPPED)
        self.lowest.append(lowest)
        self.accuracies.append(float(np.mean(decided == self.calibration.y)))
        self.acceptances.append(self.calibration.acceptance(coupling, lowest))
        for measure, ratios in self.ratios.items():
            ratios.append(self.calibration.ratio(decided, measure))
        return decided

    def curve(self, strengths: Array) -> FairnessCurve:
        """Return what was collected as a curve over the tilts' strengths."""
        return FairnessCurve(
            strengths,
            {measure: np.array(ratios) for measure, ratios in self.ratios.items()},
            np.array(self.accuracies),
            np.array(self.acceptances),
            {measure: self.calibration.differs(measure) for measure in MEASURES},
        )


def follow(
    calibration: Calibration, p_z: Sequence[Array]
) -> tuple[TiltPath, FairnessCurve]:
    """Return the tilts of all strengths, and what is predicted of their rows.

    Parameters
    ----------
    calibration : Calibration
        Source rows with their probabilities of labels.
    p_z : sequence of ndarray of shape (n, n_groups)
        Their probabilities of groups, one array a sensitive attribute.
    """
    n_classes = calibration.log_p.shape[1]
    cells = fit_group_cells(np.exp(calibration.log_p), np.hstack(p_z))
    cell = cells.assign([torch.as_tensor(p).log() for p in p_z]).numpy()
    decided = calibration.decisions(np.zeros(calibration.log_p.shape))
    pmi = tuple(
        pointwise_mutual_information(decided, z, n_classes, p.shape[1])
        for z, p in zip(calibration.z.T, p_z, strict=True)
    )
    of_groups = sum(p @ table.T for p, table in zip(p_z, pmi, strict=True))
    table = np.zeros((cells.n_cells, n_classes))
    tables, predictions = [], Predictions(calibration)
    for i, strength in enumerate(STRENGTHS):
        if strength > 1.0:
            grown = pmi_with_cells(decided, cell, n_classes, cells.n_cells)
            table = table + (strength - STRENGTHS[i - 1]) * grown
        decided = predictions.add(min(strength, 1.0) * of_groups + table[cell])
        tables.append(table)
    lowest = np.stack(predictions.lowest)
    path = TiltPath(STRENGTHS, pmi, np.stack(tables), lowest, cells)
    return path, predictions.curve(STRENGTHS)
