"""Bars of rates, with their intervals."""

from io import BytesIO

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("matplotlib")

from matplotlib.text import Text

from skfadm.metrics import GroupRatesDisplay


def test_bars_of_predictions_are_rates_with_wilsons_intervals(plt):
    _, ax = plt.subplots()
    y = np.repeat(["no", "yes", "no", "yes"], [6, 2, 1, 3])
    z = np.repeat(["a", "b"], [8, 4])
    display = GroupRatesDisplay.from_predictions(y, z, ax=ax)
    assert display.ax_ is ax
    assert [bar.get_width() for bar in display.bars_[0]] == [0.25, 0.75]
    p, n, t = 0.25, 8, 1.96
    centre = (p + t**2 / (2 * n)) / (1 + t**2 / n)
    half = t / (1 + t**2 / n) * np.sqrt(p * (1 - p) / n + t**2 / (4 * n**2))
    np.testing.assert_allclose(
        display.intervals["predictions"][0], [centre - half, centre + half], atol=1e-3
    )


def test_names_with_dollars_and_truth_values_are_drawn_as_they_are(plt):
    z = pd.DataFrame({"a $b_c$": ["$25K_$50K", "$"] * 10, "black": [True, False] * 10})
    y = np.repeat(["$x$", "$\\frac{$"], 10)
    display = GroupRatesDisplay.from_predictions(y, z, name="$n$")
    display.figure_.savefig(BytesIO(), format="png")
    names = [t.get_text() for t in display.ax_.get_yticklabels()]
    assert any("black = True" in name.replace("\n", " ") for name in names)
    assert not any(
        t._preprocess_math(t.get_text())[1] for t in display.figure_.findobj(Text)
    )
