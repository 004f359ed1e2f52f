"""From tidy results to tables in the paper's layout."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .._running import half_width
from .published import AVERAGE, ELSEWHERE, PUBLISHED, SHORT
from .settings import CLASSIFIERS, MEASURES, METHODS, RULES

QUICK_NOTE = (
    "**A quick run, to see that everything works: few rows, short trainings, one seed, "
    "no choice of hyperparameters. Its numbers say nothing about the methods.**"
)


#: What a row costs: rows drawn in training, seconds of training and generation.
COSTS = ("row_visits", "seconds")
_TIMES = ["fit_s", "sample_s", "teach_s"]


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return means over seeds with their intervals, for each target and the average.

    The average over targets is taken within each seed, over the targets where the
    measure is defined.

    Parameters
    ----------
    rows : DataFrame
        Tidy results, of `run`.

    Returns
    -------
    DataFrame
        Indexed by classifier, rule, method, target and measure, with the columns
        "mean", "half_width" (of the 95 % interval of Student's t; NaN for fewer than
        two seeds), "n_seeds", "n_scores", "n_undefined" and "n_failed". Accuracy is in
        percent. What could not be scored because training diverged is counted as
        failed, and not as undefined too. Beside the measures stands what a row costs,
        `COSTS`; where nothing is generated, the seconds are those of the classifiers.
    """
    rows = rows.reindex(columns=rows.columns.union([*_TIMES, "row_visits"], sort=False))
    spent = rows["fit_s"] + rows["sample_s"]
    rows = rows.assign(seconds=spent.fillna(rows["teach_s"]), ACC=rows["ACC"] * 100.0)
    keys = ["classifier", "rule", "method", "scored_on", "seed"]
    measures = [*MEASURES, *COSTS]
    tidy = rows.melt(keys, measures, "measure", "value")
    tidy["failed"] = rows["ACC"].isna().to_list() * len(measures)
    tidy["target"] = tidy["scored_on"].map(lambda domain: SHORT.get(domain, domain))
    tidy["undefined"] = tidy["value"].isna() & ~tidy["failed"]
    counted = {"undefined": "sum", "failed": "sum", "n_scores": "sum"}
    of_seed = ["classifier", "rule", "method", "measure", "seed"]
    tidy["n_scores"] = 1
    average = tidy.groupby(of_seed, as_index=False).agg({"value": "mean", **counted})
    both = pd.concat([tidy, average.assign(target=AVERAGE)], ignore_index=True)
    return both.groupby(["classifier", "rule", "method", "target", "measure"]).agg(
        mean=("value", "mean"),
        half_width=("value", half_width),
        n_seeds=("value", "count"),
        n_scores=("n_scores", "sum"),
        n_undefined=("undefined", "sum"),
        n_failed=("failed", "sum"),
    )


def paper_layout(table: pd.DataFrame, classifier: str) -> pd.DataFrame:
    """Return one classifier's table in the paper's layout.

    Parameters
    ----------
    table : DataFrame
        Of `summary`.
    classifier : str
        A downstream classifier.

    Returns
    -------
    DataFrame
        A row for each method and rule of choice, one where there is no choice. For each
        target and the average, the three measures, each with its half interval ("+-");
        then how many ratios are undefined, how many trainings failed and what they
        cost.
    """
    own = table.loc[classifier]
    targets = [*_targets(own), AVERAGE]
    out = []
    for name, method in METHODS.items():
        if name not in own.index.get_level_values("method"):
            continue
        for rule in method.rules:
            cells = own.loc[rule, name]
            row: dict[str, object] = {
                "method": method.title,
                "chosen by": rule if len(method.candidates) > 1 else "-",
            }
            for target in targets:
                for measure in MEASURES:
                    cell = cells.loc[target, measure]
                    row[f"{target} {measure}"] = round(cell["mean"], 4)
                    row[f"{target} {measure} +-"] = round(cell["half_width"], 4)
            average = cells.loc[AVERAGE]
            ratios = average.loc[["R_DP", "R_EOp"]]
            row["ratios"] = int(ratios["n_scores"].sum())
            row["undefined ratios"] = int(ratios["n_undefined"].sum())
            row["failed trainings"] = int(average.loc["ACC", "n_failed"])
            for cost in COSTS:
                row[cost] = average.loc[cost, "mean"].round()
            out.append(row)
    return pd.DataFrame(out)


def markdown(table: pd.DataFrame, choices: pd.DataFrame, is_quick: bool) -> str:
    """Return the tables of all classifiers, and what others published.

    Parameters
    ----------
    table : DataFrame
        Of `summary`.
    choices : DataFrame
        Of `choose`.
    is_quick : bool
        Whether to say that this is a quick run.

    Returns
    -------
    str
        Markdown.
    """
    n_seeds = int(table["n_seeds"].max())
    parts = [
        "# Table 1 on Adult",
        *([QUICK_NOTE] if is_quick else []),
        "Accuracy in percent, ratio of demographic parity (Eq. 12), ratio of equal "
        f"opportunity (Eq. 13), on the held-out race: mean over {n_seeds} seed"
        f"{'s' if n_seeds > 1 else ''} and half of its 95 % interval. Candidates are "
        "chosen on the source domains by "
        f"{' or by '.join(f'{words} ({rule})' for rule, words in RULES.items())}. "
        "The last columns count ratios that are undefined, because nobody is given the "
        "positive label, which means leave out, and tell the rows drawn in a training, "
        "in millions, and the seconds of training and generation.",
    ]
    for classifier in [c for c in CLASSIFIERS if c in table.index.levels[0]]:
        own = table.loc[classifier]
        parts += [
            f"## Trained on it: {CLASSIFIERS[classifier]}",
            _markdown_table(paper_layout(table, classifier), [*_targets(own), AVERAGE]),
        ]
    parts += ["## As the paper published it (one run)", _published_table()]
    elsewhere = ELSEWHERE.reset_index(names="generator")
    parts += [
        "## As others published it (a random split, CatBoost)",
        _lines(list(elsewhere.columns), elsewhere.to_numpy().tolist()),
    ]
    chosen = choices[choices["scores"].str.contains(" ", regex=False)]
    if len(chosen) and not is_quick:
        frame = chosen.assign(
            method=chosen["method"].map(lambda name: METHODS[name].title),
            chosen=[
                str(METHODS[row.method].candidates[row.chosen])
                for row in chosen.itertuples()
            ],
        )
        parts += [
            "## What was chosen",
            "The candidate of each method's grid, and the score of each on the source "
            "domains.",
            _lines(list(frame.columns), frame.to_numpy().tolist()),
        ]
    return "\n\n".join(parts) + "\n"


def _targets(own: pd.DataFrame) -> list[str]:
    present = set(own.index.get_level_values("target")) - {AVERAGE}
    known = [target for target in SHORT.values() if target in present]
    return [*known, *sorted(present - set(known))]


def _markdown_table(layout: pd.DataFrame, targets: list[str]) -> str:
    columns = [(target, measure) for target in targets for measure in MEASURES]
    header = ["method", "chosen by", *(f"{t} {m}" for t, m in columns)]
    header += ["undefined", "failed", "M rows", "s"]
    lines = []
    for _, row in layout.iterrows():
        cells = [
            _cell(row[f"{t} {m}"], row[f"{t} {m} +-"], 1 if m == "ACC" else 2)
            for t, m in columns
        ]
        visits, seconds = (row[cost] for cost in COSTS)
        cells += [
            f"{row['undefined ratios']} of {row['ratios']}",
            row["failed trainings"],
            _cell(visits / 1e6, np.nan, 1),
            _cell(seconds, np.nan, 0),
        ]
        lines.append([row["method"], row["chosen by"], *cells])
    return _lines(header, lines)


def _published_table() -> str:
    header = ["method", *(f"{t} {m}" for t, m in PUBLISHED.columns)]
    lines = []
    for method, row in PUBLISHED.iterrows():
        cells = [_cell(v, np.nan, 2) for v in row]
        lines.append([METHODS[str(method)].title.split(",")[0], *cells])
    return _lines(header, lines)


def _cell(mean: float, half: float, digits: int) -> str:
    if np.isnan(mean):
        return "-"
    interval = "" if np.isnan(half) else f" ± {half:.{digits}f}"
    return f"{mean:.{digits}f}{interval}"


def _lines(header: list, rows: list[list]) -> str:
    rule = ["---"] * len(header)
    return "\n".join(
        f"| {' | '.join(map(str, row))} |" for row in [header, rule, *rows]
    )
