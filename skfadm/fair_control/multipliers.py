"""The shift of a posterior that makes decisions alike, by convex optimisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

from .posteriors import Probabilities

Array = NDArray[np.float64]

#: Decisions are smoothed by these temperatures, one after the other, in units of
#: log-probabilities: the last is as good as a sharp decision.
TEMPERATURES = (0.2, 0.05, 0.01)
#: A label that so few rows are decided for has its probability looked at instead.
RARE, RARE_TEMPERATURE = 0.005, (1.0,)
#: Keeps multipliers finite where no shift can do what is asked.
RIDGE = 1e-7


@dataclass(frozen=True)
class Basis:
    """Functions of p(z | x) that a shift is made of; for each attribute they sum to 1.

    Parameters
    ----------
    knots : tuple of ndarray or None
        None: the probabilities of the groups themselves, so that rates of *groups* are
        made alike. With knots, one increasing array for each group: hat functions of
        its probability, so that rates are made alike *whatever the features suggest of
        the group*, and hence in every mixture of groups.
    """

    knots: tuple[Array, ...] | None = None

    @classmethod
    def of_cells(cls, groups: Sequence[Array], n_cells: int) -> Basis:
        """Return hat functions with knots at quantiles of the probabilities.

        Parameters
        ----------
        groups : sequence of ndarray of shape (n, n_groups)
            p(z | x), one array a sensitive attribute.
        n_cells : int
            Knots for each group, at most.
        """
        levels = np.linspace(0.0, 1.0, n_cells)
        knots = [np.unique(np.quantile(p, levels)) for p in _one_a_degree(groups)]
        return cls(tuple(knots))

    def __call__(self, groups: Sequence[Array]) -> Array:
        """Return the functions of rows, shape (n, n_functions).

        Parameters
        ----------
        groups : sequence of ndarray of shape (n, n_groups)
            p(z | x), one array a sensitive attribute.
        """
        if self.knots is None:
            return np.hstack(groups)
        columns = _one_a_degree(groups)
        return np.hstack(
            [_hats(p, k) for p, k in zip(columns, self.knots, strict=True)]
        )

    def blocks(self, groups: Sequence[Array]) -> list[int]:
        """Return how many functions belong together, each block summing to 1."""
        if self.knots is None:
            return [p.shape[1] for p in groups]
        return [len(knots) for knots in self.knots]


@dataclass(frozen=True)
class Shift:
    r"""What is added to log p(y | x) to make it fair, up to a constant in y.

    .. math:: S_y(x) = \sum_k A_k(x) M_{yk} + p(y | x) \sum_k A_k^y(x) N_{yk}

    with :math:`A` the basis at :math:`p(z | x)` and :math:`A^y` at :math:`p(z | x, y)`.

    Parameters
    ----------
    basis : Basis
        The functions A.
    parity, opportunity : ndarray of shape (n_labels, n_functions)
        Multipliers M of demographic parity and N of equal opportunity.
    """

    basis: Basis
    parity: Array
    opportunity: Array

    def times(self, factor: float) -> Shift:
        """Return the shift with all multipliers times a factor."""
        return Shift(self.basis, factor * self.parity, factor * self.opportunity)

    def toward(self, other: Shift, part: float) -> Shift:
        """Return the shift a part of the way to another of the same basis."""
        pairs = ((self.parity, other.parity), (self.opportunity, other.opportunity))
        return Shift(self.basis, *(a + part * (b - a) for a, b in pairs))

    def __call__(self, p: Probabilities) -> Array:
        """Return the shift of rows, shape (n, n_labels)."""
        shift = self.basis(p.group) @ self.parity.T
        for y in np.flatnonzero(self.opportunity.any(axis=1)).tolist():
            shift[:, y] += _of_label(self.basis, p, y) @ self.opportunity[y]
        return shift


def solve(
    p: Probabilities,
    basis: Basis,
    targets: Mapping[str, float],
    labels: Sequence[int],
    weights: Array,
    shares: Array | None = None,
) -> Shift:
    r"""Return the shift under which the rates of decisions meet the targets.

    Of all decisions whose rates, weighted by the functions of the basis, have at least
    the ratios asked for, the shift gives those with the most :math:`\log p(y | x)`.
    Ratio constraints are linear in the decisions [1]_ [2]_, so the multipliers are the
    solution of the dual problem, which is convex: without local optima, and without
    overshooting, since the rates themselves are constrained. Entropy with the weight T
    makes it smooth,

    .. math:: \min_{v \ge 0} \; T\, E \log \sum_y
              \exp \frac{\log p(y | x) + S_y(x; v)}{T},

    and T is lowered to 0.01.

    Parameters
    ----------
    p : Probabilities
        Of the rows on which rates are compared.
    basis : Basis
        What rates are weighted by.
    targets : dict of str to float
        Ratios in (0, 1] of "demographic_parity", "equal_opportunity" or both.
    labels : sequence of int
        Codes of the labels whose rates are compared.
    weights : ndarray of shape (n,)
        Weights of the rows, which sum to 1.
    shares : ndarray of shape (n_labels,), default=None
        Shares of the labels among the decisions; None leaves them free.

    References
    ----------
    .. [1] Zeng, Cheng, Dobriban (2024). Bayes-optimal fair classification with linear
       disparity constraints via pre-, in-, and post-processing. arXiv:2402.02817.
    .. [2] Yang, Huang, Chang (2025). arXiv:2505.00631.
    """
    log_p = np.log(p.label)
    constraints = []
    for measure, ratio in targets.items():
        for y in labels:
            of_parity = measure == "demographic_parity"
            functions = basis(p.group) if of_parity else _of_label(basis, p, y)
            constraints.append(
                _Constraint(
                    y, of_parity, functions, basis.blocks(p.group), ratio, weights
                )
            )
    ends = np.cumsum([0, *(len(c.pairs) for c in constraints)])
    parts = [slice(a, b) for a, b in zip(ends[:-1], ends[1:], strict=True)]

    n_bounded, n_labels = int(ends[-1]), log_p.shape[1]

    def dual(v: Array, temperature: float) -> tuple[float, Array]:
        logits = log_p + (0.0 if shares is None else v[n_bounded:])
        for constraint, part in zip(constraints, parts, strict=True):
            logits[:, constraint.y] += constraint.shift(v[part])
        logits /= temperature
        total = logsumexp(logits, axis=1)
        q = np.exp(logits - total[:, np.newaxis]) * weights[:, np.newaxis]
        gradient = np.concatenate([c.surplus(q[:, c.y]) for c in constraints])
        value = temperature * float(weights @ total) + RIDGE * float(v @ v)
        if shares is not None:
            value -= float(v[n_bounded:] @ shares)
            gradient = np.append(gradient, q.sum(axis=0) - shares)
        return value, gradient + 2 * RIDGE * v

    v = np.zeros(n_bounded if shares is None else n_bounded + n_labels)
    for temperature in temperatures(p, labels, weights) if len(v) else ():
        v = minimize(
            dual,
            v,
            args=(temperature,),
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, None)] * n_bounded + [(None, None)] * (len(v) - n_bounded),
            options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7},
        ).x
    n_functions = sum(basis.blocks(p.group))
    multipliers = np.zeros((2, log_p.shape[1], n_functions))
    for constraint, part in zip(constraints, parts, strict=True):
        found = multipliers[0 if constraint.of_parity else 1]
        found[constraint.y] += constraint.multipliers(v[part])
    if shares is not None:
        # The functions of a block sum to 1, so that they make a constant as well.
        first = basis.blocks(p.group)[0]
        multipliers[0][:, :first] += v[n_bounded:, np.newaxis]
    return Shift(basis, *multipliers)


def temperatures(
    p: Probabilities, labels: Sequence[int], weights: Array
) -> tuple[float, ...]:
    """Return how sharply decisions are looked at: a rare one by its probability."""
    decided = weights @ decisions(np.log(p.label))
    return RARE_TEMPERATURE if decided[list(labels)].min() < RARE else TEMPERATURES


def decisions(logits: Array) -> Array:
    """Return the decisions for the largest of logits (n, n_labels), one-hot."""
    return np.eye(logits.shape[1])[logits.argmax(axis=1)]


def offsets(logits: Array, shares: Array) -> Array:
    """Return what to add to logits (n, n_labels) so that labels get their shares.

    Newton's method on a convex function; the shares are those of labels that are drawn.
    """
    b = np.zeros(len(shares))
    for _ in range(50):
        q = softmax(logits + b, axis=1)
        mean = q.mean(axis=0)
        if np.abs(mean - shares).max() < 1e-9:
            break
        curvature = np.diag(mean) - q.T @ q / len(q) + 1e-10 * np.eye(len(b))
        step = np.linalg.lstsq(curvature, shares - mean, rcond=None)[0]
        b += np.clip(step - step.mean(), -2.0, 2.0)
    return b


class _Constraint:
    """Rates of one label: each is at least `ratio` times each other of its block."""

    def __init__(
        self,
        y: int,
        of_parity: bool,
        functions: Array,
        blocks: list[int],
        ratio: float,
        weights: Array,
    ):
        self.y, self.of_parity = y, of_parity
        means = weights @ functions
        # A group that is never met has no rate.
        self.scale = np.where(means > 1e-12, 1.0 / np.maximum(means, 1e-12), 0.0)
        self.functions = functions
        starts = np.cumsum([0, *blocks[:-1]])
        pairs = [
            (start + a, start + b)
            for start, size in zip(starts, blocks, strict=True)
            for a, b in permutations(range(size), 2)
        ]
        self.pairs = np.zeros((len(pairs), sum(blocks)))
        rows = np.arange(len(pairs))
        # None where features tell nothing of the groups: then all rates are equal.
        low, high = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
        self.pairs[rows, low] = self.scale[low]
        self.pairs[rows, high] = -ratio * self.scale[high]

    def multipliers(self, v: Array) -> Array:
        return v @ self.pairs

    def shift(self, v: Array) -> Array:
        return self.functions @ self.multipliers(v)

    def surplus(self, decided: Array) -> Array:
        return self.pairs @ (self.functions.T @ decided)


def _of_label(basis: Basis, p: Probabilities, y: int) -> Array:
    """Return the basis at p(z | x, y) times p(y | x), shape (n, n_functions)."""
    return p.label[:, [y]] * basis([g[:, y] for g in p.group_given_label])


def _one_a_degree(groups: Sequence[Array]) -> list[Array]:
    """Return the columns of p(z | x) that tell all of it: one of two groups."""
    columns = []
    for p in groups:
        columns += [p[:, 1]] if p.shape[1] == 2 else list(p.T)
    return columns


def _hats(p: Array, knots: Array) -> Array:
    """Return the hat functions of knots, (n, n_knots): linear interpolation."""
    if len(knots) == 1:
        return np.ones((len(p), 1))
    p = np.clip(p, knots[0], knots[-1])
    left = np.clip(np.searchsorted(knots, p, side="right") - 1, 0, len(knots) - 2)
    part = (p - knots[left]) / (knots[left + 1] - knots[left])
    hats = np.zeros((len(p), len(knots)))
    rows = np.arange(len(p))
    hats[rows, left] = 1.0 - part
    hats[rows, left + 1] += part
    return hats
