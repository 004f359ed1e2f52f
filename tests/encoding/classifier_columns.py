"""Columns of every type that decide a label."""

import pandas as pd
import pyarrow as pa

N = 400
HOURS = pd.Series(pd.date_range("2020-01-01", periods=N, freq="7h"))


def arrow(values, dtype):
    return pd.Series(values, dtype=pd.ArrowDtype(dtype))


def time_columns():
    zoned = HOURS.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    mixed = [t.date() if i % 3 else t.to_pydatetime() for i, t in enumerate(HOURS)]
    return {
        "nanoseconds": HOURS,
        "seconds": HOURS.astype("datetime64[s]"),
        "zoned": zoned,
        "zoned objects": zoned.astype(object),
        "dates and datetimes": pd.Series(mixed, dtype=object),
        "duration": HOURS - HOURS[0],
        "arrow date32": arrow(HOURS.dt.date, pa.date32()),
        "arrow zoned": zoned.astype(pd.ArrowDtype(pa.timestamp("us", "Europe/Berlin"))),
    }


#: Two words of each type.
WORDS = {
    "object": ["a", "b"],
    "ordered": pd.Categorical(["a", "b"], ["b", "a", "unused"], ordered=True),
    "string": pd.Series(["a", "b"], dtype="string"),
    "arrow dictionary": arrow(["a", "b"], pa.dictionary(pa.int8(), pa.string())),
    "bytes": [b"a", b"b"],
    "dicts": [{"k": 1}, {"k": 2}],
    "a word and a number": ["a", 1],
    "intervals": pd.IntervalIndex.from_breaks([0.0, 1.0, 2.0]),
}
