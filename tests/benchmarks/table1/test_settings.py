import pytest

from benchmarks.table1.settings import ADULT_GRAPH, FULL, METHODS, QUICK
from skfadm.baselines._graph import read_graph
from skfadm.datasets._adult import _FEATURES

YARDSTICKS = {"majority", "real", "reweighed"}
GENERATORS = [name for name, method in METHODS.items() if method.generator]


def test_every_row_with_a_choice_has_as_many_candidates():
    sizes = {name: len(method.candidates) for name, method in METHODS.items()}
    assert {name for name, size in sizes.items() if size == 1} == YARDSTICKS
    # A package of others has a switch alone.
    assert {name for name, size in sizes.items() if size == 2} == {"mostlyai"}
    assert set(sizes.values()) == {1, 2, 6}


@pytest.mark.parametrize("name", GENERATORS)
def test_candidates_are_parameters_of_their_generator_and_differ(name):
    method = METHODS[name]
    built = [method.build({**own, "random_state": 3}) for own in method.candidates]
    params = [generator.get_params() for generator in built]
    for i, own in enumerate(method.candidates):
        assert {key: params[i][key] for key in own} == own
        assert params[i]["random_state"] == 3
        assert params[i] not in params[:i]


@pytest.mark.parametrize("name", ["fairgan", "fldgm", "decaf", "fadm", "skfadm"])
def test_every_method_that_is_about_fairness_has_its_strength_in_its_grid(name):
    of_fairness = {"lambda_fair", "fairness", "lambda_z", "fairness_target"}
    (strength,) = of_fairness & set(METHODS[name].candidates[0])
    values = [own[strength] for own in METHODS[name].candidates]
    assert sum(v not in values[:i] for i, v in enumerate(values)) >= 3


def test_adapted_has_the_candidates_of_skfadm():
    assert METHODS["adapted"].adapt
    assert METHODS["adapted"].candidates == METHODS["skfadm"].candidates


def test_quick_chooses_nothing():
    assert QUICK.is_quick
    assert not FULL.is_quick
    assert FULL.seeds == 5


def test_adults_graph_has_no_cycle_and_leads_from_sex_to_income_in_many_ways():
    graph = read_graph(ADULT_GRAPH, _FEATURES, 1)
    names = dict(enumerate(["z", *_FEATURES, "y"]))
    told = {names[node] for node in graph.successors(0)}
    assert {"marital-status", "occupation", "relationship", "y"} <= told
    assert not told & {"age", "native-country"}
    # All features are causes of income.
    assert sorted(graph.predecessors(len(_FEATURES) + 1)) == [*range(len(names) - 1)]
