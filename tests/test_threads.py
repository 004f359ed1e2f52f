"""Fits and samples in threads, and what belongs to the whole process."""

import ast
import pkgutil
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import pandas as pd
import pytest
import torch
from sklearn.base import clone

import skfadm
from skfadm.baselines import FADM

from .baselines.generators import BASELINES
from .baselines.generators import tiny as tiny_baseline
from .conftest import process_wide
from .generators import TINY, mixed_table, tiny

GENERATORS = [tiny(), FADM(**TINY, random_state=0), *map(tiny_baseline, BASELINES)]
TABLE = mixed_table()


def name_of(estimator):
    return type(estimator).__name__


def weights(estimator):
    return [w.tobytes() for w in estimator.weights_.values()]


@pytest.fixture(scope="module", params=GENERATORS, ids=name_of)
def fitted(request):
    return clone(request.param).fit(*TABLE)


@pytest.mark.parametrize("estimator", GENERATORS, ids=name_of)
def test_fits_in_threads_learn_the_bits_of_fits_in_turn(estimator):
    # Long enough for threads to get in each other's way.
    longer = clone(estimator).set_params(max_iter=10)
    jobs = [clone(longer).set_params(random_state=seed) for seed in (0, 0, 1, 2)]
    in_turn = [weights(clone(job).fit(*TABLE)) for job in jobs]
    assert in_turn[0] == in_turn[1] != in_turn[2] != in_turn[3]
    in_threads = joblib.Parallel(n_jobs=4, backend="threading")(
        joblib.delayed(job.fit)(*TABLE) for job in jobs
    )
    assert [weights(job) for job in in_threads] == in_turn


def test_a_server_of_eight_threads_gives_the_rows_of_one(fitted):
    requests = [{"n_samples": 40, "random_state": i % 5} for i in range(16)]
    one = [fitted.sample(**request) for request in requests]
    with ThreadPoolExecutor(8) as server:
        eight = list(server.map(lambda request: fitted.sample(**request), requests))
    for (X, y), (X_one, y_one) in zip(eight, one, strict=True):
        pd.testing.assert_frame_equal(X, X_one, check_exact=True)
        pd.testing.assert_series_equal(y, y_one)


@pytest.mark.parametrize("random_state", [0, None])
@pytest.mark.parametrize("estimator", GENERATORS, ids=name_of)
def test_nothing_that_belongs_to_the_process_changes_even_for_a_while(
    estimator, random_state, three_threads, monkeypatch
):
    seen = []

    def watch(name):
        real = pkgutil.resolve_name(name)

        def look(*args, **kwargs):
            seen.append(process_wide())
            return real(*args, **kwargs)

        monkeypatch.setattr(name, look)

    watch("skfadm.diffusion.training.meta_gradients")
    watch("skfadm.baselines._training.Cosine.factor")
    before = process_wide()
    fitted = clone(estimator).set_params(random_state=random_state).fit(*TABLE)
    seen.append(process_wide())
    fitted.sample(600)
    seen.append(process_wide())
    assert all(state == before for state in seen)
    with ThreadPoolExecutor(1) as later:
        assert later.submit(torch.get_num_threads).result() == 3


#: What seeds, or draws from, generators of the whole process, or sets what holds for
#: all threads. (`nn.Linear` draws its first weights; that of `diffusion.layers` waits.)
PROCESS_WIDE = re.compile(
    r"torch\.(?:(?:random|cuda)\.)?(?:fork_rng|manual_seed\w*|seed|set_rng_state)"
    r"|torch\.(?:default_generator|set_\w+|use_deterministic_algorithms|backends\..*)"
    r"|(?:torch\.)?nn\.(?:Linear|Embedding|Dropout)\(.*"
    r"|(?:np|numpy)\.random\.(?!(?:default_rng|Generator|RandomState|SeedSequence)\b)\w+"
    r"|(?:np|numpy)\.(?:seterr|set_printoptions)"
    r"|(?:sklearn\.)?set_config|warnings\.(?:simplefilter|filterwarnings)"
    r"|random\.\w+|os\.environ\[.*|pd\.(?:set_option|option_context)"
)


def expressions(path):
    """Yield the names, attributes and calls in a file's code."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
            yield ast.unparse(node)


def test_no_line_of_the_package_touches_what_belongs_to_the_process():
    root = Path(skfadm.__file__).parent
    found = {
        (path.relative_to(root).as_posix(), expression)
        for path in root.rglob("*.py")
        for expression in expressions(path)
        if PROCESS_WIDE.fullmatch(expression)
    }
    # The command line hides warnings in a process of its own. Pages are drawn under a
    # lock: matplotlib's style is that of the process, too, and is put back.
    drawn = ("report/_page.py", "warnings.filterwarnings")
    assert not {f for f in found if f[0].split("/")[0] != "cli"} - {drawn}
