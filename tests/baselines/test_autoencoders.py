"""VAE and FLDGM: the bound, the penalty, and what is left in the latent space."""

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score
from torch.distributions import Categorical, Independent, Normal, kl_divergence

from skfadm.baselines import FLDGM, VAE
from skfadm.baselines._fldgm import distance_correlation
from skfadm.baselines._vae import VAENetworks
from skfadm.datasets import make_biased_domains
from skfadm.diffusion.layout import Layout

from ..generators import mixed_table
from .generators import losses_of, networks_of, networks_with, tiny

ROWS = torch.tensor([[0.5, -1.0, 2, 0], [1.5, 0.2, 0, 1]])


@pytest.fixture
def networks():
    networks = networks_with(VAENetworks, Layout(2, (3, 2)), latent_size=3)
    networks.autoencoder.log_sigma.data = torch.tensor([0.3, -0.5])
    return networks


def test_likelihood_is_normal_for_numbers_and_categorical_for_codes(networks):
    h = torch.randn(2, 3)
    decoded = networks.autoencoder.decoder(h)
    numbers = Normal(decoded[:, :2], networks.autoencoder.log_sigma.exp())
    log_p = numbers.log_prob(ROWS[:, :2])
    # Blocks are ordered by size: the column of two categories comes first.
    expected = (
        log_p.sum(1)
        + Categorical(logits=decoded[:, 2:4]).log_prob(ROWS[:, 3])
        + Categorical(logits=decoded[:, 4:7]).log_prob(ROWS[:, 2])
    )
    torch.testing.assert_close(networks.log_likelihood(ROWS, h), expected)
    # A number that is not there adds nothing.
    rows = ROWS.clone()
    rows[0, 1] = torch.nan
    expected[0] -= log_p[0, 1]
    torch.testing.assert_close(networks.log_likelihood(rows, h), expected)


def test_loss_is_the_negative_bound(networks):
    loss = losses_of(networks, ROWS, seed=1)["autoencoder"]
    encoded = networks.autoencoder.encoder(networks.layout.expand(ROWS))
    mean, deviation = encoded[:, :3], (0.5 * encoded[:, 3:]).exp()
    noise = torch.randn(2, 3, generator=torch.Generator().manual_seed(1))
    q = Independent(Normal(mean, deviation), 1)
    prior = Independent(Normal(torch.zeros(3), torch.ones(3)), 1)
    likelihood = networks.log_likelihood(ROWS, mean + deviation * noise)
    torch.testing.assert_close(loss, (kl_divergence(q, prior) - likelihood).mean())


def test_generated_numbers_have_the_spread_of_the_data_and_not_of_the_decoder():
    # Pure noise: the best decoder is constant, and all spread is in p(x | h).
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(500, 3)), np.arange(500) % 2
    gen = VAE(latent_size=2, hidden_width=16, n_layers=1, max_iter=400, random_state=0)
    rows, _ = gen.set_params(learning_rate=3e-3).fit(X, y).sample(2000)
    np.testing.assert_allclose(rows.std(0), X.std(0), rtol=0.1)


def by_hand(a, b):
    """Bias-corrected distance correlation, one entry at a time."""

    def u_centred(x):
        n = len(x)
        d = np.array([[np.linalg.norm(p - q) for q in x] for p in x])
        out = np.zeros((n, n))
        for i, j in np.argwhere(~np.eye(n, dtype=bool)):
            rows = d[i].sum() / (n - 2) + d[:, j].sum() / (n - 2)
            out[i, j] = d[i, j] - rows + d.sum() / ((n - 1) * (n - 2))
        return out

    A, B = u_centred(a), u_centred(b)
    return (A * B).sum() / np.sqrt((A * A).sum() * (B * B).sum())


def test_distance_correlation_against_numbers_by_hand_and_at_independence():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(9, 3)), np.eye(2)[[0, 1, 0, 0, 1, 1, 0, 1, 0]]
    found = distance_correlation(torch.tensor(a), torch.tensor(b))
    assert float(found) == pytest.approx(by_hand(a, b))
    same = distance_correlation(torch.tensor(a), torch.tensor(a))
    assert float(same) == pytest.approx(1.0)
    # About zero in any dimension, where the plain estimate grows with it.
    b = torch.eye(2)[torch.arange(200) % 2]
    values = [float(distance_correlation(torch.randn(200, 32), b)) for _ in range(40)]
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
    gen, finer = (tiny(FLDGM, n_steps=n).fit(X, y, z) for n in (3, 4))
    assert list(gen.history_) == ["autoencoder", "noise"]
    changed = {
        name.partition(".")[0]
        for name, own in gen.weights_.items()
        if not np.array_equal(own, finer.weights_[name])
    }
    assert changed == {"noise"}


def test_penalty_keeps_z_out_of_the_latent_space_and_leaves_something_in_it():
    data = make_biased_domains(2000, n_features=3, random_state=0)
    X, y, z = data.data, data.target, data.z
    gen = FLDGM(latent_size=4, hidden_width=32, max_iter=500, random_state=0)
    gen.set_params(batch_size=256, learning_rate=5e-3, n_steps=2)
    gen.set_params(lambda_fair=1000.0).fit(X, y, z)
    rows = np.column_stack([gen.encoder_.transform(X), y]).astype(np.float32)
    generator = torch.Generator().manual_seed(0)
    h, kl = networks_of(gen).encode(torch.from_numpy(rows), generator)
    forest = RandomForestClassifier(30, min_samples_leaf=20, random_state=0)
    auc = cross_val_score(forest, h.numpy(), z, cv=3, scoring="roc_auc").mean()
    # Without the penalty it was above 0.75.
    assert auc < 0.62
    # With a weight that was 100 from the start it was 0.02.
    assert float(kl.mean()) > 0.15
