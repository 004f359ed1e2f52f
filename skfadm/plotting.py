"""FairnessTradeoffDisplay: accuracy against a ratio as fair control grows stronger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from ._downstream import fit_on_generated

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMES = {
    "demographic_parity_ratio": "ratio of demographic parity",
    "equal_opportunity_ratio": "ratio of equal opportunity",
}


class FairnessTradeoffDisplay:
    """Accuracy against fairness of what generated rows teach, one point a strength.

    It is recommended to use :meth:`from_estimator`. Needs matplotlib.

    Parameters
    ----------
    strengths : array-like of shape (n_strengths,)
        Values of `lambda_yz`.
    accuracy : array-like of shape (n_strengths,)
        Accuracy of a classifier of the rows of each strength.
    ratio : array-like of shape (n_strengths,)
        Its ratio; points where it is undefined (NaN) are not drawn.
    ratio_name : {"demographic_parity_ratio", "equal_opportunity_ratio"}
        Which ratio.
    real : tuple of float, default=None
        (ratio, accuracy) of a classifier of the real rows.

    Attributes
    ----------
    line_ : matplotlib Line2D
        The curve.
    real_ : matplotlib PathCollection or None
        The point of the real rows.
    ax_ : matplotlib Axes
        Where they are.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    """

    def __init__(
        self,
        *,
        strengths: ArrayLike,
        accuracy: ArrayLike,
        ratio: ArrayLike,
        ratio_name: str = "demographic_parity_ratio",
        real: tuple[float, float] | None = None,
    ):
        self.strengths = strengths
        self.accuracy = accuracy
        self.ratio = ratio
        self.ratio_name = ratio_name
        self.real = real

    @classmethod
    def from_estimator(
        cls,
        generator: Any,
        X: ArrayLike | pd.DataFrame,
        y: ArrayLike,
        z: ArrayLike,
        *,
        strengths: Sequence[float] = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0),
        real_rows: tuple[Any, Any] | None = None,
        ratio: str = "demographic_parity_ratio",
        classifier: Any = None,
        n_samples: int = 5000,
        random_state: int = 0,
        ax: Axes | None = None,
        name: str | None = None,
    ) -> FairnessTradeoffDisplay:
        """Sample with every strength, train a classifier on the rows, score and draw.

        Parameters
        ----------
        generator : FairDiffusionGenerator
            Fitted with `z`; it is not trained again, nor changed.
        X : {array-like, DataFrame} of shape (n, n_features)
            Real rows to score on, best of a domain that `fit` has not seen.
        y : array-like of shape (n,)
            Their labels.
        z : array-like of shape (n,) or (n, n_attributes)
            Their sensitive attributes.
        strengths : sequence of float, default=(0, 0.5, 1, 1.5, 2, 3)
            Values of `lambda_yz`, each in [0, 6].
        real_rows : tuple of (X, y), default=None
            Real rows, such as those of `fit`; what they teach is drawn as one point.
        ratio : {"demographic_parity_ratio", "equal_opportunity_ratio"}, \
                default="demographic_parity_ratio"
            The measure of fairness.
        classifier : classifier, default=None
            Cloned and trained on the rows; None is histogram gradient boosting.
        n_samples : int, default=5000
            Rows of each strength.
        random_state : int, default=0
            Seeds rows and classifiers, the same for every strength.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        name : str, default=None
            What the legend calls the curve.

        Returns
        -------
        FairnessTradeoffDisplay

        Raises
        ------
        ValueError
            If `ratio` is unknown, `strengths` is empty or holds what is no strength, or
            the generator has been fitted without sensitive attribute.
        NotFittedError
            If the generator is not fitted.
        """
        from .metrics import FairnessScorer

        if ratio not in _NAMES:
            raise ValueError(f"ratio must be among {sorted(_NAMES)}, got {ratio!r}.")
        check_is_fitted(generator)
        if getattr(generator, "calibration_", None) is None:
            raise ValueError(
                "generator has no lambda_yz that could act: it has been fitted without "
                "z or is no FairDiffusionGenerator."
            )
        scorer = FairnessScorer(("accuracy", ratio), random_state=random_state)

        def score(rows: Any, labels: Any) -> dict[str, float]:
            fitted = fit_on_generated(
                classifier, rows, labels, random_state=random_state
            )
            scores: Any = scorer.score(fitted, X, y, z=z)
            return scores

        tables = generator.sample_strengths(
            strengths, n_samples, random_state=random_state
        )
        table = pd.DataFrame([score(*rows) for rows in tables])
        real = None
        if real_rows is not None:
            found = score(*real_rows)
            real = (found[ratio], found["accuracy"])
        display = cls(
            strengths=np.asarray(strengths, dtype=float),
            accuracy=table["accuracy"].to_numpy(),
            ratio=table[ratio].to_numpy(),
            ratio_name=ratio,
            real=real,
        )
        return display.plot(ax, name=name)

    def plot(
        self, ax: Axes | None = None, *, name: str | None = None, **kwargs: Any
    ) -> FairnessTradeoffDisplay:
        """Draw the curve, with its strengths written beside the points.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        name : str, default=None
            What the legend calls the curve.
        **kwargs : dict
            Passed to ``ax.plot``.

        Returns
        -------
        self : FairnessTradeoffDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        if ax is None:
            from matplotlib.figure import Figure

            ax = Figure(layout="constrained").subplots()
        style = {"marker": "o", "label": name or "generated rows", **kwargs}
        ratio, accuracy = np.asarray(self.ratio), np.asarray(self.accuracy)
        (self.line_,) = ax.plot(ratio, accuracy, **style)
        for strength, *point in zip(
            np.asarray(self.strengths), ratio, accuracy, strict=True
        ):
            if np.isfinite(point).all():
                ax.annotate(
                    f"{strength:g}",
                    (point[0], point[1]),
                    xytext=(4, 4),
                    textcoords="offset points",
                    fontsize="small",
                )
        self.real_ = None
        if self.real is not None:
            self.real_ = ax.scatter(
                *self.real, color="#777777", marker="*", s=90, label="real rows"
            )
        ax.set(xlabel=_NAMES[self.ratio_name], ylabel="accuracy")
        ax.legend(title="numbers: lambda_yz", fontsize="small")
        self.ax_ = ax
        self.figure_ = ax.figure
        return self
