"""The fitted state of fair control: classifiers, source rows, rows to adapt to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, ks_2samp
from scipy.stats.contingency import crosstab

from .calibration import Calibration, calibrate, calibrated
from .goal import Goal
from .labels import FairLabels
from .multipliers import Shift
from .posteriors import Posteriors, Probabilities
from .rates import lowest_over_highest
from .solution import (
    Path,
    Rows,
    affordable,
    blind_shift,
    enough,
    is_met,
    known_shift,
    scaled,
    traced,
)
from .tradeoff import Tradeoff

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

#: Rows that are looked at, at most.
MAX_ROWS = 20_000
#: Rows of a domain whose calibrations are compared, at most.
FOR_INTERVALS = 5_000
#: A domain with fewer rows tells nothing of ratios; at most so many are looked at.
MIN_ROWS, MAX_DOMAINS = 30, 20
#: Decisions that do not depend on the group depend on it by mistake so often.
SIGNIFICANCE = 0.01
#: Rows are unlike others at this distance; fewer rows say nothing of it.
ALIEN, FEW = 0.8, 20
#: The rates of more groups or labels cannot be made alike.
MAX_GROUPS = 20
#: A default that closes less of the gap to four fifths does little.
LITTLE, FOUR_FIFTHS = 0.25, 0.8
#: No interval of a ratio lies above this, so no more is asked of its lower end.
SURE = 0.9


@dataclass(frozen=True)
class Solution:
    """The fair labels of a goal."""

    goal: Goal
    labels: FairLabels
    tradeoff: Tradeoff

    def taken(self, lambda_yz: float | str) -> Tradeoff:
        """Return the trade-off with the strength that a parameter stands for."""
        if lambda_yz == "auto":
            return replace(self.tradeoff, taken=self.tradeoff.auto)
        return replace(self.tradeoff, taken=float(lambda_yz), note=None)


@dataclass(frozen=True)
class FairControl:
    """What labels are drawn by.

    It holds predictions for source rows, out of fold, and none of these rows.
    """

    posteriors: Posteriors
    #: Shares of the labels in training.
    prior: Array
    sources: Probabilities
    domains: Codes
    #: What corrects p(z | x) in each source domain of some size.
    calibrations: dict[int, tuple[Calibration, ...]]
    #: Shares of the real labels in each group, (n_labels, n_groups) an attribute.
    rates: tuple[Array, ...]
    #: Whether decisions differ between the groups by more than chance.
    differs: bool
    #: Of the rows of `adapt`.
    target: Probabilities | None = None
    #: What corrects p(z | x), where groups of these rows are known.
    calibration: tuple[Calibration, ...] | None = None
    #: The shifts of the source rows that have been solved for.
    blind: dict[str, Shift] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        fitted: tuple[Posteriors, Probabilities, Codes],
        y: Codes,
        z: Codes,
        domains: Codes,
        seed: int,
    ) -> FairControl:
        """Return the state of fitted posteriors: what `fit_posteriors` returns."""
        posteriors, p, index = fitted
        decided = p.label.argmax(axis=1)
        if len(np.unique(decided)) == 1:
            decided = y[index]
        kept = np.random.default_rng(seed).permutation(len(index))[:MAX_ROWS]
        codes, places, n_labels = z[index], domains[index], p.label.shape[1]
        names, sizes = np.unique(places, return_counts=True)
        order = np.argsort(-sizes, kind="stable")[:MAX_DOMAINS]
        large = names[order[sizes[order] >= MIN_ROWS]] if len(p.group) else names[:0]
        return cls(
            posteriors,
            np.bincount(y) / len(y),
            p[kept],
            places[kept],
            {int(d): calibrate(p[places == d], codes[places == d]) for d in large},
            tuple(
                _shares(y, column, n_labels, g.shape[1])
                for column, g in zip(z.T, p.group, strict=True)
            ),
            any(_depend(decided[c >= 0], c[c >= 0]) for c in codes.T[: len(p.group)]),
        )

    def predict(self, X: Any) -> Probabilities:
        """Return the probabilities of a table's rows."""
        return calibrated(self.posteriors.predict(X), self.calibration)

    def adapted(self, X: Any, z: Codes | None = None) -> FairControl:
        """Return the state for the domain of unlabelled rows; None goes back.

        z has the groups' codes, shape (n, n_attributes), -1 where they are not known.
        """
        if X is None:
            return replace(self, target=None, calibration=None)
        p = self.posteriors.predict(X)
        calibration = None if z is None or (z < 0).all() else calibrate(p, z)
        kept = np.random.default_rng(0).permutation(len(p))[:MAX_ROWS]
        target = calibrated(p[kept], calibration)
        return replace(self, target=target, calibration=calibration)

    def drift(self) -> str | None:
        """Return a warning if the unlabelled rows look nothing like the source rows."""
        if self.target is None:
            return None
        known, new = (
            np.hstack([p.label, *p.group]).T for p in (self.sources, self.target)
        )
        pairs = zip(known, new, strict=True)
        distance = max(ks_2samp(a, b).statistic for a, b in pairs)
        if distance < ALIEN or len(self.target) < FEW:
            return None
        return (
            "The unlabelled rows look nothing like the source rows: what features tell "
            "of label or group is distributed differently (Kolmogorov-Smirnov distance "
            f"{distance:.2f}), so predicted rates may be far off. Check that the "
            "columns mean the same."
        )

    def solve(self, goal: Goal) -> Solution:
        """Return the fair labels of a goal."""
        sources = self._sources()
        key = f"{goal.measures} {goal.labels}"
        if key not in self.blind:
            self.blind[key] = blind_shift(sources, goal)
        rows, shift = sources, self.blind[key]
        if self.target is not None:
            rows = self._target_rows(self.target)
            shift = known_shift(rows, sources, shift, goal)
        path = Path(rows, shift, goal, goal.measures == ("demographic_parity",))
        end = scaled(path)
        most, acts = affordable(path), goal.targets is not None or self.differs
        auto = min(end, most) if acts else 0.0
        if acts and goal.targets is None:
            auto = min(auto, enough(path))
        # Where the target is met without a shift, all of the way is none.
        auto = auto / end if end else 1.0
        ratios = [lowest_over_highest(r[list(goal.labels)]) for r in self.rates]
        labels, tradeoff = traced(
            path,
            end,
            auto,
            pos_label=goal.pos_label,
            why_pos_label=goal.why,
            pos_name=goal.shown,
            targets=goal.targets,
            table_ratio=float(np.fmin.reduce(ratios, axis=None)),
            auc=self.posteriors.group_auc,
        )
        note = _note(tradeoff, acts)
        return Solution(goal, labels, replace(tradeoff, note=note))

    def _sources(self) -> Rows:
        versions = []
        for domain, calibration in self.calibrations.items():
            at = np.flatnonzero(self.domains == domain)[:FOR_INTERVALS]
            if len(at) >= MIN_ROWS:
                versions.append((at, calibrated(self.sources[at], calibration)))
        return Rows(self.sources, versions, "the source rows", False)

    def _target_rows(self, p: Probabilities) -> Rows:
        found = []
        if self.calibration is None:
            # The groups may be mixed, and told, as in any source domain, or otherwise.
            pairs = zip(p.group, self.sources.group, strict=True)
            n_labels = p.label.shape[1]
            moved = tuple(
                Calibration.of_prior(group, source.mean(axis=0), n_labels)
                for group, source in pairs
            )
            found = [moved, *self.calibrations.values()]
        some = np.arange(min(len(p), FOR_INTERVALS))
        versions = [(some, calibrated(p[some], each)) for each in found]
        return Rows(p, versions, "the unlabelled rows", True)


def what_is_in_the_way(n_groups: tuple[int, ...], n_labels: int) -> str | None:
    """Return why rates cannot be made alike, if they cannot."""
    if not n_groups:
        return "fit was given no sensitive attribute; expected z in fit."
    if max((n_labels, *n_groups)) <= MAX_GROUPS:
        return None
    return (
        f"z has {', '.join(map(str, n_groups))} groups and y {n_labels} labels, whose "
        f"rates cannot be made alike; expected at most {MAX_GROUPS} of each. Join "
        "them, numbers to ranges."
    )


def _note(found: Tradeoff, acts: bool) -> str | None:
    """Say why little is done, or less than was asked for."""
    before, after = found.at(0.0), found.at(found.auto)
    price = f"{max(0.0, 100 * (before['accuracy'] - after['accuracy'])):.1f} points"
    if found.targets is None:
        if not acts:
            return "Nothing is done: groups differ by chance. A fairness_target acts."
        start, end = (each["demographic_parity"] for each in (before, after))
        if end - start >= LITTLE * (FOUR_FIFTHS - start):
            return None
        return (
            f"Little is done: parity {start:.2f} -> {end:.2f} for {price} of accuracy. "
            "For more, name a fairness_target."
        )
    missed = {m: r for m, r in found.targets.items() if not is_met(after[m], r)}
    if missed:
        asked = " and ".join(f"{m} {r:.2f}" for m, r in missed.items())
        got = " and ".join(f"{after[m]:.2f}" for m in missed)
        return f"fairness_target asks for {asked}; predicted: {got}, for {price}."
    lows = {m: after[f"{m}_low"] for m in found.targets}
    unsure = {m: lows[m] for m, r in found.targets.items() if lows[m] < min(r, SURE)}
    if not unsure:
        return None
    ends = " and ".join(f"{m} may be {low:.2f}" for m, low in unsure.items())
    return f"fairness_target is met as predicted, but {ends}."


def _shares(y: Codes, z: Codes, n_labels: int, n_groups: int) -> Array:
    """Return the shares of labels in each group, NaN in one that is never met."""
    counts = np.zeros((n_labels, n_groups))
    np.add.at(counts, (y[z >= 0], z[z >= 0]), 1)
    size = counts.sum(axis=0)
    return counts / np.where(size > 0, size, np.nan)


def _depend(a: Codes, b: Codes) -> bool:
    """Tell whether two columns of codes go together by more than chance."""
    if not len(a):
        return False
    return bool(chi2_contingency(crosstab(a, b).count).pvalue < SIGNIFICANCE)
