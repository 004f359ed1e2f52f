"""From a goal to fair labels and their trade-off, on the rows at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from .goal import Goal
from .labels import FairLabels
from .multipliers import (
    RARE_TEMPERATURE,
    Basis,
    Shift,
    decisions,
    offsets,
    solve,
    temperatures,
)
from .posteriors import Probabilities
from .rates import MEASURES, predicted_rates, predicted_ratio, sampling_error
from .tradeoff import Tradeoff

Array = NDArray[np.float64]

#: Strengths of a trade-off, beside the one that is taken.
STRENGTHS = np.linspace(0.0, 1.0, 11)
#: Parts of a shift at which offsets are solved for; beyond all of it, since few rows
#: lean on the sources.
PARTS = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 1.25])
#: Without a target, "auto" goes no further than this ratio of demographic parity.
ENOUGH = 0.95
#: What fair control may cost in accuracy. By default: where the domain is known, where
#: it is not, and of what decisions gain over the constant answer. Adult's held-out
#: races led to these figures. For a target: points, and all of the gain.
PRICE, BLIND_PRICE, OF_GAIN, TARGET_PRICE = 0.02, 0.01, 0.25, 0.1
#: The shift of so many unlabelled rows counts half, the rest is that of the sources.
HALF_ROWS = 100
#: More counts as parity: rows are finite.
PARITY = 0.98
#: Width of intervals in standard errors, for 95 %.
WIDTH = 1.96
#: A domain that nobody knows may lie so many times as far off as source domains do.
REACH = 1.5


@dataclass(frozen=True)
class Rows:
    """The rows that rates are predicted for."""

    p: Probabilities
    #: What else p might be: of some of the rows, under other calibrations.
    versions: Sequence[tuple[Any, Probabilities]]
    name: str
    is_known: bool

    @cached_property
    def basis(self) -> Basis:
        """The functions of p(z | x)."""
        return Basis.of(self.p.group)


class Path:
    """Decisions along a shift, from none to all of it."""

    def __init__(self, rows: Rows, shift: Shift, goal: Goal, keep_shares: bool):
        self.rows, self.shift, self.goal = rows, shift, goal
        self.log_p, self.moved = np.log(rows.p.label), shift(rows.p)
        self.is_sharp = temperatures(rows.p, goal.labels) != RARE_TEMPERATURE
        self.offsets = np.zeros((len(PARTS), self.log_p.shape[1]))
        if keep_shares:
            shares = self.decided(self.log_p).mean(axis=0)
            for i, part in enumerate(PARTS[1:], 1):
                logits, start = self.log_p + part * self.moved, self.offsets[i - 1]
                self.offsets[i] = offsets(logits, shares, start, self.is_sharp)

    def decided(self, logits: Array) -> Array:
        """Return decisions; of a label that is hardly ever decided for, chances."""
        return decisions(logits) if self.is_sharp else softmax(logits, axis=1)

    def logits(self, part: float) -> Array:
        """Return the logits of q(y | x) at a part of the shift."""
        b = [np.interp(part, PARTS, column) for column in self.offsets.T]
        return self.log_p + part * self.moved + b

    def ratios(self, part: float) -> dict[str, float]:
        """Return the predicted ratios that the goal is about."""
        decided = self.decided(self.logits(part))
        labels = self.goal.labels
        return {
            measure: float(predicted_ratio(self.rows.p, decided, measure, labels))
            for measure in self.goal.measures
        }

    def loss(self, part: float) -> float:
        """Return what a part of the shift costs in predicted accuracy."""
        p = self.rows.p.label
        found = (decisions(self.logits(part)) * p).sum(axis=1).mean()
        return float(p.max(axis=1).mean() - found)

    def gain(self) -> float:
        """Return what decisions gain in accuracy over the constant answer."""
        p = self.rows.p.label
        return float(p.max(axis=1).mean() - p.mean(axis=0).max())


def first(
    met: Callable[[float], bool], parts: Array = STRENGTHS, default: float = 1.0
) -> float:
    """Return about the least of the parts at which `met` holds, or the default."""
    low = 0.0
    for part in parts.tolist():
        if met(part):
            high = part
            for _ in range(5):
                middle = 0.5 * (low + high)
                low, high = (low, middle) if met(middle) else (middle, high)
            return high
        low = part
    return default


def blind_shift(rows: Rows, goal: Goal) -> Shift:
    """Return the shift to parity on rows of the source domains."""
    aims = dict.fromkeys(goal.measures, 1.0)
    keep = goal.measures == MEASURES[:1]
    how: dict[str, Any] = {"by_group": False, "keep_shares": keep}
    return solve(rows.p, rows.basis, aims, goal.labels, **how)


def known_shift(rows: Rows, sources: Rows, blind: Shift, goal: Goal) -> Shift:
    """Return the shift to the targets in the domain; few rows lean on the sources."""
    aims = {m: min(1.0, r + 0.01) for m, r in (goal.targets or {}).items()}
    keep = goal.measures == MEASURES[:1]
    how: dict[str, Any] = {"by_group": True, "keep_shares": keep}
    own = solve(rows.p, sources.basis, aims or {MEASURES[0]: 1.0}, goal.labels, **how)
    trust = len(rows.p) / (len(rows.p) + HALF_ROWS)
    part = 1.0
    if keep:
        # As far as the default goes there, since parity carries over in part.
        plain = Goal(None, goal.labels, goal.pos_label, goal.why)
        part = affordable(Path(sources, blind, plain, keep))
    return own.mixed(trust, blind, (1.0 - trust) * part)


def affordable(path: Path) -> float:
    """Return the part of the way that the goal's price allows."""
    gain = max(path.gain(), 0.0)
    if path.goal.targets is not None:
        most = min(TARGET_PRICE, gain)
    else:
        points = PRICE if path.rows.is_known else BLIND_PRICE
        most = min(points, OF_GAIN * gain)
    step = 0.1 / 2**5
    # Just below the part that is too dear.
    dear = first(lambda part: path.loss(part) > most + 1e-9, default=1.0 + step)
    return 1.0 if dear > 1.0 else max(0.0, dear - step)


def scaled(path: Path) -> float:
    """Return the least part of the shift that meets the targets; 1 if none does."""
    targets = path.goal.targets
    if targets is None:
        return 1.0

    def met(part: float) -> bool:
        found = path.ratios(part)
        return all(is_met(found[m], ratio) for m, ratio in targets.items())

    return first(met, PARTS)


def is_met(found: float, ratio: float) -> bool:
    """Tell whether a predicted ratio is as high as one that is asked for."""
    return found >= min(ratio, PARITY)


def enough(path: Path) -> float:
    """Return the least part that is predicted to reach a ratio of 0.95, or 1."""
    return first(lambda part: path.ratios(part)[MEASURES[0]] >= ENOUGH)


def traced(
    path: Path, end: float, auto: float, **about: Any
) -> tuple[FairLabels, Tradeoff]:
    """Return the fair labels up to `end` of the path, and what is predicted of them."""
    strengths = np.unique(np.append(STRENGTHS, auto))
    rows, labels = path.rows, path.goal.labels
    p, y = rows.p, labels[-1]
    decided, sharp, drawn = [], [], []
    for strength in strengths:
        logits = path.logits(end * strength)
        decided.append(path.decided(logits))
        sharp.append(decisions(logits))
        drawn.append(softmax(logits, axis=1)[:, y].mean())
    stack, right = np.stack(decided), np.stack(sharp) * p.label
    recalls = right.sum(axis=1) / np.maximum(p.label.sum(axis=0), 1e-12)
    ratios, intervals = {}, {}
    for measure in MEASURES:
        ratio = ratios[measure] = predicted_ratio(p, stack, measure, labels)
        found = [
            predicted_ratio(q, stack[:, part], measure, labels)
            for part, q in rows.versions
        ]
        error = np.exp(WIDTH * sampling_error(p, stack, measure, labels))
        reach = 1.0 if rows.is_known else REACH
        of_one = np.where(ratio > 0, ratio, np.nan)
        low = ratio * (np.fmin.reduce([ratio, *found]) / of_one / error) ** reach
        high = ratio * (np.fmax.reduce([ratio, *found]) / of_one * error) ** reach
        intervals[measure] = np.column_stack([low, np.minimum(high, 1.0)])
    tradeoff = Tradeoff(
        strengths,
        right.sum(axis=2).mean(axis=1),
        ratios,
        tuple(predicted_rates(p, stack, "all", y)),
        rows.name,
        balanced_accuracy=recalls.mean(axis=1),
        intervals=intervals,
        positives=np.array(drawn),
        constant=float(p.label.mean(axis=0).max()),
        auto=auto,
        **about,
    )
    return FairLabels(path.shift, end, PARTS, path.offsets), tradeoff
