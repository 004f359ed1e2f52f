"""Dates, times and durations as text, read only where they come back alike."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Collection, Iterator, Set
from dataclasses import dataclass, replace
from datetime import timedelta, timezone, tzinfo
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_DATE = re.compile(
    r"(?P<a>\d{1,4})(?P<mark>[-/.])(?P<b>\d{1,2})(?:(?P=mark)(?P<c>\d{1,4}))?"
)
_CLOCK = re.compile(
    r"(?P<hours>\d+):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d)"
    r"(?:\.(?P<fraction>\d{1,9}))?)?"
)
_OFFSET = re.compile(r"Z| ?UTC| ?[+-]\d\d(?::?\d\d)?")
_TIME = re.compile(
    rf"{_DATE.pattern}(?:(?P<joiner>[T ]){_CLOCK.pattern}"
    rf"(?P<offset>{_OFFSET.pattern})?)?"
)
#: Zones that are tried first where offsets change with the season.
_COMMON_ZONES = (
    *("Europe/Berlin", "Europe/London", "Europe/Athens", "America/New_York"),
    *("America/Chicago", "America/Denver", "America/Los_Angeles", "Australia/Sydney"),
)
#: Distinct values of a block from which a form is guessed.
_FEW = 1000
#: Fraction of seconds: as many digits as needed, of six or nine; or six, none for
#: whole seconds.
_TRIMMED, _SIX_OR_NONE, TRIMMED_NS = -1, -2, -3


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
        digits = {_TRIMMED: 6, _SIX_OR_NONE: 6, TRIMMED_NS: 9}
        return ("s", "ms", "us", "ns")[
            -(-digits.get(self.fraction, self.fraction) // 3)
        ]

    def reads(self, texts: Collection[str]) -> bool:
        """Tell whether all texts are such times and come back alike."""
        try:
            given = sorted(texts)
            clock, offsets = self._parse(given)
            if self._local(clock) != [text[: _wall(text)] for text in given]:
                return False
        except (ValueError, AttributeError):
            return False
        if self.zone in ("", "UTC"):
            return True
        return bool((_offsets(clock - offsets, self.zone) == offsets).all())

    def read(self, texts: list[str]) -> NDArray[Any]:
        """Return the times on the wall's clock, datetime64."""
        clock, offsets = self._parse(texts)
        if self.zone == "UTC":
            clock = clock - offsets
        return clock

    def write(self, values: Any) -> list[str]:
        """Return the times as text."""
        clock = np.asarray(values, dtype=f"datetime64[{self.unit}]")
        local = self._local(clock)
        if not self.offset:
            return local
        minutes = self._offsets_of(clock) // np.timedelta64(1, "m")
        suffixes = {m: _suffix(int(m), self.offset) for m in np.unique(minutes)}
        return [a + suffixes[m] for a, m in zip(local, minutes, strict=True)]

    def zoned(self, values: Any) -> Any:
        """Return the values with their zone, as a pandas array."""
        index = pd.DatetimeIndex(np.asarray(values))
        # Of the hour that comes twice in autumn, the first is taken.
        first = np.ones(len(index), dtype=bool)
        zone = _zone(self.zone)
        return index.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")

    def _offsets_of(self, clock: NDArray[Any]) -> NDArray[Any]:
        zoned = self.zoned(clock)
        return np.asarray(zoned.tz_localize(None) - zoned.tz_convert(None))

    def _parse(self, texts: list[str]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return wall clock and offset of each text."""
        names = dict(zip(self.order, "abc", strict=False))
        iso, minutes = [], []
        for text in texts:
            if not self.mark and len(text) == 8 and text.isdecimal():
                text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
            match = _TIME.fullmatch(text)
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
        return [_with_fraction(text, self.fraction) for text in texts]

    def _date(self, iso: str) -> str:
        fields = dict(zip("ymd", iso.split("-"), strict=True))
        if not self.padded:
            fields["m"], fields["d"] = fields["m"].lstrip("0"), fields["d"].lstrip("0")
        return self.mark.join(fields[name] for name in self.order)


@dataclass(frozen=True)
class Durations:
    """Times of day and durations, as 14:05, 14:05:30.25 or "1 days 02:00:00".

    Parameters
    ----------
    seconds : bool
        Whether seconds are written, or beside days the clock at all.
    fraction : int
        Digits of their fraction; -1 or -3 as many as needed, of six or nine; -2 six
        or none.
    days : bool
        Whether days are written, as pandas does.
    """

    seconds: bool = True
    fraction: int = 0
    days: bool = False

    @property
    def twin(self) -> None:
        """Durations can be read in one way."""

    @property
    def unit(self) -> str:
        """The numpy unit that holds these durations."""
        return "ns" if self.days else Times(fraction=self.fraction).unit

    def reads(self, texts: Collection[str]) -> bool:
        """Tell whether all texts are such durations and come back alike."""
        given = list(texts)
        try:
            return self.write(self.read(given)) == given
        except (ValueError, OverflowError):
            return False

    def read(self, texts: list[str]) -> NDArray[Any]:
        """Return the durations, timedelta64."""
        if self.days:
            return pd.to_timedelta(texts).to_numpy()
        count = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[self.unit]
        values = []
        for text in texts:
            match = _CLOCK.fullmatch(text)
            if match is None:
                raise ValueError(text)
            whole = (int(match["hours"]) * 60 + int(match["minutes"])) * 60
            fraction = (match["fraction"] or "").ljust(9, "0")
            parts = int(fraction) * count // 10**9
            values.append((whole + int(match["seconds"] or 0)) * count + parts)
        return np.array(values, dtype=f"timedelta64[{self.unit}]")

    def write(self, values: Any) -> list[str]:
        """Return the durations as text."""
        durations = np.asarray(values, dtype=f"timedelta64[{self.unit}]")
        if self.days:
            texts = list(map(str, pd.to_timedelta(durations)))
            return (
                texts
                if self.seconds
                else [t.partition(" days")[0] + " days" for t in texts]
            )
        # The clock of a day, and the hours of the days before.
        days = durations // np.timedelta64(1, "D")
        clock = np.datetime64("1970-01-01") + (durations % np.timedelta64(1, "D"))
        unit = self.unit if self.seconds else "m"
        clocks = np.datetime_as_string(clock.astype(f"datetime64[{unit}]")).tolist()
        return [
            f"{int(text[11:13]) + 24 * int(day):02d}"
            + _with_fraction(text[13:], self.fraction if self.seconds else 0)
            for text, day in zip(clocks, days, strict=True)
        ]


def time_forms(
    blocks: Callable[[], Iterator[Set[str]]],
) -> Iterator[Times | Durations]:
    """Yield forms that could suit a column, the likeliest first.

    Parameters
    ----------
    blocks : callable
        Returns an iterator over distinct values: first a few, then those of each block.
    """
    few = next(blocks())
    if not any(map(_may_be_time, few)):
        return
    texts = set(few)
    for others in blocks():
        texts.update(sorted(others)[:: 1 + len(others) // _FEW])
    example = max(texts, key=lambda text: (len(text), text))
    fractions = _fractions(texts)
    if " days" in example:
        yield Durations(days=True)
        yield Durations(seconds=False, days=True)
    clock = _CLOCK.fullmatch(example)
    if clock:
        for fraction in fractions:
            yield Durations(clock["seconds"] is not None, fraction)
    if not (match := _TIME.fullmatch(example)):
        return
    orders = ["dmy", "mdy"]
    if len(match["a"]) == 4 or not match["c"]:
        orders = ["ymd"] if match["c"] else ["ym"]
    for order in orders:
        for padded in ((True, True), (False, True), (False, False)):
            form = Times(order, match["mark"], *padded)
            if not match["joiner"]:
                yield form
                continue
            form = replace(
                form,
                joiner=match["joiner"],
                seconds=match["seconds"] is not None,
                offset=_template(match["offset"] or ""),
            )
            for fraction in fractions:
                yield from _with_zone(replace(form, fraction=fraction), texts)


def _may_be_time(text: str) -> bool:
    return bool(_TIME.fullmatch(text) or _CLOCK.fullmatch(text)) or " days" in text


def _with_zone(form: Times, texts: Collection[str]) -> Iterator[Times]:
    """Yield the form with the zone that the texts are of."""
    if not form.offset:
        yield form
        return
    try:
        clock, offsets = form._parse(sorted(texts))
    except (ValueError, AttributeError):
        return
    found = np.unique(offsets)
    if len(found) == 1:
        minutes = int(found[0] // np.timedelta64(1, "m"))
        yield replace(form, zone="UTC" if not minutes else _suffix(minutes, "+00:00"))
        return
    known = sorted(zoneinfo.available_timezones())
    few = slice(None, None, max(1, len(clock) // 100))
    for zone in [*_COMMON_ZONES, *known]:
        right = _offsets(clock[few] - offsets[few], zone) == offsets[few]
        if right.all():
            yield replace(form, zone=zone)
    # Times from several zones: only the instant can be kept.
    yield replace(form, zone="UTC")


def _zone(name: str) -> tzinfo:
    """Return the zone of a name such as Europe/Berlin or +05:30."""
    if name[0] not in "+-":
        return zoneinfo.ZoneInfo(name)
    return timezone(timedelta(minutes=_minutes(name)))


def _offsets(instants: NDArray[Any], zone: str) -> NDArray[Any]:
    """Return the offset of a zone at instants in UTC."""
    index = pd.DatetimeIndex(instants).tz_localize("UTC").tz_convert(_zone(zone))
    return np.asarray(index.tz_localize(None) - pd.DatetimeIndex(instants))


def _fractions(texts: Collection[str]) -> list[int]:
    """Return the ways to write fractions of seconds that the texts may follow."""
    found = {len(match[1]) if (match := _FRACTION.search(t)) else 0 for t in texts}
    if len(found) == 1:
        return [found.pop()]
    return [_SIX_OR_NONE, _TRIMMED] if found == {0, 6} else [_TRIMMED]


_FRACTION = re.compile(r":\d\d\.(\d+)")


def _with_fraction(text: str, fraction: int) -> str:
    """Cut or trim the fraction of seconds at the end of a text."""
    whole, point, digits = text.partition(".")
    if fraction in (_TRIMMED, TRIMMED_NS):
        digits = digits.rstrip("0")
    elif fraction == _SIX_OR_NONE:
        digits = digits if digits.strip("0") else ""
    else:
        digits = digits[:fraction]
    return f"{whole}.{digits}" if digits else whole


def _wall(text: str) -> int:
    """Return where the wall clock's part of a text ends and its zone begins."""
    match = _TIME.fullmatch(text)
    if match is None or match["offset"] is None:
        return len(text)
    return match.start("offset")


def _minutes(offset: str) -> int:
    offset = offset.strip().replace(":", "")
    if offset in ("Z", "UTC"):
        return 0
    minutes = int(offset[1:3]) * 60 + int(offset[3:5] or 0)
    return -minutes if offset[0] == "-" else minutes


def _template(offset: str) -> str:
    return re.sub(r"\d", "0", offset).replace("-", "+")


def _suffix(minutes: int, template: str) -> str:
    """Write an offset as the template does."""
    if "+" not in template:
        return template
    lead, _, digits = template.partition("+")
    hours, rest = divmod(abs(minutes), 60)
    text = f"{lead}{'-' if minutes < 0 else '+'}{hours:02d}"
    if len(digits) > 2 or rest:
        text += ":" * (":" in digits) + f"{rest:02d}"
    return text
