"""One column of each kind that must come back exactly."""

import datetime as dt
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from skfadm.encoding import TabularEncoder

N = 600


def with_gaps(values, rng):
    """Return the values as a Series with a fifth of them missing."""
    series = pd.Series(values)
    return series.mask(rng.random(len(series)) < 0.2)


def objects(values):
    return pd.Series(list(values), dtype=object)


def make_objects(days, small):
    """Columns of Python's own types, every other one with gaps."""
    gaps = small > 0
    times = days + pd.to_timedelta(abs(small) % 24, "h")
    columns = {
        "dates": objects(days.date),
        "datetimes": objects(times.to_pydatetime()),
        "times of day": objects(times.time),
        "datetimes beyond nanoseconds": objects(
            dt.datetime(5000 + k, 1, 2) for k in small
        ),
        "timestamps": objects(times),
        "timedeltas": objects((times - times[0]).to_pytimedelta()),
        "decimal objects": objects(Decimal(int(k)) / 8 for k in small),
        "pandas' timedeltas": objects(times - times[0]),
        "bytes": objects(b"\xff%d" % (k % 7) for k in small),
        "UUIDs": objects(UUID(int=k % 7) for k in small),
        "several numbers": objects([Decimal(2), 2.5, True][k % 3] for k in small),
        "tuples": objects((int(k) % 3, "a") for k in small),
    }
    return {
        name: column.where(gaps, None) if i % 2 else column
        for i, (name, column) in enumerate(columns.items())
    }


def make_arrow(days, small):
    """Columns of Arrow, every other one with gaps."""
    clocks = (days + pd.to_timedelta(abs(small), "s")).time
    values = {
        "date32": (days.date, pa.date32()),
        "date64": (days.date, pa.date64()),
        "decimal128": ([Decimal(int(k)) / 8 for k in small], pa.decimal128(12, 3)),
        "timestamp": (days, pa.timestamp("s")),
        "zoned timestamp": (
            days.tz_localize("Europe/Berlin"),
            pa.timestamp("us", "Europe/Berlin"),
        ),
        "duration": (days - days[0], pa.duration("ms")),
        "time32": (clocks, pa.time32("s")),
        "time64": (clocks, pa.time64("us")),
        "uint64": (abs(small).astype("u8") + np.uint64(2**63), pa.uint64()),
        "int8": (small, pa.int8()),
        "float64": (small / 4, pa.float64()),
        "float32": (small / 4, pa.float32()),
        "string": ((small % 7).astype(str), pa.string()),
        "bool": (small > 0, pa.bool_()),
        "binary": ([b"%d" % (k % 7) for k in small], pa.binary()),
        "large_string": ((small % 7).astype(str), pa.large_string()),
        "null": ([None] * len(small), pa.null()),
        "dictionary": ((small % 5).astype(str), pa.dictionary(pa.int8(), pa.string())),
    }
    columns = {}
    for i, (name, (column, dtype)) in enumerate(values.items()):
        # Gaps by hand: pyarrow before 25 aborts in mask().
        gaps = (small > 0) & bool(i % 2)
        own = [None if gap else v for gap, v in zip(gaps, column, strict=True)]
        found = pd.arrays.ArrowExtensionArray(pa.array(own, type=dtype))
        columns[f"Arrow {name}"] = pd.Series(found)
    return columns


def make_columns(n=N):
    """One column of each kind that must come back exactly."""
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2020-01-01")
    days = start + pd.to_timedelta(rng.integers(0, 300, n), "D")
    small = rng.integers(-100, 100, n)
    columns = {
        "int8": small.astype("int8"),
        "uint64 beyond int64": abs(small).astype("uint64") + np.uint64(2**63),
        "UInt64 beyond int64": with_gaps(
            pd.array(abs(small).astype("uint64") + np.uint64(2**63), dtype="UInt64"),
            rng,
        ),
        "int64 extremes": np.where(small > 0, small, -(2**63)),
        "few integers": rng.integers(0, 5, n),
        "float32 integers": small.astype("float32"),
        "float with gaps": with_gaps(small.astype(float), rng),
        "float32 decimals": np.round(small / 7, 2).astype("float32"),
        "decimals": np.round(rng.lognormal(3, 1, n), 2),
        "spike": np.where(rng.random(n) < 0.6, 0, rng.integers(1, 9999, n)),
        "Int16 with gaps": with_gaps(pd.array(small, dtype="Int16"), rng),
        "UInt8 with gaps": with_gaps(pd.array(abs(small), dtype="UInt8"), rng),
        "Float32 with gaps": with_gaps(pd.array(small, dtype="Float32"), rng),
        "bool": rng.random(n) < 0.3,
        "boolean with gaps": with_gaps(pd.array(small > 3, dtype="boolean"), rng),
        "days with gaps": with_gaps(days.as_unit("us"), rng),
        "hours in Berlin": with_gaps(
            pd.Timestamp("2020-01-01", tz="Europe/Berlin")
            + pd.to_timedelta(rng.integers(0, 9000, n), "h"),
            rng,
        ),
        "minutes": with_gaps(pd.to_timedelta(small, "m"), rng),
        "ordered": pd.Categorical(
            rng.choice(list("abc"), n), categories=list("zcab"), ordered=True
        ),
        "category with gaps": with_gaps(pd.Categorical(rng.integers(0, 5, n)), rng),
        "bins": pd.cut(small, 4),
        "zoned category": pd.Categorical(
            days.floor("100D").as_unit("s").tz_localize("Europe/Berlin")
        ),
        "text with gaps": with_gaps(rng.choice(["x", "y"], n), rng),
        "string with gaps": with_gaps(
            pd.array(rng.choice(["x", "y"], n), dtype="string"), rng
        ),
        "object": pd.Series(rng.choice(["x", "y"], n), dtype=object),
        "object with None": pd.Series(
            np.array(["x", "y", None], dtype=object)[rng.integers(0, 3, n)],
            dtype=object,
        ),
        "mixed": pd.Series(
            np.array([1, "a", 2.5, np.nan], dtype=object)[rng.integers(0, 4, n)],
            dtype=object,
        ),
        "objects that are numbers": pd.Series(small).astype(object),
        "bools with None": pd.Series(
            np.array([True, False, None], dtype=object)[rng.integers(0, 3, n)]
        ),
        **make_objects(days, small),
        **make_arrow(days, small),
        "zone of Python": days.tz_localize(ZoneInfo("America/Sao_Paulo")),
        "offset": days.tz_localize(dt.timezone(dt.timedelta(minutes=-90))),
        "category of dates": pd.Categorical(days.floor("100D").date),
        "decimals of many digits": np.round(small / 7, 12),
        "many decimals, few digits": small / 1e9,
        "halves": small / 2,
        "tiny and huge": np.where(small > 0, small * 1.7e306, -1.0),
        "seen once": pd.Series(["rare"] + ["usual"] * (n - 1)),
        "constant number": np.full(n, 0.1),
        "constant text": pd.Series(["k"] * n, dtype=object),
        "constant with gaps": with_gaps(np.full(n, 7.0), rng),
        "all NaN": np.full(n, np.nan),
        "all None": pd.Series([None] * n, dtype=object),
        "all NA": pd.array([pd.NA] * n, dtype="Int8"),
        "all NaT": pd.Series([pd.NaT] * n, dtype="datetime64[s]"),
        "all missing category": pd.Categorical([None] * n, categories=["a", "b"]),
    }
    return {name: pd.Series(column, name=name) for name, column in columns.items()}


COLUMNS = make_columns()


def round_trip(X):
    encoder = TabularEncoder(random_state=0, min_frequency=1).fit(X)
    return encoder.inverse_transform(encoder.transform(X))


def generated(encoder, n=4000, seed=0):
    """What a network might make of a table: any normal scores, any codes."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(scale=2, size=(n, encoder.n_numbers_))
    codes = [rng.integers(0, size, n) for size in encoder.category_sizes_]
    return encoder.decode(np.column_stack([numbers, *codes]), seed=seed)
