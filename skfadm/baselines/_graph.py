"""Causal graphs over the columns of a table: given or complete.

Nodes are numbered: the sensitive attributes from 0, then the columns of X, then the
label.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import Any

import networkx as nx

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


def read_graph(
    edges: Iterable[Any], columns: Sequence[Hashable], n_attributes: int
) -> nx.DiGraph:
    """Return a user's graph of (parent, child) names, checked.

    `columns` are the names of the columns of X; the sensitive attribute is "z", or
    "z0", "z1", ... where there are several.
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
    return graph


def unfair_parents(
    graph: nx.DiGraph,
    fairness: str | None,
    n_attributes: int,
    explanatory: Collection[int] = (),
) -> tuple[int, ...]:
    """Return the parents of the label whose edges into it are to be cut.

    "ftu" cuts those that are sensitive, "dp" all that depend on a sensitive attribute,
    "cf" those that depend on one given the explanatory nodes (d-separation). None cuts
    nothing.
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
