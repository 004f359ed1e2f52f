"""Fair control: its theory where everything is known, and its calibration."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import entropy
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from skfadm.datasets import make_biased_domains
from skfadm.fair_control._tilt_path import CLIPPED, Predictions, follow
from skfadm.fair_control.calibration import (
    Calibration,
    FairnessCurve,
    pointwise_mutual_information,
)
from skfadm.fair_control.curve import MAX_ATTEMPTS, PARITY

from ..generators import mixed_table, tiny


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


@pytest.fixture(scope="module")
def calibrated(biased):
    """Return the calibration with exact posteriors, its tilts and its curve."""
    p_y, p_z = (
        biased.model.posterior_y(biased.data),
        biased.model.posterior_z(biased.data),
    )
    calibration = Calibration(np.log(p_y), biased.target, biased.z[:, None])
    path, curve = follow(calibration, [p_z])
    return SimpleNamespace(
        calibration=calibration,
        coupling=lambda s: path.tilt(s).coupling([torch.tensor(p_z).log()]).numpy(),
        path=path,
        curve=curve,
        p_z=p_z,
    )


@pytest.mark.parametrize("strength", [0.0, 1.0, 2.5])
def test_predicted_ratio_is_that_of_a_classifier_of_tilted_rows(
    biased, calibrated, strength
):
    """The tilt is applied to real rows by weights; nothing is generated."""
    coupling = calibrated.coupling(strength)
    X, y, z = biased.data, biased.target, biased.z
    shares = np.bincount(y) / len(y)
    weights = np.exp(-coupling[np.arange(len(y)), y])
    for label in (0, 1):  # the shares of the labels are kept, as in sampling
        weights[y == label] *= shares[label] / weights[y == label].sum()
    # With these columns a linear model can learn the tilted posterior exactly.
    columns = np.column_stack([X, coupling])
    chosen = classifier(columns, y, weights * len(y)).predict(columns)
    rates = [chosen[z == g].mean() for g in (0, 1)]
    predicted = calibrated.curve.ratio(strength, "demographic_parity")
    assert predicted == pytest.approx(min(rates) / max(rates), abs=0.03)


def test_decisions_without_a_tilt_are_those_of_the_label_classifier(calibrated):
    calibration = calibrated.calibration
    decided = calibration.decisions(np.zeros(calibration.log_p.shape))
    assert np.mean(decided == calibration.log_p.argmax(1)) > 0.99


def test_up_to_strength_one_the_tilt_is_the_coupling_term(calibrated):
    """sum_z p(z | x) pmi(y, z), with the pmi of decisions, times the strength."""
    decided = calibrated.calibration.log_p.argmax(1)
    z = calibrated.calibration.z[:, 0]
    pmi = pointwise_mutual_information(decided, z, 2, 2)
    np.testing.assert_allclose(calibrated.path.pmi[0], pmi, atol=0.02)
    for strength in (0.25, 1.0):
        expected = strength * calibrated.p_z @ calibrated.path.pmi[0].T
        np.testing.assert_allclose(calibrated.coupling(strength), expected, rtol=1e-6)


def test_beyond_one_decisions_come_to_rest_where_cells_are_alike(calibrated):
    cell = calibrated.path.cells.assign([torch.tensor(calibrated.p_z).log()]).numpy()

    def rates(strength):
        decided = calibrated.calibration.decisions(calibrated.coupling(strength))
        return np.array([decided[cell == c].mean() for c in np.unique(cell)])

    spread = [np.ptp(rates(s)) for s in (1.0, 2.0, 4.0, 6.0)]
    assert spread[0] > 0.5
    assert spread == sorted(spread, reverse=True)
    assert spread[-1] < 0.15


@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (2, 3), (4, 2)])
def test_more_strength_never_brings_less_parity(shape):
    n_classes, n_groups = shape
    table = make_biased_domains(
        20_000,
        n_classes=n_classes,
        n_groups=n_groups,
        bias=0.3,
        n_domains=1,
        random_state=0,
    )
    p_y, p_z = (
        f(table.data) for f in (table.model.posterior_y, table.model.posterior_z)
    )
    _, curve = follow(Calibration(np.log(p_y), table.target, table.z[:, None]), [p_z])
    ratios = curve.ratios["demographic_parity"]
    assert (ratios >= np.maximum.accumulate(ratios) - 0.03).all()
    assert ratios[-1] > ratios[0] + 0.2
    assert (np.diff(curve.acceptances) < 0.01).all()


def test_a_strength_between_two_that_are_kept_is_between_them(calibrated):
    low, between, high = (calibrated.coupling(s) for s in (2.0, 2.03, 2.1))
    np.testing.assert_allclose(between, 0.7 * low + 0.3 * high)
    lowest = [calibrated.path.tilt(s).lowest for s in (6.0, 2.0, 2.03, 2.1)]
    np.testing.assert_allclose(lowest[0], calibrated.path.lowest[-1])
    np.testing.assert_allclose(lowest[2], 0.7 * lowest[1] + 0.3 * lowest[3])


def test_one_row_in_a_hundred_of_a_label_is_below_the_bound(calibrated):
    coupling, p = calibrated.coupling(3.0), np.exp(calibrated.calibration.log_p)
    lowest = calibrated.path.tilt(3.0).lowest
    below = (p * (coupling < lowest)).sum(0) / p.sum(0)
    np.testing.assert_allclose(below, CLIPPED, atol=0.005)


def ratio_of(chosen, z, domains=None, y=None):
    """Return the ratio of demographic parity of these decisions."""
    chosen, z = np.asarray(chosen).astype(int), np.asarray(z)
    y = chosen if y is None else y
    calibration = Calibration(np.zeros((len(z), 2)), y, z[:, None], domains)
    return calibration.ratio(chosen, "demographic_parity")


def test_a_ratio_is_the_mean_over_rows_of_that_in_their_domain():
    """Groups that differ in their domains alone are treated alike in every one."""
    n = 10_000  # so many that chance makes no difference
    domains, z = (
        np.repeat([0, 1], [2 * n, 4 * n]),
        np.repeat([0, 1, 0, 1], [n, n, n, 3 * n]),
    )
    chosen = np.concatenate(
        [
            np.arange(k) < share * k
            for k, share in zip((n, n, n, 3 * n), (0.2, 0.4, 0.5, 0.625), strict=True)
        ]
    )
    expected = (2 * 0.2 / 0.4 + 4 * 0.5 / 0.625) / 6
    assert ratio_of(chosen, z, domains) == pytest.approx(expected, abs=0.02)
    pooled = (0.2 + 0.5) / 2 / ((0.4 + 3 * 0.625) / 4)
    assert ratio_of(chosen, z) == pytest.approx(pooled, abs=0.02)


def test_equal_rates_have_a_ratio_near_one_however_few_the_rows():
    """The observed ratio of two groups of 60 rows at a rate of 0.3 is 0.76."""
    rng = np.random.default_rng(0)
    z = np.repeat([0, 1], 60)
    ratios = [ratio_of(rng.random(120) < 0.3, z) for _ in range(300)]
    assert np.mean(ratios) > 0.9


def test_handfuls_of_rows_do_not_speak_for_a_domain():
    z = np.r_[np.repeat([0, 1], 4000), np.zeros(100, int), 1, np.zeros(50, int)]
    domains = np.repeat([0, 1, 2], [8000, 101, 50])
    chosen = np.r_[np.arange(4000) < 1200, np.arange(4000) < 1600, np.zeros(151)]
    chosen[8000:8020] = 1  # the only row of group 1 there is never chosen
    assert ratio_of(chosen, z, domains) == pytest.approx(30 / 40, abs=0.02)


def test_domains_are_ignored_where_none_has_two_groups():
    z = domains = np.repeat([0, 1], 4000)
    chosen = np.r_[np.arange(4000) < 800, np.arange(4000) < 2000]
    assert ratio_of(chosen, z, domains) == pytest.approx(20 / 50, abs=0.02)


def test_a_label_that_is_never_chosen_is_left_out():
    z = np.repeat([0, 1], 500)
    assert ratio_of(np.zeros(1000), z, y=z) == 0.0


def test_a_target_out_of_reach_stops_before_the_curve_turns_over():
    """At the first strength near the plateau, not at a peak that is noise."""
    strengths = np.linspace(0, 4, 81)
    hill = 0.85 - 0.15 * np.maximum(np.abs(strengths - 2) - 0.5, 0)
    peak = hill + 0.06 * (np.abs(strengths - 2.4) < 0.01)
    curve = FairnessCurve(
        strengths,
        {"demographic_parity": peak},
        accuracies=np.ones(81),
        acceptances=np.ones(81),
        differs={"demographic_parity": True},
    )
    chosen = curve.strength("demographic_parity")
    assert 1.2 <= chosen <= 1.6
    assert curve.strength(0.9) == pytest.approx(2.4)


def test_auto_goes_no_farther_than_rows_can_be_accepted():
    strengths = np.linspace(0, 4, 41)
    curve = FairnessCurve(
        strengths,
        {"demographic_parity": strengths / 4},
        accuracies=np.ones(41),
        acceptances=np.where(strengths < 2.45, 0.5, 0.5 / MAX_ATTEMPTS),
        differs={"demographic_parity": True},
    )
    assert curve.strength(0.5) == pytest.approx(2.0)
    assert 2.0 < curve.strength(0.9) <= 2.4


def test_without_a_target_no_more_than_a_point_of_accuracy_is_paid_beyond_one():
    strengths = np.linspace(0, 4, 41)
    curve = FairnessCurve(
        strengths,
        {"demographic_parity": 0.4 + strengths / 10},
        accuracies=0.9 - 0.02 * np.maximum(strengths - 1.5, 0),
        acceptances=np.ones(41),
        differs={"demographic_parity": True},
    )
    assert curve.accuracy(2.5) == pytest.approx(0.88)
    assert 1.7 <= curve.strength(None) <= 2.0
    dear = replace(curve, accuracies=0.9 - 0.1 * strengths)
    assert 0.8 <= dear.strength(None) <= 1.0
    fair = replace(dear, ratios={"demographic_parity": 0.9 + strengths / 10})
    assert fair.strength(None) == pytest.approx(0.5)


def test_predicted_accuracy_is_that_of_the_decisions(calibrated):
    decided = calibrated.calibration.decisions(calibrated.coupling(2.0))
    expected = np.mean(decided == calibrated.calibration.y)
    assert calibrated.curve.accuracy(2.0) == pytest.approx(expected)


@pytest.mark.parametrize("target", [0.5, 0.6, 0.7])
def test_a_ratio_is_reached_with_the_least_strength(calibrated, target):
    curve = calibrated.curve
    strength = curve.strength(target)
    assert curve.ratio(strength, "demographic_parity") >= target
    assert curve.ratio(max(strength - 0.1, 0.0), "demographic_parity") < target


def test_parity_is_reached_in_opportunity(calibrated):
    curve = calibrated.curve
    assert curve.ratio(0.0, "equal_opportunity") < 0.85
    strength = curve.strength("equal_opportunity")
    assert curve.ratio(strength, "equal_opportunity") >= PARITY


def test_nothing_is_done_where_label_and_group_are_independent():
    table = make_biased_domains(4000, bias=0.0, random_state=1)
    p_y, p_z = (
        f(table.data) for f in (table.model.posterior_y, table.model.posterior_z)
    )
    calibration = Calibration(np.log(p_y), table.target, table.z[:, None])
    assert follow(calibration, [p_z])[1].strength(0.8) == 0.0


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
    domains = pd.factorize(biased.domains)[0]
    calibration = Calibration(np.log(p_y), biased.target, z[:, None], domains)
    path, curve = follow(calibration, [p_z])
    return calibration, path, curve, torch.tensor(p_z).log()


@pytest.mark.parametrize("share", [0.5, 0.02])
def test_no_harm_is_done_where_label_and_group_hardly_correlate(share):
    """Ratios of few rows are low by chance; correcting them would cost accuracy."""
    lost, low = [], 0
    for seed in range(20):
        calibration, path, curve, log_p_z = independent_table(seed, share)
        low += curve.ratio(0.0, "demographic_parity") < PARITY
        strength = curve.strength("demographic_parity")
        decided = [
            calibration.decisions(path.tilt(s).coupling([log_p_z]).numpy())
            for s in (0.0, strength)
        ]
        lost.append(-np.diff([np.mean(d == calibration.y) for d in decided]))
    assert low >= 5
    assert np.mean(lost) <= 0.005


def test_predicted_acceptance_is_that_of_accepting_row_by_row(biased, calibrated):
    rng = np.random.default_rng(0)
    p, y = np.exp(calibrated.calibration.log_p), biased.target
    tilt, coupling = calibrated.path.tilt(2.0), calibrated.coupling(2.0)
    attempts = accepted = 0
    for label in (0, 1):
        # Rows of p(x | label), until each of its share of the table is accepted.
        drawn = rng.choice(len(p), 200_000, p=p[:, label] / p[:, label].sum())
        excess = coupling[drawn, label] - tilt.lowest[label]
        rate = np.mean(rng.random(200_000) < np.exp(-np.maximum(excess, 0)))
        attempts += np.mean(y == label) / rate
        accepted += np.mean(y == label)
    predicted = calibrated.curve.acceptance(2.0)
    assert predicted == pytest.approx(accepted / attempts, rel=0.02)
    assert calibrated.curve.acceptance(0.0) == pytest.approx(1.0)
    assert predicted < 0.5


def test_a_label_that_is_the_group_is_tilted_in_vain():
    """No bounded tilt changes a label that the features leave no doubt of."""
    rng = np.random.default_rng(0)
    y = z = rng.integers(0, 2, 1000)
    p = np.where(y[:, None] == [0, 1], 1 - 1e-9, 1e-9)
    predictions = Predictions(Calibration(np.log(p), y, z[:, None]))
    predictions.add(np.zeros((1000, 2)))
    stuck = predictions.curve(np.zeros(1))
    assert stuck.ratio(stuck.strength(0.8), "demographic_parity") == 0.0


def test_the_generator_calibrates_itself_and_keeps_the_strength():
    gen = tiny().fit(*mixed_table())
    assert gen.lambda_yz_ == gen.calibration_.strength(None)
    gen = tiny(fairness_target=0.6).fit(*mixed_table())
    assert gen.lambda_yz_ == gen.calibration_.strength(0.6)
    gen = tiny(lambda_yz=1.5).fit(*mixed_table())
    assert gen.lambda_yz_ == 1.5


def test_several_labels_groups_and_attributes_are_controlled_at_once():
    X, _, z, domains = mixed_table(150)
    y = X["count"] % 3
    z = pd.DataFrame({"sex": z, "age": np.arange(150) % 3})
    gen = tiny(lambda_yz=2.0).fit(X, y, z, domains)
    assert [pmi.shape for pmi in gen.tilts_.pmi] == [(3, 2), (3, 3)]
    assert gen.tilts_.of_cells.shape[1:] == (gen.tilts_.cells.n_cells, 3)
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


@pytest.mark.parametrize("bad", [-1.0, 6.1, "much", float("nan")])
def test_a_strength_that_is_none_is_refused(bad):
    with pytest.raises(ValueError, match="lambda_yz"):
        tiny(lambda_yz=bad).fit(*mixed_table())


def test_tables_of_several_strengths_are_those_of_each_alone():
    gen = tiny().fit(*mixed_table())
    tables = gen.sample_strengths([0.0, 2.0], 60, random_state=1)
    for strength, (X, y) in zip((0.0, 2.0), tables, strict=True):
        alone = gen.set_params(lambda_yz=strength).sample(60, random_state=1)
        pd.testing.assert_frame_equal(X, alone[0], rtol=1e-4)
        assert y.tolist() == alone[1].tolist()


@pytest.mark.parametrize(
    ("strengths", "words"),
    [([], "empty"), ([1.0, -1.0], "-1.0"), (["auto"], "auto"), ([float("nan")], "nan")],
)
def test_several_strengths_of_which_one_is_none_are_refused(strengths, words):
    gen = tiny().fit(*mixed_table())
    with pytest.raises(ValueError, match=f"strengths.*{words}"):
        gen.sample_strengths(strengths, 5)


def test_strengths_with_nothing_to_act_on_are_refused():
    X, y, *_ = mixed_table()
    gen = tiny().fit(X, y)
    assert len(gen.sample_strengths([0.0], 5)) == 1
    with pytest.raises(ValueError, match=r"strengths holds 1\.0 .* z"):
        gen.sample_strengths([0.0, 1.0], 5)


@pytest.mark.parametrize("bad", [0.0, 1.5, "equality"])
def test_a_target_that_is_none_is_refused(bad):
    with pytest.raises(ValueError, match="fairness_target"):
        tiny(fairness_target=bad).fit(*mixed_table())
