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

from .._running import count, new_parser
from .._tables import adult
from ..peers import MostlyAI
from .protocol import Run, run
from .results import averages, by_target, draw
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
    known = [name for name in METHODS if name != "mostlyai" or MostlyAI.is_installed()]
    parser.add_argument(
        "--methods", nargs="+", choices=known, default=known, metavar="METHOD"
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
        print(f"\n{words}\n{means.loc[classifier].round(2).T.to_string(na_rep='-')}")
    return 0


def _plan(args: argparse.Namespace) -> Run:
    if args.out is None:
        raise UserError("give --out, the folder to write to")
    check_installed("matplotlib", "the picture of the table")
    if "exponentiated" in args.methods:
        check_installed("fairlearn", "the row of its reduction")
    data = adult(args.data)
    races = sorted(set(data.domains))
    targets = args.targets or races
    unknown = [race for race in targets if race not in races]
    if unknown:
        raise UserError(f"there is no target {unknown[0]!r}; choose from {races}")
    protocol = QUICK if args.quick else FULL
    return Run(
        data=data,
        folder=Path(args.out),
        methods=[name for name in METHODS if name in args.methods],
        targets=[race for race in races if race in targets],
        n_jobs=args.jobs,
        protocol=replace(protocol, seeds=args.seeds or protocol.seeds),
    )


if __name__ == "__main__":
    sys.exit(main())
