"""DECAF: a GAN along a causal graph, from which edges into the label are cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import networkx as nx
from sklearn.utils._param_validation import StrOptions
from torch import Tensor

from skfadm._base import EncodedTable
from skfadm.diffusion.layout import Layout

from ._base import BaselineGenerator
from ._causal import CausalGenerator, Channels
from ._gan import GANNetworks
from ._graph import complete_graph, read_graph, unfair_parents
from ._groups import Groups


class DECAFNetworks(GANNetworks):
    """The generators of the nodes, and a discriminator of (x, y, z)."""

    def __init__(
        self,
        layout: Layout,
        columns: Sequence[Channels],
        parents: Sequence[Sequence[int]],
        noise_size: int,
        hidden_width: int,
        n_layers: int,
        gradient_penalty: float,
        groups: Groups,
    ):
        shape = (hidden_width, n_layers)
        causal = CausalGenerator(
            layout, columns, parents, groups.n_groups, noise_size, *shape
        )
        n_noise = len(causal.nodes) * noise_size
        super().__init__(layout, n_noise, *shape, gradient_penalty, groups, causal)
        #: Parents of the label whose edges into it are cut; in training none is.
        self.cut: Sequence[int] = ()

    def generate_for(self, z: Tensor, noise: Tensor, uniforms: Tensor) -> Tensor:
        """Return rows of R^p for groups as one-hot blocks (n, sum(n_groups))."""
        rows: Tensor = self.generator(z, noise, uniforms, self.cut)
        return rows


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
    max_iter, batch_size, learning_rate : int, int, float, default=3000, 256, 0.001
        As for :class:`VAE`.
    verbose, random_state
        As for :class:`~skfadm.FairDiffusionGenerator`.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (n_iter_,)
        Losses of "discriminator" and "generator" at each iteration.
    classes_, class_prior_, sensitive_classes_, domains_, encoder_, weights_, n_iter_, \
            n_features_in_, feature_names_in_
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
        n_attributes, n_columns = len(table.n_groups), table.encoder.n_features_in_
        names = list(getattr(table.encoder, "feature_names_in_", range(n_columns)))
        if isinstance(self.graph, str):
            graph = complete_graph(n_attributes, n_columns)
        else:
            graph = read_graph(self.graph, names, n_attributes)
        self._cut(graph, names, n_attributes)
        for name in ("graph", "fairness", "explanatory"):
            del params[name]
        parents = tuple(tuple(sorted(graph.predecessors(n))) for n in sorted(graph))
        return {**params, "columns": _columns(table.encoder), "parents": parents}

    def _trained_networks(self) -> DECAFNetworks:
        networks = super()._trained_networks()
        assert isinstance(networks, DECAFNetworks)
        parents = self.network_params_["parents"]
        graph = nx.DiGraph([(p, n) for n, own in enumerate(parents) for p in own])
        graph.add_nodes_from(range(len(parents)))
        names = list(getattr(self, "feature_names_in_", range(self.n_features_in_)))
        networks.cut = self._cut(graph, names, len(self.sensitive_classes_))
        return networks

    def _cut(
        self, graph: nx.DiGraph, names: list[Any], n_attributes: int
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
        return unfair_parents(graph, self.fairness, n_attributes, explanatory)


def _columns(encoder: Any) -> tuple[Channels, ...]:
    """Return where the columns of X, then the label, are in compact rows."""
    columns: list[Channels] = []
    number, code = 0, encoder.n_numbers_
    for column in encoder.columns_:
        has_codes = column.category_size > 0
        columns.append(
            (number if column.has_number else None, code if has_codes else None)
        )
        number, code = number + column.has_number, code + has_codes
    return (*columns, (None, code))
