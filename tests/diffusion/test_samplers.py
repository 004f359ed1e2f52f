"""The solvers with exact networks put in, where the answer is known."""

from functools import partial

import numpy as np
import pytest
import torch

from skfadm.diffusion.generation import RowGenerator
from skfadm.diffusion.guidance import Guidance
from skfadm.diffusion.layout import Layout
from skfadm.diffusion.losses import MAX_NOISE_LEVEL, MIN_NOISE_LEVEL
from skfadm.diffusion.samplers import SOLVERS, dpm_solver, euler_maruyama, time_grid
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
DEFAULT = SOLVERS["dpm_solver_sde"]


def sample(n=20_000, y=0, solver=DEFAULT, n_steps=60, seed=0, **kwargs):
    strengths = {k: kwargs.pop(k) for k in ("lambda_y", "lambda_z") if k in kwargs}
    model = kwargs.pop("model", MODEL)
    rows = RowGenerator(
        denoiser=kwargs.pop("denoiser", model.denoiser),
        layout=Layout(2),
        guidance=Guidance(
            model.label_classifier, model.sensitive_classifier, **strengths
        ),
        sde=SDE,
        grid=time_grid(n_steps, SDE, kwargs.pop("grid", "lognormal")),
        solver=solver,
        chunk_size=kwargs.pop("chunk_size", 8192),
    ).generate(np.broadcast_to(y, n).copy(), seed, np.arange(n), **kwargs)
    return rows.astype(float)


def moments_of(components, model=MODEL):
    w = model.weights[components] / model.weights[components].sum()
    mean = (w[:, None] * model.means[components]).sum(0)
    offset = model.means[components] - mean
    covariance = model.covariance + (w[:, None] * offset).T @ offset
    return mean.numpy(), covariance.numpy()


@pytest.mark.parametrize(
    ("solver", "n_steps", "grid"),
    [
        ("dpm_solver_sde", 60, "lognormal"),
        ("dpm_solver_ode", 60, "lognormal"),
        ("euler_maruyama", 300, "lognormal"),
        ("euler_maruyama", 500, "uniform"),
    ],
)
def test_without_guidance_mean_and_covariance_of_the_data_are_reproduced(
    solver, n_steps, grid
):
    x = sample(solver=SOLVERS[solver], n_steps=n_steps, grid=grid, lambda_y=0.0)
    mean, covariance = moments_of(torch.arange(4))
    np.testing.assert_allclose(x.mean(0), mean, atol=0.04)
    np.testing.assert_allclose(np.cov(x.T), covariance, atol=0.06)


@pytest.mark.parametrize("y", [0, 1])
@pytest.mark.parametrize(
    ("solver", "n_steps"),
    [(DEFAULT, 60), (dpm_solver, 60), (euler_maruyama, 300)],
)
def test_label_guidance_of_strength_one_gives_the_class_asked_for(y, solver, n_steps):
    x = sample(y=y, solver=solver, n_steps=n_steps, lambda_y=1.0)
    mean, covariance = moments_of(MODEL.labels == y)
    np.testing.assert_allclose(x.mean(0), mean, atol=0.04)
    np.testing.assert_allclose(np.cov(x.T), covariance, atol=0.06)


@pytest.mark.parametrize("eta", [0.0, 0.7, 1.0])
def test_dpm_solver_extrapolates_the_denoiser_to_the_middle_of_each_step(eta):
    """A denoiser that is linear in log(alpha / sigma) is met exactly there."""
    log_snr = np.array([-1.0, -0.5, 1.0])  # the second step is three times the first
    grid = SDE.time(torch.exp(-torch.tensor(log_snr)))
    seen = []

    def denoiser(x, t):
        seen.append(x)
        return -SDE.noise_level(t).log().expand_as(x)

    start = torch.ones(1, 1, dtype=torch.float64)
    dpm_solver(denoiser, start, grid, SDE, lambda: torch.zeros_like(start), eta)
    alpha, _ = SDE.marginal(grid)
    h = np.diff(log_snr)
    # In x / alpha, without noise: x' = exp(-c h) x + (1 - exp(-c h)) D, c = 1 + eta^2.
    c = 1.0 + eta**2
    x = 1.0 / float(alpha[0])
    for step, target in zip(h, [-1.0, -0.5 + h[1] / 2], strict=True):
        x = np.exp(-c * step) * x + (1 - np.exp(-c * step)) * target
    assert float(seen[-1]) == pytest.approx(x * float(alpha[-1]), rel=1e-6)


@pytest.mark.parametrize("eta", [0.0, 0.3, 0.7, 1.0])
def test_a_known_row_keeps_the_marginal_of_the_sde_at_every_step(eta):
    """With D = x_0 known, x_t stays N(alpha x_0, sigma^2) whatever share is noise."""
    grid = time_grid(7, SDE)
    alpha, sigma = SDE.marginal(grid)
    generator = torch.Generator().manual_seed(0)
    noise = partial(torch.randn, 200_000, 1, generator=generator, dtype=torch.double)
    seen = []

    def denoiser(x, t):
        seen.append(x)
        return torch.full_like(x, 1.5)

    dpm_solver(denoiser, alpha[0] * 1.5 + sigma[0] * noise(), grid, SDE, noise, eta)
    for x, a, s in zip(seen, alpha.tolist(), sigma.tolist(), strict=True):
        assert float((x - 1.5 * a).mean()) == pytest.approx(0.0, abs=0.01 * s)
        assert float((x - 1.5 * a).std()) == pytest.approx(s, rel=0.01)


def test_stronger_label_guidance_makes_the_label_surer():
    def confidence(lambda_y):
        x = torch.tensor(sample(4000, y=1, lambda_y=lambda_y))
        (log_p,) = MODEL.label_classifier(x, torch.tensor(1e-5))
        return float(log_p[:, 1].exp().mean())

    values = [confidence(s) for s in (0.0, 1.0, 3.0)]
    assert values[0] == pytest.approx(0.5, abs=0.03)
    assert values[0] < values[1] < values[2]


def test_fair_control_makes_the_group_harder_to_tell():
    def mean_entropy(lambda_z):
        x = torch.tensor(sample(4000, lambda_y=1.0, lambda_z=lambda_z))
        (log_p,) = MODEL.sensitive_classifier(x, torch.tensor(1e-5))
        return float(-(log_p.exp() * log_p).sum(1).mean())

    values = [mean_entropy(s) for s in (0.0, 2.0, 8.0)]
    assert values[0] < values[1] < values[2]


def test_rows_do_not_depend_on_the_chunk_size():
    whole = sample(900, lambda_z=1.0, chunk_size=4096)
    chunks = sample(900, lambda_z=1.0, chunk_size=130)
    np.testing.assert_allclose(whole, chunks, rtol=1e-5, atol=1e-5)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_chunks_side_by_side_give_the_rows_of_one_after_the_other(two_threads):
    options = {"y": np.arange(700) % 2, "lambda_z": 1.0}
    side_by_side = sample(700, chunk_size=100, **options)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)
    in_turn = sample(700, chunk_size=100, **options)
    np.testing.assert_array_equal(side_by_side, in_turn)


def test_an_error_in_one_of_several_chunks_is_raised(two_threads):
    def fails_on_short_chunks(x, t):
        if len(x) < 100:
            raise MemoryError("no room")
        return x

    with pytest.raises(MemoryError, match="no room"):
        sample(250, chunk_size=100, denoiser=fails_on_short_chunks)


def test_a_row_depends_on_its_index_and_not_on_the_rows_beside_it():
    labels = np.arange(300) % 2
    many = sample(300, y=labels)
    few = sample(10, y=labels[:10])
    np.testing.assert_allclose(many[:10], few, rtol=1e-5, atol=1e-5)


def test_another_seed_or_attempt_gives_other_rows():
    assert not np.allclose(sample(10, seed=0), sample(10, seed=1))
    assert not np.allclose(sample(10), sample(10, attempt=1))


def test_time_grids_fall_from_most_noise_to_least():
    for kind in ("lognormal", "uniform"):
        grid = time_grid(20, SDE, kind)
        assert (grid.diff() < 0).all()
        levels = SDE.noise_level(grid[[0, -1]])
        assert float(levels[1]) == pytest.approx(MIN_NOISE_LEVEL)
        assert float(levels[0]) == pytest.approx(MAX_NOISE_LEVEL)
