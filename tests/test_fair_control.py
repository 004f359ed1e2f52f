"""Fair control: its theory where everything is known, and its calibration."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import entropy
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from skfadm._fairness_curve import PARITY
from skfadm.datasets import make_biased_domains
from skfadm.fair_control import (
    Calibration,
    FairnessCurve,
    pointwise_mutual_information,
)

from .generators import mixed_table, tiny


@pytest.fixture(scope="module")
def biased():
    return make_biased_domains(40_000, n_domains=1, bias=0.6, random_state=0)


def classifier(X, y, weights=None):
    return LogisticRegression(C=1e6).fit(X, y, sample_weight=weights)


def test_pmi_agrees_with_the_definition_on_plenty_of_rows():
    joint = np.array([[0.1, 0.3, 0.1], [0.25, 0.05, 0.2]])
    cells = np.repeat(np.arange(6), (joint.ravel() * 100_000).astype(int))
    expected = np.log(joint / joint.sum(1, keepdims=True) / joint.sum(0))
    actual = pointwise_mutual_information(cells // 3, cells % 3, 2, 3)
    np.testing.assert_allclose(actual, expected, atol=1e-3)


def test_pmi_of_a_cell_without_rows_is_finite():
    pmi = pointwise_mutual_information(np.array([0, 0, 1]), np.array([0, 1, 1]), 2, 2)
    assert np.isfinite(pmi).all()
    assert pmi[1, 0] < 0


def test_a_tilt_that_ignores_the_label_moves_rows_and_not_labels(biased):
    """Weights exp(lambda_z H(p(z | x))) leave the log-odds of the label as they are."""
    X, y = biased.data, biased.target
    p_z = biased.model.posterior_z(X)
    plain = classifier(X, y)
    fair = classifier(X, y, np.exp(3.0 * entropy(p_z, axis=1)))
    np.testing.assert_allclose(fair.coef_, plain.coef_, atol=0.1)
    assert np.abs(plain.coef_).max() > 1.0


def test_coupling_of_strength_one_is_reweighing_in_expectation(biased):
    """Its log weight is the mean of the log weights of Kamiran and Calders (2012)."""
    X, y, z = biased.data, biased.target, biased.z
    pmi = pointwise_mutual_information(y, z, 2, 2)
    joint = np.array([[np.mean((y == a) & (z == b)) for b in (0, 1)] for a in (0, 1)])
    reweighing = joint.sum(1, keepdims=True) * joint.sum(0) / joint
    p_z = biased.model.posterior_z(X)
    expected = np.exp((p_z * np.log(reweighing[y])).sum(1))
    np.testing.assert_allclose(np.exp(-(p_z * pmi[y]).sum(1)), expected, rtol=1e-3)
    # Where the features tell the group for sure, label and group become independent.
    sure = np.exp(-pmi[y, z])
    rates = [np.average(y[z == g], weights=sure[z == g]) for g in (0, 1)]
    assert rates[0] == pytest.approx(rates[1], abs=1e-3)
    assert abs(y[z == 0].mean() - y[z == 1].mean()) > 0.2


def calibration(biased):
    y, z = biased.target, biased.z
    pmi = pointwise_mutual_information(y, z, 2, 2)
    p_y, p_z = (
        biased.model.posterior_y(biased.data),
        biased.model.posterior_z(biased.data),
    )
    return Calibration(np.log(p_y), p_z @ pmi.T - pmi.min(1), y, z[:, None])


@pytest.mark.parametrize("strength", [0.0, 1.0, 2.0])
def test_predicted_ratio_is_that_of_a_classifier_of_tilted_rows(biased, strength):
    """The tilt is applied to real rows by weights; nothing is generated."""
    calibrated = calibration(biased)
    X, y, z = biased.data, biased.target, biased.z
    shares = np.bincount(y) / len(y)
    weights = np.exp(-strength * calibrated.coupling[np.arange(len(y)), y])
    for label in (0, 1):  # the shares of the labels are kept, as in sampling
        weights[y == label] *= shares[label] / weights[y == label].sum()
    # With these columns a linear model can learn the tilted posterior exactly.
    columns = np.column_stack([X, calibrated.coupling])
    chosen = classifier(columns, y, weights * len(y)).predict(columns)
    rates = [chosen[z == g].mean() for g in (0, 1)]
    predicted = calibrated.ratio(strength, "demographic_parity")
    assert predicted == pytest.approx(min(rates) / max(rates), abs=0.03)


def test_decisions_of_strength_zero_are_those_of_the_label_classifier(biased):
    calibrated = calibration(biased)
    agreement = np.mean(calibrated.decisions(0.0) == calibrated.log_p.argmax(1))
    assert agreement > 0.99


def decided(chosen, z, domains=None, y=None):
    """Return a calibration whose decisions at strength 0 are `chosen`."""
    chosen = np.asarray(chosen)
    # So unsure of a share that the offset changes nothing.
    log_p = np.log(np.where(chosen[:, None] == [0, 1], 1 - 1e-9, 1e-9))
    y = chosen if y is None else y
    return Calibration(log_p, np.zeros(log_p.shape), y, np.asarray(z)[:, None], domains)


def test_a_ratio_is_the_mean_of_those_in_each_domain():
    """Groups that differ in their domains alone are treated alike in every one."""
    domains = np.repeat([0, 1], 400)
    z = np.tile(np.repeat([0, 1], 200), 2)
    chosen = np.concatenate([np.arange(200) < k for k in (40, 80, 100, 125)]).astype(
        int
    )
    ratio = decided(chosen, z, domains).ratio(0.0, "demographic_parity")
    assert ratio == pytest.approx((40 / 80 + 100 / 125) / 2)
    pooled = decided(chosen, z).ratio(0.0, "demographic_parity")
    assert pooled == pytest.approx(140 / 205)


def test_handfuls_of_rows_do_not_speak_for_a_domain():
    z = np.r_[np.repeat([0, 1], 100), np.zeros(100, int), 1, np.zeros(50, int)]
    domains = np.repeat([0, 1, 2], [200, 101, 50])
    chosen = np.r_[np.arange(100) < 30, np.arange(100) < 40, np.zeros(151)].astype(int)
    chosen[200:220] = 1  # the only row of group 1 there is never chosen
    ratio = decided(chosen, z, domains).ratio(0.0, "demographic_parity")
    assert ratio == pytest.approx(30 / 40)


def test_domains_are_ignored_where_none_has_two_groups():
    z = domains = np.repeat([0, 1], 100)
    chosen = np.r_[np.arange(100) < 20, np.arange(100) < 50].astype(int)
    ratio = decided(chosen, z, domains).ratio(0.0, "demographic_parity")
    assert ratio == pytest.approx(20 / 50)


def test_a_target_out_of_reach_stops_before_the_curve_turns_over():
    """At the first strength near the plateau, not at a peak that is noise."""
    strengths = np.linspace(0, 4, 81)
    hill = 0.85 - 0.15 * np.maximum(np.abs(strengths - 2) - 0.5, 0)
    peak = hill + 0.06 * (np.abs(strengths - 2.4) < 0.01)
    curve = FairnessCurve(
        strengths,
        {"demographic_parity": peak},
        acceptances=np.ones(81),
        differs={"demographic_parity": True},
    )
    chosen = curve.strength("demographic_parity")
    assert 1.2 <= chosen <= 1.6
    assert curve.strength(0.9) == pytest.approx(2.4)


@pytest.mark.parametrize("target", [0.7, 0.8, 0.9])
def test_a_ratio_is_reached_with_the_least_strength(biased, target):
    calibrated = calibration(biased)
    strength = calibrated.curve().strength(target)
    assert calibrated.ratio(strength, "demographic_parity") >= target
    below = calibrated.ratio(max(strength - 0.1, 0.0), "demographic_parity")
    assert below < target


@pytest.mark.parametrize("measure", ["demographic_parity", "equal_opportunity"])
def test_parity_is_reached_in_the_measure_that_is_asked_for(biased, measure):
    calibrated = calibration(biased)
    assert calibrated.ratio(0.0, measure) < 0.85
    curve = calibrated.curve()
    assert calibrated.ratio(curve.strength(measure), measure) >= PARITY


def test_nothing_is_done_where_label_and_group_are_independent():
    independent = make_biased_domains(4000, bias=0.0, random_state=1)
    assert calibration(independent).curve().strength(0.8) == 0.0


def independent_table(seed, share, n=500):
    """Return the calibration of a small table whose groups are dealt at random."""
    biased = make_biased_domains(n, bias=0.6, n_domains=5, random_state=seed)
    rng = np.random.default_rng(seed)
    z = (rng.random(n) < share).astype(np.int64)
    p_y, p_z = (
        cross_val_predict(
            LogisticRegression(), biased.data, codes, method="predict_proba"
        )
        for codes in (biased.target, z)
    )
    pmi = pointwise_mutual_information(p_y.argmax(1), z, 2, 2)
    coupling = p_z @ pmi.T - pmi.min(1)
    domains = pd.factorize(biased.domains)[0]
    return Calibration(np.log(p_y), coupling, biased.target, z[:, None], domains)


@pytest.mark.parametrize("share", [0.5, 0.02])
def test_no_harm_is_done_where_label_and_group_hardly_correlate(share):
    """Ratios of few rows are low by chance; correcting them would cost accuracy."""
    lost, low = [], 0
    for seed in range(20):
        calibrated = independent_table(seed, share)
        low += calibrated.ratio(0.0, "demographic_parity") < PARITY
        strength = calibrated.curve().strength("demographic_parity")
        lost.append(
            np.mean(calibrated.decisions(0.0) == calibrated.y)
            - np.mean(calibrated.decisions(strength) == calibrated.y)
        )
    assert low >= 18
    assert np.mean(lost) <= 0.005


def test_predicted_acceptance_is_that_of_accepting_row_by_row(biased):
    calibrated = calibration(biased)
    rng = np.random.default_rng(0)
    p, y = np.exp(calibrated.log_p), biased.target
    attempts = accepted = 0
    for label in (0, 1):
        # Rows of p(x | label), until each of its share of the table is accepted.
        drawn = rng.choice(len(p), 200_000, p=p[:, label] / p[:, label].sum())
        rate = np.mean(
            rng.random(200_000) < np.exp(-2.0 * calibrated.coupling[drawn, label])
        )
        attempts += np.mean(y == label) / rate
        accepted += np.mean(y == label)
    predicted = calibrated.curve().acceptance(2.0)
    assert predicted == pytest.approx(accepted / attempts, rel=0.02)
    assert calibrated.acceptance(0.0) == pytest.approx(1.0)
    assert predicted < 0.9


def test_a_target_out_of_reach_gives_the_largest_ratio():
    rng = np.random.default_rng(0)
    y = z = rng.integers(0, 2, 1000)
    p = np.where(y[:, None] == [0, 1], 0.999, 0.001)  # the label is the group
    stuck = Calibration(np.log(p), np.zeros((1000, 2)), y, z[:, None]).curve()
    assert stuck.ratio(stuck.strength(0.8), "demographic_parity") == 0.0


def test_the_generator_calibrates_itself_and_keeps_the_strength():
    gen = tiny().fit(*mixed_table())
    assert gen.lambda_yz_ == gen.calibration_.strength("demographic_parity")
    gen = tiny(lambda_yz=1.5).fit(*mixed_table())
    assert gen.lambda_yz_ == 1.5


def test_several_labels_groups_and_attributes_are_controlled_at_once():
    X, _, z, domains = mixed_table(150)
    y = X["count"] % 3
    z = pd.DataFrame({"sex": z, "age": np.arange(150) % 3})
    gen = tiny(lambda_yz=2.0).fit(X, y, z, domains)
    assert [pmi.shape for pmi in gen.pmi_] == [(3, 2), (3, 3)]
    assert gen.cells_.pmi.shape[1] == 3
    assert 0 <= gen.calibration_.ratio(2.0, "demographic_parity") <= 1
    assert len(gen.sample(20)[0]) == 20


def test_without_sensitive_attribute_there_is_nothing_to_calibrate():
    X, y, *_ = mixed_table()
    assert tiny().fit(X, y).lambda_yz_ == 0.0


def test_strength_zero_gives_the_same_rows_with_and_without_fair_control():
    gen = tiny(lambda_yz=0.0).fit(*mixed_table())
    rows = gen.sample(50)[0]
    gen.calibration_ = None
    assert gen.set_params(lambda_yz="auto").sample(50)[0].equals(rows)


@pytest.mark.parametrize("bad", [-1.0, "much", float("nan")])
def test_a_strength_that_is_none_is_refused(bad):
    with pytest.raises(ValueError, match="lambda_yz"):
        tiny(lambda_yz=bad).fit(*mixed_table())


@pytest.mark.parametrize("bad", [0.0, 1.5, "equality"])
def test_a_target_that_is_none_is_refused(bad):
    with pytest.raises(ValueError, match="fairness_target"):
        tiny(fairness_target=bad).fit(*mixed_table())
