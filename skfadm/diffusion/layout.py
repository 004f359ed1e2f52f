"""Where the columns of a table lie in R^p: numbers, then one-hot blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import torch
from torch import Tensor


@dataclass(frozen=True)
class Layout:
    """The map between compact rows (numbers, codes) and the rows of R^p.

    A compact row holds `n_numbers` numbers and then one integer code a category
    column. In R^p each code becomes a one-hot block of height `scale`. Blocks of
    equal size stand side by side there, so that one call serves all of them.
    """

    n_numbers: int
    category_sizes: tuple[int, ...] = ()
    scale: float = 2.0

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The category columns in the order of their blocks: by size."""
        sizes = self.category_sizes
        return tuple(sorted(range(len(sizes)), key=lambda j: (sizes[j], j)))

    @cached_property
    def groups(self) -> tuple[tuple[int, int, int], ...]:
        """Runs of equal blocks as (first channel, blocks, size)."""
        runs, start = [], self.n_numbers
        for size, run in groupby(self.category_sizes[j] for j in self.order):
            count = len(list(run))
            runs.append((start, count, size))
            start += count * size
        return tuple(runs)

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """First channel of each category column, in the order of the columns."""
        offsets, start = [0] * len(self.order), self.n_numbers
        for j in self.order:
            offsets[j] = start
            start += self.category_sizes[j]
        return tuple(offsets)

    @property
    def width(self) -> int:
        """The dimension p."""
        return self.n_numbers + sum(self.category_sizes)

    @property
    def n_columns(self) -> int:
        """Channels of a compact row."""
        return self.n_numbers + len(self.category_sizes)

    def hot_channels(self, rows: Tensor) -> Tensor:
        """Return the hot channels of compact `rows`, shape (n, n_categories)."""
        codes = rows[:, self.n_numbers :].long()
        return codes + torch.tensor(self.offsets, device=rows.device)

    def expand(self, rows: Tensor) -> Tensor:
        """Return compact rows (n, n_columns) as rows of R^p, shape (n, p)."""
        if not self.category_sizes:
            return rows
        x = rows.new_zeros(len(rows), self.width)
        x[:, : self.n_numbers] = rows[:, : self.n_numbers]
        return x.scatter_(1, self.hot_channels(rows), self.scale)

    def probabilities(self, logits: Tensor) -> Tensor:
        """Return the softmax of each block of (n, p), shape (n, p - n_numbers)."""
        return self._by_block(torch.softmax, logits)

    def log_probabilities(self, logits: Tensor) -> Tensor:
        """Return the log-softmax of each block of (n, p), shape (n, p - n_numbers)."""
        return self._by_block(torch.log_softmax, logits)

    def _by_block(self, function: Callable[..., Tensor], logits: Tensor) -> Tensor:
        parts = [function(block, 1).flatten(0, 1) for block in self.blocks(logits)]
        return torch.cat(parts).T if parts else logits[:, self.n_numbers :]

    def blocks(self, x: Tensor) -> list[Tensor]:
        """Return category channels of (n, p) by runs of equal size, (k, size, n).

        Rows stand last, which is five times as fast.
        """
        return [
            x.T[start : start + count * size].unflatten(0, (count, size))
            for start, count, size in self.groups
        ]

    def collapse(self, x: Tensor, uniforms: Tensor | None = None) -> Tensor:
        """Return rows of R^p as compact rows: the inverse of `expand`.

        Blocks hold `scale` times probabilities. With `uniforms` (n, n_categories) in
        [0, 1) each code is drawn from them; without, it is the most probable one.
        """
        out = x.new_empty(len(x), self.n_columns)
        out[:, : self.n_numbers] = x[:, : self.n_numbers]
        columns = iter(self.order)
        for block in self.blocks(x):
            count, size, _ = block.shape
            index = torch.tensor([next(columns) for _ in range(count)], device=x.device)
            if uniforms is None:
                codes = block.argmax(1)
            else:
                cdf = block.clamp_min(0.0).cumsum(1)
                level = uniforms.T[index].unsqueeze(1) * cdf[:, -1:]
                codes = (cdf <= level).sum(1).clamp_max(size - 1)
            out[:, self.n_numbers + index] = codes.T.to(x.dtype)
        return out
