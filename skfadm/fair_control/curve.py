"""What is predicted of generated rows for each strength, and the strength to take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

Array = NDArray[np.float64]

#: The predicted ratio that counts as parity: nearer to 1 is within sampling noise.
PARITY = 0.95
#: Where a target is out of reach, the curve is averaged over so many strengths, and so
#: little is given up, since the highest point itself is a matter of chance.
WINDOW, SLACK = 5, 0.02
#: "auto" goes no farther than where one row in so many is accepted.
MAX_ATTEMPTS = 10
#: What parity may cost in accuracy where no target is named.
MAX_LOSS = 0.01


@dataclass(frozen=True)
class FairnessCurve:
    """How fair a classifier of generated rows is predicted to be, by strength.

    Parameters
    ----------
    strengths : ndarray of shape (n_strengths,)
        Increasing, from 0.
    ratios : dict of str to ndarray of shape (n_strengths,)
        The predicted ratios of "demographic_parity" and "equal_opportunity".
    accuracies : ndarray of shape (n_strengths,)
        The predicted accuracy on source rows.
    acceptances : ndarray of shape (n_strengths,)
        The predicted share of generated rows that is accepted.
    differs : dict of str to bool
        For both measures, whether decisions without fair control differ between groups
        by more than chance makes them differ.
    """

    strengths: Array
    ratios: dict[str, Array]
    accuracies: Array
    acceptances: Array
    differs: dict[str, bool]

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

    def accuracy(self, strength: float) -> float:
        """Return the predicted accuracy on source rows.

        Parameters
        ----------
        strength : float
            Interpolated as in `ratio`.

        Returns
        -------
        float
            In [0, 1]. Of the label classifier on rows that it was trained on, so that
            differences between strengths say more than the figure.
        """
        return float(np.interp(strength, self.strengths, self.accuracies))

    def acceptance(self, strength: float) -> float:
        """Return the predicted share of generated rows that is accepted.

        Parameters
        ----------
        strength : float
            Interpolated as in `ratio`.

        Returns
        -------
        float
            In (0, 1].
        """
        return float(np.interp(strength, self.strengths, self.acceptances))

    def strength(self, target: str | float | None) -> float:
        """Return the least strength that is predicted to meet a target.

        Parameters
        ----------
        target : {"demographic_parity", "equal_opportunity"}, float or None
            The measure whose ratio shall reach 0.95, or the ratio of demographic parity
            to reach, in (0, 1]. None is demographic parity as far as it costs little:
            beyond strength 1 while the predicted accuracy is within 0.01 of that
            without fair control.

        Returns
        -------
        float
            At least 0, and so that one row in ten is accepted or more. Where the ratio
            cannot be reached, the least strength at which the smoothed curve comes
            within 0.02 of its highest point; 0 where decisions differ by no more than
            chance, since correcting noise costs accuracy.
        """
        measure = target if isinstance(target, str) else "demographic_parity"
        if not self.differs[measure]:
            return 0.0
        goal = PARITY if target is None or isinstance(target, str) else float(target)
        allowed = self.acceptances >= 1 / MAX_ATTEMPTS
        if target is None:
            cheap = self.accuracies >= self.accuracies[0] - MAX_LOSS
            allowed &= cheap | (self.strengths <= 1.0)
        end = int(np.append(~allowed, True).argmax())
        ratios = self.ratios[measure][: max(end, 1)]
        reached = np.flatnonzero(ratios >= goal)
        if not len(reached):
            smooth = uniform_filter1d(ratios, WINDOW, mode="nearest")
            reached = np.flatnonzero(smooth >= smooth.max() - SLACK)
        return float(self.strengths[reached[0]])
