"""Attacks on a synthetic table: what it tells of training rows and not of others.

Each attack is run on training rows and, in the same way, on as many rows that were
held out. What it gains on the former alone is what the synthetic table gives away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ._tables import Matrix

#: A figure, and its 95 % interval.
Measured = tuple[float, float, float]

#: Rows of each kind that are attacked, and predicates that are tried.
_MAX_ATTACKED, _MAX_PREDICATES = 2_000, 1_000
#: Nearest rows by which densities are judged around a row.
_N_REFERENCES, _N_SYNTHETIC = 20, 5
#: Numbers as near as this, in standard deviations, count as guessed.
_CLOSE = 0.5
_FPR = 0.01
_N_DRAWS = 1_000  # from the distribution of a share
_TINY = 1e-9  # for the logarithm of the distance of copies
_Z = float(norm.ppf(0.975))
_BLOCK = 100_000  # distances at a time: two such blocks of floats stay in the cache
_TIE_DECIMALS = 9  # 31 - 30 and 41 - 40, scaled, are the same distance


def membership(
    train: Matrix,
    holdout: Matrix,
    synthetic: Matrix,
    is_category: NDArray[np.bool_],
    rng: np.random.RandomState,
) -> tuple[Measured, Measured]:
    """Return the AUC of telling training rows, and their share found at 1 % FPR.

    The score of a row is a likelihood ratio (DOMIAS, van Breugel et al. 2023): the
    distance to real rows that nobody was trained on over that to the nearest synthetic
    rows, as a logarithm. These references are the holdout rows but for one: a holdout
    row leaves out itself, a training row its partner, so both are treated alike.
    """
    n = min(len(train), len(holdout), _MAX_ATTACKED)
    members, others = (
        _log_ratio(rows[:n], holdout, synthetic, is_category)
        for rows in (train, holdout)
    )
    return area(members, others), found_at_one_percent(members, others, rng)


def _log_ratio(
    rows: Matrix, holdout: Matrix, synthetic: Matrix, is_category: NDArray[np.bool_]
) -> Matrix:
    to_synthetic, to_others = np.empty(len(rows)), np.empty(len(rows))
    k = min(_N_SYNTHETIC, len(synthetic))
    for part, d in distance_blocks(rows, synthetic, is_category):
        # A harmonic mean, so that a single copy is not lost among its neighbours.
        near = np.partition(d, k - 1, axis=1)[:, :k]
        to_synthetic[part] = 1 / np.mean(1 / (near + _TINY), axis=1)
    k = min(_N_REFERENCES, len(holdout) - 1)
    for part, d in distance_blocks(rows, holdout, is_category):
        partner = np.arange(part.start, part.stop)
        d[partner - part.start, partner] = np.inf
        to_others[part] = np.partition(d, k - 1, axis=1)[:, :k].mean(axis=1)
    ratio = np.log(to_others + _TINY) - np.log(to_synthetic)
    return ratio.round(9)  # ties are ties


def found_at_one_percent(
    members: Matrix, others: Matrix, rng: np.random.RandomState
) -> Measured:
    """Return the share of members above all but 1 % of others, with its interval.

    The interval holds two uncertainties: of the threshold, whose share of others is
    that of an order statistic of uniform numbers, and of the members above it
    (Jeffreys). Both are beta distributed.
    """
    n, highest_last = len(others), np.sort(members)
    rank = max(1, int(_FPR * (n + 1)))
    thresholds = np.sort(others)[::-1]

    def n_found(place: Any) -> Any:
        return n - np.searchsorted(highest_last, thresholds[place], "right")

    found = n_found((n * rng.beta(rank, n + 1 - rank, _N_DRAWS)).astype(int))
    low, high = np.quantile(rng.beta(found + 0.5, n - found + 0.5), [0.025, 0.975])
    share = float(n_found(rank - 1)) / n
    return share, min(share, float(low)), max(share, float(high))


def area(members: Matrix, others: Matrix) -> Measured:
    """Area under the ROC curve with DeLong's interval (DeLong et al. 1988)."""

    def below(scores: Matrix, of: Matrix) -> Matrix:
        ordered = np.sort(of)
        sides = [np.searchsorted(ordered, scores, side) for side in ("left", "right")]
        return np.mean(sides, axis=0) / len(of)

    of_members, of_others = below(members, others), below(others, members)
    _, low, high = difference(of_members, of_others)
    auc = float(of_members.mean())
    return auc, max(0.0, auc - (high - low) / 2), min(1.0, auc + (high - low) / 2)


def difference(members: Matrix, others: Matrix) -> Measured:
    """Difference of two means with its interval."""
    gain = float(np.mean(members) - np.mean(others))
    spread = np.var(members) / len(members) + np.var(others) / len(others)
    error = _Z * float(np.sqrt(spread))
    return gain, gain - error, gain + error


def attribute_inference(
    train: Matrix,
    holdout: Matrix,
    synthetic: Matrix,
    is_category: NDArray[np.bool_],
    secrets: Sequence[int],
) -> Measured:
    """Return how much more often the secrets of training rows are guessed than others'.

    The attacker knows all other columns and takes the value of the nearest synthetic
    row. Several secrets are attacked in turn; a row counts with the share guessed.
    """
    n = min(len(train), len(holdout), _MAX_ATTACKED)
    rows = np.concatenate([train[:n], holdout[:n]])
    right = np.zeros(2 * n)
    for j in secrets:
        kept = np.arange(rows.shape[1]) != j
        known = synthetic[~np.isnan(synthetic[:, j])]
        if not kept.any() or not len(known):
            continue
        _, index = nearest(rows[:, kept], known[:, kept], is_category[kept])
        width = 0.0 if is_category[j] else _width(train[:, j])
        right += np.abs(known[index, j] - rows[:, j]) <= width
    right /= max(1, len(secrets))
    return difference(right[:n], right[n:])


def likely_secrets(real: Matrix, label: int | None, at_most: int = 5) -> list[int]:
    """Take the label and the columns with the most values: hardest to guess."""
    n_values = [len(np.unique(column)) for column in real.T]
    order = [j for j in np.argsort(n_values, kind="stable")[::-1].tolist()]
    first = [] if label is None else [label % len(order)]
    return [*first, *(j for j in order if j not in first)][:at_most]


def singling_out(
    train: Matrix,
    holdout: Matrix,
    synthetic: Matrix,
    is_category: NDArray[np.bool_],
    rng: np.random.RandomState,
) -> Measured:
    """Return how much more often a predicate isolates a training row than another.

    As anonymeter has it (Giomi et al. 2023): from a synthetic row come predicates such
    as "job is cook and age near 40", until no other synthetic row fulfils all. It
    succeeds where exactly one real row fulfils them.
    """
    n = min(len(train), len(holdout))
    widths = [
        0.0 if c else _width(col) for c, col in zip(is_category, train.T, strict=True)
    ]
    tables = (synthetic, train[:n], holdout[:n])
    gains = []
    for row in synthetic[rng.permutation(len(synthetic))[:_MAX_PREDICATES]]:
        matches = [np.arange(len(table)) for table in tables]
        for j in rng.permutation(len(row)):
            for k, table in enumerate(tables):
                values = table[matches[k], j]
                near = np.abs(values - row[j]) <= widths[j]
                matches[k] = matches[k][np.isnan(values) if np.isnan(row[j]) else near]
            if len(matches[0]) == 1:
                gains.append(float(len(matches[1]) == 1) - float(len(matches[2]) == 1))
                break
    if not gains:  # each synthetic row is there twice
        return 0.0, 0.0, 0.0
    return difference(np.array(gains), np.zeros(1))


def _width(column: Matrix) -> float:
    there = column[~np.isnan(column)]
    return _CLOSE * float(np.std(there)) if len(there) else 0.0


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
