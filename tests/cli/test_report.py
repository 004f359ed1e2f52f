"""`skfadm report`: tables in, one page and a small table in the terminal out."""

import pandas as pd
import pytest

from skfadm.cli import main

from .commands import error_of

pytest.importorskip("matplotlib")

ROLES = ["--label", "income", "--sensitive", "sex", "--domain", "race"]
GOOD = ["report", "adult.csv", "fair.csv", *ROLES, "-o", "report.html"]


@pytest.fixture
def tables(folder, table, monkeypatch):
    """Also a synthetic table, without the sensitive column, and held-out rows."""
    from sklearn.tree import DecisionTreeClassifier

    monkeypatch.setattr(
        "skfadm.quality._trees._booster",
        lambda rng: DecisionTreeClassifier(max_depth=3, random_state=0),
    )
    table.drop(columns=["sex", "race"]).to_csv("fair.csv", index=False)
    table.sample(frac=0.8, random_state=0).to_csv("test.csv", index=False)
    return folder


def test_writes_a_page_and_prints_the_verdict(tables, capsys):
    argv = [*GOOD, "--holdout", "test.csv", "--positive", "<=50K"]
    assert main(argv) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert max(map(len, out.splitlines())) <= 80
    told = " ".join(out.split())
    assert "Positive label: income = <=50K" in told
    assert "judged on 48 held-out rows" in told
    assert "Next: open report.html in a browser." in told
    page = (tables / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "Domain by domain" in page and "income = &lt;=50K" in page


def test_same_seed_same_page_and_quiet(tables, capsys):
    for name in ("a", "b"):
        assert main([*GOOD[:-1], f"{name}.html", "-q", "--seed", "3"]) == 0
    assert capsys.readouterr() == ("", "")
    assert (tables / "a.html").read_bytes() == (tables / "b.html").read_bytes()


def test_a_sensitive_column_that_was_kept_is_no_feature(tables, table, capsys):
    table.to_csv("kept.csv", index=False)
    found = []
    for name in ("fair.csv", "kept.csv"):
        argv = ["report", "adult.csv", name, *ROLES]
        assert main([*argv, "-o", "report.html"]) == 0
        found.append(capsys.readouterr().out)
    assert found[0] == found[1]


def test_numbers_that_are_labels_can_be_the_positive_one(tables, table, capsys):
    for name in ("adult.csv", "fair.csv"):
        frame = pd.read_csv(name)
        frame["income"] = (frame["income"] == ">50K").astype(int)
        frame.to_csv(name, index=False)
    assert main([*GOOD, "--positive", "0"]) == 0
    assert "income = 0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--positive", "rich"], "--positive rich.*'<=50K', '>50K'"),
        (["--holdout", "none.csv"], "none.csv: there is no such file"),
        (["--domain", "state"], r"no column 'state' \(--domain\)"),
        (["-o", "report.txt"], "name the file .html"),
        (["-o", "none/report.html"], "there is no folder"),
        (["--seed", "x"], "--seed"),
    ],
)
def test_errors_name_the_option_and_nothing_is_written(tables, capsys, more, message):
    import re

    assert re.search(message, error_of(capsys, *GOOD, *more))


def test_without_groups_or_label_there_is_nothing_to_report(tables, capsys, table):
    argv = ["report", "adult.csv", "fair.csv", "-o", "report.html"]
    assert "--label" in error_of(capsys, *argv)
    assert "--sensitive" in error_of(capsys, *argv, "--label", "income")
    table[["age"]].to_csv("fair.csv", index=False)
    assert "fair.csv: has no column 'income'" in error_of(capsys, *GOOD)
    table[["age", "income"]].to_csv("fair.csv", index=False)
    assert "synthetic must have the columns of real" in error_of(capsys, *GOOD)
