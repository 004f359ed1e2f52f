"""The fair posterior q(y | x): how far it goes, what it brings, draws from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.special import softmax

from .goal import CONDITIONS, MEASURES, Goal
from .multipliers import RARE_TEMPERATURE, Shift, decisions, temperatures
from .posteriors import Array, Codes, Probabilities
from .tradeoff import Tradeoff

#: Strengths of a trade-off, beside the one that is taken.
STRENGTHS = np.linspace(0.0, 1.0, 11)
#: Parts of a shift at which offsets are solved for; beyond all of it, since few rows
#: lean on the sources.
PARTS = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 1.25])
#: Width of intervals in standard errors, for 95 %.
WIDTH = 1.96


@dataclass(frozen=True)
class FairLabels:
    r"""The fair posterior of every strength.

    .. math:: \log q(y | x) = \log p(y | x) + s\, S_y(x) + b_y(s) + const,
              \qquad s = \lambda\, s_1
    """

    shift: Shift
    #: s_1, the part of the shift that strength 1 stands for.
    end: float
    #: b at each of the PARTS, (n_parts, n_labels); interpolated between them.
    offsets: Array
    tradeoff: Tradeoff

    def posterior(self, p: Probabilities, strength: float) -> Array:
        """Return q(y | x) of rows, shape (n, n_labels)."""
        if strength == 0:
            return p.label
        part = strength * self.end
        b = make_interp_spline(PARTS, self.offsets, k=1)(part)
        return softmax(np.log(p.label) + part * self.shift(p) + b, axis=1)


def draw(q: Array, u: Array) -> Codes:
    """Draw a label for each row by inversion."""
    cdf = q.cumsum(axis=1)
    return (cdf[:, :-1] <= u[:, np.newaxis] * cdf[:, -1:]).sum(axis=1)


class Path:
    """Decisions along a shift, from none to all of it."""

    def __init__(self, p: Probabilities, shift: Shift, goal: Goal):
        self.p, self.labels = p, goal.labels
        self.log_p, self.moved = np.log(p.label), shift(p)
        self.is_sharp = temperatures(p, goal.labels) != RARE_TEMPERATURE
        self.offsets = np.zeros((len(PARTS), self.log_p.shape[1]))
        if goal.keeps_shares:
            shares = self.decided(0.0).mean(axis=0)
            for i, part in enumerate(PARTS[1:], 1):
                logits, start = self.log_p + part * self.moved, self.offsets[i - 1]
                self.offsets[i] = offsets(logits, shares, start, self.is_sharp)

    def logits(self, part: float) -> Array:
        """Return the logits of q(y | x) at a part of the shift."""
        b = make_interp_spline(PARTS, self.offsets, k=1)(part)
        return self.log_p + part * self.moved + b

    def decided(self, part: float) -> Array:
        """Return decisions; of a label that is hardly ever decided for, chances."""
        logits = self.logits(part)
        return decisions(logits) if self.is_sharp else softmax(logits, axis=1)

    def ratio(self, part: float, measure: str = MEASURES[0]) -> float:
        """Return a predicted ratio."""
        return float(predicted_ratio(self.p, self.decided(part), measure, self.labels))

    def accuracy(self, part: float) -> float:
        """Return the predicted accuracy of decisions."""
        decided = decisions(self.logits(part))
        return float((decided * self.p.label).sum(axis=1).mean())

    def affordable(self, points: float, share: float, end: float = 1.0) -> float:
        """Return how far so many points go, or a share of the gain, `end` at most."""
        start = self.accuracy(0.0)
        gain = max(start - float(self.p.label.mean(axis=0).max()), 0.0)
        least = start - min(points, share * gain) - 1e-9
        return end * bracket(lambda part: self.accuracy(end * part) < least)[0]


def bracket(
    met: Callable[[float], bool], parts: Array = STRENGTHS
) -> tuple[float, float]:
    """Return a part just below the least where `met` holds, and that; or 1 and 1."""
    low = 0.0
    for high in parts.tolist():
        if met(high):
            break
        low = high
    else:
        return 1.0, 1.0
    for _ in range(5):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if met(middle) else (middle, high)
    return low, high


def offsets(logits: Array, shares: Array, start: Array, sharp: bool) -> Array:
    """Return what to add to logits so that labels, decided or drawn, keep shares."""
    b = start.copy()
    for _ in range(20):
        before = b.copy()
        if not sharp:
            b += np.log(shares / softmax(logits + b, axis=1).mean(axis=0))
        for y in range(len(b) if sharp else 0):
            lead = logits[:, y] - np.delete(logits + b, y, axis=1).max(axis=1)
            b[y] = -np.quantile(lead, 1.0 - shares[y])
        if np.abs(b - before).max() < 1e-3:
            break
    return b


def predicted(
    path: Path,
    end: float,
    auto: float,
    versions: Sequence[tuple[Any, Probabilities]],
    reach: float,
) -> dict[str, Any]:
    """Return what is predicted up to `end` of a path, for a `Tradeoff`.

    p of some rows might be as in `versions`, or `reach` times as far off.
    """
    strengths = np.unique(np.append(STRENGTHS, auto))
    p, labels, y = path.p, path.labels, path.labels[-1]
    logits = [path.logits(end * strength) for strength in strengths]
    right = np.stack([decisions(each) for each in logits]) * p.label
    drawn = softmax(logits, axis=2)
    stack = np.stack([path.decided(end * strength) for strength in strengths])
    recalls = right.sum(axis=1) / np.maximum(p.label.sum(axis=0), 1e-12)
    curves = {
        "lambda_yz": strengths,
        "accuracy": right.sum(axis=2).mean(axis=1),
        "balanced_accuracy": recalls.mean(axis=1),
        **{m: predicted_ratio(p, stack, m, labels) for m in MEASURES},
        "positives": drawn[:, :, y].mean(axis=1),
        "changed": np.abs(drawn - p.label).sum(axis=2).mean(axis=1) / 2,
    }
    for m in MEASURES:
        others = [predicted_ratio(q, stack[:, at], m, labels) for at, q in versions]
        ratio = np.where(curves[m] > 0, curves[m], np.nan)
        error = np.exp(WIDTH * sampling_error(p, stack, m, labels))
        low = np.fmin.reduce([curves[m], *others]) / ratio / error
        high = np.fmax.reduce([curves[m], *others]) / ratio * error
        curves[f"{m}_low"] = curves[m] * low**reach
        curves[f"{m}_high"] = np.minimum(curves[m] * high**reach, 1.0)
    return {
        "curves": curves,
        "rates": tuple(r for r, _ in predicted_rates(p, stack, MEASURES[0], [y])),
        "constant": float(p.label.mean(axis=0).max()),
        "auto": auto,
    }


def members(p: Probabilities, condition: str, y: int) -> list[Array]:
    """Return how much each row counts in each group, (n, n_groups) an attribute."""
    if condition == "all":
        return list(p.group)
    of_label = [p.label[:, [y]] * given[:, y] for given in p.group_given_label]
    if condition == "label":
        return of_label
    return [np.maximum(a - b, 0.0) for a, b in zip(p.group, of_label, strict=True)]


def predicted_rates(
    p: Probabilities, decided: Array, measure: str, labels: Sequence[int]
) -> Iterator[tuple[Array, Array]]:
    r"""Yield the rates that a measure compares, (..., n_groups), and the groups' sizes.

    .. math:: r_g = \frac{\sum_i f_i\, p(g | x_i)}{\sum_i p(g | x_i)},
              \qquad \text{or with } p(g, y | x_i) \text{ among rows with a label.}
    """
    for y in labels:
        for condition in CONDITIONS[measure]:
            for belongs in members(p, condition, y):
                size = belongs.sum(axis=0)
                known = np.where(size > 0, size, np.nan)
                yield decided[..., y] @ belongs / known, size


def predicted_ratio(
    p: Probabilities, decided: Array, measure: str, labels: Sequence[int]
) -> Array:
    """Return the lowest over the highest rate, of labels and attributes the smallest.

    A label that is never decided for is left out; without any the ratio is NaN.
    `decided` has the shape (..., n, n_labels), the result (...).
    """
    each = predicted_rates(p, decided, measure, labels)
    return np.fmin.reduce([lowest_over_highest(rates) for rates, _ in each])


def lowest_over_highest(rates: Array) -> Array:
    """Return the ratio of rates (..., n_groups); NaN is the rate of no one."""
    high = np.fmax.reduce(rates, axis=-1)
    return np.fmin.reduce(rates, axis=-1) / np.where(high > 0, high, np.nan)


def sampling_error(
    p: Probabilities, decided: Array, measure: str, labels: Sequence[int]
) -> Array:
    """Return the standard error of the logarithm of a ratio on so many rows, (...)."""
    errors = []
    for rates, size in predicted_rates(p, decided, measure, labels):
        variance = (1.0 - np.nan_to_num(rates)) / np.maximum(rates * size, 1.0)
        two = np.sort(variance, axis=-1)[..., -2:].sum(axis=-1)
        errors.append(np.sqrt(two.clip(0)))
    return np.fmax.reduce(errors)
