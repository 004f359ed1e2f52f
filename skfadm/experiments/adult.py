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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from skfadm import FairDiffusionGenerator
from skfadm.datasets import fetch_adult
from skfadm.fair_control.calibration import FairnessCurve

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
    for sweep in sweeps(args, calibration):
        generator.set_params(lambda_z=sweep.lambda_z)
        asked = min(sweep.positives * share, 0.95)
        labels = {POSITIVE: asked, NEGATIVE: 1 - asked}
        strengths = list(sweep.strengths.values())
        start = time.perf_counter()
        tables = generator.sample_strengths(
            strengths, args.rows, labels, random_state=seed
        )
        seconds = time.perf_counter() - start
        for (name, strength), table in zip(
            sweep.strengths.items(), tables, strict=True
        ):
            about = {
                "setting": name,
                "lambda_yz": strength,
                "predicted_R_DP": calibration.ratio(strength, "demographic_parity"),
                "predicted_R_EOp": calibration.ratio(strength, "equal_opportunity"),
                "acceptance": calibration.acceptance(strength),
                # Of all the tables that are sampled together.
                "sample_s": seconds,
                # Kilobytes on Linux.
                "peak_GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
            }
            for row in teach(table, test, pos_label=POSITIVE, random_state=seed):
                yield {**base, **row, **about}


@dataclass(frozen=True)
class Sweep:
    """Tables that are sampled together: they differ in the coupling term alone.

    Parameters
    ----------
    lambda_z : float
        Strength of the entropy's gradient.
    positives : float
        Times the sources' share of positives.
    strengths : dict of str to float
        Settings by name, with their lambda_yz.
    """

    lambda_z: float
    positives: float
    strengths: dict[str, float]


def sweeps(args: argparse.Namespace, calibration: Any) -> Iterator[Sweep]:
    """Yield what to sample.

    Parameters
    ----------
    args : Namespace
        The arguments of `main`.
    calibration : FairnessCurve
        Tells the strengths of "auto".

    Yields
    ------
    Sweep
        Each lambda_z alone; all lambda_yz with the sources' share of positives, those
        of "auto" with others too.
    """
    for strength in args.lambda_z:
        yield Sweep(strength, 1.0, {f"lambda_z={strength:g}": 0.0})
    auto = auto_strengths(calibration, args.fairness_target)
    given = {f"lambda_yz={s:g}": s for s in args.lambda_yz}
    yield Sweep(0.0, 1.0, given | auto)
    for positives in args.positives:
        more = f", {positives:g} x positives"
        yield Sweep(0.0, positives, {name + more: s for name, s in auto.items()})


def auto_strengths(
    curve: FairnessCurve, targets: Sequence[float | str | None]
) -> dict[str, float]:
    """Return the strengths of "auto" by name.

    Parameters
    ----------
    curve : FairnessCurve
        Of the fitted generator.
    targets : sequence of float, str or None
        Values of `fairness_target`.
    """
    return {
        "auto" if target is None else f"auto, {target}": curve.strength(target)
        for target in targets
    }


def _options(args: argparse.Namespace) -> str:
    """Return what has to be the same for results to go into one table."""
    names = (
        "rows",
        "lambda_z",
        "lambda_yz",
        "fairness_target",
        "positives",
        "no_domains",
    )
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
    parser.add_argument("--lambda-yz", type=float, nargs="*", default=[0.0])
    parser.add_argument(
        "--fairness-target",
        type=fairness_target,
        nargs="*",
        default=[None],
        help="with lambda_yz=auto: a ratio, a measure to be brought to parity, or none",
    )
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


def fairness_target(text: str) -> float | str | None:
    """Return a fairness target of the command line: a ratio, a measure or none.

    Parameters
    ----------
    text : str
        The argument.
    """
    if text == "none":
        return None
    try:
        return float(text)
    except ValueError:
        return text


if __name__ == "__main__":
    sys.exit(main())
