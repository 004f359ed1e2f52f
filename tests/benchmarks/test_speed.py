"""Time over the arithmetic floor, and ratios: ``-m benchmark -s tests/benchmarks``.

The floor is the time that the matrix products alone would take at the rate at which
this machine multiplies bare matrices of the default's sizes, of float32 or bfloat16 as
they are, measured in the same run.
"""

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn import config_context
from sklearn.model_selection import GridSearchCV
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from benchmarks.peers import PEERS
from skfadm import FairDiffusionGenerator, FairnessScorer, LeaveOneDomainOut
from skfadm.baselines._paper import PAPER
from skfadm.datasets import fetch_adult, make_biased_domains
from skfadm.report import quality_report

ADULT = Path(__file__).parents[3] / "shared" / "data" / "adult"
pytestmark = pytest.mark.benchmark


@pytest.fixture(scope="module")
def table():
    if not (ADULT / "adult.data").exists():
        pytest.skip("needs Adult in a folder beside the repository")
    adult = fetch_adult(data_home=ADULT)
    return adult.data, adult.target, adult.z, adult.domains


@pytest.fixture(scope="module")
def fitted(table):
    return FairDiffusionGenerator(max_iter=50, random_state=0).fit(*table)


def seconds(run, repeats=3):
    """Return the shortest time of a few runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def products_per_second(dtype):
    """Return the floating-point operations of bare matrix products in a second."""
    rates = []
    for n, k in [(1024, 256), (1024, 1024)]:
        a, b = torch.randn(n, k).to(dtype), torch.randn(k, k).to(dtype)

        def multiply(a=a, b=b):
            for _ in range(100):
                a @ b

        rates.append(100 * 2 * n * k * k / seconds(multiply, 5))
    return max(rates)


class Operations(TorchDispatchMode):
    """Counts the floating-point operations of matrix products by their dtype."""

    # Not torch's FlopCounterMode, which cannot see through gradients of inputs.
    def __init__(self):
        super().__init__()
        self.counts = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.counts[out.dtype] += count(*args, **(kwargs or {}), out_val=out)
        return out


def floor(run):
    """Return the seconds that the matrix products in `run` take by themselves."""
    with Operations() as counter:
        run()
    return sum(n / products_per_second(dtype) for dtype, n in counter.counts.items())


def report(benchmark, **figures):
    benchmark.extra_info.update(figures)
    print("\n" + "  ".join(f"{name} {value:.3g}" for name, value in figures.items()))


def test_training_step_over_its_floor(table, benchmark):
    def train(n):
        FairDiffusionGenerator(max_iter=n, lambda_yz=0, random_state=0).fit(*table)

    least = (floor(lambda: train(21)) - floor(lambda: train(1))) / 20
    benchmark.pedantic(train, (150,))
    step = (seconds(lambda: train(150)) - seconds(lambda: train(50))) / 100
    report(benchmark, step_ms=1e3 * step, floor_ms=1e3 * least, ratio=step / least)


@pytest.mark.parametrize("lambda_y", [1.0, 1.5])
def test_sampling_over_its_floor(fitted, benchmark, lambda_y):
    fitted.set_params(lambda_yz=0.0, lambda_y=lambda_y)
    least = 20_000 / 1024 * floor(lambda: fitted.sample(1024))
    took = seconds(lambda: benchmark.pedantic(fitted.sample, (20_000,)), 1)
    evaluations = 20_000 * fitted.n_steps / took
    report(
        benchmark,
        sample_s=took,
        floor_s=least,
        ratio=took / least,
        evaluations_per_s=evaluations,
    )


def test_default_solver_over_a_thousand_steps_of_euler_maruyama(fitted, benchmark):
    fitted.set_params(lambda_yz=0.0, lambda_y=1.0)
    new = seconds(lambda: fitted.sample(1024))
    with pytest.MonkeyPatch.context() as patch:
        slow = replace(
            fitted._recipe, solver=PAPER.solver, sampling_times=PAPER.sampling_times
        )
        patch.setattr(fitted, "_recipe", slow)
        patch.setattr(fitted, "n_steps", 1000)
        old = seconds(lambda: benchmark.pedantic(fitted.sample, (1024,)), 1)
    report(benchmark, new_s=new, reference_s=old, ratio=old / new)


def test_a_grid_of_25_strengths_over_a_single_candidate(tmp_path, benchmark):
    data = make_biased_domains(2000, n_domains=5, random_state=0)
    scorer = FairnessScorer(n_samples=500, random_state=0)

    def search(grid, folder):
        generator = FairDiffusionGenerator(memory=str(folder), random_state=0)
        cv = LeaveOneDomainOut()
        found = GridSearchCV(generator, grid, cv=cv, scoring=scorer, refit=True)
        with config_context(enable_metadata_routing=True):
            found.fit(data.data, data.target, z=data.z, domains=data.domains)

    one = {"lambda_y": [1.0], "lambda_yz": [0.5]}
    many = {"lambda_y": np.linspace(0.5, 2, 5), "lambda_yz": np.linspace(0, 1, 5)}
    single = seconds(lambda: search(one, tmp_path / "one"), 1)
    grid = seconds(lambda: benchmark.pedantic(search, (many, tmp_path / "many")), 1)
    report(benchmark, single_s=single, grid_s=grid, ratio=grid / single)


@pytest.mark.parametrize("peer", PEERS)
def test_fit_and_rows_per_second_over_those_of_a_peer(table, benchmark, peer):
    X, y, z, domains = table
    sources = np.asarray(domains != "White")
    if not peer.is_installed():
        pytest.skip(f"needs {peer.package}")
    timed = {}

    def measure(name, run):
        start = time.perf_counter()
        out = run()
        timed[name] = time.perf_counter() - start
        return out

    other = measure("peer_fit_s", lambda: peer().fit(X[sources], y[sources]))
    measure("peer_sample_s", lambda: other.sample(20_000))
    own = measure(
        "fit_s",
        lambda: FairDiffusionGenerator(random_state=0).fit(
            X[sources], y[sources], z[sources], domains[sources]
        ),
    )
    own.set_params(lambda_yz=0.0)
    measure("sample_s", lambda: benchmark.pedantic(own.sample, (20_000,)))
    own.set_params(lambda_yz="auto")
    measure("fair_sample_s", lambda: own.sample(20_000))
    report(benchmark, **timed)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_beside_the_processor(table, benchmark):
    X, y, *_ = table

    def fit(device, **params):
        return FairDiffusionGenerator(device=device, random_state=0, **params).fit(
            *table
        )

    fit("cuda", max_iter=2, lambda_yz=0).sample(100)  # what is set up once
    figures = {"threads": torch.get_num_threads()}
    for device in ("cuda", "cpu"):
        start = time.perf_counter()
        fitted = fit(device, lambda_yz=0)
        figures[f"fit_{device}_s"] = time.perf_counter() - start
        figures[f"iterations_{device}"] = fitted.n_iter_
        took = seconds(lambda fitted=fitted: fitted.sample(20_000))
        figures[f"sample_{device}_s"] = took
        quality = quality_report(X, fitted.sample(len(X))[0], random_state=0)
        figures[f"c2st_auc_{device}"] = quality.c2st_auc
        figures[f"pair_trends_{device}"] = quality.pair_trends_sdmetrics
    fitted.set_params(device="cuda")
    figures["sample_million_cuda_s"] = seconds(lambda: fitted.sample(1_000_000), 1)
    benchmark.pedantic(fitted.sample, (20_000,))
    report(benchmark, **figures)
