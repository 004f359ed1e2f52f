"""From the rows of a run to tables."""

from __future__ import annotations

import pandas as pd

from .._running import half_width
from ..downstream import RATIOS, over_targets
from .settings import METHODS

KEYS = ["classifier", "rule", "method"]
#: What a row costs: rows drawn in training, seconds of training and generation.
COSTS = ["row_visits", "seconds"]
_TIMES = ["fit_s", "sample_s", "teach_s"]


def averages(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each classifier, rule and method over targets and seeds, with its cost.

    Accuracy is in percent. Where nothing is generated, the seconds are those of the
    classifiers. Trainings that diverged are counted as "failed".
    """
    rows = _in_percent(rows)
    rows = rows.reindex(columns=rows.columns.union([*_TIMES, "row_visits"], sort=False))
    spent = (rows["fit_s"] + rows["sample_s"]).fillna(rows["teach_s"])
    grouped = rows.assign(seconds=spent).groupby(KEYS)
    failed = grouped["ACC"].agg(lambda scores: scores.isna().sum()).rename("failed")
    table = over_targets(rows, KEYS).join(grouped[COSTS].mean()).join(failed)
    return table.reindex(list(METHODS), level="method")


def by_target(rows: pd.DataFrame) -> pd.DataFrame:
    """Return means over seeds and half their 95 % intervals for each target."""
    rates = [c for c in rows if c.startswith(("rate ", "TPR "))]
    grouped = _in_percent(rows).groupby([*KEYS, "target"], sort=False)
    grouped = grouped[["ACC", *RATIOS, *rates]]
    return grouped.mean().join(grouped.agg(half_width).add_suffix(" +-"))


def text(rows: pd.DataFrame, classifier: str) -> str:
    """Return one classifier's averages and races, to be printed.

    A row that is chosen by accuracy whatever the rule stands once.
    """
    means, races = averages(rows).loc[classifier], by_target(rows).loc[classifier]
    shown = [c for c in means if not c.endswith(" targets")]
    own = [
        (rule, method) for rule, method in means.index if rule in METHODS[method].rules
    ]
    each = races[["ACC", "R_DP", "R_EOp"]].unstack("target").swaplevel(axis=1)
    each = each.sort_index(axis=1, level=0, sort_remaining=False)
    tables = (means.loc[own, shown], each.loc[own])
    return "\n\n".join(
        table.round(2).T.to_string(na_rep="-", sparsify=False) for table in tables
    )


def _in_percent(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(ACC=rows["ACC"] * 100.0)
