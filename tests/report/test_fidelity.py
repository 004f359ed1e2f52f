"""Column shapes and pair trends are those of SDMetrics."""

import numpy as np
import pandas as pd
import pytest

from skfadm.report import quality_report

from .tables import QUICK, mixed_table


@pytest.mark.filterwarnings("ignore")  # of SDMetrics
def test_shapes_and_trends_equal_those_of_sdmetrics():
    from sdmetrics.reports.single_table import QualityReport

    real, synthetic = mixed_table(400, 2), mixed_table(300, 3, shift=0.7)
    synthetic.loc[:40, "job"] = "astronaut"
    real = real.assign(constant=3.0, empty=np.nan)
    synthetic = synthetic.assign(constant=np.arange(300.0), empty=1.0)
    kinds = {"job": "categorical", "member": "boolean", "since": "datetime"}
    columns = {name: {"sdtype": kinds.get(name, "numerical")} for name in real}
    oracle = QualityReport()
    # Recent versions leave out pairs with a weak trend; published figures have all.
    oracle.real_correlation_threshold = oracle.real_association_threshold = 0
    oracle.generate(real, synthetic, {"columns": columns}, verbose=False)
    report = quality_report(real, synthetic, **QUICK)
    shapes = oracle.get_details("Column Shapes").set_index("Column")["Score"]
    shapes = shapes.fillna(0.0)  # of a column that is empty in one table
    np.testing.assert_allclose(report.column_scores, shapes, atol=1e-7)
    assert report.column_shapes == pytest.approx(shapes.mean(), abs=1e-7)
    trends = oracle.get_details("Column Pair Trends")
    mean = trends["Score"].mean()
    assert report.pair_trends_sdmetrics == pytest.approx(mean, abs=1e-10)
    for _, pair in trends.iterrows():
        names = pair["Column 1"], pair["Column 2"]
        if set(names) <= {"age", "gain", "since"}:  # the others have other bins
            ours = report.pair_scores.loc[names]
            np.testing.assert_allclose(ours, pair["Score"], atol=1e-10)
    pd.testing.assert_frame_equal(report.pair_scores, report.pair_scores.T)
    assert np.isnan(report.pair_scores.loc["constant", "age"])
    assert not np.isnan(report.pair_scores.loc["constant", "job"])


def test_pairs_with_numbers_are_counted_in_the_tenths_of_the_real_column():
    real, synthetic = mixed_table(400, 0), mixed_table(300, 1, shift=0.7)
    report = quality_report(real, synthetic, **QUICK)
    edges = np.unique(real["age"].quantile(np.arange(1, 10) / 10))
    shares = []
    for table in (real, synthetic):
        bins = np.searchsorted(edges, table["age"])
        cells = pd.DataFrame({"bin": bins, "job": table["job"].fillna("none")})
        cells.loc[table["age"].isna().to_numpy(), "bin"] = 99
        shares.append(cells.value_counts(normalize=True))
    lost = shares[0].sub(shares[1], fill_value=0).abs().sum() / 2
    assert report.pair_scores.loc["age", "job"] == pytest.approx(1 - lost)


def test_an_outlier_does_not_make_pairs_look_different():
    rng = np.random.default_rng(0)
    x, y = rng.exponential(size=(2, 2000)), rng.exponential(size=(2, 2000))
    tables = [
        pd.DataFrame({"x": a, "deny": np.where(b > a, "yes", "no")})
        for a, b in zip(x, y, strict=True)
    ]
    tables[1].loc[0, "x"] = 1000.0
    report = quality_report(*tables, **QUICK)
    assert report.pair_scores.loc["x", "deny"] > 0.93
    assert report.pair_trends_sdmetrics < 0.7
    assert "pair_trends" not in report.bad


def test_a_column_that_is_left_empty_scores_nothing_and_is_named():
    real, synthetic = np.random.default_rng(0).normal(size=(2, 400, 6))
    real, synthetic = (
        pd.DataFrame(t, columns=list("abcdef")) for t in (real, synthetic)
    )
    report = quality_report(real, synthetic.assign(c=np.nan), **QUICK)
    assert report.column_scores["c"] == 0.0
    assert (report.pair_scores["c"].dropna() == 0.0).all()
    assert {"column_shapes", "missing_values"} <= set(report.bad)
    for text in (str(report), report.to_html()):
        assert "no generated value in c." in text
    half = synthetic.assign(c=synthetic["c"].where(np.arange(400) < 200))
    report = quality_report(real, half, **QUICK)
    assert report.missing_values == report.missing_scores["c"] == 0.5
    assert report.missing_scores.drop("c").isna().all()
    assert "missing_values" in report.bad and "column_shapes" not in report.bad
    assert np.isnan(quality_report(real, synthetic, **QUICK).missing_values)


def test_tails_that_are_cut_are_marked_and_fresh_rows_are_not():
    rng = np.random.default_rng(0)
    real, fresh = np.minimum(0.2 * rng.lognormal(0, 1, (2, 3000)), 3.0)
    real[:40] = fresh[20:60] = 3.0
    cut = np.where(fresh > 1.0, 0.2, fresh)
    tables = [pd.DataFrame({"ratio": t, "x": fresh}) for t in (real, cut, fresh)]
    found = quality_report(tables[0], tables[1], **QUICK)
    numbers = found.numbers.loc["ratio"]
    np.testing.assert_allclose(
        numbers["real"], [real.mean(), real.std(), *np.quantile(real, [0.01, 0.99])]
    )
    assert numbers["off"].to_dict() == {
        "mean": True, "std": True, "1 %": False, "99 %": True
    }  # fmt: skip
    text = str(found).replace("\n", " ")
    assert f"ratio std {cut.std():.4g} (real {real.std():.4g})" in text
    assert found.to_html().count('<td class="n is-bad">') == 3
    assert not quality_report(tables[0], tables[2], **QUICK).numbers["off"].any()
