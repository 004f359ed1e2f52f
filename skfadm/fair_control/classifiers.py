"""The two classifiers of fair control: boosting, and a linear model of the logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

#: Trees of a classifier, over all its categories; steps of boosting, which few rows
#: need few of.
MAX_TREES, MIN_STEPS, MAX_STEPS, ROWS_A_STEP = 600, 25, 150, 30


def fit_boosting(table: pd.DataFrame, codes: Codes, n: int, seed: int) -> Any:
    """Fit boosting to the codes of n categories; few rows may hold one alone."""
    if (codes == codes[0]).all():
        return DummyClassifier(strategy="prior").fit(table, codes)
    words = _words(table)
    # In the order of their targets categories are split as well as by sets of them.
    encoder = TargetEncoder(random_state=seed).set_output(transform="default")
    if words:
        encoder.fit(_codes_of(table, words), codes)
    n_trees_a_step = n if n > 2 else 1
    n_steps = min(MAX_STEPS, len(codes) // ROWS_A_STEP, MAX_TREES // n_trees_a_step)
    boosting = HistGradientBoostingClassifier(
        learning_rate=0.08,
        max_iter=max(MIN_STEPS, n_steps),
        max_leaf_nodes=15,
        early_stopping=False,
        random_state=seed,
    )
    model = Boosting(words, encoder, boosting)
    boosting.fit(model.numbers(table), codes)
    return model


@dataclass(frozen=True)
class Boosting:
    """Histogram gradient boosting with categories as numbers.

    Parameters
    ----------
    words : list of str
        Columns of categories.
    encoder : TargetEncoder
        What they are replaced by.
    model : HistGradientBoostingClassifier
        The classifier.
    """

    words: list[str]
    encoder: TargetEncoder
    model: HistGradientBoostingClassifier

    @property
    def classes_(self) -> Codes:
        """Codes of the categories that have been seen."""
        return self.model.classes_

    def numbers(self, table: pd.DataFrame) -> Array:
        """Return the features as floats."""
        numbers = table.drop(columns=self.words).to_numpy(np.float64)
        if not self.words:
            return numbers
        return np.hstack(
            [numbers, self.encoder.transform(_codes_of(table, self.words))]
        )

    def predict_proba(self, table: pd.DataFrame) -> Array:
        """Return probabilities of the classes."""
        return self.model.predict_proba(self.numbers(table))


def fit_linear(table: pd.DataFrame, codes: Codes, n: int, seed: int) -> Any:
    """Fit the linear model to the same."""
    if (codes == codes[0]).all():
        return DummyClassifier(strategy="prior").fit(table, codes)
    words = _words(table)
    numbers = table.drop(columns=words).to_numpy(np.float64)
    present = ~np.isnan(numbers)
    medians = [
        np.median(c[p]) if p.any() else 0.0
        for c, p in zip(numbers.T, present.T, strict=True)
    ]
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5)
    # Sparse, whatever scikit-learn's configuration says of outputs.
    encoder.set_output(transform="default")
    scaler = StandardScaler(with_mean=False).set_output(transform="default")
    if words:
        encoder.fit(_codes_of(table, words))
    model = make_pipeline(scaler, LogisticRegression(max_iter=500))
    linear = Linear(words, np.array(medians), encoder, model)
    model.fit(linear.columns(table), codes)
    return linear


@dataclass(frozen=True)
class Linear:
    """Logistic regression on numbers, marks of missing ones, and one-hot categories.

    Parameters
    ----------
    words : list of str
        Columns of categories.
    medians : ndarray of shape (n_numbers,)
        What stands in for missing numbers.
    encoder : OneHotEncoder
        Of the categories.
    model : Pipeline
        Scales, and classifies.
    """

    words: list[str]
    medians: Array
    encoder: OneHotEncoder
    model: Pipeline

    @property
    def classes_(self) -> Codes:
        """Codes of the categories that have been seen."""
        return self.model.classes_

    def columns(self, table: pd.DataFrame) -> csr_matrix:
        """Return the features as a sparse matrix."""
        numbers = table.drop(columns=self.words).to_numpy(np.float64)
        missing = np.isnan(numbers)
        parts = [np.where(missing, self.medians, numbers) - self.medians, missing]
        if self.words:
            parts.append(self.encoder.transform(_codes_of(table, self.words)))
        return hstack([csr_matrix(part, dtype=np.float64) for part in parts], "csr")

    def predict_proba(self, table: pd.DataFrame) -> Array:
        """Return probabilities of the classes."""
        return self.model.predict_proba(self.columns(table))


def _words(table: pd.DataFrame) -> list[str]:
    return [name for name in table.columns if table[name].dtype == "category"]


def _codes_of(table: pd.DataFrame, words: list[str]) -> Array:
    codes = [table[name].cat.codes.to_numpy(np.float64) for name in words]
    return np.column_stack(codes) if codes else np.empty((len(table), 0))
