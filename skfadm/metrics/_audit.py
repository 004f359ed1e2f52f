"""What a table tells of the groups, real rows beside generated ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from .._containers import to_pandas
from .._text import printable
from .._validation import encode_labels
from ._downstream import seeded
from ._rates import GroupRatesDisplay, attributes_of
from ._ratios import positive_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_N_SHUFFLES = 200


@dataclass(frozen=True, eq=False, repr=False)
class GroupAudit:
    r"""What :func:`audit_groups` has found; prints as two tables.

    Attributes
    ----------
    rates : DataFrame
        For each attribute, label and group, in [0, 1] or NaN:

        - "share": of the rows that the group has among the real ones;
        - "observed": how often real rows of the group have the label;
        - "real", "generated": how often rows whose features suggest the group have
          it, :math:`\sum_i [y_i = a]\, p(g | x_i) / \sum_i p(g | x_i)`. Generated
          rows have no group, so this is what can be compared.
    summary : DataFrame
        For each attribute and label a row "real" and one "generated":

        - "ratio": the smallest over the largest of these rates, 1 where labels do not
          favour what the features suggest;
        - "by_chance": the mean ratio if labels were dealt at random; a ratio near it
          shows no difference, however far from 1;
        - "favoured": the group with the largest rate;
        - "certainty": the mean of the largest :math:`p(g | x)`, which is how often the
          group would be guessed;
        - "guess": the same without looking at features, the share of the largest group.
    """

    rates: pd.DataFrame
    summary: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> GroupRatesDisplay:
        """Draw the rates of real and generated rows as bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure that ``plt.show()`` shows.

        Returns
        -------
        GroupRatesDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        return GroupRatesDisplay(self.rates[["real", "generated"]]).plot(ax)

    def __repr__(self) -> str:
        ratios = self.summary["ratio"].round(2).groupby("rows", sort=False).min()
        told = ", ".join(f"{rows} {ratio}" for rows, ratio in ratios.items())
        return f"<GroupAudit: ratio of rates: {told}>"

    def __str__(self) -> str:
        text = f"{self.rates.round(3)}\n\n{self.summary.round(3)}"
        return "\n".join(map(printable, text.split("\n")))

    def _repr_html_(self) -> str:
        tables = (self.rates, self.summary)
        return "".join(table.to_html(float_format="{:.3f}".format) for table in tables)


def audit_groups(
    real: tuple[Any, ArrayLike],
    generated: tuple[Any, ArrayLike],
    z: ArrayLike,
    *,
    pos_label: Any = None,
    classifier: Any = None,
    random_state: int = 0,
) -> GroupAudit:
    r"""Show which groups labels favour, and how well features tell the groups apart.

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
    pos_label : label, default=None
        The positive label. None is the larger of two labels; of more, each in turn.
        The tables name it.
    classifier : classifier, default=None
        With ``predict_proba``; cloned. None is histogram gradient boosting.
    random_state : int, default=0
        Seed of folds, of shuffles and, where it has none, of the classifier.

    Returns
    -------
    GroupAudit
        With the tables ``rates`` and ``summary`` and a method ``plot``.

    Raises
    ------
    ValueError
        If lengths differ, an entry of z is missing, a group has fewer than two rows or
        `pos_label` is not among the labels.

    Examples
    --------
    >>> from skfadm import audit_groups
    >>> from skfadm.datasets import make_biased_domains
    >>> biased = make_biased_domains(1000, n_domains=1, bias=0.8, random_state=0)
    >>> fair = make_biased_domains(1000, n_domains=1, bias=0.0, random_state=0)
    >>> real, other = (biased.data, biased.target), (fair.data, fair.target)
    >>> audit = audit_groups(real, other, biased.z)
    >>> audit.summary["ratio"].round(2).tolist()
    [0.19, 0.54]
    >>> audit.summary["favoured"].tolist()[0]
    1
    """
    X, y = (to_pandas("real", part) for part in real)
    X_new, y_new = (to_pandas("generated", part) for part in generated)
    codes, classes = encode_labels(y, len(X))
    new_codes = pd.Index(classes).get_indexer(np.asarray(y_new))
    if len(new_codes) != len(X_new) or (new_codes < 0).any():
        raise ValueError(
            "generated holds labels that real does not, or not one label a row."
        )
    labels = positive_labels(classes, pos_label)
    rng = np.random.RandomState(random_state)
    rates, summary = {}, {}
    for name, group, groups in attributes_of(z, len(X)):
        n_rows = np.bincount(group)
        n_folds = min(5, int(n_rows.min()))
        if len(groups) < 2 or n_folds < 2:
            counts = dict(zip(groups.tolist(), n_rows.tolist(), strict=True))
            raise ValueError(
                "z must have two groups or more, each of at least two rows, got "
                f"{counts}."
            )
        model = seeded(classifier, random_state)
        folds = StratifiedKFold(n_folds, shuffle=True, random_state=random_state)
        p = cross_val_predict(model, X, group, cv=folds, method="predict_proba")
        p_new = model.fit(X, group).predict_proba(X_new)
        for label in labels:
            code = classes.tolist().index(label)
            chosen = {"real": codes == code, "generated": new_codes == code}
            suggested = {"real": p, "generated": p_new}
            found = {rows: _rates(chosen[rows], suggested[rows]) for rows in chosen}
            observed = np.bincount(group[chosen["real"]], minlength=len(groups))
            shares = {"share": n_rows / len(X), "observed": observed / n_rows}
            rates[name, label] = pd.DataFrame(shares | found, index=groups.tolist())
            for rows, of_groups in found.items():
                p_rows = suggested[rows]
                summary[name, label, rows] = {
                    "ratio": _ratio(of_groups),
                    "by_chance": _ratio_by_chance(chosen[rows], p_rows, rng),
                    "favoured": groups.tolist()[int(of_groups.argmax())],
                    "certainty": float(p_rows.max(axis=1).mean()),
                    "guess": float(p_rows.mean(axis=0).max()),
                }
    return GroupAudit(
        pd.concat(rates, names=["attribute", "label", "group"]),
        pd.DataFrame.from_dict(summary, orient="index").rename_axis(
            ["attribute", "label", "rows"]
        ),
    )


def _rates(chosen: NDArray[np.bool_], p_z: NDArray[np.float64]) -> NDArray[np.float64]:
    """How often each group is chosen if rows belong to it with probability p_z."""
    found: NDArray[np.float64] = chosen @ p_z / p_z.sum(axis=0)
    return found


def _ratio(rates: NDArray[np.float64]) -> float:
    return float(rates.min() / rates.max()) if rates.max() > 0 else float("nan")


def _ratio_by_chance(
    chosen: NDArray[np.bool_], p_z: NDArray[np.float64], rng: np.random.RandomState
) -> float:
    """Mean ratio of rates if the labels were dealt to the rows at random."""
    dealt = [_ratio(_rates(rng.permutation(chosen), p_z)) for _ in range(_N_SHUFFLES)]
    return float(np.mean(dealt))
