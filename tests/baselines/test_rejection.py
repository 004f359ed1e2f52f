import numpy as np
import pytest

from skfadm.baselines._rejection import PATIENCE, first_rows, rows_with_labels

CLASSES = np.array(["no", "yes"])


class Stream:
    """Blocks of four rows (index, label); every `period`-th row has label 1."""

    def __init__(self, period):
        self.period, self.n_blocks = period, 0

    def __call__(self, block):
        assert block == self.n_blocks
        self.n_blocks += 1
        index = np.arange(4 * block, 4 * block + 4)
        return np.stack([index, index % self.period == self.period - 1], 1).astype("f4")


def test_first_rows_are_taken_in_order_and_no_more_blocks_than_needed():
    draw = Stream(2)
    assert first_rows(draw, 9)[:, 0].tolist() == list(range(9))
    assert draw.n_blocks == 3


def test_each_label_gets_its_first_rows_in_order():
    codes = np.array([1, 0, 0, 1, 0])
    rows = rows_with_labels(Stream(3), codes, CLASSES, np.array([2 / 3, 1 / 3]))
    assert rows[:, 1].tolist() == codes.tolist()
    assert rows[:, 0].tolist() == [2, 0, 1, 5, 3]


def test_the_bound_is_a_multiple_of_what_the_training_share_asks_for():
    # A label as rare as 1 / PATIENCE of its share in training is still found.
    codes, prior = np.ones(8, dtype=np.int64), np.array([0.5, 0.5])
    found = rows_with_labels(Stream(2 * PATIENCE), codes, CLASSES, prior)
    assert len(found) == 8
    draw = Stream(2 * PATIENCE + 5)
    with pytest.raises(RuntimeError, match="8 rows of label 'yes'.*only 7 of 320"):
        rows_with_labels(draw, codes, CLASSES, prior)
    assert 4 * draw.n_blocks == PATIENCE * 8 / 0.5
