"""Strengths of guidance on Adult, one race held out: ``python -m`` this module.

For each target race a generator is fitted on the other four, and classifiers that are
trained on its rows alone are asked about the target. One row of the output is one
classifier at one setting; figures of real source rows are added.
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

POSITIVE = ">50K"


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
    rows: list[dict[str, Any]] = []
    for target in args.target or sorted(set(data.domains)):
        for seed in range(args.seeds):
            for row in run(data, target, seed, args):
                rows.append(row)
                if args.out is not None:
                    pd.DataFrame(rows).to_csv(args.out, index=False)
    table = pd.DataFrame(rows).drop(columns="seed")
    keys = ["target", "setting", "classifier"]
    means = table.groupby(keys, sort=False).mean(numeric_only=True)
    print(means.round(3).to_string())
    return 0


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
    base = {"target": target, "seed": seed}
    for row in teach((X, y), test, pos_label=POSITIVE, random_state=seed):
        yield {**base, "setting": "real rows", **row}
    generator = FairDiffusionGenerator(memory=args.memory, verbose=1, random_state=seed)
    start = time.perf_counter()
    generator.fit(X, y, z, data.domains[~held_out])
    base["fit_s"] = time.perf_counter() - start
    calibration: Any = generator.calibration_
    for setting in settings(args):
        generator.set_params(**setting)
        given = setting["lambda_yz"]
        strength = generator.lambda_yz_ if given == "auto" else given
        start = time.perf_counter()
        table = generator.sample(args.rows, random_state=seed)
        took = {
            "sample_s": time.perf_counter() - start,
            "lambda_yz": strength,
            "predicted_R_DP": calibration.ratio(strength, "demographic_parity"),
            "acceptance": calibration.acceptance(strength),
            # Kilobytes on Linux.
            "peak_GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        }
        name = ", ".join(f"{k}={v}" for k, v in setting.items() if v) or "no control"
        for row in teach(table, test, pos_label=POSITIVE, random_state=seed):
            yield {**base, "setting": name, **row, **took}


def settings(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the strengths to sample with, as parameters of the generator."""
    entropy = [{"lambda_z": s, "lambda_yz": 0.0} for s in args.lambda_z]
    coupling = [{"lambda_z": 0.0, "lambda_yz": s} for s in args.lambda_yz]
    return entropy + coupling


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
    parser.add_argument("--memory", help="folder that keeps trainings")
    parser.add_argument("--out", type=Path, help="CSV to write")
    return parser


def _strength(text: str) -> float | str:
    return text if text == "auto" else float(text)


if __name__ == "__main__":
    sys.exit(main())
