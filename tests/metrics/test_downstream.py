"""Classifiers of generated rows; tests of their features are beside the features."""

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.linear_model import LogisticRegression

from skfadm.metrics._downstream import fit_on_generated, seeded

from ..encoding.classifier_columns import N, arrow


def seeded_boosting():
    """Return the default classifier, which draws from NumPy's state without a seed."""
    return seeded(None, 0)


TRAIN = np.arange(N) % 4 > 0


def score_of_new_rows(model, X, y):
    return model.fit(X[TRAIN], y[TRAIN]).score(X[~TRAIN], y[~TRAIN])


def labels_with_two_signs():
    """Return labels, and a word and a number that follow them, both with gaps."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=N)
    word = np.where(y == 1, "rare", "common").astype(object)
    number = y + rng.normal(scale=0.3, size=N)
    word[rng.uniform(size=N) < 0.2] = None
    number[rng.uniform(size=N) < 0.2] = np.nan
    return y, word, number


def test_words_and_numbers_are_learnt_together_from_frames_and_arrays():
    y, word, number = labels_with_two_signs()
    whole = pd.array([1, None] * (N // 2), dtype="Int64")
    named = pd.DataFrame({"word": word, "number": number, "whole": whole, "yes": True})
    numbered = pd.DataFrame({0: word, 1: number})
    array = np.column_stack([word, number.astype(object), np.full(N, None)])
    for X in (named, numbered, array):
        assert score_of_new_rows(seeded_boosting(), X, y) > 0.93
    assert score_of_new_rows(seeded_boosting(), named[["word", "yes"]], y) > 0.85


def test_columns_without_any_value_are_ignored():
    nothing = {
        "float": np.nan,
        "object": None,
        "time": pd.NaT,
        "category": pd.Categorical([None] * N, ["a"]),
        "whole": pd.array([None] * N, dtype="Int64"),
        "arrow": arrow([None] * N, pa.null()),
    }
    x = np.random.default_rng(0).normal(size=N)
    X = pd.DataFrame({**nothing, "x": x})
    model = seeded_boosting().fit(X, x > 0)
    assert model.score(X, x > 0) > 0.97
    # Values that come later are ignored too; nothing to learn from is no error.
    assert model.score(X.assign(float=1.0, object="a"), x > 0) > 0.97
    empty = X.drop(columns="x")
    assert seeded_boosting().fit(empty, x > x.min()).predict(empty).all()


def test_only_missing_seeds_are_set_and_the_classifier_is_left_alone():
    y, _, number = labels_with_two_signs()
    X = np.nan_to_num(number)[:, None]
    free, fixed = LogisticRegression(), LogisticRegression(random_state=4)
    assert fit_on_generated(free, X, y, random_state=9).random_state == 9
    assert fit_on_generated(fixed, X, y, random_state=9).random_state == 4
    assert free.random_state is None
    assert not hasattr(free, "coef_")
