"""Fair labels on the command line: what is promised, adapted and kept."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skfadm.cli import main

from .commands import LEARN, error_of


@pytest.fixture
def biased(tmp_path, monkeypatch):
    """Work in a folder with a table whose labels go along with sex."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    sex = rng.choice(["F", "M"], 400)
    skill = rng.normal(size=400) + (sex == "M")
    table = pd.DataFrame(
        {
            "sex": sex,
            "skill": skill.round(3),
            "code": rng.choice(["001", "002"], 400),
            "job": np.where((sex == "F") ^ (rng.random(400) < 0.2), "a", "b"),
            "hired": np.where(skill + rng.normal(size=400) / 4 > 0.5, "yes", "no"),
        }
    )
    table.to_csv("table.csv", index=False)
    return table


LEARN_HIRED = ["generate", "table.csv", "--label", "hired", "--sensitive", "sex"]
LEARN_HIRED += ["--max-iter", "2", "--seed", "0"]


def test_a_kept_model_predicts_fairness_and_its_price(biased, capsys):
    assert main([*LEARN_HIRED, "-q", "--model", "m.skops", "-o", "a.csv"]) == 0
    again = ["generate", "--model", "m.skops", "--fairness-target", "0.9"]
    # Most of the way to the target.
    again += ["--lambda-yz", "0.9", "-n", "50", "-o", "b.csv"]
    assert main(again) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    told = " ".join(out.split())
    before, after = re.search(
        r"--lambda-yz 0.90 \(as set\), favourable: hired = yes .*parity: real "
        r"labels \S+, for the source rows "
        r"(\S+) -> (\S+) .*opportunity: predicted .*positives .*accuracy: .* constant "
        r"answer .* AUC of groups .* trained",
        told,
    ).groups()
    assert float(before) < float(after)
    assert "trained for 2 iterations only" in told


def test_nothing_is_predicted_for_labels_that_are_asked_for(biased, capsys):
    argv = [*LEARN_HIRED, "--ask", "yes", "-n", "50", "-o", "a.csv"]
    assert main(argv) == 0
    assert "labels were asked for, so nothing is predicted" in capsys.readouterr().out


def test_sensitive_columns_are_kept_where_they_stood(biased):
    argv = [*LEARN_HIRED, "-q", "--keep-sensitive", "-n", "500"]
    assert main([*argv, "--model", "m.skops", "-o", "a.csv"]) == 0
    made = pd.read_csv("a.csv", dtype=str)
    assert list(made) == list(biased)
    # Of what features tell of it: most women have the one job, most men the other.
    share = made.groupby("job")["sex"].apply(lambda sex: (sex == "F").mean())
    assert share["a"] > 0.6 > 0.4 > share["b"]
    again = ["generate", "--model", "m.skops", "-q", "-n", "500", "--seed", "0"]
    assert main([*again, "--keep-sensitive", "-o", "b.csv"]) == 0
    pd.testing.assert_frame_equal(pd.read_csv("b.csv", dtype=str), made)
    assert main([*again, "-o", "c.csv"]) == 0
    without = pd.read_csv("c.csv", dtype=str)
    pd.testing.assert_frame_equal(without, made.drop(columns="sex"))


def test_labels_adapt_to_unlabelled_rows(biased, capsys):
    # Codes that look like numbers are read as the words that they are in the table.
    target = biased[biased["job"] == "a"].assign(code="7")
    target[["code", "job", "skill"]].to_csv("target.csv", index=False)
    argv = [*LEARN_HIRED, "--adapt", "target.csv", "--model", "m.skops"]
    assert main([*argv, "-n", "50", "-o", "a.csv"]) == 0
    assert "for the unlabelled rows" in " ".join(capsys.readouterr().out.split())
    again = ["generate", "--model", "m.skops", "-n", "50", "--seed", "0"]
    argv = [*again, "--adapt", "target.csv", "--positive", "yes", "-o", "b.csv"]
    assert main(argv) == 0
    assert "for the unlabelled rows" in " ".join(capsys.readouterr().out.split())
    assert Path("a.csv").read_text() == Path("b.csv").read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--positive", "perhaps"], ["--positive perhaps", "'no', 'yes'"]),
        (["--adapt", "none.csv"], ["none.csv", "no such file"]),
        (["--adapt", "few.csv"], ["few.csv: has no column 'code'"]),
        (["--holdout", "less.csv"], ["less.csv: has no column 'code'"]),
        (["--adapt", "odd.csv"], ["odd.csv", "'skill' holds words such as 'high'"]),
        (["--sensitive", "skill"], ["'skill' (--sensitive)"]),
        (["--sensitive", "id"], ["--sensitive has 2, 400 groups", "at most 20"]),
    ],
)
def test_errors_come_before_training(biased, capsys, no_training, options, said):
    biased[["skill", "job"]].to_csv("few.csv", index=False)
    biased.assign(skill="high").to_csv("odd.csv", index=False)
    biased.drop(columns="code").to_csv("less.csv", index=False)
    biased.assign(id=range(400)).to_csv("table.csv", index=False)
    message = error_of(capsys, *LEARN_HIRED, *options, "-o", "a.csv")
    assert all(words in message for words in said), message


def test_progress_is_shown_while_rows_are_sampled(folder, capsys, monkeypatch):
    monkeypatch.setattr("skfadm.cli.generate.BATCH_SIZE", 10)
    monkeypatch.setattr("skfadm._progress.PAUSE", 0.0)
    argv = ["generate", "adult.csv", *LEARN, "-n", "40", "-o", "a.csv"]
    assert main(argv) == 0
    assert "sampling  25%" in capsys.readouterr().err
    assert main([*argv, "-q"]) == 0
    assert capsys.readouterr().err == ""
