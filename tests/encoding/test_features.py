"""Columns of every type as what classifiers take."""

import datetime as dt
import decimal
import fractions
import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import sklearn
import skops.io
from sklearn.utils.estimator_checks import parametrize_with_checks

from skfadm._downstream import default_classifier, linear_classifier
from skfadm.encoding import ClassifierFeatures, TabularEncoder

N = 400
HOURS = pd.Series(pd.date_range("2020-01-01", periods=N, freq="7h"))


def arrow(values, dtype):
    return pd.Series(values, dtype=pd.ArrowDtype(dtype))


def time_columns():
    zoned = HOURS.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    return {
        "nanoseconds": HOURS,
        "seconds": HOURS.astype("datetime64[s]"),
        "zoned": zoned,
        "duration": HOURS - HOURS[0],
        "period": HOURS.dt.to_period("h"),
        "dates": HOURS.dt.date,
        "datetimes": pd.Series([t.to_pydatetime() for t in HOURS], dtype=object),
        "zoned objects": zoned.astype(object),
        "dates and datetimes": pd.Series(
            [t.date() if i % 3 else t.to_pydatetime() for i, t in enumerate(HOURS)],
            dtype=object,
        ),
        "arrow date32": arrow(HOURS.dt.date, pa.date32()),
        "arrow date64": arrow(HOURS.dt.date, pa.date64()),
        "arrow seconds": HOURS.astype(pd.ArrowDtype(pa.timestamp("s"))),
        "arrow zoned": zoned.astype(pd.ArrowDtype(pa.timestamp("us", "Europe/Berlin"))),
        "arrow duration": (HOURS - HOURS[0]).astype(pd.ArrowDtype(pa.duration("ms"))),
    }


def number_columns():
    half = np.arange(N) / 2
    return {
        "float": half,
        "float32": half.astype(np.float32),
        "int8 with gaps": pd.array(np.arange(N) % 100, dtype="Int8"),
        "objects": pd.Series(list(half), dtype=object),
        "decimals": pd.Series([decimal.Decimal(i) / 2 for i in range(N)]),
        "fractions": pd.Series([fractions.Fraction(i, 3) for i in range(N)]),
        "several": pd.Series([decimal.Decimal(7), 2.5, 3, True] * (N // 4)),
        "arrow int": arrow(np.arange(N), pa.int32()),
        "arrow float": arrow(half, pa.float32()),
        "arrow decimal": arrow(map(decimal.Decimal, range(N)), pa.decimal128(9, 1)),
        "sparse": pd.arrays.SparseArray(np.arange(N) % 5),
        "boolean": pd.array([True, False] * (N // 2), dtype="boolean"),
        "arrow bool": arrow([True, False] * (N // 2), pa.bool_()),
        "booleans and None": pd.Series([True, False, None, True] * (N // 4)),
    }


COLUMNS = time_columns() | number_columns()


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


@pytest.mark.parametrize("make", [default_classifier, linear_classifier])
@pytest.mark.parametrize("name", time_columns())
def test_a_time_that_decides_the_label_is_seen(name, make):
    X = pd.DataFrame({"t": time_columns()[name]})
    y = np.arange(N) >= N // 2
    train = np.arange(N) % 4 > 0
    assert make().fit(X[train], y[train]).score(X[~train], y[~train]) > 0.97


def test_boosting_sees_the_parts_of_a_time_that_repeat():
    rng = np.random.default_rng(0)
    seconds = pd.to_timedelta(rng.integers(0, 3000 * 86400, 2000), "s")
    t = pd.Series(pd.Timestamp("2010-01-01") + seconds)
    for y in (t.dt.hour < 12, t.dt.day_of_week >= 5, t.dt.month < 7, t.dt.day < 15):
        model = default_classifier().fit(t[:1000].to_frame("t"), y[:1000])
        assert model.score(t[1000:].to_frame("t"), y[1000:]) > 0.97


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
    "make",
    [
        lambda k: k + 2**62,
        lambda k: k.astype(np.uint64) + np.uint64(2**64 - 1000),
        lambda k: pd.array(k - 2**62, dtype="Int64"),
        lambda k: arrow(k + 2**62, pa.int64()),
        lambda k: pd.Series([int(v) + 2**80 for v in k], dtype=object),
        lambda k: pd.Series([decimal.Decimal(int(v) + 10**25) for v in k]),
    ],
    ids=["int64", "uint64", "nullable", "arrow", "objects", "decimals"],
)
def test_integers_that_floats_do_not_tell_apart_are_seen(make):
    k = np.random.default_rng(0).permutation(N)
    X, y = pd.DataFrame({"v": make(k)}), k >= N // 2
    train = np.arange(N) % 4 > 0
    assert (
        default_classifier().fit(X[train], y[train]).score(X[~train], y[~train]) > 0.9
    )
    later = ClassifierFeatures().fit(X[train]).transform(X.astype({"v": object}))
    assert (later["v"] - later["v"].min()).tolist() == k.tolist()


def test_times_of_day_with_an_offset_are_durations_and_come_back():
    zone = dt.timezone(dt.timedelta(hours=5, minutes=30))
    times = [dt.time(i % 24, i % 60, tzinfo=zone) for i in range(N)]
    X = pd.DataFrame({"t": pd.Series(times, dtype=object)})
    features = ClassifierFeatures().fit_transform(X)["t"]
    assert features.tolist() == [3600 * t.hour + 60 * t.minute for t in times]
    encoder = TabularEncoder(random_state=0).fit(X)
    assert encoder.inverse_transform(encoder.transform(X)).equals(X)


def test_days_within_a_week_have_no_parts():
    X = pd.DataFrame({"t": pd.date_range("2020-01-01", periods=5)})
    assert ClassifierFeatures().fit_transform(X).columns.tolist() == ["t"]


def test_dates_of_any_year_are_read():
    dates = [dt.date(1, 1, 1), dt.date(1500, 6, 1), dt.date(9999, 12, 31), None]
    periods = pd.PeriodIndex(["0900-01", "9999-12", "2020-01", None], freq="M")
    X = pd.DataFrame({"d": dates, "p": periods, "o": periods.astype(object)})
    features = ClassifierFeatures().fit_transform(X)
    assert features["d"].tolist()[2] == (dates[2] - dt.date(1970, 1, 1)).days * 86400
    assert features["p"].rank().tolist()[:3] == [1, 3, 2]
    assert features["o"].rank().tolist()[:3] == [1, 3, 2]


def words(*counts):
    return pd.Series([f"w{i}" for i, n in enumerate(counts) for _ in range(n)])


def test_the_frequent_words_have_codes_and_the_others_share_one():
    X = words(*range(400, 100, -1)).to_frame("w")
    fitted = ClassifierFeatures().fit(X)
    asked = pd.DataFrame({"w": ["w0", "w253", "w254", "w299", "new", None]})
    codes = fitted.transform(asked)["w"]
    assert codes.astype(float).tolist()[:4] == [0, 253, 254, 254]
    assert codes.isna().tolist() == [False] * 4 + [True] * 2
    assert len(codes.dtype.categories) == 255
    # The rest is more frequent than each of the frequent, and still the rest.
    assert fitted.transform(X)["w"].value_counts().idxmax() == 254


@pytest.mark.parametrize(
    "values",
    [
        ["a", "b"],
        pd.Categorical(["a", "b"], ["b", "a", "unused"], ordered=True),
        pd.Series(["a", "b"], dtype="string"),
        arrow(["a", "b"], pa.string()),
        pd.Series(
            ["a", "b"], dtype=pd.ArrowDtype(pa.dictionary(pa.int8(), pa.string()))
        ),  # fmt: skip
        [b"a", b"b"],
        [[1], [2, 3]],
        [{"k": 1}, {"k": 2}],
        ["a", 1],
        pd.IntervalIndex.from_breaks([0.0, 1.0, 2.0]),
    ],
    ids=str,
)
def test_words_of_every_type_are_categories(values):
    X = pd.DataFrame({"w": pd.concat([pd.Series(values)] * 50, ignore_index=True)})
    X.loc[7, "w"] = None
    features = ClassifierFeatures().fit_transform(X)
    assert isinstance(features["w"].dtype, pd.CategoricalDtype)
    assert features["w"].nunique() == 2
    assert features["w"].isna().tolist() == X["w"].isna().tolist()
    y = np.arange(100) % 2
    assert default_classifier().fit(X, y).score(X, y) >= 0.99
    assert linear_classifier().fit(X, y).score(X, y) >= 0.99


def test_whole_floats_and_integers_are_the_same_category():
    fitted = ClassifierFeatures().fit(pd.DataFrame({"c": pd.Categorical([1, 2, 2])}))
    found = fitted.transform(pd.DataFrame({"c": [1.0, 2.0, np.nan]}))["c"]
    assert found.astype(float).tolist()[:2] == [1, 0]
    assert found.isna().tolist() == [False, False, True]


@pytest.mark.parametrize("make", [default_classifier, linear_classifier])
def test_columns_without_any_value_are_ignored(make):
    nothing = {
        "float": np.nan,
        "object": None,
        "time": pd.NaT,
        "category": pd.Categorical([None] * N, ["a"]),
        "whole": pd.array([None] * N, dtype="Int64"),
        "arrow": arrow([None] * N, pa.null()),
    }
    x = np.random.default_rng(0).normal(size=N)
    X = pd.DataFrame({**nothing, "x": x})
    model = make().fit(X, x > 0)
    assert model.score(X, x > 0) > 0.97
    # Values that come later are ignored too; nothing to learn from is no error.
    assert model.score(X.assign(float=1.0, object="a"), x > 0) > 0.97
    empty = X.drop(columns="x")
    assert make().fit(empty, x > x.min()).predict(empty).all()


@pytest.mark.parametrize("make", [default_classifier, linear_classifier])
def test_infinite_and_huge_numbers_are_beyond_the_others(make):
    x = np.tile([np.inf, 1.0, 2.0, -np.inf], N // 4)
    X = pd.DataFrame({"x": x, "huge": np.tile([1.7e308, -1.7e308, np.inf, -1], N // 4)})
    X["whole"] = pd.Series([10**400, 1] * (N // 2), dtype=object)
    features = ClassifierFeatures().fit_transform(X)
    assert np.isfinite(features).all(axis=None)
    assert features["x"].tolist()[:4] == [4, 1, 2, -1]
    assert features["huge"].rank(method="dense").tolist()[:4] == [3, 1, 4, 2]
    for column in X:
        y = X[column] > 1.5
        assert make().fit(X[[column]], y).score(X[[column]], y) > 0.7


def test_columns_are_checked_by_number_name_and_order():
    X = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    fitted = ClassifierFeatures().fit(X)
    assert fitted.n_features_in_ == 2
    assert fitted.feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="same order"):
        fitted.transform(X[["b", "a"]])
    with pytest.raises(ValueError, match="unseen at fit time"):
        fitted.transform(X.rename(columns={"b": "c"}))
    with pytest.raises(ValueError, match="more than one column"):
        ClassifierFeatures().fit(pd.concat([X, X], axis=1))
    fitted.fit(np.ones((3, 1)))
    assert fitted.n_features_in_ == 1
    assert not hasattr(fitted, "feature_names_in_")
    assert fitted.transform([[2.0]])["0"].tolist() == [2]


def test_names_of_parts_make_way_for_columns_of_that_name():
    t = pd.date_range("2020-01-01", periods=50, freq="h")
    X = pd.DataFrame({"t": t, "t hour": np.arange(50.0)})
    features = ClassifierFeatures().fit_transform(X)
    assert len(features.columns) == len(set(features.columns)) == 3
    assert default_classifier().fit(X, np.arange(50) % 2).predict(X).shape == (50,)


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


def test_complex_numbers_and_sparse_matrices_are_refused():
    with pytest.raises(ValueError, match="Complex data not supported"):
        ClassifierFeatures().fit(pd.DataFrame({"c": [1j]}))


@pytest.mark.parametrize("make", [default_classifier, linear_classifier])
def test_outputs_do_not_follow_the_configuration_of_scikit_learn(make):
    X = pd.DataFrame({"w": ["a", "b", None, "a"] * 10, "x": np.arange(40.0)})
    y = np.arange(40) % 3
    expected = make().fit(X, y).predict_proba(X)
    for output in ("pandas", "default"):
        with sklearn.config_context(transform_output=output):
            np.testing.assert_array_equal(make().fit(X, y).predict_proba(X), expected)


@pytest.mark.parametrize("keep", [lambda x: pickle.loads(pickle.dumps(x)), None])
def test_fitted_features_can_be_kept(keep):
    X = pd.DataFrame({name: pd.Series(c) for name, c in COLUMNS.items()})
    X["w"] = words(*[2] * (N // 2))
    fitted = ClassifierFeatures().fit(X)
    if keep is None:
        text = skops.io.dumps(fitted)
        needed = skops.io.get_untrusted_types(data=text)
        assert needed == ["skfadm.encoding._features.ClassifierFeatures"]
        kept = skops.io.loads(text, trusted=needed)
    else:
        kept = keep(fitted)
    pd.testing.assert_frame_equal(kept.transform(X), fitted.transform(X))


@parametrize_with_checks([ClassifierFeatures()])
def test_scikit_learn_conventions(estimator, check):
    check(estimator)
