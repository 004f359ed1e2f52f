"""A column of numbers or times as a number channel, a category channel or both."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ._formats import Format, refuse_infinite
from ._scales import EmpiricalCDF, Scale, tied

# A number is a category of its own (an atom) if it takes this share of its column, or
# is so many times as frequent as the numbers next to it, and is seen in so many rows
# that this is no accident. The most frequent are taken, at most so many.
ATOM_SHARE = 0.05
SPIKE_RATIO = 3.0
ATOM_ROWS = 20
MAX_ATOMS = 64
# Number columns of so few distinct values are categories throughout.
MAX_DISCRETE = 16


def refuse_missing(name: str) -> None:
    """Raise the error for missing values in a column that was complete in fit."""
    raise ValueError(
        f"Column {name} holds missing values, expected none: it was complete in fit."
    )


def atoms_of(counts: np.ndarray) -> np.ndarray:
    """Tell which distinct values, given their counts in order, stand out as atoms."""
    often = np.zeros(len(counts), dtype=bool)
    found = np.flatnonzero(counts >= ATOM_ROWS)
    beside = found[:, None] + [-2, -1, 1, 2]
    exists = (beside >= 0) & (beside < len(counts))
    near = np.where(exists, counts[beside.clip(0, len(counts) - 1)], np.nan)
    is_spike = counts[found] >= SPIKE_RATIO * np.nanmedian(near, axis=1)
    found = found[is_spike | (counts[found] >= ATOM_SHARE * counts.sum())]
    often[found[np.argsort(-counts[found], kind="stable")[:MAX_ATOMS]]] = True
    return often


class NumberColumn:
    """A column of numbers or times.

    Atoms, "the rest" and missing values are codes of a category channel; the numbers of
    the rest are normal scores in a number channel, which is NaN in other rows.
    A channel that would carry nothing is left out.
    """

    def __init__(
        self, name: str, series: pd.Series, form: Format, minimum: int
    ) -> None:
        self.name = name
        self.format = form
        numbers, missing = self._read(series)
        self.has_missing = bool(missing.any())
        self.cdf: EmpiricalCDF | None = None
        self.atoms = np.empty(0)
        self.scale: Scale | None = None
        numbers = numbers[~missing] if self.has_missing else numbers
        #: Whether there are numbers, too few to be given away.
        self.is_hidden = 0 < len(numbers) < minimum
        if len(numbers) and not self.is_hidden:
            self.scale = Scale(numbers)
            self._fit(self.scale.positions(numbers), minimum)
            ends = self.atoms if self.cdf is None else self.cdf.knots
            low, high = (f([*self.atoms, ends[0], ends[-1]]) for f in (min, max))
            moved = self.scale.narrow(low, high)
            self.atoms -= moved
            if self.cdf is not None:
                self.cdf.knots -= moved
        self.has_number = self.cdf is not None
        size = len(self.atoms) + self.has_number + self.has_missing
        self.category_size = size if size > 1 else 0

    def _fit(self, positions: np.ndarray, minimum: int) -> None:
        """Find the atoms, and the distribution of the rest."""
        values, counts = np.unique(positions, return_counts=True)
        if len(values) == 1 or (len(values) <= MAX_DISCRETE and tied(values, counts)):
            self.atoms = values[counts >= min(minimum, counts.max())]
            return
        often = atoms_of(counts)
        if len(values) - often.sum() <= 1 or counts[~often].sum() < minimum:
            self.atoms = values[often | (counts >= minimum)]
            return
        self.atoms = values[often]
        self.cdf = EmpiricalCDF(values[~often], counts[~often], minimum)

    def _read(self, series: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        numbers, missing = self.format.read(series)
        if numbers.dtype.kind == "f" and np.isinf(numbers).any():
            refuse_infinite(self.name)
        return numbers, missing

    def encode(
        self, series: pd.Series, rng: np.random.Generator
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Return the number channel and the category channel, None where left out."""
        numbers, missing = self._read(series)
        if not self.has_missing and missing.any():
            refuse_missing(self.name)
        if self.scale is None:
            if not missing.all() and not self.is_hidden:
                raise ValueError(
                    f"Column {self.name} holds numbers, expected only missing values "
                    "as in fit."
                )
            return None, None
        positions = self.scale.positions(numbers)
        codes = np.full(len(positions), len(self.atoms))
        if len(self.atoms):
            nearest = np.searchsorted((self.atoms[1:] + self.atoms[:-1]) / 2, positions)
            is_atom = self.cdf is None or self.atoms[nearest] == positions
            codes = np.where(is_atom, nearest, codes)
        codes[missing] = self.category_size - 1
        scores = None
        if self.cdf is not None:
            rest = (codes == len(self.atoms)) & ~missing
            scores = np.full(len(positions), np.nan, dtype=np.float32)
            scores[rest] = self.cdf.encode(positions[rest], rng)
        return scores, codes if self.category_size else None

    def decode(
        self,
        scores: np.ndarray | None,
        codes: np.ndarray,
        rows: np.ndarray,
        seed: int,
    ) -> Any:
        """Return the column as an array of its own dtype; codes are 0 if left out."""
        missing = np.zeros(len(rows), dtype=bool)
        if self.has_missing:
            missing = codes == max(self.category_size - 1, 0)
        if self.scale is None:
            return self.format.write(np.zeros(len(rows), dtype=np.int64), missing)
        # The two zeros stand in for the rest and for missing values.
        positions = np.append(self.atoms, [0.0, 0.0])[codes]
        if self.cdf is not None and scores is not None:
            rest = codes == len(self.atoms)
            if np.isnan(scores[rest]).any():
                raise ValueError(
                    f"Column {self.name} has NaN in its number channel where its code "
                    "says that there is a number, expected finite numbers there."
                )
            positions[rest] = self.cdf.decode(scores[rest])
        return self.format.write(self.scale.numbers(positions), missing)
