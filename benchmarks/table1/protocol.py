"""The protocol: choose on the source domains, train again, score the target once."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import combinations, groupby
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

from skfadm._files import UserError

from .settings import METHODS, RULES, Protocol
from .units import Unit, compute


@dataclass(frozen=True)
class Run:
    """A run of the protocol, or of a part of it.

    Parameters
    ----------
    data : Bunch
        Of `fetch_adult`.
    folder : Path
        Where finished units are kept, in its folder ``units``. A unit's file is named
        after all that it depends on, so that what is found there is right.
    methods : sequence of str
        Rows of the table.
    targets : sequence of str
        Target domains.
    n_jobs : int
        Trainings at a time, as joblib counts them: -1 is one a core.
    protocol : Protocol
        What holds for all units.
    """

    data: Any
    folder: Path
    methods: Sequence[str]
    targets: Sequence[str]
    n_jobs: int
    protocol: Protocol

    @cached_property
    def data_hash(self) -> str:
        """A hash of the data."""
        data = self.data
        return joblib.hash([data.data, data.target, data.z, data.domains])

    def file(self, unit: Unit) -> Path:
        """Return where a unit's rows are, or will be."""
        return self.folder / "units" / unit.file_name(self.data_hash, self.protocol)

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
            Unit(method, candidate, pair, seed=0)
            for method in self.methods
            if len(METHODS[method].candidates) > 1
            for pair in pairs
            for candidate in range(len(METHODS[method].candidates))
        ]

    def final_units(self, choices: pd.DataFrame) -> list[Unit]:
        """Return the units that are scored on the targets, each once.

        Parameters
        ----------
        choices : DataFrame
            Of `choose`.
        """
        chosen = choices.drop_duplicates(["method", "target", "chosen"])
        return [
            Unit(row.method, row.chosen, (row.target,), seed)
            for seed in range(self.protocol.seeds)
            for row in chosen.itertuples()
        ]

    def read(self, units: Sequence[Unit]) -> pd.DataFrame:
        """Return the rows of finished units."""
        parts = [pd.read_csv(self.file(unit)) for unit in units]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def run(plan: Run) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Do what is left of a run.

    Parameters
    ----------
    plan : Run
        The run.

    Returns
    -------
    rows : DataFrame
        Tidy results on the targets; "rule" is what the candidate was chosen by, and a
        candidate that is chosen by both stands twice.
    choices : DataFrame
        What was chosen, with the score of each candidate.
    """
    (plan.folder / "units").mkdir(parents=True, exist_ok=True)
    for unfinished in (plan.folder / "units").glob(".*.tmp"):
        # Of a run that was killed. A new process may have the same number, and so the
        # same name for what it writes.
        unfinished.unlink()
    selection = plan.selection_units()
    n_final = len(plan.methods) * len(plan.targets) * plan.protocol.seeds
    progress = _Progress(len(selection) + n_final)
    _compute(plan, selection, progress)
    choices = choose(plan.read(selection), plan.methods, plan.targets)
    final = plan.final_units(choices)
    progress.total += len(final) - n_final
    _compute(plan, final, progress)
    rows = plan.read(final)
    keys = choices[["method", "target", "chosen", "rule"]].rename(
        columns={"target": "scored_on", "chosen": "candidate"}
    )
    return rows.merge(keys, on=["method", "scored_on", "candidate"]), choices


def choose(
    rows: pd.DataFrame, methods: Sequence[str], targets: Sequence[str]
) -> pd.DataFrame:
    """Choose each method's candidate for each target on the source domains.

    The score of a candidate is the mean over the source domains, each reserved once,
    and over the downstream classifiers, of their accuracy or of their fair accuracy
    (`fair_accuracy`). The highest is chosen, of equal ones the first. No score on the
    target enters. A method without a strength is chosen by accuracy, whatever the rule.

    Parameters
    ----------
    rows : DataFrame
        Results of the selection units; empty where nothing is chosen.
    methods, targets : sequence of str
        What to choose for.

    Returns
    -------
    DataFrame
        Columns "method", "target", "rule", "chosen" (the candidate) and "scores", that
        of each candidate. One that diverged on some domain has NaN, and is chosen only
        if all have.
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
    """Return the accuracy of the fair (four fifths), below that the ratio minus 1.

    Parameters
    ----------
    rows : DataFrame
        With "ACC" and "R_DP"; without an accuracy there is none.
    """
    fair = rows["ACC"].where(rows["R_DP"] >= 0.8, rows["R_DP"].fillna(0.0) - 1.0)
    return fair.where(rows["ACC"].notna())


def _compute(plan: Run, units: Sequence[Unit], progress: _Progress) -> None:
    left = [unit for unit in units if not plan.file(unit).exists()]
    progress.skip(len(units) - len(left))
    left.sort(key=lambda unit: [*map(str, unit.training)])
    tasks = [list(own) for _, own in groupby(left, key=lambda unit: unit.training)]
    calls = (
        joblib.delayed(_compute_task)(
            task, plan.data, plan.protocol, [plan.file(unit) for unit in task]
        )
        for task in tasks
    )
    # Each unit is on disk as soon as it is done: what is killed loses only those that
    # are being computed.
    for task, seconds in joblib.Parallel(plan.n_jobs, return_as="generator_unordered")(
        calls
    ):
        progress.report(task, seconds)


def _compute_task(task: list[Unit], *args: Any) -> tuple[list[Unit], float]:
    return task, compute(task, *args)


@dataclass
class _Progress:
    """Lines on standard error: what is done, how long it took, how long is left."""

    total: int
    done: int = 0
    computed: int = 0
    start: float = field(default_factory=time.monotonic)

    def skip(self, n_units: int) -> None:
        self.done += n_units
        if n_units:
            self._print(f"{n_units} units are done already")

    def report(self, task: list[Unit], seconds: float) -> None:
        self.done, self.computed = self.done + len(task), self.computed + len(task)
        pace = (time.monotonic() - self.start) / self.computed
        left = timedelta(seconds=round(pace * (self.total - self.done)))
        more = f" and {len(task) - 1} more" if len(task) > 1 else ""
        self._print(f"{task[0]}{more}: {seconds:.0f} s, about {left} left")

    def _print(self, text: str) -> None:
        print(f"[{self.done}/{self.total}] {text}", file=sys.stderr, flush=True)
