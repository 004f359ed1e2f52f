"""fairness_report: what classifiers do to groups before and after, and the quality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from .._text import names_of
from .._validation import as_columns, as_labels, bad_type
from ..metrics._rates import attributes_of
from ..metrics._ratios import positive_labels
from ..metrics._tradeoff_display import measure_tradeoff
from ._before_after import ROWS, predict, rates, scores
from ._page import listed
from ._quality import quality_report
from ._report import TITLES, FairnessReport
from ._tables import as_frame

#: Nearest neighbours take time that grows with the square of the rows.
_NEIGHBOURS = 5
_STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
#: Fewer rows of a group say little about it.
_FEW = 30


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

    Rates have Wilson's 95 % intervals; ratios, accuracies and their changes bootstrap
    intervals over the judged rows, in which another training of the generator is not.
    A ratio has none where a classifier gives the positive label to fewer than five rows
    of a group. Fidelity, use and privacy are those of :func:`skfadm.quality_report`.

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
        synthetic rows is judged on rows that these were made from, and nothing is
        attacked.
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
    classes = np.unique(np.concatenate([rows[n].y for n in rows if n != "synthetic"]))
    if rows["real"].y.nunique() < 2:
        raise ValueError(f"y_real must hold two labels or more, got {classes[0]!r}.")
    strange = set(rows["synthetic"].y) - set(classes.tolist())
    if strange:
        raise ValueError(
            f"y_synthetic holds the labels {sorted(strange)}, which no real row has; "
            f"the real labels are {classes.tolist()}."
        )
    if pos_label is None:
        pos_label = getattr(generator, "pos_label_", None)
    positive = positive_labels(classes, pos_label)
    n_rows = {name: len(table.y) for name, table in rows.items()}
    rng = np.random.RandomState(random_state)
    for name, table in rows.items():
        kept = np.sort(rng.permutation(len(table.y))[:max_rows])
        parts = (None if part is None else part.iloc[kept] for part in table)
        rows[name] = _Rows(*parts)
    quality = quality_report(
        rows["real"].X,
        rows["synthetic"].X,
        holdout=rows["holdout"].X if holdout is not None else None,
        **{f"y_{name}": table.y for name, table in rows.items()},
        max_rows=max(10, max_rows // _NEIGHBOURS),
        random_state=random_state,
    )
    columns = list(rows["real"].X.columns)
    tables = {name: (table.X[columns], table.y) for name, table in rows.items()}
    judged = predict(tables, classifier, random_state)
    of = rows["real" if holdout is None else "holdout"]
    groups = _groups(of.z)
    headline = list(groups)[-1]
    found = scores(judged, groups, positive, random_state)
    of_groups = rates(judged, groups, positive)
    tradeoff = None
    if generator is not None and getattr(generator, "tradeoff_", None) is not None:
        tradeoff = measure_tradeoff(
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
        ratio = found.loc[(headline, "demographic_parity_ratio"), "real"]
        tradeoff.real = ratio, found.loc[("", "accuracy"), "real"]
    by_domain = None
    if of.domains is not None:
        alone, parts_of = groups[[headline]], {}
        for domain in sorted(of.domains.unique().tolist()):
            here = (of.domains == domain).to_numpy()
            part = scores(judged[here], alone[here], positive, random_state)
            parts_of[domain] = part.assign(n=here.sum()).droplevel(0)
        by_domain = pd.concat(parts_of, names=[of.domains.name or "domain", "measure"])
    always = {n: judged[n].iloc[0] for n in ROWS if judged[n].nunique() == 1}
    lost = sorted(set(classes.tolist()) - set(rows["synthetic"].y))
    return FairnessReport(
        rates=of_groups,
        scores=found,
        by_domain=by_domain,
        quality=quality,
        tradeoff=tradeoff,
        attribute=headline,
        label_name="label" if rows["real"].y.name is None else rows["real"].y.name,
        pos_labels=tuple(positive),
        labels=judged["true"].value_counts(normalize=True),
        always=always,
        n_rows=n_rows | {"judged": len(judged)},
        settings=_settings(generator, settings, random_state),
        warnings=tuple(dict.fromkeys(_warnings(of_groups, found, always, lost))),
    )


class _Rows(NamedTuple):
    """A table with all that belongs to it, checked."""

    X: pd.DataFrame
    y: pd.Series
    z: pd.DataFrame | None
    domains: pd.Series | None


def _read(name: str, X: Any, y: Any, z: Any, domains: Any, suffix: str) -> _Rows:
    frame = as_frame(name, X)
    kinds = sorted({type(column).__name__ for column in frame.columns})
    if "str" in kinds and len(kinds) > 1:  # which scikit-learn does not train on
        raise bad_type(
            name,
            f"has column names of types {', '.join(kinds)}; expected strings, such as "
            f"{name}.columns.astype(str).",
        )
    if y is None:
        raise ValueError(f"y_{name} is None; expected the labels of {name}.")
    labels = pd.Series(as_labels(f"y_{name}", y, len(frame), name))
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
    return _Rows(frame, labels.rename(getattr(y, "name", None)), groups, places)


def _groups(z: Any) -> pd.DataFrame:
    """Return attributes as categories; of several, the last are the combinations."""
    found = {
        name: pd.Categorical.from_codes(codes, groups)
        for name, codes, groups in attributes_of(z, len(z))
    }
    if len(found) > 1:
        words = [
            np.array(names_of(name, column.categories), dtype=object)[column.codes]
            for name, column in found.items()
        ]
        joint = list(map(" / ".join, zip(*words, strict=True)))
        found[" and ".join(found)] = pd.Categorical(joint)
    return pd.DataFrame(found)


def _settings(
    generator: Any, settings: Mapping[str, Any] | None, random_state: int
) -> dict[str, str]:
    told: dict[str, Any] = {}
    if generator is not None:
        told["generator"] = type(generator).__name__
        told |= generator.get_params(deep=False)
        if hasattr(generator, "lambda_yz_"):
            told["lambda_yz that was taken"] = f"{generator.lambda_yz_:.3g}"
    told |= dict(settings or {}) | {"seed of this report": random_state}
    return {str(name): str(value) for name, value in told.items()}


def _warnings(
    of_groups: pd.DataFrame,
    found: pd.DataFrame,
    always: dict[str, Any],
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
        few = dict.fromkeys(names[part["n"] < _FEW])
        if few:
            of = "rows" if measure == "selection rate" else "rows of the positive label"
            notes.append(
                f"Fewer than {_FEW} {of} to judge by in {attribute}: {listed(few)}; "
                "the rates of so few are uncertain."
            )
    for (_, measure), row in found.iterrows():
        notes += [
            f"The {TITLES[measure]} of the classifier of {name} rows is undefined: no "
            "group is given the positive label, or fewer than two groups have rows."
            for name in ROWS
            if np.isnan(row[name])
        ]
    return notes
