"""Files: checked before any work is done, written whole or not at all; caches."""

from __future__ import annotations

import importlib.util
import os
import re
import stat
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

if TYPE_CHECKING:
    from pandas import DataFrame

#: Standard input or output in place of a file.
STREAM = Path("-")
#: Extras that bring optional packages along, in versions that are tested.
_EXTRAS = {"matplotlib": "plot", "pyarrow": "parquet", "skops": "models"}
R = TypeVar("R")


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
            The file. One that exists is replaced when all of the page is written, and
            its permissions stay. The page holds figures and histograms, no rows.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        OSError
            If the file cannot be written.
        """
        page = self.to_html().encode(errors="replace")
        with written_whole(Path(path)) as file:
            file.write(page)


@cache
def own_version() -> str:
    """Return the version of skfadm that is installed."""
    from importlib.metadata import version

    return version("skfadm")


def wrong_version(version: Any) -> str:
    """Say which version wrote what this one cannot read; "" if it can be read.

    Versions that differ in the third number alone can.
    """
    if not isinstance(version, str) or not re.fullmatch(r"\d+(\.\w+)+", version):
        return "does not say which version of skfadm wrote it"
    if own_version().split(".")[:2] == version.split(".")[:2]:
        return ""
    return (
        f"was written by skfadm {version}, this is {own_version()}: sample with the "
        f"former (pip install skfadm=={version}) or learn from the table again"
    )


def is_stream(path: Path) -> bool:
    """Tell whether what is written goes on at once: to "-", a pipe or a device."""
    if path == STREAM:
        return True
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def check_file(path: Path) -> None:
    """Raise a `UserError` if there is no file to read from."""
    if not path.is_file():
        what = "is not a file" if path.exists() else "there is no such file"
        raise UserError(f"{path}: {what}; check the path")


def check_can_write(path: Path) -> None:
    """Raise a `UserError` if a file cannot be written."""
    if is_stream(path):
        return
    if path.is_dir():
        raise UserError(f"{path}: is a folder; give the name of a file")
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise UserError(f"{path}: there is no folder {target.parent}; make it first")
    if target.exists() and not os.access(target, os.W_OK):
        raise UserError(f"{path}: is write-protected; choose another name")
    import tempfile  # takes a third of the time in which --help is there

    try:
        # Permissions do not tell all: a file system may be read-only.
        tempfile.TemporaryFile(dir=target.parent).close()
    except OSError as error:
        raise UserError(
            f"{path}: cannot write to {target.parent} ({error.strerror}); choose "
            "another"
        ) from error


def check_installed(package: str, purpose: str) -> None:
    """Raise a `UserError` if an optional package is missing."""
    if importlib.util.find_spec(package) is None:
        raise UserError(
            f"{purpose} needs {package}; run: pip install 'skfadm[{_EXTRAS[package]}]'"
        )


def write_csv(frame: DataFrame, path: Path) -> None:
    """Write a table of results as CSV, whole or not at all."""
    with written_whole(path) as file:
        frame.to_csv(file, index=False, mode="wb", lineterminator="\n")


@contextmanager
def written_whole(path: Path, *, private: bool = False) -> Iterator[BinaryIO]:
    """Open a file that takes its place only when all of it has been written.

    It keeps the permissions of the file that it replaces; a new one has the usual
    ones or, if `private`, is its owner's alone. Pipes and devices are written to.
    """
    if path == STREAM:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if is_stream(path):
        with path.open("wb") as stream:
            yield stream
        return
    target = Path(os.path.realpath(path))
    # Names have 255 bytes at most, of which 22 are not the target's.
    name = os.fsencode(target.name)[:200].decode(errors="ignore")
    for other in os.listdir(target.parent):
        if re.fullmatch(rf"\.{re.escape(name)}\.[0-9a-f]{{16}}\.tmp", other):
            _remove_if_left_over(target.parent / other)
    temporary, file = _locked_file(target.with_name(f".{name}"), private)
    try:
        with file:
            if target.exists():
                os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
            if os.name != "nt":  # while it is locked, so that nobody removes it
                os.replace(temporary, target)
        if os.name == "nt":  # which moves no open file
            os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _locked_file(start: Path, private: bool) -> tuple[Path, BinaryIO]:
    """Return a new file whose name begins like this, locked as long as it is open."""
    mode = 0o600 if private else 0o666
    while True:
        path = start.with_name(f"{start.name}.{os.urandom(8).hex()}.tmp")
        file = open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode))  # noqa: SIM115
        with suppress(ImportError, OSError):
            _lock(file)
        # Another run may have taken it for left over before it was locked.
        if path.exists():
            return path, file
        file.close()


def _lock(file: BinaryIO) -> None:
    """Lock a file; OSError if another run has, ImportError where there are no locks."""
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _remove_if_left_over(path: Path) -> None:
    """Remove a temporary file if the run that wrote it was killed."""
    with suppress(OSError):
        if os.name == "nt":  # which removes no open file
            path.unlink()
        elif stat.S_ISREG(path.lstat().st_mode):
            with path.open("rb") as file:
                _lock(file)
                path.unlink()


@dataclass(frozen=True, repr=False)
class _Hidden:
    """Arguments without a readable repr, which joblib writes beside its results."""

    values: tuple[Any, ...]


def cached(
    memory: Any, function: Callable[..., R], code: tuple[Any, ...]
) -> Callable[..., R]:
    """Return a pure function whose results a joblib memory, a folder or None keeps.

    `code` stands for all that decides the result beside the arguments. Arguments by
    keyword do not change it. What is kept is the user's alone.
    """
    from sklearn.utils.validation import check_memory

    checked = check_memory(memory)
    kept = checked.cache(_call, ignore=["unseen"])

    def call(*args: Any, **unseen: Any) -> R:
        folder = None
        if getattr(checked, "backend", None) == "local" and checked.location:
            # Of results of skfadm: the user may keep other things beside it.
            folder = Path(checked.store_backend.location, "skfadm")
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)  # before there is something in it
        result: R = kept(function, _Hidden(args), code, unseen)
        if folder:
            # Copies of the folder are as private. Other processes may clear it.
            for inside, _, names in os.walk(folder):
                with suppress(FileNotFoundError):
                    os.chmod(inside, 0o700)
                    for name in names:
                        os.chmod(os.path.join(inside, name), 0o600)
        return result

    return call


def _call(
    function: Callable[..., R], hidden: _Hidden, code: Any, unseen: dict[str, Any]
) -> R:
    return function(*hidden.values, **unseen)
