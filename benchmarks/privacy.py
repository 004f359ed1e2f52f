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

from sklearn.datasets import load_breast_cancer, load_diabetes

from skfadm import FairDiffusionGenerator

from ._running import Row, collect, new_parser, units
from ._tables import Table, adult, bundled, hold_out, judged
from .peers import PEERS

FIGURES = ("membership_auc", "membership_tpr", "attribute_inference", "singling_out")
#: Returns a generator of a seed; None for copies and for fresh rows.
Maker = Callable[[int], Any] | None


def main(argv: Sequence[str] | None = None) -> int:
    """Print the mean of each attack over the seeds."""
    parser = new_parser("privacy", __doc__, seeds=3)
    parser.add_argument("--table", nargs="+", choices=list(TABLES), default=[*TABLES])
    parser.add_argument("--peer", nargs="*", choices=list(PEERS), default=[])
    parser.add_argument("--max-iter", nargs="*", type=int, default=[50, 100])
    args = parser.parse_args(argv)
    makers: dict[str, Maker] = {"copies": None, "fresh rows": None, "skfadm": _ours}
    for n in args.max_iter:
        makers[f"skfadm, max_iter={n}"] = partial(_ours, max_iter=n)
    makers |= {name: partial(_peer, name) for name in args.peer}
    work = units(
        partial(run, args, makers),
        {},
        table=args.table,
        rows_of=makers,
        seed=range(args.seeds),
    )
    means = collect(work, args.out).groupby(["table", "rows_of"], sort=False)
    print(means.mean(numeric_only=True).drop(columns="seed").round(3).to_string())
    return 0


def run(
    args: argparse.Namespace,
    makers: dict[str, Maker],
    table: str,
    name: str,
    seed: int,
) -> Iterator[Row]:
    """Yield the figures of the attacks on one table."""
    rows, make = TABLES[table](args), makers[name]
    n = len(rows.X) // (3 if name == "fresh rows" else 2)
    train, held_out, fresh, *_ = rows.split(n, n, seed=seed)
    made: Any = fresh if name == "fresh rows" else train
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        if make is not None:
            made = make(seed).fit(*train[:2]).sample(n)
        report = judged(train, made, held_out, random_state=seed)
    row: Row = {"rows": n}
    for figure in FIGURES:
        row[figure] = getattr(report, figure)
        row[f"{figure}_low"], row[f"{figure}_high"] = report.intervals[figure]
    yield row | {"dcr_share": report.dcr_share, "c2st_auc": report.c2st_auc}


def _ours(seed: int, **params: Any) -> FairDiffusionGenerator:
    # Labels by diffusion: fair control would draw them anew.
    return FairDiffusionGenerator(lambda_yz=0.0, random_state=seed, **params)


def _peer(name: str, seed: int) -> Any:
    return PEERS[name](random_state=seed)


def _adult(n: int | None, args: argparse.Namespace) -> Table:
    """Return rows of Adult's source domains of target White."""
    sources, _ = hold_out(adult(args.data), "White")
    rows = sources if n is None else sources.split(n)[0]
    return rows._replace(y=rows.y.astype(str))


TABLES: dict[str, Callable[[argparse.Namespace], Table]] = {
    "adult": partial(_adult, None),
    "adult, 2,000 rows": partial(_adult, 2_000),
    "diabetes": lambda args: bundled(load_diabetes),
    "breast cancer": lambda args: bundled(load_breast_cancer),
}


if __name__ == "__main__":
    sys.exit(main())
