"""A table comes back from the encoder as it was, in its columns and types."""

import enum
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from scipy.stats import kstest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from skfadm.encoding import TabularEncoder

from .columns import COLUMNS, N, round_trip

ADULT = Path(__file__).parents[2] / "shared" / "data" / "adult" / "adult.data"


@parametrize_with_checks([TabularEncoder(random_state=0)])
def test_encoder_passes_every_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_comes_back_exactly_in_its_dtype(name):
    X = COLUMNS[name].to_frame()
    pd.testing.assert_frame_equal(round_trip(X), X, check_exact=True)


@pytest.mark.parametrize("n_rows", [1, 3])
def test_a_table_of_all_kinds_comes_back_with_its_columns_in_order(n_rows):
    X = pd.DataFrame(COLUMNS).iloc[:n_rows]
    pd.testing.assert_frame_equal(round_trip(X), X, check_exact=True)


@pytest.mark.parametrize(
    "name", ["object with None", "mixed", "objects that are numbers"]
)
def test_values_and_gaps_of_objects_keep_their_types(name):
    column = COLUMNS[name]
    assert round_trip(column.to_frame())[name].map(type).equals(column.map(type))


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


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


def test_members_of_an_enumeration_come_back_as_such_from_a_file_too():
    X = pd.DataFrame({"level": pd.Series([Level.LOW, Level.HIGH] * 20, dtype=object)})
    encoder = TabularEncoder(random_state=0).fit(X)
    stored = skops.io.dumps(encoder)
    types = skops.io.get_untrusted_types(data=stored)
    assert any(name.endswith(".Level") for name in types)
    for kept in (encoder, skops.io.loads(stored, trusted=types)):
        back = kept.inverse_transform(kept.transform(X))["level"]
        assert {type(value) for value in back} == {Level}
        assert back.tolist() == X["level"].tolist()


def test_few_numbers_do_not_leave_their_range_by_rounding():
    X = pd.DataFrame(
        {
            "nearly 1000": [999.9999999999999] * 3,
            "16 digits": [-0.5736860263438919, 0.0, 0.0],
            "smallest": [5e-324] * 3,
        }
    )
    pd.testing.assert_frame_equal(round_trip(X), X, check_exact=True)


def test_a_list_of_mixed_rows_keeps_its_numbers():
    X = [[1, "a"], [2, "b"], [2, "b"]]
    assert round_trip(X).tolist() == X


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
        ("all missing category", 0, ()),
    ],
)
def test_a_column_has_only_the_channels_that_it_needs(name, n_numbers, sizes):
    encoder = TabularEncoder(random_state=0).fit(COLUMNS[name].to_frame())
    assert (encoder.n_numbers_, encoder.category_sizes_) == (n_numbers, sizes)


def test_the_encoding_repeats_for_an_integer_seed_and_varies_without():
    X = COLUMNS["int8"].to_frame()
    encoder = TabularEncoder(random_state=0).fit(X)
    np.testing.assert_array_equal(encoder.transform(X), encoder.transform(X))
    other = clone(encoder).set_params(random_state=1).fit(X)
    assert (encoder.transform(X) != other.transform(X)).any()
    fresh = TabularEncoder().fit(X)
    assert (fresh.transform(X) != fresh.transform(X)).any()


def test_numbers_not_seen_in_fit_become_the_nearest_seen():
    X = pd.DataFrame({"range": np.arange(50), "few": np.arange(50) % 5 * 10})
    encoder = TabularEncoder(random_state=0, min_frequency=1).fit(X)
    other = pd.DataFrame({"range": [-7, 99, 3], "few": [12, 99, -5]})
    back = encoder.inverse_transform(encoder.transform(other))
    assert back["range"].tolist() == [0, 49, 3]
    assert back["few"].tolist() == [10, 40, 0]


@pytest.mark.skipif(not ADULT.exists(), reason="needs ../shared/data/adult")
def test_adult_comes_back_and_has_atoms_where_values_pile_up():
    names = (
        "age workclass fnlwgt education education-num marital-status occupation "
        "relationship race sex capital-gain capital-loss hours-per-week country income"
    )
    adult = pd.read_csv(
        ADULT, names=names.split(), skipinitialspace=True, na_values=["?"]
    )
    pd.testing.assert_frame_equal(round_trip(adult), adult, check_exact=True)
    encoder = TabularEncoder(random_state=0)
    E = encoder.fit_transform(adult)
    columns = dict(zip(adult, encoder.columns_, strict=True))
    assert [name for name, column in columns.items() if column.has_number] == [
        *("age", "fnlwgt", "capital-gain", "capital-loss", "hours-per-week")
    ]
    assert columns["education-num"].category_size == 16
    assert columns["workclass"].category_size == 9  # 8 and missing
    # Sums that the tax law or the rounding of the census made common.
    for name, expected in {
        "capital-gain": {0, 7298, 7688, 15024, 99999},
        "hours-per-week": {20, 40, 50, 60},
    }.items():
        atoms = columns[name].scale.numbers(columns[name].atoms)
        assert expected <= set(atoms)
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


def test_an_encoding_does_not_depend_on_the_blocks_it_is_made_in(monkeypatch):
    X = pd.DataFrame(COLUMNS)
    encoder = TabularEncoder(random_state=0).fit(X)
    expected = encoder.transform(X)
    monkeypatch.setattr("skfadm.encoding._encoder.BLOCK", 101)
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


def test_a_fitted_encoder_can_be_kept_and_skops_trusts_types_of_the_package_only():
    X = pd.DataFrame(COLUMNS)
    encoder = TabularEncoder(random_state=0).fit(X)
    expected = encoder.inverse_transform(encoder.transform(X))
    stored = skops.io.dumps(encoder)
    types = skops.io.get_untrusted_types(data=stored)
    assert types
    assert all(name.startswith("skfadm.") for name in types)
    kept = skops.io.loads(stored, trusted=types), pickle.loads(pickle.dumps(encoder))
    for restored in kept:
        found = restored.inverse_transform(restored.transform(X))
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
