import numpy as np
import pytest
import torch
from scipy.stats import entropy as scipy_entropy

from skfadm.diffusion.generation import (
    Guidance,
    emphasis_of,
    entropy,
    guided_denoiser,
)
from skfadm.diffusion.sde import VPSDE

from .test_samplers import MODEL

T = torch.tensor([[0.2]], dtype=torch.float64)
X = torch.randn(6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
Y = torch.tensor([0, 1, 0, 1, 0, 1])


def guidance(**strengths):
    return Guidance(MODEL.label_classifier, MODEL.sensitive_classifier, **strengths)


def test_entropy_agrees_with_scipy():
    p = np.random.default_rng(0).dirichlet(np.ones(5), size=10)
    np.testing.assert_allclose(entropy(torch.tensor(np.log(p))), scipy_entropy(p.T))


def test_potential_is_label_log_probability_plus_entropy():
    (log_y,) = MODEL.label_classifier(X, T)
    (log_z,) = MODEL.sensitive_classifier(X, T)
    expected = 1.5 * log_y[torch.arange(6), Y] + 2.0 * entropy(log_z)
    actual = guidance(lambda_y=1.5, lambda_z=2.0).potential(X, T, Y)
    torch.testing.assert_close(actual, expected)

    # Entropies of several sensitive attributes are added.
    heads = MODEL.label_classifier(X, T) + MODEL.sensitive_classifier(X, T)
    both = Guidance(MODEL.label_classifier, lambda x, t: heads, 0.0, 3.0)
    expected = 3.0 * sum(entropy(head) for head in heads)
    torch.testing.assert_close(both.potential(X, T, Y), expected)


@pytest.mark.parametrize("strengths", [(1.0, 0.0), (0.0, 1.0), (1.3, 0.7)])
def test_gradient_matches_finite_differences(strengths):
    guide = guidance(lambda_y=strengths[0], lambda_z=strengths[1])
    actual = guide.gradient(X, T, Y)
    for j in range(2):
        step = torch.zeros_like(X)
        step[:, j] = 1e-6
        ends = [guide.potential(X + s * step, T, Y) for s in (1, -1)]
        torch.testing.assert_close(
            actual[:, j], (ends[0] - ends[1]) / 2e-6, rtol=1e-6, atol=1e-8
        )


def test_guided_denoiser_adds_the_gradient_to_the_score():
    sde = VPSDE()
    guide = guidance(lambda_y=1.0, lambda_z=2.0)
    alpha, sigma = sde.marginal(T)
    guided = guided_denoiser(MODEL.denoiser, guide, Y, sde)(X, T)
    score = (alpha * guided - X) / sigma**2
    torch.testing.assert_close(score, MODEL.score(X, T) + guide.gradient(X, T, Y))
    idle = guided_denoiser(MODEL.denoiser, guidance(lambda_y=0.0), Y, sde)
    assert torch.equal(idle(X, T), MODEL.denoiser(X, T))


@pytest.mark.parametrize("lambda_y", [0.0, 1.0, 2.5])
def test_a_denoiser_that_is_given_labels_gives_the_same_guidance(lambda_y):
    def given(x, t, y=None):
        if y is None:
            return MODEL.denoiser(x, t)
        guide = guidance(lambda_y=1.0)
        return guided_denoiser(MODEL.denoiser, guide, y, VPSDE())(x, t)

    strengths = {"lambda_y": lambda_y, "lambda_z": 0.5}
    by_classifier = guidance(**strengths)
    by_network = Guidance(None, MODEL.sensitive_classifier, **strengths)
    torch.testing.assert_close(
        guided_denoiser(given, by_network, Y, VPSDE())(X, T),
        guided_denoiser(MODEL.denoiser, by_classifier, Y, VPSDE())(X, T),
    )


def given(x, t, y=None):
    return x if y is None else x + 1.0 + y.unsqueeze(1).expand(len(x), -1)


def test_labels_of_few_rows_get_what_the_network_has_not_learned_of_them():
    found = emphasis_of(np.array([1, 5, 10, 45, 49, 50, 10**6])).tolist()
    expected = [2.0, 2.0, 1.5, 50 / 45, 54 / 49, 1.0, 1.0]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("lambda_y", [0.5, 1.0, 2.0])
def test_estimates_of_rare_labels_go_beyond_those_of_the_network(lambda_y):
    emphasis = torch.tensor([1.0, 1.5])
    plain = guided_denoiser(given, Guidance(None, None, lambda_y), Y, VPSDE())(X, T)
    rare = Guidance(None, None, lambda_y, emphasis=emphasis)
    found = guided_denoiser(given, rare, Y, VPSDE())(X, T)
    # Bit for bit where the label is frequent.
    assert torch.equal(found[Y == 0], plain[Y == 0])
    expected = X[Y == 1] + 1.5 * lambda_y * 2.0
    torch.testing.assert_close(found[Y == 1], expected)
    alone = guided_denoiser(given, rare, Y[Y == 1], VPSDE())(X[Y == 1], T)
    torch.testing.assert_close(alone, expected)
    nothing = Guidance(None, None, 0.0, emphasis=emphasis)
    assert torch.equal(guided_denoiser(given, nothing, Y, VPSDE())(X, T), X)
