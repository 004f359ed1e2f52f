"""What all benchmarks share: arguments, and work that continues after a stop."""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cache, partial
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from scipy import stats

from skfadm import FairDiffusionGenerator
from skfadm._files import written_whole

#: Raise it when the code gives other results than those that files hold.
CODE_VERSION = 1
Row = dict[str, Any]
#: What tells the rows of a piece of work from others', and what computes them.
Unit = tuple[Row, Callable[[], Iterable[Row]]]


def new_parser(
    name: str, description: str | None, seeds: int | None, out: str = "CSV"
) -> argparse.ArgumentParser:
    """Return a parser with the arguments of all benchmarks."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder with adult.data and adult.test of UCI; without them, Adult is "
        "downloaded there from OpenML",
    )
    parser.add_argument("--seeds", type=count, default=seeds, metavar="N")
    parser.add_argument(
        "--out", type=Path, metavar=out, help="to write; what it holds is not redone"
    )
    return parser


def count(text: str) -> int:
    """Read a whole number of 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def add_set(parser: argparse.ArgumentParser) -> None:
    """Add ``--set``: parameters of the generator that are not its defaults."""
    parser.add_argument(
        "--set", nargs="*", type=_parameter, default=[], metavar="NAME=VALUE"
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


def asked(args: argparse.Namespace, *names: str) -> Row:
    """Return the columns that tell rows of other options and other code apart."""
    options = ", ".join(f"{name}={getattr(args, name)}" for name in names)
    return {"options": options, "code": digest()}


def digest(*values: Any) -> str:
    """Return a hash of values, of this code and of the packages it runs with."""
    # A letter in front: a CSV would give figures alone back as a number.
    return f"v{joblib.hash([values, CODE_VERSION, versions()])[:12]}"


@cache
def versions() -> dict[str, str]:
    """Return the versions that results depend on."""
    packages = ("skfadm", "numpy", "pandas", "scikit-learn", "torch")
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


def units(
    run: Callable[..., Iterable[Row]], about: Row, **axes: Iterable
) -> list[Unit]:
    """Return a unit for each combination of values: run(*values), the last axis first.

    Its rows are known by these values and by what they are `about`.
    """
    return [
        ({**dict(zip(axes, values, strict=True)), **about}, partial(run, *values))
        for values in product(*axes.values())
    ]


def collect(units: Iterable[Unit], out: Path | None, n_jobs: int = 1) -> pd.DataFrame:
    """Compute the rows of all units, but for those that a CSV holds, and write it.

    The file is written whole after each unit, so what is killed loses only the units
    that are being computed.
    """
    table = pd.DataFrame()
    if out is not None and out.exists():
        table = pd.read_csv(out, float_precision="round_trip")
    units = list(units)
    mine = [_rows_of(table, about) for about, _ in units]
    left = [i for i, rows in enumerate(mine) if not len(rows)]
    start = time.monotonic()
    computed = joblib.Parallel(n_jobs, return_as="generator_unordered")(
        joblib.delayed(_compute)(i, *units[i]) for i in left
    )
    for n_done, (i, rows) in enumerate(computed, 1):
        mine[i] = rows
        table = pd.concat([table, rows], ignore_index=True)
        if out is not None:
            out.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(out) as file:
                table.to_csv(file, index=False, mode="wb")
        seconds = (time.monotonic() - start) / n_done * (len(left) - n_done)
        hidden = ("options", "code")
        what = ", ".join(str(v) for k, v in units[i][0].items() if k not in hidden)
        left_s = f"about {timedelta(seconds=round(seconds))} left"
        done = len(units) - len(left) + n_done
        print(f"[{done}/{len(units)}] {what}; {left_s}", file=sys.stderr, flush=True)
    return pd.concat(mine, ignore_index=True) if mine else pd.DataFrame()


def _compute(
    i: int, about: Row, compute: Callable[[], Iterable[Row]]
) -> tuple[int, pd.DataFrame]:
    return i, pd.DataFrame([{**about, **row} for row in compute()])


def _rows_of(table: pd.DataFrame, about: Row) -> pd.DataFrame:
    if not set(about) <= set(table):
        return table[:0]
    return table[(table[list(about)] == pd.Series(about)).all(axis=1)]


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a call returns, and its seconds."""
    start = time.perf_counter()
    found = call()
    return found, time.perf_counter() - start


def half_width(values: pd.Series) -> float:
    """Return half the 95 % interval of a mean, by Student's t; NaN for one value."""
    known = values.dropna()
    if len(known) < 2:
        return float("nan")
    return float(stats.t.ppf(0.975, len(known) - 1) * stats.sem(known))
