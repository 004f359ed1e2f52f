"""Channels of numbers are standard normal, and decode to the numbers of the table."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest, norm

from skfadm.encoding import TabularEncoder

from .columns import round_trip


def shuffled(E, rng):
    return np.column_stack([rng.permutation(column) for column in E.T])


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


def test_the_smallest_and_largest_value_survive_in_many_rows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=200_000)
    y = np.r_[0, 1, rng.integers(1, 4, len(x) - 3), 4]
    X = np.column_stack([x, y])
    encoder = TabularEncoder(random_state=0, min_frequency=1).fit(X)
    assert (encoder.n_numbers_, encoder.category_sizes_) == (1, (5,))
    back = encoder.inverse_transform(encoder.transform(X))
    np.testing.assert_array_equal(back[:, 1], y)
    np.testing.assert_allclose(back[:, 0], x, atol=1e-5)
    ends = encoder.inverse_transform([[-6, 0], [6, 0]])[:, 0]
    assert ends.tolist() == [x.min(), x.max()]


def test_a_value_seen_once_among_many_survives_float32():
    x = np.random.default_rng(0).integers(0, 50, 100_000).astype(float)
    x[7] = 45.5
    encoder = TabularEncoder(random_state=0, min_frequency=1).fit(x[:, None])
    scores = encoder.transform(np.full((10_000, 1), 45.5))
    assert scores.dtype == np.float32
    assert (encoder.inverse_transform(scores) == 45.5).all()
