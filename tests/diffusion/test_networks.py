import pytest
import torch

from skfadm.diffusion.layout import Layout
from skfadm.diffusion.losses import (
    MAX_NOISE_LEVEL,
    MIN_NOISE_LEVEL,
    NoisedRows,
    classification_loss,
    denoising_loss,
    draw_times,
    noise_rows,
    score_matching_loss,
)
from skfadm.diffusion.networks import Denoiser, NoisedClassifier
from skfadm.diffusion.sde import VPSDE

from .test_layout import random_rows

SDE = VPSDE()
LAYOUT = Layout(2, (3, 2))


def random_denoiser(softmax=True):
    torch.manual_seed(0)
    denoiser = Denoiser(LAYOUT, 16, 2, SDE, softmax).double()
    for p in denoiser.parameters():
        torch.nn.init.normal_(p, std=0.3)
    return denoiser


def noised(n=40, seed=0):
    rows = random_rows(n, LAYOUT)
    batch = noise_rows(rows, LAYOUT, SDE, False, torch.Generator().manual_seed(seed))
    doubles = [v.double() for v in batch[:4]]
    return NoisedRows(*doubles, *batch[4:])


def test_untrained_denoiser_is_the_best_linear_one_with_even_probabilities():
    denoiser = Denoiser(LAYOUT, 16, 2, SDE)
    x, t = torch.randn(5, LAYOUT.width), torch.full((5, 1), 0.3)
    alpha, _ = SDE.marginal(t)
    estimate = denoiser(x, t)
    torch.testing.assert_close(estimate[:, :2], alpha * x[:, :2])
    torch.testing.assert_close(
        estimate[:, 2:], torch.tensor([1.0, 1.0, 2 / 3, 2 / 3, 2 / 3]).expand(5, -1)
    )


def test_category_estimates_stay_on_the_simplex():
    estimate = random_denoiser()(
        torch.randn(5, LAYOUT.width).double(), torch.rand(5, 1)
    )
    for start, count, size in LAYOUT.groups:
        block = estimate[:, start : start + count * size].unflatten(1, (count, size))
        assert (block >= 0).all()
        torch.testing.assert_close(block.sum(-1), torch.full_like(block[..., 0], 2.0))


def test_networks_take_one_time_for_all_rows():
    x, t = torch.randn(5, LAYOUT.width).double(), torch.full((5, 1), 0.3).double()
    net = random_denoiser()
    torch.testing.assert_close(net(x, t), net(x, t[:1]))


def test_classifier_heads_are_log_probabilities_of_each_attribute():
    classifier = NoisedClassifier(4, (2, 5), 8, 1, SDE)
    heads = classifier(torch.randn(6, 4), torch.rand(6, 1))
    assert [tuple(h.shape) for h in heads] == [(6, 2), (6, 5)]
    for head in heads:
        torch.testing.assert_close(head.exp().sum(1), torch.ones(6))


def test_denoising_loss_is_weighted_squared_error_plus_cross_entropy():
    net, batch = random_denoiser(), noised()
    estimate = net(batch.noised, batch.t)
    _, sigma = SDE.marginal(batch.t)
    numbers = ((estimate - batch.clean)[:, :2] / sigma).square().sum(1)
    hot = estimate.gather(1, batch.hot) / LAYOUT.scale
    expected = (numbers - hot.log().sum(1)) / LAYOUT.n_columns
    torch.testing.assert_close(
        denoising_loss(net, batch), expected, rtol=1e-4, atol=1e-6
    )


def test_score_matching_loss_is_equation_4_with_the_weight_of_equation_5():
    net, batch = random_denoiser(softmax=False), noised()
    alpha, sigma = SDE.marginal(batch.t)
    score = (alpha * net(batch.noised, batch.t) - batch.noised) / sigma**2
    target = -(batch.noised - alpha * batch.clean) / sigma**2
    expected = (sigma**2 * (score - target).square()).mean(1)
    torch.testing.assert_close(
        score_matching_loss(net, batch), expected, rtol=1e-3, atol=1e-5
    )


def test_classification_loss_is_cross_entropy_added_over_attributes():
    classifier = NoisedClassifier(LAYOUT.width, (2, 3), 8, 1, SDE).double()
    torch.nn.init.normal_(classifier.network.outputs.weight)
    batch = noised()
    codes = torch.stack([torch.randint(2, (40,)), torch.randint(3, (40,))], 1)
    logits = classifier.network(batch.noised, batch.t)
    expected = torch.nn.functional.cross_entropy(
        logits[:, :2], codes[:, 0], reduction="none"
    ) + torch.nn.functional.cross_entropy(logits[:, 2:], codes[:, 1], reduction="none")
    torch.testing.assert_close(classification_loss(classifier, batch, codes), expected)


def test_noised_rows_have_the_marginal_of_the_sde():
    rows = torch.zeros(100_000, LAYOUT.n_columns)
    batch = noise_rows(rows, LAYOUT, SDE, True, torch.Generator().manual_seed(0))
    alpha, sigma = SDE.marginal(batch.t)
    standard = (batch.noised - alpha * batch.clean) / sigma
    assert abs(float(standard.mean())) < 0.01
    assert float(standard.var()) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("extreme", [0.0, 1.0 - 2.0**-24])
@pytest.mark.parametrize("uniform", [True, False])
def test_training_times_are_finite_for_the_most_extreme_draws(
    uniform, extreme, monkeypatch
):
    monkeypatch.setattr(torch, "rand", lambda n, **kwargs: torch.full((n,), extreme))
    t = draw_times(512, SDE, uniform, torch.Generator().manual_seed(0))
    assert t.isfinite().all()


@pytest.mark.parametrize("uniform", [True, False])
def test_training_times_follow_their_distribution(uniform):
    t = draw_times(10_000, SDE, uniform, torch.Generator().manual_seed(0)).squeeze(1)
    low, high = SDE.time(torch.tensor([MIN_NOISE_LEVEL, MAX_NOISE_LEVEL]))
    assert low <= t.min() < t.max() <= high
    if uniform:
        assert float(t.mean()) == pytest.approx(float(low + high) / 2, abs=1e-3)
        assert float(t.var()) == pytest.approx(float(high - low) ** 2 / 12, rel=1e-2)
    else:
        log_s = SDE.noise_level(t).log()
        assert float(log_s.mean()) == pytest.approx(-0.6, abs=0.01)
        assert float(log_s.std()) == pytest.approx(1.4, abs=0.02)
