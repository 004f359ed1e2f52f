"""A generator for each column along a causal graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from skfadm.diffusion.layout import Layout

from ._gan import RowGenerator
from ._graph import CausalGraph

#: A column in compact rows: its number channel and its category channel, None where it
#: has none.
Channels: TypeAlias = tuple[int | None, int | None]


class CausalGenerator(nn.Module):
    """A network for each node, given its parents, its groups and its own noise.

    Parameters
    ----------
    layout : Layout
        Of whole rows.
    columns : sequence of (int or None, int or None)
        The channels of each node in compact rows.
    graph : CausalGraph
        Nodes with their parents.
    n_groups : tuple of int
        Groups of each sensitive attribute.
    noise_size, width, n_layers : int
        Noise of each node, units and hidden layers of its network.
    """

    def __init__(
        self,
        layout: Layout,
        columns: Sequence[Channels],
        graph: CausalGraph,
        n_groups: tuple[int, ...],
        noise_size: int,
        width: int,
        n_layers: int,
    ):
        super().__init__()
        self.layout, self.noise_size = layout, noise_size
        self.nodes = [node for node in graph.order if columns[node] != (None, None)]
        live = set(self.nodes)
        self.parents = [[p for p in own if p in live] for own in graph.parents]
        starts = np.cumsum([0, *n_groups])
        self.told = [
            [c for j in own for c in range(starts[j], starts[j + 1])]
            for own in graph.told
        ]
        self.channels = [_channels(layout, own) for own in columns]
        generators = {}
        for node in self.nodes:
            n_inputs = sum(len(self.channels[p]) for p in self.parents[node])
            n_inputs += len(self.told[node]) + noise_size
            own_layout = _own_layout(layout, columns[node])
            generators[str(node)] = RowGenerator(own_layout, n_inputs, width, n_layers)
        self.networks = nn.ModuleDict(generators)
        made = [c for node in self.nodes for c in self.channels[node]]
        self.positions = torch.tensor(made).argsort()

    def forward(
        self, groups: Sequence[Tensor], noise: Tensor, uniform: Tensor
    ) -> Tensor:
        """Return rows of R^p, node after node.

        Parameters
        ----------
        groups : sequence of Tensor of shape (n, sum(n_groups))
            The groups that each of `nodes` is told, as one-hot blocks.
        noise : Tensor of shape (n, len(nodes) * noise_size)
            Noise of the nodes.
        uniform : Tensor of shape (n, p - n_numbers)
            In [0, 1), from which categories are drawn.
        """
        made: dict[int, Tensor] = {}
        parts = zip(self.nodes, groups, noise.split(self.noise_size, 1), strict=True)
        for node, z, own_noise in parts:
            causes = [made[p] for p in self.parents[node]]
            inputs = torch.cat([*causes, z[:, self.told[node]], own_noise], 1)
            hot = [c for c in self.channels[node] if c >= self.layout.n_numbers]
            drawn = uniform[:, [c - self.layout.n_numbers for c in hot]]
            made[node] = self.networks[str(node)](inputs, drawn)
        return torch.cat(list(made.values()), 1)[:, self.positions]


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
