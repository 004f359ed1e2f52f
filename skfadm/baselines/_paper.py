"""What only the paper's diffusion has: its loss, its times and its solver."""

from __future__ import annotations

import torch
from torch import Tensor

from skfadm.diffusion.guidance import DenoiserFunction
from skfadm.diffusion.losses import MAX_NOISE_LEVEL, MIN_NOISE_LEVEL, NoisedRows
from skfadm.diffusion.networks import Denoiser
from skfadm.diffusion.optimiser import adam
from skfadm.diffusion.recipe import Recipe
from skfadm.diffusion.samplers import Noise
from skfadm.diffusion.sde import VPSDE

from ._training import Cosine


def score_matching_loss(
    denoiser: Denoiser, batch: NoisedRows, y: Tensor | None = None
) -> Tensor:
    r"""Return Eq. 4 of each row, shape (n,): squared error on every channel.

    With the weighting of Eq. 5, :math:`\lambda(t) = \sigma_t^2` because
    :math:`E\|\nabla \log p_{0t}\|^2 = p / \sigma_t^2`. Averaged over the p channels.
    """
    alpha, sigma = denoiser.sde.marginal(batch.t)
    noised = batch.evidence.inputs
    estimate = denoiser(noised, batch.t, y)
    score = (alpha * estimate - noised) / sigma**2
    target = -batch.noise / sigma
    return (sigma**2 * (score - target).square()).mean(1)


def uniform_times(u: Tensor, sde: VPSDE) -> Tensor:
    """Return the training times of quantiles u that are uniform in t (Eq. 4)."""
    low, high = sde.time(torch.tensor([MIN_NOISE_LEVEL, MAX_NOISE_LEVEL]).to(u))
    return low + u * (high - low)


def even_times(n_steps: int, sde: VPSDE) -> Tensor:
    """Return the times of `euler_maruyama`, shape (n_steps + 1,), float64."""
    ramp = torch.linspace(1.0, 0.0, n_steps + 1, dtype=torch.float64)
    return uniform_times(ramp, sde)


def euler_maruyama(
    denoiser: DenoiserFunction, x: Tensor, times: Tensor, sde: VPSDE, noise: Noise
) -> Tensor:
    """Solve the reverse SDE (Eq. 11) by Euler-Maruyama steps and denoise at the end.

    `denoiser` is the guided estimate of x_0, `x` are standard normal rows (n, p),
    `times` (n_steps + 1,) decrease, and `noise` draws the increments.
    """
    times = times.to(x)
    for t, t_next in zip(
        times[:-1].view(-1, 1, 1), times[1:].view(-1, 1, 1), strict=True
    ):
        alpha, sigma = sde.marginal(t)
        score = (alpha * denoiser(x, t) - x) / sigma**2
        dt = t - t_next
        x = (
            x
            - sde.reverse_drift(x, t, score) * dt
            + sde.diffusion(t) * dt.sqrt() * noise()
        )
    return denoiser(x, times[-1].view(1, 1))


#: FADM as it is printed.
PAPER = Recipe(
    loss=score_matching_loss,
    categorical=False,
    conditional=False,
    weighted=False,
    training_times=uniform_times,
    optimisers=adam,
    schedule=Cosine,
    half=False,
    sampling_times=even_times,
    solver=euler_maruyama,
)
