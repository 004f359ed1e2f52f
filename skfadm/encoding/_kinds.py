"""What a column of a table holds, whatever dtype it came in."""

from __future__ import annotations

import datetime as dt
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

_DATES = frozenset({"datetime64", "datetime", "date", "period"})
_DURATIONS = frozenset({"timedelta64", "timedelta", "time"})
_NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "decimal"})


def kind_of(series: pd.Series) -> str:
    """Tell what a column holds.

    Parameters
    ----------
    series : Series
        A column as `plain` returns it.

    Returns
    -------
    {"nothing", "boolean", "number", "time", "duration", "words"}
        "nothing" has no value at all. A time is a point on the calendar, a duration
        also a time of day. What is nothing else is words: strings, categories,
        intervals, objects of several kinds.
    """
    if series.isna().all():
        return "nothing"
    dtype = series.dtype
    if isinstance(dtype, (pd.CategoricalDtype, pd.IntervalDtype)):
        return "words"
    types = pd.api.types
    if types.is_bool_dtype(dtype):
        return "boolean"
    if types.is_numeric_dtype(dtype):
        return "number"
    if types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return "time"
    if types.is_timedelta64_dtype(dtype):
        return "duration"
    if not types.is_object_dtype(dtype):
        return "words"
    return _kind_of_objects(series)


def _kind_of_objects(series: pd.Series) -> str:
    found = pd.api.types.infer_dtype(series, skipna=True)
    if found == "boolean":
        return "boolean"
    if found in _NUMBERS:
        return "number"
    if found in _DATES:
        return "time"
    if found in _DURATIONS:
        return "duration"
    if found in ("mixed", "mixed-integer"):
        present = series[series.notna()]
        if present.map(_is_number).all():
            return "number"
        if present.map(_is_date).all():
            return "time"
    return "words"


def _is_number(value: Any) -> bool:
    return isinstance(value, Number | np.bool_) and not isinstance(value, complex)


def _is_date(value: Any) -> bool:
    return isinstance(value, dt.date)


def plain(series: pd.Series) -> pd.Series:
    """Return a column without Arrow and without gaps: NumPy's or pandas' own dtypes.

    Numbers and booleans of Arrow become nullable ones, times `datetime64` in their
    unit and zone, dictionaries pandas categories, all else objects.
    """
    dtype = series.dtype
    if isinstance(dtype, pd.SparseDtype):
        return series.sparse.to_dense()
    if not isinstance(dtype, pd.ArrowDtype):
        return series
    import pyarrow as pa

    arrow, types = dtype.pyarrow_dtype, pa.types
    if types.is_boolean(arrow) or types.is_integer(arrow) or types.is_floating(arrow):
        name = "float32" if types.is_float16(arrow) else dtype.numpy_dtype.name
        own = {"bool": "boolean", "uint": "UInt"}.get(name.rstrip("0123456789"))
        return series.astype(
            f"{own}{name[4:]}" if own == "UInt" else own or name.title()
        )
    values = pa.chunked_array(pa.array(series.array))
    if types.is_date(arrow):
        values = values.cast(pa.timestamp("s" if types.is_date32(arrow) else "ms"))
    if types.is_date(arrow) or types.is_temporal(arrow) or types.is_dictionary(arrow):
        found = values.to_pandas()
    else:
        found = pd.Series(values.to_pylist(), dtype=object)
    return found.set_axis(series.index).rename(series.name)


def floats(series: pd.Series) -> np.ndarray:
    """Return the numbers of a plain column as float64, NaN where missing."""
    missing = series.isna().to_numpy(dtype=bool)
    if series.dtype != object:
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    numbers = np.full(len(series), np.nan)
    numbers[~missing] = [_float(value) for value in series[~missing]]
    return numbers


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # Python's integers and fractions know no bound
        return np.inf if value > 0 else -np.inf


def zone_of(series: pd.Series) -> str:
    """Name the time zone of a plain column of times, "" where there is none."""
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        return str(series.dtype.tz)
    return ""


def wall_clock(series: pd.Series, zone: str = "") -> np.ndarray:
    """Return times as `datetime64`, as the clock on the wall shows them.

    Parameters
    ----------
    series : Series
        A plain column of times: datetimes, periods (by their last day), or objects that
        are dates. Objects with zones are read in UTC, since each can have its own.
    zone : str
        Where the wall is, for columns that have a zone.

    Returns
    -------
    ndarray of datetime64, NaT where missing
    """
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        return series.dt.tz_convert(zone or None).dt.tz_localize(None).to_numpy()
    if isinstance(series.dtype, np.dtype) and series.dtype.kind == "M":
        return series.to_numpy()
    present = series.notna().to_numpy(dtype=bool)
    times = np.full(len(series), np.datetime64("NaT"), dtype="datetime64[us]")
    if isinstance(series.dtype, pd.PeriodDtype):
        times[present] = _of_periods(series[present])
    else:
        times[present] = [_naive(value) for value in series[present]]
    return times


def _of_periods(series: pd.Series) -> np.ndarray:
    """Return periods as times, also in years that nanoseconds do not reach."""
    part = series.dt
    months = (part.year.to_numpy() - 1970) * 12 + part.month.to_numpy() - 1
    days = months.astype("M8[M]").astype("M8[D]") + (part.day.to_numpy() - 1)
    seconds = part.hour * 3600 + part.minute * 60 + part.second
    return days.astype("M8[us]") + seconds.to_numpy().astype("m8[s]")


def _naive(value: Any) -> np.datetime64:
    if isinstance(value, pd.Period):
        parts = (value.year, value.month, value.day, value.hour, value.minute)
        value = dt.datetime(*parts, value.second)
    if isinstance(value, np.datetime64):
        return value
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        value = value.astimezone(dt.UTC).replace(tzinfo=None)
    return np.datetime64(value, "us")


def durations(series: pd.Series) -> np.ndarray:
    """Return durations and times of day in seconds, as float64, NaN where missing."""
    if series.dtype != object:
        return series.to_numpy() / np.timedelta64(1, "s")
    seconds = np.full(len(series), np.nan)
    present = series.notna().to_numpy(dtype=bool)
    seconds[present] = [_seconds(value) for value in series[present]]
    return seconds


def _seconds(value: Any) -> float:
    if isinstance(value, dt.time):
        value = dt.timedelta(
            hours=value.hour,
            minutes=value.minute,
            seconds=value.second,
            microseconds=value.microsecond,
        )
    return (
        value / np.timedelta64(1, "s")
        if isinstance(value, np.timedelta64)
        else (value.total_seconds())
    )
