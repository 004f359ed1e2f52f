"""What a table tells of the groups, real rows beside generated ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from .._downstream import default_classifier
from .._validation import as_columns, encode_labels, factorize

__all__ = ["audit_groups"]


def audit_groups(
    real: tuple[Any, ArrayLike],
    generated: tuple[Any, ArrayLike],
    z: ArrayLike,
    *,
    classifier: Any = None,
    random_state: int = 0,
) -> pd.DataFrame:
    r"""Tell how well groups can be told from rows, and how labels go along with them.

    Generated rows have no group, so a classifier of the real rows says what they
    suggest: :math:`p(z | x)`, of real rows by cross-fitting. It can only tell what it
    has learnt from real rows; what is new in generated rows is not its subject.

    Parameters
    ----------
    real : tuple of (X, y)
        Real rows, DataFrame or array, and their labels.
    generated : tuple of (X, y)
        Generated rows of the same columns, and their labels.
    z : array-like of shape (n,) or (n, n_attributes)
        Sensitive attributes of the real rows.
    classifier : classifier, default=None
        With ``predict_proba``; cloned. None is histogram gradient boosting.
    random_state : int, default=0
        Seed of folds and, by default, of the classifier.

    Returns
    -------
    DataFrame
        Two rows, "real" and "generated", for each attribute, with the columns

        - "certainty": the mean of the largest :math:`p(z | x)`, in (0, 1]; the share of
          rows whose group would be guessed if the classifier is calibrated;
        - "mutual_information": of label and suggested group, in nats, at least 0;
          0 where labels do not go along with what features suggest.

    Raises
    ------
    ValueError
        If lengths differ, an entry of z is missing or a group has fewer than two rows.

    Examples
    --------
    >>> from skfadm import audit_groups
    >>> from skfadm.datasets import make_biased_domains
    >>> biased = make_biased_domains(1000, n_domains=1, bias=0.8, random_state=0)
    >>> fair = make_biased_domains(1000, n_domains=1, bias=0.0, random_state=0)
    >>> real, other = (biased.data, biased.target), (fair.data, fair.target)
    >>> found = audit_groups(real, other, biased.z)["mutual_information"].droplevel(0)
    >>> bool(found["generated"] < found["real"])
    True
    """
    X, y = real
    X_new, y_new = generated
    codes, classes = encode_labels(y, len(X))
    new_codes = pd.Index(classes).get_indexer(np.asarray(y_new))
    if len(new_codes) != len(X_new) or (new_codes < 0).any():
        raise ValueError(
            "generated holds labels that real does not, or not one label a row."
        )
    audits = {}
    for j, column in enumerate(as_columns("z", z, len(X))):
        group, names = factorize("z", column)
        n_folds = min(5, int(np.bincount(group).min()))
        if len(names) < 2 or n_folds < 2:
            raise ValueError(
                "z must have two groups or more, each of at least two rows, got "
                f"{dict(column.value_counts())}."
            )
        model = _seeded(classifier, random_state)
        folds = StratifiedKFold(n_folds, shuffle=True, random_state=random_state)
        p = cross_val_predict(model, X, group, cv=folds, method="predict_proba")
        p_new = model.fit(X, group).predict_proba(X_new)
        attribute = column.name if isinstance(column.name, str) else f"z{j}"
        audits[attribute, "real"] = _audit(p, codes, len(classes))
        audits[attribute, "generated"] = _audit(p_new, new_codes, len(classes))
    table = pd.DataFrame(audits).T
    table.index.names = ["attribute", "rows"]
    return table


def _seeded(classifier: Any, random_state: int) -> Any:
    from sklearn.base import clone

    if classifier is not None:
        return clone(classifier)
    model = default_classifier()
    model[-1].set_params(random_state=random_state)
    return model


def _audit(
    p_z: NDArray[np.float64], y: NDArray[np.int64], n_classes: int
) -> dict[str, float]:
    """Return certainty and mutual information of labels and what p_z suggests."""
    joint = np.stack([p_z[y == a].sum(0) for a in range(n_classes)]) / len(y)
    independent = joint.sum(1, keepdims=True) * joint.sum(0)
    occurs = joint > 0
    information = (joint[occurs] * np.log(joint[occurs] / independent[occurs])).sum()
    return {
        "certainty": float(p_z.max(1).mean()),
        "mutual_information": max(0.0, float(information)),
    }
