"""Strengths of guidance on Adult, one race held out: ``python -m benchmarks.adult``.

For each target race a generator is fitted on the other four, and classifiers that are
trained on its rows alone are asked about the target. One row of the output is one
classifier at one setting; figures of real source rows are added. ``--lambda-z`` sweeps
the paper's entropy guidance, without fair labels.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from skfadm import FairDiffusionGenerator
from skfadm.baselines import FADM
from skfadm.fair_control.goal import MEASURES

from . import _tables
from ._running import Row, add_set, asked, collect, count, new_parser, timed, units
from ._tables import Table, hold_out, judged
from .downstream import classifiers, over_targets, teach

POSITIVE = ">50K"
PREDICTED = dict(zip(("ACC", "R_DP", "R_EOp"), ("accuracy", *MEASURES), strict=False))
GENERATORS: dict[str, Any] = {"skfadm": FairDiffusionGenerator, "FADM": FADM}


def main(argv: Sequence[str] | None = None) -> int:
    """Print means and intervals of every setting, then each race."""
    parser = new_parser("adult", __doc__, seeds=1)
    parser.add_argument("--target", action="append", help="a race (default: all)")
    parser.add_argument("--rows", type=count, default=20_000)
    parser.add_argument("--generator", choices=list(GENERATORS), default="skfadm")
    parser.add_argument("--lambda-z", type=float, nargs="*", default=[])
    parser.add_argument("--lambda-yz", type=float, nargs="*", default=[])
    parser.add_argument(
        "--fairness-target",
        type=fairness_target,
        nargs="*",
        default=[],
        help="a ratio of parity, two (parity/opportunity) such as 0.95/0.75, or none",
    )
    parser.add_argument(
        "--unlabelled",
        type=count,
        nargs="*",
        default=[],
        help="adapt to so many unlabelled rows of the target, at most",
    )
    known = list(classifiers(random_state=0))
    parser.add_argument("--classifiers", nargs="+", choices=known, default=known)
    add_set(parser)
    args = parser.parse_args(argv)
    if not any(True for _ in settings(args)):
        parser.error("give --lambda-z, --lambda-yz or --fairness-target")
    data = _tables.adult(args.data)
    names = ("rows", "generator", "lambda_z", "lambda_yz", "fairness_target")
    options = asked(args, *names, "unlabelled", "classifiers", "set")
    targets = args.target or sorted(set(data.domains))
    axes = {"seed": range(args.seeds), "target": targets}
    rows = collect(units(partial(run, data, args), options, **axes), args.out)
    keys = ["setting", "classifier"]
    likeness = [c for c in ("c2st_auc", "at_ends") if c in rows]
    means = rows.groupby(keys, sort=False)[likeness].mean()
    print(over_targets(rows, keys).join(means).round(3).T.to_string())
    by_race = rows.groupby([*keys, "target"], sort=False)
    print(by_race[["ACC", "R_DP", "R_EOp"]].mean().round(3).to_string())
    return 0


def run(data: Table, args: argparse.Namespace, seed: int, target: str) -> Iterator[Row]:
    """Yield a row for each setting and classifier of one target and seed."""
    sources, test = hold_out(data, target)
    generator = GENERATORS[args.generator](random_state=seed, verbose=1)
    generator.set_params(**dict(args.set))
    how = {"pos_label": POSITIVE, "random_state": seed, "names": args.classifiers}
    for made, row in over_settings(
        generator, settings(args), sources, test, args.rows, **how
    ):
        if made is not None:
            positives = float(np.mean(made[1] == POSITIVE))
            row |= {"positives": positives, **_likeness(sources[:2], made, seed)}
        for own in row.pop("scores"):
            yield {**row, **own}


def over_settings(
    generator: Any,
    settings: Iterable[tuple[str, Row, int | None]],
    sources: Table,
    test: Table,
    n_rows: int,
    **how: Any,
) -> Iterator[tuple[Any, Row]]:
    """Yield the table of each setting, and a row about it with the scores it teaches.

    First there are the real source rows. A setting is a name, parameters, and how many
    unlabelled rows of the target are known, where None is all of them.
    """
    seed = how["random_state"]
    yield None, {"setting": "real", "scores": teach(sources[:2], test[:3], **how)}
    fit_s = None
    for name, params, n_known in settings:
        generator.set_params(**params)
        with warnings.catch_warnings(record=True) as caught:
            # Targets that are out of reach: what is predicted stands in the table.
            warnings.simplefilter("always", UserWarning)
            if fit_s is None:
                _, fit_s = timed(partial(generator.fit, *sources))
            if hasattr(generator, "adapt"):
                order = np.random.default_rng(seed).permutation(len(test.X))
                known = test.X.iloc[order[:n_known]]
                generator.adapt(known if len(known) else None)
        warned = any(issubclass(own.category, UserWarning) for own in caught)
        sample = partial(generator.sample, n_rows, random_state=seed)
        made, sample_s = timed(sample)
        row = {"setting": name, "fit_s": fit_s, "sample_s": sample_s, "warned": warned}
        if hasattr(generator, "tradeoff_"):
            predicted = generator.tradeoff_.at(generator.lambda_yz_)
            row |= {"lambda_yz": generator.lambda_yz_}
            row |= {f"predicted_{k}": predicted[v] for k, v in PREDICTED.items()}
        yield made, {**row, "scores": teach(made, test[:3], **how)}


def _likeness(real: tuple[Any, ...], table: tuple[pd.DataFrame, Any], seed: int) -> Row:
    """Return the AUC of telling rows from real ones, and how many are at the ends.

    At the ends are rows with an age or hours a week that hardly a source row is beyond.
    """
    report = judged(real, table, max_rows=5000, random_state=seed)
    names = [c for c in ("age", "hours-per-week") if c in real[0]]
    spread = real[0][names].quantile([0.001, 0.999])
    numbers = table[0][names]
    at_ends = (numbers <= spread.iloc[0]) | (numbers >= spread.iloc[1])
    return {"c2st_auc": report.c2st_auc, "at_ends": float(at_ends.any(axis=1).mean())}


def settings(args: argparse.Namespace) -> Iterator[tuple[str, Row, int]]:
    """Yield what to sample: a name, parameters, how many unlabelled rows are known.

    First the strengths and targets where nothing is known of the target domain, then
    each `--fairness-target` with each `--unlabelled`.
    """
    no_labels = {"lambda_yz": 0.0} if args.generator == "skfadm" else {}
    for strength in args.lambda_z:
        yield f"lambda_z={strength:g}", {**no_labels, "lambda_z": strength}, 0
    for strength in args.lambda_yz:
        yield f"lambda_yz={strength:g}", {"lambda_yz": strength, "lambda_z": 0.0}, 0
    for n_rows in (0, *args.unlabelled):
        known = f"{n_rows} unlabelled rows, " if n_rows else ""
        for target in args.fairness_target:
            params = {"lambda_yz": "auto", "lambda_z": 0.0, "fairness_target": target}
            yield f"{known}target {_text(target)}", params, n_rows


def _text(target: float | dict[str, float] | None) -> str:
    ratios = target.values() if isinstance(target, dict) else [target]
    return "none" if target is None else "/".join(f"{ratio:g}" for ratio in ratios)


def fairness_target(text: str) -> float | dict[str, float] | None:
    """Read "none", a ratio of demographic parity, or that and one of opportunity."""
    if text == "none":
        return None
    ratios = [float(ratio) for ratio in text.split("/")]
    return dict(zip(MEASURES, ratios, strict=False)) if ratios[1:] else ratios[0]


if __name__ == "__main__":
    sys.exit(main())
