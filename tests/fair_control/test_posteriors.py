"""The clean classifiers know what they can know, on rows they have not seen."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import log_loss, roc_auc_score

from skfadm.fair_control.posteriors import fit_posteriors


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
    posteriors, out_of_fold = fit_posteriors(X, y, z[:, None], 2, (2,), 0)
    X_new, y_new, z_new = known_table(4000, seed=1)
    p = posteriors.predict(X_new)
    truth = expit(X_new["a"] - 1), expit(X_new["b"] + y_new)
    assert log_loss(y_new, p.label) < log_loss(y_new, truth[0]) + 0.02
    told = p.group_given_label[0][np.arange(4000), y_new]
    assert log_loss(z_new, told) < log_loss(z_new, truth[1]) + 0.02
    assert log_loss(z_new, told) < log_loss(z_new, p.group[0]) - 0.005
    # Out of fold: as good as on new rows, and no better.
    assert log_loss(y, out_of_fold.label) == pytest.approx(
        log_loss(y_new, p.label), abs=0.03
    )
    joint = (p.label[:, :, None] * p.group_given_label[0]).sum(1)
    np.testing.assert_allclose(p.group[0], joint)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 40])
def test_tables_of_a_few_rows_give_probabilities_all_the_same(n):
    X = np.random.default_rng(0).normal(size=(n, 2))
    codes = np.arange(n)
    posteriors, p = fit_posteriors(X, codes % min(n, 2), codes[:, None] % 3, 2, (3,), 0)
    for found in (p, posteriors.predict(X)):
        assert (found.label > 0).all()
        np.testing.assert_allclose(found.label.sum(1), 1.0)
        np.testing.assert_allclose(found.group[0].sum(1), 1.0)


def test_neither_words_of_pure_noise_nor_rows_are_memorised():
    X, y, z = known_table(4000)
    rng = np.random.default_rng(1)
    X = X.assign(zip=rng.integers(250, size=len(X)).astype(str))
    losses = []
    for table in (X, X.drop(columns="zip")):
        _, p = fit_posteriors(table, y, z[:, None], 2, (2,), 0)
        of_label = p.group_given_label[0][np.arange(len(y)), y]
        losses.append((log_loss(y, p.label), log_loss(z, of_label)))
    assert np.subtract(*losses).max() < 0.01
    X, y = rng.normal(size=(600, 8)), rng.integers(2, size=600)
    _, p = fit_posteriors(X, y, y[:, None], 2, (2,), 0)
    assert log_loss(y, p.label) > 0.65


def test_predicted_ratios_are_the_true_ones_where_places_tell_label_and_group():
    n, n_places, errors = 4000, 250, []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        of_place = rng.normal(size=n_places)

        def draw(n, rng=rng, of_place=of_place):
            place, income = rng.integers(n_places, size=n), rng.normal(size=n)
            X = pd.DataFrame({"income": income, "zip": place.astype(str)})
            effect = of_place[place]
            return X, expit(1.5 * income + effect), expit(0.3 * income + effect)

        X, *shares = draw(n)
        y, z = (rng.random((2, n)) < shares).astype(np.int64)
        posteriors, _ = fit_posteriors(X, y, z[:, None], 2, (2,), 0)
        X, _, p_z = draw(20_000)
        p = posteriors.predict(X)
        positive = p.label[:, 1] > 0.5
        found, true = (
            np.average(positive, weights=1 - q) / np.average(positive, weights=q)
            for q in (p.group[0][:, 1], p_z)
        )
        errors.append(found - true)
    assert np.abs(np.mean(errors)) < 0.02
    assert np.abs(errors).max() < 0.04


def test_values_that_are_new_or_all_in_one_fold_or_one_are_no_trouble():
    X, y, z = known_table(300)
    row, word = np.arange(300), X["word"]
    X = X.assign(one=np.where(row == 7, 1.5, np.nan), few=word.where(row % 50 == 0))
    new = pd.DataFrame({"a": [np.nan, 1e9], "b": [0.0, -1e9], "word": ["q", None]})
    new = new.assign(one=[0.0, -1e9], few=["q", None])
    posteriors, p = fit_posteriors(X, y, z[:, None], 2, (2,), 0)
    _, alone = fit_posteriors(X[["one"]], y, z[:, None], 2, (2,), 0)
    for found in (p, alone, posteriors.predict(X), posteriors.predict(new)):
        assert np.isfinite(found.label).all()


def test_rows_without_a_group_teach_the_label_alone():
    X, y, z = known_table(2000)
    gaps = np.where(X["a"] > 1, -1, z)
    posteriors, p = fit_posteriors(X, y, gaps[:, None], 2, (2,), 0)
    known, of_label = gaps >= 0, p.group_given_label[0][np.arange(len(y)), y]
    assert log_loss(y, p.label) < 0.46
    assert log_loss(z, of_label) < 0.55
    assert log_loss(z[known], of_label[known]) < 0.55
    none, p_none = fit_posteriors(X, y, z[:, None][:, :0], 2, (), 0)
    assert none.groups == none.group_auc == p_none.group == []
    np.testing.assert_array_equal(
        posteriors.predict(X, groups=False).label, posteriors.predict(X).label
    )


def test_how_well_groups_can_be_told_is_measured_out_of_fold():
    X, y, z = known_table(2000)
    truth = roc_auc_score(z, X["b"])
    posteriors, _ = fit_posteriors(X, y, z[:, None], 2, (2,), 0)
    assert posteriors.group_auc[0] == pytest.approx(truth, abs=0.04)
    noise = np.random.default_rng(0).integers(3, size=(2000, 1))
    posteriors, _ = fit_posteriors(X, y, noise, 2, (3,), 0)
    assert posteriors.group_auc[0] == pytest.approx(0.5, abs=0.05)
