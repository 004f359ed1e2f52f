"""Tables that several benchmarks learn from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from skfadm.datasets import fetch_adult
from skfadm.report import quality_report


class Table(NamedTuple):
    """Features, labels and, where there are any, groups and domains."""

    X: pd.DataFrame
    y: pd.Series
    z: Any = None
    domains: Any = None

    def take(self, rows: Any) -> Table:
        """Return some rows, by a mask or by their positions."""
        kept = np.arange(len(self.X))[rows]
        return Table(*(None if part is None else part.iloc[kept] for part in self))

    def split(self, *sizes: int, seed: int = 0) -> list[Table]:
        """Return parts of so many rows in random order, the last with the rest."""
        order = np.random.default_rng(seed).permutation(len(self.X))
        return [self.take(part) for part in np.split(order, np.cumsum(sizes))]


def adult(folder: Path | None) -> Table:
    """Return Adult: ten columns, income, sex and race."""
    return as_table(fetch_adult(data_home=folder))


def as_table(data: Any) -> Table:
    """Return a dataset of skfadm as a table."""
    return Table(data.data, data.target, data.z, data.domains)


def hold_out(table: Table, target: str) -> tuple[Table, Table]:
    """Return the rows of the source domains, and those of the target."""
    is_target = np.asarray(table.domains == target)
    return table.take(~is_target), table.take(is_target)


def bundled(load: Callable[..., Any], as_words: bool = False) -> Table:
    """Return a table of scikit-learn; of a quantity, whether it is above its median."""
    X, y = load(as_frame=True, return_X_y=True)
    if as_words:
        X = X.astype(int).astype(str).astype("category")
    if y.nunique() > 20:
        y = pd.Series(np.where(y > y.median(), "high", "low"), name=y.name)
    return Table(X, y.astype(str))


def judged(real: Any, made: Any, holdout: Any = (None, None), **options: Any) -> Any:
    """Return the quality report of a table; each is X and y, and maybe more."""
    options |= {"y_real": real[1], "y_synthetic": made[1]}
    options |= {"holdout": holdout[0], "y_holdout": holdout[1]}
    return quality_report(real[0], made[0], **options)
