"""quality_report: the measures in order, each on the tables that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from .._validation import as_labels, new_random_state
from ._attacks import (
    attribute_inference,
    likely_secrets,
    membership,
    nearest,
    scale_numbers,
    singling_out,
)
from ._display import marginals_of
from ._fidelity import compare_numbers, fidelity
from ._quality_report import QualityReport
from ._tables import MIN_ROWS, Matrix, Tables, as_frame, read_tables
from ._trees import draw, real_and_synthetic_training, real_or_generated_auc


def quality_report(
    real: Any,
    synthetic: Any,
    y_real: ArrayLike | None = None,
    y_synthetic: ArrayLike | None = None,
    *,
    holdout: Any = None,
    y_holdout: ArrayLike | None = None,
    secret: Any = None,
    detector: Any = None,
    max_rows: int = 10_000,
    random_state: int | np.random.RandomState | None = None,
) -> QualityReport:
    """Measure the fidelity, usefulness and privacy of a synthetic table.

    Only tables go in, so the rows of any generator can be judged. A figure is marked as
    bad beyond a limit, which is printed. No limit is stricter than what fresh real rows
    reach, and each allows for chance in tables of this size.

    **Column shapes, pair trends** (perfect: 1). Means over the columns and over the
    pairs of columns. Shapes: the complements of the Kolmogorov-Smirnov statistic
    (numbers) and of the total variation distance (categories); a column with values in
    one table alone scores 0. Pairs: one minus half the difference of Pearson's
    correlations (two numbers) and the complement of the total variation distance of the
    contingency tables (any other pair), in which numbers stand in the tenths of the
    real column. Beside it stands SDMetrics' figure of published tables: ten bins over
    the range of each table, all pairs (``real_*_threshold`` at 0).

    **Missing values** (perfect: 1). One minus the difference of the shares of missing
    values, in the column where it is largest.

    **Real-or-generated AUC** (perfect: 0.5) [1]_. Gradient boosting is trained to tell
    real from synthetic rows, equally many, categories as ordinal codes; mean area under
    the ROC curve over three folds. Below 0.5 it is a sign of copies. With a holdout
    also against the holdout rows, which memorising the training rows does not improve.

    **Train-on-synthetic AUC and accuracy** (perfect: as train-on-real). Gradient
    boosting trained on synthetic rows and tested on the holdout, or without one on
    thirds of the real table; for several classes the mean AUC of one class against the
    rest.

    **Membership AUC** (perfect: 0.5) [2]_. How well an attacker tells real rows from
    holdout rows by a likelihood ratio: the mean distance to 20 other holdout rows over
    the harmonic mean of those to the 5 closest synthetic rows. **Members found at 1 %
    FPR** (perfect: 0.01) is the share of real rows that lie beyond all but 1 % of the
    holdout. Both find more in more synthetic rows: give as many as others will get.

    **Attribute inference** (perfect: 0). An attacker who knows all other columns takes
    a value from the closest synthetic row: share guessed of the real rows minus share
    guessed of the holdout, numbers within half a standard deviation.

    **Singling out** (perfect: 0) [3]_. Conditions on some columns are taken from a
    synthetic row, until no other one fulfils them: how often they fit exactly one real
    row, minus how often exactly one holdout row.

    **DCR share** (perfect: 0.5) [4]_. Share of synthetic rows whose closest record in
    the real table is nearer than that in the holdout, ties counted half, of as many
    rows. **Exact copies** (perfect: as of the holdout). Share of synthetic rows equal
    to a real row in every column. These two are no attacks, and can look perfect for a
    table that attacks break [5]_.

    Distances are Gower's: numbers divided by their range over the real rows (and the
    holdout), plus 1 for each category that differs; a missing value is at distance 1
    of any other.

    Parameters
    ----------
    real : DataFrame or array of shape (n_real, n_columns)
        The rows that the generator was trained on. Numbers, times and durations count
        as numbers, all others as categories; codes of categories are to be strings, or
        of dtype category. Identifiers and free text are not compared.
    synthetic : DataFrame or array of shape (n_synthetic, n_columns)
        Generated rows, in the same columns (matched by name).
    y_real, y_synthetic : array-like of shape (n_real,), (n_synthetic,), default=None
        Class labels of the rows, both or neither. They join the tables as one more
        category column, in every measure, and bring train-on-synthetic figures.
    holdout : DataFrame or array of shape (n_holdout, n_columns), default=None
        Real rows that the generator has not seen. DCR share and attacks need them; for
        other figures they show what fresh rows reach.
    y_holdout : array-like of shape (n_holdout,), default=None
        Needed when there are `holdout` and `y_real`.
    secret : column name, default=None
        The column that attribute inference is about. Default: the labels, and the
        columns with the most values, five in all, in turn.
    detector : classifier with ``predict_proba``, default=None
        For the real-or-generated test; it must accept NaN if values are missing.
        None is histogram gradient boosting.
    max_rows : int, default=10_000
        Rows of each table, drawn at random, for the figures that search nearest
        neighbours; their time grows with the square. All other figures use all rows.
    random_state : int, RandomState or None, default=None
        For the folds, the subsamples and gradient boosting.

    Returns
    -------
    QualityReport
        Prints as a table, with a mark where a figure is bad.

    Warns
    -----
    UserWarning
        If a column holds identifiers or free text; it tells how many are copied.

    Raises
    ------
    ValueError, TypeError
        If a table is none or has fewer than 10 rows, columns, their types or lengths
        differ, numbers are infinite, labels are missing, continuous or of one class.

    References
    ----------
    .. [1] D. Lopez-Paz and M. Oquab. Revisiting classifier two-sample tests. ICLR 2017.
    .. [2] B. van Breugel et al. Membership inference attacks against synthetic data
       through overfitting detection (DOMIAS). AISTATS 2023.
    .. [3] M. Giomi et al. A unified framework for quantifying privacy risk in synthetic
       data (Anonymeter). PoPETs 2023.
    .. [4] H. Zhang et al. Mixed-type tabular data synthesis with score-based diffusion
       in latent space (TabSyn). ICLR 2024.
    .. [5] Z. Yao et al. The DCR delusion. arXiv 2505.01524, 2025.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from skfadm.report import quality_report
    >>> X, y = load_iris(return_X_y=True)
    >>> shuffled = np.random.default_rng(0).permuted(X, axis=0)
    >>> report = quality_report(X, shuffled, random_state=0)
    >>> report.column_shapes  # each column is perfect by itself
    1.0
    >>> report.bad  # but they no longer go together
    ('pair_trends', 'c2st_auc')
    """
    if not isinstance(max_rows, (int, np.integer)) or max_rows < MIN_ROWS:
        raise ValueError(
            f"max_rows must be an integer of at least {MIN_ROWS}, got {max_rows!r}."
        )
    frames = {"real": as_frame("real", real)}
    frames["synthetic"] = as_frame("synthetic", synthetic)
    if holdout is not None:
        frames["holdout"] = as_frame("holdout", holdout)
    labels = {"real": y_real, "synthetic": y_synthetic, "holdout": y_holdout}
    label = _join_labels(frames, labels)
    tables = read_tables(frames, label)
    secrets = _secrets(secret, tables, label is not None)
    # One stream a measure: a figure does not change when others are asked for.
    seed = new_random_state(random_state).randint(2**31 - 1)
    rows, names = tables.values, list(tables.columns)
    pair = rows["real"], rows["synthetic"]
    shapes, trends, missing, values = fidelity(*pair, tables.is_category)
    real, fresh = rows["real"], rows.get("holdout")
    if fresh is None:
        half = len(real) // 2
        mixed = draw(real, len(real), np.random.RandomState(seed))
        real, fresh = mixed[:half], mixed[half:]
    reference = fidelity(real, fresh, tables.is_category)[-1]

    def told_apart(one: str, other: str) -> float:
        rng = np.random.RandomState(seed)
        return real_or_generated_auc(rows[one], rows[other], rng, detector)

    values["c2st_auc"] = told_apart("real", "synthetic")
    if "holdout" in rows:
        values["c2st_auc_holdout"] = told_apart("holdout", "synthetic")
        auc = told_apart("real", "holdout")
        reference |= {"c2st_auc": auc, "c2st_auc_holdout": auc}
    if label is not None:
        labelled = {name: (table[:, :-1], table[:, -1]) for name, table in rows.items()}
        scores = real_and_synthetic_training(
            labelled["real"],
            labelled["synthetic"],
            labelled.get("holdout"),
            np.random.RandomState(seed),
        )
        for found, trained in zip((values, reference), scores, strict=True):
            found["tstr_auc"], found["tstr_accuracy"] = trained
    distances, by_chance, attacks = _privacy(tables, int(max_rows), secrets, seed)
    values |= distances | {name: figure for name, (figure, *_) in attacks.items()}
    is_number = ~(tables.is_category | tables.is_time)
    numbers = [name for name, there in zip(names, is_number, strict=True) if there]
    return QualityReport(
        **values,
        reference=reference | by_chance,
        intervals={name: (low, high) for name, (_, low, high) in attacks.items()},
        column_scores=pd.Series(shapes, index=names, name="score"),
        pair_scores=pd.DataFrame(trends, index=names, columns=names),
        missing_scores=pd.Series(missing, index=names, name="score"),
        numbers=compare_numbers(pair[0][:, is_number], pair[1][:, is_number], numbers),
        marginals=marginals_of(tables),
        n_rows={name: len(table) for name, table in rows.items()},
    )


def _join_labels(frames: dict[str, pd.DataFrame], labels: dict[str, Any]) -> str | None:
    """Add labels to their tables as the last column; return its name."""
    given = [name for name, y in labels.items() if y is not None]
    if not given:
        return None
    if set(given) != set(frames):
        raise ValueError(
            "labels must be given for every table or for none: the tables are "
            f"{', '.join(frames)}, labels came as {', '.join('y_' + g for g in given)}."
        )
    name = getattr(labels["real"], "name", None)
    label = "y" if name is None else str(name)
    while label in frames["real"]:
        label += "_"
    for table, frame in frames.items():
        y = as_labels(f"y_{table}", labels[table], len(frame), table)
        frames[table] = frame.assign(**{label: y.astype(object)})
    n_classes = frames["real"][label].nunique()
    if n_classes < 2:
        raise ValueError(f"y_real must hold at least 2 classes, got {n_classes}.")
    return label


def _secrets(secret: Any, tables: Tables, has_label: bool) -> list[int]:
    """Return the places of the columns that attribute inference is about."""
    if secret is None:
        return likely_secrets(tables.values["real"], -1 if has_label else None)
    # Numbers that were moved or scaled have it after their name.
    names = str(secret), f"{secret} - ", f"{secret} / "
    for j, name in enumerate(tables.columns):
        if name == names[0] or name.startswith(names[1:]):
            return [j]
    raise ValueError(
        f"secret must name a column that is compared, got {secret!r}; these are "
        f"{list(tables.columns)}."
    )


def _privacy(
    tables: Tables, max_rows: int, secrets: Sequence[int], seed: int
) -> tuple[dict[str, float], dict[str, float], dict[str, tuple[float, float, float]]]:
    """Return the distances, what fresh real rows have instead, and the attacks.

    Copies are looked for in all rows, neighbours in `max_rows` of each table.
    """
    rng = np.random.RandomState(seed)
    order = [n for n in ("real", "holdout", "synthetic") if n in tables.values]
    mixed = {n: draw(tables.values[n], len(tables.values[n]), rng) for n in order}
    real, synthetic = mixed["real"], mixed["synthetic"]
    if "holdout" not in mixed:
        # What a fresh row would do: real rows that equal another real row.
        repeated = float(pd.DataFrame(real).duplicated(keep=False).mean())
        return {"copies": _copied_share(synthetic, real)}, {"copies": repeated}, {}
    n = min(len(real), len(mixed["holdout"]))
    copies, by_chance = (
        _copied_share(synthetic, mixed[name][:n]) for name in ("real", "holdout")
    )
    is_category = tables.is_category
    drawn = [rows[:max_rows] for rows in mixed.values()]
    real, holdout, synthetic = scale_numbers(drawn, is_category, over=2)
    n = min(len(real), len(holdout))
    to_real, to_holdout = (
        nearest(synthetic, base[:n], is_category)[0] for base in (real, holdout)
    )
    nearer = (to_real < to_holdout) + 0.5 * (to_real == to_holdout)
    rows = real, holdout, synthetic, is_category
    auc, found = membership(*rows, rng)
    attacks = {
        "membership_auc": auc,
        "membership_tpr": found,
        "attribute_inference": attribute_inference(*rows, secrets),
        "singling_out": singling_out(*rows, rng),
    }
    values = {"dcr_share": float(nearer.mean()), "copies": copies}
    return values, {"copies": by_chance}, attacks


def _copied_share(rows: Matrix, table: Matrix) -> float:
    """Share of `rows` that equal a row of `table` in every column."""
    known = pd.DataFrame(table).drop_duplicates()
    found = pd.DataFrame(rows).merge(known, how="left", indicator="found")["found"]
    return float((found == "both").mean())
