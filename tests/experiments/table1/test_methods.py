import pytest

from skfadm import FairDiffusionGenerator
from skfadm.baselines import FADM
from skfadm.baselines._graph import read_graph
from skfadm.datasets._adult import _FEATURES
from skfadm.experiments.table1.methods import ADULT_GRAPH, METHODS
from skfadm.experiments.table1.names import TITLES

BASELINES = ["vae", "gan", "ddpm", "fairgan", "decaf", "fldgm"]


def test_every_row_of_the_table_is_a_method():
    assert list(TITLES) == list(METHODS)


def test_every_baseline_has_a_grid_of_equal_size_over_the_step_size():
    for name in BASELINES:
        grid = METHODS[name].grid
        assert grid == ({"learning_rate": 1e-3}, {"learning_rate": 3e-4}), name


@pytest.mark.parametrize("name", BASELINES)
def test_candidates_differ_in_what_is_chosen_alone(name):
    first, second = (METHODS[name].build(i, random_state=3) for i in (0, 1))
    params, others = first.get_params(), second.get_params()
    (changed,) = (key for key in params if params[key] != others[key])
    assert changed == "learning_rate"
    assert params["random_state"] == 3


def test_nothing_is_chosen_for_the_diffusion_models_of_the_package():
    assert METHODS["fadm"].grid == METHODS["skfadm"].grid == ({},)


def test_fadm_is_the_papers_and_skfadm_the_default():
    assert METHODS["fadm"].generator is FADM
    assert METHODS["skfadm"].generator is FairDiffusionGenerator
    assert METHODS["fadm"].fixed == METHODS["skfadm"].fixed == {}


def test_fadm_is_trained_under_the_settings_of_the_baselines():
    fadm, ddpm = (METHODS[name].build(0) for name in ("fadm", "ddpm"))
    for name in ("max_iter", "batch_size", "n_steps", "hidden_width", "n_blocks"):
        assert getattr(fadm, name) == getattr(ddpm, name), name


def test_adults_graph_has_no_cycle_and_leads_from_sex_to_income_in_many_ways():
    graph = read_graph(ADULT_GRAPH, _FEATURES, 1)
    names = dict(enumerate(["z", *_FEATURES, "y"]))
    told = {names[node] for node in graph.successors(0)}
    assert {"marital-status", "occupation", "relationship", "y"} <= told
    assert not told & {"age", "native-country"}
    # All features are causes of income.
    assert sorted(graph.predecessors(len(_FEATURES) + 1)) == [*range(len(names) - 1)]
