import sys

import numpy as np
import pandas as pd
import pytest

from benchmarks import scale
from benchmarks.scale import Point, measure, plot

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@on_linux
def test_a_point_is_measured_and_plotted(tmp_path):
    point = Point("rows", 600, 4)
    result = {**point._asdict(), **measure(point)}
    assert result["encoded_mb"] == pytest.approx(600 * 4 * 4 / 2**20, abs=0.1)
    assert result["fit_s"] > 0
    assert result["sampled_per_s"] > 0
    plot(pd.DataFrame([result, {**result, "rows": 900}]), tmp_path / "scale.png")
    assert (tmp_path / "scale.png").read_bytes().startswith(b"\x89PNG")


@on_linux
def test_a_peak_is_seen_although_it_has_passed():
    seconds, megabytes = scale.measured(lambda: np.ones(2**24).sum())
    assert 120 < megabytes < 160
    assert 0 < seconds < 10
