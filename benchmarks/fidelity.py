"""Fidelity and privacy on tables of many kinds: ``python -m benchmarks.fidelity``.

For each table and seed a generator with the package's defaults is fitted on a random
part of the rows and judged by :func:`skfadm.report.quality_report` against these and
against those that are held out. "c2st" is SDMetrics' detection score with XGBoost,
"tstr_xgboost" the AUC of an XGBoost that is tuned as the peers tune theirs; both need
``pip install -e ".[benchmarks]"``. For the tables of the peers' benchmark, what their
authors publish stands beside.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder

from skfadm import FairDiffusionGenerator
from skfadm.datasets import fetch_adult

from ._running import Row, add_set, asked, collect, new_parser, timed, units
from ._tables import Table, adult, bundled, hold_out, judged

FIGURES = (
    *("c2st_auc", "c2st_auc_holdout", "column_shapes", "pair_trends", "tstr_auc"),
    *("tstr_accuracy", "dcr_share", "copies", "membership_auc"),
)
#: The peers' grid of XGBoost; the best on a ninth of the rows is taken.
GRID = {
    "n_estimators": (10, 50, 100),
    "min_child_weight": (5, 10),
    "max_depth": (5, 10, 20),
    "gamma": (0.0, 1.0),
}
#: C2ST, pair trends, TSTR and seconds of training on a GPU (arXiv 2603.23016).
_PUBLISHED = """
adult-all TabSyn 0.794 0.980 0.910 3083
adult-all TabDiff 0.841 0.985 0.913 11605
adult-all TabPC 0.855 0.986 0.916 272
magic TabSyn 0.760 0.992 0.937 2271
magic TabDiff 0.773 0.992 0.936 11643
magic TabPC 0.860 0.983 0.932 39
magic ShallowMixture 0.626 0.979 0.928 15
shoppers TabSyn 0.655 0.977 0.914 2441
shoppers TabDiff 0.736 0.981 0.917 10321
shoppers TabPC 0.894 0.982 0.897 51
shoppers ShallowMixture 0.290 0.950 0.863 48
default TabSyn 0.402 0.971 0.759 3439
default TabDiff 0.591 0.973 0.763 13899
default TabPC 0.262 0.950 0.744 78
default ShallowMixture 0.105 0.977 0.732 164
"""
BESIDE = ["c2st", "pair_trends", "tstr_xgboost", "fit_s"]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the mean over the seeds, and the peers' figures."""
    parser = new_parser("fidelity", __doc__, seeds=1)
    parser.add_argument("--table", nargs="+", choices=list(TABLES), required=True)
    parser.add_argument(
        "--tables",
        type=Path,
        default=Path("../shared/data/tables"),
        metavar="DIR",
        help="with UCI's magic.csv, shoppers.csv and default.csv (%(default)s)",
    )
    parser.add_argument("--no-xgboost", action="store_true", help="leave those out")
    add_set(parser)
    args = parser.parse_args(argv)
    lacking = [name for name in ("sdmetrics", "xgboost") if find_spec(name) is None]
    if lacking and not args.no_xgboost:
        parser.error(f"{lacking[0]} is not installed; see --no-xgboost")
    options = asked(args, "set", "no_xgboost")
    work = units(partial(run, args), options, table=args.table, seed=range(args.seeds))
    means = collect(work, args.out).drop(columns="seed").groupby("table", sort=False)
    table = means.mean(numeric_only=True)
    print(table.T.round(3).to_string())
    columns = ["table", "package", *BESIDE]
    peers = pd.read_csv(StringIO(_PUBLISHED), sep=" ", names=columns)
    for name, published in peers[peers["table"].isin(table.index)].groupby("table"):
        own = table.reindex(columns=BESIDE).loc[[name]].set_axis(["skfadm"])
        beside = pd.concat([published.set_index("package")[BESIDE], own])
        print(f"\n{name}\n{beside.round(3).to_string()}")
    return 0


def run(args: argparse.Namespace, name: str, seed: int) -> Iterator[Row]:
    """Yield the figures of one table and seed, and times in seconds."""
    load, share = TABLES[name]
    table = load(args)
    held_out, train = table.split(round(share * len(table.X)), seed=seed)
    n_rows, real, rest = len(train.X), train[:2], held_out[:2]
    # Labels by diffusion: fair control draws them anew, and costs fidelity.
    generator = FairDiffusionGenerator(lambda_yz=0.0, random_state=seed, verbose=1)
    generator.set_params(**dict(args.set))
    _, fit_s = timed(partial(generator.fit, *train))
    made, sample_s = timed(partial(generator.sample, n_rows, random_state=seed))
    row: Row = {"rows": n_rows, "n_iter": generator.n_iter_}
    row |= {"fit_s": fit_s, "sample_s": sample_s}
    report = judged(real, made, rest, max_rows=20_000, random_state=seed)
    row |= {figure: getattr(report, figure) for figure in FIGURES}
    row |= {f"real_{k}": report.reference.get(k, np.nan) for k in FIGURES}
    # As published figures have it.
    row["pair_trends"] = report.pair_trends_sdmetrics
    row["real_pair_trends"] = report.reference["pair_trends_sdmetrics"]
    if not args.no_xgboost:
        joined = [X.assign(label=np.asarray(y)) for X, y in (real, made)]
        row["c2st"] = c2st(*joined)
        row["tstr_xgboost"] = tuned_auc(made, rest, seed)
        row["real_tstr_xgboost"] = tuned_auc(real, rest, seed)
    yield row


def c2st(real: pd.DataFrame, synthetic: pd.DataFrame) -> float:
    """Return SDMetrics' detection score with XGBoost, which papers report as C2ST.

    1 where rows cannot be told apart, 0 where they can without error.
    """
    from sdmetrics.single_table.detection.sklearn import (
        ScikitLearnClassifierDetectionMetric,
    )
    from xgboost import XGBClassifier

    class Detection(ScikitLearnClassifierDetectionMetric):
        @staticmethod
        def _get_classifier() -> Any:
            return XGBClassifier()

    tables, columns = [], {}
    for table in (real, synthetic):
        words = table.select_dtypes(exclude="number").columns
        # A missing word is a word: SDMetrics would fill it with the most frequent one.
        known = table[words].astype(object)
        filled = known.where(known.notna(), "missing")
        tables.append(table.assign(**filled).reset_index(drop=True))
        columns = {
            name: {"sdtype": "categorical" if name in words else "numerical"}
            for name in table
        }
    return float(Detection.compute(*tables, metadata={"columns": columns}))


def tuned_auc(
    train: tuple[pd.DataFrame, Any], test: tuple[pd.DataFrame, Any], seed: int
) -> float:
    """Return the AUC on `test` of the XGBoost of `GRID` that fits `train` best."""
    from xgboost import XGBClassifier

    words = make_column_selector(dtype_exclude="number")
    codes = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), words), remainder="passthrough"
    )
    X, X_test = codes.fit_transform(train[0]), codes.transform(test[0])
    labels, y = np.unique(np.asarray(train[1]), return_inverse=True)
    split = train_test_split(X, y, test_size=1 / 9, random_state=seed, stratify=y)
    fitted = []
    for values in product(*GRID.values()):
        params = dict(zip(GRID, values, strict=True))
        model = XGBClassifier(**params, random_state=seed).fit(split[0], split[2])
        fitted.append((_auc(split[3], model.predict_proba(split[1])), model))
    best = max(fitted, key=lambda pair: pair[0])[1]
    y_test = np.searchsorted(labels, np.asarray(test[1]))
    return _auc(y_test, best.predict_proba(X_test))


def _auc(y: Any, p: Any) -> float:
    p = p[:, 1] if p.shape[1] == 2 else p
    return float(roc_auc_score(y, p, multi_class="ovr"))


def _adult_all(args: argparse.Namespace) -> Table:
    """Return all rows and columns."""
    frame = fetch_adult(data_home=args.data).frame
    return Table(frame.drop(columns="income"), frame["income"])


def _published(
    name: str, label: str, words: Sequence[str], args: argparse.Namespace
) -> Table:
    """Return a table of the peers' benchmark; `words` are categories."""
    frame = pd.read_csv(args.tables / f"{name}.csv")
    frame = frame.astype(dict.fromkeys([*words, label], str))
    return Table(frame.drop(columns=label), frame[label])


_DEFAULT_WORDS = ["SEX", "EDUCATION", "MARRIAGE", "PAY_0"]
_DEFAULT_WORDS += [f"PAY_{k}" for k in range(2, 7)]
_SHOPPERS_WORDS = ["Month", "OperatingSystems", "Browser", "Region", "TrafficType"]
_SHOPPERS_WORDS += ["VisitorType", "Weekend"]
#: How each table is loaded, and the share of its rows that is held out. "adult-half" is
#: of the source rows of target White, "adult-all" split as the published files are.
TABLES: dict[str, tuple[Callable[[argparse.Namespace], Table], float]] = {
    "adult-half": (lambda args: hold_out(adult(args.data), "White")[0], 0.5),
    "adult-all": (_adult_all, 16_281 / 48_842),
    "magic": (partial(_published, "magic", "class", []), 0.1),
    "shoppers": (partial(_published, "shoppers", "Revenue", _SHOPPERS_WORDS), 0.1),
    "default": (partial(_published, "default", "default payment", _DEFAULT_WORDS), 0.1),
    "numbers": (lambda args: bundled(load_breast_cancer), 1 / 3),
    "categories": (lambda args: bundled(load_digits, as_words=True), 1 / 3),
    "small": (lambda args: bundled(load_diabetes), 1 / 3),
}


if __name__ == "__main__":
    sys.exit(main())
