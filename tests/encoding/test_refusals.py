"""What cannot come back, or is not as in fit, is refused by the column's name."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import dateutil.tz
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from skfadm.encoding import TabularEncoder

ZONES = [pd.Timestamp(2020, 1, 1, tz=zone) for zone in ("Asia/Tokyo", "UTC")]
DATES = [dt.date(2020, 1, 1), dt.datetime(2020, 1, 1)]
UNNAMED = pd.date_range("2020", periods=100, tz=dateutil.tz.tzutc())
REFUSED = {
    "lists": ([[1], [2]] * 50, "cannot be categories"),
    "Arrow lists": (
        pd.Series([[1], [2]] * 50, dtype=pd.ArrowDtype(pa.list_(pa.int8()))),
        "cannot be categories",
    ),
    "infinite floats": ([1.0, np.inf] * 50, "infinite numbers"),
    "infinite Float64": (pd.array([1.5, -np.inf], "Float64"), "infinite numbers"),
    "infinite objects": (pd.Series([1.5, np.inf], dtype=object), "infinite numbers"),
    "infinite decimals": ([Decimal(1), Decimal("inf")] * 50, "infinite numbers"),
    "long decimals": ([Decimal("1.5"), Decimal(10) ** 30] * 50, "more than 18 digits"),
    "dates and datetimes": (DATES * 50, "types date, datetime, expected one"),
    "objects with zones": (ZONES * 50, "objects with a time zone"),
    "sparse": (pd.arrays.SparseArray([0, 1]), r"of X .*sparse.*\.sparse\.to_dense"),
    "periods": (
        pd.period_range("2020", periods=9, freq="D"),
        r"of X .*periods.*\.dt\.to_timestamp",
    ),
    "a zone without a name": (UNNAMED, "cannot be stored by name"),
    "fractions": (
        [Fraction(k, 7) for k in range(100)],
        "100 values of the type Fraction in 100 rows",
    ),
    "bytes": ([b"%d" % k for k in range(100)], r"of the type bytes.*astype\(str\)"),
    "integers beyond int64": ([10**30 + k for k in range(100)], "of the type int in"),
    "durations of a million years": (
        [dt.timedelta(days=4 * 10**8 + k) for k in range(100)],
        "of the type timedelta",
    ),
    "many numbers of several types": (
        [Decimal(k) if k % 2 else k + 0.5 for k in range(100)],
        "of the type Decimal and float",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_come_back_is_refused_by_column_name(name):
    column, message = REFUSED[name]
    with pytest.raises((TypeError, ValueError), match=rf"Column 'c' .*{message}"):
        TabularEncoder().fit(pd.DataFrame({"c": column}))


MISSING = "holds missing values, expected none"
INFINITE = "holds infinite numbers"


@pytest.mark.parametrize(
    ("seen", "later", "message"),
    [
        *(
            (*(pd.Series(["a", b], dtype=dtype) for b in (second, "new")),
             "holds the unknown category 'new'")
            for dtype in ("category", "string", object)
            for second in "ab"
        ),
        (pd.Categorical(["a", "b"], [*"abc"]), pd.Categorical(["c", "b"], [*"abc"]),
         "holds the unknown category 'c'"),
        ([1.5, 2.5, 4.0], [1.5, 2.5, None], MISSING),
        (["a", "b", "b"], ["a", "b", None], MISSING),
        ([1.0, 1.0, 1.0], [1.0, 1.0, None], MISSING),
        ([np.nan, np.nan], [np.nan, 1.0], "holds numbers, expected only missing"),
        ([1.5, 2.5], ["old", "young"], "held numbers in fit"),
        ([1.5, 2.5], [1.5, np.inf], INFINITE),
        ([1.5, 2.5], pd.array([1.5, -np.inf], dtype="Float64"), INFINITE),
        ([1.5, 2.5], pd.Series([1.5, np.inf], dtype=object), INFINITE),
    ],
)  # fmt: skip
def test_what_fit_has_not_seen_is_refused_by_column_name(seen, later, message):
    encoder = TabularEncoder().fit(pd.DataFrame({"age": seen}))
    with pytest.raises(ValueError, match=f"'age' {message}"):
        encoder.transform(pd.DataFrame({"age": later}))


def test_complex_numbers_are_refused():
    X = pd.DataFrame({"a": [1 + 1j, 2]})
    with pytest.raises(ValueError, match="Complex data not supported"):
        TabularEncoder().fit(X)


def test_wrong_columns_are_refused():
    X = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    encoder = TabularEncoder().fit(X)
    for other in (["b", "a"], ["a"]):
        with pytest.raises(ValueError, match="feature names should match"):
            encoder.transform(X[other])
    with pytest.raises(ValueError, match="more than one column named 'a'"):
        encoder.fit(X.set_axis(["a", "a"], axis=1))
    for empty, what in ((X[:0], "sample"), (X[[]], "feature")):
        with pytest.raises(ValueError, match=rf"Found array with 0 {what}\(s\)"):
            TabularEncoder().fit(empty)


@pytest.mark.parametrize("code", [-1, 3, 0.5])
def test_a_code_that_is_none_is_refused_by_column_name(code):
    encoder = TabularEncoder().fit(pd.DataFrame({"job": ["a", "b", "c"]}))
    with pytest.raises(ValueError, match=r"'job' holds values .* integers in \[0, 2\]"):
        encoder.inverse_transform([[0.0], [code]])


def test_a_compact_array_of_the_wrong_width_is_refused():
    encoder = TabularEncoder().fit(pd.DataFrame({"a": [1.5, 2.0], "b": ["x", "y"]}))
    with pytest.raises(ValueError, match="1 columns, expected 2: 1 numbers and 1 cod"):
        encoder.inverse_transform([[0.0]])
