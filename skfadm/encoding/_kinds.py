"""What a column of a table holds, whatever dtype it came in."""

from __future__ import annotations

import datetime as dt
from numbers import Integral, Number
from typing import Any

import numpy as np
import pandas as pd

_NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "decimal"})
_MIXED = frozenset({"mixed", "mixed-integer"})
_TIMES = (dt.date, np.datetime64)
_SPANS = (dt.timedelta, dt.time, np.timedelta64)
_TYPES = {"number": (Number, np.bool_), "time": _TIMES, "duration": _SPANS}


def plain(series: pd.Series) -> pd.Series:
    """Return a column in NumPy's or pandas' own dtypes.

    Numbers and booleans of Arrow become nullable ones, times `datetime64` in their
    unit and zone, dictionaries pandas categories, and all else objects. Objects that
    are times become `datetime64`, in UTC if they have zones, or `timedelta64` (also
    times of day).
    """
    series = unboxed(series)
    return _typed(series) if series.dtype == object else series


def unboxed(series: pd.Series) -> pd.Series:
    """Return a column as `plain` does, but with objects that are times as they are."""
    return _of_arrow(series) if isinstance(series.dtype, pd.ArrowDtype) else series


def kind_of(series: pd.Series) -> str:
    """Tell what a plain column holds.

    This is "nothing" (no value at all), "boolean", "number", "time" (a point on the
    calendar), "duration" (also a time of day) or "words" (strings, categories,
    intervals, objects of several kinds).
    """
    if series.isna().all():
        return "nothing"
    return kind_of_dtype(series.dtype) or _kind_of_objects(series)


def kind_of_dtype(dtype: Any) -> str:
    """Tell what columns of a plain dtype hold, "" for objects."""
    types = pd.api.types
    if types.is_object_dtype(dtype):
        return ""
    if isinstance(dtype, (pd.CategoricalDtype, pd.IntervalDtype)):
        return "words"
    if types.is_bool_dtype(dtype):
        return "boolean"
    if types.is_numeric_dtype(dtype):
        return "number"
    if types.is_datetime64_any_dtype(dtype):
        return "time"
    return "duration" if types.is_timedelta64_dtype(dtype) else "words"


def only(kind: str, series: pd.Series) -> pd.Series:
    """Return a plain column without the objects that are not of a kind."""
    if series.dtype != object or kind_of(series) != "words":
        return series
    is_kind = series.map(
        lambda value: isinstance(value, _TYPES[kind]) and not _is_long(value)
    )
    return plain(series.where(is_kind)) if is_kind.any() else series


def _kind_of_objects(series: pd.Series) -> str:
    found = pd.api.types.infer_dtype(series, skipna=True)
    if found == "boolean":
        return "boolean"
    is_mixture = found in _MIXED and series[series.notna()].map(_is_number).all()
    return "number" if found in _NUMBERS or is_mixture else "words"


def _is_number(value: Any) -> bool:
    return isinstance(value, _TYPES["number"]) and not isinstance(value, complex)


def _of_arrow(series: pd.Series) -> pd.Series:
    import pyarrow as pa

    arrow, types = series.dtype.pyarrow_dtype, pa.types
    values = pa.chunked_array(pa.array(series.array))
    name = ""
    if types.is_boolean(arrow):
        name = "boolean"
    elif types.is_integer(arrow):
        name = series.dtype.numpy_dtype.name.replace("i", "I").replace("u", "U")
    elif types.is_floating(arrow):
        name = "Float64" if types.is_float64(arrow) else "Float32"
    if types.is_date(arrow):
        arrow = pa.timestamp("s" if types.is_date32(arrow) else "ms")
        values = values.cast(arrow)
    is_time = types.is_timestamp(arrow) or types.is_duration(arrow)
    if name:  # astype would make floats of integers with gaps on the way
        found = pd.Series(pd.api.types.pandas_dtype(name).__from_arrow__(values))
    elif is_time or types.is_dictionary(arrow):
        found = values.to_pandas()
        if types.is_timestamp(arrow) and arrow.tz:
            offset = found.dt.tz.utcoffset(None)
            if offset is not None:  # pytz's, which has no name
                found = found.dt.tz_convert(dt.timezone(offset))
    else:
        found = pd.Series(values.to_pylist(), dtype=object)
    return found.set_axis(series.index).rename(series.name)


def _typed(series: pd.Series) -> pd.Series:
    """Return a column of objects in a dtype of times, if that is what they are."""
    present = series.notna().to_numpy(dtype=bool)
    if not present.any():
        return series
    if not isinstance(series.iloc[int(present.argmax())], _TIMES + _SPANS):
        return series
    values = series[present].to_list()
    has_zone = {getattr(value, "tzinfo", None) is not None for value in values}
    kind = ""
    if all(map(_is_span, values)):
        kind, values = "m8[us]", [_since_midnight(value) for value in values]
    elif all(isinstance(v, _TIMES) for v in values) and len(has_zone) == 1:
        kind = "M8[us]"
        if True in has_zone:
            values = [v.astimezone(dt.UTC).replace(tzinfo=None) for v in values]
    if not kind:
        return series  # of several kinds, or a part of them stands nowhere
    spread = np.full(len(series), "NaT", dtype=kind)
    spread[present] = np.array(values, dtype=kind)
    times = pd.Series(spread, index=series.index, name=series.name)
    return times.dt.tz_localize("UTC") if kind[0] == "M" and True in has_zone else times


def _is_span(value: Any) -> bool:
    # int64 has no more microseconds; NumPy overflows without a word.
    return isinstance(value, _SPANS) and not _is_long(value)


def _is_long(value: Any) -> bool:
    """Tell whether a duration has more microseconds than 64 bits hold."""
    return isinstance(value, dt.timedelta) and abs(value.days) >= 10**8


def _since_midnight(value: Any) -> Any:
    """Return what has passed of a day at a time of it; durations are as they are."""
    if not isinstance(value, dt.time):
        return value
    moment = dt.datetime.combine(dt.date.min, value.replace(tzinfo=None))
    return moment - dt.datetime.min


def origin_of(series: pd.Series) -> int:
    """Return the smallest of integers or decimals that floats do not tell apart.

    It is 0 where all are small enough for floats, or none is there.
    """
    found, numbers = pd.api.types.infer_dtype(series, skipna=True), series.dropna()
    if found == "decimal":
        numbers = numbers[[value.is_finite() for value in numbers]]
    if found not in ("integer", "decimal") or not len(numbers):
        return 0
    low, high = int(numbers.min()), int(numbers.max())
    return low if max(-low, high) > 2**53 else 0


def amounts(series: pd.Series, kind: str, origin: int = 0) -> np.ndarray:
    """Return a plain column of a kind as float64: numbers, or seconds of times.

    Numbers are counted from `origin`, exactly where they are integers or decimals.
    """
    second = np.timedelta64(1, "s")
    if kind_of(series) == "nothing":
        return np.full(len(series), np.nan)
    if kind == "time":
        return (wall_clock(series) - np.datetime64(0, "s")) / second
    if kind == "duration":
        return series.to_numpy() / second
    if series.dtype != object and not origin:
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    present = series.notna().to_numpy(dtype=bool)
    numbers = np.full(len(series), np.nan)
    values = series[present].astype(object)
    numbers[present] = [_float(value, origin) for value in values]
    return numbers


def _float(value: Any, origin: int) -> float:
    try:
        # NumPy's integers overflow without a word.
        number = int(value) if isinstance(value, Integral) else value
        return float(number - origin)
    except OverflowError:  # Python's integers and fractions know no bound
        return np.inf if value > 0 else -np.inf


def wall_clock(series: pd.Series, zone: Any = None) -> np.ndarray:
    """Return times as `datetime64`, as the clock on a wall of the zone shows them.

    None is UTC; columns that have no zone need none.
    """
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        return series.dt.tz_convert(zone).dt.tz_localize(None).to_numpy()
    return series.to_numpy()
