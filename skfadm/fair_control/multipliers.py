"""The shift of a posterior that makes decisions alike, by convex optimisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

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
#: linear, less makes it fit the source domains and no other. 1e-5 to 1e-1 were tried on
#: Adult's held-out races.
BEND = 1e-3


@dataclass(frozen=True)
class Basis:
    """Hat functions of p(z | x): what a shift is made of."""

    knots: tuple[Array, ...]
    n_groups: tuple[int, ...]

    @classmethod
    def of(cls, groups: Sequence[Array]) -> Basis:
        """Return the basis for rows; `groups` is p(z | x), one array an attribute."""
        medians = [np.median(column) for column in _columns(groups)]
        knots = tuple(np.array([0.0, np.clip(m, 0.01, 0.99), 1.0]) for m in medians)
        return cls(knots, tuple(p.shape[1] for p in groups))

    def __call__(self, groups: Sequence[Array]) -> Array:
        """Return the functions of rows, shape (n, n_functions); each column's sum to 1.

        Linear functions of p(z | x) are among what they can make.
        """
        columns = zip(_columns(groups), self.knots, strict=True)
        return np.hstack([_hats(p, knots) for p, knots in columns])

    @property
    def sizes(self) -> list[int]:
        """How many functions belong together, each block summing to 1."""
        return [len(knots) for knots in self.knots]

    def from_groups(self, multipliers: Array) -> Array:
        """Return what makes the functions the sum of p(z | x) times multipliers.

        From shape (n_labels, groups of all attributes) to (n_labels, n_functions).
        """
        found, knots = [], iter(self.knots)
        ends = np.cumsum(self.n_groups)[:-1]
        for m in np.split(multipliers, ends, axis=1):
            if m.shape[1] == 2:
                found.append(m[:, [0]] + (m[:, [1]] - m[:, [0]]) * next(knots))
            else:
                found += [column[:, np.newaxis] * next(knots) for column in m.T]
        return np.hstack(found)

    def bends(self) -> Array:
        """Return the matrix whose quadratic form is the sum of squared bends."""
        blocks = []
        for low, middle, high in self.knots:
            left, right = 1 / (middle - low), 1 / (high - middle)
            bend = np.array([left, -left - right, right])
            blocks.append(np.outer(bend, bend))
        return block_diag(*blocks)


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
    """
    wanted: dict[str, float] = {}
    for measure, ratio in targets.items():
        for condition in CONDITIONS[measure]:
            wanted[condition] = max(ratio, wanted.get(condition, 0.0))
    families = [
        _Family(p, basis, condition, ratio, labels, by_group)
        for condition, ratio in wanted.items()
    ]
    ends = np.cumsum([0, *(family.size for family in families)])
    parts = [slice(a, b) for a, b in zip(ends[:-1], ends[1:], strict=True)]
    log_p = np.log(p.label)
    n, n_labels = log_p.shape
    n_bounded = int(ends[-1])
    shares = decisions(log_p).mean(axis=0)

    def dual(v: Array, temperature: float) -> tuple[float, Array]:
        logits = log_p + v[n_bounded:] if keep_shares else log_p.copy()
        for family, part in zip(families, parts, strict=True):
            logits[:, labels] += family.shift(v[part])
        logits /= temperature
        total = logsumexp(logits, axis=1)
        q = np.exp(logits - total[:, np.newaxis]) / n
        value = temperature * float(total.mean()) + RIDGE * float(v @ v)
        gradient = 2 * RIDGE * v
        for family, part in zip(families, parts, strict=True):
            price, slope = family.surplus(v[part], q[:, labels])
            value += price
            gradient[part] += slope
        if keep_shares:
            value -= float(v[n_bounded:] @ shares)
            gradient[n_bounded:] += q.sum(axis=0) - shares
        return value, gradient

    free = n_labels if keep_shares else 0
    v = np.zeros(n_bounded + free)
    for temperature in temperatures(p, labels):
        v = minimize(
            dual,
            v,
            args=(temperature,),
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, None)] * n_bounded + [(None, None)] * free,
            options={"maxiter": 300, "ftol": 1e-10, "gtol": 1e-7},
        ).x
    size = sum(basis.sizes)
    shift = Shift(
        basis, np.zeros((n_labels, size)), np.zeros((n_labels, n_labels, size))
    )
    for family, part in zip(families, parts, strict=True):
        family.add_to(shift, v[part])
    return shift


def temperatures(p: Probabilities, labels: Sequence[int]) -> tuple[float, ...]:
    """Return how sharply decisions are looked at: a rare one by its probability."""
    decided = decisions(np.log(p.label)).mean(axis=0)
    return RARE_TEMPERATURE if decided[list(labels)].min() < RARE else TEMPERATURES


def decisions(logits: Array) -> Array:
    """Return the decisions for the largest of logits (n, n_labels), one-hot."""
    return np.eye(logits.shape[1])[logits.argmax(axis=1)]


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


class _Family:
    """Rates of each label in one condition: all are near their mean."""

    def __init__(
        self,
        p: Probabilities,
        basis: Basis,
        condition: str,
        ratio: float,
        labels: Sequence[int],
        by_group: bool,
    ):
        self.condition, self.by_group = condition, by_group
        self.basis, self.labels = basis, list(labels)
        told = self.labels[:1] if condition == "all" else self.labels
        if by_group:
            parts = [np.hstack(members(p, condition, y)) for y in told]
            sizes = list(basis.n_groups)
        else:
            parts = [_functions(basis, p, condition, y) for y in told]
            sizes = basis.sizes
            self.bends = BEND * basis.bends()
        #: The functions of each label, or once for all of them.
        self.functions = np.stack(parts)
        delta = (1.0 - ratio) / (1.0 + ratio)
        self.rows = np.stack([_rows(f.mean(axis=0), sizes, delta) for f in parts])
        self.size = len(self.labels) * self.rows.shape[1]

    def multipliers(self, v: Array) -> Array:
        return np.matmul(v.reshape(len(self.labels), 1, -1), self.rows)[:, 0]

    def shift(self, v: Array) -> Array:
        m = self.multipliers(v)
        if len(self.functions) == 1:
            return self.functions[0] @ m.T
        return np.matmul(self.functions, m[:, :, np.newaxis])[:, :, 0].T

    def surplus(self, v: Array, decided: Array) -> tuple[float, Array]:
        """Return the price of the bends, and the gradient in v."""
        if len(self.functions) == 1:
            of_functions = decided.T @ self.functions[0]
        else:
            of_functions = np.matmul(decided.T[:, np.newaxis], self.functions)[:, 0]
        price = 0.0
        if not self.by_group:
            m = self.multipliers(v)
            slope = m @ self.bends
            price = 0.5 * float((m * slope).sum())
            of_functions = of_functions + slope
        gradient = np.matmul(self.rows, of_functions[:, :, np.newaxis])
        return price, gradient.ravel()

    def add_to(self, shift: Shift, v: Array) -> None:
        found = self.multipliers(v)
        if self.by_group:
            found = self.basis.from_groups(found)
        for y, m in zip(self.labels, found, strict=True):
            if self.condition == "all":
                shift.overall[y] += m
            else:
                counts = np.arange(len(shift.overall)) == y
                shift.by_label[y, counts == (self.condition == "label")] += m


def _rows(means: Array, sizes: list[int], delta: float) -> Array:
    """Return the constraints on sums of decided functions: two a function."""
    # A group that is never met has no rate.
    met = means > 1e-12
    scale = np.diag(np.where(met, 1.0 / np.where(met, means, 1.0), 0.0))
    blocks = np.repeat(np.arange(len(sizes)), sizes)
    alike = (blocks[:, np.newaxis] == blocks) & met
    mean = alike / np.maximum(alike.sum(axis=1, keepdims=True), 1) @ scale
    mean = mean * met[:, np.newaxis]
    return np.vstack([scale - (1 - delta) * mean, (1 + delta) * mean - scale])


def _functions(basis: Basis, p: Probabilities, condition: str, y: int) -> Array:
    if condition == "all":
        return basis(p.group)
    if condition == "label":
        return _of_label(basis, p, y)
    others = [k for k in range(p.label.shape[1]) if k != y]
    return np.sum([_of_label(basis, p, k) for k in others], axis=0)


def _of_label(basis: Basis, p: Probabilities, y: int) -> Array:
    """Return the basis at p(z | x, y) times p(y | x), shape (n, n_functions)."""
    return p.label[:, [y]] * basis([g[:, y] for g in p.group_given_label])


def _columns(groups: Sequence[Array]) -> list[Array]:
    """Return the columns of p(z | x) that tell all of it: one of two groups."""
    columns = []
    for p in groups:
        columns += [p[:, 1]] if p.shape[1] == 2 else list(p.T)
    return columns


def _hats(p: Array, knots: Array) -> Array:
    """Return three hat functions, (n, 3): linear interpolation between the knots."""
    low, middle, high = knots
    first = np.clip((middle - p) / (middle - low), 0.0, 1.0)
    last = np.clip((p - middle) / (high - middle), 0.0, 1.0)
    return np.column_stack([first, 1.0 - first - last, last])
