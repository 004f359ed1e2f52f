"""Tables of any kind -> float matrices that share columns and category codes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
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
    #: Of each column, in the order of their codes over all tables; none of numbers.
    categories: list[list[Any]]
    #: Each table, shape (n_rows, n_columns).
    values: Mapping[str, Matrix]


def read_tables(frames: Mapping[str, pd.DataFrame], label: str | None) -> Tables:
    """Check tables against "real", the first, and bring all of them into one coding.

    The real table decides what is a number (also times and durations) and what is a
    category (everything else, and the label). Columns of identifiers alone are left
    out.
    """
    columns = list(frames["real"].columns)
    for name, frame in frames.items():
        missing = [c for c in columns if c not in frame]
        extra = [c for c in frame if c not in columns]
        if missing or extra:
            raise ValueError(
                f"{name} must have the columns of real: missing {missing}, not in real "
                f"{extra}."
            )
    found = []
    for column in columns:
        parts = {name: frame[column] for name, frame in frames.items()}
        real = plain(parts["real"])
        kind = kind_of_dtype(real.dtype) or kind_of(real)
        if column == label or kind in ("boolean", "words", "nothing"):
            coded = _codes(str(column), parts, hide_rare=column != label)
            if coded is not None:
                found.append((str(column), "words", *coded))
        else:
            found.append(_numbers(str(column), kind, parts))
    if not found:
        raise ValueError("real must hold a column that is no identifier.")
    names, kinds, values, categories = zip(*found, strict=True)
    return Tables(
        columns=names,
        is_category=np.array([kind == "words" for kind in kinds]),
        is_time=np.array([kind == "time" for kind in kinds]),
        categories=list(categories),
        values={name: np.column_stack([v[name] for v in values]) for name in frames},
    )


def as_frame(name: str, table: Any) -> pd.DataFrame:
    """Return a table as a DataFrame with rows numbered from 0; refuse what is none."""
    table = to_pandas(name, table)
    if isinstance(table, pd.DataFrame):
        frame = table
    elif issparse(table):
        raise TypeError(f"{name} must be a dense table, got a sparse matrix.")
    elif isinstance(table, tuple | dict):
        raise TypeError(
            f"{name} must be a DataFrame or an array, got a {type(table).__name__}."
        )
    else:
        array = np.asarray(table)
        if array.ndim != 2:
            raise ValueError(
                f"{name} must be a table of two dimensions, got an array of shape "
                f"{array.shape}."
            )
        frame = pd.DataFrame(array).add_prefix("x")
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


def _numbers(
    name: str, kind: str, parts: Mapping[str, pd.Series]
) -> tuple[str, str, dict[str, Matrix], list[Any]]:
    """Return name, kind and values of a column of numbers, times or durations."""
    plains = {table: plain(part) for table, part in parts.items()}
    origin = origin_of(plains["real"]) if kind == "number" else 0
    values = {}
    for table, series in plains.items():
        found = kind_of(series)
        if found not in (kind, "nothing") and (found, kind) != ("boolean", "number"):
            raise TypeError(
                f"{table} must hold {kind}s in column {name!r}, as the real table "
                f"does; got dtype {series.dtype} with values such as "
                f"{series.dropna().iloc[0]!r}."
            )
        if pd.api.types.is_complex_dtype(series.dtype):
            raise TypeError(
                f"{table} must hold real numbers, column {name!r} has complex ones."
            )
        values[table] = amounts(series, kind, origin)
        if np.isinf(values[table]).any():
            raise ValueError(
                f"{table} must hold finite numbers, column {name!r} has an infinity."
            )
    if origin:
        name = f"{name} - {origin}"
    largest = max(np.nanmax(np.abs(part), initial=0.0) for part in values.values())
    if largest > _LARGEST:
        values = {table: part / largest for table, part in values.items()}
        name = f"{name} / {largest:.3g}"
    return name, kind, values, []


def _codes(
    name: str, parts: Mapping[str, pd.Series], *, hide_rare: bool
) -> tuple[dict[str, Matrix], list[Any]] | None:
    """Return codes of categories, missing ones as NaN, and the sorted categories.

    With `hide_rare`, identifiers and free text become one category; None if there are
    no others.
    """
    together = pd.concat([part.astype(object) for part in parts.values()])
    try:
        codes, found = pd.factorize(together, sort=True)
    except TypeError:  # what cannot be hashed, or has no order
        codes, found = pd.factorize(together.map(repr, na_action="ignore"), sort=True)
    ends = np.cumsum([len(part) for part in parts.values()])[:-1]
    split = dict(zip(parts, np.split(codes, ends), strict=True))
    counts = {t: np.bincount(c[c >= 0], minlength=len(found)) for t, c in split.items()}
    _check_same_type(name, counts, np.array([isinstance(v, str) for v in found], bool))
    is_rare = rare_words(counts["real"]) if hide_rare else np.zeros(len(found), bool)
    categories = found.tolist()
    if is_rare.any():
        copied = "; ".join(
            f"{n[is_rare].sum() / len(split[table]):.1%} of {table} repeat them"
            for table, n in counts.items()
            if table != "real"
        )
        warnings.warn(
            f"Column {name!r} holds {is_rare.sum()} words that are rare, such as "
            f"identifiers or free text, which are not compared ({copied}).",
            UserWarning,
            stacklevel=4,
        )
        is_known = (counts["real"] > 0) & ~is_rare
        if not is_known.any():
            return None
        categories = [*found[is_known].tolist(), "(rare)"]
        place = np.where(is_known, np.cumsum(is_known) - 1, is_known.sum())
        split = {t: np.where(c < 0, c, place[c]) for t, c in split.items()}
    return {t: np.where(c < 0, np.nan, c) for t, c in split.items()}, categories


def _check_same_type(
    name: str, counts: Mapping[str, NDArray[Any]], is_text: NDArray[np.bool_]
) -> None:
    """Refuse "1" against 1: no category would match, and the figures would mislead."""
    types = {table: set(is_text[n > 0].tolist()) for table, n in counts.items()}
    kinds = ("text", "no text") if True in types["real"] else ("no text", "text")
    for table, found in types.items():
        if found and types["real"] and found.isdisjoint(types["real"]):
            raise TypeError(
                f"{table} must hold categories of the type of real in column "
                f"{name!r}: real holds {kinds[0]}, {table} {kinds[1]}."
            )
