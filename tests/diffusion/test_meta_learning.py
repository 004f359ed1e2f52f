"""Algorithm 1 against finite differences in float64."""

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


def inner_gradient_of(objective, batch):
    params = dict(objective.named_parameters())
    losses = objective(batch)
    grads = torch.autograd.grad(sum(losses.values()), list(params.values()))
    return dict(zip(params, grads, strict=True))


def algorithm_1_value(objective, params, batches, inner_gradient=None):
    """The function whose gradient line 16-18 take, computed without double backward."""
    batch_in, batch_out = batches
    live = {k: v.detach().clone().requires_grad_() for k, v in params.items()}
    losses_in = functional_call(objective, live, (batch_in,))
    grads = inner_gradient
    if grads is None:
        values = torch.autograd.grad(sum(losses_in.values()), list(live.values()))
        grads = dict(zip(live, values, strict=True))
    inner = {k: live[k] - ALPHA[k[0]] * grads[k] for k in live}
    losses_out = functional_call(objective, inner, (batch_out,))
    total = sum(losses_in[n] + BETA[n] * losses_out[n] for n in losses_in)
    return total.item()


def finite_differences(objective, batches, inner_gradient=None, eps=1e-6):
    params = {k: v.detach().clone() for k, v in objective.named_parameters()}
    result = {}
    for name, value in params.items():
        grad = torch.zeros_like(value)
        for i in range(value.numel()):
            ends = []
            for sign in (1, -1):
                moved = value.clone()
                moved.view(-1)[i] += sign * eps
                shifted = {**params, name: moved}
                ends.append(
                    algorithm_1_value(objective, shifted, batches, inner_gradient)
                )
            grad.view(-1)[i] = (ends[0] - ends[1]) / (2 * eps)
        result[name] = grad
    return result


def assert_gradients_close(actual, expected):
    assert actual.keys() == expected.keys()
    for name in expected:
        torch.testing.assert_close(actual[name], expected[name], rtol=1e-6, atol=1e-8)


def test_second_order_gradient_matches_finite_differences(objective, batches):
    actual, *_ = meta_gradients(objective, *batches, alpha=ALPHA, beta=BETA)
    assert_gradients_close(actual, finite_differences(objective, batches))


def test_losing_the_graph_of_the_inner_step_would_be_noticed(objective, batches):
    # What a missing create_graph gives is the first-order form: far off here.
    first, *_ = meta_gradients(
        objective, *batches, alpha=ALPHA, beta=BETA, second_order=False
    )
    expected = finite_differences(objective, batches)
    gaps = [float((first[k] - expected[k]).norm() / expected[k].norm()) for k in first]
    assert max(gaps) > 0.05


def test_first_order_gradient_takes_the_inner_step_as_constant(objective, batches):
    actual, *_ = meta_gradients(
        objective, *batches, alpha=ALPHA, beta=BETA, second_order=False
    )
    frozen = inner_gradient_of(objective, batches[0])
    assert_gradients_close(actual, finite_differences(objective, batches, frozen))


def test_without_a_meta_test_batch_the_step_is_plain_training(objective, batches):
    actual, losses_in, losses_out = meta_gradients(
        objective, batches[0], None, alpha=ALPHA, beta=BETA
    )
    assert_gradients_close(actual, inner_gradient_of(objective, batches[0]))
    assert not losses_out
    assert set(losses_in) == {"a", "b"}
