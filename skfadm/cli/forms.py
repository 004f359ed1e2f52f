"""How values are written as text: one form for each kind, and how it is seen.

A column is of whole numbers, decimals, truth values or ISO times if each of its values
is one in the same notation. All else is words.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class Form:
    """How the values of a column are written, and what for a missing one."""

    missing: str = ""

    def texts(self, series: pd.Series) -> list[str]:
        """Return the values of a column as text."""
        gone = series.isna().to_numpy()
        texts = iter(self.write(series[~gone]))
        return [self.missing if is_gone else next(texts) for is_gone in gone]

    def read(self, texts: list[str]) -> Any:
        """Return values of this form, none of them missing."""
        return np.array(texts, dtype=object)

    def write(self, series: pd.Series) -> list[str]:
        """Return values, none of them missing, as text."""
        return list(map(str, series))

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` turns back."""
        return {"kind": type(self).__name__} | asdict(self)

    @staticmethod
    def from_json(stored: dict[str, Any]) -> Form:
        """Return the form that `to_json` stored."""
        forms: tuple[type[Form], ...] = (Words, *KINDS)
        kinds = {form.__name__: form for form in forms}
        return kinds[stored["kind"]](**{k: stored[k] for k in stored if k != "kind"})

    @classmethod
    def find(cls, texts: Sequence[str], sep: str) -> Form | None:
        """Return the form in which all texts are written, if there is one."""
        return cls()


class Words(Form):
    """Any text."""


@dataclass(frozen=True)
class Flags(Form):
    """Truth values."""

    true: str = "True"
    false: str = "False"

    def read(self, texts: list[str]) -> NDArray[Any]:
        """Return the truth values, bool."""
        return np.array([text == self.true for text in texts])

    def write(self, series: pd.Series) -> list[str]:
        """Return the truth values as text."""
        return [self.true if value else self.false for value in series]

    @classmethod
    def find(cls, texts: Sequence[str], sep: str) -> Form | None:
        """Return the spelling that all texts have."""
        for true, false in (("True", "False"), ("TRUE", "FALSE"), ("true", "false")):
            if all(text in (true, false) for text in texts):
                return cls(true=true, false=false)
        return None


@dataclass(frozen=True)
class Number(Form):
    """Whole numbers of 64 bits, or decimals."""

    #: Decimals of each number: 0 for whole numbers, -1 for as many as needed.
    places: int = -1
    point: str = "."
    thousands: str = ""
    #: Whether a whole number among decimals ends in ".0", as Python writes it.
    ends_in_zero: bool = True

    def read(self, texts: list[str]) -> NDArray[Any]:
        """Return the numbers, int64 or float64."""
        plain = [_plain(text, self.point, self.thousands) for text in texts]
        if self.places == 0:
            return np.array(list(map(int, plain)), dtype=np.int64)
        return np.array(list(map(float, plain)))

    def write(self, series: pd.Series) -> list[str]:
        """Return the numbers as text."""
        comma = "," if self.thousands else ""
        places = f".{self.places}f" if self.places > 0 else ""
        values = map(int, series) if self.places == 0 else series.to_numpy()
        texts = [format(value, comma + places) for value in values]
        if self.places == -1 and not self.ends_in_zero:
            texts = [text.removesuffix(".0") for text in texts]
        if self.point == "." and self.thousands in ("", ","):
            return texts
        marks = str.maketrans({".": self.point, ",": self.thousands})
        return [text.translate(marks) for text in texts]

    @classmethod
    def find(cls, texts: Sequence[str], sep: str) -> Form | None:
        """Return the notation of all texts; codes are written in none."""
        # Where semicolons separate fields, commas are rather decimal.
        points = (",", ".") if sep == ";" else (".", ",")
        for point in points:
            for thousands in ("", "." if point == "," else ","):
                match = number_pattern(point, thousands).fullmatch
                if all(map(match, texts)):
                    plain = [_plain(text, point, thousands) for text in texts]
                    return _notation(plain, point, thousands)
        return None


def _plain(text: str, point: str, thousands: str) -> str:
    """Return a number's text as Python writes it."""
    if thousands:
        text = text.replace(thousands, "")
    return text if point == "." else text.replace(point, ".")


def number_pattern(point: str, thousands: str) -> re.Pattern[str]:
    """Return what a number looks like.

    No sign, zero or exponent is there that a code may have: +49, 007 and 12E5 are none.
    """
    if thousands:
        whole = rf"[1-9]\d{{0,2}}(?:\{thousands}\d{{3}})*"
        return re.compile(rf"-?(?:0|{whole})(?:\{point}\d+)?", re.ASCII)
    exponent = rf"(?:\{point}\d+)?[eE][-+]\d+|\{point}\d+[eE]\d+"
    return re.compile(rf"-?(?:0|[1-9]\d*)(?:{exponent}|(?:\{point}\d+)?)", re.ASCII)


def _notation(texts: list[str], point: str, thousands: str) -> Form | None:
    exact = [text for text in texts if "e" not in text.lower()]
    decimals = {text.partition(".")[2] for text in exact}
    lengths = {len(digits) for digits in decimals}
    if len(exact) == len(texts) and lengths == {0} and "-0" not in exact:
        is_long = max(map(len, exact)) > 18 and not all(
            -(2**63) <= int(text) < 2**63 for text in exact
        )
        return None if is_long else Number("", 0, point, thousands)
    if len(exact) == len(texts) and len(lengths) == 1 and lengths != {0}:
        return Number("", lengths.pop(), point, thousands)
    # Versions 1.1 and 1.10 are two.
    if any(digits[-1:] == "0" and digits != "0" for digits in decimals):
        return None
    if {"", "0"} <= decimals or not np.isfinite(list(map(float, texts))).all():
        return None
    return Number("", -1, point, thousands, "" not in decimals)


_ZEROS = str.maketrans("123456789", "000000000")
#: A time with zeros for digits.
_TIME = re.compile(
    r"(?:(?P<date>0{4}-00(?:-00)?|0{8})(?P<joiner>[T ])?)?"
    r"(?P<clock>00:00(?P<seconds>:00(?:\.(?P<fraction>0{1,9}))?)?)?"
    r"(?P<offset>Z| UTC|[-+]00(?::?00)?)?"
)
#: Zones that are tried first where offsets change with the season.
_ZONES = (
    *("Europe/Berlin", "Europe/London", "Europe/Athens", "America/New_York"),
    *("America/Chicago", "America/Denver", "America/Los_Angeles", "Australia/Sydney"),
)


@dataclass(frozen=True)
class Times(Form):
    """Dates, dates with a time of day, or times of day, as in ISO 8601."""

    #: Characters of a date: 10 for 2020-12-31, 8 for 20201231, 7 for 2020-12, 0: none.
    date: int = 10
    joiner: str = ""
    #: Whether there is a time of day, and whether it has seconds.
    clock: bool = False
    seconds: bool = False
    #: Digits of their fraction, -1 for as many as needed, and the unit that holds them.
    fraction: int = 0
    unit: str = "s"
    #: How the zone is written, such as Z or +00:00, and its name.
    offset: str = ""
    zone: str = ""

    def read(self, texts: list[str]) -> Any:
        """Return the times: datetime64, of a zone or none, or timedelta64."""
        clock, offsets = self._parse(texts)
        if not self.date:
            return clock - np.datetime64(0, "s")
        if not self.offset:
            return clock
        return pd.DatetimeIndex(clock - offsets, tz="UTC").tz_convert(self.zone)

    def _parse(self, texts: Sequence[str]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return wall clocks and offsets; ValueError where there is no such time."""
        cut = -len(self.offset) or None
        stamps = [text[:cut] for text in texts]
        if self.date == 8:
            stamps = [f"{text[:4]}-{text[4:6]}-{text[6:]}" for text in stamps]
        elif not self.date:
            stamps = [f"1970-01-01T{text}" for text in stamps]
        times = np.array(stamps, dtype=f"M8[{self.unit}]")
        low, high = min(stamps), max(stamps)
        # Nanoseconds overflow without a word, and pandas has no year 0.
        if low < "0001" or (self.unit == "ns" and not "1678" < low <= high < "2262"):
            raise ValueError("beyond the years that there are")
        minutes = [_minutes(text[cut:] if cut else "Z") for text in texts]
        return times, np.array(minutes, dtype="m8[m]")

    def write(self, series: pd.Series) -> list[str]:
        """Return the times as text."""
        suffixes = [self.offset] * len(series)
        if isinstance(series.dtype, pd.DatetimeTZDtype):
            wall = series.dt.tz_localize(None)
            minutes = (wall - series.dt.tz_convert(None)) // pd.Timedelta("1min")
            suffixes = [_suffix(m, self.offset) for m in minutes]
            series = wall
        values = series.to_numpy()
        if values.dtype == object:  # dates, or times of day, of Arrow
            day = "" if self.date else "1970-01-01T"
            values = np.array([f"{day}{value}" for value in values], "M8")
        if values.dtype.kind == "m":
            values = np.datetime64(0, "s") + values
        unit = "M" if self.date == 7 else "D"
        if self.clock:
            unit = self.unit if self.seconds else "m"
        once, codes = np.unique(values.astype(f"M8[{unit}]"), return_inverse=True)
        texts = list(map(self._styled, np.datetime_as_string(once).tolist()))
        pairs = zip(codes.tolist(), suffixes, strict=True)
        return [texts[code] + suffix for code, suffix in pairs]

    def _styled(self, iso: str) -> str:
        date, _, clock = iso.partition("T")
        if self.fraction == -1 and "." in clock:
            clock = clock.rstrip("0").rstrip(".")
        elif self.fraction > 0:
            clock = clock[: 9 + self.fraction]
        if not self.date:
            return clock
        return (date.replace("-", "") if self.date == 8 else date) + self.joiner + clock

    @classmethod
    def find(cls, texts: Sequence[str], sep: str) -> Form | None:
        """Return the form of times that all texts are, if they are."""
        if not _TIME.fullmatch(texts[0].translate(_ZEROS)):
            return None
        shapes, digits = set(), set()
        for text in {text.translate(_ZEROS) for text in texts}:
            part = _TIME.fullmatch(text)
            if part is None:
                return None
            date, joiner, clock, seconds, fraction, offset = part.groups("")
            kind = (len(date), joiner, clock != "", seconds != "")
            shapes.add((*kind, offset.replace("-", "+")))
            digits.add(len(fraction))
        length, joiner, has_clock, has_seconds, offset = shapes.pop()
        is_whole = bool(joiner) == bool(length and has_clock) >= bool(offset)
        # A few numbers of eight digits may be dates by chance.
        are_codes = length == 8 and (
            len(texts) < 3 or any(text[:2] not in ("19", "20") for text in texts)
        )
        if shapes or are_codes or not is_whole:
            return None
        form = cls(
            date=length,
            joiner=joiner,
            clock=has_clock,
            seconds=has_seconds,
            fraction=max(digits) if len(digits) == 1 else -1,
            unit=("s", "ms", "us", "ns")[-(-max(digits) // 3)],
            offset=offset,
        )
        try:
            times, offsets = form._parse(texts)
        except ValueError:
            return None
        return replace(form, zone=_zone(times, offsets)) if offset else form


def _minutes(offset: str) -> int:
    if offset in ("Z", " UTC"):
        return 0
    digits = offset[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return -minutes if offset[0] == "-" else minutes


def _suffix(minutes: int, style: str) -> str:
    """Write an offset in a style such as +00:00."""
    if "+" not in style:
        return style
    hours, rest = divmod(abs(minutes), 60)
    colon = ":" if ":" in style else ""
    end = f"{colon}{rest:02d}" if style != "+00" or rest else ""
    return f"{'-' if minutes < 0 else '+'}{hours:02d}{end}"


def _zone(clock: NDArray[Any], offsets: NDArray[Any]) -> str:
    """Return the name of the zone that has these offsets at these times."""
    first = int(offsets[0].astype(int))
    if (offsets == offsets[0]).all():
        return _suffix(first, "+00:00") if first else "UTC"
    instants = pd.DatetimeIndex(clock - offsets, tz="UTC")
    few = slice(None, None, 1 + len(clock) // 100)
    regions = sorted(name for name in zoneinfo.available_timezones() if "/" in name)
    for name in (*_ZONES, *regions):
        if all(
            (instants[rows].tz_convert(name).tz_localize(None) == clock[rows]).all()
            for rows in (few, slice(None))
        ):
            return name
    # Times from several zones: only the instant can be kept.
    return "UTC"


KINDS: tuple[type[Form], ...] = (Flags, Times, Number)
