"""What all baselines hold to, as FairDiffusionGenerator does."""

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.stats import iqr
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from skfadm import FairDiffusionGenerator
from skfadm.baselines import DDPM, FLDGM, GAN, VAE, FairGAN

from ..generators import (
    FITTED_CHECKS,
    GENERATOR_CHECKS,
    check_generator_forgets_z,
)
from .generators import BASELINES, FAIR_BASELINES, never_the_last_label, tiny

#: What each step of a training asks for.
STEP = "skfadm.baselines._training.Cosine.factor"


def of_any_table(baseline):
    """Return the baseline with a z made up, for the checks that pass none."""

    class OfAnyTable(baseline):
        def fit(self, X, y, z=None, domains=None):
            if z is None and y is not None:
                z = np.arange(len(y)) % 2
            return super().fit(X, y, z, domains)

    # Pickle finds it by its name here.
    OfAnyTable.__name__ = OfAnyTable.__qualname__ = f"{baseline.__name__}OfAnyTable"
    globals()[OfAnyTable.__name__] = OfAnyTable
    return OfAnyTable(**tiny(baseline).get_params())


CHECKED = [
    of_any_table(baseline) if baseline in FAIR_BASELINES else tiny(baseline)
    for baseline in BASELINES
]
#: Checks that cannot hold, each with its reason. An entry that passes is an error.
EXPECTED_FAILURES = {type(estimator).__name__: {} for estimator in CHECKED}


@parametrize_with_checks(
    CHECKED,
    expected_failed_checks=lambda e: EXPECTED_FAILURES[type(e).__name__],
    xfail_strict=True,
)
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


@pytest.fixture(scope="module", params=BASELINES)
def fitted(request, table):
    return tiny(request.param).fit(*table)


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("check", GENERATOR_CHECKS, ids=lambda c: c.__name__)
def test_generator_contract(check, baseline):
    check(tiny(baseline))


@pytest.mark.parametrize("check", FITTED_CHECKS, ids=lambda c: c.__name__)
def test_fitted_contract(check, fitted, table):
    check(fitted, table)


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("method", ["fit", "sample", "fit_resample"])
def test_methods_take_what_those_of_the_generator_take(baseline, method):
    def parameters(cls):
        found = inspect.signature(getattr(cls, method)).parameters.values()
        return [(p.name, p.kind, p.default) for p in found]

    assert parameters(baseline) == parameters(FairDiffusionGenerator)


def test_how_many_rows_are_drawn_does_not_change_the_first_ones(fitted):
    few, many = fitted.sample(10), fitted.sample(600)
    pd.testing.assert_frame_equal(many[0].iloc[:10], few[0], check_exact=True)
    assert many[1].iloc[:10].equals(few[1])


def test_rows_of_a_label_are_the_first_ones_that_have_it(fitted):
    X, y = fitted.sample(300)
    kept = X[y == "yes"].head(20).reset_index(drop=True)
    assert len(kept) == 20
    pd.testing.assert_frame_equal(fitted.sample(20, "yes")[0], kept)


def test_sizes_set_after_fit_wait_for_the_next_fit(fitted):
    gen = pickle.loads(pickle.dumps(fitted))
    before = gen.sample(5)[0]
    pd.testing.assert_frame_equal(gen.set_params(hidden_width=8).sample(5)[0], before)


@pytest.mark.parametrize("baseline", BASELINES)
def test_more_than_two_classes_and_groups_and_several_attributes(baseline, table):
    X, *_ = table
    y = np.arange(len(X)) % 4
    z = np.column_stack([np.arange(len(X)) % 5, np.arange(len(X)) % 2])
    assert set(tiny(baseline).fit(X, y, z).sample(20, 3)[1]) == {3}


@pytest.mark.parametrize("baseline", [VAE, GAN, DDPM])
def test_z_and_domains_change_nothing_where_they_are_not_used(baseline, table):
    X, y, *_ = table
    with_both = tiny(baseline).fit(*table).sample(9)[0]
    pd.testing.assert_frame_equal(tiny(baseline).fit(X, y).sample(9)[0], with_both)


@pytest.mark.parametrize("baseline", [VAE, GAN, DDPM])
def test_a_refit_without_z_forgets_it(baseline):
    check_generator_forgets_z(tiny(baseline))


@pytest.mark.parametrize("baseline", FAIR_BASELINES)
def test_those_that_are_about_fairness_refuse_to_do_without_z(baseline, table):
    X, y, *_ = table
    message = f"z is None, but {baseline.__name__} .*; expected z of shape"
    with pytest.raises(ValueError, match=message):
        tiny(baseline).fit(X, y)


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("bad", ["y", "z", "domains"])
def test_bad_data_is_refused_before_training(baseline, bad, table, monkeypatch):
    monkeypatch.setattr(STEP, None)
    arguments = dict(zip(("X", "y", "z", "domains"), table, strict=True))
    arguments[bad] = arguments[bad].iloc[:5]
    with pytest.raises(ValueError, match=f"{bad} has 5 rows but X has 120"):
        tiny(baseline).fit(**arguments)


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("params", [{"max_iter": 0}, {"learning_rate": 0.0}])
def test_bad_parameters_are_refused(baseline, params, table):
    with pytest.raises(ValueError, match=next(iter(params))):
        tiny(baseline, **params).fit(*table)


def test_a_label_that_is_never_generated_is_an_error_and_no_endless_search(table):
    gen = never_the_last_label(tiny(GAN).fit(*table))
    message = "label 'yes'.*only 0 of 768 generated rows.*share of 0.*training has 0.3"
    with pytest.raises(RuntimeError, match=message):
        gen.sample(12, {"yes": 0.9, "no": 0.1})
    assert set(gen.sample(40)[1]) == set(gen.sample(40, "no")[1]) == {"no"}


def test_training_that_diverges_says_so(table):
    with pytest.raises(FloatingPointError, match="diverged with learning_rate=1e"):
        tiny(VAE, learning_rate=1e30).fit(*table)


@pytest.mark.parametrize("baseline", BASELINES)
def test_interrupted_fit_leaves_nothing_that_looks_fitted(baseline, table, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    gen = tiny(baseline)
    monkeypatch.setattr(STEP, interrupt)
    with pytest.raises(KeyboardInterrupt):
        gen.fit(*table)
    assert not [name for name in vars(gen) if name.endswith("_")]
    with pytest.raises(NotFittedError):
        gen.sample()


def test_verbose_shows_progress_and_changes_no_row(fitted, table, capsys):
    shown = clone(fitted).set_params(verbose=1).fit(*table)
    text = capsys.readouterr().err
    assert "100%" in text
    # The networks of the last stage of training.
    assert list(fitted.history_)[-1] in text
    pd.testing.assert_frame_equal(shown.sample(5)[0], fitted.sample(5)[0])


@pytest.mark.parametrize("baseline", BASELINES)
def test_rows_and_labels_go_together_after_some_training(baseline):
    rng = np.random.default_rng(0)
    y = rng.choice([0, 1], 600, p=[0.7, 0.3])
    word = np.where(rng.random(600) < 0.9, np.where(y, "b", "a"), "c")
    X = pd.DataFrame({"number": rng.normal(4.0 * y - 2.0), "word": word})
    gen = tiny(baseline, hidden_width=32, batch_size=128)
    if baseline in (GAN, FairGAN):
        gen.set_params(max_iter=800, learning_rate=5e-3)
    else:
        gen.set_params(max_iter=300, learning_rate=1e-2)
    if baseline in (DDPM, FLDGM):
        gen.set_params(n_steps=50)
    rows, labels = gen.fit(X, y, np.arange(600) % 2).sample(1000)
    # Unrelated rows and labels would agree in 0.58 and 0.52 of them.
    assert abs(labels.mean() - y.mean()) < 0.1
    assert np.mean((rows["number"] > 0) == labels) > 0.8
    assert np.mean(rows["word"] == np.where(labels, "b", "a")) > 0.7
    for label in (0, 1):
        spread = iqr(rows["number"][labels == label]) / iqr(X["number"][y == label])
        assert 0.4 < spread < 2.2
