"""Gower's distance, exact nearest neighbours under it, and distances to a centre."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ._tables import Matrix

_BLOCK = 100_000  # distances at a time: two such blocks of floats stay in the cache
_TIE_DECIMALS = 9  # 31 - 30 and 41 - 40, scaled, are the same distance


def scale_numbers(
    tables: list[Matrix], is_category: NDArray[np.bool_], over: int
) -> list[Matrix]:
    """Divide the numbers by their range over the first `over` tables.

    A column without a range (constant or missing there) is only shifted.
    """
    stacked = np.concatenate(tables[:over])
    low, scale = np.zeros(stacked.shape[1]), np.ones(stacked.shape[1])
    for j in np.flatnonzero(~is_category):
        column = stacked[:, j][~np.isnan(stacked[:, j])]
        if len(column):
            low[j] = column.min()
            scale[j] = np.ptp(column) or 1.0
    return [(table - low) / scale for table in tables]


def nearest(
    query: Matrix,
    base: Matrix,
    is_category: NDArray[np.bool_],
    *,
    skip_self: bool = False,
) -> tuple[Matrix, NDArray[np.intp]]:
    """Find the two nearest rows of `base` under Gower's distance, by looking at all.

    The distance is the sum of the differences of numbers, divided by their range, and
    of 1 for each category that differs; a missing value is at distance 0 of a missing
    one and 1 of any other. With `skip_self`, `query` is `base` and no row is its own
    neighbour. Returned are the distances to the nearest and the second nearest row,
    shape (n_query, 2), rounded so that ties are ties, and the index of the nearest row.
    """
    distances = np.empty((len(query), 2))
    indices = np.empty(len(query), dtype=np.intp)
    for part, d in distance_blocks(query, base, is_category):
        rows = np.arange(part.stop - part.start)
        if skip_self:
            d[rows, part.start + rows] = np.inf
        best = d.argmin(axis=1)
        indices[part], distances[part, 0] = best, d[rows, best]
        d[rows, best] = np.inf
        distances[part, 1] = d.min(axis=1)
    return distances.round(_TIE_DECIMALS), indices


def distance_blocks(
    query: Matrix, base: Matrix, is_category: NDArray[np.bool_]
) -> Iterator[tuple[slice, Matrix]]:
    """Yield places in `query` and the distances from there to all of `base`."""
    n_query, n_base = len(query), len(base)
    numbers, codes = np.flatnonzero(~is_category), np.flatnonzero(is_category)
    gaps = np.isnan(np.concatenate([query, base])).any(axis=0)
    q_numbers, b_numbers = (
        np.ascontiguousarray(t[:, numbers].T) for t in (query, base)
    )
    q_codes, b_codes = _small_codes([t[:, codes].T for t in (query, base)])
    n_rows = max(1, _BLOCK // n_base)
    work = np.empty((n_rows, n_base))  # reused: a new one a column costs page faults
    for start in range(0, n_query, n_rows):
        part = slice(start, min(start + n_rows, n_query))
        d = _mismatches(q_codes[:, part], b_codes)
        for j, column in enumerate(numbers):
            q, b = q_numbers[j, part, None], b_numbers[j]
            difference = work[: part.stop - part.start]
            np.abs(np.subtract(q, b, out=difference), out=difference)
            if gaps[column]:
                no_q, no_b = np.isnan(q), np.isnan(b)
                np.copyto(difference, no_q != no_b, where=no_q | no_b)
            d += difference
        yield part, d


def _small_codes(tables: list[Matrix]) -> list[NDArray[np.unsignedinteger]]:
    """Codes with missing as 0, in the narrowest integers: comparing them is cheap."""
    shifted = [np.nan_to_num(t, nan=-1.0) + 1 for t in tables]
    largest = int(max((t.max(initial=0.0) for t in shifted), default=0))
    dtype = np.min_scalar_type(largest)
    return [np.ascontiguousarray(t, dtype=dtype) for t in shifted]


def _mismatches(
    query: NDArray[np.unsignedinteger], base: NDArray[np.unsignedinteger]
) -> Matrix:
    """Count the columns of codes that differ; both tables come transposed."""
    n_columns = len(query)
    count = np.zeros((query.shape[1], base.shape[1]), np.min_scalar_type(n_columns))
    for q, b in zip(query, base, strict=True):
        count += q[:, None] != b
    return count.astype(np.float64)


def distance_to_centre(
    rows: Matrix, of: Matrix, is_category: NDArray[np.bool_]
) -> Matrix:
    """Gower's distance to the mean row of the table `of`, in the one-hot space.

    A category is 1 minus its share in `of` away, missing being one of them; a column of
    numbers with missing values counts as the mixture of both.
    """
    distance = np.zeros(len(rows))
    for j, categorical in enumerate(is_category):
        column, reference = rows[:, j], of[:, j]
        if categorical:
            codes, of_codes = _small_codes([column, reference])
            size = int(codes.max()) + 1
            share = np.bincount(of_codes, minlength=size) / len(of)
            distance += 1 - share[codes]
        else:
            absent = float(np.isnan(reference).mean())
            mean = np.nanmean(reference) if absent < 1 else 0.0
            there = absent + (1 - absent) * np.abs(column - mean)
            distance += np.where(np.isnan(column), 1 - absent, there)
    return distance.round(_TIE_DECIMALS)
