"""The solver of the guided reverse process, as a free function over a denoiser."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from .sde import VPSDE

#: Maps rows (n, p) and times (n, 1) or (1, 1), and label codes (n,) where it is given
#: labels, to estimates of x_0, shape (n, p).
DenoiserFunction = Callable[..., Tensor]
#: Returns fresh standard normal noise for the rows, shape (n, p), at each call.
Noise = Callable[[], Tensor]
#: Takes rows through decreasing times: (denoiser, x, times, sde, noise).
Solver = Callable[[DenoiserFunction, Tensor, Tensor, VPSDE, Noise], Tensor]

#: Noise levels of the first and the last step of `multistep`. Beyond the first, next to
#: nothing is known of a row; from the last on, one denoising is enough.
FIRST_LEVEL, LAST_LEVEL = 20.0, 0.05
#: Between them, log(noise level) is at the quantiles of a normal of mean 0 and this
#: deviation: a little denser around 1, where categories are decided.
LOG_LEVEL_STD = 2.3
#: `multistep` extrapolates by this share of the parabola through the last three
#: estimates and, for the rest, by the line through the last two. The parabola alone
#: leaves columns of numbers about 1 % too narrow, the line as much too wide.
CURVATURE = 0.6


def multistep_times(n_steps: int, sde: VPSDE) -> Tensor:
    """Return the times of `multistep`, shape (n_steps,), float64."""
    ends = torch.tensor([FIRST_LEVEL, LAST_LEVEL], dtype=torch.float64).log()
    start, stop = torch.special.ndtr(ends / LOG_LEVEL_STD)
    ramp = torch.linspace(0.0, 1.0, n_steps, dtype=torch.float64)
    quantiles = torch.special.ndtri(start + ramp * (stop - start))
    return sde.time(torch.exp(LOG_LEVEL_STD * quantiles))


def multistep(
    denoiser: DenoiserFunction, x: Tensor, times: Tensor, sde: VPSDE, noise: Noise
) -> Tensor:
    r"""Solve the probability-flow ODE of Eq. 11 by multistep extrapolation.

    It has the marginals of the SDE and needs no noise on the way. Its linear part is
    integrated exactly, the denoiser as a polynomial through its last values in
    :math:`\lambda = \log(\alpha_t/\sigma_t)`, as in DPM-Solver++ (Lu et al. 2022): with
    :math:`h = \lambda_{next} - \lambda`,

    .. math:: x_{next} = \tfrac{\sigma_{next}}{\sigma} x + \alpha_{next}
              \int_0^h e^{s - h} D(\lambda + s) ds.

    Rows at the first time have the mean :math:`\alpha m` and the covariance
    :math:`\sigma^2 I + \alpha^2 C`. As :math:`D(x) \approx m + \alpha C x / \sigma^2`
    there, :math:`\alpha D(x / 2) + \sigma x` has both, up to :math:`\alpha^3`.

    `x` are standard normal rows (n, p), `times` decrease, and the evaluation at the
    last one is the result. `noise` is not used.
    """
    alpha, sigma = sde.marginal(times)
    log_snr = (alpha.log() - sigma.log()).tolist()
    alphas, sigmas = alpha.tolist(), sigma.tolist()
    # The last three estimates, the newest first.
    estimates: list[Tensor] = []
    for i, t in enumerate(times.to(x).view(-1, 1, 1)):
        estimate = denoiser(x if i else 0.5 * x, t)
        if i == len(times) - 1:
            break
        if i == 0:
            x = alphas[0] * estimate + sigmas[0] * x
        estimates = [estimate, *estimates[:2]]
        weights = _weights(log_snr[max(0, i - 2) : i + 2])
        x = sigmas[i + 1] / sigmas[i] * x
        for weight, past in zip(weights, estimates, strict=True):
            x.add_(past, alpha=alphas[i + 1] * weight)
    return estimate


def _weights(log_snr: list[float]) -> list[float]:
    r"""Return the weights of the last estimates in the integral, the newest first.

    Newton's polynomial through the estimates at `log_snr` up to the one before last,
    integrated against :math:`e^{s - h}` up to the last.
    """
    *past, now, end = log_snr
    h = end - now
    m0 = -math.expm1(-h)
    m1 = h - m0
    m2 = h * h - 2.0 * m1
    if not past:
        return [m0]
    a = now - past[-1]
    slope = m1 / a
    if len(past) == 1:
        return [m0 + slope, -slope]
    b = now - past[-2]
    curve = CURVATURE * (m2 + a * m1) / b
    return [
        m0 + slope + curve / a,
        -slope - curve / a - curve / (b - a),
        curve / (b - a),
    ]
