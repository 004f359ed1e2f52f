"""Classifiers that are trained on generated rows."""

import warnings
from typing import Any

import pandas as pd
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

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


def linear_classifier() -> Pipeline:
    """Logistic regression for arrays and DataFrames of any column types.

    Of the features of :class:`~skfadm.encoding.ClassifierFeatures`, numbers are
    standardised, with the median for missing ones and an indicator beside them;
    categories become one-hot, those of less than five rows together.
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
