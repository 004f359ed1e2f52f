import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks.table1.picture import draw
from benchmarks.table1.published import AVERAGE, PUBLISHED, SHORT
from benchmarks.table1.results import markdown, paper_layout, summary
from benchmarks.table1.settings import MEASURES, METHODS

NAN = float("nan")


def results(methods=("fairgan", "majority")):
    """Two targets, three seeds, one method whose ratios are partly undefined.

    What is chosen by fair accuracy is ten points less accurate.
    """
    rows = []
    for method in methods:
        for seed in range(3):
            for domain, base in (("White", 0.8), ("Other", 0.6)):
                ratio = NAN if method == "majority" else 0.5 + 0.1 * seed
                if domain == "Other" and seed == 1:
                    ratio = NAN
                rows.append(
                    {
                        "method": method,
                        "scored_on": domain,
                        "classifier": "LR",
                        "seed": seed,
                        "ACC": base + 0.01 * seed,
                        "R_DP": ratio,
                        "R_EOp": 0.9,
                        "teach_s": 3.0,
                    }
                )
                if method == "fairgan":
                    rows[-1] |= {"row_visits": 2.5e6, "fit_s": 60.0, "sample_s": 5.0}
    fair = [{**row, "rule": "fair_accuracy", "ACC": row["ACC"] - 0.1} for row in rows]
    return pd.DataFrame([*({**row, "rule": "accuracy"} for row in rows), *fair])


NO_CHOICES = pd.DataFrame(columns=["method", "target", "rule", "chosen", "scores"])


def test_means_and_intervals_are_over_seeds_of_a_rule_of_choice():
    cell = summary(results()).loc[("LR", "accuracy", "fairgan", "White", "ACC")]
    assert cell["mean"] == pytest.approx(81.0)
    low, high = stats.t.interval(0.95, 2, 81.0, stats.sem([80.0, 81.0, 82.0]))
    assert cell["half_width"] == pytest.approx((high - low) / 2)
    assert cell["n_seeds"] == 3


def test_average_is_taken_within_seeds_over_targets_where_it_is_defined():
    table = summary(results())
    accuracy = table.loc[("LR", "accuracy", "fairgan", AVERAGE, "ACC")]
    assert accuracy["mean"] == pytest.approx(71.0)
    parity = table.loc[("LR", "accuracy", "fairgan", AVERAGE, "R_DP")]
    assert parity["mean"] == pytest.approx(0.6)
    assert parity["n_undefined"] == 1
    assert parity["n_scores"] == 6
    of_majority = table.loc[("LR", "accuracy", "majority", AVERAGE, "R_DP")]
    assert of_majority["n_undefined"] == 6


def test_costs_stand_beside_the_measures():
    table = summary(results()).loc["LR", "accuracy"]
    assert table.loc["fairgan", AVERAGE, "row_visits"]["mean"] == 2.5e6
    assert table.loc["fairgan", AVERAGE, "seconds"]["mean"] == 65.0
    # What generates nothing takes the time of its classifiers.
    assert table.loc["majority", AVERAGE, "seconds"]["mean"] == 3.0
    assert np.isnan(table.loc["majority", AVERAGE, "row_visits"]["mean"])


def test_both_rules_of_choice_are_shown_where_there_is_a_choice():
    layout = paper_layout(summary(results()), "LR")
    assert layout[["method", "chosen by"]].to_numpy().tolist() == [
        ["majority label", "-"],
        ["FairGAN", "accuracy"],
        ["FairGAN", "fair_accuracy"],
    ]
    np.testing.assert_allclose(layout["Avg ACC"], [71.0, 71.0, 61.0])


def test_one_seed_has_no_interval():
    rows = results()
    table = summary(rows[rows["seed"] == 0])
    assert table["half_width"].isna().all()


def test_failed_trainings_are_counted_apart_from_undefined_ratios():
    rows = results()
    lost = (rows["method"] == "fairgan") & (rows["seed"] == 2)
    rows.loc[lost, list(MEASURES)] = NAN
    layout = paper_layout(summary(rows), "LR").drop_duplicates("method")
    layout = layout.set_index("method")
    assert layout.loc["FairGAN", "failed trainings"] == 2
    assert layout.loc["FairGAN", "undefined ratios"] == 1
    assert layout.loc["FairGAN", "White ACC"] == pytest.approx(80.5)
    assert layout.loc["majority label", "failed trainings"] == 0


def test_layout_is_the_papers():
    layout = paper_layout(summary(results()), "LR")
    means = [c for c in layout if c.split()[-1] in MEASURES]
    assert means == [f"{t} {m}" for t in ("Other", "White", "Avg") for m in MEASURES]


def test_markdown_shows_mean_interval_and_what_is_undefined():
    text = markdown(summary(results()), NO_CHOICES, is_quick=False)
    lines = [line for line in text.splitlines() if line.startswith("| FairGAN")]
    assert "| 81.0 ± 2.5 | 0.60 ± 0.25 | 0.90 ± 0.00 |" in lines[0]
    assert lines[0].endswith("| 1 of 12 | 0 | 2.5 | 65 |")
    majority = next(line for line in text.splitlines() if "majority" in line)
    assert "| - |" in majority
    assert "74.20 | 0.88 | 0.71 |" in lines[2]
    assert "| FairTabDDPM | 0.892 | 0.643 | 0.729 |" in text
    assert "quick" not in text


def test_quick_results_are_labelled_as_such():
    table = summary(results())
    assert "A quick run" in markdown(table, NO_CHOICES, is_quick=True)
    assert "quick run" in draw(table, "accuracy", is_quick=True).get_suptitle()
    assert "quick" not in draw(table, "accuracy", is_quick=False).get_suptitle()


def test_choices_are_shown_with_what_was_chosen():
    choice = ["fairgan", "White", "accuracy", 1, "0 1"]
    choices = pd.DataFrame([choice], columns=NO_CHOICES.columns)
    text = markdown(summary(results()), choices, is_quick=False)
    chosen = METHODS["fairgan"].candidates[1]
    assert f"| FairGAN | White | accuracy | {chosen} | 0 1 |" in text


def test_published_averages_are_those_of_the_published_columns():
    tolerances = {"ACC": 0.0085, "R_EOp": 0.0065, "R_DP": 0.037}
    # But for R_DP, where the paper's own averages are not the means of its columns.
    for measure, tolerance in tolerances.items():
        columns = [(target, measure) for target in SHORT.values()]
        np.testing.assert_allclose(
            PUBLISHED[columns].mean(axis=1),
            PUBLISHED[(AVERAGE, measure)],
            atol=tolerance,
        )


def test_picture_has_a_point_for_each_method_a_line_without_ratios_and_the_published():
    axes = draw(summary(results()), "accuracy", is_quick=False).axes
    assert len(axes) == 2
    parity, opportunity = axes
    (fairgan,) = parity.containers
    assert fairgan.get_label() == "FairGAN"
    x, y = fairgan.lines[0].get_data()
    assert (x[0], y[0]) == pytest.approx((0.6, 71.0))
    (majority,) = (ln for ln in parity.lines if ln.get_label() == "majority label")
    assert list(majority.get_ydata()) == pytest.approx([71.0, 71.0])
    hollow = [line for line in parity.lines if "published" in str(line.get_label())]
    assert len(hollow) == len(PUBLISHED)
    assert opportunity.get_xlabel() == "ratio of equal opportunity"


def test_picture_leaves_no_method_of_the_settings_out():
    (parity, _) = draw(summary(results(METHODS)), "accuracy", is_quick=False).axes
    drawn = {artist.get_label() for artist in [*parity.containers, *parity.lines]}
    assert drawn >= {method.title for method in METHODS.values()}
