"""Fitted generators as files, with the form of their tables and the version."""

from __future__ import annotations

import importlib
import json
import re
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from skfadm._files import (
    UserError,
    check_can_write,
    check_file,
    check_installed,
    own_version,
    written_whole,
    wrong_version,
)

from .roles import labels_by_text

if TYPE_CHECKING:
    import pandas as pd

    from skfadm.generator import FairDiffusionGenerator

    from .forms import TableForm

SUFFIX = ".skops"
#: Beside the generator in the archive: plain JSON, which is read first.
_ABOUT = "skfadm.json"
#: What an archive may unpack to: so many bytes, and more for each byte that it has.
#: Names of types repeat in it, which packs to a fiftieth.
_UNPACKED, _UNPACKED_PER_BYTE = 32 << 20, 40
#: Bytes of JSON for each list or dict in it; models have more than a hundred.
_BYTES_PER_ITEM = 32
#: Modules of skfadm and scikit-learn that models need no classes of.
_OTHER_MODULES = {"cli", "conftest", "externals", "tests"}


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

    @property
    def labels(self) -> dict[str, Any]:
        """Labels by the text that stands for each in the file."""
        form = self.form.columns[self.label]
        return labels_by_text(form, self.generator.classes_)


def check_model_path(path: Path, *, exists: bool) -> None:
    """Check that a model can be read from, or written to, this path."""
    if path.suffix.lower() != SUFFIX:
        raise UserError(
            f"{path}: models are kept as {SUFFIX} files, which are safe to load "
            "from anyone (pickle and joblib files are not); name the file accordingly"
        )
    check_installed("skops", f"{path}: keeping a model")
    check_file(path) if exists else check_can_write(path)


def save_model(model: TableModel, path: Path) -> None:
    """Write a model, whole or not at all; a new file is its owner's alone."""
    import skops.io

    about = {
        "skfadm": own_version(),
        "label": model.label,
        "sensitive": model.sensitive,
        "n_rows": model.n_rows,
        "form": model.form.to_json(),
    }
    packed = BytesIO()
    skops.io.dump(model.generator, packed, compression=zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_ABOUT, json.dumps(about))
    with written_whole(path, private=True) as file:
        file.write(packed.getbuffer())


def load_model(path: Path) -> TableModel:
    """Load a model of this version without running code that the file brings along."""
    from .forms import TableForm

    try:
        with path.open("rb") as file:
            _check_sizes(file)
            with zipfile.ZipFile(file) as archive:
                if _ABOUT not in archive.namelist():
                    raise ValueError("`skfadm generate` did not write it")
                about = json.loads(archive.read(_ABOUT))
            if wrong := wrong_version(about.get("skfadm")):
                raise UserError(f"{path}: {wrong}")
            generator = _load(file)
        _check_fitted(generator)
        model = TableModel(
            generator,
            str(about["label"]),
            tuple(map(str, about["sensitive"])),
            int(about["n_rows"]),
            TableForm.from_json(about["form"]),
        )
        _check_columns(model)
        return model
    except UserError:
        raise
    # A damaged file may raise anything.
    except Exception as error:
        what = str(error) or type(error).__name__
        raise UserError(f"{path}: cannot be read as a model: {what}") from error


def _check_sizes(file: BinaryIO) -> None:
    """Check, before anything is unpacked, that an archive fits into memory."""
    packed = file.seek(0, 2)
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        for member in members:
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{member.filename} is packed in an unknown way")
            if not member.filename.endswith((".json", ".npy", ".bin")):
                raise ValueError(f"{member.filename} is of an unknown kind")
        if sum(m.file_size for m in members) > _UNPACKED + _UNPACKED_PER_BYTE * packed:
            raise ValueError("it would unpack to far more than a model needs")
        for member in members:
            if member.filename.endswith(".json"):
                text = archive.read(member)
                if len(re.findall(rb"[\[{]", text)) > 99 + len(text) / _BYTES_PER_ITEM:
                    raise ValueError(f"{member.filename} holds more than a model needs")


def _load(file: BinaryIO) -> Any:
    """Load an object of known types, of this package's own and of scikit-learn's."""
    import skops.io

    needed = skops.io.get_untrusted_types(file=file)
    foreign = [name for name in needed if not _is_own_class(name)]
    if foreign:
        raise ValueError(
            f"names the types {', '.join(foreign)}, which are not skfadm's; it is not "
            "loaded"
        )
    return skops.io.load(file, trusted=needed)


def _is_own_class(name: str) -> bool:
    if name == "numpy.dtype":
        return True
    module, _, attribute = name.rpartition(".")
    parts = module.split(".")
    if parts[0] not in ("skfadm", "sklearn") or _OTHER_MODULES & set(parts):
        return False
    if any(part.startswith("__") for part in parts):
        return False
    found = getattr(importlib.import_module(module), attribute, None)
    return isinstance(found, type) and found.__module__ == module


def _check_fitted(generator: Any) -> None:
    import numpy as np
    from sklearn.utils.validation import check_is_fitted

    from skfadm.generator import FairDiffusionGenerator

    if type(generator) is not FairDiffusionGenerator:
        raise ValueError(f"it holds no generator but {type(generator).__name__}")
    check_is_fitted(generator)
    generator._validate_params()
    # Networks are built by their sizes before weights are filled in.
    sizes = vars(generator.sizes_).copy()
    widths = sizes.pop("width"), sizes.pop("classifier_width")
    n_weights = sum(weights.size for weights in generator.weights_.values())
    n_units = int(sum(np.sum(size) for size in sizes.values()))
    if max(widths) ** 2 > n_weights or n_units * min(widths) > n_weights:
        raise ValueError("its networks are larger than its weights")


def _check_columns(model: TableModel) -> None:
    """Check that a file tells of columns what its generator makes of them."""
    names = getattr(model.generator, "feature_names_in_", None)
    n_sensitive = len(model.generator.sensitive_classes_)
    if (
        names is None
        or model.features != list(names)
        or not {model.label, *model.sensitive} <= set(model.form.columns)
        or n_sensitive != len(model.sensitive)
        or not model.n_rows >= 1
    ):
        raise ValueError("its columns are not those of its generator")
