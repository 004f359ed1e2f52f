import pickle
import warnings

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

from skfadm._downstream import default_classifier, fit_on_generated
from skfadm.datasets import make_biased_domains
from skfadm.metrics import (
    FairnessScorer,
    demographic_parity_ratio,
    equal_opportunity_ratio,
)

RATIOS = [
    (demographic_parity_ratio, fairlearn.metrics.demographic_parity_ratio),
    (equal_opportunity_ratio, fairlearn.metrics.equal_opportunity_ratio),
]
PAIR = ("accuracy", "demographic_parity_ratio")


def random_labels(seed, n=300, n_groups=2, n_labels=2):
    rng = np.random.default_rng(seed)
    z = rng.integers(n_groups, size=n)
    # The rates differ by group, so that wrong groups give wrong ratios.
    y_pred = (rng.uniform(size=n) < 0.3 + 0.15 * z).astype(int)
    return rng.integers(n_labels, size=n), y_pred, z


# --- the two ratios -----------------------------------------------------------


@pytest.mark.parametrize(("ours", "theirs"), RATIOS)
@pytest.mark.parametrize("n_groups", [2, 3, 5])
@pytest.mark.parametrize("seed", range(5))
def test_ratio_agrees_with_fairlearn(ours, theirs, n_groups, seed):
    y_true, y_pred, z = random_labels(seed, n_groups=n_groups)
    expected = theirs(y_true, y_pred, sensitive_features=z)
    assert 0 < expected < 1
    assert ours(y_true, y_pred, z=z) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("ours", "theirs"), RATIOS)
def test_several_attributes_are_compared_in_their_combinations(ours, theirs):
    y_true, y_pred, sex = random_labels(0)
    age = np.random.default_rng(1).choice(["old", "young", "mid"], size=len(sex))
    table = pd.DataFrame({"sex": sex, "age": age})
    expected = theirs(y_true, y_pred, sensitive_features=table)
    assert ours(y_true, y_pred, z=table) == pytest.approx(expected, abs=1e-12)
    objects = table.to_numpy(dtype=object)
    assert ours(y_true, y_pred, z=objects) == pytest.approx(expected, abs=1e-12)
    assert expected < theirs(y_true, y_pred, sensitive_features=sex)


def test_paper_equations_by_hand():
    y_true = [1, 1, 1, 1, 0, 1, 1, 0, 0, 0]
    y_pred = [1, 1, 0, 0, 1, 1, 0, 0, 0, 0]
    z = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    # P(1|0) = 3/5, P(1|1) = 1/5; among true positives 2/4 and 1/2.
    assert demographic_parity_ratio(y_true, y_pred, z=z) == pytest.approx(1 / 3)
    assert equal_opportunity_ratio(y_true, y_pred, z=z) == 1.0


@pytest.mark.parametrize(("ours", "theirs"), RATIOS)
@pytest.mark.parametrize(
    "names",
    [
        np.array(["no", "yes"]),
        np.array([-1, 1]),
        np.array([1, 2]),
        np.array([False, True]),
        pd.array(["no", "yes"], dtype="string"),
        pd.Categorical(["no", "yes"]),
        pd.array([0, 1], dtype="Int64"),
        np.array([0, 1], dtype=object),
    ],
)
def test_the_larger_of_two_labels_is_the_positive_one(ours, theirs, names):
    y_true, y_pred, z = random_labels(3)
    expected = theirs(y_true, y_pred, sensitive_features=z)
    true, pred = pd.Series(names[y_true]), pd.Series(names[y_pred])
    assert ours(true, pred, z=z) == pytest.approx(expected, abs=1e-12)
    z_words = pd.Series(np.array(["f", "m"])[z], dtype="category")
    assert ours(true, pred, z=z_words) == pytest.approx(expected, abs=1e-12)


def test_numbers_in_an_object_column_are_numbers():
    y_true, y_pred, z = random_labels(3)
    for ratio in (demographic_parity_ratio, equal_opportunity_ratio):
        objects = ratio(pd.Series(y_true, dtype=object), y_pred, z=z)
        assert objects == ratio(y_true, y_pred, z=z)


@pytest.mark.parametrize(("ours", "theirs"), RATIOS)
def test_pos_label_picks_the_positive_label(ours, theirs):
    y_true, y_pred, z = random_labels(3)
    expected = theirs(1 - y_true, 1 - y_pred, sensitive_features=z)
    result = ours(y_true, y_pred, z=z, pos_label=0)
    assert result == pytest.approx(expected, abs=1e-12)
    assert result != pytest.approx(ours(y_true, y_pred, z=z))


@pytest.mark.parametrize(("ours", "theirs"), RATIOS)
def test_of_three_labels_the_smallest_ratio_counts(ours, theirs):
    rng = np.random.default_rng(0)
    z = rng.integers(2, size=400)
    y_true, y_pred = rng.integers(3, size=(2, 400))
    each = [
        theirs(y_true == label, y_pred == label, sensitive_features=z)
        for label in range(3)
    ]
    assert ours(y_true, y_pred, z=z) == pytest.approx(min(each), abs=1e-12)
    assert ours(y_true, y_pred, z=z, pos_label=1) == pytest.approx(each[1], abs=1e-12)


@pytest.mark.parametrize("ratio", [demographic_parity_ratio, equal_opportunity_ratio])
def test_no_positive_prediction_is_undefined_and_said_so(ratio):
    with pytest.warns(UndefinedMetricWarning, match=f"{ratio.__name__}.*undefined"):
        assert np.isnan(ratio([0, 1, 0, 1], [0, 0, 0, 0], z=[0, 0, 1, 1]))


@pytest.mark.parametrize("ratio", [demographic_parity_ratio, equal_opportunity_ratio])
def test_a_single_group_is_undefined_and_said_so(ratio):
    with pytest.warns(UndefinedMetricWarning, match="a ratio compares two"):
        assert np.isnan(ratio([0, 1, 0, 1], [0, 1, 0, 0], z=["m"] * 4))


def test_one_group_without_positive_predictions_gives_zero():
    assert demographic_parity_ratio([0, 1, 0, 1], [0, 0, 0, 1], z=[0, 0, 1, 1]) == 0


def test_warning_points_to_the_caller():
    with pytest.warns(UndefinedMetricWarning) as caught:
        demographic_parity_ratio([0, 1], [0, 0], z=[0, 1])
    assert caught[0].filename == __file__


def test_equal_opportunity_leaves_out_a_group_without_positive_rows():
    y_true = [1, 1, 1, 1, 0, 0]
    y_pred = [1, 1, 1, 0, 1, 0]
    z = ["a", "a", "b", "b", "c", "c"]
    with pytest.warns(UndefinedMetricWarning, match="1 group.* left out"):
        assert equal_opportunity_ratio(y_true, y_pred, z=z) == 0.5
    with pytest.warns(UndefinedMetricWarning, match="1 of 2 group"):
        assert np.isnan(equal_opportunity_ratio(y_true[2:], y_pred[2:], z=z[2:]))


def test_a_third_label_that_nobody_gets_is_left_out_and_said_so():
    y_true = ["a", "b", "c", "a", "b", "c"]
    y_pred = ["a", "b", "b", "a", "b", "a"]
    z = [0, 0, 0, 1, 1, 1]
    with pytest.warns(UndefinedMetricWarning, match="label 'c', the ratio is undef"):
        assert demographic_parity_ratio(y_true, y_pred, z=z) == 0.5


def test_all_negative_numbers_are_not_taken_for_positives():
    with pytest.warns(UndefinedMetricWarning):
        assert np.isnan(demographic_parity_ratio([0, 0], [0, 0], z=[0, 1]))
    for label in ("no", 2):
        with pytest.raises(ValueError, match="Pass pos_label"):
            demographic_parity_ratio([label] * 2, [label] * 2, z=[0, 1])
    with pytest.warns(UndefinedMetricWarning):
        ratio = demographic_parity_ratio(["no"] * 2, ["no"] * 2, z=[0, 1], pos_label="")
    assert np.isnan(ratio)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_true": [0, 1]}, "y_pred has 4 rows but y_true has 2"),
        ({"y_pred": [0, 1, 1]}, "y_pred has 3 rows but y_true has 4"),
        ({"z": [0, 1, 1]}, "z has 3 rows but y_true has 4"),
        ({"z": [0, 1, None, 1]}, "z has 1 missing"),
        ({"z": [[0, 1], [0, 1], [0, np.nan], [1, 1]]}, "z has 1 missing"),
        ({"z": np.zeros((4, 2, 2))}, "z has 3 dimensions"),
        ({"z": np.zeros((4, 0))}, "z has no columns"),
        ({"y_pred": [0.2, 0.7, 0.1, 0.4]}, "y_pred holds continuous"),
        ({"y_pred": [0, 1, np.nan, 0]}, "y_pred has 1 missing"),
        ({"y_true": ["a", None, "b", "b"]}, "y_true has 1 missing"),
        ({"y_pred": np.eye(4)}, "y_pred has 4 columns"),
        ({"y_true": [], "y_pred": [], "z": []}, "y_true has no rows"),
        ({"y_pred": ["0", "1", "1", "0"]}, "labels of one kind"),
        ({"y_pred": np.array([0, "1", 1, 0], dtype=object)}, "labels of one kind"),
        ({"pos_label": "1"}, "pos_label='1' is not among the labels"),
    ],
)
@pytest.mark.parametrize("ratio", [demographic_parity_ratio, equal_opportunity_ratio])
def test_bad_input_is_named(ratio, changes, message):
    arguments = {"y_true": [0, 1, 0, 1], "y_pred": [0, 1, 1, 0], "z": [0, 1, 0, 1]}
    arguments |= changes
    y_true, y_pred = arguments.pop("y_true"), arguments.pop("y_pred")
    with pytest.raises(ValueError, match=message):
        ratio(y_true, y_pred, **arguments)


# --- the scorer ---------------------------------------------------------------


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
    metrics = ("accuracy", "demographic_parity_ratio", "equal_opportunity_ratio")
    scores = FairnessScorer(metrics)(classifier, X, y, z=z)
    assert scores == pytest.approx(
        {
            "accuracy": np.mean(y_pred == y),
            "demographic_parity_ratio": fairlearn.metrics.demographic_parity_ratio(
                y, y_pred, sensitive_features=z
            ),
            "equal_opportunity_ratio": fairlearn.metrics.equal_opportunity_ratio(
                y, y_pred, sensitive_features=z
            ),
        },
        abs=1e-12,
    )
    assert list(scores) == list(metrics)
    for metric in metrics:
        assert FairnessScorer(metric).score(classifier, X, y, z=z) == scores[metric]


def test_accuracy_needs_no_sensitive_attribute(biased, classifier):
    score = FairnessScorer("accuracy")(classifier, biased.data, biased.target)
    assert score == classifier.score(biased.data, biased.target)


@pytest.mark.parametrize(
    "ratio", ["demographic_parity_ratio", "equal_opportunity_ratio"]
)
def test_fair_accuracy_is_accuracy_from_min_ratio_on_and_negative_below(
    biased, classifier, ratio
):
    arguments = (classifier, biased.data, biased.target)
    value = FairnessScorer(ratio)(*arguments, z=biased.z)
    accuracy = FairnessScorer("accuracy")(*arguments)
    for min_ratio, expected in [
        (value, accuracy),
        (np.nextafter(value, 1), value - 1),
        (0, accuracy),
        (1, value - 1),
    ]:
        scorer = FairnessScorer("fair_accuracy", ratio=ratio, min_ratio=min_ratio)
        assert scorer(*arguments, z=biased.z) == expected


def test_fair_accuracy_ranks_the_unfair_by_their_ratio_and_below_the_fair():
    y = np.array([0, 1, 0, 1, 1, 1, 1, 0])
    z = np.repeat([0, 1], 4)
    X = np.arange(8)[:, None]

    class Fixed:
        classes_ = np.array([0, 1])

        def __init__(self, y_pred):
            self.y_pred = np.array(y_pred)

        def predict(self, X):
            return self.y_pred[X[:, 0]]

    scorer = FairnessScorer()
    fair_but_wrong = scorer(Fixed(1 - y), X, y, z=z)  # ratio 0.5: not fair
    fair = scorer(Fixed([1, 0, 1, 0, 0, 0, 1, 1]), X, y, z=z)
    unfair = scorer(Fixed([0, 1, 0, 1, 1, 1, 1, 1]), X, y, z=z)
    unfairest = scorer(Fixed([0, 0, 0, 0, 1, 1, 1, 0]), X, y, z=z)
    with pytest.warns(UndefinedMetricWarning):
        undefined = scorer(Fixed([0] * 8), X, y, z=z)
    assert fair == 0.125
    assert fair > unfair == fair_but_wrong == -0.5 > unfairest == -1.0 == undefined


def test_undefined_ratio_is_nan_and_said_so(biased):
    X, y, z = biased.data, biased.target, biased.z
    nobody = DummyClassifier(strategy="constant", constant=0).fit(X, y)
    with pytest.warns(UndefinedMetricWarning, match="undefined"):
        scores = FairnessScorer((*PAIR, "fair_accuracy"))(nobody, X, y, z=z)
    assert scores["accuracy"] == pytest.approx(np.mean(y == 0))
    assert np.isnan(scores["demographic_parity_ratio"])
    assert scores["fair_accuracy"] == -1


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


def test_pos_label_reaches_the_ratio(biased, classifier):
    X, y, z = biased.data, biased.target, biased.z
    scorer = FairnessScorer("demographic_parity_ratio", pos_label=0)
    expected = demographic_parity_ratio(y, classifier.predict(X), z=z, pos_label=0)
    assert scorer(classifier, X, y, z=z) == expected
    assert expected != FairnessScorer("demographic_parity_ratio")(classifier, X, y, z=z)


def test_generator_is_scored_by_a_classifier_trained_on_its_rows(biased):
    X, y, z = biased.data, biased.target, biased.z
    metric = (*PAIR, "equal_opportunity_ratio")
    scorer = FairnessScorer(metric, classifier=LogisticRegression(), n_samples=3000)
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


def test_n_samples_rows_are_generated_once_for_all_metrics(biased):
    class Counting(FixedGenerator):
        asked = []

        def sample(self, n_samples=1, y=None, *, random_state=None):
            self.asked.append(n_samples)
            return super().sample(n_samples, y, random_state=random_state)

    scorer = FairnessScorer(PAIR, classifier=LogisticRegression(), n_samples=123)
    scorer(Counting(biased.model), biased.data, biased.target, z=biased.z)
    assert Counting.asked == [123]


def test_integer_seed_repeats_and_other_seeds_differ(biased):
    def score(random_state):
        scorer = FairnessScorer("accuracy", n_samples=100, random_state=random_state)
        return scorer(FixedGenerator(biased.model), biased.data, biased.target)

    assert score(0) == score(0)
    assert len({score(seed) for seed in range(4)}) > 1


def test_global_random_state_is_left_alone(biased):
    np.random.seed(5)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    scorer = FairnessScorer("accuracy", n_samples=50, random_state=None)
    scorer(FixedGenerator(biased.model), biased.data, biased.target)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_generator_of_one_label_is_scored_as_always_predicting_it(biased):
    X, y, z = biased.data, biased.target, biased.z
    scorer = FairnessScorer((*PAIR, "fair_accuracy"))
    generator = FixedGenerator(biased.model, only=0)
    with (
        pytest.warns(UserWarning, match="generated rows have the label"),
        pytest.warns(UndefinedMetricWarning),
    ):
        scores = scorer(generator, X, y, z=z)
    assert scores["accuracy"] == pytest.approx(np.mean(y == 0))
    assert scores["fair_accuracy"] == -1


def test_z_name_reads_a_column_or_an_index_level(biased, classifier):
    X, y, z = biased.data, biased.target, biased.z
    expected = demographic_parity_ratio(y, classifier.predict(X), z=z)
    plain = pd.DataFrame(X)
    scorer = FairnessScorer("demographic_parity_ratio", z_name="sex")

    index = pd.MultiIndex.from_arrays([np.arange(len(y)), z], names=["row", "sex"])
    assert scorer(classifier, plain.set_axis(index), y) == expected
    single = plain.set_axis(pd.Index(z, name="sex"))
    assert scorer(classifier, single, y) == expected

    scorer.set_params(z_name=0)
    by_column = scorer(classifier, plain.round(0), y)
    assert by_column == demographic_parity_ratio(
        y, classifier.predict(plain.round(0).to_numpy()), z=np.round(X[:, 0])
    )


def test_z_name_of_several_attributes_takes_their_combinations(biased, classifier):
    X, y, z = biased.data, biased.target, biased.z
    index = pd.MultiIndex.from_arrays([z, biased.domains], names=["sex", "place"])
    scorer = FairnessScorer("demographic_parity_ratio", z_name=["sex", "place"])
    expected = demographic_parity_ratio(
        y, classifier.predict(X), z=pd.DataFrame({"a": z, "b": biased.domains})
    )
    assert scorer(classifier, pd.DataFrame(X, index=index), y) == expected


def test_z_that_is_passed_comes_before_z_name(biased, classifier):
    X, y, z = biased.data, biased.target, biased.z
    frame = pd.DataFrame(X, index=pd.Index(1 - z, name="sex"))
    other = np.random.default_rng(0).permutation(z)
    scorer = FairnessScorer("demographic_parity_ratio", z_name="sex")
    expected = demographic_parity_ratio(y, classifier.predict(X), z=other)
    assert scorer(classifier, frame, y, z=other) == expected


def test_missing_z_says_both_ways_out(biased, classifier):
    with pytest.raises(ValueError, match="(?s)z is None.*enable_metadata.*z_name"):
        FairnessScorer()(classifier, biased.data, biased.target)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"metric": "f1"}, "metric must be among .* got 'f1'"),
        ({"metric": ("accuracy", "f1")}, "metric must be among"),
        ({"metric": ()}, "metric must be a name or a non-empty tuple"),
        ({"metric": None}, "metric must be a name or a non-empty tuple"),
        ({"ratio": "accuracy"}, "'ratio' parameter"),
        ({"min_ratio": 1.1}, "'min_ratio' parameter"),
        ({"n_samples": 0}, "'n_samples' parameter"),
        ({"classifier": "tree"}, "'classifier' parameter"),
        ({"random_state": "x"}, "'random_state' parameter"),
        ({"pos_label": 7}, "pos_label=7 is not among the labels"),
    ],
)
def test_bad_parameters_are_named(biased, classifier, parameters, message):
    scorer = FairnessScorer(**parameters)
    with pytest.raises(ValueError, match=message):
        scorer(classifier, biased.data, biased.target, z=biased.z)


def test_bad_z_name_and_bad_rows_are_named(biased, classifier):
    X, y, z = biased.data, biased.target, biased.z
    scorer = FairnessScorer(z_name="sex")
    with pytest.raises(ValueError, match="z_name='sex' needs X to be a DataFrame"):
        scorer(classifier, X, y)
    with pytest.raises(ValueError, match="z_name='sex' must be .* it is neither"):
        scorer(classifier, pd.DataFrame(X), y)
    both = pd.DataFrame({"sex": z}, index=pd.Index(z, name="sex"))
    with pytest.raises(ValueError, match="it is both"):
        scorer(classifier, both, y)
    with pytest.raises(ValueError, match="z has 599 rows but y has 600"):
        scorer(classifier, X, y, z=z[1:])


def test_what_can_neither_predict_nor_sample_is_refused(biased):
    with pytest.raises(TypeError, match="estimator must be .* got object"):
        FairnessScorer("accuracy")(object(), biased.data, biased.target)


def test_scorer_clones_pickles_and_requests_z():
    scorer = FairnessScorer(PAIR, classifier=LogisticRegression(C=3), z_name=["a"])
    for copy in (clone(scorer), pickle.loads(pickle.dumps(scorer))):
        assert str(copy.get_params()) == str(scorer.get_params())
    assert "accuracy" in repr(scorer)
    assert get_routing_for_object(scorer).score.requests == {"z": True}
    with sklearn.config_context(enable_metadata_routing=True):
        renamed = clone(scorer).set_score_request(z="sex")
    assert get_routing_for_object(renamed).score.requests == {"z": "sex"}


# --- the default classifier ---------------------------------------------------


def mixed_rows(n=400, seed=0):
    """Labels follow a word column alone, a number column alone, or are noise."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    word = np.where(y == 1, "rare", "common").astype(object)
    word[rng.uniform(size=n) < 0.2] = None
    number = y + rng.normal(scale=0.3, size=n)
    number[rng.uniform(size=n) < 0.2] = np.nan
    return word, number, y


@pytest.mark.parametrize("dtype", [object, "category", "string"])
def test_default_classifier_learns_from_words_with_missing_values(dtype):
    word, number, y = mixed_rows()
    frame = pd.DataFrame({"word": pd.Series(word, dtype=dtype), "number": number})
    frame["whole"] = pd.array([1, None] * 200, dtype="Int64")
    frame["yes"] = True
    for part, least in [(frame[["word", "yes"]], 0.85), (frame, 0.93)]:
        model = fit_on_generated(None, part[:300], y[:300], random_state=0)
        assert np.mean(model.predict(part[300:]) == y[300:]) > least


def test_default_classifier_takes_object_arrays():
    word, number, y = mixed_rows()
    X = np.column_stack([word, number.astype(object), np.full(400, None)])
    model = fit_on_generated(None, X[:300], y[:300], random_state=0)
    assert np.mean(model.predict(X[300:]) == y[300:]) > 0.93


def test_default_classifier_takes_unseen_and_many_categories():
    rng = np.random.default_rng(0)
    codes = rng.integers(600, size=4000)
    train = pd.DataFrame({"zip": codes.astype(str), "x": rng.normal(size=4000)})
    y = (train["x"] > 0).map({True: "b", False: "a"}).astype("category")
    model = fit_on_generated(None, train, y, random_state=0)
    test = pd.DataFrame({"zip": ["new", None], "x": [-2.0, 2.0]})
    assert model.predict(test).tolist() == ["a", "b"]


def test_default_classifier_takes_numbered_columns():
    word, number, y = mixed_rows()
    frame = pd.DataFrame({0: word, 1: number})
    assert np.mean(default_classifier().fit(frame, y).predict(frame) == y) > 0.93


def test_only_missing_seeds_are_set_and_the_classifier_is_left_alone():
    word, number, y = mixed_rows()
    X = np.nan_to_num(number)[:, None]
    free, fixed = LogisticRegression(), LogisticRegression(random_state=4)
    assert fit_on_generated(free, X, y, random_state=9).random_state == 9
    assert fit_on_generated(fixed, X, y, random_state=9).random_state == 4
    assert free.random_state is None
    assert not hasattr(free, "coef_")


def test_scoring_a_table_gives_no_warning():
    word, number, y = mixed_rows()
    frame = pd.DataFrame({"word": pd.Categorical(word), "number": number})
    model = fit_on_generated(None, frame, y, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FairnessScorer(PAIR)(model, frame, y, z=np.arange(400) % 3)
