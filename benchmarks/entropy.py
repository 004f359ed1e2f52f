"""What the paper's fair control brings and costs on Adult: ``python -m`` this module.

Each race is held out in turn. FADM as in its paper, and this package's generator
without fair labels, are fitted on the other races and sampled with rising lambda_z,
the strength of entropy guidance (Eq. 10). Classifiers that are trained on the rows are
asked about the race that was held out, and the rows are told from the source rows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from skfadm import FairDiffusionGenerator
from skfadm.baselines import FADM
from skfadm.datasets import fetch_adult
from skfadm.report import quality_report

from ._running import Row, Unit, collect, half_width, hold_out, new_parser
from .downstream import teach

STRENGTHS = (0.0, 1.0, 3.0, 5.0, 10.0, 20.0, 40.0, 60.0, 100.0)
GENERATORS: dict[str, Any] = {
    "skfadm": partial(FairDiffusionGenerator, lambda_yz=0.0),
    "FADM": FADM,
}
KEYS = ["generator", "classifier", "lambda_z"]


def main(argv: Sequence[str] | None = None) -> int:
    """Print means over targets, over seeds, and half their 95 % intervals."""
    parser = new_parser("benchmarks.entropy", __doc__, seeds=3)
    parser.add_argument("--rows", type=int, default=5000)
    args = parser.parse_args(argv)
    data = fetch_adult(data_home=args.data)
    units: Iterator[Unit] = (
        (
            {"generator": name, "target": target, "seed": seed, "rows": args.rows},
            partial(run, GENERATORS[name], data, target, seed, args.rows),
        )
        for seed in range(args.seeds)
        for target in sorted(set(data.domains))
        for name in GENERATORS
    )
    rows = collect(units, args.out)
    scores = ["ACC", "R_DP", "R_EOp", "c2st_auc", "at_ends"]
    by_seed = rows.groupby([*KEYS, "seed"], sort=False)[scores].mean()
    grouped = by_seed.groupby(KEYS, sort=False)
    intervals = grouped[scores].agg(half_width).add_suffix("+-")
    print(grouped.mean().join(intervals).round(3).to_string())
    return 0


def run(new: Any, data: Any, target: str, seed: int, n_rows: int) -> Iterator[Row]:
    """Yield a row for each strength and classifier of one target and seed.

    Parameters
    ----------
    new : callable
        Returns the generator, not fitted.
    data : Bunch
        Of `fetch_adult`.
    target : str
        The race that is held out.
    seed : int
        Seed of the generator and the classifiers.
    n_rows : int
        Rows that are generated at each strength.

    Yields
    ------
    dict
        Scores on the target; the AUC of telling the rows from the source rows; the
        share of them with an age or hours a week that hardly any source row is beyond.
    """
    (X, y, z, domains), test = hold_out(data, target)
    generator = new(random_state=seed).fit(X, y, z, domains)
    spread = X[["age", "hours-per-week"]].quantile([0.001, 0.999])
    for strength in STRENGTHS:
        generator.set_params(lambda_z=strength)
        table = generator.sample(n_rows, random_state=seed)
        numbers = table[0][spread.columns]
        is_end = (numbers <= spread.iloc[0]) | (numbers >= spread.iloc[1])
        report = quality_report(
            X, table[0], y, table[1], max_rows=n_rows, random_state=seed
        )
        about = {
            "lambda_z": strength,
            "c2st_auc": report.c2st_auc,
            "at_ends": float(is_end.any(axis=1).mean()),
        }
        for row in teach(table, test, pos_label=">50K", random_state=seed):
            yield {**about, **row}


if __name__ == "__main__":
    sys.exit(main())
