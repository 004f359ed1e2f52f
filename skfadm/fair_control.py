"""How strongly the coupling term has to act: estimates on the source rows alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

Array = NDArray[np.float64]

#: The predicted ratio that counts as parity: nearer to 1 is within sampling noise.
PARITY = 0.95
#: The calibration tries so many strengths up to 4, or up to 40 where label and group go
#: along so little that 4 would not shift any log-odds by this much.
LARGEST_SHIFT, N_STRENGTHS = 4.0, 81
MEASURES = ("demographic_parity", "equal_opportunity")
#: Rows that a calibration looks at.
MAX_CALIBRATION_ROWS = 10_000


def pointwise_mutual_information(
    y: NDArray[np.int64], z: NDArray[np.int64], n_classes: int, n_groups: int
) -> Array:
    r"""Return :math:`\log p(y, z) / (p(y) p(z))`, shape (n_classes, n_groups).

    Half a row a cell is added, spread as if label and group were independent: cells
    with few rows lean toward 0, and a label or group without rows has no say.

    Parameters
    ----------
    y, z : ndarray of shape (n,), int64
        Label and group codes.
    n_classes, n_groups : int
        Their numbers.

    Examples
    --------
    >>> import numpy as np
    >>> y, z = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> pointwise_mutual_information(y, z, 2, 2)
    array([[0., 0.],
           [0., 0.]])
    """
    cells = np.bincount(y * n_groups + z, minlength=n_classes * n_groups)
    counts = cells.reshape(n_classes, n_groups)
    p_y, p_z = (counts.sum(axis) + 0.5 for axis in (1, 0))
    independent = np.outer(p_y / p_y.sum(), p_z / p_z.sum())
    joint = counts + 0.5 * counts.size * independent
    return np.log(joint * joint.sum() / joint.sum(1, keepdims=True) / joint.sum(0))


@dataclass(frozen=True)
class Calibration:
    r"""What is needed to predict how fair a classifier of tilted rows will be.

    Rows tilted by :math:`e^{-\lambda c(x, y)}`, with the coupling
    :math:`c(x, y) = \sum_z p(z | x)\, pmi(y, z)`, teach a classifier the posterior

    .. math:: q(y | x) \propto p(y | x)\, e^{b_y - \lambda c(x, y)},

    where b keeps the shares of the labels. Everything on the right is known on the
    source rows, so ratios can be predicted for any strength before a row is sampled.

    Parameters
    ----------
    log_p : ndarray of shape (n, n_classes)
        The label classifier's log p(y | x) on clean source rows.
    coupling : ndarray of shape (n, n_classes)
        c(x, y), added over sensitive attributes.
    y : ndarray of shape (n,)
        Label codes.
    z : ndarray of shape (n, n_attributes)
        Group codes.
    """

    log_p: Array
    coupling: Array
    y: NDArray[np.int64]
    z: NDArray[np.int64]

    def decisions(self, strength: float) -> NDArray[np.int64]:
        """Return the label that a classifier of the tilted rows would choose.

        Parameters
        ----------
        strength : float
            The strength of the tilt.

        Returns
        -------
        ndarray of shape (n,), int64
            Label codes.
        """
        logits = self.log_p - strength * self.coupling
        shares = np.bincount(self.y, minlength=logits.shape[1]) / len(self.y)
        return np.argmax(logits + _offsets(logits, shares), axis=1)

    def ratio(self, strength: float, measure: str) -> float:
        """Return the predicted ratio, the smallest over labels and attributes.

        Parameters
        ----------
        strength : float
            The strength of the tilt.
        measure : {"demographic_parity", "equal_opportunity"}
            What to predict.

        Returns
        -------
        float
            In [0, 1]. With two labels the second is the positive one; a label that is
            never chosen is left out, and without any the ratio is 0.
        """
        chosen = self.decisions(strength)
        n_classes = self.log_p.shape[1]
        positive = [1] if n_classes == 2 else range(n_classes)
        ratios = []
        for label in positive:
            asked = self.y == label if measure == "equal_opportunity" else slice(None)
            for groups in self.z[asked].T:
                if not len(groups):
                    continue
                size = np.bincount(groups)
                hits = np.bincount(groups, chosen[asked] == label, len(size))
                rates = hits[size > 0] / size[size > 0]
                if rates.max() > 0:
                    ratios.append(rates.min() / rates.max())
        return float(min(ratios, default=0.0))

    def curve(self) -> FairnessCurve:
        """Return the predicted ratios for all strengths, without the rows."""
        spread = float(np.ptp(self.coupling, axis=0).max())
        largest = LARGEST_SHIFT / min(max(spread, 0.1), 1.0)
        strengths = np.linspace(0.0, largest, N_STRENGTHS)
        ratios = {
            measure: np.array([self.ratio(s, measure) for s in strengths])
            for measure in MEASURES
        }
        return FairnessCurve(strengths, ratios)


@dataclass(frozen=True)
class FairnessCurve:
    """How fair a classifier of generated rows is predicted to be, by strength.

    Parameters
    ----------
    strengths : ndarray of shape (n_strengths,)
        Increasing, from 0.
    ratios : dict of str to ndarray of shape (n_strengths,)
        The predicted ratios of "demographic_parity" and "equal_opportunity".
    """

    strengths: Array
    ratios: dict[str, Array]

    def ratio(self, strength: float, measure: str) -> float:
        """Return the predicted ratio at a strength.

        Parameters
        ----------
        strength : float
            Between two strengths of the curve ratios are interpolated; beyond its end
            they are those of the end.
        measure : {"demographic_parity", "equal_opportunity"}
            What to predict.

        Returns
        -------
        float
            In [0, 1].
        """
        return float(np.interp(strength, self.strengths, self.ratios[measure]))

    def strength(self, target: str | float) -> float:
        """Return the least strength that is predicted to meet a target.

        Parameters
        ----------
        target : {"demographic_parity", "equal_opportunity"} or float
            The measure whose ratio shall reach `PARITY`, or the ratio of demographic
            parity to reach, in (0, 1].

        Returns
        -------
        float
            At least 0. Where the ratio cannot be reached, the strength whose predicted
            ratio is the largest.
        """
        measure = target if isinstance(target, str) else "demographic_parity"
        goal = PARITY if isinstance(target, str) else float(target)
        ratios = self.ratios[measure]
        # Past parity the ratio falls again, so the first to reach is the one to take.
        reached = np.flatnonzero(ratios >= goal)
        return float(self.strengths[reached[0] if len(reached) else np.argmax(ratios)])


def _offsets(logits: Array, shares: Array) -> Array:
    """Return b (n_classes,) such that the mean of softmax(logits + b) is `shares`.

    By iterative proportional fitting, which converges because the dual is concave.
    """
    b = np.zeros(logits.shape[1])
    wanted = np.maximum(shares, 1e-12)
    for _ in range(200):
        q = np.exp(log_softmax(logits + b, axis=1)).mean(0)
        step = np.log(wanted / np.maximum(q, 1e-300))
        b += step
        if np.abs(step).max() < 1e-6:
            break
    return b - b[0]
