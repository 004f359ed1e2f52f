"""The figures of a report: their names, what is perfect, and where they turn bad."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
import pandas as pd

_SLACK = 0.02
_AREAS = ("c2st_auc", "c2st_auc_holdout")
#: Figures with an interval, all of which must lie beyond the limit to be bad.
ATTACKS = ("membership_auc", "membership_tpr", "attribute_inference", "singling_out")
#: With fewer rows of a kind, no attack can find enough to speak of privacy.
MIN_ATTACKED = 100


@dataclass(frozen=True)
class Figure:
    """What is known of a figure before it is measured."""

    name: str
    group: str
    title: str
    #: The best value; where `relative`, only for want of a reference.
    perfect: float
    #: Beyond it the figure is bad; where `relative`, beyond the reference plus it. NaN
    #: for a figure that says in other words what another one says.
    limit: float
    more_is_better: bool
    #: What it answers, and how to read it; what it means when it is bad.
    question: str
    meaning: str
    relative: bool = False


FIGURES = (
    Figure("column_shapes", "fidelity", "column shapes", 1.0, 0.90, True,
           "Is each column distributed as in the real table? 1: all are.",
           "single columns are distributed differently"),
    Figure("pair_trends", "fidelity", "pair trends", 1.0, 0.95, True,
           "Do columns depend on each other as in the real table? 1: all do.",
           "columns depend on each other differently than in the real table"),
    Figure("pair_trends_sdmetrics", "fidelity", "pair trends, SDMetrics", 1.0, np.nan,
           True, "The same as published figures have it, in bins of each table alone.",
           ""),
    Figure("missing_values", "fidelity", "missing values", 1.0, 0.95, True,
           "Are values missing as often as in the real table? 1: in every column.",
           "a column has more, or fewer, missing values than in the real table"),
    Figure("c2st_auc", "fidelity", "real-or-generated AUC", 0.5, 0.70, False,
           "Can trees tell synthetic rows from real ones? 0.5: no, 1: always.",
           "trees easily tell synthetic rows from real ones"),
    Figure("c2st_score", "fidelity", "C2ST score", 1.0, np.nan, True,
           "The real-or-generated AUC on the scale of the literature; 1 is best.", ""),
    Figure("c2st_auc_holdout", "fidelity", "real-or-generated AUC, holdout", 0.5, 0.70,
           False, "Can trees tell synthetic rows from unseen real ones? 0.5: no.",
           "trees easily tell synthetic rows from unseen real ones"),
    Figure("alpha_precision", "fidelity", "alpha-precision", 1.0, 0.90, True,
           "Are synthetic rows typical of the real ones? 1 is best.",
           "rows lie farther from, or nearer to, the centre than real rows do"),
    Figure("beta_recall", "fidelity", "beta-recall", 0.5, -0.10, True,
           "Do synthetic rows cover the real ones? Best: as far as fresh rows do.",
           "parts of the real table are not covered", relative=True),
    Figure("tstr_auc", "use", "train-on-synthetic AUC", np.nan, -0.03, True,
           "Does a classifier of synthetic rows rank real ones as one of real rows?",
           "a classifier trained on synthetic rows ranks real rows worse",
           relative=True),
    Figure("tstr_accuracy", "use", "train-on-synthetic accuracy", np.nan, -0.03, True,
           "Is a classifier of synthetic rows right as often as one of real rows?",
           "a classifier trained on synthetic rows is less often right",
           relative=True),
    Figure("membership_auc", "privacy", "membership AUC", 0.5, 0.52, False,
           "Can an attacker tell who was in the training table? 0.5: no, 1: always.",
           "an attacker can tell who was in the training table"),
    Figure("membership_tpr", "privacy", "members found at 1 % FPR", 0.01, 0.03, False,
           "How many training rows does he find when he errs on 1 % of others? 0.01: "
           "as many as by chance.",
           "some training rows are recognised almost for sure"),
    Figure("attribute_inference", "privacy", "attribute inference", 0.0, 0.02, False,
           "How much more often does he guess a value of training rows than of others?",
           "values of training rows can be guessed better than those of others"),
    Figure("singling_out", "privacy", "singling out", 0.0, 0.02, False,
           "How much more often does he describe a single training row than another?",
           "descriptions taken from synthetic rows isolate training rows"),
    Figure("dcr_share", "privacy", "DCR share", 0.5, 0.55, False,
           "Are synthetic rows nearer to training rows than to unseen ones? 0.5: no.",
           "synthetic rows lie nearer to training rows than to unseen ones"),
    Figure("nndr", "privacy", "distance ratio (NNDR)", np.nan, -0.05, True,
           "Do synthetic rows cling to single training rows no more than real rows do?",
           "synthetic rows cling to single training rows", relative=True),
    Figure("copies", "privacy", "exact copies", np.nan, 0.01, False,
           "Do synthetic rows equal training rows no more often than real rows do?",
           "training rows are copied more often than chance explains", relative=True),
)  # fmt: skip

#: What a column or pair may lose (1 - its score) without being worth a look. The limits
#: of the figures are those of means, which a single pair may exceed.
COLUMN_LIMIT, PAIR_LIMIT = 0.10, 0.10


def judge(
    values: Mapping[str, float],
    reference: Mapping[str, float],
    n_rows: Mapping[str, int],
    intervals: Mapping[str, tuple[float, float]],
) -> pd.DataFrame:
    """Return one row a figure, with what is known of it; NaN where not measured."""
    rows = {}
    for figure in FIGURES:
        value = values.get(figure.name, np.nan)
        real = reference.get(figure.name, np.nan)
        limit = limit_of(figure, real, n_rows)
        low, high = intervals.get(figure.name, (np.nan, np.nan))
        surely = low if figure.name in intervals else value
        rows[figure.name] = {
            "measure": figure.title,
            "value": value,
            "low": low,
            "high": high,
            "reference": real,
            "beyond": "below" if figure.more_is_better else "above",
            "limit": limit,
            "bad": bool(value < limit if figure.more_is_better else surely > limit),
        } | {name: getattr(figure, name) for name in ("group", "question", "meaning")}
    return pd.DataFrame.from_dict(rows, orient="index")


def limit_of(figure: Figure, reference: float, n_rows: Mapping[str, int]) -> float:
    """Return the value beyond which a figure is bad, given what real rows reach."""
    towards_bad = -1.0 if figure.more_is_better else 1.0
    limit = figure.limit
    if figure.name in ATTACKS:
        return limit
    if figure.relative:
        limit += figure.perfect if np.isnan(reference) else reference
    elif not np.isnan(reference):
        excused = reference + towards_bad * _SLACK
        limit = min(limit, excused) if figure.more_is_better else max(limit, excused)
    return limit + towards_bad * 2 * _standard_error(figure.name, reference, n_rows)


def _standard_error(name: str, reference: float, n_rows: Mapping[str, int]) -> float:
    """Spread of a figure over tables of these sizes if nothing is wrong.

    Neighbours are shared, so a share of synthetic rows is only as sure as the
    smaller of the tables that it compares.
    """
    smallest = min(n_rows.values())
    if name in _AREAS:
        return sqrt(1 / (6 * smallest))  # of Mann-Whitney's statistic, n = m
    if name == "copies":
        p = 0.0 if np.isnan(reference) else reference
        return sqrt(2 * p * (1 - p) / smallest)
    return sqrt(0.25 / smallest)  # of a share of one half; others are surer
