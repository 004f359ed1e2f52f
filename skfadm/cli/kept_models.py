"""Fitted generators as files, with the form of their tables and the version."""

from __future__ import annotations

import importlib
import json
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skfadm import __version__
from skfadm._files import (
    UserError,
    check_can_write,
    check_file,
    check_installed,
    written_whole,
    wrong_version,
)

from .tables import TableForm

if TYPE_CHECKING:
    import pandas as pd

    from skfadm.generator import FairDiffusionGenerator

SUFFIX = ".skops"
#: Beside the generator in the archive: plain JSON, which is read first.
_ABOUT = "skfadm.json"


@dataclass(frozen=True)
class TableModel:
    """A fitted generator, and what turns its rows into a table like the one fitted."""

    generator: FairDiffusionGenerator
    #: Names of the columns of labels and of sensitive attributes.
    label: str
    sensitive: tuple[str, ...]
    #: Of the table that was learnt from.
    n_rows: int
    form: TableForm

    @property
    def features(self) -> list[str]:
        """Names of the columns that are features."""
        others = {self.label, *self.sensitive}
        return [name for name in self.form.columns if name not in others]

    def written(self, *, keep_sensitive: bool) -> TableForm:
        """Return how generated tables are written."""
        left_out = () if keep_sensitive else self.sensitive
        return self.form.of(n for n in self.form.columns if n not in left_out)

    def table(self, X: pd.DataFrame, y: pd.Series, *more: pd.Series) -> pd.DataFrame:
        """Put labels, and what more there is, where they stood among the columns."""
        import pandas as pd

        table = pd.concat([X, y.rename(self.label), *more], axis=1)
        return table[[name for name in self.form.columns if name in table]]

    def texts(self, name: str, values: Any) -> list[str]:
        """Return values of a column as they stand in the file."""
        import pandas as pd

        return self.form.columns[name].texts(pd.Series(values))


def check_model_path(path: Path, *, exists: bool) -> None:
    """Check that a model can be read from, or written to, this path."""
    if path.suffix.lower() != SUFFIX:
        raise UserError(
            f"{path}: models are kept as {SUFFIX} files, which are safe to load "
            "from anyone (pickle and joblib files are not); name the file accordingly"
        )
    check_installed("skops", f"{path}: keeping a model")
    check_file(path) if exists else check_can_write(path)


def check_can_be_kept(parts: Any) -> None:
    """Check that what a model will hold can be written and loaded again."""
    import skops.io

    try:
        _load(skops.io.dumps(parts))
    except _FAILURES as error:
        raise UserError(
            f"--model: what is learnt from this table could not be kept: {error}; "
            "leave --model out"
        ) from error


def save_model(model: TableModel, path: Path) -> None:
    """Write a model, whole or not at all."""
    import skops.io

    about = {
        "skfadm": __version__,
        "label": model.label,
        "sensitive": model.sensitive,
        "n_rows": model.n_rows,
        "form": model.form.to_json(),
    }
    packed = BytesIO()
    skops.io.dump(model.generator, packed, compression=zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(_ABOUT, json.dumps(about))
    with written_whole(path) as file:
        file.write(packed.getbuffer())


def load_model(path: Path) -> TableModel:
    """Load a model of this version without running code that the file brings along."""
    try:
        about = _about(path)
        if wrong := wrong_version(about.get("skfadm")):
            raise UserError(f"{path}: {wrong}")
        generator = _load(path.read_bytes())
        form = TableForm.from_json(about["form"])
        sensitive = tuple(about["sensitive"])
        return TableModel(generator, about["label"], sensitive, about["n_rows"], form)
    except _FAILURES as error:
        raise UserError(f"{path}: cannot be read as a model: {error}") from error


#: What reading an archive, its JSON or its objects may raise.
_FAILURES = (
    AttributeError,
    ImportError,
    KeyError,
    OSError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
)


def _about(path: Path) -> dict[str, Any]:
    """Return what a file tells of its model; nothing if it is of before it did."""
    with zipfile.ZipFile(path) as archive:
        if _ABOUT in archive.namelist():
            about: dict[str, Any] = json.loads(archive.read(_ABOUT))
            return about
        schema = json.loads(archive.read("schema.json"))
    if schema.get("__class__") == "TableModel":
        return {}
    raise UserError(f"{path}: is not a model that `skfadm generate` has kept")


def _load(data: bytes) -> Any:
    """Load an object of known types, of this package's own and of scikit-learn's."""
    import skops.io

    needed = skops.io.get_untrusted_types(data=data)
    foreign = [name for name in needed if not _is_own_class(name)]
    if foreign:
        raise ValueError(
            f"names the types {', '.join(foreign)}, which are not skfadm's; it is not "
            "loaded"
        )
    return skops.io.loads(data, trusted=needed)


def _is_own_class(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    if module.split(".")[0] not in ("skfadm", "sklearn"):
        return False
    found = getattr(importlib.import_module(module), attribute, None)
    return isinstance(found, type) and found.__module__ == module
