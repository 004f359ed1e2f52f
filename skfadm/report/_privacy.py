"""What synthetic rows give away of the training rows: the attacks and their figures.

All that is measured here comes from encoded rows (:mod:`._tables`): training rows,
held-out rows, where there are some, and synthetic rows.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from ._neighbours import nearest
from ._tables import Matrix

Figures = dict[str, float]


def privacy(
    rows: Mapping[str, Matrix],
    scaled: Mapping[str, Matrix],
    is_category: NDArray[np.bool_],
) -> tuple[Figures, Figures]:
    """Return the figures of privacy, and what fresh real rows have instead.

    `rows` and `scaled` hold "real", "synthetic" and perhaps "holdout": all rows, in
    random order, and fewer with scaled numbers, for what searches neighbours.
    """
    values, reference = _copies(rows)
    synthetic, real = scaled["synthetic"], scaled["real"]
    if "holdout" not in scaled:
        to_real, _ = nearest(synthetic, real, is_category)
        among, _ = nearest(real, real, is_category, skip_self=True)
        values["nndr"], reference["nndr"] = map(distance_ratio, (to_real, among))
        return values, reference
    real, holdout = _equally_many(real, scaled["holdout"])
    to_real, to_holdout = (
        nearest(synthetic, base, is_category)[0] for base in (real, holdout)
    )
    values["nndr"], reference["nndr"] = map(distance_ratio, (to_real, to_holdout))
    values["dcr_share"] = nearer_share(to_real[:, 0], to_holdout[:, 0])
    values["membership_auc"] = membership_auc(real, holdout, synthetic, is_category)
    return values, reference


def _equally_many(one: Matrix, other: Matrix) -> tuple[Matrix, Matrix]:
    n = min(len(one), len(other))
    return one[:n], other[:n]


def _copies(rows: Mapping[str, Matrix]) -> tuple[Figures, Figures]:
    real, synthetic = rows["real"], rows["synthetic"]
    if "holdout" not in rows:
        # What a fresh row would do: real rows that equal another real row.
        repeated = float(pd.DataFrame(real).duplicated(keep=False).mean())
        return {"copies": copied_share(synthetic, real)}, {"copies": repeated}
    shares = [copied_share(synthetic, t) for t in _equally_many(real, rows["holdout"])]
    return {"copies": shares[0]}, {"copies": shares[1]}


def nearer_share(to_train: Matrix, to_holdout: Matrix) -> float:
    """Share of rows nearer to train than to holdout, ties counted half (DCR share)."""
    wins = (to_train < to_holdout) + 0.5 * (to_train == to_holdout)
    return float(np.mean(wins))


def distance_ratio(distances: Matrix) -> float:
    """Mean ratio of the nearest to the second nearest distance (NNDR), in [0, 1].

    Near 0, rows cling to single records. Where both distances are 0 the record is
    not single, and the ratio is 1.
    """
    first, second = distances.T
    ratio = np.ones(len(first))
    np.divide(first, second, out=ratio, where=second > 0)
    return float(ratio.mean())


def copied_share(rows: Matrix, table: Matrix) -> float:
    """Share of `rows` that equal a row of `table` in every column."""
    known = pd.DataFrame(table).drop_duplicates()
    found = pd.DataFrame(rows).merge(known, how="left", indicator="found")["found"]
    return float((found == "both").mean())


def membership_auc(
    train: Matrix, holdout: Matrix, synthetic: Matrix, is_category: NDArray[np.bool_]
) -> float:
    """AUC of guessing from the distance to the closest synthetic row who was in train.

    The attacker holds the synthetic table and a candidate row, and calls it a
    training row the more readily the closer a synthetic row is (Chen et al. 2020,
    GAN-Leaks, black box). 0.5: nothing is learnt; 1: every member is found.
    """
    distances = [nearest(t, synthetic, is_category)[0][:, 0] for t in (train, holdout)]
    member = np.repeat([1, 0], [len(train), len(holdout)])
    return float(roc_auc_score(member, -np.concatenate(distances)))
