"""Batches of Algorithm 1: one domain as B_out, the rest as B_in."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

#: Least share of a batch that either part gets, however few rows its domains hold.
MIN_SHARE = 0.125


class DomainBatches:
    """Draws B_in and B_out with replacement from rows of several domains.

    Each draw makes one domain, uniformly chosen, the meta-test part. The weights of the
    two parts are their shares of all rows, so that without an inner step the weighted
    losses add up to the loss on the pooled rows in expectation: meta-learning changes
    how the networks learn, not which distribution they learn. A small domain still gets
    a share of the batch that makes its loss worth taking.

    Parameters
    ----------
    domains : ndarray of shape (n,), int
        Domain codes 0, ..., n_domains - 1, each present.
    batch_size : int
        Rows of both parts together.
    generator : torch.Generator
        Where the draws come from.
    """

    def __init__(
        self, domains: NDArray[np.int64], batch_size: int, generator: Generator
    ):
        counts = np.bincount(domains)
        self.counts: list[int] = counts.tolist()
        self.starts: list[int] = (counts.cumsum() - counts).tolist()
        self.batch_size = batch_size
        self.generator = generator
        # Which domain is held out is drawn on the host: a GPU need not be waited for.
        self.host = Generator().manual_seed(generator.initial_seed())
        order = np.argsort(domains, kind="stable")
        self.order = torch.as_tensor(order, device=generator.device)

    def draw(self) -> list[tuple[Tensor, float]]:
        """Return (row indices, weight) of B_in and B_out; one part with one domain."""
        n = len(self.order)
        if len(self.counts) == 1:
            return [(self.order[self._uniform(n, self.batch_size)], 1.0)]
        out = int(torch.randint(len(self.counts), (), generator=self.host))
        start, count = self.starts[out], self.counts[out]
        share = count / n
        n_out = round(self.batch_size * min(max(share, MIN_SHARE), 1.0 - MIN_SHARE))
        # Positions run over the rows of all other domains: skip over this one's.
        others = self._uniform(n - count, max(self.batch_size - n_out, 1))
        others = torch.where(others < start, others, others + count)
        members = start + self._uniform(count, max(n_out, 1))
        return [(self.order[others], 1.0 - share), (self.order[members], share)]

    def _uniform(self, high: int, size: int) -> Tensor:
        device = self.generator.device
        return torch.randint(high, (size,), generator=self.generator, device=device)
