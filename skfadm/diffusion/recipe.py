"""What sets the generator and the paper's FADM apart, as one value each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .losses import NoisedRows, denoising_loss, lognormal_times
from .networks import Denoiser
from .optimiser import Optimiser, muon_and_adam
from .samplers import Solver, multistep, multistep_times
from .schedule import Schedule, UntilFlat
from .sde import VPSDE


@dataclass(frozen=True)
class Recipe:
    """How networks are built and trained, and how rows are sampled from them."""

    #: Loss of the score network on each row, shape (n,); labels may be None.
    loss: Callable[[Denoiser, NoisedRows, Tensor | None], Tensor]
    #: Whether a one-hot block is estimated by a softmax, from which its category is
    #: drawn at the end. Otherwise each of its channels is a number like any other.
    categorical: bool
    #: Whether the score network is given labels, and gives label guidance itself.
    #: Otherwise a classifier does.
    conditional: bool
    #: Whether the losses on B_in and B_out count by their shares of the rows, and rare
    #: labels are drawn more often and count by as much less.
    weighted: bool
    #: Training times of quantiles in (0, 1).
    training_times: Callable[[Tensor, VPSDE], Tensor]
    #: The optimisers of named parameters, with products of a dtype.
    optimisers: Callable[[Mapping[str, nn.Parameter], torch.dtype], list[Optimiser]]
    #: The course of the learning rate over a number of iterations.
    schedule: Callable[[int], Schedule]
    #: Whether products are in bfloat16 where a processor is fast at it.
    half: bool
    #: The times of a number of steps, and how these are taken.
    sampling_times: Callable[[int, VPSDE], Tensor]
    solver: Solver


#: The generator's own; that of the paper stands beside `baselines.FADM`.
DEFAULT = Recipe(
    loss=denoising_loss,
    categorical=True,
    conditional=True,
    weighted=True,
    training_times=lognormal_times,
    optimisers=muon_and_adam,
    schedule=UntilFlat,
    half=True,
    sampling_times=multistep_times,
    solver=multistep,
)
