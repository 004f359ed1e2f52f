import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from skfadm import SyntheticDataClassifier

from .generators import mixed_table, tiny


@pytest.fixture(scope="module")
def table():
    X, y, z, domains = mixed_table(200)
    return X[["number", "count", "word"]], y, z, domains


@pytest.fixture(scope="module")
def fitted(table):
    return SyntheticDataClassifier(tiny(), random_state=0).fit(*table)


def test_it_is_the_classifier_trained_on_the_rows_of_its_generator():
    X, y, z, domains = mixed_table(200)
    X = X[["number", "count"]]
    model = SyntheticDataClassifier(
        tiny(), DecisionTreeClassifier(), n_samples=70, random_state=3
    ).fit(X, y, z, domains)
    assert model.classifier_.tree_.n_node_samples[0] == 70
    np.testing.assert_array_equal(model.predict(X), model.classifier_.predict(X))
    assert model.generator_.domains_.tolist() == ["north", "south", "west"]
    assert model.generator_.sensitive_classes_[0].tolist() == ["F", "M"]


def test_the_default_classifier_takes_words_and_missing_values(fitted, table):
    predicted = fitted.predict(table[0])
    assert set(predicted) <= {"no", "yes"}
    proba = fitted.predict_proba(table[0])
    np.testing.assert_allclose(proba.sum(1), 1.0)
    np.testing.assert_array_equal(fitted.classes_[proba.argmax(1)], predicted)


def test_what_is_given_is_cloned_and_left_alone(table):
    generator, classifier = tiny(), DecisionTreeClassifier()
    X, y, z, domains = table
    SyntheticDataClassifier(generator, classifier, random_state=0).fit(
        X[["number"]], y, z, domains
    )
    assert not hasattr(generator, "weights_")
    assert not hasattr(classifier, "tree_")


def test_the_same_seed_gives_the_same_classifier(fitted, table):
    again = clone(fitted).fit(*table)
    np.testing.assert_array_equal(
        again.predict_proba(table[0]), fitted.predict_proba(table[0])
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda X: X.drop(columns="count"),
        lambda X: X.rename(columns={"count": "counts"}),
        lambda X: X[["word", "count", "number"]],
        lambda X: X.to_numpy()[:, :2],
    ],
)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_rows_with_other_columns_are_refused_at_predict(fitted, table, change):
    with pytest.raises(ValueError, match="feature"):
        fitted.predict(change(table[0]))


def test_predict_before_fit_says_so(table):
    with pytest.raises(NotFittedError):
        SyntheticDataClassifier().predict(table[0])


def test_probabilities_are_offered_only_by_classifiers_that_have_them():
    assert hasattr(SyntheticDataClassifier(), "predict_proba")
    assert not hasattr(SyntheticDataClassifier(classifier=LinearSVC()), "predict_proba")


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"n_samples": 0}, ValueError, "n_samples"),
        ({"n_samples": 2.5}, TypeError, "n_samples"),
        ({"generator": LogisticRegression()}, TypeError, "generator is .* sample"),
        ({"classifier": "forest"}, TypeError, "classifier is 'forest'"),
    ],
)
def test_bad_parameters_are_refused_before_any_work(params, error, message, table):
    model = SyntheticDataClassifier(**{"generator": tiny(), **params})
    with pytest.raises(error, match=message):
        model.fit(*table)
