"""What is predicted of decisions for each strength of fair control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .._figures import FOUR_FIFTHS, axes_for, draw_tradeoff

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

#: What fair control may cost in accuracy: by default, and for a target.
DEFAULT_PRICE, MAX_PRICE = 0.02, 0.1
#: A predicted ratio that is lower by so little counts as met.
TOLERANCE = 0.01


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
        positive label is ever predicted.
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

    def plot(
        self,
        ax: Axes | None = None,
        *,
        ratio: str = "demographic_parity",
        auto: float | None = None,
        pos_label: Any = None,
    ) -> Axes:
        """Draw predicted accuracy against a predicted ratio; needs matplotlib.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure that ``plt.show()`` shows.
        ratio : {"demographic_parity", "equal_opportunity"}, \
                default="demographic_parity"
            Which ratio.
        auto : float, default=None
            A strength to ring, such as the `lambda_yz_` of the generator.
        pos_label : label, default=None
            The positive label, such as the `pos_label_` of the generator, to be named.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ValueError
            If `ratio` is unknown.
        ImportError
            If matplotlib is not installed.

        See Also
        --------
        skfadm.FairnessTradeoffDisplay : Measures what this predicts.
        """
        if ratio not in self.ratios:
            raise ValueError(
                f"ratio must be among {sorted(self.ratios)}, got {ratio!r}."
            )
        ax = axes_for("Tradeoff.plot", ax)
        strengths = np.linspace(0.0, 1.0, 5)
        if auto is not None:
            strengths = np.union1d(strengths, auto)
        predicted = [self.at(strength) for strength in strengths]
        draw_tradeoff(
            ax,
            strengths,
            [each["accuracy"] for each in predicted],
            [each[ratio] for each in predicted],
            ratio_name=f"ratio of {ratio.replace('_', ' ')}",
            auto=auto,
            pos_label=pos_label,
            label=f"predicted for {self.rows}",
        )
        return ax

    def __repr__(self) -> str:
        """Show five of the strengths."""
        shown = np.unique(
            np.linspace(0, len(self.strengths) - 1, 5).round().astype(int)
        )
        table = self.to_frame().iloc[shown].round(3).to_string(index=False)
        return f"Predicted for {self.rows}\n{table}"


def choose(
    tradeoff: Tradeoff, targets: Mapping[str, float] | None
) -> tuple[float, str | None]:
    """Return the strength to take, and what to warn of.

    Parameters
    ----------
    tradeoff : Tradeoff
        Predictions.
    targets : mapping of str to float or None
        Ratios asked for: the least strength that meets them, or comes nearest at a
        price of 10 points of accuracy at most. None: toward parity until that costs 2
        points.
    """
    strengths = np.linspace(tradeoff.strengths[0], tradeoff.strengths[-1], 101)
    fine = {
        name: np.interp(strengths, tradeoff.strengths, curve)
        for name, curve in {"accuracy": tradeoff.accuracy, **tradeoff.ratios}.items()
    }
    loss = fine["accuracy"][0] - fine["accuracy"]
    if targets is None:
        i = int(np.flatnonzero(np.logical_and.accumulate(loss <= DEFAULT_PRICE))[-1])
        start, end = fine["demographic_parity"][[0, i]]
        if not end - start < (FOUR_FIFTHS - start) / 4:
            return float(strengths[i]), None
        return float(strengths[i]), (
            "Fair control does little here: the predicted ratio of demographic parity "
            f"goes from {start:.2f} to {end:.2f}, at a price of "
            f"{max(0.0, 100 * loss[i]):.1f} points of predicted accuracy. For more, "
            "at a higher price, name a fairness_target."
        )
    gaps = [ratio - np.nan_to_num(fine[m]) for m, ratio in targets.items()]
    gap = np.where(loss <= MAX_PRICE, np.max(gaps, axis=0), np.inf)
    met = np.flatnonzero(gap <= TOLERANCE)
    if len(met):
        return float(strengths[met[0]]), None
    i = int(gap.argmin())
    asked, found = (
        " and ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items())
        for ratios in (targets, {m: fine[m][i] for m in targets})
    )
    return float(strengths[i]), (
        f"fairness_target asks for {asked}; predicted are {found}. "
        f"{_price(fine, loss, i)}"
    )


def _price(fine: Mapping[str, Array], loss: Array, i: int) -> str:
    """Say what a strength costs, and what the rest would cost."""
    price = f"It costs {max(0.0, 100 * loss[i]):.1f} points of predicted accuracy; "
    best = int(np.nan_to_num(fine["demographic_parity"]).argmax())
    if best <= i:
        return price + "the features tell the groups too poorly for more."
    ratio, more = fine["demographic_parity"][best], 100 * (loss[best] - loss[i])
    return price + f"a ratio of {ratio:.2f} would cost {more:.1f} more."
