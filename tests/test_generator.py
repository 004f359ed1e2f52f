"""A fitted generator: what it gives, keeps and repeats."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from skfadm import _training

from .generators import (
    FITTED_CHECKS,
    GENERATOR_CHECKS,
    check_generator_forgets_z,
    mixed_table,
    tiny,
)


@pytest.mark.parametrize("check", GENERATOR_CHECKS, ids=lambda c: c.__name__)
def test_generator_contract(check):
    check(tiny())


@pytest.mark.parametrize("check", FITTED_CHECKS, ids=lambda c: c.__name__)
def test_fitted_contract(check, fitted, table):
    check(fitted, table)
    assert set(fitted.history_) == {"score", "z"}


def test_a_refit_without_z_forgets_it():
    check_generator_forgets_z(tiny())


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
    weights = {k: v.copy() for k, v in fitted.weights_.items()}
    plain = fitted.set_params(lambda_z=0.0).sample(50)[0]
    fair = fitted.set_params(lambda_z=50.0).sample(50)[0]
    assert not plain["number"].equals(fair["number"])
    for name, value in fitted.weights_.items():
        np.testing.assert_array_equal(value, weights[name])


def test_two_processes_give_the_same_bits(fitted, tmp_path):
    code = (
        "from tests.generators import mixed_table, tiny\n"
        "import sys\n"
        "tiny().fit(*mixed_table()).sample(40)[0].to_pickle(sys.argv[1])\n"
    )
    path = tmp_path / "rows.pkl"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    here = fitted.sample(40)[0]
    pd.testing.assert_frame_equal(pd.read_pickle(path), here, check_exact=True)


def test_z_none_trains_no_sensitive_classifier(table):
    X, y, *_ = table
    gen = tiny().fit(X, y)
    assert gen.lambda_yz_ == 0.0
    assert set(gen.history_) == {"score"}
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


def hard_cases():
    X, y, z, domains = mixed_table()
    alone = domains.where(y.ne("yes") | domains.ne("west"), "south").copy()
    alone.iloc[0] = "island"
    few = pd.DataFrame({"a": [1.0, 2.0, None], "b": ["x", "y", "y"]})
    n = np.arange(len(X))
    return {
        "more than two labels and groups": (X, n % 4, n % 5, None),
        "a label in some domains, a domain of one row": (X, y, z, alone),
        "three rows": (few, [0, 1, 1], ["f", "m", "f"], [1, 2, 2]),
    }


@pytest.mark.parametrize("case", hard_cases().values(), ids=hard_cases().keys())
@pytest.mark.parametrize("is_asked", [False, True])
def test_hard_cases_are_fitted_and_sampled(case, is_asked):
    label = np.asarray(case[1])[-1] if is_asked else None
    X, y = tiny().fit(*case).sample(20, label)
    assert len(X) == len(y) == 20
    assert set(y) == {label} if is_asked else set(y) <= set(case[1])


def test_verbose_shows_progress_with_the_losses_and_nothing_else_does(table, capsys):
    tiny().fit(*table)
    assert capsys.readouterr().err == ""
    tiny(verbose=1).fit(*table)
    shown = capsys.readouterr().err
    assert "100%" in shown
    assert "score" in shown


def test_a_label_of_one_row_can_be_asked_for(table):
    X, _, z, domains = table
    y = np.where(np.arange(len(X)) == 5, "rare", "often")
    generator = tiny(lambda_yz=0).fit(X, y, z, domains)
    assert set(generator.sample(20, "rare")[1]) == {"rare"}


def test_rows_are_the_same_up_to_rounding_in_half_precision(fitted, monkeypatch):
    def sample(halved, n):
        monkeypatch.setattr(_training, "has_fast_bfloat16", lambda device: halved)
        return fitted.sample(n, random_state=0)[0]

    exact, halved, longer = sample(False, 300), sample(True, 300), sample(True, 700)
    assert np.corrcoef(exact["number"], halved["number"])[0, 1] > 0.99
    assert not exact["number"].equals(halved["number"])
    # Nor by what else is computed at a time, which 700 rows are not.
    pd.testing.assert_frame_equal(halved, longer.head(300), rtol=1e-3)
