"""How values of one kind are read from text and written again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class Form:
    """Base class: how values of one kind are written as text."""

    @property
    def twin(self) -> Form | None:
        """A form that may read the same texts as other values."""
        return None

    def reads(self, texts: Collection[str]) -> bool:
        """Tell whether all texts are such values and come back alike."""
        given = sorted(texts)
        try:
            return self.write(self.read(given)) == given
        except (ValueError, OverflowError):
            return False

    def read(self, texts: list[str]) -> NDArray[Any]:
        """Return the values."""
        raise NotImplementedError

    def write(self, values: Any) -> list[str]:
        """Return the values as text."""
        raise NotImplementedError
