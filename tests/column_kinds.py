"""What becomes of a column of each kind, wherever tables are taken.

``python -m tests.column_kinds`` writes the table of the page on columns anew.
"""

import csv
import datetime as dt
import decimal
import enum
import re
import tempfile
import uuid
import warnings
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import skops.io
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.tree import DecisionTreeClassifier

from skfadm import FairnessScorer, audit_groups
from skfadm._containers import to_pandas
from skfadm.cli import main
from skfadm.cli.tables import UserError, read_table
from skfadm.encoding import TabularEncoder
from skfadm.metrics._downstream import fit_on_generated
from skfadm.report import quality_report

from .generators import tiny

PAGE = Path(__file__).parents[1] / "docs" / "results" / "columns.csv"
PLACES = (
    *("fit", "sample", "classifier", "scorer", "audit", "quality report"),
    *("kept model", "CSV", "Parquet"),
)
N = 240
#: Decides the label and the group, and is what each column tells of.
RANKS = np.random.default_rng(0).permutation(N)
LABELS = pd.Series(np.where(RANKS < N // 2, "no", "yes"), name="label")
GROUPS = pd.Series(np.where(RANKS < N // 2, "F", "M"), name="group")


#: Kinds that do not tell the label, and that pandas writes to no file.
TELL_NOTHING = {"names", "free text", "UUID objects", "one value", "no value at all"}
NOT_IN_FILES = {"complex numbers", "IntEnum members", "big-endian integers of pandas"}


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


def objects(values):
    array = np.empty(N, dtype=object)
    array[:] = list(values)
    return pd.Series(array)


def arrow(values, dtype):
    return pd.Series(list(values), dtype=pd.ArrowDtype(dtype))


def polars(values, dtype=None):
    return pl.DataFrame({"c": pl.Series(list(values), dtype=dtype)})


def with_gaps(values):
    """Leave out every ninth value."""
    return [None if i % 9 == 0 else v for i, v in enumerate(values)]


def kinds():
    """Return a column of each kind, or a whole table that is not one of pandas."""
    ranks, halves = RANKS.tolist(), (RANKS >= N // 2).tolist()
    floats = RANKS[:, None] / 7
    eight = (RANKS * 8 // N).tolist()
    words = [*np.array(list("abcdefgh"), dtype=object)[eight]]
    table = objects(words).to_numpy()[:, None]
    days = pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(RANKS, "D"))
    berlin = days.dt.tz_localize("Europe/Berlin")
    dates = [day.date() for day in days]
    zones = [t.tz_localize(("Asia/Tokyo", "UTC")[i % 2]) for i, t in enumerate(days)]
    clocks = [dt.time(rank * 24 // N, rank % 60) for rank in ranks]
    spans = pd.Series(pd.to_timedelta(RANKS * 1800, "s"))
    hundredths = [decimal.Decimal(rank) / 100 for rank in ranks]
    rng = np.random.default_rng(1)
    bits = rng.integers(2**62, size=N).tolist()
    text = [" ".join(rng.choice(words, 5)) + f" {i}" for i in range(N)]
    strings = np.dtypes.StringDType
    return {
        "floats": RANKS / 7,
        "floats with missing values": with_gaps(RANKS / 7),
        "float32": (RANKS / 7).astype(np.float32),
        "decimals of 7 places": (52 + RANKS / 9).round(7),
        "floats up to 1.7e308": (RANKS / N * 2 - 1) * 1.7e308,
        "infinite floats": np.where(RANKS > 9, RANKS, np.inf),
        "complex numbers": RANKS + 1j,
        "integers": RANKS,
        "uint64 up to 2^64": np.uint64(2**64 - N) + np.uint64(RANKS),
        "Int64 with gaps": pd.array(with_gaps(ranks), dtype="Int64"),
        "Float64 with gaps": pd.array(with_gaps(RANKS / 7), dtype="Float64"),
        "sparse numbers": pd.arrays.SparseArray(np.maximum(RANKS - N // 2, 0)),
        "Decimal objects": objects(hundredths),
        "Arrow int64": arrow(with_gaps(ranks), pa.int64()),
        "Arrow double": arrow(RANKS / 7, pa.float64()),
        "Arrow decimal128": arrow(hundredths, pa.decimal128(9, 2)),
        "bool": RANKS >= N // 2,
        "boolean with gaps": pd.array(with_gaps(halves), dtype="boolean"),
        "Arrow bool": arrow(halves, pa.bool_()),
        "datetime64[ns]": days.astype("datetime64[ns]"),
        "datetime64[s]": days.astype("datetime64[s]"),
        "times of a zone": berlin,
        "date objects": objects(with_gaps(dates)),
        "dates and datetimes": objects((dates, days)[i % 2][i] for i in range(N)),
        "times of several zones": objects(zones),
        "time objects": objects(clocks),
        "timedelta64": spans,
        "periods": days.dt.to_period("D"),
        "Arrow date32": arrow(dates, pa.date32()),
        "Arrow time64": arrow(clocks, pa.time64("us")),
        "Arrow timestamp of a zone": arrow(berlin, pa.timestamp("us", "Europe/Berlin")),
        "Arrow duration": arrow(spans, pa.duration("s")),
        "words": objects(words),
        "words with missing values": objects(with_gaps(words)),
        "codes such as 00501": objects(f"{500 + k:05d}" for k in eight),
        "string": pd.array(words, dtype="string[python]"),
        "str of pandas 3": pd.array(words, pd.StringDtype("pyarrow", na_value=np.nan)),
        "Arrow string": arrow(words, pa.string()),
        "Arrow dictionary": arrow(words, pa.dictionary(pa.int32(), pa.string())),
        "categories": pd.Categorical(words),
        "ordered categories": pd.Categorical(words, [*"hgfedcba", "?"], ordered=True),
        "categories of integers": pd.Categorical(eight),
        "categories of intervals": pd.cut(RANKS, 8),
        "words and numbers": objects(k if k % 2 else "abcdefgh"[k] for k in eight),
        "bytes": objects(word.encode() for word in words),
        "lists": objects([k] for k in eight),
        "names": objects(f"Ann Lee {b % 10**6:06d}" for b in bits),
        "free text": objects(text),
        "UUID objects": objects(uuid.UUID(int=b) for b in bits),
        "one value": ["x"] * N,
        "no value at all": [np.nan] * N,
        "IntEnum members": objects(map(Level, 1 + RANKS * 2 // N)),
        "big-endian integers of pandas": RANKS.astype(">i4"),
        "big-endian array": floats.astype(">f8"),
        "masked array": np.ma.masked_array(floats, mask=RANKS[:, None] % 9 == 0),
        "StringDType of NumPy": table.astype(strings()),
        "StringDType with gaps": np.where(RANKS[:, None] % 9, table, None).astype(
            strings(na_object=None)
        ),
        "torch float32": torch.tensor(floats).float(),
        "torch bfloat16": torch.tensor(floats).bfloat16(),
        "polars floats with nulls": polars(with_gaps(RANKS / 7)),
        "polars Decimal": polars(hundredths, pl.Decimal(9, 2)),
        "polars Date": polars(dates),
        "polars Datetime of a zone": polars(days, pl.Datetime("ms", "Europe/Berlin")),
        "polars Categorical": polars(words, pl.Categorical),
        "polars Enum": polars(words, pl.Enum(list("hgfedcba"))),
        "Arrow table": pa.table({"c": words}),
    }


def columns():
    """Return the columns of `kinds` as Series, by name."""
    return {k: pd.Series(v, name=k) for k, v in kinds().items() if np.ndim(v) < 2}


class Given:
    """A generator of the rows that it is given."""

    def __init__(self, X):
        self.X = X

    def sample(self, n_samples=1, y=None, *, random_state=None):
        assert n_samples == N
        return self.X, LABELS


def outcome(check, table, tells=True):
    """Return what a cell says: `check` tells whether the column is kept."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = check(table)
    except (TypeError, ValueError, UserError) as error:
        rest = r"^.*/one.\w+: |(?<=olumn) '[^']*'|(__main__|tests.column_kinds)\."
        message = re.sub(rest, "", str(error))
        return f"refused: {message.split('. ')[0].rstrip('.')}"
    if not tells:
        return "n/a"
    return "kept" if found else "lost"


def compute():
    """Return the cells: a dict from place to cell for each kind."""
    small = lambda **params: HistGradientBoostingClassifier(max_iter=10, **params)  # noqa: E731
    with patch("skfadm.metrics._downstream.HistGradientBoostingClassifier", small):
        return _compute()


def _compute():
    found, of_pandas = {}, columns()
    for name, X in kinds().items():
        X = of_pandas[name].to_frame() if name in of_pandas else X
        tells = name not in TELL_NOTHING
        cells = found[name] = dict.fromkeys(PLACES, "n/a")
        cells["fit"] = outcome(fits, X)
        cells["classifier"] = outcome(classifies, X, tells)
        cells["scorer"] = outcome(scores, X, tells)
        cells["audit"] = outcome(audits, X, tells)
        cells["quality report"] = outcome(compares, X, tells)
        if cells["fit"] == "kept":
            model = fitted(X)
            cells["sample"] = "kept" if gives(model, X, tells) else "lost"
            cells["kept model"] = outcome(is_kept, model)
    with tempfile.TemporaryDirectory() as folder:
        files(found, "CSV", Path(folder))
        files(found, "Parquet", Path(folder))
    return found


def beside_ranks(X):
    """Put a number beside a column that may be one of identifiers alone."""
    return X.assign(x=RANKS) if isinstance(X, pd.DataFrame) else X


def fitted(X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tiny(lambda_yz=0, max_iter=1).fit(beside_ranks(X), LABELS)


def fits(X):
    return bool(TabularEncoder(random_state=0).fit(X))


def classifies(X):
    model = fit_on_generated(None, X, LABELS, random_state=0)
    return model.score(X, LABELS) > 0.85


def scores(X):
    return FairnessScorer("accuracy", n_samples=N).score(Given(X), X, LABELS) > 0.85


def audits(X):
    audit = audit_groups((X, LABELS), (X, LABELS), GROUPS)
    return audit.summary["certainty"].min() > 0.7


def compares(X):
    X = beside_ranks(X)
    tree = DecisionTreeClassifier(max_depth=3)  # which this is not about
    report = quality_report(X, X, detector=tree, random_state=0)
    return report.column_scores.iloc[0] > 0.999


def gives(generator, X, tells):
    """Tell whether a generated table is of the kind of a given one, in dtype and range.

    Tensors, masks and other byte orders come back as plain arrays.
    """
    new, real = generator.sample(60)[0], to_pandas("X", X)
    if isinstance(X, pl.DataFrame | pa.Table):
        same = type(new) is type(X) and new.schema == X.schema
    elif isinstance(X, pd.DataFrame):
        same = isinstance(new, pd.DataFrame)
    else:
        dtype = X.dtype if getattr(X.dtype, "kind", "") == "T" else real.dtype
        same = type(new) is np.ndarray and new.dtype == dtype
    one, other = (pd.DataFrame(to_pandas("X", t)).iloc[:, 0] for t in (new, real))
    return same and comes_back(one, other, tells)


def is_kept(generator):
    """Tell whether a file of skops that trusts no types of others has the same rows."""
    packed = skops.io.dumps(generator)
    names = skops.io.get_untrusted_types(data=packed)
    own = [name for name in names if name.startswith(("skfadm.", "sklearn."))]
    rows = (g.sample(60)[0] for g in (skops.io.loads(packed, trusted=own), generator))
    one, other = (pd.DataFrame(to_pandas("X", X)) for X in rows)
    return one.equals(other) and one.map(type).equals(other.map(type))


def comes_back(generated, real, tells):
    """Tell whether a column looks as it came: dtype, types, range or categories."""
    present, values = generated.dropna(), real.dropna()
    if generated.dtype != real.dtype:
        return False
    if not {type(v) for v in present} <= {type(v) for v in values}:
        return False
    if generated.isna().any() and not real.isna().any():
        return False
    if not tells:
        return True
    try:
        return bool(present.min() >= values.min() and present.max() <= values.max())
    except TypeError:
        return set(present) <= set(values)


def files(found, place, folder):
    """Fill in the cells of CSV or Parquet: read, generate on the command line, read."""
    suffix = ".csv" if place == "CSV" else ".parquet"
    one, source, target = (folder / f"{n}{suffix}" for n in ("one", "all", "new"))
    taken = []
    for name, column in columns().items():
        if name in NOT_IN_FILES:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                write(column.to_frame(), one)
            except (pa.ArrowException, TypeError, ValueError, NotImplementedError):
                continue  # pandas writes no such file
        cell = outcome(reads, one)
        found[name][place] = cell
        if cell == "kept":
            taken.append(name)
    X = pd.DataFrame({name: columns()[name] for name in taken})
    write(X.assign(label=LABELS, group=GROUPS), source)
    argv = ["generate", str(source), "-o", str(target), "--label", "label"]
    argv += ["--sensitive", "group", "--max-iter", "1", "-n", "60", "--seed", "0", "-q"]
    assert main(argv) == 0
    if place == "CSV":
        real, new = (pd.read_csv(p, dtype=str) for p in (source, target))
        for name in taken:
            same = {shape(v) for v in new[name].dropna()} <= {
                shape(v) for v in real[name].dropna()
            }
            found[name][place] = "kept" if same or name in TELL_NOTHING else "lost"
        return
    real, new = pq.read_schema(source), pq.read_schema(target)
    for name in taken:
        same = real.field(name).type == new.field(name).type
        found[name][place] = "kept" if same else "lost"


def write(frame, path):
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        pq.write_table(pa.Table.from_pandas(frame), path)


def reads(path):
    return bool(TabularEncoder(random_state=0).fit(read_table(path).frame))


def shape(text):
    """Return a text with 9 for digits of a number, one for all before the point."""
    return re.sub(r"(?<![.\d])\d+", "9", re.sub(r"\.\d+", ".", text))


def write_page():
    found = compute()
    with PAGE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["kind of column", *PLACES])
        writer.writerows([name, *cells.values()] for name, cells in found.items())


def read_page():
    with PAGE.open(newline="") as file:
        rows = list(csv.reader(file))
    return {name: dict(zip(PLACES, cells, strict=True)) for name, *cells in rows[1:]}


if __name__ == "__main__":
    write_page()
