import math

import numpy as np
import pytest
import torch
from torch import nn

from skfadm.baselines._gan import (
    GANNetworks,
    RowGenerator,
    discriminator_loss,
    draw_inputs,
    generator_loss,
)
from skfadm.diffusion.layout import Layout

from .generators import drawn, losses_of


def linear(weights, bias):
    layer = nn.Linear(len(weights), 1)
    layer.weight.data = torch.tensor([weights])
    layer.bias.data = torch.tensor([bias])
    return layer


def sigmoid(logit):
    return 1.0 / (1.0 + math.exp(-logit))


def test_discriminator_loss_against_numbers_by_hand():
    real, fake = torch.tensor([[1.0, 2.0], [0.0, 1.0]]), torch.tensor([[-1.0, 0.5]])
    # Logits are 3.5 and 1.5, and 0 for the generated row; the slope is (1, 1).
    loss = discriminator_loss(linear([1.0, 1.0], 0.5), real, fake, 0.4)
    on_real = -(math.log(sigmoid(3.5)) + math.log(sigmoid(1.5))) / 2
    on_fake = -math.log(1.0 - sigmoid(0.0))
    assert float(loss.detach()) == pytest.approx(on_real + on_fake + 0.2 * 2.0)


def test_gradient_penalty_is_the_squared_slope_at_real_rows():
    class Square(nn.Module):
        def forward(self, x):
            return (x**2).sum(1, keepdim=True)

    real, fake = torch.tensor([[1.0, 2.0], [3.0, 0.0]]), torch.tensor([[5.0, 5.0]])
    penalty = discriminator_loss(Square(), real, fake, 1.0) - discriminator_loss(
        Square(), real, fake, 0.0
    )
    # |2x|^2 is 20 and 36.
    assert float(penalty.detach()) == pytest.approx(0.5 * (20.0 + 36.0) / 2, rel=1e-5)


def test_generator_loss_is_the_non_saturating_one():
    loss = generator_loss(torch.tensor([[0.3], [-2.0]]))
    expected = -(math.log(sigmoid(0.3)) + math.log(sigmoid(-2.0))) / 2
    assert float(loss) == pytest.approx(expected)


def test_discriminator_is_updated_first_and_each_network_by_its_own_loss():
    networks = drawn(GANNetworks(Layout(1, (2,)), 3, 8, 1, gradient_penalty=0.0))
    rows = torch.tensor([[0.2, 1.0], [float("nan"), 0.0]])
    losses = losses_of(networks, rows)
    assert list(losses) == ["discriminator", "generator"] == [*networks.stages[0]]
    discriminator, generator = losses.values()
    for_d = torch.autograd.grad(
        discriminator, networks.generator.parameters(), allow_unused=True
    )
    assert all(g is None for g in for_d)
    for_g = torch.autograd.grad(generator, networks.generator.parameters())
    assert all(g.isfinite().all() and g.abs().sum() > 0 for g in for_g)


def rows_of_constant_logits(layout, raw, n=20_000):
    generator = RowGenerator(layout, 2, 4, 1)
    generator.network = nn.Sequential(linear([0.0, 0.0], 0.0))
    generator.network[0].weight.data = torch.zeros(layout.width, 2)
    generator.network[0].bias.data = torch.tensor(raw)
    return generator(*draw_inputs(layout, n, 2, torch.Generator().manual_seed(0)))


def test_generated_categories_are_one_hot_and_drawn_from_the_softmax():
    layout, raw = Layout(1, (3, 2)), [0.7, 1.0, 0.0, 0.5, -1.0, 1.5]
    rows = rows_of_constant_logits(layout, raw).detach()
    torch.testing.assert_close(rows, layout.expand(layout.collapse(rows)))
    assert (rows[:, 0] == torch.tensor(0.7)).all()
    shares = rows[:, 1:].mean(0) / layout.scale
    for block in (slice(0, 2), slice(2, 5)):
        expected = torch.tensor(raw[1:])[block].softmax(0)
        np.testing.assert_allclose(shares[block], expected, atol=0.015)


def test_gradients_pass_through_drawn_categories():
    layout = Layout(0, (2,))
    generator = RowGenerator(layout, 2, 4, 1)
    inputs = draw_inputs(layout, 64, 2, torch.Generator().manual_seed(0))
    share = generator(*inputs)[:, 1].mean()
    (slope,) = torch.autograd.grad(share, generator.network[-1].bias)
    assert slope[1] > 0.05
    assert slope[0] < -0.05


@pytest.mark.parametrize("extreme", [0.0, 1.0 - 2.0**-24])
def test_extreme_draws_stay_finite(extreme):
    layout = Layout(1, (3,))
    generator = RowGenerator(layout, 2, 4, 1)
    assert generator(torch.zeros(1, 2), torch.full((1, 3), extreme)).isfinite().all()
