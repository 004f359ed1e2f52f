"""The files of a command: none is lost, and tables are read by the roles of columns."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
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
from .tables import read_table
from .terminal import say

if TYPE_CHECKING:
    import pandas as pd

    from .forms import Table, TableForm


def check_page(path: Path | None) -> None:
    """Check that a page, if one is named, can be written to this path, and drawn."""
    if path is None:
        return
    if path.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"{path}: the report is a page; name the file .html")
    check_installed("matplotlib", f"{path}: the report")
    check_can_write(path)


def check_card(path: Path | None) -> None:
    """Check that a data card, if one is named, can be written to this path."""
    if path is None:
        return
    if path.suffix.lower() not in (".json", ".md"):
        raise UserError(f"{path}: a data card is JSON or a page: name it .json or .md")
    check_can_write(path)


def check_none_is_lost(
    reads: Mapping[str, Path | None], writes: Mapping[str, Path | None]
) -> None:
    """Check that no file is written that is also read, or written twice."""
    if sum(path == STREAM for path in reads.values()) > 1:
        raise UserError("standard input (-) can be read once; name files")
    used = [(what, path) for what, path in reads.items() if path is not None]
    for option, path in writes.items():
        if path is None or is_stream(path):
            continue
        for what, other in used:
            is_same = os.path.realpath(path) == os.path.realpath(other)
            both = path.exists() and other.exists()
            if is_same or (both and os.path.samefile(path, other)):
                raise UserError(f"{option} {path} would replace {what}")
        used.append((f"what {option} writes", path))


def read_noted(
    path: Path,
    args: Namespace,
    labels: Collection[str] = (),
    like: TableForm | None = None,
) -> Table:
    """Read a table as the options say, and tell what is worth telling of that."""
    table = read_table(
        path,
        sep=args.sep,
        encoding=args.encoding,
        missing=args.missing,
        labels=labels,
        like=like,
    )
    if not args.quiet:
        for note in table.notes:
            say(f"note: {path}: {note}")
    return table


def read_rows(
    path: Path, args: Namespace, roles: Roles, like: TableForm | None = None
) -> tuple[Table, Rows]:
    """Read a table whose columns have roles, and return its rows by these.

    Of one that is read like another, only the columns of that are taken.
    """
    table = read_noted(path, args, roles.names, like)
    n_read = len(table.frame)
    with _about(path):
        table.frame = roles.complete(table.frame, args.drop_missing)
        if like is not None:
            table.frame = _take(table.frame, like.columns)
        rows = roles.rows(table.frame)
    if len(table.frame) < n_read and not args.quiet:
        say(
            f"note: {path}: {n_read - len(table.frame)} of {n_read} rows are left out, "
            "in which a label, a sensitive attribute or the domain is missing"
        )
    return table, rows


def read_target(
    args: Namespace, form: TableForm, features: Iterable[str], labels: Collection[str]
) -> pd.DataFrame | None:
    """Read the unlabelled rows of --adapt, if any, like the table learnt from."""
    if args.adapt is None:
        return None
    table = read_noted(args.adapt, args, labels, form)
    with _about(args.adapt):
        return _take(table.frame, features)


@contextmanager
def _about(path: Path) -> Iterator[None]:
    """Say of which file errors are."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def _take(frame: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Return the columns that a table must have, in that order."""
    missing = [name for name in names if name not in frame]
    if missing:
        raise UserError(f"has no column {missing[0]!r}, which has been learnt")
    return frame[list(names)]
