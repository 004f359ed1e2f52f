import numpy as np
import pandas as pd

from benchmarks import rare_labels
from skfadm.diffusion import guidance


def test_each_table_shrinkage_and_seed_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(guidance, "SHRINKAGE", 5.0)  # restored after the run
    monkeypatch.setattr(rare_labels, "N_JUDGES", 600)
    monkeypatch.setattr(rare_labels, "N_GENERATED", 60)
    out = tmp_path / "rare.csv"
    argv = ["--tables", "biased", "three", "--seeds", "1", "--max-iter", "2"]
    assert rare_labels.main([*argv, "--out", str(out)]) == 0
    rows = pd.read_csv(out)
    assert rows["table"].tolist() == ["biased", "biased", "three", "three"]
    assert rows["shrinkage"].tolist() == [0.0, 5.0] * 2
    assert rows.drop(columns=["table", "options"]).map(np.isfinite).all(axis=None)
    # What real rows give, and frequent labels, do not depend on it.
    same = [*rows.filter(like="real_"), "frequent_resemble"]
    np.testing.assert_array_equal(rows[same][::2], rows[same][1::2])
