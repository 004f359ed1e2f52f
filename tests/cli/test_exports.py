"""CSV as spreadsheets, R, databases, pandas and Arrow export it, and back."""

import csv
import datetime
import decimal
import io
import re

import numpy as np
import pandas as pd
import pytest

from skfadm.cli import main

N = 60
LABELS = ("yes", "no")


@pytest.fixture(scope="module")
def rows():
    """Return the columns of a table, as Python values."""
    rng = np.random.default_rng(0)
    first = datetime.datetime(2019, 12, 28, 9)
    hours = rng.integers(0, 500, N).tolist()
    return {
        "age": rng.integers(18, 90, N).tolist(),
        "pay": rng.gamma(2.0, 1000.0, N).round(2).tolist(),
        "rate": rng.exponential(0.01, N).tolist(),
        "zip": [f"{i:05d}" for i in rng.choice([501, 10001, 94105], N)],
        "key": [4_000_000_000_000_015_001 + int(i) for i in rng.integers(0, 10**6, N)],
        "kids": [int(k) if k < 4 else None for k in rng.integers(0, 5, N)],
        "land": rng.choice(["DE", "NA", "Österreich"], N).tolist(),
        "since": [first + datetime.timedelta(hours=h) for h in hours],
        "member": (rng.random(N) < 0.5).tolist(),
        "label": rng.choice(LABELS, N).tolist(),
        "sex": rng.choice(["F", "M"], N).tolist(),
    }


def through(source, out, *options):
    """Run the command line on a file; the result has the sensitive column no more."""
    argv = ["generate", str(source), "--label", "label", "--sensitive", "sex"]
    argv += ["--max-iter", "2", "-q", "-n", "40", "--seed", "1", "-o", str(out)]
    assert main([*argv, *options]) == 0


def text_rows(path, sep=",", encoding="utf-8"):
    """Return names and rows of a file as they stand in it, and its text."""
    text = path.read_bytes().decode(encoding)
    names, *lines = csv.reader(io.StringIO(text), delimiter=sep)
    return names, [dict(zip(names, line, strict=True)) for line in lines], text


def check_columns(lines, patterns):
    """Check that each column's texts match its pattern."""
    for name, pattern in patterns.items():
        odd = {line[name] for line in lines if not re.fullmatch(pattern, line[name])}
        assert not odd, (name, odd)


ZIP, KEY, COUNTRY = r"00501|10001|94105", r"4\d{18}", r"DE|NA|Österreich"


def test_spreadsheet_of_a_place_with_decimal_commas(rows, tmp_path):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    with source.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow(rows)
        for row in zip(*rows.values(), strict=True):
            row = dict(zip(rows, row, strict=True))
            row["pay"] = f"{row['pay']:,.2f}".translate({44: ".", 46: ","})
            row["rate"] = str(round(row["rate"], 4)).replace(".", ",")
            row["since"] = f"{row['since']:%d.%m.%Y %H:%M}"
            row["member"] = str(row["member"]).upper()
            writer.writerow("" if value is None else value for value in row.values())
    through(source, out)
    _, lines, text = text_rows(out, ";", "utf-8-sig")
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    assert text.count("\r\n") == 41
    check_columns(
        lines,
        {
            "age": r"\d\d",
            "pay": r"\d{1,3}(\.\d{3})*,\d\d",
            "rate": r"0,\d+",
            "zip": ZIP,
            "key": KEY,
            "kids": r"[0-3]?",
            "land": COUNTRY,
            "member": "TRUE|FALSE",
        },
    )


def test_spreadsheet_of_the_united_states(rows, tmp_path):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    with source.open("w", encoding="cp1252", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        # Cells that were used once leave commas behind.
        writer.writerow([*rows, "", ""])
        for row in zip(*rows.values(), strict=True):
            row = dict(zip(rows, row, strict=True))
            since = row["since"]
            row["since"] = f"{since.month}/{since.day}/{since.year} {since:%H:%M}"
            row["pay"] = f"{row['pay']:,.2f}"
            row["rate"] = f"{row['rate']:.6G}"
            writer.writerow(["" if v is None else v for v in row.values()] + ["", ""])
    through(source, out, "--encoding", "cp1252")
    names, lines, _ = text_rows(out, encoding="cp1252")
    assert names == [name for name in rows if name != "sex"]
    check_columns(
        lines,
        {
            "pay": r"\d{1,3}(,\d{3})*\.\d\d",
            "rate": r"0\.\d+|\d(\.\d+)?e-0\d",
            "land": COUNTRY,
            "zip": ZIP,
        },
    )


def test_write_csv_of_r_with_row_names(rows, tmp_path):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    quoted = {"zip", "land", "label", "sex", "since"}
    lines = [",".join(f'"{name}"' for name in ["", *rows])]
    for i, row in enumerate(zip(*rows.values(), strict=True), 1):
        fields = [f'"{i}"']
        for name, value in zip(rows, row, strict=True):
            text = "NA" if value is None else str(value)
            if name == "member":
                text = text.upper()
            if name in ("pay", "rate"):
                text = f"{value:.15g}"
            fields.append(f'"{text}"' if name in quoted else text)
        lines.append(",".join(fields))
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    through(source, out)
    names, lines, _ = text_rows(out)
    assert names[0] == ""
    assert [line[""] for line in lines] == [str(i) for i in range(1, 41)]
    check_columns(
        lines,
        {
            "kids": "[0-3]|NA",
            "land": COUNTRY,
            "member": "TRUE|FALSE",
            "rate": r"0\.\d+|\d(\.\d+)?e-\d\d",
            "since": r"20\d\d-\d\d-\d\d \d\d:00:00",
            "key": KEY,
        },
    )


def test_dump_of_a_database(rows, tmp_path):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows)
        for row in zip(*rows.values(), strict=True):
            row = dict(zip(rows, row, strict=True))
            row["since"] = f"{row['since']:%Y-%m-%d %H:%M:%S}+00"
            row["member"] = str(row["member"])[0].lower()
            row["rate"] = f"{decimal.Decimal(row['rate']):.20f}"
            row["label"] = f"{row['label']}, said the\nperson"
            writer.writerow("\\N" if value is None else value for value in row.values())
    through(source, out)
    _, lines, _ = text_rows(out)
    check_columns(
        lines,
        {
            "kids": r"[0-3]|\\N",
            "since": r"20\d\d-\d\d-\d\d \d\d:00:00\+00",
            "member": "t|f",
            "rate": r"0\.\d{20}",
            "label": r"(yes|no), said the\nperson",
        },
    )


def test_to_csv_of_pandas_with_its_index(rows, tmp_path):
    source, out = tmp_path / "in.csv.gz", tmp_path / "out.csv"
    frame = pd.DataFrame(rows)
    frame.to_csv(source)
    through(source, out)
    made = pd.read_csv(out, index_col=0, keep_default_na=False, dtype={"zip": str})
    assert made.index.tolist() == list(range(40))
    _, lines, _ = text_rows(out)
    check_columns(
        lines,
        {
            "kids": r"([0-3]\.0)?",
            "since": r"20\d\d-\d\d-\d\d \d\d:00:00",
            "member": "True|False",
            "zip": ZIP,
            "pay": r"\d+\.\d{1,2}",
        },
    )


def test_tabs_of_a_statistics_package_in_utf_16(rows, tmp_path):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    frame = pd.DataFrame(rows).astype({"kids": "Int64"})
    frame["since"] = frame["since"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    frame.to_csv(source, sep="\t", index=False, encoding="utf-16", na_rep=".")
    through(source, out)
    _, lines, _ = text_rows(out, "\t", "utf-16")
    check_columns(
        lines,
        {
            "kids": r"[0-3]|\.",
            "since": r"20\d\d-\d\d-\d\dT\d\d:00:00Z",
            "land": COUNTRY,
            "key": KEY,
        },
    )


def test_arrow_writes_csv(rows, tmp_path):
    arrow = pytest.importorskip("pyarrow")
    arrow_csv = pytest.importorskip("pyarrow.csv")
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    arrow_csv.write_csv(arrow.table(rows), source)
    through(source, out)
    _, lines, _ = text_rows(out)
    check_columns(
        lines,
        {
            "kids": "[0-3]?",
            "rate": r"0\.\d+|\d(\.\d+)?e-\d\d?",
            "since": r"20\d\d-\d\d-\d\d \d\d:00:00\.000000",
            "member": "true|false",
            "zip": ZIP,
        },
    )
