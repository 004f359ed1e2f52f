"""Corrections of p(z | x) in a domain, and how far they move predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from .posteriors import Array, Codes, Probabilities

#: Pull toward no correction, so that a few rows correct a little.
PULL = 2.0


@dataclass(frozen=True)
class Calibration:
    r"""A correction of one attribute's p(z | x).

    .. math:: \log p'(z | x, y) = a \log p(z | x, y) + \sum_l T_{lz}\, p(l | x) + const
    """

    slope: float
    tilt: Array

    def __call__(self, given: Array, label: Array) -> Array:
        """Return p'(z | x, y), shape (n, n_labels, n_groups), for p(z | x, y)."""
        logits = self.slope * np.log(given) + (label @ self.tilt)[:, np.newaxis]
        return softmax(logits, axis=2)

    @classmethod
    def of(cls, group: Array, label: Array, codes: Codes) -> Calibration:
        """Return the correction under which p(z | x) fits known groups."""
        known = codes >= 0
        log_p, label, codes = np.log(group[known]), label[known], codes[known]
        rows, shape = np.arange(len(codes)), (label.shape[1], log_p.shape[1])

        def loss(v: Array) -> tuple[float, Array]:
            logits = (1.0 + v[0]) * log_p + label @ v[1:].reshape(shape)
            log_q = log_softmax(logits, axis=1)
            surplus = np.exp(log_q)
            surplus[rows, codes] -= 1.0
            slope = [[(surplus * log_p).sum()], (label.T @ surplus).ravel()]
            value = 0.5 * PULL * float(v @ v) - float(log_q[rows, codes].sum())
            return value, np.concatenate(slope) + PULL * v

        start = np.zeros(1 + label.shape[1] * log_p.shape[1])
        v = minimize(loss, start, jac=True, method="L-BFGS-B").x
        return cls(1.0 + float(v[0]), v[1:].reshape(shape))

    @classmethod
    def of_prior(cls, group: Array, prior: Array, n_labels: int) -> Calibration:
        """Return the correction for groups whose shares have moved, by EM.

        Saerens et al. (2002): the shares that make unlabelled rows likeliest, with
        p(x | z) as it was and `prior` the shares until now.
        """
        shares = prior
        for _ in range(100):
            moved = group * (shares / prior)
            shares = (moved / moved.sum(axis=1, keepdims=True)).mean(axis=0)
        offset = np.log(np.maximum(shares, 1e-6) / prior)
        return cls(1.0, np.tile(offset, (n_labels, 1)))


def calibrated(
    p: Probabilities, calibrations: tuple[Calibration, ...] | None
) -> Probabilities:
    """Return probabilities with the correction of each attribute."""
    if calibrations is None:
        return p
    pairs = zip(calibrations, p.group_given_label, strict=True)
    return Probabilities(p.label, tuple(c(given, p.label) for c, given in pairs))


def calibrate(p: Probabilities, z: Codes) -> tuple[Calibration, ...]:
    """Return the corrections for rows of known groups, shape (n, n_attributes)."""
    pairs = zip(p.group, z.T, strict=True)
    return tuple(Calibration.of(group, p.label, codes) for group, codes in pairs)
