"""What a noised row says by itself: the exact part of every posterior of categories."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .layout import Layout
from .sde import VPSDE


class Evidence(NamedTuple):
    """Noised rows as networks read them."""

    #: What goes into a network, (n, p).
    inputs: Tensor
    #: What is known of the output, (n, p): logits of the categories given their own
    #: noised block alone, and 0 for numbers. None where every channel is a number.
    logits: Tensor | None


class BlockEvidence(nn.Module):
    r"""What each noised one-hot block says by itself about its category.

    The noise is independent over channels, so that with one-hot blocks of height h
    Bayes' rule splits the posterior of a category c of a column exactly,

    .. math:: \log p(c \mid x_t) = \log p(c \mid x_t^{other})
              + \frac{\alpha_t h}{\sigma_t^2} x_{t, c} + const,

    into what the other columns say and what the column's own block says. The second
    part is known. So a network need only learn the first, which is smooth in x_t and
    bounded; without any learning, :math:`p(c)` in its place makes columns independent
    with exactly the right marginals. As inputs a network gets
    :math:`h \sqrt{p(c \mid x_{t,block})}` in place of the noised blocks: all of length
    h, at rest where a block says nothing and one-hot where it says all. The root tells
    an unlikely category from an impossible one, which columns that determine each
    other need.

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
        """Return the evidence of noised rows (n, p) at times (n, 1) or (1, 1)."""
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
