import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.table1 import units
from benchmarks.table1.settings import METHODS, Method, Protocol
from benchmarks.table1.units import Unit, compute, reweighing

TINY = Protocol(n_generated=80, max_iter=2)
SCORES = ["ACC", "R_DP", "R_EOp"]


class Recorder:
    """A generator that returns the rows that it was fitted on, or those of a label."""

    batch_size, n_iter_ = 4, 10
    events = []

    def __init__(self, **params):
        self.params = params

    def get_params(self):
        return {"strength": 0, **self.params}

    def set_params(self, **params):
        self.params.update(params)
        return self

    def fit(self, X, y, z, domains):
        self.table = X, y
        self.events.append(("fit", X, y, z, domains, dict(self.params)))
        return self

    def adapt(self, X):
        self.events.append(("adapt", X))
        return self

    def sample(self, n_samples):
        self.events.append(("sample", self.params.get("strength"), n_samples))
        X, y = self.table
        return X.iloc[:n_samples], y.iloc[:n_samples]


@pytest.fixture
def recorded(monkeypatch):
    monkeypatch.setattr(Recorder, "events", [])
    monkeypatch.setattr(Method, "build", lambda self, params: Recorder(**params))
    method = Method("VAE", "VAE", ({"b": 2}, {"b": 3}), ({"strength": 7}, {}), stages=2)
    monkeypatch.setitem(METHODS, "vae", method)
    return Recorder.events


def measure(tmp_path, unit, data, protocol=TINY, *more):
    files = [tmp_path / f"{i}.csv" for i in range(1 + len(more))]
    compute([unit, *more], data, protocol, files)
    tables = [pd.read_csv(file, keep_default_na=False) for file in files]
    for table in tables:
        table[SCORES] = table[SCORES].apply(pd.to_numeric)
    return tables if more else tables[0]


# fairlearn's own, under pandas 3.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_scored_on_the_domain_that_it_has_not_seen(
    name, adult, tmp_path
):
    if name == "exponentiated":
        pytest.importorskip("fairlearn")
    if name == "mostlyai":
        pytest.importorskip("mostlyai.engine")
    rows = measure(tmp_path, Unit(name, 0, ("Other",), seed=1), adult)
    assert rows["classifier"].tolist() == ["LR", "MLP", "GB"]
    assert set(rows["scored_on"]) == {"Other"}
    assert rows["ACC"].between(0, 1).all()
    assert (rows["error"] == "").all()
    assert set(rows["n_source"]) == {int((adult.domains != "Other").sum())}
    assert ("row_visits" in rows) == (METHODS[name].generator is not None)


def test_training_sees_no_row_of_a_held_out_domain(recorded, adult, tmp_path):
    rows = measure(tmp_path, Unit("vae", 2, ("Black", "White"), 4), adult)
    _, X, y, z, domains, params = recorded[0]
    kept = adult.domains == "Other"
    pd.testing.assert_frame_equal(X, adult.data[kept])
    assert y.tolist() == adult.target[kept].tolist()
    assert z.tolist() == adult.z[kept].tolist()
    assert set(domains) == {"Other"}
    assert params == {"b": 3, "strength": 7, "max_iter": 2, "random_state": 4}
    assert rows["scored_on"].tolist() == ["Black"] * 3 + ["White"] * 3
    assert json.loads(rows["settings"][0]) == {"b": 3, "strength": 7}
    # Two stages of ten iterations of four rows.
    assert set(rows["row_visits"]) == {80}
    # What classifiers trained on the real rows of "Other" reach on each domain.
    real = measure(tmp_path, Unit("real", 0, ("Black", "White"), 4), adult)
    pd.testing.assert_frame_equal(rows[SCORES], real[SCORES])


def test_candidates_that_act_at_sampling_share_a_training(recorded, adult, tmp_path):
    first, second = Unit("vae", 0, ("Other",), 0), Unit("vae", 1, ("Other",), 0)
    assert first.training == second.training != Unit("vae", 2, ("Other",), 0).training
    tables = measure(tmp_path, first, adult, TINY, second)
    assert [event[0] for event in recorded] == ["fit", "sample", "sample"]
    # What a candidate does not name is as it is by default.
    assert [event[1] for event in recorded[1:]] == [7, 0]
    assert [set(table["candidate"]) for table in tables] == [{0}, {1}]


def test_adapting_shows_the_features_of_each_scored_domain_alone(
    recorded, adult, tmp_path, monkeypatch
):
    monkeypatch.setitem(METHODS, "vae", replace(METHODS["vae"], adapt=True))
    measure(tmp_path, Unit("vae", 0, ("Black", "Other"), 0), adult)
    names = [event[0] for event in recorded]
    assert names == ["fit", "adapt", "sample", "adapt", "sample"]
    for event, domain in zip(recorded[1::2], ("Black", "Other"), strict=True):
        pd.testing.assert_frame_equal(event[1], adult.data[adult.domains == domain])


def test_adapted_and_not_adapted_share_a_training(
    recorded, adult, tmp_path, monkeypatch
):
    monkeypatch.setitem(METHODS, "gan", replace(METHODS["vae"], adapt=True))
    plain, adapted = (Unit(name, 0, ("Black", "Other"), 0) for name in ("vae", "gan"))
    assert plain.training == adapted.training
    # Whatever comes first: what is adapted to is forgotten.
    measure(tmp_path, adapted, adult, TINY, plain)
    names = [event[0] for event in recorded]
    assert names == ["fit", "adapt", "sample", "adapt", "sample", "adapt", "sample"]
    assert recorded[-2][1] is None


def test_candidates_are_compared_on_fewer_rows_than_the_target_is_given(
    recorded, adult, tmp_path
):
    protocol = replace(TINY, n_compared=20)
    measure(tmp_path, Unit("vae", 0, ("Black", "Other"), 0), adult, protocol)
    measure(tmp_path, Unit("vae", 0, ("Other",), 0), adult, protocol)
    assert [event[2] for event in recorded if event[0] == "sample"] == [20, 80]


def test_the_whole_protocol_keeps_all_rows_and_the_iterations_of_the_method(
    recorded, adult, tmp_path
):
    measure(tmp_path, Unit("vae", 0, ("Other",), 0), adult, Protocol())
    assert "max_iter" not in recorded[0][-1]
    recorded.clear()
    measure(tmp_path, Unit("vae", 0, ("Other",), 0), adult, Protocol(max_rows=30))
    _, X, _, _, domains, _ = recorded[0]
    assert len(X) == 30
    assert "Other" not in set(domains)


def test_majority_predicts_the_most_common_source_label(adult, tmp_path):
    rows = measure(tmp_path, Unit("majority", 0, ("White",), 0), adult)
    target = adult.target[adult.domains == "White"]
    most_common = adult.target[adult.domains != "White"].mode()[0]
    np.testing.assert_allclose(rows["ACC"], np.mean(target == most_common))


def test_reweighing_makes_label_and_group_independent():
    rng = np.random.default_rng(0)
    z = pd.Series(rng.choice(["F", "M"], 500))
    y = pd.Series(np.where(rng.random(500) < np.where(z == "M", 0.6, 0.2), 1, 0))
    weights = reweighing(y, z)
    joint = pd.Series(weights).groupby([y, z]).sum().unstack() / 500
    expected = np.outer(joint.sum(axis=1), joint.sum(axis=0))
    np.testing.assert_allclose(joint, expected)
    assert joint.sum(axis=1)[1] == pytest.approx(y.mean())
    # The definition, for one cell.
    cell = ((y == 1) & (z == "F")).to_numpy()
    ratio = y.mean() * (z == "F").mean() / cell.mean()
    np.testing.assert_allclose(weights[cell], ratio)


def test_reweighed_rows_are_the_real_ones_with_weights(adult, monkeypatch, tmp_path):
    given = {}

    def record(X, y, random_state, sample_weight):
        given.update(X=X, y=y, sample_weight=sample_weight)
        return {}

    monkeypatch.setattr(units, "fit_classifiers", record)
    monkeypatch.setattr(units, "_scored", lambda *_: [dict.fromkeys(SCORES, 0.0)])
    measure(tmp_path, Unit("reweighed", 0, ("White",), 0), adult)
    kept = adult.domains != "White"
    pd.testing.assert_frame_equal(given["X"], adult.data[kept])
    expected = reweighing(adult.target[kept], adult.z[kept])
    np.testing.assert_array_equal(given["sample_weight"], expected)
    measure(tmp_path, Unit("real", 0, ("White",), 0), adult)
    assert given["sample_weight"] is None


def test_a_training_that_diverges_is_recorded_and_stops_nothing(
    recorded, adult, monkeypatch, tmp_path
):
    def diverge(*args):
        raise FloatingPointError("training diverged")

    monkeypatch.setattr(Recorder, "fit", diverge)
    rows = measure(tmp_path, Unit("vae", 0, ("Other",), 0), adult)
    assert len(rows) == 3
    assert rows[SCORES].isna().all(axis=None)
    assert set(rows["error"]) == {"training diverged"}


def test_a_file_is_named_after_all_that_its_rows_depend_on(monkeypatch):
    unit = Unit("vae", 0, ("a/b c",), 2)
    name = unit.file_name("data", TINY)
    assert name.startswith("vae-")
    assert "/" not in name
    # How many seeds there are, and whether there is a choice, change no training.
    # Nor does how many rows candidates are compared on, but where they are.
    for protocol in (
        replace(TINY, seeds=9),
        replace(TINY, has_selection=False),
        replace(TINY, n_compared=9),
    ):
        assert unit.file_name("data", protocol) == name
    others = [
        replace(unit, candidate=1).file_name("data", TINY),
        replace(unit, seed=3).file_name("data", TINY),
        replace(unit, held_out=("Other",)).file_name("data", TINY),
        replace(unit, method="gan").file_name("data", TINY),
        unit.file_name("other data", TINY),
        unit.file_name("data", replace(TINY, n_generated=81)),
        replace(unit, held_out=("a", "Other")).file_name("data", TINY),
        replace(unit, held_out=("a", "Other")).file_name(
            "data", replace(TINY, n_compared=81)
        ),
        unit.file_name("data", replace(TINY, max_iter=3)),
    ]
    with monkeypatch.context() as context:
        context.setattr(units, "CODE_VERSION", "other code")
        others.append(unit.file_name("data", TINY))
    with monkeypatch.context() as context:
        context.setattr(units, "versions", lambda: {"torch": "99"})
        others.append(unit.file_name("data", TINY))
    assert len({name, *others}) == 1 + len(others)


def test_files_say_with_which_versions_they_were_made(adult, tmp_path):
    rows = measure(tmp_path, Unit("real", 0, ("Other",), 2), adult)
    for name in ("python", "numpy", "pandas", "scikit-learn", "torch"):
        assert (rows[name] != "").all()
    assert (rows["teach_s"] > 0).all()
    assert (rows["seed"] == 2).all()
