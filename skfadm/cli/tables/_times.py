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

_DATE = re.compile(
    r"(?P<a>\d{1,4})(?P<mark>[-/.])(?P<b>\d{1,2})(?:(?P=mark)(?P<c>\d{1,4}))?"
)
CLOCK = re.compile(
    r"(?P<hours>\d+):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d)"
    r"(?:\.(?P<fraction>\d{1,9}))?)?"
)
_OFFSET = re.compile(r"Z| ?UTC| ?[+-]\d\d(?::?\d\d)?")
TIME = re.compile(
    rf"{_DATE.pattern}(?:(?P<joiner>[T ]){CLOCK.pattern}"
    rf"(?P<offset>{_OFFSET.pattern})?)?"
)
#: Fraction of seconds: as many digits as needed, of six or nine; or six, none for
#: whole seconds.
TRIMMED, SIX_OR_NONE, TRIMMED_NS = -1, -2, -3


@dataclass(frozen=True)
class Times:
    """Dates, with the time of day and the zone or without.

    Values are those of the clock on the wall; the zone is a matter of the file.

    Parameters
    ----------
    order : {"ymd", "dmy", "mdy", "ym"}
        Order of year, month and day.
    mark : str
        What stands between them.
    padded, padded_hours : bool
        Whether day and month, and hours, have two digits throughout.
    joiner : str
        What stands between date and time; "" for dates alone.
    seconds : bool
        Whether seconds are written.
    fraction : int
        Digits of their fraction; -1 or -3 as many as needed, of six or nine; -2 six
        or none.
    offset : str
        How the zone is written: "", "Z", "UTC", "+00", "+00:00" or "+0000", some after
        a space.
    zone : str
        Its name, "" for none.
    """

    order: str = "ymd"
    mark: str = "-"
    padded: bool = True
    padded_hours: bool = True
    joiner: str = ""
    seconds: bool = True
    fraction: int = 0
    offset: str = ""
    zone: str = ""

    @property
    def twin(self) -> Times | None:
        """The form with day and month exchanged, if that is in use."""
        others = {"dmy": "mdy", "mdy": "dmy"}
        if self.order not in others or self.mark == ".":
            return None
        return replace(self, order=others[self.order])

    @property
    def unit(self) -> str:
        """The numpy unit that holds these times."""
        digits = {TRIMMED: 6, SIX_OR_NONE: 6, TRIMMED_NS: 9}
        return ("s", "ms", "us", "ns")[
            -(-digits.get(self.fraction, self.fraction) // 3)
        ]

    def reads(self, texts: Collection[str]) -> bool:
        """Tell whether all texts are such times and come back alike."""
        try:
            given = sorted(texts)
            clock, offsets = self.parse(given)
            if self._local(clock) != [text[: _wall(text)] for text in given]:
                return False
        except (ValueError, AttributeError):
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
        """Return wall clock and offset of each text."""
        names = dict(zip(self.order, "abc", strict=False))
        iso, minutes = [], []
        for text in texts:
            if not self.mark and len(text) == 8 and text.isdecimal():
                text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
            match = TIME.fullmatch(text)
            if match is None:
                raise ValueError(text)
            year, month = match[names["y"]], match[names["m"]]
            day = match[names["d"]] if "d" in names else "01"
            if len(year) != 4:
                raise ValueError(text)
            iso.append(f"{year}-{month:0>2}-{day:0>2}")
            if match["joiner"]:
                hours, time = match["hours"], text[match.end("hours") : _wall(text)]
                iso[-1] += f"T{hours:0>2}{time}"
            minutes.append(_minutes(match["offset"] or "+00"))
        return (
            np.array(iso, dtype=f"datetime64[{self.unit}]"),
            np.array(minutes, dtype="timedelta64[m]"),
        )

    def _local(self, clock: NDArray[Any]) -> list[str]:
        """Write wall clocks, without the zone."""
        unit = self.unit if self.joiner else "D"
        texts = np.datetime_as_string(clock.astype(f"datetime64[{unit}]")).tolist()
        if (self.order, self.mark, self.padded) != ("ymd", "-", True):
            texts = [self._date(text[:10]) + text[10:] for text in texts]
        if not self.joiner:
            return texts
        if not self.padded_hours:
            texts = [text.replace("T0", "T") for text in texts]
        if self.joiner != "T":
            texts = [text.replace("T", self.joiner) for text in texts]
        if not self.seconds:
            return [text[:-3] for text in texts]
        return [with_fraction(text, self.fraction) for text in texts]

    def _date(self, iso: str) -> str:
        fields = dict(zip("ymd", iso.split("-"), strict=True))
        if not self.padded:
            fields["m"], fields["d"] = fields["m"].lstrip("0"), fields["d"].lstrip("0")
        return self.mark.join(fields[name] for name in self.order)


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


def _wall(text: str) -> int:
    """Return where the wall clock's part of a text ends and its zone begins."""
    match = TIME.fullmatch(text)
    if match is None or match["offset"] is None:
        return len(text)
    return match.start("offset")


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
