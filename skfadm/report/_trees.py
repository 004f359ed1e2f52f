"""What gradient boosting can tell: real from generated, and labels of real rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline

from ..encoding import ClassifierFeatures
from ._tables import Matrix

_N_FOLDS = 3


def real_or_generated_auc(
    real: Matrix, other: Matrix, rng: np.random.RandomState, detector: Any = None
) -> float:
    """Mean area under the ROC curve of a classifier two-sample test, over folds.

    A classifier learns to tell the rows of `other` from as many rows of `real` (the
    longer table is subsampled), with categories as ordinal codes (Lopez-Paz and Oquab).
    """
    n = min(len(real), len(other))
    X = np.concatenate([draw(t, n, rng) for t in (real, other)])
    model = _booster(rng) if detector is None else clone(detector)
    if model.get_params().get("random_state", 0) is None:
        model.set_params(random_state=rng.randint(2**31 - 1))
    folds = StratifiedKFold(_N_FOLDS, shuffle=True, random_state=rng)
    y = np.repeat([0, 1], n)
    scores = cross_val_score(
        model, X, y, cv=folds, scoring="roc_auc", error_score="raise"
    )
    return float(scores.mean())


def real_and_synthetic_training(
    real: tuple[Matrix, Matrix],
    synthetic: tuple[Matrix, Matrix],
    holdout: tuple[Matrix, Matrix] | None,
    rng: np.random.RandomState,
) -> list[list[float]]:
    """(AUC, accuracy) on real rows after training on synthetic and on real rows.

    The test rows are the holdout; without one, each third of the real table in
    turn, while training on real rows uses the other two thirds.
    """
    if holdout is not None:
        return [_label_scores(table, holdout, rng) for table in (synthetic, real)]
    X, y = real
    scores = []
    for train, test in KFold(_N_FOLDS, shuffle=True, random_state=rng).split(X):
        trained = (synthetic, (X[train], y[train]))
        scores.append([_label_scores(t, (X[test], y[test]), rng) for t in trained])
    means: list[list[float]] = np.nanmean(scores, axis=0).tolist()
    return means


def _label_scores(
    train: tuple[Matrix, Matrix],
    test: tuple[Matrix, Matrix],
    rng: np.random.RandomState,
) -> list[float]:
    """AUC and accuracy on one table of gradient boosting trained on another.

    The AUC is the mean over the classes of `test` of that class against the rest, 0.5
    for one that training never saw; NaN if there is one class.
    """
    (X_train, y_train), (X_test, y_test) = train, test
    classes, found = np.unique(y_train), np.unique(y_test)
    # A generator that gives one label only is to be measured, not to be refused.
    model = DummyClassifier() if len(classes) == 1 else _booster(rng)
    p = model.fit(X_train, y_train).predict_proba(X_test)
    accuracy = float(np.mean(classes[p.argmax(axis=1)] == y_test))
    if len(found) < 2:
        return [np.nan, accuracy]
    of_class = dict(zip(classes, p.T, strict=True))
    columns = [of_class.get(label, np.zeros(len(y_test))) for label in found]
    auc = roc_auc_score(y_test[:, None] == found, np.stack(columns, axis=1))
    return [float(auc), accuracy]


def draw(table: Matrix, n: int, rng: np.random.RandomState) -> Matrix:
    """`n` rows without replacement in random order, all of them if there are fewer."""
    return table[rng.permutation(len(table))[:n]]


def _booster(rng: np.random.RandomState) -> Pipeline:
    # Boosting fails at columns without any value, also if only in a fold.
    boosting = HistGradientBoostingClassifier(random_state=rng.randint(2**31 - 1))
    return make_pipeline(ClassifierFeatures(), boosting)
