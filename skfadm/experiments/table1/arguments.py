"""The arguments of `skfadm table1`, without what is heavy to import."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from .settings import METHODS

DESCRIPTION = f"""\
The paper's Table 1 on the Adult table: for each race, train every method on the others,
train classifiers on what it generates, and score them on that race. Finished trainings
are kept in DIR/units; after an interruption the same command goes on where it stopped.
Writes results.csv, choices.csv, table1.md, table1-*.csv and table1-*.png.

methods: {", ".join(METHODS)}
"""


def add_arguments(parser: argparse.ArgumentParser, count: Callable[[str], int]) -> None:
    """Add the command's arguments to its parser.

    Parameters
    ----------
    parser : ArgumentParser
        The command's own parser.
    count : callable
        Reads a whole number of 1 or more.
    """
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
        type=count,
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
        type=count,
        default=-1,
        metavar="N",
        help="trainings at a time (default: one for each core)",
    )
