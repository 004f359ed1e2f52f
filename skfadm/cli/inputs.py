"""The files of a command: none is lost, and tables are read by the roles of columns."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from skfadm._files import (
    STREAM,
    UserError,
    check_can_write,
    check_installed,
    is_stream,
)

from .roles import Roles, Rows
from .tables import ReadOptions, Table, TableForm, check_table_path, read_table
from .terminal import say

if TYPE_CHECKING:
    import pandas as pd


def check_table(path: Path | None, *, exists: bool = True) -> None:
    """Check that a table, if one is named, can be read from or written to a path."""
    if path is not None and not is_stream(path):
        check_table_path(path, exists=exists)


def check_page(path: Path | None) -> None:
    """Check that a page, if one is named, can be written to this path, and drawn."""
    if path is None:
        return
    if path.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"{path}: the report is a page; name the file .html")
    check_installed("matplotlib", f"{path}: the report")
    check_can_write(path)


def check_none_is_lost(
    reads: dict[str, Path | None], writes: dict[str, Path | None]
) -> None:
    """Check that no file is written that is also read, or written twice."""
    if sum(path == STREAM for path in reads.values()) > 1:
        raise UserError("standard input (-) can be read once; name files")
    used = [(what, path) for what, path in reads.items() if path is not None]
    for option, path in writes.items():
        if path is None or is_stream(path):
            continue
        for what, other in used:
            if _is_same_file(path, other):
                raise UserError(f"{option} {path} would replace {what}")
        used.append((f"what {option} writes", path))


def _is_same_file(a: Path, b: Path) -> bool:
    if os.path.realpath(a) == os.path.realpath(b):
        return True
    return a.exists() and b.exists() and os.path.samefile(a, b)


def read_noted(
    path: Path,
    args: Namespace,
    labels: Collection[str] = (),
    like: TableForm | None = None,
) -> Table:
    """Read a table as the options say, and tell what is worth telling of that."""
    options = ReadOptions(args.sep, args.encoding, args.missing, labels)
    table = read_table(path, options, like=like)
    if not args.quiet:
        for note in table.notes:
            say(f"note: {path}: {note}")
    return table


def take_columns(frame: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Return the columns that a table must have, in that order."""
    missing = [name for name in names if name not in frame]
    if missing:
        raise UserError(f"has no column {missing[0]!r}, which has been learnt")
    return frame[list(names)]


def read_rows(
    path: Path, args: Namespace, roles: Roles, like: TableForm | None = None
) -> tuple[Table, Rows]:
    """Read a table whose columns have roles, and return its rows by these.

    Of one that is read like another, only the columns of that are taken.
    """
    table = read_noted(path, args, roles.names, like)
    n_read = len(table.frame)
    try:
        frame = roles.complete(table.frame, args.drop_missing)
        if like is not None:
            frame = take_columns(frame, like.columns)
        rows = roles.rows(frame)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    if len(frame) < n_read and not args.quiet:
        say(
            f"note: {path}: {n_read - len(frame)} of {n_read} rows are left out, in "
            "which a label, a sensitive attribute or the domain is missing"
        )
    table.frame = frame
    return table, rows
