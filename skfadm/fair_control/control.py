"""The fitted state of fair control: classifiers, source rows, rows to adapt to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, ks_2samp

from .goal import Goal
from .labels import MAX_ROWS, FairLabels, of_sources, of_target
from .posteriors import Posteriors, Probabilities
from .tradeoff import choose

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

PARITY = {"demographic_parity": 1.0}
#: Where the domain is not known, so much of the way to parity is the goal by default:
#: beyond, source domains come nearer to it, and others do not (Adult).
DEFAULT_END = 0.6
#: Decisions that do not depend on the group depend on it by mistake so often.
SIGNIFICANCE = 0.01
#: Rows are unlike others at this distance; fewer rows say nothing of it.
ALIEN, FEW = 0.8, 20
#: The rates of more groups or labels cannot be made alike.
MAX_GROUPS = 20


@dataclass(frozen=True)
class Solution:
    """The fair labels of a goal.

    Parameters
    ----------
    goal : Goal
        What they aim at.
    labels : FairLabels
        The fair posterior of each strength.
    auto : float
        The strength that "auto" stands for.
    warning : str or None
        What to warn of under "auto".
    """

    goal: Goal
    labels: FairLabels
    auto: float
    warning: str | None


@dataclass(frozen=True)
class FairControl:
    """What fair labels are drawn by.

    It holds predictions for source rows, out of fold, and none of these rows.

    Parameters
    ----------
    posteriors : Posteriors
        The classifiers.
    sources : Probabilities
        Of source rows, at most 20,000.
    domains : ndarray of shape (n,), int64
        Their domains.
    prior : ndarray of shape (n_labels,)
        Shares of the labels in training.
    differs : bool
        Whether decisions differ between the groups of the source rows by more than
        chance makes them differ.
    target : Probabilities or None
        Of the unlabelled rows of `adapt`.
    """

    posteriors: Posteriors
    sources: Probabilities
    domains: Codes
    prior: Array
    differs: bool
    target: Probabilities | None = None

    @classmethod
    def of(
        cls,
        fitted: tuple[Posteriors, Probabilities, Codes],
        y: Codes,
        z: Codes,
        domains: Codes,
        seed: int,
    ) -> FairControl:
        """Return the state of fitted posteriors: what `fit_posteriors` returns.

        Parameters
        ----------
        fitted : tuple
            What `fit_posteriors` returns.
        y, domains : ndarray of shape (n,), int64
            Codes of labels and domains of all source rows.
        z : ndarray of shape (n, n_attributes), int64
            Codes of their groups.
        seed : int
            Seed of the choice of rows.
        """
        posteriors, probabilities, index = fitted
        decided = probabilities.label.argmax(axis=1)
        if len(np.unique(decided)) == 1:
            decided = y[index]
        differs = any(_depend(decided, column) for column in z[index].T)
        kept = np.random.default_rng(seed).permutation(len(index))[:MAX_ROWS]
        prior = np.bincount(y) / len(y)
        rows = probabilities[kept], domains[index[kept]]
        return cls(posteriors, *rows, prior, differs)

    def adapted(self, X: Any) -> FairControl:
        """Return the state for the domain of unlabelled rows; None goes back."""
        if X is None:
            return replace(self, target=None)
        p = self.posteriors.predict(X)
        kept = np.random.default_rng(0).permutation(len(p))[:MAX_ROWS]
        return replace(self, target=p[kept])

    def drift(self) -> str | None:
        """Return a warning if the unlabelled rows look nothing like the source rows."""
        if self.target is None:
            return None
        pairs = zip(_scores(self.sources), _scores(self.target), strict=True)
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
        # The way leads to parity, whatever ratio of it is asked for: a part of that way
        # carries over to other domains better than all of the way to a lower ratio.
        targets, labels = goal.targets, goal.labels
        aims, end = (targets or PARITY), (1.0 if targets else DEFAULT_END)
        aims = {**aims, **{m: r for m, r in PARITY.items() if m in aims}}
        rows = self.sources, self.domains
        if self.target is None:
            fair = of_sources(*rows, aims, labels, self.prior, end)
        else:
            lean = of_sources(*rows, PARITY, labels, self.prior, DEFAULT_END)
            fair = of_target(self.target, lean, aims, labels)
        strength, warning = choose(fair.tradeoff, targets)
        if "equal_opportunity" not in (targets or {}) and not self.differs:
            # Correcting what chance has made costs accuracy and brings nothing.
            strength, warning = 0.0, None
        return Solution(goal, fair, strength, warning)


def what_is_too_many(n_groups: tuple[int, ...], n_labels: int) -> str | None:
    """Return a warning if there are too many groups or labels to be made alike."""
    if max((n_labels, *n_groups)) <= MAX_GROUPS or not n_groups:
        return None
    return (
        f"No fair labels: z has {', '.join(map(str, n_groups))} groups and y "
        f"{n_labels} labels, whose rates cannot be made alike; expected at most "
        f"{MAX_GROUPS} of each. Join them, numbers to ranges."
    )


def _scores(p: Probabilities) -> list[Array]:
    return [column for table in (p.label, *p.group) for column in table.T]


def _depend(a: Codes, b: Codes) -> bool:
    """Tell whether two columns of codes go together by more than chance."""
    table = np.unique(a, return_inverse=True)[1], np.unique(b, return_inverse=True)[1]
    counts = np.zeros((1 + table[0].max(), 1 + table[1].max()))
    np.add.at(counts, table, 1)
    return bool(chi2_contingency(counts).pvalue < SIGNIFICANCE)
