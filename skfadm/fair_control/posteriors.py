"""Clean classifiers: p(y | x) and p(z | x, y) of real rows, cross-fitted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from skfadm.encoding import ClassifierFeatures

from .classifiers import fit_classifier

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

#: Cross-fitting: each row is predicted by classifiers that have not seen it.
N_FOLDS = 5
#: Shares of boosting that are tried; the rest of the mixture is the linear model's.
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
#: Words of a column that are many: more than trees tell apart by one number each.
MANY_WORDS = 50
#: Fewer rows are classified by one thread: several would wait for each other.
THREADED_ROWS = 20_000
#: No category is impossible: logarithms stay finite.
LEAST = 1e-6


@dataclass(frozen=True)
class Probabilities:
    """What the classifiers say of some rows.

    That is p(y | x), (n, n_labels), and for each sensitive attribute p(z | x, y),
    (n, n_labels, n_groups).
    """

    label: Array
    group_given_label: tuple[Array, ...]

    @cached_property
    def group(self) -> tuple[Array, ...]:
        """p(z | x), one array (n, n_groups) a sensitive attribute."""
        return tuple(
            np.einsum("ny,nyz->nz", self.label, p) for p in self.group_given_label
        )

    def __getitem__(self, index: Any) -> Probabilities:
        """Return the probabilities of some of the rows."""
        return Probabilities(
            self.label[index], tuple(p[index] for p in self.group_given_label)
        )

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.label)


@dataclass(frozen=True)
class Mixture:
    """Boosting and logistic regression, averaged."""

    models: tuple[Any, ...]
    shares: tuple[float, ...]
    #: Number of categories, those included that no model has seen.
    n_categories: int

    def predict(self, table: Array) -> Array:
        """Return probabilities, shape (n, n_categories), none of them zero."""
        p = np.zeros((len(table), self.n_categories))
        for model, share in zip(self.models, self.shares, strict=True):
            p[:, model.classes_] += share * model.predict_proba(table)
        return (p + LEAST) / (1.0 + LEAST * self.n_categories)


@dataclass(frozen=True)
class Posteriors:
    r"""Fitted classifiers of labels and groups.

    What the label tells of the group beyond the features is one factor for each:

    .. math:: p(z | x, y) \propto p(z | x)\, F_{yz}
    """

    features: ClassifierFeatures
    label: Mixture
    groups: tuple[Mixture, ...]
    factors: tuple[Array, ...]
    #: The mean over an attribute's groups of the area under the ROC curve, out of fold.
    group_auc: tuple[float, ...]
    #: Whether p(y | x) is better than the shares of the labels, by more than chance.
    tells_labels: bool

    def predict(self, X: Any, *, groups: bool = True) -> Probabilities:
        """Return the probabilities of the rows of a table, or of their labels alone."""
        table = _table(self.features, X)
        with _few_threads(len(table)):
            p = self.label.predict(table)
            table = _with_prediction(self.features, table, p)
            pairs = zip(self.groups, self.factors, strict=True) if groups else ()
            given = tuple(_by_label(g.predict(table), factors) for g, factors in pairs)
            return Probabilities(p, given)


def fit_posteriors(
    X: Any, y: Codes, z: Codes, n_labels: int, n_groups: tuple[int, ...], seed: int
) -> tuple[Posteriors, Probabilities]:
    """Fit the classifiers, and predict each row by ones that have not seen it.

    Boosting and logistic regression are mixed in the shares that predict best out of
    fold, since neither is the better one on every table. A group of -1 is not known:
    the row teaches p(y | x) alone.
    """
    features = ClassifierFeatures().fit(X)
    table, n_words = _table(features, X), features.kinds_.count("words")
    # Every kind of row is spread over all folds.
    _, kinds = np.unique(np.column_stack([y, z]), axis=0, return_inverse=True)
    order = np.lexsort((np.random.default_rng(seed).random(len(y)), kinds.ravel()))
    folds = np.empty(len(y), dtype=np.int64)
    folds[order] = np.arange(len(y)) % min(N_FOLDS, len(y))
    groups, factors, given, auc = [], [], [], []
    with _few_threads(len(table)):
        label, p_label = _cross_fit(table, n_words, y, n_labels, folds, seed)
        # Decisions follow p(y | x); so p(z | x) has to be right for each value of it.
        table = _with_prediction(features, table, p_label)
        for codes, n in zip(z.T, n_groups, strict=True):
            mixture, p = _cross_fit(table, n_words, codes, n, folds, seed)
            known = codes >= 0
            # As often as predicted, and as it is, each with one row more.
            expected, actual = np.ones((2, n_labels, n))
            np.add.at(expected, y[known], p[known])
            np.add.at(actual, (y[known], codes[known]), 1.0)
            groups.append(mixture)
            factors.append(actual / expected)
            given.append(_by_label(p, actual / expected))
            auc.append(_auc(p[known], codes[known]))
    shares = np.bincount(y, minlength=n_labels) / len(y)
    gain = np.log(p_label[np.arange(len(y)), y] / shares[y])
    tells = bool(gain.mean() > 2.0 * gain.std() / np.sqrt(len(y)))
    posteriors = Posteriors(
        features, label, tuple(groups), tuple(factors), tuple(auc), tells
    )
    return posteriors, Probabilities(p_label, tuple(given))


def _auc(p: Array, codes: Codes) -> float:
    """Return the mean area under the ROC curves of the groups."""
    found = [
        roc_auc_score(codes == group, p[:, group])
        for group in np.unique(codes)
        if (codes != group).any()
    ]
    return float(np.mean(found)) if found else 0.5


def _cross_fit(
    table: Array, n_words: int, codes: Codes, n: int, folds: Codes, seed: int
) -> tuple[Mixture, Array]:
    """Return a mixture fitted on all rows, and its probabilities out of fold."""
    rows, known = np.arange(len(codes)), codes >= 0

    def fit(kind: str, seen: NDArray[np.bool_]) -> Any:
        return fit_classifier(kind, table[seen], n_words, codes[seen], n, seed)

    found = {kind: np.full((len(codes), n), 1.0 / n) for kind in ("boosting", "linear")}
    for kind, p in found.items():
        for fold in range(1 + folds.max()):
            seen, unseen = known & (folds != fold), folds == fold
            if seen.any():
                model = Mixture((fit(kind, seen),), (1.0,), n)
                p[unseen] = model.predict(table[unseen])
    mixed = {s: s * found["boosting"] + (1 - s) * found["linear"] for s in SHARES}
    best = max(SHARES, key=lambda s: np.log(mixed[s][rows, codes])[known].mean())
    shares = {"boosting": best, "linear": 1.0 - best}
    kept = {kind: share for kind, share in shares.items() if share}
    models = tuple(fit(kind, known) for kind in kept)
    return Mixture(models, tuple(kept.values()), n), mixed[best]


def _by_label(p: Array, factors: Array) -> Array:
    """Return p(z | x, y) of p(z | x), shape (n, n_labels, n_groups)."""
    p = p[:, np.newaxis] * factors
    return p / p.sum(axis=2, keepdims=True)


def _table(features: ClassifierFeatures, X: Any) -> Array:
    """Return features as floats: numbers, then codes of words, NaN where missing."""
    table = features.transform(X)
    words = [name for name in table if table[name].dtype == "category"]
    numbers = table.drop(columns=words).to_numpy(np.float64)
    codes = [table[name].cat.codes.to_numpy(np.float64) for name in words]
    codes = [np.where(code < 0, np.nan, code) for code in codes]
    return np.column_stack([numbers, *codes])


def _with_prediction(features: ClassifierFeatures, table: Array, p: Array) -> Array:
    """Return the table with log p(y | x) of all labels but one as numbers.

    Only where a column holds many words, of each of which p(z | x) knows no more than
    its groups: all that p(y | x) is made of is in the table otherwise.
    """
    if max(features.n_categories_) <= MANY_WORDS:
        return table
    return np.column_stack([np.log(p[:, 1:]), table])


def _few_threads(n_rows: int) -> threadpool_limits:
    """Limit the threads of this thread's OpenMP calls, for as long as it is open."""
    limit = 1 if n_rows < THREADED_ROWS else None
    return threadpool_limits(limit, user_api="openmp")
