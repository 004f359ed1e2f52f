"""Tables as files: dialects are seen or asked for, ragged lines are refused."""

import gzip
import io
import os
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skfadm._files import UserError
from skfadm.cli.tables import read_table, write_table


@pytest.fixture
def path(tmp_path):
    return tmp_path / "table.csv"


def table_of(path, content, *, encoding="utf-8", **options):
    path.write_bytes(content.encode(encoding))
    return read_table(path, **options)


def written(table, path):
    write_table([table.frame], table.form, path)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("a,b\n", "no rows"),
        ("sep=;", "no rows"),
        ("a,b\n1,2\n3\n", "line 3 has 1 fields, the first line names 2"),
        ("a,b\n1,2\n3,4,5\n", "line 3 has 3 fields, the first line names 2"),
        ('a,b\n1,2\n"3\n4",5\n6\n', "line 5 has 1 fields"),
        ("sep=,\na,b\n1\n", "line 3 has 1 fields"),
        ('a,b\n1,"2\n', "line 2: unexpected end of data"),
        ('a,b\n1,"2"x\n', "line 2"),
        ("a,b,a\n1,2,3\n", "more than one column is named 'a'"),
        ("a,,\n1,2,3\n", "more than one column is named ''"),
        ("a,b\n1,\0\n", r"column 'b' holds '\x00', which is no text"),
        ("a,\0\n1,2\n", r"column '\x00' holds '\x00', which is no text"),
        ("a,b;c\n1,2;3\n", "',' or ';'; say which with --sep"),
    ],
)
def test_what_is_no_table_is_refused_with_the_line(path, content, said):
    with pytest.raises(UserError, match="table.csv") as error:
        table_of(path, content)
    assert said in str(error.value)


def test_half_a_character_is_no_text(path):
    path.write_bytes(b"a,b\n\\ud800,1\n")
    with pytest.raises(UserError, match=r"column 'a' holds '\\ud800', which"):
        read_table(path, encoding="unicode_escape")


FIELDS = 'a,b\n"x, y\nz",1\n"say ""hi""",2\n"half\ran end",3\n\x0b\x1b[1m\x7f,4\n'


@pytest.mark.parametrize(
    ("content", "columns", "again"),
    [
        # Commas at the end of lines shift nothing; columns without a name or values.
        ("x,y\n1.2,yes,\n3.4,no,\n", {"x": [1.2, 3.4], "y": ["yes", "no"]}, False),
        ("x,y,,\n1,a,,\n2,b,,\n", {"x": [1, 2], "y": ["a", "b"]}, False),
        (
            "x, y, z\n39, a b, <=5\n50, ?, >5\n",
            {"x": [39, 50], "z": ["<=5", ">5"]},
            False,
        ),
        ("a\n\n1\n2\n\n", {"a": [1, 2]}, False),
        ("a,b\n\n1,2\n\n3,4\n\n", {"a": [1, 3], "b": [2, 4]}, False),
        ('a\nx\n""\ny\n', {"a": ["x", None, "y"]}, True),
        ("sep=;\na;b\n1,5;x\n2,5;y\n", {"a": [1.5, 2.5], "b": ["x", "y"]}, True),
        (",x\n0,a\n1,b\n", {"x": ["a", "b"]}, True),
        (",x\n1,a\n2,b\n", {"x": ["a", "b"]}, True),
        (
            FIELDS,
            {"a": ["x, y\nz", 'say "hi"', "half\ran end", "\x0b\x1b[1m\x7f"]},
            True,
        ),
    ],
)
def test_what_a_file_holds(path, content, columns, again):
    table = table_of(path, content)
    found = table.frame.to_dict("list")
    assert {name: found[name] for name in columns} == columns
    assert list(found)[0] == next(iter(columns)) and "" not in found
    assert (written(table, path).decode() == content) == again


@pytest.mark.parametrize("place", [5, 250])
def test_a_field_may_be_long(path, place):
    texts = ["short"] * 300
    texts[place] = "w" * 200_000
    content = "x,note\n" + "".join(f"{i},{text}\n" for i, text in enumerate(texts))
    table = table_of(path, content)
    assert table.frame["note"].tolist() == texts
    assert written(table, path).decode() == content


def test_a_field_may_go_on_behind_the_lines_that_tell_the_separator(path):
    content = "a, b, c;d\n" + "x;1\n" * 98 + '"two\nlines";2\ny;3\n'
    table = table_of(path, content)
    assert list(table.frame) == ["a, b, c", "d"]
    assert table.frame["d"].tolist() == [1] * 98 + [2, 3]


@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_dialects_are_seen_and_kept(path, sep, newline, encoding):
    lines = ["name,Größe,x", "Müller,1,2", "Šimek,4,5", ""]
    content = newline.join(lines).replace(",", sep)
    table = table_of(path, content, encoding=encoding)
    assert list(table.frame) == ["name", "Größe", "x"]
    assert table.frame["name"].tolist() == ["Müller", "Šimek"]
    assert written(table, path) == content.encode(encoding)


@pytest.mark.parametrize("encoding", ["cp1252", "cp1250", "utf-16-le"])
def test_other_encodings_are_asked_for_and_kept(path, encoding):
    content = "name,x\nMüller,1\n"
    with pytest.raises(UserError, match="give --encoding, such as cp1252"):
        table_of(path, content, encoding=encoding)
    table = read_table(path, encoding=encoding)
    assert table.frame["name"].tolist() == ["Müller"]
    assert written(table, path) == content.encode(encoding)


def test_a_file_is_read_in_blocks(path, monkeypatch):
    monkeypatch.setattr("skfadm.cli.csv_text._FIELDS", 14)
    frame = pd.DataFrame({"a": range(100), "b": [f"w{i % 3}" for i in range(100)]})
    frame.loc[99, "a"] = 10**17
    frame.to_csv(path, index=False)
    table = read_table(path)
    pd.testing.assert_frame_equal(table.frame, frame.astype({"b": object}))


@pytest.mark.parametrize("suffix", [".tsv", ".tsv.gz"])
def test_tabs_are_what_the_suffix_says(tmp_path, suffix):
    path = tmp_path / f"table{suffix}"
    opened = gzip.open if suffix.endswith(".gz") else open
    with opened(path, "wt") as file:
        file.write("a,b\tc\n1,5\t2\n2,5\t3\n")
    table = read_table(path)
    assert table.frame["a,b"].tolist() == [1.5, 2.5]
    assert written(table, tmp_path / "as.csv") == b'"a,b",c\n"1,5",2\n"2,5",3\n'
    assert written(table, tmp_path / "as.tsv") == b"a,b\tc\n1,5\t2\n2,5\t3\n"


def test_a_hyphen_stands_for_standard_input_and_output(monkeypatch):
    content = b"a;b\r\n1,5;x\r\n2,5;y\r\n"
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out))
    table = read_table(Path("-"))
    write_table([table.frame[:1], table.frame[1:]], table.form, Path("-"))
    assert out.getvalue() == content
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    with pytest.raises(UserError, match="standard input: is empty"):
        read_table(Path("-"))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
@pytest.mark.parametrize(("name", "pack"), [("a.csv", bytes), ("a.gz", gzip.compress)])
def test_a_pipe_is_read(tmp_path, name, pack):
    os.mkfifo(tmp_path / name)
    content = pack(b"a,b\n1,x\n2,y\n")
    threading.Thread(target=(tmp_path / name).write_bytes, args=[content]).start()
    table = read_table(tmp_path / name)
    assert table.frame.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}


def test_notes_say_how_marks_and_odd_words_were_read(path):
    rows = [f"{i},{i:03d},x,0{i % 9 + 1}/0{i % 5 + 1}/2020" for i in range(30)]
    rows += ["NA,040,NA,01/01/2020"]
    table = table_of(path, "\n".join(["n,code,job,day", *rows]))
    assert table.notes == [
        "read as missing values: 'NA' in 'n'",
        "read as words: '000' in 'code'; '01/01/2020' in 'day'; write numbers as "
        "1234.5, times as 2020-12-31 10:00",
        "read as words: 'NA' in 'job'; if they stand for missing values, name them by "
        "--missing",
    ]


def test_another_table_is_read_like_the_first(path):
    first = table_of(path, "zip,n,day,when\n01,5.5,20200131,2020-01-31\n02,6,1,x\n")
    path.write_text("n,zip,day,when,more\n20200131,1,20200131,2020-02-01,1\n")
    table = read_table(path, like=first.form)
    assert table.frame.to_dict("list") == {
        "n": [20200131],
        "zip": ["1"],
        "day": [20200131],
        "when": ["2020-02-01"],
        "more": [1],
    }
    path.write_text("n,zip\nmany,1\n")
    with pytest.raises(UserError, match="column 'n' holds words such as 'many'; in"):
        read_table(path, like=first.form)


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("table.csv", b"PK\x03\x04...", "zip archive, perhaps a spreadsheet; save it"),
        ("table.csv", b"\xd0\xcf\x11\xe0...", "a spreadsheet; save it as CSV"),
        ("table.csv", b"\x1f\x8b...", "name that ends in .csv.gz"),
        ("table.csv", b"PAR1...", "name that ends in .parquet"),
        ("table.csv.gz", b"a,b\n1,2\n", "cannot be read as a table: Not a gzipped"),
        (
            "table.csv.gz",
            gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9],
            "cannot be read as a table",
        ),
        ("table.parquet", b"a,b\n1,2\n", "cannot be read as a table: .*Parquet"),
    ],
)
def test_files_of_other_kinds_are_told(tmp_path, name, content, advice):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=advice) as error:
        read_table(path)
    assert "\n" not in str(error.value)


def _good():
    """Return good files, as bytes with their suffix."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "n": pd.array([1, None, *range(28)], dtype="Int64"),
            "x": rng.normal(size=30),
            "when": pd.date_range("2020-03-01", periods=30, tz="Europe/Berlin"),
            "word": rng.choice(["Müller", "a, b", 'say "hi"', "two\nlines"], 30),
            "flag": rng.random(30) < 0.5,
        }
    )
    text = frame.to_csv(index=False).encode()
    files = {
        ".csv": text,
        ".csv.gz": gzip.compress(text, mtime=0),
        ".tsv": frame.to_csv(index=False, sep="\t").encode("utf-16"),
    }
    packed = io.BytesIO()
    frame.astype({"word": "category"}).to_parquet(packed)
    return files | {".parquet": packed.getvalue()}


GOOD = _good()
ODD = [bytes([byte]) for byte in b'\0"\n\r,;\t=-\xff']
ODD += [b"\xed\xa0\x80", b"sep=;\n", b"NA", b"inf", b"1e999", b"9" * 30, b"2020-02-30"]
ODD += [b"\xef\xbb\xbf", b"0000-00-00", b"24:00", b"+99:99", b"\xff\xfe", b"31.02.2020"]
ODD += [b"w" * 140_000]


@st.composite
def malformed(draw):
    """Return the suffix of a file, and its bytes after a few accidents."""
    suffix = draw(st.sampled_from(sorted(GOOD)))
    content = GOOD[suffix]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.sampled_from([0, 0, 1, 5, 10**6])))
        part = draw(st.sampled_from(ODD) | st.binary(max_size=8))
        content = content[:start] + part + content[end:]
    return suffix, content


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(file=malformed())
def test_malformed_files_are_read_or_refused_in_a_line(tmp_path, file):
    suffix, content = file
    path, out = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    path.write_bytes(content)
    try:
        table = read_table(path)
    except UserError as error:
        assert str(error).startswith(str(path))
        assert "\n" not in str(error)
        return
    write_table([table.frame], table.form, out)
    again = read_table(out).frame
    assert list(again) == list(table.frame)
    assert len(again) == len(table.frame)
