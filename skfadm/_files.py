"""Tables and fitted generators as files: checked early, read safely, written whole."""

from __future__ import annotations

import gzip
import importlib
import importlib.util
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
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
        table = X.copy(deep=False)
        table.insert(self.position, self.label, y.to_numpy())
        table[self.label] = table[self.label].astype(y.dtype)
        return table

    def example(self) -> pd.DataFrame:
        """Return a short table in which each category and each label occurs."""
        encoder, classes = self.generator.encoder_, self.generator.classes_
        sizes = np.array(encoder.category_sizes_, dtype=int)
        index = np.arange(max(len(classes), *sizes, 0))[:, None]
        numbers = np.zeros((len(index), encoder.n_numbers_))
        codes = np.minimum(index, sizes - 1)
        X = encoder.inverse_transform(np.hstack([numbers, codes]))
        labels = classes[np.minimum(index[:, 0], len(classes) - 1)]
        return self.table(X, self.generator.label_format_.restore(labels))


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


def write_table(
    batches: Iterable[pd.DataFrame], example: pd.DataFrame, path: Path
) -> None:
    """Write a table batch by batch, whole or not at all; its suffix says how.

    Parameters
    ----------
    batches : iterable of DataFrame
        The rows, with the same columns and types throughout.
    example : DataFrame
        A table like them in which each category occurs. Parquet needs to know the
        types before the first row, which may hold nothing but missing values.
    path : Path
        The file.
    """
    name = path.name.lower()
    with written_whole(path) as file:
        if name.endswith(".parquet"):
            _write_parquet(batches, example, file)
        elif name.endswith(".gz"):
            # No name and no time in the header: equal tables give equal files.
            with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                _write_csv(batches, packed)
        else:
            _write_csv(batches, file)


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


def _write_csv(batches: Iterable[pd.DataFrame], file: Any) -> None:
    header = True
    for table in batches:
        table.to_csv(file, index=False, mode="wb", lineterminator="\n", header=header)
        header = False


def _write_parquet(
    batches: Iterable[pd.DataFrame], example: pd.DataFrame, file: BinaryIO
) -> None:
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    schema = pyarrow.Schema.from_pandas(example, preserve_index=False)
    with ParquetWriter(file, schema) as writer:
        for table in batches:
            writer.write_table(
                pyarrow.Table.from_pandas(table, schema, preserve_index=False)
            )


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
    if module.split(".")[0] not in (__package__, "sklearn"):
        return False
    found = getattr(importlib.import_module(module), attribute, None)
    return isinstance(found, type) and found.__module__ == module
