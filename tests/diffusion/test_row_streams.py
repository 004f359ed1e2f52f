import numpy as np
import pytest
import torch
from scipy import stats

from skfadm.diffusion import row_streams
from skfadm.diffusion.row_streams import RowStreams

MASK = (1 << 64) - 1


def mixed(h):
    """SplitMix64's scrambling in Python's own integers."""
    h &= MASK
    h = ((h ^ (h >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    h = ((h ^ (h >> 27)) * 0x94D049BB133111EB) & MASK
    return h ^ (h >> 31)


def test_numbers_are_those_of_the_equation():
    seed, row, attempt, gamma = 2**63 - 5, 7, 3, row_streams.GOLDEN
    # The first two numbers that are published for the seed 1234567.
    published = [mixed(1234567 + k * gamma) for k in (1, 2)]
    assert published == [6457827717110365317, 3203168211198807973]
    streams = RowStreams(seed, np.array([1, row]), attempt)
    streams.uniform(5)
    found = streams.uniform(1)[1]
    key = mixed(mixed(mixed(seed) + row * gamma) + attempt * gamma)
    # Five numbers take three integers of 64 bits; half of the fourth is next.
    low = mixed(key + 4 * gamma) & 0xFFFFFFFF
    signed = low - 2**32 if low >= 2**31 else low
    assert float(found) == pytest.approx((signed >> 8) / 2**24 + 0.5, abs=1e-7)


@pytest.mark.parametrize("attempt", [0, 3])
def test_normal_and_uniform_numbers_have_their_distributions(attempt):
    streams = RowStreams(5, np.arange(4000), attempt)
    normal, uniform = streams.normal(25).numpy(), streams.uniform(25).numpy()
    assert stats.kstest(normal.ravel(), "norm").pvalue > 0.01
    assert stats.kstest(uniform.ravel(), "uniform").pvalue > 0.01
    # Also far out, where a test of the whole distribution sees nothing.
    beyond = [(np.abs(normal) > x).sum() for x in (3.0, 4.0)]
    expected = [normal.size * 2 * stats.norm.sf(x) for x in (3.0, 4.0)]
    np.testing.assert_allclose(beyond, expected, atol=4 * np.sqrt(expected[0]))
    assert np.isfinite(normal).all()
    assert 0.0 <= uniform.min() < uniform.max() < 1.0


def test_spawned_seeds_differ_from_each_other_and_from_their_parent():
    seeds = row_streams.spawn_seeds(7, 4)
    assert len({7, *seeds}) == 5 and seeds == row_streams.spawn_seeds(7, 4)
    assert not set(seeds) & set(row_streams.spawn_seeds(8, 4))


def test_the_most_extreme_bits_give_finite_numbers(monkeypatch):
    extreme = torch.tensor([[-(2**31), 2**31 - 1]], dtype=torch.int32)
    streams = RowStreams(0, np.array([0]))
    monkeypatch.setattr(row_streams, "mix_", lambda x: extreme.view(torch.int64))
    low, high = streams.normal(2)[0].tolist()
    assert low == pytest.approx(-high)
    assert 5.0 < high < 6.0
    low, high = streams.uniform(2)[0].tolist()
    assert low == 0.0
    assert 0.999 < high < 1.0


def test_numbers_of_rows_attempts_draws_and_seeds_are_independent():
    n = 20_000
    rows = np.arange(n)
    first = RowStreams(0, rows)
    variables = [
        first.normal(3),
        first.normal(3),
        RowStreams(0, rows + 1).normal(3),
        RowStreams(0, rows, attempt=1).normal(3),
        RowStreams(0, rows, attempt=2).normal(3),
        RowStreams(1, rows).normal(3),
    ]
    correlation = torch.corrcoef(torch.cat(variables, 1).T).fill_diagonal_(0.0)
    assert correlation.abs().max() < 5.0 / np.sqrt(n)


def test_a_row_is_dealt_the_same_numbers_whatever_rows_are_beside_it(monkeypatch):
    alone = RowStreams(3, np.array([40_000_000_000]), 2)
    monkeypatch.setattr(row_streams, "AT_A_TIME", 64)
    among = RowStreams(3, np.array([5, 40_000_000_000, *range(100)]), 2)
    for make in ("normal", "uniform", "normal"):
        one, many = getattr(alone, make)(7), getattr(among, make)(7)
        torch.testing.assert_close(one[0], many[1], rtol=0, atol=0)
        assert not torch.equal(many[0], many[1])
