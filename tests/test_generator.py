import copy
import functools
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skfadm import FairDiffusionGenerator, _parallel
from skfadm import generator as generator_module
from skfadm.diffusion import batches, generation, guidance, training

from .generators import (
    FITTED_CHECKS,
    GENERATOR_CHECKS,
    assert_holds_no_rows,
    check_generator_forgets_z,
    mixed_table,
    tiny,
)


@pytest.fixture(scope="module")
def table():
    return mixed_table()


@pytest.fixture(scope="module")
def fitted(table):
    return tiny().fit(*table)


@pytest.mark.parametrize("check", GENERATOR_CHECKS, ids=lambda c: c.__name__)
def test_generator_contract(check):
    check(tiny())


@pytest.mark.parametrize("check", FITTED_CHECKS, ids=lambda c: c.__name__)
def test_fitted_contract(check, fitted, table):
    check(fitted, table)
    assert set(fitted.history_) == {"score", "y", "z"}


def test_a_refit_without_z_forgets_it():
    check_generator_forgets_z(tiny())


def test_training_lowers_all_three_losses():
    X, y, z, domains = mixed_table(400)
    # The score network starts with the optimum of independent columns: tie them.
    X["number"], X["gap"] = 3.0 * (y == "yes"), 3.0 * (z == "M")
    X[["number", "gap", "spike"]] += np.random.default_rng(0).normal(size=(400, 3))
    X["flag"], X["category"] = y == "yes", np.where(y == "yes", "x", "y")
    X["word"] = np.where(z == "M", "a", "b")
    history = (
        tiny(max_iter=300, batch_size=64, gamma=5e-3).fit(X, y, z, domains).history_
    )
    for name in ("score", "y", "z"):
        assert history[name][-50:].mean() < 0.9 * history[name][:20].mean(), name


def test_rows_have_the_label_that_was_asked_for():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 600)
    X = np.column_stack([rng.normal(4.0 * y - 2.0, 0.5), rng.normal(size=600)])
    # Wide enough to be right about 19 rows in 20; smaller networks are at the bound.
    gen = tiny(max_iter=600, batch_size=128, n_steps=50, gamma=5e-3, hidden_width=64)
    gen.fit(X, y)
    for label in (0, 1):
        rows, _ = gen.sample(300, label)
        assert np.mean((rows[:, 0] > 0) == label) > 0.9


def test_strengths_act_at_sampling_without_new_training(fitted):
    gen = pickle.loads(pickle.dumps(fitted))
    weights = {k: v.copy() for k, v in gen.weights_.items()}
    plain = gen.set_params(lambda_z=0.0).sample(50)[0]
    fair = gen.set_params(lambda_z=50.0).sample(50)[0]
    assert not plain["number"].equals(fair["number"])
    for name, value in gen.weights_.items():
        np.testing.assert_array_equal(value, weights[name])


def test_two_processes_give_the_same_bits(tmp_path):
    code = (
        "from tests.generators import mixed_table, tiny\n"
        "import sys\n"
        "tiny().fit(*mixed_table()).sample(40)[0].to_pickle(sys.argv[1])\n"
    )
    path = tmp_path / "rows.pkl"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    here = tiny().fit(*mixed_table()).sample(40)[0]
    pd.testing.assert_frame_equal(pd.read_pickle(path), here, check_exact=True)


def test_z_none_trains_no_sensitive_classifier(table):
    X, y, *_ = table
    gen = tiny().fit(X, y)
    assert gen.lambda_yz_ == 0.0
    assert set(gen.history_) == {"score", "y"}
    assert gen.sensitive_classes_ == []
    assert len(gen.sample(3)[0]) == 3


def test_several_sensitive_attributes_get_a_head_each(table):
    X, y, z, domains = table
    both = pd.DataFrame({"sex": z, "age": np.arange(len(z)) % 3})
    gen = tiny().fit(X, y, both, domains)
    assert [len(g) for g in gen.sensitive_classes_] == [2, 3]
    assert gen.weights_["z.network.outputs.bias"].shape == (2 + 3,)
    # Groups that change places do so in the head of their attribute alone.
    swapped = both.assign(age=2 - both["age"])
    heads = [
        np.split(g.weights_["z.network.outputs.bias"], [2])
        for g in (gen, tiny().fit(X, y, swapped, domains))
    ]
    np.testing.assert_allclose(heads[0][0], heads[1][0], rtol=1e-4)
    np.testing.assert_allclose(heads[0][1], heads[1][1][::-1], rtol=1e-3)
    assert len(np.unique(np.concatenate(heads[0]).round(6))) == 5


def test_more_than_two_classes_and_groups(table):
    X, *_ = table
    y, z = np.arange(len(X)) % 4, np.arange(len(X)) % 5
    X_syn, y_syn = tiny().fit(X, y, z).sample(20, 3)
    assert set(y_syn) == {3}
    assert len(X_syn) == 20


def test_a_class_may_be_absent_from_a_domain_and_a_domain_may_have_one_row(table):
    X, y, z, domains = table
    alone = domains.where(y.ne("yes") | domains.ne("west"), "south").copy()
    alone.iloc[0] = "island"
    assert len(tiny().fit(X, y, z, alone).sample(2)[0]) == 2


def test_a_table_of_three_rows():
    X = pd.DataFrame({"a": [1.0, 2.0, None], "b": ["x", "y", "y"]})
    X_syn, y_syn = tiny().fit(X, [0, 1, 1], ["f", "m", "f"], [1, 2, 2]).sample(4)
    assert len(X_syn) == len(y_syn) == 4


def test_categorical_labels_come_back_with_all_their_categories(table):
    X, y, *_ = table
    labels = pd.Series(pd.Categorical(y, ["yes", "no", "maybe"]), name="income")
    _, y_syn = tiny().fit(X, labels).sample(5)
    assert y_syn.dtype == labels.dtype


def test_interrupted_fit_leaves_nothing_that_looks_fitted(table, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    gen = tiny()
    with monkeypatch.context() as patch:
        patch.setattr(training, "meta_gradients", interrupt)
        with pytest.raises(KeyboardInterrupt):
            gen.fit(*table)
    assert not [name for name in vars(gen) if name.endswith("_")]
    with pytest.raises(NotFittedError):
        gen.sample()


def bad(**changes):
    X, y, z, domains = mixed_table(30)
    return {"X": X, "y": y, "z": z, "domains": domains, **changes}


def with_gap(name):
    values = bad()[name].astype(object)
    values.iloc[3] = None
    return bad(**{name: values})


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (bad(y=[0, 1]), ValueError, "y has 2 rows but X has 30"),
        (bad(z=["F"]), ValueError, "z has 1 rows but X has 30"),
        (bad(domains=["n"] * 31), ValueError, "domains has 31 rows but X has 30"),
        (bad(X=bad()["X"].iloc[:0]), ValueError, "0 sample"),
        (bad(y=["no"] * 30), ValueError, "y holds one class"),
        (bad(z=["F"] * 30), ValueError, "z holds one group"),
        (bad(y=None), ValueError, "requires y"),
        (with_gap("y"), ValueError, "y has 1 missing"),
        (with_gap("z"), ValueError, "z has 1 missing"),
        (with_gap("domains"), ValueError, "domains has 1 missing"),
        (bad(y=np.linspace(0, 1, 30)), ValueError, "continuous"),
        (
            bad(y=[*["a"] * 15, *range(15)]),
            TypeError,
            "y mixes labels of types int, str",
        ),
        (bad(X=np.ones((30, 2))), ValueError, "X holds only constant columns"),
        (bad(X=np.full((30, 2), np.inf)), ValueError, "infinit"),
        (bad(y=np.zeros((30, 2))), ValueError, "y has 2 columns"),
        (bad(domains=np.zeros((30, 2))), ValueError, "domains has 2 columns"),
    ],
)
def test_bad_data_is_refused_before_training(arguments, error, message, monkeypatch):
    monkeypatch.setattr(training, "meta_gradients", None)
    with pytest.raises(error, match=message):
        tiny().fit(**arguments)


@pytest.mark.parametrize(
    "params",
    [
        {"lambda_y": -1.0},
        {"lambda_z": "strong"},
        {"lambda_z": float("nan")},
        {"lambda_y": float("inf")},
        {"max_iter": 0},
        {"n_steps": 2.5},
        {"n_jobs": 0},
        {"gamma": 0.0},
        {"device": "abacus"},
        {"device": "mps"},
    ],
)
def test_bad_parameters_are_refused_before_training(params, table, monkeypatch):
    monkeypatch.setattr(training, "meta_gradients", None)
    with pytest.raises((ValueError, TypeError), match=next(iter(params))):
        tiny(**params).fit(*table)


@pytest.mark.parametrize(
    "params",
    [
        {"lambda_y": 0},
        {"lambda_y": 1e-300},
        {"lambda_yz": 0},
        {"fairness_target": 1},
        {"fairness_target": 1e-300},
        {"n_steps": 1},
        {"hidden_width": 1},
        {"n_blocks": 1},
        {"max_iter": 1},
        {"batch_size": 1},
        {"batch_size": 10**12},
        {"alpha": 0},
        {"beta": 0},
        {"gamma": 1e-300},
        {"n_jobs": -1},
        {"verbose": 0},
        {"random_state": 2**32 - 1},
    ],
    ids=str,
)
def test_parameters_work_at_the_ends_of_their_ranges(params, table):
    X, _ = tiny(**params).fit(*table).sample(5)
    assert len(X) == 5


def test_a_strength_set_after_fit_is_checked_at_sampling(fitted):
    gen = clone(fitted)
    gen.__dict__.update({k: v for k, v in vars(fitted).items() if k.endswith("_")})
    with pytest.raises(ValueError, match="lambda_z"):
        gen.set_params(lambda_z=-1.0).sample()


def test_sample_before_fit_says_so():
    with pytest.raises(NotFittedError):
        FairDiffusionGenerator().sample()


def test_verbose_shows_progress_with_the_losses_and_nothing_else_does(table, capsys):
    tiny().fit(*table)
    assert capsys.readouterr().err == ""
    tiny(verbose=1).fit(*table)
    shown = capsys.readouterr().err
    assert "100%" in shown
    assert "score" in shown


def test_the_weights_that_sample_are_the_running_average(table, monkeypatch):
    def trained(decay):
        settings = functools.partial(training.TrainingSettings, ema_decay=decay)
        monkeypatch.setattr(generator_module, "TrainingSettings", settings)
        return tiny(max_iter=30).fit(*table)

    raw, averaged = trained(0.0), trained(0.9)
    for name in ("score", "y", "z"):  # the same training, iteration for iteration
        np.testing.assert_array_equal(raw.history_[name], averaged.history_[name])
    gaps = {
        k: np.abs(raw.weights_[k] - averaged.weights_[k]).max() for k in raw.weights_
    }
    assert max(gaps.values()) > 1e-4
    assert not raw.sample(5)[0]["number"].equals(averaged.sample(5)[0]["number"])


def test_second_order_training_differs_from_first_order_and_plain_from_both(table):
    X, y, z, domains = table

    def losses(second_order, d):
        gen = tiny(max_iter=20, alpha=0.5, second_order=second_order)
        return gen.fit(X, y, z, d).history_["y"].tolist()

    second, first, plain = (
        losses(True, domains),
        losses(False, domains),
        losses(False, None),
    )
    assert losses(True, domains) == second
    # The same start and the same batches: B_out's loss alone is after an inner step.
    assert second[0] == first[0] != plain[0]
    assert second[-1] != first[-1]
    assert plain == losses(True, None)


def test_a_training_that_diverges_is_an_error_and_not_nan(table):
    with pytest.raises(FloatingPointError, match="diverged within"):
        tiny(gamma=1e20, max_iter=30).fit(*table)


@pytest.fixture
def asked_for(monkeypatch):
    """Give the settings of the training that a table of n rows gets; none is done."""

    class Asked(Exception):
        pass

    def train(rows, labels, groups, domains, sizes, settings, *args, **kwargs):
        raise Asked(settings)

    monkeypatch.setattr(generator_module, "train", train)

    def settings(n_rows, **params):
        with pytest.raises(Asked) as asked:
            FairDiffusionGenerator(**params).fit(
                np.arange(n_rows)[:, np.newaxis], np.arange(n_rows) % 2
            )
        return asked.value.args[0]

    return settings


@pytest.mark.parametrize(
    ("n_rows", "params", "expected"),
    [
        (120, {}, 200),
        (120, {"max_iter": 7}, 7),
        (4000, {"batch_size": 400}, 1000),
        (100_000, {}, 5000),
    ],
)
def test_small_tables_are_trained_for_fewer_iterations(
    n_rows, params, expected, asked_for
):
    assert asked_for(n_rows, **params).max_iter == expected


def test_rare_labels_are_emphasised_and_rows_of_others_stay_as_they_are(
    table, monkeypatch
):
    X, _, z, domains = table
    y = np.where(np.arange(len(X)) < 10, "rare", "often")
    generator = tiny(lambda_yz=0, max_iter=40).fit(X, y, z, domains)
    assert generator.class_count_.tolist() == [len(X) - 10, 10]
    asked = ["often", "rare"] * 20
    emphasised = generator.sample(40, asked)[0]
    monkeypatch.setattr(guidance, "SHRINKAGE", 0.0)
    plain = generator.sample(40, asked)[0]
    pd.testing.assert_frame_equal(emphasised[::2], plain[::2])
    assert not emphasised[1::2].equals(plain[1::2])


@pytest.mark.parametrize("n_rare", [3, 40])
def test_only_rows_of_rare_labels_are_drawn_more_often(table, n_rare, monkeypatch):
    X, _, z, domains = table
    y = (np.arange(len(X)) < n_rare).astype(int)
    often = tiny(lambda_yz=0).fit(X, y, z, domains).weights_
    monkeypatch.setattr(batches, "LABEL_SHARE", 0.0)
    alike = tiny(lambda_yz=0).fit(X, y, z, domains).weights_
    same = all(np.array_equal(often[name], alike[name]) for name in often)
    assert same == (n_rare == 40)


def test_a_label_of_one_row_can_be_asked_for(table):
    X, _, z, domains = table
    y = np.where(np.arange(len(X)) == 5, "rare", "often")
    generator = tiny(lambda_yz=0).fit(X, y, z, domains)
    assert set(generator.sample(20, "rare")[1]) == {"rare"}


def test_batches_are_no_larger_than_the_table(asked_for):
    assert asked_for(30).batch_size == 30
    assert asked_for(2).batch_size == 2


@pytest.mark.parametrize("strength", [{"lambda_z": 5.0}, {"lambda_yz": 1.0}])
def test_a_strength_with_nothing_to_act_on_is_refused(table, strength):
    X, y, *_ = table
    with pytest.raises(ValueError, match=f"{next(iter(strength))} is .* no sensitive"):
        tiny(**strength).fit(X, y)
    gen = tiny().fit(X, y).set_params(**strength)
    with pytest.raises(ValueError, match="no sensitive"):
        gen.sample()


def test_a_fit_interrupted_in_fair_control_leaves_nothing_that_looks_fitted(
    table, monkeypatch
):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(generator_module, "fit_posteriors", interrupt)
    gen = tiny()
    with pytest.raises(KeyboardInterrupt):
        gen.fit(*table)
    with pytest.raises(NotFittedError):
        gen.sample()


def test_weights_that_are_not_finite_are_an_error(table):
    with pytest.raises(FloatingPointError, match="diverged"):
        tiny(gamma=1e30, max_iter=1).fit(*table)


@pytest.mark.parametrize("strength", [{"lambda_y": 1e300}, {"lambda_z": 1e30}])
def test_strengths_beyond_all_numbers_are_an_error(fitted, strength):
    gen = pickle.loads(pickle.dumps(fitted)).set_params(**strength)
    with pytest.raises(FloatingPointError, match="lower the strengths"):
        gen.sample(20)


def test_rows_are_the_same_up_to_rounding_in_half_precision(fitted, monkeypatch):
    def sample(halved, chunk_size):
        monkeypatch.setattr(generation, "has_fast_bfloat16", lambda device: halved)
        monkeypatch.setattr(_parallel, "CHUNK_SIZE", chunk_size)
        return fitted.sample(300, random_state=0)[0]

    exact, halved, chunked = sample(False, 300), sample(True, 300), sample(True, 64)
    assert np.corrcoef(exact["number"], halved["number"])[0, 1] > 0.99
    assert not exact["number"].equals(halved["number"])
    pd.testing.assert_frame_equal(halved, chunked, rtol=1e-3)


def test_rows_kept_deep_inside_would_be_found(fitted, table):
    X, y, z, _ = table
    for kept in (X, X["number"].to_numpy(), fitted.encoder_.transform(X)):
        other = copy.deepcopy(fitted)
        vars(other.fair_control_)["kept"] = kept
        with pytest.raises(AssertionError):
            assert_holds_no_rows(other, X, y, z)


@pytest.mark.parametrize(
    "make", [pd.Categorical, lambda v: pd.array(v, dtype="string")]
)
def test_pandas_arrays_are_labels_as_well(table, make):
    X, y, z, domains = table
    gen = tiny().fit(X, make(y), make(z), make(domains))
    assert gen.classes_.tolist() == ["no", "yes"]


@pytest.mark.parametrize("dtype", ["string", "Int64", "boolean"])
def test_labels_keep_their_dtype(table, dtype):
    X, y, *_ = table
    labels = (y == "yes").astype(dtype)
    assert tiny().fit(X, labels).sample(3)[1].dtype == labels.dtype


@pytest.mark.parametrize(
    ("z", "error", "message"),
    [
        (np.linspace(0, 1, 120), ValueError, "z holds continuous values such as"),
        (np.r_[np.inf, np.arange(119.0)], ValueError, "z holds infinite"),
        (np.c_[np.arange(120) % 2, np.arange(120) % 2], ValueError, "attribute twice"),
    ],
)
def test_values_that_are_no_groups_are_refused(table, z, error, message):
    with pytest.raises(error, match=message):
        tiny().fit(*table[:2], z)


@pytest.mark.parametrize("batch_size", [1, 2])
def test_the_smallest_batches_still_tell_the_network_its_labels(table, batch_size):
    gen = tiny(batch_size=batch_size, max_iter=40, gamma=1e-2).fit(*table)
    told = gen.weights_["score.network.labels.weight"]
    assert (np.abs(told[:2]).max(1) > 0).all()
