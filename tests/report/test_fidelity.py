"""Column shapes and pair trends are those of SDMetrics."""

import numpy as np
import pandas as pd
import pytest

from skfadm.report import quality_report

from . import sdmetrics_scores
from .mixed_tables import QUICK, mixed_table


def odd_tables():
    """Constant, empty and unseen values beside the usual ones."""
    real, synthetic = mixed_table(200, 2), mixed_table(250, 3)
    synthetic.loc[:40, "job"] = "astronaut"
    return (
        real.assign(constant=3.0, empty=np.nan),
        synthetic.assign(constant=np.arange(250.0), empty=1.0),
    )


TABLES = {
    "complete": (mixed_table(400, 0, 0.0), mixed_table(300, 1, 0.0, shift=0.7)),
    "with gaps": (mixed_table(400, 0, 0.15), mixed_table(300, 1, 0.15, shift=0.7)),
    "odd": odd_tables(),
}


@pytest.mark.filterwarnings("ignore")  # of SDMetrics
@pytest.mark.parametrize("name", TABLES)
def test_shapes_and_trends_equal_those_of_sdmetrics(name):
    real, synthetic = TABLES[name]
    report = quality_report(real, synthetic, **QUICK)
    oracle = sdmetrics_scores.quality(real, synthetic)
    shapes = oracle.get_details("Column Shapes").set_index("Column")["Score"]
    np.testing.assert_allclose(report.column_scores, shapes, atol=1e-7)
    trends = oracle.get_details("Column Pair Trends")
    assert len(trends) == len(real.columns) * (len(real.columns) - 1) / 2
    for _, pair in trends.iterrows():
        ours = report.pair_scores.loc[pair["Column 1"], pair["Column 2"]]
        np.testing.assert_allclose(ours, pair["Score"], atol=1e-10)
    pd.testing.assert_frame_equal(report.pair_scores, report.pair_scores.T)
    assert report.column_shapes == pytest.approx(shapes.mean(), abs=1e-7)
    mean = trends["Score"].mean()
    assert report.pair_trends == pytest.approx(mean, abs=1e-10)
    if name == "odd":
        assert np.isnan(report.column_scores["empty"])
        assert np.isnan(report.pair_scores.loc["constant", "age"])
        assert not np.isnan(report.pair_scores.loc["constant", "job"])
    else:
        means = oracle.get_properties().set_index("Property")["Score"]
        assert report.pair_trends == pytest.approx(means["Column Pair Trends"])


def test_correlations_survive_a_large_mean_and_a_tiny_scale():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 1)) + 0.5 * rng.normal(size=(200, 3))
    far = x * [1e-6, 1.0, 1e6] + [1.0, 1e6, 1e12]
    other = rng.normal(size=(200, 3))
    near_scores = quality_report(x, other, **QUICK).pair_scores
    far_scores = quality_report(far, other, **QUICK).pair_scores
    np.testing.assert_allclose(near_scores, far_scores, atol=1e-5)
