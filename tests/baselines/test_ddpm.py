import numpy as np
import pytest
import torch

from skfadm.baselines import DDPM
from skfadm.baselines._ddpm import Chain, NoiseModel
from skfadm.diffusion.layout import Layout
from skfadm.diffusion.row_streams import RowStreams
from skfadm.diffusion.sde import VPSDE

from .generators import networks_of

N_STEPS = 50
BETAS = VPSDE().ddpm_betas(N_STEPS)
STEPS = torch.arange(1, N_STEPS + 1)


@pytest.fixture
def chain():
    return Chain(BETAS)


def test_posterior_is_that_of_conditioning_a_gaussian_on_the_next_step(chain):
    x_0 = torch.tensor(0.7, dtype=torch.float64)
    for i in (2, 10, N_STEPS):
        step = torch.tensor(i)
        alpha_bar, before = chain.alpha_bars[i], chain.alpha_bars[i - 1]
        # Given x_0, (x_{i-1}, x_i) are normal: the textbook conditional of the first.
        a = (1.0 - chain.betas[i]).sqrt()
        mean, variance = before.sqrt() * x_0, 1.0 - before
        gain = variance * a / (a**2 * variance + chain.betas[i])
        x_i = torch.tensor(-0.4, dtype=torch.float64)
        epsilon = (x_i - alpha_bar.sqrt() * x_0) / (1.0 - alpha_bar).sqrt()
        z = torch.tensor([0.0, 1.0], dtype=torch.float64)
        middle, higher = chain.step_back(x_i, step, epsilon, z)
        torch.testing.assert_close(middle, mean + gain * (x_i - a * mean))
        torch.testing.assert_close(
            (higher - middle) ** 2, variance - gain * a * variance
        )


def test_exact_noise_predictor_reproduces_mean_and_covariance_of_gaussian_data():
    mean = torch.tensor([1.0, -0.5], dtype=torch.float64)
    covariance = torch.tensor([[0.5, 0.3], [0.3, 0.8]], dtype=torch.float64)
    chain = Chain(VPSDE().ddpm_betas(500))
    generator = torch.Generator().manual_seed(0)

    def predict(x, step):  # E[noise | x_i]
        alpha_bar = chain.alpha_bars[step].squeeze()
        total = alpha_bar * covariance + (1.0 - alpha_bar) * torch.eye(2)
        offset = x - alpha_bar.sqrt() * mean
        return (1.0 - alpha_bar).sqrt() * torch.linalg.solve(total, offset.T).T

    def noise():
        return torch.randn(20_000, 2, generator=generator, dtype=torch.float64)

    x = chain.ancestral_sampling(predict, noise).numpy()
    np.testing.assert_allclose(x.mean(0), mean, atol=0.02)
    np.testing.assert_allclose(np.cov(x.T), covariance, atol=0.02)


def test_untrained_network_knows_what_each_noised_channel_says_by_itself():
    layout = Layout(1, (3, 2))
    model = NoiseModel(layout, n_steps=N_STEPS, width=8, n_blocks=1)
    generator = torch.Generator().manual_seed(0)
    clean = layout.expand(torch.tensor([[0.3, 2.0, 0.0]]))
    for i in (1, 10, N_STEPS):
        step, noise = torch.tensor([[i]]), torch.randn(1, 6, generator=generator)
        x = model.chain.noised(clean, step, noise)
        found = model.predict(x, step).detach()
        alpha_bar = float(model.chain.alpha_bars[i])
        # Bayes' rule with every category equally likely and normal noise.
        estimate = []
        for block in (x[0, 1:3], x[0, 3:6]):
            hot = layout.scale * torch.eye(len(block)) * alpha_bar**0.5
            log_p = -((block - hot) ** 2).sum(1) / (2.0 * (1.0 - alpha_bar))
            estimate.append(layout.scale * log_p.softmax(0))
        # E[noise | x_i] of N(0, 1): its covariance with x_i, of variance 1, times x_i.
        number = (1.0 - alpha_bar) ** 0.5 * x[0, :1]
        torch.testing.assert_close(found[0, :1], number)
        estimate = torch.cat(estimate)
        expected = (x[0, 1:] - alpha_bar**0.5 * estimate) / (1.0 - alpha_bar) ** 0.5
        torch.testing.assert_close(found[0, 1:], expected, rtol=1e-3, atol=1e-3)


def test_rare_categories_are_generated_and_every_block_is_decided():
    # With the noise of one-hot channels predicted as that of numbers, channels ended in
    # between and the largest one was nearly always a common category.
    rng = np.random.default_rng(0)
    words = rng.choice(list("abcdefghijkl"), (1500, 3), p=[0.67] + [0.03] * 11)
    y = np.where(rng.random(1500) < 0.9, words[:, 0] == "a", rng.random(1500) < 0.5)
    gen = DDPM(hidden_width=32, n_blocks=1, n_steps=50, max_iter=200, random_state=0)
    gen.set_params(batch_size=128).fit(words, y)
    networks = networks_of(gen)
    x = networks.noise.generate(RowStreams(0, np.arange(1500)))
    scale = networks.layout.scale
    for block in networks.layout.blocks(x):
        np.testing.assert_allclose(block.amax(-1), scale, atol=0.05 * scale)
    rows, _ = gen.sample(1500)
    assert abs(np.mean(rows == "a") - 0.67) < 0.06
