"""Corrections of p(z | x) in a domain, and how far they move predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from .posteriors import Probabilities

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

#: Pull toward no correction, so that a few rows correct a little.
PULL = 2.0


@dataclass(frozen=True)
class Calibration:
    r"""A correction of one attribute's p(z | x).

    .. math:: \log p'(z | x, y) = a \log p(z | x, y) + o_z
              + \sum_l T_{lz}\, p(l | x) + const
    """

    slope: float
    offset: Array
    tilt: Array

    def __call__(self, given: Array, label: Array) -> Array:
        """Return p'(z | x, y), shape (n, n_labels, n_groups), for p(z | x, y)."""
        moved = self.offset + label @ self.tilt
        logits = self.slope * np.log(given) + moved[:, np.newaxis]
        return softmax(logits, axis=2)

    @classmethod
    def of(cls, group: Array, label: Array, codes: Codes) -> Calibration:
        """Return the correction under which p(z | x) fits known groups."""
        known = codes >= 0
        log_p, label, codes = np.log(group[known]), label[known], codes[known]
        n_groups, rows = log_p.shape[1], np.arange(len(codes))

        def unpacked(v: Array) -> tuple[float, Array, Array]:
            offset, tilt = v[1 : 1 + n_groups], v[1 + n_groups :]
            return 1.0 + float(v[0]), offset, tilt.reshape(-1, n_groups)

        def loss(v: Array) -> tuple[float, Array]:
            slope, offset, tilt = unpacked(v)
            log_q = log_softmax(slope * log_p + offset + label @ tilt, axis=1)
            value = 0.5 * PULL * float(v @ v) - float(log_q[rows, codes].sum())
            surplus = np.exp(log_q)
            surplus[rows, codes] -= 1.0
            gradient = np.concatenate(
                [[(surplus * log_p).sum()], surplus.sum(0), (label.T @ surplus).ravel()]
            )
            return value, gradient + PULL * v

        start = np.zeros(1 + n_groups + label.shape[1] * n_groups)
        return cls(*unpacked(minimize(loss, start, jac=True, method="L-BFGS-B").x))

    @classmethod
    def of_prior(cls, group: Array, prior: Array, n_labels: int) -> Calibration:
        """Return the correction for groups whose shares have moved, by EM.

        Saerens et al. (2002): the shares that make unlabelled rows likeliest, with
        p(x | z) as it was and `prior` the shares until now.
        """
        shares = prior
        for _ in range(100):
            moved = group * (shares / prior)
            new = (moved / moved.sum(axis=1, keepdims=True)).mean(axis=0)
            change, shares = np.abs(new - shares).max(), new
            if change < 1e-5:
                break
        offset = np.log(np.maximum(shares, 1e-6) / prior)
        return cls(1.0, offset, np.zeros((n_labels, len(prior))))


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
