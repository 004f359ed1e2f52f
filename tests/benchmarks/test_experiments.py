from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import demographic_parity_ratio

from benchmarks import adult, biased, entropy, fidelity, lengths, solvers
from benchmarks.downstream import classifiers, fit_classifiers, teach
from benchmarks.peers import GROUP, LABEL, MostlyAI, Peer
from skfadm.baselines._paper import euler_maruyama, even_times

from ..generators import TINY, mixed_table


def table(n=400, seed=0):
    X, _, z, domains = mixed_table(n, seed)
    y = np.where(X["number"] > 0, ">50K", "<=50K")
    return X.drop(columns=["gap", "constant"]), y, z.to_numpy(), domains.to_numpy()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_classifier_learns_a_mixed_table_and_is_scored_on_real_rows():
    X, y, z, _ = table()
    X_test, y_test, z_test, _ = table(seed=1)
    rows = teach((X, y), (X_test, y_test, z_test), pos_label=">50K", random_state=0)
    assert [row["classifier"] for row in rows] == ["LR", "MLP", "GB"]
    boosting = classifiers(0)["GB"].fit(X, y).predict(X_test)
    assert rows[2]["ACC"] == np.mean(boosting == y_test) > 0.9
    expected = demographic_parity_ratio(
        y_test == ">50K", boosting == ">50K", sensitive_features=z_test
    )
    assert rows[2]["R_DP"] == pytest.approx(expected)


def test_a_table_without_positives_has_undefined_ratios_and_no_error():
    X, y, z, _ = table()
    none = np.where(y == ">50K", "<=50K", y).copy()
    none[:3] = ">50K"  # too few to be ever predicted by boosting
    rows = teach(
        (X[["word"]], none), (X[["word"]], y, z), pos_label=">50K", random_state=0
    )
    assert np.isnan(rows[2]["R_DP"])


@pytest.mark.parametrize("n_others", [0, 1])
def test_a_table_of_one_label_teaches_to_predict_it(n_others):
    X, y, *_ = table()
    labels = np.array(["<=50K"] * len(y), dtype=object)
    labels[:n_others] = ">50K"
    for model in fit_classifiers(X, labels, random_state=0).values():
        assert set(model.predict(X)) == {"<=50K"}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_rows_without_weight_teach_nothing():
    X, y, *_ = table()
    wrong = np.where(y == ">50K", "<=50K", ">50K")
    both = pd.concat([X, X]), np.concatenate([y, wrong])
    weights = np.repeat([1.0, 0.0], len(X))
    models = fit_classifiers(*both, random_state=0, sample_weight=weights)
    for name, model in models.items():
        assert np.mean(model.predict(X) == y) > 0.85, name


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_adult_experiment_writes_a_row_a_setting_and_classifier(
    monkeypatch, tmp_path, capsys
):
    X, y, z, domains = table(200)
    data = SimpleNamespace(
        data=X, target=pd.Series(y), z=pd.Series(z), domains=pd.Series(domains)
    )
    monkeypatch.setattr(adult, "fetch_adult", lambda data_home: data)
    made = []

    def new(**params):
        made.append(adult_generator(**{**params, **TINY, "verbose": 0}))
        return made[-1]

    monkeypatch.setattr(adult, "FairDiffusionGenerator", new)
    out = tmp_path / "adult.csv"
    argv = ["--target", "north", "--rows", "60", "--out", str(out)]
    argv += ["--fairness-target", "none", "0.8/0.7", "--unlabelled", "30"]
    argv += ["--classifiers", "LR", "GB", "--set", "max_iter=7"]
    assert adult.main(argv) == 0
    assert made[-1].n_iter_ == 7
    rows = pd.read_csv(out)
    assert rows["setting"].unique().tolist() == [
        "real rows",
        "lambda_yz=0",
        "target none",
        "target 0.8/0.7",
        "30 unlabelled rows, target none",
        "30 unlabelled rows, target 0.8/0.7",
    ]
    assert len(rows) == 6 * 2
    assert "target 0.8/0.7" in capsys.readouterr().out
    assert set(rows["target"]) == {"north"}


adult_generator = adult.FairDiffusionGenerator


def test_the_summary_of_the_adult_experiment_averages_targets_before_seeds():
    table = pd.DataFrame(
        {
            "setting": "lambda_yz=0",
            "classifier": "LR",
            "target": ["a", "b", "a", "b"],
            "seed": [0, 0, 1, 1],
            "ACC": [0.8, 0.9, 0.7, 0.8],
            "R_DP": [0.5, np.nan, 0.3, 0.5],
            "R_EOp": [1.0, 1.0, 1.0, 1.0],
        }
    )
    (row,) = adult.summary(table).to_dict("records")
    assert row["ACC"] == pytest.approx(0.8)
    assert row["R_DP"] == pytest.approx((0.5 + 0.4) / 2)
    assert row["ACC+-"] == pytest.approx(0.05 * 12.7062, rel=1e-4)  # t of 1 freedom
    assert row["undefined"] == 1


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", biased.TABLES)
def test_the_experiment_of_biased_tables_scores_real_and_generated_rows(
    name, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(biased, "TABLES", {name: biased.TABLES[name]})
    monkeypatch.setattr(
        biased,
        "FairDiffusionGenerator",
        lambda **params: adult_generator(**{**params, **TINY}),
    )
    out = tmp_path / "biased.csv"
    assert biased.main(["--rows", "300", "--seeds", "1", "--out", str(out)]) == 0
    assert name in capsys.readouterr().out
    rows = pd.read_csv(out)
    settings = ["real", "0", "auto", "adapted, 0.8"]
    assert rows["lambda_yz"].tolist() == [s for s in settings for _ in range(3)]
    assert rows["ACC"].head(3).gt(0.4).all()
    assert rows["R_DP"].dropna().between(0, 1).all()


@pytest.fixture
def races(monkeypatch):
    """Have a small table with a race in place of Adult."""
    X, y, z, domains = table(200)
    races = np.where(domains == "north", "White", domains)
    data = SimpleNamespace(
        data=X, target=pd.Series(y), z=pd.Series(z), domains=pd.Series(races)
    )
    monkeypatch.setattr(solvers, "fetch_adult", lambda data_home: data)
    monkeypatch.setattr(lengths, "fetch_adult", lambda data_home: data)


def test_the_experiment_of_solvers_samples_one_training_by_each(
    races, monkeypatch, tmp_path, capsys
):
    out, picture = tmp_path / "solvers.csv", tmp_path / "solvers.png"
    monkeypatch.setitem(
        solvers.SOLVERS, "euler_maruyama", (euler_maruyama, even_times, (10,))
    )
    argv = ["--max-iter", "20", "--seeds", "1", "--most-steps", "10"]
    argv += ["--out", str(out), "--picture", str(picture)]
    assert solvers.main(argv) == 0
    rows = pd.read_csv(out)
    assert rows["solver"].unique().tolist() == ["multistep", "euler_maruyama"]
    assert rows["evaluations"].tolist() == [6, 8, 10, 11]
    assert picture.stat().st_size > 1000
    assert "pair_trends" in capsys.readouterr().out


class Copies(Peer):
    """A package that hands out its training rows."""

    package = module = "math"

    def _train(self, rows, words):
        assert set(words) == {"word", "flag", "category", LABEL} & set(rows)
        assert rows.notna().all(axis=None)
        return rows

    def _draw(self, n):
        return self.model_.sample(n, replace=True, random_state=0)


def test_the_experiment_of_lengths_trains_longer_and_longer_and_peers(
    races, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(lengths, "LENGTHS", (5, 10))
    monkeypatch.setattr(lengths, "PEERS", (Copies,))
    out, picture = tmp_path / "lengths.csv", tmp_path / "lengths.png"
    argv = ["--most", "15", "--seeds", "1", "--out", str(out)]
    assert lengths.main([*argv, "--picture", str(picture)]) == 0
    rows = pd.read_csv(out)
    assert rows["package"].tolist() == ["skfadm"] * 3 + ["math"]
    assert rows["n_iter"].tolist()[:3] == [5, 10, 15]
    # Copies look as the rows do; fifteen iterations are few.
    assert rows["pair_trends"].iloc[-1] == rows["pair_trends"].max()
    assert picture.stat().st_size > 1000
    assert "fit_s" in capsys.readouterr().out


def test_lengths_of_other_tables_are_told_apart(races, tmp_path, capsys):
    out, picture = tmp_path / "lengths.csv", tmp_path / "lengths.png"
    argv = ["--most", "5", "--seeds", "1", "--out", str(out)]
    argv += ["--table", "400 rows", "all of Adult"]
    assert lengths.main([*argv, "--picture", str(picture)]) == 0
    rows = pd.read_csv(out)
    assert rows["table"].tolist() == ["400 rows", "all of Adult"]
    assert picture.stat().st_size > 1000


@pytest.mark.parametrize(
    ("name", "n_rows", "n_others"),
    [("all of Adult", 133, 67), ("a million rows", 1_000_000, 20_000)],
)
def test_no_row_that_is_learned_is_asked_about(races, name, n_rows, n_others):
    (X, y, z, domains), (X_test, y_test, z_test) = lengths.TABLES[name](None)
    assert len(X) == len(y) == len(z) == len(domains) == n_rows
    assert len(X_test) == len(y_test) == len(z_test) == n_others
    assert set(X.index).isdisjoint(X_test.index)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_experiment_of_entropy_moves_rows_and_starts_from_none(
    monkeypatch, tmp_path, capsys
):
    X, _, z, domains = table(200)
    X = X.rename(columns={"number": "age", "count": "hours-per-week"})
    y = np.where(X["age"] > 0, ">50K", "<=50K")
    data = SimpleNamespace(
        data=X, target=pd.Series(y), z=pd.Series(z), domains=pd.Series(domains)
    )
    monkeypatch.setattr(entropy, "fetch_adult", lambda data_home: data)
    monkeypatch.setattr(entropy, "STRENGTHS", (0.0, 20.0))
    small = {k: v for k, v in TINY.items() if k in ("max_iter", "n_steps")}
    generators = {k: partial(v, **small) for k, v in entropy.GENERATORS.items()}
    monkeypatch.setattr(entropy, "GENERATORS", generators)
    out = tmp_path / "entropy.csv"
    argv = ["--seeds", "1", "--rows", "60", "--out", str(out)]
    assert entropy.main(argv) == 0
    rows = pd.read_csv(out)
    n_targets = len(set(domains))
    assert len(rows) == 2 * n_targets * 2 * 3
    assert set(rows["generator"]) == {"skfadm", "FADM"}
    assert rows["at_ends"].between(0, 1).all()
    first = rows[rows["lambda_z"] == 0]
    moved = rows[rows["lambda_z"] == 20]
    assert (first["c2st_auc"].to_numpy() != moved["c2st_auc"].to_numpy()).any()
    assert "lambda_z" in capsys.readouterr().out


def test_a_peer_gives_back_the_columns_types_and_gaps_that_it_saw():
    X, y, z, _ = table(200)
    found, labels = Copies().fit(X, y).sample(200)
    assert found.dtypes.equals(X.dtypes)
    assert found["word"].isna().any() and set(labels) == {"<=50K", ">50K"}


def test_mostlyai_sees_the_group_and_is_asked_for_fairness(monkeypatch):
    asked = []

    class Engine:
        def __init__(self, rows):
            self.rows = rows

        def sample(self, n, fairness):
            asked.append(fairness)
            return self.rows[:n]

    monkeypatch.setattr(MostlyAI, "_train", lambda self, rows, words: Engine(rows))
    X, y, z, _ = table(50)
    generator = MostlyAI().fit(X, y, z)
    assert generator.model_.rows[GROUP].tolist() == z.tolist()
    generator.sample(10)
    found, _ = generator.set_params(fairness=True).sample(10)
    assert list(found) == list(X)
    fair = {"target_column": LABEL, "sensitive_columns": [GROUP]}
    assert asked == [None, fair]


@pytest.mark.parametrize(
    ("module", "argv", "option"),
    [
        (biased, [], ["--rows", "300"]),
        (biased, [], ["--set", "alpha=0.5"]),
        (fidelity, ["--table", "small"], ["--set", "max_iter=5"]),
        (fidelity, ["--table", "small"], ["--strengths", "0.5"]),
    ],
)
def test_rows_of_other_options_are_not_taken_for_those_asked_for(
    module, argv, option, monkeypatch, tmp_path
):
    calls = []

    def run(name, seed, *_):
        calls.append(name)
        more = ("strength", "predicted_ACC", "predicted_R_DP", "warned")
        scores = dict.fromkeys(("ACC", "R_DP", "R_EOp", *more), 0.5)
        return [{"setting": "-", "lambda_yz": "0", "classifier": "GB", **scores}]

    monkeypatch.setattr(module, "run", run)
    argv = [*argv, "--seeds", "1", "--out", str(tmp_path / "out.csv")]
    module.main(argv)
    first = len(calls)
    module.main(argv)
    assert len(calls) == first
    module.main([*argv, *option])
    assert len(calls) == 2 * first
