"""How columns of numbers and times are read as numbers, and written as they came."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

import numpy as np
import pandas as pd

from ._dtypes import MISSING_MARKERS, dress, freeze_dtype, thaw_dtype
from ._kinds import kind_of, kind_of_dtype, plain, unboxed, wall_clock

#: Types of objects that are times.
_TIMES = frozenset({"date", "datetime", "Timestamp", "time", "timedelta", "Timedelta"})
# The context of the thread may round to fewer digits.
_EXACT = Context(prec=60)


def find_format(name: str, series: pd.Series) -> Format | None:
    """Return the format of a column of numbers or times, None for one of categories.

    What nobody reads from a file or a database is refused, with what to convert.
    """
    column = plain(series)
    kind = kind_of_dtype(column.dtype) or kind_of(column)
    if kind in ("time", "duration"):
        return Format(name, series, kind)
    if kind != "number":
        return None
    if pd.api.types.is_complex_dtype(column.dtype):
        raise ValueError(f"Complex data not supported, found in column {name}.")
    if column.dtype == object:
        found = pd.api.types.infer_dtype(column, skipna=True)
        numbers = column.dropna()
        if found == "integer" and not all(
            (type(v) is int or isinstance(v, np.integer)) and abs(int(v)) < 2**63
            for v in numbers
        ):
            return None  # members of an enumeration, or beyond int64: they are words
        if found not in ("integer", "floating", "mixed-integer-float", "decimal"):
            return None
    return Format(name, series, kind)


def missing_marker(series: pd.Series) -> str:
    """Name the object that marks a missing value in a column of objects."""
    if series.dtype == object:
        missing = series[series.isna()]
        for name, marker in MISSING_MARKERS.items():
            if len(missing) and missing.iloc[0] is marker:
                return name
    return "nan"


def refuse_infinite(name: str) -> None:
    """Raise the error for a column with infinite numbers."""
    raise ValueError(
        f"Column {name} holds infinite numbers, expected finite ones "
        "(NaN stands for missing)."
    )


class Format:
    """How a column of numbers or times is read as numbers, and written.

    - Integers and floats of any dtype, or objects, are themselves.
    - Decimals are integers of their last place.
    - Times and durations of any dtype, or objects of one type, are integers of their
      unit. Times with a zone are what the clock on the wall shows, so that midnights
      stay midnights in summer. A time that the clock skips becomes the next that it
      shows; one that it shows twice is the first of the two.
    """

    def __init__(self, name: str, series: pd.Series, kind: str) -> None:
        column = plain(series)
        self.name, self.kind = name, kind
        self.dtype = freeze_dtype(series.dtype)
        self.plain_dtype = freeze_dtype(column.dtype)
        self.marker = missing_marker(series)
        #: What its objects are: "Decimal", "date", ...; "" for all other columns.
        self.type, self.unit, self.places = "", "", 0
        if kind != "number":
            self.unit = column.dt.unit
            if unboxed(series).dtype == object:
                self.type = _type_of_times(name, unboxed(series).dropna())
        elif pd.api.types.infer_dtype(column, skipna=True) == "decimal":
            self.type = "Decimal"
            self._find_places(column)

    def _find_places(self, column: pd.Series) -> None:
        numbers = column.dropna()
        if not all(value.is_finite() for value in numbers):
            refuse_infinite(self.name)
        self.places = max(0, -min(value.as_tuple().exponent for value in numbers))
        if any(abs(value.scaleb(self.places, _EXACT)) >= 2**63 for value in numbers):
            raise ValueError(
                f"Column {self.name} holds decimals of more than 18 digits "
                f"({self.places} behind the point), expected fewer: round them, or "
                "make them floats."
            )

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
                f"Column {self.name} held {self.kind}s in fit, found values that are "
                f"none: {error}"
            ) from error

    def _read(self, column: pd.Series, missing: np.ndarray) -> np.ndarray:
        dtype = column.dtype
        if self.kind != "number":
            times = wall_clock(column, self._zone())
            return times.astype(f"{times.dtype.kind}8[{self.unit}]").view("i8")
        if self.type:
            numbers = np.zeros(len(column), dtype=np.int64)
            numbers[~missing] = [
                int(Decimal(str(v)).scaleb(self.places, _EXACT).to_integral_value())
                for v in column[~missing]
            ]
            return numbers
        if pd.api.types.is_integer_dtype(dtype):
            unsigned = pd.api.types.is_unsigned_integer_dtype(dtype)
            return column.to_numpy(dtype="u8" if unsigned else "i8", na_value=0)
        if pd.api.types.infer_dtype(column, skipna=True) == "integer":
            return column.where(~missing, 0).to_numpy(dtype="i8")
        as_is = isinstance(dtype, np.dtype) and dtype.kind == "f"
        return column.to_numpy(dtype=dtype if as_is else "f8", na_value=np.nan)

    def write(self, numbers: np.ndarray, missing: np.ndarray) -> Any:
        """Return numbers as an array of the column's dtype, with its missing marker."""
        values = self._write(numbers)
        if missing.any():
            is_object = values.dtype == object
            values = values.copy()  # what an index holds cannot be written to
            values[missing] = MISSING_MARKERS[self.marker] if is_object else None
        return dress(values, self.dtype)

    def _write(self, numbers: np.ndarray) -> Any:
        if self.kind != "number":
            return self._write_times(numbers)
        if self.type:
            places = -self.places
            decimals = [Decimal(n).scaleb(places, _EXACT) for n in numbers.tolist()]
            return np.array(decimals, dtype=object)
        dtype = thaw_dtype(self.plain_dtype)
        if isinstance(dtype, np.dtype):
            return numbers.astype(dtype)
        return pd.array(numbers, dtype=dtype)

    def _write_times(self, numbers: np.ndarray) -> Any:
        letter = "M" if self.kind == "time" else "m"
        times = numbers.view(f"{letter}8[{self.unit}]")
        if self._zone() is not None:
            is_first = np.ones(len(times), dtype=bool)
            index = pd.DatetimeIndex(times).tz_localize(
                self._zone(), ambiguous=is_first, nonexistent="shift_forward"
            )
            return index.array
        if not self.type:
            return times
        if self.type == "date":
            return times.astype("M8[D]").astype(object)
        if self.type == "time":
            moments = (np.datetime64(0, "us") + times).astype(object)
            return np.array([moment.time() for moment in moments], dtype=object)
        if self.type[0] == "T":  # pandas' own
            return pd.Index(times).astype(object).to_numpy()
        return times.astype(f"{letter}8[us]").astype(object)

    def _zone(self) -> Any:
        is_time = self.kind == "time"
        return getattr(thaw_dtype(self.plain_dtype), "tz", None) if is_time else None


def _type_of_times(name: str, times: pd.Series) -> str:
    """Return the type of objects that are times, if it is one, and without a zone."""
    types = sorted({type(value).__name__ for value in times})
    if len(types) > 1 or types[0] not in _TIMES:
        raise ValueError(
            f"Column {name} holds times of the types {', '.join(types)}, expected "
            "one type, such as datetime64: convert them by pandas.to_datetime or "
            "to_timedelta."
        )
    if any(getattr(value, "tzinfo", None) is not None for value in times):
        raise ValueError(
            f"Column {name} holds objects with a time zone, expected the dtype "
            "datetime64: convert them, for example by "
            "pandas.to_datetime(column, utc=True).dt.tz_convert('Europe/Berlin')."
        )
    return types[0]
