"""The command `skfadm table1`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from skfadm._files import UserError, check_installed, write_csv, written_whole
from skfadm.datasets import fetch_adult
from skfadm.experiments.peers import MostlyAI

from .picture import draw
from .protocol import Run, run
from .results import markdown, paper_layout, summary
from .settings import CLASSIFIERS, FULL, METHODS, QUICK, RULES


def table1(args: argparse.Namespace) -> None:
    """Run the command: the protocol, then tables and picture from its results.

    Parameters
    ----------
    args : Namespace
        With ``data``, ``out``, ``seeds``, ``quick``, ``methods``, ``targets`` and
        ``jobs``.

    Raises
    ------
    UserError
        If a method or target is unknown, or a package that is needed is missing.
    """
    check_installed("matplotlib", "the picture of the table")
    if "exponentiated" in (args.methods or METHODS):
        check_installed("fairlearn", "the row of its reduction")
    known = [name for name in METHODS if name != "mostlyai" or MostlyAI.is_installed()]
    if "mostlyai" in (args.methods or ()) and "mostlyai" not in known:
        check_installed("mostlyai-engine", "the row of mostlyai-engine")
    data = fetch_adult(data_home=args.data)
    protocol = QUICK if args.quick else FULL
    domains = sorted(set(data.domains))
    plan = Run(
        data=data,
        folder=args.out,
        methods=_chosen("method", args.methods, known),
        targets=_chosen("target", args.targets, domains),
        n_jobs=args.jobs,
        protocol=replace(protocol, seeds=args.seeds or protocol.seeds),
    )
    rows, choices = run(plan)
    write_results(rows, choices, plan)


def write_results(rows: pd.DataFrame, choices: pd.DataFrame, plan: Run) -> None:
    """Write the tidy results, the tables and the picture, and print the tables.

    Parameters
    ----------
    rows, choices : DataFrame
        Of `run`.
    plan : Run
        The run.
    """
    is_quick = plan.protocol.is_quick
    table = summary(rows)
    write_csv(rows, plan.folder / "results.csv")
    write_csv(choices, plan.folder / "choices.csv")
    for classifier in CLASSIFIERS:
        layout = paper_layout(table, classifier)
        if is_quick:
            layout.insert(0, "run", "quick")
        write_csv(layout, plan.folder / f"table1-{classifier}.csv")
    text = markdown(table, choices, is_quick)
    with written_whole(plan.folder / "table1.md") as file:
        file.write(text.encode())
    for rule in RULES:
        with written_whole(plan.folder / f"table1-{rule}.png") as file:
            draw(table, rule, is_quick=is_quick).savefig(file, format="png", dpi=90)
    print(text, end="")


def _chosen(what: str, asked: Sequence[str] | None, known: list[str]) -> list[str]:
    """Return what is asked for, in the order of what is known; None is all."""
    unknown = [name for name in asked or () if name not in known]
    if unknown:
        raise UserError(
            f"there is no {what} {unknown[0]!r}; choose from {', '.join(known)}"
        )
    return [name for name in known if asked is None or name in asked]
