"""Which label a generated row gets without fair control, and gaps in z."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from skfadm.fair_control.posteriors import Posteriors

from .generators import tiny

N = 600


@pytest.fixture(scope="module")
def table():
    """Return X, y and z where a linear classifier is right in nine of ten rows."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=N), "b": rng.normal(size=N)})
    y = (rng.random(N) < expit(6 * X["a"].to_numpy())).astype(int)
    z = np.where(rng.random(N) < expit(2 * X["b"].to_numpy()), "m", "f")
    return X, y, z


@pytest.mark.parametrize("has_groups", [True, False])
def test_labels_are_drawn_from_the_classifiers_where_none_are_asked_for(
    table, has_groups
):
    X, y, z = table
    generator = tiny(lambda_yz=0.0).fit(X, y, z if has_groups else None)
    drawn, labels = generator.sample(2000)
    # Networks of five iterations know nothing of labels.
    assert ((drawn["a"] > 0) == labels).mean() > 0.85
    asked, ones = generator.sample(2000, 1)
    assert (ones == 1).all()
    assert (asked["a"] > 0).mean() < 0.8
    batches = list(generator.sample_batches(2000, batch_size=700))
    np.testing.assert_array_equal(np.concatenate([b[1] for b in batches]), labels)


def test_labels_are_those_of_the_diffusion_where_the_classifiers_tell_none(monkeypatch):
    X = np.random.default_rng(0).normal(size=(N, 6))
    y = (X > 0).sum(1) % 2  # which trees and linear models do not see
    monkeypatch.setattr(Posteriors, "predict", None)
    _, y_new = tiny().fit(X, y).sample(200)
    assert 60 < y_new.sum() < 140


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_rows_without_a_group_teach_rows_and_labels(table, missing):
    X, y, z = table
    z = pd.Series(z, dtype=object)
    z[X["b"] > 0.7] = missing
    generator = tiny(lambda_z=0.5).fit(X, y, z)
    assert [g.tolist() for g in generator.sensitive_classes_] == [["f", "m"]]
    assert generator.sample(500)[0]["b"].max() > 0.7
    # Those with a group still tell it: it is likelier the larger b is.
    low, high = generator.fair_control_.posteriors.predict(
        pd.DataFrame({"a": [0.0, 0.0], "b": [-2.0, 0.6]})
    ).group[0][:, 1]
    assert low + 0.3 < high
    assert all(np.isfinite(w).all() for w in generator.weights_.values())


def test_a_z_without_any_group_is_refused(table):
    X, y, z = table
    with pytest.raises(ValueError, match="z holds missing values only"):
        tiny().fit(X, y, [None] * N)
    two = pd.DataFrame({"sex": z, "race": np.nan})
    with pytest.raises(ValueError, match="missing values only in column 'race'"):
        tiny().fit(X, y, two)
    with pytest.raises(ValueError, match="z holds one group"):
        tiny().fit(X, y, np.where(z == "m", None, z))


def test_a_group_may_stand_in_one_domain_alone(table):
    X, y, z = table
    domains = np.where(z == "m", "north", "south")
    generator = tiny().fit(X, y, z, domains)
    assert np.isfinite(generator.tradeoff_.curves["accuracy"]).all()
