"""DECAF: a GAN along a causal graph, from which edges into the label are cut.

Nodes of a graph are numbered: the sensitive attributes from 0, then the columns of X,
then the label.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any, ClassVar

import networkx as nx
import torch
from sklearn.utils._param_validation import StrOptions
from torch import Tensor, nn

from skfadm._base import EncodedTable
from skfadm.diffusion.layout import Layout

from ._base import BaselineGenerator
from ._gan import GANNetworks, RowGenerator
from ._training import Groups, Networks

#: The label's name in a graph.
LABEL = "y"


class CausalGenerator(nn.Module):
    """A network for each node that is given its parents and its own noise.

    The sensitive attributes are given. `p` has the `parents` of each node, and of each
    column and the label whether it has a number and how many categories (`columns`).
    """

    def __init__(self, layout: Layout, n_groups: tuple[int, ...], p: Any):
        super().__init__()
        self.noise_size, self.n_groups = p.noise_size, n_groups
        self.n_numbers, self.label = layout.n_numbers, len(p.parents) - 1
        #: Of each node in R^p, in the order of its own layout.
        self.channels: dict[int, list[int]] = {}
        layouts: dict[int, Layout] = {}
        n_codes = 0
        for node, (has_number, size) in enumerate(p.columns, len(n_groups)):
            channels = [sum(own.n_numbers for own in layouts.values())] * has_number
            if size:
                start = layout.offsets[n_codes]
                channels += range(start, start + size)
                n_codes += 1
            # A constant column has no channels and so no part in this.
            if channels:
                self.channels[node] = channels
                layouts[node] = Layout(int(has_number), (size,) if size else ())
        sizes = dict(enumerate(n_groups)) | {
            n: len(c) for n, c in self.channels.items()
        }
        self.parents = {n: [m for m in p.parents[n] if m in sizes] for n in layouts}
        order = TopologicalSorter(self.parents).static_order()
        self.nodes = [node for node in order if node in layouts]
        self.networks = nn.ModuleDict()
        for node in self.nodes:
            n_inputs = p.noise_size + sum(sizes[m] for m in self.parents[node])
            self.networks[str(node)] = RowGenerator(layouts[node], n_inputs, p)
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
                made[m].roll(1, 0) if node == self.label and m in cut else made[m]
                for m in self.parents[node]
            ]
            hot = [c - self.n_numbers for c in self.channels[node]]
            drawn = uniform[:, [c for c in hot if c >= 0]]
            inputs = torch.cat([*causes, own_noise], 1)
            made[node] = self.networks[str(node)](inputs, drawn)
        return torch.cat([made[node] for node in self.nodes], 1)[:, self.positions]


class DECAFNetworks(GANNetworks):
    """The generators of the nodes, and a discriminator of (x, y, z)."""

    groups: Groups
    #: Parents of the label whose edges into it are cut; in training none is.
    cut: Sequence[int] = ()

    def new_generator(self, n_given: int) -> nn.Module:
        """Return the generators of the nodes."""
        causal = CausalGenerator(self.layout, self.groups.n_groups, self.p)
        self.noise_size = len(causal.nodes) * self.p.noise_size
        return causal

    def generate_for(self, z: Tensor, noise: Tensor, uniforms: Tensor) -> Tensor:
        """Return rows of R^p for groups as one-hot blocks (n, sum(n_groups))."""
        rows: Tensor = self.generator(z, noise, uniforms, self.cut)
        return rows


def read_graph(
    edges: Any, columns: Sequence[Hashable], n_attributes: int
) -> tuple[tuple[int, ...], ...]:
    """Return the parents of each node in a graph of (parent, child) names, checked.

    `columns` are the names of the columns of X; the sensitive attribute is "z", or
    "z0", "z1", ... where there are several. In "complete" all that stands before a node
    is its parent, but for the sensitive attributes, which have none.
    """
    n_nodes = n_attributes + len(columns) + 1
    if isinstance(edges, str):
        return tuple(
            tuple(range(n if n >= n_attributes else 0)) for n in range(n_nodes)
        )
    graph = nx.empty_graph(n_nodes, nx.DiGraph)
    sensitive = ["z"] if n_attributes == 1 else [f"z{j}" for j in range(n_attributes)]
    taken = [name for name in columns if name in (LABEL, *sensitive)]
    if taken:
        raise ValueError(
            f"X has a column named {taken[0]!r}, which is what graph calls the label "
            "or the sensitive attribute; rename the column."
        )
    names = [*sensitive, *columns, LABEL]
    nodes = {name: i for i, name in enumerate(names)}
    for edge in edges:
        if not isinstance(edge, list | tuple) or len(edge) != 2:
            raise TypeError(
                f"graph holds {edge!r}; expected pairs (parent, child) of names."
            )
        unknown = [name for name in edge if name not in nodes]
        if unknown:
            raise ValueError(
                f"graph has the edge {edge!r}, but there is no {unknown[0]!r}; "
                f"expected names among {names}."
            )
        if edge[1] in sensitive:
            raise ValueError(
                f"graph has the edge {edge!r} into a sensitive attribute; expected "
                "none: z is drawn as it is in training, and caused by nothing."
            )
        graph.add_edge(*(nodes[name] for name in edge))
    if not nx.is_directed_acyclic_graph(graph):
        cycle = [edge[0] for edge in nx.find_cycle(graph)]
        raise ValueError(
            f"graph has the cycle {' -> '.join(str(names[i]) for i in cycle)} -> "
            f"{names[cycle[0]]}; expected none: effects come after causes."
        )
    return tuple(tuple(sorted(graph.predecessors(n))) for n in range(n_nodes))


def unfair_parents(
    parents: Sequence[Sequence[int]],
    fairness: str | None,
    n_attributes: int,
    explanatory: Collection[int] = (),
) -> tuple[int, ...]:
    """Return the parents of the label whose edges into it are to be cut.

    "ftu" cuts those that are sensitive, "dp" all that depend on a sensitive attribute,
    "cf" those that depend on one given the explanatory nodes (d-separation). None cuts
    nothing.
    """
    graph = nx.empty_graph(len(parents), nx.DiGraph)
    graph.add_edges_from((p, node) for node, own in enumerate(parents) for p in own)
    sensitive = set(range(n_attributes))
    given = set(explanatory) if fairness == "cf" else set()

    def is_unfair(parent: int) -> bool:
        if parent in sensitive or fairness in (None, "ftu"):
            return parent in sensitive and fairness is not None
        return parent not in given and not nx.is_d_separator(
            graph, sensitive, {parent}, given
        )

    return tuple(parent for parent in parents[-1] if is_unfair(parent))


@dataclass(kw_only=True, eq=False, repr=False)
class DECAF(BaselineGenerator):
    r"""Generate tables along a causal graph, unfair edges into the label cut (DECAF).

    Each column, and the label, has a generator of its own that is given the column's
    parents in a causal graph, z among them, and noise:
    :math:`x_i = G_i(\mathrm{pa}(x_i), h_i)`. They run in the order of the graph, and
    one discriminator of the whole (x, y, z) trains them all. In sampling, edges into
    the label are cut [1]_: in place of a parent whose edge is cut, the label's
    generator is given that parent as it is in another row. The columns stay as they
    are; what is cut no longer says anything of the label.

    As [1]_, except: the adversarial game is that of :class:`GAN` in place of a
    Wasserstein GAN, z is drawn and not generated, so nothing causes it, and of several
    parents that are cut all come from one and the same other row.

    Parameters
    ----------
    graph : "complete" or list of (parent, child), default="complete"
        The edges between names. Columns of X go by their names, or by their positions
        where X has no names that are strings; the label is "y" and the sensitive
        attribute "z" ("z0", "z1", ... if there are several). A column that is not named
        has no causes and no effects. "complete" is the complete graph in the order z,
        columns of X as they stand, y: each node is caused by all before it.
    fairness : {"ftu", "dp", "cf"} or None, default="ftu"
        The edges into the label that are cut, by the definition of fairness of [1]_. It
        acts at sampling only.

        - "ftu", fairness through unawareness: those from z.
        - "dp", demographic parity: those from z and from all that depends on z. Where
          everything does, as in the complete graph, nothing is left to tell the label.
        - "cf", conditional fairness: those from z and from all that depends on z given
          the `explanatory` columns (d-separation in the graph).
        - None cuts nothing.
    explanatory : list, default=None
        For "cf", the columns of X, by name or position, that may explain a difference
        between groups.
    noise_size : int, default=8
        Dimension of the normal noise of each generator.
    hidden_width, n_layers : int, default=128, 2
        Units and hidden layers of each generator and of the discriminator.
    gradient_penalty : float, default=1.0
        The weight of R1, at least 0.
    max_iter, batch_size, learning_rate, verbose, random_state
        As for :class:`VAE`, but ``max_iter=3000``.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (n_iter_,)
        Losses of "discriminator" and "generator" at each iteration.
    classes_, class_prior_, encoder_, n_iter_, ...
        As of :class:`~skfadm.FairDiffusionGenerator`.

    References
    ----------
    .. [1] B. van Breugel, T. Kyono, J. Berrevoets, M. van der Schaar, "DECAF:
       Generating Fair Synthetic Data Using Causally-Aware Generative Networks", 2021.

    Examples
    --------
    >>> from skfadm.baselines import DECAF
    >>> from skfadm.datasets import make_biased_domains
    >>> data = make_biased_domains(300, random_state=0)
    >>> generator = DECAF(fairness="dp", max_iter=20, random_state=0)
    >>> generator.set_params(graph=[("z", 0), (0, "y"), (1, "y")])
    DECAF(fairness='dp', graph=[('z', 0), (0, 'y'), (1, 'y')], max_iter=20,
          random_state=0)
    >>> X, y = generator.fit(data.data, data.target, data.z).sample(4, y=1)
    >>> X.shape, y.tolist()
    ((4, 6), [1, 1, 1, 1])
    """

    _networks = DECAFNetworks
    _needs_z = "cuts the edges out of a sensitive attribute"

    _parameter_constraints: ClassVar[dict] = {
        **BaselineGenerator._parameter_constraints,
        "graph": [StrOptions({"complete"}), list, tuple],
        "fairness": [StrOptions({"ftu", "dp", "cf"}), None],
        "explanatory": [list, tuple, None],
    }

    graph: Any = field(default="complete", kw_only=False)
    fairness: str | None = "ftu"
    explanatory: Any = None
    noise_size: int = 8
    hidden_width: int = 128
    n_layers: int = 2
    gradient_penalty: float = 1.0

    def _network_params(self, table: EncodedTable) -> dict[str, Any]:
        params = super()._network_params(table)
        n_attributes, names = len(table.n_groups), _names(table.encoder)
        parents = read_graph(params.pop("graph"), names, n_attributes)
        self._cut(parents, names, n_attributes)
        del params["fairness"], params["explanatory"]
        own = [(c.has_number, c.category_size) for c in table.encoder.columns_]
        columns = (*own, (False, len(table.classes)))
        return {**params, "columns": columns, "parents": parents}

    def _trained_networks(self) -> Networks:
        networks = super()._trained_networks()
        assert isinstance(networks, DECAFNetworks)
        parents, n_attributes = networks.p.parents, len(self.sensitive_classes_)
        networks.cut = self._cut(parents, _names(self), n_attributes)
        return networks

    def _cut(
        self, parents: Sequence[Sequence[int]], names: list[Any], n_attributes: int
    ) -> tuple[int, ...]:
        """Return the parents of the label whose edges into it are cut."""
        if (self.fairness == "cf") != (self.explanatory is not None):
            raise ValueError(
                f"fairness is {self.fairness!r} and explanatory is "
                f'{self.explanatory!r}; expected columns of X with "cf" and None with '
                "any other."
            )
        asked = self.explanatory or []
        unknown = [name for name in asked if name not in names]
        if unknown:
            raise ValueError(
                f"explanatory has {unknown[0]!r}; expected names among {names}."
            )
        explanatory = [n_attributes + names.index(name) for name in asked]
        return unfair_parents(parents, self.fairness, n_attributes, explanatory)


def _names(fitted: Any) -> list[Any]:
    return list(getattr(fitted, "feature_names_in_", range(fitted.n_features_in_)))
