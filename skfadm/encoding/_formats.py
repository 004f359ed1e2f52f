"""How columns of numbers and times are read as numbers, and written as they came."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

import numpy as np
import pandas as pd

from ._dtypes import dress, freeze_dtype, thaw_dtype
from ._kinds import kind_of, kind_of_dtype, plain, unboxed, wall_clock

#: Objects that mark a missing value, by name.
MISSING_MARKERS = {"None": None, "nan": np.nan, "NA": pd.NA, "NaT": pd.NaT}
#: Types of objects that are times.
_TIMES = frozenset({"date", "datetime", "Timestamp", "time", "timedelta", "Timedelta"})
# The context of the thread may round to fewer digits.
_EXACT = Context(prec=60)


def find_format(name: str, series: pd.Series) -> Format | None:
    """Return the format of a column of numbers or times, None for one of categories.

    What nobody reads from a file or a database is refused, with what to convert.
    """
    if pd.api.types.infer_dtype(series, skipna=True) == "period":
        raise ValueError(
            f"Column {name} holds periods, expected times: convert them by "
            ".dt.to_timestamp()."
        )
    column = plain(series)
    kind = kind_of_dtype(column.dtype) or kind_of(column)
    if kind == "number":
        if pd.api.types.is_complex_dtype(column.dtype):
            raise ValueError(f"Complex data not supported, found in column {name}.")
        if column.dtype != object:
            return NumberFormat(name, series)
        found = pd.api.types.infer_dtype(column, skipna=True)
        if found == "decimal":
            return DecimalFormat(name, series)
        if found == "integer" and not _are_plain(column.dropna()):
            return None  # members of an enumeration come back as such
        # Python's integers know no bound; beyond int64 they are words.
        is_small = found != "integer" or column.dropna().abs().max() < 2**63
        is_one = found in ("integer", "floating", "mixed-integer-float")
        return NumberFormat(name, series) if is_one and is_small else None
    if kind not in ("time", "duration"):
        return None
    is_object = unboxed(series).dtype == object
    return (TimeObjectFormat if is_object else TimeFormat)(name, series)


def _are_plain(integers: pd.Series) -> bool:
    return all(type(v) is int or isinstance(v, np.integer) for v in integers)


def missing_marker(series: pd.Series) -> str:
    """Name the object that marks a missing value in a column of objects."""
    if series.dtype == object:
        missing = series[series.isna()]
        for name, marker in MISSING_MARKERS.items():
            if len(missing) and missing.iloc[0] is marker:
                return name
    return "nan"


def object_array(values: Any) -> np.ndarray:
    """Return values as an array of objects, whatever they are."""
    values = list(values)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


class Format:
    """Base class: how a column is read as numbers."""

    #: What it holds, in errors.
    what = "numbers"

    def __init__(self, name: str, series: pd.Series) -> None:
        column = plain(series)
        self.name = name
        self.kind = kind_of_dtype(column.dtype) or kind_of(column)
        self.dtype = freeze_dtype(series.dtype)
        self.plain_dtype = freeze_dtype(column.dtype)
        self.label = str(series.dtype)
        self.marker = missing_marker(series)

    def read(self, series: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers (int64, uint64 or floats) and the mask of missing ones."""
        column = plain(series)
        missing = column.isna().to_numpy(dtype=bool)
        if missing.all():
            return np.zeros(len(column), dtype=np.int64), missing
        found = kind_of_dtype(column.dtype) or kind_of(column)
        try:
            if found != self.kind and (found, self.kind) != ("boolean", "number"):
                raise TypeError(repr(column[~missing].iloc[0]))
            return self._read(column, missing), missing
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(
                f"Column {self.name} held {self.label} {self.what} in fit, "
                f"found values that are none: {error}"
            ) from error

    def write(self, numbers: np.ndarray, missing: np.ndarray) -> Any:
        """Return numbers as an array of the column's dtype, with its missing marker."""
        values = self._write(numbers)
        if missing.any():
            is_object = values.dtype == object
            values = values.copy()  # what an index holds cannot be written to
            values[missing] = MISSING_MARKERS[self.marker] if is_object else None
        return dress(values, self.dtype)

    def _read(self, column: pd.Series, missing: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _write(self, numbers: np.ndarray) -> Any:
        raise NotImplementedError


class NumberFormat(Format):
    """Integers and floats: of NumPy, nullable, of Arrow, sparse or objects."""

    def _read(self, column: pd.Series, missing: np.ndarray) -> np.ndarray:
        dtype = column.dtype
        if pd.api.types.is_integer_dtype(dtype):
            unsigned = pd.api.types.is_unsigned_integer_dtype(dtype)
            exact = "uint64" if unsigned else "int64"
            return column.to_numpy(dtype=exact, na_value=0)
        if pd.api.types.infer_dtype(column, skipna=True) == "integer":
            return column.where(~missing, 0).to_numpy(dtype="int64")
        as_is = isinstance(dtype, np.dtype) and dtype.kind == "f"
        return column.to_numpy(dtype=dtype if as_is else "float64", na_value=np.nan)

    def _write(self, numbers: np.ndarray) -> Any:
        dtype = thaw_dtype(self.plain_dtype)
        if isinstance(dtype, np.dtype):
            return numbers.astype(dtype)
        return pd.array(numbers, dtype=dtype)


class DecimalFormat(Format):
    """Decimals with a fixed number of places, as integers of the last place."""

    what = "decimals"

    def __init__(self, name: str, series: pd.Series) -> None:
        super().__init__(name, series)
        exponents = [value.as_tuple().exponent for value in plain(series).dropna()]
        finite = [e for e in exponents if isinstance(e, int)]
        if len(finite) < len(exponents):
            refuse_infinite(name)
        self.places = max(0, -min(finite))
        try:
            self.read(series)
        except ValueError as error:
            raise ValueError(
                f"Column {name} holds decimals of more than 18 digits ({self.places} "
                "behind the point), expected fewer: round them, or make them floats."
            ) from error

    def _read(self, column: pd.Series, missing: np.ndarray) -> np.ndarray:
        numbers = np.zeros(len(column), dtype=np.int64)
        numbers[~missing] = [
            int(Decimal(str(value)).scaleb(self.places, _EXACT).to_integral_value())
            for value in column[~missing]
        ]
        return numbers

    def _write(self, numbers: np.ndarray) -> Any:
        return object_array(
            Decimal(int(n)).scaleb(-self.places, _EXACT) for n in numbers
        )


class TimeFormat(Format):
    """`datetime64` and `timedelta64`, also of Arrow, as integers of their unit.

    Times with a zone are what the clock on the wall shows, so that midnights stay
    midnights in summer. A time that the clock skips becomes the next that it shows; one
    that it shows twice is the first of the two.
    """

    what = "times"

    def __init__(self, name: str, series: pd.Series) -> None:
        super().__init__(name, series)
        column = plain(series)
        self.unit = column.dt.unit
        self.is_zoned = isinstance(column.dtype, pd.DatetimeTZDtype)

    def _zone(self) -> Any:
        return thaw_dtype(self.plain_dtype).tz if self.is_zoned else None

    def _read(self, column: pd.Series, missing: np.ndarray) -> np.ndarray:
        is_time = self.kind == "time"
        times = wall_clock(column, self._zone()) if is_time else column.to_numpy()
        return times.astype(f"{times.dtype.kind}8[{self.unit}]").view("i8")

    def _write(self, numbers: np.ndarray) -> Any:
        times = numbers.view(f"{'M' if self.kind == 'time' else 'm'}8[{self.unit}]")
        if not self.is_zoned:
            return times
        is_first = np.ones(len(times), dtype=bool)
        zoned = pd.DatetimeIndex(times).tz_localize(
            self._zone(), ambiguous=is_first, nonexistent="shift_forward"
        )
        return zoned.array


class TimeObjectFormat(TimeFormat):
    """Objects that are dates, times, times of day or durations, without a zone."""

    def __init__(self, name: str, series: pd.Series) -> None:
        super().__init__(name, series)
        objects = list(unboxed(series).dropna())
        types = sorted({type(value).__name__ for value in objects})
        if len(types) > 1 or types[0] not in _TIMES:
            raise ValueError(
                f"Column {name} holds times of the types {', '.join(types)}, expected "
                "one type, such as datetime64: convert them by pandas.to_datetime or "
                "to_timedelta."
            )
        if any(getattr(value, "tzinfo", None) is not None for value in objects):
            raise ValueError(
                f"Column {name} holds objects with a time zone, expected the dtype "
                "datetime64: convert them, for example by "
                "pandas.to_datetime(column, utc=True).dt.tz_convert('Europe/Berlin')."
            )
        (self.type,) = types

    def _write(self, numbers: np.ndarray) -> Any:
        times = super()._write(numbers)
        if self.type == "date":
            return times.astype("M8[D]").astype(object)
        if self.type == "time":
            moments = (np.datetime64(0, "us") + times).astype(object)
            return object_array(moment.time() for moment in moments)
        if self.type[0] == "T":  # pandas' own
            return pd.Index(times).astype(object).to_numpy()
        return times.astype(f"{times.dtype.kind}8[us]").astype(object)


def refuse_infinite(name: str) -> None:
    """Raise the error for a column with infinite numbers."""
    raise ValueError(
        f"Column {name} holds infinite numbers, expected finite ones "
        "(NaN stands for missing)."
    )
