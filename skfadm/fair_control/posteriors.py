"""Clean classifiers: p(y | x) and p(z | x, y) of real rows, cross-fitted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from skfadm.encoding import ClassifierFeatures

from .classifiers import fit_boosting, fit_linear

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

#: Rows that the classifiers learn from, at most: more cost time and bring little.
MAX_ROWS = 100_000
#: Cross-fitting: each row is predicted by classifiers that have not seen it.
N_FOLDS = 5
#: Shares of boosting that are tried; the rest of the mixture is the linear model's.
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
#: Words of a column that are many: more than trees tell apart by one number each.
MANY_WORDS = 50
#: With more labels the group is predicted from the row, once, and what the label tells
#: beyond is one factor for each label and group.
MAX_LABELS = 4
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
    #: What a label multiplies probabilities by, (n_labels, n_categories), if the models
    #: do not take it as a feature.
    factors: Array | None = None

    def predict(self, table: Array) -> Array:
        """Return probabilities, shape (n, n_categories), none of them zero."""
        p = np.zeros((len(table), self.n_categories))
        for model, share in zip(self.models, self.shares, strict=True):
            p[:, model.classes_] += share * model.predict_proba(table)
        return (p + LEAST) / (1.0 + LEAST * self.n_categories)

    def predict_told(self, table: Array, n_labels: int) -> Array:
        """Return the same for each label, shape (n, n_labels, n_categories)."""
        if self.factors is not None:
            return _by_label(self.predict(table), self.factors)
        told = [
            self.predict(_told(table, np.full(len(table), label)))
            for label in range(n_labels)
        ]
        return np.stack(told, axis=1)


@dataclass(frozen=True)
class Posteriors:
    """Fitted classifiers of labels, p(y | x), and of groups, p(z | x, y)."""

    features: ClassifierFeatures
    label: Mixture
    groups: tuple[Mixture, ...]
    #: The mean over an attribute's groups of the area under the ROC curve, out of fold.
    group_auc: tuple[float, ...]

    def predict_label(self, X: Any) -> Array:
        """Return p(y | x) alone, shape (n, n_labels)."""
        table = _table(self.features, X)
        with _few_threads(len(table)):
            return self.label.predict(table)

    def predict(self, X: Any) -> Probabilities:
        """Return the probabilities of the rows of a table."""
        table, n_labels = _table(self.features, X), self.label.n_categories
        with _few_threads(len(table)):
            p = self.label.predict(table)
            table = _with_prediction(self.features, table, p)
            groups = (group.predict_told(table, n_labels) for group in self.groups)
            return Probabilities(p, tuple(groups))


def choose_rows(n: int, seed: int) -> Codes:
    """Return the rows of a table of n that the classifiers learn from."""
    return np.sort(np.random.default_rng(seed).permutation(n)[:MAX_ROWS])


def beats(p: Array, other: Array, y: Codes) -> bool:
    """Tell whether p(y | x) is better than another, or as good as far as rows tell."""
    rows = np.arange(len(y))
    gain = np.log(p[rows, y] / np.maximum(other[rows, y], LEAST))
    return bool(gain.mean() >= -2.0 * gain.std() / np.sqrt(len(y)))


def fit_posteriors(
    X: Any,
    y: Codes,
    z: Codes,
    n_labels: int,
    n_groups: tuple[int, ...],
    seed: int,
) -> tuple[Posteriors, Probabilities, Codes]:
    """Fit the classifiers, and predict each row by ones that have not seen it.

    Boosting and logistic regression are mixed in the shares that predict best out of
    fold, since neither is the better one on every table.

    A group of -1 is not known: the row teaches p(y | x) alone. Of a long table some
    rows are taken; which, is the third thing returned.
    """
    rng = np.random.default_rng(seed)
    index = np.sort(rng.permutation(len(y))[:MAX_ROWS])
    if len(index) < len(y):
        X = X.iloc[index] if isinstance(X, pd.DataFrame) else np.asarray(X)[index]
        y, z = y[index], z[index]
    features = ClassifierFeatures().fit(X)
    table = _table(features, X)
    n_words = features.kinds_.count("words")
    folds = _folds(np.column_stack([y, z]), rng)
    with _few_threads(len(table)):
        label, p_label = _cross_fit(table, n_words, y, n_labels, folds, seed)
        # Decisions follow p(y | x); so p(z | x) has to be right for each value of it.
        table = _with_prediction(features, table, p_label)
        groups = [
            _cross_fit(table, n_words, codes, n, folds, seed, (y, n_labels))
            for codes, n in zip(z.T, n_groups, strict=True)
        ]
    p = Probabilities(p_label, tuple(p for _, p in groups))
    auc = tuple(_auc(p_z, codes) for p_z, codes in zip(p.group, z.T, strict=True))
    mixtures = tuple(mixture for mixture, _ in groups)
    return Posteriors(features, label, mixtures, auc), p, index


def _auc(p: Array, codes: Codes) -> float:
    """Return the mean area under the ROC curves of the groups that are known."""
    p, codes = p[codes >= 0], codes[codes >= 0]
    found = [
        roc_auc_score(codes == group, p[:, group])
        for group in np.unique(codes)
        if (codes != group).any()
    ]
    return float(np.mean(found)) if found else 0.5


def _folds(codes: Codes, rng: np.random.Generator) -> Codes:
    """Return a fold for each row; every kind of row is spread over all folds."""
    _, kinds = np.unique(codes, axis=0, return_inverse=True)
    shuffled = rng.permutation(len(codes))
    order = shuffled[np.argsort(kinds.ravel()[shuffled], kind="stable")]
    folds = np.empty(len(codes), dtype=np.int64)
    folds[order] = np.arange(len(codes)) % min(N_FOLDS, len(codes))
    return folds


def _cross_fit(
    table: Array,
    n_words: int,
    codes: Codes,
    n: int,
    folds: Codes,
    seed: int,
    labels: tuple[Codes, int] | None = None,
) -> tuple[Mixture, Array]:
    """Return a mixture fitted on all rows, and its probabilities out of fold.

    With `labels`, their codes and number, probabilities are those of each label that a
    row might have, and the classifiers take it as a feature unless there are many.
    """
    rows, known = np.arange(len(codes)), codes >= 0
    is_told = labels is not None and labels[1] <= MAX_LABELS
    told = _told(table, labels[0]) if labels and is_told else table
    n_told = n_words + is_told
    shape = (len(codes), *([labels[1]] if labels and is_told else []), n)

    def predict(mixture: Mixture, table: Array) -> Array:
        return (
            mixture.predict_told(table, shape[1]) if is_told else mixture.predict(table)
        )

    found = []
    for fit in (fit_boosting, fit_linear):
        p = np.full(shape, 1.0 / n)
        for fold in range(1 + folds.max()):
            seen, unseen = known & (folds != fold), folds == fold
            if seen.any():
                model = fit(told[seen], n_told, codes[seen], n, seed)
                p[unseen] = predict(Mixture((model,), (1.0,), n), table[unseen])
        found.append(p)

    def mixed(share: float) -> Array:
        return share * found[0] + (1 - share) * found[1]

    def loss(share: float) -> float:
        p = mixed(share)
        of_row = p[rows, labels[0], codes] if labels and is_told else p[rows, codes]
        return -float(np.log(of_row[known]).mean())

    best = min(SHARES, key=loss)
    kept = [
        (fit(told[known], n_told, codes[known], n, seed), share)
        for fit, share in ((fit_boosting, best), (fit_linear, 1 - best))
        if share
    ]
    p, factors = mixed(best), None
    if labels is not None and not is_told:
        # As often as predicted, and as it is, each with one row more.
        expected, actual = np.ones((2, labels[1], n))
        np.add.at(expected, labels[0][known], p[known])
        np.add.at(actual, (labels[0][known], codes[known]), 1.0)
        factors = actual / expected
        p = _by_label(p, factors)
    models, shares = zip(*kept, strict=True)
    return Mixture(models, shares, n, factors), p


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


def _told(table: Array, labels: Codes) -> Array:
    """Return the features with the label as one more word."""
    return np.column_stack([table, labels])


def _few_threads(n_rows: int) -> threadpool_limits:
    """Limit the threads of this thread's OpenMP calls, for as long as it is open."""
    limit = 1 if n_rows < THREADED_ROWS else None
    return threadpool_limits(limit, user_api="openmp")
