"""Pictures show what they are given, and matplotlib is needed only to draw."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure
from matplotlib.text import Text

import skfadm
from skfadm.cli.picture import (
    DPI,
    before_after_figure,
    plot_group_rates,
    plot_rows,
    plot_scores,
)


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture
def tables():
    rng = np.random.default_rng(0)
    frames = [
        pd.DataFrame(rng.normal(size=(n, 2)), columns=["a", "b"]) for n in (40, 30)
    ]
    return [
        (X, pd.Series(np.where(X["a"] > 0, "yes", "no"), name="label")) for X in frames
    ]


def test_rows_are_drawn_where_they_are_once_each_by_label(ax, tables):
    X, y = tables[0]
    plot_rows(ax, X, y, ("b", "a"))
    drawn = {c.get_label(): np.asarray(c.get_offsets()) for c in ax.collections}
    assert set(drawn) == {"yes", "no"}
    for label, points in drawn.items():
        np.testing.assert_array_equal(points, X.loc[y == label, ["b", "a"]])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("b", "a")


def test_rates_are_drawn_as_bars_of_each_group(ax):
    rates = {"real": {"f": 0.2, "m": 0.5}, "generated": {"f": 0.3, "m": 0.4}}
    plot_group_rates(ax, rates, "high")
    drawn = {
        bars.get_label(): [bar.get_width() for bar in bars] for bars in ax.containers
    }
    assert drawn == {"real": [0.2, 0.5], "generated": [0.3, 0.4]}
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["f", "m"]
    assert [text.get_text() for text in ax.texts] == ["20%", "50%", "30%", "40%"]
    assert "high" in ax.get_title()
    assert ax.get_xlim() == (0, 1)  # differences look as large as they are


def test_scores_show_each_repetition_the_mean_and_the_target(ax):
    scores = {"real": {"parity": [0.8]}, "generated": {"parity": [0.6, 0.7, 0.8]}}
    plot_scores(ax, scores, 0.9)
    xs = [np.asarray(c.get_offsets())[:, 0].tolist() for c in ax.collections]
    assert [0.6, 0.7, 0.8] in xs
    assert [pytest.approx(0.7)] in xs
    assert [t.get_text() for t in ax.texts] == ["0.80", "0.70", "target 0.9"]
    assert ax.lines[0].get_xdata().tolist() == [0.9, 0.9]
    # The whole range, so that differences look as large as they are.
    assert ax.get_xlim()[0] == 0
    assert ax.get_xlim()[1] >= 1


def test_before_and_after_share_their_axes_and_fit_on_a_phone(tables):
    figure = before_after_figure(
        {"before": tables[0], "after": tables[1]},
        features=("a", "b"),
        group_rates={"before": {"f": 0.1, "m": 0.9}, "after": {"f": 0.4, "m": 0.6}},
        label="yes",
        scores={"before": {"parity": [0.8]}, "after": {"parity": [0.7, 0.8]}},
        target=0.8,
    )
    before, after, *_ = figure.axes
    assert before.get_xlim() == after.get_xlim()
    assert before.get_ylim() == after.get_ylim()
    assert (before.get_title(), after.get_title()) == ("before", "after")
    for X, _ in tables:
        assert before.get_xlim()[0] < X["a"].min() < X["a"].max() < before.get_xlim()[1]
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=DPI)
    assert 10_000 < len(picture.getvalue()) < 200_000
    # On 390 of its pixels, no text is smaller than 10 of them.
    shown = 390 / (figure.get_size_inches()[0] * DPI)
    sizes = [text.get_fontsize() for text in figure.findobj(Text) if text.get_text()]
    assert min(sizes) * DPI / 72 * shown >= 10


def test_matplotlib_is_imported_only_to_draw():
    code = "import sys, skfadm.metrics; sys.exit('matplotlib' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(skfadm.__file__).parents[1])}
    run = subprocess.run([sys.executable, "-c", code], env=environment)
    assert run.returncode == 0
