"""Columns of text: numbers, times and truth values only where they come back alike."""

import numpy as np
import pandas as pd
import pytest

from skfadm._files import UserError
from skfadm.cli.columns import read_column
from skfadm.cli.forms import KINDS, Form, Times


def read(*texts, missing=(), sep=",", kinds=KINDS):
    """Return a column, its form and what may be told of it."""
    known = list(dict.fromkeys(texts))
    codes = np.array([known.index(text) for text in texts])
    column = read_column("x", known, codes, marks={"", *missing}, sep=sep, kinds=kinds)
    assert Form.from_json(column.form.to_json()) == column.form
    return column


def dtype_of_what_comes_back(*texts, **options):
    """Return the dtype of a column that is written as it was read."""
    column = read(*texts, **options)
    assert column.form.texts(column.series) == list(texts)
    return str(column.series.dtype)


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
        ("None", "a"),
        ("inf", "a"),
        ("1.5", "1e+999"),
        ("yes", "no"),
        ("T", "F"),
        ("True", "TRUE"),
        ("True", "1"),
        ("1.2.3", "4.5.6"),
        ("192.168.1.1", "10.0.0.1"),
        ("2020-02-30", "2020-01-01"),
        ("0000-01-01", "2020-01-01"),
        ("2020-1-5", "2020-2-13"),
        ("2020-01-05", "2020-01-05 10:00"),
        ("2020-01-05T10:00:00Z", "2020-01-05T10:00:00"),
        ("2020-01-05Z", "2020-02-05Z"),
        ("2020-W05", "2020-W06"),
        ("24:00", "14:05"),
        ("14:05Z", "14:06Z"),
        ("4:05", "14:05"),
        ("26:10:01", "14:05:10"),
        ("1 days 02:00:00", "3 days 00:00:00"),
        ("31.12.2020", "01.01.2021"),
        ("12/31/2020", "01/02/2021"),
        ("07-Apr-20", "31-Dec-99"),
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
        (",", ("1.50", "2.00", "-3.25", "-0.00"), [1.5, 2, -3.25, 0]),
        (",", ("1.234,50", "950,00"), [1234.5, 950]),
        (",", ("52.5200066", "13.4049540"), [52.5200066, 13.404954]),
        (",", ("1.5", "2.0", "1e-05", "1.2345e+20"), [1.5, 2, 1e-5, 1.2345e20]),
        (",", ("1.5", "2", "1e-05"), [1.5, 2, 1e-5]),
        (",", ("-0", "1"), [0, 1]),
        (",", ("1,234.5", "950.25"), [1234.5, 950.25]),
        (";", ("1,5", "2", "3,25"), [1.5, 2, 3.25]),
        (";", ("1.234,50", "950,00"), [1234.5, 950]),
        (";", ("1.5", "2.25"), [1.5, 2.25]),
    ],
)
def test_numbers_come_back_in_their_notation(sep, texts, values):
    dtype = dtype_of_what_comes_back(*texts, sep=sep)
    series = read(*texts, sep=sep).series
    assert series.tolist() == (values or [int(text) for text in texts])
    is_whole = all(isinstance(value, int) for value in values or [0])
    assert dtype == ("int64" if is_whole else "float64") or texts[0] == "-0"


@pytest.mark.parametrize(
    "texts",
    [
        ("1", "2.5", "1e+05", "1e-04"),  # R
        ("1.5E-07", "2", "3.25"),  # spreadsheets
        ("1.0E-7", "2.0", "1.2345E8"),  # Java
        ("1e-7", "2", "1e+21"),  # JavaScript
        ("1.000000000000000056e-01", "2.000000000000000111e-01"),  # numpy.savetxt
        ("0.10000000000000001", "0.25"),  # C with 17 digits
        ("0.33333333333333333333", "3.6666666666666666667", "1.5"),
    ],
)
def test_numbers_in_notations_of_other_programs_keep_their_values(texts):
    column = read(*texts)
    assert column.series.tolist() == [float(text) for text in texts]
    written = column.form.texts(column.series)
    assert read(*written).series.tolist() == column.series.tolist()


def test_spaces_around_numbers_are_none_of_them():
    column = read(" 1.5", "12.0", "  ")
    assert column.series.tolist()[:2] == [1.5, 12.0]
    assert column.form.texts(column.series) == ["1.5", "12.0", ""]


def test_infinite_numbers_are_refused():
    with pytest.raises(UserError, match="column 'x' holds the infinite number '-inf'"):
        read("1.5", "-inf", "2")
    column = read("1.5", "inf", missing=["inf"])
    assert column.series.isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("texts", "dtype"),
    [
        (("1", "", "3"), "Int64"),
        (("4000000000000015001", ""), "Int64"),
        (("1.5", ""), "float64"),
        (("TRUE", "", "FALSE"), "boolean"),
        (("TRUE", "NA", "FALSE"), "boolean"),
        (("2020-01-31", ""), "datetime64[s]"),
        (("2020-01-31T10:00Z", ""), "datetime64[s, UTC]"),
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
    assert read(*texts).series.isna().tolist() == [
        t in ("", "NA", "n/a", "NULL", "\\N") for t in texts
    ]


def test_marks_that_are_given_are_missing_in_words_too():
    column = read("a", "NA", "", "b", "NA", missing=["NA"])
    assert column.series.isna().tolist() == [False, True, True, False, True]
    assert column.form.texts(column.series) == ["a", "NA", "NA", "b", "NA"]


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
        (("2020-01-31 10:00:00.500000", "2021-12-01 00:00:00.000000"), "datetime64[us"),
        (
            ("2020-01-31 10:00:00.123456789", "2021-12-01 00:00:00.000000000"),
            "datetime",
        ),
        (("2020-01-31T10:00:00Z", "2021-12-01T00:00:00Z"), "datetime64[s, UTC]"),
        (("2020-01-31 10:00:00 UTC", "2021-12-01 00:00:00 UTC"), "datetime64[s, UTC]"),
        (("2020-01-31 10:00:00+05:30", "2021-12-01 00:00:00+05:30"), "datetime64[s, "),
        (("2020-01-31T10:00:00-0800", "2021-07-01T00:00:00-0700"), "datetime64[s, Am"),
        (("2020-01-31 00:00:00+01", "2021-07-01 00:00:00+02"), "datetime64[s, Europe"),
        (("14:05", "00:10"), "timedelta64[s]"),
        (("14:05:10", "23:59:59"), "timedelta64[s]"),
        (("14:05:10.25", "00:00:00.50"), "timedelta64[ms]"),
    ],
)
def test_times_come_back_in_their_form(texts, dtype):
    assert dtype_of_what_comes_back(*texts).startswith(dtype)
    kinds = [kind for kind in KINDS if kind is not Times]
    assert dtype_of_what_comes_back(*texts, kinds=kinds) in ("object", "int64")


def test_times_are_what_they_say():
    series = read("2020-01-31T10:00:00-0800", "2021-07-01T00:00:00-0700").series
    assert series.dt.tz_convert("UTC").tolist() == [
        pd.Timestamp("2020-01-31 18:00", tz="UTC"),
        pd.Timestamp("2021-07-01 07:00", tz="UTC"),
    ]
    assert read("14:05:30.5").series[0] == pd.Timedelta("14:05:30.5")
    assert read("20200230", "20200131", "20200201").series.dtype == "int64"
    assert read("20200131", "20200201").series.dtype == "int64"


def test_a_zone_is_that_of_summer_and_winter():
    days = pd.date_range("2020-01-01", "2020-12-31", tz="Europe/Berlin")
    column = read(*days.astype(str))
    assert (column.series.dt.hour == 0).all()
    others = pd.Series(pd.to_datetime(["2019-02-01", "2019-08-01"]))
    assert column.form.texts(others.dt.tz_localize("Europe/Berlin")) == [
        "2019-02-01 00:00:00+01:00",
        "2019-08-01 00:00:00+02:00",
    ]


def test_times_of_many_zones_become_utc():
    column = read("2020-01-31 10:00:00+05:30", "2021-07-01 00:00:00-03:00")
    assert column.form.texts(column.series) == [
        "2020-01-31 04:30:00+00:00",
        "2021-07-01 03:00:00+00:00",
    ]


@pytest.mark.parametrize(
    ("texts", "odd"),
    [
        ([f"{i}" for i in range(20)] + ["x"], "x"),
        ([f"{i:03d}" for i in range(20)], "000"),
        ([f"{i}.12.2020" for i in range(10, 20)], "10.12.2020"),
        ([f"{i} days 02:00:00" for i in range(20)], "0 days 02:00:00"),
        ([f"{i}-Apr-20" for i in range(10, 20)], "10-Apr-20"),
        (["house 1", "house 2", "house 3"], ""),
        (["1", "2", "a", "b"], ""),
        (["1", "2", "3"], ""),
    ],
)
def test_a_column_that_is_nearly_of_numbers_or_times_is_told(texts, odd):
    assert read(*texts).odd == odd
    assert read(*texts, kinds=()).odd == ""


def test_each_word_is_kept_once():
    series = read(*["word", "other"] * 50).series
    assert len({id(value) for value in series}) == 2


def test_values_that_are_generated_are_written_like_those_read():
    form = read("1.50", "2.25").form
    assert form.texts(pd.Series([1.0, np.nan, 3.1])) == ["1.00", "", "3.10"]
    form = read("1", "").form
    assert form.texts(pd.Series([4, None], dtype="Int64")) == ["4", ""]
    form = read("2020-01-31", "2020-02-01").form
    assert form.texts(pd.Series(pd.to_datetime(["2021-05-05 10:00"]))) == ["2021-05-05"]
