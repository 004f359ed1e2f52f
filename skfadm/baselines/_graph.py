"""Causal graphs over the columns of a table: given, complete or discovered.

Nodes are numbered: the sensitive attributes from 0, then the columns of X, then the
label.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: The label's name in a graph.
LABEL = "y"


def complete_graph(n_attributes: int, n_columns: int) -> nx.DiGraph:
    """Return the graph in which all that stands before a node is its parent.

    But for the sensitive attributes, which have none.
    """
    nodes = range(n_attributes + n_columns + 1)
    graph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from((p, n) for n in nodes[n_attributes:] for p in range(n))
    return graph


def discover_graph(values: NDArray[np.int64], n_attributes: int) -> nx.DiGraph:
    r"""Return the graph that K2's search finds, with the order of the nodes given.

    Each node takes parents from those before it, one at a time: the one that raises

    .. math:: n\, I(node; parents) - \tfrac{1}{2} \log n\, (r - 1)\, q

    most (BIC), with r values of the node and q combinations of its parents' that occur,
    until none does.

    Parameters
    ----------
    values : ndarray of shape (n, n_nodes), int64
        The nodes' values as codes from 0.
    n_attributes : int
        Sensitive attributes, which have no parents.

    References
    ----------
    .. [1] G. F. Cooper, E. Herskovits, "A Bayesian Method for the Induction of
       Probabilistic Networks from Data", 1992.
    """
    n_nodes = values.shape[1]
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n_nodes))
    for node in range(n_attributes, n_nodes):
        told = np.zeros(len(values), dtype=np.int64)
        best, left = _bic(values[:, node], told), set(range(node))
        while left:
            joint = {p: _joint(told, values[:, p]) for p in sorted(left)}
            scores = {p: _bic(values[:, node], joint[p]) for p in joint}
            parent = max(scores, key=scores.__getitem__)
            if scores[parent] <= best:
                break
            best, told = scores[parent], joint[parent]
            graph.add_edge(parent, node)
            left.remove(parent)
    return graph


def _joint(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the combinations of two columns of codes as codes."""
    return np.unique(a * (b.max() + 1) + b, return_inverse=True)[1]


def _bic(node: NDArray[np.int64], told: NDArray[np.int64]) -> float:
    counts = np.unique(_joint(told, node), return_counts=True)[1]
    of_told = np.bincount(told)
    n, r = len(node), len(np.unique(node))
    log_likelihood = (counts * np.log(counts)).sum() - (of_told * np.log(of_told)).sum()
    return float(log_likelihood - 0.5 * np.log(n) * (r - 1) * len(of_told))


def read_graph(
    edges: object, columns: Sequence[Hashable], n_attributes: int
) -> nx.DiGraph:
    """Check a user's graph.

    Parameters
    ----------
    edges : sequence of (parent, child) or DataFrame
        Edges between names, or an adjacency matrix: a row for each parent, a column for
        each child, 1 or True where there is an edge.
    columns : sequence of hashable
        The names of the columns of X.
    n_attributes : int
        Sensitive attributes, named "z", or "z0", "z1", ... where there are several.

    Raises
    ------
    TypeError
        If the graph is of another kind.
    ValueError
        If it names what is not there, leads into a sensitive attribute or has a cycle,
        or if a column of X has the name of the label or of a sensitive attribute.
    """
    sensitive = ["z"] if n_attributes == 1 else [f"z{j}" for j in range(n_attributes)]
    taken = [name for name in columns if name in (LABEL, *sensitive)]
    if taken:
        raise ValueError(
            f"X has a column named {taken[0]!r}, which is what graph calls the label "
            "or the sensitive attribute; rename the column."
        )
    names = [*sensitive, *columns, LABEL]
    nodes = {name: i for i, name in enumerate(names)}
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(names)))
    for edge in _edges(edges):
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
    return graph


def _edges(graph: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(graph, pd.DataFrame):
        if not graph.isin([0, 1]).all(axis=None):
            raise ValueError(
                "graph is a DataFrame that holds other values than 0 and 1; expected 1 "
                "or True where its row is a parent of its column."
            )
        rows, columns = np.nonzero(graph.to_numpy(dtype=bool))
        return zip(graph.index[rows], graph.columns[columns], strict=True)
    for edge in graph:
        if not isinstance(edge, list | tuple) or len(edge) != 2:
            raise TypeError(
                f"graph holds {edge!r}; expected pairs (parent, child) of names, or a "
                "DataFrame of 0 and 1."
            )
    return [(parent, child) for parent, child in graph]


def unfair_parents(
    graph: nx.DiGraph,
    fairness: str | None,
    n_attributes: int,
    explanatory: Collection[int] = (),
) -> tuple[int, ...]:
    """Return the parents of the label whose edges into it are to be cut.

    Parameters
    ----------
    graph : DiGraph
        Acyclic.
    fairness : {"ftu", "dp", "cf"} or None
        "ftu" cuts those that are sensitive, "dp" all that depend on a sensitive
        attribute, "cf" those that depend on one given the explanatory columns
        (d-separation). None cuts nothing.
    n_attributes : int
        Sensitive attributes.
    explanatory : collection of int, default=()
        Nodes that may explain a difference; for "cf" only.
    """
    label, sensitive = max(graph), set(range(n_attributes))
    given = set(explanatory) if fairness == "cf" else set()

    def is_unfair(parent: int) -> bool:
        if parent in sensitive or fairness in (None, "ftu"):
            return parent in sensitive and fairness is not None
        return parent not in given and not nx.is_d_separator(
            graph, sensitive, {parent}, given
        )

    return tuple(sorted(p for p in graph.predecessors(label) if is_unfair(p)))
