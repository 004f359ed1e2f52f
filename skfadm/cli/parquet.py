"""Parquet files: what is read can be written again, in the types that it came in."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import replace
from decimal import Context, Decimal
from typing import Any, BinaryIO

import pandas as pd
import pyarrow
from pyarrow import types
from pyarrow.parquet import ParquetFile, ParquetWriter

from skfadm._files import UserError

from .forms import Flags, Form, Number, Times, Words

#: Extension types that are generated in the dtype, or as the objects, of pandas.
_EXTENSIONS = ("pandas.period", "pandas.interval", "arrow.uuid")
#: Digits of decimals that are generated as such; those of more are floats.
_EXACT = 18


def read_parquet(stream: BinaryIO) -> tuple[pd.DataFrame, dict[str, Form], str, str]:
    """Return a table, the forms of its columns, its schema, and a note or ""."""
    _register_extensions()
    with ParquetFile(stream) as file:
        schema = file.schema_arrow
        stored = (schema.pandas_metadata or {}).get("index_columns", [])
        index = [name for name in stored if isinstance(name, str)]
        names = [name for name in schema.names if name not in index]
        for name in names:
            if names.count(name) > 1:
                raise UserError(f"more than one column is named {name!r}")
            if _is_foreign(schema.field(name).type):
                raise UserError(
                    f"column {name!r} holds {schema.field(name).type} values, which "
                    "cannot be generated; leave it out or turn it into numbers, words "
                    "or times"
                )
        table = file.read(columns=names)
    columns = {}
    for name in names:
        try:
            columns[name] = _column(table.column(name))
        except (pyarrow.ArrowInvalid, OverflowError) as error:
            raise UserError(
                f"column {name!r} holds {schema.field(name).type} values that do not "
                "fit into 64 bits, which cannot be generated; leave it out or turn it "
                "into words"
            ) from error
    frame = pd.DataFrame(columns, copy=False)
    note = (
        f"the index ({', '.join(map(repr, index))}) names rows: it is not learnt, and "
        "new rows have none"
    )
    forms = {name: _form(schema.field(name).type) for name in names}
    packed = base64.b64encode(schema.serialize()).decode()
    return frame, forms, packed, note if index else ""


def write_parquet(
    batches: Iterable[pd.DataFrame], forms: dict[str, Form], packed: str, file: BinaryIO
) -> None:
    """Write a table batch by batch, with the types of the table it was learnt from."""
    schema = _schema(forms, packed)
    with ParquetWriter(file, schema) as writer:
        for batch in batches:
            arrays = [_array(batch[field.name], field.type) for field in schema]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))


def _register_extensions() -> None:
    """Let Arrow know the types of pandas, which it else reads as what stores them."""
    pyarrow.array(pd.array([], dtype="period[D]"))


def _is_text(kind: Any) -> bool:
    views = types.is_string_view(kind)
    return bool(types.is_string(kind) or types.is_large_string(kind) or views)


def _is_foreign(kind: Any) -> bool:
    """Tell whether values of an Arrow type cannot be generated."""
    if types.is_dictionary(kind):
        return not (_is_text(kind.value_type) or types.is_integer(kind.value_type))
    if extension := getattr(kind, "extension_name", ""):
        return extension not in _EXTENSIONS
    is_plain = types.is_primitive(kind) or types.is_decimal(kind) or types.is_null(kind)
    return types.is_interval(kind) or not (is_plain or _is_text(kind))


def _column(values: Any) -> pd.Series:
    """Return a column in a dtype that can be generated and written again."""
    kind, dtype = values.type, None
    if getattr(kind, "extension_name", "") == "arrow.uuid":
        return pd.Series(values.to_pylist(), dtype=object)
    if types.is_decimal(kind) and (kind.scale <= 0 or kind.precision > _EXACT):
        values = values.cast(pyarrow.float64() if kind.scale > 0 else pyarrow.int64())
        kind = values.type
    if types.is_date(kind) or types.is_time(kind) or types.is_decimal(kind):
        dtype = pd.ArrowDtype(kind)
    elif values.null_count and types.is_integer(kind):
        name = str(kind).replace("i", "I").replace("u", "U")
        dtype = pd.api.types.pandas_dtype(name)
    elif values.null_count and types.is_boolean(kind):
        dtype = pd.BooleanDtype()
    # A mapper, even of nothing, would keep extension types from their dtypes.
    series = values.to_pandas(types_mapper=(lambda _: dtype) if dtype else None)
    if types.is_timestamp(kind) and kind.tz:
        return series.dt.tz_convert(kind.tz)  # else offsets are of a kind of pytz's own
    return series


def _array(series: pd.Series, kind: Any) -> Any:
    """Return a column as an Arrow array of a type."""
    if not types.is_decimal(kind) or isinstance(series.dtype, pd.ArrowDtype):
        return pyarrow.array(series, kind, from_pandas=True)
    step, context = Decimal(1).scaleb(-kind.scale), Context(prec=kind.precision)
    numbers = [
        None if is_none else Decimal(str(value)).quantize(step, context=context)
        for value, is_none in zip(series, series.isna(), strict=True)
    ]
    return pyarrow.array(numbers, kind)


def _form(kind: Any) -> Form:
    """Return how values of an Arrow type are written as text."""
    if types.is_decimal(kind):
        is_float = kind.scale > 0 and kind.precision > _EXACT
        return Number(places=-1 if is_float else max(0, kind.scale))
    if types.is_integer(getattr(kind, "value_type", kind)):
        return Number(places=0)
    if types.is_floating(kind):
        return Number()
    if types.is_date(kind):
        return Times()
    if types.is_time(kind):
        return Times(date=0, clock=True, seconds=True, fraction=-1, unit=kind.unit)
    if types.is_timestamp(kind):
        clock = Times(joiner=" ", clock=True, seconds=True, fraction=-1, unit=kind.unit)
        return replace(clock, offset="+00:00", zone=kind.tz) if kind.tz else clock
    return Flags() if types.is_boolean(kind) else Words()


def _schema(forms: dict[str, Form], packed: str) -> Any:
    """Return the schema of the file to be written."""
    if not packed:
        return pyarrow.schema([(name, _type(form)) for name, form in forms.items()])
    _register_extensions()
    schema = pyarrow.ipc.read_schema(pyarrow.py_buffer(base64.b64decode(packed)))
    metadata = dict(schema.metadata or {})
    if b"pandas" in metadata:
        dtypes = json.loads(metadata[b"pandas"])
        columns = [column for column in dtypes["columns"] if column["name"] in forms]
        dtypes |= {"index_columns": [], "columns": columns}
        metadata[b"pandas"] = json.dumps(dtypes).encode()
    return pyarrow.schema([schema.field(name) for name in forms], metadata)


def _type(form: Form) -> Any:
    """Return the Arrow type of values that were read from text."""
    if isinstance(form, Number):
        return pyarrow.float64() if form.places else pyarrow.int64()
    if not isinstance(form, Times):
        return pyarrow.bool_() if isinstance(form, Flags) else pyarrow.string()
    if not form.date:
        return pyarrow.duration(form.unit)
    if not form.clock:
        return pyarrow.date32()
    return pyarrow.timestamp(form.unit, form.zone or None)
