"""The generator in searches, cross-validation and pipelines."""

import numpy as np
import pytest
import sklearn
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.tree import DecisionTreeClassifier

from skfadm import FairnessScorer, LeaveOneDomainOut, SyntheticDataClassifier
from skfadm.diffusion import training
from skfadm.model_selection import refit_fair

from .generators import mixed_table, tiny

GRID = {"lambda_y": [0.5, 2.0], "lambda_z": [0.0, 3.0]}


def scorer(**params):
    return FairnessScorer(
        **{
            "metric": "accuracy",
            "classifier": DecisionTreeClassifier(random_state=0),
            "n_samples": 60,
            "random_state": 0,
            **params,
        }
    )


def numbers_table(n):
    X, _, z, domains = mixed_table(n)
    # As many of each label, so that no classifier leaves one out.
    y = np.where(np.arange(n) % 2, "yes", "no")
    return X[["number", "count", "spike"]], y, z, domains


def counted_trainings(monkeypatch):
    """Count how often the training loop is entered."""
    seen = []
    real = training.DomainBatches

    def count(*args):
        seen.append(args)
        return real(*args)

    monkeypatch.setattr(training, "DomainBatches", count)
    return seen


def test_a_grid_of_strengths_trains_once_a_fold(tmp_path, monkeypatch):
    X, y, z, domains = numbers_table(90)
    trainings = counted_trainings(monkeypatch)
    search = GridSearchCV(
        tiny(memory=str(tmp_path)), GRID, cv=LeaveOneDomainOut(), scoring=scorer()
    )
    with sklearn.config_context(enable_metadata_routing=True):
        search.fit(X, y, z=z, domains=domains)
    assert len(search.cv_results_["params"]) == 4
    assert len(trainings) == 3 + 1


def grid_search(routing, n_jobs):
    X, y, z, domains = numbers_table(90)
    if not routing:  # then z travels as the index
        X = X.set_index(z.rename("sex").to_numpy()).rename_axis("sex")
    search = GridSearchCV(
        tiny(),
        {"lambda_z": [0.0, 3.0]},
        cv=LeaveOneDomainOut(),
        scoring=scorer(
            metric=("accuracy", "demographic_parity_ratio"),
            z_name=None if routing else "sex",
        ),
        refit=refit_fair(min_ratio=0.0),
        n_jobs=n_jobs,
    )
    if not routing:
        return search.fit(X, y, groups=domains, z=z, domains=domains)
    with sklearn.config_context(enable_metadata_routing=True):
        return search.fit(X, y, z=z, domains=domains)


@pytest.mark.parametrize(("routing", "n_jobs"), [(True, 2), (False, 1)])
def test_grid_search_gives_the_same_scores_however_it_is_run(
    routing, n_jobs, reference_scores
):
    search = grid_search(routing, n_jobs)
    for name in ("mean_test_accuracy", "mean_test_demographic_parity_ratio"):
        assert np.isfinite(search.cv_results_[name]).all()
        np.testing.assert_array_equal(search.cv_results_[name], reference_scores[name])
    assert len(search.best_estimator_.sample(3)[0]) == 3


def test_cross_validate_scores_a_classifier_of_generated_rows():
    X, y, z, domains = numbers_table(90)
    model = SyntheticDataClassifier(tiny(), DecisionTreeClassifier(), random_state=0)
    with sklearn.config_context(enable_metadata_routing=True):
        result = cross_validate(
            model,
            X,
            y,
            params={"z": z, "domains": domains},
            cv=LeaveOneDomainOut(),
            scoring=scorer(metric=("accuracy", "equal_opportunity_ratio")),
            error_score="raise",
        )
    assert len(result["test_accuracy"]) == 3
    assert np.isfinite(result["test_equal_opportunity_ratio"]).sum() >= 1


def test_the_generator_stands_in_an_imbalanced_learn_pipeline():
    pipeline = pytest.importorskip("imblearn.pipeline")
    X, y, z, domains = numbers_table(90)
    steps = [("generate", tiny()), ("classify", DecisionTreeClassifier(random_state=0))]
    with sklearn.config_context(enable_metadata_routing=True):
        model = pipeline.Pipeline(steps).fit(X, y, z=z, domains=domains)
    assert model["generate"].sensitive_classes_
    assert len(model["generate"].domains_) == 3
    np.testing.assert_array_equal(model.predict(X), model["classify"].predict(X))
