"""Times with zones, decimals, extremes, and what is refused."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from skfadm.encoding import TabularEncoder

from . import columns


def generated(column, n=4000, seed=0):
    encoder = TabularEncoder(0).fit(pd.DataFrame({"c": column}))
    return columns.generated(encoder, n, seed)["c"]


def days(zone, n=2000):
    rng = np.random.default_rng(0)
    dates = pd.Timestamp("2019-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D")
    return pd.Series(dates).dt.tz_localize(zone, nonexistent="shift_forward")


def as_arrow(column):
    return column.astype(pd.ArrowDtype(pa.timestamp("ms", "Europe/Berlin")))


@pytest.mark.parametrize("form", [lambda c: c, as_arrow])
def test_midnights_of_a_zone_stay_midnights_in_summer(form):
    column = form(days("Europe/Berlin"))
    found = generated(column)
    assert found.dtype == column.dtype
    typed = pd.to_datetime(pd.Series(list(found)), utc=True)
    berlin = typed.dt.tz_convert("Europe/Berlin")
    assert (berlin == berlin.dt.normalize()).all()
    # In summer and in winter.
    assert berlin.map(lambda t: t.utcoffset()).nunique() == 2


@pytest.mark.parametrize(
    ("scale", "decimals", "dtype"),
    [(180, 7, float), (90, 5, "float32"), (1e4, 10, float), (9, 3, "float16"),
     (1e-6, 12, float), (1e9, 2, "Float64")],
)  # fmt: skip
def test_generated_floats_have_no_more_decimals_than_the_column(scale, decimals, dtype):
    x = np.random.default_rng(0).uniform(-scale, scale, 3000)
    column = pd.Series(np.round(x, decimals)).astype(dtype)
    found = generated(column)
    assert found.dtype == dtype
    texts = [np.format_float_positional(v, trim="-") for v in found.to_numpy()]
    texts = pd.Series(texts)
    assert texts.str.partition(".")[2].str.len().max() == decimals
    assert found.nunique() > 500


def test_sums_of_decimals_have_as_many_decimals():
    column = pd.Series(np.arange(3000) * 0.1)
    assert (column.map(repr).str.len() > 10).any()
    found = generated(column)
    assert (found == found.round(1)).all()


def test_floats_in_steps_come_back_in_steps():
    x = np.random.default_rng(0).integers(0, 4000, 3000)
    assert (generated(pd.Series(x * 100.0)) % 100 == 0).all()
    assert (generated(pd.Series(x / 4)) % 0.25 == 0).all()


EXTREMES = {
    "float64": np.finfo(float).max,
    "float32": np.finfo("f4").max,
    "float16": np.finfo("f2").max,
    "int64": 2**63 - 1,
    "uint64": 2**64 - 1,
    "Float64": np.finfo(float).max,
}


@pytest.mark.parametrize("dtype", EXTREMES)
def test_no_generated_number_is_infinite_or_outside_the_range(dtype):
    rng = np.random.default_rng(0)
    share = rng.uniform(0.5, 1, 2000) * (
        1 if dtype[0] == "u" else rng.choice([-1, 1], 2000)
    )
    top = EXTREMES[dtype]
    column = pd.Series([int(top * s) if "int" in dtype else top * s for s in share])
    column = column.astype(dtype)
    found = generated(column)
    assert found.dtype == dtype
    assert np.isfinite(found.to_numpy(float)).all()
    assert column.min() <= found.min() < found.max() <= column.max()
    assert found.nunique() > 1000


def test_decimal_objects_have_the_places_of_the_column():
    x = np.random.default_rng(0).integers(-(10**9), 10**9, 2000)
    column = pd.Series([Decimal(int(k)) / 100 for k in x], dtype=object)
    found = generated(column)
    assert {type(v) for v in found} == {Decimal}
    assert {v.as_tuple().exponent for v in found} == {-2}
    assert column.min() <= found.min() < found.max() <= column.max()
