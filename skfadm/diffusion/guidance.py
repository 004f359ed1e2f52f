"""Guidance: the gradients that turn p_t(x) into p_t(x | y, s_fair = 1) (Eq. 7-11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .sde import VPSDE

#: Maps rows (n, p) and times (n, 1) or (1, 1), and label codes (n,) if it is told them,
#: to estimates of x_0, shape (n, p).
DenoiserFunction = Callable[..., Tensor]
#: Maps the same to log-probabilities, a tensor (n, n_categories) an attribute.
LogProbabilities = Callable[[Tensor, Tensor], Sequence[Tensor]]


#: A network that is told a label of n rows is taken to go n / (n + 5) of the way, and
#: what is missing is added for labels of fewer than 50 rows, at most as much again:
#: figures are in docs/user_guide/columns.rst.
SHRINKAGE, FEW_ROWS, MAX_EMPHASIS = 5.0, 50, 2.0


def emphasis_of(counts: NDArray[np.int64]) -> Tensor:
    """Return how far to go, of what being told changes, for labels of so many rows."""
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
    (Eq. 10). With several sensitive attributes their entropies are added.

    Parameters
    ----------
    label_classifier, sensitive_classifier : callable
        Log-probabilities of noised rows; the second may be None, then there is no fair
        control.
    lambda_y, lambda_z : float
        Strengths. A term of strength zero is not computed.
    conditional : bool, default=False
        The denoiser knows the label and gives the first unit of `lambda_y` itself.
    emphasis : Tensor of shape (n_labels,), default=None
        What this unit is multiplied by, for each label. None is 1.
    """

    label_classifier: LogProbabilities
    sensitive_classifier: LogProbabilities | None = None
    lambda_y: float = 1.0
    lambda_z: float = 0.0
    conditional: bool = False
    emphasis: Tensor | None = None

    @property
    def label_share(self) -> float:
        """How much of the label guidance a denoiser that knows the label gives."""
        return min(self.lambda_y, 1.0) if self.conditional else 0.0

    @property
    def classifier_strength(self) -> float:
        """What of lambda_y is left to the label classifier."""
        return self.lambda_y - self.label_share

    @property
    def is_active(self) -> bool:
        """Whether any classifier has a strength other than zero."""
        return bool(self.classifier_strength) or self.is_fair

    @property
    def is_fair(self) -> bool:
        """Whether fair control acts."""
        return self.sensitive_classifier is not None and bool(self.lambda_z)

    def potential(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
        """Return the potential of each row, shape (n,); `y` are label codes (n,)."""
        total = x.new_zeros(len(x))
        if self.classifier_strength:
            (log_p,) = self.label_classifier(x, t)
            total = total + self.classifier_strength * log_p.gather(
                1, y.unsqueeze(1)
            ).squeeze(1)
        if self.is_fair and self.sensitive_classifier is not None:
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


def guided_denoiser(
    denoiser: DenoiserFunction, guidance: Guidance, y: Tensor, sde: VPSDE
) -> DenoiserFunction:
    r"""Return the denoiser of the guided distribution (Eq. 9).

    Adding a gradient to the score is, by
    :math:`s = (\alpha_t \hat x_0 - x_t) / \sigma_t^2`, adding
    :math:`\sigma_t^2 / \alpha_t` times it to :math:`\hat x_0`.

    A denoiser that can be told the label, ``denoiser(x, t, y)``, gives the first unit
    of label guidance itself: by Bayes' rule
    :math:`\nabla \log p_t(x) + \nabla \log p_t(y | x) = \nabla \log p_t(x | y)`. Below
    one the two estimates are mixed; what is beyond is the classifier's. For labels of
    few rows, of which the network has learned a part only, the mixture goes beyond the
    estimate that is told the label (Ho and Salimans 2022).
    """
    share = guidance.label_share
    mixed: Tensor | float = share
    if guidance.emphasis is not None and share:
        emphasis = guidance.emphasis.to(y.device)[y]
        if bool((emphasis != 1.0).any()):
            mixed = share * emphasis.unsqueeze(1)
    # A label that all rows have is told once.
    told = y[:1] if bool((y == y[0]).all()) else y

    def guided(x: Tensor, t: Tensor) -> Tensor:
        if share == 0.0:
            estimate = denoiser(x, t)
        elif isinstance(mixed, float) and mixed == 1.0:
            estimate = denoiser(x, t, told)
        else:
            without, of_label = denoiser(x, t), denoiser(x, t, told)
            part = mixed.to(without) if isinstance(mixed, Tensor) else mixed
            estimate = torch.lerp(without, of_label, part)
        if not guidance.is_active:
            return estimate
        alpha, sigma = sde.marginal(t)
        return estimate + sigma**2 / alpha * guidance.gradient(x, t, y)

    return guided
