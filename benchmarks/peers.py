"""Generators of other packages, with the `fit` and `sample` of ours.

They are no dependencies: whoever installs them finds them in the benchmarks.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

LABEL, GROUP, MISSING = "the label", "the group", "missing"


class Peer(BaseEstimator):
    """A package's generator with its defaults, which sees the label as one more column.

    A subclass names its `package` and the `module` that holds it, and trains and
    samples a table in which a missing word is a word of its own.
    """

    package: ClassVar[str]
    module: ClassVar[str]
    #: Packages do not say how many rows they have drawn in training.
    batch_size, n_iter_ = 1, np.nan

    @classmethod
    def is_installed(cls) -> bool:
        """Return whether the package is there."""
        return bool(find_spec(cls.module.partition(".")[0]) and find_spec(cls.module))

    def fit(self, X: pd.DataFrame, y: Any, z: Any = None, domains: Any = None) -> Self:
        """Train on rows, labels and groups; domains are not looked at."""
        self.columns_, self.dtypes_ = X.columns, X.dtypes
        rows = X.assign(**{LABEL: np.asarray(y).astype(str)})
        if z is not None:
            rows[GROUP] = np.asarray(z).astype(str)
        words = rows.select_dtypes(exclude="number").columns
        as_words = rows[words].astype(object)
        rows[words] = as_words.where(as_words.notna(), MISSING)
        self.model_ = self._train(rows.reset_index(drop=True), list(words))
        return self

    def sample(
        self, n: int, random_state: int | None = None
    ) -> tuple[pd.DataFrame, pd.Series]:
        """Return features and labels; most packages take no seed here."""
        rows = self._draw(n).reset_index(drop=True)
        X = rows[self.columns_]
        words = X.select_dtypes(exclude="number").columns
        X = X.assign(**{c: X[c].astype(object).replace(MISSING, np.nan) for c in words})
        return X.astype(self.dtypes_), rows[LABEL].astype(str)

    def _train(self, rows: pd.DataFrame, words: list[str]) -> Any:
        raise NotImplementedError

    def _draw(self, n: int) -> pd.DataFrame:
        return self.model_.sample(n)


class MostlyAI(Peer):
    """TabularARGN of mostlyai-engine."""

    package, module = "mostlyai-engine", "mostlyai.engine"

    def __init__(self, fairness: bool = False, random_state: int = 0):
        self.fairness = fairness
        self.random_state = random_state

    def _train(self, rows: pd.DataFrame, words: list[str]) -> Any:
        from mostlyai.engine import TabularARGN  # type: ignore[import-not-found]

        return TabularARGN(random_state=self.random_state, verbose=0).fit(rows)

    def _draw(self, n: int) -> pd.DataFrame:
        fairness = {"target_column": LABEL, "sensitive_columns": [GROUP]}
        return self.model_.sample(n, fairness=fairness if self.fairness else None)


class TVAE(Peer):
    """TVAE of the package ctgan."""

    package = module = "ctgan"

    def __init__(self, random_state: int = 0):
        self.random_state = random_state

    def _train(self, rows: pd.DataFrame, words: list[str]) -> Any:
        from ctgan import TVAE as Model  # type: ignore[import-not-found]

        model = Model()
        model.set_random_state(self.random_state)
        model.fit(rows, words)
        return model


PEERS: dict[str, type[Peer]] = {"mostlyai": MostlyAI, "tvae": TVAE}
