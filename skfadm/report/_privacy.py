"""What synthetic rows give away of the training rows: distances, and the attacks.

All that is measured here comes from encoded rows (:mod:`._tables`): training rows,
held-out rows, where there are some, and synthetic rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._attacks import attribute_inference, membership, singling_out
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
    return values, reference


def attacks(
    scaled: Mapping[str, Matrix],
    is_category: NDArray[np.bool_],
    secrets: Sequence[int],
    rng: np.random.RandomState,
) -> dict[str, tuple[float, float, float]]:
    """Return what each attack gains, with its interval; nothing without a holdout."""
    if "holdout" not in scaled:
        return {}
    rows = scaled["real"], scaled["holdout"], scaled["synthetic"]
    auc, found = membership(*rows, is_category, rng)
    return {
        "membership_auc": auc,
        "membership_tpr": found,
        "attribute_inference": attribute_inference(*rows, is_category, secrets),
        "singling_out": singling_out(*rows, is_category, rng),
    }


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
