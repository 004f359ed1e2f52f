from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks import meta_learning
from benchmarks.meta_learning import Setting, biased, distances, losses, summary

from .table1.adult_files import write_adult


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(meta_learning, "BATCH", 32)


def test_the_held_out_domain_is_not_learned_from():
    coded = biased(0)
    assert coded.source.mean() == pytest.approx(0.8, abs=0.02)
    assert set(coded.domains[coded.source]) == {0, 1, 2, 3}
    setting = Setting(0.1, 1.0, True, False)
    found = losses(coded, setting, 3, 0)
    moved = coded.rows.copy()
    moved[~coded.source] += 1.0
    other = losses(replace(coded, rows=moved), setting, 3, 0)
    for name in ("label", "group"):
        assert found[f"{name} on source"] == other[f"{name} on source"]
        assert found[name] != other[name]


def test_without_an_inner_step_the_meta_gradient_is_the_plain_one(monkeypatch):
    monkeypatch.setattr(meta_learning, "STEPS", (0.0, 0.001, 0.1))
    table = pd.DataFrame(distances(biased(0), 2))
    table = table.set_index(["alpha", "second_order", "network"])["distance"]
    np.testing.assert_allclose(table.loc[0.0], 0.0, atol=1e-6)
    assert (table.loc[0.001] < table.loc[0.1]).all()
    assert (table.loc[0.1] > 1e-4).all()


def test_differences_are_taken_from_plain_training_of_the_same_seed():
    about = {"table": "biased", "target": "beyond", "max_iter": 3}
    rows = []
    for seed, plain in enumerate([0.4, 0.6]):
        # Larger steps with weighted losses are not plain training.
        for alpha, weighed, more in (
            (0.5, True, 0.3),
            (0.0, True, 0.0),
            (0.0, False, 0.02 + 0.01 * seed),
        ):
            rows.append(
                {
                    **about,
                    "seed": seed,
                    **Setting(alpha, 1.0, False, weighed).__dict__,
                    "label": plain + more,
                    "group": plain - more,
                }
            )
    table = summary(pd.DataFrame(rows)).xs(False, level="weighed")
    assert table["label"].tolist() == pytest.approx([0.525])
    assert table["label - plain"].tolist() == pytest.approx([0.025])
    assert table["group - plain"].tolist() == pytest.approx([-0.025])
    # Student's t of two seeds, half a hundredth to each side.
    assert table["label +-"].tolist() == pytest.approx([12.706 * 0.005], rel=1e-3)


def test_an_interrupted_run_goes_on_where_it_was(tmp_path, monkeypatch, capsys):
    folder = write_adult(tmp_path / "adult")
    settings = [meta_learning.SETTINGS[0], Setting(0.1, 1.0, True, False)]
    monkeypatch.setattr(meta_learning, "SETTINGS", settings)
    asked = [
        *("--data", str(folder), "--out", str(tmp_path / "out.csv")),
        *("--seeds", "1", "--max-iter", "2"),
    ]
    meta_learning.main(asked)
    whole = pd.read_csv(tmp_path / "out.csv")
    assert whole["table"].tolist() == ["adult", "adult", "biased", "biased"]
    whole[:3].to_csv(tmp_path / "out.csv", index=False)
    meta_learning.main(asked)
    again = pd.read_csv(tmp_path / "out.csv")
    pd.testing.assert_frame_equal(
        again.drop(columns="seconds"), whole.drop(columns="seconds")
    )
    assert "label - plain" in capsys.readouterr().out
