import numpy as np
import pandas as pd
import pytest
import torch

from skfadm.baselines import DECAF
from skfadm.baselines._graph import complete_graph, read_graph
from skfadm.diffusion.row_streams import RowStreams

from ..generators import mixed_table
from .generators import tiny

COLUMNS = ["age", "job", "pay"]


def test_complete_graph_has_all_that_comes_before_as_parents():
    graph = complete_graph(2, 1)
    assert graph.order == (0, 1, 2)
    assert graph.parents == ((), (0,), (0, 1))
    assert graph.told == ((0,), (0,), (0,))


def test_edges_become_parents_and_nodes_are_ordered():
    edges = [("pay", "age"), ("z", "pay"), ("job", "pay"), ["age", "y"], ("z", "y")]
    graph = read_graph(edges, COLUMNS, 1)
    assert graph.parents == ((2,), (), (1,), (0,))
    assert graph.told == ((), (), (0,), (0,))
    for node, parents in enumerate(graph.parents):
        assert all(graph.order.index(p) < graph.order.index(node) for p in parents)


def test_adjacency_matrix_has_a_row_for_each_parent():
    edges = [("age", "job"), ("z1", "job"), ("job", "y")]
    names = [*COLUMNS, "z0", "z1", "y"]
    matrix = pd.DataFrame(0, index=names, columns=names)
    for edge in edges:
        matrix.loc[edge] = 1
    assert read_graph(matrix, COLUMNS, 2) == read_graph(edges, COLUMNS, 2)
    assert read_graph(matrix == 1, COLUMNS, 2).told == ((), (1,), (), ())


@pytest.mark.parametrize(
    ("graph", "error", "message"),
    [
        ([("age", "wage")], ValueError, "no 'wage'; expected names among.*'pay', 'y'"),
        ([("z0", "age")], ValueError, "there is no 'z0'"),
        ([("age", "z")], ValueError, "into a sensitive attribute"),
        ([("age", "job"), ("job", "age")], ValueError, "cycle .*age"),
        ([("age", "age")], ValueError, "cycle age -> age"),
        (["ab"], TypeError, "holds 'ab'; expected pairs"),
        ([("age", "job", "pay")], TypeError, "expected pairs"),
        (pd.DataFrame({"age": [0.5]}, index=["z"]), ValueError, "other values than 0"),
    ],
)
def test_graphs_that_are_none_are_refused_with_what_is_expected(graph, error, message):
    with pytest.raises(error, match=message):
        read_graph(graph, COLUMNS, 1)


def test_a_column_with_the_name_of_the_label_is_refused():
    with pytest.raises(ValueError, match="X has a column named 'y'"):
        read_graph([("z", "y")], ["age", "y"], 1)


def test_columns_without_names_go_by_their_positions():
    X, y, z, _ = mixed_table()
    rows = X[["number", "count"]].to_numpy()
    gen = tiny(DECAF, graph=[("z", 1), (1, "y")]).fit(rows, y, z)
    assert gen.sizes_["parents"] == ((), (), (1,))
    with pytest.raises(ValueError, match="there is no 'number'"):
        tiny(DECAF, graph=[("z", "number")]).fit(rows, y, z)


def generator_and_inputs(graph, n=64):
    """Return a causal generator of the mixed table, and what it is given."""
    X, y, z, _ = mixed_table()
    gen = tiny(DECAF, graph=graph).fit(X, y, z)
    networks = gen._trained_networks()
    streams = RowStreams(0, np.arange(n))
    noise = streams.normal(networks.noise_size)
    channels = networks.layout.width - networks.layout.n_numbers
    return gen, networks.generator, noise, streams.uniform(channels)


def changed_columns(gen, before, after):
    layout = gen._trained_networks().layout
    before, after = (layout.collapse(rows).numpy() for rows in (before, after))
    tables = [gen.encoder_.inverse_transform(rows[:, :-1]) for rows in (before, after)]
    names = [c for c in tables[0] if not tables[0][c].equals(tables[1][c])]
    return {*names, *(["y"] if (before[:, -1] != after[:, -1]).any() else [])}


EDGES = [("z", "number"), ("number", "count"), ("count", "y"), ("word", "category")]


def test_a_node_depends_on_its_ancestors_and_on_nothing_else():
    gen, model, noise, uniforms = generator_and_inputs(EDGES)
    with torch.no_grad():
        n_nodes = len(model.nodes)
        none = [torch.zeros(len(noise), 2)] * n_nodes
        start = model(none, noise, uniforms)
        told = [5.0 * torch.ones(len(noise), 2)] * n_nodes
        changed = changed_columns(gen, start, model(told, noise, uniforms))
        assert {"number", "count"} <= changed <= {"number", "count", "y"}
        # The noise of "word", times enough to change what is drawn.
        at = model.nodes.index(gen.feature_names_in_.tolist().index("word"))
        moved = noise.clone()
        moved[:, model.noise_size * at : model.noise_size * (at + 1)] += 30.0
        changed = changed_columns(gen, start, model(none, moved, uniforms))
    assert "word" in changed
    assert changed <= {"word", "category"}


def test_every_channel_is_made_by_its_own_node():
    gen, model, noise, uniforms = generator_and_inputs(None)
    assert sorted(c for node in model.nodes for c in model.channels[node]) == list(
        range(model.layout.width)
    )
    rows = model([torch.zeros(len(noise), 2)] * len(model.nodes), noise, uniforms)
    rows = rows.detach()
    whole = model.layout.expand(model.layout.collapse(rows))
    torch.testing.assert_close(rows, whole)


def trained_on_a_common_cause(graph=None):
    rng = np.random.default_rng(0)
    z = rng.integers(0, 2, 1500)
    X = rng.normal(2.0 * z[:, None] - 1.0, size=(1500, 2))
    y = (rng.random(1500) < np.where(z, 0.8, 0.2)).astype(int)
    gen = DECAF(graph, hidden_width=32, max_iter=700, batch_size=128, random_state=0)
    return gen.set_params(learning_rate=3e-3).fit(X, y, z)


@pytest.mark.parametrize("graph", [None, [("z", 0), ("z", 1), ("z", "y")]])
def test_cut_edges_part_what_only_z_brought_together(graph):
    gen = trained_on_a_common_cause(graph)
    X, y = gen.sample(2000)
    apart = np.corrcoef(np.column_stack([X, y]).T)
    assert np.abs(apart - np.eye(3)).max() < 0.2
    np.testing.assert_allclose(X.std(0), 2.0**0.5, rtol=0.25)
    # Told one group for all columns, as in training, they go together.
    networks = gen._trained_networks()
    z = networks.groups.one_hot(torch.arange(2000)[:, None] % 2)
    streams = RowStreams(1, np.arange(2000))
    noise = streams.normal(networks.noise_size)
    n_channels = networks.layout.width - networks.layout.n_numbers
    told = [z] * len(networks.generator.nodes)
    rows = networks.generator(told, noise, streams.uniform(n_channels)).numpy()
    assert np.corrcoef(rows[:, 0], rows[:, 1])[0, 1] > 0.4
