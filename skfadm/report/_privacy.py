"""Whether synthetic rows give training rows away: DCR, NNDR, copies, membership."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from ._neighbours import nearest
from ._tables import Matrix


def nearer_share(to_train: Matrix, to_holdout: Matrix) -> float:
    """Share of rows nearer to train than to holdout, ties counted half (DCR share).

    Given are the distances of each row to the closest record of equally large tables.
    """
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


def repeated_share(table: Matrix) -> float:
    """Share of the rows of `table` that stand in it more than once."""
    return float(pd.DataFrame(table).duplicated(keep=False).mean())


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
