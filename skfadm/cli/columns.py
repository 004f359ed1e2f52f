"""Columns of text as columns of values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence, Set
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skfadm._files import UserError

from .forms import KINDS, Form, Number, Words, number_pattern

#: What programs write for a missing value. In a column of words they may be words.
MARKS = frozenset(
    ("NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-nan", "NaT", "NULL")
    + ("null", "None", "none", "\\N", ".", "?", "-", "--")
)
_INFINITE = frozenset(
    sign + word for sign in ("", "-", "+") for word in ("inf", "Inf", "INF", "Infinity")
)
#: Distinct words of a column that are looked at for a note.
_LOOKED_AT = 1000
_LETTERS = re.compile(r"[^\W\d_]+")
_IN_TIMES = re.compile(
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*|am|pm|days?|[etz]|utc",
    re.IGNORECASE,
)


class Column(NamedTuple):
    """A column as it was read, and what may be worth telling of that."""

    series: pd.Series
    form: Form
    #: Usual marks of missing values that it holds.
    marks: list[str]
    #: A word that looks as if the column were of numbers or of times.
    odd: str


def read_column(
    name: str,
    texts: list[str],
    codes: NDArray[Any],
    *,
    marks: Set[str],
    sep: str,
    kinds: Collection[type[Form]] = KINDS,
) -> Column:
    """Read a column of the distinct `texts`, of which row i has ``texts[codes[i]]``.

    `marks` stand for missing values, and `kinds` are those that it may be of.
    """
    stripped = list(map(str.strip, texts))
    usual = sorted(MARKS.intersection(stripped) - marks)
    gone = marks | MARKS | {""}
    present = list(dict.fromkeys(text for text in stripped if text not in gone))
    finite = [text for text in present if text not in _INFINITE]
    found = (kind.find(finite, sep) for kind in kinds if finite)
    form = next(filter(None, found), None)
    if len(finite) < len(present):
        infinite = min(_INFINITE.intersection(present))
        if isinstance(form, Number):
            raise UserError(
                f"column {name!r} holds the infinite number {infinite!r}; give "
                f"--missing {infinite} if it stands for a missing value, or drop these "
                "rows"
            )
        form = None
    if form is None:
        form, odd = Words(), _odd(finite) if kinds else ""
        missing = np.array([text in marks for text in texts])
        values = np.array(texts, dtype=object)
        values[missing] = None
    else:
        odd = ""
        missing = np.array([text in gone for text in stripped])
        pairs = zip(stripped, missing, strict=True)
        values = form.read([finite[0] if is_gone else t for t, is_gone in pairs])
    series = pd.Series(pd.Series(values).array.take(codes), name=name)
    rows = missing[codes]
    if rows.any():
        if not isinstance(form, Words):
            dtype = {"i": "Int64", "b": "boolean"}.get(series.dtype.kind, series.dtype)
            series = series.astype(dtype).mask(rows)
        # The mark that is written most often; the empty text where in doubt.
        counts = Counter({"": 0})
        for code, count in enumerate(np.bincount(codes[rows]).tolist()):
            counts[stripped[code]] += count
        form = replace(form, missing=counts.most_common(1)[0][0])
    return Column(series, form, usual, odd)


def _odd(texts: Sequence[str]) -> str:
    """Return a word of a column that is one of numbers or times but for few, or ""."""

    def is_like(text: str) -> bool:
        letters = _LETTERS.findall(text)
        has_digit = any(map(str.isdigit, text))
        return has_digit and all(map(_IN_TIMES.fullmatch, letters))

    few = texts[:_LOOKED_AT]
    odd = [text for text in few if not is_like(text)]
    if len(few) < 3 or len(odd) > 0.1 * len(few):
        return ""
    is_plain = number_pattern(".", "").fullmatch
    return min(odd or (text for text in few if not is_plain(text)), default="")
