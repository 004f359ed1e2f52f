"""What classifiers of real and of synthetic rows do to groups, with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from sklearn.model_selection import KFold, StratifiedKFold

from ..metrics._downstream import fit_on_generated
from ..metrics._rates import wilson_interval
from ..metrics._ratios import RATIOS, ratio_of_rates

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Labels = NDArray[Any]

#: Whose classifier it is: of real rows, before, or of synthetic rows, after.
ROWS = ("real", "synthetic")
_N_FOLDS = 5
_N_DRAWS = 1000
_BLOCK = 2_000_000  # rows that are drawn at a time
_UNDEFINED = -1.0  # SciPy's bootstrap warns of NaN, and no figure is negative
#: Of fewer positive predictions in a group no interval is told: where nobody is chosen,
#: nobody is in any bootstrap sample, and a ratio of 0 would look sure.
_MIN_CHOSEN = 5


@dataclass(frozen=True, eq=False)
class Judged:
    """Rows that are judged: their labels, groups and what both classifiers predict."""

    true: Labels
    #: For "real" and "synthetic".
    predicted: Mapping[str, Labels]
    #: For each attribute the codes and names of the groups; the last is that of the
    #: verdict.
    groups: Mapping[str, tuple[Codes, list[Any]]]
    #: The positive labels.
    labels: list[Any]

    @property
    def headline(self) -> str:
        """The attribute of the verdict."""
        return list(self.groups)[-1]

    def of_headline(self) -> Judged:
        """Return the same with the attribute of the verdict alone."""
        groups = {self.headline: self.groups[self.headline]}
        return Judged(self.true, self.predicted, groups, self.labels)

    def only(self, rows: NDArray[np.bool_]) -> Judged:
        """Return the same of some of the rows."""
        predicted = {name: codes[rows] for name, codes in self.predicted.items()}
        groups = {name: (codes[rows], n) for name, (codes, n) in self.groups.items()}
        return Judged(self.true[rows], predicted, groups, self.labels)


def predict(
    tables: Mapping[str, tuple[pd.DataFrame, Labels]], classifier: Any, seed: int
) -> dict[str, Labels]:
    """Predict the holdout, or each fifth of the real rows from the other four."""

    def fit(X: pd.DataFrame, y: Labels) -> Any:
        return fit_on_generated(classifier, X, y, random_state=seed)

    X, y = tables["real"]
    of_synthetic = fit(*tables["synthetic"])
    if "holdout" in tables:
        X_new, _ = tables["holdout"]
        of_real = fit(X, y)
        return {
            "real": of_real.predict(X_new),
            "synthetic": of_synthetic.predict(X_new),
        }
    before = np.empty_like(y)
    for train, test in _folds(y, seed):
        before[test] = fit(X.iloc[train], y[train]).predict(X.iloc[test])
    return {"real": before, "synthetic": of_synthetic.predict(X)}


def _folds(y: Labels, seed: int) -> Iterator[tuple[Codes, Codes]]:
    _, counts = np.unique(y, return_counts=True)
    kind = StratifiedKFold if counts.min() >= _N_FOLDS else KFold
    return kind(_N_FOLDS, shuffle=True, random_state=seed).split(y, y)


def rates(judged: Judged) -> pd.DataFrame:
    """Return `FairnessReport.rates`, with Wilson's 95 % intervals."""
    table = {}
    for attribute, (codes, names) in judged.groups.items():
        for label in judged.labels:
            positive = judged.true == label
            for g, group in enumerate(names):
                for measure, counted in (
                    ("selection rate", codes == g),
                    ("true positive rate", (codes == g) & positive),
                ):
                    n = int(counted.sum())
                    row = {"n": n, "observed": positive[counted].sum() / max(n, 1)}
                    for name in ROWS:
                        chosen = int((judged.predicted[name][counted] == label).sum())
                        low, high = wilson_interval(chosen, n)
                        row |= _with_ends(name, chosen / n if n else np.nan, low, high)
                    table[measure, attribute, label, group] = row
    frame = pd.DataFrame.from_dict(table, orient="index")
    return frame.rename_axis(["measure", "attribute", "label", "group"])


def scores(judged: Judged, seed: int) -> pd.DataFrame:
    """Return `FairnessReport.scores`, with 95 % bootstrap intervals of paired rows."""
    codes = pd.DataFrame({"true": judged.true, **judged.predicted})
    for attribute, (group, _) in judged.groups.items():
        codes[f"of {attribute}"] = group
    cell = codes.groupby(list(codes)).ngroup().to_numpy()
    cells = codes.iloc[np.unique(cell, return_index=True)[1]]
    n_rows, n_cells = len(cell), len(cells)

    def figures(rows: Codes, axis: int = -1) -> Array:
        """Return all figures of each sample of rows, by way of counts of cells."""
        samples = np.atleast_2d(rows)
        offsets = n_cells * np.arange(len(samples))[:, None]
        n_counts = n_cells * len(samples)
        counts = np.bincount((cell[samples] + offsets).ravel(), minlength=n_counts)
        of_cells = counts.reshape(-1, n_cells).astype(np.float64)
        found = np.stack(list(_figures(of_cells, cells, judged).values()))
        return np.nan_to_num(found, nan=_UNDEFINED)

    values = figures(np.arange(n_rows))[:, 0]
    drawn = stats.bootstrap(
        (np.arange(n_rows),),
        figures,
        n_resamples=_N_DRAWS,
        batch=max(1, _BLOCK // n_rows),
        vectorized=True,
        method="percentile",
        random_state=np.random.default_rng(seed),
    ).bootstrap_distribution
    values, drawn = (np.where(v == _UNDEFINED, np.nan, v) for v in (values, drawn))
    keys = _figures(np.ones((1, n_cells)), cells, judged)
    of = dict(zip(keys, zip(values, drawn, strict=True), strict=True))
    table = {}
    for attribute, measure in dict.fromkeys(key[:2] for key in of):
        row: dict[str, float] = {}
        (before, after), (befores, afters) = zip(
            *(of[attribute, measure, name] for name in ROWS), strict=True
        )
        few = [_few(judged, attribute, measure, name) for name in ROWS]
        for name, value, draws, is_unsure in (
            ("real", before, befores, few[0]),
            ("synthetic", after, afters, few[1]),
            ("change", after - before, afters - befores, any(few)),
        ):
            ends = (np.nan, np.nan) if is_unsure else _interval(draws)
            row |= _with_ends(name, value, *ends)
        table[attribute, measure] = row
    frame = pd.DataFrame.from_dict(table, orient="index")
    return frame.rename_axis(["attribute", "measure"])


def _figures(
    counts: Array, cells: pd.DataFrame, judged: Judged
) -> dict[tuple[str, str, str], Array]:
    """Return every figure of samples of rows that are told as counts of cells."""
    true = cells["true"].to_numpy()
    found: dict[tuple[str, str, str], Array] = {}
    for name in ROWS:
        predicted = cells[name].to_numpy()
        right = counts * (predicted == true)
        found["", "accuracy", name] = right.sum(axis=1) / counts.sum(axis=1)
        classes = true[:, None] == np.unique(true)
        with np.errstate(invalid="ignore"):  # a sample may lack a label
            recalls = (right @ classes) / (counts @ classes)
        found["", "balanced_accuracy", name] = np.nanmean(recalls, axis=1)
        for attribute in judged.groups:
            group = cells[f"of {attribute}"].to_numpy()
            member = group[:, None] == np.arange(group.max() + 1)
            for measure in RATIOS:
                of_labels = []
                for label in judged.labels:
                    counted = counts
                    if measure == "equal_opportunity_ratio":
                        counted = counts * (true == label)
                    chosen = counted * (predicted == label)
                    of_labels.append(ratio_of_rates(chosen @ member, counted @ member))
                # The smallest over the labels for which it is defined.
                found[attribute, measure, name] = np.fmin.reduce(of_labels)
    return found


def _few(judged: Judged, attribute: str, measure: str, name: str) -> bool:
    """Tell whether too few rows of a group are chosen for an interval of the ratio."""
    if measure not in RATIOS:
        return False
    codes, _ = judged.groups[attribute]
    for label in judged.labels:
        chosen = pd.Series(judged.predicted[name] == label)
        if measure == "equal_opportunity_ratio":
            chosen = chosen[judged.true == label]
        if (chosen.groupby(codes[chosen.index]).sum() < _MIN_CHOSEN).any():
            return True
    return False


def _interval(draws: Array) -> tuple[float, float]:
    if np.isnan(draws).mean() > 0.5:
        return np.nan, np.nan
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return float(low), float(high)


def _with_ends(name: str, value: float, low: float, high: float) -> dict[str, float]:
    return {name: float(value), f"{name}_low": low, f"{name}_high": high}
