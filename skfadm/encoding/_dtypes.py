"""Dtypes and indexes as plain strings and arrays, and back: what skops can store."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

#: Objects that skops stores for nobody, as text and back.
_TEXTS: dict[type, Any] = {
    Decimal: (str, Decimal),
    uuid.UUID: (str, uuid.UUID),
    dt.date: (dt.date.isoformat, dt.date.fromisoformat),
    dt.datetime: (dt.datetime.isoformat, dt.datetime.fromisoformat),
    dt.time: (dt.time.isoformat, dt.time.fromisoformat),
    dt.timedelta: (
        lambda value: str(value // dt.timedelta(microseconds=1)),
        lambda text: dt.timedelta(microseconds=int(text)),
    ),
}
_TYPES = {kind.__name__: kind for kind in _TEXTS}


class UnnamedDtypeError(Exception):
    """A dtype cannot be told from its name."""


def freeze_dtype(dtype: Any) -> str:
    """Return a string from which `thaw_dtype` makes the dtype again.

    There is none for some time zones, which is an `UnnamedDtypeError`.
    """
    if isinstance(dtype, pd.ArrowDtype):
        import pyarrow as pa

        schema = pa.schema([("", dtype.pyarrow_dtype)])
        return "arrow:" + schema.serialize().to_pybytes().hex()
    if isinstance(dtype, pd.StringDtype):
        kind = "string" if dtype.na_value is pd.NA else "str"
        return f"{kind}:{dtype.storage}"
    if isinstance(dtype, pd.DatetimeTZDtype) and isinstance(dtype.tz, ZoneInfo):
        return f"zoneinfo:{dtype.unit}:{dtype.tz.key}"
    name = str(dtype)
    if isinstance(dtype, pd.CategoricalDtype):
        return name
    try:
        found = thaw_dtype(name)
    except TypeError:
        found = None
    if found != dtype:
        raise UnnamedDtypeError(name)
    return name


def thaw_dtype(name: str) -> Any:
    """Return the dtype from which `freeze_dtype` made its argument."""
    kind, _, rest = name.partition(":")
    if kind == "arrow":
        import pyarrow as pa

        schema = pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(rest)))
        return pd.ArrowDtype(schema.field(0).type)
    if kind in ("string", "str") and rest:
        return pd.StringDtype(rest, na_value=pd.NA if kind == "string" else np.nan)
    if kind == "zoneinfo":
        unit, zone = rest.split(":")
        return pd.DatetimeTZDtype(unit, ZoneInfo(zone))
    return pd.api.types.pandas_dtype(name)


def dress(values: Any, dtype: str) -> Any:
    """Return plain values in the dtype, a frozen one, that `plain` took off them."""
    if dtype.startswith("Sparse["):
        return pd.arrays.SparseArray(values, dtype=thaw_dtype(dtype))
    if not dtype.startswith("arrow:"):
        return values
    import pyarrow as pa

    arrow = thaw_dtype(dtype).pyarrow_dtype
    try:
        found = pa.array(values, type=arrow, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        found = pa.array(values, from_pandas=True).cast(arrow)
    return pd.arrays.ArrowExtensionArray(pa.chunked_array([found]))


def freeze(index: pd.Index) -> dict[str, Any]:
    """Return an index as plain arrays and strings."""
    if isinstance(index, pd.IntervalIndex):
        left, right = freeze(index.left), freeze(index.right)
        return {"left": left, "right": right, "closed": index.closed}
    dtype = freeze_dtype(index.dtype)
    if isinstance(index.dtype, pd.DatetimeTZDtype):
        index = index.tz_convert(None)
    elif isinstance(index, pd.PeriodIndex):
        index = index.astype(str)
    values = index.to_numpy()
    if values.dtype != object:
        return {"values": values, "dtype": dtype}
    types = [type(v).__name__ if type(v) in _TEXTS else "" for v in values]
    texts = [
        _TEXTS[type(v)][0](v) if t else v for t, v in zip(types, values, strict=True)
    ]
    values = np.empty(len(texts), dtype=object)
    values[:] = texts
    return {"values": values, "types": types, "dtype": dtype}


def thaw(frozen: dict[str, Any]) -> pd.Index:
    """Return the index from which `freeze` made its argument."""
    if "left" in frozen:
        left, right = thaw(frozen["left"]), thaw(frozen["right"])
        return pd.IntervalIndex.from_arrays(left, right, closed=frozen["closed"])
    values, dtype = frozen["values"], thaw_dtype(frozen["dtype"])
    if any(frozen.get("types", ())):
        values = values.copy()
        for i, name in enumerate(frozen["types"]):
            if name:
                values[i] = _TEXTS[_TYPES[name]][1](values[i])
    if isinstance(dtype, pd.DatetimeTZDtype):
        return pd.DatetimeIndex(values).tz_localize("UTC").astype(dtype)
    return pd.Index(values, dtype=dtype)
