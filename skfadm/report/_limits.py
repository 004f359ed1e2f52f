"""The figures of a report: their names, what they mean, and where they turn bad."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

#: Figures with an interval, all of which must lie beyond the limit to be bad.
ATTACKS = ("membership_auc", "membership_tpr", "attribute_inference", "singling_out")
#: Figures whose limit is relative to what real rows reach.
_RELATIVE = ("tstr_auc", "tstr_accuracy", "copies")
#: So much worse than what real rows reach is no figure bad.
_SLACK = 0.02


class Figure(NamedTuple):
    """What is known of a figure before it is measured."""

    name: str
    group: str
    measure: str
    #: Where the figure turns bad. NaN: it says in other words what another one says.
    beyond: str
    limit: float
    #: What it answers, and how to read it; what it means when it is bad.
    question: str
    meaning: str


FIGURES = (
    Figure("column_shapes", "fidelity", "column shapes", "below", 0.90,
           "Is each column distributed as in the real table? 1: all are.",
           "single columns are distributed differently"),
    Figure("pair_trends", "fidelity", "pair trends", "below", 0.95,
           "Do columns depend on each other as in the real table? 1: all do.",
           "columns depend on each other differently than in the real table"),
    Figure("pair_trends_sdmetrics", "fidelity", "pair trends, SDMetrics", "below",
           np.nan, "As published figures have it, in bins of each table alone.", ""),
    Figure("missing_values", "fidelity", "missing values", "below", 0.95,
           "Are values missing as often as in the real table? 1: in every column.",
           "a column has more, or fewer, missing values than in the real table"),
    Figure("c2st_auc", "fidelity", "real-or-generated AUC", "above", 0.70,
           "Can trees tell synthetic rows from real ones? 0.5: no, 1: always.",
           "trees easily tell synthetic rows from real ones"),
    Figure("c2st_auc_holdout", "fidelity", "real-or-generated AUC, holdout", "above",
           0.70, "Can trees tell synthetic rows from unseen real ones? 0.5: no.",
           "trees easily tell synthetic rows from unseen real ones"),
    Figure("tstr_auc", "use", "train-on-synthetic AUC", "below", -0.03,
           "Does a classifier of synthetic rows rank real ones as one of real rows?",
           "a classifier trained on synthetic rows ranks real rows worse"),
    Figure("tstr_accuracy", "use", "train-on-synthetic accuracy", "below", -0.03,
           "Is a classifier of synthetic rows right as often as one of real rows?",
           "a classifier trained on synthetic rows is less often right"),
    Figure("membership_auc", "privacy", "membership AUC", "above", 0.52,
           "Can an attacker tell who was in the training table? 0.5: no, 1: always.",
           "an attacker can tell who was in the training table"),
    Figure("membership_tpr", "privacy", "members found at 1 % FPR", "above", 0.03,
           "How many training rows does he find when he errs on 1 % of others? 0.01: "
           "as many as by chance.",
           "some training rows are recognised almost for sure"),
    Figure("attribute_inference", "privacy", "attribute inference", "above", 0.02,
           "How much more often does he guess a value of training rows than of others?",
           "values of training rows can be guessed better than those of others"),
    Figure("singling_out", "privacy", "singling out", "above", 0.02,
           "How much more often does he describe a single training row than another?",
           "descriptions taken from synthetic rows isolate training rows"),
    Figure("dcr_share", "privacy", "DCR share", "above", 0.55,
           "Are synthetic rows nearer to training rows than to unseen ones? 0.5: no.",
           "synthetic rows lie nearer to training rows than to unseen ones"),
    Figure("copies", "privacy", "exact copies", "above", 0.01,
           "Do synthetic rows equal training rows no more often than real rows do?",
           "training rows are copied more often than chance explains"),
)  # fmt: skip


def judge(
    values: Mapping[str, float],
    reference: Mapping[str, float],
    n_rows: Mapping[str, int],
    intervals: Mapping[str, tuple[float, float]],
) -> pd.DataFrame:
    """Return one row a figure, with what is known of it; NaN where not measured.

    No limit is stricter than what real rows reach. Limits of other figures than the
    attacks, which have intervals, allow for two standard errors in tables of this size
    if nothing is wrong: neighbours are shared, so a share of synthetic rows is only as
    sure as the smallest table.
    """
    smallest = min(n_rows.values())
    rows = {}
    for figure in FIGURES:
        value, real = (of.get(figure.name, np.nan) for of in (values, reference))
        low, high = intervals.get(figure.name, (np.nan, np.nan))
        is_attack = figure.name in ATTACKS
        limit, sign = figure.limit, 1 if figure.beyond == "above" else -1
        if figure.name in _RELATIVE:
            limit += real
        elif not is_attack:
            limit = sign * np.fmax(sign * limit, sign * real + _SLACK)
        if not is_attack:
            variance = 0.25  # of a share of one half; others are surer
            if figure.name.startswith("c2st"):
                variance = 1 / 6  # of Mann-Whitney's statistic of as many rows
            elif figure.name == "copies":
                variance = 2 * real * (1 - real)
            limit += sign * 2 * np.sqrt(variance / smallest)
        if np.isnan(figure.limit):
            limit = np.nan
        surely = low if is_attack and figure.name in intervals else value
        rows[figure.name] = figure._asdict() | {
            "value": value,
            "low": low,
            "high": high,
            "reference": real,
            "limit": limit,
            "bad": bool(sign * surely > sign * limit),
        }
    return pd.DataFrame.from_dict(rows, orient="index")
