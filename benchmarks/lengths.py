"""Quality against seconds of training, beside other packages: ``python -m``.

Generators are fitted with rising numbers of iterations, the last with the defaults, and
judged as `solvers` does: on Adult's rows of every race but White, and, with
``--table``, on 400 of these, on two thirds of all of Adult and on a million rows of
`make_biased_domains`. Packages of others that are installed are fitted on the first of
these with their defaults.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from skfadm import FairDiffusionGenerator
from skfadm.datasets import fetch_adult, make_biased_domains

from ._running import Row, Unit, asked, collect, new_parser
from .peers import PEERS
from .solvers import draw, judge, split

LENGTHS = (100, 150, 200, 300, 450)
#: What is learned from, as X, y, z and domains, and what classifiers are asked about.
Split = tuple[tuple[Any, ...], tuple[Any, ...]]


def few(folder: Path | None) -> Split:
    """Return 400 of the rows of `split`."""
    sources, test = split(folder)
    rows = np.random.default_rng(0).permutation(len(sources[0]))[:400]
    return tuple(part.iloc[rows] for part in sources), test


def everyone(folder: Path | None) -> Split:
    """Return two thirds of all rows of Adult, and the rest."""
    adult = fetch_adult(data_home=folder)
    return _parts((adult.data, adult.target, adult.z, adult.domains), 2 / 3)


def million(folder: Path | None) -> Split:
    """Return a million rows of `make_biased_domains`, and 20,000 others."""
    data = make_biased_domains(1_020_000, n_domains=5, as_frame=True, random_state=0)
    return _parts((data.data, data.target, data.z, data.domains), 1 / 1.02)


def _parts(columns: tuple[Any, ...], share: float) -> Split:
    order = np.random.default_rng(0).permutation(len(columns[0]))
    first, second = np.split(order, [round(share * len(order))])
    return tuple(part.iloc[first] for part in columns), tuple(
        part.iloc[second] for part in columns[:3]
    )


TABLES: dict[str, Callable[[Path | None], Split]] = {
    "without White": split,
    "400 rows": few,
    "all of Adult": everyone,
    "a million rows": million,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Print means over the seeds."""
    parser = new_parser("benchmarks.lengths", __doc__, seeds=3)
    parser.add_argument("--most", type=int, default=5000, help="iterations at most")
    parser.add_argument(
        "--table", nargs="+", choices=list(TABLES), default=list(TABLES)[:1]
    )
    parser.add_argument("--picture", type=Path, help="PNG to write")
    args = parser.parse_args(argv)
    rows = collect(_units(args), args.out)
    means = rows.groupby(["table", "package", "n_iter"], sort=False, dropna=False).mean(
        numeric_only=True
    )
    print(means.drop(columns=["seed", "most"]).round(4).to_string())
    if args.picture is not None:
        line = "package" if len(args.table) == 1 else "table"
        draw(rows, args.picture, line, "fit_s", "seconds of training")
    return 0


def _units(args: argparse.Namespace) -> Iterator[Unit]:
    for name in args.table:

        @cache
        def parts(name: str = name) -> Split:
            return TABLES[name](args.data)

        about = {"table": name, **asked(args, "seeds")}
        for most in (*(n for n in LENGTHS if n <= args.most), min(args.most, 5000)):
            new = partial(
                FairDiffusionGenerator, lambda_yz=0.0, max_iter=most, random_state=0
            )
            of = {**about, "package": "skfadm", "most": most}
            yield of, partial(_compute, new, parts, 4, args.seeds)
        for peer in PEERS if name == "without White" else ():
            if peer.is_installed():
                of = {**about, "package": peer.package, "most": 0}
                yield of, partial(_compute, peer, parts, 2, args.seeds)


def _compute(
    new: Callable[[], Any], parts: Callable[[], Split], n_columns: int, n_seeds: int
) -> Iterator[Row]:
    """Yield a row a seed of what is learned from the first columns of a table."""
    sources, test = parts()
    start = time.perf_counter()
    generator = new().fit(*sources[:n_columns])
    took = time.perf_counter() - start
    start = time.perf_counter()
    generator.sample(20_000)
    sampled = time.perf_counter() - start
    about = {"n_iter": generator.n_iter_, "fit_s": took}
    for seed in range(n_seeds):
        figures = judge(generator, sources, test, seed)
        yield {**about, "seed": seed, "sample_20000_s": sampled, **figures}


if __name__ == "__main__":
    sys.exit(main())
