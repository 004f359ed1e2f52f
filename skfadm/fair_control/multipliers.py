"""The shift of a posterior that makes decisions alike, by convex optimisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

from .posteriors import Probabilities
from .rates import CONDITIONS, members

Array = NDArray[np.float64]

#: Decisions are smoothed by these temperatures, one after the other, in units of
#: log-probabilities: the last is as good as a sharp decision.
TEMPERATURES = (0.2, 0.05, 0.01)
#: A label that so few rows are decided for has its probability looked at instead.
RARE, RARE_TEMPERATURE = 0.005, (1.0,)
#: Keeps multipliers finite where no shift can do what is asked.
RIDGE = 1e-7
#: Price of a bend in p(z | x), where the domain is not known: more makes the shift
#: linear, less makes it fit the source domains and no other. 2e-5 to 2e-1 were tried on
#: Adult's held-out races.
BEND = 2e-3


@dataclass(frozen=True)
class Basis:
    """Three hat functions of each column of p(z | x): what a shift is made of.

    They interpolate between the knots 0, the median and 1, so that linear functions of
    p(z | x) are among what they can make.
    """

    middle: Array

    @classmethod
    def of(cls, groups: Sequence[Array]) -> Basis:
        """Return the basis for rows; `groups` is p(z | x), one array an attribute."""
        return cls(np.clip(np.median(np.hstack(groups), axis=0), 0.01, 0.99))

    def __call__(self, groups: Sequence[Array]) -> Array:
        """Return the functions of rows, shape (n, n_functions); each column's sum to 1.

        Those of a column stand together.
        """
        p = np.hstack(groups)
        low = np.maximum(1.0 - p / self.middle, 0.0)
        high = np.maximum(1.0 - (1.0 - p) / (1.0 - self.middle), 0.0)
        return np.stack([low, 1.0 - low - high, high], axis=2).reshape(len(p), -1)

    def from_groups(self, multipliers: Array) -> Array:
        """Return what makes the functions the sum of p(z | x) times multipliers.

        From shape (n_labels, groups of all attributes) to (n_labels, n_functions).
        """
        knots = np.column_stack([0 * self.middle, self.middle, self.middle**0])
        return (multipliers[:, :, np.newaxis] * knots).reshape(len(multipliers), -1)

    def bend(self, multipliers: Array) -> tuple[float, Array]:
        """Return the sum of squared bends of (n_labels, n_functions), and its slope."""
        left, right = 1.0 / self.middle, 1.0 / (1.0 - self.middle)
        bend = np.column_stack([left, -left - right, right])
        m = multipliers.reshape(len(multipliers), -1, *bend.shape)
        found = (m * bend).sum(axis=3, keepdims=True)
        return float((found**2).sum()), 2 * (found * bend).reshape(multipliers.shape)


@dataclass(frozen=True)
class Shift:
    r"""What is added to log p(y | x) to make it fair, up to a constant in y.

    .. math:: S_y(x) = \sum_k A_k(x) M_{yk}
              + \sum_{y'} p(y' | x) \sum_k A_k^{y'}(x) N_{yy'k}

    with :math:`A` the basis at :math:`p(z | x)` and :math:`A^y` at :math:`p(z | x, y)`.
    """

    basis: Basis
    overall: Array
    by_label: Array

    def mixed(self, share: float, other: Shift, other_share: float) -> Shift:
        """Return the weighted sum of two shifts of the same basis."""
        pairs = (self.overall, other.overall), (self.by_label, other.by_label)
        return Shift(self.basis, *(share * a + other_share * b for a, b in pairs))

    def __call__(self, p: Probabilities) -> Array:
        """Return the shift of rows, shape (n, n_labels)."""
        shift = self.basis(p.group) @ self.overall.T
        for y in np.flatnonzero(self.by_label.any(axis=(0, 2))).tolist():
            shift += _of_label(self.basis, p, y) @ self.by_label[:, y].T
        return shift


def solve(
    p: Probabilities,
    basis: Basis,
    targets: Mapping[str, float],
    labels: Sequence[int],
    *,
    by_group: bool,
    keep_shares: bool,
) -> Shift:
    r"""Return the shift under which the rates of decisions meet the targets.

    Each rate is within :math:`1 \pm (1 - r) / (1 + r)` times the mean of the rates:
    constraints that are linear in the decisions, so that the dual is convex
    (arXiv:2402.02817, arXiv:2505.00631). With entropy of weight T, lowered to 0.01,

    .. math:: \min_{v \ge 0} \; T\, E \log \sum_y
              \exp \frac{\log p(y | x) + S_y(x; v)}{T}.

    Rates are those of groups or, not `by_group`, those at each knot, with a price on
    bends. Constraints of all conditions stand side by side.
    """
    wanted: dict[str, float] = {}
    for measure, ratio in targets.items():
        for condition in CONDITIONS[measure]:
            wanted[condition] = max(ratio, wanted.get(condition, 0.0))
    labels, log_p = list(labels), np.log(p.label)
    n, n_labels = log_p.shape

    def functions_of(y: int) -> Array:
        if by_group:
            return np.hstack([part for c in wanted for part in members(p, c, y)])
        return np.hstack([_functions(basis, p, c, y) for c in wanted])

    # For parity they are the same for each label.
    is_parity = list(wanted) == ["all"]
    functions = [functions_of(y) for y in (labels[:1] if is_parity else labels)]
    functions *= len(labels) // len(functions)
    sizes = [g.shape[1] for g in p.group] if by_group else [3] * len(basis.middle)
    blocks = np.repeat(np.arange(len(sizes) * len(wanted)), sizes * len(wanted))
    delta = np.repeat([(1 - r) / (1 + r) for r in wanted.values()], sum(sizes))
    rows = np.stack([_constraints(f.mean(axis=0), blocks, delta) for f in functions])
    n_bounded = rows[:, :, 0].size
    shares = decisions(log_p).mean(axis=0)

    def multipliers(v: Array) -> Array:
        return (v[:n_bounded].reshape(len(labels), 1, -1) @ rows)[:, 0]

    def dual(v: Array, temperature: float) -> tuple[float, Array]:
        m = multipliers(v)
        logits = log_p + v[n_bounded:]
        for y, f, own in zip(labels, functions, m, strict=True):
            logits[:, y] += f @ own
        logits /= temperature
        total = logsumexp(logits, axis=1)
        q = np.exp(logits - total[:, np.newaxis]) / n
        slope = np.stack([q[:, y] @ f for y, f in zip(labels, functions, strict=True)])
        price = 0.0
        if not by_group:
            price, steep = basis.bend(m)
            price, slope = 0.5 * BEND * price, slope + 0.5 * BEND * steep
        value = temperature * float(total.mean()) - float(v[n_bounded:] @ shares)
        gradient = 2 * RIDGE * v
        gradient[:n_bounded] += (rows @ slope[:, :, np.newaxis]).ravel()
        gradient[n_bounded:] += q.sum(axis=0) - shares
        return value + price + RIDGE * float(v @ v), gradient

    free = (None, None) if keep_shares else (0.0, 0.0)
    v = np.zeros(n_bounded + n_labels)
    for temperature in temperatures(p, labels):
        v = minimize(
            dual,
            v,
            args=(temperature,),
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, None)] * n_bounded + [free] * n_labels,
            options={"maxiter": 300, "ftol": 1e-10, "gtol": 1e-7},
        ).x
    overall = np.zeros((n_labels, 3 * len(basis.middle)))
    by_label = np.zeros((n_labels, *overall.shape))
    parts = np.split(multipliers(v), len(wanted), axis=1)
    for condition, found in zip(wanted, parts, strict=True):
        of_basis = basis.from_groups(found) if by_group else found
        for y, m in zip(labels, of_basis, strict=True):
            if condition == "all":
                overall[y] += m
            else:
                by_label[y, (np.arange(n_labels) == y) == (condition == "label")] += m
    return Shift(basis, overall, by_label)


def temperatures(p: Probabilities, labels: Sequence[int]) -> tuple[float, ...]:
    """Return how sharply decisions are looked at: a rare one by its probability."""
    decided = decisions(np.log(p.label)).mean(axis=0)
    return RARE_TEMPERATURE if decided[list(labels)].min() < RARE else TEMPERATURES


def decisions(logits: Array) -> Array:
    """Return the decisions for the largest of logits (n, n_labels), one-hot."""
    return np.eye(logits.shape[1])[logits.argmax(axis=1)]


def _constraints(means: Array, blocks: NDArray[Any], delta: Array) -> Array:
    """Return the constraints on sums of decided functions: two a function."""
    # A group that is never met has no rate.
    met = means > 1e-12
    scale = np.diag(np.where(met, 1.0 / np.where(met, means, 1.0), 0.0))
    alike = (blocks[:, np.newaxis] == blocks) & met
    mean = alike / np.maximum(alike.sum(axis=1, keepdims=True), 1) @ scale
    mean, delta = mean * met[:, np.newaxis], delta[:, np.newaxis]
    return np.vstack([scale - (1 - delta) * mean, (1 + delta) * mean - scale])


def _functions(basis: Basis, p: Probabilities, condition: str, y: int) -> Array:
    """Return the basis among the rows of a condition, shape (n, n_functions)."""
    if condition == "all":
        return basis(p.group)
    is_own = condition == "label"
    labels = [k for k in range(p.label.shape[1]) if (k == y) == is_own]
    return np.sum([_of_label(basis, p, k) for k in labels], axis=0)


def _of_label(basis: Basis, p: Probabilities, y: int) -> Array:
    """Return the basis at p(z | x, y) times p(y | x), shape (n, n_functions)."""
    return p.label[:, [y]] * basis([g[:, y] for g in p.group_given_label])
