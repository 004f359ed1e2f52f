"""Channels of numbers and times are normal, and decode to the numbers of the table."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import kstest, norm

from skfadm.encoding import TabularEncoder

from .columns import generated


def shuffled(E, rng):
    return np.column_stack([rng.permutation(column) for column in E.T])


def number_laws(n):
    rng = np.random.default_rng(1)
    return {
        "lognormal": rng.lognormal(0, 2, n),
        "counts": rng.poisson(30, n),
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
    E[:, 0] = np.nan
    with pytest.raises(ValueError, match="NaN in its number channel"):
        encoder.inverse_transform(E)


@pytest.mark.parametrize("name", ["counts", "rounded", "spike"])
def test_normal_scores_decode_to_the_marginal_of_tied_values(name):
    n = 20_000
    x = number_laws(n)[name]
    encoder = TabularEncoder(random_state=0, min_frequency=1)
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


def test_untied_values_keep_their_distribution_and_their_tail_is_resolved():
    x = number_laws(100_000)["lognormal"]
    encoder = TabularEncoder(random_state=0).fit(x[:, None])
    levels = np.array([0.0005, 0.001, 0.01, 0.5, 0.99, 0.999, 0.9995, 0.9999])
    back = encoder.inverse_transform(norm.ppf(levels)[:, None])[:, 0]
    np.testing.assert_allclose(back, np.quantile(x, levels), rtol=0.02)
    scores = np.random.default_rng(3).normal(size=(100_000, 1))
    back = encoder.inverse_transform(scores)[:, 0]
    # Its extreme does not swell the mean.
    assert back.mean() == pytest.approx(x.mean(), abs=4 * x.std() / np.sqrt(len(x)))
    assert kstest(back, x).pvalue > 0.01


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
    x = np.random.default_rng(0).normal(size=20_000)
    assert atoms(x.clip(-2.0, 2.5)) == [-2.0, 2.5]
    # But for a number of few rows.
    assert atoms([*x[:1000], *[0.5] * 19]) == []
    assert atoms([*x[:1000], *[0.5] * 20]) == [0.5]


def test_the_commonest_of_many_spikes_are_atoms():
    rng = np.random.default_rng(0)
    spikes = 1000 * np.repeat(np.arange(100), 3 * np.arange(20, 120))
    x = np.concatenate([spikes, rng.integers(0, 100_000, 20_000)])
    assert atoms(x) == [1000 * k for k in range(36, 100)]


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


def test_the_smallest_and_largest_value_and_those_of_one_row_survive_float32():
    rng = np.random.default_rng(0)
    x = rng.normal(size=200_000)
    y = np.r_[0, 1, rng.integers(1, 4, len(x) - 3), 4]
    k = np.r_[45.5, rng.integers(0, 50, len(x) - 1)]
    X = np.column_stack([x, y, k])
    encoder = TabularEncoder(random_state=0, min_frequency=1).fit(X)
    back = encoder.inverse_transform(encoder.transform(X))
    np.testing.assert_array_equal(back[:, 1:], X[:, 1:])
    np.testing.assert_allclose(back[:, 0], x, atol=1e-5)
    ends = encoder.inverse_transform([[-6, 0, 0], [6, 0, 0]])[:, 0]
    assert ends.tolist() == [x.min(), x.max()]


def of_column(column, n=4000, seed=0):
    encoder = TabularEncoder(0).fit(pd.DataFrame({"c": column}))
    return generated(encoder, n, seed)["c"]


def days(zone, n=2000):
    rng = np.random.default_rng(0)
    dates = pd.Timestamp("2019-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D")
    return pd.Series(dates).dt.tz_localize(zone, nonexistent="shift_forward")


def as_arrow(column):
    return column.astype(pd.ArrowDtype(pa.timestamp("ms", "Europe/Berlin")))


@pytest.mark.parametrize("form", [lambda c: c, as_arrow])
def test_midnights_of_a_zone_stay_midnights_in_summer(form):
    column = form(days("Europe/Berlin"))
    found = of_column(column)
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
    found = of_column(column)
    assert found.dtype == dtype
    texts = [np.format_float_positional(v, trim="-") for v in found.to_numpy()]
    texts = pd.Series(texts)
    assert texts.str.partition(".")[2].str.len().max() == decimals
    assert found.nunique() > 500


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
    found = of_column(column)
    assert found.dtype == dtype
    assert np.isfinite(found.to_numpy(float)).all()
    assert column.min() <= found.min() < found.max() <= column.max()
    assert found.nunique() > 1000
