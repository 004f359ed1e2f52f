import datetime as dt
import pickle
import tracemalloc
from decimal import Decimal
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import kstest, norm
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from skfadm.encoding import TabularEncoder, _columns
from skfadm.encoding import _channels as encoding
from skfadm.encoding._formats import find_format

ADULT = Path(__file__).parents[2] / "shared" / "data" / "adult" / "adult.data"
N = 600


def with_gaps(values, rng):
    """Return the values as a Series with a fifth of them missing."""
    series = pd.Series(values)
    return series.mask(rng.random(len(series)) < 0.2)


def objects(values):
    return pd.Series(list(values), dtype=object)


def make_objects(days, small):
    """Columns of Python's own types."""
    gaps = small > 0
    times = days + pd.to_timedelta(abs(small) % 24, "h")
    zoned = times.tz_localize("UTC").tz_convert("Asia/Tokyo")
    columns = {
        "dates": objects(days.date),
        "datetimes": objects(times.to_pydatetime()),
        "datetimes beyond nanoseconds": objects(
            dt.datetime(5000 + k, 1, 2) for k in small
        ),  # noqa: E501
        "timestamps": objects(times),
        "times of day": objects(times.time),
        "timedeltas": objects((times - times[0]).to_pytimedelta()),
        "pandas' timedeltas": objects(times - times[0]),
        "datetimes in Tokyo": objects(zoned.to_pydatetime()),
        "timestamps in Tokyo": objects(zoned),
        "months as objects": objects(days.to_period("M")),
        "decimal objects": objects(Decimal(int(k)) / 8 for k in small),
        "UUIDs": objects(UUID(int=k % 7) for k in small),
        "bytes": objects(b"\xff%d" % (k % 7) for k in small),
        "tuples": objects((int(k) % 3, "a") for k in small),
        "several numbers": objects([Decimal(2), 2.5, True][k % 3] for k in small),
    }
    with_none = {f"{k} with None": v.where(gaps, None) for k, v in columns.items()}
    return columns | with_none


def make_arrow(days, small):
    zoned = pa.timestamp("us", "Europe/Berlin")
    values = {
        "date32": (days.date, pa.date32()),
        "date64": (days.date, pa.date64()),
        "decimal128": ([Decimal(int(k)) / 8 for k in small], pa.decimal128(12, 3)),
        "decimal256": ([Decimal(int(k)) for k in small], pa.decimal256(50, 2)),
        "timestamp": (days, pa.timestamp("s")),
        "zoned timestamp": (days.tz_localize("Europe/Berlin"), zoned),
        "duration": (days - days[0], pa.duration("ms")),
        "time32": ((days + pd.to_timedelta(abs(small), "s")).time, pa.time32("s")),
        "time64": ((days + pd.to_timedelta(abs(small), "s")).time, pa.time64("us")),
        "int8": (small, pa.int8()),
        "uint64": (abs(small).astype("u8") + np.uint64(2**63), pa.uint64()),
        "float32": (small / 4, pa.float32()),
        "float64": (small / 4, pa.float64()),
        "bool": (small > 0, pa.bool_()),
        "string": ((small % 7).astype(str), pa.string()),
        "large_string": ((small % 7).astype(str), pa.large_string()),
        "binary": ([b"%d" % (k % 7) for k in small], pa.binary()),
        "dictionary": ((small % 5).astype(str), pa.dictionary(pa.int8(), pa.string())),
        "null": ([None] * len(small), pa.null()),
    }
    columns = {}
    for name, (column, dtype) in values.items():
        series = pd.Series(
            pd.arrays.ArrowExtensionArray(pa.array(list(column), type=dtype))
        )
        columns[f"Arrow {name}"] = series
        columns[f"Arrow {name} with gaps"] = series.mask(small > 0)
    return columns


def make_columns(n=N):
    """One column of each kind that must come back exactly."""
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2020-01-01")
    days = start + pd.to_timedelta(rng.integers(0, 300, n), "D")
    small = rng.integers(-100, 100, n)
    columns = {
        "int8": small.astype("int8"),
        "uint64 beyond int64": abs(small).astype("uint64") + np.uint64(2**63),
        "UInt64 beyond int64": with_gaps(
            pd.array(abs(small).astype("uint64") + np.uint64(2**63), dtype="UInt64"),
            rng,
        ),
        "int64 extremes": np.where(small > 0, small, -(2**63)),
        "few integers": rng.integers(0, 5, n),
        "float32 integers": small.astype("float32"),
        "float with gaps": with_gaps(small.astype(float), rng),
        "float32 decimals": np.round(small / 7, 2).astype("float32"),
        "decimals": np.round(rng.lognormal(3, 1, n), 2),
        "spike": np.where(rng.random(n) < 0.6, 0, rng.integers(1, 9999, n)),
        "Int16": pd.array(small, dtype="Int16"),
        "Int16 with gaps": with_gaps(pd.array(small, dtype="Int16"), rng),
        "UInt8 with gaps": with_gaps(pd.array(abs(small), dtype="UInt8"), rng),
        "Float32 with gaps": with_gaps(pd.array(small, dtype="Float32"), rng),
        "bool": rng.random(n) < 0.3,
        "boolean with gaps": with_gaps(pd.array(small > 3, dtype="boolean"), rng),
        "days": days,
        "days with gaps": with_gaps(days.as_unit("us"), rng),
        "hours in Berlin": with_gaps(
            pd.Timestamp("2020-01-01", tz="Europe/Berlin")
            + pd.to_timedelta(rng.integers(0, 9000, n), "h"),
            rng,
        ),
        "minutes": with_gaps(pd.to_timedelta(small, "m"), rng),
        "ordered": pd.Categorical(
            rng.choice(list("abc"), n), categories=list("zcab"), ordered=True
        ),
        "category with gaps": with_gaps(pd.Categorical(rng.integers(0, 5, n)), rng),
        "bins": pd.cut(small, 4),
        "zoned category": pd.Categorical(
            days.floor("100D").as_unit("s").tz_localize("Europe/Berlin")
        ),
        "months": days.to_period("M"),
        "text": pd.Series(rng.choice(["x", "y", "zz"], n)),
        "text with gaps": with_gaps(rng.choice(["x", "y"], n), rng),
        "string": pd.array(rng.choice(["x", "y"], n), dtype="string"),
        "string with gaps": with_gaps(
            pd.array(rng.choice(["x", "y"], n), dtype="string"), rng
        ),
        "object": pd.Series(rng.choice(["x", "y"], n), dtype=object),
        "object with None": pd.Series(
            np.array(["x", "y", None], dtype=object)[rng.integers(0, 3, n)],
            dtype=object,
        ),
        "mixed": pd.Series(
            np.array([1, "a", 2.5, np.nan], dtype=object)[rng.integers(0, 4, n)],
            dtype=object,
        ),
        "objects that are numbers": pd.Series(small).astype(object),
        "bools with None": pd.Series(
            np.array([True, False, None], dtype=object)[rng.integers(0, 3, n)]
        ),
        **make_objects(days, small),
        **make_arrow(days, small),
        "sparse": pd.arrays.SparseArray(np.maximum(small, 0)),
        "sparse floats": pd.arrays.SparseArray(np.where(small > 0, small, np.nan)),
        "sparse beside one": pd.arrays.SparseArray(small % 3, fill_value=1),
        "sparse bool": pd.arrays.SparseArray(small > 0),
        "zone of Python": days.tz_localize(ZoneInfo("America/Sao_Paulo")),
        "offset": days.tz_localize(dt.timezone(dt.timedelta(minutes=-90))),
        "years as periods": pd.PeriodIndex.from_ordinals(small * 70, freq="Y"),
        "category of dates": pd.Categorical(days.floor("100D").date),
        "decimals of many digits": np.round(small / 7, 12),
        "many decimals, few digits": small / 1e9,
        "halves": small / 2,
        "tiny and huge": np.where(small > 0, small * 1.7e306, -1.0),
        "seen once": pd.Series(["rare"] + ["usual"] * (n - 1)),
        "constant number": np.full(n, 0.1),
        "constant text": pd.Series(["k"] * n, dtype=object),
        "constant with gaps": with_gaps(np.full(n, 7.0), rng),
        "all NaN": np.full(n, np.nan),
        "all None": pd.Series([None] * n, dtype=object),
        "all NA": pd.array([pd.NA] * n, dtype="Int8"),
        "all NaT": pd.Series([pd.NaT] * n, dtype="datetime64[s]"),
        "all missing category": pd.Categorical([None] * n, categories=["a", "b"]),
    }
    return {name: pd.Series(column, name=name) for name, column in columns.items()}


COLUMNS = make_columns()


def round_trip(X):
    encoder = TabularEncoder(random_state=0).fit(X)
    return encoder.inverse_transform(encoder.transform(X))


def random_compact(encoder, n, rng):
    """Draw a compact array as a network might: any numbers, any codes."""
    numbers = rng.normal(scale=3, size=(n, encoder.n_numbers_))
    codes = [rng.integers(0, size, n) for size in encoder.category_sizes_]
    return np.column_stack([numbers, *codes]).astype(np.float32)


def shuffled(E, rng):
    return np.column_stack([rng.permutation(column) for column in E.T])


@parametrize_with_checks([TabularEncoder(random_state=0)])
def test_encoder_passes_every_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_comes_back_exactly_in_its_dtype(name):
    X = COLUMNS[name].to_frame()
    pd.testing.assert_frame_equal(round_trip(X), X, rtol=0, atol=0)


@pytest.mark.parametrize("n_rows", [1, 3, N])
def test_a_table_of_all_kinds_comes_back_with_its_columns_in_order(n_rows):
    X = pd.DataFrame(COLUMNS).iloc[:n_rows]
    pd.testing.assert_frame_equal(round_trip(X), X, check_exact=True)


def test_a_missing_value_comes_back_as_the_same_object():
    for name in ("object with None", "mixed"):
        column = COLUMNS[name]
        back = round_trip(column.to_frame())[name]
        first = int(column.isna().argmax())
        assert type(back[first]) is type(column[first])


def test_integer_categories_keep_their_types_among_strings():
    back = round_trip(COLUMNS["mixed"].to_frame())["mixed"]
    assert {type(value) for value in back} == {int, str, float}


@pytest.mark.parametrize(
    "X",
    [
        np.arange(12, dtype="uint8").reshape(4, 3),
        np.array([[np.nan, 1], [2, 1], [0.5, 1]], dtype="float32"),
        np.array([[True, False], [True, True]]),
        np.array([["a", "bb"], ["c", "bb"]]),
        np.array([[1, "a", None], [2.5, "b", 3], [1, "b", 4]], dtype=object),
        np.array([["2020-01-01"], ["2020-02-01"], ["NaT"]], dtype="datetime64[s]"),
    ],
    ids=lambda X: X.dtype.str,
)
def test_an_array_comes_back_as_an_array_of_its_dtype(X):
    back = round_trip(X)
    assert type(back) is np.ndarray
    assert back.dtype == X.dtype
    pd.testing.assert_frame_equal(pd.DataFrame(back), pd.DataFrame(X), rtol=1e-6)


def test_a_list_of_mixed_rows_keeps_its_numbers():
    X = [[1, "a"], [2, "b"], [2, "b"]]
    assert round_trip(X).tolist() == X


def test_an_array_of_objects_keeps_None():
    X = np.array([["a"], [None], ["b"]], dtype=object)
    assert round_trip(X).tolist() == X.tolist()


@pytest.mark.parametrize(
    "columns",
    [
        pd.Index(["b", "a"], name="feature"),
        pd.Index([7, 3]),
        pd.RangeIndex(2),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["p", "q"]),
    ],
)
def test_column_labels_of_any_kind_come_back(columns):
    X = pd.DataFrame(np.arange(20).reshape(10, 2), columns=columns)
    pd.testing.assert_frame_equal(round_trip(X), X)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_continuous_numbers_come_back_within_float32_precision(dtype):
    X = np.random.default_rng(0).normal(size=(5000, 1)).astype(dtype)
    np.testing.assert_allclose(round_trip(X), X, atol=1e-5)


def test_the_compact_array_has_numbers_then_codes_as_float32():
    encoder = TabularEncoder(random_state=0)
    X = pd.DataFrame(COLUMNS)
    E = encoder.fit_transform(X)
    assert E.dtype == np.float32
    assert E.shape == (N, encoder.n_numbers_ + len(encoder.category_sizes_))
    codes = E[:, encoder.n_numbers_ :]
    assert np.isfinite(codes).all()
    for column, size in zip(codes.T, encoder.category_sizes_, strict=True):
        assert type(size) is int
        assert set(np.unique(column)) == set(range(size))


@pytest.mark.parametrize(
    ("name", "n_numbers", "sizes"),
    [
        ("decimals", 1, ()),
        ("spike", 1, (2,)),
        ("float with gaps", 1, (2,)),
        ("few integers", 0, (5,)),
        ("bool", 0, (2,)),
        ("boolean with gaps", 0, (3,)),
        ("ordered", 0, (3,)),
        ("constant with gaps", 0, (2,)),
        ("constant number", 0, ()),
        ("all NaN", 0, ()),
        ("all None", 0, ()),
        ("all missing category", 0, ()),
    ],
)
def test_a_column_has_only_the_channels_that_it_needs(name, n_numbers, sizes):
    encoder = TabularEncoder(random_state=0).fit(COLUMNS[name].to_frame())
    assert (encoder.n_numbers_, encoder.category_sizes_) == (n_numbers, sizes)


def number_laws(n):
    rng = np.random.default_rng(1)
    return {
        "lognormal": rng.lognormal(0, 2, n),
        "counts": rng.poisson(30, n),
        "many counts": rng.poisson(300, n),
        "uniform integers": rng.integers(0, 3000, n),
        "rounded": np.round(rng.normal(size=n), 1),
        "spike": np.where(rng.random(n) < 0.9, 0, rng.integers(1, 500, n)),
        "spikes among floats": np.where(rng.random(n) < 0.4, 1.5, rng.normal(size=n)),
        "small spike": np.where(rng.random(n) < 0.04, 1 / 3, rng.normal(size=n)),
        "gaps": np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
    }


@pytest.mark.parametrize("name", number_laws(10))
def test_a_number_channel_is_standard_normal(name):
    E = TabularEncoder(random_state=0).fit_transform(number_laws(20_000)[name][:, None])
    scores = E[~np.isnan(E[:, 0]), 0]
    assert kstest(scores, "norm").pvalue > 0.01
    assert np.abs(scores).max() < 5.5


def test_a_number_channel_is_nan_where_there_is_no_number():
    x = number_laws(20_000)["gaps"]
    encoder = TabularEncoder(random_state=0)
    E = encoder.fit_transform(x[:, None])
    np.testing.assert_array_equal(np.isnan(E[:, 0]), np.isnan(x))
    E[np.isnan(x), 0] = 1.0  # whatever a generator leaves there does not matter
    np.testing.assert_array_equal(
        np.isnan(encoder.inverse_transform(E)[:, 0]), np.isnan(x)
    )


def test_a_number_that_is_needed_must_be_finite():
    x = number_laws(100)["gaps"]
    encoder = TabularEncoder(random_state=0)
    E = encoder.fit_transform(x[:, None])
    E[:, 0] = np.nan
    with pytest.raises(ValueError, match="NaN in its number channel"):
        encoder.inverse_transform(E)


@pytest.mark.parametrize("name", ["counts", "rounded", "spike"])
def test_normal_scores_decode_to_the_marginal_of_tied_values(name):
    n = 20_000
    x = number_laws(n)[name]
    encoder = TabularEncoder(random_state=0)
    E = encoder.fit_transform(x[:, None])
    E = shuffled(E, np.random.default_rng(2))
    E[:, 0] = np.random.default_rng(3).normal(size=n)
    back = encoder.inverse_transform(E)[:, 0]
    values = np.unique(x)
    assert set(back) <= set(values)
    for value in values:
        share = (x == value).mean()
        error = 5 * np.sqrt(share / n)
        assert (back == value).mean() == pytest.approx(share, abs=error)


@pytest.mark.parametrize("name", ["lognormal", "uniform integers", "many counts"])
def test_normal_scores_decode_to_the_distribution_of_untied_values(name):
    x = number_laws(20_000)[name]
    encoder = TabularEncoder(random_state=0).fit(x[:, None])
    scores = np.random.default_rng(3).normal(size=(20_000, 1))
    back = encoder.inverse_transform(scores)[:, 0]
    assert kstest(back, x).pvalue > 0.01
    # The tail is resolved: its extreme does not swell the mean.
    assert back.mean() == pytest.approx(x.mean(), abs=4 * x.std() / np.sqrt(len(x)))


def test_the_tail_of_untied_values_is_resolved():
    x = number_laws(100_000)["lognormal"]
    encoder = TabularEncoder(random_state=0).fit(x[:, None])
    levels = np.array([0.0005, 0.001, 0.01, 0.5, 0.99, 0.999, 0.9995, 0.9999])
    back = encoder.inverse_transform(norm.ppf(levels)[:, None])[:, 0]
    np.testing.assert_allclose(back, np.quantile(x, levels), rtol=0.02)


def atoms(x):
    (column,) = TabularEncoder(random_state=0).fit(np.asarray(x)[:, None]).columns_
    return column.scale.numbers(column.atoms).tolist()


def test_a_number_that_is_far_commoner_than_those_beside_it_is_an_atom():
    rng = np.random.default_rng(0)
    smooth = rng.poisson(300, 20_000)
    assert atoms(smooth) == []
    # 2 % of the rows at a number that has few.
    assert atoms(np.where(rng.random(20_000) < 0.02, 345, smooth)) == [345]
    # The same share does not stand out where the numbers beside it are as common.
    assert atoms(np.where(rng.random(20_000) < 0.02, 300, smooth)) == []
    assert atoms(number_laws(20_000)["small spike"]) == [1 / 3]


def test_an_end_of_the_range_where_numbers_pile_up_is_an_atom():
    clipped = np.random.default_rng(0).normal(size=20_000).clip(-2.0, 2.5)
    assert atoms(clipped) == [-2.0, 2.5]


def test_a_number_of_few_rows_is_no_atom():
    x = np.random.default_rng(0).normal(size=1000)
    assert atoms([*x, *[0.5] * 19]) == []
    assert atoms([*x, *[0.5] * 20]) == [0.5]


def test_the_commonest_of_many_spikes_are_atoms():
    rng = np.random.default_rng(0)
    spikes = 1000 * np.repeat(np.arange(100), 3 * np.arange(20, 120))
    x = np.concatenate([spikes, rng.integers(0, 100_000, 20_000)])
    assert atoms(x) == [1000 * k for k in range(36, 100)]


def test_a_value_seen_once_among_millions_survives_float32():
    counts = np.array([3_500_000, 1, 1_500_000])
    cdf = _columns.EmpiricalCDF(np.arange(3.0), counts, 0.0, 2.0)
    scores = cdf.encode(np.ones(10_000), np.random.default_rng(0))
    assert (cdf.decode(scores.astype(np.float32)) == 1).all()


def test_floats_too_large_to_round_come_back():
    X = pd.DataFrame({"a": [0.25, 1e305, 1 / 3, 7.0]})
    # A float32 score resolves about 1e-7 of the distance to the neighbouring value.
    np.testing.assert_allclose(round_trip(X), X, rtol=0, atol=1e-7 * 1e305)


def test_missing_values_are_generated_in_their_share():
    x = number_laws(20_000)["gaps"]
    encoder = TabularEncoder(random_state=0)
    E = encoder.fit_transform(x[:, None])
    E[np.isnan(x), 0] = 0.0
    back = encoder.inverse_transform(shuffled(E, np.random.default_rng(2)))
    assert np.isnan(back).mean() == np.isnan(x).mean()


def test_any_compact_array_decodes_to_known_categories_and_numbers_in_range():
    X = pd.DataFrame(COLUMNS)
    encoder = TabularEncoder(random_state=0).fit(X)
    back = encoder.inverse_transform(
        random_compact(encoder, 3000, np.random.default_rng(0))
    )
    pd.testing.assert_series_equal(back.dtypes, X.dtypes)
    for name, column in X.items():
        found = back[name]
        assert found.hasnans <= column.hasnans
        if find_format(name, column) and column.notna().any():
            assert found.dropna().min() >= column.dropna().min()
            assert found.dropna().max() <= column.dropna().max()
        else:
            assert set(found.dropna()) <= set(column.dropna())


def test_generated_numbers_have_the_decimals_and_the_divisor_of_the_data():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "money": np.round(rng.lognormal(3, 1, 5000), 2),
            "hundreds": 50 + 100 * rng.integers(0, 9000, 5000),
            "day": pd.Timestamp("1970-01-01")
            + pd.to_timedelta(rng.integers(0, 20_000, 5000), "D"),
        }
    )
    encoder = TabularEncoder(random_state=0).fit(X)
    assert encoder.n_numbers_ == 3
    back = encoder.inverse_transform(rng.normal(size=(5000, 3)))
    assert (back["money"].round(2) == back["money"]).all()
    assert (back["hundreds"] % 100 == 50).all()
    assert (back["day"] == back["day"].dt.normalize()).all()
    assert not set(back["hundreds"]) <= set(X["hundreds"])


def test_untied_numbers_are_not_copied_from_the_table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 1))
    encoder = TabularEncoder(random_state=0).fit(X)
    back = encoder.inverse_transform(rng.normal(size=(500, 1)))
    # Beyond the outermost of 500 values lies a share of 1/500.
    assert np.isin(back, X).mean() < 0.02


def test_the_smallest_and_largest_value_survive_subsampling():
    rng = np.random.default_rng(0)
    x = rng.normal(size=_columns.SUBSAMPLE * 2)
    y = np.r_[0, 1, rng.integers(1, 4, len(x) - 3), 4]
    X = np.column_stack([x, y])
    encoder = TabularEncoder(random_state=0).fit(X)
    assert (encoder.n_numbers_, encoder.category_sizes_) == (1, (5,))
    back = encoder.inverse_transform(encoder.transform(X))
    np.testing.assert_array_equal(back[:, 1], y)
    np.testing.assert_allclose(back[:, 0], x, atol=1e-5)
    ends = encoder.inverse_transform([[-6, 0], [6, 0]])[:, 0]
    assert ends.tolist() == [x.min(), x.max()]


@pytest.mark.parametrize("n_categories", [500, 10_000])
def test_many_categories_come_back(n_categories):
    codes = np.random.default_rng(0).permutation(2 * n_categories) // 2
    X = pd.DataFrame({"a": pd.Series(codes).map("c{}".format)})
    encoder = TabularEncoder(random_state=0, identifiers="keep").fit(X)
    assert encoder.category_sizes_ == (n_categories,)
    pd.testing.assert_frame_equal(encoder.inverse_transform(encoder.transform(X)), X)


def test_a_hundred_columns_come_back():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({f"c{j}": rng.integers(0, j + 2, 300) for j in range(100)})
    pd.testing.assert_frame_equal(round_trip(X), X)


def test_the_encoding_repeats_for_an_integer_seed_and_varies_without():
    X = COLUMNS["int8"].to_frame()
    encoder = TabularEncoder(random_state=0).fit(X)
    np.testing.assert_array_equal(encoder.transform(X), encoder.transform(X))
    other = clone(encoder).set_params(random_state=1).fit(X)
    assert (encoder.transform(X) != other.transform(X)).any()
    fresh = TabularEncoder().fit(X)
    assert (fresh.transform(X) != fresh.transform(X)).any()


@pytest.mark.parametrize("random_state", [None, 0, np.random.RandomState(0)])
def test_the_global_random_state_is_left_alone(random_state):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    TabularEncoder(random_state).fit_transform(COLUMNS["int8"].to_frame())
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_the_table_given_is_not_changed():
    X = pd.DataFrame(COLUMNS)
    before = X.copy(deep=True)
    round_trip(X)
    pd.testing.assert_frame_equal(X, before)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float64", "Float64", object])
def test_infinite_numbers_are_refused_by_column_name(value, dtype):
    X = pd.DataFrame({"ok": [1.0, 2.0], "age": pd.Series([1.5, value], dtype=dtype)})
    with pytest.raises(ValueError, match="'age' holds infinite numbers"):
        TabularEncoder().fit(X)
    encoder = TabularEncoder().fit(X.assign(age=[1.5, 2.5]))
    with pytest.raises(ValueError, match="'age' holds infinite numbers"):
        encoder.transform(X)


@pytest.mark.parametrize("dtype", ["category", "string", object])
@pytest.mark.parametrize("seen", [["a", "b"], ["a", "a"]])
def test_an_unknown_category_is_refused_by_column_name_and_value(dtype, seen):
    encoder = TabularEncoder().fit(pd.DataFrame({"job": seen}, dtype=dtype))
    with pytest.raises(ValueError, match="'job' holds the unknown category 'new'"):
        encoder.transform(pd.DataFrame({"job": ["a", "new"]}, dtype=dtype))


def test_a_category_of_the_dtype_that_was_not_seen_is_unknown():
    X = pd.DataFrame({"job": pd.Categorical(["a", "b"], categories=["a", "b", "c"])})
    encoder = TabularEncoder().fit(X)
    assert encoder.category_sizes_ == (2,)
    X.loc[0, "job"] = "c"
    with pytest.raises(ValueError, match="unknown category 'c'"):
        encoder.transform(X)


@pytest.mark.parametrize("values", [[1.5, 2.5, 4.0], ["a", "b", "b"], [1.0, 1.0, 1.0]])
def test_a_missing_value_in_a_column_complete_in_fit_is_refused(values):
    encoder = TabularEncoder().fit(pd.DataFrame({"age": values}))
    with pytest.raises(ValueError, match="'age' holds missing values, expected none"):
        encoder.transform(pd.DataFrame({"age": [*values[:2], None]}))


def test_a_number_in_a_column_missing_throughout_fit_is_refused():
    encoder = TabularEncoder().fit(pd.DataFrame({"age": [np.nan, np.nan]}))
    with pytest.raises(ValueError, match="'age' holds numbers, expected only missing"):
        encoder.transform(pd.DataFrame({"age": [np.nan, 1.0]}))


def test_words_in_a_number_column_are_refused_by_column_name():
    encoder = TabularEncoder().fit(pd.DataFrame({"age": [1.5, 2.5]}))
    with pytest.raises(ValueError, match="'age' held float64 numbers in fit"):
        encoder.transform(pd.DataFrame({"age": ["old", "young"]}))


def test_complex_numbers_are_refused():
    X = pd.DataFrame({"a": [1 + 1j, 2]})
    with pytest.raises(ValueError, match="Complex data not supported"):
        TabularEncoder().fit(X)


def test_values_that_are_not_hashable_are_refused_by_column_name():
    X = pd.DataFrame({"tags": [["a"], ["b"]]})
    with pytest.raises(TypeError, match="'tags' holds values that cannot be categ"):
        TabularEncoder().fit(X)


def test_wrong_columns_are_refused():
    X = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    encoder = TabularEncoder().fit(X)
    for method in (encoder.transform, encoder.check_columns):
        with pytest.raises(ValueError, match="feature names should match"):
            method(X[["b", "a"]])
        with pytest.raises(ValueError, match="feature names should match"):
            method(X[["a"]])
    assert encoder.check_columns(X) is X
    with pytest.raises(ValueError, match="more than one column named 'a'"):
        encoder.fit(X.set_axis(["a", "a"], axis=1))
    for empty, what in ((X[:0], "sample"), (X[[]], "feature")):
        with pytest.raises(ValueError, match=rf"Found array with 0 {what}\(s\)"):
            TabularEncoder().fit(empty)


def test_numbers_not_seen_in_fit_become_the_nearest_seen():
    X = pd.DataFrame({"range": np.arange(50), "few": np.arange(50) % 5 * 10})
    encoder = TabularEncoder(random_state=0).fit(X)
    other = pd.DataFrame({"range": [-7, 99, 3], "few": [12, 99, -5]})
    back = encoder.inverse_transform(encoder.transform(other))
    assert back["range"].tolist() == [0, 49, 3]
    assert back["few"].tolist() == [10, 40, 0]


@pytest.mark.parametrize("code", [-1, 3, 0.5])
def test_a_code_that_is_none_is_refused_by_column_name(code):
    encoder = TabularEncoder().fit(pd.DataFrame({"job": ["a", "b", "c"]}))
    with pytest.raises(ValueError, match=r"'job' holds values .* integers in \[0, 2\]"):
        encoder.inverse_transform([[0.0], [code]])


def test_a_compact_array_of_the_wrong_width_is_refused():
    encoder = TabularEncoder().fit(pd.DataFrame({"a": [1.5, 2.0], "b": ["x", "y"]}))
    with pytest.raises(ValueError, match="1 columns, expected 2: 1 numbers and 1 cod"):
        encoder.inverse_transform([[0.0]])


def test_channels_are_named_after_their_columns():
    X = pd.DataFrame(COLUMNS)[["ordered", "spike", "few integers", "decimals"]]
    encoder = TabularEncoder(random_state=0).set_output(transform="pandas")
    E = encoder.fit_transform(X)
    names = ["spike", "decimals", "ordered", "spike=?", "few integers"]
    assert E.columns.tolist() == names
    pd.testing.assert_frame_equal(encoder.inverse_transform(E), X)


def same_after(encoder, restored):
    X = pd.DataFrame(COLUMNS)
    expected = encoder.inverse_transform(encoder.transform(X))
    found = restored.inverse_transform(restored.transform(X))
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_pickle_keeps_the_encoder():
    encoder = TabularEncoder(random_state=0).fit(pd.DataFrame(COLUMNS))
    same_after(encoder, pickle.loads(pickle.dumps(encoder)))


def test_skops_needs_to_trust_types_of_this_package_only():
    sio = pytest.importorskip("skops.io")
    encoder = TabularEncoder(random_state=0).fit(pd.DataFrame(COLUMNS))
    stored = sio.dumps(encoder)
    types = sio.get_untrusted_types(data=stored)
    assert types
    assert all(name.startswith("skfadm.") for name in types)
    same_after(encoder, sio.loads(stored, trusted=types))


@pytest.fixture(scope="module")
def adult():
    if not ADULT.exists():
        pytest.skip("needs ../shared/data/adult")
    names = (
        "age workclass fnlwgt education education-num marital-status occupation "
        "relationship race sex capital-gain capital-loss hours-per-week country income"
    )
    return pd.read_csv(
        ADULT, names=names.split(), skipinitialspace=True, na_values=["?"]
    )


def test_adult_comes_back_exactly(adult):
    pd.testing.assert_frame_equal(round_trip(adult), adult, check_exact=True)


def test_adult_has_normal_numbers_and_atoms_where_values_pile_up(adult):
    encoder = TabularEncoder(random_state=0)
    E = encoder.fit_transform(adult)
    names = encoder.get_feature_names_out().tolist()
    assert names[: encoder.n_numbers_] == [
        *("age", "fnlwgt", "capital-gain", "capital-loss", "hours-per-week")
    ]
    sizes = dict(zip(names[encoder.n_numbers_ :], encoder.category_sizes_, strict=True))
    gain = encoder.columns_[list(adult).index("capital-gain")]
    # Sums that the tax law or the rounding of the census made common.
    assert {0, 7298, 7688, 15024, 99999} <= set(gain.scale.numbers(gain.atoms))
    assert sizes["hours-per-week=?"] > 4
    hours = encoder.columns_[list(adult).index("hours-per-week")]
    assert {20, 40, 50, 60} <= set(hours.scale.numbers(hours.atoms))
    assert sizes["education-num"] == 16
    assert sizes["workclass"] == 9  # 8 and missing
    for scores in E[:, : encoder.n_numbers_].T:
        assert kstest(scores[~np.isnan(scores)], "norm").pvalue > 0.01


def large_table(n):
    rng = np.random.default_rng(0)
    columns = {f"number{j}": rng.normal(size=n) for j in range(5)}
    columns |= {f"count{j}": rng.integers(0, 3000, n) for j in range(5)}
    for j in range(10):
        codes = rng.integers(0, 20, n, dtype=np.int8)
        columns[f"word{j}"] = pd.Categorical.from_codes(
            codes, [*"abcdefghijklmnopqrst"]
        )
    return pd.DataFrame(columns, copy=False)


@pytest.mark.parametrize("block", [7, N - 1])
def test_an_encoding_does_not_depend_on_the_blocks_it_is_made_in(block, monkeypatch):
    X = pd.DataFrame(make_columns())
    encoder = TabularEncoder(random_state=0).fit(X)
    expected = encoder.transform(X)
    monkeypatch.setattr(encoding, "BLOCK", block)
    np.testing.assert_array_equal(encoder.transform(X), expected)


def test_encoding_takes_little_memory_beyond_the_encoded_rows():
    X = large_table(400_000)
    encoder = TabularEncoder(random_state=0)
    encoder.fit_transform(X[:1000])
    tracemalloc.start()
    encoded = encoder.fit(X).transform(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # What is fitted at a time, one column, and what is encoded at a time, one block.
    assert peak < 1.5 * encoded.nbytes
