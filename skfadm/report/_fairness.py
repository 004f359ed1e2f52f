"""fairness_report: what classifiers do to groups before and after, and the quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from .._text import names_of
from .._validation import as_columns, as_labels, bad_type
from ..metrics import FairnessTradeoffDisplay
from ..metrics._rates import attributes_of
from ..metrics._ratios import _positive_labels
from ..metrics._tradeoff import measure_tradeoff
from ._before_after import Judged, predict, rates, scores
from ._quality import quality_report
from ._report import FairnessReport
from ._tables import as_frame
from ._words import TITLES, listed

#: Nearest neighbours take time that grows with the square of the rows.
_NEIGHBOURS = 5
_STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
#: Fewer rows of a group say little about it.
FEW = 30


def fairness_report(
    real: Any,
    synthetic: Any,
    y_real: ArrayLike,
    y_synthetic: ArrayLike,
    z: ArrayLike,
    *,
    domains: ArrayLike | None = None,
    holdout: Any = None,
    y_holdout: ArrayLike | None = None,
    z_holdout: ArrayLike | None = None,
    domains_holdout: ArrayLike | None = None,
    pos_label: Any = None,
    classifier: Any = None,
    generator: Any = None,
    settings: Mapping[str, Any] | None = None,
    max_rows: int = 50_000,
    random_state: int = 0,
) -> FairnessReport:
    """Measure what a synthetic table does for fairness, and what that costs.

    One classifier is trained on the real rows and one on the synthetic rows. Both
    predict the same real rows: the holdout, or, without one, all real rows, those of
    the first classifier by cross-fitting (five folds). Compared are the **selection
    rate** of each group, how often it is given the positive label; its **true positive
    rate**, the same among its rows that have it; the **ratios of demographic parity**
    (Eq. 12) and **equal opportunity** (Eq. 13), the smallest over the largest of these
    rates; accuracy and balanced accuracy.

    Rates have Wilson's 95 % intervals. Ratios, accuracies and their changes have 95 %
    bootstrap intervals over the rows that are judged, pairs for the changes; another
    training of the generator is not in them, and a ratio has none where a classifier
    gives the positive label to fewer than five rows of a group. Fidelity, use and
    privacy are those of :func:`skfadm.quality_report`.

    Parameters
    ----------
    real : DataFrame or array of shape (n_real, n_features)
        The rows that the generator was trained on. Features alone: a sensitive
        attribute that classifiers shall not see must not be among them.
    synthetic : DataFrame or array of shape (n_synthetic, n_features)
        Generated rows, in the same columns. Any generator may have made them.
    y_real, y_synthetic : array-like of shape (n_real,), (n_synthetic,)
        Their labels.
    z : array-like of shape (n_real,) or (n_real, n_attributes)
        Sensitive attributes of the real rows. Of several, each is looked at and their
        combinations, for which the verdict is given.
    domains : array-like of shape (n_real,), default=None
        Where the real rows come from. If given, each domain has scores of its own.
    holdout : DataFrame or array of shape (n_holdout, n_features), default=None
        Real rows that the generator has not seen. Without them the classifier of
        synthetic rows is judged on rows that these were made from, and membership
        cannot be measured.
    y_holdout, z_holdout, domains_holdout : array-like of shape (n_holdout,), \
            default=None
        What belongs to the holdout; needed where the real rows have it.
    pos_label : label, default=None
        The positive label. None is that of the `generator` or, without one, the larger
        of two labels; of more, each in turn, and the smallest ratio counts.
    classifier : classifier, default=None
        Cloned and trained; None is histogram gradient boosting for columns of any type.
    generator : FairDiffusionGenerator, default=None
        The fitted generator, if it is one of this package: the report then holds its
        settings and accuracy against the ratio for several strengths.
    settings : mapping of str to object, default=None
        What else the page says of how the rows were made.
    max_rows : int, default=50_000
        Of longer tables so many rows are drawn at random; a fifth of them for figures
        that search nearest neighbours.
    random_state : int, default=0
        Seed of draws, folds, classifiers and bootstrap.

    Returns
    -------
    FairnessReport
        Prints as a small table; ``save_html`` writes a page.

    Raises
    ------
    ValueError, TypeError
        Before any training, naming the argument: as
        :func:`~skfadm.quality_report`; if `z` has a single group, labels of the
        synthetic rows are unknown, or what belongs to the holdout is missing.

    Examples
    --------
    >>> from skfadm.datasets import make_biased_domains
    >>> from skfadm.report import fairness_report
    >>> real = make_biased_domains(600, n_domains=1, bias=0.8, random_state=0)
    >>> other = make_biased_domains(600, n_domains=1, bias=0.2, random_state=1)
    >>> report = fairness_report(
    ...     real.data, other.data, real.target, other.target, real.z
    ... )
    >>> report.verdict
    'Fairer by parity (from 0.1... to 0.6...) and ..., for ... points of accuracy. ...'
    >>> report.save_html("report.html")  # doctest: +SKIP
    """
    rows = {
        "real": _read("real", real, y_real, z, domains, ""),
        "synthetic": _read("synthetic", synthetic, y_synthetic, None, None, ""),
    }
    if holdout is not None:
        given = {"y_holdout": y_holdout, "z_holdout": z_holdout}
        given |= {} if domains is None else {"domains_holdout": domains_holdout}
        missing = [name for name, value in given.items() if value is None]
        if missing:
            raise ValueError(f"holdout needs {' and '.join(missing)} as well.")
        rows["holdout"] = _read(
            "holdout", holdout, y_holdout, z_holdout, domains_holdout, "_holdout"
        )
    classes = np.unique(
        np.concatenate([t.y for n, t in rows.items() if n != "synthetic"])
    )
    if len(np.unique(rows["real"].y)) < 2:
        raise ValueError(f"y_real must hold two labels or more, got {classes[0]!r}.")
    strange = set(rows["synthetic"].y.tolist()) - set(classes.tolist())
    if strange:
        raise ValueError(
            f"y_synthetic holds the labels {sorted(strange)}, which no real row has; "
            f"the real labels are {classes.tolist()}."
        )
    if pos_label is None:
        pos_label = getattr(generator, "pos_label_", None)
    positive = _positive_labels(classes, pos_label)
    n_rows = {name: len(table.y) for name, table in rows.items()}
    rng = np.random.RandomState(random_state)
    rows = {name: table.draw(max_rows, rng) for name, table in rows.items()}
    label = getattr(y_real, "name", None)
    quality = quality_report(
        rows["real"].X,
        rows["synthetic"].X,
        holdout=rows["holdout"].X if holdout is not None else None,
        **{f"y_{name}": pd.Series(table.y, name=label) for name, table in rows.items()},
        max_rows=max(10, max_rows // _NEIGHBOURS),
        random_state=random_state,
    )
    columns = list(rows["real"].X.columns)
    tables = {name: (table.X[columns], table.y) for name, table in rows.items()}
    predicted = predict(tables, classifier, random_state)
    of = rows["real" if holdout is None else "holdout"]
    judged = Judged(of.y, predicted, _groups(of.z), positive)
    found = scores(judged, random_state)
    of_groups = rates(judged)
    tradeoff = None
    if generator is not None and getattr(generator, "tradeoff_", None) is not None:
        measured = measure_tradeoff(
            generator,
            of.X[columns] if hasattr(generator, "feature_names_in_") else of.X.values,
            of.y,
            of.z,
            strengths=_STRENGTHS,
            pos_label=pos_label,
            classifier=classifier,
            n_samples=min(n_rows["synthetic"], 5000),
            random_state=random_state,
        )
        before = found.loc[judged.headline, "real"]
        measured["real"] = (
            before["demographic_parity_ratio"],
            found.loc[("", "accuracy"), "real"],
        )
        tradeoff = FairnessTradeoffDisplay(**measured)
    frequent = pd.Series(of.y).value_counts(normalize=True)
    always = {n: y[0] for n, y in predicted.items() if len(np.unique(y)) == 1}
    lost = [c for c in classes.tolist() if c not in set(rows["synthetic"].y.tolist())]
    return FairnessReport(
        rates=of_groups,
        scores=found,
        by_domain=_by_domain(judged, of.domains, random_state),
        quality=quality,
        tradeoff=tradeoff,
        attribute=judged.headline,
        label_name="label" if label is None else str(label),
        pos_labels=tuple(positive),
        constant=(frequent.index[0], float(frequent.iloc[0])),
        rarest=float(frequent.iloc[-1]),
        always=always,
        n_rows=n_rows,
        n_judged=len(of.y),
        settings=_settings(generator, settings),
        random_state=random_state,
        warnings=tuple(_warnings(of_groups, found, always, lost)),
    )


@dataclass(frozen=True, eq=False)
class _Rows:
    """A table with all that belongs to it, checked."""

    X: pd.DataFrame
    y: NDArray[Any]
    z: pd.DataFrame | None
    domains: pd.Series | None

    def draw(self, n: int, rng: np.random.RandomState) -> _Rows:
        """Return at most `n` rows, in the order in which they stand."""
        if len(self.y) <= n:
            return self
        kept = np.sort(rng.permutation(len(self.y))[:n])
        z, domains = (
            None if part is None else part.iloc[kept] for part in (self.z, self.domains)
        )
        return _Rows(self.X.iloc[kept], self.y[kept], z, domains)


def _read(name: str, X: Any, y: Any, z: Any, domains: Any, suffix: str) -> _Rows:
    frame = as_frame(name, X)
    kinds = sorted({type(column).__name__ for column in frame.columns})
    if "str" in kinds and len(kinds) > 1:  # which scikit-learn does not train on
        raise bad_type(
            name,
            f"has column names of types {', '.join(kinds)}; expected strings, such as "
            f"{name}.columns.astype(str).",
        )
    y_name = f"y_{name}"
    if y is None:
        raise ValueError(f"{y_name} is None; expected the labels of {name}.")
    labels = as_labels(y_name, y, len(frame), name)
    groups = None
    if z is not None:
        attributes = attributes_of(z, len(frame), f"z{suffix}")
        for attribute, _, values in attributes:
            if len(values) < 2:
                raise ValueError(
                    f"z{suffix} holds one group in {attribute!r} "
                    f"({values.tolist()[0]!r}); a ratio compares two or more."
                )
        groups = pd.DataFrame({name: values[c] for name, c, values in attributes})
    places = None
    if domains is not None:
        (column,) = as_columns(f"domains{suffix}", domains, len(frame))
        places = pd.Series(np.asarray(column), name=column.name)
    return _Rows(frame, labels, groups, places)


def _groups(z: pd.DataFrame) -> dict[str, tuple[NDArray[np.int64], list[Any]]]:
    """Return codes and names of the groups of each attribute, and of all together."""
    found = {
        name: (codes, groups.tolist())
        for name, codes, groups in attributes_of(z, len(z))
    }
    if len(found) > 1:
        columns = np.stack([codes for codes, _ in found.values()], axis=1)
        cells, codes = np.unique(columns, axis=0, return_inverse=True)
        named = [names_of(name, groups) for name, (_, groups) in found.items()]
        parts = [[named[j][k] for j, k in enumerate(cell)] for cell in cells]
        found[" and ".join(found)] = codes.ravel(), list(map(" / ".join, parts))
    return found


def _by_domain(
    judged: Judged, domains: pd.Series | None, seed: int
) -> pd.DataFrame | None:
    """Return the scores of each domain: of the attribute of the verdict alone."""
    if domains is None:
        return None
    alone = judged.of_headline()
    found = {}
    for domain in sorted(domains.unique().tolist()):
        part = alone.only((domains == domain).to_numpy())
        found[domain] = scores(part, seed).assign(n=len(part.true)).droplevel(0)
    name = "domain" if domains.name is None else str(domains.name)
    return pd.concat(found, names=[name, "measure"])


def _settings(generator: Any, settings: Mapping[str, Any] | None) -> dict[str, str]:
    told: dict[str, Any] = {}
    if generator is not None:
        told["generator"] = type(generator).__name__
        told |= generator.get_params(deep=False)
        if hasattr(generator, "lambda_yz_"):
            told["lambda_yz that was taken"] = f"{generator.lambda_yz_:.3g}"
    return {
        str(name): str(value) for name, value in (told | dict(settings or {})).items()
    }


def _warnings(
    of_groups: pd.DataFrame,
    found: pd.DataFrame,
    always: Mapping[str, Any],
    lost: list[Any],
) -> list[str]:
    """Tell what makes the figures less sure than they look."""
    notes = [
        f'The classifier of {name} rows always answers "{label}".'
        for name, label in always.items()
    ]
    if lost:
        notes.append(f"No synthetic row has the label {listed(lost)}.")
    by = ["attribute", "measure"]
    for (attribute, measure), part in of_groups.groupby(by, sort=False):
        names = np.array(names_of(attribute, part.index.get_level_values("group")))
        few = dict.fromkeys(names[part["n"] < FEW])
        if few:
            of = "rows" if measure == "selection rate" else "rows of the positive label"
            notes.append(
                f"Fewer than {FEW} {of} to judge by in {attribute}: {listed(few)}; the "
                "rates of so few are uncertain."
            )
    for (_, measure), row in found.iterrows():
        notes += [
            f"The {TITLES[measure]} of the classifier of {name} rows is undefined: no "
            "group is given the positive label, or fewer than two groups have rows."
            for name in ("real", "synthetic")
            if np.isnan(row[name])
        ]
    return notes
