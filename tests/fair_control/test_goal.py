"""What cannot be aimed at is refused, and the positive label is made visible."""

import numpy as np
import pytest

from skfadm.fair_control.goal import Goal

TWO, THREE = np.array(["approved", "denied"]), np.array([0, 1, 2])


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        ({}, ValueError, "expected one or both of demographic_parity"),
        ({"parity": 0.8}, ValueError, "'parity'"),
        (
            {"demographic_parity": 0.0},
            ValueError,
            "ratio 0.0; expected one in",
        ),
        ({"equal_opportunity": 1.2}, ValueError, "ratio 1.2"),
        ({"demographic_parity": "high"}, TypeError, "is 'high'; expected a ratio"),
        ({"demographic_parity": float("nan")}, ValueError, "ratio nan"),
    ],
)
def test_targets_are_checked(target, error, message):
    with pytest.raises(error, match=message):
        Goal.of(target, None, THREE)


def test_a_number_is_a_ratio_of_parity():
    assert Goal.of(0.8, None, THREE).targets == {"demographic_parity": 0.8}


def test_the_larger_of_two_labels_is_positive_unless_one_is_named():
    assert Goal.of(None, None, np.array([0, 1])).pos_label == 1
    goal = Goal.of(None, "approved", TWO)
    assert (goal.labels, goal.pos_label, goal.warning) == ((0,), "approved", None)
    assert Goal.of(None, None, THREE).labels == (0, 1, 2)
    with pytest.raises(ValueError, match="pos_label is 'maybe'; expected one of"):
        Goal.of(None, "maybe", TWO)


def test_words_that_sound_unfavourable_are_asked_about():
    warning = Goal.of(None, None, TWO).warning
    assert "take 'denied' for the favourable label" in warning
    assert "set pos_label='approved'" in warning
    assert Goal.of(None, None, np.array(["no", "yes"])).warning is None
