"""What a table teaches: classifiers trained on it, asked about real rows."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skfadm._classifiers import default_classifier
from skfadm.metrics import demographic_parity_ratio, equal_opportunity_ratio


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
    boosting = default_classifier()
    boosting[-1].set_params(random_state=random_state)
    mlp = MLPClassifier((64,), early_stopping=True, random_state=random_state)
    return {
        "LR": make_pipeline(_numbers_and_words(), LogisticRegression(max_iter=500)),
        "MLP": make_pipeline(_numbers_and_words(), mlp),
        "GB": boosting,
    }


def _numbers_and_words() -> Any:
    words = make_pipeline(
        FunctionTransformer(_as_objects, feature_names_out="one-to-one"),
        OneHotEncoder(handle_unknown="ignore", min_frequency=5),
    )
    return make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")),
        (words, make_column_selector(dtype_exclude="number")),
    )


def _as_objects(frame: pd.DataFrame) -> pd.DataFrame:
    # A category that a table lacks would otherwise be an error at prediction.
    return frame.astype(object)


def teach(
    train: tuple[pd.DataFrame, Any],
    test: tuple[pd.DataFrame, Any, Any],
    *,
    pos_label: Any,
    random_state: int,
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

    Returns
    -------
    list of dict
        With "classifier", "ACC", "R_DP" and "R_EOp"; an undefined ratio is NaN.
    """
    X, y, z = test
    truth = np.asarray(y)
    rows = []
    for name, model in classifiers(random_state).items():
        predicted = model.fit(train[0], np.asarray(train[1])).predict(X)
        rows.append({"classifier": name, **_scores(truth, predicted, z, pos_label)})
    return rows


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
