"""Parquet files: every type comes back as it came, or is refused before training."""

import datetime
import decimal
import json
import uuid

import numpy as np
import pandas as pd
import pytest

from skfadm.cli.forms import TableForm
from skfadm.cli.tables import UserError, read_table, write_table

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

DAYS = [datetime.date(2020, 1, 31), None, datetime.date(1969, 2, 1)]
TIMES = [datetime.time(14, 5), None, datetime.time(0, 0, 7)]
INSTANTS = [datetime.datetime(2020, 1, 31, 14, 5), None, datetime.datetime(1969, 7, 1)]
SPANS = [datetime.timedelta(days=1), None, datetime.timedelta(seconds=5)]
CENTS = [decimal.Decimal("12.10"), None, decimal.Decimal("-0.05")]
BIG = 4_000_000_000_000_015_001
#: Columns, the dtype in which each is read, and its texts in a CSV file.
COLUMNS = {
    "int8": (pa.array([1, None, -3], pa.int8()), "Int8", ["1", "", "-3"]),
    "int64": (pa.array([BIG, None, 7]), "Int64", [str(BIG), "", "7"]),
    "uint64": (pa.array([2**63, None, 3], pa.uint64()), "UInt64", None),
    "whole": (pa.array([1, 2, 3]), "int64", ["1", "2", "3"]),
    "float16": (pa.array(np.array([1.5, 0.25, 2], np.float16)), "float16", None),
    "float32": (pa.array([1.5, None, 0.1], pa.float32()), "float32", None),
    "float64": (pa.array([1.5, None, 0.1]), "float64", ["1.5", "", "0.1"]),
    "bool": (pa.array([True, None, False]), "boolean", ["True", "", "False"]),
    "large_string": (pa.array(["a", None, "b"], pa.large_string()), None, None),
    "string_view": (pa.array(["a", None, "b"], pa.string_view()), None, None),
    "dictionary": (
        pa.array(["a", None, "b"]).cast(pa.dictionary(pa.int8(), pa.string(), True)),
        "category",
        ["a", "", "b"],
    ),
    "codes": (pa.array([7, None, 3]).dictionary_encode(), "Int64", ["7", "", "3"]),
    "date32": (
        pa.array(DAYS),
        "date32[day][pyarrow]",
        ["2020-01-31", "", "1969-02-01"],
    ),
    "date64": (pa.array(DAYS, pa.date64()), None, None),
    "time32": (pa.array(TIMES, pa.time32("s")), None, ["14:05:00", "", "00:00:07"]),
    "time64": (pa.array(TIMES, pa.time64("ns")), None, None),
    "timestamp": (
        pa.array(INSTANTS, pa.timestamp("ns")),
        "datetime64[ns]",
        ["2020-01-31 14:05:00", "", "1969-07-01 00:00:00"],
    ),
    "zoned": (
        pa.array(INSTANTS, pa.timestamp("us", "Europe/Berlin")),
        "datetime64[us, Europe/Berlin]",
        ["2020-01-31 14:05:00+00:00", "", "1969-07-01 00:00:00+00:00"],
    ),
    "offset": (
        pa.array(INSTANTS, pa.timestamp("us", "+05:30")),
        "datetime64[us, UTC+05:30]",
        None,
    ),
    "duration": (
        pa.array(SPANS, pa.duration("ms")),
        "timedelta64[ms]",
        ["1 days 00:00:00", "", "0 days 00:00:05"],
    ),
    "decimal": (
        pa.array(CENTS, pa.decimal128(10, 2)),
        "float64",
        ["12.10", "", "-0.05"],
    ),
    "wide_decimal": (
        pa.array(CENTS, pa.decimal128(38, 18)),
        "float64",
        ["12.1", "", "-0.05"],
    ),
    "decimal256": (pa.array(CENTS, pa.decimal256(50, 2)), "float64", None),
    "decimal_key": (
        pa.array([decimal.Decimal(BIG), None, 7], pa.decimal128(38, 0)),
        "Int64",
        [str(BIG), "", "7"],
    ),
    "null": (pa.nulls(3), "object", ["", "", ""]),
}
if hasattr(pa, "uuid"):
    words = pa.array([uuid.uuid4().bytes, None, bytes(16)], pa.uuid())
    COLUMNS["uuid"] = (words, "object", None)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "table.parquet"


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_come_back_in_their_type_and_as_text(name, path):
    column, dtype, texts = COLUMNS[name]
    pq.write_table(pa.table({name: column}), path)
    before = pq.read_table(path)
    table = read_table(path)
    assert dtype is None or table.frame[name].dtype == dtype
    assert table.frame[name].isna().tolist() == column.is_null().to_pylist()
    form = TableForm.from_json(json.loads(json.dumps(table.form.to_json())))
    out = path.with_name("out.parquet")
    write_table([table.frame.iloc[:2], table.frame.iloc[2:]], form, out)
    after = pq.read_table(out)
    assert after.schema == before.schema
    assert after.to_pylist() == before.to_pylist()
    write_table([table.frame], form, path.with_name("out.csv"))
    lines = path.with_name("out.csv").read_text().splitlines()[1:]
    assert texts is None or [line.strip('"') for line in lines] == texts


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[1], [2]]),
        pa.array([{"a": 1}, {"a": 2}]),
        pa.array([b"a", b"b"]),
        pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64())),
        pa.array([decimal.Decimal(10**30), decimal.Decimal(1)]),
        pa.array(pd.PeriodIndex(["2020-01", "1969-12"], freq="M").array),
        pa.array(pd.arrays.IntervalArray.from_tuples([(0, 1), (1, 2)])),
    ],
    ids=lambda column: str(column.type),
)
def test_types_that_cannot_be_generated_are_refused(column, path):
    pq.write_table(pa.table({"x": [1, 2], "odd": column}), path)
    with pytest.raises(UserError, match="column 'odd' holds .*; leave it out"):
        read_table(path)


def test_tables_without_rows_and_names_that_come_twice_are_refused(path):
    pq.write_table(pa.table({"x": pa.array([], pa.int64())}), path)
    with pytest.raises(UserError, match="no rows"):
        read_table(path)
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    pq.write_table(twice, path)
    with pytest.raises(UserError, match="more than one column is named 'x'"):
        read_table(path)


def test_an_index_is_mentioned_and_pandas_dtypes_come_back(path):
    frame = pd.DataFrame(
        {
            "n": pd.array([1, None, 3], dtype="Int64"),
            "s": pd.array(["a", None, "b"], dtype="string"),
            "c": pd.Categorical(["x", "y", "x"], ["y", "x"], ordered=True),
            "z": pd.date_range("2020-07-01", periods=3, tz="America/New_York"),
        },
        index=pd.Index([5, 6, 7], name="id"),
    )
    frame.to_parquet(path)
    table = read_table(path)
    assert table.notes == [
        "the index ('id') names rows: it is not learnt, and new rows have none"
    ]
    out = path.with_name("out.parquet")
    write_table([table.frame], table.form, out)
    pd.testing.assert_frame_equal(pd.read_parquet(out), frame.reset_index(drop=True))


def test_text_becomes_parquet_with_the_types_that_it_shows(tmp_path):
    source, out = tmp_path / "in.csv", tmp_path / "out.parquet"
    source.write_text(
        "n,gap,x,day,at,zoned,took,yes,word,never\n"
        "1,,1.50,2020-01-31,2020-01-31 10:00,2020-01-31T10:00:00Z,14:05,TRUE,a,\n"
        "2,3,2.25,2020-02-01,2020-02-01 11:30,2020-07-01T10:00:00Z,00:10,FALSE,,\n"
    )
    table = read_table(source)
    write_table([table.frame], table.form, out)
    schema = pq.read_schema(out)
    assert {field.name: str(field.type) for field in schema} == {
        "n": "int64",
        "gap": "int64",
        "x": "double",
        "day": "date32[day]",
        "at": "timestamp[ms]",
        "zoned": "timestamp[ms, tz=UTC]",
        "took": "duration[s]",
        "yes": "bool",
        "word": "string",
        "never": "string",
    }
    assert pq.read_table(out)["zoned"].to_pylist()[1].isoformat() == (
        "2020-07-01T10:00:00+00:00"
    )


def test_batches_of_missing_values_alone_fit_into_the_file(path):
    n = 120
    frame = pd.DataFrame(
        {
            "rare": pd.Series(["x"] + [None] * (n - 1), dtype=object),
            "flag": pd.Series([True, False] + [None] * (n - 2), dtype="boolean"),
            "category": pd.Categorical(["a", *["b", None] * (n // 2)][:n]),
            "number": np.arange(n) / 7,
            "day": pd.date_range("2020-01-01", periods=n).where(np.arange(n) > 3),
        }
    )
    frame.to_parquet(path)
    table = read_table(path)
    # The first batch knows no value of two columns.
    batches = [table.frame[5:9], table.frame[:5], table.frame[9:]]
    out = path.with_name("out.parquet")
    write_table(batches, table.form, out)
    expected = pd.read_parquet(path)
    expected = pd.concat([expected[5:9], expected[:5], expected[9:]])
    made = pd.read_parquet(out)
    pd.testing.assert_frame_equal(made, expected.reset_index(drop=True))
