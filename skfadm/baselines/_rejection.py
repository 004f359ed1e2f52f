"""Rows of the labels asked for, from a model that draws labels at random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Rows are drawn up to so many times what the labels' shares in training ask for.
PATIENCE = 20

#: Returns the i-th block of rows, whose last column holds label codes.
DrawBlock = Callable[[int], NDArray[np.float32]]


def first_rows(draw: DrawBlock, n_rows: int) -> NDArray[np.float32]:
    """Return the first rows of a stream of blocks, shape (n_rows, n_columns)."""
    parts: list[NDArray[np.float32]] = []
    while sum(map(len, parts)) < n_rows:
        parts.append(draw(len(parts)))
    return np.concatenate(parts)[:n_rows]


def rows_with_labels(
    draw: DrawBlock,
    codes: NDArray[np.int64],
    classes: NDArray[Any],
    prior: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Return one row for each label code: the first ones that have it, in order.

    RuntimeError if there are not enough of a label in `PATIENCE` times as many rows as
    its share in training, which `prior` has, asks for.
    """
    wanted = np.bincount(codes, minlength=len(classes))
    limits = np.ceil(PATIENCE * wanted / prior)
    counts = np.zeros_like(wanted)
    kept: list[NDArray[np.float32]] = []
    n_drawn = n_blocks = 0
    while (counts < wanted).any():
        given_up = np.flatnonzero((counts < wanted) & (limits <= n_drawn))
        if len(given_up):
            c = given_up[0]
            raise RuntimeError(
                f"y asks for {wanted[c]} rows of label {classes.tolist()[c]!r}, but "
                f"only {counts[c]} of {n_drawn} generated rows have it: a share of "
                f"{counts[c] / n_drawn:.2g}, where training has {prior[c]:.2g}. This "
                "model draws labels at random and cannot be steered; train it for "
                "longer, or ask for fewer rows or another label."
            )
        block = draw(n_blocks)
        labels = block[:, -1].astype(np.int64)
        n_blocks, n_drawn = n_blocks + 1, n_drawn + len(block)
        counts += np.bincount(labels, minlength=len(classes))
        kept.append(block[wanted[labels] > 0])
    pool = np.concatenate(kept)
    rows = np.empty((len(codes), pool.shape[1]), dtype=np.float32)
    for c in np.flatnonzero(wanted):
        rows[codes == c] = pool[pool[:, -1] == c][: wanted[c]]
    return rows
