"""Columns of every type as what classifiers take."""

import datetime as dt
import decimal
import fractions
import pickle

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.utils.estimator_checks import parametrize_with_checks

from skfadm.encoding import ClassifierFeatures

from ..reachable import reachable, texts_of
from .classifier_columns import WORDS, time_columns
from .columns import NUMBERS, TIME_COLUMNS, N

COLUMNS = NUMBERS | TIME_COLUMNS | time_columns()
COLUMNS |= {
    "several": pd.Series([decimal.Decimal(7), 2.5, 3, True] * (N // 4), dtype=object),
    "fractions": pd.Series([fractions.Fraction(k, 3) for k in range(N)]),
    "booleans and None": pd.Series([True, False, None, True] * (N // 4)),
}
for name in ("int64 extremes", "Arrow int64 beyond floats"):
    del COLUMNS[name]  # which span more than floats tell apart


@pytest.mark.parametrize("name", COLUMNS)
def test_numbers_and_times_of_every_type_are_floats_in_their_order(name):
    column = pd.Series(COLUMNS[name], name="v")
    features = ClassifierFeatures().fit_transform(column.to_frame())
    assert (features.dtypes == np.float64).all()
    present = column.notna()
    comparable = column[present].astype(object)
    if "dates and" in name:
        comparable = pd.Series([pd.Timestamp(v) for v in comparable])
    order = np.argsort(comparable.to_numpy(), kind="stable")
    assert (np.diff(features["v"][present].to_numpy()[order]) >= 0).all()
    assert features["v"].isna().sum() == (~present).sum()
    assert features["v"].nunique() == comparable.nunique()


def test_the_parts_of_a_time_are_right_on_the_wall_and_missing_with_the_time():
    t = pd.to_datetime(["2020-03-02 23:30", "2021-12-31 12:00", None], utc=True)
    X = pd.DataFrame({"t": t.tz_convert("Europe/Berlin")})
    features = ClassifierFeatures().fit_transform(X)
    assert features["t hour"].tolist()[:2] == [0.5, 13.0]
    assert features["t weekday"].tolist()[:2] == [1, 4]
    assert features["t day"].tolist()[:2] == [3, 31]
    assert features["t day of year"].tolist()[:2] == [63, 365]
    assert features.iloc[2].isna().all()
    # Another zone in what is predicted: the same moments.
    elsewhere = X.assign(t=X["t"].dt.tz_convert("Asia/Tokyo"))
    fitted = ClassifierFeatures().fit(X)
    pd.testing.assert_frame_equal(fitted.transform(elsewhere), fitted.transform(X))


@pytest.mark.parametrize(
    ("dtype", "origin"),
    [("int64", 2**62), ("uint64", 2**64 - 1000), ("Int64", -(2**62)), (object, 2**80)],
)
def test_integers_that_floats_do_not_tell_apart_keep_their_steps(dtype, origin):
    k = np.random.default_rng(0).permutation(N)
    X = pd.DataFrame({"v": pd.Series([int(v) + origin for v in k], dtype=dtype)})
    fitted = ClassifierFeatures().fit(X[np.arange(N) % 4 > 0])
    for later in (X, X.astype({"v": object})):
        found = fitted.transform(later)["v"]
        assert (found - found.min()).tolist() == k.tolist()


def test_times_of_any_kind_and_year_become_seconds():
    zone = dt.timezone(dt.timedelta(hours=5, minutes=30))
    times = [dt.time(i % 24, i % 60, tzinfo=zone) for i in range(N)]
    X = pd.DataFrame({"t": pd.Series(times, dtype=object)})
    X["d"] = [dt.date(1, 1, 1), dt.date(9999, 12, 31), None] * (N // 3)
    features = ClassifierFeatures().fit_transform(X)
    assert features["t"].tolist() == [3600 * t.hour + 60 * t.minute for t in times]
    assert features["d"][1] == (X["d"][1] - dt.date(1970, 1, 1)).days * 86400
    # Days within a week have no parts.
    X = pd.DataFrame({"t": pd.date_range("2020-01-01", periods=5)})
    assert ClassifierFeatures().fit_transform(X).columns.tolist() == ["t"]


def words(*counts):
    return pd.Series([f"w{i}" for i, n in enumerate(counts) for _ in range(n)])


def test_the_frequent_words_have_codes_and_the_others_share_one():
    X = words(*range(400, 100, -1)).to_frame("w")
    fitted = ClassifierFeatures().fit(X)
    asked = pd.DataFrame({"w": ["w0", "w253", "w254", "w299", "new", None]})
    codes = fitted.transform(asked)["w"]
    assert codes.astype(float).tolist()[:5] == [0, 253, 254, 254, 254]
    assert codes.isna().tolist() == [False] * 5 + [True]
    assert len(codes.dtype.categories) == 255
    # The rest is more frequent than each of the frequent, and still the rest.
    assert fitted.transform(X)["w"].value_counts().idxmax() == 254


def test_rare_words_and_extremes_of_numbers_are_not_kept():
    X = pd.DataFrame({"w": words(9, 5, 4, 1), "id": words(*[1] * 19)})
    X["category"] = X["w"].astype(pd.CategoricalDtype(["w3", "w2", "w1", "w0", "w4"]))
    X["v"], X["k"] = np.arange(19) * 1.37 - 91.7, np.arange(19) + 2**61 + 12345
    fitted = ClassifierFeatures().fit(X)
    assert fitted.kinds_ == ["words", "nothing", "words", "number", "number"]
    for name in ("w", "category"):  # words of few rows share a code
        codes = fitted.transform(X)[name]
        assert codes.tolist() == [0] * 9 + [1] * 5 + [2] * 5
    kept = set(texts_of(fitted).split("\n"))
    assert {"w0", "w1"} <= kept
    assert not {*X["w"], *X["id"]} & kept - {"w0", "w1"}
    leaves = (v for v in reachable(fitted) if not isinstance(v, str | bytes | None))
    assert not {float(v) for v in leaves} & {float(v) for v in (*X["v"], *X["k"])}


@pytest.mark.parametrize("name", WORDS)
def test_words_of_every_type_are_categories(name):
    X = pd.DataFrame({"w": pd.concat([pd.Series(WORDS[name])] * 50, ignore_index=True)})
    X.loc[7, "w"] = None
    features = ClassifierFeatures().fit_transform(X)
    assert isinstance(features["w"].dtype, pd.CategoricalDtype)
    assert features["w"].nunique() == 2
    assert features["w"].isna().tolist() == X["w"].isna().tolist()


def test_infinite_and_huge_numbers_are_beyond_the_others():
    x = np.tile([np.inf, 1.0, 2.0, -np.inf], N // 4)
    X = pd.DataFrame({"x": x, "huge": np.tile([1.7e308, -1.7e308, np.inf, -1], N // 4)})
    X["whole"] = pd.Series([10**400, 1] * (N // 2), dtype=object)
    features = ClassifierFeatures().fit_transform(X)
    assert np.isfinite(features).all(axis=None)
    assert features["x"].tolist()[:4] == [4, 1, 2, -4]
    assert features["huge"].rank(method="dense").tolist()[:4] == [3, 1, 4, 2]


def test_names_of_parts_make_way_for_columns_of_that_name():
    t = pd.date_range("2020-01-01", periods=50, freq="h")
    X = pd.DataFrame({"t": t, "t hour": np.arange(50.0)})
    features = ClassifierFeatures().fit_transform(X)
    assert len(features.columns) == len(set(features.columns)) == 3


@pytest.mark.parametrize(
    ("fitted", "found", "message"),
    [
        ([1.0, 2.0], ["a", "b"], "'c' holds words, expected numbers"),
        ([1.0, 2.0], pd.to_datetime(["2020", "2021"]), "holds times, expected numbers"),
        (pd.to_datetime(["2020", "2021"]), [1, 2], "holds numbers, expected times"),
        (pd.to_timedelta([1, 2]), ["a", "b"], "holds words, expected durations"),
    ],
)
def test_another_kind_of_values_than_in_fit_is_refused(fitted, found, message):
    features = ClassifierFeatures().fit(pd.DataFrame({"c": fitted}))
    with pytest.raises(TypeError, match=message):
        features.transform(pd.DataFrame({"c": found}))
    assert features.transform(pd.DataFrame({"c": [None, None]})).isna().all(axis=None)
    with pytest.raises(ValueError, match="Complex data not supported"):
        features.fit(pd.DataFrame({"c": [1j]}))


def test_words_among_numbers_that_fit_has_not_seen_are_missing():
    for seen in ([1, 2, 3], list(pd.to_datetime(["2020", "2021", "2022"]))):
        fitted = ClassifierFeatures().fit(pd.DataFrame({"c": seen}))
        later = pd.DataFrame({"c": pd.Series([*seen, "n/a"], dtype=object)})
        assert fitted.transform(later)["c"].isna().tolist() == [False] * 3 + [True]


def test_fitted_features_can_be_kept():
    X = pd.DataFrame({name: pd.Series(c) for name, c in COLUMNS.items()})
    X["w"] = words(*[8] * (N // 8))
    fitted = ClassifierFeatures().fit(X)
    text = skops.io.dumps(fitted)
    needed = skops.io.get_untrusted_types(data=text)
    assert needed == ["skfadm.encoding._features.ClassifierFeatures"]
    kept = skops.io.loads(text, trusted=needed), pickle.loads(pickle.dumps(fitted))
    for features in kept:
        pd.testing.assert_frame_equal(features.transform(X), fitted.transform(X))


@parametrize_with_checks([ClassifierFeatures()])
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


def test_a_duration_too_long_for_a_number_that_fit_has_not_seen_is_missing():
    spans = pd.DataFrame({"span": [dt.timedelta(days=d) for d in range(30)]}, dtype="O")
    features = ClassifierFeatures().fit(spans)
    spans.loc[3, "span"] = dt.timedelta(days=10**8 + 1)
    found = features.transform(spans)["span"]
    assert np.flatnonzero(np.isnan(found)).tolist() == [3]
