"""How a column is written, and all kinds of values that it may hold."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._durations import Durations
from ._form import Form
from ._numbers import Decimals, Whole
from ._times import Times


@dataclass(frozen=True)
class Words(Form):
    """Any text."""

    def read(self, texts: list[str]) -> NDArray[Any]:
        """Return the texts."""
        values = np.empty(len(texts), dtype=object)
        values[:] = texts
        return values

    def write(self, values: Any) -> list[str]:
        """Return the values as text."""
        return list(map(str, values))


@dataclass(frozen=True)
class Flags(Form):
    """Truth values, and how they are written."""

    true: str = "True"
    false: str = "False"

    def read(self, texts: list[str]) -> NDArray[Any]:
        """Return the truth values, bool."""
        return np.array([text == self.true for text in texts], dtype=bool)

    def write(self, values: Any) -> list[str]:
        """Return the truth values as text."""
        return [self.true if value else self.false for value in values]


_FORMS: dict[str, type[Form]] = {
    form.__name__: form for form in (Whole, Decimals, Flags, Times, Durations, Words)
}


@dataclass(frozen=True)
class ColumnForm:
    """How the values of a column are written, and what for a missing one."""

    form: Form = field(default_factory=Words)
    missing: str = ""

    @property
    def is_words(self) -> bool:
        """Whether the column holds words."""
        return isinstance(self.form, Words)

    def texts(self, series: pd.Series) -> list[str]:
        """Return the values of a column as text."""
        missing = series.isna().to_numpy()
        if not missing.any():
            return self.form.write(series.to_numpy())
        present = series[~missing]
        if pd.api.types.is_extension_array_dtype(present.dtype):
            present = present.astype(getattr(present.dtype, "numpy_dtype", object))
        texts = iter(self.form.write(present.to_numpy()))
        return [self.missing if is_none else next(texts) for is_none in missing]

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` turns back."""
        return {"kind": type(self.form).__name__, "missing": self.missing} | asdict(
            self.form
        )

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> ColumnForm:
        """Return the form that `to_json` stored."""
        kind, missing = stored.pop("kind"), stored.pop("missing")
        return cls(_FORMS[kind](**stored), missing)
