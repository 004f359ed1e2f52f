"""Columns of every type that classifiers may get."""

import decimal
import fractions

import numpy as np
import pandas as pd
import pyarrow as pa

N = 400
HOURS = pd.Series(pd.date_range("2020-01-01", periods=N, freq="7h"))


def arrow(values, dtype):
    return pd.Series(values, dtype=pd.ArrowDtype(dtype))


def time_columns():
    zoned = HOURS.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    return {
        "nanoseconds": HOURS,
        "seconds": HOURS.astype("datetime64[s]"),
        "zoned": zoned,
        "duration": HOURS - HOURS[0],
        "dates": HOURS.dt.date,
        "datetimes": pd.Series([t.to_pydatetime() for t in HOURS], dtype=object),
        "zoned objects": zoned.astype(object),
        "dates and datetimes": pd.Series(
            [t.date() if i % 3 else t.to_pydatetime() for i, t in enumerate(HOURS)],
            dtype=object,
        ),
        "arrow date32": arrow(HOURS.dt.date, pa.date32()),
        "arrow date64": arrow(HOURS.dt.date, pa.date64()),
        "arrow seconds": HOURS.astype(pd.ArrowDtype(pa.timestamp("s"))),
        "arrow zoned": zoned.astype(pd.ArrowDtype(pa.timestamp("us", "Europe/Berlin"))),
        "arrow duration": (HOURS - HOURS[0]).astype(pd.ArrowDtype(pa.duration("ms"))),
    }


def number_columns():
    half = np.arange(N) / 2
    return {
        "float": half,
        "float32": half.astype(np.float32),
        "int8 with gaps": pd.array(np.arange(N) % 100, dtype="Int8"),
        "objects": pd.Series(list(half), dtype=object),
        "decimals": pd.Series([decimal.Decimal(i) / 2 for i in range(N)]),
        "fractions": pd.Series([fractions.Fraction(i, 3) for i in range(N)]),
        "several": pd.Series([decimal.Decimal(7), 2.5, 3, True] * (N // 4)),
        "arrow int": arrow(np.arange(N), pa.int32()),
        "arrow float": arrow(half, pa.float32()),
        "arrow decimal": arrow(map(decimal.Decimal, range(N)), pa.decimal128(9, 1)),
        "boolean": pd.array([True, False] * (N // 2), dtype="boolean"),
        "arrow bool": arrow([True, False] * (N // 2), pa.bool_()),
        "booleans and None": pd.Series([True, False, None, True] * (N // 4)),
    }


#: Two words of each type.
WORDS = {
    "object": ["a", "b"],
    "ordered": pd.Categorical(["a", "b"], ["b", "a", "unused"], ordered=True),
    "string": pd.Series(["a", "b"], dtype="string"),
    "arrow": arrow(["a", "b"], pa.string()),
    "arrow dictionary": arrow(["a", "b"], pa.dictionary(pa.int8(), pa.string())),
    "bytes": [b"a", b"b"],
    "lists": [[1], [2, 3]],
    "dicts": [{"k": 1}, {"k": 2}],
    "a word and a number": ["a", 1],
    "intervals": pd.IntervalIndex.from_breaks([0.0, 1.0, 2.0]),
}
