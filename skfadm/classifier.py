"""SyntheticDataClassifier: a classifier that never sees a real row."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import _safe_indexing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ._base import copy_feature_names
from ._validation import (
    as_labels,
    check_for_classifiers,
    check_n_samples,
    new_random_state,
)
from .encoding._tables import TakesAnyTable, check_table
from .fair_control.labels import predicted_ratio
from .generator import FairDiffusionGenerator
from .metrics._downstream import default_classifier, fit_on_generated, seeded

#: Strengths that are tried until a classifier meets its target; without a target, in
#: units of what "auto" stands for.
STRENGTHS, FACTORS = (0.4, 0.55, 0.7, 0.85, 1.0), (1.0, 1.15, 1.3, 1.5)
#: Without a target, a ratio that is lower than the predicted one by so little is met.
TOLERANCE = 0.02
#: Rows that are generated for each real one: a generator has no last row.
ROWS_A_ROW = 3
#: Rows that a classifier is tried on before the generator is trained.
TRIED = 50


def _check_takes_words(classifier: Any, X: Any, y: Any) -> None:
    """Try a classifier on few rows, before any training, if X may hold words."""
    if classifier is None or getattr(X, "dtype", np.dtype(object)).kind in "biuf":
        return
    try:
        labels = as_labels("y", y)[:TRIED]
        rows = _safe_indexing(X, np.arange(len(labels)))
        seeded(classifier, random_state=0).fit(rows, labels)
    except Exception as error:
        # Whatever else is wrong with so few rows says nothing of the generated ones.
        if "could not convert string" not in str(error):
            return
        steps = getattr(classifier, "steps", [("", classifier)])
        names = ", ".join(f"{type(step).__name__}()" for _, step in steps)
        raise TypeError(
            f"classifier is {classifier!r}, which takes no words ({error}); expected "
            f"one that takes the table as it is, such as\n"
            "    columns = make_column_transformer(\n"
            "        (OneHotEncoder(handle_unknown='ignore'),\n"
            "         make_column_selector(dtype_include='category')),\n"
            "        remainder=SimpleImputer())\n"
            f"    make_pipeline(ClassifierFeatures(), columns, {names})\n"
            "with ClassifierFeatures of skfadm.encoding."
        ) from error


def _until_fair(
    generator: FairDiffusionGenerator,
    judged: Any,
    n_rows: int,
    seed: int,
    fit_on: Callable[[Any, Any], Any],
) -> tuple[Any, float]:
    """Return the first classifier that meets the target, and its strength.

    Its rates on the judged rows are predicted from p(z | x), as those of fair labels
    are. Without a target it is to reach the ratio that is predicted of "auto". Where
    none meets the target it is the one that comes nearest.
    """
    tradeoff, classes = generator.tradeoff_, generator.classes_
    assert tradeoff is not None and generator.fair_control_ is not None
    goal = tradeoff.goal
    targets, strengths = goal.targets, list(STRENGTHS)
    if targets is None:
        predicted = tradeoff.at(tradeoff.auto)["demographic_parity"]
        targets = {"demographic_parity": predicted - TOLERANCE}
        strengths = sorted({min(1.0, f * tradeoff.auto) for f in FACTORS})
    p = generator.fair_control_.predict(judged)
    tables = generator.sample_strengths(strengths, n_rows, random_state=seed)
    tried = []
    for strength, table in zip(strengths, tables, strict=True):
        classifier = fit_on(*table)
        codes = pd.Index(classes).get_indexer(classifier.predict(judged))
        decided = np.eye(len(classes))[codes]
        gap = max(
            ratio - np.nan_to_num(predicted_ratio(p, decided, measure, goal.labels))
            for measure, ratio in targets.items()
        )
        tried.append((gap, strength, classifier))
        if gap <= 0:
            break
    _, strength, classifier = min(tried, key=lambda found: found[0])
    return classifier, strength


def _classifier_has(method: str) -> Any:
    def check(self: SyntheticDataClassifier) -> bool:
        # Asked of what was given: where all generated labels are alike, another
        # classifier stands for it, and the methods stay those that were asked for.
        model = default_classifier() if self.classifier is None else self.classifier
        return hasattr(model, method)

    return check


class SyntheticDataClassifier(
    TakesAnyTable, ClassifierMixin, MetaEstimatorMixin, BaseEstimator
):
    """Train a generator on real rows and a classifier on generated ones.

    What the paper evaluates, as one estimator: how well and how fairly does a
    classifier predict real rows that has been trained on generated rows only?

    Parameters
    ----------
    generator : FairDiffusionGenerator, default=None
        Cloned and fitted. None is ``FairDiffusionGenerator()``.
    classifier : classifier, default=None
        Cloned and fitted on generated rows. None is histogram gradient boosting that
        takes numbers, words and missing values as they are.
    n_samples : int, default=None
        Rows to generate. None is three times as many as there are real ones.
    random_state : int, RandomState instance or None, default=None
        Seeds the generated rows, and generator and classifier where their own
        ``random_state`` is None.

    Attributes
    ----------
    generator_ : FairDiffusionGenerator
        Fitted on the real rows.
    classifier_ : classifier
        Fitted on generated rows.
    lambda_yz_ : float
        The strength of the fair labels that the classifier was fitted on.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    n_features_in_ : int
        Features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where X is a DataFrame with names that are strings.

    Examples
    --------
    >>> from skfadm import FairDiffusionGenerator, SyntheticDataClassifier
    >>> from skfadm.datasets import make_biased_domains
    >>> data = make_biased_domains(300, bias=0.3, random_state=0)
    >>> generator = FairDiffusionGenerator(max_iter=20, n_steps=5)
    >>> model = SyntheticDataClassifier(generator, random_state=0)
    >>> model.fit(data.data, data.target, z=data.z, domains=data.domains)
    SyntheticDataClassifier(generator=FairDiffusionGenerator(max_iter=20, n_steps=5),
                            random_state=0)
    >>> model.predict(data.data).shape
    (300,)
    """

    __metadata_request__fit = {"z": True, "domains": True, "X_target": True}

    def __init__(
        self,
        generator: FairDiffusionGenerator | None = None,
        classifier: Any = None,
        *,
        n_samples: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.generator = generator
        self.classifier = classifier
        self.n_samples = n_samples
        self.random_state = random_state

    def fit(
        self,
        X: ArrayLike | pd.DataFrame,
        y: ArrayLike,
        z: ArrayLike | None = None,
        domains: ArrayLike | None = None,
        X_target: ArrayLike | pd.DataFrame | None = None,
    ) -> Self:
        """Fit the generator, generate rows and fit the classifier on them.

        Where labels are made fair with ``lambda_yz="auto"``, the loop is closed: the
        labels of the generated rows are drawn again with growing strength, until this
        classifier is predicted to meet the `fairness_target` or, without one, the ratio
        that is predicted of "auto", at half as much strength again at most. Linear
        models need that, since they learn the shift of the labels in part.

        Parameters
        ----------
        X, y, z, domains
            As for `FairDiffusionGenerator.fit`.
        X_target : array-like or DataFrame of shape (n, n_features), default=None
            Unlabelled rows of the domain where the classifier will be used, as for
            `FairDiffusionGenerator.adapt`. None: nothing is known of that domain.

        Returns
        -------
        self : SyntheticDataClassifier

        Raises
        ------
        TypeError, ValueError
            If `n_samples` is not a positive integer, if `classifier` takes no words and
            the table has some, and all that the generator raises.
        """
        n_samples = None if self.n_samples is None else check_n_samples(self.n_samples)
        self._check_parameters()
        if y is not None:
            # Before the generator, which takes any labels, is trained.
            check_for_classifiers("y", as_labels("y", y))
            _check_takes_words(self.classifier, X, y)
        rng = new_random_state(self.random_state)
        seeds = rng.randint(np.iinfo(np.int32).max, size=3)
        given = self.generator
        generator = FairDiffusionGenerator() if given is None else clone(given)
        if generator.random_state is None:
            generator.set_params(random_state=int(seeds[0]))
        generator.fit(X, y, z, domains)
        if X_target is not None:
            generator.adapt(X_target)

        fit_on = partial(fit_on_generated, self.classifier, random_state=int(seeds[2]))
        n_rows = n_samples or ROWS_A_ROW * len(X)  # type: ignore[arg-type]
        seed, judged = int(seeds[1]), X if X_target is None else X_target
        strength = getattr(generator, "lambda_yz_", 0.0)
        if strength > 0 and generator.lambda_yz == "auto":
            classifier, strength = _until_fair(generator, judged, n_rows, seed, fit_on)
        else:
            classifier = fit_on(*generator.sample(n_rows, random_state=seed))
        self.generator_ = generator
        self.lambda_yz_ = strength
        self.classifier_ = classifier
        self.classes_ = generator.classes_
        copy_feature_names(generator, self)
        return self

    def _check_parameters(self) -> None:
        for name, method in (("generator", "sample"), ("classifier", "predict")):
            value = getattr(self, name)
            if value is not None and not hasattr(value, method):
                expected = f"expected an estimator with the method {method}."
                raise TypeError(f"{name} is {value!r}; {expected}")

    def predict(self, X: ArrayLike | pd.DataFrame) -> NDArray[Any]:
        """Predict the label of each row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Rows with the columns of the training table.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        rows = self._checked(X)
        return self.classifier_.predict(rows)

    @available_if(_classifier_has("predict_proba"))
    def predict_proba(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float64]:
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            As for `predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`. A label that was never generated has
            probability zero.
        """
        rows = self._checked(X)
        return self._of_all_classes(self.classifier_.predict_proba(rows), 0.0)

    @available_if(_classifier_has("predict_log_proba"))
    def predict_log_proba(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float64]:
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            As for `predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`. A label that was never generated has -inf.
        """
        rows = self._checked(X)
        return self._of_all_classes(self.classifier_.predict_log_proba(rows), -np.inf)

    @available_if(_classifier_has("decision_function"))
    def decision_function(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float64]:
        """Return how far the classifier is on the side of each class.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            As for `predict`.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes the side of the second; else in the order of `classes_`. A
            label that was never generated has the lowest of all numbers.
        """
        rows = self._checked(X)
        seen, n_classes = self.classifier_.classes_, len(self.classes_)
        if len(seen) == 1:
            found = np.zeros((len(self.classifier_.predict(rows)), 1))
        else:
            found = self.classifier_.decision_function(rows)
        if len(seen) == n_classes:
            return found
        if found.ndim == 1:
            found = np.column_stack([-found, found])
        result = self._of_all_classes(found, float(np.finfo(found.dtype).min))
        return result[:, 1] - result[:, 0] if n_classes == 2 else result

    def _of_all_classes(
        self, found: NDArray[np.float64], fill: float
    ) -> NDArray[np.float64]:
        """Return what was found for each label that was generated, and `fill`."""
        seen = self.classifier_.classes_
        if found.shape[1:] != seen.shape:
            raise ValueError(
                f"{self.classifier_} gives {found.shape[1]} columns for {len(seen)} "
                "labels that were generated; expected a column for each."
            )
        result = np.full((len(found), len(self.classes_)), fill, dtype=found.dtype)
        result[:, np.searchsorted(self.classes_, seen)] = found
        return result

    def _checked(self, X: ArrayLike | pd.DataFrame) -> ArrayLike | pd.DataFrame:
        check_is_fitted(self)
        return check_table(self.generator_.encoder_, X, reset=False)
