"""Parquet files: every type comes back as it came, or is refused before training."""

import datetime
import decimal
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
COLUMNS = {
    "int8": pa.array([1, None, -3], pa.int8()),
    "int64": pa.array([BIG, None, BIG + 1]),
    "uint64": pa.array([2**63 - 1, None, 3], pa.uint64()),
    "whole": pa.array([1, 2, 3]),
    "float16": pa.array(np.array([1.5, 2.5, 0.25], np.float16)),
    "float32": pa.array([1.5, None, 0.1], pa.float32()),
    "float64": pa.array([1.5, None, 0.1]),
    "bool": pa.array([True, None, False]),
    "string": pa.array(["a", None, "b"]),
    "large_string": pa.array(["a", None, "b"], pa.large_string()),
    "string_view": pa.array(["a", None, "b"], pa.string_view()),
    "dictionary": pa.array(["a", None, "b"]).dictionary_encode(),
    "small_dictionary": pa.array(["a", None, "b"]).cast(
        pa.dictionary(pa.int8(), pa.string(), ordered=True)
    ),
    "codes": pa.array([7, None, 3]).dictionary_encode(),
    "date32": pa.array(DAYS),
    "date64": pa.array(DAYS, pa.date64()),
    "time32[s]": pa.array(TIMES, pa.time32("s")),
    "time32[ms]": pa.array(TIMES, pa.time32("ms")),
    "time64[us]": pa.array(TIMES, pa.time64("us")),
    "time64[ns]": pa.array(TIMES, pa.time64("ns")),
    "timestamp[s]": pa.array(INSTANTS, pa.timestamp("s")),
    "timestamp[ms]": pa.array(INSTANTS, pa.timestamp("ms")),
    "timestamp[ns]": pa.array(INSTANTS, pa.timestamp("ns")),
    "zoned": pa.array(INSTANTS, pa.timestamp("us", "Europe/Berlin")),
    "utc": pa.array(INSTANTS, pa.timestamp("us", "UTC")),
    "offset": pa.array(INSTANTS, pa.timestamp("us", "+05:30")),
    "duration": pa.array(SPANS, pa.duration("ms")),
    "decimal": pa.array(CENTS, pa.decimal128(10, 2)),
    "wide_decimal": pa.array(CENTS, pa.decimal128(38, 18)),
    "decimal256": pa.array(CENTS, pa.decimal256(50, 2)),
    "tiny_decimal": pa.array([decimal.Decimal(7), None, 12], pa.decimal128(5, 0)),
    "decimal_key": pa.array([decimal.Decimal(BIG), None, 7], pa.decimal128(38, 0)),
    "null": pa.nulls(3),
}
if hasattr(pa, "uuid"):
    COLUMNS["uuid"] = pa.array([uuid.uuid4().bytes, None, bytes(16)], pa.uuid())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "table.parquet"


def there_and_back(arrow, path):
    """Read a table from a file and write it again; return both as read by Arrow."""
    pq.write_table(arrow, path)
    table = read_table(path)
    form = TableForm.from_json(table.form.to_json())
    out = path.with_name("out.parquet")
    write_table([table.frame.iloc[:2], table.frame.iloc[2:]], form, out)
    # As text as well, for those who go on with CSV.
    write_table([table.frame], form, path.with_name("out.csv"))
    return pq.read_table(path), pq.read_table(out), table


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_come_back_in_their_type(name, path):
    before, after, table = there_and_back(pa.table({name: COLUMNS[name]}), path)
    assert after.schema == before.schema
    assert after.to_pylist() == before.to_pylist()
    assert table.frame[name].isna().tolist() == before[name].is_null().to_pylist()


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("int8", "Int8"),
        ("uint64", "UInt64"),
        ("whole", "int64"),
        ("bool", "boolean"),
        ("date32", "date32[day][pyarrow]"),
        ("zoned", "datetime64[us, Europe/Berlin]"),
        ("decimal", "float64"),
        ("wide_decimal", "float64"),
        ("decimal_key", "Int64"),
        ("tiny_decimal", "Int64"),
        ("offset", "datetime64[us, UTC+05:30]"),
    ],
)
def test_columns_are_read_in_dtypes_that_can_be_generated(name, dtype, path):
    pq.write_table(pa.table({name: COLUMNS[name]}), path)
    assert read_table(path).frame[name].dtype == dtype


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("date32", ["2020-01-31", "", "1969-02-01"]),
        ("time32[s]", ["14:05:00", "", "00:00:07"]),
        ("duration", ["1 days 00:00:00", "", "0 days 00:00:05"]),
        ("timestamp[ns]", ["2020-01-31 14:05:00", "", "1969-07-01 00:00:00"]),
        (
            "zoned",
            ["2020-01-31 14:05:00+00:00", "", "1969-07-01 00:00:00+00:00"],
        ),
        ("decimal", ["12.10", "", "-0.05"]),
        ("wide_decimal", ["12.1", "", "-0.05"]),
        ("decimal_key", [str(BIG), "", "7"]),
        ("int64", [str(BIG), "", str(BIG + 1)]),
        ("codes", ["7", "", "3"]),
        ("bool", ["True", "", "False"]),
    ],
)
def test_columns_become_text_that_reads_well(name, texts, path):
    _, _, table = there_and_back(pa.table({name: COLUMNS[name]}), path)
    out = path.with_name("out.csv").read_text().splitlines()[1:]
    assert [text.strip('"') for text in out] == texts


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
