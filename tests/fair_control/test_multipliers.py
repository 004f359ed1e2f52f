"""The shift meets its targets, at the least cost that decisions can have."""

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.special import expit

from skfadm.fair_control.labels import offsets, predicted_ratio
from skfadm.fair_control.multipliers import Basis, decisions, solve
from skfadm.fair_control.posteriors import Probabilities

from .tables import ODDS, OPPORTUNITY, PARITY, decided_under, probabilities

BY_GROUP = {"by_group": True, "keep_shares": False}
BY_KNOT = {"by_group": False, "keep_shares": False}


def solved(p, targets, labels=(1,), **how):
    return solve(p, Basis.of(p), targets, labels, **(how or BY_GROUP))


@pytest.mark.parametrize("n_labels", [2, 3])
@pytest.mark.parametrize("n_groups", [(2,), (4,), (2, 2)])
@pytest.mark.parametrize(
    "targets",
    [
        {PARITY: 0.8},
        {PARITY: 1.0},
        {OPPORTUNITY: 0.9},
        {PARITY: 0.9, OPPORTUNITY: 0.8},
        {ODDS: 0.9},
    ],
)
def test_decisions_under_the_shift_meet_the_targets(n_labels, n_groups, targets):
    each = [probabilities(4000, n_labels, n, seed=i) for i, n in enumerate(n_groups)]
    p = Probabilities(each[0].label, tuple(q.group_given_label[0] for q in each))
    labels = range(n_labels) if n_labels > 2 else [1]
    decided = decided_under(p, solved(p, targets, labels))
    for measure, ratio in targets.items():
        assert predicted_ratio(p, decided, measure, labels) > ratio - 0.03


def test_no_decision_that_meets_the_target_is_likelier():
    """Against the linear programme, solved by another method."""
    p, ratio = probabilities(n=400), 0.85
    decided = decided_under(p, solved(p, {PARITY: ratio}))
    value = np.log(p.label[:, 1] / p.label[:, 0])
    group = p.group[0] / p.group[0].sum(0)
    constraints = [ratio * group[:, b] - group[:, a] for a, b in [(0, 1), (1, 0)]]
    best = linprog(-value, A_ub=constraints, b_ub=[0, 0], bounds=(0, 1))
    assert decided[:, 1] @ value == pytest.approx(-best.fun, rel=0.02)
    assert np.mean(decided[:, 1] == best.x.round()) > 0.98


@pytest.mark.parametrize("by_group", [True, False])
def test_as_many_rows_are_decided_for_each_label_if_shares_are_kept(by_group):
    p = probabilities(n_labels=3, n_groups=3, bias=2.0)
    before = decisions(np.log(p.label)).mean(0)
    how = {"by_group": by_group, "keep_shares": True}
    shift = solved(p, {PARITY: 1.0}, range(3), **how)
    logits = np.log(p.label) + shift(p)
    after = decisions(logits + offsets(logits, before, np.zeros(3), sharp=True))
    np.testing.assert_allclose(after.mean(0), before, atol=0.005)
    # Nor does it spoil what the shift is for.
    assert predicted_ratio(p, after, PARITY, range(3)) > 0.9


def test_knots_make_rates_alike_in_other_mixtures_of_groups():
    p = probabilities(n=20_000, bias=2.0)

    def least(how):
        decided = decided_under(p, solved(p, {PARITY: 1.0}, **how))
        assert predicted_ratio(p, decided, PARITY, [1]) > 0.97
        ratios = []
        for power in (0.3, 3.0):
            weights = p.group[0][:, 0] ** power
            belongs = p.group[0] * weights[:, None]
            rates = decided[:, 1] @ belongs / belongs.sum(0)
            ratios.append(rates.min() / rates.max())
        return min(ratios)

    assert least(BY_KNOT) > 0.9
    assert least(BY_KNOT) >= least(BY_GROUP)


def test_a_label_that_nobody_is_decided_for_gets_alike_probabilities():
    rng = np.random.default_rng(0)
    s = rng.random(3000)
    p1 = expit(-6 + 2 * s)
    group = np.column_stack([1 - s, s])
    p = Probabilities(np.column_stack([1 - p1, p1]), (np.stack([group, group], 1),))
    q = np.exp(np.log(p.label) + solved(p, {PARITY: 1.0})(p))
    q /= q.sum(1, keepdims=True)
    assert predicted_ratio(p, p.label, PARITY, [1]) < 0.6
    assert predicted_ratio(p, q, PARITY, [1]) > 0.97


@pytest.mark.parametrize("sharp", [True, False])
@pytest.mark.parametrize("n_labels", [2, 3])
def test_offsets_give_labels_their_shares(n_labels, sharp):
    p = probabilities(n_labels=n_labels)
    logits = np.log(p.label) + np.array([1.0, -1.0, 0.0])[:n_labels]
    shares = np.array([0.7, 0.2, 0.1])[:n_labels]
    shares /= shares.sum()
    moved = logits + offsets(logits, shares, np.zeros(n_labels), sharp)
    q = decisions(moved) if sharp else np.exp(moved) / np.exp(moved).sum(1)[:, None]
    np.testing.assert_allclose(q.mean(0), shares, atol=2e-3)
