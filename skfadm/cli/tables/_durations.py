"""Times of day and durations as text, read only where they come back alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._form import Form
from ._times import Times, with_fraction

CLOCK = re.compile(
    r"(?P<hours>\d+):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d)"
    r"(?:\.(?P<fraction>\d{1,9}))?)?"
)


@dataclass(frozen=True)
class Durations(Form):
    """Times of day and durations, as 14:05, 14:05:30.25 or "1 days 02:00:00"."""

    #: Whether seconds are written, or beside days the clock at all.
    seconds: bool = True
    #: Digits of their fraction, as for `Times`.
    fraction: int = 0
    #: Whether days are written, as pandas does.
    days: bool = False
    #: Whether hours have two digits at least.
    padded: bool = True

    @property
    def unit(self) -> str:
        """The numpy unit that holds these durations."""
        return "ns" if self.days else Times(fraction=self.fraction).unit

    def read(self, texts: list[str]) -> NDArray[Any]:
        """Return the durations, timedelta64."""
        if self.days:
            return pd.to_timedelta(texts).to_numpy()
        count = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[self.unit]
        values = []
        for text in texts:
            match = CLOCK.fullmatch(text)
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
            if self.seconds:
                return texts
            return [text.partition(" days")[0] + " days" for text in texts]
        # The clock of a day, and the hours of the days before.
        days = durations // np.timedelta64(1, "D")
        clock = np.datetime64("1970-01-01") + (durations % np.timedelta64(1, "D"))
        unit = self.unit if self.seconds else "m"
        clocks = np.datetime_as_string(clock.astype(f"datetime64[{unit}]")).tolist()
        return [
            f"{int(text[11:13]) + 24 * int(day):0{1 + self.padded}d}"
            + with_fraction(text[13:], self.fraction if self.seconds else 0)
            for text, day in zip(clocks, days, strict=True)
        ]
