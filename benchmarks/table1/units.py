"""The units of work: candidates of one training, trained once and scored."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from .._running import Row, digest, timed
from .._tables import Table
from ..downstream import (
    MEASURES,
    Reduction,
    always,
    classifiers,
    fit_classifiers,
    score_classifiers,
)
from .settings import CLASSIFIERS, METHODS, Method, Protocol

#: Of Adult: the label whose rates are compared.
POSITIVE = ">50K"


@dataclass(frozen=True)
class Unit:
    """Candidates of a method that share a training on all domains but the held-out.

    In selection two domains are held out, the target and the one that is reserved for
    validation. Which is which does not matter to the training, so it serves both.
    """

    method: str
    candidates: tuple[int, ...]
    held_out: tuple[str, ...]
    seed: int

    @property
    def settings(self) -> Method:
        """The row of the table that this belongs to."""
        return METHODS[self.method]

    def params(self, candidate: int) -> dict[str, Any]:
        """Return a candidate's parameters."""
        return self.settings.candidates[candidate]

    def n_generated(self, protocol: Protocol) -> int:
        """Return how many rows are generated: fewer where candidates are compared."""
        is_final = len(self.held_out) == 1
        return protocol.n_generated if is_final else protocol.n_compared

    def about(self, data_hash: str, protocol: Protocol) -> Row:
        """Return what its rows are known by, all that they depend on included."""
        depends = (
            self.settings.generator,
            self.settings.fixed,
            self.settings.adapt,
            [self.params(candidate) for candidate in self.candidates],
            self.n_generated(protocol),
            protocol.max_rows,
            protocol.max_iter,
            data_hash,
        )
        return {
            "method": self.method,
            "held_out": "+".join(self.held_out),
            "seed": self.seed,
            "code": digest(depends),
        }


def compute(unit: Unit, data: Table, protocol: Protocol) -> Iterator[Row]:
    """Yield a row for each candidate, held-out domain and classifier of a unit."""
    source = np.flatnonzero(~data.domains.isin(unit.held_out))
    if protocol.max_rows is not None and len(source) > protocol.max_rows:
        rng = np.random.default_rng(unit.seed)
        source = np.sort(rng.choice(source, protocol.max_rows, replace=False))
    train = data.take(source)
    took: dict[str, float] = {}
    try:
        generator, error = _fitted(unit, train, protocol, took), ""
    except FloatingPointError as diverged:
        generator, error = None, str(diverged)
    for candidate in unit.candidates:
        about = {"candidate": candidate, "settings": json.dumps(unit.params(candidate))}
        models: Any = None
        for domain in unit.held_out:
            test = data.take(np.asarray(data.domains == domain))
            if not error and (models is None or unit.settings.adapt):
                if unit.settings.adapt:
                    generator.adapt(test.X)
                models = _taught(unit, candidate, generator, train, protocol, took)
            more = {"scored_on": domain, "n_source": len(source), "error": error}
            for row in _scored(models, test[:3]):
                yield {**about, **more, **row, **took}


def _fitted(
    unit: Unit,
    train: Table,
    protocol: Protocol,
    took: dict[str, float],
) -> Any:
    """Return the generator, fitted; None for a row that generates nothing."""
    method = unit.settings
    if method.generator is None:
        return None
    params = {} if protocol.max_iter is None else {"max_iter": protocol.max_iter}
    params |= unit.params(unit.candidates[0])
    generator = method.build({**params, "random_state": unit.seed})
    _, took["fit_s"] = timed(partial(generator.fit, *train))
    batch = min(generator.batch_size, len(train.X))
    took["row_visits"] = generator.n_iter_ * batch * method.stages
    return generator


def _taught(
    unit: Unit,
    candidate: int,
    generator: Any,
    train: Table,
    protocol: Protocol,
    took: dict[str, float],
) -> dict[str, Any]:
    """Return classifiers trained on what a method makes of the source rows."""
    X, y = made = train[:2]
    params = unit.params(candidate)
    if generator is not None:
        # Of a candidate that is silent on a parameter, its default.
        own = unit.settings.build(params).get_params()
        generator.set_params(**{k: own[k] for s in unit.settings.sample for k in s})
        sample = partial(generator.sample, unit.n_generated(protocol))
        made, took["sample_s"] = timed(sample)

    def taught() -> dict[str, Any]:
        if unit.method == "majority":
            return dict.fromkeys(CLASSIFIERS, always(y.mode()[0]))
        if unit.method == "exponentiated":
            return {
                name: Reduction(model, **params, random_state=unit.seed).fit(
                    X, y, train.z
                )
                for name, model in classifiers(unit.seed).items()
            }
        weights = reweighing(y, train.z) if unit.method == "reweighed" else None
        return fit_classifiers(*made, random_state=unit.seed, sample_weight=weights)

    with warnings.catch_warnings():
        # Classifiers that are stopped by their iterations are the same for all.
        warnings.simplefilter("ignore", ConvergenceWarning)
        models, took["teach_s"] = timed(taught)
    return models


def reweighing(y: pd.Series, z: pd.Series) -> NDArray[np.float64]:
    """Return weights of mean 1 that make label and group independent.

    w(y, z) = p(y) p(z) / p(y, z) (Kamiran and Calders 2012).
    """
    joint = pd.crosstab(y, z, normalize=True)
    weights = np.outer(joint.sum(axis=1), joint.sum(axis=0)) / joint
    return weights.stack().loc[pd.MultiIndex.from_arrays([y, z])].to_numpy()


def _scored(models: dict[str, Any] | None, test: tuple[Any, Any, Any]) -> list[Row]:
    if models is None:
        nothing = dict.fromkeys(MEASURES, np.nan)
        return [{"classifier": name, **nothing} for name in CLASSIFIERS]
    return score_classifiers(models, test, pos_label=POSITIVE)
