"""Rates of decisions by domain and group: their ratio, and what chance makes of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Array = NDArray[np.float64]

#: Equal rates look different by mistake in this share of tables.
SIGNIFICANCE = 0.01
#: Tables that are drawn to see what chance makes of equal rates.
N_DRAWS = 200


def count(
    hit: NDArray[np.bool_],
    groups: NDArray[np.int64],
    domains: NDArray[np.int64],
    shape: tuple[int, int],
) -> tuple[Array, Array]:
    """Count rows and hits by domain and group.

    Parameters
    ----------
    hit : ndarray of shape (n,), bool
        The rows that are counted as hits.
    groups, domains : ndarray of shape (n,), int64
        Their codes.
    shape : tuple of int
        How many domains and groups there are.

    Returns
    -------
    size, hits : ndarray of shape (n_domains, n_groups), float64
    """
    cell = np.ravel_multi_index((domains, groups), shape)
    n_cells = shape[0] * shape[1]
    size, hits = (
        np.bincount(cell, weights, n_cells).reshape(shape).astype(np.float64)
        for weights in (None, hit)
    )
    return size, hits


def lowest_to_highest(size: Array, hits: Array, min_rows: int) -> Array:
    """Return each domain's ratio of the lowest to the highest rate of its groups.

    Parameters
    ----------
    size : ndarray of shape (n_domains, n_groups)
        Rows.
    hits : ndarray of shape (..., n_domains, n_groups)
        Hits among them.
    min_rows : int
        Groups with fewer rows are ignored.

    Returns
    -------
    ndarray of shape (..., n_domains)
        In [0, 1], or inf where there are not two groups or no hits.
    """
    rate, enough = hits / np.maximum(size, 1), size >= min_rows
    low = np.where(enough, rate, np.inf).min(-1)
    high = np.where(enough, rate, 0.0).max(-1)
    defined = (enough.sum(-1) >= 2) & (high > 0)
    return np.where(defined, low / np.where(defined, high, 1.0), np.inf)


def by_chance(size: Array, hits: Array, min_rows: int) -> Array:
    """Return the mean of `lowest_to_highest` where the groups of a domain are alike.

    The lowest of several shares of few rows is below the highest even if all are drawn
    at one rate. Shares are drawn from the normal distribution with the binomial's mean
    and variance, the same numbers at every call, so that what is a curve stays smooth.

    Parameters
    ----------
    size, hits : ndarray of shape (n_domains, n_groups)
        Rows and hits, which tell each domain's rate.
    min_rows : int
        Groups with fewer rows are ignored.

    Returns
    -------
    ndarray of shape (n_domains,)
        In (0, 1]; 1 where `lowest_to_highest` is not defined.
    """
    n = np.maximum(size, 1)
    rate = hits.sum(1, keepdims=True) / np.maximum(size.sum(1, keepdims=True), 1)
    noise = np.random.default_rng(0).standard_normal((N_DRAWS, *size.shape))
    drawn = np.clip(n * rate + np.sqrt(n * rate * (1 - rate)) * noise, 0, n)
    ratios = lowest_to_highest(size, drawn, min_rows)
    # Rates so low that no group need have a hit tell nothing.
    return np.where(np.isfinite(ratios), ratios, 1.0).mean(0)


def exceed_chance(tables: list[tuple[Array, Array]]) -> bool:
    """Tell whether rates differ between groups by more than chance makes them differ.

    The test of Cochran, Mantel and Haenszel for each group against the others: hits
    beyond those expected at the rate of the domain, added over domains, in standard
    deviations of the hypergeometric distribution. With many tables and groups the
    limit rises after Bonferroni.

    Parameters
    ----------
    tables : list of tuple of ndarray of shape (n_domains, n_groups)
        Rows and hits, for each label and attribute.

    Returns
    -------
    bool
    """
    n_tests = sum(size.shape[1] for size, _ in tables)
    limit = norm.isf(SIGNIFICANCE / 2 / n_tests)
    return any((_deviations(*table) > limit).any() for table in tables)


def _deviations(size: Array, hits: Array) -> Array:
    """Return each group's surplus of hits in standard deviations, (n_groups,)."""
    n = size.sum(1, keepdims=True)
    rate = hits.sum(1, keepdims=True) / np.maximum(n, 1)
    surplus = np.abs((hits - size * rate).sum(0))
    variance = size * (n - size) * rate * (1 - rate) / np.maximum(n - 1, 1)
    return surplus / np.sqrt(np.maximum(variance.sum(0), 1e-12))
