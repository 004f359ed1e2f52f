"""Quality against what it takes: ``python -m benchmarks.curves``.

By seconds, generators are fitted with rising numbers of iterations, the last with the
defaults, and packages of others that are installed with theirs. By evaluations of the
networks, one generator is sampled by every solver with rising numbers of steps. Rows
are judged against those that were learned, and by what boosting knows of others.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd

from skfadm import FairDiffusionGenerator
from skfadm.baselines._fadm import euler_maruyama, even_times
from skfadm.datasets import make_biased_domains
from skfadm.diffusion.samplers import multistep, multistep_times

from ._running import Row, Unit, asked, collect, count, new_parser, timed
from ._tables import Table, adult, as_table, hold_out, judged
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
#: What is learned from, and what boosting is asked of.
Split = tuple[Table, Table]


def few(folder: Path | None) -> Split:
    """Return 400 rows of the races other than White, and White's."""
    sources, test = hold_out(adult(folder), "White")
    return sources.split(400)[0], test


def everyone(folder: Path | None) -> Split:
    """Return two thirds of all rows of Adult, and the rest."""
    table = adult(folder)
    first, second = table.split(round(2 / 3 * len(table.X)))
    return first, second


def million(folder: Path | None) -> Split:
    """Return a million rows of `make_biased_domains`, and 20,000 others."""
    data = make_biased_domains(1_020_000, n_domains=5, as_frame=True, random_state=0)
    first, second = as_table(data).split(1_000_000)
    return first, second


TABLES: dict[str, Callable[[Path | None], Split]] = {
    "without White": lambda folder: hold_out(adult(folder), "White"),
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
        for peer in PEERS.values() if name == "without White" else ():
            if peer.is_installed():
                about = {**about, "line": peer.package, "point": 0}
                yield about, partial(_trained, peer, parts, 2, args.seeds)


def _trained(
    new: Callable[[], Any], parts: Callable[[], Split], n_columns: int, n_seeds: int
) -> Iterator[Row]:
    """Yield a row a seed of what is learned from the first columns of a table."""
    sources, test = parts()
    generator, seconds = timed(lambda: new().fit(*sources[:n_columns]))
    took = {"seconds": seconds, "n_iter": generator.n_iter_}
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


def judge(generator: Any, sources: Table, test: Table, seed: int) -> Row:
    """Return figures of as many rows as the sources have, up to 50,000."""
    n_rows = min(len(sources.X), 50_000)
    made, took = timed(partial(generator.sample, n_rows, random_state=seed))
    report = judged(sources, made, random_state=seed)
    options = {"pos_label": max(set(sources.y)), "random_state": seed, "names": ["GB"]}
    (scores,) = teach(made, test[:3], **options)
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
