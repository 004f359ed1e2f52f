import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score

from skfadm.baselines import FLDGM
from skfadm.baselines._fldgm import FLDGMNetworks, distance_correlation
from skfadm.baselines._groups import Groups
from skfadm.datasets import make_biased_domains
from skfadm.diffusion.layout import Layout

from ..generators import GENERATOR_CHECKS, mixed_table
from .generators import networks_of, tiny


def by_hand(a, b):
    """Bias-corrected distance correlation, one entry at a time."""

    def u_centred(x):
        n = len(x)
        d = np.array([[np.linalg.norm(p - q) for q in x] for p in x])
        out = np.zeros((n, n))
        for i in range(n):
            for j in range(n):
                if i != j:
                    rows = d[i].sum() / (n - 2) + d[:, j].sum() / (n - 2)
                    out[i, j] = d[i, j] - rows + d.sum() / ((n - 1) * (n - 2))
        return out

    A, B = u_centred(a), u_centred(b)
    return (A * B).sum() / np.sqrt((A * A).sum() * (B * B).sum())


def test_distance_correlation_against_numbers_by_hand():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(9, 3)), np.eye(2)[[0, 1, 0, 0, 1, 1, 0, 1, 0]]
    found = distance_correlation(torch.tensor(a), torch.tensor(b))
    assert float(found) == pytest.approx(by_hand(a, b))
    assert float(distance_correlation(torch.tensor(a), torch.tensor(a))) == (
        pytest.approx(1.0)
    )


def test_distance_correlation_is_about_zero_at_independence_in_any_dimension():
    generator = torch.Generator().manual_seed(0)
    b = torch.eye(2)[torch.arange(200) % 2]
    values = [
        float(distance_correlation(torch.randn(200, 32, generator=generator), b))
        for _ in range(40)
    ]
    assert abs(np.mean(values)) < 0.005


@pytest.mark.parametrize("n", [1, 3, 6])
def test_distance_correlation_of_what_tells_nothing_has_finite_gradients(n):
    a = torch.zeros(n, 2, requires_grad=True)
    value = distance_correlation(a, torch.ones(n, 1)) + 0.0 * a.sum()
    assert float(value.detach()) == 0.0
    (gradient,) = torch.autograd.grad(value, a)
    assert gradient.isfinite().all()


def test_second_stage_learns_the_latent_model_and_leaves_the_autoencoder_alone():
    X, y, z, _ = mixed_table()
    diffusion, gan = (
        tiny(FLDGM, latent_model=model).fit(X, y, z) for model in ("diffusion", "gan")
    )
    assert list(diffusion.history_) == ["autoencoder", "noise"]
    assert list(gan.history_) == ["autoencoder", "discriminator", "generator"]
    # The first stage is the same, whatever the second one learns after it.
    for name in gan.weights_:
        if name.startswith("autoencoder."):
            np.testing.assert_array_equal(gan.weights_[name], diffusion.weights_[name])
    longer = tiny(FLDGM, latent_model="gan", max_iter=6).fit(X, y, z)
    for network in ("autoencoder", "discriminator", "generator"):
        own = [name for name in gan.weights_ if name.startswith(network)]
        assert any((gan.weights_[n] != longer.weights_[n]).any() for n in own)


@pytest.mark.parametrize("check", GENERATOR_CHECKS, ids=lambda c: c.__name__)
def test_latent_gan_holds_to_the_contract_too(check):
    check(tiny(FLDGM, latent_model="gan"))


def auc_of_telling_z(gen, data):
    """Return how well latent vectors of real rows tell the group, and their KL term."""
    X, y, z = data.data, data.target, data.z
    gen.fit(X, y, z)
    rows = np.column_stack([gen.encoder_.transform(X), y]).astype(np.float32)
    with torch.no_grad():
        h, kl = networks_of(gen).encode(
            torch.from_numpy(rows), torch.Generator().manual_seed(0)
        )
    forest = RandomForestClassifier(50, min_samples_leaf=20, random_state=0)
    auc = cross_val_score(forest, h.numpy(), z, cv=3, scoring="roc_auc").mean()
    return auc, float(kl.mean())


def test_penalty_keeps_z_out_of_the_latent_space_and_leaves_something_in_it():
    data = make_biased_domains(2000, n_features=3, random_state=0)
    gen = FLDGM(latent_size=4, hidden_width=32, max_iter=500, random_state=0)
    gen.set_params(batch_size=256, learning_rate=5e-3, n_steps=2)
    unfair, _ = auc_of_telling_z(gen.set_params(lambda_fair=0.0), data)
    fair, kl = auc_of_telling_z(gen.set_params(lambda_fair=1000.0), data)
    assert unfair > 0.75
    assert fair < 0.62
    # With a weight that was 100 from the start it was 0.02.
    assert kl > 0.15


def test_weight_of_the_penalty_rises_while_z_is_told_and_falls_again():
    groups = Groups((2,), np.array([[0], [1]]), np.array([0.5, 0.5]))
    model = FLDGMNetworks(Layout(1, (2,)), 4, 8, 1, 1000.0, "gan", 5, groups)
    weights = [float(model._strength(torch.tensor(0.2), i / 100)) for i in range(80)]
    assert weights[0] == pytest.approx(1.0)
    assert weights[25] == pytest.approx(1000.0**0.5)
    assert weights[60] == weights[79] == 1000.0
    falling = [model._strength(torch.tensor(0.0), 0.8 + i / 1000) for i in range(200)]
    assert falling[-1] < 0.3 * falling[0]
