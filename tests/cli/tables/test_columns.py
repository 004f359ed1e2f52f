"""Columns of text: numbers, times and truth values only where they come back alike."""

import numpy as np
import pandas as pd
import pytest

from skfadm.cli.tables import UserError
from skfadm.cli.tables._columns import Block, TextColumn
from skfadm.cli.tables._forms import ColumnForm


def read(*texts, missing=(), sep=",", may_be_time=True, n_blocks=1):
    """Return a column and its form."""
    blocks = [Block(part.tolist()) for part in np.array_split(texts, n_blocks)]
    column = TextColumn("x", blocks, {"", *missing}, sep)
    series, form = column.column(may_be_time=may_be_time)
    assert ColumnForm.from_json(form.to_json()) == form
    return series, form


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
        ("99999999999999999999", "1", "2"),
        ("0x1F", "0x20"),
        ("1_000", "2_000"),
        ("1,23,456", "2"),
        ("٣", "٤"),
        ("NA", "DE", "FR"),
        ("None", "a"),
        ("yes", "no"),
        ("T", "F"),
        ("True", "TRUE"),
        ("1.2.3", "4.5.6"),
        ("192.168.1.1", "10.0.0.1"),
        ("2020-02-30", "2020-01-01"),
        ("2020-W05", "2020-W06"),
        ("4:05", "14:5"),
        ("20-01-05", "20-02-13", "20-03-31"),
        ("1/2/20", "3/4/21"),
        ("29-Feb-21", "28-Feb-21"),
        ("13:00 PM", "01:00 PM"),
        ("may", "june"),
        ("1/2/2020", "3/4/2021"),
        ("20200230", "20200131", "20200201"),
        (" padded", "padded "),
    ],
)
def test_words_that_look_like_something_else_stay_words(texts):
    if texts[0] == "20200230":
        assert dtype_of_what_comes_back(*texts) == "int64"
    else:
        assert dtype_of_what_comes_back(*texts) == "object"


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (("1", "-2", "0"), [1, -2, 0]),
        (("4000000000000015001", "-9223372036854775808"), None),
        (("1,234", "950", "1,000,000"), [1234, 950, 1000000]),
        (("1.234", "950", "1.000.000"), [1234, 950, 1000000]),
    ],
)
def test_whole_numbers(texts, values):
    sep = ";" if texts[0] == "1.234" else ","
    series, form = read(*texts, sep=sep)
    assert series.dtype == "int64"
    assert form.texts(series) == list(texts)
    assert series.tolist() == (values or [int(text) for text in texts])


@pytest.mark.parametrize(
    "texts",
    [
        ("1.50", "2.00", "-3.25"),
        ("52.5200066", "13.4049540"),
        ("1.5", "2.0", "1e-05", "1.2345e+20"),  # pandas, Python
        ("1.5", "2", "1e-05"),  # C, Arrow
        ("1", "2.5", "1e+05", "1e-04", "123456"),  # R
        ("1.5E-07", "2", "3.25"),  # spreadsheets
        ("1.0E-7", "2.0", "1.2345E8"),  # Java
        ("1e-7", "2.0", "1.5e16"),  # Rust
        ("1e-7", "2", "1e+21"),  # JavaScript
        ("1.000000000000000056e-01", "2.000000000000000111e-01"),  # numpy.savetxt
        ("0.10000000000000001", "0.25"),  # C with 17 digits
        ("1.23457e+06", "0.5", "123456"),  # C++ streams
        ("-0", "1"),
    ],
)
def test_decimals_come_back_as_each_program_writes_them(texts):
    assert dtype_of_what_comes_back(*texts) == "float64"


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (("1,5", "2", "3,25"), [1.5, 2.0, 3.25]),
        (("1.234,50", "950,00"), [1234.5, 950.0]),
        (("1.5", "2.25"), [1.5, 2.25]),
    ],
)
def test_decimal_commas(texts, values):
    series, form = read(*texts, sep=";")
    assert series.tolist() == values
    assert form.texts(series) == list(texts)


def test_digits_that_no_number_holds_do_not_make_words():
    texts = ["0.33333333333333333333", "3.66666666666666666667", "1.5"]
    series, form = read(*texts)
    assert series.tolist() == [1 / 3, 11 / 3, 1.5]
    assert [float(text) for text in form.texts(series)] == series.tolist()


def test_spaces_around_numbers_are_none_of_them():
    series, form = read(" 1.5", "12.0", "  ")
    assert series.tolist()[:2] == [1.5, 12.0]
    assert form.texts(series) == ["1.5", "12.0", ""]


def test_infinite_numbers_are_refused():
    with pytest.raises(UserError, match="column 'x' holds the infinite number '-inf'"):
        read("1.5", "-inf", "2")
    assert read("1.5", "inf", missing=["inf"])[0].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("texts", "dtype"),
    [
        (("1", "", "3"), "Int64"),
        (("4000000000000015001", ""), "Int64"),
        (("1.5", ""), "float64"),
        (("TRUE", "", "FALSE"), "boolean"),
        (("2020-01-31", ""), "datetime64[s]"),
        (("14:05", ""), "timedelta64[s]"),
        (("a", ""), "object"),
        (("", ""), "object"),
        (("1", "NA", "3"), "Int64"),
        (("1.5", "n/a"), "float64"),
        (("2020-01-31", "NULL"), "datetime64[s]"),
        (("14:05:30", "\\N"), "timedelta64[s]"),
    ],
)
def test_missing_values_come_back_as_they_were_marked(texts, dtype):
    assert dtype_of_what_comes_back(*texts) == dtype
    series, _ = read(*texts)
    assert series.isna().tolist() == [
        t in ("", "NA", "n/a", "NULL", "\\N") for t in texts
    ]


def test_marks_that_are_given_are_missing_in_words_too():
    series, form = read("a", "NA", "", "b", "NA", missing=["NA"])
    assert series.isna().tolist() == [False, True, True, False, True]
    assert form.texts(series) == ["a", "NA", "NA", "b", "NA"]


@pytest.mark.parametrize(
    "texts",
    [
        ("2020-01-31", "2021-12-01"),
        ("9999-12-31", "0001-01-01"),
        ("2020-01", "2020-12"),
        ("20200131", "20200221", "20200301"),
        ("31.12.2020", "01.01.2021"),
        ("31.12.2020", "1.1.2021"),
        ("12/31/2020", "01/02/2021"),
        ("1/2/2021 4:05", "12/31/2020 14:05"),
        ("2020/1/5", "2020/12/31"),
        ("2020-01-31 10:00", "2021-12-01 00:00"),
        ("07 Apr 2020", "31 Dec 2021"),
        ("7-Apr-20", "31-Dec-99"),
        ("07APR2020", "31DEC2021"),
        ("07-APR-2020 10:00:30", "31-DEC-2021 00:00:00"),
        ("Apr 07, 2020", "May 31, 2021"),
        ("7 April 2020", "31 May 2021"),
        ("Apr-20", "Jan-21"),
        ("04/27/20", "12/01/19"),
        ("31.12.20", "01.02.19"),
        ("4/27/2020 3:05 PM", "12/1/2019 12:00 AM"),
        ("04/27/2020 03:05:09 pm", "12/01/2019 12:00:00 am"),
        ("2020-04-27 03:05 PM", "2019-12-01 12:59 PM"),
        ("07 Apr 2020 10:00:00.25", "31 Dec 2021 00:00:00.50"),
        ("4/27/2020 3:05 PM UTC", "12/1/2019 12:00 AM UTC"),
        ("2020-01-31T10:00:00", "2021-12-01T00:00:00"),
        ("2020-01-31 10:00:00.5", "2021-12-01 00:00:00"),
        ("2020-01-31 10:00:00.500000", "2021-12-01 00:00:00"),
        ("2020-01-31 10:00:00.123456789", "2021-12-01 00:00:00.000000000"),
        ("2020-01-31T10:00:00Z", "2021-12-01T00:00:00Z"),
        ("2020-01-31 10:00:00 UTC", "2021-12-01 00:00:00 UTC"),
        ("2020-01-31 10:00:00+05:30", "2021-12-01 00:00:00+05:30"),
        ("2020-01-31T10:00:00-0800", "2021-07-01T00:00:00-0700"),
        ("2020-01-31 00:00:00+01", "2021-07-01 00:00:00+02"),
    ],
)
def test_dates_and_times_come_back_in_their_form(texts):
    dtype = dtype_of_what_comes_back(*texts)
    assert dtype.startswith("datetime64")
    assert dtype_of_what_comes_back(*texts, may_be_time=False) in ("object", "int64")


def test_times_are_what_they_say():
    series, _ = read("1/2/2021 4:05", "12/31/2020 14:05")
    assert series.tolist() == [
        pd.Timestamp("2021-01-02 04:05"),
        pd.Timestamp("2020-12-31 14:05"),
    ]
    series, _ = read("4/7/2020 12:05 AM", "12/31/2020 12:30 PM", "1/2/2020 1:00 PM")
    assert series.dt.strftime("%Y-%m-%d %H:%M").tolist() == [
        "2020-04-07 00:05",
        "2020-12-31 12:30",
        "2020-01-02 13:00",
    ]
    series, _ = read("07-APR-20", "31-DEC-99")
    assert series.dt.year.tolist() == [2020, 1999]
    assert read("1/2/20", "3/4/21")[0].dtype == object


def test_midnights_of_a_zone_stay_midnights_over_the_change_to_summer_time():
    days = pd.date_range("2020-01-01", "2020-12-31", tz="Europe/Berlin")
    series, form = read(*days.astype(str))
    assert (series.dt.hour == 0).all()
    others = pd.Series(pd.to_datetime(["2019-02-01", "2019-08-01"]))
    written = form.texts(others)
    assert written == ["2019-02-01 00:00:00+01:00", "2019-08-01 00:00:00+02:00"]


def test_midnights_stay_midnights_where_the_clock_skips_some():
    days = pd.date_range("2010-01-01", "2018-12-31")
    zoned = days.tz_localize("America/Sao_Paulo", nonexistent="shift_forward")
    texts = zoned.astype(str).tolist()
    series, form = read(*texts)
    assert (series.dt.hour == 0).all()
    assert form.texts(series) == texts


def test_times_of_many_zones_become_utc():
    series, form = read("2020-01-31 10:00:00+05:30", "2021-07-01 00:00:00-03:00")
    assert form.texts(series) == [
        "2020-01-31 04:30:00+00:00",
        "2021-07-01 03:00:00+00:00",
    ]


@pytest.mark.parametrize(
    "texts",
    [
        ("14:05", "00:10"),
        ("4:05", "14:05"),
        ("0:05:10", "119:10:01"),
        ("14:05:10", "26:10:01"),
        ("14:05:10.25", "00:00:00.50"),
        ("1 days 02:00:00", "-1 days +23:00:00"),
        ("3 days", "10 days"),
        ("0 days 00:00:01.500000", "2 days 00:00:00"),
    ],
)
def test_durations_come_back_in_their_form(texts):
    assert dtype_of_what_comes_back(*texts).startswith("timedelta64")


@pytest.mark.parametrize(
    ("texts", "dtype"),
    [
        (["1"] * 9 + ["01"], "object"),
        (["1"] * 9 + ["1.5"], "float64"),
        (["1"] * 9 + [""], "Int64"),
        ([""] * 9 + ["1"], "Int64"),
        ([""] * 9 + ["a"], "object"),
        (["1"] * 9 + ["NA"], "Int64"),
        (["1.5"] * 9 + ["1e-05"], "float64"),
        (["01/02/2020"] * 9 + ["01/13/2020"], "datetime64[s]"),
        (["2020-01-01 00:00:00+01:00"] * 9 + ["2020-07-01 00:00:00+02:00"], "datetime"),
        (["2020-01-01 00:00:00"] * 9 + ["2020-01-01 00:00:00.25"], "datetime64[us]"),
        (["True"] * 9 + ["1"], "object"),
    ],
)
def test_what_a_late_value_says_holds_for_the_whole_column(texts, dtype):
    assert dtype_of_what_comes_back(*texts, n_blocks=10).startswith(dtype)


def test_each_word_is_kept_once():
    series, _ = read(*["word", "other"] * 50)
    assert len({id(value) for value in series}) == 2


def test_values_that_are_generated_are_written_like_those_read():
    _, form = read("1.50", "2.25")
    assert form.texts(pd.Series([1.0, np.nan, 3.1])) == ["1.00", "", "3.10"]
    _, form = read("1", "")
    assert form.texts(pd.Series([4, None], dtype="Int64")) == ["4", ""]
    _, form = read("2020-01-31", "2020-02-01")
    assert form.texts(pd.Series(pd.to_datetime(["2021-05-05"]))) == ["2021-05-05"]
