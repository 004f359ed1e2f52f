"""The shift meets its targets, at the least cost that decisions can have."""

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.special import expit

from skfadm.fair_control.multipliers import Basis, offsets, solve
from skfadm.fair_control.posteriors import Probabilities
from skfadm.fair_control.rates import predicted_ratio

PARITY, OPPORTUNITY = "demographic_parity", "equal_opportunity"


def probabilities(n=4000, n_labels=2, n_groups=2, bias=1.0, seed=0):
    """Return p(y | x) and p(z | x, y) of rows in which the groups are unlike."""
    rng = np.random.default_rng(seed)
    told = rng.dirichlet(np.full(n_groups, 0.4), size=n)
    logits = rng.normal(size=(n, n_labels)) * 1.5
    logits[:, 1] += bias * told @ np.linspace(-1, 1, n_groups)
    label = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    given = told[:, None] * rng.uniform(0.5, 1.5, size=(1, n_labels, n_groups))
    return Probabilities(label, (given / given.sum(2, keepdims=True),))


def decided_under(p, shift):
    logits = np.log(p.label) + shift(p)
    return np.eye(logits.shape[1])[logits.argmax(1)]


def uniform(p):
    return np.full(len(p), 1 / len(p))


@pytest.mark.parametrize("n_labels", [2, 3])
@pytest.mark.parametrize("n_groups", [2, 4])
@pytest.mark.parametrize(
    "targets",
    [{PARITY: 0.8}, {PARITY: 1.0}, {OPPORTUNITY: 0.9}, {PARITY: 0.9, OPPORTUNITY: 0.8}],
)
def test_decisions_under_the_shift_meet_the_targets(n_labels, n_groups, targets):
    p = probabilities(n_labels=n_labels, n_groups=n_groups)
    labels = range(n_labels) if n_labels > 2 else [1]
    decided = decided_under(p, solve(p, Basis(), targets, labels, uniform(p)))
    for measure, ratio in targets.items():
        found = predicted_ratio(p, decided, measure, labels, uniform(p))
        assert found > ratio - 0.03


def test_no_decision_that_meets_the_target_is_likelier():
    """Against the linear programme, solved by another method."""
    p = probabilities(n=400)
    ratio = 0.85
    decided = decided_under(p, solve(p, Basis(), {PARITY: ratio}, [1], uniform(p)))
    value = np.log(p.label[:, 1] / p.label[:, 0])
    group = p.group[0] / p.group[0].sum(0)
    constraints = [ratio * group[:, b] - group[:, a] for a, b in [(0, 1), (1, 0)]]
    best = linprog(-value, A_ub=constraints, b_ub=[0, 0], bounds=(0, 1))
    assert decided[:, 1] @ value == pytest.approx(-best.fun, rel=0.02)
    assert np.mean(decided[:, 1] == best.x.round()) > 0.98


def test_without_need_there_is_no_shift():
    p = probabilities(bias=0.0)
    before = np.eye(2)[p.label.argmax(1)]
    assert predicted_ratio(p, before, PARITY, [1], uniform(p)) > 0.85
    shift = solve(p, Basis(), {PARITY: 0.8}, [1], uniform(p))
    np.testing.assert_allclose(shift(p), 0.0, atol=1e-3)


def test_knots_make_rates_alike_whatever_the_features_suggest():
    p = probabilities(n=20_000, bias=2.0)
    basis = Basis.of_cells(p.group, 3)
    decided = decided_under(p, solve(p, basis, {PARITY: 1.0}, [1], uniform(p)))
    hats = basis(p.group)
    rates = decided[:, 1] @ hats / hats.sum(0)
    assert rates.min() / rates.max() > 0.97
    # So a table of other shares of the groups is treated alike as well.
    for power in (0.3, 3.0):
        weights = p.group[0][:, 0] ** power
        other = predicted_ratio(p, decided, PARITY, [1], weights / weights.sum())
        assert other > 0.9


def test_hat_functions_sum_to_one_and_are_one_at_their_knots():
    s = np.random.default_rng(0).beta(0.5, 0.5, size=1000)
    groups = [np.column_stack([1 - s, s])]
    basis = Basis.of_cells(groups, 5)
    np.testing.assert_allclose(basis(groups).sum(1), 1.0)
    (knots,) = basis.knots
    at_knots = basis([np.column_stack([1 - knots, knots])])
    np.testing.assert_allclose(at_knots, np.eye(5), atol=1e-12)
    # Linear functions are among what they can make.
    np.testing.assert_allclose(basis(groups) @ knots, s)


def test_several_attributes_are_made_alike_together():
    one, two = probabilities(seed=1), probabilities(seed=2)
    given = (one.group_given_label[0], two.group_given_label[0])
    p = Probabilities(one.label, given)
    decided = decided_under(p, solve(p, Basis(), {PARITY: 0.9}, [1], uniform(p)))
    assert predicted_ratio(p, decided, PARITY, [1], uniform(p)) > 0.87


def test_a_label_that_nobody_is_decided_for_gets_alike_probabilities():
    rng = np.random.default_rng(0)
    s = rng.random(3000)
    p1 = expit(-6 + 2 * s)
    group = np.column_stack([1 - s, s])
    p = Probabilities(np.column_stack([1 - p1, p1]), (np.stack([group, group], 1),))
    shift = solve(p, Basis(), {PARITY: 1.0}, [1], uniform(p))
    q = np.exp(np.log(p.label) + shift(p))
    q /= q.sum(1, keepdims=True)
    assert predicted_ratio(p, p.label, PARITY, [1], uniform(p)) < 0.6
    assert predicted_ratio(p, q, PARITY, [1], uniform(p)) > 0.97


def test_offsets_give_labels_their_shares():
    p = probabilities(n_labels=3)
    logits = np.log(p.label) + np.array([3.0, -1.0, 0.0])
    shares = np.array([0.7, 0.2, 0.1])
    q = np.exp(logits + offsets(logits, shares))
    q /= q.sum(1, keepdims=True)
    np.testing.assert_allclose(q.mean(0), shares, atol=1e-8)
