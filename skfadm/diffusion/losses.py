"""The three losses: denoising score matching (Eq. 4-5) and two cross-entropies."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Generator, Tensor

from .evidence import BlockEvidence, Evidence
from .networks import Denoiser, NoisedClassifier
from .sde import VPSDE

#: Below the first noise level rows are as good as the data, above the second as good as
#: noise. Steps beyond them were wasted: on Adult (7,080 rows) 30 steps between these
#: gave the real-or-generated AUC that 50 steps between 0.002 and 150 gave, 0.516.
MIN_NOISE_LEVEL, MAX_NOISE_LEVEL = 0.01, 50.0
#: So many rows are learned without their label by a network that is told labels.
UNLABELLED_SHARE = 1 / 8
#: log(noise level) in training: a normal of this mean and standard deviation.
LOG_NOISE_MEAN, LOG_NOISE_STD = -0.6, 1.4


class NoisedRows(NamedTuple):
    """Rows at their times: what all three losses of one step see.

    `read` is how the networks read them. `hot` are the channels of the categories,
    `live` tells which numbers are there.
    """

    clean: Tensor
    noised: Tensor
    noise: Tensor
    t: Tensor
    read: Evidence
    hot: Tensor
    live: Tensor


def draw_times(n: int, sde: VPSDE, uniform: bool, generator: Generator) -> Tensor:
    """Return n training times, shape (n, 1).

    Either uniform in t (Eq. 4) or normal in log noise level. They are stratified, a
    draw in each n-th of the distribution, in random order: the same expectation as
    independent draws at less variance.
    """
    device = generator.device
    order = torch.randperm(n, generator=generator, device=device)
    u = (order + torch.rand(n, generator=generator, device=device)) / n
    # Rounding can make it exactly 1, where the normal quantile is infinite.
    u = u.clamp(1e-6, 1.0 - 1e-6)
    limits = torch.tensor([MIN_NOISE_LEVEL, MAX_NOISE_LEVEL], device=device)
    low, high = sde.time(limits)
    if uniform:
        return (low + u * (high - low)).unsqueeze(1)
    s = torch.exp(LOG_NOISE_MEAN + LOG_NOISE_STD * torch.special.ndtri(u))
    return sde.time(s).clamp(low, high).unsqueeze(1)


def fill_numbers(rows: Tensor, generator: Generator) -> Tensor:
    """Return `rows` with N(0, 1) in place of NaN."""
    noise = torch.randn(rows.shape, generator=generator, device=generator.device)
    return torch.where(rows.isnan(), noise, rows)


def noise_rows(
    rows: Tensor, evidence: BlockEvidence, uniform_times: bool, generator: Generator
) -> NoisedRows:
    """Draw x_t ~ p(x_t | x_0) for compact `rows` at random times.

    A number that is NaN is none: noise from N(0, 1) takes its place, anew each time.
    """
    layout, sde = evidence.layout, evidence.sde
    live = ~rows[:, : layout.n_numbers].isnan()
    clean = layout.expand(fill_numbers(rows, generator))
    t = draw_times(len(rows), sde, uniform_times, generator)
    noise = torch.randn(clean.shape, generator=generator, device=generator.device)
    alpha, sigma = sde.marginal(t)
    noised = alpha * clean + sigma * noise
    hot = layout.hot_channels(rows)
    return NoisedRows(clean, noised, noise, t, evidence(noised, t), hot, live)


def labels_told(denoiser: Denoiser, y: Tensor, generator: Generator) -> Tensor | None:
    """Return the labels (n,) that the score network is told, some of them withheld.

    A network that is told labels learns E[x_0 | x_t, y] and, from the rows whose label
    is withheld, E[x_0 | x_t] (Ho and Salimans 2022).
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

    Numbers: :math:`|\hat x_0 - x_0|^2 / \sigma_t^2`, Eq. 4 with
    :math:`\lambda(t) = \sigma_t^2 / \alpha_t^2`, which gives every noise level the same
    weight at the start (Karras et al. 2022). Category columns: the cross-entropy of
    the block's softmax, which has the same optimum as squared error: the posterior
    mean of the one-hot vector. Averaged over the table's columns.
    """
    layout, k = denoiser.layout, denoiser.layout.n_numbers
    raw = denoiser.outputs(batch.read, batch.t, y)
    alpha, sigma = denoiser.sde.marginal(batch.t)
    # (x_0 - alpha_t x_t) / sigma_t, without the cancellation as sigma_t -> 0.
    target = sigma * batch.clean[:, :k] - alpha * batch.noise[:, :k]
    # Where there is no number, N(0, 1) noise stands in its place: independent of all
    # else, so that the mean of its target is known to be zero and need not be learned.
    loss = (raw[:, :k] - target * batch.live).square().sum(1)
    if layout.category_sizes:
        log_p = layout.log_probabilities(raw)
        loss = loss - log_p.gather(1, batch.hot - k).sum(1)
    return loss / layout.n_columns


def score_matching_loss(
    denoiser: Denoiser, batch: NoisedRows, y: Tensor | None = None
) -> Tensor:
    r"""Return Eq. 4 literally for each row, shape (n,): squared error on every channel.

    With the weighting of Eq. 5, :math:`\lambda(t) = \sigma_t^2` because
    :math:`E\|\nabla \log p_{0t}\|^2 = p / \sigma_t^2`. Averaged over the p channels.
    """
    alpha, sigma = denoiser.sde.marginal(batch.t)
    estimate = denoiser(batch.noised, batch.t, y)
    score = (alpha * estimate - batch.noised) / sigma**2
    target = -batch.noise / sigma
    return (sigma**2 * (score - target).square()).mean(1)


def classification_loss(
    classifier: NoisedClassifier, batch: NoisedRows, codes: Tensor
) -> Tensor:
    """Return the cross-entropy of each noised row, shape (n,), added over attributes.

    `codes` is (n, n_attributes), integers.
    """
    log_p = classifier.log_probabilities(batch.read, batch.t)
    terms = [p.gather(1, codes[:, j : j + 1]) for j, p in enumerate(log_p)]
    return -torch.cat(terms, 1).sum(1)
