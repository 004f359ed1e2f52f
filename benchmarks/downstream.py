"""What a table teaches: classifiers trained on it, asked about real rows."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

from skfadm.metrics import demographic_parity_ratio, equal_opportunity_ratio
from skfadm.metrics._downstream import default_classifier, linear_classifier


def classifiers(random_state: int) -> dict[str, ClassifierMixin]:
    """Return the downstream classifiers of the experiments, not fitted.

    Parameters
    ----------
    random_state : int
        Seed of those that draw.

    Returns
    -------
    dict
        "LR", "MLP" and "GB": logistic regression, a multilayer perceptron of 64 units
        with early stopping, and histogram gradient boosting.
    """
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
    """Train every classifier on one table and score it on real rows.

    Parameters
    ----------
    train : tuple of (X, y)
        The table that teaches.
    test : tuple of (X, y, z)
        Real rows, their labels and groups.
    pos_label : label
        The label whose rates are compared.
    random_state : int
        Seed of the classifiers.
    names : sequence of str, default=None
        Which of `classifiers`; None means all.

    Returns
    -------
    list of dict
        With "classifier", "ACC", "R_DP" and "R_EOp"; an undefined ratio is NaN.
    """
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
    """Train every classifier on one table.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_features)
        The rows.
    y : array-like of shape (n_samples,)
        Their labels. A label that a single row has is left out with it, since no
        classifier can be stopped early by it; where one label is left, it is what
        every classifier predicts.
    random_state : int
        Seed of the classifiers.
    sample_weight : ndarray of shape (n_samples,), default=None
        Weights of the rows.
    names : sequence of str, default=None
        Which of `classifiers`; None means all.

    Returns
    -------
    dict
        The fitted classifiers by their names.
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
    """Fairlearn's exponentiated gradient for demographic parity, of two labels.

    Parameters
    ----------
    model : Pipeline
        What it trains, with weights.
    ratio_bound : float
        The ratio of demographic parity (Eq. 12) that training rows are to meet.
    random_state : int
        Decides which of its models predicts a row.

    References
    ----------
    .. [1] A. Agarwal et al., "A Reductions Approach to Fair Classification", 2018.
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
        name = self.model.steps[-1][0]
        weights = {f"{name}__sample_weight": np.asarray(sample_weight)}
        self.model_ = clone(self.model).fit(X, y, **weights)
        return self

    def predict(self, X: Any) -> Any:
        return self.model_.predict(X)


def fit_reductions(
    X: pd.DataFrame, y: Any, z: Any, *, ratio_bound: float, random_state: int
) -> dict[str, Reduction]:
    """Return `classifiers` trained for demographic parity by `Reduction`."""
    return {
        name: Reduction(model, ratio_bound, random_state).fit(X, y, z)
        for name, model in classifiers(random_state).items()
    }


def always(label: Any) -> DummyClassifier:
    """Return a classifier that predicts `label` for every row."""
    return DummyClassifier(strategy="most_frequent").fit([[0]], [label])


def score_classifiers(
    models: dict[str, ClassifierMixin],
    test: tuple[pd.DataFrame, Any, Any],
    *,
    pos_label: Any,
) -> list[dict[str, Any]]:
    """Score fitted classifiers on real rows.

    Parameters
    ----------
    models : dict
        Classifiers by their names.
    test : tuple of (X, y, z)
        Real rows, their labels and groups.
    pos_label : label
        The label whose rates are compared.

    Returns
    -------
    list of dict
        With "classifier", "ACC", "R_DP" and "R_EOp"; an undefined ratio is NaN.
    """
    X, y, z = test
    truth = np.asarray(y)
    return [
        {"classifier": name, **_scores(truth, model.predict(X), z, pos_label)}
        for name, model in models.items()
    ]


def _scores(
    y: NDArray[Any], predicted: NDArray[Any], z: Any, pos_label: Any
) -> dict[str, float]:
    with warnings.catch_warnings():
        # Undefined ratios are reported as NaN and counted.
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        compared = {"z": z, "pos_label": pos_label}
        return {
            "ACC": float(np.mean(predicted == y)),
            "R_DP": demographic_parity_ratio(y, predicted, **compared),
            "R_EOp": equal_opportunity_ratio(y, predicted, **compared),
        }
