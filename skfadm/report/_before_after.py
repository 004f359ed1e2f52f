"""What classifiers of real and of synthetic rows do to groups, with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import KFold, StratifiedKFold

from ..metrics._downstream import fit_on_generated
from ..metrics._rates import wilson_interval
from ..metrics._ratios import RATIOS

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Labels = NDArray[Any]

#: Whose classifier it is: of real rows, before, or of synthetic rows, after.
ROWS = ("real", "synthetic")
_N_FOLDS = 5
_N_DRAWS = 1000
_BLOCK = 2_000_000  # counts that are drawn at a time
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
    """Predict the holdout, or each fifth of the real rows from the other four.

    The classifier of synthetic rows is one and the same for all rows.
    """

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
    """Return `FairnessReport.scores`, with 95 % bootstrap intervals.

    Rows are drawn again with replacement, the same for both classifiers, so that the
    interval of the change is that of pairs. A ratio has none (NaN) where a classifier
    gives the positive label to fewer than five rows of a group.
    """
    codes = pd.DataFrame({"true": judged.true, **judged.predicted})
    for attribute, (group, _) in judged.groups.items():
        codes[f"of {attribute}"] = group
    cells = codes.groupby(list(codes)).size().reset_index(name="count")
    true, counts = cells["true"].to_numpy(), cells["count"].to_numpy()
    blocks = []
    for weights in _weights(counts, seed):
        found = {}
        for name in ROWS:
            predicted = cells[name].to_numpy()
            right = weights @ (predicted == true) / weights.sum(axis=1)
            found["", "accuracy", name] = right
            for attribute in judged.groups:
                group = cells[f"of {attribute}"].to_numpy()
                pairs = [
                    _ratios(weights, group, predicted == label, true == label)
                    for label in judged.labels
                ]
                of_measures = zip(*pairs, strict=True)
                for measure, of_labels in zip(RATIOS, of_measures, strict=True):
                    # The smallest over the labels for which it is defined.
                    found[attribute, measure, name] = np.fmin.reduce(of_labels)
        blocks.append(found)
    draws = {key: np.concatenate([block[key] for block in blocks]) for key in blocks[0]}
    table = {}
    for attribute, measure in dict.fromkeys(key[:2] for key in draws):
        pair = {name: draws[attribute, measure, name] for name in ROWS}
        few = {name: _few(judged, attribute, measure, name) for name in ROWS}
        pair["change"] = pair["synthetic"] - pair["real"]
        few["change"] = any(few.values())
        row: dict[str, float] = {}
        for name, values in pair.items():
            ends = (np.nan, np.nan) if few[name] else _interval(values[1:])
            row |= _with_ends(name, values[0], *ends)
        table[attribute, measure] = row
    frame = pd.DataFrame.from_dict(table, orient="index")
    return frame.rename_axis(["attribute", "measure"])


def _few(judged: Judged, attribute: str, measure: str, name: str) -> bool:
    """Tell whether too few rows of a group are chosen for an interval of the ratio."""
    if measure == "accuracy":
        return False
    codes, _ = judged.groups[attribute]
    for label in judged.labels:
        chosen = pd.Series(judged.predicted[name] == label)
        if measure == "equal_opportunity_ratio":
            chosen = chosen[judged.true == label]
        if (chosen.groupby(codes[chosen.index]).sum() < _MIN_CHOSEN).any():
            return True
    return False


def _weights(counts: Codes, seed: int) -> Iterator[Array]:
    """Yield the counts of the cells and then those of bootstrap samples, in blocks."""
    yield counts[None].astype(np.float64)
    rng = np.random.default_rng(seed)
    size = max(1, _BLOCK // len(counts))
    for first in range(0, _N_DRAWS, size):
        n_draws = min(size, _N_DRAWS - first)
        drawn = rng.multinomial(counts.sum(), counts / counts.sum(), size=n_draws)
        yield drawn.astype(np.float64)


def _ratios(
    weights: Array,
    groups: Codes,
    chosen: NDArray[np.bool_],
    positive: NDArray[np.bool_],
) -> tuple[Array, Array]:
    """Return the ratios of demographic parity and equal opportunity of each sample."""
    member = groups[:, None] == np.arange(groups.max() + 1)
    found = []
    for counted in (np.ones_like(positive), positive):
        n = weights @ (member & counted[:, None])
        n_chosen = weights @ (member & (counted & chosen)[:, None])
        # As the scorer: groups without such rows, whose rate is NaN, are left out, two
        # must be left, and somebody must be chosen.
        with np.errstate(invalid="ignore"):
            rate = n_chosen / n
            ratio = np.fmin.reduce(rate, axis=1) / np.fmax.reduce(rate, axis=1)
        found.append(np.where((n > 0).sum(axis=1) > 1, ratio, np.nan))
    return found[0], found[1]


def _interval(draws: Array) -> tuple[float, float]:
    defined = draws[~np.isnan(draws)]
    if len(defined) < len(draws) / 2:
        return np.nan, np.nan
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)


def _with_ends(name: str, value: float, low: float, high: float) -> dict[str, float]:
    return {name: float(value), f"{name}_low": low, f"{name}_high": high}
