"""Columns of every type in quality reports."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from skfadm.report import quality_report

from .tables import QUICK

N = 300


def table(seed=0, n=N):
    rng = np.random.default_rng(seed)
    day = pd.Series(
        pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D")
    )
    whole = rng.integers(0, 1000, n)
    word = rng.choice(list("abc"), n)
    return pd.DataFrame({"day": day, "whole": whole, "word": word, "flag": whole > 400})


def arrow(dtype):
    return lambda column: pd.Series(
        pd.arrays.ArrowExtensionArray(pa.array(column.tolist(), type=dtype))
    )


#: Dtypes of every family; which there are is tested where columns are read.
FORMS = {
    "dates": ("day", lambda c: c.dt.date),
    "times of Arrow": ("day", arrow(pa.timestamp("ms"))),
    "UTC": ("day", lambda c: c.dt.tz_localize("UTC")),
    "Int64": ("whole", lambda c: c.astype("Int64")),
    "decimals": ("whole", lambda c: c.map(Decimal)),
    "category": ("word", lambda c: c.astype("category")),
    "boolean": ("flag", lambda c: c.astype("boolean")),
    "dictionary of Arrow": ("word", arrow(pa.dictionary(pa.int8(), pa.string()))),
}


def assert_same_report(found, expected):
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame())
    pd.testing.assert_frame_equal(found.pair_scores, expected.pair_scores)
    for one, other in zip(found.marginals, expected.marginals, strict=True):
        assert (one.edges is None) == (other.edges is None)
        np.testing.assert_array_equal(one.real, other.real)


@pytest.fixture(scope="module")
def plain():
    return quality_report(table(0), table(1), **QUICK)


@pytest.mark.parametrize("name", FORMS)
def test_the_type_of_a_column_does_not_matter(name, plain):
    column, form = FORMS[name]
    tables = [t.assign(**{column: form(t[column])}) for t in (table(0), table(1))]
    assert_same_report(quality_report(*tables, **QUICK), plain)


def test_columns_of_frames_are_matched_by_name(plain):
    other = table(1)
    found = quality_report(table(0), other[other.columns[::-1]], **QUICK)
    assert_same_report(found, plain)


@pytest.mark.parametrize("dtype", ["int64", "object"])
def test_integers_beyond_what_floats_tell_apart_are_compared_exactly(dtype):
    rng = np.random.default_rng(0)
    small, other = pd.Series(rng.integers(0, 9, N)), pd.Series(rng.integers(0, 5, N))
    expected = quality_report(small.to_frame("k"), other.to_frame("k"), **QUICK)
    big, big_other = (2**60 + c.astype("int64") for c in (small, other))
    tables = (c.astype(dtype).to_frame("k") for c in (big, big_other))
    report = quality_report(*tables, **QUICK)
    assert report.column_scores.tolist() == expected.column_scores.tolist()
    assert report.c2st_auc == expected.c2st_auc
    assert report.column_scores.index[0] == f"k - {2**60 + small.min()}"


def test_columns_without_any_value_hinder_no_figure():
    def with_nothing(frame):
        return frame.assign(
            none=None, nan=np.nan, nat=pd.NaT, rare=[1.0] + [np.nan] * (N - 1)
        )

    X, X_new = with_nothing(table(0)), with_nothing(table(1))
    y, y_new = X["whole"] > 500, X_new["whole"] > 500
    report = quality_report(X, X_new, y, y_new, **QUICK)
    assert report.tstr_accuracy > 0.95
    assert np.isnan(report.column_scores[["nan", "nat"]]).all()


def test_identifiers_are_not_compared_and_copies_of_them_are_told(plain):
    names = pd.Series([f"person {k}" for k in range(2 * N)])
    X, X_new = table(0), table(1)
    own, new = names[:N], names[N:].reset_index(drop=True)
    new[:30] = own[:30]
    with pytest.warns(
        UserWarning, match=r"'who' holds 300 words .*10.0% of synthetic repeat them"
    ):
        report = quality_report(X.assign(who=own), X_new.assign(who=new), **QUICK)
    assert_same_report(report, plain)


def test_identifiers_beside_frequent_words_count_as_one():
    rng = np.random.default_rng(0)
    own = pd.Series(np.where(rng.random(N) < 0.6, "none", "x")).astype(object)
    text = own.where(own == "none", [f"text {k}" for k in range(N)])
    other = own.where(own == "none", [f"words {k}" for k in range(N)])
    with pytest.warns(UserWarning, match=r"0\.0% of synthetic repeat them"):
        report = quality_report(text.to_frame("t"), other.to_frame("t"), **QUICK)
    assert report.column_scores["t"] == 1
    names = own.index.map("person {}".format).to_series(own.index).to_frame("who")
    with pytest.warns(UserWarning), pytest.raises(ValueError, match="no identifier"):
        quality_report(names, names)


@pytest.mark.parametrize(
    "numbers",
    [
        1.7e308 * np.linspace(-1, 1, 300),
        1e17 + 16.0 * (np.arange(300) % 6),
        5e-324 * (np.arange(300) % 4),
        np.where(np.arange(300) == 7, 1e300, 0.5),
    ],
    ids=["all floats", "hardly apart", "tiny", "one is huge"],
)
def test_numbers_at_the_ends_of_what_floats_hold_are_compared(numbers):
    rng = np.random.default_rng(0)
    real = pd.DataFrame({"v": numbers, "x": rng.normal(size=300)})
    report = quality_report(real, real.sample(frac=1, random_state=0), **QUICK)
    assert report.column_scores.iloc[0] == pytest.approx(1.0)
    assert np.isfinite(report.c2st_auc)
    assert np.isfinite(report.marginals[0].edges).all()
    assert report.marginals[0].real.sum() == pytest.approx(1.0)
