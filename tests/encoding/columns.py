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
RNG = np.random.default_rng(0)
SMALL = RNG.integers(-100, 100, N)
DAYS = pd.Timestamp("2020-01-01") + pd.to_timedelta(RNG.integers(0, 300, N), "D")
TIMES = DAYS + pd.to_timedelta(abs(SMALL) % 24, "h")
HOURS = pd.Timestamp("2020-01-01") + pd.to_timedelta(RNG.integers(0, 9000, N), "h")
BEYOND = abs(SMALL).astype("u8") + np.uint64(2**63)


def with_gaps(values, dtype=None):
    """Return the values as a Series with a fifth of them missing."""
    series = pd.Series(values) if dtype is None else pd.Series(values, dtype=dtype)
    return series.mask(np.random.default_rng(1).random(N) < 0.2)


def objects(values, gap=None):
    """Return a column of objects, with None where `gap` is."""
    column = pd.Series(list(values), dtype=object)
    return column if gap is None else column.where(~gap, None)


def picked(*values):
    choices = np.empty(len(values), dtype=object)
    choices[:] = values
    return pd.Series(choices[RNG.integers(0, len(values), N)], dtype=object)


def arrow(values, dtype, gap=None):
    # Gaps by hand: pyarrow before 25 aborts in mask().
    gap = np.zeros(N, bool) if gap is None else gap
    own = [None if g else v for g, v in zip(gap, values, strict=True)]
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.array(own, type=dtype)))


NUMBERS = {
    "int8": SMALL.astype("int8"),
    "uint64 beyond int64": BEYOND,
    "UInt64 beyond int64": with_gaps(BEYOND, "UInt64"),
    "int64 extremes": np.where(SMALL > 0, SMALL, 1 - 2**63),
    "few integers": RNG.integers(0, 5, N),
    "float32 integers": SMALL.astype("float32"),
    "float with gaps": with_gaps(SMALL.astype(float)),
    "float32 decimals": np.round(SMALL / 7, 2).astype("float32"),
    "decimals": np.round(RNG.lognormal(3, 1, N), 2),
    "decimals of many digits": np.round(SMALL / 7, 12),
    "many decimals, few digits": SMALL / 1e9,
    "tiny and huge": np.where(SMALL > 0, SMALL * 1.7e306, -1.0),
    "spike": np.where(RNG.random(N) < 0.6, 0, RNG.integers(1, 9999, N)),
    "Int16 with gaps": with_gaps(SMALL, "Int16"),
    "Float32 with gaps": with_gaps(SMALL, "Float32"),
    "objects that are numbers": objects(SMALL.tolist(), SMALL > 80),
    "decimal objects": objects(Decimal(int(k)) / 8 for k in SMALL),
    "Arrow uint64": arrow(BEYOND, pa.uint64()),
    "Arrow int64 beyond floats": arrow(
        np.where(SMALL < -50, 1 - 2**62, SMALL), pa.int64(), SMALL > 0
    ),
    "Arrow float32": arrow(SMALL / 4, pa.float32(), SMALL > 0),
    "Arrow decimal128": arrow(
        [Decimal(int(k)) / 8 for k in SMALL], pa.decimal128(12, 3)
    ),
}
WORDS = {
    "bool": RNG.random(N) < 0.3,
    "boolean with gaps": with_gaps(SMALL > 3, "boolean"),
    "bools with None": picked(True, False, None),
    "ordered": pd.Categorical(RNG.choice(list("abc"), N), list("zcab"), ordered=True),
    "category with gaps": with_gaps(pd.Categorical(RNG.integers(0, 5, N))),
    "bins": pd.cut(SMALL, 4),
    "zoned category": pd.Categorical(
        DAYS.floor("100D").as_unit("s").tz_localize("Europe/Berlin")
    ),
    "category of dates": pd.Categorical(DAYS.floor("100D").date),
    "text with gaps": with_gaps(RNG.choice(["x", "y"], N)),
    "string with gaps": with_gaps(RNG.choice(["x", "y"], N), "string"),
    "object with None": picked("x", "y", None),
    "mixed": picked(1, "a", 2.5, np.nan),
    "several numbers": picked(Decimal(2), 2.5, True),
    "tuples": picked((0, "a"), (1, "a")),
    "bytes": picked(b"\xff1", b"2", None),
    "UUIDs": picked(*map(lambda k: UUID(int=k), range(5))),
    "seen once": pd.Series(["rare"] + ["usual"] * (N - 1)),
    "Arrow string": arrow((SMALL % 7).astype(str), pa.string()),
    "Arrow bool": arrow(SMALL > 0, pa.bool_(), SMALL > 50),
    "Arrow binary": arrow([b"%d" % (k % 7) for k in SMALL], pa.binary()),
    "Arrow dictionary": arrow(
        (SMALL % 5).astype(str), pa.dictionary(pa.int8(), pa.string()), SMALL > 0
    ),
}
TIME_COLUMNS = {
    "days with gaps": with_gaps(DAYS.as_unit("us")),
    "hours in Berlin": with_gaps(HOURS.tz_localize("UTC").tz_convert("Europe/Berlin")),
    "zone of Python": DAYS.tz_localize(ZoneInfo("America/Sao_Paulo")),
    "offset": DAYS.tz_localize(dt.timezone(dt.timedelta(minutes=-90))),
    "minutes": with_gaps(pd.to_timedelta(SMALL, "m")),
    "dates": objects(DAYS.date, SMALL > 0),
    "datetimes": objects(TIMES.to_pydatetime()),
    "datetimes beyond nanoseconds": objects(
        (dt.datetime(5000 + k, 1, 2) for k in SMALL), SMALL > 0
    ),
    "times of day": objects(TIMES.time, SMALL > 0),
    "timestamps": objects(TIMES),
    "timedeltas": objects((TIMES - TIMES[0]).to_pytimedelta()),
    "pandas' timedeltas": objects(TIMES - TIMES[0]),
    "Arrow date32": arrow(DAYS.date, pa.date32(), SMALL > 0),
    "Arrow date64": arrow(DAYS.date, pa.date64()),
    "Arrow zoned": arrow(DAYS.tz_localize("UTC"), pa.timestamp("us", "Europe/Berlin")),
    "Arrow offset": arrow(DAYS.tz_localize("UTC"), pa.timestamp("s", "+05:30")),
    "Arrow duration": arrow(DAYS - DAYS[0], pa.duration("ms"), SMALL > 0),
    "Arrow time64": arrow(TIMES.time, pa.time64("us"), SMALL > 0),
}
CONSTANT = {
    "constant number": np.full(N, 0.1),
    "constant text": objects(["k"] * N),
    "constant with gaps": with_gaps(np.full(N, 7.0)),
    "all NaN": np.full(N, np.nan),
    "all None": objects([None] * N),
    "all NA": pd.array([pd.NA] * N, dtype="Int8"),
    "all NaT": pd.Series([pd.NaT] * N, dtype="datetime64[s]"),
    "all missing category": pd.Categorical([None] * N, categories=["a", "b"]),
    "Arrow null": arrow([None] * N, pa.null()),
}
COLUMNS = {
    name: pd.Series(column, name=name)
    for name, column in (NUMBERS | WORDS | TIME_COLUMNS | CONSTANT).items()
}


def round_trip(X):
    encoder = TabularEncoder(random_state=0, min_frequency=1).fit(X)
    return encoder.inverse_transform(encoder.transform(X))


def generated(encoder, n=4000, seed=0):
    """What a network might make of a table: any normal scores, any codes."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(scale=2, size=(n, encoder.n_numbers_))
    codes = [rng.integers(0, size, n) for size in encoder.category_sizes_]
    return encoder.decode(np.column_stack([numbers, *codes]), seed=seed)
