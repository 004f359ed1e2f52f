"""Which forms of dates, times and durations a column may have, seen from its text."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Collection, Iterator, Set
from dataclasses import replace

import numpy as np

from ._durations import Durations
from ._spelled import Spelled, spelled_forms
from ._times import CLOCK, SIX_OR_NONE, TIME, TRIMMED, Times, offsets_of, suffix

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
) -> Iterator[Times | Durations | Spelled]:
    """Yield forms that could suit a column, the likeliest first.

    Parameters
    ----------
    blocks : callable
        Returns an iterator over distinct values: first a few, then those of each block.
    """
    few = next(blocks())
    if not any(map(_may_be_time, few)):
        yield from spelled_forms(few)
        return
    texts = set(few)
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
    if not (match := TIME.fullmatch(example)):
        yield from spelled_forms(texts)
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
    yield from spelled_forms(texts)


def _may_be_time(text: str) -> bool:
    return bool(TIME.fullmatch(text) or CLOCK.fullmatch(text)) or " days" in text


def _with_zone(form: Times, texts: Collection[str]) -> Iterator[Times]:
    """Yield the form with the zone that the texts are of."""
    if not form.offset:
        yield form
        return
    try:
        clock, offsets = form.parse(sorted(texts))
    except (ValueError, AttributeError):
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


def _template(offset: str) -> str:
    return re.sub(r"\d", "0", offset).replace("-", "+")
