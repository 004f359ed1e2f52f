"""Attacks on generated tables: ``python -m benchmarks.privacy --data DIR --seeds 3``.

Half of each table is learned from, half is held out. Beside the generator stand copies
and fresh real rows, for which the table is cut into thirds.
``--peer NAME`` adds mostlyai-engine or CTGAN's TVAE where it is installed.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes

from skfadm import FairDiffusionGenerator
from skfadm.datasets import fetch_adult
from skfadm.report import quality_report

from ._running import Row, Unit, collect, new_parser

FIGURES = ("membership_auc", "membership_tpr", "attribute_inference", "singling_out")
_LABEL = "label"
Table = tuple[pd.DataFrame, pd.Series]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the mean of each attack over the seeds."""
    parser = new_parser("privacy", __doc__, seeds=3)
    parser.add_argument("--table", nargs="+", choices=list(TABLES), default=[*TABLES])
    parser.add_argument("--peer", nargs="*", choices=list(PEERS), default=[])
    parser.add_argument("--max-iter", nargs="*", type=int, default=[50, 100])
    args = parser.parse_args(argv)
    makers: dict[str, Callable[[Table, int], Table] | None] = {
        "copies": lambda table, seed: table,
        "fresh rows": None,
        "skfadm": partial(_ours, None),
    }
    makers |= {f"skfadm, max_iter={n}": partial(_ours, n) for n in args.max_iter}
    makers["skfadm, 5 times the rows"] = partial(_ours, None, times=5)
    makers |= {name: PEERS[name] for name in args.peer}
    units: Iterator[Unit] = (
        ({"table": t, "rows_of": name, "seed": seed}, partial(run, t, make, seed, args))
        for t in args.table
        for name, make in makers.items()
        for seed in range(args.seeds)
    )
    rows = collect(units, args.out)
    means = rows.groupby(["table", "rows_of"], sort=False)
    print(means.mean(numeric_only=True).drop(columns="seed").round(3).to_string())
    return 0


def run(
    name: str,
    make: Callable[[Table, int], Table] | None,
    seed: int,
    args: argparse.Namespace,
) -> Iterator[Row]:
    """Yield the figures of the attacks on one table."""
    X, y = TABLES[name](args)
    order = np.random.default_rng(seed).permutation(len(X))
    n = len(X) // (3 if make is None else 2)
    parts = (order[:n], order[n : 2 * n], order[2 * n : 3 * n])
    train, held_out, fresh = ((X.iloc[part], y.iloc[part]) for part in parts)
    made = fresh if make is None else make(train, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        report = quality_report(train, made, holdout=held_out, random_state=seed)
    row: Row = {"rows": n}
    for figure in FIGURES:
        row[figure] = getattr(report, figure)
        row[f"{figure}_low"], row[f"{figure}_high"] = report.intervals[figure]
    yield row | {"dcr_share": report.dcr_share, "c2st_auc": report.c2st_auc}


def _ours(max_iter: int | None, table: Table, seed: int, times: int = 1) -> Table:
    # Labels by diffusion: fair control would draw them anew.
    generator = FairDiffusionGenerator(lambda_yz=0.0, random_state=seed)
    if max_iter is not None:
        generator.set_params(max_iter=max_iter)
    X, y = generator.fit(*table).sample(times * len(table[0]))
    return X, pd.Series(np.asarray(y), X.index)


def _mostlyai(table: Table, seed: int) -> Table:
    from mostlyai.engine import TabularARGN  # type: ignore[import-not-found]

    rows = _as_rows(table)
    model = TabularARGN(random_state=seed, verbose=0).fit(rows)
    return _as_table(model.sample(len(rows)), table)


def _tvae(table: Table, seed: int) -> Table:
    from ctgan import TVAE  # type: ignore[import-not-found]

    rows = _as_rows(table)
    model = TVAE()
    model.set_random_state(seed)
    model.fit(rows, list(rows.select_dtypes(exclude="number").columns))
    return _as_table(model.sample(len(rows)), table)


def _as_rows(table: Table) -> pd.DataFrame:
    rows = table[0].assign(**{_LABEL: np.asarray(table[1])}).reset_index(drop=True)
    words = rows.select_dtypes(exclude="number").columns
    known = rows[words].astype(object)
    return rows.assign(**known.where(known.notna(), "missing").astype(str))


def _as_table(rows: pd.DataFrame, like: Table) -> Table:
    X = rows[list(like[0].columns)].reset_index(drop=True)
    for name in like[0].select_dtypes(exclude="number"):
        X[name] = X[name].astype(object).where(X[name] != "missing")
    return X, rows[_LABEL].astype(str).reset_index(drop=True)


def _adult(n: int | None, args: argparse.Namespace) -> Table:
    """Return rows of Adult's source domains of target White."""
    adult = fetch_adult(data_home=args.data)
    chosen = np.flatnonzero(adult.domains != "White")
    if n is not None:
        chosen = np.random.default_rng(0).permutation(chosen)[:n]
    adult = {name: adult[name].iloc[chosen] for name in ("data", "target")}
    return adult["data"], adult["target"].astype(str)


def _bundled(load: Callable[..., Any], args: argparse.Namespace) -> Table:
    X, y = load(as_frame=True, return_X_y=True)
    if y.nunique() > 20:  # a quantity: above or below its median
        return X, pd.Series(np.where(y > y.median(), "high", "low"), name=_LABEL)
    return X, y.astype(str)


TABLES: dict[str, Callable[[argparse.Namespace], Table]] = {
    "adult": partial(_adult, None),
    "adult, 2,000 rows": partial(_adult, 2_000),
    "diabetes": partial(_bundled, load_diabetes),
    "breast cancer": partial(_bundled, load_breast_cancer),
}
PEERS = {"mostlyai": _mostlyai, "tvae": _tvae}


if __name__ == "__main__":
    sys.exit(main())
