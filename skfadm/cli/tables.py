"""Tables as files, CSV and Parquet: read, and written again in the same form."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

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

    from .forms import Form

_SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")


@dataclass(frozen=True)
class ReadOptions:
    """What the user says of a file."""

    #: Separator and encoding of a CSV file; None if they are to be found.
    sep: str | None = None
    encoding: str | None = None
    #: What stands for missing values, beside the empty field.
    missing: Collection[str] = ()
    #: Columns of labels, groups and domains, which are no times.
    labels: Collection[str] = ()


@dataclass(frozen=True)
class TableForm:
    """How a table is written: its columns by name, and the file."""

    columns: dict[str, Form]
    #: Of a CSV file.
    sep: str = ","
    encoding: str = "utf-8"
    newline: str = "\n"
    #: Whether the first line is "sep=;", as spreadsheets take it.
    names_sep: bool = False
    #: The number of the first row, where a CSV file has a first column of those.
    row_names: int | None = None
    #: Of a Parquet file, "" if the table came from none.
    schema: str = ""

    def of(self, names: Iterable[str]) -> TableForm:
        """Return the form of some of the columns."""
        return replace(self, columns={name: self.columns[name] for name in names})

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` turns back."""
        columns = {name: form.to_json() for name, form in self.columns.items()}
        return asdict(replace(self, columns={})) | {"columns": columns}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> TableForm:
        """Return the form that `to_json` stored."""
        # Imports pandas, which takes half a second: not for --help and errors.
        from .forms import Form

        columns = stored["columns"].items()
        forms = {name: Form.from_json(column) for name, column in columns}
        return cls(**stored | {"columns": forms})


@dataclass
class Table:
    """A table, how it is written, and what is to be told of how it was read."""

    frame: pd.DataFrame
    form: TableForm
    notes: list[str] = field(default_factory=list)


def check_table_path(path: Path, *, exists: bool) -> None:
    """Check that a table can be read from, or written to, this path."""
    if path == STREAM:
        return
    if not path.name.lower().endswith(_SUFFIXES):
        raise UserError(
            f"{path}: tables are read and written as {', '.join(_SUFFIXES)}; name the "
            "file accordingly"
        )
    if _is(path, ".parquet"):
        check_installed("pyarrow", f"{path}: Parquet")
    check_file(path) if exists else check_can_write(path)


def read_table(
    path: Path, options: ReadOptions, *, like: TableForm | None = None
) -> Table:
    """Read a table; its suffix says how, and "-" stands for CSV on standard input.

    `like` is the form of another table with the same columns, which are read as that
    table's: words as words, numbers as numbers.
    """
    forms = like.columns if like else {}
    try:
        with _opened(path) as stream:
            parquet = _is(path, ".parquet")
            table = _parquet(stream) if parquet else _csv(stream, path, options, forms)
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

            write_parquet(batches, form.columns, form.schema, file)
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


def _csv(
    stream: BinaryIO, path: Path, options: ReadOptions, like: dict[str, Form]
) -> Table:
    from .csv_text import read_csv

    has_tabs = _is(path, ".tsv", ".tsv.gz")
    frame, forms, file, notes = read_csv(
        stream,
        options.sep or ("\t" if has_tabs else None),
        options.encoding,
        missing=options.missing,
        labels=options.labels,
        like=like,
    )
    if has_tabs:
        # Tabs go with the name: the same table under another has commas.
        file["sep"] = ","
    return Table(frame, TableForm(forms, **file), notes)


def _parquet(stream: BinaryIO) -> Table:
    from .parquet import read_parquet

    frame, forms, schema, note = read_parquet(stream)
    if not frame.size:
        raise UserError("holds no rows; give a table with some")
    return Table(frame, TableForm(forms, schema=schema), [note] if note else [])


def _check_like(table: Table, like: dict[str, Form]) -> None:
    """Check that columns hold no words where those of `like` hold none."""
    from .forms import Words

    for name, form in table.form.columns.items():
        values = table.frame[name].dropna()
        has_words = isinstance(form, Words) and len(values) > 0
        if has_words and not isinstance(like.get(name, form), Words):
            raise UserError(
                f"column {name!r} holds words such as {values.iloc[0]!r}; in the table "
                "that was learnt from it holds none"
            )
