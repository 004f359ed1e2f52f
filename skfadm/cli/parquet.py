"""Parquet files: what is read can be written again, in the types that it came in."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from decimal import Context, Decimal
from typing import Any, BinaryIO

import pandas as pd
import pyarrow
from pyarrow import types
from pyarrow.parquet import ParquetFile, ParquetWriter

from skfadm._files import UserError

from .forms import Flags, Form, Number, Table, TableForm, Times

_EXTENSION = b"ARROW:extension:name"


def read_parquet(stream: BinaryIO) -> Table:
    """Read a table; what cannot be generated is refused."""
    with ParquetFile(stream) as file:
        schema = file.schema_arrow
        stored = (schema.pandas_metadata or {}).get("index_columns", [])
        index = [name for name in stored if isinstance(name, str)]
        names = [name for name in schema.names if name not in index]
        for name in names:
            if names.count(name) > 1:
                raise UserError(f"more than one column is named {name!r}")
            if _is_foreign(schema.field(name)):
                raise UserError(
                    f"column {name!r} holds {schema.field(name).type} values, which "
                    "cannot be generated; leave it out or turn it into numbers, words "
                    "or times"
                )
        table = file.read(columns=names)
    columns, forms = {}, {}
    for name in names:
        try:
            columns[name] = _column(table.column(name))
        except (pyarrow.ArrowInvalid, OverflowError) as error:
            raise UserError(
                f"column {name!r} holds {schema.field(name).type} values that do not "
                "fit into 64 bits, which cannot be generated; leave it out or turn it "
                "into words"
            ) from error
        forms[name] = _form(schema.field(name).type)
    if not names or not len(table):
        raise UserError("holds no rows; give a table with some")
    note = (
        f"the index ({', '.join(map(repr, index))}) names rows: it is not learnt, and "
        "new rows have none"
    )
    packed = base64.b64encode(schema.serialize()).decode()
    form = TableForm(forms, schema=packed)
    return Table(pd.DataFrame(columns, copy=False), form, [note] if index else [])


def write_parquet(
    batches: Iterable[pd.DataFrame], form: TableForm, file: BinaryIO
) -> None:
    """Write a table batch by batch, with the types of the table it was learnt from."""
    schema = _schema(form)
    with ParquetWriter(file, schema) as writer:
        for batch in batches:
            arrays = [_array(batch[field.name], field.type) for field in schema]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))


def _is_text(kind: Any) -> bool:
    views = types.is_string_view(kind)
    return bool(types.is_string(kind) or types.is_large_string(kind) or views)


def _is_foreign(field: Any) -> bool:
    """Tell whether values of a column of Arrow cannot be generated."""
    kind = field.type
    extension = getattr(kind, "extension_name", "") or (field.metadata or {}).get(
        _EXTENSION
    )
    if extension:
        return extension != "arrow.uuid"
    if types.is_dictionary(kind):
        return not (_is_text(kind.value_type) or types.is_integer(kind.value_type))
    is_plain = types.is_primitive(kind) or types.is_decimal(kind) or types.is_null(kind)
    return types.is_interval(kind) or not (is_plain or _is_text(kind))


def _column(values: Any) -> pd.Series:
    """Return a column in a dtype that can be generated and written again."""
    if getattr(values.type, "extension_name", ""):
        return pd.Series(values.to_pylist(), dtype=object)
    if types.is_decimal(values.type):
        has_places = values.type.scale > 0
        values = values.cast(pyarrow.float64() if has_places else pyarrow.int64())
    kind, dtype = values.type, None
    if types.is_date(kind) or types.is_time(kind):
        dtype = pd.ArrowDtype(kind)
    elif values.null_count and types.is_integer(kind):
        name = str(kind).replace("i", "I").replace("u", "U")
        dtype = pd.api.types.pandas_dtype(name)
    elif values.null_count and types.is_boolean(kind):
        dtype = pd.BooleanDtype()
    series = values.to_pandas(types_mapper=lambda _: dtype)
    if types.is_timestamp(kind) and kind.tz:
        return series.dt.tz_convert(kind.tz)  # else offsets are of a kind of pytz's own
    return series


def _array(series: pd.Series, kind: Any) -> Any:
    """Return a column as an Arrow array of a type."""
    if not types.is_decimal(kind):
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
        return Number(places=max(0, kind.scale) if kind.precision <= 18 else -1)
    if types.is_integer(getattr(kind, "value_type", kind)):
        return Number(places=0)
    if types.is_floating(kind):
        return Number()
    if types.is_date(kind):
        return Times()
    if types.is_time(kind):
        return Times(notation="%H:%M:%S", fraction=-1, unit=kind.unit)
    if types.is_timestamp(kind):
        zone = "+00:00" if kind.tz else ""
        return Times("", "%Y-%m-%d %H:%M:%S", -1, kind.unit, zone)
    return Flags() if types.is_boolean(kind) else Form()


def _schema(form: TableForm) -> Any:
    """Return the schema of the file to be written."""
    if not form.schema:
        return pyarrow.schema([(name, _type(f)) for name, f in form.columns.items()])
    stored = pyarrow.py_buffer(base64.b64decode(form.schema))
    schema = pyarrow.ipc.read_schema(stored)
    metadata = dict(schema.metadata or {})
    if b"pandas" in metadata:
        dtypes = json.loads(metadata[b"pandas"])
        columns = [each for each in dtypes["columns"] if each["name"] in form.columns]
        dtypes |= {"index_columns": [], "columns": columns}
        metadata[b"pandas"] = json.dumps(dtypes).encode()
    return pyarrow.schema([schema.field(name) for name in form.columns], metadata)


def _type(form: Form) -> Any:
    """Return the Arrow type of values that were read from text."""
    if isinstance(form, Number):
        return pyarrow.float64() if form.places else pyarrow.int64()
    if not isinstance(form, Times):
        return pyarrow.bool_() if isinstance(form, Flags) else pyarrow.string()
    if "%Y" not in form.notation:
        return pyarrow.duration(form.unit)
    if "%M" not in form.notation:
        return pyarrow.date32()
    return pyarrow.timestamp(form.unit, "UTC" if form.offset else None)
