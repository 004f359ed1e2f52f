"""What cannot be aimed at is refused, and the favourable label is guessed in words."""

import numpy as np
import pytest

from skfadm.fair_control.goal import Goal

TWO, THREE, BINARY = np.array(["approved", "denied"]), np.array([0, 1, 2]), np.arange(2)


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        ({}, ValueError, "expected some of demographic_parity"),
        ({"parity": 0.8}, ValueError, "'parity'"),
        ({"demographic_parity": 0.0}, ValueError, "ratio 0.0; expected one in"),
        ({"equalized_odds": 1.2}, ValueError, "ratio 1.2"),
        ({"demographic_parity": "high"}, TypeError, "is 'high'; expected a ratio"),
        ({"demographic_parity": float("nan")}, ValueError, "ratio nan"),
    ],
)
def test_targets_are_checked(target, error, message):
    with pytest.raises(error, match=message):
        Goal.of(target, None, THREE)


def test_a_number_is_a_ratio_of_parity_and_a_label_that_is_named_is_taken():
    assert Goal.of(0.8, None, THREE).targets == {"demographic_parity": 0.8}
    goal = Goal.of(None, "denied", TWO, "default")
    assert (goal.labels, goal.pos_label, goal.warning) == ((1,), "denied", None)
    assert Goal.of(None, None, THREE).labels == (0, 1, 2)
    with pytest.raises(ValueError, match="pos_label is 'maybe'; expected one of"):
        Goal.of(None, "maybe", TWO)


@pytest.mark.parametrize(
    ("classes", "column", "favourable"),
    [
        (["no", "yes"], "hired", "yes"),
        (["approved", "denied"], None, "approved"),
        ([0, 1], "income", 1),
        ([0, 1], "default payment", 0),
        (["no", "yes"], "is_recid_arrested", "no"),
        ([-1, 1], "loan_failed", -1),
        (["granted", "no"], "visa", "granted"),
        (["<=50K", ">50K"], "class", ">50K"),
        # A word inside another is none.
        ([0, 1], "plateau", 1),
        ([0, 1], "research", 1),
        (["NO", "YES"], "vehicleSearch", "NO"),
        ([0, 1], "RELATED", 1),
    ],
)
def test_the_favourable_label_is_guessed_by_names(classes, column, favourable):
    goal = Goal.of(None, None, np.array(classes), column)
    assert goal.pos_label == favourable
    if favourable == classes[1]:
        assert goal.warning is None
    else:
        assert repr(goal.pos_label) in goal.warning
        assert "Set pos_label" in goal.warning
