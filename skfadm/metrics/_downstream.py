"""Classifiers that are trained on generated rows."""

import warnings
from typing import Any

import pandas as pd
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from .._validation import as_labels, check_for_classifiers
from ..encoding import ClassifierFeatures


def default_classifier() -> Pipeline:
    """Histogram gradient boosting for arrays and DataFrames of any column types.

    Numbers and times are numbers, words and all else categories; see
    :class:`~skfadm.encoding.ClassifierFeatures`.
    """
    return make_pipeline(
        ClassifierFeatures(),
        HistGradientBoostingClassifier(categorical_features="from_dtype"),
    )


def seeded(classifier: Any, random_state: int) -> Any:
    """Return a clone of `classifier`, None for the default, that has a random state."""
    model = default_classifier() if classifier is None else clone(classifier)
    unseeded = {
        name: random_state
        for name, value in model.get_params().items()
        if value is None and name.split("__")[-1] == "random_state"
    }
    return model.set_params(**unseeded)


def fit_on_generated(classifier: Any, X: Any, y: Any, *, random_state: int) -> Any:
    """Fit a clone of `classifier`, None for the default, on generated rows.

    Of rows with one label only, the result always predicts it: no classifier learns
    more from such rows, and many refuse them.
    """
    y = as_labels("y", y)
    check_for_classifiers("y", y)
    labels = pd.unique(y)
    if len(labels) == 1:
        warnings.warn(
            f"All {len(y)} generated rows have the label {labels[0]!r}; a classifier "
            "that always predicts it stands for the one that cannot be trained.",
            UserWarning,
            stacklevel=2,
        )
        return DummyClassifier(strategy="most_frequent").fit(X, y)
    return seeded(classifier, random_state).fit(X, y)
