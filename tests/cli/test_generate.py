"""`skfadm generate`: a table in, a fair one out, whole or not at all."""

import gzip
import itertools
import os

import pandas as pd
import pytest

from skfadm import FairDiffusionGenerator
from skfadm.cli import main

from .commands import LEARN, error_of


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_generates_a_table_of_the_same_columns_without_sensitive_and_domain(
    folder, table, suffix, capsys
):
    source = f"in{suffix}"
    if suffix == ".parquet":
        table.to_parquet(source)
    else:
        table.to_csv(source, index=False)
    argv = ["generate", source, *LEARN, "-n", "50", "-o", f"out{suffix}"]
    assert main(argv) == 0
    read = pd.read_parquet if suffix == ".parquet" else pd.read_csv
    made, real = read(f"out{suffix}"), read(source)
    assert made.columns.tolist() == ["age", "income", "hours", "job"]
    assert len(made) == 50
    assert made.dtypes.equals(real.dtypes[made.columns])
    assert set(made["income"]) <= {"<=50K", ">50K"}
    assert set(made["job"].dropna()) <= {"x", "y"}
    assert made["age"].between(real["age"].min(), real["age"].max()).all()
    out, err = capsys.readouterr()
    assert "50 rows, 4 columns" in out
    assert "left out: sex, race" in out
    assert "2/2" in err  # progress


def test_names_come_back_by_the_rule_that_is_said(folder, table, capsys):
    real = [f"Ann{i:03d}" for i in range(len(table))]
    table.assign(name=real).to_csv("adult.csv", index=False)
    argv = ["generate", "adult.csv", *LEARN, "-n", "20", "-o", "fair.csv"]
    assert main(argv) == 0
    note = capsys.readouterr().err
    assert "Column 'name' holds 60 words that are rare" in note
    assert "--identifiers 'name=synthetic', 'missing' or 'keep'" in note
    assert not set(pd.read_csv("fair.csv", dtype=str)["name"]) & set(real)
    assert main([*argv, "--identifiers", "name=keep", "-q"]) == 0
    assert set(pd.read_csv("fair.csv", dtype=str)["name"]) <= set(real)
    assert main([*argv, "--identifiers", "missing", "-q"]) == 0
    assert pd.read_csv("fair.csv", dtype=str)["name"].isna().all()


def test_same_seed_same_file_and_without_one_another(folder, capsys):
    for name in ("a", "b"):
        argv = ["generate", "adult.csv", *LEARN, "--seed", "7", "-o", f"{name}.csv.gz"]
        assert main(argv) == 0
    assert (folder / "a.csv.gz").read_bytes() == (folder / "b.csv.gz").read_bytes()
    capsys.readouterr()
    assert main(["generate", "adult.csv", *LEARN, "-o", "c.csv"]) == 0
    seed = capsys.readouterr().out.split("seed: ")[1].split()[0]
    assert main(["generate", "adult.csv", *LEARN, "--seed", seed, "-o", "d.csv"]) == 0
    assert (folder / "c.csv").read_bytes() == (folder / "d.csv").read_bytes()
    packed = gzip.decompress((folder / "a.csv.gz").read_bytes())
    assert (folder / "c.csv").read_bytes() != packed


@pytest.mark.parametrize(
    ("pair", "asked", "counts"),
    [
        (("<=50K", ">50K"), ["<=50K"], {"<=50K": 40}),
        (
            ("<=50K", ">50K"),
            ["<=50K=0.25", ">50K=0.75"],
            {"<=50K": 10, ">50K": 30},
        ),
        # As they stand in the file, whatever they are read as.
        (("0", "1"), ["1"], {"1": 40}),
        (("10", "01"), ["01"], {"01": 40}),
        (("0.0", "1.0"), ["1.0=1"], {"1.0": 40}),
    ],
)
def test_labels_are_given_as_asked(folder, table, pair, asked, counts):
    labels = table["income"].map(dict(zip(["<=50K", ">50K"], pair, strict=True)))
    table.assign(income=labels).to_csv("adult.csv", index=False)
    options = [part for label in asked for part in ("--ask", label)]
    argv = ["generate", "adult.csv", *LEARN, "-q", "-n", "40", "-o", "a.csv"]
    assert main([*argv, *options]) == 0
    made = pd.read_csv("a.csv", dtype=str)["income"]
    assert made.value_counts().to_dict() == counts


@pytest.mark.parametrize("suffix", [".csv.gz", ".parquet"])
def test_a_long_table_is_written_batch_by_batch(folder, suffix, monkeypatch):
    argv = ["generate", "adult.csv", *LEARN, "--seed", "3", "-n", "50", "-q"]
    assert main([*argv, "-o", f"whole{suffix}"]) == 0
    real = FairDiffusionGenerator.sample_batches
    made = []

    def in_sevens(self, *args, **kwargs):
        for batch in real(self, *args, **{**kwargs, "batch_size": 7}):
            # What has been made has been written, except for the last batch.
            made.append(len(batch[0]))
            yield batch

    monkeypatch.setattr(FairDiffusionGenerator, "sample_batches", in_sevens)
    assert main([*argv, "-o", f"batches{suffix}"]) == 0
    assert made == [7] * 7 + [1]
    read = pd.read_parquet if suffix == ".parquet" else pd.read_csv
    pd.testing.assert_frame_equal(read(f"batches{suffix}"), read(f"whole{suffix}"))


@pytest.mark.parametrize("suffix", [".csv.gz", ".parquet"])
def test_sampling_that_stops_halfway_leaves_the_old_file(folder, suffix, monkeypatch):
    def stop(self, *args, **kwargs):
        batches = real(self, *args, **{**kwargs, "batch_size": 7})
        yield from itertools.islice(batches, 3)
        raise KeyboardInterrupt

    real = FairDiffusionGenerator.sample_batches
    monkeypatch.setattr(FairDiffusionGenerator, "sample_batches", stop)
    out = folder / f"out{suffix}"
    out.write_text("old")
    assert main(["generate", "adult.csv", *LEARN, "-q", "-o", out.name]) == 130
    assert sorted(os.listdir()) == ["adult.csv", out.name]
    assert out.read_text() == "old"


def test_sampling_that_leaves_all_numbers_is_an_error_of_one_line(folder, capsys):
    argv = ["generate", "adult.csv", *LEARN, "-q", "--lambda-z", "1e300"]
    assert "lower the strengths" in error_of(capsys, *argv, "-o", "a.csv")


def test_the_least_frequency_of_what_comes_back_can_be_chosen(tmp_path):
    words = ["common", "usual"] * 18 + ["rare"] * 4
    table = pd.DataFrame({"word": words, "label": ["yes", "no"] * 20})
    table.to_csv(tmp_path / "table.csv", index=False)
    found = {}
    for frequency in ("1", "5"):
        argv = ["generate", str(tmp_path / "table.csv"), "--label", "label", "-q"]
        argv += ["--max-iter", "2", "--seed", "0", "-n", "300"]
        argv += ["--min-frequency", frequency, "-o", str(tmp_path / "new.csv")]
        assert main(argv) == 0
        found[frequency] = set(pd.read_csv(tmp_path / "new.csv")["word"])
    assert found == {"1": {"common", "usual", "rare"}, "5": {"common", "usual"}}
