"""How tables are written: the notation of each column as text, and the file.

A column is of whole numbers, decimals, truth values or times if each of its values is
one in the same notation. All else is words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Form:
    """How the values of a column are written, and what for a missing one: as words."""

    missing: str = ""

    @classmethod
    def find(cls, texts: Sequence[str], sep: str) -> Form | None:
        """Return the notation that all texts have, if there is one."""
        return cls()

    def find_again(self, texts: Sequence[str], sep: str) -> Form | None:
        """Return the notation of other values of the same column."""
        return self.find(texts, sep)

    def read(self, texts: list[str]) -> Any:
        """Return values in this notation, none of them missing."""
        return np.array(texts, dtype=object)

    def write(self, series: pd.Series) -> list[str]:
        """Return values, none of them missing, as text."""
        return list(map(str, series))

    def texts(self, series: pd.Series) -> list[str]:
        """Return the values of a column as text."""
        gone = series.isna().to_numpy()
        texts = iter(self.write(series[~gone]))
        return [self.missing if is_gone else next(texts) for is_gone in gone]


@dataclass(frozen=True)
class Flags(Form):
    """Truth values."""

    true: str = "True"
    false: str = "False"

    @classmethod
    def find(cls, texts: Sequence[str], sep: str) -> Form | None:
        """Return the spelling that all texts have."""
        for true, false in (("True", "False"), ("TRUE", "FALSE"), ("true", "false")):
            if set(texts) <= {true, false}:
                return cls(true=true, false=false)
        return None

    def read(self, texts: list[str]) -> Any:
        """Return the truth values, bool."""
        return np.array([text == self.true for text in texts])

    def write(self, series: pd.Series) -> list[str]:
        """Return the truth values as text."""
        return [self.true if value else self.false for value in series]


@dataclass(frozen=True)
class Number(Form):
    """Whole numbers of 64 bits, or decimals."""

    #: Decimals of each number: 0 for whole numbers, -1 for as many as needed.
    places: int = -1
    point: str = "."
    thousands: str = ""
    #: Whether a whole number among decimals ends in ".0", as Python writes it.
    ends_in_zero: bool = True

    @classmethod
    def find(cls, texts: Sequence[str], sep: str) -> Form | None:
        """Return the notation of all texts; codes are written in none."""
        # Where semicolons separate fields, commas are rather decimal.
        for point in (",", ".") if sep == ";" else (".", ","):
            for thousands in ("", "." if point == "," else ","):
                if all(map(number_pattern(point, thousands).fullmatch, texts)):
                    return cls("", 0, point, thousands)._with_places(texts)
        return None

    def _with_places(self, texts: Sequence[str]) -> Form | None:
        plain = self._plain(texts)
        exact = [text for text in plain if "e" not in text.lower()]
        decimals = {text.partition(".")[2] for text in exact}
        lengths = set(map(len, decimals))
        form = replace(self, places=-1, ends_in_zero="" not in decimals)
        if len(exact) == len(plain) and len(lengths) == 1:
            form = replace(self, places=lengths.pop())
        # Versions 1.1 and 1.10 are two, and so are 1 and 1.0.
        elif {"", "0"} <= decimals or any(d[-1:] == "0" != d for d in decimals):
            return None
        try:
            return form if np.isfinite(form.read(plain)).all() else None
        except OverflowError:
            return None

    def _plain(self, texts: Iterable[str]) -> list[str]:
        """Return numbers as Python writes them."""
        marks = {ord(self.point): "."} | {ord(mark): "" for mark in self.thousands}
        return [text.translate(marks) for text in texts]

    def read(self, texts: list[str]) -> Any:
        """Return the numbers, int64 or float64."""
        plain = self._plain(texts)
        if self.places == 0:
            return np.array(list(map(int, plain)), dtype=np.int64)
        return np.array(list(map(float, plain)))

    def write(self, series: pd.Series) -> list[str]:
        """Return the numbers as text."""
        spec = "," * len(self.thousands)
        spec += f".{self.places}f" if self.places > 0 else ""
        values = map(int, series) if self.places == 0 else series.to_numpy()
        texts = [format(value, spec) for value in values]
        if self.places == -1 and not self.ends_in_zero:
            texts = [text.removesuffix(".0") for text in texts]
        marks = str.maketrans({".": self.point, ",": self.thousands})
        return [text.translate(marks) for text in texts]


@cache
def number_pattern(point: str, thousands: str) -> re.Pattern[str]:
    """Return what a number looks like.

    No sign, zero or exponent is there that a code may have: +49, 007 and 12E5 are none.
    """
    if thousands:
        whole = rf"[1-9]\d{{0,2}}(?:\{thousands}\d{{3}})*"
        return re.compile(rf"-?(?:0|{whole})(?:\{point}\d+)?", re.ASCII)
    rest = rf"(?:\{point}\d+(?:[eE][-+]?\d+)?|[eE][-+]\d+)?"
    return re.compile(rf"-?(?:0|[1-9]\d*){rest}", re.ASCII)


_FIELD = re.compile("%(-?)(.)")
_FIELDS = {"Y": r"\d{4}", "S": r"\d\d(?:\.\d{1,9})?"}
_OFFSET = r"(?P<z>Z| UTC|[-+]\d\d(?::?\d\d)?)?"
#: Dates as strptime has them; "%-d" is a day without a zero before it.
_DATES = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y/%-m/%-d", "%Y%m%d", "%Y-%m"),
    *(
        date.replace("/", sep)
        for date in ("%d/%m/%Y", "%m/%d/%Y", "%-d/%-m/%Y", "%-m/%-d/%Y")
        for sep in "/.-"
    ),
)
_CLOCKS = ("%H:%M", "%H:%M:%S")
#: Notations of dates, of times of day, and of both.
_NOTATIONS = (
    *(*_DATES, *_CLOCKS),
    *(
        date + joiner + clock
        for date in _DATES
        for joiner in " T"
        for clock in (*_CLOCKS, "%-H:%M", "%-H:%M:%S")
    ),
)
_ISO = "{Y}-{m:0>2}-{d:0>2}T{H:0>2}:{M}:{S}"
_FIRST = {"Y": "1970", "m": "01", "d": "01", "H": "00", "M": "00", "S": "00"}
#: Where the fields stand in ISO 8601.
_PLACES = {
    name: slice(start, end)
    for name, start, end in zip(
        "YmdHMS", (0, 5, 8, 11, 14, 17), (4, 7, 10, 13, 16, None), strict=True
    )
}


@cache
def _pattern(notation: str) -> re.Pattern[str]:
    """Return what times of a notation look like, those of a day with their offset."""

    def group(field: re.Match[str]) -> str:
        digits = r"0|[1-9]\d?" if field[1] else _FIELDS.get(field[2], r"\d\d")
        return f"(?P<{field[2]}>{digits})"

    is_instant = "%Y" in notation and "%M" in notation
    pattern = _FIELD.sub(group, notation.replace(".", r"\."))
    return re.compile(pattern + (_OFFSET if is_instant else "(?P<z>)"), re.ASCII)


@dataclass(frozen=True)
class Times(Form):
    """Dates, dates with a time of day, or times of day."""

    #: One of `_NOTATIONS`.
    notation: str = "%Y-%m-%d"
    #: Digits of the fraction of seconds, -1 for as many as needed; the unit has them.
    fraction: int = 0
    unit: str = "s"
    #: The offset of all times as it is written, such as Z or +01:00.
    offset: str = ""

    @classmethod
    def find(cls, texts: Sequence[str], sep: str) -> Form | None:
        """Return the one notation of times that all texts have."""
        fit: dict[str, Form] = {}
        # A few numbers of eight digits may be dates by chance.
        are_codes = len(texts) < 3 or any(t[:2] not in ("19", "20") for t in texts)
        for notation in _NOTATIONS:
            if _pattern(notation).fullmatch(texts[0]):
                order = re.sub("[^dmY]", "", notation)
                with suppress(ValueError):
                    if not (are_codes and notation == "%Y%m%d"):
                        fit.setdefault(order, cls._of(notation, texts))
        # Where no day is above 12, nobody can tell it from the month.
        return next(iter(fit.values())) if len(fit) == 1 else None

    def find_again(self, texts: Sequence[str], sep: str) -> Form | None:
        """Return the same notation if other values have it, else theirs."""
        with suppress(ValueError):
            return self._of(self.notation, texts)
        return self.find(texts, sep)

    @classmethod
    def _of(cls, notation: str, texts: Sequence[str]) -> Times:
        """Return the form of texts in a notation; ValueError if they have another."""
        found = list(map(_pattern(notation).fullmatch, texts))
        digits = {
            len(each["S"]) - 3 if "%S" in notation else 0 for each in found if each
        }
        offsets = {each["z"] or "" for each in found if each}
        styles = {re.sub(r"\d", "0", offset).replace("-", "+") for offset in offsets}
        if None in found or len(styles) > 1:
            raise ValueError(notation)
        n_digits = max(0, *digits)
        form = cls(
            notation=notation,
            fraction=-1 if len(digits) > 1 else n_digits,
            unit=("s", "ms", "us", "ns")[-(-n_digits // 3)],
            # Where offsets differ, only the instant can be kept.
            offset=(offsets if len(offsets) == 1 else styles).pop(),
        )
        form.read(texts)
        return form

    def read(self, texts: Sequence[str]) -> Any:
        """Return the times: datetime64, in UTC if they have offsets, or timedelta64."""
        parts, stamps = [], list(texts)
        # Most are of ISO 8601 without an offset, and need not be taken apart.
        if self.offset or not re.match("%Y-%m-%d(?!.%-)", self.notation):
            found = map(_pattern(self.notation).fullmatch, texts)
            parts = [_FIRST | each.groupdict("") for each in found if each]
            stamps = [_ISO.format_map(part) for part in parts]
        low, high = min(stamps), max(stamps)
        # Nanoseconds overflow without a word, and pandas has no year 0.
        if low < "0001" or (self.unit == "ns" and not "1678" < low <= high < "2262"):
            raise ValueError("beyond the years that there are")
        times = np.array(stamps, dtype=f"M8[{self.unit}]")
        if "%Y" not in self.notation:
            return times - np.datetime64(0, "s")
        if not self.offset:
            return times
        minutes = np.array([_minutes(part["z"]) for part in parts], dtype="m8[m]")
        return pd.DatetimeIndex(times - minutes, tz="UTC")

    def write(self, series: pd.Series) -> list[str]:
        """Return the times as text."""
        if isinstance(series.dtype, pd.DatetimeTZDtype):
            series = series.dt.tz_convert(None)
        values = series.to_numpy()
        if values.dtype == object:  # dates, or times of day, of Arrow
            day = "" if "%Y" in self.notation else "1970-01-01T"
            values = np.array([f"{day}{value}" for value in values], "M8")
        if values.dtype.kind == "m":
            values = np.datetime64(0, "s") + values
        values = values + np.timedelta64(_minutes(self.offset), "m")
        unit = self.unit if "%S" in self.notation else "m"
        once, codes = np.unique(values.astype(f"M8[{unit}]"), return_inverse=True)
        texts = list(map(self._text, np.datetime_as_string(once).tolist()))
        return [texts[code] for code in codes.tolist()]

    def _text(self, iso: str) -> str:
        """Return a time of ISO 8601 in this notation."""

        def field(found: re.Match[str]) -> str:
            text = iso[_PLACES[found[2]]]
            if found[2] == "S" and self.fraction == -1 and "." in text:
                return text.rstrip("0").rstrip(".")
            if found[2] == "S" and self.fraction > 0:
                return text[: 3 + self.fraction]
            return (text.lstrip("0") or "0") if found[1] else text

        return _FIELD.sub(field, self.notation) + self.offset


def _minutes(offset: str) -> int:
    """Return the minutes of an offset such as -03:30."""
    digits = re.sub(r"\D", "", offset).ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return -minutes if offset[:1] == "-" else minutes


#: In the order in which they are tried.
KINDS: tuple[type[Form], ...] = (Flags, Times, Number)


@dataclass(frozen=True)
class TableForm:
    """How a table is written: its columns by name, and the file."""

    columns: dict[str, Form]
    #: Of a CSV file.
    sep: str = ","
    encoding: str = "utf-8"
    newline: str = "\n"
    #: Whether the first line is "sep=;", as spreadsheets take it.
    names_sep: bool = False
    #: The number of the first row, where a CSV file has a first column of those.
    row_names: int | None = None
    #: Of a Parquet file, "" if the table came from none.
    schema: str = ""

    def of(self, names: Iterable[str]) -> TableForm:
        """Return the form of some of the columns."""
        return replace(self, columns={name: self.columns[name] for name in names})

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` turns back."""
        kinds = {name: type(form).__name__ for name, form in self.columns.items()}
        return asdict(self) | {"kinds": kinds}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> TableForm:
        """Return the form that `to_json` stored."""
        kinds: dict[str, type[Form]] = {kind.__name__: kind for kind in KINDS}
        kinds["Form"] = Form
        columns = {
            name: kinds[stored["kinds"][name]](**form)
            for name, form in stored["columns"].items()
        }
        rest = {name: stored[name] for name in stored if name != "kinds"}
        return cls(**rest | {"columns": columns})


@dataclass
class Table:
    """A table, how it is written, and what is to be told of how it was read."""

    frame: pd.DataFrame
    form: TableForm
    notes: list[str] = field(default_factory=list)
