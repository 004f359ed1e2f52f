"""Splits by domain, and the refit that is fair enough."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from joblib import parallel_config
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    LeaveOneGroupOut,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.metadata_routing import get_routing_for_object

from skfadm.datasets import make_biased_domains
from skfadm.metrics import (
    FairnessScorer,
    demographic_parity_ratio,
    equal_opportunity_ratio,
)
from skfadm.model_selection import LeaveOneDomainOut, refit_fair

RATIO = "demographic_parity_ratio"
METRICS = ("accuracy", RATIO, "equal_opportunity_ratio")


class GaussianGenerator(BaseEstimator):
    """A normal distribution for each label; `move` moves the rows of the larger one."""

    __metadata_request__fit = {"z": True, "domains": True}

    def __init__(self, move=0.0):
        self.move = move

    def fit(self, X, y, z=None, domains=None):
        values = np.asarray(X)
        assert z is None or len(z) == len(values)
        self.seen_ = {"z": z, "domains": domains}
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.share_ = np.mean(codes == 1)
        self.means_ = np.array([values[codes == c].mean(axis=0) for c in (0, 1)])
        self.means_[1, 0] += self.move
        return self

    def sample(self, n_samples=1, y=None, *, random_state=None):
        rng = np.random.default_rng(random_state)
        codes = (rng.uniform(size=n_samples) < self.share_).astype(int)
        noise = rng.standard_normal((n_samples, self.means_.shape[1]))
        return self.means_[codes] + noise, self.classes_[codes]


@pytest.fixture(scope="module")
def biased():
    # Different biases, so that the rows of another domain would give other ratios.
    return make_biased_domains(
        900,
        n_features=4,
        bias=[0.1, 0.5, 0.9],
        domain_shares=[0.2, 0.3, 0.5],
        random_state=0,
    )


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def scorer_of(classifier, metric=METRICS, **parameters):
    return FairnessScorer(metric, classifier=classifier, n_samples=400, **parameters)


def scores_by_hand(biased, move, random_state=0):
    """Scores of each left-out domain, without any of scikit-learn's model selection."""
    X, y, z, domains = biased.data, biased.target, biased.z, biased.domains
    seed = int(np.random.RandomState(random_state).randint(2**31 - 1, size=2)[0])
    scores = []
    for domain in sorted(set(domains)):
        test = domains == domain
        generator = GaussianGenerator(move).fit(X[~test], y[~test])
        rows, labels = generator.sample(400, random_state=seed)
        y_pred = LogisticRegression().fit(rows, labels).predict(X[test])
        scores.append(
            [
                np.mean(y_pred == y[test]),
                demographic_parity_ratio(y[test], y_pred, z=z[test]),
                equal_opportunity_ratio(y[test], y_pred, z=z[test]),
            ]
        )
    return np.array(scores)


@pytest.mark.parametrize("name", ["domains", "groups"])
@pytest.mark.parametrize(
    "values",
    [
        ["b", "a", "b", "c", "a"],
        [2, 1, 2, 10, 1],
        pd.Series(["b", "a", "b", "c", "a"], dtype="category", index=list("vwxyz")),
        pd.to_datetime(["2024", "2023", "2024", "2025", "2023"]),
    ],
)
def test_splits_are_those_of_leave_one_group_out(name, values):
    X, cv = np.zeros((5, 1)), LeaveOneDomainOut()
    ours = list(cv.split(X, **{name: values}))
    theirs = list(LeaveOneGroupOut().split(X, groups=np.asarray(values)))
    assert len(ours) == cv.get_n_splits(**{name: values}) == 3
    for (train, test), (expected_train, expected_test) in zip(
        ours, theirs, strict=True
    ):
        np.testing.assert_array_equal(train, expected_train)
        np.testing.assert_array_equal(test, expected_test)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "domains or groups, got neither"),
        ({"groups": [1, 2], "domains": [1, 2]}, "domains or groups, got both"),
        ({"domains": ["a", "a"]}, r"domains holds one domain \('a'\)"),
        ({"groups": ["a", "a"]}, "groups holds one domain"),
        ({"domains": ["a", None]}, "domains has 1 missing"),
        ({"domains": [["a", "b"], ["a", "a"]]}, "domains has 2 columns"),
        ({"domains": ["a", "b", "c"]}, "domains has 3 rows but X has 2"),
    ],
)
def test_bad_domains_are_named(arguments, message):
    cv = LeaveOneDomainOut()
    with pytest.raises(ValueError, match=message):
        cv.split(np.zeros((2, 1)), **arguments)
    if "rows" not in message:
        with pytest.raises(ValueError, match=message):
            cv.get_n_splits(**arguments)


def test_splitter_requests_domains_and_nothing_else():
    cv = LeaveOneDomainOut()
    assert get_routing_for_object(cv).split.requests == {"domains": True}
    assert repr(cv) == "LeaveOneDomainOut()"
    assert isinstance(pickle.loads(pickle.dumps(cv)), LeaveOneDomainOut)


@pytest.mark.parametrize(("n_jobs", "backend"), [(1, "threading"), (2, "threading")])
def test_search_over_a_generator_with_routing(biased, routing, n_jobs, backend):
    search = GridSearchCV(
        GaussianGenerator(),
        {"move": [0.0, 0.5]},
        cv=LeaveOneDomainOut(),
        scoring=scorer_of(LogisticRegression()),
        refit=refit_fair(0.5),
        n_jobs=n_jobs,
        error_score="raise",
    )
    with parallel_config(backend):
        search.fit(biased.data, biased.target, z=biased.z, domains=biased.domains)
    for candidate, move in enumerate([0.0, 0.5]):
        by_hand = scores_by_hand(biased, move)
        for j, metric in enumerate(METRICS):
            for fold in range(3):
                got = search.cv_results_[f"split{fold}_test_{metric}"][candidate]
                assert got == pytest.approx(by_hand[fold, j], abs=1e-12)
    assert search.n_splits_ == 3
    np.testing.assert_array_equal(search.best_estimator_.seen_["z"], biased.z)
    np.testing.assert_array_equal(
        search.best_estimator_.seen_["domains"], biased.domains
    )


def test_search_over_a_pipeline_that_ends_in_a_classifier(biased, routing):
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression()),
        {"logisticregression__C": [1e-4, 1.0]},
        cv=LeaveOneDomainOut(),
        scoring={"accuracy": "accuracy", RATIO: FairnessScorer(RATIO)},
        refit=refit_fair(0.4),
        error_score="raise",
    )
    search.fit(biased.data, biased.target, z=biased.z, domains=biased.domains)
    for fold, domain in enumerate(sorted(set(biased.domains))):
        test = biased.domains == domain
        model = make_pipeline(StandardScaler(), LogisticRegression())
        model.fit(biased.data[~test], biased.target[~test])
        y_pred = model.predict(biased.data[test])
        ratio = demographic_parity_ratio(biased.target[test], y_pred, z=biased.z[test])
        found = search.cv_results_[f"split{fold}_test_{RATIO}"][1]
        assert found == pytest.approx(ratio)


def results(accuracies, ratios):
    return {
        "params": [{}] * len(ratios),
        "mean_test_accuracy": np.array(accuracies),
        f"mean_test_{RATIO}": np.array(ratios),
    }


@pytest.mark.parametrize(
    ("accuracies", "ratios", "best"),
    [
        ([0.9, 0.8, 0.7], [0.5, 0.8, 0.9], 1),  # most accurate of the fair
        ([0.9, 0.7, 0.8], [0.5, 0.9, 0.8], 2),
        ([0.9, 0.8, 0.7], [0.5, 0.6, 0.4], 1),  # none is fair: the fairest
        ([0.8, 0.8, 0.8], [0.8, 0.9, 0.9], 1),  # ties: the fairer, then the first
        ([0.7, 0.9, 0.9], [0.6, 0.6, 0.6], 1),
        ([0.9, 0.8, 0.7], [np.nan, 0.9, 0.9], 1),  # undefined is not fair
        ([np.nan, 0.8, 0.7], [0.95, 0.9, 0.9], 1),
        ([0.9, 0.8, 0.7], [np.nan, 0.1, np.nan], 1),
    ],
)
def test_refit_fair_chooses(accuracies, ratios, best):
    index = refit_fair(0.8)(results(accuracies, ratios))
    assert index == best
    assert type(index) is int


def test_refit_fair_reads_the_metrics_that_it_is_told_to():
    table = {"mean_test_auc": [0.9, 0.8], "mean_test_eo": [0.1, 0.9]}
    assert refit_fair(0.5, accuracy="auc", ratio="eo")(table) == 1
    assert refit_fair(0.05, accuracy="auc", ratio="eo")(table) == 0


def test_refit_fair_refuses_what_it_cannot_choose_from():
    with pytest.raises(ValueError, match="No candidate can be chosen"):
        refit_fair()(results([0.9, np.nan], [np.nan, 0.9]))
    with pytest.raises(ValueError, match=r"no metric 'accuracy'.*mean_test_score"):
        refit_fair()({"mean_test_score": [0.1]})
    for wrong in (-0.1, 1.01, np.nan):
        with pytest.raises(ValueError, match="min_ratio must be a number in"):
            refit_fair(wrong)


def test_refit_fair_pickles_and_clones_with_the_search():
    rule = pickle.loads(pickle.dumps(refit_fair(0.8)))
    search = clone(GridSearchCV(GaussianGenerator(), {}, refit=rule))
    assert search.refit(results([0.9, 0.8], [0.5, 0.9])) == 1
