"""Nothing that few rows have comes back, or can be read out of what is fitted."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from skfadm.encoding import TabularEncoder

from ..reachable import reachable, texts_of
from .columns import generated

N = 2000


def alone(values, *single):
    """Put values of one row each into a column."""
    column = pd.Series(values)
    for i, value in enumerate(single):
        column[7 * i + 3] = value
    return column


RNG = np.random.default_rng(0)
WORDS = RNG.choice(["red", "green", "blue"], N).astype(object)
#: Columns, and the values in them that point at a person.
SECRETS = {
    "word": (alone(WORDS, "leper", "spy"), ["leper", "spy"]),
    "category": (alone(WORDS, "leper", "spy").astype("category"), ["leper", "spy"]),
    "bytes": (alone(WORDS, "leper").map(str.encode), [b"leper"]),
    "words and numbers": (alone(WORDS, 90210), [90210]),
    "category of integers": (
        alone(RNG.integers(0, 5, N), 90210).astype("category"),
        [90210],
    ),
    "few integers": (alone(RNG.integers(0, 5, N), 90210), [90210]),
    "ages": (alone(RNG.poisson(30, N), 1903, -77), [1903, -77]),
    "income": (alone(np.round(RNG.lognormal(8, 1, N)), 9e7 + 1), [9e7 + 1]),
    "floats": (alone(RNG.normal(size=N), 717.125, -717.625), [717.125, -717.625]),
    "spike": (alone(np.where(RNG.random(N) < 0.9, 0.0, 3.5), 717.125), [717.125]),
    "one number": (alone(np.full(N, np.nan), 717.125), [717.125]),
    "four numbers": (alone(np.full(N, np.nan), 717.125, 1.0, 1.0, 1.0), [717.125, 1.0]),
    "days": (
        alone(
            pd.Timestamp("2020-01-01") + pd.to_timedelta(RNG.integers(0, 400, N), "D"),
            pd.Timestamp("1903-04-17"),
            pd.Timestamp("2077-03-21"),
        ),
        [pd.Timestamp("1903-04-17"), pd.Timestamp("2077-03-21")],
    ),
    "uint64": (
        alone(np.uint64(2**63) + RNG.integers(0, 999, N).astype("u8"), 2**64 - 5),
        [2**64 - 5],
    ),
    "wide integers": (
        alone(RNG.integers(-(2**62), 2**62, N), 2**63 - 9),
        [2**63 - 9],
    ),
}


@pytest.mark.parametrize("name", SECRETS)
def test_what_one_row_has_is_not_generated_and_not_stored(name):
    column, secrets = SECRETS[name]
    encoder = TabularEncoder(0).fit(column.to_frame("c"))
    found = generated(encoder, 20_000)["c"]
    assert not found.isin(secrets).any()
    assert found.dtype == column.dtype or isinstance(found.dtype, pd.CategoricalDtype)
    assert not any(
        str(secret) in texts_of(encoder) for secret in secrets if str(secret).isalpha()
    )
    numbers = {v for v in reachable(encoder) if not isinstance(v, str | bytes | bool)}
    assert not numbers & {
        s for s in secrets if isinstance(s, int | float) and abs(s) > 70
    }
    # Nor does the real table give them away when it is encoded and decoded.
    back = encoder.inverse_transform(encoder.transform(column.to_frame("c")))["c"]
    assert not back.isin(secrets).any()
    # 1 gives all back, as exactly as scores of float32 can.
    exact = TabularEncoder(0, min_frequency=1).fit(column.to_frame("c"))
    back = exact.inverse_transform(exact.transform(column.to_frame("c")))["c"]
    if name not in ("floats", "uint64", "wide integers"):
        assert back.dropna().isin(secrets).sum() == column.isin(secrets).sum()


@pytest.mark.parametrize("minimum", [2, 5, 20])
def test_every_category_that_comes_back_has_so_many_rows(minimum):
    ranks = np.random.default_rng(0).zipf(1.6, N).clip(max=60)
    column = pd.Series(ranks).map("city {}".format)
    encoder = TabularEncoder(0, min_frequency=minimum)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        encoder.fit(column.to_frame("c"))
    counts = column.value_counts()
    found = generated(encoder, 5000)["c"]
    assert set(found) == set(counts.index[counts >= minimum])


def test_no_number_that_is_stored_is_one_of_few_rows():
    rng = np.random.default_rng(1)
    for x in (rng.lognormal(0, 2, 700), np.round(rng.lognormal(3, 1, N), 1)):
        (column,) = TabularEncoder(0).fit(x[:, None]).columns_
        values, counts = np.unique(x, return_counts=True)
        stored = column.scale.numbers(column.cdf.knots)
        at_steps = column.cdf.knots[1:][np.diff(column.cdf.knots) == 0]
        common = values[counts >= 5]
        assert np.isin(column.scale.numbers(at_steps), common).all()
        # Between two ends of lines lie five rows or more.
        rows = np.diff(column.cdf.levels) * len(x)
        assert rows[rows > 0].min() > 4.99
        assert stored.min() > x.min()
        assert stored.max() < x.max()


def test_ranges_end_where_the_outermost_rows_have_their_mean():
    x = np.r_[np.arange(1000.0) / 7, 500.0, 600.0, 700.0, 1000.0, 3000.0]
    encoder = TabularEncoder(0).fit(x[:, None])
    high = encoder.inverse_transform([[9.0]])[0, 0]
    assert 1160 < high < 3000
    # The mean of the table is that of the real one.
    scores = np.random.default_rng(0).normal(size=(200_000, 1))
    assert encoder.inverse_transform(scores).mean() == pytest.approx(x.mean(), rel=0.03)


@pytest.mark.parametrize("law", ["lognormal", "poisson", "rounded"])
def test_the_distribution_is_kept(law):
    rng = np.random.default_rng(2)
    x = {
        "lognormal": rng.lognormal(0, 1, N),
        "poisson": rng.poisson(30, N),
        "rounded": np.round(rng.lognormal(3, 1, N), 1),
    }[law]
    encoder = TabularEncoder(0).fit(x[:, None].astype(float))
    E = encoder.transform(x[:, None].astype(float))
    E = E[rng.integers(0, N, 20_000)]
    numbers = ~np.isnan(E[:, 0])
    E[numbers, 0] = rng.normal(size=numbers.sum())
    found = encoder.inverse_transform(E)[:, 0]
    assert kstest(found, x).statistic < 0.035
    assert found.std() == pytest.approx(x.std(), rel=0.05)


def test_small_tables_keep_their_categories_and_not_their_names():
    # Of 30 rows and ten categories each has three: none is more common than others.
    X = pd.DataFrame({"c": [f"c{k % 10}" for k in range(30)]})
    assert TabularEncoder(0).fit(X).category_sizes_ == (10,)
    X = pd.DataFrame({"c": [f"name {k}" for k in range(12)], "x": range(12)})
    with pytest.warns(UserWarning, match="12 words that are rare"):
        encoder = TabularEncoder(0).fit(X)
    assert not generated(encoder)["c"].isin(X["c"]).any()
