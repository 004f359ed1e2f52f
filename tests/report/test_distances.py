"""Figures of neighbours and centres, against their definitions written out."""

import numpy as np
import pandas as pd
import pytest

from skfadm.report import quality_report

from .tables import QUICK, mixed_table

N = 350  # longer than the block of distances that is computed at a time


def table_of(kind, seed):
    """Return a table of which no two distances are equal, or of which many are."""
    table = mixed_table(N, seed)
    if kind == "ties":
        return table[["age", "job", "member"]]
    rng = np.random.default_rng(seed)
    moments = table["since"] + pd.to_timedelta(rng.integers(0, 86400, N), "s")
    return table.assign(age=table["age"].fillna(40) + rng.random(N), since=moments)


#: With ties, the order of rows says which of the nearest is taken.
KINDS = pytest.mark.parametrize(("kind", "slack"), [("no ties", 1e-9), ("ties", 0.01)])


def ranges_of(*tables):
    """Return the range of each column of numbers, times in seconds."""
    together = pd.concat(tables)
    return {name: np.ptp(together[name].dropna()) for name in together if name != "job"}


def seconds(table):
    if "since" not in table:
        return table.assign(member=table["member"].astype(float))
    since = (table["since"] - pd.Timestamp(0)) / pd.Timedelta(1, "s")
    return table.assign(since=since, member=table["member"].astype(float))


def gower(rows, others, ranges):
    """Return the distance of each row to each other; a gap is 1 from any value."""
    total = np.zeros((len(rows), len(others)))
    for name in rows:
        x, y = rows[name].to_numpy()[:, None], others[name].to_numpy()
        apart = np.abs(x - y) / ranges[name] if name in ranges else x != y
        no_x, no_y = pd.isna(x), pd.isna(y)
        total += np.where(no_x & no_y, 0.0, np.where(no_x | no_y, 1.0, apart))
    return total.round(9)


def to_centre(rows, of, ranges):
    """Return the distance of each row to the mean of its distances' one-hot space."""
    total = np.zeros(len(rows))
    for name in rows:
        absent = of[name].isna().mean()
        if name in ranges:
            gap = (rows[name] - of[name].mean()).abs() / ranges[name]
            there = absent + (1 - absent) * gap
        else:
            there = 1 - rows[name].map(of[name].value_counts() / len(of)).fillna(0.0)
        total += there.where(rows[name].notna(), 1 - absent).to_numpy(float)
    return total.round(9)


def coverage(real, synthetic, ranges):
    """Return alpha-precision and beta-recall, one level at a time."""
    between, among = gower(real, synthetic, ranges), gower(real, real, ranges)
    np.fill_diagonal(among, np.inf)
    to_real = to_centre(real, real, ranges), to_centre(synthetic, real, ranges)
    depth = to_centre(synthetic, synthetic, ranges)[between.argmin(1)]
    covered = between.min(1) <= among.min(1)
    levels, off = np.linspace(0, 1, 30), np.zeros(2)
    for level in levels:
        inside = np.mean(to_real[1] <= np.quantile(to_real[0], level))
        deep = np.mean(covered & (depth <= np.quantile(depth, level)))
        off += np.abs([inside - level, deep - level])
    return (1 - off / levels.sum()).tolist()


def nearest_over_second(distances):
    first, second = np.sort(distances, axis=1)[:, :2].T
    return np.mean([a / b if b else 1.0 for a, b in zip(first, second, strict=True)])


@KINDS
def test_figures_with_a_holdout_follow_their_definitions(kind, slack):
    tables = [table_of(kind, seed) for seed in range(3)]
    report = quality_report(tables[0], tables[1], holdout=tables[2], **QUICK)
    real, synthetic, holdout = map(seconds, tables)
    ranges = ranges_of(real, holdout)
    to_real, to_holdout = (gower(synthetic, t, ranges) for t in (real, holdout))
    gap = to_real.min(1) - to_holdout.min(1)
    expected = np.mean((gap < 0) + 0.5 * (gap == 0))
    assert report.dcr_share == pytest.approx(expected)
    assert report.nndr == pytest.approx(nearest_over_second(to_real))
    reference = report.reference
    assert reference["nndr"] == pytest.approx(nearest_over_second(to_holdout))
    found = report.alpha_precision, report.beta_recall
    assert found == pytest.approx(coverage(real, synthetic, ranges), abs=slack)
    found = reference["alpha_precision"], reference["beta_recall"]
    assert found == pytest.approx(coverage(real, holdout, ranges), abs=slack)


@KINDS
def test_without_a_holdout_real_rows_are_measured_among_themselves(kind, slack):
    tables = [table_of(kind, seed) for seed in range(2)]
    report = quality_report(*tables, **QUICK)
    real, synthetic = map(seconds, tables)
    ranges = ranges_of(real)
    expected = nearest_over_second(gower(synthetic, real, ranges))
    assert report.nndr == pytest.approx(expected)
    among = gower(real, real, ranges)
    np.fill_diagonal(among, np.inf)
    expected = nearest_over_second(among)
    assert report.reference["nndr"] == pytest.approx(expected)
    found = report.alpha_precision, report.beta_recall
    assert found == pytest.approx(coverage(real, synthetic, ranges), abs=slack)
    assert np.isnan(report.dcr_share) and np.isnan(report.membership_auc)


def test_equal_steps_are_ties_whatever_the_floating_point_error():
    # 31 - 30 and 32 - 31, divided by the range, differ in the last digit.
    rng = np.random.default_rng(0)
    ages, new, unseen = rng.permuted(np.tile(np.arange(17, 91), (3, 1)), axis=1)[:, :30]
    ages[:2] = 17, 90
    report = quality_report(ages[:, None], new[:, None], holdout=unseen[:, None])
    nearest = [np.abs(new[:, None] - t).min(1) for t in (ages, unseen)]
    gap = nearest[0] - nearest[1]
    assert np.mean(gap == 0) > 0.2
    assert report.dcr_share == np.mean((gap < 0) + 0.5 * (gap == 0))


def test_copies_are_rows_equal_in_every_column():
    table = np.array([[1, np.nan], [1, 2], [0.0, 3], [0.0, 3], [4, 4]] * 2)
    table[5:] += 100
    rows = np.array([[1, np.nan], [-0.0, 3], [1, 3], [2, np.nan], [4, 4.5]] * 2)
    rows[5:] += 50
    report = quality_report(table, rows, **QUICK)
    assert report.copies == 0.2
    assert report.reference["copies"] == 0.4
    report = quality_report(table, rows, holdout=rows, **QUICK)
    assert (report.copies, report.reference["copies"]) == (0.2, 1.0)
