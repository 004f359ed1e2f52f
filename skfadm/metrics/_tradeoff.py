"""What generated rows teach, for several strengths of fair control."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from sklearn.utils.validation import check_is_fitted

from .._validation import check_n_samples
from ._downstream import fit_on_generated
from ._ratios import RATIOS
from ._scorer import FairnessScorer


def measure_tradeoff(
    generator: Any,
    X: Any,
    y: Any,
    z: Any,
    *,
    strengths: Sequence[float],
    real_rows: tuple[Any, Any] | None = None,
    ratio: str = "demographic_parity_ratio",
    pos_label: Any,
    classifier: Any,
    n_samples: int,
    n_repeats: int = 3,
    random_state: int,
) -> dict[str, Any]:
    """Return the parameters of a display, for those of `from_estimator`."""
    if ratio not in RATIOS:
        raise ValueError(f"ratio must be among {list(RATIOS)}, got {ratio!r}.")
    check_n_samples(n_repeats, "n_repeats")
    check_is_fitted(generator)
    if getattr(generator, "tradeoff_", None) is None:
        raise ValueError(
            "generator has no lambda_yz that could act: it has been fitted without "
            "z or is no FairDiffusionGenerator."
        )
    # Parameters that were set since the last call that sampled take effect.
    generator.sample(1, random_state=random_state)
    auto = generator.lambda_yz_ if generator.lambda_yz == "auto" else None
    taken = list(strengths)
    if taken and auto is not None:
        taken = sorted({*taken, auto})
    seeds = [random_state + r for r in range(n_repeats)]
    scorer = FairnessScorer(("accuracy", ratio), pos_label=pos_label)

    def score(table: tuple[Any, Any], seed: int) -> dict[str, float]:
        fitted = fit_on_generated(classifier, *table, random_state=seed)
        scores: Any = scorer.score(fitted, X, y, z=z)
        return scores

    found = []
    for seed in seeds:
        tables = generator.sample_strengths(taken, n_samples, random_state=seed)
        found.append([score(table, seed) for table in tables])
    accuracy, ratios = (
        np.array([[s[measure] for s in scores] for scores in found])
        for measure in ("accuracy", ratio)
    )
    real = None
    if real_rows is not None:
        scores = pd.DataFrame([score(real_rows, seed) for seed in seeds]).mean()
        real = (scores[ratio], scores["accuracy"])
    labels = np.unique(np.asarray(y))
    if pos_label is None and len(labels) == 2:
        pos_label = labels[1]
    return {
        "strengths": np.asarray(taken, dtype=float),
        "accuracy": accuracy.mean(axis=0),
        "ratio": ratios.mean(axis=0),
        "accuracy_interval": _interval_of_mean(accuracy),
        "ratio_interval": _interval_of_mean(ratios),
        "ratio_name": ratio,
        "auto": auto,
        "real": real,
        "pos_label": pos_label,
    }


def _interval_of_mean(scores: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return 95 % intervals of the means over the rows of `scores`, None of one row."""
    n_repeats = len(scores)
    if n_repeats < 2:
        return None
    half = stats.t.ppf(0.975, n_repeats - 1) * stats.sem(scores, axis=0)
    mean = scores.mean(axis=0)
    return np.stack([mean - half, mean + half], axis=1).clip(0.0, 1.0)
