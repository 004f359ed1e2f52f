"""Files: checked before any work is done, written whole or not at all."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pandas import DataFrame


class UserError(Exception):
    """What the user has to change, in one line."""


class HtmlPage(ABC):
    """A report that can be kept as one page of HTML."""

    @abstractmethod
    def _html(self) -> str: ...

    def to_html(self) -> str:
        """Return the page that `save_html` writes.

        Returns
        -------
        str
            HTML that needs no other file and no network.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        return self._html()

    def save_html(self, path: str | os.PathLike[str]) -> None:
        """Write the report as one page for a browser, a phone or a printer.

        Parameters
        ----------
        path : str or path-like
            The file, replaced if it exists. It holds figures and histograms, no rows.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        OSError
            If the file cannot be written.
        """
        Path(path).write_text(self.to_html(), encoding="utf-8")


@cache
def own_version() -> str:
    """Return the version of skfadm that is installed."""
    from importlib.metadata import version

    return version("skfadm")


def wrong_version(version: str | None) -> str:
    """Say which version (None: it told none) wrote what this one cannot read.

    "" if it can be read: versions that differ in the third number alone can.
    """
    if version is None:
        return (
            "was written by skfadm 0.1.0 or older, before versions were kept, and "
            f"skfadm {own_version()} cannot read it: learn from the table again"
        )
    wanted, found = (text.split(".")[:2] for text in (own_version(), version))
    if wanted == found:
        return ""
    return (
        f"was written by skfadm {version}, this is {own_version()}: sample with "
        f"the former (pip install skfadm=={version}) or learn from the table again"
    )


def check_file(path: Path) -> None:
    """Raise a `UserError` if there is no file to read from."""
    if not path.is_file():
        what = "is not a file" if path.exists() else "there is no such file"
        raise UserError(f"{path}: {what}; check the path")


def check_can_write(path: Path) -> None:
    """Raise a `UserError` if a file cannot be written."""
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
    """Raise a `UserError` if an optional package is missing."""
    if importlib.util.find_spec(package) is None:
        raise UserError(f"{purpose} needs {package}; run: pip install {package}")


def write_csv(frame: DataFrame, path: Path) -> None:
    """Write a table of results as CSV, whole or not at all."""
    with written_whole(path) as file:
        frame.to_csv(file, index=False, mode="wb", lineterminator="\n")


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes its place only when all of it has been written."""
    target = path.resolve()
    # A folder of its own has a name that nobody else takes, on shared volumes too, and
    # the file in it gets the usual permissions, which one by mkstemp would not.
    with tempfile.TemporaryDirectory(
        prefix=f".{target.name}.", suffix=".tmp", dir=target.parent
    ) as folder:
        temporary = Path(folder) / target.name
        with temporary.open("xb") as file:
            yield file
        os.replace(temporary, target)
