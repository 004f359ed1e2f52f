"""The score network and the time-conditioned classifiers p_t(y|x) and p_t(z|x)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from .layout import Layout
from .sde import VPSDE


class TimeFeatures(nn.Module):
    """Sinusoidal features of the noise level, shape (n, 2 * n_frequencies).

    The argument is log(sigma_t / alpha_t), in which what there is to denoise changes
    evenly; wavelengths run from 32, more than its whole range, to 1.
    """

    frequencies: Tensor

    def __init__(self, sde: VPSDE, n_frequencies: int = 16):
        super().__init__()
        self.sde = sde
        wavelengths = torch.logspace(math.log10(32.0), 0.0, n_frequencies)
        self.register_buffer(
            "frequencies", 2.0 * math.pi / wavelengths, persistent=False
        )

    def forward(self, t: Tensor) -> Tensor:
        """Return the features of times (n, 1)."""
        angles = self.sde.noise_level(t).log() * self.frequencies
        return torch.cat([angles.sin(), angles.cos()], 1)


class ResidualMLP(nn.Module):
    """A residual SiLU network of rows and time.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Channels in and out.
    width : int
        Hidden units of each layer.
    n_blocks : int
        Residual blocks of two layers each.
    sde : VPSDE
        Tells the noise level of a time.
    """

    def __init__(
        self, n_inputs: int, n_outputs: int, width: int, n_blocks: int, sde: VPSDE
    ):
        super().__init__()
        self.features = TimeFeatures(sde)
        n_features = 2 * len(self.features.frequencies)
        self.inputs = nn.Linear(n_inputs, width)
        self.times = nn.Linear(n_features, width * (n_blocks + 1), bias=False)
        self.first = nn.ModuleList(nn.Linear(width, width) for _ in range(n_blocks))
        self.second = nn.ModuleList(nn.Linear(width, width) for _ in range(n_blocks))
        self.outputs = nn.Linear(width, n_outputs)
        for layer in (*self.second, self.outputs):
            # Each block starts as the identity and the network as zero: at the start
            # the denoiser is the best linear one and every class equally likely.
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Return outputs (n, n_outputs) of rows (n, n_inputs) and times (n or 1, 1)."""
        shift, *shifts = self.times(self.features(t)).chunk(len(self.first) + 1, 1)
        h = self.inputs(x) + shift
        for first, second, s in zip(self.first, self.second, shifts, strict=True):
            h = h + second(silu(first(silu(h)) + s))
        return self.outputs(silu(h))


class Denoiser(nn.Module):
    r"""The score network: a preconditioned estimate of E[x_0 | x_t].

    The score of Eq. 4 is :math:`(\alpha_t \hat x_0 - x_t) / \sigma_t^2`. With the
    network's output :math:`F(x_t, t)`, numbers are
    :math:`\hat x_0 = \alpha_t x_t + \sigma_t F` (the preconditioning of Karras et al.
    2022 for unit variance, in the variables of the VP-SDE) and a one-hot block is
    ``scale`` times the softmax of its logits: the posterior mean of a one-hot vector
    is its vector of probabilities, so it cannot leave the simplex.

    Parameters
    ----------
    layout : Layout
        The blocks of R^p.
    width, n_blocks : int
        Size of the residual network.
    sde : VPSDE
        The diffusion.
    softmax : bool, default=True
        False treats every channel as a number, which is Eq. 4 literally.
    """

    def __init__(
        self,
        layout: Layout,
        width: int,
        n_blocks: int,
        sde: VPSDE,
        softmax: bool = True,
    ):
        super().__init__()
        self.layout = layout
        self.sde = sde
        self.n_linear = layout.n_numbers if softmax else layout.width
        self.network = ResidualMLP(layout.width, layout.width, width, n_blocks, sde)

    def outputs(self, x: Tensor, t: Tensor) -> Tensor:
        """Return the raw outputs F(x_t, t), shape (n, p)."""
        return self.network(x, t)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Return the estimate of x_0, shape (n, p); `t` is (n, 1) or (1, 1)."""
        alpha, sigma = self.sde.marginal(t)
        raw = self.outputs(x, t)
        k = self.n_linear
        numbers = alpha * x[:, :k] + sigma * raw[:, :k]
        if k == self.layout.width:
            return numbers
        blocks = self.layout.scale * self.layout.probabilities(raw)
        return torch.cat([numbers, blocks], 1)


class NoisedClassifier(nn.Module):
    """A classifier p_t(c | x) of noised rows, with a head for each attribute.

    Parameters
    ----------
    n_inputs : int
        The dimension p of a row.
    n_categories : tuple of int
        Classes of each attribute.
    width, n_blocks : int
        Size of the residual network.
    sde : VPSDE
        The diffusion.
    """

    def __init__(
        self,
        n_inputs: int,
        n_categories: tuple[int, ...],
        width: int,
        n_blocks: int,
        sde: VPSDE,
    ):
        super().__init__()
        self.n_categories = n_categories
        self.network = ResidualMLP(n_inputs, sum(n_categories), width, n_blocks, sde)

    def forward(self, x: Tensor, t: Tensor) -> tuple[Tensor, ...]:
        """Return log p_t(c | x) of each attribute: tensors (n, n_categories)."""
        heads = self.network(x, t).split(self.n_categories, 1)
        return tuple(head.log_softmax(1) for head in heads)
