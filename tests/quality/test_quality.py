"""Tests of skfadm.quality: figures against SDMetrics, brute force and known cases."""

import pickle
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from skfadm.quality import QualityDisplay, QualityReport, quality_report
from skfadm.quality._coverage import alpha_precision_beta_recall
from skfadm.quality._neighbours import distance_to_centre, nearest, scale_numbers
from skfadm.quality._privacy import (
    copied_share,
    distance_ratio,
    membership_auc,
    nearer_share,
    repeated_share,
)
from skfadm.quality._tables import read_tables
from skfadm.quality._trees import ovr_auc, real_or_generated_auc


def mixed_table(n, seed, missing=0.1, shift=0.0):
    """A table of numbers, categories, a date and a label that depend on each other."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n) + shift
    b = a + rng.normal(size=n)
    job = np.array(["clerk", "cook", "judge", "pilot"], dtype=object)[
        np.digitize(b, [-1, 0.5, 2])
    ]
    frame = pd.DataFrame(
        {
            "age": np.round(40 + 10 * a),
            "gain": np.where(rng.random(n) < 0.8, 0.0, np.exp(b)),
            "job": job,
            "member": rng.random(n) < 1 / (1 + np.exp(-a)),
            "since": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(rng.integers(0, 900, n), unit="D"),
        }
    )
    for column in ("age", "gain", "job", "since"):
        frame.loc[rng.random(n) < missing, column] = None
    return frame


def correlated(n, seed):
    """Continuous rows: no two are equal, so that a copy cannot be an accident."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4)) @ rng.normal(size=(4, 4))
    frame = pd.DataFrame(x, columns=list("abcd"))
    return frame.assign(e=np.where(x[:, 0] + x[:, 1] > 0, "up", "down"))


def halves(n, seed=0, parts=2):
    rows = correlated(n * parts, 0).sample(frac=1, random_state=seed)
    return [rows.iloc[k * n : (k + 1) * n] for k in range(parts)]


# --- column shapes and pair trends against SDMetrics -------------------------------


def sdmetrics_scores(real, synthetic, types):
    from sdmetrics.reports.single_table import QualityReport as Oracle

    oracle = Oracle()
    # Recent versions leave out pairs with a weak trend; published figures have all.
    oracle.real_correlation_threshold = oracle.real_association_threshold = 0
    columns = {name: {"sdtype": kind} for name, kind in types.items()}
    oracle.generate(real, synthetic, {"columns": columns}, verbose=False)
    return oracle


TYPES = {
    "age": "numerical",
    "gain": "numerical",
    "job": "categorical",
    "member": "boolean",
    "since": "datetime",
}


@pytest.mark.filterwarnings("ignore")  # of SDMetrics
@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_shapes_and_trends_equal_those_of_sdmetrics(missing):
    real = mixed_table(400, 0, missing)
    synthetic = mixed_table(300, 1, missing, shift=0.7)
    report = quality_report(real, synthetic, random_state=0)
    oracle = sdmetrics_scores(real, synthetic, TYPES)

    shapes = oracle.get_details("Column Shapes").set_index("Column")["Score"]
    assert report.column_scores.to_dict() == pytest.approx(shapes.to_dict(), abs=1e-12)
    trends = oracle.get_details("Column Pair Trends")
    assert len(trends) == 10
    for _, pair in trends.iterrows():
        ours = report.pair_scores.loc[pair["Column 1"], pair["Column 2"]]
        assert ours == pytest.approx(pair["Score"], abs=1e-10)
        assert ours == report.pair_scores.loc[pair["Column 2"], pair["Column 1"]]
    means = oracle.get_properties().set_index("Property")["Score"]
    assert report.column_shapes == pytest.approx(means["Column Shapes"], abs=1e-12)
    assert report.pair_trends == pytest.approx(means["Column Pair Trends"], abs=1e-10)


@pytest.mark.filterwarnings("ignore")
def test_constant_empty_and_unseen_values_are_treated_as_sdmetrics_does():
    real, synthetic = mixed_table(200, 2), mixed_table(250, 3)
    real["constant"], synthetic["constant"] = 3.0, np.arange(250.0)
    real["empty"] = np.nan
    synthetic["empty"] = 1.0
    synthetic.loc[:40, "job"] = "astronaut"
    types = TYPES | {"constant": "numerical", "empty": "numerical"}
    report = quality_report(real, synthetic, random_state=0)
    oracle = sdmetrics_scores(real, synthetic, types)
    shapes = oracle.get_details("Column Shapes").set_index("Column")["Score"]
    np.testing.assert_allclose(report.column_scores, shapes, atol=1e-7)
    assert np.isnan(report.column_scores["empty"])
    trends = oracle.get_details("Column Pair Trends")
    assert len(trends) == 21
    for _, pair in trends.iterrows():
        ours = report.pair_scores.loc[pair["Column 1"], pair["Column 2"]]
        np.testing.assert_allclose(ours, pair["Score"], atol=1e-10)
    assert np.isnan(report.pair_scores.loc["constant", "age"])
    assert not np.isnan(report.pair_scores.loc["constant", "job"])


def test_correlations_survive_a_large_mean_and_a_tiny_scale():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 1)) + 0.5 * rng.normal(size=(200, 3))
    far = x * [1e-6, 1.0, 1e6] + [1.0, 1e6, 1e12]
    other = rng.normal(size=(200, 3))
    near_scores = quality_report(x, other, random_state=0).pair_scores
    far_scores = quality_report(far, other, random_state=0).pair_scores
    np.testing.assert_allclose(near_scores, far_scores, atol=1e-5)


def test_dtypes_do_not_matter_only_values_do():
    real, synthetic = mixed_table(120, 4), mixed_table(120, 5)
    plain = quality_report(real, synthetic, random_state=0)
    typed = synthetic.assign(
        age=synthetic["age"].astype("Int64"),
        gain=synthetic["gain"].astype("Float32").astype("Float64"),
        job=synthetic["job"].astype("category"),
        member=synthetic["member"].astype("boolean"),
        since=synthetic["since"].astype("datetime64[s]"),
    )
    typed["gain"] = synthetic["gain"].astype("Float64")
    found = quality_report(
        real.assign(job=real["job"].astype("string")), typed, random_state=0
    )
    pd.testing.assert_frame_equal(plain.to_frame(), found.to_frame())


def test_columns_of_frames_are_matched_by_name():
    real, synthetic = mixed_table(60, 0), mixed_table(60, 1)
    one = quality_report(real, synthetic, random_state=0)
    other = quality_report(real, synthetic[synthetic.columns[::-1]], random_state=0)
    pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())


def test_codes_in_an_array_can_be_declared_categories():
    rng = np.random.default_rng(0)
    real, synthetic = rng.integers(0, 4, (2, 80, 3))
    as_codes = quality_report(
        real, synthetic, categorical_features=[0, 1, 2], random_state=0
    )
    words = np.array(["p", "q", "r", "s"], dtype=object)
    as_words = quality_report(words[real], words[synthetic], random_state=0)
    pd.testing.assert_frame_equal(as_codes.to_frame(), as_words.to_frame())


# --- distances ---------------------------------------------------------------------


def encoded(*frames):
    tables = read_tables({f"t{k}": frame for k, frame in enumerate(frames)})
    values = list(tables.values.values())
    return scale_numbers(values, tables.is_category, len(values)), tables.is_category


def one_hot(rows, is_category, n_codes):
    """Numbers and one-hot blocks times 1/2: L1 distances there are Gower's."""
    blocks = [rows[:, ~is_category]]
    blocks += [
        np.eye(n_codes)[rows[:, j].astype(int)] / 2 for j in np.where(is_category)[0]
    ]
    return np.hstack(blocks)


@pytest.mark.filterwarnings("ignore")
def test_nearest_distances_equal_those_of_sdmetrics_with_missing_values():
    from sdmetrics.single_table.privacy.dcr_utils import calculate_dcr

    real, synthetic = mixed_table(90, 0, 0.2), mixed_table(70, 1, 0.2)
    edges = real[["age", "gain", "since"]].agg(["min", "max"])
    for column in edges:  # SDMetrics caps differences beyond the real range
        synthetic[column] = synthetic[column].clip(*edges[column])
    columns = {name: {"sdtype": kind} for name, kind in TYPES.items()}
    expected = calculate_dcr(synthetic, real, {"columns": columns}) * len(TYPES)
    tables = read_tables({"real": real, "synthetic": synthetic})
    rows = scale_numbers(list(tables.values.values()), tables.is_category, over=1)
    found, _ = nearest(rows[1], rows[0], tables.is_category)
    np.testing.assert_allclose(found[:, 0], expected, atol=2e-9)


@pytest.mark.parametrize("block", [1, 500, 100_000])
def test_both_neighbours_equal_brute_force_in_the_one_hot_space(monkeypatch, block):
    monkeypatch.setattr("skfadm.quality._neighbours._BLOCK", block)
    (a, b), is_category = encoded(mixed_table(70, 0, 0.0), mixed_table(50, 1, 0.0))
    full = cdist(*(one_hot(t, is_category, 4) for t in (a, b)), "cityblock")
    distances, index = nearest(a, b, is_category)
    np.testing.assert_allclose(distances, np.sort(full, axis=1)[:, :2], atol=2e-9)
    np.testing.assert_allclose(full[np.arange(70), index], full.min(axis=1), atol=2e-9)
    full = cdist(*[one_hot(a, is_category, 4)] * 2, "cityblock")
    np.fill_diagonal(full, np.inf)
    among, _ = nearest(a, a, is_category, skip_self=True)
    np.testing.assert_allclose(among, np.sort(full, axis=1)[:, :2], atol=2e-9)


def test_distance_to_centre_is_that_to_the_mean_of_the_one_hot_rows():
    (a, b), is_category = encoded(mixed_table(70, 0, 0.0), mixed_table(50, 1, 0.0))
    centre = one_hot(b, is_category, 4).mean(axis=0)
    expected = np.abs(one_hot(a, is_category, 4) - centre).sum(axis=1)
    np.testing.assert_allclose(
        distance_to_centre(a, b, is_category), expected, atol=2e-9
    )


def test_distance_to_centre_counts_missing_numbers_as_a_part_of_the_mixture():
    of = np.array([[0.0], [1.0], [np.nan], [np.nan]])
    rows = np.array([[0.5], [1.0], [np.nan]])
    found = distance_to_centre(rows, of, np.array([False]))
    np.testing.assert_allclose(found, [0.5, 0.75, 0.5])


def test_alpha_precision_and_beta_recall_follow_their_definition():
    (a, b), is_category = encoded(mixed_table(60, 0, 0.0), mixed_table(60, 1, 0.0, 0.5))
    real, syn = (one_hot(t, is_category, 4) for t in (a, b))
    levels = np.linspace(0, 1, 30)
    centre, syn_centre = real.mean(axis=0), syn.mean(axis=0)
    to_centre = np.abs(real - centre).sum(axis=1).round(9)
    precision, recall = [], []
    between, among = cdist(real, syn, "cityblock").round(9), None
    among = cdist(real, real, "cityblock").round(9)
    closest_depth = np.array(
        [np.abs(syn[row.argmin()] - syn_centre).sum() for row in between]
    ).round(9)
    for level in levels:
        radius = np.quantile(to_centre, level)
        inside = [np.abs(s - centre).sum().round(9) <= radius for s in syn]
        precision.append(np.mean(inside))
        depth = np.quantile(closest_depth, level)
        hits = 0
        for i in range(len(real)):
            own = np.delete(among[i], i).min()
            hits += between[i].min() <= own and closest_depth[i] <= depth
        recall.append(hits / len(real))
    expected = [
        1 - np.abs(np.array(curve) - levels).sum() / levels.sum()
        for curve in (precision, recall)
    ]
    found = alpha_precision_beta_recall(a, b, is_category)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_beta_recall_is_half_for_fresh_rows_and_one_for_a_copy():
    a, b = np.random.default_rng(0).normal(size=(2, 1500, 3))
    numbers = np.zeros(3, dtype=bool)
    precision, recall = alpha_precision_beta_recall(a, b, numbers)
    assert precision > 0.95
    assert recall == pytest.approx(0.5, abs=0.05)
    assert alpha_precision_beta_recall(a, a, numbers) == pytest.approx((1, 1), abs=0.01)


def test_a_row_that_repeats_is_covered_by_an_equal_synthetic_row():
    twice = np.repeat(np.random.default_rng(0).normal(size=(200, 2)), 2, axis=0)
    _, recall = alpha_precision_beta_recall(twice, twice, np.zeros(2, dtype=bool))
    assert recall > 0.98


# --- privacy -----------------------------------------------------------------------


def test_ties_count_half_in_the_dcr_share():
    share = nearer_share(np.array([0.0, 1, 1, 5]), np.array([1.0, 1, 1, 2]))
    assert share == (1 + 0.5 + 0.5 + 0) / 4


def test_equal_steps_are_ties_whatever_the_floating_point_error():
    ages = np.array([[17.0], [90.0]])
    train, holdout, synthetic = [[30.0]], [[32.0]], [[31.0]]
    tables = [np.array(t) for t in (train, holdout, synthetic)]
    rows = scale_numbers([ages, *tables], np.array([False]), over=1)[1:]
    # A second row is there only because two neighbours are sought.
    bases = [np.vstack([t, [[1.0]]]) for t in rows[:2]]
    found = [nearest(rows[2], base, np.array([False]))[0][:, 0] for base in bases]
    assert nearer_share(*found) == 0.5


def test_distance_ratio_is_one_where_the_nearest_row_is_not_alone():
    assert distance_ratio(np.array([[0.0, 0.0], [1.0, 4.0], [0.0, 2.0]])) == (
        pytest.approx((1 + 0.25 + 0) / 3)
    )


def test_copies_are_rows_equal_in_every_column():
    table = np.array([[1, np.nan], [1, 2], [0.0, 3], [0.0, 3]])
    rows = np.array([[1, np.nan], [-0.0, 3], [1, 3], [2, np.nan]])
    assert copied_share(rows, table) == 0.5
    assert repeated_share(table) == 0.5


def test_membership_auc_is_the_share_of_pairs_ranked_right():
    (train, holdout, synthetic), is_category = encoded(
        *(mixed_table(40, seed, 0.0) for seed in range(3))
    )
    hot = [one_hot(t, is_category, 4) for t in (train, holdout, synthetic)]
    member, other = (
        cdist(t, hot[2], "cityblock").min(axis=1).round(9) for t in hot[:2]
    )
    gap = other - member[:, None]
    expected = np.mean((gap > 0) + 0.5 * (gap == 0))
    found = membership_auc(train, holdout, synthetic, is_category)
    assert found == pytest.approx(expected)


# --- trees -------------------------------------------------------------------------


class Recorder(DummyClassifier):
    """Notes what it is trained on and ranks rows by their first column."""

    seen: list = []

    def fit(self, X, y):
        Recorder.seen.append((X, y))
        return super().fit(X, y)

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-X[:, 0]))
        return np.column_stack([1 - p, p])


def test_real_or_generated_test_is_balanced_and_stratified():
    Recorder.seen = []
    rng = np.random.RandomState(0)
    real, other = rng.normal(size=(300, 2)), rng.normal(2, 1, size=(90, 2))
    areas = real_or_generated_auc(real, other, rng, Recorder())
    assert [np.bincount(y).tolist() for _, y in Recorder.seen] == [[60, 60]] * 3
    # The closed form for N(0, 1) against N(2, 1): Phi(2 / sqrt(2)) = 0.921.
    assert areas.mean() == pytest.approx(0.921, abs=0.04)
    report = quality_report(real, other, detector=Recorder(), random_state=0)
    assert report.c2st_auc == pytest.approx(0.921, abs=0.04)
    assert report.c2st_score == pytest.approx(2 - 2 * report.c2st_auc)


def test_c2st_score_counts_folds_below_chance_as_chance():
    class Below(Recorder):
        def predict_proba(self, X):
            return super().predict_proba(X)[:, ::-1]

    rng = np.random.RandomState(0)
    real, other = rng.normal(size=(60, 2)), rng.normal(2, 1, size=(60, 2))
    report = quality_report(real, other, detector=Below(), random_state=0)
    assert report.c2st_auc < 0.2
    assert report.c2st_score == 1.0


def test_auc_of_several_classes_is_sklearns_one_against_the_rest():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, 200)
    p = rng.dirichlet(np.ones(4), 200) + np.eye(4)[y]
    p /= p.sum(axis=1, keepdims=True)
    expected = roc_auc_score(y, p, multi_class="ovr")
    assert ovr_auc(y, p, np.arange(4)) == pytest.approx(expected)
    unseen = ovr_auc(y, p[:, :3], np.arange(3))
    per_class = [roc_auc_score(y == c, p[:, c]) for c in range(3)]
    assert unseen == pytest.approx((sum(per_class) + 0.5) / 4)


def test_train_on_synthetic_figures_are_those_of_a_booster_tested_on_the_holdout():
    X, y = load_iris(return_X_y=True)
    rng = np.random.default_rng(0)
    rows = rng.permutation(150)
    real, hold = rows[:90], rows[90:]
    noisy = X[real] + rng.normal(0, 0.8, (90, 4))
    words = np.array(["setosa", "versicolor", "virginica"])[y]
    report = quality_report(
        X[real],
        noisy,
        words[real],
        words[real],
        holdout=X[hold],
        y_holdout=words[hold],
        random_state=0,
    )
    for train, figures in (
        (noisy, (report.tstr_auc, report.tstr_accuracy)),
        (X[real], [report.reference[k] for k in ("tstr_auc", "tstr_accuracy")]),
    ):
        model = HistGradientBoostingClassifier().fit(train, words[real])
        p = model.predict_proba(X[hold])
        auc = roc_auc_score(words[hold], p, multi_class="ovr")
        accuracy = accuracy_score(words[hold], model.predict(X[hold]))
        assert figures == pytest.approx((auc, accuracy))


def test_labels_join_the_tables_as_one_more_column():
    frame = mixed_table(80, 0, 0.0)
    y = pd.Series(np.where(frame["age"] > 40, "old", "young"), name="group")
    alone = quality_report(frame, frame, y, y, random_state=0)
    joined = quality_report(
        frame.assign(group=y), frame.assign(group=y), random_state=0
    )
    assert list(alone.column_scores.index) == [*frame.columns, "group"]
    for name in ("c2st_auc", "pair_trends", "beta_recall", "copies"):
        assert getattr(alone, name) == getattr(joined, name)
    assert np.isnan(joined.tstr_auc)


def test_a_generator_of_one_label_is_measured_and_marked():
    frame = mixed_table(90, 0, 0.0)
    y = (frame["age"] > 40).to_numpy().astype(int)
    report = quality_report(frame, frame, y, np.ones_like(y), random_state=0)
    assert report.tstr_auc == 0.5
    assert report.tstr_accuracy == pytest.approx(y.mean(), abs=1e-6)
    assert "tstr_auc" in report.bad


# --- known generators --------------------------------------------------------------


def test_fresh_real_rows_are_found_perfect():
    real, holdout, fresh = halves(500, parts=3)
    report = quality_report(real, fresh, holdout=holdout, random_state=0)
    assert report.c2st_auc == pytest.approx(0.5, abs=0.06)
    assert report.dcr_share == pytest.approx(0.5, abs=0.06)
    assert report.membership_auc == pytest.approx(0.5, abs=0.06)
    assert report.beta_recall == pytest.approx(report.reference["beta_recall"], abs=0.1)
    assert report.copies == report.reference["copies"] == 0
    assert report.bad == ()


def test_a_copier_is_found_by_every_privacy_figure_and_passes_as_faithful():
    real, holdout = halves(400)
    report = quality_report(real, real, holdout=holdout, random_state=0)
    assert report.dcr_share == report.membership_auc == report.copies == 1.0
    assert report.nndr == 0.0
    assert set(report.bad) == {"dcr_share", "nndr", "copies", "membership_auc"}


def test_copies_are_found_without_a_holdout_too():
    real, _ = halves(300)
    report = quality_report(real, real, random_state=0)
    assert {"nndr", "copies"} <= set(report.bad)
    assert np.isnan(report.dcr_share) and np.isnan(report.membership_auc)


def test_independent_columns_fail_where_the_joint_distribution_counts():
    real, holdout = halves(600)
    rng = np.random.default_rng(0)
    shuffled = real.apply(lambda column: rng.permutation(column))
    report = quality_report(real, shuffled, holdout=holdout, random_state=0)
    assert report.column_shapes == 1.0
    assert report.pair_trends < 0.9
    assert min(report.c2st_auc, report.c2st_auc_holdout) > 0.7
    assert {"pair_trends", "c2st_auc", "beta_recall"} <= set(report.bad)
    assert not {"dcr_share", "nndr", "copies", "membership_auc"} & set(report.bad)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("with_holdout", [True, False])
def test_small_tables_of_many_categories_are_not_called_bad_by_chance(
    seed, with_holdout
):
    rng = np.random.default_rng(seed)
    real, fresh, holdout = rng.integers(0, 8, (3, 60, 5)).astype(str)
    report = quality_report(
        real,
        fresh,
        holdout=holdout if with_holdout else None,
        detector=DecisionTreeClassifier(max_depth=3),
        random_state=0,
    )
    assert report.pair_trends < 0.9  # 64 cells, 60 rows
    assert report.bad == ()


# --- randomness --------------------------------------------------------------------


def test_a_seed_fixes_every_figure_and_the_global_state_is_left_alone():
    real, holdout, fresh = halves(120, parts=3)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    reports = [
        quality_report(
            real,
            fresh,
            holdout=holdout,
            detector=DecisionTreeClassifier(max_depth=3),
            max_rows=50,
            random_state=seed,
        )
        for seed in (3, 3, 4)
    ]
    assert (before == np.random.get_state()[1]).all()  # noqa: NPY002
    first, second, other = (report.to_frame() for report in reports)
    pd.testing.assert_frame_equal(first, second)
    assert not first["value"].equals(other["value"])


def test_a_figure_does_not_change_when_a_holdout_is_added():
    real, holdout, fresh = halves(120, parts=3)
    without = quality_report(real, fresh, random_state=0)
    added = quality_report(real, fresh, holdout=holdout, random_state=0)
    assert without.c2st_auc == added.c2st_auc
    assert without.column_shapes == added.column_shapes


# --- the report --------------------------------------------------------------------


@pytest.fixture(scope="module")
def report() -> QualityReport:
    real, holdout = halves(150)
    real = real.rename(columns={"a": "<b>a</b>"})
    holdout = holdout.rename(columns={"a": "<b>a</b>"})
    return quality_report(real, real, holdout=holdout, random_state=0)


def test_report_prints_one_line_a_figure_by_group_and_marks_the_bad_ones(report):
    text = str(report)
    line = next(part for part in text.splitlines() if "DCR share" in part)
    assert line.split() == [
        "privacy", "DCR", "share", "1.000", "above", "0.632", "BAD"
    ]  # fmt: skip
    for group in ("fidelity", "privacy"):
        assert sum(line.startswith(group) for line in text.splitlines()) == 1
    assert "BAD DCR share: synthetic rows lie nearer" in text
    assert "train-on-synthetic" not in text  # no labels, so not measured
    assert max(map(len, text.splitlines()[:20])) <= 80
    assert "4 bad" in repr(report)


def test_report_in_html_is_grouped_coloured_escaped_and_has_tooltips(report):
    html = report._repr_html_()
    measured = report.to_frame().dropna(subset="value")
    for title in measured["measure"]:
        assert html.count(f">{title}</th>") == 1
    assert html.count(">privacy</th>") == 1
    table = report.style.export()["apply"]
    assert table  # coloured
    assert "Are synthetic rows nearer to training rows" in html  # a tooltip
    assert "&lt;b&gt;a&lt;/b&gt;" in html and "<b>a</b>" not in html


def test_bad_figures_have_another_colour_than_good_ones(report):
    from bs4 import BeautifulSoup

    page = BeautifulSoup(report.style.to_html(), "html.parser")
    css = page.find("style").text
    colour = {}
    for rule in css.split("}"):
        selectors, _, body = rule.partition("{")
        for selector in selectors.split(","):
            if "background-color: rgba" in body:
                colour[selector.strip().lstrip("#")] = body
    by_bad = {True: set(), False: set()}
    for row in page.find("tbody").find_all("tr"):
        cells = row.find_all("td")
        if cells[2].text:  # has a limit
            by_bad["BAD" in cells[3].text].add(colour[cells[0]["id"]])
    assert len(by_bad[True]) == len(by_bad[False]) == 1
    assert by_bad[True] != by_bad[False]


def test_report_frame_has_every_figure_and_its_limit(report):
    frame = report.to_frame()
    assert " ".join(frame.columns) == "group measure value reference limit bad"
    assert set(frame["group"]) == {"fidelity", "use", "privacy"}
    for name, row in frame.iterrows():
        assert row["value"] == getattr(report, name) or np.isnan(row["value"])
    # 0.55 and two standard errors of a share of 150
    assert frame.loc["dcr_share", "limit"] == pytest.approx(0.55 + 1 / np.sqrt(150))


def test_report_pickles_and_keeps_no_rows(report):
    again = pickle.loads(pickle.dumps(report))
    assert str(again) == str(report)
    assert max(m.real.size for m in report.marginals) <= 31


# --- bad input ---------------------------------------------------------------------

GOOD = mixed_table(30, 0)
LABELS = np.repeat([0, 1], 15)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"synthetic": GOOD.drop(columns="job")}, ValueError, r"missing \['job'\]"),
        ({"synthetic": GOOD.assign(new=1)}, ValueError, r"synthetic.*\['new'\]"),
        ({"synthetic": GOOD.iloc[:0]}, ValueError, r"synthetic.*\(0, 5\)"),
        ({"real": GOOD.iloc[:9]}, ValueError, r"real must have at least 10 rows"),
        ({"holdout": GOOD.iloc[:3]}, ValueError, r"holdout must have at least 10"),
        ({"synthetic": np.zeros(30)}, ValueError, r"two dimensions.*\(30,\)"),
        ({"synthetic": GOOD.assign(age="old")}, TypeError, r"synthetic.*'age'"),
        ({"synthetic": GOOD.assign(job=7)}, TypeError, r"synthetic.*'job'"),
        ({"synthetic": GOOD.assign(age=np.inf)}, ValueError, r"'age' has an infinity"),
        ({"real": pd.concat([GOOD, GOOD], axis=1)}, ValueError, r"real.*distinct"),
        ({"y_real": LABELS}, ValueError, r"labels came as y_real"),
        (
            {"y_real": LABELS, "y_synthetic": LABELS, "holdout": GOOD},
            ValueError,
            r"labels must be given for every table",
        ),
        ({"y_holdout": LABELS}, ValueError, r"labels came as y_holdout"),
        (
            {"y_real": LABELS[:9], "y_synthetic": LABELS},
            ValueError,
            r"y_real has 9 rows but real has 30",
        ),
        (
            {"y_real": np.ones(30), "y_synthetic": LABELS},
            ValueError,
            r"y_real must hold at least 2 classes, got 1",
        ),
        (
            {"y_real": LABELS, "y_synthetic": LABELS + 0.5},
            ValueError,
            r"y_synthetic holds continuous values such as 0.5",
        ),
        (
            {"y_real": LABELS, "y_synthetic": [None] * 30},
            ValueError,
            r"y_synthetic has 30 missing values",
        ),
        ({"categorical_features": "job"}, TypeError, r"categorical_features must be"),
        ({"categorical_features": ["x"]}, ValueError, r"categorical_features.*'x'"),
        ({"max_rows": 3}, ValueError, r"max_rows.*at least 10, got 3"),
        ({"max_rows": 1e4}, ValueError, r"max_rows must be an integer"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, error, message):
    with pytest.raises(error, match=message):
        quality_report(**({"real": GOOD, "synthetic": GOOD} | arguments))


def test_sparse_tables_are_refused():
    from scipy.sparse import csr_array

    with pytest.raises(TypeError, match="synthetic must be a dense table"):
        quality_report(np.eye(20), csr_array(np.eye(20)))


# --- the figure --------------------------------------------------------------------


@pytest.fixture
def plt():
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    yield plt
    plt.close("all")


def test_display_has_a_panel_a_column_and_a_heatmap(plt, report):
    display = QualityDisplay.from_report(report)
    assert isinstance(display, QualityDisplay)
    assert len(display.axes_) == 5
    assert display.figure_ is display.ax_.figure
    shown = display.ax_.images[0].get_array().filled(np.nan)
    expected = 1 - report.pair_scores.to_numpy()
    np.fill_diagonal(expected, 1 - report.column_scores)
    np.testing.assert_allclose(shown, expected, equal_nan=True)
    assert plt.figure(plt.get_fignums()[-1]) is display.figure_
    display.figure_.canvas.draw()


def test_colours_of_the_heatmap_mean_the_same_for_every_table(plt, report):
    near = QualityDisplay.from_report(report).ax_.images[0]
    a, b = np.random.default_rng(0).normal(size=(2, 50, 3))
    far = QualityDisplay.from_tables(a, b + 9).ax_.images[0]
    assert near.get_clim() == far.get_clim()
    lightness = [np.mean(far.to_rgba(np.array([[x]]))[0, 0, :3]) for x in (0.08, 0.3)]
    assert lightness[0] > 0.85 > 0.5 > lightness[1]


def test_no_cell_of_the_figure_is_empty(plt):
    tables = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 5)))
    tables = tables.set_axis(list("abcde"), axis=1).assign(constant=1.0)
    display = QualityDisplay.from_tables(tables, tables.drop(columns="e").assign(e=1.0))
    texts = [text.get_text() for text in display.ax_.texts]
    assert len(texts) == 36 and all(texts)
    assert "\u00d7" in texts  # of a constant there is no correlation
    display.figure_.canvas.draw()
    rows = {}
    for ax in display.axes_:
        rows.setdefault(round(ax.get_position().y0, 2), []).append(ax)
    assert sorted(map(len, rows.values())) == [3, 3]


def test_display_of_tables_equals_that_of_their_report(plt):
    real, synthetic = mixed_table(60, 0), mixed_table(60, 1)
    display = QualityDisplay.from_tables(real, synthetic)
    report = quality_report(real, synthetic, random_state=0)
    pd.testing.assert_series_equal(display.column_scores, report.column_scores)
    for one, other in zip(display.marginals, report.marginals, strict=True):
        np.testing.assert_array_equal(one.real, other.real)
        assert one.real.sum() == pytest.approx(1)
        assert one.synthetic.sum() == pytest.approx(1)
    assert display.plot() is display


def test_display_writes_dates_as_dates(plt):
    times = pd.date_range("2015-01-01", "2022-01-01", 50).to_series()
    table = pd.DataFrame({"since": times, "n": np.arange(50.0)})
    display = QualityDisplay.from_tables(table, table)
    display.figure_.canvas.draw()
    ticks = [tick.get_text() for tick in display.axes_[0].get_xticklabels()]
    assert set(ticks) <= {str(year) for year in range(2000, 2030)} and len(ticks) > 1


def test_display_shows_the_worst_columns_of_a_wide_table(plt):
    rng = np.random.default_rng(0)
    real, synthetic = rng.normal(size=(2, 50, 30))
    synthetic[:, [7, 20]] += 5
    display = QualityDisplay.from_tables(real, synthetic, max_columns=2)
    assert [ax.get_title().split()[0] for ax in display.axes_] == ["x7", "x20"]
    assert len(QualityDisplay.from_tables(real, synthetic).axes_) == 12
    with pytest.raises(ValueError, match="max_columns"):
        display.plot(max_columns=0)


def test_display_draws_into_the_room_of_a_given_axes(plt):
    figure, axes = plt.subplots(1, 2)
    display = QualityDisplay.from_tables(GOOD, GOOD, ax=axes[1])
    assert display.figure_ is figure
    figure.canvas.draw()
    assert display.ax_.get_position().x0 > 0.5


@pytest.mark.parametrize(
    "column", [np.full(20, 0.5), np.repeat(["a", None], 10), np.arange(20) * 10**10]
)
def test_display_of_a_single_odd_column_can_be_drawn(plt, column):
    table = pd.DataFrame({"only": column})
    display = QualityDisplay.from_tables(table, table)
    assert display.ax_ is display.axes_[0]
    display.figure_.canvas.draw()


def test_display_says_that_matplotlib_is_missing(monkeypatch, report):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        QualityDisplay.from_report(report)
