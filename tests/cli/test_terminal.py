"""What is printed: safe for the terminal, in terms of options, silent when unread."""

import io
import os
import subprocess
import sys

import pandas as pd
import pytest

from skfadm.cli import main
from skfadm.cli.terminal import in_options, say, tell

from .commands import ENVIRONMENT, GOOD, LEARN

COMMAND = [sys.executable, "-m", "skfadm.cli"]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("If it is 'no', set pos_label='no'.", "If it is 'no', set --positive 'no'."),
        ("lower the strengths lambda_y (9)", "lower the strengths --lambda-y (9)"),
        ("call `adapt` with `X`", "call --adapt with the table"),
        ("X holds only constant columns", "the table holds only constant columns"),
        (
            "y holds 60 different numbers",
            "the column of --label holds 60 different numbers",
        ),
        (
            "alike: identifiers={'a b': 'synthetic'}, 'missing' or 'keep'.",
            "alike: --identifiers 'a b=synthetic', 'missing' or 'keep'.",
        ),
    ],
)
def test_messages_name_options_and_not_parameters(message, said):
    assert in_options(message) == said


def test_a_note_wraps_in_a_terminal_and_is_one_line_elsewhere(monkeypatch, capsys):
    text = "note: " + "some words " * 20 + "/a/path/that/is-not/cut"
    say(text)
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    say(text)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 60
    assert lines[-1].endswith("/a/path/that/is-not/cut")


def test_nothing_that_a_file_says_acts_on_the_terminal(folder, table, capsys):
    name = "in\x1b[31mcome"
    table.rename(columns={"income": name}).to_csv("adult.csv", index=False)
    argv = ["generate", "adult.csv", "--max-iter", "1", "-o", "fair.csv"]
    assert main([*argv, "--label", name]) == 0
    assert main([*argv, "--label", "no\x1b[2J"]) == 2
    out, err = capsys.readouterr()
    assert "in\\x1b[31mcome" in out
    assert "no\\x1b[2J" in err
    assert "\x1b" not in out + err


def test_what_the_terminal_cannot_show_is_spelled(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    tell("größer")
    assert stream.buffer.getvalue() == b"gr\\xf6\\xdfer\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
@pytest.mark.parametrize(
    ("more", "codes"), [(["-o", "fair.csv"], {0}), (["-o", "-", "-n", "9000"], {141})]
)
def test_a_reader_that_goes_away_is_no_error(folder, more, codes):
    read, write = os.pipe()
    os.close(read)
    argv = [*COMMAND, "generate", "adult.csv", *LEARN, *more]
    run = subprocess.run(argv, env=ENVIRONMENT, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert run.returncode in codes
    assert b"error" not in run.stderr and b"Error" not in run.stderr
    assert os.path.exists("fair.csv") == ("fair.csv" in more)


def test_standard_input_is_a_table_and_output_holds_one_alone(folder):
    argv = [*COMMAND, "generate", "-", *LEARN, "-n", "20", "-o", "-"]
    with open("adult.csv", "rb") as table:
        run = subprocess.run(argv, env=ENVIRONMENT, stdin=table, capture_output=True)
    assert run.returncode == 0
    made = pd.read_csv(io.BytesIO(run.stdout))
    assert made.shape == (20, 4)
    assert b"standard output: 20 rows, 4 columns" in run.stderr
    assert os.listdir() == ["adult.csv"]


@pytest.mark.parametrize("error", [KeyError("age"), MemoryError()])
def test_a_fault_of_ours_is_a_line_that_says_what_to_do(
    folder, capsys, monkeypatch, error
):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("skfadm.FairDiffusionGenerator.fit", fail)
    is_ours = isinstance(error, KeyError)
    assert main([*GOOD, "-q"]) == (70 if is_ours else 2)
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert ("please report it" if is_ours else "not enough memory") in err
    assert not os.path.exists("fair.csv")
    monkeypatch.setenv("SKFADM_DEBUG", "1")
    main([*GOOD, "-q"])
    assert "Traceback" in capsys.readouterr().err
