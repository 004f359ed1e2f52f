import copy

import numpy as np
import pytest
import torch
from scipy.stats import norm

from skfadm.baselines._fadm import score_matching_loss, uniform_times
from skfadm.diffusion.layout import Layout
from skfadm.diffusion.losses import (
    MAX_NOISE_LEVEL,
    MIN_NOISE_LEVEL,
    NoisedRows,
    classification_loss,
    denoising_loss,
    draw_quantiles,
    lognormal_times,
    noise_rows,
)
from skfadm.diffusion.networks import BlockEvidence, Denoiser, NoisedClassifier
from skfadm.diffusion.sde import VPSDE

from .test_layout import random_rows

SDE = VPSDE()
LAYOUT = Layout(2, (3, 2))


def random_denoiser(categorical=True, n_labels=0):
    evidence = BlockEvidence(LAYOUT, SDE, active=categorical)
    denoiser = Denoiser(evidence, 16, 2, SDE, n_labels)
    for p in denoiser.parameters():
        torch.nn.init.normal_(p, std=0.3)
    return denoiser.requires_grad_(False)


def noised(n=40, categorical=True):
    """Return rows of R^p in float64 with noise, and how losses see them."""
    evidence = BlockEvidence(LAYOUT, SDE, active=categorical)
    rows, t = random_rows(n, LAYOUT).double(), torch.rand(n, 1).double()
    clean, k = LAYOUT.expand(rows), evidence.n_linear
    noise = torch.randn(clean.shape, dtype=torch.float64)
    alpha, sigma = SDE.marginal(t)
    x = alpha * clean + sigma * noise
    hot, observed = LAYOUT.hot_channels(rows), torch.ones(n, 2, dtype=bool)
    rows = NoisedRows(clean[:, :k], noise[:, :k], t, evidence(x, t), hot, observed)
    return clean, x, rows


def test_untrained_denoiser_is_exact_for_independent_columns():
    # Numbers N(0, 1); categories with shares (0.7, 0.2, 0.1) and (0.4, 0.6).
    layout = Layout(1, (3, 2))
    shares = {0: np.array([0.7, 0.2, 0.1]), 1: np.array([0.4, 0.6])}
    codes = [
        np.repeat(np.arange(len(p)), np.rint(10 * p).astype(int))
        for p in shares.values()
    ]
    evidence = BlockEvidence(layout, SDE).double()
    evidence.set_prior(np.stack([np.zeros(10), *codes], 1).astype(np.float32))
    denoiser = Denoiser(evidence, 16, 2, SDE).double()
    x, t = 2.0 * torch.randn(5, layout.width).double(), torch.full((5, 1), 0.15)
    alpha, sigma = (float(v[0]) for v in SDE.marginal(t.double()))
    estimate = denoiser(x, t.double()).detach().numpy()
    np.testing.assert_allclose(estimate[:, 0], alpha * x[:, 0], rtol=1e-6)
    for j, p in shares.items():
        block = slice(layout.offsets[j], layout.offsets[j] + len(p))
        # Bayes' rule with the densities of N(alpha h e_c, sigma^2) written out.
        centres = alpha * layout.scale * np.eye(len(p))
        densities = norm.pdf(x[:, None, block], centres, sigma).prod(2)
        posterior = p * densities / (p * densities).sum(1, keepdims=True)
        np.testing.assert_allclose(estimate[:, block], 2.0 * posterior, rtol=1e-5)


def test_what_is_learned_about_other_columns_adds_to_a_blocks_own_evidence():
    # Two columns that are equal: their joint posterior in closed form.
    layout = Layout(0, (2, 2))
    evidence = BlockEvidence(layout, SDE).double()
    x, t = torch.randn(6, 4).double(), torch.full((6, 1), 0.2).double()
    alpha, sigma = SDE.marginal(t)
    own = layout.scale * alpha / sigma**2 * x
    known = evidence(x, t).logits + torch.cat([own[:, 2:], own[:, :2]], 1)
    joint = (own[:, :2] + own[:, 2:]).softmax(1)
    torch.testing.assert_close(layout.probabilities(known)[:, :2], joint)


def test_evidence_is_finite_at_both_ends_of_time_and_for_a_category_without_rows():
    evidence = BlockEvidence(LAYOUT, SDE)
    evidence.set_prior(np.zeros((50, 4), np.float32))
    x = torch.randn(8, LAYOUT.width) * 5
    for t in (1e-4, 1.0):
        read = evidence(x, torch.full((8, 1), t))
        assert read.inputs.isfinite().all()
        assert read.logits.isfinite().all()


def test_halved_products_change_estimates_by_their_precision_alone():
    exact = random_denoiser(n_labels=3)
    x, t, y = torch.randn(500, 7), torch.tensor([[0.4]]), torch.randint(3, (500,))
    halved = copy.deepcopy(exact)
    halved.network.halve()
    a, b = exact(x, t, y), halved(x, t, y)
    assert b.dtype == torch.float32
    assert 0 < (a - b).abs().max() < 0.05 * a.std()
    # One time for all rows is as one for each.
    torch.testing.assert_close(a, exact(x, t.expand(500, 1), y))


def test_denoising_loss_is_weighted_squared_error_plus_cross_entropy():
    net, (clean, x, batch) = random_denoiser().double(), noised()
    estimate = net(x, batch.t)
    _, sigma = SDE.marginal(batch.t)
    numbers = ((estimate - clean)[:, :2] / sigma).square().sum(1)
    hot = estimate.gather(1, batch.hot) / LAYOUT.scale
    expected = (numbers - hot.log().sum(1)) / LAYOUT.n_columns
    torch.testing.assert_close(
        denoising_loss(net, batch), expected, rtol=1e-4, atol=1e-6
    )


def test_score_matching_loss_is_equation_4_with_the_weight_of_equation_5():
    net = random_denoiser(False).double()
    clean, x, batch = noised(categorical=False)
    alpha, sigma = SDE.marginal(batch.t)
    score = (alpha * net(x, batch.t) - x) / sigma**2
    target = -(x - alpha * clean) / sigma**2
    expected = (sigma**2 * (score - target).square()).mean(1)
    torch.testing.assert_close(
        score_matching_loss(net, batch), expected, rtol=1e-3, atol=1e-5
    )


def test_classification_loss_is_cross_entropy_added_over_attributes():
    evidence = BlockEvidence(LAYOUT, SDE)
    classifier = NoisedClassifier(evidence, (2, 3), 8, 1, SDE).double()
    torch.nn.init.normal_(classifier.network.outputs.weight)
    _, _, batch = noised()
    codes = torch.stack([torch.randint(2, (40,)), torch.randint(3, (40,))], 1)
    logits = classifier.network(batch.evidence.inputs, batch.t)
    expected = torch.nn.functional.cross_entropy(
        logits[:, :2], codes[:, 0], reduction="none"
    ) + torch.nn.functional.cross_entropy(logits[:, 2:], codes[:, 1], reduction="none")
    torch.testing.assert_close(classification_loss(classifier, batch, codes), expected)


def test_noised_rows_have_the_marginal_of_the_sde():
    rows = torch.zeros(100_000, LAYOUT.n_columns)
    generator = torch.Generator().manual_seed(0)
    evidence = BlockEvidence(LAYOUT, SDE, active=False)
    batch = noise_rows(rows, evidence, uniform_times, generator)
    alpha, sigma = SDE.marginal(batch.t)
    standard = (batch.evidence.inputs - alpha * batch.clean) / sigma
    torch.testing.assert_close(standard, batch.noise, atol=1e-3, rtol=1e-3)
    assert abs(float(standard.mean())) < 0.01
    assert float(standard.var()) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("times", [uniform_times, lognormal_times])
def test_training_times_follow_their_distribution(times, monkeypatch):
    generator = torch.Generator().manual_seed(0)
    t = times(draw_quantiles(10_000, generator), SDE)
    low, high = SDE.time(torch.tensor([MIN_NOISE_LEVEL, MAX_NOISE_LEVEL]))
    assert low <= t.min() < t.max() <= high
    if times is uniform_times:
        assert float(t.mean()) == pytest.approx(float(low + high) / 2, abs=1e-3)
        assert float(t.var()) == pytest.approx(float(high - low) ** 2 / 12, rel=1e-2)
    else:
        log_s = SDE.noise_level(t).log()
        assert float(log_s.mean()) == pytest.approx(-0.6, abs=0.01)
        assert float(log_s.std()) == pytest.approx(1.4, abs=0.02)
    for extreme in (0.0, 1.0 - 2.0**-24):
        monkeypatch.setattr(
            torch, "rand", lambda n, u=extreme, **_: torch.full((n,), u)
        )
        assert times(draw_quantiles(512, generator), SDE).isfinite().all()
