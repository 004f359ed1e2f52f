"""Clean classifiers: p(y | x) and p(z | x, y) of real rows, cross-fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder
from threadpoolctl import threadpool_limits

from skfadm.encoding import ClassifierFeatures

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

#: Cross-fitting: each row is predicted by classifiers that have not seen it.
N_FOLDS = 5
#: Shares of boosting that are tried; the rest of the mixture is the linear model's.
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
#: Fewer rows are classified by one thread: several would wait for each other.
THREADED_ROWS = 20_000
#: No category is impossible: logarithms stay finite.
LEAST = 1e-6

#: Steps of boosting, which few rows need few of; trees, over all categories. Twice as
#: many of half the length take twice the time, for 0.001 of log-loss on Adult.
MIN_STEPS, MAX_STEPS, ROWS_A_STEP, MAX_TREES = 10, 50, 90, 300
#: Leaves of a tree: of a few thousand rows, and of many, which bear more.
MIN_LEAVES, MAX_LEAVES, ROWS_A_LEAF = 15, 31, 1200
#: Rows of a leaf, and those of a word that has a coefficient of its own.
LEAF_ROWS, WORD_ROWS = 20, 50
_DTYPES = ("_fit_dtype", "_fill_dtype")


@dataclass(frozen=True)
class Probabilities:
    """What the classifiers say of some rows."""

    #: p(y | x), (n, n_labels).
    label: Array
    #: p(z | x, y), one array (n, n_labels, n_groups) a sensitive attribute.
    group_given_label: Sequence[Array]

    @cached_property
    def group(self) -> list[Array]:
        """p(z | x), one array (n, n_groups) a sensitive attribute."""
        given = self.group_given_label
        return [np.einsum("ny,nyz->nz", self.label, p) for p in given]

    def __getitem__(self, index: Any) -> Probabilities:
        """Return the probabilities of some of the rows."""
        given = [p[index] for p in self.group_given_label]
        return Probabilities(self.label[index], given)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.label)


@dataclass(frozen=True)
class Mixture:
    """Boosting and logistic regression, averaged."""

    #: Shares and models.
    models: tuple[tuple[float, Any], ...]
    #: Number of categories, those included that no model has seen.
    n_categories: int

    def predict(self, table: Array) -> Array:
        """Return probabilities, shape (n, n_categories), none of them zero."""
        p = np.zeros((len(table), self.n_categories))
        for share, model in self.models:
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
    groups: list[Mixture]
    factors: list[Array]
    #: The mean over an attribute's groups of the area under the ROC curve, out of fold.
    group_auc: list[float]
    #: Whether p(y | x) is better than the shares of the labels, by more than chance.
    tells_labels: bool

    def predict(self, X: Any, *, groups: bool = True) -> Probabilities:
        """Return the probabilities of the rows of a table, or of their labels alone."""
        table = _table(self.features, X)
        with threadpool_limits(1 if len(table) < THREADED_ROWS else None, "openmp"):
            p = self.label.predict(table)
            table = np.column_stack([np.log(p[:, 1:]), table])
            pairs = zip(self.groups, self.factors, strict=True) if groups else ()
            given = [_by_label(g.predict(table), factors) for g, factors in pairs]
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
    with threadpool_limits(1 if len(table) < THREADED_ROWS else None, "openmp"):
        label, p_label = _cross_fit(table, n_words, y, n_labels, folds, seed)
        # Decisions follow p(y | x); so p(z | x) has to be right for each value of it.
        table = np.column_stack([np.log(p_label[:, 1:]), table])
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
            own = [g for g in np.unique(codes[known]) if (codes[known] != g).any()]
            aucs = [roc_auc_score(codes[known] == g, p[known, g]) for g in own]
            auc.append(float(np.mean(aucs)) if aucs else 0.5)
    shares = np.bincount(y, minlength=n_labels) / len(y)
    gain = np.log(p_label[np.arange(len(y)), y] / shares[y])
    tells = bool(gain.mean() > 2.0 * gain.std() / np.sqrt(len(y)))
    posteriors = Posteriors(features, label, groups, factors, auc, tells)
    return posteriors, Probabilities(p_label, given)


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
                mixture = Mixture(((1.0, fit(kind, seen)),), n)
                p[unseen] = mixture.predict(table[unseen])
    mixed = {s: s * found["boosting"] + (1 - s) * found["linear"] for s in SHARES}
    best = max(SHARES, key=lambda s: np.log(mixed[s][rows, codes])[known].mean())
    shares = {"boosting": best, "linear": 1.0 - best}
    models = ((share, fit(kind, known)) for kind, share in shares.items() if share)
    return Mixture(tuple(models), n), mixed[best]


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


class Imputer(SimpleImputer):
    """Median imputation of floats, in a state without dtypes, which skops can keep."""

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in super().__getstate__().items() if k not in _DTYPES}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({**state, **dict.fromkeys(_DTYPES, np.dtype(float))})


def fit_classifier(
    kind: str, X: Array, n_words: int, codes: Codes, n: int, seed: int
) -> Any:
    """Fit "boosting" or a "linear" model to the codes of n categories.

    The last `n_words` columns of X are codes of words, NaN where missing.
    """
    held = np.flatnonzero(~np.isnan(X).all(axis=0))
    n_found, first = len(np.unique(codes)), X.shape[1] - n_words
    if not len(held) or n_found == 1 or len(codes) < 2 * max(LEAF_ROWS, n_found):
        return DummyClassifier(strategy="prior").fit(X, codes)
    numbers, words = held[held < first].tolist(), held[held >= first].tolist()
    # Words become means of the target: in training those of other rows.
    means = TargetEncoder(cv=KFold(5, shuffle=True, random_state=seed))
    columns: list[Any] = [("passthrough", numbers), (means, words)]
    n_steps = min(MAX_STEPS, len(codes) // ROWS_A_STEP, MAX_TREES // max(n - 1, 1))
    model: Any = HistGradientBoostingClassifier(
        learning_rate=0.2,
        max_iter=max(MIN_STEPS, n_steps),
        max_leaf_nodes=min(MAX_LEAVES, max(MIN_LEAVES, len(codes) // ROWS_A_LEAF)),
        min_samples_leaf=LEAF_ROWS,
        # Leaves of one category alone are not certain of it.
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )
    if kind == "linear":
        imputer = Imputer(strategy="median", add_indicator=True)
        one_hot = OneHotEncoder(
            handle_unknown="infrequent_if_exist", min_frequency=WORD_ROWS
        )
        columns = [
            (make_pipeline(imputer, StandardScaler()), numbers),
            (make_pipeline(means, StandardScaler()), words),
            (one_hot, words),
        ]
        model = LogisticRegression(max_iter=500)
    transformer = make_column_transformer(*columns)
    # Arrays, whatever scikit-learn's configuration says of outputs.
    transformer.set_output(transform="default")
    # With routing TargetEncoder of scikit-learn 1.9 fails where nobody routes groups.
    with config_context(enable_metadata_routing=False):
        return make_pipeline(transformer, model).fit(X, codes)
