"""Columns of text: numbers, times and truth values only where they come back alike."""

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest

from skfadm._files import UserError
from skfadm.cli.csv_text import read_csv
from skfadm.cli.forms import TableForm


def table_of(*texts, missing=(), sep=",", labels=(), like=None):
    """Return a table with a column of these texts, and another."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=sep)
    writer.writerows([("x", "other"), *((text, "word") for text in texts)])
    stream = io.BytesIO(file.getvalue().encode())
    table = read_csv(stream, sep, None, missing, labels, like or {})
    stored = json.loads(json.dumps(table.form.to_json()))
    assert TableForm.from_json(stored) == table.form
    return table


def read(*texts, **options):
    """Return a column and its form."""
    table = table_of(*texts, **options)
    return table.frame["x"], table.form.columns["x"]


def dtype_of_what_comes_back(*texts, **options):
    """Return the dtype of a column that is written as it was read."""
    series, form = read(*texts, **options)
    assert form.texts(series) == list(texts)
    return str(series.dtype)


@pytest.mark.parametrize(
    "texts",
    [
        ("00501", "10001", "94105"),
        ("+4901377", "+4901378", "+4902000"),
        ("12E5", "13E2", "1E1"),
        ("1.10", "1.2", "1.9"),
        ("1.0", "2"),
        ("99999999999999999999", "1", "2"),
        ("0x1F", "0x20"),
        ("1_000", "2_000"),
        ("1,23,456", "2"),
        ("1,234.5", "1234"),
        ("٣", "٤"),
        ("NA", "DE", "FR"),
        ("inf", "a"),
        ("1.5", "1e+999"),
        ("yes", "no"),
        ("True", "TRUE"),
        ("1.2.3", "4.5.6"),
        ("192.168.1.1", "10.0.0.1"),
        ("2020-02-30", "2020-01-01"),
        ("0000-01-01", "2020-01-01"),
        ("2020-01-05", "2020-01-05 10:00"),
        ("2020-01-05T10:00:00Z", "2020-01-05T10:00:00"),
        ("2020-01-05Z", "2020-02-05Z"),
        ("24:00", "14:05"),
        ("4:05", "14:05"),
        ("26:10:01", "14:05:10"),
        ("1 days 02:00:00", "3 days 00:00:00"),
        ("07-Apr-20", "31-Dec-99"),
        # Nobody can tell the day from the month, or both are above 12.
        ("01/02/2020", "03/04/2020"),
        ("01.02.2020", "03.04.2020"),
        ("13/12/2020", "12/13/2020"),
        ("31/12/2020", "1/12/2020", "01/11/2020"),
        ("31.12.2020", "31/12/2020"),
        ("31.12.20", "01.01.21"),
        ("0001-01-01 00:00:00.000000001", "2020-01-31 10:00:00.123456789"),
        (" padded", "padded "),
        ("a\x0b", "\x1b[1m", "\ufffe", "\r"),
    ],
)
def test_words_that_look_like_something_else_stay_words(texts):
    assert dtype_of_what_comes_back(*texts) == "object"


@pytest.mark.parametrize(
    ("sep", "texts", "values"),
    [
        (",", ("1", "-2", "0"), [1, -2, 0]),
        (",", ("4000000000000015001", "-9223372036854775808"), None),
        (",", ("1,234", "950", "1,000,000"), [1234, 950, 1000000]),
        (";", ("1.234", "950", "1.000.000"), [1234, 950, 1000000]),
        (",", ("1.50", "2.00", "-3.25", "-0.00"), [1.5, 2.0, -3.25, 0.0]),
        (",", ("52.5200066", "13.4049540"), [52.5200066, 13.404954]),
        (",", ("1.5", "2.0", "1e-05", "1.2345e+20"), [1.5, 2.0, 1e-5, 1.2345e20]),
        (",", ("1.5", "2", "1e-05"), [1.5, 2.0, 1e-5]),
        (",", ("1,234.5", "950.25"), [1234.5, 950.25]),
        (";", ("1,5", "2", "3,25"), [1.5, 2.0, 3.25]),
        (";", ("1.234,50", "950,00"), [1234.5, 950.0]),
        (";", ("1.5", "2.25"), [1.5, 2.25]),
    ],
)
def test_numbers_come_back_in_their_notation(sep, texts, values):
    values = values or [int(text) for text in texts]
    is_whole = all(isinstance(value, int) for value in values)
    dtype = dtype_of_what_comes_back(*texts, sep=sep)
    assert dtype == ("int64" if is_whole else "float64")
    assert read(*texts, sep=sep)[0].tolist() == values


@pytest.mark.parametrize(
    "texts",
    [
        ("1", "2.5", "1e+05", "1e-04"),  # R
        ("1.5E-07", "2", "3.25"),  # spreadsheets
        ("1.0E-7", "2.0", "1.2345E8"),  # Java
        ("1.000000000000000056e-01", "2.000000000000000111e-01"),  # numpy.savetxt
        ("0.10000000000000001", "0.25"),  # C with 17 digits
    ],
)
def test_numbers_in_notations_of_other_programs_keep_their_values(texts):
    series, form = read(*texts)
    assert series.tolist() == [float(text) for text in texts]
    assert read(*form.texts(series))[0].tolist() == series.tolist()


def test_spaces_around_numbers_are_none_of_them():
    series, form = read(" 1.5", "12.0", "  ")
    assert series.tolist()[:2] == [1.5, 12.0]
    assert form.texts(series) == ["1.5", "12.0", ""]


def test_infinite_numbers_are_refused():
    with pytest.raises(UserError, match="column 'x' holds the infinite number '-inf'"):
        read("1.5", "-inf", "2")
    series, _ = read("1.5", "inf", missing=["inf"])
    assert series.isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("texts", "dtype"),
    [
        (("1", "", "3"), "Int64"),
        (("4000000000000015001", ""), "Int64"),
        (("1.5", ""), "float64"),
        (("TRUE", "NA", "FALSE"), "boolean"),
        (("true", "", "false"), "boolean"),
        (("2020-01-31T10:00Z", ""), "datetime64[s, UTC]"),
        (("31.12.2020", "NULL"), "datetime64[s]"),
        (("14:05:30", "\\N"), "timedelta64[s]"),
        (("a", ""), "object"),
        (("", ""), "object"),
    ],
)
def test_missing_values_come_back_as_they_were_marked(texts, dtype):
    assert dtype_of_what_comes_back(*texts) == dtype
    assert read(*texts)[0].isna().tolist() == [
        text in ("", "NA", "NULL", "\\N") for text in texts
    ]


def test_marks_that_are_given_are_missing_in_words_too():
    series, form = read("a", "NA", "", "b", "NA", missing=["NA"])
    assert series.isna().tolist() == [False, True, True, False, True]
    assert form.texts(series) == ["a", "NA", "NA", "b", "NA"]


@pytest.mark.parametrize(
    ("texts", "dtype"),
    [
        (("2020-01-31", "2021-12-01"), "datetime64[s]"),
        (("9999-12-31", "0001-01-01"), "datetime64[s]"),
        (("2020-01", "2020-12"), "datetime64[s]"),
        (("20200131", "20200221", "20200301"), "datetime64[s]"),
        (("2020-01-31 10:00", "2021-12-01 00:00"), "datetime64[s]"),
        (("2020-01-31T10:00:00", "2021-12-01T00:00:00"), "datetime64[s]"),
        (("2020-01-31 10:00:00.5", "2021-12-01 00:00:00"), "datetime64[ms]"),
        (
            ("2020-01-31 10:00:00.123456789", "2021-12-01 00:00:00.000000000"),
            "datetime64[ns]",
        ),
        (("2020-01-31T10:00:00.250Z", "2021-12-01T00:00:00.000Z"), "datetime64[ms, U"),
        (("2020-01-31 10:00:00 UTC", "2021-12-01 00:00:00 UTC"), "datetime64[s, UTC]"),
        (("2020-01-31 10:00:00+05:30", "2021-12-01 00:00:00+05:30"), "datetime64[s, U"),
        (("2020-01-31T10:00:00-0800", "2021-07-01T00:00:00-0800"), "datetime64[s, UTC"),
        (("2020-01-31 00:00:00+01", "2021-07-01 00:00:00+01"), "datetime64[s, UTC]"),
        (("14:05:10", "23:59:59"), "timedelta64[s]"),
        (("14:05:10.25", "00:00:00.50"), "timedelta64[ms]"),
        (("31.12.2020", "01.01.2021"), "datetime64[s]"),
        (("31.12.2020 10:00", "01.01.2021 09:30"), "datetime64[s]"),
        (("31/12/2020", "01/01/2021"), "datetime64[s]"),
        (("12/31/2020", "01/02/2021"), "datetime64[s]"),
        (("12/31/2020 9:05", "1/2/2021 10:00"), "datetime64[s]"),
        (("1/31/2020 09:05:00", "1/2/2021 10:00:10"), "datetime64[s]"),
        (("31-1-2020", "2-11-2021"), "datetime64[s]"),
        (("2020/1/31", "2021/12/1"), "datetime64[s]"),
    ],
)
def test_times_come_back_in_their_form(texts, dtype):
    assert dtype_of_what_comes_back(*texts).startswith(dtype)
    assert dtype_of_what_comes_back(*texts, labels=["x"]) in ("object", "int64")


def test_times_are_what_they_say():
    series, form = read("2020-01-31T10:00:00-0800", "2021-07-01T00:00:00-0700")
    assert series.tolist() == [
        pd.Timestamp("2020-01-31 18:00", tz="UTC"),
        pd.Timestamp("2021-07-01 07:00", tz="UTC"),
    ]
    # Offsets differ, so only the instant is kept.
    texts = ["2020-01-31T18:00:00+0000", "2021-07-01T07:00:00+0000"]
    assert form.texts(series) == texts
    assert read("14:05:30.5")[0][0] == pd.Timedelta("14:05:30.5")
    for text in ("31.12.2020 9:05", "12/31/2020 09:05", "2020/12/31 09:05"):
        assert read(text)[0][0] == pd.Timestamp("2020-12-31 09:05")
    assert read("20200230", "20200131", "20200201")[0].dtype == "int64"
    assert read("20200131", "20200201")[0].dtype == "int64"


def test_days_of_another_table_are_read_like_those_of_the_first():
    first = table_of("12/31/2020", "01/02/2021").form.columns
    series, form = read("03/04/2021", like=first)
    assert series[0] == pd.Timestamp("2021-03-04")
    assert form == first["x"]
    assert read("31.12.2020", like=first)[0][0] == pd.Timestamp("2020-12-31")


@pytest.mark.parametrize(
    ("texts", "odd"),
    [
        ([f"{i}" for i in range(20)] + ["x"], "x"),
        ([f"{i:03d}" for i in range(20)], "000"),
        ([f"{i:02d}.10.2020" for i in range(1, 10)], "01.10.2020"),
        ([f"{i} days 02:00:00" for i in range(20)], "0 days 02:00:00"),
        ([f"{i}-Apr-20" for i in range(10, 20)], "10-Apr-20"),
        (["house 1", "house 2", "house 3"], ""),
        (["1", "2", "a", "b"], ""),
        (["1", "2", "3"], ""),
    ],
)
def test_a_column_that_is_nearly_of_numbers_or_times_is_told(texts, odd):
    said = f"read as words: {odd!r} in 'x'; write numbers as 1234.5, times as 2020-12-"
    notes = table_of(*texts).notes
    assert [note.startswith(said) for note in notes] == ([True] if odd else [])


def test_each_word_is_kept_once():
    series, _ = read(*["word", "other"] * 50)
    assert len({id(value) for value in series}) == 2


def test_values_that_are_generated_are_written_like_those_read():
    for texts, values, written in (
        (("1.50", "2.25"), [1.0, np.nan, 3.1], ["1.00", "", "3.10"]),
        (("1", ""), pd.array([4, None], dtype="Int64"), ["4", ""]),
        (("31.1.2020", ""), pd.to_datetime(["2021-05-05 10:00"]), ["5.5.2021"]),
    ):
        assert read(*texts)[1].texts(pd.Series(values)) == written
