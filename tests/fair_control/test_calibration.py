"""p(z | x) is corrected where groups are known, and priors move by EM."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import log_loss

from skfadm.fair_control.calibration import Calibration, calibrate, calibrated
from skfadm.fair_control.posteriors import Probabilities


def shifted(n, n_known, seed=0):
    """Return p that takes the groups for balanced, and groups of which 0.88 are 1."""
    rng = np.random.default_rng(seed)
    score, y1 = rng.normal(size=n) * 2, rng.random(n)
    p1 = expit(score)
    given = np.stack([np.column_stack([1 - p1, p1])] * 2, axis=1)
    p = Probabilities(np.column_stack([1 - y1, y1]), (given,))
    z = (rng.random(n) < expit(0.5 * score + 2 * y1 + 1)).astype(int)
    known = z.copy()
    known[n_known:] = -1
    return p, z, known[:, None]


@pytest.mark.parametrize(("n_known", "most"), [(4000, 0.01), (200, 0.06)])
def test_known_groups_correct_the_others(n_known, most):
    p, z, known = shifted(6000, n_known)
    corrected = calibrated(p, calibrate(p, known))
    for at in (p.label[:, 1] > 0.7, p.label[:, 1] < 0.3):
        assert corrected.group[0][at, 1].mean() == pytest.approx(z[at].mean(), abs=most)
        assert abs(p.group[0][at, 1].mean() - z[at].mean()) > 0.15
    assert log_loss(z[4000:], corrected.group[0][4000:]) < log_loss(
        z[4000:], p.group[0][4000:]
    )


@pytest.mark.parametrize(("n_known", "most"), [(0, 1e-6), (2, 1.0)])
def test_few_known_groups_correct_a_little_and_none_nothing(n_known, most):
    p, _, known = shifted(50, n_known)
    (found,) = calibrate(p, known)
    assert np.abs(found.tilt).max() < most
    assert found.tilt.any() == (n_known > 0)


def test_shares_of_groups_are_found_from_features_alone():
    rng = np.random.default_rng(0)
    z = rng.random(20_000) < 0.15
    told = expit(2.0 * (rng.normal(size=len(z)) + 2 * z - 1))  # groups alike until now
    group = np.column_stack([1 - told, told])
    prior = np.array([0.5, 0.5])
    found = Calibration.of_prior(group, prior, n_labels=2)
    moved = prior * np.exp(found.tilt[0])
    np.testing.assert_allclose(moved / moved.sum(), [0.85, 0.15], atol=0.015)
