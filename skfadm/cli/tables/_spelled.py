"""Dates as spreadsheets and databases spell them: 07-Apr-20, 4/7/2020 3:05 PM."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_SHORT = [month[:3] for month in _MONTHS]
#: What a field of a layout looks like.
_FIELDS = {
    "d": r"\d{1,2}",
    "m": r"\d{1,2}",
    "b": "|".join(_SHORT),
    "B": "|".join(_MONTHS),
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "H": r"\d{1,2}",
    "I": r"\d{1,2}",
    "M": r"\d{2}",
    "S": r"\d{2}",
    "p": "[AaPp][Mm]",
}
_MARK = r"(?P<mark>[-/. ]?)"
#: Dates that other forms do not read, and their layouts; M is the mark.
_SHAPES = [
    (rf"\d{{1,2}}{_MARK}({_FIELDS['b']})(?P=mark)\d{{4}}", ("%dM%bM%Y",)),
    (rf"\d{{1,2}}{_MARK}({_FIELDS['b']})(?P=mark)\d{{2}}", ("%dM%bM%y",)),
    (rf"\d{{1,2}}{_MARK}({_FIELDS['B']})(?P=mark)\d{{4}}", ("%dM%BM%Y",)),
    (rf"({_FIELDS['b']}) \d{{1,2}}, \d{{4}}", ("%b %d, %Y",)),
    (rf"({_FIELDS['B']}) \d{{1,2}}, \d{{4}}", ("%B %d, %Y",)),
    (rf"({_FIELDS['b']})(?P<mark>[- ])\d{{4}}", ("%bM%Y",)),
    (rf"({_FIELDS['b']})(?P<mark>[- ])\d{{2}}", ("%bM%y",)),
    # With hyphens the year would rather come first.
    (r"\d{1,2}(?P<mark>[/.])\d{1,2}(?P=mark)\d{2}", ("%dM%mM%y", "%mM%dM%y")),
    (r"\d{1,2}(?P<mark>[-/.])\d{1,2}(?P=mark)\d{4}", ("%dM%mM%Y", "%mM%dM%Y")),
    (r"\d{4}(?P<mark>[-/.])\d{1,2}(?P=mark)\d{1,2}", ("%YM%mM%d",)),
]
_DATES = [(re.compile(shape, re.IGNORECASE), layouts) for shape, layouts in _SHAPES]
_CLOCK = re.compile(
    r"(?P<joiner>[ T])\d{1,2}:\d{2}(?P<seconds>:\d{2})?(?P<half> ?[ap]m)?",
    re.IGNORECASE,
)
#: Years of two digits from here on are of the century before.
_PIVOT = 69


@dataclass(frozen=True)
class Spelled:
    """Dates with names of months, years of two digits or a clock of twelve hours.

    Parameters
    ----------
    layout : str
        As of `datetime.strftime`.
    padded, padded_hours : bool
        Whether day and month, and hours, have two digits throughout.
    case : {"title", "upper", "lower"}
        How names of months are written.
    half : {"upper", "lower"}
        How AM and PM are.
    """

    layout: str
    padded: bool = True
    padded_hours: bool = True
    case: str = "title"
    half: str = "upper"

    @property
    def twin(self) -> Spelled | None:
        """The form with day and month exchanged, if that is in use."""
        first, mark, second = self.layout[:2], self.layout[2:3], self.layout[3:5]
        if {first, second} != {"%d", "%m"} or mark == ".":
            return None
        return replace(self, layout=second + mark + first + self.layout[5:])

    @property
    def unit(self) -> str:
        """The numpy unit that holds these times."""
        return "s"

    @property
    def joiner(self) -> str:
        """What stands between date and time; "" for dates alone."""
        return " " if ":" in self.layout else ""

    @property
    def zone(self) -> str:
        """None is written."""
        return ""

    def reads(self, texts: Collection[str]) -> bool:
        """Tell whether all texts are such times and come back alike."""
        given = list(texts)
        try:
            return self.write(self.read(given)) == given
        except ValueError:
            return False

    def read(self, texts: list[str]) -> NDArray[Any]:
        """Return the times, datetime64."""
        pattern = re.sub(
            r"%(\w)", lambda m: f"(?P<{m[1]}>{_FIELDS[m[1]]})", re.escape(self.layout)
        )
        parse = re.compile(pattern, re.IGNORECASE).fullmatch
        return np.array([_iso(parse(text)) for text in texts], dtype="datetime64[s]")

    def write(self, values: Any) -> list[str]:
        """Return the times as text."""
        clock = np.asarray(values, dtype="datetime64[s]")
        once, codes = np.unique(clock, return_inverse=True)
        texts = [self._text(text) for text in np.datetime_as_string(once).tolist()]
        return [texts[code] for code in codes]

    def _text(self, iso: str) -> str:
        year, month, day = iso[:10].split("-")
        hour, minute, second = iso[11:].split(":")
        name = getattr(_MONTHS[int(month) - 1], self.case)()
        half = getattr("PM" if int(hour) >= 12 else "AM", self.half)()
        fields = {
            "d": day if self.padded else str(int(day)),
            "m": month if self.padded else str(int(month)),
            "b": name[:3],
            "B": name,
            "Y": year,
            "y": year[2:],
            "H": hour if self.padded_hours else str(int(hour)),
            "I": f"{int(hour) % 12 or 12:0{1 + self.padded_hours}d}",
            "M": minute,
            "S": second,
            "p": half,
        }
        return re.sub(r"%(\w)", lambda match: fields[match[1]], self.layout)


def spelled_forms(texts: Collection[str]) -> Iterator[Spelled]:
    """Yield forms that some texts could suit."""
    example = max(texts, key=lambda text: (len(text), text))
    for date, layouts in _DATES:
        match = date.match(example)
        if match is None:
            continue
        time = _CLOCK.fullmatch(example[match.end() :])
        if match.end() < len(example) and time is None:
            continue
        clock = ""
        if time is not None:
            clock = f"{time['joiner']}%{'I' if time['half'] else 'H'}:%M"
            clock += ":%S" * bool(time["seconds"])
            clock += (time["half"] or "")[:-2] + "%p" * bool(time["half"])
        letters = re.sub("[^a-zA-Z]", "", match[0])
        case = "title"
        if letters.isupper() or letters.islower():
            case = "upper" if letters.isupper() else "lower"
        half = (
            "lower" if time is not None and (time["half"] or "").islower() else "upper"
        )
        mark = match.groupdict().get("mark") or ""
        for layout in layouts:
            for padded in ((True, True), (False, True), (True, False), (False, False)):
                written = layout.replace("M", mark) + clock
                yield Spelled(written, *padded, case, half)


def _iso(match: re.Match[str] | None) -> str:
    if match is None:
        raise ValueError
    found = match.groupdict()
    if "y" in found:
        century = "19" if int(found["y"]) >= _PIVOT else "20"
        found["Y"] = century + found["y"]
    name = found.get("B") or found.get("b")
    month = _SHORT.index(name[:3].title()) + 1 if name else int(found["m"])
    hour = int(found.get("H") or found.get("I") or 0)
    if "I" in found:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + 12 * (found["p"].upper() == "PM")
    return (
        f"{found['Y']}-{month:02d}-{int(found.get('d') or 1):02d}T{hour:02d}:"
        f"{found.get('M') or '00'}:{found.get('S') or '00'}"
    )
