"""`skfadm demo`."""

import io

import numpy as np
import pandas as pd
import pytest

from skfadm.cli import main
from skfadm.cli.demo import DPI, TRAINING, before_after, load_table

pytest.importorskip("matplotlib")


def test_demo_compares_and_writes_a_table_and_a_picture(folder, capsys, monkeypatch):
    few = {"TRAINING": {**TRAINING, "max_iter": 20}, "N_ROWS": 400, "N_TABLES": 2}
    for name, value in few.items():
        monkeypatch.setattr(f"skfadm.cli.demo.{name}", value)
    assert main(["demo", "--out", "new/demo"]) == 0
    out = capsys.readouterr().out
    for words in ("real rows", "no fair control", "parity of 0.9", "parity from"):
        assert words in out
    made = pd.read_csv("new/demo/synthetic.csv")
    assert len(made) == 400
    assert list(made)[-1] == "progression" and "sex" not in made
    picture = (folder / "new/demo/before-after.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 200_000


def test_demo_table_has_neither_sex_nor_age_among_its_features():
    X, roles = load_table()
    assert list(X) == ["bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
    assert roles["progression"].value_counts().to_dict() == {"slow": 221, "fast": 221}
    assert roles["band"].nunique() == 4
    assert roles["band"].max() == "60-79"


def test_the_picture_shows_its_figures_and_fits_on_a_phone():
    from matplotlib.text import Text

    X, roles = load_table()
    names = ["real rows", "no control", "control"]
    rates = pd.DataFrame([[0.2, 0.3, 0.4], [0.5, 0.45, 0.4]], [1, 2], names)
    scores = {
        name: pd.DataFrame({"accuracy": [0.7, 0.8], "parity": [k / 4, k / 4]})
        for k, name in enumerate(names, 1)
    }
    tables = [(X, roles["progression"]), (X[:50], roles["progression"][:50])]
    figure = before_after(*tables, rates, scores)
    before, after, shares, means = figure.axes
    for ax, (rows, _) in zip((before, after), tables, strict=True):
        drawn = [np.asarray(each.get_offsets()) for each in ax.collections]
        assert sorted(np.concatenate(drawn)[:, 0]) == sorted(rows["bmi"])
    assert before.get_xlim() == after.get_xlim()
    drawn = [[bar.get_width() for bar in bars] for bars in shares.containers]
    np.testing.assert_array_equal(np.transpose(drawn), rates)
    assert [tick.get_text() for tick in shares.get_yticklabels()] == [
        "sex = 1",
        "sex = 2",
    ]
    drawn = [[bar.get_width() for bar in bars] for bars in means.containers]
    np.testing.assert_allclose(drawn, [[0.75, k / 4] for k in (1, 2, 3)])
    assert means.lines[0].get_xdata().tolist() == [0.9, 0.9]
    for ax in (shares, means):  # differences look as large as they are
        assert ax.get_xlim()[0] == 0 and ax.get_xlim()[1] >= 1
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=DPI)
    assert 10_000 < len(picture.getvalue()) < 200_000
    # On 390 of its pixels, no text is smaller than 10 of them.
    shown = 390 / (figure.get_size_inches()[0] * DPI)
    sizes = [text.get_fontsize() for text in figure.findobj(Text) if text.get_text()]
    assert min(sizes) * DPI / 72 * shown >= 10
