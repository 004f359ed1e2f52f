"""What trees tell: real from generated rows, and labels of real rows."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from skfadm.report import quality_report

from .tables import QUICK, mixed_table

pytestmark = pytest.mark.usefixtures("small_trees")


class Recorder(DummyClassifier):
    """Notes what it is trained on and ranks rows by their first column."""

    seen: list = []

    def fit(self, X, y):
        Recorder.seen.append((X, y))
        return super().fit(X, y)

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-X[:, 0]))
        return np.column_stack([1 - p, p])


def test_real_or_generated_test_is_balanced_and_stratified():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 2)), rng.normal(2, 1, size=(90, 2))
    Recorder.seen = []
    report = quality_report(*rows, detector=Recorder(), random_state=0)
    assert [np.bincount(y).tolist() for _, y in Recorder.seen] == [[60, 60]] * 3
    # The closed form for N(0, 1) against N(2, 1): Phi(2 / sqrt(2)) = 0.921.
    assert report.c2st_auc == pytest.approx(0.921, abs=0.04)


@pytest.mark.parametrize("left_out", [None, "setosa"])
def test_train_on_synthetic_figures_are_those_of_trees_tested_on_the_holdout(left_out):
    X, y = load_iris(return_X_y=True)
    rng = np.random.default_rng(0)
    rows = rng.permutation(150)
    real, hold = rows[:90], rows[90:]
    words = np.array(["setosa", "versicolor", "virginica"])[y]
    there = words[real] != left_out
    noisy = X[real][there] + rng.normal(0, 0.8, (there.sum(), 4))
    made, own = (noisy, words[real][there]), (X[real], words[real])
    labels = {"y_real": own[1], "y_synthetic": made[1], "y_holdout": words[hold]}
    report = quality_report(own[0], made[0], holdout=X[hold], **labels, **QUICK)
    found = [(report.tstr_auc, report.tstr_accuracy)]
    found += [tuple(report.reference[k] for k in ("tstr_auc", "tstr_accuracy"))]
    for train, figures in zip((made, own), found, strict=True):
        model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(*train)
        p = dict(zip(model.classes_, model.predict_proba(X[hold]).T, strict=True))
        # Of each class against the rest; of one that is never predicted it is 0.5.
        areas = [
            roc_auc_score(words[hold] == c, p.get(c, np.zeros(60))) for c in set(words)
        ]
        accuracy = model.score(X[hold], words[hold])
        assert figures == pytest.approx((np.mean(areas), accuracy))


def test_labels_join_the_tables_and_a_generator_of_one_label_is_marked():
    frame = mixed_table(90, 0, 0.0)
    y = np.where(frame["age"] > 40, "old", "young")
    alone = quality_report(frame, frame, y, y, **QUICK)
    labelled = frame.assign(y=y)
    joined = quality_report(labelled, labelled, **QUICK)
    assert list(alone.column_scores.index) == [*frame.columns, "y"]
    for name in ("c2st_auc", "pair_trends", "copies"):
        assert getattr(alone, name) == getattr(joined, name)
    report = quality_report(frame, frame, y, np.full(90, "old"), **QUICK)
    assert report.tstr_auc == 0.5
    assert report.tstr_accuracy == pytest.approx(np.mean(y == "old"))
    assert "tstr_auc" in report.bad
