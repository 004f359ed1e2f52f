"""CSV files: read as text once, each column typed by one rule, written alike."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from skfadm._files import UserError

from ._columns import BETWEEN, ColumnForm, TextColumn, Words
from ._dialect import Dialect, decoded, find_dialect, is_tab_separated
from ._table import ReadOptions, Table, TableForm

#: Fields and rows of a block.
_BLOCK_FIELDS, _BLOCK_ROWS = 1 << 20, 1 << 16
#: Columns that a note names.
_SHOWN = 5


def read_csv(path: Path, options: ReadOptions) -> Table:
    """Read a table; see `_columns` for how its columns get their types.

    Raises
    ------
    UserError
        If the file is no table, with the line at fault.
    """
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
        may_be_time = name not in options.labels
        series[name], forms[name] = column.column(may_be_time=may_be_time)
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


def _read_text(path: Path, dialect: Dialect) -> tuple[list[str], list[list[str]]]:
    """Return the names of the columns, and each column's blocks of text."""
    records = _records(path, dialect)
    _, names = next(records, (0, []))
    n_fields = len(names)
    blocks: list[list[str]] = [[] for _ in names]
    size = max(1, min(_BLOCK_ROWS, _BLOCK_FIELDS // n_fields))
    while batch := list(islice(records, size)):
        rows = [_row(path, dialect, number, row, n_fields) for number, row in batch]
        for column, values in zip(blocks, zip(*rows, strict=True), strict=True):
            text = BETWEEN.join(values)
            if text.count(BETWEEN) >= len(rows):
                raise UserError(
                    f"{path}: holds zero bytes between lines {batch[0][0]} and "
                    f"{batch[-1][0]}, so it is no text; give --encoding if it is one"
                )
            column.append(text)
    if not blocks[0]:
        raise UserError(f"{path}: holds no rows below its names; give some")
    return names, blocks


def _records(path: Path, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of each record, with the line that it ends in."""
    reader = csv.reader(
        decoded(path, dialect.encoding),
        delimiter=dialect.sep,
        skipinitialspace=dialect.spaced,
        strict=True,
    )
    try:
        for row in reader:
            if row:  # Blank lines are none.
                yield reader.line_num, row
    except csv.Error as error:
        raise UserError(
            f"{path}: cannot be read as a table: line {reader.line_num}: {error}; look "
            "at the quotes there, or name the separator with --sep"
        ) from error


def _row(
    path: Path, dialect: Dialect, number: int, row: list[str], n_fields: int
) -> list[str]:
    """Return the fields of a record, as many as there are names."""
    if len(row) == n_fields:
        return row
    if len(row) > n_fields and not any(row[n_fields:]):
        # Separators at the end of a line separate nothing.
        return row[:n_fields]
    raise UserError(
        f"{path}: cannot be read as a table: line {number} has {len(row)} fields, the "
        f"first line names {n_fields}; put fields that hold {dialect.sep!r} in quotes, "
        "name unnamed columns, or give the separator with --sep"
    )


def _take_row_names(
    names: list[str], blocks: list[list[str]], notes: list[str]
) -> int | None:
    """Take out a first column without a name; return the number of the first row."""
    if names[0].strip() or len(names) == 1 or _is_empty(blocks[0]):
        return None
    first = blocks[0][0].split(BETWEEN, 1)[0]
    del names[0], blocks[0]
    start = 0 if first == "0" else 1
    notes.append(
        "the first column has no name, so it names rows: it is not learnt, and new "
        f"rows are numbered from {start}"
    )
    return start


def _drop_empty_columns(names: list[str], blocks: list[list[str]]) -> None:
    """Drop columns that have neither a name nor a value."""
    for j in reversed(range(len(names))):
        if not names[j].strip() and _is_empty(blocks[j]):
            del names[j], blocks[j]


def _is_empty(blocks: list[str]) -> bool:
    return not any(block.strip(BETWEEN + " ") for block in blocks)


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
            is_words = isinstance(forms[column.name].form, Words)
            (words if is_words else missing)[column.name] = column.usual_marks
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
