"""What the trained classifiers say of the source rows: pmi, cells, predicted ratios."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ._group_cells import fit_group_cells
from ._table_generator import EncodedTable
from .diffusion.fair_control import FairControl, GroupCells
from .diffusion.training import Objective, classify
from .fair_control import (
    MAX_CALIBRATION_ROWS,
    Calibration,
    FairnessCurve,
    pointwise_mutual_information,
)

#: Rows that are classified at a time: with many categories they are wide.
CHUNK = 8192


def calibrate(
    networks: Objective, table: EncodedTable, seed: int
) -> tuple[list[NDArray[np.float64]], GroupCells | None, FairnessCurve | None]:
    """Return the tables of pmi, the cells and what classifiers predict on source rows.

    The pmi is that of groups and the labels that are decided for, not those that are
    given, because decisions are what shall be fair: where labels and groups are
    independent, decisions need not be.
    """
    if networks.z is None:
        return [], None, None
    rng = np.random.default_rng(seed)
    index = rng.permutation(len(table.rows))[:MAX_CALIBRATION_ROWS]
    log_p_y, log_p_z = _classify(networks, table.rows[index], rng)
    decided, z = log_p_y.argmax(1), table.groups[index]
    tables = [
        pointwise_mutual_information(decided, column, log_p_y.shape[1], n_groups)
        for column, n_groups in zip(z.T, table.n_groups, strict=True)
    ]
    cells = fit_group_cells(np.exp(log_p_y), np.exp(np.hstack(log_p_z)))
    tilt = FairControl(networks.z, tuple(map(torch.as_tensor, tables)), 1.0, cells)
    coupling = tilt.excess([torch.as_tensor(p) for p in log_p_z]).numpy()
    calibration = Calibration(
        log_p_y, coupling, table.labels[index], z, table.domains[index]
    )
    return tables, cells, calibration.curve()


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
