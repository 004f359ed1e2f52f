"""What the commands of experiments share: arguments, and going on where they were."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from skfadm import FairDiffusionGenerator
from skfadm._files import written_whole

Row = dict[str, Any]
#: What a part of an experiment is known by, and what computes its rows.
Unit = tuple[Row, Callable[[], Iterable[Row]]]


def new_parser(
    name: str, description: str | None, seeds: int
) -> argparse.ArgumentParser:
    """Return a parser with the arguments that all experiments have.

    Parameters
    ----------
    name : str
        The full name of the module.
    description : str or None
        Its docstring.
    seeds : int
        How many by default.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=description)
    parser.add_argument("--data", type=Path, metavar="DIR", help="with UCI's files")
    parser.add_argument("--seeds", type=int, default=seeds, metavar="N")
    parser.add_argument(
        "--out", type=Path, metavar="CSV", help="to write; what it holds is not redone"
    )
    return parser


def add_set(parser: argparse.ArgumentParser) -> None:
    """Add ``--set``: names and values of the generator that are not its defaults."""
    parser.add_argument(
        "--set",
        nargs="*",
        type=_parameter,
        default=[],
        metavar="NAME=VALUE",
        help="parameters of the generator that are not the default",
    )


def _parameter(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    if name not in FairDiffusionGenerator().get_params():
        raise argparse.ArgumentTypeError(f"the generator has no parameter {name!r}")
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value


def asked(args: argparse.Namespace, *names: str) -> dict[str, str]:
    """Return the column that tells rows of other options apart.

    Parameters
    ----------
    args : Namespace
        The arguments.
    *names : str
        Those that rows depend on and that no other column tells.
    """
    return {"options": ", ".join(f"{name}={getattr(args, name)}" for name in names)}


def hold_out(data: Any, target: str) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the rows of the source domains, and those of the target domain.

    Parameters
    ----------
    data : Bunch
        Of `fetch_adult`.
    target : str
        The domain that is held out.

    Returns
    -------
    sources, test : tuple
        X, y, z and domains, as `fit` takes them; X, y and z.
    """
    is_target = np.asarray(data.domains == target)
    parts = (data.data, data.target, data.z, data.domains)
    sources = tuple(part[~is_target] for part in parts)
    return sources, tuple(part[is_target] for part in parts[:3])


def collect(units: Iterable[Unit], out: Path | None) -> pd.DataFrame:
    """Compute the rows of all units, but for those that a file holds.

    Parameters
    ----------
    units : iterable of (dict, callable)
        Columns whose values no other unit has, the options that its rows depend on
        (`asked`) among them, and what returns its rows.
    out : Path or None
        A CSV, written whole after each unit.

    Returns
    -------
    DataFrame
        The rows of the units, with their columns in front.
    """
    table = pd.read_csv(out) if out is not None and out.exists() else pd.DataFrame()
    mine = []
    for about, compute in units:
        found = _rows_of(table, about)
        if not len(found):
            found = pd.DataFrame([{**about, **row} for row in compute()])
            table = pd.concat([table, found], ignore_index=True)
            if out is not None:
                with written_whole(out) as file:
                    table.to_csv(file, index=False, mode="wb")
        mine.append(found)
    return pd.concat(mine, ignore_index=True)


def _rows_of(table: pd.DataFrame, about: Row) -> pd.DataFrame:
    if not set(about) <= set(table):
        return table[:0]
    return table[(table[list(about)] == pd.Series(about)).all(axis=1)]


def half_width(values: pd.Series) -> float:
    """Return half the 95 % interval of a mean, by Student's t; NaN for one value."""
    known = values.dropna()
    if len(known) < 2:
        return float("nan")
    return float(stats.t.ppf(0.975, len(known) - 1) * stats.sem(known))
