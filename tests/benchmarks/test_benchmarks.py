from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes

from benchmarks import _tables, adult, biased, curves, fidelity, privacy, speed
from benchmarks.downstream import (
    classifiers,
    fit_classifiers,
    over_targets,
    scores,
    teach,
)
from benchmarks.peers import LABEL, PEERS, Peer
from skfadm import FairDiffusionGenerator
from skfadm.metrics import demographic_parity_ratio, equal_opportunity_ratio

from ..generators import TINY, mixed_table

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def table(n=400, seed=0):
    X, _, z, domains = mixed_table(n, seed)
    y = np.where(X["number"] > 0, ">50K", "<=50K")
    X = X.rename(columns={"number": "age", "count": "hours-per-week"})
    return X.drop(columns=["gap", "constant"]), y, z.to_numpy(), domains.to_numpy()


@pytest.fixture
def races(monkeypatch):
    """Have a small table with a race in place of Adult."""
    X, y, z, domains = table(200)
    races = np.where(domains == "north", "White", domains)
    data = SimpleNamespace(
        data=X, target=pd.Series(y), z=pd.Series(z), domains=pd.Series(races)
    )
    monkeypatch.setattr(_tables, "fetch_adult", lambda data_home: data)


# What a table teaches


def test_every_classifier_learns_a_mixed_table_and_is_scored_on_real_rows():
    X, y, z, _ = table()
    test = table(seed=1)[:3]
    rows = teach((X, y), test, pos_label=">50K", random_state=0)
    assert [row["classifier"] for row in rows] == ["LR", "MLP", "GB"]
    boosting = classifiers(0)["GB"].fit(X, y).predict(test[0])
    assert rows[2]["ACC"] == np.mean(boosting == test[1]) > 0.9


@pytest.mark.filterwarnings("ignore:.*undefined")
@pytest.mark.parametrize("case", ["some", "nobody", "one group", "three labels"])
def test_ratios_are_those_of_the_package(case):
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 3 if case == "three labels" else 2, (2, 60))
    z = rng.choice(["a"] if case == "one group" else ["a", "b", "c"], 60)
    p = p * (case != "nobody")
    label = None if case == "three labels" else 1
    found = scores(y, p, z, label)
    expected = {
        "R_DP": demographic_parity_ratio(y, p, z=z, pos_label=label),
        "R_EOp": equal_opportunity_ratio(y, p, z=z, pos_label=label),
    }
    if label is not None:
        expected["R_DP_other"] = demographic_parity_ratio(y, p, z=z, pos_label=0)
        expected["rate a"] = p[z == "a"].mean()
        expected["TPR a"] = p[(z == "a") & (y == 1)].mean()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, nan_ok=True), name


def test_intervals_of_a_score_are_those_of_redrawn_rows():
    rng = np.random.default_rng(0)
    z = np.repeat(["a", "b"], [2000, 400])
    y = p = rng.random(2400) < np.where(z == "a", 0.5, 0.25)
    found = scores(y, p, z, True)
    # The delta method: a ratio of two independent shares.
    rates = [p[z == g].mean() for g in "ab"]
    spread = sum((1 - r) / r / n for r, n in zip(rates, (2000, 400), strict=True))
    half = 1.96 * found["R_DP"] * spread**0.5
    assert found["R_DP high"] - found["R_DP low"] == pytest.approx(2 * half, rel=0.1)
    assert found["R_DP low"] < found["R_DP"] < found["R_DP high"]


@pytest.mark.parametrize("n_others", [0, 1])
def test_a_table_of_one_label_teaches_to_predict_it(n_others):
    X, y, *_ = table()
    labels = np.array(["<=50K"] * len(y), dtype=object)
    labels[:n_others] = ">50K"
    for model in fit_classifiers(X, labels, random_state=0).values():
        assert set(model.predict(X)) == {"<=50K"}


def test_targets_are_averaged_before_seeds_and_the_worst_one_stands_beside():
    about = {"target": ["a", "b"] * 2, "seed": [0, 0, 1, 1], "setting": "-"}
    parity = [0.5, np.nan, 0.2, 0.8]
    ratios = {"R_DP": parity, "R_DP_other": 1.0, "R_EOp": 1.0}
    rows = pd.DataFrame(about | ratios | {"ACC": [0.8, 0.9, 0.7, 0.8], "rate F": 0.1})
    (row,) = over_targets(rows, ["setting"]).to_dict("records")
    assert row["ACC"] == pytest.approx(0.8)
    assert row["ACC +-"] == pytest.approx(0.05 * 12.7062, rel=1e-4)  # t of 1 freedom
    assert row["ACC +- targets"] == pytest.approx(0.05 * 12.7062, rel=1e-4)
    assert row["R_DP"] == pytest.approx((0.5 + 0.5) / 2)
    assert row["R_DP geometric"] == pytest.approx((0.5 + 0.4) / 2)
    assert row["R_DP worst"] == pytest.approx((0.5 + 0.2) / 2)
    assert row["rate F"] == pytest.approx(0.1)
    assert row["undefined"] == 1


# Commands


def test_adult_writes_a_row_a_setting_and_classifier(
    races, monkeypatch, tmp_path, capsys
):
    made = []

    def new(**params):
        made.append(FairDiffusionGenerator(**{**params, **TINY, "verbose": 0}))
        return made[-1]

    monkeypatch.setitem(adult.GENERATORS, "skfadm", new)
    out = tmp_path / "adult.csv"
    argv = ["--target", "White", "--rows", "60", "--out", str(out)]
    argv += ["--lambda-yz", "0", "--fairness-target", "0.8/0.7"]
    argv += ["--unlabelled", "30", "--classifiers", "LR", "GB", "--set", "max_iter=7"]
    assert adult.main(argv) == 0
    assert made[-1].n_iter_ == 7
    rows = pd.read_csv(out)
    settings = ["real", "lambda_yz=0", "target 0.8/0.7"]
    settings += ["30 unlabelled rows, target 0.8/0.7"]
    assert rows["setting"].unique().tolist() == settings
    assert len(rows) == 4 * 2
    assert set(rows["target"]) == {"White"}
    printed = capsys.readouterr().out
    assert "target 0.8/0.7" in printed and "R_DP worst" in printed


@pytest.mark.parametrize("name", ["three groups, three labels", "groups 98 : 2"])
def test_biased_scores_real_and_generated_rows(name, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(biased, "TABLES", {name: biased.TABLES[name]})
    new = partial(FairDiffusionGenerator, **TINY)
    monkeypatch.setattr(biased, "FairDiffusionGenerator", new)
    out = tmp_path / "biased.csv"
    assert biased.main(["--rows", "300", "--seeds", "1", "--out", str(out)]) == 0
    assert name in capsys.readouterr().out
    rows = pd.read_csv(out)
    settings = ["real", "0", "auto", "adapted, 0.8"]
    assert rows["setting"].tolist() == [s for s in settings for _ in range(3)]
    assert rows["ACC"].head(3).gt(0.4).all()
    assert rows["R_DP"].dropna().between(0, 1).all()


class Copies(Peer):
    """A package that hands out its training rows."""

    package = module = "math"

    def _train(self, rows, words):
        assert set(words) == {"word", "flag", "category", LABEL} & set(rows)
        assert rows.notna().all(axis=None)
        return rows

    def _draw(self, n):
        return self.model_.sample(n, replace=True, random_state=0)


def test_curves_by_seconds_train_longer_and_longer_and_peers(
    races, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(curves, "LENGTHS", (5,))
    monkeypatch.setattr(curves, "PEERS", {"math": Copies})
    out, picture = tmp_path / "curves.csv", tmp_path / "curves.png"
    argv = ["--by", "seconds", "--max-iter", "15", "--seeds", "1", "--out", str(out)]
    assert curves.main([*argv, "--picture", str(picture)]) == 0
    rows = pd.read_csv(out)
    assert rows["line"].tolist() == ["skfadm"] * 2 + ["math"]
    assert rows["n_iter"].tolist()[:2] == [5, 15]
    # Copies look as the rows do; fifteen iterations are few.
    assert rows["pair_trends"].iloc[-1] == rows["pair_trends"].max()
    assert picture.stat().st_size > 1000
    assert "pair_trends" in capsys.readouterr().out


def test_curves_by_evaluations_sample_one_training_by_each_solver(
    races, monkeypatch, tmp_path
):
    for name, steps in (("multistep", (6, 8)), ("euler_maruyama", (10,))):
        few = (*curves.SOLVERS[name][:2], steps)
        monkeypatch.setitem(curves.SOLVERS, name, few)
    out = tmp_path / "curves.csv"
    argv = ["--by", "evaluations", "--max-iter", "20", "--seeds", "1"]
    assert curves.main([*argv, "--out", str(out)]) == 0
    rows = pd.read_csv(out)
    assert rows["line"].unique().tolist() == ["multistep", "euler_maruyama"]
    assert rows["evaluations"].tolist() == [6, 8, 11]


def test_no_row_that_is_learned_is_asked_about(races):
    first, second = curves.TABLES["all of Adult"](None)
    assert len(first.X) == 133 and len(second.X) == 67
    assert set(first.X.index).isdisjoint(second.X.index)
    for part in (first, second):
        assert all(part.X.index.equals(own.index) for own in part[1:])
    sources, target = curves.TABLES["without White"](None)
    assert set(target.domains) == {"White"} and "White" not in set(sources.domains)


def test_privacy_finds_copies_and_no_fresh_rows(monkeypatch, tmp_path):
    monkeypatch.setitem(PEERS, "tvae", Copies)
    monkeypatch.setattr(Copies, "__init__", lambda self, random_state: None)
    new = partial(FairDiffusionGenerator, **TINY)
    monkeypatch.setattr(privacy, "FairDiffusionGenerator", new)
    few = _tables.bundled(load_diabetes).split(150)[0]
    monkeypatch.setitem(privacy.TABLES, "diabetes", lambda args: few)
    out = tmp_path / "privacy.csv"
    argv = ["--table", "diabetes", "--max-iter", "--seeds", "1"]
    assert privacy.main([*argv, "--peer", "tvae", "--out", str(out)]) == 0
    rows = pd.read_csv(out).set_index("rows_of")
    assert rows["rows"].tolist() == [75, 50, 75, 75]
    told = rows["membership_auc"]
    assert told["copies"] > 0.95 and told["tvae"] > 0.7
    assert abs(told["fresh rows"] - 0.5) < 0.15


def test_fidelity_learns_nine_tenths_of_a_published_table(tmp_path, capsys):
    X, y, *_ = table(200)
    X = X[["age", "word"]].assign(**{"class": np.where(y == ">50K", "g", "h")})
    X.to_csv(tmp_path / "magic.csv", index=False)
    out = tmp_path / "out.csv"
    argv = ["--table", "magic", "--tables", str(tmp_path), "--out", str(out)]
    argv += ["--no-xgboost", "--set", "max_iter=5", "n_steps=3"]
    assert fidelity.main(argv) == 0
    (row,) = pd.read_csv(out).to_dict("records")
    assert row["rows"] == 180
    assert row["n_iter"] == 5
    printed = capsys.readouterr().out
    assert "TabPC" in printed and "0.860" in printed


@pytest.mark.slow
def test_speed_tells_the_time_over_its_floor(races, capsys):
    assert speed.main(["--parts", "sampling"]) == 0
    lines = (line.split() for line in capsys.readouterr().out.splitlines())
    found = {line[0]: line[-1] for line in lines if len(line) == 2}
    assert float(found["sample_s"]) > float(found["floor_s"]) > 0


def test_rows_of_other_options_are_not_taken_for_those_asked_for(monkeypatch, tmp_path):
    calls = []

    def run(name, seed, args):
        calls.append(name)
        return [{"fit_s": 1.0}]

    monkeypatch.setattr(fidelity, "run", run)
    argv = ["--table", "small", "--no-xgboost", "--out", str(tmp_path / "out.csv")]
    for more, n_calls in (([], 1), ([], 1), (["--set", "max_iter=5"], 2)):
        fidelity.main([*argv, *more])
        assert len(calls) == n_calls
