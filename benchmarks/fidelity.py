"""Fidelity and privacy of generated rows on tables of many kinds: ``python -m``.

For each table and seed a generator with the package's defaults is fitted on a random
part of the rows and judged by :func:`skfadm.report.quality_report` against these and
against those that are held out. With ``--strengths`` the same fit is sampled again
under fair control of rising strength: what fairness costs in fidelity, which
``--picture`` draws.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

from skfadm import FairDiffusionGenerator
from skfadm._figures import BAD, SYNTHETIC
from skfadm.datasets import fetch_adult
from skfadm.report import quality_report

from ._running import Unit, add_set, asked, collect, new_parser
from .downstream import teach

#: A value or combination that at most this share of rows has is rare.
RARE = 0.01
FIGURES = (
    "c2st_auc",
    "c2st_auc_holdout",
    "column_shapes",
    "pair_trends",
    "tstr_auc",
    "tstr_accuracy",
    "dcr_share",
    "copies",
    "membership_auc",
    "alpha_precision",
    "beta_recall",
)


class Table(NamedTuple):
    """A table, and the share of its rows that is held out."""

    X: pd.DataFrame
    y: pd.Series
    z: pd.Series | None
    domains: pd.Series | None
    holdout: float


def main(argv: Sequence[str] | None = None) -> int:
    """Print the mean over the seeds."""
    parser = new_parser("benchmarks.fidelity", __doc__, seeds=1)
    parser.add_argument("--table", nargs="+", choices=list(TABLES), required=True)
    add_set(parser)
    parser.add_argument(
        "--sdmetrics",
        action="store_true",
        help="detection score of SDMetrics with XGBoost as well, if both are installed",
    )
    parser.add_argument("--strengths", type=float, nargs="*", default=[])
    parser.add_argument("--no-domains", action="store_true", help="no meta-learning")
    parser.add_argument("--picture", type=Path, help="PNG to write, with --strengths")
    args = parser.parse_args(argv)
    options = asked(args, "set", "sdmetrics", "strengths", "no_domains")
    units: Iterator[Unit] = (
        ({"table": name, "seed": seed, **options}, partial(run, name, seed, args))
        for name in args.table
        for seed in range(args.seeds)
    )
    table = collect(units, args.out)
    means = table.drop(columns="seed").groupby(["table", "setting"], sort=False)
    print(means.mean(numeric_only=True).T.round(3).to_string())
    if args.picture is not None:
        draw(table, args.picture)
    return 0


def run(name: str, seed: int, args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield the figures of one table and seed, for each setting.

    Parameters
    ----------
    name : str
        A key of `TABLES`.
    seed : int
        Seed of the split, the generator and the report.
    args : Namespace
        The arguments of `main`.

    Yields
    ------
    dict
        Figures of the report and times in seconds.
    """
    table = TABLES[name](args.data)
    order = np.random.default_rng(seed).permutation(len(table.X))
    held_out, train = np.split(order, [round(table.holdout * len(order))])
    generator = FairDiffusionGenerator(random_state=seed, verbose=1)
    generator.set_params(**dict(args.set))
    start = time.perf_counter()
    domains = None if args.no_domains else _take(table.domains, train)
    generator.fit(*(_take(part, train) for part in table[:3]), domains)
    fit_s = time.perf_counter() - start
    for setting in _strengths(args, has_groups=table.z is not None):
        generator.set_params(**setting)
        start = time.perf_counter()
        sampled: Any = generator.sample(len(train), random_state=seed)
        X, y = sampled
        row = {
            "setting": ", ".join(f"{k}={v:g}" for k, v in setting.items() if v) or "-",
            "rows": len(train),
            "n_iter": generator.n_iter_,
            "fit_s": fit_s,
            "sample_s": time.perf_counter() - start,
        }
        report = _report(table, train, held_out, X, y, seed)
        row |= {figure: getattr(report, figure) for figure in FIGURES}
        row |= {f"real_{k}": report.reference.get(k, np.nan) for k in FIGURES}
        # As published figures have it.
        row["pair_trends"] = report.pair_trends_sdmetrics
        row["real_pair_trends"] = report.reference["pair_trends_sdmetrics"]
        row |= _rare(table.X.iloc[train], X, "")
        if len(held_out):
            row |= _rare(table.X.iloc[train], table.X.iloc[held_out], "real_")
        if table.z is not None and len(held_out):
            test = tuple(part.iloc[held_out] for part in (table.X, table.y, table.z))
            positive = sorted(set(table.y))[-1]
            (row_of_gb,) = teach(
                (X, y), test, pos_label=positive, random_state=seed, names=["GB"]
            )
            row |= {name: row_of_gb[name] for name in ("ACC", "R_DP", "R_EOp")}
        if args.sdmetrics:
            real = table.X.iloc[train].assign(label=table.y.iloc[train])
            row["sdmetrics_c2st"] = sdmetrics_c2st(real, X.assign(label=np.asarray(y)))
        yield row


def rare_share(real: pd.DataFrame, other: pd.DataFrame, n_columns: int) -> float:
    """Return how common rare combinations of real rows are in another table.

    Parameters
    ----------
    real, other : DataFrame
        Tables of the same columns.
    n_columns : int
        1 for categories, 2 for pairs of categories of two columns, and so on.

    Returns
    -------
    float
        The share of what at most 1 % of the real rows have, among the others over among
        the real rows; 1 is perfect. Of fresh rows it is less than 1 for combinations so
        rare that few real rows have them by chance. NaN if there is nothing rare.
    """
    words = real.select_dtypes(exclude="number").columns
    tables = [frame[words].astype(str) for frame in (real, other)]
    shares = np.zeros(2)
    for names in combinations(words, n_columns):
        of_real, of_other = (
            t.groupby(list(names)).size() / max(len(t), 1) for t in tables
        )
        rare = of_real[of_real <= RARE]
        shares += rare.sum(), of_other.reindex(rare.index, fill_value=0.0).sum()
    return float(shares[1] / shares[0]) if shares[0] else float("nan")


def _rare(real: pd.DataFrame, other: pd.DataFrame, prefix: str) -> dict[str, float]:
    return {
        f"{prefix}rare_categories": rare_share(real, other, 1),
        f"{prefix}rare_pairs": rare_share(real, other, 2),
    }


def sdmetrics_c2st(real: pd.DataFrame, synthetic: pd.DataFrame) -> float:
    """Return the detection score of SDMetrics with XGBoost as its classifier.

    It is the figure that the literature on tables reports as C2ST: 1 where rows cannot
    be told apart, 0 where they can without error. Needs sdmetrics and xgboost.

    Parameters
    ----------
    real, synthetic : DataFrame
        Tables of the same columns.

    Returns
    -------
    float
        In [0, 1].
    """
    from sdmetrics.single_table.detection.sklearn import (
        ScikitLearnClassifierDetectionMetric,
    )
    from xgboost import XGBClassifier

    class Detection(ScikitLearnClassifierDetectionMetric):
        @staticmethod
        def _get_classifier() -> Any:
            return XGBClassifier()

    tables, columns = [], {}
    for table in (real, synthetic):
        words = table.select_dtypes(exclude="number").columns
        # A missing word is a word: SDMetrics would fill it with the most frequent one.
        known = table[words].astype(object)
        filled = known.where(known.notna(), "missing")
        tables.append(table.assign(**filled).reset_index(drop=True))
        columns = {
            name: {"sdtype": "categorical" if name in words else "numerical"}
            for name in table
        }
    return float(Detection.compute(*tables, metadata={"columns": columns}))


def draw(rows: pd.DataFrame, path: Path) -> None:
    """Draw fidelity against fairness for each kind of strength, and write the picture.

    Parameters
    ----------
    rows : DataFrame
        Rows as `run` yields them, with several strengths.
    path : Path
        Where to write it.
    """
    from matplotlib.figure import Figure
    from matplotlib.patheffects import withStroke

    means = rows.groupby("setting", sort=False).mean(numeric_only=True)
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    panels = {
        "c2st_auc_holdout": "real-or-generated AUC (0.5 is best)",
        "pair_trends": "pair trends (1 is best)",
        "ACC": "accuracy of gradient boosting",
    }
    # One dial moves to the right, so that its labels have room above, the other up.
    above = {"xytext": (0, 6), "ha": "center", "va": "bottom"}
    beside = {"xytext": (-7, 0), "ha": "right", "va": "center"}
    dials = {"lambda_yz": (SYNTHETIC, above), "lambda_z": (BAD, beside)}
    halo = [withStroke(linewidth=2.5, foreground="white")]
    axes = figure.subplots(1, len(panels))
    for ax, (figure_name, label) in zip(axes, panels.items(), strict=True):
        near = 0.04 * np.ptp(means[figure_name])
        for dial, (colour, place) in dials.items():
            own = means[[s == "-" or s.startswith(f"{dial}=") for s in means.index]]
            points = own["R_DP"], own[figure_name]
            ax.plot(*points, marker="o", markersize=4, color=colour, label=dial)
            # From the strongest on; a label that would cover another is left out.
            written: list[float] = []
            for setting, x, y in reversed(list(zip(own.index, *points, strict=True))):
                if dial == "lambda_z" and any(
                    abs(y - other) < near for other in written
                ):
                    continue
                written.append(y)
                ax.annotate(
                    str(setting).partition("=")[2] or "0",
                    (x, y),
                    textcoords="offset points",
                    fontsize=8,
                    color=colour,
                    path_effects=halo,
                    **place,
                )
        ax.margins(0.14, 0.1)
        ax.set(xlabel="ratio of demographic parity", ylabel=label)
        ax.spines[["top", "right"]].set_visible(False)
    handles = axes[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper center", ncols=2, frameon=False)
    figure.savefig(path, dpi=110)


def _report(
    table: Table, train: Any, held_out: Any, X: pd.DataFrame, y: Any, seed: int
) -> Any:
    more = {}
    if len(held_out):
        more = {"holdout": table.X.iloc[held_out], "y_holdout": table.y.iloc[held_out]}
    return quality_report(
        table.X.iloc[train],
        X,
        table.y.iloc[train],
        y,
        **more,
        max_rows=20_000,
        random_state=seed,
    )


def _take(column: Any, rows: Any) -> Any:
    return None if column is None else column.iloc[rows]


def _strengths(args: argparse.Namespace, has_groups: bool) -> list[dict[str, float]]:
    none = {"lambda_z": 0.0, "lambda_yz": 0.0}
    if not has_groups or not args.strengths:
        return [none]
    coupling = [{**none, "lambda_yz": s} for s in args.strengths if 0 < s <= 1]
    entropy = [{**none, "lambda_z": s} for s in args.strengths if s]
    return [none, *coupling, *entropy]


def _adult(data: Path | None, races: Callable[[Any], Any], holdout: float) -> Table:
    adult = fetch_adult(data_home=data)
    chosen = races(np.asarray(adult.domains))
    parts = (adult.data, adult.target, adult.z, adult.domains)
    X, y, z, domains = (part[chosen] for part in parts)
    return Table(X, y, z, domains, holdout)


def _whole_adult(data: Path | None) -> Table:
    frame = fetch_adult(data_home=data).frame
    X, y = frame.drop(columns="income"), frame["income"]
    return Table(X, y, None, None, 16_281 / len(frame))


def _bundled(load: Callable[..., Any], as_categories: bool = False) -> Table:
    bunch = load(as_frame=True)
    X, y = bunch.data, bunch.target
    if as_categories:
        X = X.astype(int).astype(str).astype("category")
    if y.nunique() > 20:  # a quantity: above or below its median
        y = pd.Series(np.where(y > y.median(), "high", "low"), name=y.name)
    return Table(X, y, None, None, 1 / 3)


#: By name: a function of the folder with Adult's files.
TABLES: dict[str, Callable[[Path | None], Table]] = {
    # The source rows of target White, against themselves and a random half of them.
    "adult-white": lambda data: _adult(data, lambda race: race != "White", 0.0),
    "adult-half": lambda data: _adult(data, lambda race: race != "White", 0.5),
    # All rows and columns, split as many as in the published files.
    "adult-all": lambda data: _whole_adult(data),
    "numbers": lambda data: _bundled(load_breast_cancer),
    "categories": lambda data: _bundled(load_digits, as_categories=True),
    "small": lambda data: _bundled(load_diabetes),
}


if __name__ == "__main__":
    sys.exit(main())
