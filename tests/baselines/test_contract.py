"""What all baselines hold to, as FairDiffusionGenerator does."""

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.stats import iqr
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import (
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
    parametrize_with_checks,
)

from skfadm import FairDiffusionGenerator
from skfadm.baselines import DDPM, DECAF, FADM, FLDGM, GAN, VAE, FairGAN
from skfadm.baselines._base import PATIENCE, rows_with_labels

from ..generators import FITTED_CHECKS, GENERATOR_CHECKS, check_generator_forgets_z
from .generators import BASELINES, FAIR_BASELINES, never_the_last_label, tiny

#: What each step of a training asks for.
STEP = "skfadm.baselines._training.Cosine.factor"


class DECAFOfAnyTable(DECAF):
    """With a z made up, for the checks that pass none."""

    def fit(self, X, y, z=None, domains=None):
        if z is None and y is not None:
            z = np.arange(len(y)) % 2
        return super().fit(X, y, z, domains)


# The others have what they do from the same base, but for their constructors.
@parametrize_with_checks(
    [
        tiny(VAE),
        tiny(FADM, lambda_z=0.0),
        DECAFOfAnyTable(**tiny(DECAF).get_params()),
    ]
)
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize(
    "check", [check_no_attributes_set_in_init, check_parameters_default_constructible]
)
def test_constructors_hold_to_the_conventions(baseline, check):
    check(baseline.__name__, tiny(baseline))
    params = baseline().get_params()
    assert set(params) <= set(baseline._parameter_constraints)


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


@pytest.mark.parametrize("method", ["fit", "sample", "fit_resample"])
def test_methods_take_what_those_of_the_generator_take(method):
    def parameters(cls):
        found = inspect.signature(getattr(cls, method)).parameters.values()
        return [(p.name, p.kind, p.default) for p in found]

    for baseline in BASELINES:
        assert parameters(baseline) == parameters(FairDiffusionGenerator)


def test_rows_are_the_first_ones_of_a_fixed_stream_and_so_are_those_of_a_label(fitted):
    if isinstance(fitted, FADM):
        pytest.skip("makes rows for labels")
    X, y = fitted.sample(600)
    few = fitted.sample(10)
    pd.testing.assert_frame_equal(X.iloc[:10], few[0], check_exact=True)
    assert y.iloc[:10].equals(few[1])
    kept = X[y == "yes"].head(20).reset_index(drop=True)
    pd.testing.assert_frame_equal(fitted.sample(20, "yes")[0], kept)


def stream(period):
    """Return blocks of four rows (index, label); every `period`-th has label 1."""

    def draw(block):
        drawn.append(block)
        index = np.arange(4 * block, 4 * block + 4)
        return np.stack([index, index % period == period - 1], 1).astype("f4")

    drawn = []
    return draw, drawn


def test_labels_are_found_up_to_a_multiple_of_what_their_training_share_asks_for():
    classes, prior = np.array(["no", "yes"]), np.array([0.5, 0.5])
    rows = rows_with_labels(stream(3)[0], np.array([1, 0, 0, 1, 0]), classes, prior)
    assert rows.T.tolist() == [[2, 0, 1, 5, 3], [1, 0, 0, 1, 0]]
    # A label as rare as 1 / PATIENCE of its share in training is still found.
    codes = np.ones(8, dtype=np.int64)
    assert len(rows_with_labels(stream(2 * PATIENCE)[0], codes, classes, prior)) == 8
    draw, drawn = stream(2 * PATIENCE + 5)
    with pytest.raises(RuntimeError, match="8 rows of label 'yes'.*only 7 of 320"):
        rows_with_labels(draw, codes, classes, prior)
    assert drawn == list(range(PATIENCE * 4))


def test_a_label_that_is_never_generated_is_an_error_and_no_endless_search(table):
    gen = never_the_last_label(tiny(GAN).fit(*table))
    message = "label 'yes'.*only 0 of 768 generated rows.*share of 0.*training has 0.3"
    with pytest.raises(RuntimeError, match=message):
        gen.sample(12, {"yes": 0.9, "no": 0.1})
    assert set(gen.sample(40)[1]) == set(gen.sample(40, "no")[1]) == {"no"}


def test_sizes_set_after_fit_wait_for_the_next_fit(fitted):
    gen = pickle.loads(pickle.dumps(fitted))
    before = gen.sample(5)[0]
    pd.testing.assert_frame_equal(gen.set_params(hidden_width=8).sample(5)[0], before)


@pytest.mark.parametrize("baseline", BASELINES)
def test_more_than_two_classes_and_groups_and_several_attributes(baseline, table):
    X, _, _, domains = table
    y = np.arange(len(X)) % 4
    z = np.column_stack([np.arange(len(X)) % 5, np.arange(len(X)) % 2])
    assert set(tiny(baseline).fit(X, y, z, domains).sample(20, 3)[1]) == {3}


@pytest.mark.parametrize("baseline", [VAE, GAN, DDPM])
def test_z_and_domains_change_nothing_where_they_are_not_used(baseline, table):
    X, y, *_ = table
    with_both = tiny(baseline).fit(*table).sample(9)[0]
    pd.testing.assert_frame_equal(tiny(baseline).fit(X, y).sample(9)[0], with_both)
    check_generator_forgets_z(tiny(baseline))


@pytest.mark.parametrize("baseline", BASELINES)
def test_bad_input_is_refused_before_training(baseline, table, monkeypatch):
    monkeypatch.setattr(STEP, None)
    if baseline in FAIR_BASELINES:
        message = f"z is None, but {baseline.__name__} .*; expected z of shape"
        with pytest.raises(ValueError, match=message):
            tiny(baseline).fit(*table[:2])
    for bad in ("y", "z", "domains"):
        arguments = dict(zip(("X", "y", "z", "domains"), table, strict=True))
        arguments[bad] = arguments[bad].iloc[:5]
        with pytest.raises(ValueError, match=f"{bad} has 5 rows but X has 120"):
            tiny(baseline).fit(**arguments)
    rate = "gamma_y" if baseline is FADM else "learning_rate"
    for name, value in (("max_iter", 0), (rate, 0.0)):
        with pytest.raises(ValueError, match=name):
            tiny(baseline, **{name: value}).fit(*table)


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


LONGER = {
    **dict.fromkeys((GAN, FairGAN), {"max_iter": 600, "learning_rate": 5e-3}),
    VAE: {"max_iter": 300, "learning_rate": 1e-2},
    **dict.fromkeys(
        (DDPM, FLDGM), {"max_iter": 300, "learning_rate": 1e-2, "n_steps": 50}
    ),
    FADM: {
        **{"max_iter": 400, "n_steps": 100, "lambda_z": 0.0},
        **{"gamma_score": 5e-3, "gamma_y": 5e-3},
    },
}


# DECAF has a test of its own.
@pytest.mark.parametrize("baseline", LONGER)
def test_rows_and_labels_go_together_after_some_training(baseline):
    rng = np.random.default_rng(0)
    y = rng.choice([0, 1], 600, p=[0.7, 0.3])
    word = np.where(rng.random(600) < 0.9, np.where(y, "b", "a"), "c")
    X = pd.DataFrame({"number": rng.normal(4.0 * y - 2.0), "word": word})
    gen = tiny(baseline, hidden_width=32, batch_size=128, **LONGER[baseline])
    rows, labels = gen.fit(X, y, np.arange(600) % 2).sample(1000)
    # Unrelated rows and labels would agree in 0.58 and 0.52 of them.
    assert abs(labels.mean() - y.mean()) < 0.1
    assert np.mean((rows["number"] > 0) == labels) > 0.8
    assert np.mean(rows["word"] == np.where(labels, "b", "a")) > 0.7
    for label in (0, 1):
        spread = iqr(rows["number"][labels == label]) / iqr(X["number"][y == label])
        assert 0.4 < spread < 2.2
