"""scikit-learn's own checks on every public estimator."""

from functools import partial

import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from skfadm import SyntheticDataClassifier

from .generators import tiny

#: Checks that cannot hold, each with its reason. An entry that passes is an error.
EXPECTED_FAILURES = {
    "FairDiffusionGenerator": {},
    "SyntheticDataClassifier": {},
}


@pytest.fixture(autouse=True)
def few_trees(monkeypatch):
    """Let the classifier by default learn quickly."""
    quick = partial(HistGradientBoostingClassifier, max_iter=10)
    monkeypatch.setattr(
        "skfadm.metrics._downstream.HistGradientBoostingClassifier", quick
    )


def estimators():
    # Enough training that the classifier learns what the checks ask of it.
    trained = tiny(max_iter=60, batch_size=128, hidden_width=32, n_steps=10, gamma=2e-2)
    return [tiny(), SyntheticDataClassifier(trained, n_samples=200, random_state=0)]


@parametrize_with_checks(
    estimators(),
    expected_failed_checks=lambda e: EXPECTED_FAILURES[type(e).__name__],
    xfail_strict=True,
)
def test_scikit_learn_conventions(estimator, check):
    check(estimator)
