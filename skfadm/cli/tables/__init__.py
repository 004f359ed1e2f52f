"""Tables as files, CSV and Parquet: read, and written again in the same form."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from skfadm._files import (
    UserError,
    check_can_write,
    check_file,
    check_installed,
    written_whole,
)

from ._table import ReadOptions, Table, TableForm

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ReadOptions",
    "Table",
    "TableForm",
    "check_table_path",
    "read_table",
    "write_table",
]

SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")


def check_table_path(path: Path, *, exists: bool) -> None:
    """Check that a table can be read from, or written to, this path."""
    if not path.name.lower().endswith(SUFFIXES):
        raise UserError(
            f"{path}: tables are read and written as {', '.join(SUFFIXES)}; name the "
            "file accordingly"
        )
    if path.name.lower().endswith(".parquet"):
        check_installed("pyarrow", f"{path}: Parquet")
    check_file(path) if exists else check_can_write(path)


def read_table(
    path: Path, options: ReadOptions, *, like: TableForm | None = None
) -> Table:
    """Read a table; its suffix says how.

    `like` is the form of another table with the same columns: what are words there are
    words here, and words where it has none are an error.
    """
    if like is None:
        return _read_table(path, options)
    words = {name for name, column in like.columns.items() if column.is_words}
    table = _read_table(path, replace(options, words=words))
    for name, column in table.form.columns.items():
        if column.is_words and name in like.columns and name not in words:
            values = table.frame[name].dropna()
            if len(values):
                raise UserError(
                    f"{path}: column {name!r} holds words such as {values.iloc[0]!r}; "
                    "in the table that was learnt from it holds none"
                )
    return table


def _read_table(path: Path, options: ReadOptions) -> Table:
    try:
        if path.name.lower().endswith(".parquet"):
            from ._parquet import read_parquet

            return read_parquet(path)
        from ._csv import read_csv

        return read_csv(path, options)
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: cannot be read as a table: {error}") from error


def write_table(batches: Iterable[pd.DataFrame], form: TableForm, path: Path) -> None:
    """Write a table batch by batch, whole or not at all; its suffix says how."""
    with written_whole(path) as file:
        if path.name.lower().endswith(".parquet"):
            from ._parquet import write_parquet

            write_parquet(batches, form, file)
        else:
            from ._csv import write_csv

            write_csv(batches, form, file, path)
