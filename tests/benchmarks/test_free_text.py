"""Time and memory of free text: run with ``-m benchmark -s tests/benchmarks``."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest

from benchmarks.scale import measured
from skfadm import FairDiffusionGenerator

pytestmark = pytest.mark.benchmark
N = 20_000


def figures():
    """Return seconds and peak MB of fitting ten iterations and of sampling."""
    rng = np.random.default_rng(0)
    words = np.array([f"word{i}" for i in range(2000)])
    texts = [" ".join(row) for row in rng.choice(words, (N, 12))]
    X = pd.DataFrame({"x": rng.normal(size=N), "text": texts})
    y = (X["x"] > 0).astype(int)
    generator = FairDiffusionGenerator(max_iter=10, random_state=0)
    with pytest.warns(UserWarning, match="free text"):
        fit_s, fit_mb = measured(lambda: generator.fit(X, y))
    sample_s, sample_mb = measured(lambda: generator.sample(N))
    assert not set(generator.sample(1000)[0]["text"]) & set(texts)
    return {"fit_s": fit_s, "fit_mb": fit_mb, "sample_s": sample_s, "mb": sample_mb}


def test_free_texts_cost_as_little_as_words():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = pool.submit(figures).result()
    print("\n" + "  ".join(f"{name} {value:.3g}" for name, value in found.items()))
    # 133 s and 3.9 GB as a category of 20,000 words.
    assert found["fit_mb"] < 500
    assert found["mb"] < 500
