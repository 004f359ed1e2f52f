"""Tables and fitted generators as files: checked early, read safely, written whole."""

from __future__ import annotations

import gzip
import importlib
import importlib.util
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pandas as pd

if TYPE_CHECKING:
    from skfadm.generator import FairDiffusionGenerator

TABLE_SUFFIXES = (".csv", ".csv.gz", ".parquet")
MODEL_SUFFIX = ".skops"


class UserError(Exception):
    """What the user has to change, in one line."""


@dataclass(frozen=True)
class TableModel:
    """A fitted generator, and what turns its rows into a table like the one fitted."""

    generator: FairDiffusionGenerator
    label: str
    position: int
    n_rows: int

    def table(self, X: pd.DataFrame, y: pd.Series) -> pd.DataFrame:
        """Put the labels back where they stood among the columns."""
        table = X.copy()
        table.insert(self.position, self.label, y.to_numpy())
        table[self.label] = table[self.label].astype(y.dtype)
        return table


def check_table_path(path: Path, *, exists: bool) -> None:
    """Check that a table can be read from, or written to, this path.

    Raises
    ------
    UserError
        If not.
    """
    if not path.name.lower().endswith(TABLE_SUFFIXES):
        raise UserError(
            f"{path}: tables are read and written as {', '.join(TABLE_SUFFIXES)}; "
            "name the file accordingly"
        )
    if path.name.lower().endswith(".parquet"):
        check_installed("pyarrow", f"{path}: Parquet")
    _check_file(path) if exists else _check_can_write(path)


def check_model_path(path: Path, *, exists: bool) -> None:
    """Check that a model can be read from, or written to, this path.

    Raises
    ------
    UserError
        If not.
    """
    if path.suffix.lower() != MODEL_SUFFIX:
        raise UserError(
            f"{path}: models are kept as {MODEL_SUFFIX} files, which are safe to load "
            "from anyone (pickle and joblib files are not); name the file accordingly"
        )
    check_installed("skops", f"{path}: keeping a model")
    _check_file(path) if exists else _check_can_write(path)


def read_table(path: Path) -> pd.DataFrame:
    """Read a table; its suffix says how.

    Raises
    ------
    UserError
        If the file is not what its suffix says, or holds no rows.
    """
    try:
        if path.name.lower().endswith(".parquet"):
            table = pd.read_parquet(path).reset_index(drop=True)
        else:
            table = pd.read_csv(path, low_memory=False)
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: cannot be read as a table: {error}") from error
    if table.empty:
        raise UserError(f"{path}: holds no rows; give a table with some")
    table.columns = table.columns.map(str)
    return table


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table, whole or not at all; its suffix says how."""
    name = path.name.lower()
    with written_whole(path) as file:
        if name.endswith(".parquet"):
            table.to_parquet(file, index=False)
        elif name.endswith(".gz"):
            # No name and no time in the header: equal tables give equal files.
            with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                _write_csv(table, packed)
        else:
            _write_csv(table, file)


def save_model(model: TableModel, path: Path) -> None:
    """Write a model, whole or not at all."""
    import skops.io

    with written_whole(path) as file:
        skops.io.dump(model, file)


def load_model(path: Path) -> TableModel:
    """Load a model without running any code that the file brings along.

    Raises
    ------
    UserError
        If the file is no model, or names types that are not this package's own.
    """
    import skops.io

    try:
        needed = skops.io.get_untrusted_types(file=path)
        foreign = [name for name in needed if not _is_own_class(name)]
        if foreign:
            raise UserError(
                f"{path}: names the types {', '.join(foreign)}, which are not "
                "skfadm's; it is not loaded"
            )
        model = skops.io.load(path, trusted=needed)
    except (
        AttributeError,
        ImportError,
        KeyError,
        OSError,
        TypeError,
        ValueError,
        zipfile.BadZipFile,
    ) as error:
        raise UserError(f"{path}: cannot be read as a model: {error}") from error
    if not isinstance(model, TableModel):
        raise UserError(f"{path}: is not a model that `skfadm generate` has kept")
    return model


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes its place only when all of it has been written."""
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _write_csv(table: pd.DataFrame, file: Any) -> None:
    table.to_csv(file, index=False, mode="wb", lineterminator="\n")


def _check_file(path: Path) -> None:
    if not path.is_file():
        what = "is not a file" if path.exists() else "there is no such file"
        raise UserError(f"{path}: {what}; check the path")


def _check_can_write(path: Path) -> None:
    if path.is_dir():
        raise UserError(f"{path}: is a folder; give the name of a file")
    folder = path.resolve().parent
    if not folder.is_dir():
        raise UserError(f"{path}: there is no folder {folder}; make it first")
    try:
        # Permissions do not tell all: a file system may be read-only.
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise UserError(
            f"{path}: cannot write to {folder} ({error.strerror}); choose another"
        ) from error


def check_installed(package: str, purpose: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise UserError(f"{purpose} needs {package}; run: pip install {package}")


def _is_own_class(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    if module.split(".")[0] != __package__:
        return False
    found = getattr(importlib.import_module(module), attribute, None)
    return isinstance(found, type) and found.__module__ == module
