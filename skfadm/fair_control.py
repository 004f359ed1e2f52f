"""How strongly the coupling term has to act: estimates on the source rows alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.special import logsumexp

Array = NDArray[np.float64]

#: The predicted ratio that counts as parity: nearer to 1 is within sampling noise.
PARITY = 0.95
#: The calibration tries so many strengths up to 4, or up to 40 where label and group go
#: along so little that 4 would not shift any log-odds by this much.
LARGEST_SHIFT, N_STRENGTHS = 4.0, 81
MEASURES = ("demographic_parity", "equal_opportunity")
#: Rows that a calibration looks at.
MAX_CALIBRATION_ROWS = 50_000
#: A group with fewer rows in a domain tells little but noise of it.
MIN_ROWS = 30
#: Where a target is out of reach, the curve is averaged over so many strengths, and so
#: little is given up to stay clear of where ratios turn over.
WINDOW, SLACK = 9, 0.02


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

    Rows of each label tilted by :math:`e^{-\lambda c(x, y)}`, with a coupling
    :math:`c(x, y)`, teach a classifier the posterior

    .. math:: q(y | x) \propto p(y | x)\, e^{b_y - \lambda c(x, y)}, \qquad
              b_y = \log p(y) - \log E[p(y | X)\, e^{-\lambda c(X, y)}],

    where b keeps the shares of the labels. Everything on the right is known on the
    source rows, so ratios can be predicted for any strength before a row is sampled.

    Parameters
    ----------
    log_p : ndarray of shape (n, n_classes)
        The label classifier's log p(y | x) on clean source rows.
    coupling : ndarray of shape (n, n_classes)
        c(x, y).
    y : ndarray of shape (n,)
        Label codes.
    z : ndarray of shape (n, n_attributes)
        Group codes.
    domains : ndarray of shape (n,), default=None
        Domain codes. A ratio is the mean of those in each domain: it is what an unseen
        domain can expect, while groups that differ in their domains would be mixed up
        in a ratio of all rows. None is one domain.
    """

    log_p: Array
    coupling: Array
    y: NDArray[np.int64]
    z: NDArray[np.int64]
    domains: NDArray[np.int64] | None = None

    def logits(self, strength: float) -> Array:
        """Return log q(y | x) of the tilted rows up to a constant, (n, n_classes).

        Parameters
        ----------
        strength : float
            The strength of the tilt.
        """
        logits = self.log_p - strength * self.coupling
        shares = np.bincount(self.y, minlength=logits.shape[1]) / len(self.y)
        b = np.log(np.maximum(shares, 1e-12)) - logsumexp(logits, axis=0)
        return logits + b

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
        return np.argmax(self.logits(strength), axis=1)

    def ratio(self, strength: float, measure: str) -> float:
        """Return the predicted ratio: the mean over domains.

        Parameters
        ----------
        strength : float
            The strength of the tilt.
        measure : {"demographic_parity", "equal_opportunity"}
            What to predict.

        Returns
        -------
        float
            In [0, 1]. In each domain it is the smallest over labels and attributes, of
            groups with at least 30 rows there; where no domain has two of them, domains
            are ignored. With two labels the second is the positive one; a label that is
            never chosen is left out, and without any the ratio is 0.
        """
        chosen = self.decisions(strength)
        one = np.zeros_like(self.y)
        domains = one if self.domains is None else self.domains
        for codes, min_rows in ((domains, MIN_ROWS), (one, 1)):
            ratios = self._ratios(chosen, measure, codes, min_rows)
            if len(ratios):
                return float(ratios.mean())
        return 0.0

    def _ratios(
        self,
        chosen: NDArray[np.int64],
        measure: str,
        domains: NDArray[np.int64],
        min_rows: int,
    ) -> Array:
        """Return the ratio of each domain in which it is defined."""
        n_classes = self.log_p.shape[1]
        ratios = []
        for label in [1] if n_classes == 2 else range(n_classes):
            asked = np.ones(len(self.y), dtype=bool)
            if measure == "equal_opportunity":
                asked = self.y == label
            for groups in self.z.T:
                # (domain, group) as one code; groups and domains are few.
                shape = domains.max() + 1, groups.max() + 1
                cell = np.ravel_multi_index((domains, groups), shape)
                hit = (chosen == label)[asked]
                ratios.append(_lowest_to_highest(hit, cell[asked], shape, min_rows))
        lowest = np.min(ratios, axis=0)
        return lowest[np.isfinite(lowest)]

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
            At least 0. Where the ratio cannot be reached, the least strength at which
            the smoothed curve comes within 0.02 of its highest point.
        """
        measure = target if isinstance(target, str) else "demographic_parity"
        goal = PARITY if isinstance(target, str) else float(target)
        ratios = self.ratios[measure]
        # Past parity the ratio falls again, so the first to reach is the one to take.
        reached = np.flatnonzero(ratios >= goal)
        if not len(reached):
            # The highest point itself is a matter of chance, and one step farther the
            # domains with the least bias are overcorrected.
            smooth = uniform_filter1d(ratios, WINDOW, mode="nearest")
            reached = np.flatnonzero(smooth >= smooth.max() - SLACK)
        return float(self.strengths[reached[0]])


def _lowest_to_highest(
    hit: NDArray[np.bool_], cell: NDArray[np.int64], shape: tuple[int, int], least: int
) -> Array:
    """Return the ratio of the extreme rates of groups by domain, inf if undefined."""
    n_cells = shape[0] * shape[1]
    size = np.bincount(cell, minlength=n_cells).reshape(shape)
    hits = np.bincount(cell, hit, n_cells).reshape(shape)
    rate, enough = hits / np.maximum(size, 1), size >= least
    low = np.where(enough, rate, np.inf).min(1)
    high = np.where(enough, rate, 0.0).max(1)
    defined = (enough.sum(1) >= 2) & (high > 0)
    return np.where(defined, low / np.where(defined, high, 1.0), np.inf)
