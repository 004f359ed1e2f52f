"""Histograms of columns: what a figure needs, and all that a report keeps of rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ._tables import Matrix, Tables

_MAX_BINS = 30
_MAX_CATEGORIES = 8


@dataclass(frozen=True, eq=False)
class Marginal:
    """The distribution of one column in two tables."""

    name: str
    #: Of the bins of a column of numbers, shape (n_bins + 1,); None for categories.
    edges: Matrix | None
    #: Of the categories, the most frequent first; empty for numbers.
    labels: tuple[str, ...]
    #: Shares of the values that are there, shape (n_bins,) or (n_labels,).
    real: Matrix
    synthetic: Matrix
    #: Whether the edges are seconds since 1970.
    is_time: bool = False
    #: Whether no synthetic row has a value, although real rows have.
    is_empty: bool = False


def marginals_of(tables: Tables) -> tuple[Marginal, ...]:
    """Return the marginals of the real and the synthetic table, one a column."""
    real, synthetic = tables.values["real"], tables.values["synthetic"]
    found = []
    for j, name in enumerate(tables.columns):
        columns = real[:, j], synthetic[:, j]
        if tables.is_category[j]:
            names = [str(c) for c in tables.categories[j]]
            marginal = _of_categories(name, names, *columns)
        else:
            marginal = _of_numbers(name, *columns)
        empty, lacking = (bool(np.isnan(column).all()) for column in columns)
        is_time = bool(tables.is_time[j])
        found.append(replace(marginal, is_time=is_time, is_empty=lacking and not empty))
    return tuple(found)


def _of_numbers(name: str, real: Matrix, synthetic: Matrix) -> Marginal:
    a, b = (column[~np.isnan(column)] for column in (real, synthetic))
    edges = _edges(np.concatenate([a, b]))
    real_share, share = (np.histogram(v, edges)[0] / max(len(v), 1) for v in (a, b))
    return Marginal(name, edges, (), real_share, share)


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
    name: str, labels: list[str], real: Matrix, synthetic: Matrix
) -> Marginal:
    """Shares of the most frequent categories, of the others, and of missing values."""
    size = len(labels)
    shares = []
    for column in (real, synthetic):
        codes = np.where(np.isnan(column), size, column).astype(np.int64)
        shares.append(np.bincount(codes, minlength=size + 1) / len(column))
    both = shares[0][:size] + shares[1][:size]
    order = np.argsort(-both, kind="stable")
    top, rest = order[:_MAX_CATEGORIES], order[_MAX_CATEGORIES:]
    shown = [labels[i] for i in top]
    parts = [[s[top], s[rest].sum(keepdims=True), s[size:]] for s in shares]
    columns = [np.concatenate(part) for part in parts]
    shown += [f"{len(rest)} others", "missing"]
    keep = np.ones(len(shown), dtype=bool)
    keep[-2:] = len(rest) > 0, bool(shares[0][size] + shares[1][size] > 0)
    kept = tuple(label for label, k in zip(shown, keep, strict=True) if k)
    return Marginal(name, None, kept, columns[0][keep], columns[1][keep])
