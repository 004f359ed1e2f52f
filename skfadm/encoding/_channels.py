"""Columns side by side in a compact array: number channels, then category channels."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ._categories import CategoryColumn
from ._columns import NumberColumn
from ._dtypes import UnnamedDtypeError
from ._formats import find_format
from ._identifiers import RULES
from ._tables import iterate

Column = NumberColumn | CategoryColumn

#: A column can be in so many groups of the least size, at least.
MIN_GROUPS = 5
#: Rows of a column that are encoded at a time: what float64 arrays this takes on the
#: way is then small beside the table, and stays in the processor's cache.
BLOCK = 1 << 16


def fit_columns(
    table: Any, identifiers: str | dict, min_frequency: int, rng: np.random.Generator
) -> list[Column]:
    """Fit each column of a checked table, with errors as those of `TabularEncoder`.

    `rng` picks the words that patterns of very many are read from.
    """
    # Of a small table less is asked for, or nothing would be left.
    minimum = max(1, min(min_frequency, len(table) // MIN_GROUPS))
    columns: list[Column] = []
    rules = _rules(table, identifiers)
    for (name, series), (rule, is_named) in zip(iterate(table), rules, strict=True):
        try:
            form = find_format(name, series)
            if form is not None:
                columns.append(NumberColumn(name, series, form, minimum))
                continue
            words = CategoryColumn(name, series, rule, is_named, rng, minimum)
        except UnnamedDtypeError as error:
            raise ValueError(
                f"Column {name} is of the dtype {error}, which cannot be stored by "
                "name, expected another, such as one of a zone of the IANA: convert "
                "it, for example by .dt.tz_convert('UTC')."
            ) from None
        columns.append(words)
        if words.note and not is_named:
            warnings.warn(words.note, UserWarning, stacklevel=4)
    return columns


def _rules(table: Any, identifiers: str | dict) -> list[tuple[str, bool]]:
    """Return the rule for each column, and whether it is for all of its words."""
    is_frame = isinstance(table, pd.DataFrame)
    labels = list(table.columns if is_frame else range(table.shape[1]))
    if not isinstance(identifiers, dict):
        rules = [(identifiers, False)] * len(labels)
    else:
        for label, rule in identifiers.items():
            if label not in labels or rule not in RULES:
                raise ValueError(
                    "identifiers must map columns of X to one of "
                    f"{sorted(RULES)}, got {label!r}: {rule!r}."
                )
        rules = [(identifiers.get(x, "synthetic"), x in identifiers) for x in labels]
    if not is_frame and table.dtype.kind in "US" and ("missing" in dict(rules)):
        raise ValueError(
            f"identifiers is 'missing' but an array of {table.dtype} cannot hold "
            "missing values; expected a DataFrame or an array of objects."
        )
    return rules


def encode_columns(
    columns: Sequence[Column], table: Any, rng: np.random.Generator
) -> np.ndarray:
    """Return the compact array of a table, float32."""
    n_codes = sum(bool(column.category_size) for column in columns)
    width = sum(column.has_number for column in columns) + n_codes
    encoded = np.empty((len(table), width), dtype=np.float32)
    placed = zip(places(columns), iterate(table), strict=True)
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
    for column, number, code in places(columns):
        scores = encoded[:, number] if column.has_number else None
        codes = np.zeros(len(rows), dtype=np.intp)
        if column.category_size:
            codes = _check_codes(encoded[:, code], column.name, column.category_size)
        arrays.append(column.decode(scores, codes, rows, seed + len(arrays)))
    return arrays


def places(columns: Sequence[Column]) -> Iterator[tuple[Column, int, int]]:
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
