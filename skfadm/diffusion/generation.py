"""Guided generation: from trained networks to compact rows (Eq. 7-11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .layout import Layout
from .row_streams import RowStreams
from .samplers import DenoiserFunction, Solver
from .sde import VPSDE

#: Maps noised rows (n, p) and times to log-probabilities, (n, n_categories) each.
LogProbabilities = Callable[[Tensor, Tensor], Sequence[Tensor]]
#: A network that is given a label of n rows is taken to go n / (n + 5) of the way. What
#: is missing is added for labels of fewer than 50 rows (docs/user_guide/columns.rst).
SHRINKAGE, FEW_ROWS, MAX_EMPHASIS = 5.0, 50, 2.0


def emphasis_of(counts: NDArray[np.int64]) -> Tensor:
    """Return how far to go toward labels of so many rows, in what a network says."""
    way = np.minimum((counts + SHRINKAGE) / np.maximum(counts, 1), MAX_EMPHASIS)
    return torch.as_tensor(np.where(counts < FEW_ROWS, way, 1.0), dtype=torch.float32)


def entropy(log_p: Tensor) -> Tensor:
    """Return the entropy in nats of log-probabilities (n, k), shape (n,)."""
    return -(log_p.exp() * log_p).sum(1)


@dataclass(frozen=True)
class Guidance:
    r"""The guiding potential of Eq. 11 and its gradient.

    .. math:: \lambda_y \log p_t(y | x) + \lambda_z H(p_t(z | x))

    The first term is label guidance (Eq. 7), the second the log of p(s_fair = 1 | x)
    (Eq. 10), added over sensitive attributes. A term of strength zero is not computed.
    """

    #: Log-probabilities of noised rows. None: the denoiser can be given labels, and
    #: label guidance is left to it.
    label_classifier: LogProbabilities | None
    #: None: no fair control.
    sensitive_classifier: LogProbabilities | None = None
    lambda_y: float = 1.0
    lambda_z: float = 0.0
    #: What the `lambda_y` of a denoiser that is given labels is multiplied by, for each
    #: label, (n_labels,). None is 1.
    emphasis: Tensor | None = None

    @property
    def is_active(self) -> bool:
        """Whether any classifier has a strength other than zero."""
        of_label = self.label_classifier is not None and self.lambda_y
        return bool(of_label or (self.sensitive_classifier and self.lambda_z))

    def potential(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
        """Return the potential of each row, shape (n,); `y` are label codes (n,)."""
        total = x.new_zeros(len(x))
        if self.label_classifier is not None and self.lambda_y:
            (log_p,) = self.label_classifier(x, t)
            of_label = log_p.gather(1, y.unsqueeze(1)).squeeze(1)
            total = total + self.lambda_y * of_label
        if self.sensitive_classifier is not None and self.lambda_z:
            for log_p in self.sensitive_classifier(x, t):
                total = total + self.lambda_z * entropy(log_p)
        return total

    def gradient(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
        """Return the gradient of the potential with respect to x_t, shape (n, p)."""
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            # Rows do not interact, so the gradient of the sum holds each row's own.
            (grad,) = torch.autograd.grad(self.potential(x, t, y).sum(), x)
        return grad

    def label_shares(self, y: Tensor) -> Tensor | float:
        """Return how far a denoiser goes toward the labels, (n, 1) or for all rows."""
        if self.label_classifier is not None:
            return 0.0
        if self.emphasis is None:
            return self.lambda_y
        shares = self.lambda_y * self.emphasis.to(y.device)[y]
        return self.lambda_y if (shares == self.lambda_y).all() else shares.unsqueeze(1)


def guided_denoiser(
    denoiser: DenoiserFunction, guidance: Guidance, y: Tensor, sde: VPSDE
) -> DenoiserFunction:
    r"""Return the denoiser of the guided distribution (Eq. 9).

    Adding a gradient to the score is adding :math:`\sigma_t^2 / \alpha_t` times it to
    :math:`\hat x_0`, since :math:`s = (\alpha_t \hat x_0 - x_t) / \sigma_t^2`.

    A denoiser that can be given the label needs no classifier: by Bayes' rule its two
    estimates are mixed. Of strengths beyond one, and of labels of few rows, which it
    has learned in part only, the mixture goes beyond the estimate that is given the
    label (Ho and Salimans 2022).
    """
    share = guidance.label_shares(y)
    # A label that all rows have is given once.
    labels = y[:1] if bool((y == y[0]).all()) else y

    def guided(x: Tensor, t: Tensor) -> Tensor:
        if not torch.is_tensor(share) and share in (0.0, 1.0):
            estimate = denoiser(x, t, labels) if share else denoiser(x, t)
        else:
            without, of_label = denoiser(x, t), denoiser(x, t, labels)
            # A tensor of any number: what is too large for float32 is infinite.
            weight = torch.as_tensor(share, dtype=torch.float64).to(without)
            estimate = torch.lerp(without, of_label, weight)
        if not guidance.is_active:
            return estimate
        alpha, sigma = sde.marginal(t)
        return estimate + sigma**2 / alpha * guidance.gradient(x, t, y)

    return guided


@dataclass(frozen=True)
class RowGenerator:
    """Solves the guided reverse process."""

    #: Estimate of x_0 from (x_t, t) or, with labels, (x_t, t, y).
    denoiser: DenoiserFunction
    layout: Layout
    guidance: Guidance
    sde: VPSDE
    #: The times of the steps, and how they are taken.
    times: Tensor
    solver: Solver
    device: str = "cpu"
    #: Whether categories are drawn from their probabilities, or the largest taken.
    draw_categories: bool = True

    def generate(
        self,
        y: NDArray[np.int64],
        seed: int,
        index: NDArray[np.int64],
        attempt: int = 0,
    ) -> NDArray[np.float32]:
        """Return a compact row for each label code, whatever rows are beside it."""
        streams = RowStreams(seed, index, attempt, self.device)
        noise = partial(streams.normal, self.layout.width)
        labels = torch.as_tensor(y, device=self.device)
        guided = guided_denoiser(self.denoiser, self.guidance, labels, self.sde)
        with torch.no_grad():
            x = self.solver(guided, noise(), self.times, self.sde, noise)
            uniforms = streams.uniform(len(self.layout.category_sizes))
            rows = self.layout.collapse(x, uniforms if self.draw_categories else None)
        if not rows.isfinite().all():
            raise FloatingPointError(
                "Sampling left the range of numbers; lower the strengths lambda_y "
                f"({self.guidance.lambda_y:g}) or lambda_z "
                f"({self.guidance.lambda_z:g})."
            )
        return rows.cpu().numpy()
