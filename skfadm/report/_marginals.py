"""Histograms of columns: what a figure needs, and all that a report keeps of rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ._tables import Matrix, Tables

_MAX_BINS = 30
_MAX_CATEGORIES = 8


@dataclass(frozen=True, eq=False)
class Marginal:
    """The distribution of one column in two tables."""

    name: str
    #: Shares of bins or categories, the most frequent first; of numbers, of the values
    #: that are there.
    real: Matrix
    synthetic: Matrix
    #: Of the bins of a column of numbers, shape (n_bins + 1,); None for categories.
    edges: Matrix | None
    #: Of the categories; empty for numbers.
    labels: tuple[str, ...]
    #: Whether the edges are seconds since 1970.
    is_time: bool
    #: Whether no synthetic row has a value.
    is_empty: bool


def marginals_of(tables: Tables) -> tuple[Marginal, ...]:
    """Return the marginals of the real and the synthetic table, one a column."""
    found = []
    for j, name in enumerate(tables.columns):
        pair = [tables.values[table][:, j] for table in ("real", "synthetic")]
        edges: Matrix | None = None
        labels: tuple[str, ...] = ()
        if tables.is_category[j]:
            labels, shares = _of_categories(tables.categories[j], pair)
        else:
            there = [column[~np.isnan(column)] for column in pair]
            edges = _edges(np.concatenate(there))
            shares = [np.histogram(v, edges)[0] / max(len(v), 1) for v in there]
        is_empty = bool(np.isnan(pair[1]).all())
        is_time = bool(tables.is_time[j])
        real, synthetic = shares
        found.append(Marginal(name, real, synthetic, edges, labels, is_time, is_empty))
    return tuple(found)


def _edges(values: Matrix) -> Matrix:
    if not len(values):
        return np.array([0.0, 1.0])
    low, high = values.min(), values.max()
    if (values == np.round(values)).all() and high - low < 2**53:
        # Bins of equally many integers each: others would look like a comb.
        width = np.ceil((high - low + 1) / _MAX_BINS)
        n_bins = int(np.ceil((high - low + 1) / width))
        return low - 0.5 + width * np.arange(n_bins + 1)
    if low == high:
        return np.array([low - 0.5, low + 0.5])
    # Not by NumPy's bins, which it refuses for numbers that are hardly apart.
    edges: Matrix = np.linspace(low, high, _MAX_BINS + 1)
    return edges


def _of_categories(
    categories: list[object], pair: list[Matrix]
) -> tuple[tuple[str, ...], list[Matrix]]:
    """Shares of the most frequent categories, of the others, and of missing values."""
    counts = [
        pd.Series(column).value_counts(normalize=True, dropna=False) for column in pair
    ]
    shares = pd.concat(counts, axis=1).fillna(0.0)
    order = shares.sum(axis=1).sort_index().sort_values(ascending=False, kind="stable")
    shares = shares.loc[order.index]
    missing = shares.index.isna()
    known = shares[~missing]
    shown = known.iloc[:_MAX_CATEGORIES]
    labels = [str(categories[int(code)]) for code in shown.index]
    parts = [shown.to_numpy()]
    if n_others := len(known) - len(shown):
        labels.append(f"{n_others} others")
        parts.append(known.iloc[_MAX_CATEGORIES:].sum().to_numpy()[None])
    if missing.any():
        labels.append("missing")
        parts.append(shares[missing].to_numpy())
    real, synthetic = np.concatenate(parts).T
    return tuple(labels), [real, synthetic]
