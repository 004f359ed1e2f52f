"""FairnessTradeoffDisplay: accuracy against a ratio as fair control grows stronger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from sklearn.utils.validation import check_is_fitted

from ._downstream import fit_on_generated
from ._figures import BAD, INK, REAL, SYNTHETIC, axes_for
from ._validation import check_n_samples

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .fair_control.tradeoff import Tradeoff

_NAMES = {
    "demographic_parity_ratio": "ratio of demographic parity",
    "equal_opportunity_ratio": "ratio of equal opportunity",
}
#: The four-fifths rule.
FOUR_FIFTHS = 0.8


class FairnessTradeoffDisplay:
    """Accuracy against fairness of what generated rows teach, one point a strength.

    Up is more accurate, right is fairer. It is recommended to use
    :meth:`from_estimator`, which measures, or :meth:`from_tradeoff`, which shows what
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
    line_ : matplotlib Line2D
        The curve.
    intervals_ : matplotlib ErrorbarContainer or None
        The intervals.
    auto_, real_ : matplotlib PathCollection or None
        The points of "auto" and of the real rows.
    ax_ : matplotlib Axes
        Where they are.
    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    skfadm.report.fairness_report : The same beside rates of groups, in one page.

    Examples
    --------
    >>> from skfadm import FairnessTradeoffDisplay
    >>> display = FairnessTradeoffDisplay(
    ...     strengths=[0, 1, 2], accuracy=[0.85, 0.84, 0.82], ratio=[0.3, 0.6, 0.9]
    ... )
    >>> display.plot()  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        strengths: ArrayLike,
        accuracy: ArrayLike,
        ratio: ArrayLike,
        accuracy_interval: ArrayLike | None = None,
        ratio_interval: ArrayLike | None = None,
        ratio_name: str = "demographic_parity_ratio",
        auto: float | None = None,
        real: tuple[float, float] | None = None,
        pos_label: Any = None,
    ):
        self.strengths = strengths
        self.accuracy = accuracy
        self.ratio = ratio
        self.accuracy_interval = accuracy_interval
        self.ratio_interval = ratio_interval
        self.ratio_name = ratio_name
        self.auto = auto
        self.real = real
        self.pos_label = pos_label

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
        found = measure_tradeoff(
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
        return cls(**found).plot(ax, name=name)

    @classmethod
    def from_tradeoff(
        cls,
        tradeoff: Tradeoff,
        *,
        auto: float | None = None,
        ratio: str = "demographic_parity_ratio",
        pos_label: Any = None,
        ax: Axes | None = None,
        name: str | None = None,
    ) -> FairnessTradeoffDisplay:
        """Draw what a generator predicts; nothing is sampled.

        Parameters
        ----------
        tradeoff : Tradeoff
            The `tradeoff_` of a fitted generator.
        auto : float, default=None
            The strength that is taken, such as `lambda_yz_`.
        ratio : {"demographic_parity_ratio", "equal_opportunity_ratio"}, \
                default="demographic_parity_ratio"
            The measure of fairness.
        pos_label : label, default=None
            The positive label, such as `pos_label_`, to be named.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        name : str, default=None
            What the legend calls the curve; None says which rows it is predicted for.

        Returns
        -------
        FairnessTradeoffDisplay

        Raises
        ------
        ValueError
            If `ratio` is unknown.

        Examples
        --------
        >>> from skfadm import FairDiffusionGenerator, FairnessTradeoffDisplay
        >>> from skfadm.datasets import make_biased_domains
        >>> data = make_biased_domains(300, bias=0.3, random_state=0)
        >>> generator = FairDiffusionGenerator(max_iter=20, random_state=0)
        >>> generator = generator.fit(data.data, data.target, z=data.z)
        >>> FairnessTradeoffDisplay.from_tradeoff(
        ...     generator.tradeoff_, auto=generator.lambda_yz_
        ... )  # doctest: +SKIP
        """
        _check_ratio(ratio)
        taken = np.linspace(0.0, 1.0, 5)
        if auto is not None:
            taken = np.union1d(taken, auto)
        predicted = pd.DataFrame([tradeoff.at(strength) for strength in taken])
        display = cls(
            strengths=taken,
            accuracy=predicted["accuracy"].to_numpy(),
            ratio=predicted[ratio.removesuffix("_ratio")].to_numpy(),
            ratio_name=ratio,
            auto=auto,
            pos_label=pos_label,
        )
        return display.plot(ax, name=name or f"predicted for {tradeoff.rows}")

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
        style: dict[str, Any] = {"marker": "o", "markersize": 4, "color": SYNTHETIC}
        style |= {"label": name or "synthetic rows"} | kwargs
        ratio = np.asarray(self.ratio, dtype=float)
        accuracy = np.asarray(self.accuracy, dtype=float)
        ax.axvspan(FOUR_FIFTHS, 1.0, color=SYNTHETIC, alpha=0.07, linewidth=0)
        ax.axvline(
            FOUR_FIFTHS, color=BAD, linewidth=1, linestyle="--", label="four fifths"
        )
        (self.line_,) = ax.plot(ratio, accuracy, **style)
        self.intervals_ = self._plot_intervals(ax, ratio, accuracy)
        self.auto_ = self.real_ = None
        strengths = np.asarray(self.strengths, dtype=float)
        for strength, x, y in zip(strengths, ratio, accuracy, strict=True):
            if not np.isfinite([x, y]).all():
                continue
            is_auto = self.auto is not None and np.isclose(strength, self.auto)
            if is_auto:
                ring: dict[str, Any] = {"facecolors": "none", "linewidths": 1.5}
                self.auto_ = ax.scatter(x, y, s=110, edgecolors=BAD, zorder=4, **ring)
            ax.annotate(
                f"auto ({strength:.2g})" if is_auto else f"{strength:g}",
                (x, y),
                xytext=(8, 8) if is_auto else (5, 5),
                textcoords="offset points",
                fontsize="small",
                fontweight="bold" if is_auto else "normal",
                color=INK,
                clip_on=False,
            )
        if self.real is not None:
            self.real_ = ax.scatter(
                *self.real, color=REAL, marker="*", s=110, label="real rows", zorder=3
            )
        self._finish(ax)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self

    def _plot_intervals(
        self, ax: Axes, ratio: NDArray[np.float64], accuracy: NDArray[np.float64]
    ) -> Any:
        sides: dict[str, Any] = {}
        for side, centre, ends in (
            ("xerr", ratio, self.ratio_interval),
            ("yerr", accuracy, self.accuracy_interval),
        ):
            if ends is not None:
                low, high = np.asarray(ends, dtype=float).T
                sides[side] = np.stack([centre - low, high - centre]).clip(min=0)
        if not sides:
            return None
        style: dict[str, Any] = {"fmt": "none", "ecolor": SYNTHETIC, "elinewidth": 0.9}
        return ax.errorbar(ratio, accuracy, **sides, **style, alpha=0.55)

    def _finish(self, ax: Axes) -> None:
        """Set limits, in which the four fifths and all points are, and words."""
        seen = [np.ravel(self.ratio), np.ravel(self.real or ())[:1]]
        seen += [] if self.ratio_interval is None else [np.ravel(self.ratio_interval)]
        lowest = min(np.nanmin(np.append(np.concatenate(seen), 0.7)) - 0.06, 0.66)
        ax.set_xlim(max(-0.03, lowest), 1.03)
        ax.margins(y=0.16)
        ax.text(
            0.98,
            0.98,
            "better \u2197",
            transform=ax.transAxes,
            ha="right",
            va="top",
            color=SYNTHETIC,
            fontweight="bold",
        )
        positive = "" if self.pos_label is None else f"\npositive: {self.pos_label}"
        ax.set(
            xlabel=f"{_NAMES[self.ratio_name]} (1: equal rates){positive}",
            ylabel="accuracy",
            title="What fairness costs, by strength of fair control",
        )
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(
            title="numbers: lambda_yz",
            fontsize="small",
            title_fontsize="small",
            frameon=False,
            loc="lower left",
        )


def measure_tradeoff(
    generator: Any,
    X: Any,
    y: Any,
    z: Any,
    *,
    strengths: Sequence[float],
    real_rows: tuple[Any, Any] | None,
    ratio: str,
    pos_label: Any,
    classifier: Any,
    n_samples: int,
    n_repeats: int,
    random_state: int,
) -> dict[str, Any]:
    """Return the parameters of a display, for those of `from_estimator`."""
    from .metrics import FairnessScorer

    _check_ratio(ratio)
    check_n_samples(n_repeats, "n_repeats")
    check_is_fitted(generator)
    if getattr(generator, "tradeoff_", None) is None:
        raise ValueError(
            "generator has no lambda_yz that could act: it has been fitted without "
            "z or is no FairDiffusionGenerator."
        )
    auto = generator.lambda_yz_ if generator.lambda_yz == "auto" else None
    taken = list(strengths)
    if taken and auto is not None:
        taken = sorted({*taken, auto})
    seeds = [random_state + r for r in range(n_repeats)]
    scorer = FairnessScorer(("accuracy", ratio), pos_label=pos_label)

    def score(table: tuple[Any, Any], seed: int) -> dict[str, float]:
        fitted = fit_on_generated(classifier, *table, random_state=seed)
        scores: Any = scorer.score(fitted, X, y, z=z)
        return scores

    found = []
    for seed in seeds:
        tables = generator.sample_strengths(taken, n_samples, random_state=seed)
        found.append([score(table, seed) for table in tables])
    accuracy, ratios = (
        np.array([[s[measure] for s in scores] for scores in found])
        for measure in ("accuracy", ratio)
    )
    real = None
    if real_rows is not None:
        scores = pd.DataFrame([score(real_rows, seed) for seed in seeds]).mean()
        real = (scores[ratio], scores["accuracy"])
    labels = np.unique(np.asarray(y))
    if pos_label is None and len(labels) == 2:
        pos_label = labels[1]
    return {
        "strengths": np.asarray(taken, dtype=float),
        "accuracy": accuracy.mean(axis=0),
        "ratio": ratios.mean(axis=0),
        "accuracy_interval": _interval_of_mean(accuracy),
        "ratio_interval": _interval_of_mean(ratios),
        "ratio_name": ratio,
        "auto": auto,
        "real": real,
        "pos_label": pos_label,
    }


def _check_ratio(ratio: str) -> None:
    if ratio not in _NAMES:
        raise ValueError(f"ratio must be among {sorted(_NAMES)}, got {ratio!r}.")


def _interval_of_mean(scores: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return 95 % intervals of the means over the rows of `scores`, None of one row."""
    n_repeats = len(scores)
    if n_repeats < 2:
        return None
    half = stats.t.ppf(0.975, n_repeats - 1) * stats.sem(scores, axis=0)
    mean = scores.mean(axis=0)
    return np.stack([mean - half, mean + half], axis=1).clip(0.0, 1.0)
