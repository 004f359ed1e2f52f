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


def gradient_of(objective, params, batch):
    """Return losses and the gradient of their sum, at parameters that are leaves."""
    losses = functional_call(objective, params, (batch,))
    grads = torch.autograd.grad(sum(losses.values()), list(params.values()))
    return losses, dict(zip(params, grads, strict=True))


def leaves(params):
    return {k: v.detach().clone().requires_grad_() for k, v in params.items()}


def algorithm_1_value(objective, params, batches, frozen=None):
    """The function whose gradient line 16-18 take, computed without double backward."""
    params = leaves(params)
    losses_in, grads = gradient_of(objective, params, batches[0])
    inner = {k: params[k] - ALPHA[k[0]] * (frozen or grads)[k] for k in params}
    losses_out = functional_call(objective, inner, (batches[1],))
    return sum(losses_in[n] + BETA[n] * losses_out[n] for n in losses_in).item()


def finite_differences(objective, batches, frozen=None, eps=1e-6):
    params = leaves(dict(objective.named_parameters()))
    result = {}
    for name, value in params.items():
        result[name] = torch.zeros_like(value)
        for i in range(value.numel()):
            step = torch.zeros_like(value)
            step.view(-1)[i] = eps
            low, high = (
                algorithm_1_value(objective, {**params, name: moved}, batches, frozen)
                for moved in (value - step, value + step)
            )
            result[name].view(-1)[i] = (high - low) / (2 * eps)
    return result


def assert_gradients_close(actual, expected):
    assert actual.keys() == expected.keys()
    for name in expected:
        torch.testing.assert_close(actual[name], expected[name], rtol=1e-6, atol=1e-8)


def test_second_order_gradient_matches_finite_differences(objective, batches):
    rates = {"alpha": ALPHA, "beta": BETA}
    actual, *_ = meta_gradients(objective, *batches, **rates)
    expected = finite_differences(objective, batches)
    assert_gradients_close(actual, expected)
    # What a missing create_graph gives is the first-order form: far off here.
    first, *_ = meta_gradients(objective, *batches, **rates, second_order=False)
    gaps = [float((first[k] - expected[k]).norm() / expected[k].norm()) for k in first]
    assert max(gaps) > 0.05


def test_first_order_gradient_takes_the_inner_step_as_constant(objective, batches):
    actual, *_ = meta_gradients(
        objective, *batches, alpha=ALPHA, beta=BETA, second_order=False
    )
    params = leaves(dict(objective.named_parameters()))
    _, frozen = gradient_of(objective, params, batches[0])
    assert_gradients_close(actual, finite_differences(objective, batches, frozen))


def test_without_a_meta_test_batch_the_step_is_plain_training(objective, batches):
    actual, losses_in, losses_out = meta_gradients(
        objective, batches[0], None, alpha=ALPHA, beta=BETA
    )
    params = leaves(dict(objective.named_parameters()))
    assert_gradients_close(actual, gradient_of(objective, params, batches[0])[1])
    assert not losses_out
    assert set(losses_in) == {"a", "b"}
