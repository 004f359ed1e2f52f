"""Quality against evaluations of the networks, for each solver: ``python -m``.

One generator is fitted on Adult's rows of every race but White. The same trained
networks are then sampled by every solver with rising numbers of steps, several times
each, and judged against the source rows and by what classifiers of the rows know of
White. A thousand steps of Euler-Maruyama are the reference.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd

from skfadm import FairDiffusionGenerator
from skfadm.baselines._paper import euler_maruyama, even_times
from skfadm.datasets import fetch_adult
from skfadm.diffusion.samplers import multistep, multistep_times
from skfadm.report import quality_report

from ._running import Row, Unit, asked, collect, hold_out, new_parser
from .downstream import teach

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


def main(argv: Sequence[str] | None = None) -> int:
    """Print means and standard deviations over the seeds."""
    parser = new_parser("benchmarks.solvers", __doc__, seeds=3)
    parser.add_argument("--max-iter", type=int, help="iterations, for a quick look")
    parser.add_argument("--most-steps", type=int, default=1000, help="leave out more")
    parser.add_argument("--picture", type=Path, help="PNG to write")
    args = parser.parse_args(argv)
    rows = collect(_units(args), args.out)
    grouped = rows.groupby(["solver", "evaluations"], sort=False)
    table = grouped.mean(numeric_only=True).drop(columns="seed")
    deviations = grouped[list(FIGURES)].std(ddof=1).add_suffix("+-")
    print(table.join(deviations).round(4).to_string())
    if args.picture is not None:
        draw(rows, args.picture)
    return 0


def _units(args: argparse.Namespace) -> Iterator[Unit]:
    sources, test = split(args.data)
    params = {"max_iter": args.max_iter} if args.max_iter else {}

    @cache
    def fitted() -> Any:
        generator = FairDiffusionGenerator(
            lambda_yz=0.0, verbose=1, random_state=0, **params
        )
        return generator.fit(*sources)

    def compute(solver: Any, times: Any, n_steps: int, seed: int) -> Iterator[Row]:
        generator = fitted().set_params(n_steps=n_steps)
        # No parameters: users have no use for the others.
        generator._recipe = replace(
            generator._recipe, solver=solver, sampling_times=times
        )
        yield judge(generator, sources, test, seed)

    for name, (solver, times, all_steps) in SOLVERS.items():
        for n_steps in [n for n in all_steps if n <= args.most_steps]:
            for seed in range(args.seeds):
                n_evaluations = n_steps + (solver is euler_maruyama)
                about = {"solver": name, "evaluations": n_evaluations, "seed": seed}
                about |= asked(args, "max_iter")
                yield about, partial(compute, solver, times, n_steps, seed)


def split(folder: Path | None) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return Adult's rows of every race but White, as `fit` takes them, and White's.

    Parameters
    ----------
    folder : Path or None
        The folder with the files of UCI.

    Returns
    -------
    sources, target : tuple
        X, y, z and domains; X, y and z.
    """
    return hold_out(fetch_adult(data_home=folder), "White")


def judge(
    generator: Any, sources: tuple[Any, ...], test: tuple[Any, ...], seed: int
) -> dict[str, float]:
    """Return figures of as many rows as the sources have, up to 50,000.

    Parameters
    ----------
    generator : fitted generator
        With ``sample(n, random_state=)``.
    sources, test : tuple
        As `split` returns them.
    seed : int
        Of the rows and of all that is learned from them.

    Returns
    -------
    dict
        Figures of the report, scores on `test`, seconds of sampling.
    """
    start = time.perf_counter()
    n_rows = min(len(sources[0]), 50_000)
    X, y = generator.sample(n_rows, random_state=seed)
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


def draw(
    rows: pd.DataFrame,
    path: Path,
    line: str = "solver",
    x: str = "evaluations",
    label: str = "evaluations of the networks",
) -> None:
    """Draw each figure against what it takes, and write the picture.

    Parameters
    ----------
    rows : DataFrame
        A row for each seed.
    path : Path
        Where to write it.
    line, x : str
        Columns: each value of `line` has a line of its own, against `x`.
    label : str
        Of the axis of `x`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.2), layout="constrained")
    scale = "log" if rows[x].max() > 20 * rows[x].min() else "linear"
    for ax, (name, title) in zip(
        figure.subplots(1, len(FIGURES)), FIGURES.items(), strict=True
    ):
        for key, own in rows.groupby(line, sort=False):
            found = own.groupby(x)[name].agg(["mean", "std"])
            ax.errorbar(found.index, found["mean"], found["std"], marker="o", label=key)
        ax.set(xscale=scale, xlabel=label, ylabel=title)
        ax.spines[["top", "right"]].set_visible(False)
    handles = ax.get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper center", ncols=4, frameon=False)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    sys.exit(main())
