"""Noised rows, and the losses of score network and classifiers on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from .networks import BlockEvidence, Denoiser, Evidence, NoisedClassifier
from .sde import VPSDE

#: Below the first noise level rows are as good as the data, above the second as good as
#: noise. Steps beyond them were wasted: on Adult (7,080 rows) 30 steps between these
#: gave the real-or-generated AUC that 50 steps between 0.002 and 150 gave, 0.516.
MIN_NOISE_LEVEL, MAX_NOISE_LEVEL = 0.01, 50.0
#: So many rows are learned without their label by a network that is given labels.
UNLABELLED_SHARE = 1 / 8
#: log(noise level) in training: a normal of this mean and standard deviation.
LOG_NOISE_MEAN, LOG_NOISE_STD = -0.6, 1.4


class NoisedRows(NamedTuple):
    """Rows at their times: what all losses of one step see."""

    #: x_0 and epsilon of the channels that are estimated as numbers, (n, n_linear).
    clean: Tensor
    noise: Tensor
    t: Tensor
    evidence: Evidence
    #: The hot channel of each category column, (n, n_categories).
    hot: Tensor
    #: Which numbers are observed, (n, n_numbers).
    observed: Tensor


def lognormal_times(u: Tensor, sde: VPSDE) -> Tensor:
    """Return the times of quantiles u whose log noise level is normal."""
    low, high = sde.time(torch.tensor([MIN_NOISE_LEVEL, MAX_NOISE_LEVEL]).to(u))
    s = torch.exp(LOG_NOISE_MEAN + LOG_NOISE_STD * torch.special.ndtri(u))
    return sde.time(s).clamp(low, high)


def draw_quantiles(n: int, generator: Generator) -> Tensor:
    """Return n numbers in (0, 1), one in each n-th of it, in random order.

    The same expectation as independent draws, at less variance.
    """
    device = generator.device
    order = torch.randperm(n, generator=generator, device=device)
    u = (order + torch.rand(n, generator=generator, device=device)) / n
    # Rounding can make it exactly 1, where the normal quantile is infinite.
    return u.clamp(1e-6, 1.0 - 1e-6)


def fill_numbers(rows: Tensor, generator: Generator) -> Tensor:
    """Return `rows` with N(0, 1) in place of NaN."""
    noise = torch.randn(rows.shape, generator=generator, device=generator.device)
    return torch.where(rows.isnan(), noise, rows)


def noise_rows(
    rows: Tensor,
    evidence: BlockEvidence,
    times: Callable[[Tensor, VPSDE], Tensor],
    generator: Generator,
) -> NoisedRows:
    """Draw x_t ~ p(x_t | x_0) for compact `rows`; N(0, 1) stands in place of NaN."""
    layout, k = evidence.layout, evidence.n_linear
    observed = ~rows[:, : layout.n_numbers].isnan()
    clean = layout.expand(fill_numbers(rows, generator))
    u = draw_quantiles(len(rows), generator)
    t = times(u, evidence.sde).unsqueeze(1)
    noise = torch.randn(clean.shape, generator=generator, device=generator.device)
    alpha, sigma = evidence.sde.marginal(t)
    # In place, and with copies of numbers alone: blocks may have many channels.
    numbers, of_numbers = clean[:, :k].clone(), noise[:, :k].clone()
    read = evidence(clean.mul_(alpha).add_(noise.mul_(sigma)), t)
    hot = layout.hot_channels(rows)
    return NoisedRows(numbers, of_numbers, t, read, hot, observed)


def label_condition(
    denoiser: Denoiser, y: Tensor, generator: Generator
) -> Tensor | None:
    """Return the labels (n,) that the score network is given, some of them withheld.

    From the others it learns E[x_0 | x_t] (Ho and Salimans 2022).
    """
    if not denoiser.n_labels:
        return None
    u = torch.rand(len(y), generator=generator, device=generator.device)
    withheld = u < UNLABELLED_SHARE
    return torch.where(withheld, denoiser.n_labels, y)


def denoising_loss(
    denoiser: Denoiser, batch: NoisedRows, y: Tensor | None = None
) -> Tensor:
    r"""Return the denoising loss of each row, shape (n,): Eq. 4 for mixed tables.

    Numbers: :math:`|\hat x_0 - x_0|^2 / \sigma_t^2`, weighted as by Karras et al. 2022.
    Category columns: the cross-entropy of the block's softmax, with the same optimum as
    squared error. Averaged over the table's columns.
    """
    layout, k = denoiser.layout, denoiser.layout.n_numbers
    outputs = denoiser.outputs(batch.evidence, batch.t, y)
    alpha, sigma = denoiser.sde.marginal(batch.t)
    # (x_0 - alpha_t x_t) / sigma_t, without the cancellation as sigma_t -> 0.
    target = sigma * batch.clean[:, :k] - alpha * batch.noise[:, :k]
    # Where there is no number, N(0, 1) noise stands in its place: independent of all
    # else, so that the mean of its target is known to be zero and need not be learned.
    loss = (outputs[:, :k] - target * batch.observed).square().sum(1)
    if layout.category_sizes:
        log_p = layout.log_probabilities(outputs)
        loss = loss - log_p.gather(1, batch.hot - k).sum(1)
    return loss / layout.n_columns


def classification_loss(
    classifier: NoisedClassifier, batch: NoisedRows, codes: Tensor
) -> Tensor:
    """Return the cross-entropy of each noised row, shape (n,), added over attributes.

    `codes` is (n, n_attributes), integers; -1 is not known, and costs nothing.
    """
    log_p = classifier.log_probabilities(batch.evidence, batch.t)
    known = codes.clamp(min=0)
    terms = [p.gather(1, known[:, j : j + 1]) for j, p in enumerate(log_p)]
    return -(torch.cat(terms, 1) * (codes >= 0)).sum(1)
