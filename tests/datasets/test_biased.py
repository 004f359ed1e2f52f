"""Rows whose densities, posteriors and bias are known."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal
from sklearn.linear_model import LogisticRegression

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


def test_shapes_and_values(biased):
    n_domains, n_classes, n_groups, n_features = biased.model.means.shape
    assert biased.data.shape == (20_000, n_features)
    assert biased.data.dtype == np.float64
    assert set(biased.target) == set(range(n_classes))
    assert set(biased.z) == set(range(n_groups))
    assert set(biased.domains) == {f"domain_{d}" for d in range(n_domains)}
    assert len(biased.feature_names) == n_features


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


def test_two_equal_labels_and_groups_agree_as_often_as_documented():
    for bias in (0.0, 0.25, 0.8):
        table = make_biased_domains(1, bias=bias).model.table()
        assert np.trace(table) == pytest.approx((1 + bias) / 2)


def test_without_bias_label_and_group_are_independent():
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


def test_features_are_normal_around_the_means(biased):
    codes = np.array([int(name.removeprefix("domain_")) for name in biased.domains])
    noise = biased.data - biased.model.means[codes, biased.target, biased.z]
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
def test_densities_and_posteriors_agree_with_scipy(biased, domain):
    model, X = biased.model, biased.data[:40]
    n_domains, n_classes, n_groups, n_features = model.means.shape
    joint = np.zeros((40, n_classes, n_groups))
    for d in range(n_domains) if domain is None else [domain]:
        weight = model.domain_shares[d] if domain is None else 1.0
        for y in range(n_classes):
            for z in range(n_groups):
                density = multivariate_normal(model.means[d, y, z]).pdf(X)
                joint[:, y, z] += weight * model.joint[d, y, z] * density
    p_x, table = joint.sum(axis=(1, 2)), model.table(domain)
    found = [model.posterior_y(X, domain), model.posterior_z(X, domain)]
    expected = [joint.sum(axis=2) / p_x[:, None], joint.sum(axis=1) / p_x[:, None]]
    densities = {
        (None, None): p_x,
        (1, None): joint[:, 1].sum(axis=1) / table[1].sum(),
        (None, 1): joint[:, :, 1].sum(axis=1) / table[:, 1].sum(),
        (1, 0): joint[:, 1, 0] / table[1, 0],
    }
    for (y, z), density in densities.items():
        found.append(np.exp(model.log_density(X, y=y, z=z, domain=domain)))
        expected.append(density)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-15)


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


def test_no_classifier_beats_the_posterior_and_a_linear_one_comes_close():
    biased = make_biased_domains(8000, random_state=1)
    best = np.mean(
        biased.model.posterior_y(biased.data).argmax(axis=1) == biased.target
    )
    linear = LogisticRegression().fit(biased.data, biased.target)
    assert 0.8 < linear.score(biased.data, biased.target) < best + 0.01
    assert linear.score(biased.data, biased.target) > best - 0.02


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


def test_a_seed_repeats_the_rows():
    draws = [make_biased_domains(20, random_state=s).data for s in (0, 0, 1, None)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.allclose(draws[0], draws[2])
    assert not np.allclose(draws[0], draws[3])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 0}, "n_samples must be an integer >= 1, got 0"),
        ({"n_samples": 10.0}, "n_samples must be an integer"),
        ({"n_features": 2}, "n_features must be an integer >= 3"),
        ({"n_classes": 1}, "n_classes must be an integer >= 2"),
        ({"n_groups": 1}, "n_groups must be an integer >= 2"),
        ({"n_domains": 0}, "n_domains must be an integer >= 1"),
        ({"class_sep": -1}, "class_sep must be a finite number >= 0"),
        ({"group_sep": np.inf}, "group_sep must be a finite"),
        ({"shift": "far"}, "shift must be a finite"),
        ({"bias": 1.0}, "bias must be a number in"),
        ({"bias": -0.1}, "bias must be a number in"),
        ({"bias": [0.1, 0.2]}, "bias must be a number in .* or 3 of them"),
        ({"bias": np.nan}, "bias must be a number in"),
        ({"class_shares": [0.5, 0.6]}, "class_shares must be 2 positive numbers"),
        ({"group_shares": [1.0, 0.0]}, "group_shares must be 2 positive numbers"),
        ({"domain_shares": [0.5, 0.5]}, "domain_shares must be 3 positive numbers"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_biased_domains(**arguments)
