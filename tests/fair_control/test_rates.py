"""Counts by domain and group, and the test of what chance makes of them."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency, norm

from skfadm.fair_control import rates as _domain_rates
from skfadm.fair_control.rates import (
    SIGNIFICANCE,
    by_chance,
    count,
    exceed_chance,
    lowest_to_highest,
)


def test_rows_and_hits_are_counted_by_domain_and_group():
    hit = np.array([True, False, True, True])
    groups, domains = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    size, hits = count(hit, groups, domains, (3, 2))
    assert size.tolist() == [[1, 0], [1, 2], [0, 0]]
    assert hits.tolist() == [[1, 0], [0, 2], [0, 0]]


def test_the_ratio_of_a_domain_is_that_of_its_extreme_groups_with_enough_rows():
    size = np.array([[40, 50, 2], [40, 10, 10], [30, 30, 30]])
    hits = np.array([[10, 25, 2], [4, 5, 5], [0, 0, 0]])
    ratios = lowest_to_highest(size, hits, min_rows=20)
    assert ratios.tolist() == [0.5, np.inf, np.inf]


def test_what_chance_makes_of_equal_rates_is_that_of_the_binomial():
    size = np.array([[150.0, 250.0, 400.0], [5000.0, 8000.0, 10.0]])
    rate = np.array([[0.2], [0.6]])
    rng = np.random.default_rng(1)
    drawn = rng.binomial(size.astype(int), rate, size=(4000, 2, 3))
    expected = lowest_to_highest(size, drawn, min_rows=30).mean(0)
    actual = by_chance(size, size * rate, min_rows=30)
    assert expected[0] < 0.85 < 0.95 < expected[1]
    np.testing.assert_allclose(actual, expected, atol=0.015)


@pytest.mark.parametrize("hits", [0.0, 20.0])
def test_where_no_ratio_is_defined_chance_has_no_say(hits):
    assert by_chance(np.array([[20.0, 5.0]]), np.array([[hits, 0.0]]), 10) == [1.0]


def test_in_one_domain_the_deviation_is_the_root_of_chi_square():
    size, hits = np.array([[60.0, 90.0]]), np.array([[12.0, 30.0]])
    table = np.vstack([hits, size - hits])
    # Pearson's variance is that of the multinomial, (n - 1) / n times as large.
    expected = chi2_contingency(table, correction=False).statistic * 149 / 150
    actual = _domain_rates._deviations(size, hits)
    np.testing.assert_allclose(actual**2, expected)
    limit = norm.isf(SIGNIFICANCE / 4)
    assert exceed_chance([(size, hits)]) == (np.sqrt(expected) > limit)


def test_equal_rates_are_rarely_told_apart_and_different_ones_mostly():
    rng = np.random.default_rng(0)
    domains = np.repeat([0, 1, 2], [100, 200, 300])
    rate = np.array([0.1, 0.3, 0.6])[domains]

    def share(effect):
        found = []
        for _ in range(500):
            groups = rng.integers(0, 2, len(domains))
            hit = rng.random(len(domains)) < rate + effect * groups
            found.append(exceed_chance([count(hit, groups, domains, (3, 2))]))
        return np.mean(found)

    assert share(0.0) < 3 * SIGNIFICANCE
    assert share(0.2) > 0.9


def test_groups_that_differ_in_their_domains_alone_do_not_differ():
    """Pooled, one group has 0.82 and the other 0.28 of the hits."""
    size = np.array([[900.0, 100.0], [100.0, 900.0]])
    hits = size * np.array([[0.9], [0.2]])
    assert not exceed_chance([(size, hits)])
    assert exceed_chance([(size.sum(0, keepdims=True), hits.sum(0, keepdims=True))])


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_rates_without_variance_do_not_differ(rate):
    size = np.array([[5.0, 7.0], [0.0, 0.0]])
    assert not exceed_chance([(size, rate * size)])
