"""The encoding and the separator of a CSV file: given, or seen beyond doubt."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from skfadm._files import UserError

_SEPARATORS = {",": "','", ";": "';'", "\t": "tab", "|": "'|'"}
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    # Before UTF-16's, with which they begin.
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
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
_SAMPLE_LINES = 100
_SAMPLE_BYTES = 1 << 12


@dataclass(frozen=True)
class Dialect:
    """How the fields of a text file are written."""

    sep: str = ","
    encoding: str = "utf-8"
    newline: str = "\n"
    #: Whether a space follows each separator; it is no part of the field.
    spaced: bool = False
    #: Whether the first line is "sep=;", as spreadsheets take it.
    names_sep: bool = False


def is_tab_separated(path: Path) -> bool:
    """Tell whether a file's name says that tabs separate its fields."""
    return path.name.lower().endswith((".tsv", ".tsv.gz"))


def open_binary(path: Path) -> BinaryIO:
    """Open a file for reading, unpacked if its name says that it is packed."""
    if path.name.lower().endswith(".gz"):
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")


def find_dialect(path: Path, sep: str | None, encoding: str | None) -> Dialect:
    """Return how a file is written, where that is not given and is beyond doubt.

    Where it cannot be told, the error names the option that tells it.
    """
    with open_binary(path) as file:
        head = file.read(_SAMPLE_BYTES)
    for start, advice in _OTHERS.items():
        if head.startswith(start):
            raise UserError(f"{path}: {advice}")
    encoding = encoding or _encoding(head)
    with decoded(path, encoding) as file:
        lines = list(islice(file, _SAMPLE_LINES))
    if not any(line.strip() for line in lines):
        raise UserError(f"{path}: is empty; give a table with a line of names")
    newline = "\r\n" if lines[0].endswith("\r\n") else "\n"
    named = _SEP_LINE.fullmatch(lines[0].rstrip("\r\n"))
    if named:
        sep = named[1] if sep is None else sep
        lines = lines[1:] or [""]
    if sep is None and is_tab_separated(path):
        sep = "\t"
    sep = _separator(path, lines) if sep is None else sep
    texts = [line.rstrip("\r\n") for line in lines]
    n_seps = sum(text.count(sep) for text in texts)
    spaced = sep != " " and 0 < n_seps == sum(text.count(f"{sep} ") for text in texts)
    return Dialect(sep, encoding, newline, spaced, bool(named))


@contextmanager
def decoded(path: Path, encoding: str) -> Iterator[Iterator[str]]:
    """Give the lines of a file, with their ends, if they are of this encoding."""
    with io.TextIOWrapper(open_binary(path), encoding=encoding, newline="") as file:
        try:
            yield file
        except UnicodeError as error:
            raise UserError(_undecodable(path, encoding)) from error


def _encoding(head: bytes) -> str:
    for mark, name in _BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return name
    # Names of columns are mostly ASCII: in UTF-16 every other byte of them is zero.
    even, odd = head[0:100:2].count(0), head[1:100:2].count(0)
    half = len(head[:100]) // 2
    if half and max(even, odd) > 0.8 * half and min(even, odd) == 0:
        return "utf-16-be" if even > odd else "utf-16-le"
    return "utf-8"


def _separator(path: Path, lines: list[str]) -> str:
    """Return the one separator with which all lines have the fields of the first."""
    counts = {}
    for sep in _SEPARATORS:
        rows = [row for row in csv.reader(lines, delimiter=sep) if row]
        # A field in quotes may go on after the last line that is looked at.
        rows = rows[:-1] if len(lines) == _SAMPLE_LINES else rows
        n_fields = len(rows[0])
        if n_fields > 1 and all(has_fields(row, n_fields) for row in rows):
            counts[sep] = n_fields
    if len(counts) > 1:
        names = " or ".join(_SEPARATORS[sep] for sep in counts)
        raise UserError(f"{path}: the separator may be {names}; say which with --sep")
    if counts:
        return next(iter(counts))
    # Ragged or of one column: read with the likeliest, so that errors can tell a line.
    return max(_SEPARATORS, key=lambda sep: (lines[0].count(sep), sep == ","))


def has_fields(row: list[str], n_fields: int) -> bool:
    """Tell whether a record has its fields; separators at its end separate nothing."""
    return len(row) >= n_fields and not any(row[n_fields:])


def _undecodable(path: Path, encoding: str) -> str:
    """Say where a file is not of its encoding, and what to do."""
    advice = "give --encoding, such as cp1252, latin-1 or utf-16"
    if not encoding.startswith("utf-8"):
        return f"{path}: is not {encoding} throughout; {advice}"
    with open_binary(path) as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                start = max(0, error.start - 10)
                shown = line[start : error.end + 10].decode("cp1252", "replace")
                return (
                    f"{path}: is not UTF-8 in line {number}, which would read "
                    f"{shown.strip()!r} as cp1252; {advice}"
                )
    return f"{path}: is not {encoding} throughout; {advice}"
