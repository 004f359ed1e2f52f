"""Quality against what it takes: ``python -m benchmarks.curves``.

By seconds, generators are fitted with rising numbers of iterations, the last with the
defaults, and packages of others that are installed with theirs. By evaluations of the
networks, one generator is sampled by every solver with rising numbers of steps. Rows
are judged against those that were learned, and by what boosting knows of others.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from skfadm import FairDiffusionGenerator
from skfadm.baselines._fadm import euler_maruyama, even_times
from skfadm.datasets import fetch_adult, make_biased_domains
from skfadm.diffusion.samplers import multistep, multistep_times
from skfadm.report import quality_report

from ._running import Row, Unit, asked, collect, count, hold_out, new_parser
from .downstream import teach
from .peers import PEERS

#: Iterations; the default's most comes after them.
LENGTHS = (100, 150, 200, 300, 450)
#: Each solver, its times and its steps. Euler-Maruyama evaluates once more at the end.
SOLVERS: dict[str, tuple[Any, Any, tuple[int, ...]]] = {
    "multistep": (multistep, multistep_times, (6, 8, 10, 12, 16, 20, 30, 60)),
    "euler_maruyama": (euler_maruyama, even_times, (20, 60, 200, 1000)),
}
FIGURES = {
    "c2st_auc": "real-or-generated AUC (0.5 is perfect)",
    "pair_trends": "pair trends (1 is perfect)",
    "ACC": "accuracy of boosting",
}
#: What is learned from, as X, y, z and domains, and X, y, z that boosting is asked of.
Split = tuple[tuple[Any, ...], tuple[Any, ...]]


def without_white(folder: Path | None) -> Split:
    """Return Adult's rows of every race but White, and White's."""
    return hold_out(fetch_adult(data_home=folder), "White")


def few(folder: Path | None) -> Split:
    """Return 400 of these rows."""
    sources, test = without_white(folder)
    rows = np.random.default_rng(0).permutation(len(sources[0]))[:400]
    return tuple(part.iloc[rows] for part in sources), test


def everyone(folder: Path | None) -> Split:
    """Return two thirds of all rows of Adult, and the rest."""
    return _parts(fetch_adult(data_home=folder), 2 / 3)


def million(folder: Path | None) -> Split:
    """Return a million rows of `make_biased_domains`, and 20,000 others."""
    data = make_biased_domains(1_020_000, n_domains=5, as_frame=True, random_state=0)
    return _parts(data, 1 / 1.02)


def _parts(data: Any, share: float) -> Split:
    columns = (data.data, data.target, data.z, data.domains)
    order = np.random.default_rng(0).permutation(len(columns[0]))
    first, second = np.split(order, [round(share * len(order))])
    sources = tuple(part.iloc[first] for part in columns)
    return sources, tuple(part.iloc[second] for part in columns[:3])


TABLES: dict[str, Callable[[Path | None], Split]] = {
    "without White": without_white,
    "400 rows": few,
    "all of Adult": everyone,
    "a million rows": million,
}
X_AXES = {
    "seconds": "seconds of training",
    "evaluations": "evaluations of the networks",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Print means and standard deviations over the seeds."""
    parser = new_parser("curves", __doc__, seeds=3)
    parser.add_argument("--by", choices=list(X_AXES), required=True)
    parser.add_argument(
        "--table", nargs="+", choices=list(TABLES), default=list(TABLES)[:1]
    )
    parser.add_argument("--max-iter", type=count, default=5000, help="at most")
    parser.add_argument("--most-steps", type=count, default=1000, help="leave out more")
    parser.add_argument("--picture", type=Path, help="PNG to write")
    args = parser.parse_args(argv)
    units = _by_seconds(args) if args.by == "seconds" else _by_evaluations(args)
    rows = collect(units, args.out)
    grouped = rows.groupby(["table", "line", "point"], sort=False)
    table = grouped.mean(numeric_only=True).drop(columns="seed")
    deviations = grouped[list(FIGURES)].std(ddof=1).add_suffix(" +-")
    print(table.join(deviations).round(4).to_string())
    if args.picture is not None:
        line = "line" if len(args.table) == 1 else "table"
        draw(rows, args.picture, line, args.by)
    return 0


def _by_seconds(args: argparse.Namespace) -> Iterator[Unit]:
    for name in args.table:
        parts = cache(partial(TABLES[name], args.data))
        lengths = [n for n in LENGTHS if n < args.max_iter]
        for most in (*lengths, args.max_iter):
            new = partial(
                FairDiffusionGenerator, lambda_yz=0.0, max_iter=most, random_state=0
            )
            about = {"table": name, "line": "skfadm", "point": most}
            about |= asked(args, "by", "seeds")
            yield about, partial(_trained, new, parts, 4, args.seeds)
        for peer in PEERS if name == "without White" else ():
            if peer.is_installed():
                about = {**about, "line": peer.package, "point": 0}
                yield about, partial(_trained, peer, parts, 2, args.seeds)


def _trained(
    new: Callable[[], Any], parts: Callable[[], Split], n_columns: int, n_seeds: int
) -> Iterator[Row]:
    """Yield a row a seed of what is learned from the first columns of a table."""
    sources, test = parts()
    start = time.perf_counter()
    generator = new().fit(*sources[:n_columns])
    took = {"seconds": time.perf_counter() - start, "n_iter": generator.n_iter_}
    for seed in range(n_seeds):
        yield {"seed": seed, **took, **judge(generator, sources, test, seed)}


def _by_evaluations(args: argparse.Namespace) -> Iterator[Unit]:
    for table in args.table:
        parts = cache(partial(TABLES[table], args.data))

        @cache
        def fitted(parts: Callable[[], Split] = parts) -> Any:
            generator = FairDiffusionGenerator(
                lambda_yz=0.0, verbose=1, random_state=0, max_iter=args.max_iter
            )
            return generator.fit(*parts()[0])

        for name, (_, _, all_steps) in SOLVERS.items():
            for n_steps in [n for n in all_steps if n <= args.most_steps]:
                about = {"table": table, "line": name, "point": n_steps}
                about |= asked(args, "by", "seeds", "max_iter")
                yield about, partial(_sampled, fitted, parts, name, n_steps, args.seeds)


def _sampled(
    fitted: Callable[[], Any],
    parts: Callable[[], Split],
    name: str,
    n_steps: int,
    n_seeds: int,
) -> Iterator[Row]:
    solver, times, _ = SOLVERS[name]
    generator = fitted().set_params(n_steps=n_steps)
    # No parameters: users have no use for the others.
    generator._recipe = replace(generator._recipe, solver=solver, sampling_times=times)
    about = {"evaluations": n_steps + (solver is euler_maruyama)}
    for seed in range(n_seeds):
        yield {"seed": seed, **about, **judge(generator, *parts(), seed)}


def judge(
    generator: Any, sources: tuple[Any, ...], test: tuple[Any, ...], seed: int
) -> Row:
    """Return figures of as many rows as the sources have, up to 50,000."""
    start = time.perf_counter()
    X, y = generator.sample(min(len(sources[0]), 50_000), random_state=seed)
    took = time.perf_counter() - start
    report = quality_report(sources[0], X, sources[1], y, random_state=seed)
    positive = max(set(sources[1]))
    (scores,) = teach((X, y), test, pos_label=positive, random_state=seed, names=["GB"])
    return {
        "c2st_auc": report.c2st_auc,
        "column_shapes": report.column_shapes,
        "pair_trends": report.pair_trends_sdmetrics,
        **{key: scores[key] for key in ("ACC", "R_DP", "R_EOp")},
        "sample_s": took,
    }


def draw(rows: pd.DataFrame, path: Path, line: str, x: str) -> None:
    """Draw each figure against what it takes, a line for each value of `line`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.2), layout="constrained")
    scale = "log" if rows[x].max() > 20 * rows[x].min() else "linear"
    for ax, (name, title) in zip(
        figure.subplots(1, len(FIGURES)), FIGURES.items(), strict=True
    ):
        for key, own in rows.groupby(line, sort=False):
            found = own.groupby(x)[name].agg(["mean", "std"])
            ax.errorbar(found.index, found["mean"], found["std"], marker="o", label=key)
        ax.set(xscale=scale, xlabel=X_AXES[x], ylabel=title)
        ax.spines[["top", "right"]].set_visible(False)
    handles = ax.get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper center", ncols=4, frameon=False)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    sys.exit(main())
