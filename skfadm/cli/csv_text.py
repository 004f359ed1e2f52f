"""CSV files: read as text once, each column by its rule, and written alike."""

from __future__ import annotations

import codecs
import csv
import io
import re
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skfadm._files import UserError

from .columns import Column, read_column
from .forms import KINDS, Form, Times, Words

if TYPE_CHECKING:
    from .tables import TableForm

_SEPARATORS = {",": "','", ";": "';'", "\t": "tab", "|": "'|'"}
#: How files begin in other encodings than UTF-8.
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
#: How files of other kinds begin, what they are and what to do.
_OTHERS = {
    b"PK\x03\x04": "is a zip archive, perhaps a spreadsheet; save it as CSV",
    b"\xd0\xcf\x11\xe0": "is a spreadsheet; save it as CSV",
    b"\x1f\x8b": "is packed; give it a name that ends in .csv.gz",
    b"PAR1": "is Parquet; give it a name that ends in .parquet",
}
_SEP_LINE = re.compile(r'"?sep=([^\r\n"])"?', re.IGNORECASE)
#: Lines that are looked at for the separator.
_SAMPLE = 100
#: Rows, and fields, that are read at a time.
_ROWS, _FIELDS = 1 << 16, 1 << 20
#: Stands between texts that are kept as one; no text has it.
_BETWEEN = "\0"
#: Columns that a note names.
_SHOWN = 5

#: A column in parts, which take little memory: the distinct texts of some rows, as one
#: text, and for each row which of them it has.
Parts = list[tuple[str, "array[int]"]]


def read_csv(
    stream: BinaryIO,
    sep: str | None,
    encoding: str | None,
    *,
    missing: Collection[str],
    labels: Collection[str],
    like: Mapping[str, Form],
) -> tuple[pd.DataFrame, dict[str, Form], dict[str, Any], list[str]]:
    """Return a table, the forms of its columns and of the file, and notes.

    Columns in `labels` are no times, and those in `like` are of that kind or words.
    """
    parts, file = _read_text(stream, sep, encoding)
    notes: list[str] = []
    first = next(iter(parts))
    if not first.strip() and len(parts) > 1:
        file["row_names"] = 0 if parts.pop(first)[0][0].startswith("0\0") else 1
        notes.append(
            "the first column has no name, so it names rows: it is not learnt, and new "
            f"rows are numbered from {file['row_names']}"
        )
    columns: dict[str, Column] = {}
    for name in list(parts):
        kinds = KINDS
        if name in like:
            kinds = tuple(kind for kind in KINDS if isinstance(like[name], kind))
        elif name in labels:
            kinds = tuple(kind for kind in KINDS if kind is not Times)
        columns[name] = read_column(
            name,
            *_joined(parts.pop(name)),
            marks={"", *missing},
            sep=file["sep"],
            kinds=kinds,
        )
    frame = pd.DataFrame({n: c.series for n, c in columns.items()}, copy=False)
    forms = {name: column.form for name, column in columns.items()}
    return frame, forms, file, notes + _notes(columns)


def _read_text(
    stream: BinaryIO, sep: str | None, encoding: str | None
) -> tuple[dict[str, Parts], dict[str, Any]]:
    """Return the texts of each column, and how the file is written."""
    head = stream.read(4)
    stream.seek(0)
    for start, advice in _OTHERS.items():
        if head.startswith(start):
            raise UserError(advice)
    marks = (name for mark, name in _MARKS.items() if head.startswith(mark))
    encoding = encoding or next(marks, "utf-8")
    try:
        with io.TextIOWrapper(stream, encoding, newline="") as lines, _long_fields():
            parts, file = _read_lines(lines, sep)
    except UnicodeDecodeError as error:
        part = error.object[max(0, error.start - 10) : error.end + 10]
        raise UserError(
            f"is not {encoding} throughout; what is not would read "
            f"{part.decode('cp1252', 'replace').strip()!r} as cp1252; give --encoding, "
            "such as cp1252, latin-1 or utf-16"
        ) from error
    return parts, file | {"encoding": encoding}


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let fields be longer than the 131,072 characters that `csv` reads else."""
    limit = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def _read_lines(
    lines: Iterator[str], sep: str | None
) -> tuple[dict[str, Parts], dict[str, Any]]:
    first = list(islice(lines, _SAMPLE))
    if not any(map(str.strip, first)):
        raise UserError("is empty; give a table with a line of names")
    newline = "\r\n" if first[0].endswith("\r\n") else "\n"
    named = _SEP_LINE.fullmatch(first[0].rstrip("\r\n"))
    if named:
        sep, first = sep or named[1], first[1:]
    sep = sep or _separator(first)
    records = csv.reader(
        chain(first, lines),
        delimiter=sep,
        # A space after each separator is no part of the field.
        skipinitialspace=sep != " "
        and all(line.count(sep) == line.count(f"{sep} ") for line in first),
        strict=True,
    )
    try:
        # Blank lines are no records.
        names = next(filter(None, records), [])
        columns: list[Parts] = [[] for _ in names]
        rows = _rows(records, len(names), sep, int(named is not None))
        size = max(1, min(_ROWS, _FIELDS // max(1, len(names))))
        while block := list(islice(rows, size)):
            by_column = zip(*block, strict=True)
            for name, parts, texts in zip(names, columns, by_column, strict=True):
                numbers = _numbered()
                codes = array("H", map(numbers.__getitem__, texts))
                parts.append((_checked(name, numbers), codes))
    except csv.Error as error:
        raise UserError(
            f"cannot be read as a table: line {records.line_num + bool(named)}: "
            f"{error}; look at the quotes there, or name the separator with --sep"
        ) from error
    if not names or not columns[0]:
        raise UserError("holds no rows below its names; give some")
    found: dict[str, Parts] = {}
    for name, parts in zip(names, columns, strict=True):
        if not name.strip() and not any(text.strip(" \0") for text, _ in parts):
            continue  # Cells that were used once leave separators behind.
        if name in found:
            raise UserError(
                f"more than one column is named {name!r}; give each column a name of "
                "its own in the first line"
            )
        found[name] = parts
    return found, {"sep": sep, "newline": newline, "names_sep": bool(named)}


def _rows(records: Any, n_fields: int, sep: str, n_before: int) -> Iterator[list[str]]:
    """Yield records that have their fields; blank lines are none."""
    for row in records:
        if len(row) == n_fields:
            yield row
        elif row and not _has_fields(row, n_fields):
            raise UserError(
                f"cannot be read as a table: line {records.line_num + n_before} has "
                f"{len(row)} fields, the first line names {n_fields}; put fields that "
                f"hold {sep!r} in quotes, name unnamed columns, or give the separator "
                "with --sep"
            )
        elif row:
            yield row[:n_fields]


def _has_fields(row: list[str], n_fields: int) -> bool:
    """Tell whether a record has its fields; separators at its end separate nothing."""
    return len(row) >= n_fields and not any(row[n_fields:])


def _separator(lines: list[str]) -> str:
    """Return the one separator with which all lines have the fields of the first."""
    fit = []
    for sep in _SEPARATORS:
        rows = list(filter(None, csv.reader(lines, delimiter=sep)))
        # A field in quotes may go on after the last line that is looked at.
        rows = rows[:-1] if len(lines) >= _SAMPLE - 1 else rows
        n_fields = len(rows[0]) if rows else 0
        if n_fields > 1 and all(_has_fields(row, n_fields) for row in rows):
            fit.append(sep)
    if len(fit) > 1:
        names = " or ".join(_SEPARATORS[sep] for sep in fit)
        raise UserError(f"the separator may be {names}; say which with --sep")
    # Ragged or of one column: read with the likeliest, so that errors can tell a line.
    head = "".join(lines[:1])
    return fit[0] if fit else max(_SEPARATORS, key=lambda s: (head.count(s), s == ","))


def _numbered() -> defaultdict[str, int]:
    """Return a dict that numbers texts in the order in which it is asked for them."""
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    return numbers


def _checked(name: str, texts: Collection[str]) -> str:
    """Return texts as one; refuse what is no text, zero bytes and half characters."""
    text = _BETWEEN.join(texts)
    n_between = f"{name}{text}".count(_BETWEEN)
    odd = _BETWEEN if n_between >= len(texts) else ""
    try:
        f"{name}{text}".encode()
    except UnicodeEncodeError as error:
        odd = str(error.object)[error.start]
    if odd:
        raise UserError(
            f"column {name!r} holds {odd!r}, which is no text; leave it out, or give "
            "--encoding, such as utf-16, if the file is of another"
        )
    return text


def _joined(parts: Parts) -> tuple[list[str], NDArray[Any]]:
    """Return the distinct texts of a column, and which of them each row has."""
    numbers, codes = _numbered(), []
    for text, own in parts:
        known = np.array(list(map(numbers.__getitem__, text.split(_BETWEEN))))
        codes.append(known[np.frombuffer(own, np.uint16)])
    return list(numbers), np.concatenate(codes)


def _notes(columns: Mapping[str, Column]) -> list[str]:
    """Say what is worth telling of how columns were read."""
    missing: dict[str, str] = {}
    words: dict[str, str] = {}
    odd = {name: repr(column.odd) for name, column in columns.items() if column.odd}
    for name, column in columns.items():
        if column.marks:
            marks = ", ".join(map(repr, column.marks))
            (words if isinstance(column.form, Words) else missing)[name] = marks
    notes = []
    if missing:
        notes.append(f"read as missing values: {_named(missing)}")
    if words:
        mark = next(iter(words.values())).split(", ")[0]
        notes.append(
            f"read as words: {_named(words)}; if they stand for missing values, give "
            f"--missing {mark}"
        )
    if odd:
        notes.append(
            f"columns of words, not of numbers or times: {_named(odd)}; numbers are "
            "read as 1234.5, times as 2020-12-31 10:00"
        )
    return notes


def _named(found: dict[str, str]) -> str:
    shown = [f"{what} in {name!r}" for name, what in islice(found.items(), _SHOWN)]
    more = len(found) - len(shown)
    return "; ".join(shown) + (f" and in {more} more" if more > 0 else "")


class _Lines:
    """Takes lines that end with a carriage return, and writes them with their ends."""

    def __init__(self, stream: io.TextIOWrapper, newline: str):
        self.stream, self.newline = stream, newline

    def write(self, line: str) -> None:
        self.stream.write(line.removesuffix("\r\n") + self.newline)


def write_csv(batches: Iterable[pd.DataFrame], form: TableForm, file: BinaryIO) -> None:
    """Write a table batch by batch, as the file was written that it was learnt from."""
    stream = io.TextIOWrapper(file, form.encoding, newline="")
    # With these ends the writer puts fields in quotes that hold one or half of one.
    lines = _Lines(stream, form.newline)
    writer = csv.writer(lines, delimiter=form.sep, lineterminator="\r\n")
    if form.names_sep:
        lines.write(f"sep={form.sep}")
    number = form.row_names
    for i, table in enumerate(batches):
        columns: list[Any] = [form.columns[name].texts(table[name]) for name in table]
        names = list(table)
        if number is not None:
            columns.insert(0, range(number, number + len(table)))
            names.insert(0, "")
            number += len(table)
        if i == 0:
            writer.writerow(names)
        writer.writerows(zip(*columns, strict=True))
    # Flushed, but not closed: the file is its opener's.
    stream.detach()
