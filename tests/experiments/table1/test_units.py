import json

import numpy as np
import pandas as pd
import pytest

from skfadm.experiments.table1 import units
from skfadm.experiments.table1.methods import METHODS, Method
from skfadm.experiments.table1.units import (
    FINAL,
    SELECTION,
    Protocol,
    Unit,
    compute,
    measure,
    reweighing,
)

TINY = Protocol(n_generated=80, max_iter=2)
SCORES = ["ACC", "R_DP", "R_EOp"]


class Recorder:
    """A generator that returns the rows that it was fitted on."""

    fitted = []

    def __init__(self, **params):
        self.params = params

    def fit(self, X, y, z, domains):
        self.table = X, y
        self.fitted.append((X, y, z, domains, self.params))
        return self

    def sample(self, n_samples):
        X, y = self.table
        return X.iloc[:n_samples], y.iloc[:n_samples]


@pytest.fixture
def recorded(monkeypatch):
    monkeypatch.setattr(Recorder, "fitted", [])
    method = Method(Recorder, {"a": 1}, ({"b": 2}, {"b": 3}))
    monkeypatch.setitem(METHODS, "vae", method)
    return Recorder.fitted


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_scored_on_the_domain_that_it_has_not_seen(name, adult):
    unit = Unit(FINAL, name, 0, ("Other",), seed=1)
    rows = measure(unit, adult, TINY)
    assert rows["classifier"].tolist() == ["LR", "MLP", "GB"]
    assert set(rows["scored_on"]) == {"Other"}
    assert rows["ACC"].between(0, 1).all()
    assert (rows["error"] == "").all()
    assert set(rows["n_source"]) == {int((adult.domains != "Other").sum())}
    again = measure(unit, adult, TINY)
    pd.testing.assert_frame_equal(rows[SCORES], again[SCORES])


def test_training_sees_no_row_of_a_held_out_domain(recorded, adult):
    rows = measure(Unit(SELECTION, "vae", 1, ("Black", "White"), 4), adult, TINY)
    X, y, z, domains, params = recorded[0]
    kept = adult.domains == "Other"
    pd.testing.assert_frame_equal(X, adult.data[kept])
    assert y.tolist() == adult.target[kept].tolist()
    assert z.tolist() == adult.z[kept].tolist()
    assert set(domains) == {"Other"}
    assert params == {"a": 1, "b": 3, "max_iter": 2, "random_state": 4}
    assert rows["scored_on"].tolist() == ["Black"] * 3 + ["White"] * 3
    assert json.loads(rows["settings"][0]) == {"a": 1, "b": 3, "max_iter": 2}
    # What classifiers trained on the real rows of "Other" reach on each domain.
    real = measure(Unit(FINAL, "real", 0, ("Black", "White"), 4), adult, TINY)
    pd.testing.assert_frame_equal(rows[SCORES], real[SCORES])


def test_the_whole_protocol_keeps_all_rows_and_the_iterations_of_the_method(
    recorded, adult
):
    measure(Unit(FINAL, "vae", 0, ("Other",), 0), adult, Protocol())
    assert "max_iter" not in recorded[0][-1]
    measure(Unit(FINAL, "vae", 0, ("Other",), 0), adult, Protocol(max_rows=30))
    X, _, _, domains, _ = recorded[1]
    assert len(X) == 30
    assert "Other" not in set(domains)


def test_majority_predicts_the_most_common_source_label(adult):
    rows = measure(Unit(FINAL, "majority", 0, ("White",), 0), adult, TINY)
    target = adult.target[adult.domains == "White"]
    most_common = adult.target[adult.domains != "White"].mode()[0]
    assert rows["ACC"].tolist() == [np.mean(target == most_common)] * 3


def test_reweighing_makes_label_and_group_independent():
    rng = np.random.default_rng(0)
    z = pd.Series(rng.choice(["F", "M"], 500))
    y = pd.Series(np.where(rng.random(500) < np.where(z == "M", 0.6, 0.2), 1, 0))
    weights = reweighing(y, z)
    joint = pd.Series(weights).groupby([y, z]).sum().unstack() / 500
    expected = np.outer(joint.sum(1), joint.sum(0))
    np.testing.assert_allclose(joint, expected)
    assert joint.sum(1)[1] == pytest.approx(y.mean())
    # The definition, for one cell.
    cell = ((y == 1) & (z == "F")).to_numpy()
    ratio = y.mean() * (z == "F").mean() / cell.mean()
    np.testing.assert_allclose(weights[cell], ratio)


def test_reweighed_rows_are_the_real_ones_with_weights(adult, monkeypatch):
    given = {}

    def record(X, y, random_state, sample_weight):
        given.update(X=X, y=y, sample_weight=sample_weight)
        return {}

    monkeypatch.setattr(units, "fit_classifiers", record)
    measure(Unit(FINAL, "reweighed", 0, ("White",), 0), adult, TINY)
    kept = adult.domains != "White"
    pd.testing.assert_frame_equal(given["X"], adult.data[kept])
    expected = reweighing(adult.target[kept], adult.z[kept])
    np.testing.assert_array_equal(given["sample_weight"], expected)
    measure(Unit(FINAL, "real", 0, ("White",), 0), adult, TINY)
    assert given["sample_weight"] is None


def test_a_training_that_diverges_is_recorded_and_stops_nothing(
    recorded, adult, monkeypatch
):
    def diverge(*args):
        raise FloatingPointError("training diverged")

    monkeypatch.setattr(Recorder, "fit", diverge)
    rows = measure(Unit(FINAL, "vae", 0, ("Other",), 0), adult, TINY)
    assert len(rows) == 3
    assert rows[SCORES].isna().all(axis=None)
    assert set(rows["error"]) == {"training diverged"}


def test_the_file_of_a_unit_says_what_it_is_and_with_which_versions(adult, tmp_path):
    unit = Unit(FINAL, "real", 0, ("a/b c", "Other"), 2)
    assert unit.file_name == "final-real-0-a%2Fb%20c+Other-2.csv"
    unit = Unit(FINAL, "real", 0, ("Other",), 2)
    seconds = compute(unit, adult, TINY, tmp_path)
    assert seconds > 0
    rows = pd.read_csv(tmp_path / unit.file_name)
    for name in ("skfadm", "python", "numpy", "pandas", "scikit-learn", "torch"):
        assert rows[name].notna().all()
    assert (rows["teach_s"] > 0).all()
    assert (rows["seed"] == 2).all()
