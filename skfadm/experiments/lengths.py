"""Quality against seconds of training, beside other packages: ``python -m``.

Generators are fitted on Adult's rows of every race but White with rising numbers of
iterations, the last with the defaults, and judged as `solvers` does. Packages of others
that are installed are fitted on the same rows with their defaults.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from skfadm import FairDiffusionGenerator

from ._running import Row, Unit, asked, collect, new_parser
from .peers import PEERS
from .solvers import draw, judge, split

LENGTHS = (100, 150, 200, 300, 450)


def main(argv: Sequence[str] | None = None) -> int:
    """Print means over the seeds."""
    parser = new_parser("skfadm.experiments.lengths", __doc__, seeds=3)
    parser.add_argument("--most", type=int, default=5000, help="iterations at most")
    parser.add_argument("--picture", type=Path, help="PNG to write")
    args = parser.parse_args(argv)
    rows = collect(_units(args), args.out)
    means = rows.groupby(["package", "n_iter"], sort=False, dropna=False).mean(
        numeric_only=True
    )
    print(means.drop(columns=["seed", "most"]).round(4).to_string())
    if args.picture is not None:
        draw(rows, args.picture, "package", "fit_s", "seconds of training")
    return 0


def _units(args: argparse.Namespace) -> Iterator[Unit]:
    sources, test = split(args.data)
    options = asked(args, "seeds")

    def ours(most: int) -> Any:
        generator = FairDiffusionGenerator(lambda_yz=0.0, max_iter=most, random_state=0)
        return generator.fit(*sources)

    def compute(fit: Callable[[], Any]) -> Iterator[Row]:
        start = time.perf_counter()
        generator = fit()
        took = time.perf_counter() - start
        start = time.perf_counter()
        generator.sample(20_000)
        sampled = time.perf_counter() - start
        about = {"n_iter": generator.n_iter_, "fit_s": took}
        for seed in range(args.seeds):
            figures = judge(generator, sources, test, seed)
            yield {**about, "seed": seed, "sample_20000_s": sampled, **figures}

    for most in (*(n for n in LENGTHS if n <= args.most), min(args.most, 5000)):
        about = {"package": "skfadm", "most": most, **options}
        yield about, partial(compute, partial(ours, most))
    for peer in PEERS:
        if peer.is_installed():
            fit = partial(peer().fit, *sources[:2])
            about = {"package": peer.package, "most": 0, **options}
            yield about, partial(compute, fit)


if __name__ == "__main__":
    sys.exit(main())
