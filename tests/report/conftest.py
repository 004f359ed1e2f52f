import pytest
from sklearn.tree import DecisionTreeClassifier


@pytest.fixture(scope="module")
def small_trees():
    """Judge the quality by small trees: these tests are about the rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "skfadm.report._trees._booster",
            lambda rng: DecisionTreeClassifier(max_depth=3, random_state=0),
        )
        yield
