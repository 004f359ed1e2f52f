"""DCR share and copies, against their definitions written out."""

import numpy as np
import pandas as pd
import pytest

from skfadm.report import quality_report

from .tables import QUICK, mixed_table

N = 350  # longer than the block of distances that is computed at a time


def gower(rows, others, ranges):
    """Return the distance of each row to each other; a gap is 1 from any value."""
    total = np.zeros((len(rows), len(others)))
    for name in rows:
        x, y = rows[name].to_numpy()[:, None], others[name].to_numpy()
        apart = np.abs(x - y) / ranges[name] if name in ranges else x != y
        no_x, no_y = pd.isna(x), pd.isna(y)
        total += np.where(no_x & no_y, 0.0, np.where(no_x | no_y, 1.0, apart))
    return total.round(9)


@pytest.mark.parametrize("columns", [["age", "job"], ["gain", "since", "job"]])
def test_dcr_share_is_the_share_of_rows_nearer_to_training_rows(columns):
    tables = [mixed_table(N, seed)[columns] for seed in range(3)]
    report = quality_report(tables[0], tables[1], holdout=tables[2], **QUICK)
    for table in tables:
        if "since" in table:
            table["since"] = (table["since"] - pd.Timestamp(0)) / pd.Timedelta(1, "s")
    real, synthetic, holdout = tables
    numbers = pd.concat([real, holdout])[columns].select_dtypes(["number"])
    ranges = {name: np.ptp(numbers[name].dropna()) for name in numbers}
    nearest = [gower(synthetic, t, ranges).min(1) for t in (real, holdout)]
    gap = nearest[0] - nearest[1]
    expected = np.mean((gap < 0) + 0.5 * (gap == 0))
    assert report.dcr_share == pytest.approx(expected)


def test_equal_steps_are_ties_whatever_the_floating_point_error():
    # 31 - 30 and 32 - 31, divided by the range, differ in the last digit.
    rng = np.random.default_rng(0)
    ages, new, unseen = rng.permuted(np.tile(np.arange(17, 91), (3, 1)), axis=1)[:, :30]
    ages[:2] = 17, 90
    report = quality_report(
        ages[:, None], new[:, None], holdout=unseen[:, None], **QUICK
    )
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
    assert (report.copies, report.reference["copies"]) == (0.2, 0.4)
    report = quality_report(table, rows, holdout=rows, **QUICK)
    assert (report.copies, report.reference["copies"]) == (0.2, 1.0)
