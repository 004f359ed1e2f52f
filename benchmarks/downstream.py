"""What a table teaches: classifiers trained on it, asked about real rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import gmean
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skfadm.encoding import ClassifierFeatures
from skfadm.metrics._downstream import default_classifier
from skfadm.metrics._ratios import ratio_of_rates

from ._running import half_width

#: Parity of the positive label, of the other labels, and opportunity.
RATIOS = ("R_DP", "R_DP_other", "R_EOp")
MEASURES = ("ACC", *RATIOS)
#: Draws of the test rows, for the intervals of a single score.
N_DRAWS = 1000


def linear_classifier() -> Pipeline:
    """Logistic regression for arrays and DataFrames of any column types.

    Numbers are standardised, with the median for missing ones and an indicator beside
    them; categories become one-hot, those of less than five rows together.
    """
    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True), StandardScaler()
    )
    words = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5)
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (words, make_column_selector(dtype_include="category")),
    )
    # Sparse blocks, whatever scikit-learn's configuration says of outputs.
    columns.set_output(transform="default")
    return make_pipeline(
        ClassifierFeatures(), columns, LogisticRegression(max_iter=500)
    )


def classifiers(random_state: int) -> dict[str, ClassifierMixin]:
    """Return logistic regression, a perceptron of 64 units and gradient boosting."""
    boosting, linear = default_classifier(), linear_classifier()
    boosting[-1].set_params(random_state=random_state)
    mlp = MLPClassifier((64,), early_stopping=True, random_state=random_state)
    return {
        "LR": linear,
        "MLP": make_pipeline(*clone(linear)[:-1], mlp),
        "GB": boosting,
    }


def teach(
    train: tuple[pd.DataFrame, Any],
    test: tuple[pd.DataFrame, Any, Any],
    *,
    pos_label: Any,
    random_state: int,
    names: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """Train classifiers (None: all) on one table and score them on real X, y, z."""
    models = fit_classifiers(*train, random_state=random_state, names=names)
    return score_classifiers(models, test, pos_label=pos_label)


def fit_classifiers(
    X: pd.DataFrame,
    y: Any,
    *,
    random_state: int,
    sample_weight: NDArray[np.float64] | None = None,
    names: Sequence[str] | None = None,
) -> dict[str, ClassifierMixin]:
    """Train classifiers on one table.

    A label of a single row is left out, since no classifier can be stopped early by it;
    where one label is left, it is what every classifier predicts.
    """
    labels = np.asarray(y)
    values, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    kept = counts[codes] > 1
    X, labels = X[kept], labels[kept]
    fitted = {}
    models = classifiers(random_state)
    for name in models if names is None else names:
        model = models[name]
        if (counts > 1).sum() < 2:
            fitted[name] = always(values[counts.argmax()])
            continue
        weights = {}
        if sample_weight is not None:
            weights = {f"{model.steps[-1][0]}__sample_weight": sample_weight[kept]}
        fitted[name] = model.fit(X, labels, **weights)
    return fitted


class Reduction(ClassifierMixin, BaseEstimator):
    """Fairlearn's exponentiated gradient (Agarwal et al. 2018) for parity, two labels.

    Training rows are to meet `ratio_bound`; `random_state` decides which of its models
    predicts a row.
    """

    def __init__(self, model: Any, ratio_bound: float, random_state: int):
        self.model = model
        self.ratio_bound = ratio_bound
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: Any, z: Any) -> Reduction:
        """Train on rows, labels and groups."""
        from fairlearn.reductions import DemographicParity, ExponentiatedGradient

        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        # Ten models rather than fifty: a perceptron takes half a minute.
        self.reduction_ = ExponentiatedGradient(
            _Weighted(self.model),
            DemographicParity(ratio_bound=self.ratio_bound),
            max_iter=10,
        ).fit(X, codes, sensitive_features=np.asarray(z))
        return self

    def predict(self, X: pd.DataFrame) -> NDArray[Any]:
        """Return a label for each row."""
        codes = self.reduction_.predict(X, random_state=self.random_state)
        return self.classes_[np.asarray(codes, dtype=int)]


class _Weighted(ClassifierMixin, BaseEstimator):
    """A pipeline whose last step is given the weights."""

    def __init__(self, model: Any):
        self.model = model

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> _Weighted:
        weights = {f"{self.model.steps[-1][0]}__sample_weight": sample_weight}
        self.model_ = clone(self.model).fit(X, y, **weights)
        return self

    def predict(self, X: Any) -> Any:
        return self.model_.predict(X)


def always(label: Any) -> DummyClassifier:
    """Return a classifier that predicts `label` for every row."""
    return DummyClassifier(strategy="most_frequent").fit([[0]], [label])


def score_classifiers(
    models: dict[str, ClassifierMixin],
    test: tuple[pd.DataFrame, Any, Any],
    *,
    pos_label: Any,
) -> list[dict[str, Any]]:
    """Score fitted classifiers on real X, y and z, a row for each."""
    X, y, z = test
    return [
        {"classifier": name, **scores(y, model.predict(X), z, pos_label)}
        for name, model in models.items()
    ]


def scores(y: Any, predicted: Any, z: Any, pos_label: Any) -> dict[str, float]:
    """Return accuracy, ratios with intervals over test rows, and rates of each group.

    "R_DP" compares how often groups are given `pos_label` (Eq. 12), "R_DP_other" how
    often they are not, "R_EOp" those whose label it is (Eq. 13); undefined ratios are
    NaN. "low" and "high" are the ends of 95 % intervals of redrawn test rows. Without
    `pos_label`, the lowest ratios over all labels, and nothing else.
    """
    y, predicted, z = (np.asarray(a) for a in (y, predicted, z))
    accuracy = {"ACC": float(np.mean(predicted == y))}
    if pos_label is None:
        each = [_of_label(y, predicted, z, label) for label in np.unique(y)]
        return accuracy | {r: np.fmin.reduce([own[r] for own in each]) for r in RATIOS}
    return accuracy | _of_label(y, predicted, z, pos_label)


def _of_label(
    y: NDArray[Any], predicted: NDArray[Any], z: NDArray[Any], label: Any
) -> dict[str, float]:
    chosen, qualified = predicted == label, y == label
    told = {"all": chosen | True, "chosen": chosen, "qualified": qualified}
    counts = pd.DataFrame({**told, "true": chosen & qualified}).groupby(z).sum()
    n, k, m, true = counts.to_numpy().T
    out: dict[str, float] = {}
    for name, hits, rows in zip(RATIOS, (k, n - k, true), (n, n, m), strict=True):
        out[name] = float(ratio_of_rates(hits, rows))
        out[f"{name} low"], out[f"{name} high"] = _interval(hits, rows)
    rates = {"rate": counts["chosen"] / n, "TPR": counts["true"] / counts["qualified"]}
    return out | {
        f"{kind} {g}": r for kind, own in rates.items() for g, r in own.items()
    }


def _interval(hits: NDArray[Any], rows: NDArray[Any]) -> tuple[float, float]:
    n, k = rows[rows > 0], hits[rows > 0]
    draws = np.random.default_rng(0).binomial(n, k / n, (N_DRAWS, len(n)))
    ratios = pd.Series(ratio_of_rates(draws, n)).dropna()
    low, high = ratios.quantile([0.025, 0.975])
    return low, high


def over_targets(rows: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return means over targets, then over seeds, with half their 95 % intervals.

    Ratios have the geometric mean and the worst target beside the mean. "+-" are
    intervals over seeds, "+- targets" over the means of the targets. "undefined" counts
    ratios that are NaN though there is an accuracy; they are left out.
    """
    keys = list(keys)
    ratios = list(RATIOS)
    rates = [c for c in rows if c.startswith(("rate ", "TPR "))]
    of_seed = rows.groupby([*keys, "seed"], sort=False)
    by_seed = of_seed[[*MEASURES, *rates]].mean()
    by_seed = by_seed.join(of_seed[ratios].agg(_gmean).add_suffix(" geometric"))
    by_seed = by_seed.join(of_seed[ratios].min().add_suffix(" worst"))
    grouped = by_seed.groupby(keys, sort=False)
    out = grouped.mean().join(grouped.agg(half_width).add_suffix(" +-"))
    targets = rows.groupby([*keys, "target"], sort=False)[list(MEASURES)].mean()
    spread = targets.groupby(keys, sort=False).agg(half_width)
    out = out.join(spread.add_suffix(" +- targets"))
    undefined = rows[ratios].isna().sum(axis=1).where(rows["ACC"].notna(), 0)
    out["undefined"] = undefined.groupby([rows[k] for k in keys], sort=False).sum()
    first = [c for m in MEASURES for c in out if c.split()[0] == m]
    return out[[*first, *(c for c in out if c not in first)]]


def _gmean(values: pd.Series) -> float:
    known = values.dropna()
    return float(gmean(known)) if (known > 0).all() and len(known) else known.min()
