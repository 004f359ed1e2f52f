"""Labels come from the fair posterior, asked for or not, and predictions come true."""

import numpy as np
import pytest

from skfadm.fair_control.labels import Proposal, draw, of_sources, of_target
from skfadm.fair_control.rates import predicted_ratio
from skfadm.fair_control.tradeoff import choose

from .test_multipliers import OPPORTUNITY, PARITY, probabilities, uniform


def one_domain(p):
    return np.zeros(len(p), dtype=np.int64)


def solved(p):
    return of_sources(p, one_domain(p), {PARITY: 1.0}, [1], p.label.mean(0))


def test_parity_grows_with_the_strength_and_comes_to_rest_there():
    p = probabilities(n=20_000, bias=2.0)
    ratios = solved(p).tradeoff.ratios[PARITY]
    assert (np.diff(ratios) > -0.02).all()
    assert ratios[0] < 0.6
    assert ratios[-1] > 0.93


def test_labels_keep_their_shares():
    p = probabilities(bias=2.0)
    shares = p.label.mean(0)
    for strength in (0.0, 0.33, 1.0):
        q = solved(p).posterior(p, strength)
        np.testing.assert_allclose(q.mean(0), shares, atol=0.002)


def test_strength_zero_is_the_posterior_itself():
    p = probabilities()
    np.testing.assert_allclose(solved(p).posterior(p, 0.0), p.label, atol=1e-8)


def test_the_posterior_is_a_classifiers_decision_rule():
    p = probabilities(bias=2.0)
    fair = solved(p)
    decided = np.eye(2)[fair.posterior(p, 1.0).argmax(1)]
    predicted = fair.tradeoff.at(1.0)
    ratio = predicted_ratio(p, decided, PARITY, [1], uniform(p))
    assert predicted[PARITY] == pytest.approx(ratio)
    assert predicted["accuracy"] == pytest.approx((decided * p.label).sum(1).mean())


def test_labels_are_drawn_with_their_probabilities():
    q = np.array([[0.2, 0.5, 0.3]] * 20_000)
    codes = draw(q, np.random.default_rng(0).random(len(q)))
    np.testing.assert_allclose(np.bincount(codes) / len(q), q[0], atol=0.01)
    assert draw(np.array([[0.0, 1.0]]), np.array([0.0])).tolist() == [1]


def test_many_unlabelled_rows_decide_and_few_lean_on_the_sources():
    sources, target = probabilities(bias=2.0), probabilities(bias=-2.0, seed=5)
    fair = solved(sources)

    def ratio(n):
        p = target[np.arange(n)]
        adapted = of_target(p, fair, {PARITY: 1.0}, [1])
        decided = np.eye(2)[adapted.posterior(target, 1.0).argmax(1)]
        return predicted_ratio(target, decided, PARITY, [1], uniform(target))

    assert ratio(4000) > 0.95
    few = of_target(target[np.arange(5)], fair, {PARITY: 1.0}, [1])
    leaned = fair.paths[0][-1](target)
    shift = few.shift(target, 1.0)
    assert np.corrcoef(shift[:, 1], leaned[:, 1])[0, 1] > 0.99


@pytest.mark.parametrize("strength", [0.4, 1.0])
def test_rows_asked_for_a_label_follow_the_fair_posterior(strength):
    """Against the exact weights: x given y is p(x) q(y | x) / q(y)."""
    rng = np.random.default_rng(0)
    p = probabilities(n=4000, bias=2.0)
    q, prior = solved(p).posterior(p, strength), p.label.mean(0)
    proposal = Proposal.best(p.label[:, 1], q[:, 1], prior[1])
    # Rows of the diffusion model: x given y0 has the weights p(y0 | x).
    n = 200_000
    for_any = rng.random(n) < proposal.epsilon
    y0 = np.where(for_any, rng.random(n) < prior[1], 1)
    rows = np.empty(n, dtype=np.int64)
    for y in (0, 1):
        weights = p.label[:, y] / p.label[:, y].sum()
        rows[y0 == y] = rng.choice(len(p), size=(y0 == y).sum(), p=weights)
    log_accept = proposal.log_acceptance(p.label[rows, 1], q[rows, 1], prior[1])
    accepted = rng.random(n) < np.exp(log_accept)
    assert accepted.mean() == pytest.approx(proposal.acceptance, abs=0.01)
    told = p.group[0][:, 1]
    expected = np.average(told, weights=q[:, 1])
    assert told[rows[accepted]].mean() == pytest.approx(expected, abs=0.01)
    assert abs(np.average(told, weights=p.label[:, 1]) - expected) > 0.03


def test_the_least_strength_that_meets_a_target_is_chosen():
    tradeoff = solved(probabilities(n=20_000, bias=0.6)).tradeoff
    strength, warning = choose(tradeoff, {PARITY: 0.8})
    assert warning is None
    assert tradeoff.at(strength)[PARITY] == pytest.approx(0.8, abs=0.02)


def test_a_target_that_is_too_dear_is_told_with_its_price():
    tradeoff = solved(probabilities(bias=6.0)).tradeoff
    strength, warning = choose(tradeoff, {PARITY: 0.99})
    assert tradeoff.at(0.0)["accuracy"] - tradeoff.at(strength)["accuracy"] <= 0.1
    assert "asks for demographic_parity 0.99; predicted are" in warning
    assert "points of predicted accuracy" in warning and "more." in warning


def test_a_default_that_does_little_says_so():
    tradeoff = solved(probabilities(bias=6.0)).tradeoff
    strength, warning = choose(tradeoff, None)
    assert "does little here" in warning
    # As far as two points of accuracy go, and no further.
    price, dearer = (
        tradeoff.at(0.0)["accuracy"] - tradeoff.at(s)["accuracy"]
        for s in (strength, strength + 0.02)
    )
    assert price <= 0.02 < dearer


@pytest.mark.parametrize("targets", [{PARITY: 0.95}, {PARITY: 0.9, OPPORTUNITY: 0.9}])
def test_each_strength_closes_its_share_of_the_gap_on_unlabelled_rows(targets):
    p = probabilities(n=8000, bias=2.0)
    found = of_target(p, solved(p), targets, [1]).tradeoff
    for measure, ratio in targets.items():
        curve, start = found.ratios[measure], found.ratios[measure][0]
        way = start + found.strengths * (ratio - start)
        assert (curve > np.minimum(way, ratio) - 0.03).all()
    assert found.accuracy[0] == found.accuracy.max()
