"""What is predicted of decisions for each strength of fair control."""

from __future__ import annotations

from dataclasses import dataclass, replace
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .._figures import axes_for, draw_tradeoff
from .goal import MEASURES, Goal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Tradeoff:
    """Predicted accuracy and fairness for each strength, from 0 to 1.

    Predictions are made for a classifier that learns the labels well, on rows that the
    classifiers of labels and groups have not been trained on. ``print(tradeoff)`` says
    in six lines what was done to the labels and why.

    Parameters
    ----------
    goal : Goal
        The `targets` that are asked for, the `pos_label`, and `why` it is meant.
    curves : dict of str to ndarray of shape (n_strengths,)
        What `to_frame` shows: "lambda_yz" from 0 to 1, "accuracy" and
        "balanced_accuracy" of decisions, the ratios "demographic_parity",
        "equal_opportunity" and "equalized_odds" (NaN where no positive label is ever
        predicted), "positives", the share of the positive label among those drawn,
        "changed", the share of labels drawn otherwise than at strength 0, and with
        "_low" and "_high" the ends between which a ratio is expected: over source
        domains, over calibrations of p(z | x), with the error of so many rows.
    rates : tuple of ndarray of shape (n_strengths, n_groups)
        Predicted rates of the positive label in each group, one array a sensitive
        attribute; where each of more labels is meant, those of the last.
    rows : str
        The rows that the prediction is for, in words.
    constant : float
        Accuracy of the constant answer, the most common label.
    auto, taken : float
        The strength that "auto" stands for, and the one that is taken.
    table_ratio : float
        The ratio of demographic parity of the real labels.
    auc : list of float
        How well features tell the groups of each attribute: 0.5 is not at all.
    note : str or None
        Why little is done, or less than was asked for.

    Examples
    --------
    >>> from skfadm import FairDiffusionGenerator
    >>> from skfadm.datasets import make_biased_domains
    >>> data = make_biased_domains(600, bias=0.3, random_state=0)
    >>> generator = FairDiffusionGenerator(max_iter=20, lambda_yz=1.0, random_state=0)
    >>> tradeoff = generator.fit(data.data, data.target, data.z).tradeoff_
    >>> tradeoff.rows, tradeoff.taken
    ('the source rows', 1.0)
    >>> [round(tradeoff.at(s)["demographic_parity"], 1) for s in (0.0, 1.0)]
    [0.5, 1.0]
    """

    goal: Goal
    curves: dict[str, Array]
    rates: tuple[Array, ...]
    rows: str
    constant: float
    auto: float
    table_ratio: float
    auc: list[float]
    note: str | None = None
    taken: float = np.nan

    def with_strength(self, lambda_yz: float | str) -> Tradeoff:
        """Return the same with what a parameter stands for as `taken`."""
        if lambda_yz == "auto":
            return replace(self, taken=self.auto)
        return replace(self, taken=float(lambda_yz), note=None)

    def at(self, strength: float) -> dict[str, float]:
        """Return what is predicted at a strength, interpolated.

        Parameters
        ----------
        strength : float
            In [0, 1].

        Returns
        -------
        dict
            The `curves`.
        """
        strengths = self.curves["lambda_yz"]
        return {
            name: round(float(np.interp(strength, strengths, curve)), 12)
            for name, curve in self.curves.items()
        }

    def to_frame(self) -> pd.DataFrame:
        """Return the curves as a DataFrame with a row for each strength."""
        return pd.DataFrame(self.curves)

    def plot(
        self, ax: Axes | None = None, *, ratio: str = "demographic_parity"
    ) -> Axes:
        """Draw predicted accuracy against a predicted ratio; needs matplotlib.

        The strength of "auto" is ringed.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure that ``plt.show()`` shows.
        ratio : str, default="demographic_parity"
            Which of the ratios.

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
        if ratio not in MEASURES:
            raise ValueError(f"ratio must be among {list(MEASURES)}, got {ratio!r}.")
        ax = axes_for("Tradeoff.plot", ax)
        strengths = np.union1d(np.linspace(0.0, 1.0, 5), self.auto)
        drawn = pd.DataFrame([self.at(strength) for strength in strengths])
        draw_tradeoff(
            ax,
            strengths,
            drawn["accuracy"],
            drawn[ratio],
            ratio_name=f"ratio of {ratio.replace('_', ' ')}",
            ratio_interval=drawn[[f"{ratio}_low", f"{ratio}_high"]],
            auto=self.auto,
            pos_label=self.goal.pos_label,
            label=f"predicted for {self.rows}",
        )
        return ax

    def __repr__(self) -> str:
        """Show a few of the strengths, and mark the one that is taken."""
        frame = self.to_frame().rename(columns={"balanced_accuracy": "balanced"})
        strengths = frame["lambda_yz"].to_numpy()
        far = np.abs(strengths[:, np.newaxis] - [0.0, 0.3, 0.5, 0.7, 1.0, self.taken])
        shown = np.unique(far[:, ~np.isnan(far[0])].argmin(axis=0))
        lines = frame.iloc[shown, :5].round(3).to_string(index=False).split("\n")
        for i in np.flatnonzero(np.isclose(strengths[shown], self.taken)):
            lines[i + 1] += "  <- taken"
        title = f"the constant answer has accuracy {self.constant:.3g}"
        return "\n".join([f"Predicted for {self.rows}; {title}", *lines])

    def __str__(self) -> str:
        """Say in at most six lines of 80 columns what is done to labels, and why."""
        before, after, goal = self.at(0.0), self.at(self.taken), self.goal
        how, share = "auto" if self.taken == self.auto else "as set", ""
        head = f"Fair labels: lambda_yz {self.taken:.2f} ({how}), each label alike"
        if goal.pos_label is not None:
            shares = [f"{100 * each['positives']:.1f} %" for each in (before, after)]
            share = f"; positives {' -> '.join(shares)}"
            name = goal.shown
            if len(name) > 26:  # first words of the column, but also its value
                parts = name.rpartition(" = ")
                name = "".join(map(_first_words, parts))
            head = head.replace("each label alike", f"favourable: {name} ({goal.why})")
        second = MEASURES[2 if MEASURES[2] in goal.measures else 1]
        of_parity, of_second = (
            f"{before[name]:.2f} -> {after[name]:.2f} ({after[f'{name}_low']:.2f} to "
            f"{after[f'{name}_high']:.2f})"
            for name in (MEASURES[0], second)
        )
        note = wrap(self.note or "", 76)
        # Where the note is long, less is said of the label.
        lines = wrap(head, 78, max_lines=max(1, 3 - len(note)), placeholder=" ...")
        lines += [
            f"parity: real labels {self.table_ratio:.2f}, for {self.rows} {of_parity}",
            f"{second.split('_')[1]}: predicted {of_second}{share}",
            f"accuracy: {before['accuracy']:.3f} -> {after['accuracy']:.3f}, constant "
            f"answer {self.constant:.3f}; AUC of groups "
            + ", ".join(f"{auc:.2f}" for auc in self.auc),
        ]
        return "\n".join(lines + note)


def _first_words(text: str) -> str:
    """Return what goes into 20 characters; only a word that is longer is cut."""
    if len(text) <= 20:
        return text
    return text[: max(text.rfind(" ", 0, 17), 0) or 17] + "..."
