"""Algorithm 1 against gradients of its functions, taken by torch.func."""

import pytest
import torch
from torch import nn
from torch.func import functional_call

from skfadm.diffusion.meta_learning import meta_gradients

ALPHA = {"a": 0.3, "b": 0.7}
BETA = {"a": 1.0, "b": 0.5}


class Objective(nn.Module):
    """Two small networks with losses of their own."""

    def __init__(self):
        super().__init__()
        self.a = nn.Sequential(nn.Linear(3, 4), nn.SiLU(), nn.Linear(4, 2))
        self.b = nn.Sequential(nn.Linear(3, 3), nn.SiLU(), nn.Linear(3, 1))

    def forward(self, batch):
        x, y = batch
        return {
            "a": nn.functional.cross_entropy(self.a(x), y),
            "b": (self.b(x).squeeze(1) - x[:, 0].square()).square().mean(),
        }


@pytest.fixture
def objective():
    torch.manual_seed(0)
    return Objective().double()


@pytest.fixture
def batches():
    g = torch.Generator().manual_seed(1)
    return [
        (
            torch.randn(n, 3, dtype=torch.float64, generator=g),
            torch.randint(2, (n,), generator=g),
        )
        for n in (9, 5)
    ]


def gradients(objective, batches, is_frozen=False):
    """Return the gradients of L_in and of line 16-18, by differentiating functions."""

    def total(params, batch, weights):
        losses = functional_call(objective, params, (batch,))
        return sum(weights[name] * loss for name, loss in losses.items())

    def of_b_in(params):
        return torch.func.grad(total)(params, batches[0], dict.fromkeys(ALPHA, 1.0))

    def value(params):
        steps = frozen if is_frozen else of_b_in(params)
        inner = {name: p - ALPHA[name[0]] * steps[name] for name, p in params.items()}
        plain = total(params, batches[0], dict.fromkeys(ALPHA, 1.0))
        return plain + total(inner, batches[1], BETA)

    params = {k: p.detach() for k, p in objective.named_parameters()}
    frozen = of_b_in(params)
    return frozen, torch.func.grad(value)(params)


def test_second_order_gradient_is_that_of_algorithm_1(objective, batches):
    rates = {"alpha": ALPHA, "beta": BETA}
    actual, *_ = meta_gradients(objective, *batches, **rates)
    _, expected = gradients(objective, batches)
    torch.testing.assert_close(actual, expected)
    # What a missing create_graph gives is the first-order form: far off here.
    first, *_ = meta_gradients(objective, *batches, **rates, second_order=False)
    gaps = [float((first[k] - expected[k]).norm() / expected[k].norm()) for k in first]
    assert max(gaps) > 0.05
    # It takes the inner step as constant.
    torch.testing.assert_close(first, gradients(objective, batches, True)[1])


def test_without_a_meta_test_batch_the_step_is_plain_training(objective, batches):
    actual, losses_in, losses_out = meta_gradients(
        objective, batches[0], None, alpha=ALPHA, beta=BETA
    )
    torch.testing.assert_close(actual, gradients(objective, batches)[0])
    assert not losses_out
    assert set(losses_in) == {"a", "b"}
