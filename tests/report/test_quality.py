"""Whole reports: known generators, the seed, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.ensemble import RandomForestClassifier

from skfadm.report import quality_report

from .tables import QUICK, halves, mixed_table

ATTACKS = ("membership_auc", "membership_tpr", "attribute_inference", "singling_out")
COPYING = {"dcr_share", "copies", *ATTACKS}


def test_fresh_real_rows_are_found_perfect():
    real, holdout, fresh = halves(400, parts=3)
    report = quality_report(real, fresh, holdout=holdout, **QUICK)
    found = [report.c2st_auc, report.dcr_share, report.membership_auc]
    assert found == pytest.approx([0.5] * 3, abs=0.08)  # some three standard errors
    assert report.copies == report.reference["copies"] == 0
    assert report.bad == ()


def test_independent_columns_fail_where_the_joint_distribution_counts():
    real, holdout = halves(400)
    rng = np.random.default_rng(0)
    shuffled = real.apply(lambda column: rng.permutation(column))
    forest = {"detector": RandomForestClassifier(30)}
    report = quality_report(real, shuffled, holdout=holdout, **QUICK | forest)
    assert report.column_shapes == 1.0
    assert report.pair_trends < 0.9
    assert min(report.c2st_auc, report.c2st_auc_holdout) > 0.7
    assert {"pair_trends", "c2st_auc"} <= set(report.bad)
    assert not COPYING & set(report.bad)


@pytest.mark.parametrize("seed", range(4))
def test_small_tables_of_many_categories_are_not_called_bad_by_chance(seed):
    tables = np.random.default_rng(seed).integers(0, 8, (3, 60, 5)).astype(str)
    for holdout in (tables[2], None):
        report = quality_report(*tables[:2], holdout=holdout, **QUICK)
        assert report.pair_trends < 0.9  # 64 cells, 60 rows
        assert report.bad == ()


def test_a_seed_fixes_every_figure():
    real, holdout, fresh = halves(120, parts=3)
    first, second, other, none = (
        quality_report(
            real, fresh, holdout=holdout, max_rows=50, **QUICK | {"random_state": seed}
        ).to_frame()
        for seed in (3, 3, 4, None)
    )
    pd.testing.assert_frame_equal(first, second)
    assert not first["value"].equals(other["value"])
    assert not first["value"].equals(none["value"])


GOOD = mixed_table(30, 0)
LABELS = np.repeat([0, 1], 15)
BOTH = {"y_real": LABELS, "y_synthetic": LABELS}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"synthetic": GOOD.drop(columns="job")}, r"missing \['job'\]"),
        ({"synthetic": GOOD.assign(new=1)}, r"synthetic.*\['new'\]"),
        ({"synthetic": GOOD.iloc[:0]}, r"synthetic.*\(0, 5\)"),
        ({"holdout": GOOD.iloc[:3]}, "holdout must have at least 10"),
        ({"synthetic": np.zeros(30)}, r"two dimensions.*\(30,\)"),
        ({"synthetic": (1, 2, 3)}, "synthetic must be a DataFrame or an array"),
        ({"synthetic": csr_array(np.eye(20))}, "synthetic must be a dense table"),
        ({"synthetic": GOOD.assign(age="old")}, "synthetic.*'age'"),
        ({"synthetic": GOOD.assign(job=7)}, "synthetic.*'job'"),
        ({"synthetic": GOOD.assign(age=np.inf)}, "'age' has an infinity"),
        ({"real": GOOD.assign(age=1j)}, "hold real numbers, column 'age'"),
        ({"real": pd.concat([GOOD, GOOD], axis=1)}, "real.*distinct"),
        ({"y_holdout": LABELS}, "labels came as y_holdout"),
        (BOTH | {"holdout": GOOD}, "labels must be given for every table"),
        (BOTH | {"y_real": LABELS[:9]}, "y_real has 9 rows but real has"),
        (BOTH | {"y_real": np.ones(30)}, "y_real .* at least 2 classes"),
        (BOTH | {"y_synthetic": LABELS + 0.5}, "y_synthetic holds continuous values"),
        (BOTH | {"y_synthetic": [None] * 30}, "y_synthetic has 30 missing"),
        ({"max_rows": 3}, "max_rows.*at least 10, got 3"),
        ({"max_rows": 1e4}, "max_rows must be an integer"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        quality_report(**({"real": GOOD, "synthetic": GOOD} | arguments))
