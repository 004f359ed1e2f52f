"""FairnessTradeoffDisplay: accuracy against a ratio as fair control grows stronger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from sklearn.utils.validation import check_is_fitted

from .._figures import axes_for, draw_tradeoff
from .._validation import check_n_samples
from ._downstream import fit_on_generated
from ._ratios import RATIOS
from ._scorer import FairnessScorer

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(kw_only=True, eq=False, repr=False)
class FairnessTradeoffDisplay:
    """Accuracy against fairness of what generated rows teach, one point a strength.

    Up is more accurate, right is fairer. It is recommended to use
    :meth:`from_estimator`, which measures; ``generator.tradeoff_.plot()`` shows what
    `fit` or `adapt` has predicted. Needs matplotlib.

    Parameters
    ----------
    strengths : array-like of shape (n_strengths,)
        Values of `lambda_yz`.
    accuracy : array-like of shape (n_strengths,)
        Accuracy of a classifier of the rows of each strength, in [0, 1].
    ratio : array-like of shape (n_strengths,)
        Its ratio, in [0, 1]; points where it is undefined (NaN) are not drawn.
    accuracy_interval, ratio_interval : array-like of shape (n_strengths, 2), \
            default=None
        Lower and upper ends of intervals; None draws none.
    ratio_name : {"demographic_parity_ratio", "equal_opportunity_ratio"}, \
            default="demographic_parity_ratio"
        Which ratio.
    auto : float, default=None
        The strength, among `strengths`, that ``lambda_yz="auto"`` takes.
    real : tuple of float, default=None
        (ratio, accuracy) of a classifier of the real rows.
    pos_label : label, default=None
        The positive label, to be named; None names none.

    Attributes
    ----------
    line_, intervals_, auto_, real_ : matplotlib artists
        The curve, the intervals, and the points of "auto" and of the real rows; None
        for what was not drawn.
    ax_, figure_ : matplotlib Axes, Figure
        Where they are.

    Examples
    --------
    >>> from skfadm import FairnessTradeoffDisplay
    >>> display = FairnessTradeoffDisplay(
    ...     strengths=[0, 1, 2], accuracy=[0.85, 0.84, 0.82], ratio=[0.3, 0.6, 0.9]
    ... )
    >>> display.plot()  # doctest: +SKIP
    """

    strengths: ArrayLike
    accuracy: ArrayLike
    ratio: ArrayLike
    accuracy_interval: ArrayLike | None = None
    ratio_interval: ArrayLike | None = None
    ratio_name: str = "demographic_parity_ratio"
    auto: float | None = None
    real: tuple[float, float] | None = None
    pos_label: Any = None

    @classmethod
    def from_estimator(
        cls,
        generator: Any,
        X: ArrayLike | pd.DataFrame,
        y: ArrayLike,
        z: ArrayLike,
        *,
        strengths: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0),
        real_rows: tuple[Any, Any] | None = None,
        ratio: str = "demographic_parity_ratio",
        pos_label: Any = None,
        classifier: Any = None,
        n_samples: int = 5000,
        n_repeats: int = 3,
        random_state: int = 0,
        ax: Axes | None = None,
        name: str | None = None,
    ) -> FairnessTradeoffDisplay:
        """Sample with every strength, train a classifier on the rows, score and draw.

        Parameters
        ----------
        generator : FairDiffusionGenerator
            Fitted with `z`; it is not trained again, nor changed. Where its `lambda_yz`
            is "auto", the strength that this stands for is one more point.
        X : {array-like, DataFrame} of shape (n, n_features)
            Real rows to score on, best of a domain that `fit` has not seen.
        y : array-like of shape (n,)
            Their labels.
        z : array-like of shape (n,) or (n, n_attributes)
            Their sensitive attributes.
        strengths : sequence of float, default=(0, 0.25, 0.5, 0.75, 1)
            Values of `lambda_yz`, each in [0, 1].
        real_rows : tuple of (X, y), default=None
            Real rows, such as those of `fit`; what they teach is drawn as one point.
        ratio : {"demographic_parity_ratio", "equal_opportunity_ratio"}, \
                default="demographic_parity_ratio"
            The measure of fairness.
        pos_label : label, default=None
            The positive label, as for :class:`~skfadm.FairnessScorer`; it is named.
        classifier : classifier, default=None
            Cloned and trained on the rows; None is histogram gradient boosting.
        n_samples : int, default=5000
            Rows of each strength.
        n_repeats : int, default=3
            How often to sample and to train. Points are means; from two repeats on they
            have 95 % intervals of the mean (Student's t). These tell how much rows and
            classifiers vary, not how much other rows to score on would.
        random_state : int, default=0
            Seeds rows and classifiers, the same for every strength; the repeats take
            this number and the ones that follow.
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
        display = measure_tradeoff(
            generator,
            X,
            y,
            z,
            strengths=strengths,
            real_rows=real_rows,
            ratio=ratio,
            pos_label=pos_label,
            classifier=classifier,
            n_samples=n_samples,
            n_repeats=n_repeats,
            random_state=random_state,
        )
        return display.plot(ax, name=name)

    def plot(
        self, ax: Axes | None = None, *, name: str | None = None, **kwargs: Any
    ) -> FairnessTradeoffDisplay:
        """Draw the curve, with its strengths written beside the points.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure that ``plt.show()`` shows.
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
        ax = axes_for("FairnessTradeoffDisplay.plot", ax)
        drawn = draw_tradeoff(
            ax,
            self.strengths,
            self.accuracy,
            self.ratio,
            accuracy_interval=self.accuracy_interval,
            ratio_interval=self.ratio_interval,
            ratio_name=RATIOS[self.ratio_name],
            auto=self.auto,
            real=self.real,
            pos_label=self.pos_label,
            **{"label": name or "synthetic rows"} | kwargs,
        )
        self.line_, self.intervals_, self.auto_, self.real_ = drawn
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def measure_tradeoff(
    generator: Any,
    X: Any,
    y: Any,
    z: Any,
    *,
    strengths: Sequence[float],
    real_rows: tuple[Any, Any] | None = None,
    ratio: str = "demographic_parity_ratio",
    pos_label: Any,
    classifier: Any,
    n_samples: int,
    n_repeats: int = 3,
    random_state: int,
) -> FairnessTradeoffDisplay:
    """Measure what `from_estimator` draws; needs no matplotlib."""
    if ratio not in RATIOS:
        raise ValueError(f"ratio must be among {list(RATIOS)}, got {ratio!r}.")
    check_n_samples(n_repeats, "n_repeats")
    check_is_fitted(generator)
    if getattr(generator, "tradeoff_", None) is None:
        raise ValueError(
            "generator has no lambda_yz that could act: it has been fitted without "
            "z or is no FairDiffusionGenerator."
        )
    # Parameters that were set since the last call that sampled take effect.
    generator.sample(1, random_state=random_state)
    auto = generator.lambda_yz_ if generator.lambda_yz == "auto" else None
    taken = list(strengths)
    if taken and auto is not None:
        taken = sorted({*taken, auto})
    seeds = [random_state + r for r in range(n_repeats)]
    scorer = FairnessScorer(("accuracy", ratio), pos_label=pos_label)

    def score(table: tuple[Any, Any], seed: int) -> list[float]:
        fitted = fit_on_generated(classifier, *table, random_state=seed)
        scores: Any = scorer.score(fitted, X, y, z=z)
        return [scores["accuracy"], scores[ratio]]

    found = []
    for seed in seeds:
        tables = generator.sample_strengths(taken, n_samples, random_state=seed)
        found.append([score(table, seed) for table in tables])
    accuracy, ratios = np.moveaxis(np.array(found), -1, 0)
    real = None
    if real_rows is not None:
        means = np.mean([score(real_rows, seed) for seed in seeds], axis=0)
        real = (means[1], means[0])
    labels = np.unique(np.asarray(y))
    if pos_label is None and len(labels) == 2:
        pos_label = labels[1]
    return FairnessTradeoffDisplay(
        strengths=np.asarray(taken, dtype=float),
        accuracy=accuracy.mean(axis=0),
        ratio=ratios.mean(axis=0),
        accuracy_interval=_interval_of_mean(accuracy),
        ratio_interval=_interval_of_mean(ratios),
        ratio_name=ratio,
        auto=auto,
        real=real,
        pos_label=pos_label,
    )


def _interval_of_mean(scores: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return 95 % intervals of the means over the rows of `scores`, None of one row."""
    if len(scores) < 2:
        return None
    half = stats.t.ppf(0.975, len(scores) - 1) * stats.sem(scores, axis=0)
    mean = scores.mean(axis=0)
    return np.stack([mean - half, mean + half], axis=1).clip(0.0, 1.0)
