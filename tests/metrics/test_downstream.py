"""Classifiers of generated rows take columns of every type, and what is missing."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression

from skfadm.metrics._downstream import fit_on_generated, seeded

from ..encoding.classifier_columns import WORDS, N, arrow, time_columns


def seeded_boosting():
    """Return the default classifier, which draws from NumPy's state without a seed."""
    return seeded(None, 0)


TRAIN = np.arange(N) % 4 > 0


def score_of_new_rows(model, X, y):
    return model.fit(X[TRAIN], y[TRAIN]).score(X[~TRAIN], y[~TRAIN])


@pytest.mark.parametrize("name", time_columns())
def test_a_time_that_decides_the_label_is_seen(name):
    X = pd.DataFrame({"t": time_columns()[name]})
    assert score_of_new_rows(seeded_boosting(), X, np.arange(N) >= N // 2) > 0.97


def test_boosting_sees_the_parts_of_a_time_that_repeat():
    rng = np.random.default_rng(0)
    seconds = pd.to_timedelta(rng.integers(0, 3000 * 86400, 2000), "s")
    t = pd.Series(pd.Timestamp("2010-01-01") + seconds)
    for y in (t.dt.hour < 12, t.dt.day_of_week >= 5, t.dt.month < 7, t.dt.day < 15):
        model = seeded_boosting().fit(t[:1000].to_frame("t"), y[:1000])
        assert model.score(t[1000:].to_frame("t"), y[1000:]) > 0.97


@pytest.mark.parametrize("name", WORDS)
def test_words_of_every_type_that_decide_the_label_are_seen(name):
    X = pd.DataFrame({"w": pd.concat([pd.Series(WORDS[name])] * 50, ignore_index=True)})
    X.loc[7, "w"] = None
    y = np.arange(100) % 2
    assert seeded_boosting().fit(X, y).score(X, y) >= 0.99


@pytest.mark.parametrize(
    "make",
    [
        lambda k: k + 2**62,
        lambda k: pd.array(k - 2**62, dtype="Int64"),
        lambda k: pd.Series([int(v) + 2**80 for v in k], dtype=object),
    ],
    ids=["int64", "nullable", "objects"],
)
def test_integers_that_floats_do_not_tell_apart_are_seen(make):
    k = np.random.default_rng(0).permutation(N)
    X = pd.DataFrame({"v": make(k)})
    assert score_of_new_rows(seeded_boosting(), X, k >= N // 2) > 0.9


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


def test_infinite_and_huge_numbers_are_beyond_the_others():
    X = pd.DataFrame(
        {
            "x": np.tile([np.inf, 1.0, 2.0, -np.inf], N // 4),
            "huge": np.tile([1.7e308, -1.7e308, np.inf, -1], N // 4),
            "whole": pd.Series([10**400, 1] * (N // 2), dtype=object),
        }
    )
    for column in X:
        y = X[column] > 1.5
        assert seeded_boosting().fit(X[[column]], y).score(X[[column]], y) > 0.7


def test_only_missing_seeds_are_set_and_the_classifier_is_left_alone():
    y, _, number = labels_with_two_signs()
    X = np.nan_to_num(number)[:, None]
    free, fixed = LogisticRegression(), LogisticRegression(random_state=4)
    assert fit_on_generated(free, X, y, random_state=9).random_state == 9
    assert fit_on_generated(fixed, X, y, random_state=9).random_state == 4
    assert free.random_state is None
    assert not hasattr(free, "coef_")
