"""What each method is, what is fixed and what is chosen: the grids, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from skfadm import FairDiffusionGenerator
from skfadm.baselines import DDPM, DECAF, FADM, FLDGM, GAN, VAE, FairGAN

_EFFECTS_OF = {
    "age": [
        "marital-status",
        "education-num",
        "workclass",
        "relationship",
        "occupation",
        "hours-per-week",
    ],
    "native-country": [
        "marital-status",
        "education-num",
        "workclass",
        "relationship",
        "hours-per-week",
    ],
    "z": [
        "marital-status",
        "education-num",
        "workclass",
        "relationship",
        "occupation",
    ],
    "marital-status": [
        "education-num",
        "workclass",
        "relationship",
        "occupation",
        "hours-per-week",
    ],
    "education-num": ["workclass", "relationship", "occupation", "hours-per-week"],
}
_WEALTH = ("capital-gain", "capital-loss")
_CAUSES_OF_WEALTH = (
    "age",
    "marital-status",
    "education-num",
    "workclass",
    "occupation",
    "hours-per-week",
)
_CAUSES_OF_INCOME = (
    *_EFFECTS_OF,
    "workclass",
    "relationship",
    "occupation",
    "hours-per-week",
    *_WEALTH,
)
#: Adult's causal graph, as DECAF's authors take it from Zhang, Wu and Wu (2017), whose
#: `education` is `education-num` here and whose race is the domain. Capital gain and
#: loss, which it lacks, are added.
ADULT_GRAPH = [
    *((cause, effect) for cause, own in _EFFECTS_OF.items() for effect in own),
    *((cause, effect) for cause in _CAUSES_OF_WEALTH for effect in _WEALTH),
    *((cause, "y") for cause in _CAUSES_OF_INCOME),
]

#: What is chosen for each baseline: the step size.
STEP_SIZES = (1e-3, 3e-4)


@dataclass(frozen=True)
class Method:
    """A generator, its parameters that are fixed, and the candidates to choose from.

    Parameters
    ----------
    generator : class or None
        None for a yardstick, which has no generator.
    fixed : dict
        Parameters that differ from the generator's defaults.
    grid : tuple of dict
        Candidates, each a dict of parameters.
    """

    generator: type | None
    fixed: dict[str, Any]
    grid: tuple[dict[str, Any], ...]

    def build(self, candidate: int, **params: Any) -> Any:
        """Return a candidate's generator, not fitted.

        Parameters
        ----------
        candidate : int
            Its place in the grid.
        **params : dict
            Further parameters of the generator.
        """
        assert self.generator is not None
        return self.generator(**{**self.fixed, **self.grid[candidate], **params})


def _grid(parameter: str) -> tuple[dict[str, Any], ...]:
    return tuple({parameter: value} for value in STEP_SIZES)


_YARDSTICK = Method(None, {}, ({},))
#: The rows of Table 1. Every baseline has a grid of the same size over the same thing;
#: nothing is chosen for the two diffusion models of this package, which is no favour.
METHODS: dict[str, Method] = {
    "majority": _YARDSTICK,
    "real": _YARDSTICK,
    "reweighed": _YARDSTICK,
    "vae": Method(VAE, {}, _grid("learning_rate")),
    "gan": Method(GAN, {}, _grid("learning_rate")),
    "ddpm": Method(DDPM, {}, _grid("learning_rate")),
    "fairgan": Method(FairGAN, {}, _grid("learning_rate")),
    "decaf": Method(DECAF, {"graph": ADULT_GRAPH}, _grid("learning_rate")),
    "fldgm": Method(FLDGM, {}, _grid("learning_rate")),
    "fadm": Method(FADM, {}, ({},)),
    "skfadm": Method(FairDiffusionGenerator, {}, ({},)),
}
