"""Rows whose densities, posteriors and bias are known."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

from skfadm.datasets import make_biased_domains

SETTINGS = [
    {},
    {"n_classes": 3, "n_groups": 3, "n_domains": 4, "n_features": 3},
    {"group_shares": [0.98, 0.02], "bias": [0.0, 0.3, 0.9]},
    {"n_classes": 3, "class_shares": [0.2, 0.5, 0.3], "n_domains": 1, "shift": 0.0},
]


@pytest.fixture(scope="module", params=SETTINGS, ids=range(len(SETTINGS)))
def biased(request):
    return make_biased_domains(20_000, random_state=0, **request.param)


def test_shares_are_what_was_asked_for():
    model = make_biased_domains(
        1,
        class_shares=[0.2, 0.5, 0.3],
        n_classes=3,
        group_shares=[0.98, 0.02],
        domain_shares=[0.5, 0.3, 0.2],
        bias=[0.0, 0.4, 0.99],
        random_state=0,
    ).model
    np.testing.assert_allclose(model.joint.sum(axis=2), [[0.2, 0.5, 0.3]] * 3)
    np.testing.assert_allclose(model.joint.sum(axis=1), [[0.98, 0.02]] * 3)
    np.testing.assert_allclose(model.domain_shares, [0.5, 0.3, 0.2])
    assert model.joint.min() > -1e-15


def test_bias_says_how_often_label_and_group_agree():
    for bias in (0.0, 0.25, 0.8):
        table = make_biased_domains(1, bias=bias).model.table()
        assert np.trace(table) == pytest.approx((1 + bias) / 2)
    for model in (
        make_biased_domains(1, bias=0, n_groups=3).model,
        make_biased_domains(1, bias=[0.2, 0.5, 0.9], n_groups=3).model.unbiased(),
    ):
        np.testing.assert_allclose(model.pmi(), 0, atol=1e-12)


def test_rows_follow_the_tables(biased):
    model = biased.model
    codes = np.array([int(name.removeprefix("domain_")) for name in biased.domains])
    counts = np.zeros(model.joint.shape)
    np.add.at(counts, (codes, biased.target, biased.z), 1)
    expected = model.domain_shares[:, None, None] * model.joint
    error = np.sqrt(expected / 20_000)
    assert (np.abs(counts / 20_000 - expected) < 5 * error + 1e-9).all()
    np.testing.assert_allclose(model.table(), expected.sum(axis=0))

    table = counts.sum(axis=0) / 20_000
    outer = np.outer(table.sum(axis=1), table.sum(axis=0))
    cells = table > 0.01
    np.testing.assert_allclose(
        model.pmi()[cells], np.log(table / outer)[cells], atol=0.1
    )
    # Features are normal around the means.
    noise = biased.data - model.means[codes, biased.target, biased.z]
    np.testing.assert_allclose(noise.mean(axis=0), 0, atol=0.04)
    np.testing.assert_allclose(np.cov(noise.T), np.eye(noise.shape[1]), atol=0.06)


def test_neighbouring_means_are_as_far_apart_as_asked_for():
    means = make_biased_domains(
        1, n_classes=3, n_groups=3, class_sep=3.0, group_sep=1.5, shift=0.5
    ).model.means
    for axis, distance in ((0, 0.5), (1, 3.0), (2, 1.5)):
        lengths = np.linalg.norm(np.diff(means, axis=axis), axis=-1)
        np.testing.assert_allclose(lengths, distance)
    steps = [np.diff(means, axis=axis)[0, 0, 0] for axis in range(3)]
    np.testing.assert_allclose(
        np.triu(np.array(steps) @ np.transpose(steps), 1), 0, atol=1e-12
    )


@pytest.mark.parametrize("domain", [None, 0])
def test_posteriors_agree_with_scipy(biased, domain):
    model, X = biased.model, biased.data[:40]
    joint = np.zeros((40, *model.joint.shape[1:]))
    for d, y, z in np.ndindex(model.joint.shape):
        if domain in (None, d):
            density = multivariate_normal(model.means[d, y, z]).pdf(X)
            joint[:, y, z] += model.domain_shares[d] * model.joint[d, y, z] * density
    joint /= joint.sum(axis=(1, 2), keepdims=True)
    of_y, of_z = model.posterior_y(X, domain), model.posterior_z(X, domain)
    np.testing.assert_allclose(of_y, joint.sum(axis=2), rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(of_z, joint.sum(axis=1), rtol=1e-9, atol=1e-15)


def test_posteriors_are_the_same_in_all_domains_of_equal_bias():
    same = make_biased_domains(200, shift=3.0, bias=0.5, random_state=0)
    other = make_biased_domains(200, shift=3.0, bias=[0.5, 0.5, 0.0], random_state=0)
    X = same.data
    for posterior in ("posterior_y", "posterior_z"):
        first, second, third = (
            getattr(other.model, posterior)(X, domain) for domain in range(3)
        )
        np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-15)
        assert np.abs(first - third).max() > 0.1
        pooled = getattr(same.model, posterior)(X)
        np.testing.assert_allclose(pooled, first, rtol=1e-9, atol=1e-15)


def test_bias_makes_the_best_classifier_unfair_and_unbiased_rows_do_not():
    biased = make_biased_domains(8000, bias=0.8, random_state=0)
    fair_rows, _, z, _ = biased.model.unbiased().sample(8000, random_state=0)

    def parity(model, X, groups):
        y_pred = model.posterior_y(X).argmax(axis=1)
        rates = [y_pred[groups == g].mean() for g in (0, 1)]
        return min(rates) / max(rates)

    assert parity(biased.model, biased.data, biased.z) < 0.3
    assert parity(biased.model.unbiased(), fair_rows, z) > 0.95


def test_frames_hold_the_same_numbers_as_arrays():
    arrays = make_biased_domains(50, random_state=3)
    frames = make_biased_domains(50, random_state=3, as_frame=True)
    pd.testing.assert_frame_equal(
        frames.data, pd.DataFrame(arrays.data, columns=arrays.feature_names)
    )
    for key, name in (("target", "y"), ("z", "z"), ("domains", "domain")):
        assert frames[key].name == name
        np.testing.assert_array_equal(frames[key], arrays[key])
    # A seed repeats the rows.
    for seed in (4, None):
        assert not np.allclose(
            make_biased_domains(50, random_state=seed).data, frames.data
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 0}, "n_samples must be an integer >= 1, got 0"),
        ({"n_samples": 10.0}, "n_samples must be an integer"),
        ({"n_features": 2}, "n_features must be an integer >= 3"),
        ({"class_sep": -1}, "class_sep must be a finite number >= 0"),
        ({"group_sep": np.inf}, "group_sep must be a finite"),
        ({"shift": "far"}, "shift must be a finite"),
        ({"bias": 1.0}, "bias must be a number in"),
        ({"bias": [0.1, 0.2]}, "bias must be a number in .* or 3 of them"),
        ({"bias": np.nan}, "bias must be a number in"),
        ({"class_shares": [0.5, 0.6]}, "class_shares must be 2 positive numbers"),
        ({"domain_shares": [0.5, 0.5]}, "domain_shares must be 3 positive numbers"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_biased_domains(**arguments)
