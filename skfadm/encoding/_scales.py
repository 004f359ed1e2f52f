"""Numbers on a normal scale: empirical distributions, exact integers and decimals."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

# Tied values keep their exact shares up to this many distinct values.
MAX_STEPS = 10_000
# Columns of untied values are described by at most this many quantiles.
N_QUANTILES = 1_000
# Distance kept from the ends of a value's CDF interval: float32 rounding of the normal
# score moves its CDF by less than 1.5e-8.
EDGE = 1e-7
# Floats that all have at most this many decimals are generated with as many, if they
# have no more digits in all than their dtype, of so many bytes, tells apart.
MAX_DECIMALS = 22
DIGITS = {2: 4, 4: 7, 8: 15}
# Differences of floats beyond this overflow.
_LARGE = 2.0**1000


class EmpiricalCDF:
    """Empirical distribution of a number column, and its map to N(0, 1).

    A value v goes to Phi^-1(u), u uniform in [F(v-), F(v)]; x comes back as
    F^-1(Phi(x)). F is a line through knots, with two knots of one value at a step.
    Where values are tied, F is a step at each of `minimum` rows or more, so that only
    seen values come back, in their own shares; of rarer ones it is a line from one end
    of so many rows to the other. Where values are not tied, F is such lines throughout,
    whose ends lie evenly on the normal axis to resolve the tails. No knot is a value of
    fewer than `minimum` rows.
    """

    def __init__(self, values: np.ndarray, counts: np.ndarray, minimum: int) -> None:
        # Sorted distinct values and their counts, `minimum` rows or more in all.
        self.n_rows = int(counts.sum())
        self.knots: np.ndarray
        self.levels: np.ndarray
        if tied(values, counts) and len(values) <= MAX_STEPS:
            self._step(values, counts, minimum)
        else:
            self._draw_lines(values, counts, minimum)
        end = min(EDGE, 0.5 / self.n_rows)
        self.levels = self.levels.clip(end, 1 - end)

    def _draw_lines(self, values: np.ndarray, counts: np.ndarray, minimum: int) -> None:
        end = ndtri(1 - 0.5 / self.n_rows)
        levels = ndtr(np.linspace(-end, end, N_QUANTILES))
        rows = np.cumsum(counts)  # of values up to each
        if minimum == 1:  # at values themselves, which then come back exactly
            ranks = np.unique(np.rint(levels * self.n_rows + 0.5).astype(np.int64))
            before = after = np.searchsorted(rows, ranks - 1, side="right")
            levels = (ranks - 0.5) / self.n_rows
        else:
            bins = np.unique(np.rint(levels * (self.n_rows / minimum)))
            ranks = bins.astype(np.int64) * minimum
            ranks = ranks[(ranks >= minimum) & (ranks <= self.n_rows - minimum)]
            before = np.searchsorted(rows, ranks - 1, side="right")
            after = np.searchsorted(rows, ranks, side="right")
            levels = ranks / self.n_rows
        low, high = _ends(values, counts, minimum)
        self.knots = np.r_[low, (values[before] + values[after]) / 2, high]
        self.levels = np.r_[0.0, levels, 1.0]

    def _step(self, values: np.ndarray, counts: np.ndarray, minimum: int) -> None:
        """Make common values steps, and runs of rare ones lines."""
        low, high = _ends(values, counts, minimum)
        # Halfway to the next value, where a line ends.
        edges = np.concatenate([[low], (values[1:] + values[:-1]) / 2, [high]])
        bins: list[list[float]] = []  # from, to, rows
        start, n_open = 0, 0
        for i, n_rows in enumerate(counts.tolist()):
            if n_rows < minimum:
                n_open += n_rows
                if n_open >= minimum:
                    bins.append([edges[start], edges[i + 1], n_open])
                    start, n_open = i + 1, 0
                continue
            bins.append([values[i], values[i], n_rows])
            if n_open:  # too few for a line: they count for the nearer neighbour
                is_last = (
                    len(bins) == 1
                    or 2 * values[start:i].mean() > values[i] + (bins[-2][1])
                )
                bins[-1 if is_last else -2][2] += n_open
            start, n_open = i + 1, 0
        bins[-1][2] += n_open
        self.knots = np.array([end for *ends, _ in bins for end in ends])
        steps = np.cumsum([0, *(n_rows for *_, n_rows in bins)]) / self.n_rows
        self.levels = np.repeat(steps, 2)[1:-1]
        # Lines that follow each other share an end.
        is_new = np.diff(self.knots, prepend=np.nan) != 0
        is_new |= np.diff(self.levels, prepend=np.nan) != 0
        self.knots, self.levels = self.knots[is_new], self.levels[is_new]

    def encode(self, values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Map values to normal scores, spreading tied values over their interval."""
        values = self._nearest(np.clip(values, self.knots[0], self.knots[-1]))
        high = np.interp(values, self.knots, self.levels)
        if (np.diff(self.knots) > 0).all():
            return ndtri(high)
        # np.interp takes the last of equal knots, so the mirrored call takes the first.
        low = -np.interp(-values, -self.knots[::-1], -self.levels[::-1])
        width = high - low
        edge = np.minimum(width / 4, EDGE)
        return ndtri(low + edge + (width - 2 * edge) * rng.random(len(values)))

    def _nearest(self, values: np.ndarray) -> np.ndarray:
        """Move values of a gap, where no value is generated, to its nearer end."""
        if (np.diff(self.levels) > 0).all():
            return values
        after = np.searchsorted(self.knots, values, side="right")
        after = after.clip(max=len(self.knots) - 1)
        left, right = self.knots[after - 1], self.knots[after]
        in_gap = self.levels[after - 1] == self.levels[after]
        nearer = np.where(values - left <= right - values, left, right)
        return np.where(in_gap, nearer, values)

    def decode(self, scores: np.ndarray) -> np.ndarray:
        """Map normal scores to values."""
        return np.interp(ndtr(scores.astype(np.float64)), self.levels, self.knots)


def _ends(values: np.ndarray, counts: np.ndarray, minimum: int) -> tuple[float, float]:
    """Return where a distribution begins and ends, which no extreme row tells alone.

    An end is as far from the `minimum`-th row as gives the rows beyond it their mean,
    and not further than halfway from that mean to the extreme.
    """
    ends = []
    for side in (slice(None), slice(None, None, -1)):
        outer = np.repeat(values[side][:minimum], counts[side][:minimum])[:minimum]
        mean = outer.mean()
        far = np.array([2 * mean - outer[-1], (mean + outer[0]) / 2])
        ends.append(float(far[np.argmin(np.abs(far - mean))]))
    return ends[0], ends[1]


def tied(values: np.ndarray, counts: np.ndarray) -> bool:
    """Tell whether values repeat, twice on average, rather than vary continuously."""
    return 2 * len(values) <= counts.sum()


class Scale:
    """Numbers as float64 positions, and back.

    Integers, times and floats of few decimals are counted in steps of their common
    divisor from the smallest. The arithmetic is modulo 2^64, so that no integer dtype
    overflows; it is exact if they span less than 2^53 steps. Other floats, and integers
    that span more, are as they are, but divided where they are so large that arithmetic
    overflows. `numbers` are int64, uint64 or floats.
    """

    def __init__(self, numbers: np.ndarray) -> None:
        self.dtype = "f" if numbers.dtype.kind == "f" else str(numbers.dtype)
        self.low, self.high = numbers.min().item(), numbers.max().item()
        #: What makes floats integers, and how many of them are a step; 0 for none.
        self.factor, self.step = 0.0, 0
        if self.dtype == "f":
            decimals = decimals_of(numbers)
            self.factor = 10.0**decimals if decimals >= 0 else 0.0
        if self.factor or self.dtype != "f":
            whole = self._whole(numbers)
            self.offset, self.step = int(whole.min()) % 2**64, 1
            self.step = max(int(np.gcd.reduce(self._steps(whole))), 1)
            self.top = int(self._steps(whole).max())
            if self.top >= 2**53:
                self.step = 0
        self.divisor = 2.0**64 if max(-self.low, self.high) > _LARGE else 1.0

    def narrow(self, low: float, high: float) -> float:
        """Begin and end at the positions within these, and return how far 0 moves."""
        if not self.step:
            self.low, self.high = self.numbers(np.array([low, high])).tolist()
            return 0.0
        first = np.ceil(low)
        last = max(np.floor(high), first)
        self.low, self.high = self.numbers(np.array([first, last])).tolist()
        self.offset = (self.offset + int(first) * self.step) % 2**64
        self.top = int(last - first)
        return float(first)

    def _whole(self, numbers: np.ndarray) -> np.ndarray:
        """Return integers of the last decimal, integers as they are."""
        if not self.factor:
            return numbers
        # NaN stands in for missing numbers; any number may take its place.
        inside = np.clip(np.nan_to_num(numbers), self.low, self.high)
        return np.rint(inside.astype(np.float64) * self.factor).astype(np.int64)

    def _steps(self, whole: np.ndarray) -> np.ndarray:
        return (whole.astype("u8") - np.uint64(self.offset)) // np.uint64(self.step)

    def positions(self, numbers: np.ndarray) -> np.ndarray:
        """Map numbers to float64 positions."""
        if not self.step:
            return numbers.astype(np.float64) / self.divisor
        whole = self._whole(numbers)
        if whole.dtype.kind == "f":  # in a column that held integers in fit
            return (whole - float(self.low)) / self.step
        # Below the smallest the modular difference is huge.
        low = np.array(self.offset, "u8").astype("u8" if self.dtype[0] == "u" else "i8")
        return np.where(whole >= low, self._steps(whole), 0).astype(np.float64)

    def numbers(self, positions: np.ndarray) -> np.ndarray:
        """Map positions to the nearest numbers: int64, uint64 or float64."""
        if self.step:
            steps = np.clip(np.rint(positions), 0, self.top).astype("u8")
            whole = steps * np.uint64(self.step) + np.uint64(self.offset)
            if self.dtype[0] == "u":
                return whole
            # Rounded, a float some spacings beyond the last decimal leaves the range.
            return (
                whole.view("i8")
                if not self.factor
                else np.clip(whole.view("i8") / self.factor, self.low, self.high)
            )
        if self.dtype == "f":
            with np.errstate(over="ignore"):
                return np.clip(positions * self.divisor, self.low, self.high)
        # The dtype's maximum itself rounds up to a float that overflows.
        top = np.nextafter(float(np.iinfo(self.dtype).max), 0)
        own = np.dtype(self.dtype).type
        integers = np.minimum(np.rint(positions), top).astype(self.dtype)
        return np.clip(integers, own(self.low), own(self.high))


def decimals_of(numbers: np.ndarray) -> int:
    """Return how many decimals all numbers have at most; -1 if too many to tell.

    The largest must have no more digits in all than the dtype tells apart: 15 for
    float64, 7 for float32, 4 for float16.
    """
    precision = DIGITS.get(numbers.dtype.itemsize, 15)
    largest = float(np.abs(numbers).max())
    few = numbers[:1000]  # a small part rules most out before all are looked at
    for decimals in range(MAX_DECIMALS + 1):
        if largest * 10.0**decimals >= 10.0**precision:
            break
        if all(_has_decimals(part, decimals) for part in (few, numbers)):
            return decimals
    return -1


def _has_decimals(numbers: np.ndarray, decimals: int) -> bool:
    wide = numbers.astype(np.float64)
    rounded = np.rint(wide * 10.0**decimals) / 10.0**decimals
    if numbers.dtype.itemsize < 8:
        return bool((rounded.astype(numbers.dtype) == numbers).all())
    # 0.1 + 0.2 is a number of one decimal, too.
    return bool((np.abs(rounded - wide) <= np.spacing(np.abs(wide))).all())
