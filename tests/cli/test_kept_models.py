"""Kept models: sampled again, safe to load, and clear about the version."""

import json
import os
import zipfile
from pathlib import Path

import pandas as pd
import pytest

import skfadm
from skfadm.cli import main
from skfadm.encoding import TabularEncoder

from .commands import LEARN, error_of

DATA = Path(__file__).parent / "data"
skops_io = pytest.importorskip("skops.io")


def test_a_kept_model_samples_again_without_the_table(folder, capsys):
    learn = ["generate", "--data", "adult.csv", *LEARN, "--seed", "1"]
    assert main([*learn, "--model", "m.skops", "-n", "20", "-o", "a.csv"]) == 0
    (folder / "adult.csv").unlink()
    again = ["generate", "--model", "m.skops", "--seed", "1", "-n", "20"]
    assert main([*again, "-o", "b.csv"]) == 0
    assert (folder / "a.csv").read_bytes() == (folder / "b.csv").read_bytes()
    assert main([*again, "--lambda-y", "0", "--lambda-z", "5", "-o", "c.csv"]) == 0
    assert (folder / "a.csv").read_bytes() != (folder / "c.csv").read_bytes()
    assert main(["generate", "--model", "m.skops", "-q", "-o", "d.parquet"]) == 0
    assert len(pd.read_parquet("d.parquet")) == 60


def rewrite(path, name, changes):
    """Change what is said in a part of an archive."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[name] = json.dumps(json.loads(parts.get(name, "{}")) | changes)
    with zipfile.ZipFile(path, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)


def test_a_model_of_another_version_names_it_and_what_to_do(folder, capsys):
    learn = ["generate", "adult.csv", *LEARN, "-q", "--model", "m.skops", "-n", "1"]
    assert main([*learn, "-o", "a.csv"]) == 0
    rewrite("m.skops", "skfadm.json", {"skfadm": "0.0.7"})
    message = error_of(capsys, "generate", "--model", "m.skops", "-o", "b.csv")
    assert "written by skfadm 0.0.7" in message
    assert f"this is {skfadm.__version__}" in message
    assert "pip install skfadm==0.0.7" in message


def test_a_model_of_before_versions_were_kept_says_so(folder, capsys):
    old = DATA / "model-before-versions.skops"
    message = error_of(capsys, "generate", "--model", str(old), "-o", "a.csv")
    assert "written by skfadm 0.1.0 or older" in message
    assert "learn from the table again" in message


def test_a_model_that_names_foreign_types_is_not_loaded(folder, capsys):
    skops_io.dump({"run": os.system}, "evil.skops")
    rewrite("evil.skops", "skfadm.json", {"skfadm": skfadm.__version__})
    message = error_of(capsys, "generate", "--model", "evil.skops", "-o", "a.csv")
    assert "system" in message
    assert "not loaded" in message
    skops_io.dump({"a": 1}, "other.skops")
    message = error_of(capsys, "generate", "--model", "other.skops", "-o", "a.csv")
    assert "is not a model" in message
    (folder / "broken.skops").write_text("no archive")
    message = error_of(capsys, "generate", "--model", "broken.skops", "-o", "a.csv")
    assert "cannot be read as a model" in message


@pytest.mark.parametrize(
    "name",
    [
        "skfadm.encoding._encoder.np",
        "skfadm.encoding._encoder.BaseEstimator",
        "skfadm.cli.main",
        "skfadmin.Model",
    ],
)
def test_own_names_that_lead_elsewhere_are_foreign(folder, capsys, name):
    skops_io.dump(TabularEncoder(), "odd.skops")
    module, _, word = name.rpartition(".")
    rewrite("odd.skops", "schema.json", {"__module__": module, "__class__": word})
    rewrite("odd.skops", "skfadm.json", {"skfadm": skfadm.__version__})
    message = error_of(capsys, "generate", "--model", "odd.skops", "-o", "a.csv")
    assert f"names the types {name}, which are not skfadm's" in message


def test_what_cannot_be_kept_is_refused_before_training(
    folder, capsys, monkeypatch, no_training
):
    def refuse(*_, **__):
        raise TypeError("no such type")

    monkeypatch.setattr(skops_io, "dumps", refuse)
    argv = ["generate", "adult.csv", *LEARN, "--model", "m.skops", "-o", "a.csv"]
    assert "could not be kept: no such type" in error_of(capsys, *argv)


def test_a_kept_model_writes_in_the_form_of_its_table(folder, table):
    table = table.assign(day="31.12.2020", code="007").assign(hours=table["hours"])
    table.to_csv("in.csv", index=False, sep=";", decimal=",", encoding="cp1252")
    learn = ["generate", "in.csv", *LEARN, "-q", "--encoding", "cp1252", "-n", "5"]
    assert main([*learn, "--model", "m.skops", "-o", "a.csv", "--seed", "3"]) == 0
    again = ["generate", "--model", "m.skops", "-q", "-n", "5", "--seed", "3"]
    assert main([*again, "-o", "b.csv"]) == 0
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
    made = pd.read_csv("b.csv", sep=";", decimal=",", dtype={"code": str})
    assert made["hours"].dtype == "float64"
    assert set(made["code"]) == {"007"}
    assert set(made["day"]) == {"31.12.2020"}
