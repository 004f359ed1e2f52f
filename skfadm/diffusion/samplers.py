"""Solvers of the guided reverse-time SDE, as free functions over a denoiser."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from .guidance import DenoiserFunction
from .losses import MAX_NOISE_LEVEL, MIN_NOISE_LEVEL
from .sde import VPSDE

#: Returns fresh standard normal noise for the rows, shape (n, p), at each call.
Noise = Callable[[], Tensor]
#: Takes rows from t = 1 along a time grid to its end: (denoiser, x, grid, sde, noise).
Solver = Callable[[DenoiserFunction, Tensor, Tensor, VPSDE, Noise], Tensor]


#: Where the steps are: log(noise level) at the quantiles of a normal with this mean and
#: standard deviation. Categories are decided at noise levels around 1.
GRID_MEAN, GRID_STD = 0.0, 1.6


def time_grid(n_steps: int, sde: VPSDE, kind: str = "lognormal") -> Tensor:
    """Return the times from noise to data, shape (n_steps + 1,), float64.

    ``"lognormal"`` has the noise levels at even quantiles of a lognormal distribution,
    most where most is decided; ``"uniform"`` is even in t.
    """
    ends = torch.tensor([MAX_NOISE_LEVEL, MIN_NOISE_LEVEL], dtype=torch.float64)
    ramp = torch.linspace(0.0, 1.0, n_steps + 1, dtype=torch.float64)
    if kind == "uniform":
        start, stop = sde.time(ends)
        return start + ramp * (stop - start)
    start, stop = torch.special.ndtr((ends.log() - GRID_MEAN) / GRID_STD)
    quantiles = torch.special.ndtri(start + ramp * (stop - start))
    return sde.time(torch.exp(GRID_MEAN + GRID_STD * quantiles))


def euler_maruyama(
    denoiser: DenoiserFunction, x: Tensor, grid: Tensor, sde: VPSDE, noise: Noise
) -> Tensor:
    """Solve the reverse SDE (Eq. 11) by Euler-Maruyama steps and denoise at the end.

    Parameters
    ----------
    denoiser : callable
        The guided estimate of x_0.
    x : Tensor of shape (n, p)
        Rows drawn from the prior.
    grid : Tensor of shape (n_steps + 1,)
        Decreasing times.
    sde : VPSDE
        The diffusion.
    noise : callable
        Draws the increments.

    Returns
    -------
    Tensor of shape (n, p)
        The estimate of x_0 at the last time.
    """
    grid = grid.to(x)
    for t, t_next in zip(
        grid[:-1].view(-1, 1, 1), grid[1:].view(-1, 1, 1), strict=True
    ):
        alpha, sigma = sde.marginal(t)
        score = (alpha * denoiser(x, t) - x) / sigma**2
        dt = t - t_next
        x = (
            x
            - sde.reverse_drift(x, t, score) * dt
            + sde.diffusion(t) * dt.sqrt() * noise()
        )
    return denoiser(x, grid[-1].view(1, 1))


def dpm_solver(
    denoiser: DenoiserFunction,
    x: Tensor,
    grid: Tensor,
    sde: VPSDE,
    noise: Noise,
    eta: float = 0.0,
) -> Tensor:
    r"""Solve Eq. 11 by DPM-Solver++(2M), with any share of its noise, and denoise.

    The equations :math:`dx = [f - \tfrac{1 + \eta^2}{2} g^2 s] d\bar t + \eta g\,
    d\bar w`, with the score s, have the same marginals for all :math:`\eta`: the
    probability-flow ODE at 0, the reverse SDE at 1. The linear part is integrated
    exactly and the denoiser extrapolated linearly in
    :math:`\lambda = \log(\alpha_t / \sigma_t)` from its last two values (Lu et al.
    2022, second-order multistep in data prediction): with
    :math:`h = \lambda_{next} - \lambda`,

    .. math:: x_{next} = \tfrac{\sigma_{next}}{\sigma} e^{-\eta^2 h} x
              + \alpha_{next} (1 - e^{-(1 + \eta^2) h}) D
              + \sigma_{next} \sqrt{1 - e^{-2 \eta^2 h}} \epsilon.

    Same parameters as `euler_maruyama`; one evaluation a step.
    """
    alpha, sigma = sde.marginal(grid)
    h = (alpha.log() - sigma.log()).diff()
    keep = sigma[1:] / sigma[:-1] * torch.exp(-(eta**2) * h)
    pull = -alpha[1:] * torch.expm1(-(1.0 + eta**2) * h)
    spread = sigma[1:] * torch.sqrt(-torch.expm1(-2.0 * eta**2 * h))
    previous = None
    for i in range(len(h)):
        estimate = denoiser(x, grid[i].to(x).view(1, 1))
        target = estimate
        if previous is not None:
            target = estimate + 0.5 * float(h[i] / h[i - 1]) * (estimate - previous)
        x = float(keep[i]) * x + float(pull[i]) * target
        if eta:
            x = x + float(spread[i]) * noise()
        previous = estimate
    return denoiser(x, grid[-1].to(x).view(1, 1))


#: The SDE's solver takes 0.7 of its noise: enough to correct errors on the way, and
#: less to discretise. On Adult pair trends rise by 0.002.
SOLVERS: dict[str, Solver] = {
    "dpm_solver_sde": partial(dpm_solver, eta=0.7),
    "dpm_solver_ode": dpm_solver,
    "euler_maruyama": euler_maruyama,
}
