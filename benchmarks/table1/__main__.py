"""The paper's Table 1 on Adult: ``python -m benchmarks.table1``.

For each race, every method is trained on the others, classifiers are trained on what it
generates, and scored on that race. Finished trainings are kept in DIR/units; after an
interruption the same command continues. Writes results.csv, choices.csv, table1.md,
table1-*.csv and table1-*.png.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from skfadm._files import UserError, check_installed, write_csv, written_whole
from skfadm.datasets import fetch_adult

from ..peers import MostlyAI
from .picture import draw
from .protocol import Run, run
from .results import markdown, paper_layout, summary
from .settings import CLASSIFIERS, FULL, METHODS, QUICK, RULES


def main(argv: Sequence[str] | None = None) -> int:
    """Run the protocol, then write tables and picture from its results."""
    parser = _parser()
    args = parser.parse_args(argv)
    try:
        _run(args)
    except (UserError, OSError) as error:
        parser.error(str(error))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.table1",
        description=f"{__doc__}\nmethods: {', '.join(METHODS)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder with adult.data and adult.test of the UCI repository; where they "
        "are not, Adult is downloaded there from OpenML",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder to write to"
    )
    parser.add_argument(
        "--seeds",
        type=_count,
        metavar="N",
        help="final trainings of each method and target (default: 5; quick: 1)",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="see that everything works, in minutes: few rows, short trainings, no "
        "choice of hyperparameters; its numbers say nothing about the methods",
    )
    parser.add_argument(
        "--methods", nargs="+", metavar="METHOD", help="these only (default: all)"
    )
    parser.add_argument(
        "--targets", nargs="+", metavar="RACE", help="these only (default: all)"
    )
    parser.add_argument(
        "--jobs",
        type=_count,
        default=-1,
        metavar="N",
        help="trainings at a time (default: one for each core)",
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def _run(args: argparse.Namespace) -> None:
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


if __name__ == "__main__":
    sys.exit(main())
