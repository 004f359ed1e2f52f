"""The protocol: choose on the source domains, train again, score the target once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import combinations, groupby
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

from skfadm._files import UserError

from .._running import collect
from .._tables import Table
from .settings import METHODS, RULES, Protocol
from .units import Unit, compute


@dataclass(frozen=True)
class Run:
    """A run of the protocol on some methods and targets; its rows are kept in `folder`.

    `n_jobs` trainings run at a time, as joblib counts them.
    """

    data: Table
    folder: Path
    methods: Sequence[str]
    targets: Sequence[str]
    n_jobs: int
    protocol: Protocol

    @cached_property
    def data_hash(self) -> str:
        """A hash of the data."""
        return joblib.hash(list(self.data))

    def selection_units(self) -> list[Unit]:
        """Return the units from which candidates are chosen."""
        if not self.protocol.has_selection:
            return []
        domains = sorted(set(self.data.domains))
        if len(domains) < 3:
            raise UserError(
                f"the data have the domains {domains}; leaving one out of the source "
                "domains takes three or more"
            )
        pairs = [p for p in combinations(domains, 2) if set(p) & set(self.targets)]
        return [
            Unit(method, candidates, pair, seed=0)
            for method in self.methods
            if len(METHODS[method].candidates) > 1
            for pair in pairs
            for candidates in _trainings(method, range(len(METHODS[method].candidates)))
        ]

    def final_units(self, choices: pd.DataFrame) -> list[Unit]:
        """Return the units of the chosen candidates, scored on the targets."""
        chosen = choices.groupby(["method", "target"], sort=False)["chosen"]
        return [
            Unit(method, candidates, (target,), seed)
            for seed in range(self.protocol.seeds)
            for (method, target), own in chosen
            for candidates in _trainings(method, own)
        ]

    def rows(self, units: Sequence[Unit]) -> pd.DataFrame:
        """Return the rows of units: those that are kept, and the others computed."""
        work = [
            (
                unit.about(self.data_hash, self.protocol),
                partial(compute, unit, self.data, self.protocol),
            )
            for unit in units
        ]
        return collect(work, self.folder / "trainings.csv", self.n_jobs)


def _trainings(method: str, candidates: Iterable[int]) -> list[tuple[int, ...]]:
    """Return candidates in groups that share a training."""
    n = len(METHODS[method].sample)
    return [
        tuple(own) for _, own in groupby(sorted(set(candidates)), lambda c: int(c) // n)
    ]


def run(plan: Run) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Do what is left of a run, and return its rows and choices.

    "rule" is what a row's candidate was chosen by; one chosen by both stands twice.
    """
    choices = choose(plan.rows(plan.selection_units()), plan.methods, plan.targets)
    rows = plan.rows(plan.final_units(choices))
    keys = choices[["method", "target", "chosen", "rule"]].rename(
        columns={"chosen": "candidate"}
    )
    rows = rows.rename(columns={"scored_on": "target"})
    return rows.merge(keys, on=["method", "target", "candidate"]), choices


def choose(
    rows: pd.DataFrame, methods: Sequence[str], targets: Sequence[str]
) -> pd.DataFrame:
    """Choose each method's candidate for each target on the source domains.

    The score of a candidate is the mean over the source domains, each reserved once,
    and over the downstream classifiers, of their accuracy or of their fair accuracy
    (`fair_accuracy`). The highest is chosen, of equal ones the first. No score on the
    target enters. A method without a strength is chosen by accuracy, whatever the rule.
    A candidate that diverged on some domain has NaN, and is chosen only if all have.
    """
    found = []
    if len(rows):
        of_rule = {"accuracy": rows["ACC"], "fair_accuracy": fair_accuracy(rows)}
    for method in methods:
        for target in targets:
            for rule in RULES:
                scores = np.full(len(METHODS[method].candidates), np.nan)
                if len(rows):
                    held_out = rows["held_out"].str.split("+", regex=False)
                    is_fold = held_out.map(lambda pair, t=target: t in pair)
                    is_fold &= (rows["method"] == method) & (
                        rows["scored_on"] != target
                    )
                    by = rule if rule in METHODS[method].rules else "accuracy"
                    own = of_rule[by][is_fold].groupby(rows["candidate"][is_fold])
                    for candidate, values in own:
                        scores[candidate] = values.mean(skipna=False)
                chosen = int(np.nan_to_num(scores, nan=-np.inf).argmax())
                text = " ".join(f"{score:.4f}" for score in scores)
                found.append((method, target, rule, chosen, text))
    return pd.DataFrame(found, columns=["method", "target", "rule", "chosen", "scores"])


def fair_accuracy(rows: pd.DataFrame) -> pd.Series:
    """Return the accuracy of the fair (four fifths), below that the ratio minus 1."""
    fair = rows["ACC"].where(rows["R_DP"] >= 0.8, rows["R_DP"].fillna(0.0) - 1.0)
    return fair.where(rows["ACC"].notna())
