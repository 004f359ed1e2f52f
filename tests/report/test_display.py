"""The figure of a report: a panel a column, and a heatmap of pairs."""

import numpy as np
import pandas as pd
import pytest

from skfadm.report import QualityDisplay, quality_report

from .tables import QUICK, mixed_table


@pytest.fixture(scope="module")
def report():
    tables = [mixed_table(60, seed).assign(constant=1.0) for seed in (0, 1)]
    return quality_report(*tables, **QUICK)


def display_of(real, synthetic):
    return QualityDisplay.from_report(quality_report(real, synthetic, **QUICK))


def test_display_has_a_panel_a_column_and_a_heatmap(plt, report):
    display = QualityDisplay.from_report(report)
    assert len(display.axes_) == 6
    assert display.figure_ is display.ax_.figure
    shown = display.ax_.images[0].get_array().filled(np.nan)
    expected = 1 - report.pair_scores.to_numpy()
    np.fill_diagonal(expected, 1 - report.column_scores)
    np.testing.assert_allclose(shown, expected, equal_nan=True)
    texts = [text.get_text() for text in display.ax_.texts]
    assert len(texts) == 36 and all(texts)
    assert "\u00d7" in texts  # of a constant there is no correlation
    assert plt.figure(plt.get_fignums()[-1]) is display.figure_
    display.figure_.canvas.draw()
    (since,) = (ax for ax in display.axes_ if ax.get_title().startswith("since"))
    ticks = [tick.get_text() for tick in since.get_xticklabels()]
    assert any(tick.startswith(("20", "Jan")) for tick in ticks)


def test_histograms_hold_frequent_categories_the_others_and_what_is_missing():
    words = list("aaabbccdefghij") + [None] * 2
    table = pd.DataFrame({"w": words, "x": np.arange(16.0)})
    other = table.assign(w="a", x=np.nan)
    w, x = quality_report(table, other, **QUICK).marginals
    assert w.labels == (*"abcdefgh", "2 others", "missing")
    np.testing.assert_allclose(16 * w.real, [3, 2, 2, *[1] * 5, 2, 2])
    np.testing.assert_allclose(w.synthetic, [1] + [0] * 9)
    assert x.real.sum() == 1 and x.synthetic.sum() == 0 and x.is_empty


def test_colours_of_the_heatmap_mean_the_same_for_every_table(plt, report):
    near = QualityDisplay.from_report(report).ax_.images[0]
    a, b = np.random.default_rng(0).normal(size=(2, 50, 3))
    far = display_of(a, b + 9).ax_.images[0]
    assert near.get_clim() == far.get_clim()
    lightness = [np.mean(far.to_rgba(np.array([[x]]))[0, 0, :3]) for x in (0.08, 0.3)]
    assert lightness[0] > 0.85 > 0.5 > lightness[1]


def test_display_shows_the_worst_columns_of_a_wide_table(plt):
    real, synthetic = np.random.default_rng(0).normal(size=(2, 50, 30))
    synthetic[:, [7, 20]] += 5
    titles = [ax.get_title().split()[0] for ax in display_of(real, synthetic).axes_]
    assert {"x7", "x20"} < set(titles) and len(titles) == 12


@pytest.mark.parametrize("column", [np.full(20, 0.5), np.repeat(["a", None], 10)])
def test_display_of_a_single_odd_column_can_be_drawn(plt, column):
    table = pd.DataFrame({"only": column})
    display = display_of(table, table)
    assert display.ax_ is display.axes_[0]
    display.figure_.canvas.draw()


@pytest.mark.parametrize("name", ["n" * 70, "name of a column " * 8])
def test_names_of_any_length_leave_room_for_the_panels(plt, name):
    rng = np.random.default_rng(0)
    words = rng.choice(["x" * 80, "a long answer " * 15, "w_" * 60, "z"], (2, 100))
    tables = [pd.DataFrame({name: w, "x": rng.normal(size=100)}) for w in words]
    display_of(*tables).figure_.canvas.draw()  # warns where there is none
