import numpy as np
import pytest
import torch
from torch.distributions import Categorical, Independent, Normal, kl_divergence

from skfadm.baselines import VAE
from skfadm.baselines._vae import VAENetworks, kl_to_standard_normal
from skfadm.diffusion.layout import Layout

from .generators import drawn, losses_of


@pytest.fixture
def networks():
    layout = Layout(2, (3, 2))
    networks = drawn(VAENetworks(layout, latent_size=3, hidden_width=8, n_layers=1))
    networks.autoencoder.log_sigma.data = torch.tensor([0.3, -0.5])
    return networks


ROWS = torch.tensor([[0.5, -1.0, 2, 0], [1.5, 0.2, 0, 1]])


def test_kl_term_is_that_of_the_closed_form():
    mean, log_variance = torch.randn(2, 6, 3)
    q = Independent(Normal(mean, (0.5 * log_variance).exp()), 1)
    p = Independent(Normal(torch.zeros(3), torch.ones(3)), 1)
    torch.testing.assert_close(
        kl_to_standard_normal(mean, log_variance), kl_divergence(q, p)
    )


def test_likelihood_is_normal_for_numbers_and_categorical_for_codes(networks):
    h = torch.randn(2, 3)
    decoded = networks.autoencoder.decoder(h)
    sigma = networks.autoencoder.log_sigma.exp()
    # Blocks are ordered by size: the column of two categories comes first.
    expected = (
        Normal(decoded[:, :2], sigma).log_prob(ROWS[:, :2]).sum(1)
        + Categorical(logits=decoded[:, 2:4]).log_prob(ROWS[:, 3])
        + Categorical(logits=decoded[:, 4:7]).log_prob(ROWS[:, 2])
    )
    torch.testing.assert_close(networks.log_likelihood(ROWS, h), expected)


def test_a_number_that_is_not_there_adds_nothing_to_the_likelihood(networks):
    h = torch.randn(2, 3)
    rows = ROWS.clone()
    rows[0, 1] = torch.nan
    missing = Normal(
        networks.autoencoder.decoder(h)[0, 1], networks.autoencoder.log_sigma[1].exp()
    ).log_prob(ROWS[0, 1])
    difference = networks.log_likelihood(ROWS, h) - networks.log_likelihood(rows, h)
    torch.testing.assert_close(difference, torch.stack([missing, torch.tensor(0.0)]))


def test_loss_is_the_negative_bound(networks):
    loss = losses_of(networks, ROWS, seed=1)["autoencoder"]
    mean, log_variance = networks.autoencoder.posterior(networks.layout.expand(ROWS))
    noise = torch.randn(2, 3, generator=torch.Generator().manual_seed(1))
    likelihood = networks.log_likelihood(
        ROWS, mean + (0.5 * log_variance).exp() * noise
    )
    expected = kl_to_standard_normal(mean, log_variance) - likelihood
    torch.testing.assert_close(loss, expected.mean())


def test_generated_numbers_have_the_spread_of_the_data_and_not_of_the_decoder():
    # Pure noise: the best decoder is constant, and all spread is in p(x | h).
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(500, 3)), np.arange(500) % 2
    gen = VAE(latent_size=2, hidden_width=16, n_layers=1, max_iter=400, random_state=0)
    rows, _ = gen.set_params(learning_rate=3e-3).fit(X, y).sample(2000)
    np.testing.assert_allclose(rows.std(0), X.std(0), rtol=0.1)
