"""CSV files: read as text once, each column by its rule, and written alike."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from types import SimpleNamespace
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from skfadm._files import UserError

from .forms import KINDS, Form, Number, Table, TableForm, Times, number_pattern

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
#: Fields that are read at a time.
_FIELDS = 1 << 20
#: Stands between texts that are kept as one, which takes little memory.
_BETWEEN = "\0"
#: What programs write for a missing value. In a column of words they may be words.
_MISSING = frozenset(
    ("", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-nan", "NaT")
    + ("NULL", "null", "None", "none", "\\N", ".", "?", "-", "--")
)
_INFINITE = re.compile("[-+]?(?:inf|infinity)", re.IGNORECASE)
_ROW_NAMES = (
    "the first column has no name, so it names rows: it is not learnt, and new rows "
    "are numbered from {}"
)
_AS_MISSING = "read as missing values: {}"
_MARKS_IN_WORDS = (
    "read as words: {}; if they stand for missing values, name them by --missing"
)
_ODD = "read as words: {}; write numbers as 1234.5, times as 2020-12-31 10:00"
#: Distinct words of a column that are looked at for a note, and columns that it names.
_LOOKED_AT, _SHOWN = 1000, 3


def read_csv(
    stream: BinaryIO,
    sep: str | None,
    encoding: str | None,
    missing: Collection[str],
    labels: Collection[str],
    like: Mapping[str, Form],
) -> Table:
    """Read a table.

    Columns in `labels` are no times, and those in `like` are of that kind or words.
    """
    columns, file = _read_text(stream, sep, encoding)
    notes: dict[str, list[str]] = {}
    first = next(iter(columns))
    if not first.strip() and len(columns) > 1:
        start = 0 if columns.pop(first)[0].split(_BETWEEN)[0] == "0" else 1
        file["row_names"] = start
        notes[_ROW_NAMES] = [str(start)]
    series, forms = {}, {}
    for name in list(columns):
        find = [kind.find for kind in KINDS]
        if name in like:
            find = [] if type(like[name]) is Form else [like[name].find_again]
        elif name in labels:
            find = [kind.find for kind in KINDS if kind is not Times]
        texts = _BETWEEN.join(columns.pop(name)).split(_BETWEEN)
        column = np.array(texts, dtype=object)
        series[name], forms[name] = _read_column(
            name, column, {"", *missing}, file["sep"], find, notes
        )
    frame = pd.DataFrame(series, copy=False)
    return Table(frame, TableForm(forms, **file), _lines(notes))


def _read_text(
    stream: BinaryIO, sep: str | None, encoding: str | None
) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """Return the texts of each column in blocks, and how the file is written."""
    head = stream.read(4)
    stream.seek(0)
    for start, advice in _OTHERS.items():
        if head.startswith(start):
            raise UserError(advice)
    marks = (name for mark, name in _MARKS.items() if head.startswith(mark))
    encoding = encoding or next(marks, "utf-8")
    # Fields may be longer than the 131,072 characters that `csv` reads else.
    limit = csv.field_size_limit(2**31 - 1)
    try:
        with io.TextIOWrapper(stream, encoding, newline="") as lines:
            columns, file = _read_lines(lines, sep)
    except UnicodeDecodeError as error:
        part = error.object[max(0, error.start - 10) : error.end + 10]
        raise UserError(
            f"is not {encoding} throughout; what is not would read "
            f"{part.decode('cp1252', 'replace').strip()!r} as cp1252; give --encoding, "
            "such as cp1252, latin-1 or utf-16"
        ) from error
    finally:
        csv.field_size_limit(limit)
    return columns, file | {"encoding": encoding}


def _read_lines(
    lines: Iterator[str], sep: str | None
) -> tuple[dict[str, list[str]], dict[str, Any]]:
    first = list(islice(lines, _SAMPLE))
    if not any(map(str.strip, first)):
        raise UserError("is empty; give a table with a line of names")
    newline = "\r\n" if first[0].endswith("\r\n") else "\n"
    named = _SEP_LINE.fullmatch(first[0].rstrip("\r\n"))
    if named:
        sep, first = sep or named[1], first[1:]
    sep = sep or _separator(first)
    # A space after each separator is no part of the field.
    has_spaces = all(line.count(sep) == line.count(f"{sep} ") for line in first)
    records = csv.reader(
        chain(first, lines),
        delimiter=sep,
        skipinitialspace=sep != " " and has_spaces,
        strict=True,
    )
    try:
        names = next(filter(None, records), [])  # blank lines are no records
        columns: list[list[str]] = [[] for _ in names]
        rows = _rows(records, len(names), sep, bool(named))
        size = max(1, _FIELDS // max(1, len(names)))
        while block := list(islice(rows, size)):
            by_column = zip(*block, strict=True)
            for name, parts, texts in zip(names, columns, by_column, strict=True):
                parts.append(_as_one(name, texts))
    except csv.Error as error:
        raise UserError(
            f"cannot be read as a table: line {records.line_num + bool(named)}: "
            f"{error}; look at the quotes there, or name the separator with --sep"
        ) from error
    if not names or not columns[0]:
        raise UserError("holds no rows below its names; give some")
    found: dict[str, list[str]] = {}
    for name, parts in zip(names, columns, strict=True):
        if not name.strip() and not any(part.strip(" \0") for part in parts):
            continue  # Cells that were used once leave separators behind.
        if name in found:
            raise UserError(
                f"more than one column is named {name!r}; give each column a name of "
                "its own in the first line"
            )
        found[name] = parts
    if not found:
        raise UserError("names no column; give a table with a line of names")
    return found, {"sep": sep, "newline": newline, "names_sep": bool(named)}


def _rows(records: Any, n_fields: int, sep: str, n_before: int) -> Iterator[list[str]]:
    """Yield records that have their fields; blank lines are none."""
    for row in records:
        if row and not _has_fields(row, n_fields):
            raise UserError(
                f"cannot be read as a table: line {records.line_num + n_before} has "
                f"{len(row)} fields, the first line names {n_fields}; put fields that "
                f"hold {sep!r} in quotes, name unnamed columns, or give the separator "
                "with --sep"
            )
        if row:
            yield row[:n_fields]


def _has_fields(row: list[str], n_fields: int) -> bool:
    """Tell whether a record has its fields; separators at its end separate nothing."""
    return len(row) == n_fields or (len(row) > n_fields and not any(row[n_fields:]))


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


def _as_one(name: str, texts: Collection[str]) -> str:
    """Return texts as one; refuse what is no text, zero bytes and half characters."""
    text = _BETWEEN.join((name, *texts))
    odd = _BETWEEN if text.count(_BETWEEN) > len(texts) else ""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        odd = text[error.start]
    if odd:
        raise UserError(
            f"column {name!r} holds {odd!r}, which is no text; leave it out, or give "
            "--encoding, such as utf-16, if the file is of another"
        )
    return text[len(name) + 1 :]


def _read_column(
    name: str,
    column: Any,
    marks: set[str],
    sep: str,
    find: Iterable[Any],
    notes: dict[str, list[str]],
) -> tuple[pd.Series, Form]:
    """Return the values of a column and its form, which is the first that is found.

    `marks` stand for missing values.
    """
    codes, known = pd.factorize(column)
    texts = known.tolist()
    stripped = list(map(str.strip, texts))
    gone = marks | _MISSING
    present = [text for text in dict.fromkeys(stripped) if text not in gone]
    finite = [text for text in present if not _INFINITE.fullmatch(text)]
    found = (way(finite, sep) for way in find if finite)
    form = next(filter(None, found), None)
    if form is not None and len(finite) < len(present):
        infinite = min(filter(_INFINITE.fullmatch, present))
        if isinstance(form, Number):
            raise UserError(
                f"column {name!r} holds the infinite number {infinite!r}; give "
                f"--missing {infinite} if it stands for a missing value, or drop these "
                "rows"
            )
        form = None
    usual = sorted(_MISSING.intersection(stripped) - marks)
    if form is None:
        form = Form()
        missing = np.array([text in marks for text in texts])
        values = np.array(texts, dtype=object)
        values[missing] = None
        kind = _MARKS_IN_WORDS
        if odd := _odd(finite) if find else "":
            notes.setdefault(_ODD, []).append(f"{odd!r} in {name!r}")
    else:
        missing = np.array([text in gone for text in stripped])
        pairs = zip(stripped, missing, strict=True)
        values = form.read([finite[0] if is_gone else t for t, is_gone in pairs])
        kind = _AS_MISSING
    if usual:
        named = f"{', '.join(map(repr, usual))} in {name!r}"
        notes.setdefault(kind, []).append(named)
    series = pd.Series(pd.Series(values).array.take(codes), name=name)
    rows = missing[codes]
    if rows.any():
        if type(form) is not Form:
            dtype = {"i": "Int64", "b": "boolean"}.get(series.dtype.kind, series.dtype)
            series = series.astype(dtype).mask(rows)
        most = int(np.bincount(codes[rows]).argmax())
        form = replace(form, missing=stripped[most])
    return series, form


def _odd(texts: list[str]) -> str:
    """Return a word of a column that is one of numbers or times but for few, or ""."""

    def is_like(text: str) -> bool:
        n_digits, n_letters = (sum(map(f, text)) for f in (str.isdigit, str.isalpha))
        return text.lstrip("+-.")[:1].isdigit() and n_digits >= n_letters

    few = texts[:_LOOKED_AT]
    odd = [text for text in few if not is_like(text)]
    if len(few) < 3 or len(odd) > 0.1 * len(few):
        return ""
    is_plain = number_pattern(".", "").fullmatch
    return min(odd or (text for text in few if not is_plain(text)), default="")


def _lines(notes: dict[str, list[str]]) -> list[str]:
    """Return a line for each kind of note, with the first of what was found."""
    lines = []
    for kind, found in notes.items():
        more = len(found) - _SHOWN
        shown = "; ".join(found[:_SHOWN]) + (f"; {more} more" if more > 0 else "")
        lines.append(kind.format(shown))
    return lines


def write_csv(batches: Iterable[pd.DataFrame], form: TableForm, file: BinaryIO) -> None:
    """Write a table batch by batch, as the file was written that it was learnt from."""
    stream = io.TextIOWrapper(file, form.encoding, newline="")
    # With these ends the writer puts fields in quotes that hold one or half of one.
    end = "\r\n"
    lines = SimpleNamespace(
        write=lambda line: stream.write(line.removesuffix(end) + form.newline)
    )
    writer = csv.writer(lines, delimiter=form.sep, lineterminator=end)
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
