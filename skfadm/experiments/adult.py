"""Strengths of guidance on Adult, one race held out: ``python -m`` this module.

For each target race a generator is fitted on the other four, and classifiers that are
trained on its rows alone are asked about the target. One row of the output is one
classifier at one setting; figures of real source rows are added. Started again with the
same ``--out``, it goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from skfadm import FairDiffusionGenerator
from skfadm.datasets import fetch_adult

from .downstream import teach
from .table1.results import half_width

POSITIVE, NEGATIVE = ">50K", "<=50K"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the experiment and print its table.

    Parameters
    ----------
    argv : sequence of str, default=None
        The arguments; None means those of the process.

    Returns
    -------
    int
        The exit code.
    """
    args = _parser().parse_args(argv)
    data = fetch_adult(data_home=args.data)
    table = pd.DataFrame()
    if args.out is not None and args.out.exists():
        table = pd.read_csv(args.out)
        if set(table.get("options", [""])) != {_options(args)}:
            raise SystemExit(f"{args.out} holds other options than {_options(args)}")
    done = set(zip(table.get("target", []), table.get("seed", []), strict=True))
    for seed in range(args.seeds):
        for target in args.target or sorted(set(data.domains)):
            if (target, seed) in done:
                continue
            rows = pd.DataFrame(run(data, target, seed, args))
            table = pd.concat([table, rows], ignore_index=True)
            if args.out is not None:
                table.to_csv(args.out, index=False)
    print(summary(table).round(3).to_string())
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
    held_out = np.asarray(data.domains == target)
    X, y, z = (a[~held_out] for a in (data.data, data.target, data.z))
    test = tuple(a[held_out] for a in (data.data, data.target, data.z))
    base = {"target": target, "seed": seed, "options": _options(args)}
    for row in teach((X, y), test, pos_label=POSITIVE, random_state=seed):
        yield {**base, "setting": "real rows", **row}
    generator = FairDiffusionGenerator(memory=args.memory, verbose=1, random_state=seed)
    start = time.perf_counter()
    generator.fit(X, y, z, None if args.no_domains else data.domains[~held_out])
    base["fit_s"] = time.perf_counter() - start
    calibration: Any = generator.calibration_
    share = float(np.mean(y == POSITIVE))
    for setting, positives in settings(args):
        generator.set_params(**setting)
        given = setting["lambda_yz"]
        strength = generator.lambda_yz_ if given == "auto" else given
        asked = min(positives * share, 0.95)
        labels = {POSITIVE: asked, NEGATIVE: 1 - asked}
        start = time.perf_counter()
        table = generator.sample(args.rows, labels, random_state=seed)
        took = {
            "sample_s": time.perf_counter() - start,
            "lambda_yz": strength,
            "predicted_R_DP": calibration.ratio(strength, "demographic_parity"),
            "acceptance": calibration.acceptance(strength),
            # Kilobytes on Linux.
            "peak_GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        }
        name = ", ".join(f"{k}={v}" for k, v in setting.items() if v) or "no control"
        if positives != 1.0:
            name += f", {positives:g} x positives"
        for row in teach(table, test, pos_label=POSITIVE, random_state=seed):
            yield {**base, "setting": name, **row, **took}


def settings(args: argparse.Namespace) -> list[tuple[dict[str, Any], float]]:
    """Return strengths of the generator, and times the positives of the sources.

    Parameters
    ----------
    args : Namespace
        The arguments of `main`.

    Returns
    -------
    list of (dict, float)
        Every strength with the sources' share of positives, then "auto" with others.
    """
    entropy = [{"lambda_z": s, "lambda_yz": 0.0} for s in args.lambda_z]
    coupling = [{"lambda_z": 0.0, "lambda_yz": s} for s in args.lambda_yz]
    auto = {"lambda_z": 0.0, "lambda_yz": "auto"}
    return [
        *((setting, 1.0) for setting in [*entropy, *coupling]),
        *((auto, share) for share in args.positives),
    ]


def _options(args: argparse.Namespace) -> str:
    """Return what has to be the same for results to go into one table."""
    names = ("rows", "lambda_z", "lambda_yz", "positives", "no_domains")
    return ", ".join(f"{name}={getattr(args, name)}" for name in names)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m skfadm.experiments.adult", description=__doc__
    )
    parser.add_argument("--data", type=Path, help="folder with the files of UCI")
    parser.add_argument("--target", action="append", help="a race (default: all)")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--lambda-z", type=float, nargs="*", default=[])
    parser.add_argument("--lambda-yz", type=_strength, nargs="*", default=[0.0, "auto"])
    parser.add_argument(
        "--positives",
        type=float,
        nargs="*",
        default=[],
        help="times the sources' share of positives, with lambda_yz=auto",
    )
    parser.add_argument("--no-domains", action="store_true", help="no meta-learning")
    parser.add_argument("--memory", help="folder that keeps trainings")
    parser.add_argument("--out", type=Path, help="CSV to write")
    return parser


def _strength(text: str) -> float | str:
    return text if text == "auto" else float(text)


if __name__ == "__main__":
    sys.exit(main())
