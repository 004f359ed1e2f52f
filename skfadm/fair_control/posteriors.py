"""Clean classifiers: p(y | x) and p(z | x, y) of real rows, cross-fitted."""

from __future__ import annotations

from dataclasses import dataclass
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
#: With more labels the group is predicted from the row alone, not from its label.
MAX_LABELS = 20
#: Fewer rows are classified by one thread: several would wait for each other.
THREADED_ROWS = 20_000
#: No category is impossible: logarithms stay finite.
LEAST = 1e-6


@dataclass(frozen=True)
class Probabilities:
    """What the classifiers say of some rows.

    Parameters
    ----------
    label : ndarray of shape (n, n_classes)
        p(y | x).
    group_given_label : tuple of ndarray of shape (n, n_classes, n_groups)
        p(z | x, y), one array a sensitive attribute.
    """

    label: Array
    group_given_label: tuple[Array, ...]

    @property
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
    """Boosting and logistic regression, averaged.

    Parameters
    ----------
    models : tuple of classifier
        Fitted on the codes of the categories that they have seen.
    shares : tuple of float
        Their weights, which sum to 1.
    n_categories : int
        Number of categories, those not seen included.
    """

    models: tuple[Any, ...]
    shares: tuple[float, ...]
    n_categories: int

    def predict(self, table: pd.DataFrame) -> Array:
        """Return probabilities, shape (n, n_categories), none of them zero."""
        p = np.zeros((len(table), self.n_categories))
        for model, share in zip(self.models, self.shares, strict=True):
            p[:, model.classes_] += share * model.predict_proba(table)
        return (p + LEAST) / (1.0 + LEAST * self.n_categories)

    def predict_told(self, table: pd.DataFrame, n_labels: int) -> Array:
        """Return the same for each label, shape (n, n_labels, n_categories)."""
        if n_labels > MAX_LABELS:
            return np.repeat(self.predict(table)[:, np.newaxis], n_labels, axis=1)
        told = [
            self.predict(_told(table, np.full(len(table), label), n_labels))
            for label in range(n_labels)
        ]
        return np.stack(told, axis=1)


@dataclass(frozen=True)
class Posteriors:
    """Fitted classifiers of labels and groups.

    Parameters
    ----------
    features : ClassifierFeatures
        Maps tables to what the classifiers take.
    label : Mixture
        p(y | x).
    groups : tuple of Mixture
        p(z | x, y), one a sensitive attribute; none without attributes.
    group_auc : tuple of float
        How well features tell each attribute, out of fold: the mean over its groups of
        the area under the ROC curve of p(z | x), 0.5 where they tell nothing.
    """

    features: ClassifierFeatures
    label: Mixture
    groups: tuple[Mixture, ...]
    group_auc: tuple[float, ...]

    def predict_label(self, X: Any) -> Array:
        """Return p(y | x) alone, shape (n, n_labels)."""
        table = self.features.transform(X)
        with _few_threads(len(table)):
            return self.label.predict(table)

    def predict(self, X: Any) -> Probabilities:
        """Return the probabilities of the rows of a table.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)
            Rows with the columns of the training table.
        """
        table = self.features.transform(X)
        n_labels = self.label.n_categories
        with _few_threads(len(table)):
            return Probabilities(
                self.label.predict(table),
                tuple(group.predict_told(table, n_labels) for group in self.groups),
            )


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

    Parameters
    ----------
    X : array-like or DataFrame of shape (n, n_features)
        Rows of any column types.
    y : ndarray of shape (n,), int64
        Label codes.
    z : ndarray of shape (n, n_attributes), int64
        Group codes, -1 where the group is not known; such rows teach p(y | x) alone.
        Without attributes only p(y | x) is fitted.
    n_labels : int
        Number of labels.
    n_groups : tuple of int
        Groups of each attribute.
    seed : int
        Seed of the folds, and of the rows that are taken of a long table.

    Returns
    -------
    posteriors : Posteriors
        Fitted on all rows, or on 100,000 of a longer table.
    probabilities : Probabilities
        Of these rows, out of fold.
    index : ndarray of shape (min(n, 100_000),), int64
        Which rows these are.
    """
    rng = np.random.default_rng(seed)
    index = np.sort(rng.permutation(len(y))[:MAX_ROWS])
    if len(index) < len(y):
        X = X.iloc[index] if isinstance(X, pd.DataFrame) else np.asarray(X)[index]
        y, z = y[index], z[index]
    features = ClassifierFeatures().fit(X)
    table = features.transform(X).reset_index(drop=True)
    folds = _folds(np.column_stack([y, z]), rng)
    with _few_threads(len(table)):
        label, p_label = _cross_fit(table, y, n_labels, folds, seed)
        groups = [
            _cross_fit(table, codes, n, folds, seed, (y, n_labels))
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
    table: pd.DataFrame,
    codes: Codes,
    n: int,
    folds: Codes,
    seed: int,
    labels: tuple[Codes, int] | None = None,
) -> tuple[Mixture, Array]:
    """Return a mixture fitted on all rows, and its probabilities out of fold.

    With `labels`, their codes and number, the classifiers are told the label, and
    probabilities are those of each label that a row might have.
    """
    told = table if labels is None else _told(table, *labels)

    def predict(mixture: Mixture, rows: pd.DataFrame) -> Array:
        if labels is None:
            return mixture.predict(rows)
        return mixture.predict_told(rows, labels[1])

    known = codes >= 0
    found = []
    for fit in (fit_boosting, fit_linear):
        p = np.full((len(codes), *([labels[1]] if labels else []), n), 1.0 / n)
        for fold in range(1 + folds.max()):
            seen, unseen = known & (folds != fold), folds == fold
            if seen.any():
                model = fit(told[seen], codes[seen], n, seed)
                p[unseen] = predict(Mixture((model,), (1.0,), n), table[unseen])
        found.append(p)

    def loss(share: float) -> float:
        p = share * found[0] + (1 - share) * found[1]
        rows = np.arange(len(codes))
        of_row = p[rows, labels[0], codes] if labels else p[rows, codes]
        return -float(np.log(of_row[known]).mean())

    best = min(SHARES, key=loss)
    kept = [
        (fit(told[known], codes[known], n, seed), share)
        for fit, share in ((fit_boosting, best), (fit_linear, 1 - best))
        if share
    ]
    mixture = Mixture(tuple(m for m, _ in kept), tuple(s for _, s in kept), n)
    return mixture, best * found[0] + (1 - best) * found[1]


def _told(table: pd.DataFrame, labels: Codes, n_labels: int) -> pd.DataFrame:
    """Return the features with the label as one more, unless there are many labels."""
    if n_labels > MAX_LABELS:
        return table
    told = pd.Categorical.from_codes(labels, categories=range(n_labels))
    return table.assign(**{"the label": told})


def _few_threads(n_rows: int) -> threadpool_limits:
    """Limit the threads of this thread's OpenMP calls, for as long as it is open."""
    limit = 1 if n_rows < THREADED_ROWS else None
    return threadpool_limits(limit, user_api="openmp")
