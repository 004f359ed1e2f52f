"""Rows batch by batch, and by one worker or several."""

import gc
import threading
import time
import tracemalloc

import joblib
import numpy as np
import pandas as pd
import pytest
import torch

from skfadm import _sampling
from skfadm.diffusion.generation import RowGenerator

#: Rows of three chunks.
N = 2600


@pytest.fixture
def asked_of(monkeypatch):
    """Record the (first row, number of rows) of each chunk."""
    seen = []
    real = RowGenerator.generate

    def generate(self, y, seed, index, attempt=0):
        seen.append((index.min(), len(y)))
        return real(self, y, seed, index, attempt)

    monkeypatch.setattr(RowGenerator, "generate", generate)
    return seen


def joined(batches):
    X, y = zip(*batches, strict=True)
    return pd.concat(X, ignore_index=True), pd.concat(y, ignore_index=True)


def assert_same_table(one, other):
    pd.testing.assert_frame_equal(one[0], other[0], rtol=1e-4, atol=1e-4)
    pd.testing.assert_series_equal(one[1], other[1])


@pytest.mark.parametrize(("batch_size", "n"), [(1, 30), (77, 300), (1500, N)])
@pytest.mark.parametrize("y", [None, "yes", {"yes": 0.3, "no": 0.7}])
def test_batches_are_the_rows_of_one_sample(fitted, y, batch_size, n):
    expected = fitted.sample(n, y, random_state=3)
    batches = list(fitted.sample_batches(n, y, batch_size=batch_size, random_state=3))
    sizes = [len(X) for X, _ in batches]
    assert sizes[:-1] == [batch_size] * (len(sizes) - 1)
    assert sum(sizes) == n
    assert_same_table(joined(batches), expected)


def test_a_batch_is_generated_only_when_it_is_asked_for(fitted, asked_of):
    batches = fitted.sample_batches(10**7, batch_size=10)
    assert asked_of == []
    next(batches)
    next(batches)
    assert asked_of == [(0, 10), (10, 10)]


def test_memory_does_not_grow_with_the_number_of_rows(fitted, monkeypatch):
    monkeypatch.setattr("skfadm._sampling._PIECE", 200)

    def peak(n):
        tracemalloc.start()
        for _ in fitted.sample_batches(n, batch_size=200):
            gc.collect()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(200)
    assert peak(2400) < 1.5 * peak(400)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "batch_size must be a positive integer, got 0"),
        ({"batch_size": 1.5}, TypeError, "batch_size must be a positive integer"),
        ({"n_samples": 0}, ValueError, "n_samples"),
        ({"y": "maybe"}, ValueError, "unknown labels 'maybe'"),
    ],
)
def test_bad_requests_are_refused_before_the_first_batch(
    fitted, arguments, error, message
):
    with pytest.raises(error, match=message):
        fitted.sample_batches(**arguments)


@pytest.mark.parametrize(
    ("backend", "where"), [("loky", "n_jobs"), ("threading", "context")]
)
def test_two_workers_make_the_rows_that_one_makes(fitted, backend, where):
    expected = fitted.sample(N, random_state=5)
    if where == "n_jobs":
        fitted.set_params(n_jobs=2)
        context = joblib.parallel_config(backend=backend)
    else:
        context = joblib.parallel_config(backend=backend, n_jobs=2)
    with context:
        X, y = fitted.sample(N, random_state=5)
        batches = joined(fitted.sample_batches(N, batch_size=1500, random_state=5))
    pd.testing.assert_frame_equal(X, expected[0], check_exact=True)
    pd.testing.assert_series_equal(y, expected[1])
    assert_same_table(batches, expected)


@pytest.fixture
def workers(monkeypatch):
    """Record the threads that make chunks, and how many threads each may use."""
    seen = set()
    real = RowGenerator.generate

    def generate(self, *args):
        seen.add((threading.get_ident(), torch.get_num_threads()))
        time.sleep(0.05)  # no worker is done before another has begun
        return real(self, *args)

    monkeypatch.setattr(RowGenerator, "generate", generate)
    return seen


@pytest.mark.parametrize(
    ("n_jobs", "configured", "expected"),
    [(None, None, 3), (None, 2, 2), (2, None, 2), (1, None, 1), (1, 2, 1)],
)
def test_each_worker_is_one_thread(
    fitted, workers, three_threads, n_jobs, configured, expected
):
    expected_rows = fitted.sample(N)
    workers.clear()
    with joblib.parallel_config(n_jobs=configured):
        rows = fitted.set_params(n_jobs=n_jobs).sample(N)
    assert len(workers) == expected
    assert {n_threads for _, n_threads in workers} == {1}
    assert torch.get_num_threads() == 3
    pd.testing.assert_frame_equal(rows[0], expected_rows[0], check_exact=True)


def test_an_error_in_one_of_several_chunks_is_raised(fitted, monkeypatch):
    real = RowGenerator.generate

    def fails_on_the_last(self, y, seed, index, attempt=0):
        if index.max() == N - 1:
            raise MemoryError("no room")
        return real(self, y, seed, index, attempt)

    monkeypatch.setattr(RowGenerator, "generate", fails_on_the_last)
    with pytest.raises(MemoryError, match="no room"):
        fitted.set_params(n_jobs=2).sample(N)


def test_labels_take_few_bytes_and_a_gpu_many_rows(monkeypatch):
    prior = np.array([0.2, 0.5, 0.3])
    expected = np.random.RandomState(0).choice(3, size=100, p=prior)
    monkeypatch.setattr(_sampling, "_PIECE", 7)
    rng = np.random.RandomState(0)
    found = _sampling.requested_codes(None, 100, np.arange(3), prior, rng)
    np.testing.assert_array_equal(found, expected)
    for n_classes, size in [(2, 1), (256, 1), (257, 2)]:
        for y in (None, 1, {0: 0.5, 1: 0.5}, [0, 1] * 5):
            prior = np.full(n_classes, 1 / n_classes)
            found = _sampling.requested_codes(y, 10, np.arange(n_classes), prior, rng)
            assert found.dtype.itemsize == size
    # As many as fit into its memory.
    for device, width, n_rows in [
        ("cpu", 8, 1024),
        ("cuda:0", 8, 65_536),
        ("cuda:0", 1280, 6553),
        ("cuda", 10**6, 1024),
    ]:
        assert _sampling._chunk_size(device, width) == n_rows
