"""What trees tell: real from generated rows, and labels of real rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from skfadm.report import quality_report

from .tables import QUICK, mixed_table


class Recorder(DummyClassifier):
    """Notes what it is trained on and ranks rows by their first column."""

    seen: list = []

    def fit(self, X, y):
        Recorder.seen.append((X, y))
        return super().fit(X, y)

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-X[:, 0]))
        return np.column_stack([1 - p, p])


@pytest.fixture
def normal_rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(300, 2)), rng.normal(2, 1, size=(90, 2))


def test_real_or_generated_test_is_balanced_and_stratified(normal_rows):
    Recorder.seen = []
    report = quality_report(*normal_rows, detector=Recorder(), random_state=0)
    assert [np.bincount(y).tolist() for _, y in Recorder.seen] == [[60, 60]] * 3
    # The closed form for N(0, 1) against N(2, 1): Phi(2 / sqrt(2)) = 0.921.
    assert report.c2st_auc == pytest.approx(0.921, abs=0.04)


@pytest.mark.parametrize("left_out", [None, "setosa"])
def test_train_on_synthetic_figures_are_those_of_a_booster_tested_on_the_holdout(
    left_out,
):
    X, y = load_iris(return_X_y=True)
    rng = np.random.default_rng(0)
    rows = rng.permutation(150)
    real, hold = rows[:90], rows[90:]
    words = np.array(["setosa", "versicolor", "virginica"])[y]
    there = words[real] != left_out
    noisy = X[real][there] + rng.normal(0, 0.8, (there.sum(), 4))
    synthetic = noisy, words[real][there]
    labels = {"y_real": words[real], "y_holdout": words[hold]}
    labels["y_synthetic"] = synthetic[1]
    report = quality_report(X[real], synthetic[0], holdout=X[hold], **labels, **QUICK)
    found = [(report.tstr_auc, report.tstr_accuracy)]
    found += [tuple(report.reference[k] for k in ("tstr_auc", "tstr_accuracy"))]
    for train, figures in zip((synthetic, (X[real], words[real])), found, strict=True):
        model = HistGradientBoostingClassifier(random_state=0).fit(*train)
        p = dict(zip(model.classes_, model.predict_proba(X[hold]).T, strict=True))
        # Of each class against the rest; of one that is never predicted it is 0.5.
        areas = [
            roc_auc_score(words[hold] == c, p.get(c, np.zeros(60))) for c in set(words)
        ]
        accuracy = model.score(X[hold], words[hold])
        assert figures == pytest.approx((np.mean(areas), accuracy))


def test_labels_join_the_tables_as_one_more_column():
    frame = mixed_table(80, 0, 0.0)
    y = pd.Series(np.where(frame["age"] > 40, "old", "young"), name="group")
    alone = quality_report(frame, frame, y, y, **QUICK)
    labelled = frame.assign(group=y)
    joined = quality_report(labelled, labelled, **QUICK)
    assert list(alone.column_scores.index) == [*frame.columns, "group"]
    for name in ("c2st_auc", "pair_trends", "copies"):
        assert getattr(alone, name) == getattr(joined, name)
    assert np.isnan(joined.tstr_auc)


def test_a_generator_of_one_label_is_measured_and_marked():
    frame = mixed_table(90, 0, 0.0)
    y = (frame["age"] > 40).to_numpy().astype(int)
    report = quality_report(frame, frame, y, np.ones_like(y), **QUICK)
    assert report.tstr_auc == 0.5
    assert report.tstr_accuracy == pytest.approx(y.mean(), abs=1e-6)
    assert "tstr_auc" in report.bad
