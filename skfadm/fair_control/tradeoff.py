"""What is predicted of decisions for each strength of fair control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: What fair control may cost in accuracy: by default, and for a target.
DEFAULT_PRICE, MAX_PRICE = 0.02, 0.05
#: A predicted ratio that is lower by so little counts as met.
TOLERANCE = 0.01
#: The four-fifths rule.
FOUR_FIFTHS = 0.8


@dataclass(frozen=True, repr=False)
class Tradeoff:
    """Predicted accuracy and fairness for each strength, from 0 to 1.

    Predictions are made for a classifier that learns the labels well, on rows that the
    classifiers of labels and groups have not been trained on.

    Parameters
    ----------
    strengths : ndarray of shape (n_strengths,)
        Values of `lambda_yz`, increasing from 0 to 1.
    accuracy : ndarray of shape (n_strengths,)
        Predicted accuracy of decisions.
    ratios : dict of str to ndarray of shape (n_strengths,)
        Predicted ratios of "demographic_parity" and "equal_opportunity"; NaN where no
        label that counts is ever decided for.
    rates : tuple of ndarray of shape (n_strengths, n_groups)
        Predicted rates of the positive label in each group, one array a sensitive
        attribute; with `pos_label` None and more than two labels those of the last.
    rows : str
        The rows that the prediction is for, in words.

    Examples
    --------
    >>> import numpy as np
    >>> tradeoff = Tradeoff(
    ...     np.array([0.0, 1.0]),
    ...     np.array([0.85, 0.84]),
    ...     {"demographic_parity": np.array([0.4, 0.9]),
    ...      "equal_opportunity": np.array([0.8, 0.7])},
    ...     (np.array([[0.1, 0.25], [0.18, 0.2]]),),
    ...     "source rows",
    ... )
    >>> tradeoff
    Predicted for source rows
     lambda_yz  accuracy  demographic_parity  equal_opportunity
           0.0      0.85                 0.4                0.8
           1.0      0.84                 0.9                0.7
    >>> tradeoff.at(0.5)["demographic_parity"]
    0.65
    """

    strengths: Array
    accuracy: Array
    ratios: Mapping[str, Array]
    rates: tuple[Array, ...]
    rows: str

    def at(self, strength: float) -> dict[str, float]:
        """Return what is predicted at a strength, interpolated.

        Parameters
        ----------
        strength : float
            In [0, 1].

        Returns
        -------
        dict
            "accuracy", "demographic_parity" and "equal_opportunity".
        """
        curves = {"accuracy": self.accuracy, **self.ratios}
        return {
            name: round(float(np.interp(strength, self.strengths, curve)), 12)
            for name, curve in curves.items()
        }

    def to_frame(self) -> pd.DataFrame:
        """Return the curves as a DataFrame with a row for each strength."""
        curves = {"lambda_yz": self.strengths, "accuracy": self.accuracy, **self.ratios}
        return pd.DataFrame(curves)

    def __repr__(self) -> str:
        """Show five of the strengths."""
        shown = np.unique(
            np.linspace(0, len(self.strengths) - 1, 5).round().astype(int)
        )
        table = self.to_frame().iloc[shown].round(3).to_string(index=False)
        return f"Predicted for {self.rows}\n{table}"

    def meets(self, targets: Mapping[str, float]) -> NDArray[np.bool_]:
        """Tell for each strength whether all ratios asked for are predicted.

        Parameters
        ----------
        targets : mapping of str to float
            Ratios by measure. A ratio that is undefined meets none.
        """
        met = [self.ratios[m] >= ratio - TOLERANCE for m, ratio in targets.items()]
        return np.logical_and.reduce(met)

    def loss(self) -> Array:
        """Return the predicted accuracy that each strength costs."""
        return self.accuracy[0] - self.accuracy


def choose(
    tradeoff: Tradeoff, targets: Mapping[str, float] | None, most: float
) -> tuple[float, str | None]:
    """Return the strength to take, and what to warn of.

    Parameters
    ----------
    tradeoff : Tradeoff
        Predictions.
    targets : mapping of str to float or None
        Ratios asked for: the least strength that meets them, or comes nearest at a
        price of 5 points of accuracy at most. None: as near to parity as 2 points
        buy.
    most : float
        The largest strength that is taken with None.
    """
    loss, dp = tradeoff.loss(), tradeoff.ratios["demographic_parity"]
    if targets is None:
        allowed = (loss <= DEFAULT_PRICE) & (tradeoff.strengths <= most + 1e-9)
        i = int(np.flatnonzero(np.logical_and.accumulate(allowed))[-1])
        gap = FOUR_FIFTHS - dp[0]
        if not dp[i] - dp[0] < gap / 4:
            return float(tradeoff.strengths[i]), None
        return float(tradeoff.strengths[i]), (
            "Fair control does little here: the predicted ratio of demographic parity "
            f"goes from {dp[0]:.2f} to {dp[i]:.2f}, {_price(tradeoff, i)}. "
            f"{_rest(tradeoff, i)} A fairness_target goes further."
        )
    met = np.flatnonzero(tradeoff.meets(targets))
    if len(met) and loss[met[0]] <= MAX_PRICE:
        return float(tradeoff.strengths[met[0]]), None
    shortfall = np.max(
        [ratio - np.nan_to_num(tradeoff.ratios[m]) for m, ratio in targets.items()],
        axis=0,
    )
    i = int(np.where(loss <= MAX_PRICE, shortfall, np.inf).argmin())
    asked, found = (
        " and ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items())
        for ratios in (targets, {m: tradeoff.ratios[m][i] for m in targets})
    )
    return float(tradeoff.strengths[i]), (
        f"fairness_target asks for {asked}; predicted are {found}, "
        f"{_price(tradeoff, i)}. {_rest(tradeoff, i)}"
    )


def _price(tradeoff: Tradeoff, i: int) -> str:
    return f"at a price of {max(0.0, 100 * tradeoff.loss()[i]):.1f} points of accuracy"


def _rest(tradeoff: Tradeoff, i: int) -> str:
    best = int(np.nan_to_num(tradeoff.ratios["demographic_parity"]).argmax())
    if best <= i:
        return "What the features tell of the groups allows no more."
    ratio = tradeoff.ratios["demographic_parity"][best]
    more = 100 * (tradeoff.loss()[best] - tradeoff.loss()[i])
    return f"A ratio of {ratio:.2f} would cost {more:.1f} points more."
