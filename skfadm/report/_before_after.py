"""What classifiers of real and of synthetic rows do to groups, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import KFold, StratifiedKFold

from ..metrics._downstream import fit_on_generated
from ..metrics._rates import rates_of_groups
from ..metrics._ratios import RATIOS, ratio_of_rates

#: Whose classifier it is: of real rows, before, or of synthetic rows, after.
ROWS = ("real", "synthetic")
_N_FOLDS = 5
_N_DRAWS = 1000
#: Of fewer positive predictions in a group no interval is told: where nobody is chosen,
#: nobody is in any bootstrap sample, and a ratio of 0 would look sure.
_MIN_CHOSEN = 5


def predict(
    tables: Mapping[str, tuple[pd.DataFrame, pd.Series]], classifier: Any, seed: int
) -> pd.DataFrame:
    """Predict the holdout, or each fifth of the real rows from the other four.

    Returned are "true" labels and what the classifiers of `ROWS` predict.
    """

    def fit(X: pd.DataFrame, y: Any) -> Any:
        return fit_on_generated(classifier, X, np.asarray(y), random_state=seed)

    X, y = tables["real"]
    of_synthetic = fit(*tables["synthetic"])
    if "holdout" in tables:
        before = fit(X, y)
        X, y = tables["holdout"]
        of_real = before.predict(X)
    else:
        of_real = np.empty_like(np.asarray(y))
        kind = StratifiedKFold if y.value_counts().min() >= _N_FOLDS else KFold
        folds = kind(_N_FOLDS, shuffle=True, random_state=seed)
        for train, test in folds.split(X, y):
            fitted = fit(X.iloc[train], y.iloc[train])
            of_real[test] = fitted.predict(X.iloc[test])
    predicted = {"real": of_real, "synthetic": of_synthetic.predict(X)}
    return pd.DataFrame({"true": np.asarray(y), **predicted})


def rates(rows: pd.DataFrame, z: pd.DataFrame, labels: Sequence[Any]) -> pd.DataFrame:
    """Return `FairnessReport.rates`; the attributes `z` are categories."""
    table = {}
    for attribute in z:
        for label in labels:
            positive = rows["true"] == label
            for measure in ("selection rate", "true positive rate"):
                counted = positive | (measure == "selection rate")
                groups = z.loc[counted, attribute].cat
                found = {
                    name: rates_of_groups(
                        (y[counted] == label).to_numpy(),
                        groups.codes.to_numpy(),
                        groups.categories,
                    )
                    for name, y in rows.items()
                }
                part = found["true"][["n"]].assign(observed=found["true"]["rate"])
                for name in ROWS:
                    ends = [name, f"{name}_low", f"{name}_high"]
                    part[ends] = found[name][["rate", "low", "high"]]
                table[measure, attribute, label] = part
    return pd.concat(table, names=["measure", "attribute", "label", "group"])


def scores(
    rows: pd.DataFrame, z: pd.DataFrame, labels: Sequence[Any], seed: int
) -> pd.DataFrame:
    """Return `FairnessReport.scores`, with 95 % bootstrap intervals of paired rows."""
    n_groups = [len(z[attribute].cat.categories) for attribute in z]
    codes = [z[attribute].cat.codes.rename(k) for k, attribute in enumerate(z)]
    # Rows that are alike are one cell, so a sample of rows is a count of each cell.
    cells = pd.concat([rows, *codes], axis=1).value_counts(sort=False)
    rng = np.random.default_rng(seed)
    samples = rng.multinomial(len(rows), cells / len(rows), size=_N_DRAWS)
    counts = np.vstack([cells, samples]).astype(float)
    cell = cells.index.to_frame(index=False)
    true = cell["true"].to_numpy()
    found: dict[tuple[str, str], dict[str, NDArray[np.float64]]] = {}

    def keep(attribute: str, measure: str, name: str, value: Any) -> None:
        found.setdefault((attribute, measure), {})[name] = value

    for name in ROWS:
        predicted = cell[name].to_numpy()
        right = counts * (predicted == true)
        classes = true[:, None] == np.unique(true)
        with np.errstate(invalid="ignore"):  # a sample may lack a label
            recalls = (right @ classes) / (counts @ classes)
        keep("", "accuracy", name, right.sum(axis=1) / len(rows))
        keep("", "balanced_accuracy", name, np.nanmean(recalls, axis=1))
        for k, attribute in enumerate(z):
            member = cell[k].to_numpy()[:, None] == np.arange(n_groups[k])
            for measure in RATIOS:
                of_labels, is_few = [], False
                for label in labels:
                    counted = counts
                    if measure == "equal_opportunity_ratio":
                        counted = counts * (true == label)
                    chosen = (counted * (predicted == label)) @ member
                    n = counted @ member
                    of_labels.append(ratio_of_rates(chosen, n))
                    is_few |= bool((chosen[0] < _MIN_CHOSEN)[n[0] > 0].any())
                # The smallest over the labels for which it is defined.
                ratio = np.fmin.reduce(of_labels)
                if is_few:
                    ratio[1:] = np.nan
                keep(attribute, measure, name, ratio)
    table: dict[tuple[str, str], dict[str, float]] = {}
    for key, values in found.items():
        values["change"] = values["synthetic"] - values["real"]
        row = table[key] = {}
        for name, (value, *draws) in values.items():
            unsure = np.isnan(draws).mean() > 0.5
            ends = (np.nan,) * 2 if unsure else np.nanquantile(draws, [0.025, 0.975])
            row |= {name: value, f"{name}_low": ends[0], f"{name}_high": ends[1]}
    frame = pd.DataFrame.from_dict(table, orient="index")
    return frame.rename_axis(["attribute", "measure"])
