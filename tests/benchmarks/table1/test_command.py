from dataclasses import replace

import pandas as pd
import pytest

from benchmarks.table1 import __main__ as command
from benchmarks.table1.__main__ import main
from benchmarks.table1.settings import FULL, METHODS, QUICK


def arguments(adult_folder, out, *more):
    return [
        "--data",
        str(adult_folder),
        "--out",
        str(out),
        "--jobs",
        "1",
        *more,
    ]


@pytest.fixture
def faster(monkeypatch):
    tiny = replace(QUICK, n_generated=80, max_iter=2)
    monkeypatch.setattr(command, "QUICK", tiny)


def test_quick_writes_tables_and_a_picture_that_say_so(
    adult_folder, tmp_path, capsys, faster
):
    out = tmp_path / "new" / "table"
    asked = ["--quick", "--methods", "skfadm", "real", "vae", "majority"]
    assert main(arguments(adult_folder, out, *asked)) == 0
    printed, progress = capsys.readouterr()
    text = (out / "table1.md").read_text()
    assert printed == text
    assert "A quick run" in text
    assert progress.splitlines()[-1].startswith("[12/12]")
    for classifier in ("LR", "MLP", "GB"):
        table = pd.read_csv(out / f"table1-{classifier}.csv")
        assert table["method"].tolist() == [
            "majority label",
            "real source rows",
            "VAE",
            *["skfadm"] * 2,
        ]
        assert set(table["run"]) == {"quick"}
    rows = pd.read_csv(out / "results.csv")
    assert len(rows) == 4 * 3 * 3 * 2
    assert set(rows["seed"]) == {0}
    for rule in ("accuracy", "fair_accuracy"):
        assert 0 < (out / f"table1-{rule}.png").stat().st_size < 200_000


def test_part_of_the_whole_protocol(adult_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "FULL", replace(FULL, n_generated=80, max_iter=2))
    more = ["--seeds", "2", "--methods", "vae", "--targets", "White"]
    assert main(arguments(adult_folder, tmp_path, *more)) == 0
    rows = pd.read_csv(tmp_path / "results.csv")
    assert set(rows["scored_on"]) == {"White"}
    assert set(rows["seed"]) == {0, 1}
    choices = pd.read_csv(tmp_path / "choices.csv")
    assert choices["rule"].tolist() == ["accuracy", "fair_accuracy"]
    for rule, chosen in choices.set_index("rule")["chosen"].items():
        assert set(rows.loc[rows["rule"] == rule, "candidate"]) == {chosen}
    assert "## What was chosen" in capsys.readouterr().out


def test_help_lists_the_methods(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    words = " ".join(capsys.readouterr().out.split())
    listed = words.split("methods: ")[1].split(" options:")[0]
    assert [part.split()[0] for part in listed.split(", ")] == list(METHODS)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--methods", "vea"], "no method 'vea'; choose from majority, real"),
        (["--targets", "Green"], "no target 'Green'; choose from Black, Other, White"),
        (["--seeds", "0"], "'0' is not a whole number of 1 or more"),
    ],
)
def test_errors_say_in_one_line_what_to_change(
    adult_folder, tmp_path, capsys, more, said
):
    with pytest.raises(SystemExit, match="2"):
        main(arguments(adult_folder, tmp_path / "out", *more))
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err.splitlines()[-1]
    assert not (tmp_path / "out").exists()
