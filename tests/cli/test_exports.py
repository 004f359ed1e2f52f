"""One table as ten programs export it: read, and written again alike."""

import csv
import gzip
import io
import re
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from skfadm.cli import main
from skfadm.cli.tables import read_table, write_table

N = 60
RNG = np.random.default_rng(0)
FIRST = datetime(2019, 12, 28, 9)
ROWS = {
    "age": RNG.integers(18, 90, N).tolist(),
    "pay": RNG.gamma(2.0, 1000.0, N).round(2).tolist(),
    "rate": RNG.exponential(0.01, N).tolist(),
    "zip": [f"{i:05d}" for i in RNG.choice([501, 10001, 94105], N)],
    "key": [4_000_000_000_000_015_001 + int(i) for i in RNG.integers(0, 10**6, N)],
    "kids": [int(k) if k < 4 else None for k in RNG.integers(0, 5, N)],
    "land": RNG.choice(["DE", "NA", "Österreich"], N).tolist(),
    "since": [FIRST + timedelta(hours=h) for h in RNG.integers(0, 500, N).tolist()],
    "member": (RNG.random(N) < 0.5).tolist(),
    "label": RNG.choice(["yes", "no"], N).tolist(),
    "sex": RNG.choice(["F", "M"], N).tolist(),
}
FRAME = pd.DataFrame(ROWS).astype({"kids": "Int64"})


def comma(number):
    return f"{number:,.2f}".translate({44: ".", 46: ","})


def texts(sep=",", end="\n", missing="", more=0, index=None, encoding="utf-8", **how):
    """Return a file in which columns are written as functions of `how` say."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=sep, lineterminator=end)
    writer.writerow(([] if index is None else [""]) + [*ROWS] + [""] * more)
    for i, row in enumerate(zip(*ROWS.values(), strict=True)):
        fields = [] if index is None else [i + index]
        for name, value in zip(ROWS, row, strict=True):
            write = how.get(name, str)
            fields.append(missing if value is None else write(value))
        writer.writerow(fields + [""] * more)
    return file.getvalue().encode(encoding)


def upper(value):
    return str(value).upper()


def lower(value):
    return str(value).lower()


def of_arrow():
    arrow_csv = pytest.importorskip("pyarrow.csv")
    arrow = pytest.importorskip("pyarrow")
    file = io.BytesIO()
    arrow_csv.write_csv(arrow.table(ROWS), file)
    return file.getvalue()


EXPORTS = {
    "a spreadsheet of Germany": lambda: texts(
        *(";", "\r\n"),
        encoding="utf-8-sig",
        pay=comma,
        rate=lambda x: str(round(x, 4)).replace(".", ","),
        since=lambda t: f"{t:%d.%m.%Y %H:%M}",
        member=upper,
    ),
    "a spreadsheet of the United States": lambda: texts(
        end="\r\n",
        more=2,  # cells that were used once leave commas behind
        encoding="cp1252",
        pay=lambda x: f"{x:,.2f}",
        rate=lambda x: f"{x:.6G}",
        since=lambda t: f"{t.month}/{t.day}/{t.year} {t.hour}:{t:%M}",
        member=upper,
    ),
    "a spreadsheet of Japan": lambda: texts(
        end="\r\n",
        encoding="utf-8-sig",
        since=lambda t: f"{t.year}/{t.month}/{t.day} {t.hour}:{t:%M}",
    ),
    "R": lambda: texts(missing="NA", index=1, rate="{:.15g}".format, member=upper),
    "a database": lambda: texts(
        missing="\\N",
        rate=lambda x: f"{x:.20f}",
        since=lambda t: f"{t:%Y-%m-%d %H:%M:%S}+00",
        member=lambda flag: str(flag)[0].lower(),
        label=lambda label: f"{label}, said the\nperson",
    ),
    "another database": lambda: texts(
        missing="NULL", since=lambda t: f"{t:%Y-%m-%d}", member=lambda flag: int(flag)
    ),
    "a statistics package": lambda: texts(
        *("\t", "\n", "."), encoding="utf-16", since=lambda t: f"{t:%Y-%m-%dT%H:%M:%SZ}"
    ),
    "a web service": lambda: texts(
        since=lambda t: f"{t:%Y-%m-%dT%H:%M:%S}.250Z", member=lower
    ),
    "pandas": lambda: FRAME.to_csv().encode(),
    "Arrow": of_arrow,
}
ENCODINGS = {"a spreadsheet of the United States": "cp1252"}


def cells(content, sep, encoding):
    """Return the texts of each column that has a name or values."""
    lines = csv.reader(io.StringIO(content.decode(encoding)), delimiter=sep)
    columns = [list(column) for column in zip(*lines, strict=True)]
    return {column[0]: column[1:] for column in columns if any(column)}


@pytest.mark.parametrize("program", EXPORTS)
def test_what_a_program_exports_comes_back(program, tmp_path):
    content = EXPORTS[program]()
    source, out = tmp_path / "in.csv.gz", tmp_path / "out.csv"
    source.write_bytes(gzip.compress(content))
    table = read_table(source, encoding=ENCODINGS.get(program))
    write_table([table.frame], table.form, out)
    form, frame = table.form, table.frame
    assert out.read_bytes().count(b"\r") == (N + 1) * (form.newline == "\r\n")
    before, after = (
        cells(data, form.sep, form.encoding) for data in (content, out.read_bytes())
    )
    assert list(after) == list(before)
    for name, column in before.items():
        if name == "rate":  # whose notation may be another
            values = [
                [float(t.replace(",", ".")) for t in c] for c in (column, after[name])
            ]
            assert values[0] == values[1]
        else:
            assert after[name] == column, name
    kinds = {name: frame[name].dtype.kind for name in frame}
    assert all(kinds[name] == "O" for name in ("zip", "land", "label", "sex"))
    assert (kinds["pay"], kinds["rate"], kinds["since"]) == ("f", "f", "M")
    assert str(frame["kids"].dtype) == "Int64" or program == "pandas"
    assert frame["key"].tolist() == ROWS["key"]
    assert frame["kids"].isna().tolist() == [kids is None for kids in ROWS["kids"]]
    days = [t.date() for t in ROWS["since"]]
    assert [t.date() for t in frame["since"]] == days


def test_what_is_generated_is_written_like_it(tmp_path):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(EXPORTS["a spreadsheet of Germany"]())
    argv = ["generate", str(source), "--label", "label", "--sensitive", "sex", "-q"]
    assert main([*argv, "--max-iter", "2", "-n", "40", "-o", str(out)]) == 0
    made = cells(out.read_bytes(), ";", "utf-8-sig")
    assert list(made) == [name for name in ROWS if name != "sex"]
    for name, pattern in {
        "age": r"\d\d",
        "pay": r"\d{1,3}(\.\d{3})*,\d\d",
        "rate": r"0,\d+",
        "zip": r"00501|10001|94105",
        "key": r"4\d{18}",
        "kids": r"[0-3]?",
        "land": r"DE|NA|Österreich",
        "since": r"\d\d\.\d\d\.20\d\d \d\d:\d\d",
        "member": "TRUE|FALSE",
    }.items():
        assert not [text for text in made[name] if not re.fullmatch(pattern, text)]
