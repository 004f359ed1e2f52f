"""A generator for each column along a causal graph."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from graphlib import TopologicalSorter
from typing import TypeAlias

import torch
from torch import Tensor, nn

from skfadm.diffusion.layout import Layout

from ._gan import RowGenerator

#: A column in compact rows: its number channel and its category channel, None where it
#: has none.
Channels: TypeAlias = tuple[int | None, int | None]


class CausalGenerator(nn.Module):
    """A network for each node that is given its parents and its own noise.

    The nodes are the sensitive attributes, which are given, the columns, and the label.
    `columns` has the channels of each column, and then of the label, in compact rows,
    `parents` the parents of each node.
    """

    def __init__(
        self,
        layout: Layout,
        columns: Sequence[Channels],
        parents: Sequence[Sequence[int]],
        n_groups: tuple[int, ...],
        noise_size: int,
        width: int,
        n_layers: int,
    ):
        super().__init__()
        self.layout, self.noise_size, self.n_groups = layout, noise_size, n_groups
        first = len(n_groups)
        self.label = len(parents) - 1
        self.channels = {
            first + i: _channels(layout, own)
            for i, own in enumerate(columns)
            if own != (None, None)
        }
        sizes = dict(enumerate(n_groups))
        sizes.update((node, len(own)) for node, own in self.channels.items())
        # A constant column has no channels and so no part in this.
        self.parents = {
            node: [p for p in parents[node] if p in sizes] for node in self.channels
        }
        order = TopologicalSorter(self.parents).static_order()
        self.nodes = [node for node in order if node >= first]
        self.networks = nn.ModuleDict()
        for node in self.nodes:
            n_inputs = noise_size + sum(sizes[p] for p in self.parents[node])
            own = _own_layout(layout, columns[node - first])
            self.networks[str(node)] = RowGenerator(own, n_inputs, width, n_layers)
        made = [c for node in self.nodes for c in self.channels[node]]
        self.positions = torch.tensor(made).argsort()

    def forward(
        self, z: Tensor, noise: Tensor, uniform: Tensor, cut: Collection[int] = ()
    ) -> Tensor:
        """Return rows of R^p, node after node.

        `z` (n, sum(n_groups)) are one-hot groups, `noise` (n, n_nodes * noise_size) is
        that of the nodes, and categories are drawn with `uniform` (n, p - n_numbers).
        `cut` are parents whose edges into the label are cut: it is given those of
        another row, that before it.
        """
        made = dict(enumerate(z.split(self.n_groups, 1)))
        parts = zip(self.nodes, noise.split(self.noise_size, 1), strict=True)
        for node, own_noise in parts:
            causes = [
                made[p].roll(1, 0) if node == self.label and p in cut else made[p]
                for p in self.parents[node]
            ]
            hot = [c for c in self.channels[node] if c >= self.layout.n_numbers]
            drawn = uniform[:, [c - self.layout.n_numbers for c in hot]]
            inputs = torch.cat([*causes, own_noise], 1)
            made[node] = self.networks[str(node)](inputs, drawn)
        return torch.cat([made[node] for node in self.nodes], 1)[:, self.positions]


def _own_layout(layout: Layout, column: Channels) -> Layout:
    number, code = column
    sizes = () if code is None else (layout.category_sizes[code - layout.n_numbers],)
    return Layout(int(number is not None), sizes)


def _channels(layout: Layout, column: Channels) -> list[int]:
    """Return the channels of a column in R^p, in the order of its own layout."""
    number, code = column
    channels = [] if number is None else [number]
    if code is not None:
        j = code - layout.n_numbers
        channels += [layout.offsets[j] + c for c in range(layout.category_sizes[j])]
    return channels
