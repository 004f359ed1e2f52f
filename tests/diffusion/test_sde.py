import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from skfadm.diffusion.sde import VPSDE

TIMES = torch.tensor([1e-5, 0.01, 0.3, 0.7, 1.0], dtype=torch.float64)


@pytest.fixture(params=[(0.1, 20.0), (0.5, 5.0)])
def sde(request):
    return VPSDE(*request.param)


def test_marginal_solves_the_moment_equations_of_the_sde(sde):
    def moments(t, m):  # dE[x] = -beta/2 E[x], dVar = beta (1 - Var)
        beta = float(sde.beta(torch.tensor(t)))
        return [-0.5 * beta * m[0], beta * (1.0 - m[1])]

    solved = solve_ivp(moments, (0, 1), [1.0, 0.0], t_eval=TIMES, rtol=1e-9, atol=1e-12)
    alpha, sigma = sde.marginal(TIMES)
    np.testing.assert_allclose(alpha, solved.y[0], rtol=1e-5)
    np.testing.assert_allclose(sigma**2, solved.y[1], rtol=1e-5, atol=1e-9)


def test_reverse_drift_keeps_a_standard_normal_unchanged(sde):
    # If p_t is N(0, I) its score is -x, and the probability flow f - g^2/2 score is 0.
    x, t = torch.randn(5, 3, dtype=torch.float64), TIMES[2]
    flow = sde.reverse_drift(x, t, -0.5 * x)
    torch.testing.assert_close(flow, torch.zeros_like(x))
    drift = sde.reverse_drift(x, t, torch.zeros_like(x))
    torch.testing.assert_close(drift, -0.5 * sde.beta(t) * x)


def test_time_inverts_noise_level_over_its_whole_range(sde):
    t = torch.logspace(-6, 0, 50, dtype=torch.float64)
    torch.testing.assert_close(sde.time(sde.noise_level(t)), t)


def test_ddpm_chain_has_the_marginals_of_the_sde(sde):
    betas = sde.ddpm_betas(1000)
    alpha, _ = sde.marginal(torch.arange(1, 1001, dtype=torch.float64) / 1000)
    torch.testing.assert_close((1 - betas).cumprod(0).sqrt(), alpha)
