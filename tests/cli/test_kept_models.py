"""Kept models: sampled again, safe to load, and clear about the version."""

import json
import os
import tracemalloc
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import skfadm
from skfadm.cli import main
from skfadm.encoding import TabularEncoder

from .commands import LEARN, error_of
from .mutants import members, mutant, packed

skops_io = pytest.importorskip("skops.io")
AGAIN = ["generate", "--model", "m.skops", "-q", "-n", "5", "--seed", "3"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Give the bytes of a model that `skfadm generate` has kept."""
    folder = tmp_path_factory.mktemp("kept")
    table = pd.DataFrame(
        {
            "age": range(60),
            "sex": ["F", "M"] * 30,
            "income": ["<=50K", ">50K", ">50K"] * 20,
            "race": ["A", "B", "C"] * 20,
        }
    )
    table.to_csv(folder / "adult.csv", index=False)
    argv = ["generate", str(folder / "adult.csv"), *LEARN, "-q", "--seed", "1"]
    out, model = str(folder / "a.csv"), folder / "m.skops"
    assert main([*argv, "-n", "1", "-o", out, "--model", str(model)]) == 0
    return model.read_bytes()


@pytest.fixture
def model(tmp_path, monkeypatch, kept):
    """Work in a folder with that model alone."""
    monkeypatch.chdir(tmp_path)
    path = Path("m.skops")
    path.write_bytes(kept)
    return path


def rewrite(path, changes, name="skfadm.json"):
    """Change what a part of a model says."""
    parts = members(path.read_bytes())
    parts[name] = json.dumps(json.loads(parts.get(name, b"{}")) | changes)
    path.write_bytes(packed(parts))


def refused(capsys):
    return error_of(capsys, *AGAIN, "-o", "b.csv")


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
    if os.name != "nt":
        assert (folder / "m.skops").stat().st_mode & 0o777 == 0o600


def test_a_model_of_another_version_names_it_and_what_to_do(model, capsys):
    rewrite(model, {"skfadm": "0.0.7"})
    message = refused(capsys)
    assert "written by skfadm 0.0.7" in message
    assert f"this is {skfadm.__version__}" in message
    assert "pip install skfadm==0.0.7" in message
    # What is to be typed is no place for what a file makes up.
    rewrite(model, {"skfadm": "9; rm -rf ~"})
    assert "does not say which version of skfadm wrote it" in refused(capsys)


def deep(path, kept):
    path.write_bytes(packed(members(kept) | {"skfadm.json": "[" * 100_000}))


def encrypted(path, kept):
    # The flag of each file in the archive's list.
    path.write_bytes(kept.replace(b"PK\1\2\x14\3\x14\0\0", b"PK\1\2\x14\3\x14\0\1"))


def another_estimator(path, kept):
    about = members(kept)["skfadm.json"]
    parts = members(skops_io.dumps(LogisticRegression()))
    path.write_bytes(packed(parts | {"skfadm.json": about}))


def unfitted(path, kept):
    about = members(kept)["skfadm.json"]
    parts = members(skops_io.dumps(skfadm.FairDiffusionGenerator()))
    path.write_bytes(packed(parts | {"skfadm.json": about}))


def other_packing(path, kept):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        for name, content in members(kept).items():
            archive.writestr(name, content)


def too_wide(path, kept):
    schema = members(kept)["schema.json"]
    wide = schema.replace(b'"content": "256"', b'"content": "100000"')
    path.write_bytes(packed(members(kept) | {"schema.json": wide}))


def evil(path, kept):
    skops_io.dump({"run": os.system}, path)
    rewrite(path, {"skfadm": skfadm.__version__})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (deep, "holds more than a model needs"),
        (encrypted, "encrypted"),
        (another_estimator, "holds no generator but LogisticRegression"),
        (unfitted, "is not fitted"),
        (too_wide, "its networks are larger than its weights"),
        (other_packing, "packed in an unknown way"),
        (evil, "system, which are not skfadm's; it is not loaded"),
        (lambda path, _: skops_io.dump({"a": 1}, path), "generate` did not write it"),
        (lambda path, _: path.write_text("no archive"), "not a zip file"),
        (lambda path, _: rewrite(path, {"label": "age"}), "columns are not those"),
        (lambda path, _: rewrite(path, {"n_rows": -1}), "columns are not those"),
    ],
)
def test_what_is_no_model_is_refused_in_a_line(model, kept, capsys, spoil, said):
    spoil(model, kept)
    message = refused(capsys)
    assert "m.skops: cannot be read as a model: " in message
    assert said in message, message


@pytest.mark.parametrize(
    "name",
    [
        "skfadm.encoding._encoder.np",
        "skfadm.encoding._encoder.BaseEstimator",
        "skfadm.cli.main",
        # Its import would run the command line.
        "skfadm.cli.__main__.main",
        "skfadmin.Model",
    ],
)
def test_own_names_that_lead_elsewhere_are_foreign(model, capsys, name):
    skops_io.dump(TabularEncoder(), "m.skops")
    module, _, word = name.rpartition(".")
    rewrite(model, {"__module__": module, "__class__": word}, "schema.json")
    rewrite(model, {"skfadm": skfadm.__version__})
    assert f"names the types {name}, which are not skfadm's" in refused(capsys)


@pytest.mark.parametrize("name", ["skfadm.json", "schema.json", "1.npy"])
def test_sizes_are_checked_before_anything_is_unpacked(model, kept, capsys, name):
    with zipfile.ZipFile(model, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in (members(kept) | {name: b" " * (150 << 20)}).items():
            archive.writestr(part, content)
    tracemalloc.start()
    try:
        assert "would unpack to far more than a model needs" in refused(capsys)
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("seed", [*range(60), 365, 564])
def test_a_changed_model_is_refused_in_a_line_or_still_works(model, kept, capsys, seed):
    model.write_bytes(mutant(kept, seed))
    code = main([*AGAIN, "-o", "b.csv"])
    out, err = capsys.readouterr()
    assert out == ""
    if code == 0:
        assert len(pd.read_csv("b.csv")) == 5
    else:
        assert code == 2
        assert err.startswith("skfadm: error: ")
        assert not os.path.exists("b.csv")
        # In one line, without what would act on the terminal.
        assert err[:-1].isprintable() and err.endswith("\n")


def test_a_kept_model_writes_in_the_form_of_its_table(folder, table):
    table = table.assign(day="31.12.2020", code="007").assign(hours=table["hours"])
    table.to_csv("in.csv", index=False, sep=";", decimal=",", encoding="cp1252")
    learn = ["generate", "in.csv", *LEARN, "-q", "--encoding", "cp1252", "-n", "5"]
    assert main([*learn, "--model", "m.skops", "-o", "a.csv", "--seed", "3"]) == 0
    assert main([*AGAIN, "-o", "b.csv"]) == 0
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
    made = pd.read_csv("b.csv", sep=";", decimal=",", dtype={"code": str})
    assert made["hours"].dtype == "float64"
    assert set(made["code"]) == {"007"}
    assert set(made["day"]) == {"31.12.2020"}
