"""The tilt of fair control without a generator, on Adult: ``python -m`` this module.

The labels of the real source rows are drawn anew from the posterior that an ideal
sampler would give them, and classifiers trained on these rows are asked about the race
that was held out. What is lost here is the tilt's doing; what generated rows lose
beyond it is the generator's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from skfadm._downstream import default_classifier
from skfadm.datasets import fetch_adult
from skfadm.fair_control._tilt_path import STRENGTHS, Predictions, follow
from skfadm.fair_control.calibration import Calibration, FairnessCurve

from .adult import auto_strengths, fairness_target
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
    for name, tilt in ideal_tilts(data, held_out, seed).items():
        curve = tilt.curve
        auto = auto_strengths(curve, args.fairness_target)
        given = {f"{strength:g}": strength for strength in args.lambda_yz}
        for setting, strength in (given | auto).items():
            for positives in args.positives:
                posterior = tilt.posterior(strength, positives)
                labels = np.where(rng.random(len(X)) < posterior, POSITIVE, "<=50K")
                base = {
                    "target": target,
                    "seed": seed,
                    "tilt": name,
                    "setting": setting,
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


@dataclass(frozen=True)
class IdealTilt:
    """What a sampler that makes no error would teach.

    Parameters
    ----------
    calibration : Calibration
        The source rows.
    coupling : callable
        Returns the coupling (n, 2) of a strength.
    curve : FairnessCurve
        What is predicted for each strength.
    """

    calibration: Calibration
    coupling: Callable[[float], NDArray[np.float64]]
    curve: FairnessCurve

    def posterior(self, strength: float, positives: float) -> NDArray[np.float64]:
        """Return q(y = 1 | x) of tilted rows with so many times the positives, (n,)."""
        logits = self.calibration.logits(self.coupling(strength))
        share = self.calibration.y.mean()
        asked = min(positives * share, 0.95)
        more = np.log(asked / share) - np.log((1 - asked) / (1 - share))
        return 1 / (1 + np.exp(logits[:, 0] - logits[:, 1] - more))


def ideal_tilts(
    data: Any, held_out: NDArray[np.bool_], seed: int
) -> dict[str, IdealTilt]:
    """Return tilts with what a generator knows, from cross-fitted boosting.

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
        "groups", whose coupling is in proportion to the strength throughout, and
        "path", the package's, which goes on by cells beyond 1.
    """
    sources = ~held_out
    y, z, domains = (
        pd.factorize(np.asarray(a)[sources], sort=True)[0].astype(np.int64)
        for a in (data.target, data.z, data.domains)
    )
    p_y, p_z = (_cross_fitted(data.data[sources], a, 2 * y + z, seed) for a in (y, z))
    calibration = Calibration(np.log(p_y), y, z[:, None], domains)
    path, curve = follow(calibration, [p_z])
    of_groups = p_z @ path.pmi[0].T
    predictions = Predictions(calibration)
    for strength in STRENGTHS:
        predictions.add(strength * of_groups)
    log_p_z = [torch.as_tensor(p_z).log()]
    return {
        "groups": IdealTilt(
            calibration, lambda s: s * of_groups, predictions.curve(STRENGTHS)
        ),
        "path": IdealTilt(
            calibration, lambda s: path.tilt(s).coupling(log_p_z).numpy(), curve
        ),
    }


def _cross_fitted(
    X: pd.DataFrame, labels: NDArray[np.int64], strata: NDArray[np.int64], seed: int
) -> NDArray[np.float64]:
    folds = StratifiedKFold(4, shuffle=True, random_state=seed).split(X, strata)
    model = clone(default_classifier())
    # Small steps and leaves of many rows keep the probabilities calibrated.
    model[-1].set_params(learning_rate=0.08, max_leaf_nodes=16, random_state=seed)
    p = cross_val_predict(model, X, labels, cv=folds, method="predict_proba")
    return np.clip(p, 1e-6, 1.0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m skfadm.experiments.tilts", description=__doc__
    )
    parser.add_argument("--data", type=Path, help="folder with the files of UCI")
    parser.add_argument("--target", action="append", help="a race (default: all)")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--lambda-yz", type=float, nargs="*", default=[0.0])
    parser.add_argument(
        "--fairness-target",
        type=fairness_target,
        nargs="*",
        default=[None, 0.8, "demographic_parity"],
    )
    parser.add_argument("--positives", type=float, nargs="*", default=[1.0])
    parser.add_argument("--classifier", nargs="*", default=["GB"])
    parser.add_argument("--out", type=Path, help="CSV to write")
    return parser


if __name__ == "__main__":
    sys.exit(main())
