"""Which label each row is asked for."""

import numpy as np
import pytest

from skfadm import _sampling


def test_labels_drawn_in_pieces_are_those_of_one_draw(monkeypatch):
    prior = np.array([0.2, 0.5, 0.3])
    expected = np.random.RandomState(0).choice(3, size=100, p=prior)
    monkeypatch.setattr(_sampling, "_PIECE", 7)
    codes = _sampling.requested_codes(
        None, 100, np.arange(3), prior, np.random.RandomState(0)
    )
    np.testing.assert_array_equal(codes, expected)


@pytest.mark.parametrize(("n_classes", "size"), [(2, 1), (256, 1), (257, 2)])
@pytest.mark.parametrize("y", [None, 1, {0: 0.5, 1: 0.5}, [0, 1] * 5])
def test_labels_take_as_few_bytes_as_their_number_allows(y, n_classes, size):
    prior = np.full(n_classes, 1 / n_classes)
    codes = _sampling.requested_codes(
        y, 10, np.arange(n_classes), prior, np.random.RandomState(0)
    )
    assert codes.dtype.itemsize == size
