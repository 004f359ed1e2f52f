"""A generator adapts to unlabelled rows, and what cannot be adapted to is refused."""

import copy
import pickle

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


def test_the_target_is_predicted_to_be_met_on_the_unlabelled_rows(fitted):
    targets = {"demographic_parity": 0.9, "equal_opportunity": 0.8}
    fitted.set_params(fairness_target=targets).adapt(DATA.data)
    predicted = fitted.tradeoff_.at(fitted.lambda_yz_)
    for measure, ratio in targets.items():
        assert predicted[measure] > ratio - 0.02
    assert predicted["accuracy"] < fitted.tradeoff_.at(0.0)["accuracy"]


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


def test_predictions_follow_the_parameters_of_now_and_are_made_once(
    fitted, monkeypatch
):
    before, tradeoff = fitted.lambda_yz_, fitted.tradeoff_
    fitted.set_params(fairness_target=0.99, pos_label=0)
    with pytest.warns(UserWarning, match="fairness_target asks for .* 0.99"):
        assert fitted.tradeoff_ is not tradeoff
    monkeypatch.setattr(type(fitted.fair_control_), "solve", None)
    assert fitted.pos_label_ == 0
    assert fitted.lambda_yz_ != before
    assert len(fitted.sample(20)[0]) == 20
    assert fitted.set_params(lambda_yz=0.25).lambda_yz_ == 0.25


def test_what_cannot_be_adapted_is_refused():
    with pytest.raises(NotFittedError):
        tiny().adapt(UNLABELLED)
    with pytest.raises(ValueError, match="Expected z in fit"):
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


def test_an_adapted_generator_survives_saving(fitted):
    fitted.set_params(fairness_target=0.9).adapt(UNLABELLED)
    loaded = pickle.loads(pickle.dumps(fitted))
    pd.testing.assert_series_equal(loaded.sample(50)[1], fitted.sample(50)[1])


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


def test_dozens_of_groups_are_not_compared():
    rng = np.random.default_rng(0)
    with pytest.warns(UserWarning, match="No fair labels: z has 30 groups"):
        generator = tiny().fit(X, Y, rng.integers(30, size=len(X)))
    assert generator.tradeoff_ is None
    assert generator.lambda_yz_ == 0.0


def test_a_classifier_is_fitted_on_labels_that_make_it_meet_the_target():
    linear = make_pipeline(StandardScaler(), LogisticRegression())
    model = SyntheticDataClassifier(
        tiny(max_iter=60, fairness_target=0.9), linear, n_samples=4000, random_state=0
    ).fit(X, Y, Z, DOMAINS, X_target=UNLABELLED)
    assert model.generator_.fairness_target == 0.9
    assert model.generator_.lambda_yz == "auto"
    p = model.generator_.fair_control_.posteriors.predict(UNLABELLED).group[0]
    rates = model.predict(UNLABELLED) @ p / p.sum(0)
    assert rates.min() / rates.max() > 0.85
    assert 0 < model.lambda_yz_ <= 1


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
