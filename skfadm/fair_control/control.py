"""The fitted state of fair control: classifiers, source rows, rows to adapt to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, ks_2samp

from .calibration import Calibration, calibrate, calibrated
from .goal import MEASURES, Goal
from .labels import PARTS, FairLabels, Path, bracket, lowest_over_highest, predicted
from .multipliers import Basis, Shift, solve
from .posteriors import Array, Codes, Posteriors, Probabilities
from .tradeoff import Tradeoff

#: Rows that are looked at, at most, and those whose calibrations are compared.
MAX_ROWS, FOR_INTERVALS = 20_000, 5_000
#: A domain with fewer rows tells nothing of ratios; at most so many are looked at.
MIN_ROWS, MAX_DOMAINS = 30, 20
#: Decisions that do not depend on the group are taken to depend on it so often.
SIGNIFICANCE = 0.01
#: Rows are unlike others at this distance; fewer rows say nothing of it.
ALIEN, FEW = 0.8, 20
#: The shift of so many unlabelled rows counts half, the rest is that of the sources.
HALF_ROWS = 100
#: A domain that nobody knows may lie so many times as far off as source domains do.
REACH = 1.5
#: More counts as parity: rows are finite.
PARITY = 0.98
#: Without a target, "auto" goes no further than this ratio of demographic parity.
ENOUGH = 0.95
#: What fair control may cost in accuracy. By default: where the domain is known, where
#: it is not, and of what decisions gain over the constant answer. Adult's held-out
#: races led to these figures. For a target: points, and all of the gain.
PRICE, BLIND_PRICE, OF_GAIN, TARGET_PRICE = 0.02, 0.01, 0.25, 0.1
#: A default that closes less of the gap to four fifths does little.
LITTLE, FOUR_FIFTHS = 0.25, 0.8
#: No interval of a ratio lies above this, so no more is asked of its lower end.
SURE = 0.9


@dataclass(frozen=True)
class FairControl:
    """What labels are drawn by: predictions for source rows, and none of the rows."""

    posteriors: Posteriors
    sources: Probabilities
    domains: Codes
    #: What corrects p(z | x) in each source domain of some size.
    calibrations: dict[int, tuple[Calibration, ...]]
    #: The ratio of demographic parity of the real labels, one for each label.
    table_ratios: Array
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
        posteriors: Posteriors,
        p: Probabilities,
        y: Codes,
        z: Codes,
        domains: Codes,
        seed: int,
    ) -> FairControl:
        """Return the state of what `fit_posteriors` returns of rows and their codes."""
        decided, ratios, differs = p.label.argmax(axis=1), [], False
        decided = y if (decided == decided[0]).all() else decided
        for codes in z.T:
            counts = pd.crosstab(decided[codes >= 0], codes[codes >= 0])
            differs |= bool(chi2_contingency(counts).pvalue < SIGNIFICANCE)
            counts = pd.crosstab(y[codes >= 0], codes[codes >= 0])
            counts = counts.reindex(range(p.label.shape[1]))
            ratios.append(lowest_over_highest((counts / counts.sum()).to_numpy()))
        kept = np.random.default_rng(seed).permutation(len(y))[:MAX_ROWS]
        p, z, domains = p[kept], z[kept], domains[kept]
        sizes = np.bincount(domains)
        large = np.argsort(-sizes, kind="stable")[:MAX_DOMAINS]
        calibrations = {
            int(d): calibrate(p[domains == d], z[domains == d])
            for d in large[sizes[large] >= MIN_ROWS]
        }
        return cls(
            posteriors, p, domains, calibrations, np.fmin.reduce(ratios), differs
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
        if self.target is None or len(self.target) < FEW:
            return None
        each = (np.hstack([p.label, *p.group]).T for p in (self.sources, self.target))
        distance = max(ks_2samp(*pair).statistic for pair in zip(*each, strict=True))
        if distance < ALIEN:
            return None
        return (
            "The unlabelled rows look nothing like the source rows: predicted labels "
            f"or groups are at a Kolmogorov-Smirnov distance of {distance:.2f}, so "
            "rates may be far off. Check that the columns mean the same."
        )

    def solve(self, goal: Goal) -> FairLabels:
        """Return the fair labels of a goal."""
        p, targets = self.sources, goal.targets
        how: dict[str, Any] = {"keep_shares": goal.keeps_shares}
        key = f"{goal.measures} {goal.labels}"
        if key not in self.blind:
            aims, basis = dict.fromkeys(goal.measures, 1.0), Basis.of(p)
            self.blind[key] = solve(p, basis, aims, goal.labels, by_group=False, **how)
        shift, points, name = self.blind[key], BLIND_PRICE, "the source rows"
        reach, trust = REACH, 1.0
        if self.target is not None:
            part, path = 1.0, Path(p, shift, goal)
            if goal.keeps_shares:
                # As far as the default goes there, since parity carries over in part.
                part = path.affordable(points, OF_GAIN)
            p, points, name = self.target, PRICE, "the unlabelled rows"
            reach = 1.0
            aims = {m: min(1.0, r + 0.01) for m, r in (targets or {}).items()}
            aims = aims or {MEASURES[0]: 1.0}
            own = solve(p, shift.basis, aims, goal.labels, by_group=True, **how)
            trust = len(p) / (len(p) + HALF_ROWS)
            shift = own.mixed(trust, shift, (1.0 - trust) * part)
        path, acts = Path(p, shift, goal), targets is not None or self.differs
        if targets is None:
            part = bracket(lambda part: path.ratio(part) >= ENOUGH)[1]
            part = min(part, path.affordable(points, OF_GAIN))
            # Few rows say little of how far to go: then all the way.
            end, auto = 1.0, (1.0 - trust * (1.0 - part)) if acts else 0.0
        else:
            wanted = {m: min(r, PARITY) for m, r in targets.items()}.items()
            end = bracket(
                lambda part: all(path.ratio(part, m) >= r for m, r in wanted), PARTS
            )[1]
            auto = path.affordable(TARGET_PRICE, 1.0, end)
        # Where the target is met without a shift, all of the way is none.
        auto = auto / end if end else 1.0
        tradeoff = Tradeoff(
            goal=goal,
            rows=name,
            table_ratio=float(np.fmin.reduce(self.table_ratios[list(goal.labels)])),
            auc=self.posteriors.group_auc,
            **predicted(path, end, auto, self._versions(), reach),
        )
        tradeoff = replace(tradeoff, note=_note(tradeoff, acts))
        return FairLabels(shift, end, path.offsets, tradeoff)

    def _versions(self) -> list[tuple[Any, Probabilities]]:
        """Return what p(z | x) might be: told, or groups mixed, as in other domains."""
        n, p = FOR_INTERVALS, self.target
        if p is None:
            rows = [np.flatnonzero(self.domains == d)[:n] for d in self.calibrations]
            some = zip(rows, self.calibrations.values(), strict=True)
            return [(at, calibrated(self.sources[at], c)) for at, c in some]
        if self.calibration is not None:
            return []
        pairs = zip(p[:n].group, self.sources.group, strict=True)
        n_labels = p.label.shape[1]
        moved = [Calibration.of_prior(a, b.mean(axis=0), n_labels) for a, b in pairs]
        each = [tuple(moved), *self.calibrations.values()]
        return [(slice(n), calibrated(p[:n], c)) for c in each]


def _note(found: Tradeoff, acts: bool) -> str | None:
    """Say why little is done, or less than was asked for."""
    before, after, targets = found.at(0.0), found.at(found.auto), found.goal.targets
    price = f"{max(0.0, 100 * (before['accuracy'] - after['accuracy'])):.1f} points"
    if targets is None:
        if not acts:
            return "Nothing is done: groups differ by chance. A fairness_target acts."
        start, end = (each["demographic_parity"] for each in (before, after))
        if end - start >= LITTLE * (FOUR_FIFTHS - start):
            return None
        return (
            f"Little is done: parity {start:.2f} -> {end:.2f} for {price} of accuracy. "
            "For more, name a fairness_target."
        )
    if missed := {m: r for m, r in targets.items() if after[m] < min(r, PARITY)}:
        asked = " and ".join(f"{m} {r:.2f}" for m, r in missed.items())
        got = " and ".join(f"{after[m]:.2f}" for m in missed)
        return f"fairness_target asks for {asked}; predicted: {got}, for {price}."
    lows = {m: after[f"{m}_low"] for m in targets}
    unsure = {m: lows[m] for m, r in targets.items() if lows[m] < min(r, SURE)}
    ends = " and ".join(f"{m} may be {low:.2f}" for m, low in unsure.items())
    return f"fairness_target is met as predicted, but {ends}." if unsure else None
