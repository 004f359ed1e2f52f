"""Tables, labels, groups and domains of any library are taken as those of pandas."""

import warnings

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import skops.io
import torch
from sklearn.base import clone

from skfadm import (
    FairnessScorer,
    SyntheticDataClassifier,
    audit_groups,
    demographic_parity_ratio,
    equal_opportunity_ratio,
    fairness_report,
    quality_report,
)
from skfadm._containers import to_pandas
from skfadm.baselines import VAE

from .generators import tiny

N = 300
RNG = np.random.default_rng(0)
Z = RNG.integers(0, 2, N)
NUMBERS = RNG.normal(size=N) + Z
Y = (NUMBERS + RNG.normal(size=N) > 0.5).astype(int)
PLACES = RNG.integers(0, 3, N)
TABLE = pd.DataFrame(
    {
        "amount": NUMBERS,
        "count": RNG.integers(0, 90, N),
        "word": np.array(["red", "green", "blue"])[PLACES],
        "day": pd.to_datetime(18_600 + RNG.integers(0, 400, N), unit="D"),
        "flag": Z == PLACES,
    }
)  # fmt: skip

#: A column of each library, from an array of NumPy.
COLUMNS = {
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "polars": pl.Series,
    "Arrow chunks": lambda a: pa.chunked_array([a[:99], a[99:]]),
    "tensor that tracks": lambda a: torch.tensor(a, dtype=float, requires_grad=True),
    "Int64": lambda a: pd.array(a, dtype="Int64"),
    "Arrow in pandas": lambda a: pd.Series(a, dtype=pd.ArrowDtype(pa.int64())),
    "StringDType": lambda a: a.astype(str).astype(np.dtypes.StringDType()),
    "unmasked": np.ma.masked_array,
    "narwhals": lambda a: nw.from_native(pl.Series(a), series_only=True),
}


@pytest.fixture
def strict():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        warnings.filterwarnings("error", ".*feature names")
        yield


@pytest.fixture(scope="module")
def reference():
    return VAE(max_iter=3, hidden_width=8, random_state=0).fit(TABLE, Y, Z, PLACES)


@pytest.mark.parametrize("library", COLUMNS)
def test_labels_groups_and_domains_of_any_library_train_the_same(library, reference):
    make = COLUMNS[library]
    fitted = clone(reference).fit(TABLE, make(Y), make(Z), make(PLACES))
    pd.testing.assert_frame_equal(fitted.sample(20)[0], reference.sample(20)[0])
    X, y = fitted.sample(20, make(np.arange(20) % 2))
    assert [int(label) for label in np.asarray(y)] == [k % 2 for k in range(20)]


@pytest.mark.parametrize("library", COLUMNS)
def test_measures_take_columns_of_any_library(library):
    make, guess = COLUMNS[library], (NUMBERS > 0.6).astype(int)
    for ratio in (demographic_parity_ratio, equal_opportunity_ratio):
        expected = ratio(Y, guess, z=Z)
        assert ratio(make(Y), make(guess), z=make(Z)) == pytest.approx(expected)
    plain, found = (
        audit_groups((TABLE, of(Y)), (TABLE, of(Y)), of(Z)).rates.to_numpy()
        for of in (np.asarray, make)
    )
    np.testing.assert_allclose(found.astype(float), plain.astype(float))


def test_labels_come_back_as_the_column_that_they_came_as(strict):
    for make in (pl.Series, pa.array, pd.Series):
        given = make(np.array(["no", "yes"])[Y])
        y = tiny(lambda_yz=0).fit(TABLE, given).sample(9)[1]
        assert type(y) is (pa.ChunkedArray if make is pa.array else type(given))
        assert set(y.to_pandas() if make is pa.array else y) <= {"no", "yes"}


POLARS = pl.DataFrame(
    {
        "int": pl.Series(PLACES, dtype=pl.Int16),
        "float": NUMBERS,
        "text": TABLE["word"].tolist(),
        "category": pl.Series(TABLE["word"].tolist(), dtype=pl.Categorical),
        "enum": pl.Series(
            TABLE["word"].tolist(), dtype=pl.Enum(["blue", "none", "red", "green"])
        ),
        "day": TABLE["day"].dt.date.tolist(),
        "time": pl.Series(TABLE["day"].tolist()).dt.replace_time_zone("Europe/Berlin"),
        "flag": TABLE["flag"].tolist(),
        "price": pl.Series(np.round(NUMBERS, 2)).cast(pl.Decimal(9, 2)),
    }
).with_columns(gaps=pl.when(pl.col("int") > 0).then(pl.col("float")))


@pytest.mark.parametrize("make", [pl.DataFrame.clone, pl.DataFrame.to_arrow])
def test_a_table_with_names_comes_back_as_that_kind_of_table(make, strict):
    X = make(POLARS)
    generator = tiny().fit(X, Y, Z)
    new, _ = generator.sample(40)
    assert type(new) is type(X)
    assert new.schema == X.schema
    asked, _ = generator.sample(40, 1)
    assert asked.schema == X.schema
    assert type(generator.adapt(X).sample(2)[0]) is type(X)
    packed = skops.io.dumps(generator)
    trusted = skops.io.get_untrusted_types(data=packed)
    kept = skops.io.loads(packed, trusted=trusted).sample(7)[0]
    assert kept.equals(generator.sample(7)[0])
    # Its columns are those of pandas to what compares and trains.
    pandas = POLARS.to_pandas()
    generator.adapt(pandas).sample(2)
    assert generator.feature_names_in_.tolist() == POLARS.columns


@pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas])
def test_whatever_takes_a_table_takes_those_of_polars_and_arrow(make, strict):
    X, other = make(TABLE), make(TABLE[::-1])
    model = SyntheticDataClassifier(tiny(), random_state=0).fit(X, Y, Z, X_target=other)
    assert model.predict(X).shape == (N,)
    FairnessScorer("accuracy").score(model, X, Y)
    report = quality_report(X, other, random_state=0)
    assert report.column_scores.min() == pytest.approx(1)
    assert fairness_report(X, other, Y, Y[::-1], Z, max_rows=200)


def test_a_lazy_table_is_collected_and_others_become_those_of_pandas(strict):
    new = tiny(lambda_yz=0).fit(POLARS.lazy(), Y).sample(5)[0]
    assert new.schema == POLARS.schema
    assert to_pandas("X", pa.record_batch(TABLE)).shape == TABLE.shape


@pytest.mark.parametrize("dtype", [float, "int32", "int64", str, "M8[s]", bool, object])
def test_masked_values_are_missing(dtype, strict):
    hidden = Z == 1
    values = (
        np.full(N, 999).astype("i8").astype(dtype)
        if dtype is not str
        else np.full(N, "secret")
    )
    shown = values.copy()
    shown[~hidden] = np.asarray([0, 1, 2])[PLACES[~hidden]].astype(dtype)
    X = np.ma.masked_array(np.column_stack([shown, shown]), mask=np.c_[hidden, hidden])
    plain = to_pandas("X", X)
    assert not isinstance(plain, np.ma.MaskedArray)
    assert (pd.isna(plain) == X.mask).all()
    assert (plain[~hidden] == X.data[~hidden]).all()
    new = tiny(lambda_yz=0).fit(X, Y).sample(99)[0]
    assert set(new[~pd.isna(new)].tolist()) <= set(X.data[~hidden].ravel().tolist())


def test_masked_labels_and_domains_are_refused_and_masked_groups_missing(strict):
    masked = np.ma.masked_array(Z, mask=PLACES == 1)
    missing = pd.Series(Z, dtype="Int64").mask(PLACES == 1)
    found, expected = (tiny().fit(TABLE, Y, z).sample(20) for z in (masked, missing))
    pd.testing.assert_frame_equal(found[0], expected[0])
    assert (found[1] == expected[1]).all()
    for name, values in {"y": (masked, Z, Z), "domains": (Y, Z, masked)}.items():
        with pytest.raises(ValueError, match=f"{name} has .* missing values"):
            tiny().fit(TABLE, *values)
    with pytest.raises(ValueError, match="z has .* missing values"):
        demographic_parity_ratio(Y, Y, z=masked)
    with pytest.raises(ValueError, match="missing values"):
        demographic_parity_ratio(np.ma.masked_array(Y, mask=PLACES == 1), Y, z=Z)


def test_an_array_with_fields_is_refused_with_what_to_write():
    fields = TABLE[["amount", "count"]].to_records(index=False)
    with pytest.raises(TypeError, match=r"X is an array with the fields amount, count"):
        tiny().fit(fields, Y)
    with pytest.raises(ValueError, match="Expected 2D array, got 1D array instead"):
        tiny().fit(pl.Series(NUMBERS), Y)
