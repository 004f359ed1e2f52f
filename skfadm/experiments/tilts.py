"""The tilt of fair control without a generator, on Adult: ``python -m`` this module.

The labels of the real source rows are drawn anew from the posterior that an ideal
sampler would give them, and classifiers trained on these rows are asked about the race
that was held out. What is lost here is the tilt's doing; what generated rows lose
beyond it is the generator's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from skfadm._classifiers import default_classifier
from skfadm._group_cells import fit_group_cells
from skfadm.datasets import fetch_adult
from skfadm.diffusion.fair_control import FairControl
from skfadm.fair_control import Calibration, pointwise_mutual_information

from .downstream import teach

POSITIVE = ">50K"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the experiment and print the mean over the targets.

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
        for seed in range(args.first_seed, args.first_seed + args.seeds):
            rows.extend(run(data, target, seed, args))
            if args.out is not None:
                pd.DataFrame(rows).to_csv(args.out, index=False)
    table = pd.DataFrame(rows)
    keys = ["tilt", "setting", "positives", "classifier"]
    by_seed = table.groupby([*keys, "seed"], sort=False).mean(numeric_only=True)
    means = by_seed.groupby(keys, sort=False).mean()
    print(means.round(3).to_string())
    return 0


def run(
    data: Any, target: str, seed: int, args: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    """Yield a row for each tilt, strength and share of positives of one target.

    Parameters
    ----------
    data : Bunch
        Of `fetch_adult`.
    target : str
        The race that is held out.
    seed : int
        Seed of folds, labels and classifiers.
    args : Namespace
        The arguments of `main`.

    Yields
    ------
    dict
        Setting, what was predicted on the source rows, and scores on the target.
    """
    held_out = np.asarray(data.domains == target)
    X = data.data[~held_out]
    test = tuple(a[held_out] for a in (data.data, data.target, data.z))
    rng = np.random.default_rng(seed)
    for tilt, calibration in calibrations(data, held_out, seed).items():
        curve = calibration.curve()
        for given in args.lambda_yz:
            strength = curve.strength(args.target_ratio) if given == "auto" else given
            for positives in args.positives:
                posterior = tilted_posterior(calibration, strength, positives)
                labels = np.where(rng.random(len(X)) < posterior, POSITIVE, "<=50K")
                base = {
                    "target": target,
                    "seed": seed,
                    "tilt": tilt,
                    "setting": str(given),
                    "positives": positives,
                    "lambda_yz": strength,
                    "predicted_R_DP": curve.ratio(strength, "demographic_parity"),
                    "acceptance": curve.acceptance(strength),
                }
                for row in teach(
                    (X, labels),
                    test,
                    pos_label=POSITIVE,
                    random_state=seed,
                    names=args.classifier,
                ):
                    yield {**base, **row}


def calibrations(
    data: Any, held_out: NDArray[np.bool_], seed: int
) -> dict[str, Calibration]:
    """Return what a generator's calibration knows, from cross-fitted boosting.

    Parameters
    ----------
    data : Bunch
        Of `fetch_adult`.
    held_out : ndarray of shape (n_samples,), bool
        Rows that must not be looked at.
    seed : int
        Seed of the folds.

    Returns
    -------
    dict
        A calibration for each tilt: the coupling of groups alone, and that of groups
        and cells, which is the package's.
    """
    sources = ~held_out
    y, z, domains = (
        pd.factorize(np.asarray(a)[sources], sort=True)[0].astype(np.int64)
        for a in (data.target, data.z, data.domains)
    )
    p_y, p_z = (_cross_fitted(data.data[sources], a, 2 * y + z, seed) for a in (y, z))
    pmi = torch.as_tensor(pointwise_mutual_information(p_y.argmax(1), z, 2, 2))
    tilts = {"groups": None, "groups and cells": fit_group_cells(p_y, p_z)}
    out = {}
    for name, cells in tilts.items():
        fair_control = FairControl(_unused, (pmi,), 1.0, cells)
        coupling = fair_control.excess([torch.as_tensor(p_z).log()]).numpy()
        out[name] = Calibration(np.log(p_y), coupling, y, z[:, None], domains)
    return out


def tilted_posterior(
    calibration: Calibration, strength: float, positives: float
) -> NDArray[np.float64]:
    """Return q(y = 1 | x) of tilted rows with so many times the positives, (n,)."""
    logits = calibration.logits(strength)
    share = calibration.y.mean()
    asked = min(positives * share, 0.95)
    more = np.log(asked / share) - np.log((1 - asked) / (1 - share))
    return 1 / (1 + np.exp(logits[:, 0] - logits[:, 1] - more))


def _cross_fitted(
    X: pd.DataFrame, labels: NDArray[np.int64], strata: NDArray[np.int64], seed: int
) -> NDArray[np.float64]:
    folds = StratifiedKFold(4, shuffle=True, random_state=seed).split(X, strata)
    model = clone(default_classifier())
    # Small steps and leaves of many rows keep the probabilities calibrated.
    model[-1].set_params(learning_rate=0.08, max_leaf_nodes=16, random_state=seed)
    p = cross_val_predict(model, X, labels, cv=folds, method="predict_proba")
    return np.clip(p, 1e-6, 1.0)


def _unused(x: Any, t: Any) -> Any:
    raise NotImplementedError("The probabilities are given.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m skfadm.experiments.tilts", description=__doc__
    )
    parser.add_argument("--data", type=Path, help="folder with the files of UCI")
    parser.add_argument("--target", action="append", help="a race (default: all)")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--lambda-yz", type=_strength, nargs="*", default=[0.0, "auto"])
    parser.add_argument("--positives", type=float, nargs="*", default=[1.0, 1.3])
    parser.add_argument("--target-ratio", default="demographic_parity")
    parser.add_argument("--classifier", nargs="*", default=["GB"])
    parser.add_argument("--out", type=Path, help="CSV to write")
    return parser


def _strength(text: str) -> float | str:
    return text if text == "auto" else float(text)


if __name__ == "__main__":
    sys.exit(main())
