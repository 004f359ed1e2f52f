"""Classifiers that are trained on generated rows."""

import warnings
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder
from sklearn.utils import check_random_state

__all__ = ["default_classifier", "fit_on_generated", "new_random_state"]


def default_classifier() -> Pipeline:
    """Histogram gradient boosting for arrays and DataFrames of any column types.

    Words and categories are treated as categories, at most 254 frequent ones a column,
    the others as one more; missing values and categories that were not seen in
    training are missing.

    Returns
    -------
    Pipeline
        Not fitted.
    """
    # Gradient boosting takes no words, and at most 255 codes a categorical column.
    words = make_pipeline(
        OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=np.nan,
            encoded_missing_value=np.nan,
            max_categories=255,
        ),
        FunctionTransformer(_as_categories, feature_names_out="one-to-one"),
    )
    columns = ColumnTransformer(
        [("words", words, _word_columns)],
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    columns.set_output(transform="pandas")
    return make_pipeline(
        FunctionTransformer(_as_frame),
        columns,
        HistGradientBoostingClassifier(categorical_features="from_dtype"),
    )


def fit_on_generated(classifier: Any, X: Any, y: Any, *, random_state: int) -> Any:
    """Fit a clone of `classifier` on generated rows.

    Parameters
    ----------
    classifier : classifier or None
        ``None`` means `default_classifier`.
    X : {ndarray, DataFrame} of shape (n_samples, n_features)
        Generated rows.
    y : array-like of shape (n_samples,)
        Their labels. With one label only, the result always predicts it: no classifier
        learns more from such rows, and many refuse them.
    random_state : int
        Given to every ``random_state`` parameter that is ``None``.

    Returns
    -------
    classifier
        Fitted.
    """
    labels = pd.unique(np.asarray(y))
    if len(labels) == 1:
        warnings.warn(
            f"All {len(y)} generated rows have the label {labels[0]!r}; a classifier "
            "that always predicts it stands for the one that cannot be trained.",
            UserWarning,
            stacklevel=2,
        )
        return DummyClassifier(strategy="most_frequent").fit(X, y)
    model = default_classifier() if classifier is None else clone(classifier)
    unseeded = {
        name: random_state
        for name, value in model.get_params().items()
        if value is None and name.split("__")[-1] == "random_state"
    }
    return model.set_params(**unseeded).fit(X, y)


def new_random_state(
    random_state: int | np.random.RandomState | None,
) -> np.random.RandomState:
    """`check_random_state`, except that ``None`` leaves NumPy's global state alone."""
    if random_state is None:
        return np.random.RandomState()
    return check_random_state(random_state)


def _as_frame(X: Any) -> pd.DataFrame:
    """Make X a DataFrame of floats and of words, with names that are strings."""
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
    columns = {str(name): _floats_or_words(frame[name]) for name in frame.columns}
    return pd.DataFrame(columns, index=frame.index)


def _floats_or_words(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column.dtype):  # also booleans and Int64
        return column.astype("float64")
    values = column.astype(object)
    present = values[values.notna()]
    if column.dtype == object and present.map(_is_number).all() and len(present):
        return values.where(values.notna(), np.nan).astype("float64")
    words = values.where(values.notna(), None).map(str, na_action="ignore")
    # Categories of every type become words, so that the encoder can sort them.
    return words.astype(object)


def _is_number(value: Any) -> bool:
    return isinstance(value, Number | np.bool_)


def _word_columns(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame.columns if frame[name].dtype == object]


def _as_categories(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype("category")
