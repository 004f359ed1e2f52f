"""The clean classifiers know what they can know, on rows they have not seen."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import log_loss

from skfadm.fair_control.posteriors import MAX_LABELS, fit_posteriors


def known_table(n, seed=0):
    """Return rows with p(y | x) = expit(a - 1) and p(z = 1 | x, y) = expit(b + y)."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "a": rng.normal(size=n) * 2,
            "b": rng.normal(size=n) * 2,
            "word": rng.choice(["x", "y", None], size=n),
        }
    )
    y = (rng.random(n) < expit(X["a"].to_numpy() - 1)).astype(np.int64)
    z = (rng.random(n) < expit(X["b"].to_numpy() + y)).astype(np.int64)
    return X, y, z


def test_probabilities_are_near_the_true_ones():
    X, y, z = known_table(4000)
    posteriors, out_of_fold, index = fit_posteriors(X, y, z[:, None], 2, (2,), 0)
    X_new, y_new, z_new = known_table(4000, seed=1)
    p = posteriors.predict(X_new)
    truth = expit(X_new["a"] - 1), expit(X_new["b"] + y_new)
    assert log_loss(y_new, p.label) < log_loss(y_new, truth[0]) + 0.02
    told = p.group_given_label[0][np.arange(4000), y_new]
    assert log_loss(z_new, told) < log_loss(z_new, truth[1]) + 0.02
    np.testing.assert_array_equal(index, np.arange(4000))
    # Out of fold: as good as on new rows, and no better.
    assert log_loss(y, out_of_fold.label) == pytest.approx(
        log_loss(y_new, p.label), abs=0.03
    )
    joint = (p.label[:, :, None] * p.group_given_label[0]).sum(1)
    np.testing.assert_allclose(p.group[0], joint)


def test_rows_out_of_fold_are_not_learned_by_heart():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(600, 8)), rng.integers(2, size=600)
    _, p, _ = fit_posteriors(X, y, y[:, None], 2, (2,), 0)
    assert log_loss(y, p.label) > 0.65


@pytest.mark.parametrize("n", [1, 2, 3, 7, 40])
def test_tables_of_a_few_rows_give_probabilities_all_the_same(n):
    X = np.random.default_rng(0).normal(size=(n, 2))
    codes = np.arange(n)
    posteriors, p, _ = fit_posteriors(
        X, codes % min(n, 2), codes[:, None] % 3, 2, (3,), 0
    )
    for found in (p, posteriors.predict(X)):
        assert (found.label > 0).all()
        np.testing.assert_allclose(found.label.sum(1), 1.0)
        np.testing.assert_allclose(found.group[0].sum(1), 1.0)


def test_the_group_is_not_told_the_label_where_there_are_many():
    rng = np.random.default_rng(0)
    n_labels = MAX_LABELS + 1
    y, z = rng.integers(n_labels, size=300), rng.integers(2, size=300)
    posteriors, p, _ = fit_posteriors(
        rng.normal(size=(300, 2)), y, z[:, None], n_labels, (2,), 0
    )
    assert p.group_given_label[0].shape == (300, n_labels, 2)
    assert np.ptp(p.group_given_label[0], axis=1).max() == 0.0


def test_categories_and_values_that_are_new_are_allowed():
    X, y, z = known_table(300)
    posteriors, _, _ = fit_posteriors(X, y, z[:, None], 2, (2,), 0)
    strange = pd.DataFrame({"a": [np.nan, 1e9], "b": [0.0, -1e9], "word": ["q", None]})
    assert np.isfinite(posteriors.predict(strange).label).all()
