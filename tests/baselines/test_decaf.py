import copy

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from skfadm.baselines import DECAF
from skfadm.baselines._decaf import read_graph, unfair_parents
from skfadm.datasets import make_biased_domains
from skfadm.diffusion.row_streams import RowStreams

from ..generators import mixed_table
from .generators import networks_of, tiny

COLUMNS = ["age", "job", "pay"]
Z, AGE, JOB, PAY = range(4)


def test_graphs_have_the_edges_that_names_say():
    edges = [("pay", "age"), ("z", "pay"), ("job", "pay"), ["age", "y"], ("z", "y")]
    # Of z, age, job, pay and y.
    assert read_graph(edges, COLUMNS, 1) == ((), (PAY,), (), (Z, JOB), (Z, AGE))
    # All that comes before is a parent, but no attribute causes another.
    assert read_graph("complete", ["age"], 2) == ((), (), (0, 1), (0, 1, 2))


#: z causes job, which causes pay; age stands apart, and causes pay too.
EXAMPLE = [("z", "job"), ("job", "pay"), ("age", "pay")] + [
    (name, "y") for name in ("z", *COLUMNS)
]


@pytest.mark.parametrize(
    ("fairness", "explanatory", "cut"),
    [
        (None, [], ()),
        ("ftu", [], (Z,)),
        ("dp", [], (Z, JOB, PAY)),
        ("cf", [JOB], (Z,)),
        ("cf", [PAY], (Z, AGE, JOB)),
        ("cf", [], (Z, JOB, PAY)),
    ],
)
def test_the_edges_that_each_definition_of_fairness_cuts(fairness, explanatory, cut):
    # Given its effect pay, age and z are dependent.
    graph = read_graph(EXAMPLE, COLUMNS, 1)
    assert unfair_parents(graph, fairness, 1, explanatory) == cut


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"fairness": "cf"}, "fairness is 'cf' and explanatory is None"),
        ({"explanatory": ["word"]}, "fairness is 'ftu' and explanatory is .*'word'"),
        (
            {"fairness": "cf", "explanatory": ["wage"]},
            "explanatory has 'wage'; expected names among .*'number'",
        ),
        ({"graph": [("word", "wage")]}, "no 'wage'; expected names among.*'y'"),
        ({"graph": [("z0", "word")]}, "there is no 'z0'"),
        ({"graph": [("word", "z")]}, "into a sensitive attribute"),
        ({"graph": [("word", "gap"), ("gap", "word")]}, "cycle .*word"),
        ({"graph": ["ab"]}, "holds 'ab'; expected pairs"),
        ({"graph": [("word", "gap", "y")]}, "expected pairs"),
    ],
)
def test_graphs_and_columns_that_are_none_are_refused(params, message):
    with pytest.raises((ValueError, TypeError), match=message):
        tiny(DECAF, **params).fit(*mixed_table())


def test_a_column_with_the_name_of_the_label_is_refused():
    with pytest.raises(ValueError, match="X has a column named 'y'"):
        read_graph([("z", "y")], ["age", "y"], 1)


def test_columns_without_names_go_by_their_positions():
    X, y, z, _ = mixed_table()
    rows = X[["number", "count"]].to_numpy()
    gen = tiny(DECAF, graph=[("z", 1), (1, "y")]).fit(rows, y, z)
    assert gen.network_params_["parents"] == ((), (), (0,), (2,))
    with pytest.raises(ValueError, match="there is no 'number'"):
        tiny(DECAF, graph=[("z", "number")]).fit(rows, y, z)


def generator_and_inputs(graph, n=64):
    """Return a causal generator of the mixed table, and what it is given."""
    X, y, z, _ = mixed_table()
    gen = tiny(DECAF, graph=graph).fit(X, y, z)
    networks = networks_of(gen)
    streams = RowStreams(0, np.arange(n))
    noise = streams.normal(networks.noise_size)
    channels = networks.layout.width - networks.layout.n_numbers
    return gen, networks.generator, noise, streams.uniform(channels)


def changed_columns(gen, before, after):
    layout = networks_of(gen).layout
    before, after = (layout.collapse(rows).numpy() for rows in (before, after))
    tables = [gen.encoder_.inverse_transform(rows[:, :-1]) for rows in (before, after)]
    names = [c for c in tables[0] if not tables[0][c].equals(tables[1][c])]
    return {*names, *(["y"] if (before[:, -1] != after[:, -1]).any() else [])}


EDGES = [("z", "number"), ("number", "count"), ("count", "y"), ("word", "category")]


def test_a_node_depends_on_its_ancestors_and_on_nothing_else():
    gen, model, noise, uniforms = generator_and_inputs(EDGES)
    with torch.no_grad():
        start = model(torch.zeros(len(noise), 2), noise, uniforms)
        told = model(1e4 * torch.ones(len(noise), 2), noise, uniforms)
        changed = changed_columns(gen, start, told)
        assert {"number", "count"} <= changed <= {"number", "count", "y"}
        # The noise of "word", times enough to change what is drawn.
        at = model.nodes.index(1 + gen.feature_names_in_.tolist().index("word"))
        moved = noise.clone()
        moved[:, model.noise_size * at : model.noise_size * (at + 1)] += 30.0
        start, moved = (model(torch.zeros(64, 2), h, uniforms) for h in (noise, moved))
        changed = changed_columns(gen, start, moved)
    assert "word" in changed
    assert changed <= {"word", "category"}


@pytest.fixture(scope="module")
def trained_along_the_axes():
    """Return DECAF, and rows whose first column tells the label, the second the group.

    What is cut does not matter to the training.
    """
    data = make_biased_domains(2000, n_features=3, n_domains=1, random_state=0)
    (means,) = data.model.means
    axes = np.column_stack([means[1, 0] - means[0, 0], means[0, 1] - means[0, 0]])
    X = data.data @ (axes / np.linalg.norm(axes, axis=0))
    gen = DECAF(hidden_width=32, max_iter=500, batch_size=128, random_state=0)
    return gen.set_params(learning_rate=3e-3).fit(X, data.target, data.z), X


@pytest.mark.parametrize(
    ("params", "label_tells", "group_tells"),
    [
        # In truth log p(y | x) rises with both: the group goes along with the label.
        ({"fairness": None}, True, True),
        ({"fairness": "dp"}, False, False),
        ({"fairness": "cf", "explanatory": [0]}, True, False),
    ],
)
def test_cut_edges_no_longer_tell_the_label(
    trained_along_the_axes, params, label_tells, group_tells
):
    fitted, X = trained_along_the_axes
    gen = copy.copy(fitted).set_params(**{"explanatory": None, **params})
    rows, labels = gen.sample(3000)
    np.testing.assert_allclose(rows.std(0), X.std(0), rtol=0.25)
    of_label, of_group = LogisticRegression().fit(rows, labels).coef_[0]
    assert of_label > 1.0 if label_tells else abs(of_label) < 0.15
    assert of_group > 0.3 if group_tells else abs(of_group) < 0.15
