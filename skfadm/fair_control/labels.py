"""The fair posterior q(y | x): how far it goes, what it brings, draws from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from .goal import Goal
from .multipliers import RARE_TEMPERATURE, TEMPERATURES, Shift, decisions, temperatures
from .posteriors import Probabilities
from .rates import MEASURES, predicted_rates, predicted_ratio, sampling_error
from .tradeoff import Tradeoff

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

#: Strengths of a trade-off, beside the one that is taken.
STRENGTHS = np.linspace(0.0, 1.0, 11)
#: Parts of a shift at which offsets are solved for; beyond all of it, since few rows
#: lean on the sources.
PARTS = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 1.25])
#: More counts as parity: rows are finite.
PARITY = 0.98
#: Width of intervals in standard errors, for 95 %.
WIDTH = 1.96
#: A domain that nobody knows may lie so many times as far off as source domains do.
REACH = 1.5
#: Of the rows for a label that is asked for, so many are made for any label, since p
#: and q may differ: of four shares on Adult this had the most rows accepted.
ANY = 0.2


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
        b = interpolated(self.offsets, part)
        return softmax(np.log(p.label) + part * self.shift(p) + b, axis=1)


def interpolated(offsets: Array, part: float) -> Array:
    """Return the offsets of a part of the shift, shape (n_labels,)."""
    return np.array([np.interp(part, PARTS, column) for column in offsets.T])


def draw(q: Array, u: Array) -> Codes:
    """Draw a label for each row by inversion."""
    cdf = q.cumsum(axis=1)
    return (cdf[:, :-1] <= u[:, np.newaxis] * cdf[:, -1:]).sum(axis=1)


def importance(p: Array, q: Array, prior: float | Array) -> Array:
    r"""Return how much rows count that are proposed for a label, shape (n,).

    A row is made for the label itself or, with probability :math:`\epsilon`, for one
    of the label's shares, and accepted in proportion to

    .. math:: w(x) = \frac{q(y | x)}{(1 - \epsilon)\, p(y | x) / p(y) + \epsilon}.
    """
    return q / ((1 - ANY) * p / prior + ANY)


def acceptance(p: Array, q: Array, prior: float) -> tuple[float, float]:
    """Return a bound on the importance, and how much of what is proposed it accepts.

    The importance exceeds it for 1 % of what is proposed.
    """
    w, proposed = importance(p, q, prior), (1 - ANY) * p / prior + ANY
    order = np.argsort(w)
    mass = proposed[order].cumsum()
    bound = float(w[order][np.searchsorted(mass, 0.99 * mass[-1])])
    return bound, float(np.average(np.minimum(w / bound, 1.0), weights=proposed))


class Path:
    """Decisions along a shift, from none to all of it."""

    def __init__(self, p: Probabilities, shift: Shift, goal: Goal):
        self.p, self.labels, self.targets = p, goal.labels, goal.targets or {}
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
        return self.log_p + part * self.moved + interpolated(self.offsets, part)

    def decided(self, part: float) -> Array:
        """Return decisions; of a label that is hardly ever decided for, chances."""
        logits = self.logits(part)
        return decisions(logits) if self.is_sharp else softmax(logits, axis=1)

    def ratio(self, part: float, measure: str = MEASURES[0]) -> float:
        """Return a predicted ratio."""
        return float(predicted_ratio(self.p, self.decided(part), measure, self.labels))

    def is_met(self, part: float) -> bool:
        """Tell whether all targets are predicted to be met."""
        return all(is_met(self.ratio(part, m), r) for m, r in self.targets.items())

    def accuracy(self, part: float) -> float:
        """Return the predicted accuracy of decisions."""
        decided = decisions(self.logits(part))
        return float((decided * self.p.label).sum(axis=1).mean())

    def gain(self) -> float:
        """Return what decisions gain in accuracy over the constant answer."""
        return max(self.accuracy(0.0) - float(self.p.label.mean(axis=0).max()), 0.0)

    def affordable(self, price: float) -> float:
        """Return the part of the way that costs so much accuracy."""
        least = self.accuracy(0.0) - price - 1e-9
        return bracket(lambda part: self.accuracy(part) < least)[0]


def is_met(found: float, ratio: float) -> bool:
    """Tell whether a predicted ratio is as high as one that is asked for."""
    return found >= min(ratio, PARITY)


def bracket(
    met: Callable[[float], bool], parts: Array = STRENGTHS
) -> tuple[float, float]:
    """Return a part where `met` does not hold and, just above, the least where it does.

    Both are 1 if it holds at none of the parts.
    """
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
    """Return what to add to logits (n, n_labels) so that labels keep their shares.

    Shares are those of decisions or, where not sharp, of labels that are drawn.
    """
    if sharp and len(shares) == 2:
        lead = logits[:, 1] - logits[:, 0]
        return np.array([0.0, -np.quantile(lead, 1.0 - shares[1])])
    b = start
    for temperature in TEMPERATURES if sharp else RARE_TEMPERATURE:
        # Newton's method on a convex function.
        for _ in range(20):
            q = softmax((logits + b) / temperature, axis=1)
            mean = q.mean(axis=0)
            if np.abs(mean - shares).max() < 5e-4:
                break
            curvature = np.diag(mean) - q.T @ q / len(q) + 1e-6 * np.eye(len(b))
            step = temperature * np.linalg.lstsq(curvature, shares - mean)[0]
            most = 4 * temperature / max(np.abs(step).max(), 4 * temperature)
            b = b + most * (step - step.mean())
    return b


def predicted(
    path: Path,
    end: float,
    auto: float,
    versions: Sequence[tuple[Any, Probabilities]],
    is_known: bool,
) -> dict[str, Any]:
    """Return what is predicted up to `end` of a path, for a `Tradeoff`.

    `versions` are what p might be of some of the rows, under other calibrations.
    """
    strengths = np.unique(np.append(STRENGTHS, auto))
    p, labels, y = path.p, path.labels, path.labels[-1]
    logits = [path.logits(end * strength) for strength in strengths]
    drawn = [softmax(each, axis=1) for each in logits]
    right = np.stack([decisions(each) for each in logits]) * p.label
    stack = np.stack([path.decided(end * strength) for strength in strengths])
    recalls = right.sum(axis=1) / np.maximum(p.label.sum(axis=0), 1e-12)
    reach, ratios, intervals = 1.0 if is_known else REACH, {}, {}
    for measure in MEASURES:
        ratio = ratios[measure] = predicted_ratio(p, stack, measure, labels)
        found = [
            predicted_ratio(q, stack[:, part], measure, labels) for part, q in versions
        ]
        error = np.exp(WIDTH * sampling_error(p, stack, measure, labels))
        of_one = np.where(ratio > 0, ratio, np.nan)
        low = ratio * (np.fmin.reduce([ratio, *found]) / of_one / error) ** reach
        high = ratio * (np.fmax.reduce([ratio, *found]) / of_one * error) ** reach
        intervals[measure] = np.column_stack([low, np.minimum(high, 1.0)])
    return {
        "strengths": strengths,
        "accuracy": right.sum(axis=2).mean(axis=1),
        "balanced_accuracy": recalls.mean(axis=1),
        "ratios": ratios,
        "intervals": intervals,
        "rates": tuple(r for r, _ in predicted_rates(p, stack, MEASURES[0], [y])),
        "positives": np.array([q[:, y].mean() for q in drawn]),
        "changed": np.array(
            [np.abs(q - p.label).sum(axis=1).mean() / 2 for q in drawn]
        ),
        "constant": float(p.label.mean(axis=0).max()),
        "auto": auto,
    }
