"""A scorer of accuracy and group fairness, for model selection."""

import copy
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.metrics import accuracy_score
from sklearn.utils import metadata_routing
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from skfadm._validation import as_labels, combine_groups, new_random_state

from ._downstream import fit_on_generated
from ._ratios import RATIOS, fairness_ratio, union_of_labels

_METRICS = ("accuracy", *RATIOS, "fair_accuracy")


class FairnessScorer(BaseEstimator):
    """Score a classifier, or a generator of labelled rows, by accuracy and fairness.

    To be passed as ``scoring=`` to scikit-learn's model selection. A classifier (it
    has ``predict``) is scored by its predictions on `X`. A generator (it has
    ``sample`` and no ``predict``) is scored by a classifier that is trained on
    `n_samples` generated rows and predicts `X`.

    With metadata routing enabled, ``search.fit(X, y, z=z, ...)`` hands the sensitive
    attribute over, and nothing has to be requested. With routing disabled `z_name` says
    where in the DataFrame `X` it is.

    Parameters
    ----------
    metric : str or tuple of str, default="fair_accuracy"
        What to return:

        - ``"accuracy"``: the share of right predictions; needs no `z`.
        - ``"demographic_parity_ratio"``, ``"equal_opportunity_ratio"``: Eq. 12, 13.
        - ``"fair_accuracy"``: the accuracy minus a price for what `ratio` lacks of
          `min_ratio`, ``accuracy - price * max(0, min_ratio - ratio)``. An undefined
          ratio (nobody is given the positive label) counts as 0.

        A tuple gives a dict of these scores, from one sampling and one classifier;
        scikit-learn takes it as multi-metric scoring.
    ratio : {"demographic_parity_ratio", "equal_opportunity_ratio"}, \
            default="demographic_parity_ratio"
        The ratio that ``"fair_accuracy"`` looks at.
    min_ratio : float, default=0.8
        The ratio, in [0, 1], from which on ``"fair_accuracy"`` is the accuracy. 0.8 is
        the four-fifths rule.
    price : float, default=1.0
        What ``"fair_accuracy"`` takes off for a ratio of 0.01 that is missing, in
        hundredths of accuracy. 0 makes it the accuracy.
    classifier : classifier, default=None
        Cloned and trained on generated rows. None is histogram gradient boosting for
        columns of any type.
    n_samples : int, default=5000
        Rows to generate.
    adapt : bool, default=False
        Adapt a generator to the rows of `X` before it is scored, without their labels
        and groups: what happens where unlabelled rows of the domain are at hand.
    z_name : label or list of labels, default=None
        Where `X` holds the sensitive attribute(s) when none is passed as `z`: a column,
        which generator and classifier see as any other, or a level of the index, which
        they do not see.
    pos_label : label, default=None
        The positive label of the ratios. With ``None`` it is the larger of two labels;
        of more than two, each in turn, and the smallest ratio counts.
    random_state : int, RandomState instance or None, default=0
        Seeds the generated rows and the classifier. An integer means that all
        candidates and folds are compared with the same random numbers.

    Notes
    -----
    Where the ratio is undefined, the two ratio metrics are ``nan``, with an
    ``UndefinedMetricWarning``; scikit-learn ranks such candidates last.

    A fold that is fairer than `min_ratio` does not make up for one that is not. To put
    a condition on the mean ratio instead, score a tuple and use
    :func:`skfadm.model_selection.refit_fair`. Generated rows of one label only are
    scored, with a warning, as the classifier that always predicts it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfadm.metrics import FairnessScorer
    >>> rng = np.random.default_rng(0)
    >>> z = rng.integers(2, size=400)
    >>> X = rng.normal(size=(400, 2)) + z[:, np.newaxis]
    >>> y = (X[:, 0] + rng.normal(size=400) > 0.5).astype(int)
    >>> model = LogisticRegression().fit(X, y)
    >>> scorer = FairnessScorer(metric=("accuracy", "demographic_parity_ratio"))
    >>> scores = scorer(model, X, y, z=z)
    >>> {name: round(score, 2) for name, score in scores.items()}
    {'accuracy': 0.75, 'demographic_parity_ratio': 0.51}
    >>> round(FairnessScorer(min_ratio=0.8)(model, X, y, z=z), 2)
    0.46
    """

    # The signature makes scikit-learn believe that `estimator` is metadata as well.
    __metadata_request__score = {"z": True, "estimator": metadata_routing.UNUSED}

    _parameter_constraints: dict = {
        "ratio": [StrOptions(set(RATIOS))],
        "min_ratio": [Interval(Real, 0, 1, closed="both")],
        "price": [Interval(Real, 0, None, closed="left")],
        "classifier": [HasMethods(["fit", "predict"]), None],
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "adapt": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        metric: str | tuple[str, ...] = "fair_accuracy",
        *,
        ratio: str = "demographic_parity_ratio",
        min_ratio: float = 0.8,
        price: float = 1.0,
        classifier: Any = None,
        n_samples: int = 5000,
        adapt: bool = False,
        z_name: Any = None,
        pos_label: Any = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.metric = metric
        self.ratio = ratio
        self.min_ratio = min_ratio
        self.price = price
        self.classifier = classifier
        self.n_samples = n_samples
        self.adapt = adapt
        self.z_name = z_name
        self.pos_label = pos_label
        self.random_state = random_state

    def score(
        self, estimator: Any, X: Any, y: ArrayLike, *, z: ArrayLike | None = None
    ) -> float | dict[str, float]:
        """Score a fitted classifier or generator on rows that it has not seen.

        Parameters
        ----------
        estimator : classifier or generator
            Fitted; has ``predict(X)``, or ``sample(n_samples, random_state=...)`` that
            returns ``(X, y)``.
        X : {array-like, DataFrame} of shape (n_samples, n_features)
            Rows to predict.
        y : array-like of shape (n_samples,)
            Their true labels.
        z : array-like of shape (n_samples,) or (n_samples, n_attributes), default=None
            Their sensitive attribute. ``None``: look for `z_name` in `X`.

        Returns
        -------
        float or dict of str to float
            Higher is better. A dict if `metric` is a tuple.

        Raises
        ------
        ValueError
            If a parameter is out of range, or the metric needs `z` and there is none.
        TypeError
            If `estimator` can neither predict nor sample.
        """
        # A method named `score` is what routing reads the request for `z` from: a class
        # with `__call__` alone silently receives no metadata.
        metrics = self._check_metrics()
        self._validate_params()
        if not hasattr(estimator, "predict") and not hasattr(estimator, "sample"):
            raise TypeError(
                "estimator must be a classifier (with predict) or a generator (with "
                f"sample), got {type(estimator).__name__}."
            )
        y_true = as_labels("y", y)
        groups = None
        if any(metric != "accuracy" for metric in metrics):
            groups = combine_groups(self._find_z(X, z), len(y_true), "y")

        y_pred, classes = self._predict(estimator, X)
        y_pred = as_labels("y_pred", y_pred, len(y_true), "y")
        labels = union_of_labels(y_true, y_pred)
        if classes is not None:  # a fold may lack a label
            labels = union_of_labels(labels, as_labels("classes_", classes))
        scores = {
            name: self._score_one(name, y_true, y_pred, groups, labels)
            for name in metrics
        }
        return scores[self.metric] if isinstance(self.metric, str) else scores

    __call__ = score

    def _check_metrics(self) -> tuple[str, ...]:
        metrics = (self.metric,) if isinstance(self.metric, str) else self.metric
        if not isinstance(metrics, tuple | list) or not metrics:
            raise ValueError(
                f"metric must be a name or a non-empty tuple of names, got {metrics!r}."
            )
        unknown = [metric for metric in metrics if metric not in _METRICS]
        if unknown:
            raise ValueError(f"metric must be among {_METRICS}, got {unknown[0]!r}.")
        return tuple(metrics)

    def _find_z(self, X: Any, z: Any) -> Any:
        if z is not None:
            return z
        if self.z_name is None:
            raise ValueError(
                f"metric={self.metric!r} needs the sensitive attribute, but z is None. "
                "Either enable metadata routing, "
                "sklearn.set_config(enable_metadata_routing=True), and pass z= to fit; "
                "or set z_name to the column or index level of X that holds it."
            )
        if not isinstance(X, pd.DataFrame):
            raise ValueError(
                f"z_name={self.z_name!r} needs X to be a DataFrame, got "
                f"{type(X).__name__}."
            )
        names = self.z_name if isinstance(self.z_name, list) else [self.z_name]
        return pd.DataFrame({i: _named(X, name) for i, name in enumerate(names)})

    def _predict(self, estimator: Any, X: Any) -> tuple[Any, Any]:
        """Predict X; also return the labels that the estimator was fitted with."""
        classes = getattr(estimator, "classes_", None)
        if not hasattr(estimator, "predict"):
            if self.adapt and hasattr(estimator, "adapt"):
                # A copy, so that scoring leaves the generator as it was.
                estimator = copy.copy(estimator).adapt(X)
            rng = new_random_state(self.random_state)
            sample_seed, fit_seed = (int(s) for s in rng.randint(2**31 - 1, size=2))
            rows, row_labels = estimator.sample(
                self.n_samples, random_state=sample_seed
            )
            estimator = fit_on_generated(
                self.classifier, rows, row_labels, random_state=fit_seed
            )
        return estimator.predict(X), classes

    def _score_one(
        self,
        metric: str,
        y_true: np.ndarray,
        y_pred: np.ndarray,
        groups: np.ndarray | None,
        labels: np.ndarray,
    ) -> float:
        accuracy = float(accuracy_score(y_true, y_pred))
        if metric == "accuracy" or groups is None:
            return accuracy
        name = self.ratio if metric == "fair_accuracy" else metric
        ratio = fairness_ratio(name, y_true, y_pred, groups, labels, self.pos_label)
        if metric != "fair_accuracy":
            return ratio
        missing = max(0.0, self.min_ratio - np.nan_to_num(ratio, nan=0.0))
        return float(accuracy - self.price * missing)


def _named(X: pd.DataFrame, name: Any) -> np.ndarray:
    """Read the column of X, or the level of its index, that is called `name`."""
    in_columns, in_index = name in X.columns, name in X.index.names
    if in_columns == in_index:
        found = "both" if in_columns else "neither"
        raise ValueError(
            f"z_name={name!r} must be a column of X or a level of its index; it is "
            f"{found}. Columns: {list(X.columns)}; index levels: {list(X.index.names)}."
        )
    values = X[name] if in_columns else X.index.get_level_values(name)
    return np.asarray(values)
