"""The rows of the table, their grids and the protocol, as `settings.toml` has them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import skfadm
from skfadm import baselines

from .. import peers

_SETTINGS = tomllib.loads((Path(__file__).parent / "settings.toml").read_text())
#: Edges (cause, effect) of Adult's causal graph.
ADULT_GRAPH = [
    (cause, effect)
    for cause, effects in _SETTINGS["adult_graph"].items()
    for effect in effects
]
#: The downstream classifiers.
CLASSIFIERS = {
    "LR": "logistic regression",
    "MLP": "multilayer perceptron",
    "GB": "histogram gradient boosting",
}
MEASURES = ("ACC", "R_DP", "R_EOp")
#: What a candidate is chosen by, on the source domains.
RULES = {
    "accuracy": "accuracy, as in the paper",
    "fair_accuracy": "accuracy of the fair, four fifths or more",
}


@dataclass(frozen=True)
class Method:
    """A row of the table: a generator and the candidates to choose from.

    Parameters
    ----------
    title : str
        Its name in the table.
    generator : str or None, default=None
        A class of this package; None for a row that generates nothing.
    train, sample : tuple of dict, default=({},)
        Parameters to choose from that act in training and at sampling. Every pair is a
        candidate.
    stages : int, default=1
        Trainings of `max_iter` iterations that a fit consists of.
    adapt : bool, default=False
        Whether the generator is adapted to the unlabelled rows that it is scored on.
    """

    title: str
    generator: str | None = None
    train: tuple[dict[str, Any], ...] = ({},)
    sample: tuple[dict[str, Any], ...] = ({},)
    stages: int = 1
    adapt: bool = False
    fixed: dict[str, Any] = field(default_factory=dict)

    @property
    def rules(self) -> list[str]:
        """What its candidates are chosen by: a mere learning rate by accuracy."""
        strengths = {name for own in self.candidates for name in own}
        return list(RULES) if strengths - {"learning_rate"} else ["accuracy"]

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """Parameters of each candidate; those of one training side by side."""
        return [{**a, **b} for a, b in product(self.train, self.sample)]

    def build(self, params: dict[str, Any]) -> Any:
        """Return the generator, not fitted."""
        assert self.generator is not None
        places = (baselines, peers, skfadm)
        found = (getattr(place, self.generator, None) for place in places)
        return next(filter(None, found))(**{**self.fixed, **params})


def _method(name: str, settings: dict[str, Any]) -> Method:
    method = Method(**settings)
    if name == "decaf":
        return replace(method, fixed={"graph": ADULT_GRAPH})
    return method


METHODS = {name: _method(name, own) for name, own in _SETTINGS["methods"].items()}


@dataclass(frozen=True)
class Protocol:
    """What holds for all trainings of a run.

    Parameters
    ----------
    seeds : int, default=5
        Final trainings of each method and target.
    n_generated : int, default=20000
        Rows that each generator makes, for classifiers to be trained on.
    n_compared : int, default=5000
        Rows that each candidate makes, to be chosen by.
    max_rows : int or None, default=None
        Source rows that are learned from at most, drawn at random; None is all.
    max_iter : int or None, default=None
        Iterations of training; None leaves each generator its own default.
    has_selection : bool, default=True
        Whether candidates are chosen; if not, the first ones are taken.
    """

    seeds: int = 5
    n_generated: int = 20_000
    n_compared: int = 5000
    max_rows: int | None = None
    max_iter: int | None = None
    has_selection: bool = True

    @property
    def is_quick(self) -> bool:
        """Whether this is no more than a trial: nothing is chosen."""
        return not self.has_selection


FULL = Protocol(**_SETTINGS["protocol"])
QUICK = Protocol(**_SETTINGS["quick"])
