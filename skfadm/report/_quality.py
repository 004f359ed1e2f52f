"""quality_report: the measures in order, each on the tables that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from .._validation import as_labels, new_random_state
from ._attacks import likely_secrets
from ._coverage import alpha_precision_beta_recall
from ._fidelity import column_shapes, compare_numbers, missing_values, pair_trends
from ._marginals import marginals_of
from ._neighbours import scale_numbers
from ._privacy import attacks, privacy
from ._quality_report import QualityReport
from ._tables import MIN_ROWS, Matrix, Tables, as_frame, read_tables
from ._trees import draw, real_and_synthetic_training, real_or_generated_auc

Figures = dict[str, float]


def quality_report(
    real: Any,
    synthetic: Any,
    y_real: ArrayLike | None = None,
    y_synthetic: ArrayLike | None = None,
    *,
    holdout: Any = None,
    y_holdout: ArrayLike | None = None,
    categorical_features: Sequence[Any] | None = None,
    secret: Any = None,
    detector: Any = None,
    max_rows: int = 10_000,
    random_state: int | np.random.RandomState | None = None,
) -> QualityReport:
    r"""Measure the fidelity, usefulness and privacy of a synthetic table.

    Only tables go in, so the rows of any generator can be judged. The figures:

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

    **Real-or-generated AUC** (perfect: 0.5). Gradient boosting is trained to tell real
    from synthetic rows, equally many, categories as ordinal codes; mean area
    :math:`A_k` under the ROC curve over three folds. Below 0.5 it is a sign of copies.
    The C2ST score, as in SDMetrics, is :math:`\tfrac13 \sum_k 2 - 2 \max(A_k,
    \tfrac12)` (perfect: 1). With a holdout also against the holdout rows, which
    memorising the training rows does not improve.

    **alpha-precision, beta-recall** (perfect: 1 and what fresh rows reach, about 0.5)
    [2]_. Whether synthetic rows are typical and whether they cover the real ones.

    **TSTR AUC and accuracy** (perfect: as train-on-real). Gradient boosting trained on
    synthetic rows and tested on the holdout, or without one on thirds of the real
    table; for several classes the mean AUC of one class against the rest.

    **DCR share** (perfect: 0.5) [3]_. Share of synthetic rows whose closest record in
    the real table is nearer than that in the holdout, ties counted half. Both have as
    many rows as the smaller one, here and for copies and membership.

    **Distance ratio** (NNDR; perfect: as to the holdout). Mean ratio of the distances
    to the nearest and second nearest real row; low where synthetic rows cling to single
    records.

    **Exact copies** (perfect: as of the holdout). Share of synthetic rows equal to a
    real row in every column.

    **Membership AUC** (perfect: 0.5) [4]_. How well an attacker tells real rows from
    holdout rows by a likelihood ratio: the mean distance to 20 other holdout rows over
    the harmonic mean of those to the 5 closest synthetic rows. **Members found at 1 %
    FPR** (perfect: 0.01) is the share of real rows that lie beyond all but 1 % of the
    holdout. Both find more in more synthetic rows: give as many as others will get.

    **Attribute inference** (perfect: 0). An attacker who knows all other columns takes
    a value from the closest synthetic row: share guessed of the real rows minus share
    guessed of the holdout, numbers within half a standard deviation.

    **Singling out** (perfect: 0) [5]_. Conditions on some columns are taken from a
    synthetic row, until no other one fulfils them: how often they fit exactly one real
    row, minus how often exactly one holdout row.

    These four are attacks and have 95 % intervals. Distances, above, can look perfect
    for a table that they break [6]_.

    Distances are Gower's: numbers divided by their range over the real rows (and the
    holdout), plus 1 for each category that differs; a missing value is at distance 1
    of any other.

    Parameters
    ----------
    real : DataFrame or array, shape (n_real, n_columns), or tuple of (X, y)
        The rows that the generator was trained on. Numbers, times and durations count
        as numbers, all others as categories. Missing values are allowed. Identifiers
        and free text, by the rule of :class:`~skfadm.encoding.TabularEncoder`, are not
        compared.
    synthetic : DataFrame or array, shape (n_synthetic, n_columns), or tuple of (X, y)
        Generated rows, in the same columns (matched by name).
    y_real, y_synthetic : array of labels, shapes (n_real,), (n_synthetic,), optional
        Class labels of the rows, both or neither. They join the tables as one more
        category column, in every measure, and bring train-on-synthetic figures.
    holdout : DataFrame or array, shape (n_holdout, n_columns), or tuple, optional
        Real rows that the generator has not seen. DCR share and attacks need them; for
        other figures they show what fresh rows reach.
    y_holdout : array of labels, shape (n_holdout,), optional
        Needed when there are `holdout` and `y_real`.
    categorical_features : list of column names or positions, optional
        Columns that hold categories although they are coded as numbers.
    secret : column name, optional
        The column that attribute inference is about. Default: the labels, and the
        columns with the most values, five in all, in turn.
    detector : classifier with ``predict_proba``, optional
        For the real-or-generated test; it must accept NaN if values are missing.
        Default: :class:`~sklearn.ensemble.HistGradientBoostingClassifier`.
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
    ValueError
        If a table is empty or has fewer than 10 rows, columns or lengths differ,
        numbers are infinite, labels are missing, continuous or of one class, or
        parameters are out of range.
    TypeError
        If a table is none, or a column holds text in one table and numbers in
        another.

    References
    ----------
    .. [1] D. Lopez-Paz and M. Oquab. Revisiting classifier two-sample tests.
       ICLR 2017.
    .. [2] A. M. Alaa, B. van Breugel, E. Saveliev and M. van der Schaar. How
       faithful is your synthetic data? ICML 2022.
    .. [3] H. Zhang et al. Mixed-type tabular data synthesis with score-based
       diffusion in latent space (TabSyn). ICLR 2024.
    .. [4] B. van Breugel, H. Sun, Z. Qian and M. van der Schaar. Membership inference
       attacks against synthetic data through overfitting detection (DOMIAS).
       AISTATS 2023.
    .. [5] M. Giomi, F. Boenisch, C. Wehmeyer and B. Tasnadi. A unified framework for
       quantifying privacy risk in synthetic data (Anonymeter). PoPETs 2023.
    .. [6] Z. Yao et al. The DCR delusion. arXiv 2505.01524, 2025.

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
    ('pair_trends', 'c2st_auc', 'alpha_precision', 'beta_recall')
    """
    if not isinstance(max_rows, (int, np.integer)) or max_rows < MIN_ROWS:
        raise ValueError(
            f"max_rows must be an integer of at least {MIN_ROWS}, got {max_rows!r}."
        )
    given = {"real": real, "synthetic": synthetic}
    if holdout is not None:
        given["holdout"] = holdout
    labels = {"real": y_real, "synthetic": y_synthetic, "holdout": y_holdout}
    for name, table in given.items():
        if isinstance(table, tuple) and len(table) == 2:
            if labels[name] is not None:
                raise ValueError(f"{name} holds labels already, got y_{name} as well.")
            given[name], labels[name] = table
    frames, categorical, label = _with_labels(given, labels, categorical_features)
    tables = read_tables(frames, categorical)
    secrets = _secrets(secret, tables, label)
    # One stream a measure: a figure does not change when others are asked for.
    seed = new_random_state(random_state).randint(2**31 - 1)
    real, synthetic = tables.values["real"], tables.values["synthetic"]
    names = list(tables.columns)
    is_number = ~(tables.is_category | tables.is_time)

    shapes, trends, missing, fidelity = _fidelity(tables, seed)
    judged, attacked = _distances(tables, int(max_rows), secrets, seed)
    values: Figures = {}
    reference: Figures = {}
    for found, yardstick in (
        fidelity,
        _detection(tables, detector, seed),
        _usefulness(tables, label, seed),
        *judged,
    ):
        values |= found
        reference |= yardstick
    values |= {name: figure for name, (figure, *_) in attacked.items()}
    return QualityReport(
        **values,
        reference=reference,
        intervals={name: (low, high) for name, (_, low, high) in attacked.items()},
        column_scores=pd.Series(shapes, index=names, name="score"),
        pair_scores=pd.DataFrame(trends, index=names, columns=names),
        missing_scores=pd.Series(missing, index=names, name="score"),
        numbers=compare_numbers(
            real[:, is_number],
            synthetic[:, is_number],
            [name for name, there in zip(names, is_number, strict=True) if there],
        ),
        marginals=marginals_of(tables),
        n_rows={name: len(rows) for name, rows in tables.values.items()},
    )


def _with_labels(
    tables: dict[str, Any],
    labels: dict[str, Any],
    categorical_features: Sequence[Any] | None,
) -> tuple[dict[str, pd.DataFrame], Sequence[Any] | None, int | None]:
    """Join labels to their tables; return also where they stand, as the last column."""
    frames = {name: as_frame(name, table) for name, table in tables.items()}
    given = [name for name, y in labels.items() if y is not None]
    if not given:
        return frames, categorical_features, None
    if set(given) != set(frames):
        raise ValueError(
            "labels must be given for every table or for none: the tables are "
            f"{', '.join(frames)}, labels came as {', '.join('y_' + g for g in given)}."
        )
    columns = list(frames["real"].columns)
    name = getattr(labels["real"], "name", None)
    label = "y" if name is None else str(name)
    while label in columns:
        label += "_"
    for table in frames:
        y = as_labels(f"y_{table}", labels[table], len(frames[table]), table)
        frames[table] = frames[table].assign(**{label: y.astype(object)})
    n_classes = frames["real"][label].nunique()
    if n_classes < 2:
        raise ValueError(f"y_real must hold at least 2 classes, got {n_classes}.")
    more = [] if categorical_features is None else categorical_features
    return frames, [*more, label], -1


def _fidelity(
    tables: Tables, seed: int
) -> tuple[Matrix, Matrix, Matrix, tuple[Figures, Figures]]:
    def scores(one: Matrix, other: Matrix) -> tuple[Matrix, Matrix, Matrix, Figures]:
        shapes = column_shapes(one, other, tables.is_category)
        trends = pair_trends(one, other, tables.is_category)
        theirs = pair_trends(one, other, tables.is_category, own_bins=True)
        missing = missing_values(one, other)
        figures = {
            "column_shapes": _mean(shapes),
            "pair_trends": _mean(trends),
            "pair_trends_sdmetrics": _mean(theirs),
            "missing_values": float(np.fmin.reduce(missing)),
        }
        return shapes, trends, missing, figures

    real = tables.values["real"]
    *of_columns, values = scores(real, tables.values["synthetic"])
    fresh = tables.values.get("holdout")
    if fresh is None:
        mixed, half = draw(real, len(real), np.random.RandomState(seed)), len(real) // 2
        real, fresh = mixed[:half], mixed[half:]
    shapes, trends, missing = of_columns
    return shapes, trends, missing, (values, scores(real, fresh)[-1])


def _mean(scores: Matrix) -> float:
    present = scores[~np.isnan(scores)]
    return float(present.mean()) if len(present) else np.nan


def _detection(tables: Tables, detector: Any, seed: int) -> tuple[Figures, Figures]:
    def areas(one: str, other: str) -> NDArray[np.float64]:
        rng = np.random.RandomState(seed)
        return real_or_generated_auc(
            tables.values[one], tables.values[other], rng, detector
        )

    def score(areas: NDArray[np.float64]) -> float:
        return float(np.mean(2 - 2 * np.maximum(areas, 0.5)))

    found = areas("real", "synthetic")
    values = {"c2st_auc": float(found.mean()), "c2st_score": score(found)}
    if "holdout" not in tables.values:
        return values, {}
    values["c2st_auc_holdout"] = float(areas("holdout", "synthetic").mean())
    fresh = areas("real", "holdout")
    auc = float(fresh.mean())
    reference = {"c2st_auc": auc, "c2st_auc_holdout": auc, "c2st_score": score(fresh)}
    return values, reference


def _usefulness(
    tables: Tables, label: int | None, seed: int
) -> tuple[Figures, Figures]:
    if label is None:
        return {}, {}
    rows = {
        name: (np.delete(table, label, axis=1), table[:, label])
        for name, table in tables.values.items()
    }
    of_synthetic, of_real = real_and_synthetic_training(
        rows["real"],
        rows["synthetic"],
        rows.get("holdout"),
        np.random.RandomState(seed),
    )
    names = ("tstr_auc", "tstr_accuracy")
    return (
        dict(zip(names, of_synthetic, strict=True)),
        dict(zip(names, of_real, strict=True)),
    )


def _secrets(secret: Any, tables: Tables, label: int | None) -> list[int]:
    """Return the places of the columns that attribute inference is about."""
    if secret is None:
        return likely_secrets(tables.values["real"], label)
    # Numbers that were moved or scaled have it after their name.
    names = [name.split(" - ")[0].split(" / ")[0] for name in tables.columns]
    for known in (list(tables.columns), names):
        if str(secret) in known:
            return [known.index(str(secret))]
    raise ValueError(
        f"secret must name a column that is compared, got {secret!r}; these are "
        f"{list(tables.columns)}."
    )


def _distances(
    tables: Tables, max_rows: int, secrets: Sequence[int], seed: int
) -> tuple[list[tuple[Figures, Figures]], dict[str, tuple[float, float, float]]]:
    """Coverage, distances and attacks: what rests on nearest neighbours."""
    rng = np.random.RandomState(seed)
    is_category = tables.is_category
    order = [n for n in ("real", "holdout", "synthetic") if n in tables.values]
    mixed = {n: draw(tables.values[n], len(tables.values[n]), rng) for n in order}
    drawn = [rows[:max_rows] for rows in mixed.values()]
    scaled = scale_numbers(drawn, is_category, over=len(drawn) - 1)
    rows = dict(zip(order, scaled, strict=True))

    def coverage(one: Matrix, other: Matrix) -> Figures:
        n = min(len(one), len(other))
        found = alpha_precision_beta_recall(one[:n], other[:n], is_category)
        return dict(zip(("alpha_precision", "beta_recall"), found, strict=True))

    real, half = rows["real"], len(rows["real"]) // 2
    fresh = (real, rows["holdout"]) if "holdout" in rows else (real[:half], real[half:])
    judged = [
        (coverage(real, rows["synthetic"]), coverage(*fresh)),
        privacy(mixed, rows, is_category),
    ]
    return judged, attacks(rows, is_category, secrets, rng)
