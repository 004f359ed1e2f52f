"""Any table is encoded and comes back, or is refused with the column's name."""

import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import pandas as tables

from skfadm.encoding import TabularEncoder

from .columns import generated

WORDS = st.sampled_from(["a", "b", "", "ß", "$x$", "\x00", "nan", "2020-01-01"])
OBJECTS = st.one_of(
    st.text(max_size=5),
    st.none(),
    st.integers(),
    st.booleans(),
    st.floats(allow_infinity=False),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.binary(max_size=3),
    st.uuids(),
)
#: Elements of a column, and the dtype they are put in.
KINDS = st.sampled_from(
    [
        *((st.floats(width=w, allow_infinity=False), f"f{w // 8}")
          for w in (16, 32, 64)),
        (st.integers(-(2**63), 2**63 - 1), "i8"),
        (st.integers(0, 2**64 - 1), "u8"),
        (st.integers(-3, 3), "i1"),
        (st.integers(-100, 100).map(lambda k: k / 4), "f8"),
        (st.one_of(st.none(), st.integers(-(2**31), 2**31)), "Int64"),
        (st.one_of(st.none(), st.booleans()), "boolean"),
        (st.booleans(), bool),
        (st.one_of(st.none(), WORDS), object),
        (st.one_of(st.none(), WORDS), "string"),
        (WORDS, "category"),
        (st.one_of(st.none(), st.dates()), object),
        (st.datetimes(pd.Timestamp(1700, 1, 1), pd.Timestamp(2200, 1, 1)), "M8[ns]"),
        (st.timedeltas(pd.Timedelta("-9 D"), pd.Timedelta("9 D")), "m8[us]"),
        (st.datetimes(pd.Timestamp(1900, 1, 1), pd.Timestamp(2100, 1, 1)),
         pd.DatetimeTZDtype("us", "Europe/Berlin")),
        (st.one_of(st.none(), st.integers(-(2**62), 2**62)), pd.ArrowDtype(pa.int64())),
        (st.one_of(st.none(), st.times()), pd.ArrowDtype(pa.time64("us"))),
        (st.one_of(st.none(), st.timedeltas()), object),
        (st.decimals(-999, 999, places=2), object),
        (st.text(), object),
        (OBJECTS, object),
    ]
)  # fmt: skip


@st.composite
def frames(draw):
    n = draw(st.integers(1, 40))
    frame = {}
    for j in range(draw(st.integers(1, 4))):
        elements, dtype = draw(KINDS)
        pool = draw(st.lists(elements, min_size=1, max_size=n))
        picked = draw(st.lists(st.sampled_from(pool), min_size=n, max_size=n))
        frame[f"c{j}"] = pd.Series(picked, dtype=object).astype(dtype)
    return pd.DataFrame(frame)


def in_range(found, real):
    """Tell whether generated values are those of a real column, or lie between them."""
    if not len(found):
        return True
    try:
        return bool(real.min() <= found.min() and found.max() <= real.max())
    except TypeError:
        return set(found) <= set(real)


@settings(max_examples=100, deadline=None, derandomize=True, database=None,
          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
@given(frames())
def test_any_table_comes_back_or_is_refused_by_the_name_of_a_column(X):
    before = X.copy(deep=True)
    encoder = TabularEncoder(0, identifiers="keep")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            E = encoder.fit(X).transform(X)
        except (TypeError, ValueError) as error:
            assert "Column 'c" in str(error) or "found in column 'c" in str(error)
            return
        back = encoder.inverse_transform(E)
        new = generated(encoder, 50)
    pd.testing.assert_frame_equal(X, before)
    assert E.dtype == np.float32
    for table in (back, new):
        assert table.dtypes.tolist() == X.dtypes.tolist() or any(
            isinstance(dtype, pd.CategoricalDtype) for dtype in X.dtypes
        )
        for name, column in X.items():
            assert in_range(table[name].dropna(), column.dropna()), name
            may_miss = column.isna().any() or len(X) >= 10
            assert may_miss or not table[name].isna().any()


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    tables.data_frames(
        [
            tables.column("x", elements=st.floats(-1e6, 1e6), dtype=float),
            tables.column("k", elements=st.integers(0, 9), dtype=int),
            tables.column("w", elements=WORDS, dtype=object),
        ],
        index=tables.range_indexes(min_size=25, max_size=120),
    )
)
def test_nothing_comes_back_that_one_row_of_many_has(X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        encoder = TabularEncoder(0).fit(X)
    found = generated(encoder, 500)
    words = X["w"].value_counts()
    if words.max() >= 5:
        assert set(found["w"]) <= set(words.index[words >= 5])
    for name in ("x", "k"):
        ends = X[name].agg(["min", "max"])
        counts = X[name].value_counts()
        for end in ends:
            if counts[end] == 1 and counts.max() < 25:
                assert (found[name] == end).mean() < 0.5
