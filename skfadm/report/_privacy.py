"""What synthetic rows give away of the training rows: distances, and the attacks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ._attacks import attribute_inference, membership, singling_out
from ._neighbours import nearest, scale_numbers
from ._tables import Matrix, Tables
from ._trees import draw

Figures = dict[str, float]


def privacy(
    tables: Tables, max_rows: int, secrets: Sequence[int], seed: int
) -> tuple[Figures, Figures, dict[str, tuple[float, float, float]]]:
    """Return the distances, what fresh real rows have instead, and the attacks.

    Copies are looked for in all rows, neighbours in `max_rows` of each table.
    """
    rng = np.random.RandomState(seed)
    order = [n for n in ("real", "holdout", "synthetic") if n in tables.values]
    mixed = {n: draw(tables.values[n], len(tables.values[n]), rng) for n in order}
    real, synthetic = mixed["real"], mixed["synthetic"]
    if "holdout" not in mixed:
        # What a fresh row would do: real rows that equal another real row.
        repeated = float(pd.DataFrame(real).duplicated(keep=False).mean())
        return {"copies": _copied_share(synthetic, real)}, {"copies": repeated}, {}
    n = min(len(real), len(mixed["holdout"]))
    copies, by_chance = (
        _copied_share(synthetic, mixed[name][:n]) for name in ("real", "holdout")
    )
    is_category = tables.is_category
    drawn = [rows[:max_rows] for rows in mixed.values()]
    real, holdout, synthetic = scale_numbers(drawn, is_category, over=2)
    n = min(len(real), len(holdout))
    to_real, to_holdout = (
        nearest(synthetic, base[:n], is_category)[0] for base in (real, holdout)
    )
    nearer = (to_real < to_holdout) + 0.5 * (to_real == to_holdout)
    rows = real, holdout, synthetic, is_category
    auc, found = membership(*rows, rng)
    attacks = {
        "membership_auc": auc,
        "membership_tpr": found,
        "attribute_inference": attribute_inference(*rows, secrets),
        "singling_out": singling_out(*rows, rng),
    }
    values = {"dcr_share": float(nearer.mean()), "copies": copies}
    return values, {"copies": by_chance}, attacks


def _copied_share(rows: Matrix, table: Matrix) -> float:
    """Share of `rows` that equal a row of `table` in every column."""
    known = pd.DataFrame(table).drop_duplicates()
    found = pd.DataFrame(rows).merge(known, how="left", indicator="found")["found"]
    return float((found == "both").mean())
