"""The protocol: choose on the source domains, train again, score the target once."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

from skfadm._files import UserError, written_whole

from .methods import METHODS
from .units import FINAL, SELECTION, Protocol, Unit, compute, versions


@dataclass(frozen=True)
class Run:
    """A run of the protocol, or of a part of it.

    Parameters
    ----------
    data : Bunch
        Of `fetch_adult`.
    folder : Path
        Where finished units are kept, in its folder ``units``.
    methods : sequence of str
        Rows of the table.
    targets : sequence of str
        Target domains.
    n_seeds : int
        Seeds of the final trainings, from 0. Choice is made at seed 0.
    n_jobs : int
        Units that are computed at a time, as joblib counts them: -1 is one a core.
    protocol : Protocol
        What holds for all units.
    """

    data: Any
    folder: Path
    methods: Sequence[str]
    targets: Sequence[str]
    n_seeds: int
    n_jobs: int
    protocol: Protocol

    @property
    def units_folder(self) -> Path:
        """Where the files of finished units are."""
        return self.folder / "units"

    def selection_units(self) -> list[Unit]:
        """Return the trainings from which candidates are chosen."""
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
            Unit(SELECTION, method, candidate, pair, seed=0)
            for method in self.methods
            if len(METHODS[method].grid) > 1
            for candidate in range(len(METHODS[method].grid))
            for pair in pairs
        ]

    def final_units(self, choices: pd.DataFrame) -> list[Unit]:
        """Return the trainings that are scored on the targets.

        Parameters
        ----------
        choices : DataFrame
            Of `choose`.
        """
        chosen = choices.set_index(["method", "target"])["chosen"]
        return [
            Unit(FINAL, method, int(chosen[method, target]), (target,), seed)
            for method in self.methods
            for target in self.targets
            for seed in range(self.n_seeds)
        ]

    def read(self, units: Sequence[Unit]) -> pd.DataFrame:
        """Return the rows of finished units.

        Parameters
        ----------
        units : sequence of Unit
            Which.
        """
        parts = [pd.read_csv(self.units_folder / unit.file_name) for unit in units]
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
        Tidy results of all its units, selection and final.
    choices : DataFrame
        What was chosen, with the mean accuracy of each candidate.

    Raises
    ------
    UserError
        If the folder holds results of other settings, versions or data.
    """
    plan.units_folder.mkdir(parents=True, exist_ok=True)
    check_settings(plan)
    for unfinished in plan.units_folder.glob(".*.tmp"):
        # Of a run that was killed. A new process may have the same number, and so the
        # same name for what it writes.
        unfinished.unlink()
    selection = plan.selection_units()
    n_final = len(plan.methods) * len(plan.targets) * plan.n_seeds
    total = len(selection) + n_final
    progress = _Progress(total)
    _compute(plan, selection, progress)
    choices = choose(plan.read(selection), plan.methods, plan.targets)
    final = plan.final_units(choices)
    _compute(plan, final, progress)
    return plan.read([*selection, *final]), choices


def choose(
    rows: pd.DataFrame, methods: Sequence[str], targets: Sequence[str]
) -> pd.DataFrame:
    """Choose each method's candidate for each target by accuracy on source domains.

    The score of a candidate is its mean accuracy over the source domains, each reserved
    once, and over the downstream classifiers. The highest is chosen, of equal ones the
    first. No score on the target enters.

    Parameters
    ----------
    rows : DataFrame
        Results of the selection units; empty where nothing is chosen.
    methods, targets : sequence of str
        What to choose for.

    Returns
    -------
    DataFrame
        Columns "method", "target", "chosen" (the candidate) and "accuracies", the score
        of each candidate. A candidate that diverged on some domain has NaN, and is
        chosen only if all have.
    """
    found = []
    for method in methods:
        for target in targets:
            n_candidates = len(METHODS[method].grid)
            scores = np.full(n_candidates, np.nan)
            if len(rows):
                own = rows[rows["method"] == method]
                held_out = own["held_out"].str.split("+", regex=False)
                is_fold = held_out.map(lambda pair, t=target: t in pair)
                folds = own[is_fold & (own["scored_on"] != target)]
                for candidate, of_candidate in folds.groupby("candidate"):
                    scores[candidate] = of_candidate["ACC"].mean(skipna=False)
            chosen = int(np.nan_to_num(scores, nan=-np.inf).argmax())
            accuracies = " ".join(f"{score:.4f}" for score in scores)
            found.append((method, target, chosen, accuracies))
    return pd.DataFrame(found, columns=["method", "target", "chosen", "accuracies"])


def check_settings(plan: Run) -> None:
    """Write down what a folder's results depend on, or compare with what is there.

    Raises
    ------
    UserError
        If something differs, so that its results would not belong together.
    """
    path = plan.folder / "settings.json"
    data = plan.data
    settings: dict[str, Any] = {
        "protocol": asdict(plan.protocol),
        "methods": {
            name: {"fixed": method.fixed, "grid": method.grid}
            for name, method in METHODS.items()
        },
        "data": joblib.hash([data.data, data.target, data.z, data.domains]),
        "versions": versions(),
    }
    text = json.dumps(settings, indent=1) + "\n"
    if not path.exists():
        with written_whole(path) as file:
            file.write(text.encode())
        return
    before, now = json.loads(path.read_text()), json.loads(text)
    different = [name for name in now if before.get(name) != now[name]]
    if different:
        raise UserError(
            f"{plan.folder} holds results of other {' and '.join(different)} (see its "
            "settings.json); give another folder to --out"
        )


def _compute(plan: Run, units: Sequence[Unit], progress: _Progress) -> None:
    left = [u for u in units if not (plan.units_folder / u.file_name).exists()]
    progress.skip(len(units) - len(left))
    tasks = (joblib.delayed(_compute_one)(unit, plan) for unit in left)
    # Each unit is on disk as soon as it is done: what is killed loses only those that
    # are being computed.
    done = joblib.Parallel(plan.n_jobs, return_as="generator_unordered")(tasks)
    for unit, seconds in done:
        progress.report(str(unit), seconds)


def _compute_one(unit: Unit, plan: Run) -> tuple[Unit, float]:
    return unit, compute(unit, plan.data, plan.protocol, plan.units_folder)


class _Progress:
    """Lines on standard error: what is done, how long it took, how long is left."""

    def __init__(self, total: int):
        self.total, self.done, self.computed = total, 0, 0
        self.start = time.monotonic()

    def skip(self, n_units: int) -> None:
        self.done += n_units
        if n_units:
            self._print(f"{n_units} units are done already")

    def report(self, unit: str, seconds: float) -> None:
        self.done, self.computed = self.done + 1, self.computed + 1
        pace = (time.monotonic() - self.start) / self.computed
        left = timedelta(seconds=round(pace * (self.total - self.done)))
        self._print(f"{unit}: {seconds:.0f} s, about {left} left")

    def _print(self, text: str) -> None:
        print(f"[{self.done}/{self.total}] {text}", file=sys.stderr, flush=True)
