"""Tables as files, CSV and Parquet: read, and written again in the same form."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from skfadm._files import (
    STREAM,
    UserError,
    check_can_write,
    check_file,
    check_installed,
    is_stream,
    written_whole,
)

if TYPE_CHECKING:
    import pandas as pd

    from .forms import Form, Table, TableForm

_SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")


def check_table_path(path: Path | None, *, exists: bool = True) -> None:
    """Check that a table, if one is named, can be read from or written to a path."""
    if path is None or is_stream(path):
        return
    if not _is(path, *_SUFFIXES):
        raise UserError(
            f"{path}: tables are read and written as {', '.join(_SUFFIXES)}; name the "
            "file accordingly"
        )
    if _is(path, ".parquet"):
        check_installed("pyarrow", f"{path}: Parquet")
    check_file(path) if exists else check_can_write(path)


def read_table(
    path: Path,
    *,
    sep: str | None = None,
    encoding: str | None = None,
    missing: Collection[str] = (),
    labels: Collection[str] = (),
    like: TableForm | None = None,
) -> Table:
    """Read a table; its suffix says how, and "-" stands for CSV on standard input.

    `sep` and `encoding` of a CSV file are found where they are None. `missing` stand
    for missing values, beside the empty field. The columns `labels` are no times.
    `like` is the form of another table with the same columns, which are read as that
    table's: words as words, numbers as numbers.
    """
    forms = like.columns if like else {}
    try:
        with _opened(path) as stream:
            if _is(path, ".parquet"):
                from .parquet import read_parquet

                table = read_parquet(stream)
            else:
                from .csv_text import read_csv

                has_tabs = _is(path, ".tsv", ".tsv.gz")
                sep = sep or ("\t" if has_tabs else None)
                table = read_csv(stream, sep, encoding, missing, labels, forms)
                if has_tabs:
                    # Tabs go with the name: the same table under another has commas.
                    table.form = replace(table.form, sep=",")
        _check_like(table, forms)
    except Exception as error:
        name = "standard input" if path == STREAM else path
        if isinstance(error, UserError):
            raise UserError(f"{name}: {error}") from error
        # Whatever csv, gzip, pandas or pyarrow may raise.
        problem = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{name}: cannot be read as a table: {problem}") from error
    return table


def write_table(batches: Iterable[pd.DataFrame], form: TableForm, path: Path) -> None:
    """Write a table batch by batch, whole or not at all; its suffix says how."""
    with written_whole(path) as file:
        if _is(path, ".parquet"):
            from .parquet import write_parquet

            write_parquet(batches, form, file)
            return
        from .csv_text import write_csv

        if _is(path, ".tsv", ".tsv.gz"):
            form = replace(form, sep="\t")
        if not _is(path, ".gz"):
            write_csv(batches, form, file)
            return
        # No name and no time in the header: equal tables give equal files.
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as unpacked:
            write_csv(batches, form, cast(BinaryIO, unpacked))


def _is(path: Path, *suffixes: str) -> bool:
    return path.name.lower().endswith(suffixes)


def _opened(path: Path) -> BinaryIO:
    """Open a file for reading, unpacked if its name says that it is packed."""
    packed = _is(path, ".gz")
    if not is_stream(path):
        return cast(BinaryIO, gzip.open(path)) if packed else path.open("rb")
    content = sys.stdin.buffer.read() if path == STREAM else path.read_bytes()
    return io.BytesIO(gzip.decompress(content) if packed else content)


def _check_like(table: Table, like: dict[str, Form]) -> None:
    """Check that columns hold no words where those of `like` hold none."""
    from .forms import Form

    for name, form in table.form.columns.items():
        values = table.frame[name].dropna()
        has_words = type(form) is Form and len(values) > 0
        if has_words and type(like.get(name, form)) is not Form:
            raise UserError(
                f"column {name!r} holds words such as {values.iloc[0]!r}; in the table "
                "that was learnt from it holds none"
            )
