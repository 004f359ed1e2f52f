"""The score network and the classifiers p_t(y|x), p_t(z|x), and how they read rows."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import one_hot, silu

from .layers import Dropout, Linear, ZeroLinear
from .layout import Layout
from .sde import VPSDE

#: Of the sines that tell the noise level.
N_FREQUENCIES = 16


class Evidence(NamedTuple):
    """Noised rows as networks read them."""

    #: What goes into a network, (n, p).
    inputs: Tensor
    #: Logits of the categories given their own noised block alone, 0 for numbers, (n,
    #: p). None where every channel is a number.
    logits: Tensor | None


class BlockEvidence(nn.Module):
    r"""What each noised one-hot block says by itself about its category.

    The noise is independent over channels, so that with one-hot blocks of height h
    Bayes' rule splits the posterior of a category c of a column exactly,

    .. math:: \log p(c \mid x_t) = \log p(c \mid x_t^{other})
              + \frac{\alpha_t h}{\sigma_t^2} x_{t, c} + const,

    into what the other columns say and what the column's own block says. The second
    part is known, so that a network need only learn the first, which is smooth in x_t
    and bounded. In place of noised blocks it gets
    :math:`h \sqrt{p(c \mid x_{t,block})}`: the root tells an unlikely category from an
    impossible one, which columns that determine each other need.

    With ``active=False`` rows are read as they are, as in Eq. 4.
    """

    log_prior: Tensor
    is_category: Tensor

    def __init__(self, layout: Layout, sde: VPSDE, active: bool = True):
        super().__init__()
        self.layout = layout
        self.sde = sde
        self.active = active and bool(layout.category_sizes)
        #: Channels that are estimated as numbers: the first ones.
        self.n_linear = layout.n_numbers if self.active else layout.width
        # Every category as likely as another, until shares are taken from a table.
        self.register_buffer("log_prior", torch.zeros(layout.width))
        is_category = (torch.arange(layout.width) >= layout.n_numbers).float()
        self.register_buffer("is_category", is_category, persistent=False)

    def set_prior(self, table: NDArray[np.float32]) -> None:
        """Take the shares of the categories from compact rows (n, n_columns)."""
        layout = self.layout
        for j, size in enumerate(layout.category_sizes):
            codes = table[:, layout.n_numbers + j].astype(np.int64)
            # Half a row for a category without any, so that it stays possible.
            counts = np.maximum(np.bincount(codes, minlength=size), 0.5)
            log_shares = torch.from_numpy(np.log(counts / counts.sum()))
            self.log_prior[layout.offsets[j] :][:size] = log_shares

    def forward(self, x: Tensor, t: Tensor) -> Evidence:
        """Return what noised rows (n, p) say at times (n, 1) or (1, 1)."""
        if not self.active:
            return Evidence(x, None)
        layout, k = self.layout, self.layout.n_numbers
        alpha, sigma = self.sde.marginal(t)
        # Channel by channel in memory, which is how blocks are read fastest.
        x = x.T.contiguous().T
        weight = layout.scale * alpha / sigma**2 * self.is_category
        logits = torch.addcmul(self.log_prior.to(x.dtype), x, weight)
        root = layout.log_probabilities(logits).mul_(0.5).exp_()
        inputs = torch.cat([x[:, :k].T, layout.scale * root.T]).T
        return Evidence(inputs, logits)


class ResidualMLP(nn.Module):
    """A residual SiLU network of rows and time, and of labels if there are any.

    Each block has two layers of `width` units. Times are read as sines and cosines of
    log(sigma_t / alpha_t), whose wavelengths run from 32, more than its range, to 1.
    Label code `n_labels` stands for no label. `dropout` is the share of hidden units
    that training leaves out.
    """

    frequencies: Tensor

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        width: int,
        n_blocks: int,
        sde: VPSDE,
        n_labels: int = 0,
        dropout: float = 0.0,
    ):
        super().__init__()
        #: Of the products in training; None is that of the weights.
        self.dtype: torch.dtype | None = None
        self.sde = sde
        wavelengths = torch.logspace(math.log10(32.0), 0.0, N_FREQUENCIES)
        frequencies = 2.0 * math.pi / wavelengths
        self.register_buffer("frequencies", frequencies, persistent=False)
        self.dropout = Dropout(dropout)
        # Times and labels give each layer a shift in place of a bias. Labels begin
        # without any effect.
        n_shifts = width * (n_blocks + 1)
        self.times = Linear(2 * N_FREQUENCIES, n_shifts)
        self.labels = None
        if n_labels:
            self.labels = ZeroLinear(n_labels + 1, n_shifts, bias=False)
        self.inputs = Linear(n_inputs, width, bias=False)
        # Each block starts as the identity and the network as zero: at the start the
        # denoiser is the best linear one and every class equally likely.
        self.first, self.second = nn.ModuleList(), nn.ModuleList()
        for _ in range(n_blocks):
            self.first.append(Linear(width, width, bias=False))
            self.second.append(ZeroLinear(width, width, bias=False))
        self.outputs = ZeroLinear(width, n_outputs)

    def forward(self, x: Tensor, t: Tensor, y: Tensor | None = None) -> Tensor:
        """Return outputs (n, n_outputs) of rows (n, n_inputs) and times (n or 1, 1).

        `y` are label codes (n or 1,).
        """
        dtype = self.dtype or self.inputs.weight.dtype
        shift, *shifts = (s.to(dtype) for s in self._shifts(t, y))
        h = self.inputs(x.to(dtype), shift)
        for first, second, s in zip(self.first, self.second, shifts, strict=True):
            h = second(self.dropout(silu(first(silu(h), s))), h)
        # Channel by channel in memory, as softmaxes and solvers go fastest.
        out = torch.addmm(
            self.outputs.bias.to(dtype).unsqueeze(1),
            self.outputs.weight.to(dtype),
            self.dropout(silu(h)).T,
        )
        return out.to(x.dtype).T

    def _shifts(self, t: Tensor, y: Tensor | None) -> list[Tensor]:
        """Return what times and labels add to each layer, (n or 1, width)."""
        angles = self.sde.noise_level(t).log() * self.frequencies
        given, weight = torch.cat([angles.sin(), angles.cos()], 1), self.times.weight
        if self.labels is not None and y is not None:
            hot = one_hot(y, self.labels.in_features).to(given)
            n = max(len(given), len(hot))
            given = torch.cat([given.expand(n, -1), hot.expand(n, -1)], 1)
            weight = torch.cat([weight, self.labels.weight], 1)
        # Layer by layer: all shifts at once would be the largest tensor of a step.
        given, weight, bias = (
            a.to(self.dtype or a.dtype) for a in (given, weight, self.times.bias)
        )
        n = len(self.first) + 1
        parts = zip(bias.chunk(n), weight.chunk(n), strict=True)
        return [torch.addmm(b, given, w.T) for b, w in parts]

    def halve(self) -> None:
        """Compute products in bfloat16 from now on; times and labels stay exact.

        For evaluation alone: an update of the weights is mostly below its precision.
        """
        for layers in (self.inputs, self.first, self.second, self.outputs):
            layers.bfloat16()


class Denoiser(nn.Module):
    r"""The score network: a preconditioned estimate of E[x_0 | x_t].

    The score of Eq. 4 is :math:`(\alpha_t \hat x_0 - x_t) / \sigma_t^2`. With the
    network's output :math:`F(x_t, t)`, numbers are
    :math:`\hat x_0 = \alpha_t x_t + \sigma_t F` (the preconditioning of Karras et al.
    2022) and a one-hot block is ``scale`` times the softmax of F plus what the block
    says by itself (`BlockEvidence`). A network that puts out zero is right for
    independent columns. With labels it also estimates E[x_0 | x_t, y].
    """

    def __init__(
        self,
        evidence: BlockEvidence,
        width: int,
        n_blocks: int,
        sde: VPSDE,
        n_labels: int = 0,
    ):
        super().__init__()
        self.layout = evidence.layout
        self.sde = sde
        self.evidence = evidence
        self.n_labels = n_labels
        self.network = ResidualMLP(
            self.layout.width, self.layout.width, width, n_blocks, sde, n_labels
        )

    def outputs(self, read: Evidence, t: Tensor, y: Tensor | None = None) -> Tensor:
        """Return F of the number channels and the logits of the blocks, (n, p)."""
        if y is None:
            y = torch.tensor([self.n_labels], device=read.inputs.device)
        outputs = self.network(read.inputs, t, y)
        return outputs if read.logits is None else outputs + read.logits

    def forward(self, x: Tensor, t: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the estimate of x_0, (n, p), at times (n or 1, 1); `y` may be None."""
        alpha, sigma = self.sde.marginal(t)
        outputs = self.outputs(self.evidence(x, t), t, y)
        k = self.evidence.n_linear
        numbers = alpha * x[:, :k] + sigma * outputs[:, :k]
        if k == self.layout.width:
            return numbers
        blocks = self.layout.scale * self.layout.probabilities(outputs)
        return torch.cat([numbers.T, blocks.T]).T


class NoisedClassifier(nn.Module):
    """A classifier p_t(c | x) of noised rows, with a head for each attribute."""

    def __init__(
        self,
        evidence: BlockEvidence,
        n_categories: tuple[int, ...],
        width: int,
        n_blocks: int,
        sde: VPSDE,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.evidence = evidence
        self.n_categories = n_categories
        shape = (evidence.layout.width, sum(n_categories), width, n_blocks)
        self.network = ResidualMLP(*shape, sde, dropout=dropout)

    def log_probabilities(self, read: Evidence, t: Tensor) -> tuple[Tensor, ...]:
        """Return log p_t(c | x) of each attribute: tensors (n, n_categories)."""
        heads = self.network(read.inputs, t).split(self.n_categories, 1)
        return tuple(head.log_softmax(1) for head in heads)

    def forward(self, x: Tensor, t: Tensor) -> tuple[Tensor, ...]:
        """Return the log-probabilities of noised rows (n, p)."""
        return self.log_probabilities(self.evidence(x, t), t)
