"""A column of categories as a category channel, with new words for identifiers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .._containers import factorize
from ._columns import refuse_missing
from ._dtypes import MISSING_MARKERS, dress, freeze, freeze_dtype, thaw
from ._formats import missing_marker
from ._identifiers import WordPattern, rare_words, row_streams
from ._kinds import unboxed

#: A warning tells of words of few rows where they are in a larger share of the rows.
MAX_HIDDEN = 0.01


class CategoryColumn:
    """A column of categories: strings, booleans, pandas categories, mixed objects.

    Its category channel codes the seen values in order, then identifiers, then missing;
    a column of a single one of these has none. `identifiers` is the rule for words that
    belong to single rows, which with `all_words` are all. Other words of fewer rows
    than `minimum` are encoded as one of the others, drawn by its share. Values
    that are not hashable, or too many and no words, are a TypeError.
    """

    has_number = False

    def __init__(
        self,
        name: str,
        series: pd.Series,
        identifiers: str,
        all_words: bool,
        rng: np.random.Generator,
        minimum: int = 1,
    ) -> None:
        self.name = name
        codes, index = self._read(series)
        dtype = unboxed(series).dtype
        self.dtype = freeze_dtype(series.dtype)
        self.is_categorical = isinstance(dtype, pd.CategoricalDtype)
        self.ordered = self.is_categorical and bool(dtype.ordered)
        self.marker = missing_marker(series)
        counts = np.bincount(codes[codes >= 0], minlength=len(index))
        rare = hidden = np.zeros(len(index), dtype=bool)
        if identifiers != "keep":
            all_single = counts.max(initial=0) == 1 and minimum > 1
            rare = counts > 0 if all_words or all_single else rare_words(counts)
            # Other words of few rows: more frequent ones take their place.
            hidden = (counts > 0) & ~rare & (counts < minimum)
            hidden &= counts < counts.max(initial=0)
        self.pattern = None
        if rare.any() and identifiers == "synthetic":
            self.pattern = self._pattern(index[rare], counts[rare].sum(), rng)
        self.hides_rare = bool(rare.any()) and self.pattern is None
        #: What a warning tells of words that are not generated; "" if nothing.
        self.note = self._note(rare, hidden, counts)
        dropped = rare | hidden
        if rare.any():  # categories without rows may name people of other rows
            dropped |= counts == 0
        kept, counts = index[~dropped], counts[~dropped]
        seen = np.flatnonzero(counts)
        if not self.is_categorical:
            # Sorted by type and text, which also orders values that do not compare.
            order = sorted(seen, key=lambda c: (type(kept[c]).__name__, str(kept[c])))
            kept, counts = kept.take(order), counts[order]
            seen = np.arange(len(order))
        # Of a pandas category all values are kept, of which `seen` have a code.
        self.index, self.seen = freeze(kept), seen
        self.shares = None
        if hidden.any():
            self.shares = np.cumsum(counts[seen]) / counts.sum()
        self.has_missing = bool((codes < 0).any()) or self.hides_rare
        size = len(seen) + (self.pattern is not None) + self.has_missing
        self.category_size = size if size > 1 else 0

    def _note(self, rare: np.ndarray, hidden: np.ndarray, counts: np.ndarray) -> str:
        if rare.any():
            what = "new ones follow their pattern"
            if self.hides_rare:
                what = "missing values take their place"
            text = (
                f"Column {self.name} holds {rare.sum()} words that are rare, in "
                f"{counts[rare].sum()} rows, such as identifiers or free text: {what}."
            )
        elif counts[hidden].sum() > MAX_HIDDEN * counts.sum():
            text = (
                f"Column {self.name} holds {hidden.sum()} words of fewer rows than "
                "min_frequency: generated rows get more frequent words in their place."
            )
        else:
            return ""
        rule = f"identifiers={{{self.name}: 'synthetic'}}"
        return f"{text} For all words alike: {rule}, 'missing' or 'keep'."

    def _pattern(
        self, words: pd.Index, n_rows: int, rng: np.random.Generator
    ) -> WordPattern:
        try:
            return WordPattern(list(words), rng)
        except TypeError as error:
            raise TypeError(
                f"Column {self.name} holds {len(words)} values of the type {error} in "
                f"{n_rows} rows, too many for categories; expected numbers, "
                "times, text or fewer categories. Leave the column out, or convert it, "
                "for example by .astype(float) or .astype(str)."
            ) from error

    def _read(self, series: pd.Series) -> tuple[np.ndarray, pd.Index]:
        """Return a code a row, -1 where missing, and the coded values."""
        column = unboxed(series)
        if isinstance(column.dtype, pd.CategoricalDtype):
            return column.cat.codes.to_numpy(np.intp), column.cat.categories
        try:
            codes, values = factorize(column)
        except TypeError as error:
            raise TypeError(
                f"Column {self.name} holds values that cannot be categories, expected "
                f"strings, numbers or other hashable objects: {error}"
            ) from error
        return codes, pd.Index(values, dtype=column.dtype)

    def encode(
        self, series: pd.Series, rng: np.random.Generator
    ) -> tuple[None, np.ndarray | None]:
        """Return no number channel, and the category channel (None where left out)."""
        codes, index = self._read(series)
        fitted = thaw(self.index)[self.seen].astype(object)
        # The code of each word, and at the end of what is missing.
        known = np.append(fitted.get_indexer(index.astype(object)), -1)
        seen = np.unique(codes[codes >= 0])
        unknown = seen[known[seen] < 0]
        if not self.has_missing and (codes < 0).any():
            refuse_missing(self.name)
        if self.pattern is not None:
            known[unknown] = len(fitted)
        elif self.hides_rare:
            known[unknown] = self.category_size - 1
        elif len(unknown) and self.shares is None:
            raise ValueError(
                f"Column {self.name} holds the unknown category "
                f"{index[unknown[0]]!r}, expected one of the {len(fitted)} values seen "
                "in fit."
            )
        if not self.category_size:
            return None, None
        known[-1] = self.category_size - 1
        codes = known[codes]
        if self.shares is not None:
            drawn = np.searchsorted(self.shares, rng.random(len(codes)), side="right")
            codes = np.where(codes < 0, drawn, codes)
        return None, codes

    def decode(
        self,
        scores: np.ndarray | None,
        codes: np.ndarray,
        rows: np.ndarray,
        seed: int,
    ) -> Any:
        """Return the column as an array of its own dtype; codes are 0 if left out."""
        index = thaw(self.index)
        # Where in the index each code stands; -1 is missing.
        places = np.append(self.seen, [-1, -1])[codes]
        if self.pattern is not None:
            new = codes == len(self.seen)
            words = self.pattern.draw(row_streams(seed, rows[new]))
            coded, words = pd.factorize(words)
            places[new] = coded + len(index)
            index = index.append(pd.Index(words, dtype=index.dtype))
        return dress(self._write(index, places), self.dtype)

    def _write(self, index: pd.Index, places: np.ndarray) -> Any:
        if self.is_categorical:
            dtype = pd.CategoricalDtype(index, ordered=self.ordered)
            return pd.Categorical.from_codes(places, dtype=dtype)
        if isinstance(index.dtype, np.dtype):
            values = np.append(index.to_numpy(dtype=object), [None])
            values[-1] = MISSING_MARKERS[self.marker]
            return values[places].astype(index.dtype)
        return index.array.take(places, allow_fill=True)
