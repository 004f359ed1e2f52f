"""Columns of text as columns of values, and back.

The rule: a column is of whole numbers, decimals, truth values, times or durations if
each of its values is, and writing it back gives the same text. All else is words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence, Set
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skfadm._files import UserError

from ._numbers import Decimals, Whole, number_forms
from ._times import Durations, Times, time_forms

#: Stands between the values of a block; no text has it.
BETWEEN = "\0"
#: What programs write for a missing value. In a column of words they may be words.
USUAL_MARKS = frozenset(
    ("NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-nan", "NaT", "NULL")
    + ("null", "None", "none", "\\N", ".", "?", "-", "--")
)
_INFINITE = frozenset(
    sign + word for sign in ("", "-", "+") for word in ("inf", "Inf", "INF", "Infinity")
)
_FLAGS = (("True", "False"), ("TRUE", "FALSE"), ("true", "false"))
_COMPACT_DATE = Times(mark="")
#: What a reader takes for a number, and those that are more likely a code.
_NUMBER = re.compile(r"[-+]?\d[\d.,']*(?:[eE][-+]?\d+)?")
_CODE = re.compile(r"[-+]?0\d.*|\+.*|.*[eE].*|.*\.\d*0")
#: Distinct values of a later block that are looked at before all are.
_FEW = 1000


@dataclass(frozen=True)
class Words:
    """Any text."""

    def read(self, texts: list[str]) -> NDArray[Any]:
        """Return the texts, each once in memory."""
        once: dict[str, str] = {}
        values = np.empty(len(texts), dtype=object)
        values[:] = [once.setdefault(text, text) for text in texts]
        return values

    def write(self, values: Any) -> list[str]:
        """Return the values as text."""
        return list(map(str, values))


@dataclass(frozen=True)
class Flags:
    """Truth values.

    Parameters
    ----------
    true, false : str
        How they are written.
    """

    true: str = "True"
    false: str = "False"

    def reads(self, texts: Collection[str]) -> bool:
        """Tell whether all texts are such truth values."""
        return set(texts) <= {self.true, self.false}

    def read(self, texts: list[str]) -> NDArray[Any]:
        """Return the truth values, bool."""
        return np.array([text == self.true for text in texts], dtype=bool)

    def write(self, values: Any) -> list[str]:
        """Return the truth values as text."""
        return [self.true if value else self.false for value in values]


Form: TypeAlias = Whole | Decimals | Flags | Times | Durations | Words
_FORMS = {form.__name__: form for form in Form.__args__}


@dataclass(frozen=True)
class ColumnForm:
    """How a column is written.

    Parameters
    ----------
    form : Form
        Its values.
    missing : str
        What is written for a missing one.
    """

    form: Form = field(default_factory=Words)
    missing: str = ""

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


class TextColumn:
    """A column as it stands in a file, in blocks of text.

    Parameters
    ----------
    name : str
        Its name, for messages.
    blocks : sequence of str
        Its values, `BETWEEN` them; as one text each they take little memory.
    marks : collection of str
        What stands for a missing value, the empty text included.
    sep : str
        What separates the fields of the file.
    """

    def __init__(self, name: str, blocks: Sequence[str], marks: Set[str], sep: str):
        self.name, self.blocks, self.sep = name, blocks, sep
        self.marks = frozenset(marks)
        #: What may be worth telling of how the column is read.
        self.usual_marks: list[str] = []
        self.odd_number = ""
        self.may_be_either = False

    def column(self, *, may_be_time: bool) -> tuple[pd.Series, ColumnForm]:
        """Return the column's values, and how they are written."""
        form, marks = self._find(may_be_time)
        arrays, masks, used = [], [], dict.fromkeys(marks, 0)
        strip = not isinstance(form, Words)
        for block in self.blocks:
            texts = block.split(BETWEEN)
            if strip:
                texts = list(map(str.strip, texts))
            missing = np.array([text in marks for text in texts], dtype=bool)
            if missing.any():
                filler = next((text for text in texts if text not in marks), None)
                for mark in marks:
                    used[mark] += texts.count(mark)
                filler = self._any_present(marks, strip) if filler is None else filler
                texts = [filler if text in marks else text for text in texts]
            arrays.append(form.read(texts))
            masks.append(missing)
        values, missing = np.concatenate(arrays), np.concatenate(masks)
        mark = max(used, key=lambda mark: (used[mark], mark == ""))
        return _series(self.name, values, missing), ColumnForm(form, mark)

    def _present(self, marks: Set[str], strip: bool) -> Iterator[set[str]]:
        """Yield the distinct values of each block that has any."""
        for block in self.blocks:
            texts = set(block.split(BETWEEN))
            if strip:
                texts = set(map(str.strip, texts))
            if present := texts - marks:
                yield present

    def _any_present(self, marks: Set[str], strip: bool) -> str:
        return next(iter(next(self._present(marks, strip), {""})))

    def _find(self, may_be_time: bool) -> tuple[Form, frozenset[str]]:
        """Return the column's form, and what stands for missing values in it."""
        if not any(True for _ in self._present(self.marks, strip=False)):
            return Words(), self.marks
        for true, false in _FLAGS:
            flags = Flags(true, false)
            if all(map(flags.reads, self._present(self.marks, strip=False))):
                return flags, self.marks
        usual = {
            text
            for texts in self._present(self.marks, strip=True)
            for text in texts & USUAL_MARKS
        }
        marks = self.marks | usual | {""}
        form = self._numbers_or_times(marks, may_be_time)
        self.usual_marks = sorted(usual)
        if form is None:
            self.odd_number = self._odd_number(marks)
            return Words(), self.marks
        return form, marks

    def _numbers_or_times(
        self, marks: frozenset[str], may_be_time: bool
    ) -> Form | None:
        def blocks() -> Iterator[set[str]]:
            return self._present(marks | _INFINITE, strip=True)

        if next(blocks(), None) is None:
            return None
        if may_be_time and _are_compact_dates(blocks()):
            return _COMPACT_DATE
        numbers = list(number_forms(blocks, self.sep))
        rounding = [
            replace(form, rounds=True) for form in numbers if isinstance(form, Decimals)
        ]
        for form in chain(numbers, rounding):
            if all(map(form.reads, blocks())):
                self._refuse_infinite(marks)
                return form
        for time in time_forms(self._sample(blocks())) if may_be_time else ():
            if all(map(time.reads, blocks())):
                twin = time.twin
                self.may_be_either = twin is not None and all(map(twin.reads, blocks()))
                return None if self.may_be_either else time
        return None

    def _odd_number(self, marks: frozenset[str]) -> str:
        """Return a value that keeps a column from being one of numbers, or ""."""
        texts = next(self._present(marks, strip=True), set())
        odd = {text for text in texts if not _NUMBER.fullmatch(text)}
        codes = {text for text in texts if _CODE.fullmatch(text)}
        if len(texts) < 3 or len(odd) > 0.1 * len(texts):
            return ""
        return min(odd or codes, default="")

    def _sample(self, blocks: Iterator[set[str]]) -> set[str]:
        sample = set(next(blocks))
        for texts in blocks:
            sample.update(sorted(texts)[:: max(1, len(texts) // _FEW)])
        return sample

    def _refuse_infinite(self, marks: frozenset[str]) -> None:
        for texts in self._present(marks, strip=True):
            if infinite := texts & _INFINITE:
                raise UserError(
                    f"column {self.name!r} holds the infinite number "
                    f"{min(infinite)!r}; give --missing {min(infinite)} if it stands "
                    "for a missing value, or drop these rows"
                )


def _are_compact_dates(blocks: Iterator[set[str]]) -> bool:
    """Tell whether all values are dates such as 20201231, and not few."""
    n_dates = 0
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
