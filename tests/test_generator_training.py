"""What a fit does: losses fall, weights are averaged, rare labels are heard."""

import functools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from skfadm import FairDiffusionGenerator
from skfadm import _training as training_module
from skfadm.diffusion import batches, generation, training
from skfadm.diffusion.objective import DEFAULT
from skfadm.diffusion.training import TrainingSettings

from .generators import mixed_table, tiny


def test_training_lowers_all_losses():
    X, y, z, domains = mixed_table(400)
    # The score network starts with the optimum of independent columns: tie them.
    X["number"], X["gap"] = 3.0 * (y == "yes"), 3.0 * (z == "M")
    X[["number", "gap", "spike"]] += np.random.default_rng(0).normal(size=(400, 3))
    X["flag"], X["category"] = y == "yes", np.where(y == "yes", "x", "y")
    X["word"] = np.where(z == "M", "a", "b")
    history = (
        tiny(max_iter=300, batch_size=64, gamma=5e-3).fit(X, y, z, domains).history_
    )
    assert set(history) == {"score", "z"}
    for name in history:
        assert history[name][-50:].mean() < 0.9 * history[name][:20].mean(), name


def test_the_weights_that_sample_are_the_running_average(table, monkeypatch):
    def trained(decay):
        settings = functools.partial(TrainingSettings, ema_decay=decay)
        monkeypatch.setattr(training_module, "TrainingSettings", settings)
        return tiny(max_iter=30).fit(*table[:2])

    raw, averaged = trained(0.0), trained(0.9)
    # The same training, iteration for iteration.
    np.testing.assert_array_equal(raw.history_["score"], averaged.history_["score"])
    gaps = {
        k: np.abs(raw.weights_[k] - averaged.weights_[k]).max() for k in raw.weights_
    }
    assert max(gaps.values()) > 1e-4
    assert not raw.sample(5)[0]["number"].equals(averaged.sample(5)[0]["number"])


def test_second_order_training_differs_from_first_order_and_plain_from_both(
    table, monkeypatch
):
    X, y, _, domains = table

    def losses(second_order, d):
        recipe = replace(DEFAULT, second_order=second_order)
        monkeypatch.setattr(FairDiffusionGenerator, "_recipe", recipe)
        gen = tiny(max_iter=20, alpha=0.5)
        return gen.fit(X, y, domains=d).history_["score"].tolist()

    second, first, plain = (
        losses(True, domains),
        losses(False, domains),
        losses(False, None),
    )
    # The same start and the same batches: B_out's loss alone is after an inner step.
    assert second[0] == first[0] != plain[0]
    assert second[-1] != first[-1]
    assert plain == losses(True, None)


def test_no_two_parts_of_a_training_draw_the_same_numbers(table, monkeypatch):
    seeds = {}
    where = {"draw_weights": 1, "deal_dropout": 1, "DomainBatches": 2, "noise_rows": 3}
    for name, position in where.items():
        real = getattr(training, name)

        def record(*args, real=real, name=name, position=position):
            seeds.setdefault(name, set()).add(args[position].initial_seed())
            return real(*args)

        monkeypatch.setattr(training, name, record)
    tiny(max_iter=3).fit(*table)
    assert set(seeds) == set(where)
    # Held-out rows are noised by a generator of their own.
    assert [len(own) for own in seeds.values()] == [1, 1, 1, 2]
    assert len(set.union(*seeds.values())) == 5


@pytest.fixture
def asked_for(monkeypatch):
    """Give the settings of the training that a table of n rows gets; none is done."""

    class Asked(Exception):
        pass

    def train(rows, labels, groups, domains, sizes, recipe, settings, *args, **kwargs):
        raise Asked(settings)

    monkeypatch.setattr(training_module, "train", train)

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


def test_batches_are_no_larger_than_the_table(asked_for):
    assert asked_for(30).batch_size == 30
    assert asked_for(2).batch_size == 2


def test_rare_labels_are_emphasised_and_rows_of_others_stay_as_they_are(
    table, monkeypatch
):
    X, _, z, domains = table
    y = np.where(np.arange(len(X)) < 10, "rare", "often")
    generator = tiny(lambda_yz=0, max_iter=40).fit(X, y, z, domains)
    assert generator.class_count_.tolist() == [len(X) - 10, 10]
    asked = ["often", "rare"] * 20
    emphasised = generator.sample(40, asked)[0]
    monkeypatch.setattr(generation, "SHRINKAGE", 0.0)
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


@pytest.mark.parametrize("batch_size", [1, 2])
def test_the_smallest_batches_still_tell_the_network_its_labels(table, batch_size):
    gen = tiny(batch_size=batch_size, max_iter=40, gamma=1e-2).fit(*table)
    told = gen.weights_["score.network.labels.weight"]
    assert (np.abs(told[:2]).max(1) > 0).all()


@pytest.mark.parametrize("params", [{"max_iter": 30}, {"gamma": 1e30, "max_iter": 1}])
def test_a_training_that_diverges_is_an_error_and_not_nan(table, params):
    with pytest.raises(FloatingPointError, match="diverged"):
        tiny(**{"gamma": 1e20, **params}).fit(*table)


@pytest.mark.parametrize(
    "where", ["diffusion.training.meta_gradients", "generator.fit_posteriors"]
)
def test_interrupted_fit_leaves_nothing_that_looks_fitted(table, monkeypatch, where):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"skfadm.{where}", interrupt)
    gen = tiny()
    with pytest.raises(KeyboardInterrupt):
        gen.fit(*table)
    assert not [name for name in vars(gen) if name.endswith("_")]
    with pytest.raises(NotFittedError):
        gen.sample()
