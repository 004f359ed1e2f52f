"""What Table 1 compares: the only place where a setting of it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import Any

import skfadm
from skfadm import baselines

from .. import peers

#: The downstream classifiers.
CLASSIFIERS = {
    "LR": "logistic regression",
    "MLP": "multilayer perceptron",
    "GB": "histogram gradient boosting",
}
#: What a candidate is chosen by, on the source domains.
RULES = {
    "accuracy": "accuracy, as in the paper",
    "fair_accuracy": "accuracy of the fair, four fifths or more",
}
#: Causes of Adult's graph with their effects, as DECAF's authors take it from Zhang, Wu
#: and Wu (2017), whose `education` is `education-num` here and whose race is the
#: domain. Capital gain and loss, which it lacks, are added.
_EFFECTS = {
    "native-country": "marital-status education-num workclass relationship "
    "hours-per-week y",
    "age": "marital-status education-num workclass relationship occupation "
    "hours-per-week capital-gain capital-loss y",
    "z": "marital-status education-num workclass relationship occupation y",
    "marital-status": "education-num workclass relationship occupation hours-per-week "
    "capital-gain capital-loss y",
    "education-num": "workclass relationship occupation hours-per-week capital-gain "
    "capital-loss y",
    "workclass": "capital-gain capital-loss y",
    "occupation": "capital-gain capital-loss y",
    "relationship": "y",
    "hours-per-week": "capital-gain capital-loss y",
    "capital-gain": "y",
    "capital-loss": "y",
}
ADULT_GRAPH = [
    (cause, effect) for cause, text in _EFFECTS.items() for effect in text.split()
]
_EXPLANATORY = ["education-num", "hours-per-week", "workclass", "occupation"]

Params = dict[str, Any]


@dataclass(frozen=True)
class Method:
    """A row of the table: a generator and the candidates to choose from.

    `generator` names a class; None generates nothing. Every pair of `train`, what acts
    in training, and `sample`, what acts at sampling, is a candidate; `fixed` holds for
    all. `stages` counts trainings in a fit. `adapt`: to the unlabelled target rows.
    """

    title: str
    generator: str | None = None
    train: tuple[Params, ...] = ({},)
    sample: tuple[Params, ...] = ({},)
    stages: int = 1
    adapt: bool = False
    fixed: Params = field(default_factory=dict)

    @property
    def rules(self) -> list[str]:
        """What its candidates are chosen by: a mere learning rate by accuracy."""
        strengths = {name for own in self.candidates for name in own}
        return list(RULES) if strengths - {"learning_rate"} else ["accuracy"]

    @property
    def candidates(self) -> list[Params]:
        """Parameters of each candidate; those of one training side by side."""
        return [{**a, **b} for a, b in product(self.train, self.sample)]

    def build(self, params: Params) -> Any:
        """Return the generator, not fitted."""
        assert self.generator is not None
        places = (baselines, peers, skfadm)
        found = (getattr(place, self.generator, None) for place in places)
        return next(filter(None, found))(**{**self.fixed, **params})


def _grid(**values: tuple[Any, ...]) -> tuple[Params, ...]:
    return tuple(
        dict(zip(values, own, strict=True)) for own in product(*values.values())
    )


_RATES = _grid(learning_rate=(1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2))
_BOTH = {"demographic_parity": 0.92, "equal_opportunity": 0.75}
_TARGETS = _grid(fairness_target=(0.6, 0.8, 0.9, 0.95, 1.0, _BOTH))
#: Every row with a choice has six candidates, but for the switch of mostlyai-engine.
METHODS = {
    "majority": Method("majority label"),
    "real": Method("real source rows"),
    "reweighed": Method("reweighed real rows"),
    "exponentiated": Method(
        "fairlearn's reduction on real rows",
        train=_grid(ratio_bound=(0.5, 0.6, 0.7, 0.8, 0.9, 1.0)),
    ),
    "vae": Method("VAE", "VAE", _RATES),
    "gan": Method("GAN", "GAN", _RATES),
    "ddpm": Method("DDPM", "DDPM", _RATES),
    "fairgan": Method(
        "FairGAN",
        "FairGAN",
        _grid(learning_rate=(1e-3, 3e-3), lambda_fair=(1.0, 3.0, 10.0)),
    ),
    "decaf": Method(
        "DECAF",
        "DECAF",
        _grid(learning_rate=(3e-4, 1e-3)),
        (
            {"fairness": "ftu"},
            {"fairness": "cf", "explanatory": _EXPLANATORY},
            {"fairness": "dp"},
        ),
        fixed={"graph": ADULT_GRAPH},
    ),
    "fldgm": Method(
        "FLDGM",
        "FLDGM",
        _grid(learning_rate=(1e-3, 3e-3), lambda_fair=(100.0, 1000.0, 10000.0)),
        stages=2,
    ),
    "fadm": Method(
        "FADM, as in the paper",
        "FADM",
        sample=_grid(lambda_y=(1.0, 2.0), lambda_z=(1.0, 10.0, 40.0)),
    ),
    "skfadm": Method("skfadm", "FairDiffusionGenerator", sample=_TARGETS),
    "adapted": Method(
        "skfadm, adapted to unlabelled target rows",
        "FairDiffusionGenerator",
        sample=_TARGETS,
        adapt=True,
    ),
    # Only where the package is installed.
    "mostlyai": Method(
        "mostlyai-engine", "MostlyAI", sample=_grid(fairness=(False, True))
    ),
}


@dataclass(frozen=True)
class Protocol:
    """What holds for all trainings of a run.

    Generators make `n_generated` rows for the target and `n_compared` to be chosen by.
    None as `max_rows` learns from all source rows, as `max_iter` leaves each generator
    its own default. Without `has_selection` the first candidates are taken.
    """

    seeds: int = 5
    n_generated: int = 20_000
    n_compared: int = 5000
    max_rows: int | None = None
    max_iter: int | None = None
    has_selection: bool = True


FULL = Protocol()
#: That everything works, in minutes.
QUICK = Protocol(1, 4000, max_rows=4000, max_iter=200, has_selection=False)
