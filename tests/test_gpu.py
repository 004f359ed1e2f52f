"""On a GPU: pytest -m gpu."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch

from .generators import mixed_table, tiny

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"),
]


@pytest.fixture(scope="module", params=["auto", "cuda", "cuda:0"])
def fitted(request):
    return tiny(device=request.param).fit(*mixed_table())


def test_fitting_and_sampling_leave_the_state_of_the_gpu_alone():
    before = torch.cuda.get_rng_state()
    tiny(device="cuda").fit(*mixed_table()).sample(9)
    assert torch.equal(torch.cuda.get_rng_state(), before)


def test_a_generator_of_the_gpu_reproduces_with_its_seed(fitted):
    again = tiny(device=fitted.device).fit(*mixed_table())
    for name, weight in fitted.weights_.items():
        np.testing.assert_allclose(again.weights_[name], weight, rtol=1e-3, atol=1e-5)


def test_a_generator_of_the_gpu_samples_on_the_processor(fitted):
    assert b"torch" not in pickle.dumps(fitted)
    gpu, _ = fitted.sample(500)
    moved = pickle.loads(pickle.dumps(fitted)).set_params(device="cpu")
    cpu, _ = moved.sample(500)
    pd.testing.assert_series_equal(gpu["number"], cpu["number"], rtol=0.02, atol=0.02)
    # A draw at the edge between two categories may fall to either side.
    assert (gpu["word"].fillna("none") == cpu["word"].fillna("none")).mean() > 0.98
