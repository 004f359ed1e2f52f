from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest

from benchmarks import meta_learning
from benchmarks.meta_learning import Setting, coded, distances, losses, summary


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(meta_learning, "BATCH", 32)


def test_the_held_out_domain_is_not_learned_from():
    own = coded(None, "beyond", 0)
    assert own.source.mean() == pytest.approx(0.8, abs=0.02)
    assert len(set(own.learned()[-1])) == 4
    setting = Setting(0.1, 1.0, True, False)
    found = losses(own, setting, 3, 0)
    moved = own.table.rows.copy()
    moved[~own.source] += 1.0
    other = losses(replace(own, table=replace(own.table, rows=moved)), setting, 3, 0)
    for name in ("label", "group"):
        assert found[f"{name} on source"] == other[f"{name} on source"]
        assert found[name] != other[name]


def test_without_an_inner_step_the_meta_gradient_is_the_plain_one(monkeypatch):
    monkeypatch.setattr(meta_learning, "STEPS", (0.0, 0.001, 0.1))
    monkeypatch.setattr(meta_learning, "N_PAIRS", 1)
    table = pd.DataFrame(distances(None, "beyond", 2))
    table = table.set_index(["alpha", "second_order", "network"])["distance"]
    np.testing.assert_allclose(table.loc[0.0], 0.0, atol=1e-6)
    assert (table.loc[0.001] < table.loc[0.1]).all()
    assert (table.loc[0.1] > 1e-4).all()


def test_differences_are_taken_from_plain_training_of_the_same_seed():
    # Larger steps with weighted losses are not plain training.
    cases = [(0.5, True, 0.3), (0.0, True, 0.0), (0.0, False, 0.02)]
    rows = pd.DataFrame(
        {
            "target": "beyond",
            "seed": seed,
            **asdict(Setting(alpha, 1.0, False, weighed)),
            "label": plain + more + 0.01 * seed * (not weighed),
            "group": plain - more,
        }
        for seed, plain in enumerate([0.4, 0.6])
        for alpha, weighed, more in cases
    )
    table = summary(rows).xs(False, level="weighed")
    assert table["label"].tolist() == pytest.approx([0.525])
    assert table["label - plain"].tolist() == pytest.approx([0.025])
    assert table["group - plain"].tolist() == pytest.approx([-0.02])
    # Student's t of two seeds, half a hundredth to each side.
    assert table["label - plain +-"].tolist() == pytest.approx(
        [12.706 * 0.005], rel=1e-3
    )


def test_every_setting_of_every_target_is_trained_once(
    adult_folder, tmp_path, monkeypatch
):
    settings = [meta_learning.PLAIN, Setting(0.1, 1.0, True, False)]
    monkeypatch.setattr(meta_learning, "SETTINGS", settings)
    out = tmp_path / "out.csv"
    argv = ["--data", str(adult_folder), "--out", str(out), "--seeds", "1"]
    meta_learning.main([*argv, "--max-iter", "2"])
    rows = pd.read_csv(out)
    assert rows["target"].tolist() == ["White"] * 2 + ["beyond"] * 2
    assert rows["second_order"].tolist() == [False, True] * 2
