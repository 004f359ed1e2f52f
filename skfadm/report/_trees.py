"""What gradient boosting can tell: real from generated, and labels of real rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline

from ..encoding import ClassifierFeatures
from ._tables import Matrix

_N_FOLDS = 3


def real_or_generated_auc(
    real: Matrix, other: Matrix, rng: np.random.RandomState, detector: Any = None
) -> NDArray[np.float64]:
    """Areas under the ROC curve, one a fold, of a classifier two-sample test (C2ST).

    A classifier learns to tell the rows of `other` from as many rows of `real` (the
    longer table is subsampled), with categories as ordinal codes (Lopez-Paz and Oquab).
    """
    n = min(len(real), len(other))
    X = np.concatenate([draw(t, n, rng) for t in (real, other)])
    is_other = np.repeat([0, 1], n)
    model = _booster(rng) if detector is None else clone(detector)
    if model.get_params().get("random_state", 0) is None:
        model.set_params(random_state=rng.randint(2**31 - 1))
    areas = []
    folds = StratifiedKFold(_N_FOLDS, shuffle=True, random_state=rng)
    for train, test in folds.split(X, is_other):
        fitted = clone(model).fit(X[train], is_other[train])
        areas.append(roc_auc_score(is_other[test], fitted.predict_proba(X[test])[:, 1]))
    return np.array(areas)


def label_scores(
    train: tuple[Matrix, Matrix],
    test: tuple[Matrix, Matrix],
    rng: np.random.RandomState,
) -> tuple[float, float]:
    """AUC and accuracy on one table of gradient boosting trained on another."""
    X_train, y_train = train
    X_test, y_test = test
    classes = np.unique(y_train)
    # A generator that gives one label only is to be measured, not to be refused.
    model = DummyClassifier() if len(classes) == 1 else _booster(rng)
    probabilities = model.fit(X_train, y_train).predict_proba(X_test)
    accuracy = float(np.mean(classes[probabilities.argmax(axis=1)] == y_test))
    return ovr_auc(y_test, probabilities, classes), accuracy


def real_and_synthetic_training(
    real: tuple[Matrix, Matrix],
    synthetic: tuple[Matrix, Matrix],
    holdout: tuple[Matrix, Matrix] | None,
    rng: np.random.RandomState,
) -> tuple[tuple[float, float], tuple[float, float]]:
    """(AUC, accuracy) on real rows after training on synthetic and on real rows.

    The test rows are the holdout; without one, each third of the real table in
    turn, while training on real rows uses the other two thirds.
    """
    if holdout is not None:
        return label_scores(synthetic, holdout, rng), label_scores(real, holdout, rng)
    X, y = real
    scores = []
    for train, test in KFold(_N_FOLDS, shuffle=True, random_state=rng).split(X):
        rows = (X[test], y[test])
        of_synthetic = label_scores(synthetic, rows, rng)
        scores.append((of_synthetic, label_scores((X[train], y[train]), rows, rng)))
    (auc, accuracy), (real_auc, real_accuracy) = np.nanmean(scores, axis=0).tolist()
    return (auc, accuracy), (real_auc, real_accuracy)


def ovr_auc(y: Matrix, probabilities: Matrix, classes: Matrix) -> float:
    """Mean over the classes in `y` of the AUC of that class against the rest.

    That of a class which training never saw is 0.5. NaN if `y` is of one class.
    """
    found = np.unique(y)
    if len(found) < 2:
        return np.nan
    of_class = dict(zip(classes, probabilities.T, strict=True))
    never = np.zeros(len(y))
    columns = np.stack([of_class.get(label, never) for label in found], axis=1)
    return float(roc_auc_score(y[:, None] == found, columns))


def draw(table: Matrix, n: int, rng: np.random.RandomState) -> Matrix:
    """`n` rows without replacement in random order, all of them if there are fewer."""
    return table[rng.permutation(len(table))[:n]]


def _booster(rng: np.random.RandomState) -> Pipeline:
    # Boosting fails at columns without any value, also if only in a fold.
    boosting = HistGradientBoostingClassifier(random_state=rng.randint(2**31 - 1))
    return make_pipeline(ClassifierFeatures(), boosting)
