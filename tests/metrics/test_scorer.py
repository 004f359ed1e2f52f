"""Classifiers and generators are scored by accuracy and fairness."""

import pickle

import fairlearn.metrics
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.utils.metadata_routing import get_routing_for_object

from skfadm.datasets import make_biased_domains
from skfadm.metrics import (
    FairnessScorer,
    demographic_parity_ratio,
    equal_opportunity_ratio,
)

PAIR = ("accuracy", "demographic_parity_ratio")
ALL = (*PAIR, "equal_opportunity_ratio")


class FixedGenerator(BaseEstimator):
    """Draws rows of a given model; `shares` are those of the labels."""

    def __init__(self, model, only=None):
        self.model = model
        self.only = only

    def sample(self, n_samples=1, y=None, *, random_state=None):
        assert isinstance(random_state, int)
        X, labels, _, _ = self.model.sample(n_samples, random_state)
        if self.only is not None:
            X, labels = X[labels == self.only], labels[labels == self.only]
        return X, labels


@pytest.fixture(scope="module")
def biased():
    return make_biased_domains(600, bias=0.7, random_state=0)


@pytest.fixture(scope="module")
def classifier(biased):
    return LogisticRegression().fit(biased.data, biased.target)


def test_classifier_is_scored_by_its_predictions(biased, classifier):
    X, y, z = biased.data, biased.target, biased.z
    y_pred = classifier.predict(X)
    scores = FairnessScorer(ALL)(classifier, X, y, z=z)
    expected = {"accuracy": np.mean(y_pred == y)}
    for name in ALL[1:]:
        ratio = getattr(fairlearn.metrics, name)
        expected[name] = ratio(y, y_pred, sensitive_features=z)
    assert scores == pytest.approx(expected, abs=1e-12)
    assert list(scores) == list(ALL)
    for metric in ALL:
        assert FairnessScorer(metric).score(classifier, X, y, z=z) == scores[metric]
    assert FairnessScorer("accuracy")(classifier, X, y) == scores["accuracy"]


@pytest.mark.parametrize("ratio", ALL[1:])
def test_fair_accuracy_pays_for_what_is_missing_of_min_ratio(biased, classifier, ratio):
    arguments = (classifier, biased.data, biased.target)
    value = FairnessScorer(ratio)(*arguments, z=biased.z)
    accuracy = FairnessScorer("accuracy")(*arguments)
    for min_ratio, price, expected in [
        (value, 1.0, accuracy),
        (value + 0.1, 2.5, accuracy - 0.25),
        (1.0, 0.0, accuracy),
    ]:
        scorer = FairnessScorer(ratio=ratio, min_ratio=min_ratio, price=price)
        assert scorer(*arguments, z=biased.z) == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore:All .* generated rows have the label")
@pytest.mark.parametrize("kind", ["classifier", "generator of one label"])
def test_undefined_ratio_is_nan_and_said_so(biased, kind):
    X, y, z = biased.data, biased.target, biased.z
    nobody = DummyClassifier(strategy="constant", constant=0).fit(X, y)
    if kind != "classifier":
        nobody = FixedGenerator(biased.model, only=0)
    with pytest.warns(UndefinedMetricWarning, match="undefined"):
        scores = FairnessScorer((*PAIR, "fair_accuracy"))(nobody, X, y, z=z)
    assert scores["accuracy"] == pytest.approx(np.mean(y == 0))
    assert np.isnan(scores["demographic_parity_ratio"])
    assert scores["fair_accuracy"] == pytest.approx(scores["accuracy"] - 0.8)


def test_labels_that_a_fold_lacks_are_known_from_the_classifier(biased):
    X, z = biased.data, biased.z
    words = np.array(["low", "poor"])[biased.target]  # "poor" is positive
    rows = biased.target == 0
    nobody = DummyClassifier(strategy="constant", constant="low").fit(X, words)
    with pytest.warns(UndefinedMetricWarning):
        ratio = FairnessScorer("demographic_parity_ratio")(
            nobody, X[rows], words[rows], z=z[rows]
        )
    assert np.isnan(ratio)  # and not 1, as it would be if "low" were positive


def test_generator_is_scored_by_a_classifier_trained_on_its_rows(biased):
    X, y, z = biased.data, biased.target, biased.z
    scorer = FairnessScorer(ALL, classifier=LogisticRegression(), n_samples=3000)
    scores = scorer(FixedGenerator(biased.model), X, y, z=z)
    rows, labels, _, _ = biased.model.sample(3000, random_state=99)
    y_pred = LogisticRegression().fit(rows, labels).predict(X)
    by_hand = [
        np.mean(y_pred == y),
        demographic_parity_ratio(y, y_pred, z=z),
        equal_opportunity_ratio(y, y_pred, z=z),
    ]
    # Other random numbers, the same model.
    np.testing.assert_allclose(list(scores.values()), by_hand, atol=0.06)

    fair = FixedGenerator(biased.model.unbiased())
    assert scorer(fair, X, y, z=z)["demographic_parity_ratio"] > 1.2 * by_hand[1]


def test_generator_that_can_also_predict_counts_as_a_classifier(biased):
    mixture = GaussianMixture(2, random_state=0).fit(biased.data)
    score = FairnessScorer("accuracy")(mixture, biased.data, biased.target)
    assert score == np.mean(mixture.predict(biased.data) == biased.target)
    with pytest.raises(TypeError, match="estimator must be .* got object"):
        FairnessScorer("accuracy")(object(), biased.data, biased.target)


def test_integer_seed_repeats_and_other_seeds_differ(biased):
    def score(random_state):
        scorer = FairnessScorer(
            "accuracy",
            classifier=LogisticRegression(),
            n_samples=100,
            random_state=random_state,
        )
        return scorer(FixedGenerator(biased.model), biased.data, biased.target)

    assert score(0) == score(0)
    assert len({score(seed) for seed in (0, 1, 2, None)}) > 1


def test_z_name_reads_a_column_or_an_index_level(biased, classifier):
    X, y, z = biased.data, biased.target, biased.z
    expected = demographic_parity_ratio(y, classifier.predict(X), z=z)
    plain = pd.DataFrame(X)
    scorer = FairnessScorer("demographic_parity_ratio", z_name="sex")

    index = pd.MultiIndex.from_arrays([np.arange(len(y)), z], names=["row", "sex"])
    assert scorer(classifier, plain.set_axis(index), y) == expected
    single = plain.set_axis(pd.Index(z, name="sex"))
    assert scorer(classifier, single, y) == expected
    other = np.random.default_rng(0).permutation(z)  # what is passed comes first
    passed = demographic_parity_ratio(y, classifier.predict(X), z=other)
    assert scorer(classifier, single, y, z=other) == passed

    scorer.set_params(z_name=0)
    by_column = scorer(classifier, plain.round(0), y)
    assert by_column == demographic_parity_ratio(
        y, classifier.predict(plain.round(0).to_numpy()), z=np.round(X[:, 0])
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"metric": "f1"}, "metric must be among .* got 'f1'"),
        ({"metric": ()}, "metric must be a name or a non-empty tuple"),
        ({"ratio": "accuracy"}, "'ratio' parameter"),
        ({"min_ratio": 1.1}, "'min_ratio' parameter"),
        ({"price": -1.0}, "'price' parameter"),
        ({"classifier": "tree"}, "'classifier' parameter"),
        ({"pos_label": 7}, "pos_label=7 is not among the labels"),
    ],
)
def test_bad_parameters_are_named(biased, classifier, parameters, message):
    scorer = FairnessScorer(**parameters)
    with pytest.raises(ValueError, match=message):
        scorer(classifier, biased.data, biased.target, z=biased.z)


@pytest.mark.parametrize(
    ("z_name", "frame", "message"),
    [
        (None, None, "(?s)z is None.*enable_metadata.*z_name"),
        ("sex", None, "z_name='sex' needs X to be a DataFrame"),
        ("sex", "a", "z_name='sex' must be .* it is neither"),
        ("sex", "sex", "it is both"),
    ],
)
def test_bad_z_name_is_named(biased, classifier, z_name, frame, message):
    X, y, z = biased.data, biased.target, biased.z
    if frame:
        X = pd.DataFrame({frame: z}, index=pd.Index(z, name=frame))
    with pytest.raises(ValueError, match=message):
        FairnessScorer(z_name=z_name)(classifier, X, y)
    with pytest.raises(ValueError, match="z has 599 rows but y has 600"):
        FairnessScorer(z_name=z_name)(classifier, X, y, z=z[1:])


def test_scorer_clones_pickles_and_requests_z():
    scorer = FairnessScorer(PAIR, classifier=LogisticRegression(C=3), z_name=["a"])
    for copy in (clone(scorer), pickle.loads(pickle.dumps(scorer))):
        assert str(copy.get_params()) == str(scorer.get_params())
    assert "accuracy" in repr(scorer)
    assert get_routing_for_object(scorer).score.requests == {"z": True}
    with sklearn.config_context(enable_metadata_routing=True):
        renamed = clone(scorer).set_score_request(z="sex")
    assert get_routing_for_object(renamed).score.requests == {"z": "sex"}
