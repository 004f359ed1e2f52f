"""Bad data, bad parameters, and parameters at the ends of their ranges."""

import numpy as np
import pytest

from .generators import mixed_table, tiny


def bad(**changes):
    X, y, z, domains = mixed_table(30)
    return {"X": X, "y": y, "z": z, "domains": domains, **changes}


TWICE = np.tile(np.arange(30) % 2, (2, 1)).T


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (bad(X=bad()["X"].iloc[:0]), "0 sample"),
        (bad(y=["no"] * 30), "y holds one class"),
        (bad(z=["F"] * 30), "z holds one group"),
        (bad(z=TWICE), "z holds the same attribute twice"),
        (bad(y=None), "requires y"),
        (bad(X=np.ones((30, 2))), "X holds only constant columns"),
        (bad(X=np.full((30, 2), np.inf)), "infinit"),
    ],
)
def test_bad_data_is_refused_before_training(arguments, message, monkeypatch):
    monkeypatch.setattr("skfadm.diffusion.training.meta_gradients", None)
    with pytest.raises(ValueError, match=message):
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
    monkeypatch.setattr("skfadm.diffusion.training.meta_gradients", None)
    with pytest.raises((ValueError, TypeError), match=next(iter(params))):
        tiny(**params).fit(*table)


@pytest.mark.parametrize(
    "params",
    [
        {"lambda_y": 1e-300},
        {"lambda_yz": 0},
        {"fairness_target": 1},
        {"fairness_target": 1e-300},
        {"n_steps": 1},
        {"hidden_width": 1, "n_blocks": 1, "max_iter": 1, "batch_size": 1},
        {"batch_size": 10**12},
        {"alpha": 0, "beta": 0},
        {"gamma": 1e-300},
        {"n_jobs": -1},
        {"random_state": 2**32 - 1},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:fairness_target asks for:UserWarning")
def test_parameters_work_at_the_ends_of_their_ranges(params, table):
    # `z` matters to parameters of fair control alone, and takes the most time.
    n_given = 2 if {"lambda_yz", "fairness_target"}.isdisjoint(params) else 4
    X, _ = tiny(**params).fit(*table[:n_given]).sample(5)
    assert len(X) == 5


def test_a_strength_set_after_fit_is_checked_at_sampling(fitted):
    with pytest.raises(ValueError, match="lambda_z"):
        fitted.set_params(lambda_z=-1.0).sample()


@pytest.mark.parametrize("strength", [{"lambda_z": 5.0}, {"lambda_yz": 1.0}])
def test_a_strength_with_nothing_to_act_on_is_refused(table, strength):
    X, y, *_ = table
    with pytest.raises(ValueError, match=f"{next(iter(strength))} is .* no sensitive"):
        tiny(**strength).fit(X, y)
    gen = tiny().fit(X, y).set_params(**strength)
    with pytest.raises(ValueError, match="no sensitive"):
        gen.sample()


@pytest.mark.parametrize("strength", [{"lambda_y": 1e300}, {"lambda_z": 1e30}])
def test_strengths_beyond_all_numbers_are_an_error(fitted, strength):
    with pytest.raises(FloatingPointError, match="lower the strengths"):
        fitted.set_params(**strength).sample(20)
