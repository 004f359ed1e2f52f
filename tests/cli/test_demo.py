"""`skfadm demo`."""

import pandas as pd

from skfadm.cli import main
from skfadm.cli.demo import TRAINING, load_table


def test_demo_compares_and_writes_a_table_and_a_picture(folder, capsys, monkeypatch):
    few = {"TRAINING": {**TRAINING, "max_iter": 20}, "N_ROWS": 400, "N_TABLES": 2}
    for name, value in few.items():
        monkeypatch.setattr(f"skfadm.cli.demo.{name}", value)
    assert main(["demo", "--out", "new/demo"]) == 0
    out = capsys.readouterr().out
    for words in (
        "real rows",
        "no fair control",
        "parity of 0.8",
        "parity from",
        "wrote",
    ):
        assert words in out
    made = pd.read_csv("new/demo/synthetic.csv")
    assert len(made) == 400
    assert "sex" not in made
    picture = (folder / "new/demo/before-after.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 200_000


def test_demo_table_has_neither_sex_nor_age_among_its_features():
    data = load_table()
    assert list(data.X) == ["bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
    assert data.y.value_counts().to_dict() == {"slow": 221, "fast": 221}
    assert data.bands.nunique() == 4
    assert data.bands.value_counts().sum() == 442
    assert set(data.bands[data.is_held_out]) == {"60-79"}
