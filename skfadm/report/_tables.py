"""Tables of any kind -> float matrices that share columns and category codes."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import issparse

from .._containers import to_pandas
from ..encoding._identifiers import rare_words
from ..encoding._kinds import amounts, kind_of, kind_of_dtype, origin_of, plain

MIN_ROWS = 10
#: Detectors may compute in single precision, where larger numbers are infinite.
_LARGEST = 1e30

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tables:
    """Tables over the same columns, as floats.

    Numbers are as they are, dates seconds since 1970, categories codes and missing
    values NaN. Integers too large for floats are counted from the smallest real one,
    and numbers too large to be squared are divided by the largest; the name of the
    column then tells.
    """

    #: Names of the columns, and which hold categories or dates.
    columns: tuple[str, ...]
    is_category: NDArray[np.bool_]
    is_time: NDArray[np.bool_]
    #: By position of the column, in the order of their codes over all tables.
    categories: Mapping[int, list[Any]]
    #: Each table, shape (n_rows, n_columns).
    values: Mapping[str, Matrix]


def read_tables(
    tables: Mapping[str, Any], categorical_features: Sequence[Any] | None = None
) -> Tables:
    """Check tables against the first one and bring all of them into one coding.

    The first, by name of the argument, is the real table; it decides what is a number
    (also times and durations) and what is a category (everything else).
    """
    frames = {name: as_frame(name, table) for name, table in tables.items()}
    first, real = next(iter(frames.items()))
    for name, frame in frames.items():
        frames[name] = _match_columns(first, real, name, frame)
    forced = _positions(categorical_features, list(real.columns))
    found = (
        _column(
            first, str(label), {k: f[label] for k, f in frames.items()}, j in forced
        )
        for j, label in enumerate(real.columns)
    )
    columns = [column for column in found if column is not None]
    if not columns:
        raise ValueError(f"{first} must hold a column that is no identifier.")
    return Tables(
        columns=tuple(c.name for c in columns),
        is_category=np.array([c.kind == "words" for c in columns]),
        is_time=np.array([c.kind == "time" for c in columns]),
        categories={
            j: c.categories for j, c in enumerate(columns) if c.kind == "words"
        },
        values={
            name: np.column_stack([c.values[name] for c in columns]) for name in frames
        },
    )


@dataclass(frozen=True, eq=False)
class _Column:
    name: str
    kind: str
    values: Mapping[str, Matrix]
    categories: list[Any]


def _column(
    first: str, name: str, parts: Mapping[str, pd.Series], is_category: bool
) -> _Column | None:
    """Return a column of all tables as floats; None if it holds identifiers alone."""
    plains = {table: plain(part) for table, part in parts.items()}
    real = plains[first]
    kind = kind_of_dtype(real.dtype) or kind_of(real)
    if is_category or kind in ("boolean", "words", "nothing"):
        words = parts if is_category else _without_identifiers(first, name, parts)
        if words is None:
            return None
        return _Column(name, "words", *_codes(first, name, words))
    origin = origin_of(real) if kind == "number" else 0
    values = {t: _numbers(t, name, kind, part, origin) for t, part in plains.items()}
    if origin:
        name = f"{name} - {origin}"
    largest = max(
        np.abs(part).max(initial=0.0, where=part == part) for part in values.values()
    )
    if largest > _LARGEST:
        values = {table: part / largest for table, part in values.items()}
        name = f"{name} / {largest:.3g}"
    return _Column(name, kind, values, [])


def _without_identifiers(
    first: str, name: str, parts: Mapping[str, pd.Series]
) -> Mapping[str, pd.Series] | None:
    """Put one word for all identifiers; None where there are no others."""
    words = {table: _hashable(part) for table, part in parts.items()}
    codes, found = pd.factorize(words[first])
    is_rare = rare_words(np.bincount(codes[codes >= 0], minlength=len(found)))
    if not is_rare.any():
        return words
    copied = "; ".join(
        f"{part.isin(found[is_rare]).mean():.1%} of {table} repeat them"
        for table, part in words.items()
        if table != first
    )
    warnings.warn(
        f"Column {name!r} holds {is_rare.sum()} words that are rare, such as "
        f"identifiers or free text, which are not compared ({copied}).",
        UserWarning,
        stacklevel=5,
    )
    if is_rare.all():
        return None
    known = found[~is_rare]
    return {
        table: part.where(part.isin(known) | part.isna(), "(rare)")
        for table, part in words.items()
    }


def _hashable(series: pd.Series) -> pd.Series:
    words = series.astype(object)
    try:
        pd.factorize(words)
    except TypeError:
        return words.map(repr, na_action="ignore")
    return words


def as_frame(name: str, table: Any) -> pd.DataFrame:
    """Return a table as a DataFrame with rows numbered from 0; refuse what is none."""
    table = to_pandas(name, table)
    if isinstance(table, pd.DataFrame):
        frame = table
    elif issparse(table):
        raise TypeError(f"{name} must be a dense table, got a sparse matrix.")
    elif isinstance(table, tuple | dict):
        raise TypeError(
            f"{name} must be a DataFrame, an array or a tuple of a table and its "
            f"labels, got a {type(table).__name__} of {len(table)}."
        )
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
    places = {j: j for j in range(len(columns))} | {c: j for j, c in enumerate(columns)}
    for item in wanted:
        if item not in places:
            raise ValueError(
                f"categorical_features must name columns of the tables, got {item!r}; "
                f"the columns are {columns}."
            )
    return [places[item] for item in wanted]


def _numbers(
    table: str, name: str, kind: str, series: pd.Series, origin: int
) -> Matrix:
    """Return the float64 values of a column, missing ones as NaN, times in seconds."""
    found = kind_of(series)
    if found not in (kind, "nothing") and (found, kind) != ("boolean", "number"):
        raise TypeError(
            f"{table} must hold {kind}s in column {name!r}, as the real table does; "
            f"got dtype {series.dtype} with values such as "
            f"{series.dropna().iloc[0]!r}."
        )
    if pd.api.types.is_complex_dtype(series.dtype):
        raise TypeError(
            f"{table} must hold real numbers, column {name!r} has complex ones."
        )
    numbers = amounts(series, kind, origin)
    if np.isinf(numbers).any():
        raise ValueError(
            f"{table} must hold finite numbers, column {name!r} has an infinity."
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
    is_text = {
        name: {isinstance(value, str) for value in part.dropna().unique()}
        for name, part in columns.items()
    }
    kinds = ("text", "no text") if True in is_text[first] else ("no text", "text")
    for name, found in is_text.items():
        if found and is_text[first] and found.isdisjoint(is_text[first]):
            raise TypeError(
                f"{name} must hold categories of the type of {first} in column "
                f"{column!r}: {first} holds {kinds[0]}, {name} {kinds[1]}."
            )
