"""Columns side by side in a compact array: number channels, then category channels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ._fitting import Column
from ._tables import iterate

#: Rows of a column that are encoded at a time: what float64 arrays this takes on the
#: way is then small beside the table, and stays in the processor's cache.
BLOCK = 1 << 16


def encode_columns(
    columns: Sequence[Column], table: Any, rng: np.random.Generator
) -> np.ndarray:
    """Return the compact array of a table, float32."""
    n_codes = sum(bool(column.category_size) for column in columns)
    width = sum(column.has_number for column in columns) + n_codes
    encoded = np.empty((len(table), width), dtype=np.float32)
    placed = zip(_places(columns), iterate(table), strict=True)
    for (column, number, code), (_, series) in placed:
        for start in range(0, len(table), BLOCK):
            rows = slice(start, start + BLOCK)
            scores, codes = column.encode(series.iloc[rows], rng)
            if scores is not None:
                encoded[rows, number] = scores
            if codes is not None:
                encoded[rows, code] = codes
    return encoded


def decode_columns(
    columns: Sequence[Column], encoded: np.ndarray, rows: np.ndarray, seed: int
) -> list[Any]:
    """Return each column of a compact array as an array of its own dtype."""
    arrays: list[Any] = []
    for column, number, code in _places(columns):
        scores = encoded[:, number] if column.has_number else None
        codes = None
        if column.category_size:
            codes = _check_codes(encoded[:, code], column.name, column.category_size)
        arrays.append(column.decode(scores, codes, rows, seed + len(arrays)))
    return arrays


def _places(columns: Sequence[Column]) -> Iterator[tuple[Column, int, int]]:
    """Yield each column with the places of its channels, those that it has."""
    number, code = 0, sum(column.has_number for column in columns)
    for column in columns:
        yield column, number, code
        number += column.has_number
        code += bool(column.category_size)


def _check_codes(codes: np.ndarray, name: str, size: int) -> np.ndarray:
    """Return the codes of a category channel as integers, if that is what they are."""
    whole = codes.astype(np.intp)
    if (whole != codes).any() or whole.min() < 0 or whole.max() >= size:
        raise ValueError(
            f"The category channel of column {name} holds values that are no codes, "
            f"expected integers in [0, {size - 1}]."
        )
    return whole
