"""Batches of Algorithm 1: one domain as B_out, the rest as B_in."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

#: Least share of a batch that either part gets, however few rows its domains hold.
MIN_SHARE = 0.125
#: Least share of the draws that rows of a label get, unless there are many labels.
LABEL_SHARE = 1 / 16


class DomainBatches:
    """Draws B_in and B_out with replacement from rows of several domains.

    Each draw makes one domain, uniformly chosen, the meta-test part. The parts weigh as
    their shares of all rows, so that meta-learning changes how networks learn, not
    which distribution. Rows of a small domain, and of a rare label where `labels` are
    given, are drawn more often and weigh as much less.
    """

    def __init__(
        self,
        domains: NDArray[np.int64],
        batch_size: int,
        generator: Generator,
        labels: NDArray[np.int64] | None = None,
    ):
        counts = np.bincount(domains)
        self.counts: list[int] = counts.tolist()
        self.starts: list[int] = (counts.cumsum() - counts).tolist()
        self.batch_size = batch_size
        self.generator = generator
        # Which domain is held out is drawn on the host: a GPU need not be waited for.
        self.host = generator
        if generator.device.type != "cpu":
            self.host = Generator().manual_seed(generator.initial_seed())
        order = np.argsort(domains, kind="stable")
        self.order = torch.as_tensor(order, device=generator.device)
        odds = None if labels is None else odds_of(labels)
        self.odds: Tensor | None = None
        if labels is not None and odds is not None and (odds > 1.0).any():
            of_rows = odds[labels[order]]
            self.odds = torch.as_tensor(of_rows, device=generator.device)
            # A row stands for the stretch of a line that ends here.
            self.ends = self.odds.cumsum(0)
            self.edges = np.concatenate([[0.0], of_rows.cumsum()])

    def draw(self) -> list[tuple[Tensor, float | Tensor]]:
        """Return (row indices, weight) of B_in and B_out; one part with one domain.

        The weight is a number, or one for each row where some are drawn more often.
        """
        n = len(self.order)
        if len(self.counts) == 1:
            return [self._part(0, n, self.batch_size, 1.0)]
        out = int(torch.randint(len(self.counts), (), generator=self.host))
        start, count = self.starts[out], self.counts[out]
        share = count / n
        n_out = round(self.batch_size * min(max(share, MIN_SHARE), 1.0 - MIN_SHARE))
        n_in = max(self.batch_size - n_out, 1)
        inside = self._part(start, count, n_in, 1.0 - share, others=True)
        return [inside, self._part(start, count, max(n_out, 1), share)]

    def _part(
        self, start: int, count: int, size: int, share: float, others: bool = False
    ) -> tuple[Tensor, float | Tensor]:
        """Draw from a domain, or from all others, and return rows and weight."""
        n = len(self.order)
        n_rows, device = n - count if others else count, self.generator.device
        if self.odds is None:
            at = torch.randint(n_rows, (size,), generator=self.generator, device=device)
            # Positions run over the rows of all other domains: skip over this one's.
            skipped = torch.where(at < start, at, at + count) if others else at + start
            return self.order[skipped], share
        low, high = self.edges[[start, start + count]].tolist()
        length = float(self.edges[-1]) - (high - low) if others else high - low
        u = length * torch.rand(
            size, generator=self.generator, device=device, dtype=torch.double
        )
        u = torch.where(u < low, u, u + (high - low)) if others else u + low
        at = torch.searchsorted(self.ends, u, right=True).clamp_(max=n - 1)
        weight = share * (length / n_rows) / self.odds[at]
        return self.order[at], weight.float()


def odds_of(labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how many times as often as its share a row of each label is drawn."""
    shares = np.bincount(labels) / len(labels)
    odds: NDArray[np.float64] = np.maximum(
        1.0, min(LABEL_SHARE, 0.25 / len(shares)) / shares
    )
    return odds
