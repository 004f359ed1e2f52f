"""The solvers with exact networks put in, where the answer is known."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from skfadm.baselines._fadm import PAPER
from skfadm.diffusion import samplers
from skfadm.diffusion.generation import Guidance, RowGenerator
from skfadm.diffusion.layout import Layout
from skfadm.diffusion.samplers import multistep, multistep_times
from skfadm.diffusion.sde import VPSDE

SDE = VPSDE()


class GaussianClasses:
    """Components of equal covariance, each with a weight, a label and a group."""

    def __init__(self, weights, means, covariance, labels, groups):
        self.weights = torch.tensor(weights, dtype=torch.float64)
        self.means = torch.tensor(means, dtype=torch.float64)
        self.covariance = torch.tensor(covariance, dtype=torch.float64)
        self.labels = torch.tensor(labels)
        self.groups = torch.tensor(groups)

    def log_joint(self, x: Tensor, t: Tensor) -> Tensor:
        """Return log p_t(x, component), shape (n, n_components)."""
        alpha, sigma = SDE.marginal(t.double().reshape(()))
        eye = torch.eye(len(self.covariance), dtype=torch.float64)
        covariance = alpha**2 * self.covariance + sigma**2 * eye
        normal = torch.distributions.MultivariateNormal(
            alpha * self.means, covariance_matrix=covariance
        )
        return self.weights.log() + normal.log_prob(x.double().unsqueeze(1))

    def score(self, x: Tensor, t: Tensor) -> Tensor:
        """Return grad log p_t(x) by differentiating the density."""
        with torch.enable_grad():
            x = x.detach().double().requires_grad_()
            log_p = self.log_joint(x, t).logsumexp(1).sum()
            return torch.autograd.grad(log_p, x)[0]

    def denoiser(self, x: Tensor, t: Tensor) -> Tensor:
        """Return E[x_0 | x_t] by Tweedie's formula."""
        alpha, sigma = SDE.marginal(t.double())
        return ((x + sigma**2 * self.score(x, t)) / alpha).to(x.dtype)

    def posterior(self, codes: Tensor, x: Tensor, t: Tensor) -> tuple[Tensor]:
        """Return (log p_t(c | x),) for the components' `codes`."""
        joint = self.log_joint(x, t)
        parts = [joint[:, codes == c].logsumexp(1) for c in codes.unique()]
        return (torch.stack(parts, 1).log_softmax(1).to(x.dtype),)

    def label_classifier(self, x: Tensor, t: Tensor) -> tuple[Tensor]:
        return self.posterior(self.labels, x, t)

    def sensitive_classifier(self, x: Tensor, t: Tensor) -> tuple[Tensor]:
        return self.posterior(self.groups, x, t)


COVARIANCE = [[0.5, 0.2], [0.2, 0.4]]
MODEL = GaussianClasses(
    weights=[0.4, 0.1, 0.2, 0.3],
    means=[[-1.5, 0.0], [-1.0, 2.0], [1.0, -0.5], [1.5, 1.5]],
    covariance=COVARIANCE,
    labels=[0, 0, 1, 1],
    groups=[0, 1, 0, 1],
)


def sample(
    n=10_000, y=0, solver=multistep, times=multistep_times, n_steps=12, **params
):
    rows = RowGenerator(
        denoiser=MODEL.denoiser,
        layout=Layout(2),
        guidance=Guidance(MODEL.label_classifier, MODEL.sensitive_classifier, **params),
        sde=SDE,
        times=times(n_steps, SDE),
        solver=solver,
    ).generate(np.broadcast_to(y, n).copy(), 0, np.arange(n))
    return rows.astype(float)


def assert_moments(x, components):
    """Assert that rows have the mean and covariance of some components."""
    w = MODEL.weights[components] / MODEL.weights[components].sum()
    mean = (w[:, None] * MODEL.means[components]).sum(0)
    offset = MODEL.means[components] - mean
    covariance = MODEL.covariance + (w[:, None] * offset).T @ offset
    np.testing.assert_allclose(x.mean(0), mean, atol=0.05)
    np.testing.assert_allclose(np.cov(x.T), covariance, atol=0.07)


#: The default's solver and the paper's: both have to be right.
SOLVERS = [
    {},
    {"solver": PAPER.solver, "times": PAPER.sampling_times, "n_steps": 250, "n": 6000},
]


@pytest.mark.parametrize("solver", SOLVERS)
def test_rows_have_the_moments_of_the_data_or_of_the_class_asked_for(solver):
    assert_moments(sample(**solver, lambda_y=0.0), torch.arange(4))
    assert_moments(sample(**solver, y=1, lambda_y=1.0), MODEL.labels == 1)


def seen_by_multistep(denoise, times, x):
    """Return the log SNR, alpha and x of each of its evaluations, in float64."""
    seen = []

    def denoiser(x, t):
        seen.append(float(x))
        return torch.full_like(x, denoise(-SDE.noise_level(t).log().item()))

    x = torch.tensor([[x]], dtype=torch.float64)
    result = float(multistep(denoiser, x, times, SDE, None))
    alpha, sigma = SDE.marginal(times)
    return (alpha / sigma).log().tolist(), alpha.tolist(), seen, result


@pytest.mark.parametrize(
    ("denoise", "curvature", "first_exact"),
    [
        (lambda log_snr: 1.5, 0.6, 1),
        (lambda log_snr: 1.5 - log_snr, 0.6, 2),
        (lambda log_snr: 1.5 - log_snr + 0.7 * log_snr**2, 1.0, 3),
    ],
)
def test_multistep_integrates_what_its_last_estimates_lie_on(
    denoise, curvature, first_exact, monkeypatch
):
    """A line is exact from the second step on, a parabola from the third."""
    monkeypatch.setattr(samplers, "CURVATURE", curvature)
    times = SDE.time(torch.tensor([9.0, 5.0, 2.0, 0.9, 0.2], dtype=torch.float64))
    log_snr, alpha, seen, result = seen_by_multistep(denoise, times, 0.3)
    assert result == pytest.approx(denoise(log_snr[-1]))
    x = np.array(seen) / alpha  # in x / alpha, dx = (D - x) d(log SNR)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    for i, (now, end) in enumerate(pairwise(log_snr)):
        at = now + (end - now) * (nodes + 1) / 2
        kernel = np.exp(at - end) * weights * (end - now) / 2
        exact = np.exp(now - end) * x[i] + kernel @ [denoise(a) for a in at]
        if i == 0:  # what it sees first is not yet a row of that time
            continue
        if i + 1 >= first_exact:
            assert x[i + 1] == pytest.approx(exact, rel=1e-9)
        else:
            assert x[i + 1] != pytest.approx(exact, rel=1e-3)


def test_multistep_starts_with_mean_and_covariance_of_the_first_time():
    """Up to the third order of alpha / sigma, for one Gaussian, where D is affine."""
    model = GaussianClasses([1.0], [[1.0, -2.0]], COVARIANCE, [0], [0])
    times = SDE.time(torch.tensor([8.0, 7.9], dtype=torch.float64))
    seen = []

    def denoiser(x, t):
        seen.append(x)
        return model.denoiser(x, t)

    noise = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    multistep(denoiser, noise, times, SDE, None)
    mean, root = seen[1][0], seen[1][1:] - seen[1][0]
    alpha, sigma = SDE.marginal(times[1])
    torch.testing.assert_close(mean, alpha * model.means[0], rtol=0.02, atol=0.0)
    excess = (root.T @ root - sigma**2 * torch.eye(2)) / alpha**2
    torch.testing.assert_close(excess, model.covariance, rtol=0.1, atol=0.01)


def test_times_fall_from_most_noise_to_least_and_a_single_step_is_one_denoising():
    times = multistep_times(20, SDE)
    assert (times.diff() < 0).all()
    ends = SDE.noise_level(times[[0, -1]]).tolist()
    assert ends == pytest.approx((samplers.FIRST_LEVEL, samplers.LAST_LEVEL))
    w = MODEL.weights[:2] / MODEL.weights[:2].sum()
    x = sample(2000, n_steps=1)
    np.testing.assert_allclose(x.mean(0), w @ MODEL.means[:2], atol=0.1)
