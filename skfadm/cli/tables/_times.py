"""Dates, with or without a time of day, as text; read only where they come back."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta, timezone, tzinfo
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._form import Form

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_SHORT = [month[:3] for month in _MONTHS]
#: What a field of a layout looks like.
FIELDS = {
    "d": r"\d{1,2}",
    "m": r"\d{1,2}",
    "b": "|".join(_SHORT),
    "B": "|".join(_MONTHS),
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "H": r"\d{1,2}",
    "I": r"\d{1,2}",
    "M": r"[0-5]\d",
    "S": r"[0-5]\d(?:\.\d{1,9})?",
    "p": "[AaPp][Mm]",
}
#: How zones are written, which differs from other words in lower case.
OFFSET = r"(?P<offset>(?-i:Z| ?UTC)| ?[+-]\d\d(?::?\d\d)?)"
#: Fraction of seconds: as many digits as needed, of six or nine; or six, none for
#: whole seconds.
TRIMMED, SIX_OR_NONE, TRIMMED_NS = -1, -2, -3
#: Years of two digits from here on are of the century before.
_PIVOT = 69


@dataclass(frozen=True)
class Times(Form):
    """Dates, with the time of day and the zone or without.

    Values are those of the clock on the wall; the zone is a matter of the file.
    """

    #: As of `datetime.strftime`, without the zone.
    layout: str = "%Y-%m-%d"
    #: Whether day and month, and hours, have two digits throughout.
    padded: bool = True
    padded_hours: bool = True
    #: How names of months are written, and AM and PM: title, upper or lower.
    case: str = "title"
    half: str = "upper"
    #: Digits of the fraction of seconds, or one of the above.
    fraction: int = 0
    #: How the zone is written: "", "Z", "UTC", "+00", "+00:00" or "+0000", some after
    #: a space.
    offset: str = ""
    #: Its name, "" for none.
    zone: str = ""

    @property
    def twin(self) -> Times | None:
        """The form with day and month exchanged, if that is in use."""
        first, mark, second = self.layout[:2], self.layout[2:3], self.layout[3:5]
        if {first, second} != {"%d", "%m"} or mark == ".":
            return None
        return replace(self, layout=second + mark + first + self.layout[5:])

    @property
    def has_clock(self) -> bool:
        """Whether there is a time of day."""
        return ":" in self.layout

    @property
    def unit(self) -> str:
        """The numpy unit that holds these times."""
        digits = {TRIMMED: 6, SIX_OR_NONE: 6, TRIMMED_NS: 9}
        return ("s", "ms", "us", "ns")[
            -(-digits.get(self.fraction, self.fraction) // 3)
        ]

    def reads(self, texts: Collection[str]) -> bool:
        """Tell whether all texts are such times and come back alike."""
        given = sorted(texts)
        try:
            clock, offsets = self.parse(given)
        except ValueError:
            return False
        if self.offset:
            end = re.compile(OFFSET + "$")
            given = [end.sub("", text) for text in given]
        if self._local(clock) != given:
            return False
        if self.zone in ("", "UTC"):
            return True
        return bool((offsets_of(clock - offsets, self.zone) == offsets).all())

    def read(self, texts: list[str]) -> NDArray[Any]:
        """Return the times on the wall's clock, datetime64."""
        clock, offsets = self.parse(texts)
        if self.zone == "UTC":
            return clock - offsets
        if not self.zone:
            return clock
        # Imports scikit-learn, which takes seconds.
        from skfadm.encoding._kinds import with_midnights

        return with_midnights(clock, _zone(self.zone))

    def write(self, values: Any) -> list[str]:
        """Return the times as text."""
        clock = np.asarray(values, dtype=f"datetime64[{self.unit}]")
        if not self.offset:
            return self._local(clock)
        zoned = self.zoned(clock)
        shown = zoned.tz_localize(None)
        local = self._local(np.asarray(shown, dtype=clock.dtype))
        minutes = np.asarray(shown - zoned.tz_convert(None)) // np.timedelta64(1, "m")
        suffixes = {m: suffix(int(m), self.offset) for m in np.unique(minutes)}
        return [a + suffixes[m] for a, m in zip(local, minutes, strict=True)]

    def zoned(self, values: Any) -> Any:
        """Return the values with their zone, as a pandas array."""
        index = pd.DatetimeIndex(np.asarray(values))
        # Of the hour that comes twice in autumn, the first is taken.
        first = np.ones(len(index), dtype=bool)
        zone = _zone(self.zone)
        return index.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")

    def parse(self, texts: list[str]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return wall clock and offset of each text; ValueError for what is none."""
        pattern = re.sub(
            r"%(\w)", lambda m: f"(?P<{m[1]}>{FIELDS[m[1]]})", re.escape(self.layout)
        )
        if self.offset:
            pattern += OFFSET
        match = re.compile(pattern, re.IGNORECASE | re.ASCII).fullmatch
        found = []
        for text in texts:
            parts = match(text)
            if parts is None:
                raise ValueError(text)
            found.append(parts.groupdict())
        minutes = [_minutes(fields.get("offset", "Z")) for fields in found]
        return (
            np.array(list(map(_iso, found)), dtype=f"datetime64[{self.unit}]"),
            np.array(minutes, dtype="timedelta64[m]"),
        )

    def _local(self, clock: NDArray[Any]) -> list[str]:
        """Write wall clocks, without the zone."""
        once, codes = np.unique(clock, return_inverse=True)
        layout = re.sub(r"%(\w)", r"{\1}", self.layout)
        texts = [
            layout.format(**self._fields(text))
            for text in np.datetime_as_string(once).tolist()
        ]
        return [texts[code] for code in codes.tolist()]

    def _fields(self, iso: str) -> dict[str, str]:
        day = iso[8:10] if self.padded else iso[8:10].lstrip("0")
        month = iso[5:7] if self.padded else iso[5:7].lstrip("0")
        hours = int(iso[11:13])
        width = 1 + self.padded_hours
        name = getattr(_MONTHS[int(iso[5:7]) - 1], self.case)()
        return {
            "d": day,
            "m": month,
            "b": name[:3],
            "B": name,
            "Y": iso[:4],
            "y": iso[2:4],
            "H": f"{hours:0{width}d}",
            "I": f"{hours % 12 or 12:0{width}d}",
            "M": iso[14:16],
            "S": with_fraction(iso[17:], self.fraction),
            "p": getattr("PM" if hours >= 12 else "AM", self.half)(),
        }


def _iso(fields: dict[str, str]) -> str:
    """Return the time of the fields of a text; ValueError if there is none."""
    year = fields.get("Y")
    if year is None:
        year = ("19" if int(fields["y"]) >= _PIVOT else "20") + fields["y"]
    name = fields.get("B") or fields.get("b")
    month = _SHORT.index(name[:3].title()) + 1 if name else int(fields["m"])
    hours = int(fields.get("H") or fields.get("I") or 0)
    if "I" in fields:
        if not 1 <= hours <= 12:
            raise ValueError
        hours = hours % 12 + 12 * (fields["p"].upper() == "PM")
    return (
        f"{year}-{month:02d}-{int(fields.get('d') or 1):02d}T{hours:02d}:"
        f"{fields.get('M') or '00'}:{fields.get('S') or '00'}"
    )


def _zone(name: str) -> tzinfo:
    """Return the zone of a name such as Europe/Berlin or +05:30."""
    if name[0] not in "+-":
        return zoneinfo.ZoneInfo(name)
    return timezone(timedelta(minutes=_minutes(name)))


def offsets_of(instants: NDArray[Any], zone: str) -> NDArray[Any]:
    """Return the offset of a zone at instants in UTC."""
    index = pd.DatetimeIndex(instants).tz_localize("UTC").tz_convert(_zone(zone))
    return np.asarray(index.tz_localize(None) - pd.DatetimeIndex(instants))


def with_fraction(text: str, fraction: int) -> str:
    """Cut or trim the fraction of seconds at the end of a text."""
    whole, point, digits = text.partition(".")
    if fraction in (TRIMMED, TRIMMED_NS):
        digits = digits.rstrip("0")
    elif fraction == SIX_OR_NONE:
        digits = digits if digits.strip("0") else ""
    else:
        digits = digits[:fraction]
    return f"{whole}.{digits}" if digits else whole


def _minutes(offset: str) -> int:
    offset = offset.strip().replace(":", "")
    if offset in ("Z", "UTC"):
        return 0
    minutes = int(offset[1:3]) * 60 + int(offset[3:5] or 0)
    return -minutes if offset[0] == "-" else minutes


def suffix(minutes: int, template: str) -> str:
    """Write an offset as the template does."""
    if "+" not in template:
        return template
    lead, _, digits = template.partition("+")
    hours, rest = divmod(abs(minutes), 60)
    text = f"{lead}{'-' if minutes < 0 else '+'}{hours:02d}"
    if len(digits) > 2 or rest:
        text += ":" * (":" in digits) + f"{rest:02d}"
    return text
