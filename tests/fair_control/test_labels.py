"""Labels come from the fair posterior, asked for or not."""

import numpy as np
import pytest

from skfadm._sampling import ANY, _acceptance, _importance
from skfadm.fair_control.goal import Goal
from skfadm.fair_control.labels import draw

from .tables import control, probabilities


def test_labels_are_drawn_with_their_probabilities():
    q = np.array([[0.2, 0.5, 0.3]] * 20_000)
    codes = draw(q, np.random.default_rng(0).random(len(q)))
    np.testing.assert_allclose(np.bincount(codes) / len(q), q[0], atol=0.01)
    assert draw(np.array([[0.0, 1.0]]), np.array([0.0])).tolist() == [1]


@pytest.mark.parametrize("strength", [0.4, 1.0])
def test_rows_asked_for_a_label_follow_the_fair_posterior(strength):
    """Against the exact weights: x given y is p(x) q(y | x) / q(y)."""
    rng = np.random.default_rng(0)
    p = probabilities(n=4000, bias=2.0)
    fair = control(p).solve(Goal.of(1.0, None, np.arange(2)))
    q, prior = fair.posterior(p, strength), p.label.mean(0)
    bound, share = _acceptance(p.label[:, 1], q[:, 1], prior[1])
    # Rows of the diffusion model: x given y0 has the weights p(y0 | x).
    n = 200_000
    for_any = rng.random(n) < ANY
    y0 = np.where(for_any, rng.random(n) < prior[1], 1)
    rows = np.empty(n, dtype=np.int64)
    for y in (0, 1):
        weights = p.label[:, y] / p.label[:, y].sum()
        rows[y0 == y] = rng.choice(len(p), size=(y0 == y).sum(), p=weights)
    w = _importance(p.label[rows, 1], q[rows, 1], prior[1])
    accepted = rng.random(n) < w / bound
    assert accepted.mean() == pytest.approx(share, abs=0.01)
    told = p.group[0][:, 1]
    expected = np.average(told, weights=q[:, 1])
    assert told[rows[accepted]].mean() == pytest.approx(expected, abs=0.01)
    assert abs(np.average(told, weights=p.label[:, 1]) - expected) > 0.03
