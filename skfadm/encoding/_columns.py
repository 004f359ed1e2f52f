"""One column of a table as a number channel, a category channel, both or neither."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ._scales import SUBSAMPLE, EmpiricalCDF, Scale, find_scale, tied

# A number is a category of its own (an atom) if it takes this share of its column, or
# is so many times as frequent as the numbers next to it, and is seen in so many rows
# that this is no accident. The most frequent are taken, at most so many.
ATOM_SHARE = 0.05
SPIKE_RATIO = 3.0
ATOM_ROWS = 20
MAX_ATOMS = 64
# Number columns of so few distinct values are categories throughout.
MAX_DISCRETE = 16
MISSING_MARKERS = {"None": None, "nan": np.nan, "NA": pd.NA, "NaT": pd.NaT}


def is_number_column(series: pd.Series) -> bool:
    """Tell whether a column holds numbers or times, as opposed to categories."""
    dtype = series.dtype
    if pd.api.types.is_object_dtype(dtype):
        kind = pd.api.types.infer_dtype(series, skipna=True)
        if kind == "integer":
            # Python integers know no bound; beyond int64 they are names, not numbers.
            numbers = series.dropna().astype(float)
            return bool((numbers.abs() < 2.0**63).all())
        return kind in ("floating", "mixed-integer-float")
    if pd.api.types.is_bool_dtype(dtype) or isinstance(dtype, pd.CategoricalDtype):
        return False
    return pd.api.types.is_numeric_dtype(dtype) or is_time(dtype)


def is_time(dtype: Any) -> bool:
    """Tell whether a dtype is a date-time (with or without zone) or a duration."""
    types = pd.api.types
    return types.is_datetime64_any_dtype(dtype) or types.is_timedelta64_dtype(dtype)


def dtype_name(dtype: Any) -> str:
    """Return a string from which pandas builds the dtype again."""
    if isinstance(dtype, pd.StringDtype) and dtype.na_value is pd.NA:
        return f"string[{dtype.storage}]"
    return str(dtype)


def missing_marker(series: pd.Series, missing: np.ndarray) -> str:
    """Name the object that marks a missing value in a column of objects."""
    if pd.api.types.is_object_dtype(series.dtype) and missing.any():
        first = series.iloc[int(missing.argmax())]
        for name, marker in MISSING_MARKERS.items():
            if first is marker:
                return name
    return "nan"


def refuse_missing(name: str) -> None:
    """Raise the error for missing values in a column that was complete in fit."""
    raise ValueError(
        f"Column {name} holds missing values, expected none: it was complete in fit."
    )


def freeze(index: pd.Index) -> dict[str, Any]:
    """Return an index as plain arrays and strings, which skops can store."""
    if isinstance(index, pd.IntervalIndex):
        left, right = freeze(index.left), freeze(index.right)
        return {"left": left, "right": right, "closed": index.closed}
    dtype = dtype_name(index.dtype)
    if isinstance(index.dtype, pd.DatetimeTZDtype):
        index = index.tz_convert(None)
    elif isinstance(index, pd.PeriodIndex):
        index = index.astype(str)
    return {"values": index.to_numpy(), "dtype": dtype}


def thaw(frozen: dict[str, Any]) -> pd.Index:
    """Return the index from which `freeze` made its argument."""
    if "left" in frozen:
        left, right = thaw(frozen["left"]), thaw(frozen["right"])
        return pd.IntervalIndex.from_arrays(left, right, closed=frozen["closed"])
    values, dtype = frozen["values"], frozen["dtype"]
    if values.dtype.kind == "M" and "," in dtype:
        return pd.DatetimeIndex(values).tz_localize("UTC").astype(dtype)
    return pd.Index(values, dtype=dtype)


def atoms_of(counts: np.ndarray) -> np.ndarray:
    """Tell which distinct values, given their counts in order, stand out as atoms."""
    padded = np.pad(counts.astype(np.float64), 2, constant_values=np.nan)
    beside = np.stack([np.roll(padded, k)[2:-2] for k in (-2, -1, 1, 2)])
    is_spike = counts >= SPIKE_RATIO * np.nanmedian(beside, axis=0)
    often = is_spike | (counts >= ATOM_SHARE * counts.sum())
    often &= counts >= ATOM_ROWS
    if often.sum() > MAX_ATOMS:
        most = np.argsort(-counts * often, kind="stable")[:MAX_ATOMS]
        often = np.isin(np.arange(len(counts)), most)
    return often


class NumberColumn:
    """A column of numbers or times.

    Atoms, missing values and "the rest" are codes of a category channel; the numbers of
    the rest are normal scores in a number channel, which is NaN in other rows.
    A channel that would carry nothing is left out.
    """

    def __init__(self, name: str, series: pd.Series, rng: np.random.Generator) -> None:
        self.name = name
        self.dtype = dtype_name(series.dtype)
        self.unit = series.dt.unit if is_time(series.dtype) else ""
        numbers, missing = self._read(series)
        self.marker = missing_marker(series, missing)
        self.has_missing = bool(missing.any())
        self.cdf: EmpiricalCDF | None = None
        self.atoms = np.empty(0)
        numbers = numbers[~missing] if self.has_missing else numbers
        self.scale: Scale | None = None
        if len(numbers):
            self.scale = find_scale(numbers)
            self._fit(self.scale.positions(numbers), rng)
        size = len(self.atoms) + self.has_number + self.has_missing
        self.category_size = size if size > 1 else 0

    def _fit(self, positions: np.ndarray, rng: np.random.Generator) -> None:
        """Find the atoms, and the distribution of the rest."""
        sample = positions
        if len(positions) > SUBSAMPLE:
            sample = rng.choice(positions, SUBSAMPLE, replace=False, shuffle=False)
        values, counts = np.unique(sample, return_counts=True)
        if tied(values, counts) and len(sample) < len(positions):
            values, counts = np.unique(positions, return_counts=True)
        if len(values) == 1 or (len(values) <= MAX_DISCRETE and tied(values, counts)):
            self.atoms = values
            return
        often = atoms_of(counts)
        if len(values) - often.sum() <= 1:
            often[:] = True
        self.atoms = values[often]
        if not often.all():
            rest = positions[~np.isin(positions, self.atoms)]
            self.cdf = EmpiricalCDF().fit(
                values[~often], counts[~often], rest.min(), rest.max()
            )

    @property
    def has_number(self) -> bool:
        """Whether the column has a number channel."""
        return self.cdf is not None

    def _read(self, series: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers (int64, uint64 or floats) and the mask of missing ones."""
        missing = series.isna().to_numpy(dtype=bool)
        dtype = series.dtype
        if is_time(dtype) and self.unit:
            if isinstance(dtype, pd.DatetimeTZDtype):
                series = series.dt.tz_convert(None)
            times = series.to_numpy()
            return times.astype(f"{times.dtype.kind}8[{self.unit}]").view("i8"), missing
        try:
            if pd.api.types.is_integer_dtype(dtype):
                unsigned = pd.api.types.is_unsigned_integer_dtype(dtype)
                exact = "uint64" if unsigned else "int64"
                return series.to_numpy(dtype=exact, na_value=0), missing
            if pd.api.types.infer_dtype(series, skipna=True) == "integer":
                return series.where(~missing, 0).to_numpy(dtype="int64"), missing
            as_is = isinstance(dtype, np.dtype) and dtype.kind == "f"
            numbers = series.to_numpy(
                dtype=dtype if as_is else "float64", na_value=np.nan
            )
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(
                f"Column {self.name} held {self.dtype} numbers in fit, "
                f"found values that are none: {error}"
            ) from error
        if np.isinf(numbers).any():
            raise ValueError(
                f"Column {self.name} holds infinite numbers, expected finite ones "
                "(NaN stands for missing)."
            )
        return numbers, missing

    def encode(
        self, series: pd.Series, rng: np.random.Generator
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Return the number channel and the category channel, None where left out."""
        numbers, missing = self._read(series)
        if not self.has_missing and missing.any():
            refuse_missing(self.name)
        if self.scale is None:
            if not missing.all():
                raise ValueError(
                    f"Column {self.name} holds numbers, expected only missing values "
                    "as in fit."
                )
            return None, None
        positions = self.scale.positions(numbers)
        codes = np.full(len(positions), len(self.atoms))
        if len(self.atoms):
            nearest = np.searchsorted((self.atoms[1:] + self.atoms[:-1]) / 2, positions)
            codes = nearest
            if self.cdf is not None:
                exact = self.atoms[nearest] == positions
                codes = np.where(exact, nearest, len(self.atoms))
        codes[missing] = self.category_size - 1
        scores = None
        if self.cdf is not None:
            rest = (codes == len(self.atoms)) & ~missing
            scores = np.full(len(positions), np.nan, dtype=np.float32)
            scores[rest] = self.cdf.encode(positions[rest], rng)
        return scores, codes if self.category_size else None

    def decode(
        self, scores: np.ndarray | None, codes: np.ndarray | None, n_rows: int
    ) -> Any:
        """Return the column as an array of its own dtype."""
        if codes is None:
            codes = np.zeros(n_rows, dtype=np.intp)
        missing = np.zeros(n_rows, dtype=bool)
        if self.has_missing:
            missing = codes == max(self.category_size - 1, 0)
        if self.scale is None:
            return self._write(np.zeros(n_rows), missing)
        # The two zeros stand in for the rest and for missing values.
        positions = np.append(self.atoms, [0.0, 0.0])[codes]
        if self.cdf is not None and scores is not None:
            rest = codes == len(self.atoms)
            if np.isnan(scores[rest]).any():
                raise ValueError(
                    f"Column {self.name} has NaN in its number channel where its code "
                    "says that there is a number, expected finite numbers there."
                )
            positions[rest] = self.cdf.decode(scores[rest])
        return self._write(self.scale.numbers(positions), missing)

    def _write(self, numbers: np.ndarray, missing: np.ndarray) -> Any:
        """Return numbers as an array of the column's dtype, with its missing marker."""
        if self.unit:
            kind = "m" if self.dtype.startswith("timedelta") else "M"
            times = numbers.astype(np.int64).view(f"{kind}8[{self.unit}]")
            times[missing] = np.array("NaT", dtype=times.dtype)
            if self.dtype.endswith("]") and "," in self.dtype:
                zoned = pd.Series(times).dt.tz_localize("UTC").astype(self.dtype)
                return zoned.array
            return times
        column: Any
        if self.dtype[0].islower() and "[" not in self.dtype:
            column = numbers.astype(self.dtype)
            if missing.any():
                column[missing] = MISSING_MARKERS[self.marker]
            return column
        column = pd.array(numbers, dtype=self.dtype)
        if missing.any():
            column[missing] = pd.NA
        return column


class CategoryColumn:
    """A column of categories: strings, booleans, pandas categories, mixed objects.

    Its category channel codes the seen values in order, then missing; a column of a
    single value has none.
    """

    has_number = False

    def __init__(self, name: str, series: pd.Series) -> None:
        self.name = name
        self.dtype = dtype_name(series.dtype)
        self.ordered = bool(getattr(series.dtype, "ordered", False))
        codes, index = self._read(series)
        seen = np.unique(codes[codes >= 0])
        if self.dtype != "category":
            # Sorted by type and text, which also orders values that do not compare.
            order = sorted(seen, key=lambda code: sort_key(index[code]))
            index, seen = index.take(order), np.arange(len(order))
        # Of a pandas category all values are kept, of which `seen` have a code.
        self.index, self.seen = freeze(index), seen
        missing = codes < 0
        self.has_missing = bool(missing.any())
        self.marker = missing_marker(series, missing)
        size = len(seen) + self.has_missing
        self.category_size = size if size > 1 else 0

    def _read(self, series: pd.Series) -> tuple[np.ndarray, pd.Index]:
        """Return a code a row, -1 where missing, and the coded values."""
        if isinstance(series.dtype, pd.CategoricalDtype):
            return series.cat.codes.to_numpy(np.intp), series.cat.categories
        try:
            codes, values = pd.factorize(series)
        except TypeError as error:
            raise TypeError(
                f"Column {self.name} holds values that cannot be categories, expected "
                f"strings, numbers or other hashable objects: {error}"
            ) from error
        return codes, pd.Index(values, dtype=series.dtype)

    def encode(
        self, series: pd.Series, rng: np.random.Generator
    ) -> tuple[None, np.ndarray | None]:
        """Return no number channel, and the category channel (None where left out)."""
        codes, index = self._read(series)
        fitted = thaw(self.index)[self.seen].astype(object)
        known = fitted.get_indexer(index.astype(object))
        seen = np.unique(codes[codes >= 0])
        unknown = seen[known[seen] < 0]
        if len(unknown):
            raise ValueError(
                f"Column {self.name} holds the unknown category "
                f"{index[unknown[0]]!r}, expected one of the {len(fitted)} values seen "
                "in fit."
            )
        missing = codes < 0
        if not self.has_missing and missing.any():
            refuse_missing(self.name)
        if not self.category_size:
            return None, None
        return None, np.append(known, self.category_size - 1)[codes]

    def decode(
        self, scores: np.ndarray | None, codes: np.ndarray | None, n_rows: int
    ) -> Any:
        """Return the column as an array of its own dtype."""
        if codes is None:
            codes = np.zeros(n_rows, dtype=np.intp)
        index = thaw(self.index)
        if self.dtype == "category":
            seen = np.append(self.seen, -1)
            dtype = pd.CategoricalDtype(index, ordered=self.ordered)
            return pd.Categorical.from_codes(seen[codes], dtype=dtype)
        if self.dtype in ("object", "bool"):
            values = np.append(index.to_numpy(), [None])
            values[-1] = MISSING_MARKERS[self.marker]
            return values[codes].astype(self.dtype)
        missing = codes == len(index)
        return index.array.take(np.where(missing, -1, codes), allow_fill=True)


def sort_key(value: Any) -> tuple[str, str]:
    """Order values of any type."""
    return type(value).__name__, str(value)
