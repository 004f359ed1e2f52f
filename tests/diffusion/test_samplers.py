"""The solvers with exact networks put in, where the answer is known."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from skfadm.baselines._fadm import PAPER
from skfadm.diffusion import samplers
from skfadm.diffusion.generation import RowGenerator
from skfadm.diffusion.guidance import Guidance
from skfadm.diffusion.layout import Layout
from skfadm.diffusion.samplers import multistep, multistep_times
from skfadm.diffusion.sde import VPSDE

from .gaussian_classes import GaussianClasses

SDE = VPSDE()
COVARIANCE = [[0.5, 0.2], [0.2, 0.4]]
MODEL = GaussianClasses(
    weights=[0.4, 0.1, 0.2, 0.3],
    means=[[-1.5, 0.0], [-1.0, 2.0], [1.0, -0.5], [1.5, 1.5]],
    covariance=COVARIANCE,
    labels=[0, 0, 1, 1],
    groups=[0, 1, 0, 1],
)


def sample(
    n=10_000, y=0, solver=multistep, times=multistep_times, n_steps=12, seed=0, **kwargs
):
    strengths = {k: kwargs.pop(k) for k in ("lambda_y", "lambda_z") if k in kwargs}
    model = kwargs.pop("model", MODEL)
    rows = RowGenerator(
        denoiser=kwargs.pop("denoiser", model.denoiser),
        layout=Layout(2),
        guidance=Guidance(
            model.label_classifier, model.sensitive_classifier, **strengths
        ),
        sde=SDE,
        times=times(n_steps, SDE),
        solver=solver,
    ).generate(np.broadcast_to(y, n).copy(), seed, np.arange(n), **kwargs)
    return rows.astype(float)


def moments_of(components, model=MODEL):
    w = model.weights[components] / model.weights[components].sum()
    mean = (w[:, None] * model.means[components]).sum(0)
    offset = model.means[components] - mean
    covariance = model.covariance + (w[:, None] * offset).T @ offset
    return mean.numpy(), covariance.numpy()


#: The default's solver and the paper's: both have to be right.
SOLVERS = [
    {},
    {"solver": PAPER.solver, "times": PAPER.sampling_times, "n_steps": 500},
]


@pytest.mark.parametrize("solver", SOLVERS)
def test_without_guidance_mean_and_covariance_of_the_data_are_reproduced(solver):
    x = sample(**solver, lambda_y=0.0)
    mean, covariance = moments_of(torch.arange(4))
    np.testing.assert_allclose(x.mean(0), mean, atol=0.04)
    np.testing.assert_allclose(np.cov(x.T), covariance, atol=0.06)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("y", [0, 1])
def test_label_guidance_of_strength_one_gives_the_class_asked_for(solver, y):
    x = sample(y=y, **solver, lambda_y=1.0)
    mean, covariance = moments_of(MODEL.labels == y)
    np.testing.assert_allclose(x.mean(0), mean, atol=0.04)
    np.testing.assert_allclose(np.cov(x.T), covariance, atol=0.06)


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


def test_multistep_takes_a_known_row_along_its_ray():
    """With D = x_0 known, x_t = alpha x_0 + sigma epsilon for one epsilon."""
    times = multistep_times(7, SDE)
    alpha, sigma = (part.numpy() for part in SDE.marginal(times))
    _, _, seen, _ = seen_by_multistep(lambda log_snr: 1.5, times, -0.7)
    assert seen[0] == -0.35  # half the noise, when nothing is known of the row
    np.testing.assert_allclose(seen[1:], (alpha * 1.5 + sigma * -0.7)[1:])


def test_a_row_depends_on_its_index_and_not_on_the_rows_beside_it():
    labels = np.arange(300) % 2
    many = sample(300, y=labels)
    few = sample(10, y=labels[:10])
    np.testing.assert_allclose(many[:10], few, rtol=1e-5, atol=1e-5)


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


def test_times_fall_from_most_noise_to_least():
    times = multistep_times(20, SDE)
    assert (times.diff() < 0).all()
    ends = SDE.noise_level(times[[0, -1]]).tolist()
    assert ends == pytest.approx((samplers.FIRST_LEVEL, samplers.LAST_LEVEL))


def test_a_single_step_is_one_denoising():
    assert SDE.noise_level(multistep_times(1, SDE)).tolist() == pytest.approx(
        [samplers.FIRST_LEVEL]
    )
    np.testing.assert_allclose(
        sample(2000, n_steps=1).mean(0), moments_of(MODEL.labels == 0)[0], atol=0.1
    )
