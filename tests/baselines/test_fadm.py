"""FADM: what its paper prints, and nothing beyond."""

from dataclasses import replace

import numpy as np
import pytest

from skfadm.baselines import FADM
from skfadm.baselines._fadm import euler_maruyama, score_matching_loss
from skfadm.datasets import make_biased_domains
from skfadm.diffusion import training
from skfadm.diffusion.generation import RowGenerator

from . import generators


def tiny(**params):
    return generators.tiny(FADM, **params)


def test_training_is_algorithm_1_in_second_order_with_losses_that_are_not_weighted(
    table, monkeypatch
):
    seen = []
    real = training.meta_gradients

    def record(objective, batch_in, batch_out, **settings):
        seen.append((batch_in.weight, batch_out.weight, settings))
        return real(objective, batch_in, batch_out, **settings)

    monkeypatch.setattr(training, "meta_gradients", record)
    tiny(alpha_score=0.1, alpha_y=0.2, alpha_z=0.3, beta_y=0.5).fit(*table)
    for weight_in, weight_out, settings in seen:
        assert (weight_in, weight_out) == (1.0, 1.0)
        assert settings["second_order"] is True
        assert settings["alpha"] == {"score": 0.1, "y": 0.2, "z": 0.3}
        assert settings["beta"] == {"score": 1.0, "y": 0.5, "z": 1.0}


def test_a_step_size_or_weight_acts_on_its_own_network_alone(table):
    plain = tiny().fit(*table).weights_
    for network in ("score", "y", "z"):
        for name in ("alpha", "beta", "gamma"):
            changed = tiny(**{f"{name}_{network}": 0.7}).fit(*table).weights_
            moved = {k.split(".")[0] for k in plain if (plain[k] != changed[k]).any()}
            assert moved == {network}


def test_the_score_network_is_not_told_labels_and_learns_by_squared_error(
    table, monkeypatch
):
    seen = []

    def record(denoiser, rows, labels):
        evidence = denoiser.evidence
        seen.append((labels, evidence.active, evidence.n_linear))
        return score_matching_loss(denoiser, rows, labels)

    assert FADM._recipe.loss is score_matching_loss
    monkeypatch.setattr(FADM, "_recipe", replace(FADM._recipe, loss=record))
    gen = tiny().fit(*table)
    assert not [name for name in gen.weights_ if name.startswith("score.network.lab")]
    # Every channel is a number.
    assert set(seen) == {(None, False, gen.weights_["score.network.outputs.bias"].size)}


def test_steps_are_those_of_euler_maruyama_and_even_in_t(table, monkeypatch):
    seen = []
    real = RowGenerator.generate

    def record(self, *args):
        seen.append((self.times, self.solver))
        return real(self, *args)

    monkeypatch.setattr(RowGenerator, "generate", record)
    tiny(n_steps=7).fit(*table).sample(5)
    [(times, solver)] = seen
    assert len(times) == 8
    np.testing.assert_allclose(times.diff(), times.diff()[0])
    assert solver is euler_maruyama


def test_fair_control_is_the_papers_alone(table):
    gen = tiny().fit(*table)
    plain = gen.sample(20)[0]
    assert not gen.set_params(lambda_z=20.0).sample(20)[0].equals(plain)
    for name in ("lambda_yz", "lambda_yz_", "tradeoff_", "adapt", "sample_strengths"):
        assert not hasattr(gen, name)
    with pytest.raises(ValueError, match="lambda_z is 1.0 but .* no sensitive"):
        tiny().fit(table[0], table[1])


def test_stronger_entropy_guidance_makes_the_group_harder_to_tell():
    """By the true p(z | x), whose entropy is at most log 2."""
    data = make_biased_domains(1500, n_features=3, random_state=0)

    def mean_entropy(X):
        p = data.model.posterior_z(X)
        return float(-(p * np.log(p)).sum(1).mean())

    gen = tiny(max_iter=250, batch_size=128, n_steps=50, hidden_width=64)
    gen.set_params(gamma_score=5e-3, gamma_y=5e-3, gamma_z=5e-3)
    gen.fit(data.data, data.target, data.z, data.domains)
    plain, strong = (
        mean_entropy(gen.set_params(lambda_z=strength).sample(500)[0])
        for strength in (0.0, 20.0)
    )
    assert plain == pytest.approx(mean_entropy(data.data), abs=0.05)
    assert strong > 0.9 * np.log(2)
