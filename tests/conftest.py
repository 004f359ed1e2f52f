"""What many tests share."""

import copy
import random

import numpy as np
import pytest
import sklearn
import torch

from .generators import mixed_table, tiny


def process_wide():
    """Return what belongs to the whole process, which nothing may change."""
    return (
        random.getstate(),
        np.random.get_state()[1].tobytes(),
        np.geterr(),
        torch.get_rng_state().numpy().tobytes(),
        torch.get_num_threads(),
        torch.get_num_interop_threads(),
        torch.get_default_dtype(),
        torch.are_deterministic_algorithms_enabled(),
    )


@pytest.fixture(autouse=True)
def process_is_left_alone(request):
    """Fail a test after which the state of the process is another one.

    Checks of scikit-learn take an `estimator`, and draw from NumPy's state themselves.
    """
    before = process_wide(), sklearn.get_config()
    yield
    after = process_wide(), sklearn.get_config()
    assert "estimator" in request.fixturenames or after == before


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def seeded_torch():
    """Seed torch for tests that draw their inputs from it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.fixture(scope="session")
def table():
    return mixed_table()


@pytest.fixture(scope="session")
def trained_once(table):
    return tiny().fit(*table)


@pytest.fixture
def fitted(trained_once):
    """Give each test a fitted generator of its own, with weights that all share."""
    return copy.copy(trained_once)


@pytest.fixture(scope="session")
def reference_scores():
    """Give the scores of a grid search by one worker, with metadata routing."""
    from .test_searches import grid_search

    return grid_search(routing=True, n_jobs=1).cv_results_


@pytest.fixture
def plt():
    """Give pyplot without windows, and close what a test leaves open."""
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    yield plt
    plt.close("all")
