"""DECAF: a GAN along a causal graph, whose edges out of z are cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from skfadm._base import EncodedTable
from skfadm.diffusion.layout import Layout
from skfadm.diffusion.losses import fill_numbers
from skfadm.diffusion.row_streams import RowStreams

from ._base import COUNT, NON_NEGATIVE, BaselineGenerator
from ._causal import CausalGenerator, Channels
from ._gan import discriminator_loss, draw_inputs, generator_loss
from ._graph import CausalGraph, complete_graph, read_graph
from ._groups import Groups, group_sizes
from ._training import Networks, mlp


class DECAFNetworks(Networks):
    """The generators of the nodes, and a discriminator of (x, y, z)."""

    trained = ("discriminator", "generator")
    betas = (0.5, 0.9)

    def __init__(
        self,
        layout: Layout,
        columns: Sequence[Channels],
        order: tuple[int, ...],
        parents: tuple[tuple[int, ...], ...],
        told: tuple[tuple[int, ...], ...],
        noise_size: int,
        width: int,
        n_layers: int,
        gradient_penalty: float,
        n_groups: tuple[int, ...],
        combinations: NDArray[np.int64],
        shares: NDArray[np.float64],
    ):
        super().__init__(layout)
        self.gradient_penalty = gradient_penalty
        self.groups = Groups(n_groups, combinations, shares)
        graph = CausalGraph(order, parents, told)
        self.generator = CausalGenerator(
            layout, columns, graph, n_groups, noise_size, width, n_layers
        )
        n_inputs = layout.width + self.groups.width
        self.discriminator = mlp(n_inputs, 1, width, n_layers)

    @property
    def noise_size(self) -> int:
        """Noise of a row, all nodes together."""
        return len(self.generator.nodes) * self.generator.noise_size

    def losses(
        self, rows: Tensor, groups: Tensor, generator: Generator
    ) -> Iterator[Tensor]:
        """Yield the losses of the discriminator, then of all generators together.

        All edges are there: every node is told the row's own groups.
        """
        real = self.layout.expand(fill_numbers(rows, generator))
        inputs = draw_inputs(self.layout, len(real), self.noise_size, generator)
        z = self.groups.one_hot(groups)
        fake = self.generator([z] * len(self.generator.nodes), *inputs)
        yield discriminator_loss(
            self.discriminator,
            torch.cat([real, z], 1),
            torch.cat([fake.detach(), z], 1),
            self.gradient_penalty,
        )
        yield generator_loss(self.discriminator(torch.cat([fake, z], 1)))

    def generate(self, streams: RowStreams) -> Tensor:
        """Return rows without the edges out of z: each node draws groups of its own."""
        levels = streams.uniform(len(self.generator.nodes))
        groups = [self.groups.one_hot(self.groups.draw(u)) for u in levels.T]
        noise = streams.normal(self.noise_size)
        uniforms = streams.uniform(self.layout.width - self.layout.n_numbers)
        return self.layout.collapse(self.generator(groups, noise, uniforms))


class DECAF(BaselineGenerator):
    r"""Generate tables along a causal graph whose edges out of z are cut (DECAF).

    Each column, and the label, has a generator of its own that is given the column's
    parents in a causal graph, z among them, and noise:
    :math:`x_i = G_i(\mathrm{pa}(x_i), z, h_i)`. They run in the order of the graph, and
    one discriminator of the whole (x, y, z) trains them all. In sampling, the edges out
    of z are removed as in [1]_: a column that has z as a parent is given a group that
    is drawn anew, with its share in training, independently of all else. What z alone
    brought together then comes apart, and no column of the generated table depends on a
    common group.

    As [1]_, except: the adversarial game is that of :class:`GAN` in place of a
    Wasserstein GAN; z is drawn and not generated, so nothing causes it; and of the
    paper's definitions of fairness, which choose the edges to cut, this cuts all edges
    out of z. The paper's demographic parity would also cut the edges into y from what
    depends on z; rows of real people still hold proxies of z, so a classifier that is
    trained here need not reach parity on them.

    Parameters
    ----------
    graph : list of (parent, child), DataFrame or None, default=None
        The edges between names, or an adjacency matrix of 0 and 1 with a row for each
        parent and a column for each child. Columns of X go by their names, or by their
        positions where X has no names that are strings; the label is "y" and the
        sensitive attribute "z" ("z0", "z1", ... if there are several). A column that
        is not named has no causes and no effects.

        None is the complete graph in the order z, columns of X as they stand, y: each
        node is caused by all before it. Nothing is discovered, and nothing need be: of
        any true graph that agrees with this order, the complete one has the same
        :math:`p(x_i \mid \mathrm{all\ before\ } i)`, in which what is no parent has no
        influence, so that cutting the edges out of z does the same in both, where
        training holds rows like those that mix groups.
    noise_size : int, default=8
        Dimension of the normal noise of each generator.
    hidden_width, n_layers : int, default=128, 2
        Units and hidden layers of each generator and of the discriminator.
    gradient_penalty : float, default=0.1
        The weight of R1, at least 0.
    max_iter : int, default=3000
        Iterations of training, an update of the discriminator and one of all
        generators each.
    batch_size : int, default=256
        Rows of an iteration, drawn with replacement.
    learning_rate : float, default=0.001
        Step size of Adam, warmed up and then annealed to zero.
    verbose : int, default=0
        With 1, `fit` shows its progress on standard error.
    random_state : int, RandomState instance or None, default=None
        Decides everything that is random in `fit` and, unless `sample` is given its
        own, in `sample`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    class_prior_ : ndarray of shape (n_classes,)
        Their shares in training.
    sensitive_classes_ : list of ndarray
        The groups of each sensitive attribute.
    domains_ : ndarray of shape (n_domains,)
        The domains.
    encoder_ : TabularEncoder
        Maps the table to the rows that are learned, and back.
    weights_ : dict of str to ndarray
        Averaged weights of the networks, float32.
    history_ : dict of str to ndarray of shape (n_iter_,)
        Losses of "discriminator" and "generator" at each iteration.
    n_iter_ : int
        Iterations of training.
    n_features_in_ : int
        Features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where X is a DataFrame with names that are strings.

    References
    ----------
    .. [1] B. van Breugel, T. Kyono, J. Berrevoets, M. van der Schaar, "DECAF:
       Generating Fair Synthetic Data Using Causally-Aware Generative Networks", 2021.

    Examples
    --------
    >>> from skfadm.baselines import DECAF
    >>> from skfadm.datasets import make_biased_domains
    >>> data = make_biased_domains(300, random_state=0)
    >>> generator = DECAF([("z", 0), (0, "y"), (1, "y")], max_iter=20, random_state=0)
    >>> X, y = generator.fit(data.data, data.target, data.z).sample(4, y=1)
    >>> X.shape, y.tolist()
    ((4, 6), [1, 1, 1, 1])
    """

    _networks = DECAFNetworks

    _parameter_constraints: dict = {
        **BaselineGenerator._parameter_constraints,
        "graph": [list, tuple, pd.DataFrame, None],
        "noise_size": COUNT,
        "hidden_width": COUNT,
        "n_layers": COUNT,
        "gradient_penalty": NON_NEGATIVE,
    }

    def __init__(
        self,
        graph: Any = None,
        *,
        noise_size: int = 8,
        hidden_width: int = 128,
        n_layers: int = 2,
        gradient_penalty: float = 0.1,
        max_iter: int = 3000,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        verbose: int = 0,
        random_state: Any = None,
    ):
        self.graph = graph
        self.noise_size = noise_size
        self.hidden_width = hidden_width
        self.n_layers = n_layers
        self.gradient_penalty = gradient_penalty
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.verbose = verbose
        self.random_state = random_state

    def _sizes(self, table: EncodedTable) -> dict[str, Any]:
        why = "cuts the edges out of a sensitive attribute"
        groups = group_sizes(table, "DECAF", why)
        n_columns = table.encoder.n_features_in_
        if self.graph is None:
            graph = complete_graph(n_columns, len(table.n_groups))
        else:
            names = getattr(table.encoder, "feature_names_in_", range(n_columns))
            graph = read_graph(self.graph, list(names), len(table.n_groups))
        return {
            "columns": _columns(table.encoder),
            "order": graph.order,
            "parents": graph.parents,
            "told": graph.told,
            "noise_size": self.noise_size,
            "width": self.hidden_width,
            "n_layers": self.n_layers,
            "gradient_penalty": self.gradient_penalty,
            **groups,
        }


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
