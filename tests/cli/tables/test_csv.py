"""CSV files: dialects seen or asked for, ragged lines refused, written as they were."""

import gzip

import pandas as pd
import pytest

from skfadm.cli.tables import ReadOptions, UserError, read_table, write_table


@pytest.fixture
def path(tmp_path):
    return tmp_path / "table.csv"


def table_of(path, content, *, encoding="utf-8", **options):
    path.write_bytes(content.encode(encoding))
    return read_table(path, ReadOptions(**options))


def written(table, path):
    write_table([table.frame], table.form, path)
    return path.read_bytes()


def test_commas_at_the_end_of_lines_shift_nothing(path):
    table = table_of(path, "x,label,sex\n1.2,yes,F,\n3.4,no,M,\n5.6,yes,F\n")
    assert table.frame.to_dict("list") == {
        "x": [1.2, 3.4, 5.6],
        "label": ["yes", "no", "yes"],
        "sex": ["F", "M", "F"],
    }


def test_columns_without_name_and_values_are_left_out(path):
    table = table_of(path, "x,y,,\n1,a,,\n2,b,,\n")
    assert list(table.frame) == ["x", "y"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        ("a,b\n", "no rows"),
        ("a,b\n1,2\n3\n", "line 3 has 1 fields, the first line names 2"),
        ("a,b\n1,2\n3,4,5\n", "line 3 has 3 fields, the first line names 2"),
        ('a,b\n1,2\n"3\n4",5\n6\n', "line 5 has 1 fields"),
        ('a,b\n1,"2\n', "line 2: unexpected end of data"),
        ('a,b\n1,"2"x\n', "line 2"),
        ("a,b,a\n1,2,3\n", "columns 1 and 3 are both named 'a'"),
        ("a,,\n1,2,3\n", "columns 2 and 3 have no name"),
        ("a,b\n1,\0\n", "zero bytes"),
        ("a,b;c\n1,2;3\n", "',' or ';'; say which with --sep"),
    ],
)
def test_what_is_no_table_is_refused_with_the_line(path, content, said):
    with pytest.raises(UserError, match="table.csv") as error:
        table_of(path, content)
    assert said in str(error.value)


def test_quoted_fields_may_hold_separators_and_line_ends(path):
    content = 'a,b\n"x, y\nz",1\n"say ""hi""",2\n'
    table = table_of(path, content)
    assert table.frame["a"].tolist() == ["x, y\nz", 'say "hi"']
    assert written(table, path).decode() == content


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


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_seen(path, encoding):
    content = "name,x\nMüller,1\n"
    table = table_of(path, content, encoding=encoding)
    assert table.frame["name"].tolist() == ["Müller"]
    assert written(table, path) == content.encode(encoding)


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp1250"])
def test_other_encodings_are_asked_for_and_kept(path, encoding):
    content = "name,x\nMüller,1\n"
    with pytest.raises(UserError, match="not UTF-8 in line 2, .*'Müller,1' as cp1252"):
        table_of(path, content, encoding=encoding)
    path.write_bytes(content.encode(encoding))
    table = read_table(path, ReadOptions(encoding=encoding))
    assert table.frame["name"].tolist() == ["Müller"]
    assert written(table, path) == content.encode(encoding)


def test_a_wrong_encoding_is_an_error_that_names_the_option(path):
    path.write_bytes("name,x\nMüller,1\n".encode("cp1252"))
    with pytest.raises(UserError, match="is not ascii throughout; give --encoding"):
        read_table(path, ReadOptions(encoding="ascii"))


def test_a_separator_that_is_asked_for(path):
    table = table_of(path, "a b,c;d\n1 2,3;4\n", sep=" ")
    assert list(table.frame) == ["a", "b,c;d"]


def test_spaces_after_separators_are_no_part_of_fields(path):
    table = table_of(path, "age, job, income\n39, State-gov, <=50K\n50, ?, >50K\n")
    assert list(table.frame) == ["age", "job", "income"]
    assert table.frame["income"].tolist() == ["<=50K", ">50K"]
    assert table.frame["age"].tolist() == [39, 50]


def test_a_table_of_one_column(path):
    assert table_of(path, "a\n1\n2\n").frame["a"].tolist() == [1, 2]


@pytest.mark.parametrize("start", [0, 1])
def test_row_names_are_not_learnt_and_numbered_anew(path, start):
    content = f",x\n{start},a\n{start + 1},b\n"
    table = table_of(path, content)
    assert list(table.frame) == ["x"]
    assert "the first column has no name" in table.notes[0]
    assert written(table, path).decode() == content


def test_blank_lines_are_no_rows(path):
    assert table_of(path, "a,b\n\n1,2\n\n3,4\n\n\n").frame["a"].tolist() == [1, 3]


def test_a_file_is_read_in_blocks(path, monkeypatch):
    monkeypatch.setattr("skfadm.cli.tables._csv._BLOCK_ROWS", 7)
    frame = pd.DataFrame({"a": range(100), "b": [f"w{i % 3}" for i in range(100)]})
    frame.to_csv(path, index=False)
    table = read_table(path, ReadOptions())
    pd.testing.assert_frame_equal(table.frame, frame.astype({"b": object}))


@pytest.mark.parametrize("suffix", [".tsv", ".tsv.gz"])
def test_tabs_are_what_the_suffix_says(tmp_path, suffix):
    path = tmp_path / f"table{suffix}"
    opened = gzip.open if suffix.endswith(".gz") else open
    with opened(path, "wt") as file:
        file.write("a,b\tc\n1,5\t2\n2,5\t3\n")
    table = read_table(path, ReadOptions())
    assert table.frame["a,b"].tolist() == [1.5, 2.5]
    assert written(table, tmp_path / "as.csv") == b'"a,b",c\n"1,5",2\n"2,5",3\n'
    assert written(table, tmp_path / "as.tsv") == b"a,b\tc\n1,5\t2\n2,5\t3\n"


def test_notes_say_how_marks_and_odd_words_were_read(path):
    rows = [f"{i},{i:03d},x,0{i % 9 + 1}/0{i % 5 + 1}/2020" for i in range(30)]
    rows += ["NA,040,NA,01/01/2020"]
    table = table_of(path, "\n".join(["n,code,job,day", *rows]))
    assert table.notes == [
        "read as missing values: 'NA' in 'n'",
        "read as words: 'NA' in 'job'; if they stand for missing values, give "
        "--missing 'NA'",
        "day and month cannot be told apart in 'day', which is read as words; dates "
        "such as 2020-12-31 are clear",
        "columns of words, not of numbers: '000' in 'code'",
    ]


def test_labels_are_no_times(path):
    content = "year,x\n2020-01,1\n2021-01,2\n"
    assert table_of(path, content).frame["year"].dtype == "datetime64[s]"
    assert table_of(path, content, labels=["year"]).frame["year"].dtype == object


def test_a_first_line_that_names_the_separator_is_kept(path):
    content = "sep=;\na;b\n1,5;x\n2,5;y\n"
    table = table_of(path, content)
    assert table.frame["a"].tolist() == [1.5, 2.5]
    assert written(table, path).decode() == content


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (b"PK\x03\x04...", "zip archive, perhaps a spreadsheet; save it as CSV"),
        (b"\xd0\xcf\x11\xe0...", "a spreadsheet; save it as CSV"),
        (b"\x1f\x8b...", "name that ends in .csv.gz"),
        (b"PAR1...", "name that ends in .parquet"),
    ],
)
def test_files_of_other_kinds_are_told(tmp_path, content, advice):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=advice):
        read_table(path, ReadOptions())
