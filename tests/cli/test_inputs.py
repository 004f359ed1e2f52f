"""Files that a command reads and writes: none is lost, pipes are pipes."""

import os
import re
import shlex
import stat
import threading
from pathlib import Path

import pandas as pd
import pytest

from skfadm.cli import main

from .commands import GOOD, LABELS, LEARN, error_of

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
OUT = ["-o", "fair.csv"]


@pytest.fixture
def others(folder, table):
    """Also tables for --adapt and --holdout, and links to the latter."""
    table.to_csv("other.csv", index=False)
    if os.name != "nt":
        for name in ("link.csv", "link.html", "link.skops"):
            os.symlink("other.csv", name)
        os.link("other.csv", "hard.csv")
    return folder


@posix
@pytest.mark.parametrize(
    "argv",
    [
        ["generate", "adult.csv", *LEARN, "-o", "./adult.csv"],
        ["generate", "--data", "adult.csv", *LEARN, "-o", "adult.csv"],
        *(
            ["generate", "adult.csv", *LEARN, read, "other.csv", *written]
            for read in ("--adapt", "--holdout")
            for written in (
                ["-o", "other.csv"],
                ["-o", "link.csv"],
                ["-o", "hard.csv"],
                [*OUT, "--report", "link.html"],
                [*OUT, "--model", "link.skops"],
            )
        ),
        # Written twice, each by way of a link.
        ["generate", "adult.csv", *LEARN, "-o", "other.csv", "--report", "link.html"],
        ["generate", "adult.csv", *LEARN, "-o", "link.csv", "--model", "link.skops"],
        ["report", "adult.csv", "other.csv", *LABELS, "-o", "link.html"],
        ["report", "other.csv", "adult.csv", *LABELS, "-o", "link.html"],
        ["report", "adult.csv", "adult.csv", *LABELS, "-o", "link.html"]
        + ["--holdout", "other.csv"],
    ],
)
def test_no_file_is_written_that_is_read_or_written_twice(
    others, capsys, no_training, argv
):
    before = {path: path.read_bytes() for path in others.iterdir()}
    assert "would replace" in error_of(capsys, *argv)
    assert {path: path.read_bytes() for path in others.iterdir()} == before


@posix
def test_a_pipe_as_output_is_written_to(folder):
    os.mkfifo("pipe.csv")
    found = []
    reader = threading.Thread(
        target=lambda: found.append(Path("pipe.csv").read_bytes())
    )
    reader.start()
    assert main([*GOOD[:-1], "pipe.csv", "-q", "--seed", "0"]) == 0
    reader.join(60)
    assert stat.S_ISFIFO(os.stat("pipe.csv").st_mode)
    assert main([*GOOD, "-q", "--seed", "0"]) == 0
    assert found == [Path("fair.csv").read_bytes()]


@pytest.mark.parametrize("name", ["n" * 236 + ".csv", "ü" * 118 + ".csv"])
def test_names_of_240_bytes_are_read_and_written(folder, name):
    os.rename("adult.csv", name)
    assert main(["generate", name, *LEARN, "-q", "-o", name[1:]]) == 0
    assert len(pd.read_csv(name[1:])) == 60


@pytest.mark.parametrize(
    ("n_table", "n_holdout", "more", "said"),
    [
        (60, 60, ["-n", "9"], "-n gives 9"),
        (60, 9, [], "--holdout gives 9"),
        (9, 60, ["-n", "60"], "the table gives 9"),
    ],
)
def test_too_few_rows_for_a_report_are_refused_before_training(
    folder, table, capsys, no_training, n_table, n_holdout, more, said
):
    table[:n_table].to_csv("adult.csv", index=False)
    table[:n_holdout].to_csv("other.csv", index=False)
    Path("fair.csv").write_text("old")
    argv = [*GOOD, "--report", "page.html", "--holdout", "other.csv", *more]
    assert said in error_of(capsys, *argv)
    assert Path("fair.csv").read_text() == "old"


def test_missing_labels_groups_and_domains_are_told_at_once_and_can_be_dropped(
    folder, table, capsys
):
    table.loc[:4, "income"] = None
    table.loc[3:9, "sex"] = None
    table.loc[59, "race"] = None
    table.to_csv("adult.csv", index=False)
    message = error_of(capsys, *GOOD)
    assert "adult.csv: values are missing: 5 in 'income' (--label)" in message
    assert "7 in 'sex' (--sensitive), 1 in 'race' (--domain)" in message
    assert "these 11 rows out by --drop-missing" in message
    assert main([*GOOD, "--drop-missing", "--holdout", "adult.csv"]) == 0
    assert "adult.csv: 11 of 60 rows are left out" in capsys.readouterr().err
    assert len(pd.read_csv("fair.csv")) == 49
    table.assign(income=None).to_csv("adult.csv", index=False)
    assert "no rows are left" in error_of(capsys, *GOOD, "--drop-missing")


def test_examples_of_the_help_run(folder, table, capsys, monkeypatch):
    pytest.importorskip("matplotlib")
    pytest.importorskip("skops")
    many = pd.concat([table] * 5).assign(state="A")
    for name in ("adult.csv", "train.csv", "test.csv"):
        many.to_csv(name, index=False)
    lines = []
    for command in ("generate", "report"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        text = capsys.readouterr().out.replace("\\\n", "")
        lines += re.findall("^  (skfadm .*?)(?: +#.*)?$", text, re.MULTILINE)
    assert len(lines) == 6
    for line in lines:
        argv = shlex.split(line)[1:]
        quick = ["-n", "40", "-q"] if argv[0] == "generate" else ["-q"]
        quick += ["--max-iter", "2"] if "--label" in argv and len(quick) > 1 else []
        assert main([*argv, *quick]) == 0, line
