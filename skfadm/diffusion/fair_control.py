"""Fair control beyond the paper: p(s_fair = 1 | x, y) that keeps the label."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from .guidance import LogProbabilities


def coupling(log_p: Tensor, pmi: Tensor, y: Tensor) -> Tensor:
    r"""Return how far labels go along with the groups that rows suggest, shape (n,).

    :math:`\sum_z p(z | x)\, pmi(y, z)` of log-probabilities (n, n_groups), a table
    `pmi` (n_classes, n_groups) and label codes `y` (n,).
    """
    return (log_p.exp() * pmi[y]).sum(1)


@dataclass(frozen=True)
class FairControl:
    r"""The coupling term of fair control, as a probability of accepting a clean row.

    .. math:: \log p(s_{fair} = 1 | x, y) = -\lambda_{yz} \big(
              \textstyle\sum_z p(z | x)\, pmi(y, z) - \min_z pmi(y, z) \big)

    Eq. 10 drops the label; here a row is fair if its label does not go along with the
    group that its features suggest. The term is known for clean rows and bounded, so
    that rows drawn from p(x | y) and accepted with this probability are exactly tilted
    by it, which the gradient of the term along the diffusion only approximates. With
    several sensitive attributes their terms are added.

    Parameters
    ----------
    sensitive_classifier : callable
        Log-probabilities of rows at a time, one tensor (n, n_groups) an attribute.
    pmi : tuple of Tensor
        Pointwise mutual information of label and group, (n_classes, n_groups) each.
    lambda_yz : float
        The strength, at least 0.
    """

    sensitive_classifier: LogProbabilities
    pmi: tuple[Tensor, ...]
    lambda_yz: float

    def log_acceptance(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
        """Return the log-probability of accepting each row, shape (n,), at most 0."""
        total = x.new_zeros(len(x))
        for log_p, pmi in zip(self.sensitive_classifier(x, t), self.pmi, strict=True):
            total = total + coupling(log_p, pmi, y) - pmi.min(1).values[y]
        return -self.lambda_yz * total.clamp_min(0.0)
