"""The paper's Table 1 on Adult: ``python -m benchmarks.table1``.

For each race, every method is trained on the others, classifiers are trained on what it
generates, and scored on that race. Finished trainings are kept in trainings.csv of the
output folder; after an interruption the same command continues. Writes results.csv,
choices.csv, averages.csv, races.csv and a picture for each rule of choice.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from skfadm._files import UserError, check_installed, write_csv, written_whole
from skfadm.datasets import fetch_adult

from .._running import count, new_parser
from ..peers import MostlyAI
from .picture import draw
from .protocol import Run, run
from .results import averages, by_target, text
from .settings import CLASSIFIERS, FULL, METHODS, QUICK, RULES


def main(argv: Sequence[str] | None = None) -> int:
    """Run the protocol, then write tables and pictures from its results."""
    methods = f"{__doc__}\nmethods: {', '.join(METHODS)}"
    parser = new_parser("table1", methods, seeds=None, out="DIR")
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
        type=count,
        default=-1,
        metavar="N",
        help="trainings at a time (default: one for each core)",
    )
    args = parser.parse_args(argv)
    try:
        plan = _plan(args)
        rows, choices = run(plan)
    except (UserError, OSError) as error:
        parser.error(str(error))
    means, folder = averages(rows), plan.folder
    write_csv(rows, folder / "results.csv")
    write_csv(choices, folder / "choices.csv")
    write_csv(means.reset_index(), folder / "averages.csv")
    write_csv(by_target(rows).reset_index(), folder / "races.csv")
    for rule in RULES:
        with written_whole(folder / f"table1-{rule}.png") as file:
            picture = draw(means, rule, is_quick=args.quick)
            picture.savefig(file, format="png", dpi=90)
    if args.quick:
        print("A quick run: its numbers say nothing about the methods.")
    for classifier, words in CLASSIFIERS.items():
        print(f"\n{words}\n{text(rows, classifier)}")
    return 0


def _plan(args: argparse.Namespace) -> Run:
    if args.out is None:
        raise UserError("give --out, the folder to write to")
    check_installed("matplotlib", "the picture of the table")
    if "exponentiated" in (args.methods or METHODS):
        check_installed("fairlearn", "the row of its reduction")
    if "mostlyai" in (args.methods or ()):
        check_installed("mostlyai", "the row of mostlyai-engine")
    known = [name for name in METHODS if name != "mostlyai" or MostlyAI.is_installed()]
    data = fetch_adult(data_home=args.data)
    protocol = QUICK if args.quick else FULL
    return Run(
        data=data,
        folder=Path(args.out),
        methods=_chosen("method", args.methods, known),
        targets=_chosen("target", args.targets, sorted(set(data.domains))),
        n_jobs=args.jobs,
        protocol=replace(protocol, seeds=args.seeds or protocol.seeds),
    )


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
