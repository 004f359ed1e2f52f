"""The two classifiers of fair control: boosting, and a linear model of the logits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

#: Steps of boosting, which few rows need few of; trees, over all categories. Twice as
#: many of half the length take twice the time, for 0.001 of log-loss on Adult.
MIN_STEPS, MAX_STEPS, ROWS_A_STEP, MAX_TREES = 10, 50, 90, 300
#: Leaves of a tree: of a few thousand rows, and of many, which bear more.
MIN_LEAVES, MAX_LEAVES, ROWS_A_LEAF = 15, 31, 1200
#: Rows of a leaf, and those of a word that has a coefficient of its own.
LEAF_ROWS, WORD_ROWS = 20, 50
_DTYPES = ("_fit_dtype", "_fill_dtype")


class Imputer(SimpleImputer):
    """Median imputation of floats, in a state without dtypes, which skops can keep."""

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in super().__getstate__().items() if k not in _DTYPES}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({**state, **dict.fromkeys(_DTYPES, np.dtype(float))})


def boosting(codes: Codes, n: int, seed: int) -> HistGradientBoostingClassifier:
    """Return boosting for the codes of n categories."""
    trees_a_step = n if n > 2 else 1
    n_steps = min(MAX_STEPS, len(codes) // ROWS_A_STEP, MAX_TREES // trees_a_step)
    return HistGradientBoostingClassifier(
        learning_rate=0.2,
        max_iter=max(MIN_STEPS, n_steps),
        max_leaf_nodes=min(MAX_LEAVES, max(MIN_LEAVES, len(codes) // ROWS_A_LEAF)),
        min_samples_leaf=LEAF_ROWS,
        # Leaves of one category alone are not certain of it.
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )


def fit_classifier(
    kind: str, X: Array, n_words: int, codes: Codes, n: int, seed: int
) -> Any:
    """Fit "boosting" or a "linear" model to the codes of n categories.

    The last `n_words` columns of X are codes of words, NaN where missing.
    """
    held = np.flatnonzero(~np.isnan(X).all(axis=0))
    n_found, first = len(np.unique(codes)), X.shape[1] - n_words
    if not len(held) or n_found == 1 or len(codes) < 2 * max(LEAF_ROWS, n_found):
        return DummyClassifier(strategy="prior").fit(X, codes)
    numbers, words = held[held < first].tolist(), held[held >= first].tolist()
    # Words become means of the target: in training those of other rows.
    means = TargetEncoder(cv=KFold(5, shuffle=True, random_state=seed))
    columns: list[Any] = [("passthrough", numbers), (means, words)]
    model: Any = boosting(codes, n, seed) if kind == "boosting" else None
    if kind == "linear":
        imputer = Imputer(strategy="median", add_indicator=True)
        one_hot = OneHotEncoder(
            handle_unknown="infrequent_if_exist", min_frequency=WORD_ROWS
        )
        columns = [
            (make_pipeline(imputer, StandardScaler()), numbers),
            (make_pipeline(means, StandardScaler()), words),
            (one_hot, words),
        ]
        model = LogisticRegression(max_iter=500)
    transformer = make_column_transformer(*columns)
    # Arrays, whatever scikit-learn's configuration says of outputs.
    transformer.set_output(transform="default")
    # With routing TargetEncoder of scikit-learn 1.9 fails where nobody routes groups.
    with config_context(enable_metadata_routing=False):
        return make_pipeline(transformer, model).fit(X, codes)
