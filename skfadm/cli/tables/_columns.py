"""Columns of text as columns of values, and back.

The rule: a column is of whole numbers, decimals, truth values, times or durations if
each of its values is, and writing it back gives the same text. All else is words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skfadm._files import UserError

from ._form import Form
from ._forms import ColumnForm, Flags, Words
from ._guesses import time_forms
from ._numbers import Decimals, Whole, number_forms
from ._times import Times

#: Stands between the values of a block; no text has it.
_BETWEEN = "\0"
#: What programs write for a missing value. In a column of words they may be words.
USUAL_MARKS = frozenset(
    ("NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-nan", "NaT", "NULL")
    + ("null", "None", "none", "\\N", ".", "?", "-", "--")
)
_INFINITE = frozenset(
    sign + word for sign in ("", "-", "+") for word in ("inf", "Inf", "INF", "Infinity")
)
_FLAGS = (("True", "False"), ("TRUE", "FALSE"), ("true", "false"))
_COMPACT_DATE = Times("%Y%m%d")
#: What a reader takes for a number, and those that are more likely a code.
_NUMBER = re.compile(r"[-+]?\d[\d.,']*(?:[eE][-+]?\d+)?")
_CODE = re.compile(r"[-+]?0\d.*|\+.*|.*[eE].*|.*\.\d*0")
#: Distinct values that are looked at before all are.
_FEW = 100


class Block:
    """Values of some rows of a column, in little memory; none holds a zero byte."""

    def __init__(self, values: Sequence[str]):
        self.first = values[0]
        # Each once, and which it is of every row.
        codes = {text: code for code, text in enumerate(dict.fromkeys(values))}
        found = map(codes.__getitem__, values)
        self._codes = np.fromiter(found, np.uint32, len(values))
        self._text = _BETWEEN.join(codes)
        if self._text.count(_BETWEEN) >= len(codes):
            raise ValueError(
                "it holds zero bytes, so it is no text in this encoding; give "
                "--encoding, such as utf-16"
            )

    def distinct(self) -> set[str]:
        """Return each value once."""
        return set(self._text.split(_BETWEEN))

    def read(
        self, form: Form, marks: Set[str], filler: str
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Return the values and which are missing; those read as `filler`."""
        texts = self._text.split(_BETWEEN)
        if not isinstance(form, Words):
            texts = list(map(str.strip, texts))
        missing = np.array([text in marks for text in texts], dtype=bool)
        if missing.any():
            texts = [filler if text in marks else text for text in texts]
        return form.read(texts)[self._codes], missing[self._codes]

    def count(self, text: str) -> int:
        """Return how often a text is among the values, spaces around it or not."""
        is_it = np.array([t.strip() == text for t in self._text.split(_BETWEEN)])
        return int(is_it[self._codes].sum())


class TextColumn:
    """A column as it stands in a file whose fields are separated by `sep`.

    `marks` stand for missing values, the empty text among them.
    """

    def __init__(self, name: str, blocks: Sequence[Block], marks: Set[str], sep: str):
        self.name, self.blocks, self.sep = name, blocks, sep
        self.marks = frozenset(marks)
        #: What may be worth telling of how the column is read.
        self.usual_marks: list[str] = []
        self.odd_number = ""
        self.may_be_either = False

    def column(
        self, *, may_be_time: bool = True, is_words: bool = False
    ) -> tuple[pd.Series, ColumnForm]:
        """Return the column's values, and how they are written."""
        blocks, few = self._distinct(self.marks, strip=False)
        found = None
        if few and not is_words:
            found = self._flags(blocks) or self._typed(may_be_time)
        form, marks = found or (Words(), self.marks)
        if not isinstance(form, Words):
            _, few = self._distinct(marks, strip=True)
        filler = few[0] if few else ""
        read = [block.read(form, marks, filler) for block in self.blocks]
        values = np.concatenate([values for values, _ in read])
        missing = np.concatenate([missing for _, missing in read])
        mark = self._usual_mark(marks) if missing.any() else ""
        return _series(self.name, values, missing), ColumnForm(form, mark)

    def _usual_mark(self, marks: Set[str]) -> str:
        """Return the mark that is written most often; the empty text where in doubt."""
        counts = {mark: sum(b.count(mark) for b in self.blocks) for mark in marks}
        return max(counts, key=lambda mark: (counts[mark], mark == "", mark))

    def _distinct(
        self, marks: Set[str], strip: bool
    ) -> tuple[Callable[[], Iterator[Set[str]]], list[str]]:
        """Return how to iterate over distinct values by block, and a few of them.

        The few come first, so that a wrong guess costs little.
        """

        def present() -> Iterator[set[str]]:
            for block in self.blocks:
                texts = block.distinct()
                if strip:
                    texts = set(map(str.strip, texts))
                if texts := texts - marks:
                    yield texts

        few = sorted(next(present(), set()))
        few = few[:: 1 + len(few) // _FEW]
        return lambda: chain([set(few)] if few else [], present()), few

    def _flags(
        self, blocks: Callable[[], Iterator[Set[str]]]
    ) -> tuple[Form, frozenset[str]] | None:
        for true, false in _FLAGS:
            flags = Flags(true, false)
            if all(map(flags.reads, blocks())):
                return flags, self.marks
        return None

    def _typed(self, may_be_time: bool) -> tuple[Form, frozenset[str]] | None:
        """Return the form of numbers or times, and what stands for missing ones."""
        special: set[str] = set()
        for texts in self._distinct(self.marks, strip=True)[0]():
            special |= texts & (USUAL_MARKS | _INFINITE)
        infinite = special & _INFINITE
        self.usual_marks = sorted(special - infinite)
        marks = self.marks | frozenset(self.usual_marks) | {""}
        blocks, few = self._distinct(marks | infinite, strip=True)
        form = self._form(blocks, may_be_time) if few else None
        if form is None:
            self.odd_number = _odd_number(next(blocks(), set()))
            return None
        if infinite and isinstance(form, Whole | Decimals):
            raise UserError(
                f"column {self.name!r} holds the infinite number {min(infinite)!r}; "
                f"give --missing {min(infinite)} if it stands for a missing value, or "
                "drop these rows"
            )
        return None if infinite else (form, marks)

    def _form(
        self, blocks: Callable[[], Iterator[Set[str]]], may_be_time: bool
    ) -> Form | None:
        if may_be_time and _are_compact_dates(blocks()):
            return _COMPACT_DATE
        tried = []
        for form in number_forms(blocks, self.sep):
            if all(map(form.reads, blocks())):
                return form
            tried.append(form)
        for form in tried:
            if isinstance(form, Decimals):
                rounding = replace(form, rounds=True)
                if all(map(rounding.reads, blocks())):
                    return rounding
        for time in time_forms(blocks) if may_be_time else ():
            if all(map(time.reads, blocks())):
                twin = time.twin
                self.may_be_either = twin is not None and all(map(twin.reads, blocks()))
                return None if self.may_be_either else time
        return None


def _odd_number(texts: Set[str]) -> str:
    """Return a value that keeps a column from being one of numbers, or ""."""
    odd = {text for text in texts if not _NUMBER.fullmatch(text)}
    if len(texts) < 3 or len(odd) > 0.1 * len(texts):
        return ""
    return min(odd or filter(_CODE.fullmatch, texts), default="")


def _are_compact_dates(blocks: Iterator[Set[str]]) -> bool:
    """Tell whether all values are dates such as 20201231, and not few."""
    n_dates = 0
    next(blocks)  # Some of the next.
    for texts in blocks:
        if not all(len(t) == 8 and t[:2] in ("19", "20") for t in texts):
            return False
        if not _COMPACT_DATE.reads(texts):
            return False
        n_dates += len(texts)
    return n_dates >= 3


def _series(name: str, values: NDArray[Any], missing: NDArray[Any]) -> pd.Series:
    """Return values as a column in which some are missing."""
    if not missing.any():
        return pd.Series(values, name=name, dtype=values.dtype, copy=False)
    column: Any = values
    if values.dtype.kind == "i":
        column = pd.arrays.IntegerArray(values, missing)
    elif values.dtype.kind == "b":
        column = pd.arrays.BooleanArray(values, missing)
    else:
        # NaN, NaT or None, by the dtype.
        column[missing] = None
    return pd.Series(column, name=name, dtype=column.dtype, copy=False)
