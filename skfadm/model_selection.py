"""Choose hyperparameters for domains that nobody has seen."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils.validation import _num_samples

from ._validation import encode_domains

__all__ = ["LeaveOneDomainOut", "refit_fair"]


class LeaveOneDomainOut(BaseCrossValidator):
    """Cross-validator that tests on each domain what was trained on the others.

    The same as :class:`sklearn.model_selection.LeaveOneGroupOut`, except that it
    requests ``domains``, the metadata that the generators of this package are fitted
    with: in fairness, a "group" is the rows of one value of `z`.

    With metadata routing enabled, ``search.fit(X, y, z=z, domains=domains)`` reaches
    generator and splitter alike. With routing disabled, scikit-learn hands splitters
    nothing but ``groups``, so pass the domains as ``groups=`` too.

    See Also
    --------
    sklearn.model_selection.LeaveOneGroupOut : The same split of ``groups``.
    skfadm.metrics.FairnessScorer : What to score the left-out domain by.

    Notes
    -----
    The splits are ordered by the domain that is left out; numbers come before words.

    Examples
    --------
    >>> import numpy as np
    >>> from skfadm.model_selection import LeaveOneDomainOut
    >>> X = np.zeros((5, 2))
    >>> domains = ["north", "south", "north", "west", "south"]
    >>> cv = LeaveOneDomainOut()
    >>> cv.get_n_splits(domains=domains)
    3
    >>> for train, test in cv.split(X, domains=domains):
    ...     print(train, test)
    [1 3 4] [0 2]
    [0 2 3] [1 4]
    [0 1 2 4] [3]
    """

    # `groups` stays what BaseCrossValidator makes it, UNUSED: under routing there is
    # one name for a domain, the one that `fit` of the generator has too.
    __metadata_request__split = {"domains": True}

    def split(
        self,
        X: Any,
        y: Any = None,
        groups: ArrayLike | None = None,
        domains: ArrayLike | None = None,
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Generate the row numbers of each training and test set.

        Parameters
        ----------
        X : {array-like, DataFrame} of shape (n_samples, n_features)
            Rows; only their number is used.
        y : None
            Ignored.
        groups : array-like of shape (n_samples,), default=None
            The domains, under the name that scikit-learn uses without metadata routing.
        domains : array-like of shape (n_samples,), default=None
            The domain of each row: any labels, at least two different ones. Exactly one
            of `groups` and `domains` has to be given.

        Yields
        ------
        train : ndarray of shape (n_train,), dtype int
            The rows of all other domains.
        test : ndarray of shape (n_test,), dtype int
            The rows of one domain.

        Raises
        ------
        ValueError
            If neither or both of `groups` and `domains` are given, or they are not one
            label for each row, or there are fewer than two domains.
        """
        # Not itself a generator, so that errors come before the first fold is taken.
        codes, values = _domain_codes(groups, domains, n_rows=_num_samples(X))
        return (
            (np.flatnonzero(codes != code), np.flatnonzero(codes == code))
            for code in range(len(values))
        )

    def get_n_splits(
        self,
        X: Any = None,
        y: Any = None,
        groups: ArrayLike | None = None,
        domains: ArrayLike | None = None,
    ) -> int:
        """Count the domains.

        Parameters
        ----------
        X, y : None
            Ignored.
        groups, domains : array-like of shape (n_samples,), default=None
            As for `split`.

        Returns
        -------
        int
            The number of splits.

        Raises
        ------
        ValueError
            As `split`.
        """
        return len(_domain_codes(groups, domains)[1])


def refit_fair(
    min_ratio: float = 0.8,
    *,
    accuracy: str = "accuracy",
    ratio: str = "demographic_parity_ratio",
) -> Callable[[dict], int]:
    """Choose the most accurate candidate among those that are fair enough.

    Makes a rule for the ``refit`` of :class:`sklearn.model_selection.GridSearchCV` and
    its kin, for a search with several metrics. Fair enough is a candidate whose mean
    test ratio over the folds is at least `min_ratio`. Among these the one with the
    highest mean test accuracy is chosen. If no candidate is fair enough, the one with
    the highest ratio is chosen; compare ``search.cv_results_`` at
    ``search.best_index_`` with `min_ratio` to know. Ties go to the better other score,
    then to the earlier candidate.

    A candidate with a ``nan`` in either mean cannot be chosen: in one of the folds its
    ratio was undefined, or its scoring failed.

    Parameters
    ----------
    min_ratio : float, default=0.8
        In [0, 1]. 0.8 is the four-fifths rule.
    accuracy : str, default="accuracy"
        The metric to maximise; the search has ``mean_test_<accuracy>``. It may be any
        metric of which higher is better.
    ratio : str, default="demographic_parity_ratio"
        The metric that has to reach `min_ratio`.

    Returns
    -------
    callable
        Takes ``cv_results_`` and returns the index of the chosen candidate. It can be
        pickled.

    Raises
    ------
    ValueError
        Here if `min_ratio` is not in [0, 1]. During the search if it lacks one of the
        two metrics, or no candidate has a value in both.

    See Also
    --------
    skfadm.metrics.FairnessScorer : Gives both metrics at once.

    Examples
    --------
    >>> from skfadm.model_selection import refit_fair
    >>> cv_results = {
    ...     "mean_test_accuracy": [0.90, 0.85, 0.80],
    ...     "mean_test_demographic_parity_ratio": [0.40, 0.82, 0.95],
    ... }
    >>> refit_fair(0.8)(cv_results)
    1
    >>> refit_fair(0.99)(cv_results)
    2

    In a search: ``GridSearchCV(generator, grid, cv=LeaveOneDomainOut(),
    scoring=FairnessScorer(metric=("accuracy", "demographic_parity_ratio")),
    refit=refit_fair(0.8))``.
    """
    if not 0 <= min_ratio <= 1:
        raise ValueError(f"min_ratio must be a number in [0, 1], got {min_ratio!r}.")
    return partial(_best_index, min_ratio=min_ratio, accuracy=accuracy, ratio=ratio)


def _best_index(
    cv_results: dict, *, min_ratio: float, accuracy: str, ratio: str
) -> int:
    for metric in (accuracy, ratio):
        if f"mean_test_{metric}" not in cv_results:
            found = [name for name in cv_results if name.startswith("mean_test_")]
            raise ValueError(
                f"The search has no metric {metric!r}: its results hold {found}, not "
                f"{f'mean_test_{metric}'!r}."
            )
    accuracies, ratios = (
        np.asarray(cv_results[f"mean_test_{metric}"], dtype=float)
        for metric in (accuracy, ratio)
    )
    scored = np.isfinite(accuracies) & np.isfinite(ratios)
    if not scored.any():
        raise ValueError(
            f"No candidate can be chosen: each has a nan in mean_test_{accuracy} or "
            f"mean_test_{ratio}."
        )
    fair = scored & (ratios >= min_ratio)
    candidates = np.flatnonzero(fair if fair.any() else scored).tolist()
    first, second = (accuracies, ratios) if fair.any() else (ratios, accuracies)
    return max(candidates, key=lambda i: (first[i], second[i]))


def _domain_codes(
    groups: Any, domains: Any, n_rows: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Give each row the number of its domain; also return the domains, in order."""
    if (groups is None) == (domains is None):
        found = "neither" if domains is None else "both"
        raise ValueError(
            "LeaveOneDomainOut needs the domain of each row as either domains or "
            f"groups, got {found}. With metadata routing pass domains=, without it "
            "pass groups=."
        )
    name, values = ("domains", domains) if groups is None else ("groups", groups)
    codes, unique = encode_domains(values, n_rows, name)
    if len(unique) < 2:
        raise ValueError(
            f"{name} holds one domain ({unique.tolist()[0]!r}); expected at least two."
        )
    return codes, unique
