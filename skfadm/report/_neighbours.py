"""Gower's distance, and exact nearest neighbours under it."""

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
    query: Matrix, base: Matrix, is_category: NDArray[np.bool_]
) -> tuple[Matrix, NDArray[np.intp]]:
    """Return the distance to the nearest row of `base`, and its place.

    All rows are looked at. Distances are rounded, so that ties are ties.
    """
    distances = np.empty(len(query))
    places = np.empty(len(query), dtype=np.intp)
    for part, d in distance_blocks(query, base, is_category):
        places[part], distances[part] = d.argmin(axis=1), d.min(axis=1)
    return distances.round(_TIE_DECIMALS), places


def distance_blocks(
    query: Matrix, base: Matrix, is_category: NDArray[np.bool_]
) -> Iterator[tuple[slice, Matrix]]:
    """Yield places in `query` and Gower's distances from there to all of `base`.

    These are the sums of the differences of numbers, divided by their range, and of 1
    for each category that differs; a missing value is at distance 0 of a missing one
    and 1 of any other.
    """
    n_query, n_base = len(query), len(base)
    numbers, words = np.flatnonzero(~is_category), np.flatnonzero(is_category)
    gaps = np.isnan(np.concatenate([query, base])).any(axis=0)
    q_numbers, b_numbers = (
        np.ascontiguousarray(t[:, numbers].T) for t in (query, base)
    )
    q_codes, b_codes = _small_codes([t[:, words].T for t in (query, base)])
    n_rows = max(1, _BLOCK // n_base)
    work = np.empty((n_rows, n_base))  # reused: a new one a column costs page faults
    for start in range(0, n_query, n_rows):
        part = slice(start, min(start + n_rows, n_query))
        n_part = part.stop - part.start
        differ = np.zeros((n_part, n_base), np.min_scalar_type(len(words)))
        for q, b in zip(q_codes[:, part], b_codes, strict=True):
            differ += q[:, None] != b
        d = differ.astype(np.float64)
        for j, column in enumerate(numbers):
            q, b = q_numbers[j, part, None], b_numbers[j]
            difference = work[:n_part]
            np.abs(np.subtract(q, b, out=difference), out=difference)
            if gaps[column]:
                no_q, no_b = np.isnan(q), np.isnan(b)
                np.copyto(difference, no_q != no_b, where=no_q | no_b)
            d += difference
        yield part, d


def _small_codes(tables: list[Matrix]) -> list[NDArray[np.unsignedinteger]]:
    """Codes with missing as 0, in the narrowest integers: comparing them is cheap."""
    shifted = [np.nan_to_num(t, nan=-1.0) + 1 for t in tables]
    largest = int(max(t.max(initial=0.0) for t in shifted))
    dtype = np.min_scalar_type(largest)
    return [np.ascontiguousarray(t, dtype=dtype) for t in shifted]
