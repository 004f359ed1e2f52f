"""The command line: tables in and out, models kept, errors of one line."""

import gzip
import itertools
import os
import pty
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import skfadm
from skfadm import FairDiffusionGenerator, _files
from skfadm._files import written_whole
from skfadm.cli import demo as _demo
from skfadm.cli import main

from ..generators import tiny

# Other processes shall find the package that is tested, installed or not.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(skfadm.__file__).parents[1])}
LEARN = [
    "--label",
    "income",
    "--sensitive",
    "sex",
    "--domain",
    "race",
    "--max-iter",
    "2",
]


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    n = 60
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "sex": rng.choice(["F", "M"], n),
            "income": rng.choice(["<=50K", ">50K"], n),
            "race": rng.choice(["A", "B", "C"], n),
            "hours": rng.normal(40, 5, n).round(2),
            "job": rng.choice(["x", "y", None], n),
        }
    )


@pytest.fixture
def folder(tmp_path, monkeypatch, table):
    """Work in a folder with the table as adult.csv."""
    monkeypatch.chdir(tmp_path)
    table.to_csv("adult.csv", index=False)
    return tmp_path


@pytest.fixture
def no_training(monkeypatch):
    """Fail if anything is trained."""

    def train(*_, **__):
        raise AssertionError("training has started")

    monkeypatch.setattr("skfadm.generator.train", train)


def error_of(capsys, *argv):
    """Run a command that fails; return its message."""
    before = set(os.listdir())
    assert main(list(argv)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("skfadm: error: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert set(os.listdir()) == before
    return err


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


def test_as_many_rows_as_the_table_and_quiet(folder, table, capsys):
    assert main(["generate", "adult.csv", *LEARN, "-q", "-o", "fair.csv"]) == 0
    assert capsys.readouterr() == ("", "")
    assert len(pd.read_csv("fair.csv")) == len(table)


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


def test_a_kept_model_samples_again_without_the_table(folder, capsys):
    pytest.importorskip("skops")
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


def test_a_model_that_names_foreign_types_is_not_loaded(folder, capsys):
    skops_io = pytest.importorskip("skops.io")
    skops_io.dump({"run": os.system}, "evil.skops")
    message = error_of(capsys, "generate", "--model", "evil.skops", "-o", "a.csv")
    assert "system" in message
    assert "not loaded" in message
    skops_io.dump({"a": 1}, "other.skops")
    message = error_of(capsys, "generate", "--model", "other.skops", "-o", "a.csv")
    assert "is not a model" in message
    (folder / "broken.skops").write_text("no archive")
    message = error_of(capsys, "generate", "--model", "broken.skops", "-o", "a.csv")
    assert "cannot be read as a model" in message


def test_own_names_that_lead_elsewhere_are_foreign():
    assert _files._is_own_class("skfadm.encoding._encoder.TabularEncoder")
    assert not _files._is_own_class("skfadm.encoding.np")
    assert not _files._is_own_class("skfadm.encoding.BaseEstimator")
    assert not _files._is_own_class("skfadm.cli.main")
    assert not _files._is_own_class("skfadmin.Model")


@pytest.mark.parametrize(
    ("asked", "counts"),
    [
        ([">50K"], {">50K": 40}),
        (["<=50K"], {"<=50K": 40}),
        (["<=50K=0.25", ">50K=0.75"], {"<=50K": 10, ">50K": 30}),
    ],
)
def test_labels_are_given_as_asked(folder, asked, counts):
    options = [part for label in asked for part in ("--ask", label)]
    argv = ["generate", "adult.csv", *LEARN, "-q", "-n", "40", "-o", "a.csv"]
    assert main([*argv, *options]) == 0
    assert pd.read_csv("a.csv")["income"].value_counts().to_dict() == counts


def test_labels_that_are_numbers_can_be_asked_for(folder, table):
    table.assign(income=(table["income"] == ">50K").astype(int)).to_csv(
        "numbers.csv", index=False
    )
    argv = ["generate", "numbers.csv", *LEARN, "-q", "-n", "5", "--ask", "1"]
    assert main([*argv, "-o", "a.csv"]) == 0
    assert pd.read_csv("a.csv")["income"].tolist() == [1] * 5


def test_several_sensitive_columns_and_no_domain(folder, capsys):
    argv = ["generate", "adult.csv", "--label", "income", "--max-iter", "1"]
    argv += ["--sensitive", "sex", "--sensitive", "race", "-o", "a.csv"]
    assert main(argv) == 0
    assert list(pd.read_csv("a.csv")) == ["age", "income", "hours", "job"]


def test_without_a_sensitive_column_it_says_that_nothing_is_controlled(folder, capsys):
    argv = ["generate", "adult.csv", "--label", "income", "--max-iter", "1"]
    assert main([*argv, "-o", "a.csv"]) == 0
    assert "without fair control" in capsys.readouterr().out


GOOD = ["generate", "adult.csv", *LEARN, "-o", "fair.csv"]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], ["COMMAND"]),
        (["sample"], ["'sample'", "demo"]),
        (["generate", "-o", "a.csv"], ["give a table", "--model"]),
        (["generate", "adult.csv", "-o", "a.csv"], ["--label"]),
        (["generate", "adult.csv", *LEARN], ["-o"]),
        ([*GOOD, "--data", "adult.csv"], ["twice"]),
        (["generate", "none.csv", *LEARN, "-o", "a.csv"], ["none.csv", "no such file"]),
        (["generate", ".", *LEARN, "-o", "a.csv"], [".csv.gz", ".parquet"]),
        (["generate", "adult.xlsx", *LEARN, "-o", "a.csv"], ["adult.xlsx", ".parquet"]),
        ([*GOOD[:-1], "fair.txt"], ["fair.txt", ".csv"]),
        ([*GOOD[:-1], "no/such/fair.csv"], ["no folder", "no/such", "make it"]),
        ([*GOOD[:-1], "adult.csv"], ["would replace"]),
        ([*GOOD, "--model", "m.pkl"], ["m.pkl", ".skops"]),
        ([*GOOD, "--model", "no/m.skops"], ["no folder"]),
        ([*GOOD, "-n", "0"], ["-n", "0 is not"]),
        ([*GOOD, "-n", "1.5"], ["'1.5'", "whole number"]),
        ([*GOOD, "--max-iter", "-1"], ["--max-iter", "-1"]),
        ([*GOOD, "--lambda-z", "-1"], ["--lambda-z", "'-1'"]),
        ([*GOOD, "--lambda-y", "nan"], ["--lambda-y", "'nan'"]),
        ([*GOOD, "--seed", "-3"], ["--seed", "-3"]),
        ([*GOOD, "--label", "incom"], ["'incom'", "did you mean 'income'"]),
        ([*GOOD, "--sensitive", "gender"], ["'gender'", "--sensitive", "'age'"]),
        ([*GOOD, "--domain", "income"], ["is the label"]),
        ([*GOOD, "--label", "job"], ["'job'", "missing values"]),
        ([*GOOD, "--label", "hours"], ["'hours'", "threshold"]),
        ([*GOOD, "--ask", "rich"], ["'rich'", "'<=50K', '>50K'"]),
        ([*GOOD, "--ask", ">50K=half"], ["'half'", ">50K=0.5"]),
        ([*GOOD, "--ask", ">50K=0.5", "--ask", "<=50K=0.4"], ["sum to 1"]),
        ([*GOOD, "--ask", ">50K=nan", "--ask", "<=50K=0.4"], ["sum to 1"]),
        (
            ["generate", "--model", "m.skops", "-o", "a.csv"],
            ["m.skops", "no such file"],
        ),
        (
            ["generate", "--model", "m.skops", "--label", "y", "-o", "a.csv"],
            ["--label needs a table"],
        ),
        (
            ["generate", "adult.csv", "--label", "income", "--lambda-z", "1"]
            + ["-o", "a.csv"],
            ["--lambda-z", "--sensitive"],
        ),
    ],
)
def test_errors_say_in_one_line_what_to_change(folder, capsys, no_training, argv, said):
    message = error_of(capsys, *argv)
    assert all(words in message for words in said), message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "cannot be read"),
        ("age,sex,income,race\n", "no rows"),
        ('age,"sex\n1,2\n', "cannot be read"),
        ("age,sex,income,race\n1,F,yes,A\n2,M,yes,B\n", "two labels are needed"),
        ("age,sex,income,race\n1,F,yes,A\n2,F,no,B\n", "nothing to be fair between"),
        ("sex,income,race\nF,yes,A\nM,no,B\n", "no columns are left"),
        ("age,sex,income,race\ninf,F,yes,A\n2,M,no,B\n", "inf"),
    ],
)
def test_bad_tables_are_refused(folder, capsys, no_training, content, said):
    (folder / "bad.csv").write_text(content)
    message = error_of(capsys, "generate", "bad.csv", *LEARN, "-o", "a.csv")
    assert said in message, message


@pytest.mark.parametrize("name", ["x.parquet", "x.csv.gz"])
def test_files_that_are_not_what_their_suffix_says_are_refused(folder, capsys, name):
    (folder / name).write_text("neither")
    message = error_of(capsys, "generate", name, *LEARN, "-o", "a.csv")
    assert "cannot be read as a table" in message


def test_missing_packages_are_named_before_anything_is_read(
    folder, capsys, monkeypatch
):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pyarrow" in error_of(capsys, *GOOD[:-1], "a.parquet")
    assert "pip install skops" in error_of(capsys, *GOOD, "--model", "m.skops")
    assert "matplotlib" in error_of(capsys, "demo")


def test_folder_that_cannot_be_written_to_is_an_error(folder, capsys, monkeypatch):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert "Permission denied" in error_of(capsys, *GOOD)


@pytest.mark.parametrize(
    ("error", "code"),
    [(OSError(28, "No space left on device"), 2), (KeyboardInterrupt(), 130)],
)
def test_a_write_that_stops_leaves_the_old_file_alone(
    folder, capsys, monkeypatch, error, code
):
    def stop(table, file):
        file.write(b"half")
        raise error

    (folder / "fair.csv").write_text("old")
    monkeypatch.setattr(_files, "_write_csv", stop)
    assert main(GOOD) == code
    assert (folder / "fair.csv").read_text() == "old"
    assert sorted(os.listdir()) == ["adult.csv", "fair.csv"]


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_a_long_table_is_written_batch_by_batch(folder, suffix, monkeypatch):
    argv = ["generate", "adult.csv", *LEARN, "--seed", "3", "-n", "50", "-q"]
    assert main([*argv, "-o", f"whole{suffix}"]) == 0
    real = FairDiffusionGenerator.sample_batches
    made = []

    def in_sevens(self, *args, **kwargs):
        for batch in real(self, *args, **kwargs, batch_size=7):
            # What has been made has been written, except for the last batch.
            made.append(len(batch[0]))
            yield batch

    monkeypatch.setattr(FairDiffusionGenerator, "sample_batches", in_sevens)
    assert main([*argv, "-o", f"batches{suffix}"]) == 0
    assert made == [7] * 7 + [1]
    read = pd.read_parquet if suffix == ".parquet" else pd.read_csv
    pd.testing.assert_frame_equal(read(f"batches{suffix}"), read(f"whole{suffix}"))


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_sampling_that_stops_halfway_leaves_nothing(folder, suffix, monkeypatch):
    def stop(self, *args, **kwargs):
        yield from itertools.islice(real(self, *args, **kwargs, batch_size=7), 3)
        raise KeyboardInterrupt

    real = FairDiffusionGenerator.sample_batches
    monkeypatch.setattr(FairDiffusionGenerator, "sample_batches", stop)
    assert main(["generate", "adult.csv", *LEARN, "-q", "-o", f"out{suffix}"]) == 130
    assert os.listdir() == ["adult.csv"]


def test_sampling_that_leaves_all_numbers_is_an_error_of_one_line(folder, capsys):
    argv = ["generate", "adult.csv", *LEARN, "-q", "--lambda-z", "1e300"]
    assert "lower the strengths" in error_of(capsys, *argv, "-o", "a.csv")


def test_batches_of_missing_values_alone_fit_into_a_parquet_file(tmp_path):
    n = 120
    X = pd.DataFrame(
        {
            "rare": pd.Series(["x"] + [None] * (n - 1), dtype=object),
            "flag": pd.Series([True, False] + [None] * (n - 2), dtype=object),
            "never": pd.Series([None] * n, dtype=object),
            "category": pd.Categorical(["a", *["b", None] * (n // 2)][:n]),
            "number": np.arange(n) / 7,
            "day": pd.date_range("2020-01-01", periods=n).where(np.arange(n) > 3),
        }
    )
    y = pd.Series(np.arange(n) % 2, name="income")
    generator = tiny().fit(X, y)
    model = _files.TableModel(generator, "income", 1, n)
    table = model.table(X, y)
    # The first batch knows no value of two columns.
    batches = [table[5:9], table[:5], table[9:]]
    path = tmp_path / "table.parquet"
    _files.write_table(batches, model.example(), path)
    expected = pd.concat(batches, ignore_index=True)
    pd.testing.assert_frame_equal(pd.read_parquet(path), expected)


def test_written_whole_keeps_links_and_the_usual_permissions(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "real" / "file.csv")
    with written_whole(link) as file:
        file.write(b"all")
    assert link.is_symlink()
    assert link.read_bytes() == b"all"
    (tmp_path / "plain").touch()
    assert link.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_ctrl_c_while_training_gives_130_and_no_file(folder):
    argv = [sys.executable, "-m", "skfadm.cli", *GOOD, "--max-iter", "1000000"]
    # In a terminal the bar appears with the first iteration, so that we need not wait.
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
    first = os.read(master, 1000)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    last = os.read(master, 100_000)
    os.close(master)
    assert first.startswith(b"\rtraining")
    assert process.returncode == 130
    # On a line of its own, and nothing else, so no traceback.
    assert last.endswith(b"\r\nskfadm: interrupted\r\n")
    assert b"Traceback" not in last
    assert out == b""
    assert os.listdir() == ["adult.csv"]


@pytest.mark.parametrize(
    "argv",
    [
        ["--help"],
        ["--version"],
        ["table1"],
        GOOD[:-1] + ["a.txt"],
        [*GOOD, "--label", "incom"],
    ],
)
def test_torch_is_not_imported_for_help_and_errors(folder, argv):
    code = (
        "import sys\n"
        "from skfadm.cli import main\n"
        "try:\n"
        "    main(sys.argv[1:])\n"
        "finally:\n"
        "    assert 'torch' not in sys.modules\n"
    )
    argv = [sys.executable, "-c", code, *argv]
    run = subprocess.run(argv, env=ENVIRONMENT, capture_output=True)
    assert run.returncode == 0, run.stderr.decode()


@pytest.mark.parametrize("command", [[], ["generate"], ["demo"], ["table1"]])
def test_help_says_what_it_does(capsys, command):
    with pytest.raises(SystemExit, match="0"):
        main([*command, "--help"])
    out = capsys.readouterr().out
    assert "usage: skfadm" in out
    if command == ["generate"]:
        assert "-n 20000 -o fair.csv" in out


def test_demo_compares_and_writes_a_table_and_a_picture(folder, capsys, monkeypatch):
    monkeypatch.setattr(_demo, "TRAINING", {**_demo.TRAINING, "max_iter": 20})
    monkeypatch.setattr(_demo, "N_ROWS", 400)
    monkeypatch.setattr(_demo, "N_TABLES", 2)
    assert main(["demo", "--out", "new/demo"]) == 0
    out = capsys.readouterr().out
    for words in ("real rows", "no fair control", "R_DP", "R_EOp", "wrote"):
        assert words in out
    made = pd.read_csv("new/demo/synthetic.csv")
    assert len(made) == 400
    assert "sex" not in made
    picture = (folder / "new/demo/before-after.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 200_000


def test_demo_table_has_neither_sex_nor_age_among_its_features():
    data = _demo.load_table()
    assert list(data.X) == ["bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
    assert data.y.value_counts().to_dict() == {"high": 221, "low": 221}
    assert data.bands.nunique() == 4
    assert data.bands.value_counts().sum() == 442
    assert set(data.bands[data.is_held_out]) == {"60-79"}
