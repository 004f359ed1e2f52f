"""The command line: errors of one line, help at once, an orderly end."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from time import sleep

import pandas as pd
import pytest

from skfadm.cli import main

from .commands import ENVIRONMENT, GOOD, LEARN, error_of

OUT = ["-o", "a.csv"]
KEPT = ["generate", "--model", "m.skops", *OUT]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["sample"], ["'sample'", "demo"]),
        (["generate", "-o", "a.csv"], ["give a table", "--model"]),
        (["generate", "adult.csv", "-o", "a.csv"], ["--label"]),
        (["generate", "adult.csv", *LEARN], ["-o"]),
        ([*GOOD, "--data", "adult.csv"], ["twice"]),
        (["generate", "none.csv", *LEARN, "-o", "a.csv"], ["none.csv", "no such file"]),
        (["generate", ".", *LEARN, "-o", "a.csv"], [".csv.gz", ".parquet"]),
        ([*GOOD[:-1], "no/such/fair.csv"], ["no folder", "no/such", "make it"]),
        ([*GOOD, "--model", "m.pkl"], ["m.pkl", ".skops"]),
        ([*GOOD, "-n", "0"], ["-n", "'0' is not"]),
        ([*GOOD, "--identifiers", "all"], ["--identifiers", "'all'", "keep"]),
        ([*GOOD, "--identifiers", "x=keep"], ["x=keep", "no feature 'x'", "'age'"]),
        ([*GOOD, *2 * ["--identifiers", "keep"], "--identifiers", "job=keep"], ["one"]),
        ([*GOOD, "--lambda-y", "nan"], ["--lambda-y", "'nan'"]),
        ([*GOOD, "--lambda-yz", "99"], ["--lambda-yz", "'99'", "from 0 to 1"]),
        ([*GOOD, "--fairness-target", "0.9/2"], ["--fairness-target", "'2'", "ratio"]),
        ([*GOOD, "--seed", "-3"], ["--seed", "-3"]),
        ([*GOOD, "--sep", "ab"], ["--sep", "'ab'", "one character"]),
        ([*GOOD, "--encoding", "utf8000"], ["unknown encoding: utf8000"]),
        ([*GOOD, "--label", "incom"], ["'incom'", "did you mean 'income'"]),
        ([*GOOD, "--sensitive", "gender"], ["'gender'", "--sensitive", "'age'"]),
        ([*GOOD, "--sensitive", "sex"], ["'sex'", "cannot be again"]),
        ([*GOOD, "--sensitive", "hours"], ["'hours' (--sensitive)", "ranges"]),
        ([*GOOD[:4], "--sensitive", "sex, race", *OUT], ["sex --sensitive race"]),
        ([*GOOD[:4], "--domain", "sex,race", *OUT], ["takes one column"]),
        ([*GOOD, "--domain", "income"], ["is --label", "cannot be --domain"]),
        ([*GOOD, "--label", "job"], ["22 in 'job' (--label)", "--drop-missing"]),
        ([*GOOD, "--label", "hours"], ["'hours' (--label)", "ranges of values"]),
        ([*GOOD, "--ask", "rich"], ["--ask", "'rich'", "'<=50K', '>50K'"]),
        ([*GOOD, "--ask", ">50K=half"], ["'half'", ">50K=0.5"]),
        ([*GOOD, "--ask", ">50K=.5", "--ask", "<=50K=.4"], ["--ask", "sum to 0.9"]),
        ([*KEPT], ["m.skops", "no such file"]),
        ([*KEPT, "--sep", ";"], ["--sep needs a table"]),
        ([*KEPT, "--label", "y"], ["--label needs a table"]),
        ([*GOOD[:4], "--lambda-z", "1", *OUT], ["--lambda-z", "--sensitive"]),
        ([*GOOD[:4], "--adapt", "adult.csv", *OUT], ["--adapt", "--sensitive"]),
        ([*GOOD[:4], "--report", "a.html", *OUT], ["--report", "--sensitive"]),
    ],
)
def test_errors_say_in_one_line_what_to_change(folder, capsys, no_training, argv, said):
    message = error_of(capsys, *argv)
    assert all(words in message for words in said), message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        (
            "age,sex,income,race\n1,F,yes,A\n2,M,yes,B\n",
            "'income' (--label) holds one class",
        ),
        ("age,sex,income,race\n1,F,yes,A\n2,F,no,B\n", "nothing to be fair between"),
        ("sex,income,race\nF,yes,A\nM,no,B\n", "no columns are left"),
        ("age,sex,income,race\ninf,F,yes,A\n2,M,no,B\n", "inf"),
    ],
)
def test_bad_tables_are_refused(folder, capsys, no_training, content, said):
    (folder / "bad.csv").write_text(content)
    message = error_of(capsys, "generate", "bad.csv", *LEARN, "-o", "a.csv")
    assert said in message, message


@pytest.mark.parametrize(
    ("role", "column", "said"),
    [
        ("--label", "day", "'day' (--label) holds 2020-01-01 00:00:00, which is no"),
        ("--domain", "day", "'day' (--domain) holds 2020-01-01 00:00:00, which is no"),
        ("--label", "id", "column 'id' (--label) holds 60 different values in 60 rows"),
        (
            "--sensitive",
            "race",
            "--sensitive holds the same attribute twice (column 'code')",
        ),
    ],
)
def test_columns_that_cannot_have_a_role_are_refused_by_option_and_name(
    folder, table, capsys, no_training, role, column, said
):
    pytest.importorskip("pyarrow")
    days = pd.date_range("2020-01-01", periods=len(table))
    more = {
        "day": days,
        "id": range(len(table)),
        "code": table["race"].map({"A": 1, "B": 2, "C": 3}),
    }
    table.assign(**more).to_parquet("more.parquet")
    argv = ["generate", "more.parquet", "-o", "a.parquet", role, column]
    argv += [] if role == "--label" else ["--label", "income"]
    argv += ["--sensitive", "code"] if column == "race" else []
    assert said in error_of(capsys, *argv)


def test_missing_packages_are_named_before_anything_is_read(
    folder, capsys, monkeypatch
):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pyarrow" in error_of(capsys, *GOOD[:-1], "a.parquet")
    kept = error_of(capsys, *GOOD, "--model", "m.skops")
    assert "pip install 'skfadm[models]'" in kept
    assert "matplotlib" in error_of(capsys, "demo")


def test_folder_that_cannot_be_written_to_is_an_error(folder, capsys, monkeypatch):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert "Permission denied" in error_of(capsys, *GOOD)


def test_help_says_what_it_does(capsys):
    assert main([]) == 2
    assert "generate" in capsys.readouterr().err
    for command in ("generate", "demo", "report"):
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
        assert f"usage: skfadm {command}" in capsys.readouterr().out


def test_ctrl_c_while_training_gives_130_and_no_file(folder):
    argv = [sys.executable, "-m", "skfadm.cli", *GOOD, "--max-iter", "1000000"]
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    environment = {**ENVIRONMENT, "TERM": "xterm"}
    process = subprocess.Popen(
        argv,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=slave,
        # Tests that run in the background inherit that Ctrl-C is ignored.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    os.close(slave)
    first = b""
    while first.count(b"\r") < 2:  # the bar is made, and has moved
        first += os.read(master, 1000)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=600)
    last = os.read(master, 100_000)
    os.close(master)
    assert first.startswith(b"\rtraining")
    assert process.returncode == 130
    # On a line of its own, and nothing else, so no traceback.
    assert (first + last).endswith(b"\r\nskfadm: interrupted\r\n")
    assert b"Traceback" not in last
    assert out == b""
    assert os.listdir() == ["adult.csv"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_sigterm_while_writing_gives_143_and_no_file(folder):
    argv = [sys.executable, "-m", "skfadm.cli", *GOOD, "-q", "-n", "100000000"]
    process = subprocess.Popen(argv, env=ENVIRONMENT, stderr=subprocess.PIPE)
    while process.poll() is None and not list(Path().glob(".fair.csv.*")):
        sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 143
    assert err == b"skfadm: ended from outside\n"
    assert os.listdir() == ["adult.csv"]


@pytest.mark.parametrize(
    ("argv", "heavy"),
    [
        (["generate", "--help"], "torch pandas sklearn numpy"),
        (["--version"], "torch pandas sklearn numpy"),
        (["generate", "none.csv", *LEARN, "-o", "a.csv"], "torch pandas sklearn numpy"),
        ([*GOOD, "--label", "sex"], "torch pandas sklearn numpy"),
        ([*GOOD[:3], "incom", "-o", "a.csv"], "torch sklearn"),
    ],
)
def test_what_is_heavy_is_not_imported_for_help_and_errors(folder, argv, heavy):
    code = (
        "import sys\n"
        "from skfadm.cli import main\n"
        "try:\n"
        "    main(sys.argv[2:])\n"
        "finally:\n"
        "    assert not set(sys.argv[1].split()) & set(sys.modules)\n"
    )
    argv = [sys.executable, "-c", code, heavy, *argv]
    run = subprocess.run(argv, env=ENVIRONMENT, capture_output=True)
    assert run.returncode == 0, run.stderr.decode()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("skfadm ge", ["generate"]),
        ("skfadm generate --lambda-", ["--lambda-y", "--lambda-yz", "--lambda-z"]),
        ("skfadm report adu", ["adult.csv"]),
    ],
)
def test_a_shell_is_told_what_a_word_may_go_on_with(folder, line, offered):
    pytest.importorskip("argcomplete")
    asked = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": "offered",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    subprocess.run([sys.executable, "-m", "skfadm.cli"], env=ENVIRONMENT | asked)
    words = Path("offered").read_text().split("\x0b")
    assert sorted(word.strip() for word in words) == offered
