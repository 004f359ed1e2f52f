"""What scikit-learn's `transform_output` says is for the user's own transformers."""

import numpy as np
import pandas as pd
import pytest
import sklearn

from benchmarks.downstream import classifiers
from skfadm import SyntheticDataClassifier, audit_groups, quality_report
from skfadm.baselines import VAE

from .baselines.generators import tiny as tiny_baseline
from .generators import mixed_table, tiny

X, Y, Z, DOMAINS = mixed_table(100)
FULL = X[["number", "word"]]  # no classifier minds a missing word


@pytest.fixture(params=["pandas", "polars"])
def output(request):
    pytest.importorskip(request.param)
    with sklearn.config_context(transform_output=request.param):
        yield


def same(compute):
    """Compute twice, in the user's setting and in scikit-learn's own."""
    found = compute()
    with sklearn.config_context(transform_output="default"):
        expected = compute()
    for one, other in zip(found, expected, strict=True):
        assert type(one) is type(other)
        pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other))


@pytest.mark.parametrize("as_array", [False, True])
def test_generators_fit_sample_and_adapt(output, as_array):
    rows = X[["number", "gap"]].to_numpy() if as_array else X

    def compute():
        return tiny().fit(rows, Y, Z, DOMAINS).adapt(rows).sample(40)

    same(compute)


def test_baselines_fit_and_sample(output):
    same(lambda: tiny_baseline(VAE).fit(X, Y, Z).sample(40))


@pytest.mark.parametrize(
    "classifier", [None, classifiers(0)["LR"]], ids=["own", "paper"]
)
def test_classifiers_of_generated_rows_predict(output, classifier):
    def compute():
        model = SyntheticDataClassifier(tiny(), classifier, random_state=0)
        return [model.fit(FULL, Y, Z, DOMAINS).predict_proba(FULL)]

    same(compute)


def test_reports_measure(output):
    half = np.arange(len(X)) % 2 == 0
    real, synthetic = (FULL[half], Y[half]), (FULL[~half], Y[~half])

    def compute():
        quality = quality_report(real[0], synthetic[0], random_state=0).to_frame()
        audit = audit_groups(real, synthetic, Z[half])
        return [quality, audit.rates, audit.summary]

    same(compute)
