"""Numbers on a normal scale: empirical distributions, exact integers and decimals."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

# Tied values keep their exact shares up to this many distinct values.
MAX_STEPS = 10_000
# Columns of untied values are described by this many quantiles of a subsample.
N_QUANTILES = 1_000
SUBSAMPLE = 100_000
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
    F^-1(Phi(x)). Where values are tied, F is a step at each, so that only seen values
    come back, in their own shares. Where they are not, F is linear between quantiles,
    which lie evenly on the normal axis to resolve the tails. Either way F is a line
    through knots, with two knots of one value at a step.
    """

    def __init__(
        self, values: np.ndarray, counts: np.ndarray, low: float, high: float
    ) -> None:
        # Sorted distinct values, their counts and the column's range.
        if tied(values, counts) and len(values) <= MAX_STEPS:
            steps = np.concatenate([[0], np.cumsum(counts)]) / counts.sum()
            self.knots = np.repeat(values, 2)
            self.levels = np.repeat(steps, 2)[1:-1]
            return
        ordered = np.repeat(values, counts)
        positions = (np.arange(len(ordered)) + 0.5) / len(ordered)
        self.levels = positions
        if len(ordered) > N_QUANTILES:
            end = ndtri(positions[-1])
            self.levels = ndtr(np.linspace(-end, end, N_QUANTILES))
        self.knots = np.interp(self.levels, positions, ordered)
        self.knots[[0, -1]] = low, high

    def encode(self, values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Map values to normal scores, spreading tied values over their interval."""
        values = np.clip(values, self.knots[0], self.knots[-1])
        high = np.interp(values, self.knots, self.levels)
        if (np.diff(self.knots) > 0).all():
            return ndtri(high)
        # np.interp takes the last of equal knots, so the mirrored call takes the first.
        low = -np.interp(-values, -self.knots[::-1], -self.levels[::-1])
        width = high - low
        edge = np.minimum(width / 4, EDGE)
        return ndtri(low + edge + (width - 2 * edge) * rng.random(len(values)))

    def decode(self, scores: np.ndarray) -> np.ndarray:
        """Map normal scores to values."""
        return np.interp(ndtr(scores.astype(np.float64)), self.levels, self.knots)


def tied(values: np.ndarray, counts: np.ndarray) -> bool:
    """Tell whether values repeat, twice on average, rather than vary continuously."""
    return 2 * len(values) <= counts.sum()


class IntegerScale:
    """Integers (or times) as floats counting steps of their common divisor from 0.

    The arithmetic is modulo 2^64, so that no integer dtype overflows; it is exact if
    the integers span less than 2^53 steps.
    """

    def __init__(self, numbers: np.ndarray) -> None:
        self.unsigned = numbers.dtype.kind == "u"
        self.offset = int(numbers.min()) % 2**64
        self.step = 1
        self.step = max(int(np.gcd.reduce(self._steps(numbers))), 1)
        self.top = int(self._steps(numbers).max())

    def _steps(self, numbers: np.ndarray) -> np.ndarray:
        shifted = numbers.astype(np.uint64) - np.uint64(self.offset)
        return shifted // np.uint64(self.step)

    def positions(self, numbers: np.ndarray) -> np.ndarray:
        """Map numbers to float64 positions."""
        low = self.numbers(np.zeros(1))[0]
        if numbers.dtype.kind == "f":
            return (numbers - float(low)) / self.step
        # Below the offset the modular difference is huge; the nearest step is 0.
        return np.where(numbers >= low, self._steps(numbers), 0).astype(np.float64)

    def numbers(self, positions: np.ndarray) -> np.ndarray:
        """Map positions to the nearest numbers on the scale, as int64 or uint64."""
        steps = np.clip(np.rint(positions), 0, self.top).astype(np.uint64)
        numbers = steps * np.uint64(self.step) + np.uint64(self.offset)
        return numbers if self.unsigned else numbers.view(np.int64)


class DecimalScale:
    """Floats with few decimals, as integers of the last one, exact to 15 digits."""

    def __init__(self, numbers: np.ndarray, decimals: int) -> None:
        self.factor = 10.0**decimals
        self.low, self.high = float(numbers.min()), float(numbers.max())
        self.steps = IntegerScale(self._whole(numbers))

    def _whole(self, numbers: np.ndarray) -> np.ndarray:
        # NaN stands in for missing numbers; any number may take its place.
        inside = np.clip(np.nan_to_num(numbers), self.low, self.high)
        return np.rint(inside.astype(np.float64) * self.factor).astype(np.int64)

    def positions(self, numbers: np.ndarray) -> np.ndarray:
        """Map numbers to float64 positions."""
        return self.steps.positions(self._whole(numbers))

    def numbers(self, positions: np.ndarray) -> np.ndarray:
        """Map positions to numbers."""
        # Rounded, a number of a few spacings beyond the last decimal leaves the range.
        return np.clip(self.steps.numbers(positions) / self.factor, self.low, self.high)


class FloatScale:
    """Numbers as floats, divided where they are so large that arithmetic overflows.

    Also integers of too wide a span to count, which are exact below 2^53 only.
    """

    def __init__(self, numbers: np.ndarray) -> None:
        self.low, self.high = numbers.min().item(), numbers.max().item()
        self.divisor = 2.0**64 if max(-self.low, self.high) > _LARGE else 1.0
        #: Of integers, "" of floats.
        self.dtype = "" if numbers.dtype.kind == "f" else str(numbers.dtype)

    def positions(self, numbers: np.ndarray) -> np.ndarray:
        """Map numbers to float64 positions."""
        return numbers.astype(np.float64) / self.divisor

    def numbers(self, positions: np.ndarray) -> np.ndarray:
        """Map positions to the nearest numbers."""
        if not self.dtype:
            with np.errstate(over="ignore"):
                return np.clip(positions * self.divisor, self.low, self.high)
        # The dtype's maximum itself rounds up to a float that overflows.
        top = np.nextafter(float(np.iinfo(self.dtype).max), 0)
        integers = np.minimum(np.rint(positions), top).astype(self.dtype)
        own = np.dtype(self.dtype).type
        return np.clip(integers, own(self.low), own(self.high))


Scale = IntegerScale | DecimalScale | FloatScale


def find_scale(numbers: np.ndarray) -> Scale:
    """Choose the scale of a column's numbers (int64, uint64 or floats)."""
    if numbers.dtype.kind == "f":
        decimals = decimals_of(numbers)
        return FloatScale(numbers) if decimals < 0 else DecimalScale(numbers, decimals)
    scale = IntegerScale(numbers)
    return scale if scale.top < 2**53 else FloatScale(numbers)


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
