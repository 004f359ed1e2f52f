"""The fair posterior q(y | x): how it is found, and how labels are drawn from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

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
from .rates import MEASURES, predicted_rates, predicted_ratio
from .tradeoff import Tradeoff

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

#: The strengths that are looked at.
STRENGTHS = np.linspace(0.0, 1.0, 11)
#: Rows that the shift is solved for on, at most.
MAX_ROWS = 20_000
#: Knots for each group where the domain is not known. More of them fit the source
#: domains better and others worse (Adult: 2, 3, 4, 6, 8 and 12 were tried).
N_KNOTS = 3
#: A domain with fewer rows tells nothing of the ratio.
MIN_ROWS = 30
#: Where unlabelled rows are so few, half of the shift is that of the source rows.
HALF_ROWS = 100
#: Under a goal of equal opportunity so many more rows are decided positive: classifiers
#: of the generated rows come nearer to it than without (Adult: 1 to 1.6 were tried).
MORE_POSITIVES = 1.3


@dataclass(frozen=True)
class FairLabels:
    r"""The fair posterior of every strength.

    .. math:: \log q(y | x) = \log p(y | x) + S_y(x; \lambda) + b_y(\lambda) + const

    Parameters
    ----------
    paths : tuple of tuple of Shift
        Each has a shift for each strength of `tradeoff`, between which multipliers are
        interpolated. The paths add up.
    offsets : ndarray of shape (n_strengths, n_labels)
        The offsets b at these strengths.
    tradeoff : Tradeoff
        What is predicted of the decisions.
    """

    paths: tuple[tuple[Shift, ...], ...]
    offsets: Array
    tradeoff: Tradeoff

    def shift(self, p: Probabilities, strength: float) -> Array:
        """Return the shift of log p(y | x), offset included, shape (n, n_labels)."""
        place = np.interp(strength, STRENGTHS, np.arange(len(STRENGTHS)))
        i = min(int(place), len(STRENGTHS) - 2)
        shifts = [path[i].toward(path[i + 1], place - i) for path in self.paths]
        b = self.offsets[i] + (place - i) * (self.offsets[i + 1] - self.offsets[i])
        return sum(shift(p) for shift in shifts) + b

    def posterior(self, p: Probabilities, strength: float) -> Array:
        """Return q(y | x) of rows, shape (n, n_labels).

        Parameters
        ----------
        p : Probabilities
            Of the rows.
        strength : float
            In [0, 1].
        """
        return softmax(np.log(p.label) + self.shift(p, strength), axis=1)


def of_sources(
    p: Probabilities,
    domains: Codes,
    targets: Mapping[str, float],
    labels: Sequence[int],
    shares: Array,
    end: float = 1.0,
) -> FairLabels:
    """Return the fair posterior where nothing is known of the domain to come.

    Rates are made alike whatever features suggest of the group: what holds in every
    cell of p(z | x) holds in every mixture of groups, and carries over to domains in
    which groups are mixed in another way. The shift grows in proportion, since a part
    of the way carries over better than a lower target.

    Parameters
    ----------
    p : Probabilities
        Of source rows, out of fold.
    domains : ndarray of shape (n,), int64
        Their domains; ratios are means over domains.
    targets : mapping of str to float
        Ratios in (0, 1] of "demographic_parity", "equal_opportunity" or both.
    labels : sequence of int
        Codes of the labels whose rates are compared.
    shares : ndarray of shape (n_labels,)
        Shares that the labels keep.
    end : float, default=1.0
        The part of the shift that strength 1 stands for.
    """
    basis = Basis.of_cells(p.group, N_KNOTS)
    solution = solve(p, basis, targets, labels, _uniform(p))
    path = tuple(solution.times(end * strength) for strength in STRENGTHS)
    return _traced((path,), p, domains, labels, shares, "the source rows")


def of_target(
    p: Probabilities,
    sources: FairLabels,
    targets: Mapping[str, float],
    labels: Sequence[int],
) -> FairLabels:
    """Return the fair posterior for the domain of unlabelled rows.

    Each strength closes its share of the gap between the ratios as they are and those
    asked for. As many rows are decided for each label as without fair control, with a
    goal of equal opportunity up to 1.3 times as many for the positive label.

    Parameters
    ----------
    p : Probabilities
        Of the unlabelled rows.
    sources : FairLabels
        What few rows lean on.
    targets, labels
        As for `of_sources`.
    """
    weights, is_rare = _uniform(p), _is_rare(p, labels)
    decided = p.label if is_rare else decisions(np.log(p.label))
    found = {
        measure: np.nan_to_num(predicted_ratio(p, decided, measure, labels, weights))
        for measure in targets
    }
    trust = len(p) ** 3 / (len(p) ** 3 + HALF_ROWS**3)
    leaned_on = sources.paths[0][-1].times(1 - trust)
    more = MORE_POSITIVES - 1.0 if "equal_opportunity" in targets else 0.0
    path, lean = [], []
    for strength in STRENGTHS:
        goal = {
            measure: ratio - (1.0 - strength) * max(0.0, ratio - found[measure])
            for measure, ratio in targets.items()
        }
        shares = _with_more(decided.mean(axis=0), labels, 1.0 + strength * more)
        solution = solve(p, Basis(), goal, labels, weights, shares)
        path.append(solution.times(trust))
        lean.append(leaned_on.times(strength))
    one_domain = np.zeros(len(p), dtype=np.int64)
    paths = tuple(path), tuple(lean)
    return _traced(paths, p, one_domain, labels, None, "the unlabelled rows")


def _traced(
    paths: tuple[tuple[Shift, ...], ...],
    p: Probabilities,
    domains: Codes,
    labels: Sequence[int],
    shares: Array | None,
    rows: str,
) -> FairLabels:
    """Return the posterior of each strength, and what is predicted of it on rows p."""
    weights, is_rare = _uniform(p), _is_rare(p, labels)
    parts = [np.flatnonzero(domains == d) for d in np.unique(domains)]
    parts = [part for part in parts if len(part) >= MIN_ROWS] or [np.arange(len(p))]
    b, accuracy = [], []
    ratios: dict[str, list[float]] = {measure: [] for measure in MEASURES}
    rates: list[list[Array]] = []
    for shifts in zip(*paths, strict=True):
        logits = np.log(p.label) + sum(shift(p) for shift in shifts)
        offset = np.zeros(logits.shape[1])
        if shares is not None:
            offset = offsets(logits, shares)
        logits = logits + offset
        # What is hardly ever decided for is looked at by its probability.
        decided = softmax(logits, axis=1) if is_rare else decisions(logits)
        b.append(offset)
        accuracy.append(float((decisions(logits) * p.label).sum(axis=1).mean()))
        rates.append(
            predicted_rates(p, decided, "demographic_parity", labels[-1], weights)
        )
        for measure, found in ratios.items():
            of_domains = [
                predicted_ratio(
                    p[part], decided[part], measure, labels, weights[: len(part)]
                )
                for part in parts
            ]
            found.append(_mean(of_domains, [len(part) for part in parts]))
    tradeoff = Tradeoff(
        STRENGTHS,
        np.array(accuracy),
        {measure: np.array(found) for measure, found in ratios.items()},
        tuple(np.array(of_groups) for of_groups in zip(*rates, strict=True)),
        rows,
    )
    return FairLabels(paths, np.array(b), tradeoff)


def _with_more(shares: Array, labels: Sequence[int], factor: float) -> Array:
    """Return shares with the only label that counts multiplied by a factor."""
    if len(labels) > 1:
        return shares
    y = labels[0]
    raised = min(factor * shares[y], 0.5 * (1.0 + shares[y]))
    others = shares * (1.0 - raised) / max(1.0 - shares[y], 1e-12)
    return np.where(np.arange(len(shares)) == y, raised, others)


def _uniform(p: Probabilities) -> Array:
    return np.full(len(p), 1.0 / len(p))


def _is_rare(p: Probabilities, labels: Sequence[int]) -> bool:
    return temperatures(p, labels, _uniform(p)) == RARE_TEMPERATURE


def _mean(values: Sequence[float], sizes: Sequence[int]) -> float:
    known = ~np.isnan(values)
    if not known.any():
        return float("nan")
    return float(np.average(np.array(values)[known], weights=np.array(sizes)[known]))


def draw(q: Array, u: Array) -> Codes:
    """Draw a label for each row by inversion.

    Parameters
    ----------
    q : ndarray of shape (n, n_labels)
        Probabilities.
    u : ndarray of shape (n,)
        Uniform numbers in [0, 1).

    Returns
    -------
    ndarray of shape (n,), int64
    """
    cdf = q.cumsum(axis=1)
    return (cdf[:, :-1] <= u[:, np.newaxis] * cdf[:, -1:]).sum(axis=1)


@dataclass(frozen=True)
class Proposal:
    r"""Rows for a label that is asked for, by rejection.

    A row is generated for the label itself or, with probability :math:`\epsilon`, for
    one of the label's shares, and accepted in proportion to

    .. math:: w(x) = \frac{q(y | x)}{(1 - \epsilon)\, p(y | x) / p(y) + \epsilon}.

    Parameters
    ----------
    epsilon : float
        Share of rows that are generated for any label.
    bound : float
        What w is divided by; it exceeds it for 1 % of the proposed rows.
    acceptance : float
        The share of proposed rows that is accepted.
    """

    epsilon: float
    bound: float
    acceptance: float

    @classmethod
    def best(cls, p: Array, q: Array, prior: float) -> Proposal:
        """Return the proposal that accepts the most.

        Parameters
        ----------
        p, q : ndarray of shape (n,)
            p(y | x) and q(y | x) of the label on rows of the table.
        prior : float
            Share of the label in the table.
        """
        found = []
        for epsilon in (0.0, 0.05, 0.2, 1.0):
            proposed = (1 - epsilon) * p / prior + epsilon
            w = q / proposed
            order = np.argsort(w)
            mass = proposed[order].cumsum()
            bound = w[order][np.searchsorted(mass, 0.99 * mass[-1])]
            accepted = np.average(np.minimum(w / bound, 1.0), weights=proposed)
            found.append(cls(epsilon, float(bound), float(accepted)))
        return max(found, key=lambda proposal: proposal.acceptance)

    def log_acceptance(self, p: Array, q: Array, prior: float) -> Array:
        """Return the log-probability of accepting each row, shape (n,)."""
        w = q / ((1 - self.epsilon) * p / prior + self.epsilon)
        return np.minimum(np.log(w / self.bound), 0.0)
