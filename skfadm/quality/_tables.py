"""Tables of any kind -> float matrices that share columns and category codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import issparse

MIN_ROWS = 10
_NUMBER_LIKE = frozenset({"integer", "floating", "mixed-integer-float", "decimal"})

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tables:
    """Tables over the same columns, as floats.

    Parameters
    ----------
    columns : tuple of str
        Names of the columns.
    is_category : ndarray of bool, shape (n_columns,)
        Which columns hold categories.
    is_time : ndarray of bool, shape (n_columns,)
        Which columns hold dates, as seconds since 1970.
    categories : mapping of column position to list
        The categories in the order of their codes, over all tables.
    values : mapping of str to ndarray, shape (n_rows, n_columns), float64
        Each table: numbers as they are, categories as codes, missing values as NaN.
    """

    columns: tuple[str, ...]
    is_category: NDArray[np.bool_]
    is_time: NDArray[np.bool_]
    categories: Mapping[int, list[Any]]
    values: Mapping[str, Matrix]


def read_tables(
    tables: Mapping[str, Any], categorical_features: Sequence[Any] | None = None
) -> Tables:
    """Check tables against the first one and bring all of them into one coding.

    Parameters
    ----------
    tables : mapping of argument name to DataFrame or array, shape (n_rows, n_columns)
        The first is the real table; it decides what is a number (numeric and
        datetime dtypes) and what is a category (everything else).
    categorical_features : sequence of column names or positions, default=None
        Further columns that hold categories, coded as numbers.

    Returns
    -------
    Tables

    Raises
    ------
    ValueError
        If a table is empty or too small, columns differ, or a value is infinite.
    TypeError
        If a table is no table, or a column holds text where the first has numbers.
    """
    frames = {name: as_frame(name, table) for name, table in tables.items()}
    first, real = next(iter(frames.items()))
    for name, frame in frames.items():
        frames[name] = _match_columns(first, real, name, frame)
    is_category = np.array([not _holds_numbers(real[c]) for c in real.columns])
    is_category[_positions(categorical_features, list(real.columns))] = True

    values = {name: np.empty(frame.shape) for name, frame in frames.items()}
    categories: dict[int, list[Any]] = {}
    for j, column in enumerate(real.columns):
        parts = {name: frame[column] for name, frame in frames.items()}
        if is_category[j]:
            codes, categories[j] = _codes(first, str(column), parts)
        else:
            codes = {name: _numbers(name, part) for name, part in parts.items()}
        for name in frames:
            values[name][:, j] = codes[name]
    columns = tuple(str(c) for c in real.columns)
    is_time = np.array(
        [pd.api.types.is_datetime64_any_dtype(real[c].dtype) for c in real.columns]
    )
    return Tables(columns, is_category, is_time & ~is_category, categories, values)


def as_frame(name: str, table: Any) -> pd.DataFrame:
    """Return a table as a DataFrame with rows numbered from 0; refuse what is none."""
    if isinstance(table, pd.DataFrame):
        frame = table
    elif issparse(table):
        raise TypeError(f"{name} must be a dense table, got a sparse matrix.")
    else:
        array = np.asarray(table)
        if array.ndim != 2:
            raise ValueError(
                f"{name} must be a table of two dimensions, got an array of shape "
                f"{array.shape}."
            )
        frame = pd.DataFrame(array, columns=[f"x{j}" for j in range(array.shape[1])])
    if frame.columns.has_duplicates:
        twice = frame.columns[frame.columns.duplicated()].unique().tolist()
        raise ValueError(
            f"{name} must have distinct column names, found {twice} twice."
        )
    if frame.shape[1] == 0 or len(frame) < MIN_ROWS:
        raise ValueError(
            f"{name} must have at least {MIN_ROWS} rows and 1 column, got shape "
            f"{frame.shape}."
        )
    return frame.reset_index(drop=True)


def _match_columns(
    first: str, real: pd.DataFrame, name: str, frame: pd.DataFrame
) -> pd.DataFrame:
    """Bring `frame` into the columns of `real`, by name."""
    missing = [c for c in real.columns if c not in frame.columns]
    extra = [c for c in frame.columns if c not in real.columns]
    if missing or extra:
        raise ValueError(
            f"{name} must have the columns of {first}: missing {missing}, "
            f"not in {first} {extra}."
        )
    return frame[list(real.columns)]


def _positions(wanted: Sequence[Any] | None, columns: list[Any]) -> list[int]:
    if wanted is None:
        return []
    if isinstance(wanted, str) or not isinstance(wanted, Iterable):
        raise TypeError(
            "categorical_features must be a list of column names or positions, got "
            f"{wanted!r}."
        )
    positions = []
    for item in wanted:
        if item in columns:
            positions.append(columns.index(item))
        elif isinstance(item, (int, np.integer)) and 0 <= item < len(columns):
            positions.append(int(item))
        else:
            raise ValueError(
                f"categorical_features must name columns of the tables, got {item!r}; "
                f"the columns are {columns}."
            )
    return positions


def _is_time(series: pd.Series) -> bool:
    return pd.api.types.is_datetime64_any_dtype(
        series.dtype
    ) or pd.api.types.is_timedelta64_dtype(series.dtype)


def _holds_numbers(series: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(series.dtype):
        return False
    if pd.api.types.is_numeric_dtype(series.dtype) or _is_time(series):
        return True
    if series.dtype != object:
        return False
    return pd.api.types.infer_dtype(series, skipna=True) in _NUMBER_LIKE


def _numbers(name: str, series: pd.Series) -> Matrix:
    """Return the float64 values of a column, missing ones as NaN, times in seconds."""
    all_missing = bool(series.isna().all())
    is_bool = pd.api.types.is_bool_dtype(series.dtype)
    if not (all_missing or is_bool or _holds_numbers(series)):
        raise TypeError(
            f"{name} must hold numbers in column {series.name!r}, as the real table "
            f"does; got dtype {series.dtype} with values such as "
            f"{series.dropna().iloc[0]!r}."
        )
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        naive = series.dt.tz_convert(None) if series.dt.tz is not None else series
        series = naive - pd.Timestamp(0)
    if pd.api.types.is_timedelta64_dtype(series.dtype):
        series = series.dt.total_seconds()
    numbers: Matrix = series.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(numbers).any():
        raise ValueError(
            f"{name} must hold finite numbers, column {series.name!r} has an infinity."
        )
    return numbers


def _codes(
    first: str, column: str, parts: Mapping[str, pd.Series]
) -> tuple[dict[str, Matrix], list[Any]]:
    """Code the categories of all tables by their sorted order; missing is NaN."""
    columns = {name: part.astype(object) for name, part in parts.items()}
    _check_same_type(first, column, columns)
    together = pd.concat(list(columns.values()), ignore_index=True)
    codes, found = pd.factorize(together)
    try:
        order = sorted(range(len(found)), key=lambda i: found[i])
    except TypeError:  # categories of several types have no order of their own
        order = sorted(range(len(found)), key=lambda i: str(found[i]))
    rank = np.full(len(found) + 1, np.nan)  # the last place: factorize's -1, missing
    rank[order] = np.arange(len(found))
    splits = np.cumsum([len(part) for part in columns.values()])[:-1]
    coded = np.split(rank[codes], splits)
    return dict(zip(columns, coded, strict=True)), [found[i] for i in order]


def _check_same_type(first: str, column: str, columns: Mapping[str, pd.Series]) -> None:
    """Refuse "1" against 1: no category would match, and the figures would mislead."""
    is_text = {}
    for name, part in columns.items():
        present = part.dropna()
        if len(present):
            is_text[name] = {isinstance(v, str) for v in present.unique()}
    expected = is_text.get(first)
    for name, found in is_text.items():
        if expected is not None and expected.isdisjoint(found):
            kinds = ("text", "no text") if True in expected else ("no text", "text")
            raise TypeError(
                f"{name} must hold categories of the type of {first} in column "
                f"{column!r}: {first} holds {kinds[0]}, {name} {kinds[1]}."
            )
