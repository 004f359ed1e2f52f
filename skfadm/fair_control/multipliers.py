"""The shift of a posterior that makes decisions alike, by convex optimisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag
from scipy.optimize import minimize
from scipy.special import logsumexp

from .goal import CONDITIONS
from .posteriors import Array, Codes, Probabilities

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

    They interpolate between the knots 0, the median and 1.
    """

    middle: Array

    @classmethod
    def of(cls, p: Probabilities) -> Basis:
        """Return the basis for rows."""
        return cls(np.clip(np.median(np.hstack(p.group), axis=0), 0.01, 0.99))

    def __call__(self, groups: Sequence[Array]) -> Array:
        """Return the functions of rows, (n, n_functions); three a column, of sum 1."""
        p = np.hstack(groups)
        low = np.maximum(1.0 - p / self.middle, 0.0)
        high = np.maximum(1.0 - (1.0 - p) / (1.0 - self.middle), 0.0)
        return np.stack([low, 1.0 - low - high, high], axis=2).reshape(len(p), -1)

    def among(self, p: Probabilities, condition: str, y: int) -> Array:
        """Return the functions among the rows of a condition, (n, n_functions)."""
        if condition == "all":
            return self(p.group)
        labels = np.arange(p.label.shape[1])
        labels = labels[(labels == y) == (condition == "label")]
        each = [self([g[:, k] for g in p.group_given_label]) for k in labels]
        return np.einsum("nk,knf->nf", p.label[:, labels], np.stack(each))

    def linear(self) -> Array:
        """Return the columns as sums of functions, (n_groups, n_functions)."""
        knots = np.column_stack([0 * self.middle, self.middle, self.middle**0])
        return block_diag(*knots)

    def bends(self) -> Array:
        """Return what makes bends of multipliers, (n_groups, n_functions)."""
        left, right = 1.0 / self.middle, 1.0 / (1.0 - self.middle)
        return block_diag(*np.column_stack([left, -left - right, right]))


@dataclass(frozen=True)
class Shift:
    r"""What is added to log p(y | x) to make it fair, up to a constant in y.

    .. math:: S_y(x) = \sum_c \sum_k A_{cyk}(x) M_{cyk}

    with the functions A of the basis among the rows of each condition c.
    """

    basis: Basis
    #: M of each condition, (n_labels, n_functions).
    multipliers: Mapping[str, Array]

    def mixed(self, share: float, other: Shift, other_share: float) -> Shift:
        """Return the weighted sum of two shifts of the same basis and conditions."""
        pairs = self.multipliers.items()
        found = {c: share * m + other_share * other.multipliers[c] for c, m in pairs}
        return Shift(self.basis, found)

    def __call__(self, p: Probabilities) -> Array:
        """Return the shift of rows, shape (n, n_labels)."""
        shift = np.zeros_like(p.label)
        for condition, multipliers in self.multipliers.items():
            for y in np.flatnonzero(multipliers.any(axis=1)).tolist():
                shift[:, y] += self.basis.among(p, condition, y) @ multipliers[y]
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

    Rates are those of groups or those at each knot, with a price on bends.
    """
    wanted: dict[str, float] = {}
    for measure, ratio in targets.items():
        for condition in CONDITIONS[measure]:
            wanted[condition] = max(ratio, wanted.get(condition, 0.0))
    labels, log_p = list(labels), np.log(p.label)
    n, n_labels = log_p.shape
    # For parity the functions are the same for each label.
    alike = [labels] if list(wanted) == ["all"] else [[y] for y in labels]
    sizes, into = [3] * len(basis.middle), np.eye(3 * len(basis.middle))
    if by_group:
        sizes, into = [g.shape[1] for g in p.group], basis.linear()
    bends = block_diag(*[basis.bends() @ into.T] * len(wanted))
    into = block_diag(*[into] * len(wanted))
    terms = [
        (ys, np.hstack([basis.among(p, c, ys[0]) for c in wanted]) @ into.T)
        for ys in alike
    ]
    blocks = np.repeat(np.arange(len(sizes) * len(wanted)), sizes * len(wanted))
    delta = np.repeat([(1 - r) / (1 + r) for r in wanted.values()], sum(sizes))
    each = [f.mean(axis=0) for ys, f in terms for _ in ys]
    rows = np.stack([_constraints(means, blocks, delta) for means in each])
    n_bounded = rows[:, :, 0].size
    shares = decisions(log_p).mean(axis=0)

    def multipliers(v: Array) -> Array:
        found = np.zeros((n_labels, rows.shape[2]))
        found[labels] = (v[:n_bounded].reshape(len(labels), 1, -1) @ rows)[:, 0]
        return found

    def dual(v: Array, temperature: float) -> tuple[float, Array]:
        m = multipliers(v)
        logits = log_p + v[n_bounded:]
        for ys, f in terms:
            logits[:, ys] += f @ m[ys].T
        logits /= temperature
        total = logsumexp(logits, axis=1)
        q = np.exp(logits - total[:, np.newaxis]) / n
        bent = m @ bends.T
        slope = BEND * bent @ bends
        for ys, f in terms:
            slope[ys] += q[:, ys].T @ f
        value = temperature * float(total.mean()) - float(v[n_bounded:] @ shares)
        gradient = 2 * RIDGE * v
        gradient[:n_bounded] += (rows @ slope[labels, :, np.newaxis]).ravel()
        gradient[n_bounded:] += q.sum(axis=0) - shares
        price = 0.5 * BEND * float((bent**2).sum()) + RIDGE * float(v @ v)
        return value + price, gradient

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
    parts = np.split(multipliers(v) @ into, len(wanted), axis=1)
    return Shift(basis, dict(zip(wanted, parts, strict=True)))


def temperatures(p: Probabilities, labels: Sequence[int]) -> tuple[float, ...]:
    """Return how sharply decisions are looked at: a rare one by its probability."""
    decided = decisions(np.log(p.label)).mean(axis=0)
    return RARE_TEMPERATURE if decided[list(labels)].min() < RARE else TEMPERATURES


def decisions(logits: Array) -> Array:
    """Return the decisions for the largest of logits (n, n_labels), one-hot."""
    return np.eye(logits.shape[1])[logits.argmax(axis=1)]


def _constraints(means: Array, blocks: Codes, delta: Array) -> Array:
    """Return the constraints on sums of decided functions: two a function."""
    # A group that is never met has no rate.
    met = means > 1e-12
    scale = np.diag(np.where(met, 1.0 / np.where(met, means, 1.0), 0.0))
    alike = (blocks[:, np.newaxis] == blocks) & met
    mean = alike / np.maximum(alike.sum(axis=1, keepdims=True), 1) @ scale
    mean, delta = mean * met[:, np.newaxis], delta[:, np.newaxis]
    return np.vstack([scale - (1 - delta) * mean, (1 + delta) * mean - scale])
