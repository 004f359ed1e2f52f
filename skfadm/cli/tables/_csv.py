"""CSV files: read as text once, each column typed by one rule, written alike."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import pandas as pd

from skfadm._files import UserError

from ._columns import Block, TextColumn
from ._dialect import Dialect, decoded, find_dialect, has_fields, is_tab_separated
from ._forms import ColumnForm
from ._table import ReadOptions, Table, TableForm

#: Fields and rows of a block.
_BLOCK_FIELDS, _BLOCK_ROWS = 1 << 20, 1 << 16
#: Columns that a note names.
_SHOWN = 5


def read_csv(path: Path, options: ReadOptions) -> Table:
    """Read a table; see `_columns` for how its columns get their types."""
    dialect = find_dialect(path, options.sep, options.encoding)
    names, blocks = _read_text(path, dialect)
    notes: list[str] = []
    row_names = _take_row_names(names, blocks, notes)
    _drop_empty_columns(names, blocks)
    _check_names(path, names)
    series, columns = {}, []
    forms: dict[str, ColumnForm] = {}
    marks = {"", *options.missing}
    for name in names:
        column = TextColumn(name, blocks.pop(0), marks, dialect.sep)
        series[name], forms[name] = column.column(
            may_be_time=name not in options.labels, is_words=name in options.words
        )
        column.blocks = ()  # The values are there; the text may go.
        columns.append(column)
    notes += _notes(columns, forms)
    frame = pd.DataFrame(series, copy=False)
    if is_tab_separated(path):
        # Tabs go with the name: the same table under another has commas.
        dialect = replace(dialect, sep=",")
    return Table(frame, TableForm(forms, dialect, row_names), notes)


def write_csv(
    batches: Iterable[pd.DataFrame], form: TableForm, file: BinaryIO, path: Path
) -> None:
    """Write a table batch by batch, as the file was written that it was learnt from."""
    if is_tab_separated(path):
        form = replace(form, dialect=replace(form.dialect, sep="\t"))
    if path.name.lower().endswith(".gz"):
        # No name and no time in the header: equal tables give equal files.
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as unpacked:
            _write(batches, form, unpacked)
    else:
        _write(batches, form, file)


def _write(batches: Iterable[pd.DataFrame], form: TableForm, file: Any) -> None:
    dialect, start = form.dialect, form.row_names
    stream = io.TextIOWrapper(file, encoding=dialect.encoding, newline="")
    writer = csv.writer(stream, delimiter=dialect.sep, lineterminator=dialect.newline)
    if dialect.names_sep:
        stream.write(f"sep={dialect.sep}{dialect.newline}")
    header = True
    for table in batches:
        columns: list[Sequence[Any]] = [
            form.columns[name].texts(table[name]) for name in table.columns
        ]
        names = list(table.columns)
        if start is not None:
            columns.insert(0, range(start, start + len(table)))
            names.insert(0, "")
            start += len(table)
        if header:
            writer.writerow(names)
            header = False
        writer.writerows(zip(*columns, strict=True))
    # Flushed, but not closed: the file is its opener's.
    stream.detach()


def _read_text(path: Path, dialect: Dialect) -> tuple[list[str], list[list[Block]]]:
    """Return the names of the columns, and each column's values in blocks."""
    with _records(path, dialect) as records:
        # Blank lines are no records.
        names = next(filter(None, records))
        n_fields = len(names)
        blocks: list[list[Block]] = [[] for _ in names]
        size = max(1, min(_BLOCK_ROWS, _BLOCK_FIELDS // n_fields))
        while rows := list(islice(records, size)):
            if set(map(len, rows)) != {n_fields}:
                if not all(has_fields(row, n_fields) for row in rows if row):
                    _refuse_ragged(path, dialect, n_fields)
                rows = [row[:n_fields] for row in rows if row]
            for column, values in zip(blocks, zip(*rows, strict=True), strict=False):
                column.append(Block(values))
    if not blocks[0]:
        raise UserError(f"{path}: holds no rows below its names; give some")
    return names, blocks


@contextmanager
def _records(path: Path, dialect: Dialect) -> Iterator[Any]:
    """Give the fields of each record; errors in reading them tell the line."""
    with decoded(path, dialect.encoding) as lines:
        if dialect.names_sep:
            next(lines)
        reader = csv.reader(
            lines,
            delimiter=dialect.sep,
            skipinitialspace=dialect.spaced,
            strict=True,
        )
        try:
            yield reader
        except csv.Error as error:
            raise UserError(
                f"{path}: cannot be read as a table: line "
                f"{reader.line_num + dialect.names_sep}: {error}; "
                "look at the quotes there, or name the separator with --sep"
            ) from error


def _refuse_ragged(path: Path, dialect: Dialect, n_fields: int) -> NoReturn:
    """Raise the error for the first record that has too many or too few fields."""
    with _records(path, dialect) as records:
        for row in records:
            if row and not has_fields(row, n_fields):
                raise UserError(
                    f"{path}: cannot be read as a table: line "
                    f"{records.line_num + dialect.names_sep} has "
                    f"{len(row)} fields, the first line names {n_fields}; put fields "
                    f"that hold {dialect.sep!r} in quotes, name unnamed columns, or "
                    "give the separator with --sep"
                )
    raise AssertionError("no record is ragged")


def _take_row_names(
    names: list[str], blocks: list[list[Block]], notes: list[str]
) -> int | None:
    """Take out a first column without a name; return the number of the first row."""
    if names[0].strip() or len(names) == 1 or _is_empty(blocks[0]):
        return None
    start = 0 if blocks[0][0].first == "0" else 1
    del names[0], blocks[0]
    notes.append(
        "the first column has no name, so it names rows: it is not learnt, and new "
        f"rows are numbered from {start}"
    )
    return start


def _drop_empty_columns(names: list[str], blocks: list[list[Block]]) -> None:
    """Drop columns that have neither a name nor a value."""
    for j in reversed(range(len(names))):
        if not names[j].strip() and _is_empty(blocks[j]):
            del names[j], blocks[j]


def _is_empty(blocks: list[Block]) -> bool:
    return not any(text.strip() for block in blocks for text in block.distinct())


def _check_names(path: Path, names: list[str]) -> None:
    places: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if name in places:
            what = f"are both named {name!r}" if name else "have no name"
            raise UserError(
                f"{path}: columns {places[name]} and {place} {what}; give each column "
                "a name of its own in the first line"
            )
        places[name] = place


def _notes(columns: list[TextColumn], forms: dict[str, ColumnForm]) -> list[str]:
    """Say what is worth telling of how columns were read."""
    missing: dict[str, list[str]] = {}
    words: dict[str, list[str]] = {}
    odd: dict[str, list[str]] = {}
    for column in columns:
        if column.usual_marks:
            (words if forms[column.name].is_words else missing)[column.name] = (
                column.usual_marks
            )
        if column.odd_number:
            odd[column.name] = [column.odd_number]
    notes = []
    if missing:
        notes.append(f"read as missing values: {_named(missing)}")
    if words:
        mark = next(iter(words.values()))[0]
        notes.append(
            f"read as words: {_named(words)}; if they stand for missing values, give "
            f"--missing {mark!r}"
        )
    if either := [column.name for column in columns if column.may_be_either]:
        notes.append(
            f"day and month cannot be told apart in {', '.join(map(repr, either))}, "
            "which is read as words; dates such as 2020-12-31 are clear"
        )
    if odd:
        notes.append(f"columns of words, not of numbers: {_named(odd)}")
    return notes


def _named(found: dict[str, list[str]]) -> str:
    shown = [
        f"{', '.join(map(repr, values))} in {name!r}"
        for name, values in islice(found.items(), _SHOWN)
    ]
    more = len(found) - len(shown)
    return "; ".join(shown) + (f" and in {more} more" if more > 0 else "")
