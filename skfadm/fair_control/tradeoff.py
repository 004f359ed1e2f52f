"""What is predicted of decisions for each strength of fair control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .._figures import axes_for, draw_tradeoff
from .._text import wrapped
from .goal import Goal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Tradeoff:
    """Predicted accuracy and fairness for each strength, from 0 to 1.

    Predictions are made for a classifier that learns the labels well, on rows that the
    classifiers of labels and groups have not been trained on. ``print(tradeoff)`` says
    in six lines what was done to the labels and why.

    Attributes
    ----------
    goal : Goal
        The `targets` that are asked for, the `pos_label`, and `why` it is meant.
    strengths : ndarray of shape (n_strengths,)
        Values of `lambda_yz`, increasing from 0 to 1.
    accuracy, balanced_accuracy : ndarray of shape (n_strengths,)
        Predicted accuracy of decisions, and the mean of the labels' recalls.
    ratios : dict of str to ndarray of shape (n_strengths,)
        Predicted ratios of "demographic_parity", "equal_opportunity" and
        "equalized_odds"; NaN where no positive label is ever predicted.
    intervals : dict of str to ndarray of shape (n_strengths, 2)
        For each ratio the ends between which it is expected: over source domains, over
        calibrations of p(z | x), with the error of so many rows.
    rates : tuple of ndarray of shape (n_strengths, n_groups)
        Predicted rates of the positive label in each group, one array a sensitive
        attribute; where each of more labels is meant, those of the last.
    positives : ndarray of shape (n_strengths,)
        The share of that label among the labels that are drawn.
    changed : ndarray of shape (n_strengths,)
        The share of labels that are drawn otherwise than at strength 0.
    rows : str
        The rows that the prediction is for, in words.
    constant : float
        Accuracy of the constant answer, the most common label.
    auto, taken : float
        The strength that "auto" stands for, and the one that is taken.
    table_ratio : float
        The ratio of demographic parity of the real labels.
    auc : tuple of float
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
    >>> [float(tradeoff.at(s)["demographic_parity"].round(1)) for s in (0.0, 1.0)]
    [0.5, 1.0]
    """

    goal: Goal
    strengths: Array
    accuracy: Array
    balanced_accuracy: Array
    ratios: Mapping[str, Array]
    intervals: Mapping[str, Array]
    rates: tuple[Array, ...]
    positives: Array
    changed: Array
    rows: str
    constant: float
    auto: float
    table_ratio: float
    auc: tuple[float, ...]
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
            "accuracy", "balanced_accuracy", "positives", "changed", and the ratios with
            the ends of their intervals, "_low" and "_high".
        """
        columns = self.to_frame().set_index("lambda_yz")
        return {
            str(name): round(float(np.interp(strength, self.strengths, curve)), 12)
            for name, curve in columns.items()
        }

    def to_frame(self) -> pd.DataFrame:
        """Return the curves as a DataFrame with a row for each strength."""
        curves = {
            "lambda_yz": self.strengths,
            "accuracy": self.accuracy,
            "balanced_accuracy": self.balanced_accuracy,
            **self.ratios,
            "positives": self.positives,
            "changed": self.changed,
        }
        for name, ends in self.intervals.items():
            curves[f"{name}_low"], curves[f"{name}_high"] = ends.T
        return pd.DataFrame(curves)

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
            Which of the `ratios`.

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
        strengths = np.union1d(np.linspace(0.0, 1.0, 5), self.auto)
        predicted = [self.at(strength) for strength in strengths]
        draw_tradeoff(
            ax,
            strengths,
            [each["accuracy"] for each in predicted],
            [each[ratio] for each in predicted],
            ratio_name=f"ratio of {ratio.replace('_', ' ')}",
            ratio_interval=[
                (each[f"{ratio}_low"], each[f"{ratio}_high"]) for each in predicted
            ],
            auto=self.auto,
            pos_label=self.goal.pos_label,
            label=f"predicted for {self.rows}",
        )
        return ax

    def __repr__(self) -> str:
        """Show a few of the strengths, and mark the one that is taken."""
        shown = np.linspace(0, len(self.strengths) - 1, 5).round().astype(int)
        if not np.isnan(self.taken):
            shown = np.append(shown, np.abs(self.strengths - self.taken).argmin())
        shown = np.unique(shown)
        frame = self.to_frame().iloc[shown, :5].round(3)
        frame = frame.rename(columns={"balanced_accuracy": "balanced"})
        lines = frame.to_string(index=False).split("\n")
        for i, strength in enumerate(self.strengths[shown], 1):
            if np.isclose(strength, self.taken):
                lines[i] += "  <- taken"
        title = f"the constant answer has accuracy {self.constant:.3g}"
        return "\n".join([f"Predicted for {self.rows}; {title}", *lines])

    def __str__(self) -> str:
        """Say in at most six lines of 80 columns what is done to labels, and why."""
        before, after, goal = self.at(0.0), self.at(self.taken), self.goal
        how = "auto" if self.taken == self.auto else "as set"
        start, share = f"Fair labels: lambda_yz {self.taken:.2f} ({how}), ", ""
        heads = [f"{start}each label alike"]
        if goal.pos_label is not None:
            shares = [f"{100 * each['positives']:.1f} %" for each in (before, after)]
            share = f"; positives {' -> '.join(shares)}"
            few, *rest = wrapped(goal.shown, 50).split("\n")
            heads = [
                fill(f"{start}favourable: {goal.shown} ({goal.why})", 78),
                f"{start}favourable: {goal.shown}",
                f"Favourable label: {few}{'...' if rest else ''}",
            ]
        parity, second = (
            f"{before[name]:.2f} -> {after[name]:.2f} ({after[f'{name}_low']:.2f} to "
            f"{after[f'{name}_high']:.2f})"
            for name in ("demographic_parity", self._second)
        )
        aucs = ", ".join(f"{auc:.2f}" for auc in self.auc)
        note = fill(self.note or "", 76)
        # Six lines in all: where names or the note are long, less is said here.
        room = 3 - len(note.splitlines()), 1, 1
        fitting = (
            head
            for head, n in zip(heads, room, strict=False)
            if head.count("\n") < n and max(map(len, head.split("\n"))) <= 78
        )
        lines = [
            next(fitting, heads[-1]),
            f"parity: real labels {self.table_ratio:.2f}, for {self.rows} {parity}",
            f"{self._second.split('_')[1]}: predicted {second}{share}",
            f"accuracy: {before['accuracy']:.3f} -> {after['accuracy']:.3f}, constant "
            f"answer {self.constant:.3f}; AUC of groups {aucs}",
        ]
        return "\n".join([*lines, note]).rstrip()

    @property
    def _second(self) -> str:
        """The ratio that stands beside parity."""
        odds = "equalized_odds" in self.goal.measures
        return "equalized_odds" if odds else "equal_opportunity"
