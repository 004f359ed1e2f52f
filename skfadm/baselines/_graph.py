"""Causal graphs over the columns of a table: checks, and the order of generation."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np
import pandas as pd

#: The label's name in a graph.
LABEL = "y"


@dataclass(frozen=True)
class CausalGraph:
    """Who is generated from whom, and when.

    Nodes are numbered: the columns of X from 0, then the label.

    Parameters
    ----------
    order : tuple of int
        The nodes, parents before children.
    parents : tuple of tuple of int
        The parents of each node among the nodes.
    told : tuple of tuple of int
        The sensitive attributes, numbered from 0, that are parents of each node.
    """

    order: tuple[int, ...]
    parents: tuple[tuple[int, ...], ...]
    told: tuple[tuple[int, ...], ...]


def complete_graph(n_columns: int, n_attributes: int) -> CausalGraph:
    """Return the graph in which all that stands before a node is its parent.

    The sensitive attributes come first, then the columns of X in their order, and the
    label last.
    """
    nodes = range(n_columns + 1)
    return CausalGraph(
        order=tuple(nodes),
        parents=tuple(tuple(range(node)) for node in nodes),
        told=(tuple(range(n_attributes)),) * len(nodes),
    )


def read_graph(
    graph: object, columns: Sequence[Hashable], n_attributes: int
) -> CausalGraph:
    """Check a user's graph and order its nodes.

    Parameters
    ----------
    graph : sequence of (parent, child) or DataFrame
        Edges between names, or an adjacency matrix: a row for each parent, a column for
        each child, 1 or True where there is an edge.
    columns : sequence of hashable
        The names of the columns of X.
    n_attributes : int
        Sensitive attributes, named "z", or "z0", "z1", ... where there are several.

    Returns
    -------
    CausalGraph

    Raises
    ------
    TypeError
        If the graph is of another kind.
    ValueError
        If it names what is not there, leads into a sensitive attribute or has a cycle,
        or if a column of X has the name of the label or of a sensitive attribute.
    """
    sensitive = sensitive_names(n_attributes)
    taken = [name for name in columns if name in (LABEL, *sensitive)]
    if taken:
        raise ValueError(
            f"X has a column named {taken[0]!r}, which is what graph calls the label "
            "or the sensitive attribute; rename the column."
        )
    nodes = {name: i for i, name in enumerate([*columns, LABEL])}
    attributes = {name: i for i, name in enumerate(sensitive)}
    parents: list[set[int]] = [set() for _ in nodes]
    told: list[set[int]] = [set() for _ in nodes]
    for parent, child in _edges(graph):
        unknown = [n for n in (parent, child) if n not in nodes and n not in attributes]
        if unknown:
            raise ValueError(
                f"graph has the edge {(parent, child)!r}, but there is no "
                f"{unknown[0]!r}; expected names among {[*nodes, *attributes]}."
            )
        if child in attributes:
            raise ValueError(
                f"graph has the edge {(parent, child)!r} into a sensitive attribute; "
                "expected none: z is drawn as it is in training, and caused by nothing."
            )
        if parent in attributes:
            told[nodes[child]].add(attributes[parent])
        else:
            parents[nodes[child]].add(nodes[parent])
    return CausalGraph(
        order=_order(parents, list(nodes)),
        parents=tuple(tuple(sorted(own)) for own in parents),
        told=tuple(tuple(sorted(own)) for own in told),
    )


def sensitive_names(n_attributes: int) -> list[str]:
    """Return what a graph calls the sensitive attributes."""
    return ["z"] if n_attributes == 1 else [f"z{j}" for j in range(n_attributes)]


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


def _order(parents: list[set[int]], names: list[Hashable]) -> tuple[int, ...]:
    try:
        return tuple(TopologicalSorter(dict(enumerate(parents))).static_order())
    except CycleError as error:
        cycle = " -> ".join(str(names[i]) for i in error.args[1])
        raise ValueError(
            f"graph has the cycle {cycle}; expected none: effects come after causes."
        ) from None
