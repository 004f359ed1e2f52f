"""The variance-preserving SDE of the paper (Eq. 1-3), in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class VPSDE:
    r"""Variance-preserving SDE with a linear schedule (Eq. 2).

    .. math:: dx = -\tfrac12 \beta(t) x\,dt + \sqrt{\beta(t)}\,dw, \qquad
              \beta(t) = \beta_{min} + t (\beta_{max} - \beta_{min}), \; t \in [0, 1].

    Its marginal is :math:`x_t = \alpha_t x_0 + \sigma_t \epsilon`, with
    :math:`\alpha_t = e^{-B(t)/2}`, :math:`\sigma_t^2 = 1 - e^{-B(t)}` and
    :math:`B(t) = \int_0^t \beta`. All methods take and return tensors of any shape.
    """

    beta_min: float = 0.1
    beta_max: float = 20.0

    def beta(self, t: Tensor) -> Tensor:
        """Return beta(t), the squared diffusion of Eq. 2."""
        return self.beta_min + t * (self.beta_max - self.beta_min)

    def integrated_beta(self, t: Tensor) -> Tensor:
        """Return B(t), the integral of beta from 0 to t."""
        return t * (self.beta_min + 0.5 * t * (self.beta_max - self.beta_min))

    def reverse_drift(self, x: Tensor, t: Tensor, score: Tensor) -> Tensor:
        """Return f(x, t) - g(t)^2 score, the drift of the reverse SDE (Eq. 3)."""
        return -0.5 * self.beta(t) * x - self.beta(t) * score

    def marginal(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Return alpha_t and sigma_t of p(x_t | x_0) = N(alpha_t x_0, sigma_t^2 I)."""
        b = self.integrated_beta(t)
        return torch.exp(-0.5 * b), torch.sqrt(-torch.expm1(-b))

    def noise_level(self, t: Tensor) -> Tensor:
        """Return s = sigma_t / alpha_t, the noise level of x_t / alpha_t."""
        return torch.sqrt(torch.expm1(self.integrated_beta(t)))

    def time(self, noise_level: Tensor) -> Tensor:
        """Return the t at which a noise level is reached."""
        b = torch.log1p(noise_level**2)
        slope = self.beta_max - self.beta_min
        # The root of slope/2 t^2 + beta_min t = b, in the form without cancellation.
        root = torch.sqrt(self.beta_min**2 + 2.0 * slope * b)
        return 2.0 * b / (self.beta_min + root)

    def ddpm_betas(self, n_steps: int) -> Tensor:
        r"""Return the discrete :math:`\beta_i` of DDPM (Eq. 1), float64.

        The chain :math:`x_i = \sqrt{1-\beta_i} x_{i-1} + \sqrt{\beta_i}\epsilon` with
        these has exactly the marginals of the SDE at :math:`t = i / n_{steps}`.
        """
        t = torch.linspace(0.0, 1.0, n_steps + 1, dtype=torch.float64)
        return -torch.expm1(-torch.diff(self.integrated_beta(t)))
