import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from skfadm import FairDiffusionGenerator, SyntheticDataClassifier
from skfadm.encoding import ClassifierFeatures

from .generators import mixed_table, tiny

RESPONSES = ["predict", "predict_proba", "predict_log_proba", "decision_function"]


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


@pytest.mark.parametrize("is_fitted", [False, True])
@pytest.mark.parametrize(
    "classifier",
    [LinearSVC(), LogisticRegression(), None],
    ids=lambda c: type(c).__name__,
)
def test_methods_are_those_of_the_classifier(classifier, is_fitted, table):
    model = SyntheticDataClassifier(tiny(), classifier, random_state=0)
    expected = HistGradientBoostingClassifier() if classifier is None else classifier
    if is_fitted:
        model.fit(table[0][["number"]], *table[1:])
    for method in RESPONSES:
        assert hasattr(model, method) == hasattr(expected, method), method
        if is_fitted and hasattr(model, method):
            X = table[0][["number"]]
            ours, theirs = (getattr(m, method)(X) for m in (model, model.classifier_))
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("response", RESPONSES[:3])
def test_columns_in_another_order_are_refused_whatever_the_classifier_checks(
    response, table
):
    X, *rest = table
    X = X[["number", "count"]]
    # A dummy takes rows as they come, as some libraries' classifiers do.
    model = SyntheticDataClassifier(tiny(), DummyClassifier(), random_state=0)
    model.fit(X, *rest)
    assert len(getattr(model, response)(X)) == len(X)
    with pytest.raises(ValueError, match="same order"):
        getattr(model, response)(X[["count", "number"]])


class Forgetful(FairDiffusionGenerator):
    """Never generates the labels after the first few."""

    n_known = 1

    def sample(self, n_samples=1, y=None, *, random_state=None):
        known = self.classes_[: self.n_known].tolist()
        shares = dict.fromkeys(known, 1.0 / len(known))
        return super().sample(n_samples, shares, random_state=random_state)


@pytest.mark.parametrize(
    ("classes", "n_known"), [("ab", 1), ("abcd", 1), ("abcd", 2), ("abcd", 3)]
)
@pytest.mark.filterwarnings("ignore:All .* generated rows have the label")
def test_labels_that_were_never_generated_have_columns_too(
    classes, n_known, table, monkeypatch
):
    X = table[0][["number"]]
    y = np.array(list(classes))[np.arange(len(X)) % len(classes)]
    generator = Forgetful(**tiny().get_params())
    monkeypatch.setattr(Forgetful, "n_known", n_known)
    model = SyntheticDataClassifier(generator, LogisticRegression(), random_state=0)
    model.fit(X, y)
    assert model.classes_.tolist() == list(classes)
    assert set(model.predict(X)) <= set(classes[:n_known])
    probability, logarithm, distance = (getattr(model, m)(X) for m in RESPONSES[1:])
    assert probability.shape == (len(X), len(classes))
    np.testing.assert_allclose(probability.sum(1), 1.0)
    assert (probability[:, n_known:] == 0.0).all()
    np.testing.assert_allclose(np.exp(logarithm), probability, rtol=1e-12)
    if len(classes) == 2:
        assert (distance < 0).all()
    else:
        assert np.isfinite(distance).all()
        np.testing.assert_array_equal(distance.argmax(1), probability.argmax(1))
        assert (distance[:, n_known:].max() < distance[:, :n_known].min()).all()


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


def test_a_refit_keeps_nothing_of_an_earlier_fit(table):
    X, y, z, domains = table
    model = SyntheticDataClassifier(tiny(), random_state=0).fit(X, y, z, domains)
    assert list(model.feature_names_in_) == [*X]
    numbers, labels = X[["number", "count"]].to_numpy(), np.arange(len(X)) % 3
    for refit in ((numbers, labels), (X[["word"]], y, z), (X, y)):
        model.fit(*refit)
        fresh = clone(model).fit(*refit)
        assert set(vars(model)) == set(vars(fresh))
        assert model.n_features_in_ == np.shape(refit[0])[1]
        np.testing.assert_array_equal(model.classes_, fresh.classes_)
        np.testing.assert_array_equal(
            model.predict_proba(refit[0]), fresh.predict_proba(refit[0])
        )


@pytest.mark.parametrize(
    "given",
    [LogisticRegression(), make_pipeline(SimpleImputer(), LogisticRegression())],
)
def test_a_classifier_that_takes_no_words_is_refused_with_the_pipeline_to_write(
    table, given
):
    class Untrained(FairDiffusionGenerator):
        def fit(self, *args, **kwargs):
            raise AssertionError("trained")

    model = SyntheticDataClassifier(Untrained(), given)
    with pytest.raises(
        TypeError, match=r"takes no words(.|\n)*could not convert"
    ) as caught:
        model.fit(*table)
    lines = str(caught.value).split("\n")
    names = (make_column_selector, make_column_transformer, OneHotEncoder)
    names += (SimpleImputer, make_pipeline, ClassifierFeatures, LogisticRegression)
    scope = {name.__name__: name for name in names}
    exec("".join(lines[-6:-2]).strip(), scope)
    classifier = eval(lines[-2].strip(), scope)
    model = SyntheticDataClassifier(tiny(), classifier, random_state=0).fit(*table)
    assert set(model.predict(table[0])) <= set(model.classes_)
