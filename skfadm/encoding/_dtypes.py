"""Dtypes and indexes as plain strings and arrays, and back: what skops can store."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

#: What makes objects, which skops stores for nobody, from their text.
_FROM_TEXT: dict[type, Any] = {
    Decimal: Decimal,
    uuid.UUID: uuid.UUID,
    dt.date: dt.date.fromisoformat,
    dt.datetime: dt.datetime.fromisoformat,
    dt.time: dt.time.fromisoformat,
}
_TYPES = {kind.__name__: kind for kind in _FROM_TEXT}
#: Objects that mark a missing value, by name.
MISSING_MARKERS = {"None": None, "nan": np.nan, "NA": pd.NA, "NaT": pd.NaT}


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
    values = index.to_numpy()
    if values.dtype != object:
        return {"values": values, "dtype": dtype}
    types: list[Any] = []
    texts = values.copy()
    for i, value in enumerate(values):
        types.append("")
        if type(value) in _FROM_TEXT:
            texts[i], types[i] = str(value), type(value).__name__
        elif isinstance(value, enum.Enum):  # whose type skops asks the user to trust
            texts[i], types[i] = value.value, type(value)
    return {"values": texts, "types": types, "dtype": dtype}


def thaw(frozen: dict[str, Any]) -> pd.Index:
    """Return the index from which `freeze` made its argument."""
    if "left" in frozen:
        left, right = thaw(frozen["left"]), thaw(frozen["right"])
        return pd.IntervalIndex.from_arrays(left, right, closed=frozen["closed"])
    values, dtype = frozen["values"].copy(), thaw_dtype(frozen["dtype"])
    for i, kind in enumerate(frozen.get("types", ())):
        if kind:
            make = _FROM_TEXT[_TYPES[kind]] if isinstance(kind, str) else kind
            values[i] = make(values[i])
    if isinstance(dtype, pd.DatetimeTZDtype):
        return pd.DatetimeIndex(values).tz_localize("UTC").astype(dtype)
    return pd.Index(values, dtype=dtype)
