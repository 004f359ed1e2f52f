"""Which forms of dates, times and durations a column may have, seen from its text."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Collection, Iterator, Set
from dataclasses import replace

import numpy as np

from ._durations import CLOCK, Durations
from ._times import FIELDS, OFFSET, SIX_OR_NONE, TRIMMED, Times, offsets_of, suffix

_MARK = r"(?P<mark>[-/. ]?)"
#: Dates and their layouts; M is the mark.
_SHAPES = [
    (r"\d{4}(?P<mark>[-/.])\d{1,2}(?P=mark)\d{1,2}", ("%YM%mM%d",)),
    (r"\d{4}(?P<mark>[-/.])\d{1,2}", ("%YM%m",)),
    (r"\d{1,2}(?P<mark>[-/.])\d{1,2}(?P=mark)\d{4}", ("%dM%mM%Y", "%mM%dM%Y")),
    # With hyphens the year would rather come first.
    (r"\d{1,2}(?P<mark>[/.])\d{1,2}(?P=mark)\d{2}", ("%dM%mM%y", "%mM%dM%y")),
    (rf"\d{{1,2}}{_MARK}({FIELDS['b']})(?P=mark)\d{{4}}", ("%dM%bM%Y",)),
    (rf"\d{{1,2}}{_MARK}({FIELDS['b']})(?P=mark)\d{{2}}", ("%dM%bM%y",)),
    (rf"\d{{1,2}}{_MARK}({FIELDS['B']})(?P=mark)\d{{4}}", ("%dM%BM%Y",)),
    (rf"({FIELDS['b']}) \d{{1,2}}, \d{{4}}", ("%b %d, %Y",)),
    (rf"({FIELDS['B']}) \d{{1,2}}, \d{{4}}", ("%B %d, %Y",)),
    (rf"({FIELDS['b']})(?P<mark>[- ])\d{{4}}", ("%bM%Y",)),
    (rf"({FIELDS['b']})(?P<mark>[- ])\d{{2}}", ("%bM%y",)),
]
_CLOCK = (
    r"(?P<joiner>[T ])\d{1,2}:\d{2}(?P<seconds>:\d{2}(?:\.\d{1,9})?)?"
    rf"(?P<half> ?[ap]m)?{OFFSET}?"
)
_DATES = [
    (re.compile(rf"(?P<date>{shape})(?:{_CLOCK})?", re.IGNORECASE), layouts)
    for shape, layouts in _SHAPES
]
#: Zones that are tried first where offsets change with the season.
_COMMON_ZONES = (
    *("Europe/Berlin", "Europe/London", "Europe/Athens", "America/New_York"),
    *("America/Chicago", "America/Denver", "America/Los_Angeles", "Australia/Sydney"),
)
#: Distinct values of a block from which a form is guessed.
_FEW = 1000
_FRACTION = re.compile(r":\d\d\.(\d+)")


def time_forms(
    blocks: Callable[[], Iterator[Set[str]]],
) -> Iterator[Times | Durations]:
    """Yield forms that could suit a column, the likeliest first.

    `blocks` is as for `number_forms`.
    """
    if not any(map(_may_be_time, next(blocks()))):
        return
    texts: set[str] = set()
    for others in blocks():
        texts.update(sorted(others)[:: 1 + len(others) // _FEW])
    example = max(texts, key=lambda text: (len(text), text))
    fractions = _fractions(texts)
    if " days" in example:
        yield Durations(days=True)
        yield Durations(seconds=False, days=True)
    clock = CLOCK.fullmatch(example)
    if clock:
        for fraction in fractions:
            span = Durations(clock["seconds"] is not None, fraction)
            yield from (span, replace(span, padded=False))
    for date, layouts in _DATES:
        match = date.fullmatch(example)
        if match is None:
            continue
        for layout in layouts:
            for padded in ((True, True), (False, True), (True, False), (False, False)):
                form = Times(_layout(layout, match), *padded, *_cases(match))
                template = re.sub(r"\d", "0", match["offset"] or "").replace("-", "+")
                form = replace(form, offset=template)
                for fraction in fractions:
                    yield from _with_zone(replace(form, fraction=fraction), texts)


def _may_be_time(text: str) -> bool:
    is_date = any(date.fullmatch(text) for date, _ in _DATES)
    return is_date or bool(CLOCK.fullmatch(text)) or " days" in text


def _layout(date: str, match: re.Match[str]) -> str:
    """Return the layout of an example, that of its date given."""
    layout = date.replace("M", match.groupdict().get("mark") or "")
    if match["joiner"]:
        half = match["half"] or ""
        layout += f"{match['joiner']}%{'I' if half else 'H'}:%M"
        layout += ":%S" * bool(match["seconds"]) + half[:-2] + "%p" * bool(half)
    return layout


def _cases(match: re.Match[str]) -> tuple[str, str]:
    """Return how an example writes the names of months, and AM and PM."""
    letters = re.sub("[^a-zA-Z]", "", match["date"])
    case = "upper" if letters.isupper() else "lower" if letters.islower() else "title"
    return case, "lower" if (match["half"] or "").islower() else "upper"


def _with_zone(form: Times, texts: Collection[str]) -> Iterator[Times]:
    """Yield the form with the zone that the texts are of."""
    if not form.offset:
        yield form
        return
    try:
        clock, offsets = form.parse(sorted(texts))
    except ValueError:
        return
    found = np.unique(offsets)
    if len(found) == 1:
        minutes = int(found[0] // np.timedelta64(1, "m"))
        yield replace(form, zone="UTC" if not minutes else suffix(minutes, "+00:00"))
        return
    known = sorted(zoneinfo.available_timezones())
    few = slice(None, None, max(1, len(clock) // 100))
    for zone in [*_COMMON_ZONES, *known]:
        right = offsets_of(clock[few] - offsets[few], zone) == offsets[few]
        if right.all():
            yield replace(form, zone=zone)
    # Times from several zones: only the instant can be kept.
    yield replace(form, zone="UTC")


def _fractions(texts: Collection[str]) -> list[int]:
    """Return the ways to write fractions of seconds that the texts may follow."""
    found = {len(match[1]) if (match := _FRACTION.search(t)) else 0 for t in texts}
    if len(found) == 1:
        return [found.pop()]
    return [SIX_OR_NONE, TRIMMED] if found == {0, 6} else [TRIMMED]
