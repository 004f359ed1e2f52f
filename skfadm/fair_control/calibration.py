"""How strongly the coupling term has to act: estimates on the source rows alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from .curve import FairnessCurve
from .rates import by_chance, count, exceed_chance, lowest_to_highest

__all__ = ["Calibration", "FairnessCurve", "pointwise_mutual_information"]

Array = NDArray[np.float64]

#: The largest strength. On Adult decisions are alike in all cells from about 4.
MAX_STRENGTH = 6.0
MEASURES = ("demographic_parity", "equal_opportunity")
#: Rows that a calibration looks at.
MAX_CALIBRATION_ROWS = 50_000
#: A group with fewer rows in a domain tells little but noise of it.
MIN_ROWS = 30


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

    Rows of each label tilted by :math:`e^{-c(x, y)}`, with a coupling :math:`c(x, y)`,
    teach a classifier the posterior

    .. math:: q(y | x) \propto p(y | x)\, e^{b_y - c(x, y)}, \qquad
              b_y = \log p(y) - \log E[p(y | X)\, e^{-c(X, y)}],

    where b keeps the shares of the labels. Everything on the right is known on the
    source rows, so ratios can be predicted for any tilt before a row is sampled.
    Couplings are arrays of shape (n, n_classes).

    Parameters
    ----------
    log_p : ndarray of shape (n, n_classes)
        The label classifier's log p(y | x) on clean source rows.
    y : ndarray of shape (n,)
        Label codes.
    z : ndarray of shape (n, n_attributes)
        Group codes.
    domains : ndarray of shape (n,), default=None
        Domain codes. A ratio is the mean of those in each domain, since groups that
        differ in their domains would be mixed up in a ratio of all rows. None is one
        domain.
    """

    log_p: Array
    y: NDArray[np.int64]
    z: NDArray[np.int64]
    domains: NDArray[np.int64] | None = None

    def logits(self, coupling: Array) -> Array:
        """Return log q(y | x) of the tilted rows up to a constant, (n, n_classes).

        Parameters
        ----------
        coupling : ndarray of shape (n, n_classes)
            The coupling c.
        """
        logits = self.log_p - coupling
        shares = np.bincount(self.y, minlength=logits.shape[1]) / len(self.y)
        b = np.log(np.maximum(shares, 1e-12)) - logsumexp(logits, axis=0)
        return logits + b

    def decisions(self, coupling: Array) -> NDArray[np.int64]:
        """Return the label that a classifier of the tilted rows would choose.

        Parameters
        ----------
        coupling : ndarray of shape (n, n_classes)
            The coupling c.

        Returns
        -------
        ndarray of shape (n,), int64
            Label codes.
        """
        return np.argmax(self.logits(coupling), axis=1)

    def ratio(self, decided: NDArray[np.int64], measure: str) -> float:
        """Return the ratio of decisions: the mean over source rows of their domains'.

        Parameters
        ----------
        decided : ndarray of shape (n,), int64
            Label codes.
        measure : {"demographic_parity", "equal_opportunity"}
            What to look at.

        Returns
        -------
        float
            In [0, 1]. In each domain it is the smallest over labels and attributes, of
            groups with at least 30 rows there, divided by what it is on average where
            nothing but chance makes rates differ. Where no domain has two such groups,
            domains are ignored. With two labels the second is the positive one; a
            label that is never chosen is left out, and without any the ratio is 0.
        """
        for domains, min_rows in ((self._domains(), MIN_ROWS), (0 * self.y, 1)):
            ratios = [
                lowest_to_highest(*t, min_rows) / by_chance(*t, min_rows)
                for t in self._tables(decided, measure, domains)
            ]
            lowest = np.min(ratios, axis=0)
            defined = np.isfinite(lowest)
            if defined.any():
                n_rows = np.bincount(domains)[defined]
                return float(np.average(lowest[defined].clip(max=1.0), weights=n_rows))
        return 0.0

    def differs(self, measure: str) -> bool:
        """Tell whether decisions without a tilt differ by more than chance.

        Parameters
        ----------
        measure : {"demographic_parity", "equal_opportunity"}
            Among all rows, or among those that have the label.

        Returns
        -------
        bool
            Groups are compared within domains, so that domains of different rates are
            no difference of groups.
        """
        decided = self.decisions(np.zeros(self.log_p.shape))
        return exceed_chance(self._tables(decided, measure, self._domains()))

    def lowest(self, coupling: Array, share: float) -> Array:
        """Return the coupling that a share of the rows of each label falls below.

        Parameters
        ----------
        coupling : ndarray of shape (n, n_classes)
            The coupling c.
        share : float
            In [0, 1): 0 is the least of all.

        Returns
        -------
        ndarray of shape (n_classes,)
            Quantiles, with p(y | x) as weights.
        """
        order = np.argsort(coupling, axis=0)
        p = np.take_along_axis(np.exp(self.log_p), order, axis=0).cumsum(0)
        place = [np.searchsorted(of_y, share * of_y[-1]) for of_y in p.T]
        return np.take_along_axis(coupling, order[place, range(len(place))][None], 0)[0]

    def acceptance(self, coupling: Array, lowest: Array) -> float:
        r"""Return the predicted share of generated rows that is accepted.

        A row of label y is accepted with probability :math:`A_y = E[p(y | X)\,
        \min(e^{\underline{c}_y - c(X, y)}, 1)] / p(y)` and takes :math:`1 / A_y`
        attempts on average.

        Parameters
        ----------
        coupling : ndarray of shape (n, n_classes)
            The coupling c.
        lowest : ndarray of shape (n_classes,)
            Its lower bounds.

        Returns
        -------
        float
            In (0, 1]: one by the average number of attempts a row.
        """
        p = np.exp(self.log_p)
        accepted = (p * np.exp(-np.maximum(coupling - lowest, 0.0))).sum(0)
        shares = p.sum(0) / p.sum()
        attempts = p.sum(0) / np.maximum(accepted, 1e-300)
        return float(1.0 / (shares @ attempts))

    def _domains(self) -> NDArray[np.int64]:
        return 0 * self.y if self.domains is None else self.domains

    def _tables(
        self,
        decided: NDArray[np.int64],
        measure: str,
        domains: NDArray[np.int64],
    ) -> list[tuple[Array, Array]]:
        """Return rows and rows decided for, of each label and attribute."""
        n_classes = self.log_p.shape[1]
        tables = []
        for label in [1] if n_classes == 2 else range(n_classes):
            asked = np.ones(len(self.y), dtype=bool)
            if measure == "equal_opportunity":
                asked = self.y == label
            hit = (decided == label)[asked]
            for groups in self.z.T:
                shape = int(domains.max()) + 1, int(groups.max()) + 1
                tables.append(count(hit, groups[asked], domains[asked], shape))
        return tables
