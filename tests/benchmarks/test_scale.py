"""Memory of long tables: run with ``-m benchmark -s tests/benchmarks``."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from benchmarks.scale import Point, measure

pytestmark = pytest.mark.benchmark


def measured(point):
    """Measure in a process that holds nothing else."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        result = pool.submit(measure, point).result()
    print()
    print(" ".join(f"{k}={v}" for k, v in result.items()))
    return result


def test_fit_on_five_million_rows_takes_two_and_a_half_times_the_encoded_rows():
    assert measured(Point("rows", 5_000_000))["fit_over_encoded"] < 2.5


def test_sampling_takes_as_much_memory_for_many_rows_as_for_few():
    few, many = (measured(Point("rows", n))["sample_mb"] for n in (20_000, 500_000))
    assert many < few + 50
