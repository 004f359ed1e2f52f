"""Time and memory of encoding, fitting and sampling: ``python -m`` this module.

One factor at a time: rows, columns, and categories of one column. The networks are
small and trained for a few iterations, because what grows with the table is the
question here, not the arithmetic of the networks. Each point is measured in a process
of its own.
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from skfadm import FairDiffusionGenerator
from skfadm.encoding import TabularEncoder

from ._running import Row, Unit, asked, collect, count, new_parser, timed

SMALL: dict[str, Any] = {
    **{"max_iter": 20, "n_steps": 5, "hidden_width": 64, "n_blocks": 1},
    **{"lambda_yz": 0.0, "random_state": 0},
}
MEGABYTE = 2**20
#: Rows that are sampled at most, in batches: memory and rate are then known.
MAX_SAMPLED = 500_000


class Point(NamedTuple):
    """A table to measure: half of its columns are numbers, half are categories.

    Where "texts" is the factor, the first of these is free text.
    """

    factor: str
    rows: int
    columns: int = 20
    categories: int = 10


ROWS = (1_000, 10_000, 100_000, 1_000_000, 5_000_000)
COLUMNS = (5, 20, 100, 500)
CATEGORIES = (10, 100, 1_000, 10_000)
GRID = (
    *(Point("rows", rows) for rows in ROWS),
    *(Point("columns", 10_000, columns) for columns in COLUMNS),
    *(Point("categories", 20_000, 20, size) for size in CATEGORIES),
    Point("texts", 20_000, 2),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the measurements and print their table."""
    parser = new_parser("scale", __doc__, seeds=1)
    parser.add_argument(
        "--max-rows", type=count, default=max(ROWS), help="leave out longer tables"
    )
    parser.add_argument("--picture", type=Path, help="PNG to write")
    args = parser.parse_args(argv)
    points = [point for point in GRID if point.rows <= args.max_rows]
    work: list[Unit] = [
        ({**point._asdict(), "seed": seed, **asked(args)}, partial(_alone, point))
        for seed in range(args.seeds)
        for point in points
    ]
    table = collect(work, args.out).drop(columns=["options", "code"])
    print(table.to_string(index=False))
    if args.picture is not None:
        plot(table, args.picture)
    return 0


def _alone(point: Point) -> list[Row]:
    # A process for each point, so that none finds memory that another has left.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return [pool.submit(measure, point).result()]


def measure(point: Point) -> Row:
    """Measure one table."""
    X, y, z, domains = make_table(point)
    generator = FairDiffusionGenerator(**SMALL)
    # A first fit brings in what is imported and allocated once.
    generator.fit(X[:500], y[:500], z[:500], domains[:500])
    encoder = TabularEncoder(random_state=0)
    encode_s, encode_mb = measured(lambda: encoder.fit_transform(X))
    fit_s, fit_mb = measured(lambda: generator.fit(X, y, z, domains))
    n_sampled = min(point.rows, MAX_SAMPLED)
    batches = generator.sample_batches(n_sampled)
    sample_s, sample_mb = measured(lambda: deque(batches, maxlen=0))
    n_channels = encoder.n_numbers_ + len(encoder.category_sizes_)
    encoded_mb = point.rows * n_channels * 4 / MEGABYTE
    return {
        "table_mb": round(X.memory_usage().sum() / MEGABYTE, 1),
        "encoded_mb": round(encoded_mb, 1),
        "encode_s": round(encode_s, 2),
        "encode_mb": round(encode_mb),
        "fit_s": round(fit_s, 2),
        "fit_mb": round(fit_mb),
        "fit_over_encoded": round(fit_mb / encoded_mb, 2),
        "sample_s": round(sample_s, 2),
        "sample_mb": round(sample_mb),
        "sampled_per_s": round(n_sampled / sample_s),
    }


def make_table(
    point: Point,
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Return features, labels, a sensitive attribute and domains, all independent."""
    rng = np.random.default_rng(0)
    n, n_numbers = point.rows, point.columns // 2
    columns: dict[str, Any] = {}
    for j in range(n_numbers):
        columns[f"number{j}"] = (
            rng.integers(0, 5000, n, dtype=np.int32)
            if j % 2
            else rng.standard_normal(n, dtype=np.float32)
        )
    for j in range(point.columns - n_numbers):
        size = 10 if j else point.categories
        codes = rng.integers(0, size, n, dtype=np.int16)
        # Each category occurs, so that tables of one size have one width.
        codes[:size] = np.arange(min(size, n))
        names = [f"value {k}" for k in range(size)]
        columns[f"category{j}"] = pd.Categorical.from_codes(codes, names)
    if point.factor == "texts":
        words = np.array([f"word{k}" for k in range(2000)])
        columns["category0"] = [" ".join(row) for row in rng.choice(words, (n, 12))]
    y, z, domains = (rng.integers(0, k, n, dtype=np.int8) for k in (2, 2, 5))
    return pd.DataFrame(columns, copy=False), y, z, domains


def plot(table: pd.DataFrame, path: Path) -> None:
    """Draw time and peak memory by factor, on logarithmic axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots(2, 3, sharex="col", sharey="row")
    drawn = table[table["factor"] != "texts"].groupby("factor", sort=False)
    for (above, below), (factor, part) in zip(axes.T, drawn, strict=False):
        for task in ("encode", "fit", "sample"):
            above.loglog(part[factor], part[f"{task}_s"].clip(0.01), "o-", label=task)
            below.loglog(part[factor], part[f"{task}_mb"].clip(1), "o-", label=task)
        encoded = part["encoded_mb"].clip(1)
        below.loglog(part[factor], encoded, "k--", label="encoded rows")
        below.set_xlabel(str(factor))
        fixed = sorted({"rows", "columns", "categories"} - {str(factor)})
        title = ", ".join(f"{part[name].iloc[0]:,} {name}" for name in fixed)
        above.set_title(title, fontsize=9)
    axes[0, 0].set_ylabel("seconds")
    axes[1, 0].set_ylabel("peak MB beyond the table")
    axes[1, 0].legend(fontsize=8)
    figure.savefig(path, dpi=100)


def measured(run: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that a call takes, and its peak memory in MB (Linux)."""
    # What earlier calls have freed counts as held until the allocator gives it back.
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
    before = _memory("VmRSS")
    # Resets the peak of the process to what it holds now.
    Path("/proc/self/clear_refs").write_text("5")
    seconds = timed(run)[1]
    return seconds, _memory("VmHWM") - before


def _memory(name: str) -> float:
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"{name}:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else float("nan")


if __name__ == "__main__":
    sys.exit(main())
