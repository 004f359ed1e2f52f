"""A generator adapts to unlabelled rows, and what cannot be adapted to is refused."""

import copy
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfadm import FairnessScorer, LeaveOneDomainOut, SyntheticDataClassifier
from skfadm.datasets import make_biased_domains

from .generators import mixed_table, tiny

# Small tables have wide intervals, of which a target is warned.
pytestmark = pytest.mark.filterwarnings("ignore:fairness_target:UserWarning")

DATA = make_biased_domains(900, bias=0.3, as_frame=True, random_state=0)
KNOWN = DATA.domains != DATA.domains.iloc[-1]
X, Y, Z, DOMAINS = (
    part[KNOWN] for part in (DATA.data, DATA.target, DATA.z, DATA.domains)
)
UNLABELLED = DATA.data[~KNOWN]


@pytest.fixture(scope="module")
def once():
    return tiny(max_iter=30).fit(X, Y, Z, DOMAINS)


@pytest.fixture
def fitted(once):
    return copy.copy(once)


def test_adapting_changes_labels_and_no_feature_and_goes_back(fitted):
    fitted.set_params(fairness_target=0.9)
    before = fitted.sample(400)
    assert fitted.adapt(UNLABELLED) is fitted
    assert fitted.tradeoff_.rows == "the unlabelled rows"
    after = fitted.sample(400)
    pd.testing.assert_frame_equal(before[0], after[0])
    assert (before[1] != after[1]).any()
    again = fitted.adapt(None).sample(400)
    pd.testing.assert_series_equal(before[1], again[1])
    assert fitted.tradeoff_.rows == "the source rows"


def test_columns_are_found_by_name_and_new_categories_and_gaps_are_allowed():
    X, y, z, domains = mixed_table()
    generator = tiny().fit(X, y, z, domains)
    strange = X.head(10).assign(
        word="never seen", category=None, number=np.nan, count=10**6
    )
    assert generator.adapt(strange).tradeoff_ is not None
    with pytest.raises(ValueError, match="feature names"):
        generator.adapt(X.drop(columns="word"))
    with pytest.raises(ValueError, match="feature names"):
        generator.adapt(X.rename(columns={"word": "verb"}))
    with pytest.raises(ValueError, match="0 sample|minimum of 1"):
        generator.adapt(X.head(0))


def test_attributes_are_those_of_the_last_call_that_made_labels(fitted, monkeypatch):
    before = fitted.lambda_yz_, fitted.tradeoff_, fitted.pos_label_
    fitted.set_params(fairness_target=0.99, pos_label=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        monkeypatch.setattr(type(fitted.fair_control_), "solve", None)
        assert (fitted.lambda_yz_, fitted.tradeoff_, fitted.pos_label_) == before
    monkeypatch.undo()
    with pytest.warns(UserWarning, match="fairness_target"):
        fitted.sample(1)
    assert fitted.pos_label_ == 0
    assert fitted.tradeoff_.goal.targets == {"demographic_parity": 0.99}
    # Solved for once.
    monkeypatch.setattr(type(fitted.fair_control_), "solve", None)
    fitted.set_params(lambda_yz=0.25).sample(20)
    assert fitted.lambda_yz_ == fitted.tradeoff_.taken == 0.25


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_parameters_set_in_any_order_give_what_a_new_generator_would(fitted):
    params = {"fairness_target": 0.9, "lambda_yz": 0.8}
    new = tiny(max_iter=30, **params).fit(X, Y, Z, DOMAINS).adapt(UNLABELLED)
    wanted = new.sample(200)[1]
    fitted.set_params(lambda_yz=0.3, pos_label=0).sample(5)
    fitted.adapt(UNLABELLED).set_params(lambda_yz=0.8)
    fitted.sample(5)
    fitted.set_params(pos_label=None, fairness_target=0.9)
    pd.testing.assert_series_equal(fitted.sample(200)[1], wanted)
    assert fitted.lambda_yz_ == new.lambda_yz_ == 0.8
    assert str(fitted.tradeoff_) == str(new.tradeoff_)


def test_a_strength_and_a_target_act_together(fitted):
    fitted.set_params(fairness_target=0.6, lambda_yz=1.0).sample(1)
    low = fitted.tradeoff_.at(1.0)["demographic_parity"]
    fitted.set_params(fairness_target=None).sample(1)
    assert fitted.tradeoff_.at(1.0)["demographic_parity"] > 0.95 > low > 0.59


def test_groups_may_be_missing_in_fit_and_known_in_adapt():
    part = Z.astype(object).where(np.arange(len(Z)) % 3 == 0)
    generator = tiny(max_iter=30).fit(X, Y, part, DOMAINS)
    assert [list(groups) for groups in generator.sensitive_classes_] == [[0, 1]]
    assert generator.weights_.keys() == tiny().fit(X, Y, Z, DOMAINS).weights_.keys()
    plain = generator.adapt(UNLABELLED).tradeoff_
    known = DATA.z[~KNOWN].astype(object).where(np.arange(len(UNLABELLED)) < 40)
    assert generator.adapt(UNLABELLED, known).tradeoff_ is not plain
    assert generator.fair_control_.calibration is not None
    generator.adapt(UNLABELLED, known.where(known.isna()))
    assert generator.tradeoff_.at(1.0) == plain.at(1.0)
    for wrong, message in (
        (
            known.map({0: 0, 1: 7}),
            "z holds the group 7.0; expected those of fit: .0, 1.",
        ),
        (known.iloc[:3], "z has 3 rows"),
        (np.column_stack([known, known]), "z has 2 columns; expected the 1 sensitive"),
    ):
        with pytest.raises(ValueError, match=message):
            generator.adapt(UNLABELLED, wrong)
    with pytest.raises(ValueError, match="z is given without X"):
        generator.adapt(None, known)
    with pytest.raises(ValueError, match="z holds missing values only"):
        tiny().fit(X, Y, part.where(part.isna()), DOMAINS)


def test_what_cannot_be_adapted_is_refused():
    with pytest.raises(NotFittedError):
        tiny().adapt(UNLABELLED)
    with pytest.raises(ValueError, match="expected z in fit"):
        tiny().fit(X, Y).adapt(UNLABELLED)


def test_rows_that_look_like_nothing_seen_are_warned_of(fitted):
    with pytest.warns(UserWarning, match="look nothing like the source rows"):
        fitted.adapt(UNLABELLED * 0 + 100.0)


def test_an_interrupted_adapt_leaves_the_former_state(fitted, monkeypatch):
    before = fitted.sample(50)[1]

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(type(fitted.fair_control_), "solve", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fitted.adapt(UNLABELLED)
    monkeypatch.undo()
    pd.testing.assert_series_equal(fitted.sample(50)[1], before)
    assert fitted.tradeoff_.rows == "the source rows"


def test_labels_asked_for_are_given_by_the_fair_posterior(
    fitted,
):
    fitted.set_params(lambda_yz=1.0)
    _, y = fitted.sample(60, 1)
    assert (y == 1).all()
    _, y = fitted.sample(60, {0: 0.25, 1: 0.75})
    assert y.mean() == 0.75
    one, _ = fitted.sample(40, 1)
    many, _ = fitted.sample(80, 1)
    pd.testing.assert_frame_equal(one, many.head(40), rtol=1e-4, atol=1e-4)


def test_a_label_that_fair_labels_never_give_is_refused(fitted, monkeypatch):
    monkeypatch.setattr("skfadm._sampling.MIN_ACCEPTANCE", 1.1)
    fitted.set_params(lambda_yz=1.0)
    with pytest.raises(ValueError, match="asks for the label .* give to .* % of the"):
        fitted.sample(10, 1)


def test_dozens_of_groups_are_one_reason_that_every_method_gives():
    rng = np.random.default_rng(0)
    z = rng.integers(30, size=len(X))
    with pytest.warns(UserWarning, match="No fair labels: z has 30 groups"):
        generator = tiny().fit(X, Y, z)
    assert generator.tradeoff_ is None
    assert generator.lambda_yz_ == 0.0
    assert len(generator.sample(5)[0]) == 5
    with pytest.raises(ValueError, match="adapt has nothing to make fair: z has 30"):
        generator.adapt(UNLABELLED)
    with pytest.raises(ValueError, match="strengths holds 0.5, .* z has 30 groups"):
        generator.sample_strengths([0.5], 5)
    with pytest.raises(ValueError, match="lambda_yz is 0.5 but cannot act: z has 30"):
        generator.set_params(lambda_yz=0.5).sample(5)
    with pytest.raises(ValueError, match="lambda_yz is 0.5 but cannot act: z has 30"):
        tiny(lambda_yz=0.5).fit(X, Y, z)


def test_the_favourable_label_is_warned_of_only_where_labels_are_made_fair():
    y = Y.rename("default payment")
    with pytest.warns(UserWarning, match="take 0 for the favourable label"):
        assert tiny().fit(X, y, Z).pos_label_ == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tiny(lambda_yz=0.0).fit(X, y, Z)
        tiny().fit(X, y)


@pytest.mark.parametrize("target", [None, 0.9])
@pytest.mark.parametrize("is_known", [False, True])
def test_a_classifier_is_trained_until_it_is_as_fair_as_predicted(target, is_known):
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.01))
    model = SyntheticDataClassifier(
        tiny(max_iter=60, fairness_target=target), linear, random_state=0
    ).fit(X, Y, Z, DOMAINS, X_target=UNLABELLED if is_known else None)
    generator = model.generator_
    judged = UNLABELLED if is_known else X
    p = generator.fair_control_.predict(judged).group[0]
    rates = model.predict(judged) @ p / p.sum(0)
    predicted = generator.tradeoff_.at(generator.tradeoff_.auto)["demographic_parity"]
    wanted = predicted - 0.02 if target is None else target
    met = rates.min() / rates.max() >= wanted
    most = 1.0 if target else min(1.0, 1.5 * generator.tradeoff_.auto)
    assert met or model.lambda_yz_ == pytest.approx(most)
    assert len(model.classifier_.classes_) == 2


def test_a_search_hands_unlabelled_rows_to_the_classifier_and_scores_after_adapting():
    with config_context(enable_metadata_routing=True):
        search = GridSearchCV(
            SyntheticDataClassifier(tiny(), LogisticRegression(), n_samples=200),
            {"generator__lambda_yz": [0.0, 1.0]},
            cv=LeaveOneDomainOut(),
            scoring=FairnessScorer(),
            error_score="raise",
        ).fit(X, Y, z=Z, domains=DOMAINS, X_target=UNLABELLED)
    rows = search.best_estimator_.generator_.tradeoff_.rows
    assert rows == "the unlabelled rows"


def test_a_scorer_that_adapts_leaves_the_generator_as_it_was(once):
    truth = DATA.target[~KNOWN]
    scorer = FairnessScorer("accuracy", adapt=True, n_samples=200)
    found = scorer(once, UNLABELLED, truth)
    assert once.tradeoff_.rows == "the source rows"
    scorer.set_params(adapt=False)
    adapted = copy.copy(once).adapt(UNLABELLED)
    assert found == scorer(adapted, UNLABELLED, truth)
    assert found != scorer(once, UNLABELLED, truth)
