"""Strengths of guidance on Adult, one race held out: ``python -m`` this module.

For each target race a generator is fitted on the other four, and classifiers that are
trained on its rows alone are asked about the target. One row of the output is one
classifier at one setting; figures of real source rows are added. Started again with the
same ``--out``, it goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from skfadm import FairDiffusionGenerator
from skfadm.datasets import fetch_adult
from skfadm.fair_control.rates import MEASURES

from ._running import (
    Unit,
    add_set,
    asked,
    collect,
    half_width,
    hold_out,
    new_parser,
)
from .downstream import classifiers, teach

POSITIVE = ">50K"


def main(argv: Sequence[str] | None = None) -> int:
    """Print means and intervals of every setting."""
    parser = new_parser("benchmarks.adult", __doc__, seeds=1)
    parser.add_argument("--target", action="append", help="a race (default: all)")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--lambda-yz", type=float, nargs="*", default=[0.0])
    parser.add_argument(
        "--fairness-target",
        type=fairness_target,
        nargs="*",
        default=[None],
        help="a ratio of parity, two (parity/opportunity) such as 0.95/0.75, or none",
    )
    parser.add_argument(
        "--unlabelled",
        type=int,
        nargs="*",
        default=[],
        help="adapt to so many unlabelled rows of the target, at most",
    )
    known = list(classifiers(random_state=0))
    parser.add_argument("--classifiers", nargs="+", choices=known, default=known)
    add_set(parser)
    parser.add_argument("--memory", help="folder that keeps trainings")
    args = parser.parse_args(argv)
    data = fetch_adult(data_home=args.data)
    names = ("rows", "lambda_yz", "fairness_target", "unlabelled", "classifiers", "set")
    options = asked(args, *names)
    units: Iterator[Unit] = (
        (
            {"target": target, "seed": seed, **options},
            partial(run, data, target, seed, args),
        )
        for seed in range(args.seeds)
        for target in args.target or sorted(set(data.domains))
    )
    print(summary(collect(units, args.out)).round(3).to_string())
    return 0


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return means over targets, over seeds, and half their 95 % intervals.

    Parameters
    ----------
    table : DataFrame
        Rows as `run` yields them.

    Returns
    -------
    DataFrame
        Indexed by setting and classifier; "undefined" counts ratios that are NaN, which
        are left out of the means.
    """
    keys = ["setting", "classifier"]
    scores = ["ACC", "R_DP", "R_EOp"]
    by_seed = table.groupby([*keys, "seed"], sort=False)[scores].mean()
    grouped = by_seed.groupby(keys, sort=False)
    out = grouped.mean().join(grouped.agg(half_width).add_suffix("+-"))
    undefined = table[["R_DP", "R_EOp"]].isna().any(axis=1)
    out["undefined"] = undefined.groupby([table[k] for k in keys], sort=False).sum()
    return out


def run(
    data: Any, target: str, seed: int, args: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    """Yield a row for each setting and classifier of one target and seed.

    Parameters
    ----------
    data : Bunch
        Of `fetch_adult`.
    target : str
        The race that is held out.
    seed : int
        Seed of the generator and the classifiers.
    args : Namespace
        The arguments of `main`.

    Yields
    ------
    dict
        Setting, scores, predictions and times.
    """
    (X, y, z, domains), test = hold_out(data, target)
    how = {"pos_label": POSITIVE, "random_state": seed, "names": args.classifiers}
    for row in teach((X, y), test, **how):
        yield {"setting": "real rows", **row}
    generator = FairDiffusionGenerator(memory=args.memory, verbose=1, random_state=seed)
    generator.set_params(**dict(args.set))
    start = time.perf_counter()
    with warnings.catch_warnings():
        # Targets that are out of reach: what is predicted stands in the table.
        warnings.simplefilter("ignore", UserWarning)
        generator.fit(X, y, z, domains)
        fit_s = time.perf_counter() - start
        for name, params, n_unlabelled in settings(args):
            rng = np.random.default_rng(seed)
            unlabelled = test[0].iloc[rng.permutation(len(test[0]))[:n_unlabelled]]
            generator.set_params(**params).adapt(unlabelled if n_unlabelled else None)
            start = time.perf_counter()
            table = generator.sample(args.rows, random_state=seed)
            assert generator.tradeoff_ is not None
            predicted = generator.tradeoff_.at(generator.lambda_yz_)
            about = {
                "setting": name,
                "fit_s": fit_s,
                "lambda_yz": generator.lambda_yz_,
                "predicted_ACC": predicted["accuracy"],
                "predicted_R_DP": predicted["demographic_parity"],
                "predicted_R_EOp": predicted["equal_opportunity"],
                "positives": float(np.mean(table[1] == POSITIVE)),
                "sample_s": time.perf_counter() - start,
            }
            for row in teach(table, test, **how):
                yield {**row, **about}


def settings(args: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any], int]]:
    """Yield what to sample: a name, parameters, how many unlabelled rows are known.

    Parameters
    ----------
    args : Namespace
        The arguments of `main`.

    Yields
    ------
    tuple of (str, dict, int)
        First each `--lambda-yz` and `--fairness-target` where nothing is known of the
        target domain, then each target with each `--unlabelled`.
    """
    for strength in args.lambda_yz:
        params = {"lambda_yz": strength, "fairness_target": None}
        yield f"lambda_yz={strength:g}", params, 0
    for n_rows in (0, *args.unlabelled):
        known = f"{n_rows} unlabelled rows, " if n_rows else ""
        for target in args.fairness_target:
            params = {"lambda_yz": "auto", "fairness_target": target}
            yield f"{known}target {_text(target)}", params, n_rows


def _text(target: float | dict[str, float] | None) -> str:
    if target is None:
        return "none"
    ratios = target.values() if isinstance(target, dict) else [target]
    return "/".join(f"{ratio:g}" for ratio in ratios)


def fairness_target(text: str) -> float | dict[str, float] | None:
    """Return a fairness target of the command line.

    Parameters
    ----------
    text : str
        "none", a ratio of demographic parity, or two with a slash between: that and
        one of equal opportunity.
    """
    if text == "none":
        return None
    ratios = [float(ratio) for ratio in text.split("/")]
    return dict(zip(MEASURES, ratios, strict=False)) if ratios[1:] else ratios[0]


if __name__ == "__main__":
    sys.exit(main())
