"""Parquet files: what is read can be written again, in the types that it came in."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyarrow
from pyarrow import types
from pyarrow.parquet import ParquetFile, ParquetWriter

from skfadm._files import UserError

from ._durations import Durations
from ._forms import ColumnForm, Flags, Words
from ._numbers import Decimals, Whole
from ._table import Table, TableForm
from ._times import TRIMMED_NS, Times

#: Extension types that are generated in the dtype, or as the objects, of pandas.
_EXTENSIONS = ("pandas.period", "pandas.interval", "arrow.uuid")


def read_parquet(path: Path) -> Table:
    """Read a table of columns that can be generated, with names of their own."""
    _register_extensions()
    with ParquetFile(path) as file:
        schema = file.schema_arrow
        names, notes = _without_index(schema)
        for name in names:
            if names.count(name) > 1:
                raise UserError(f"{path}: more than one column is named {name!r}")
            if _is_foreign(schema.field(name).type):
                raise UserError(
                    f"{path}: column {name!r} holds {schema.field(name).type} values, "
                    "which cannot be generated; leave it out or turn it into numbers, "
                    "words or times"
                )
        table = file.read(columns=names)
    if not table.num_rows:
        raise UserError(f"{path}: holds no rows; give a table with some")
    series, forms = {}, {}
    for name in names:
        kind = schema.field(name).type
        try:
            series[name], forms[name] = _column(table.column(name), kind)
        except (pyarrow.ArrowInvalid, OverflowError) as error:
            raise UserError(
                f"{path}: column {name!r} holds {kind} values that do not fit into 64 "
                "bits, which cannot be generated; leave it out or turn it into words"
            ) from error
        table = table.drop_columns([name])
    stored = base64.b64encode(schema.serialize().to_pybytes()).decode()
    frame = pd.DataFrame(series, copy=False)
    return Table(frame, TableForm(forms, schema=stored), notes)


def write_parquet(
    batches: Iterable[pd.DataFrame], form: TableForm, file: BinaryIO
) -> None:
    """Write a table batch by batch, with the types of the table it was learnt from."""
    schema = _schema(form)
    with ParquetWriter(file, schema) as writer:
        for table in batches:
            arrays = [
                _array(table[field.name], field.type, form.columns[field.name])
                for field in schema
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))


def _without_index(schema: Any) -> tuple[list[str], list[str]]:
    """Return the columns that are no index of pandas, and what to tell of those."""
    stored = (schema.pandas_metadata or {}).get("index_columns", [])
    index = [name for name in stored if isinstance(name, str)]
    notes = [
        f"the index ({', '.join(map(repr, index))}) names rows: it is not learnt, and "
        "new rows have none"
    ]
    return [name for name in schema.names if name not in index], notes[: len(index)]


def _register_extensions() -> None:
    """Let Arrow know the types of pandas, which it else reads as what stores them."""
    pyarrow.array(pd.array([], dtype="period[D]"))


def _extension(kind: Any) -> str:
    """Return the name of an extension type; "" for all others."""
    return str(getattr(kind, "extension_name", ""))


def _is_foreign(kind: Any) -> bool:
    """Tell whether values of an Arrow type cannot be generated."""
    if types.is_dictionary(kind):
        plain = kind.value_type
        return not (_is_text(plain) or types.is_integer(plain))
    if _extension(kind):
        return _extension(kind) not in _EXTENSIONS
    known = (
        types.is_boolean,
        types.is_integer,
        types.is_floating,
        types.is_decimal,
        types.is_date,
        types.is_time,
        types.is_timestamp,
        types.is_duration,
        types.is_null,
        _is_text,
    )
    return not any(is_kind(kind) for is_kind in known)


def _is_text(kind: Any) -> bool:
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
    )


def _column(values: Any, kind: Any) -> tuple[pd.Series, ColumnForm]:
    """Return a column in a dtype that can be generated, and its form as CSV."""
    form: Any = Words()
    if _extension(kind) == "arrow.uuid":
        return pd.Series(values.to_pylist(), dtype=object), ColumnForm(form)
    if _extension(kind):
        return values.to_pandas(), ColumnForm(form)
    if types.is_decimal(kind):
        if kind.scale <= 0:
            values, form = values.cast(pyarrow.int64()), Whole()
        else:
            values, form = values.cast(pyarrow.float64()), Decimals("fixed", kind.scale)
    elif types.is_date(kind):
        values, form = values.cast(pyarrow.timestamp("s")), Times()
    elif types.is_time(kind):
        number = pyarrow.int32() if kind.bit_width == 32 else pyarrow.int64()
        values = values.cast(number).cast(pyarrow.int64())
        values = values.cast(pyarrow.duration(kind.unit))
        form = Durations(fraction=_digits(kind.unit))
    elif types.is_timestamp(kind):
        form = Times(
            "%Y-%m-%d %H:%M:%S",
            fraction=_digits(kind.unit),
            offset="+00:00" if kind.tz else "",
            zone=kind.tz or "",
        )
    elif types.is_duration(kind):
        form = Durations(days=True)
    elif types.is_boolean(kind):
        form = Flags()
    elif types.is_integer(kind):
        form = Whole()
    elif types.is_floating(kind):
        form = Decimals()
        values = values.cast(pyarrow.float64()) if kind.bit_width == 16 else values
    elif types.is_dictionary(kind) and types.is_integer(kind.value_type):
        form = Whole()
    nullable = _nullable(values.type) if values.null_count else None
    series = values.to_pandas(types_mapper=lambda _: nullable)
    if types.is_timestamp(kind) and kind.tz:
        # Generated as the clock on the wall shows it.
        # Imports scikit-learn, which takes seconds.
        from skfadm.encoding._kinds import with_midnights

        zoned = series.dt.tz_convert(kind.tz)
        clock = zoned.dt.tz_localize(None).to_numpy()
        series = pd.Series(with_midnights(clock, zoned.dt.tz))
    return series, ColumnForm(form)


def _nullable(kind: Any) -> Any:
    if types.is_boolean(kind):
        return pd.BooleanDtype()
    if types.is_integer(kind):
        name = str(kind)
        return pd.api.types.pandas_dtype(name.title().replace("Uint", "UInt"))
    return None


def _digits(unit: str) -> int:
    return {"s": 0, "ns": TRIMMED_NS}.get(unit, -1)


def _schema(form: TableForm) -> Any:
    """Return the schema of the file to be written."""
    if form.schema:
        _register_extensions()
        stored = pyarrow.py_buffer(base64.b64decode(form.schema))
        schema = pyarrow.ipc.read_schema(stored)
        fields = [schema.field(name) for name in form.columns]
        metadata = dict(schema.metadata or {})
        if b"pandas" in metadata:
            told = json.loads(metadata[b"pandas"])
            told["index_columns"] = []
            told["columns"] = [
                column for column in told["columns"] if column["name"] in form.columns
            ]
            metadata[b"pandas"] = json.dumps(told).encode()
        return pyarrow.schema(fields, metadata)
    return pyarrow.schema(
        [(name, _type(column.form)) for name, column in form.columns.items()]
    )


def _type(form: Any) -> Any:
    """Return the Arrow type of values that were read from text."""
    if isinstance(form, Times):
        if not form.has_clock:
            return pyarrow.date32()
        return pyarrow.timestamp(form.unit, form.zone or None)
    if isinstance(form, Durations):
        return pyarrow.duration(form.unit)
    return {
        Whole: pyarrow.int64(),
        Decimals: pyarrow.float64(),
        Flags: pyarrow.bool_(),
        Words: pyarrow.string(),
    }[type(form)]


def _array(series: pd.Series, kind: Any, column: ColumnForm) -> Any:
    """Return a column as an Arrow array of a type."""
    if types.is_dictionary(kind):
        codes = pyarrow.array(series.cat.codes, mask=series.isna().to_numpy())
        values = pyarrow.array(series.cat.categories, kind.value_type)
        return pyarrow.DictionaryArray.from_arrays(
            codes.cast(kind.index_type), values, ordered=kind.ordered
        )
    if types.is_decimal(kind):
        step = Decimal(1).scaleb(-kind.scale)
        numbers = [
            None if is_none else Decimal(str(value)).quantize(step)
            for value, is_none in zip(series.tolist(), series.isna(), strict=True)
        ]
        return pyarrow.array(numbers, kind)
    if types.is_timestamp(kind) and kind.tz and isinstance(column.form, Times):
        series = pd.Series(column.form.zoned(series.to_numpy()))
    if types.is_null(kind):
        return pyarrow.nulls(len(series))
    if _extension(kind) == "arrow.uuid":
        return pyarrow.array(series, kind)
    array = pyarrow.array(series, from_pandas=True)
    if types.is_time(kind):
        number = pyarrow.int32() if kind.bit_width == 32 else pyarrow.int64()
        return array.cast(pyarrow.int64()).cast(number).cast(kind)
    if _extension(kind):
        return array
    return array.cast(kind, safe=not types.is_timestamp(kind))
