"""What is predicted of decisions for each strength of fair control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .._figures import axes_for, draw_tradeoff

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
    strengths : ndarray of shape (n_strengths,)
        Values of `lambda_yz`, increasing from 0 to 1.
    accuracy : ndarray of shape (n_strengths,)
        Predicted accuracy of decisions.
    ratios : dict of str to ndarray of shape (n_strengths,)
        Predicted ratios of "demographic_parity", "equal_opportunity" and
        "equalized_odds"; NaN where no positive label is ever predicted.
    rates : tuple of ndarray of shape (n_strengths, n_groups)
        Predicted rates of the positive label in each group, one array a sensitive
        attribute; with `pos_label` None and more than two labels those of the last.
    rows : str
        The rows that the prediction is for, in words.
    balanced_accuracy : ndarray of shape (n_strengths,), default=None
        Predicted mean of the labels' recalls.
    intervals : dict of str to ndarray of shape (n_strengths, 2)
        For each ratio the ends between which it is expected: over source domains, over
        calibrations of p(z | x), with the error of so many rows.
    positives : ndarray of shape (n_strengths,), default=None
        The share of the positive label among the labels that are drawn.
    constant : float, default=nan
        Accuracy of the constant answer, the most common label.
    auto : float, default=nan
        The strength that "auto" stands for.
    taken : float, default=nan
        The strength that is taken: `auto`, or the number that `lambda_yz` is.
    pos_label : label or None, default=None
        The favourable label; None if each label is compared.
    why_pos_label : str, default=""
        Where it comes from, in words.
    pos_name : str, default=""
        The favourable label as people read it, such as "loan = yes".
    targets : dict of str to float or None, default=None
        The ratios that are asked for.
    table_ratio : float, default=nan
        The ratio of demographic parity of the real labels.
    auc : tuple of float, default=()
        How well features tell the groups of each attribute: 0.5 is not at all.
    note : str or None, default=None
        Why little is done, or less than was asked for.

    Examples
    --------
    >>> import numpy as np
    >>> tradeoff = Tradeoff(
    ...     np.array([0.0, 1.0]),
    ...     np.array([0.85, 0.84]),
    ...     {"demographic_parity": np.array([0.4, 0.9]),
    ...      "equal_opportunity": np.array([0.8, 0.7])},
    ...     (np.array([[0.1, 0.25], [0.18, 0.2]]),),
    ...     "the source rows",
    ...     constant=0.75,
    ...     taken=1.0,
    ... )
    >>> tradeoff
    Predicted for the source rows; the constant answer has accuracy 0.75
     lambda_yz  accuracy  demographic_parity  equal_opportunity
           0.0      0.85                 0.4                0.8
           1.0      0.84                 0.9                0.7  <- taken
    >>> tradeoff.at(0.5)["demographic_parity"]
    0.65
    """

    strengths: Array
    accuracy: Array
    ratios: Mapping[str, Array]
    rates: tuple[Array, ...]
    rows: str
    balanced_accuracy: Array | None = None
    intervals: Mapping[str, Array] = field(default_factory=dict)
    positives: Array | None = None
    constant: float = np.nan
    auto: float = np.nan
    taken: float = np.nan
    pos_label: Any = None
    why_pos_label: str = ""
    pos_name: str = ""
    targets: Mapping[str, float] | None = None
    table_ratio: float = np.nan
    auc: tuple[float, ...] = ()
    note: str | None = None

    def at(self, strength: float) -> dict[str, float]:
        """Return what is predicted at a strength, interpolated.

        Parameters
        ----------
        strength : float
            In [0, 1].

        Returns
        -------
        dict
            "accuracy" and the ratios; where they are known also "balanced_accuracy",
            "positives" and, with "_low" and "_high", the ends of intervals.
        """
        columns = self.to_frame().set_index("lambda_yz")
        return {
            str(name): round(float(np.interp(strength, self.strengths, curve)), 12)
            for name, curve in columns.items()
        }

    def to_frame(self) -> pd.DataFrame:
        """Return the curves as a DataFrame with a row for each strength."""
        curves = {"lambda_yz": self.strengths, "accuracy": self.accuracy, **self.ratios}
        if self.balanced_accuracy is not None:
            curves["balanced_accuracy"] = self.balanced_accuracy
        if self.positives is not None:
            curves["positives"] = self.positives
        for name, ends in self.intervals.items():
            curves[f"{name}_low"], curves[f"{name}_high"] = ends.T
        return pd.DataFrame(curves)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        ratio: str = "demographic_parity",
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
        auto = None if np.isnan(self.auto) else self.auto
        strengths = np.union1d(np.linspace(0.0, 1.0, 5), [] if auto is None else auto)
        predicted = [self.at(strength) for strength in strengths]
        ends = None
        if ratio in self.intervals:
            ends = [(each[f"{ratio}_low"], each[f"{ratio}_high"]) for each in predicted]
        draw_tradeoff(
            ax,
            strengths,
            [each["accuracy"] for each in predicted],
            [each[ratio] for each in predicted],
            ratio_name=f"ratio of {ratio.replace('_', ' ')}",
            ratio_interval=ends,
            auto=auto,
            pos_label=self.pos_label,
            label=f"predicted for {self.rows}",
        )
        return ax

    def __repr__(self) -> str:
        """Show a few of the strengths, and mark the one that is taken."""
        frame = self.to_frame()
        if "balanced_accuracy" in frame:
            frame.insert(2, "balanced", frame.pop("balanced_accuracy"))
        shown = np.linspace(0, len(frame) - 1, 5).round().astype(int)
        if not np.isnan(self.taken):
            shown = np.append(shown, np.abs(self.strengths - self.taken).argmin())
        shown = np.unique(shown)
        frame = frame.iloc[shown, : 4 + ("balanced" in frame)].round(3)
        lines = frame.to_string(index=False).split("\n")
        for i, strength in enumerate(self.strengths[shown], 1):
            if np.isclose(strength, self.taken):
                lines[i] += "  <- taken"
        title = f"Predicted for {self.rows}"
        if not np.isnan(self.constant):
            title += f"; the constant answer has accuracy {self.constant:.3g}"
        return "\n".join([title, *lines])

    def __str__(self) -> str:
        """Say in at most six lines what is done to the labels, and why."""
        before, after = self.at(0.0), self.at(self.taken)
        how = "auto" if self.taken == self.auto else "as set"
        favourable = "each label alike"
        if self.pos_label is not None:
            favourable = f"favourable label {self.pos_name} ({self.why_pos_label})"
        lines = [f"Fair labels: lambda_yz {self.taken:.2f} ({how}), {favourable}"]
        second = "equal_opportunity"
        if "equalized_odds" in (self.targets or {}):
            second = "equalized_odds"
        for name in ("demographic_parity", second):
            text = f"predicted {before[name]:.2f} -> {after[name]:.2f}"
            if name in self.intervals:
                ends = after[f"{name}_low"], after[f"{name}_high"]
                text += f" ({ends[0]:.2f} to {ends[1]:.2f})"
            if name == "demographic_parity" and not np.isnan(self.table_ratio):
                text = f"real labels {self.table_ratio:.2f}, {text}"
            lines.append(f"{name.replace('_', ' ')}: {text}")
        text = (
            f"accuracy: predicted {before['accuracy']:.3f} -> {after['accuracy']:.3f}"
        )
        lines.append(f"{text}, constant answer {self.constant:.3f}")
        parts = []
        if self.positives is not None and self.pos_label is not None:
            shares = [f"{100 * each['positives']:.1f} %" for each in (before, after)]
            parts.append(f"{self.pos_name}: {' -> '.join(shares)}")
        if self.auc:
            values = ", ".join(f"{auc:.2f}" for auc in self.auc)
            parts.append(f"features tell groups with AUC {values}")
        parts.append(f"for {self.rows}")
        lines.append("; ".join(parts))
        return "\n".join(lines + ([self.note] if self.note else []))
