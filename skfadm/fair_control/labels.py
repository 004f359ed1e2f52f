"""The fair posterior q(y | x), and how labels are drawn from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from .multipliers import Shift
from .posteriors import Probabilities
from .tradeoff import Tradeoff

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

#: Parts of a shift at which offsets are solved for; beyond all of it, since few rows
#: lean on the sources.
PARTS = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 1.25])


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


@dataclass(frozen=True)
class Proposal:
    r"""Rows for a label that is asked for, by rejection.

    A row is generated for the label itself or, with probability :math:`\epsilon`, for
    one of the label's shares, and accepted in proportion to

    .. math:: w(x) = \frac{q(y | x)}{(1 - \epsilon)\, p(y | x) / p(y) + \epsilon}.
    """

    epsilon: float
    #: What w is divided by; it exceeds it for 1 % of the proposed rows.
    bound: float
    #: The share of proposed rows that is accepted.
    acceptance: float

    @classmethod
    def best(cls, p: Array, q: Array, prior: float) -> Proposal:
        """Return the proposal that accepts the most."""
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
