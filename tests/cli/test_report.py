"""`skfadm report`: tables in, one page and a small table in the terminal out."""

import json
import re

import pandas as pd
import pytest

from skfadm.cli import main

from .commands import error_of

pytest.importorskip("matplotlib")

ROLES = ["--label", "income", "--sensitive", "sex", "--domain", "race"]
GOOD = ["report", "adult.csv", "fair.csv", *ROLES, "-o", "report.html"]


@pytest.fixture
def tables(folder, table):
    """Also a synthetic table, without the sensitive column, and held-out rows."""
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


def test_tables_are_read_as_generate_reads_them(tables, capsys):
    assert main(GOOD) == 0
    expected = capsys.readouterr().out
    for name in ("adult.csv", "fair.csv"):
        frame = pd.read_csv(name)
        frame.to_csv(name, index=False, sep="|", na_rep="none", encoding="utf-16")
    options = ["--sep", "|", "--missing", "none", "--encoding", "utf-16"]
    assert main([*GOOD, *options]) == 0
    assert capsys.readouterr().out == expected


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
    assert re.search(message, error_of(capsys, *GOOD, *more))


def test_without_groups_or_label_there_is_nothing_to_report(tables, capsys, table):
    argv = ["report", "adult.csv", "fair.csv", "-o", "report.html"]
    assert "--label" in error_of(capsys, *argv)
    assert "--sensitive" in error_of(capsys, *argv, "--label", "income")
    table[["age"]].to_csv("fair.csv", index=False)
    assert "fair.csv: has no column 'income'" in error_of(capsys, *GOOD)
    table[["age", "income"]].to_csv("fair.csv", index=False)
    assert "synthetic must have the columns of real" in error_of(capsys, *GOOD)


# --- after skfadm generate ---------------------------------------------------------

LEARN = ["generate", "adult.csv", *ROLES, "--max-iter", "2", "-o", "new.csv"]


def test_generate_ends_with_the_verdict_on_its_rows(tables, capsys):
    assert main([*LEARN, "--holdout", "test.csv"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    told = " ".join(out.split())
    assert "60 synthetic rows for 60 real ones, judged on 48 held-out rows" in told
    assert "selection rate, F" in told and "Fidelity:" in told and "Privacy:" in told
    assert "Next: --" in told


def test_generate_writes_the_page_with_settings_and_trade_off(
    tables, capsys, monkeypatch
):
    monkeypatch.setattr("skfadm.report._fairness._STRENGTHS", (0.0, 1.0))
    assert main([*LEARN, "--seed", "5", "--report", "report.html", "-q"]) == 0
    assert capsys.readouterr() == ("", "")
    page = (tables / "report.html").read_text(encoding="utf-8")
    assert "What more fairness would cost" in page
    for name, value in (("max_iter", 2), ("seed of the rows", 5)):
        assert f"<dt>{name}</dt><dd>{value}</dd>" in page


def test_the_positive_label_is_also_the_one_that_fair_control_is_about(
    tables, monkeypatch
):
    from skfadm import FairDiffusionGenerator

    given = []
    fit = FairDiffusionGenerator.fit

    def spy(self, *args, **kwargs):
        given.append(self.pos_label)
        return fit(self, *args, **kwargs)

    monkeypatch.setattr(FairDiffusionGenerator, "fit", spy)
    assert main([*LEARN, "--positive", "<=50K", "-q"]) == 0
    assert given == ["<=50K"]


def test_labels_that_are_asked_for_are_not_judged(tables, capsys):
    assert main([*LEARN, "--ask", ">50K"]) == 0
    assert "selection rate" not in capsys.readouterr().out
    message = error_of(capsys, *LEARN, "--ask", ">50K", "--report", "report.html")
    assert "--ask" in message


def test_a_table_that_cannot_be_judged_is_written_all_the_same(tables, capsys):
    pd.read_csv("adult.csv")[:40].to_csv("adult.csv", index=False)
    assert main([*LEARN, "-n", "5"]) == 0
    assert "not judged: synthetic must have at least 10 rows" in capsys.readouterr().out
    assert len(pd.read_csv("new.csv")) == 5


def test_a_card_goes_with_the_table_of_a_fit_and_of_a_kept_model(folder, capsys):
    pytest.importorskip("skops")
    learn = ["generate", "adult.csv", *ROLES, "--max-iter", "2", "--seed", "5", "-q"]
    kept = [*learn, "-o", "fair.csv", "--model", "m.skops", "--card", "card.json"]
    assert main([*kept, "--holdout", "adult.csv"]) == 0
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert card["composition"]["instances"] == 60
    assert card["collection_process"]["seed"] == 5
    assert card["examination_of_bias"]["measured"]["attribute"] == "sex"
    again = ["generate", "--model", "m.skops", "-n", "7", "-o", "b.csv", "-q"]
    assert main([*again, "--card", "card.md"]) == 0
    page = (folder / "card.md").read_text(encoding="utf-8")
    assert "7" in page and "not attacked" in page
    capsys.readouterr()
    assert "name it .json or .md" in error_of(capsys, *again, "--card", "card.txt")
    taken = error_of(capsys, *learn, "-o", "c.json.csv", "--card", "adult.csv")
    assert "adult.csv" in taken
