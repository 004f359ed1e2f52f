"""Searches and sampling on the workers of a dask cluster."""

import joblib
import numpy as np
import pandas as pd
import pytest

from .test_searches import grid_search

distributed = pytest.importorskip("distributed")


@pytest.fixture
def process_is_left_alone():
    """Allow dask what nothing here may: it draws from NumPy's state."""


@pytest.fixture(scope="module")
def cluster():
    with (
        distributed.LocalCluster(
            n_workers=1,  # each imports everything again
            threads_per_worker=2,
            processes=True,
            dashboard_address=None,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(autouse=True)
def on_workers(cluster):
    """See that something has run on the cluster."""
    with distributed.get_task_stream(cluster) as stream:
        yield
    assert {task["worker"] for task in stream.data}


def test_sampling_gives_the_same_rows_on_a_cluster(cluster, fitted):
    X, y = fitted.sample(2600, random_state=5)
    with joblib.parallel_config(backend="dask"):
        X_dask, y_dask = fitted.sample(2600, random_state=5)
        batches = list(fitted.sample_batches(2600, batch_size=1500, random_state=5))
    pd.testing.assert_frame_equal(X_dask, X, check_exact=True)
    pd.testing.assert_series_equal(y_dask, y)
    X_batches = pd.concat([X for X, _ in batches], ignore_index=True)
    pd.testing.assert_frame_equal(X_batches, X, rtol=1e-4, atol=1e-4)


def test_grid_search_gives_the_same_scores_on_a_cluster(cluster, reference_scores):
    with joblib.parallel_config(backend="dask"):
        found = grid_search(routing=True, n_jobs=None).cv_results_
    for name in ("mean_test_accuracy", "mean_test_demographic_parity_ratio"):
        np.testing.assert_array_equal(found[name], reference_scores[name])
