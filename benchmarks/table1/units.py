"""The units of work: one candidate, trained once, scored, one small file."""

from __future__ import annotations

import json
import platform
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from skfadm._files import written_whole

from ..downstream import (
    always,
    fit_classifiers,
    fit_reductions,
    score_classifiers,
)
from .settings import CLASSIFIERS, MEASURES, METHODS, Method, Protocol

#: Part of the name of each unit's file. Raise it when the code gives other results.
CODE_VERSION = 1
#: Of Adult: the label whose rates are compared.
POSITIVE = ">50K"


@dataclass(frozen=True)
class Unit:
    """A candidate of a method, trained on all domains but the held-out ones.

    In selection two domains are held out, the target and the one that is reserved for
    validation. Which is which does not matter to the training, so that it serves both
    targets.
    """

    method: str
    candidate: int
    held_out: tuple[str, ...]
    seed: int

    @property
    def settings(self) -> Method:
        """The row of the table that this belongs to."""
        return METHODS[self.method]

    @property
    def params(self) -> dict[str, Any]:
        """The candidate's parameters."""
        return self.settings.candidates[self.candidate]

    @property
    def training(self) -> tuple[Any, ...]:
        """What units that share a training have in common."""
        method = self.settings
        params = method.train[self.candidate // len(method.sample)]
        # A row that generates nothing shares with none.
        what = method.generator or self.method
        return what, str({**method.fixed, **params}), self.held_out, self.seed

    def __str__(self) -> str:
        n_candidates = len(self.settings.candidates)
        which = f" {self.candidate + 1} of {n_candidates}" if n_candidates > 1 else ""
        without = " and ".join(self.held_out)
        return f"{self.method}{which}, without {without}, seed {self.seed}"

    def n_generated(self, protocol: Protocol) -> int:
        """Return how many rows are generated: fewer where candidates are compared."""
        is_final = len(self.held_out) == 1
        return protocol.n_generated if is_final else protocol.n_compared

    def file_name(self, data_hash: str, protocol: Protocol) -> str:
        """Return the name of the unit's file: a hash of all that it depends on."""
        asked = {**asdict(protocol), "n_generated": self.n_generated(protocol)}
        for other in ("seeds", "has_selection", "n_compared"):
            del asked[other]
        depends = {
            "generator": self.settings.generator,
            "params": {**self.settings.fixed, **self.params},
            "adapt": self.settings.adapt,
            "held_out": self.held_out,
            "seed": self.seed,
            "protocol": asked,
            "data": data_hash,
            "code": CODE_VERSION,
            **versions(),
        }
        return f"{self.method}-{joblib.hash([self.method, depends])[:16]}.csv"


def versions() -> dict[str, str]:
    """Return the versions that results depend on."""
    packages = ("numpy", "pandas", "scikit-learn", "torch")
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


def compute(
    units: Sequence[Unit], data: Any, protocol: Protocol, files: Sequence[Path]
) -> float:
    """Do the work of units that share a training, and write a file for each, whole.

    Parameters
    ----------
    units : sequence of Unit
        The work.
    data : Bunch
        Of `fetch_adult`.
    protocol : Protocol
        What holds for all units.
    files : sequence of Path
        Where to write.

    Returns
    -------
    float
        Seconds that it took.
    """
    start = time.perf_counter()
    table = pd.DataFrame({"y": data.target, "z": data.z, "domain": data.domains})
    first = units[0]
    source = np.flatnonzero(~table["domain"].isin(first.held_out))
    if protocol.max_rows is not None and len(source) > protocol.max_rows:
        rng = np.random.default_rng(first.seed)
        source = np.sort(rng.choice(source, protocol.max_rows, replace=False))
    train = data.data.iloc[source], table.iloc[source]
    took: dict[str, float] = {}
    try:
        generator, error = _fitted(first, train, protocol, took), ""
    except FloatingPointError as diverged:
        generator, error = None, str(diverged)
    for unit, file in zip(units, files, strict=True):
        scored = []
        models: Any = None
        for domain in unit.held_out:
            index = np.flatnonzero(table["domain"] == domain)
            test = data.data.iloc[index], table["y"].iloc[index], table["z"].iloc[index]
            if not error and (models is None or unit.settings.adapt):
                if any(other.settings.adapt for other in units):
                    generator.adapt(test[0] if unit.settings.adapt else None)
                models = _taught(unit, generator, train, protocol, took)
            about = {**asdict(unit), "held_out": "+".join(unit.held_out)}
            about |= {"scored_on": domain, "n_source": len(source)}
            scored += [{**about, **row, **took} for row in _scored(models, test)]
        rows = pd.DataFrame(scored).assign(
            error=error, settings=json.dumps(unit.params), **versions()
        )
        with written_whole(file) as out:
            rows.to_csv(out, index=False, mode="wb")
    return time.perf_counter() - start


def _fitted(
    unit: Unit,
    train: tuple[pd.DataFrame, pd.DataFrame],
    protocol: Protocol,
    took: dict[str, float],
) -> Any:
    """Return the generator, fitted; None for a row that generates nothing."""
    X, table = train
    method = unit.settings
    if method.generator is None:
        return None
    params = {} if protocol.max_iter is None else {"max_iter": protocol.max_iter}
    generator = method.build({**unit.params, **params, "random_state": unit.seed})
    with _timed(took, "fit_s"):
        generator.fit(X, table["y"], table["z"], table["domain"])
    batch = min(generator.batch_size, len(X))
    took["row_visits"] = generator.n_iter_ * batch * method.stages
    return generator


def _taught(
    unit: Unit,
    generator: Any,
    train: tuple[pd.DataFrame, pd.DataFrame],
    protocol: Protocol,
    took: dict[str, float],
) -> dict[str, Any]:
    """Return classifiers trained on what a method makes of the source rows."""
    X, table = train
    y: Any = table["y"]
    weights = None
    if generator is not None:
        # Of a candidate that is silent on a parameter, its default.
        own = unit.settings.build(unit.params).get_params()
        generator.set_params(**{k: own[k] for s in unit.settings.sample for k in s})
        with _timed(took, "sample_s"):
            X, y = generator.sample(unit.n_generated(protocol))
    with _timed(took, "teach_s"), warnings.catch_warnings():
        # Classifiers that are stopped by their iterations are the same for all.
        warnings.simplefilter("ignore", ConvergenceWarning)
        if unit.method == "majority":
            return dict.fromkeys(CLASSIFIERS, always(y.mode()[0]))
        if unit.method == "exponentiated":
            return fit_reductions(
                X, y, table["z"], random_state=unit.seed, **unit.params
            )
        if unit.method == "reweighed":
            weights = reweighing(y, table["z"])
        return fit_classifiers(X, y, random_state=unit.seed, sample_weight=weights)


def reweighing(y: pd.Series, z: pd.Series) -> NDArray[np.float64]:
    r"""Return the weights that make label and group independent.

    :math:`w(y, z) = p(y)\, p(z) / p(y, z)` (Kamiran and Calders 2012).

    Parameters
    ----------
    y, z : Series of shape (n_samples,)
        Labels and groups.

    Returns
    -------
    ndarray of shape (n_samples,)
        Weights of mean 1.
    """
    joint = pd.crosstab(y, z, normalize=True)
    weights = np.outer(joint.sum(axis=1), joint.sum(axis=0)) / joint
    return weights.stack().loc[pd.MultiIndex.from_arrays([y, z])].to_numpy()


def _scored(models: dict[str, Any] | None, test: tuple[Any, Any, Any]) -> list[dict]:
    if models is None:
        nothing = dict.fromkeys(MEASURES, np.nan)
        return [{"classifier": name, **nothing} for name in CLASSIFIERS]
    return score_classifiers(models, test, pos_label=POSITIVE)


@contextmanager
def _timed(took: dict[str, float], name: str) -> Iterator[None]:
    """Put how long a block takes into a dict, under a name."""
    start = time.perf_counter()
    yield
    took[name] = round(time.perf_counter() - start, 2)
