"""Networks of the baselines, their groups, and the loop that trains them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn.functional import one_hot

from skfadm._progress import Report
from skfadm.diffusion.devices import has_fast_bfloat16
from skfadm.diffusion.layers import Linear
from skfadm.diffusion.layout import Layout
from skfadm.diffusion.row_streams import RowStreams, spawn_seeds
from skfadm.diffusion.schedule import WARM_UP, Schedule
from skfadm.diffusion.training import Trained, update_average

#: Decay of the running average of the weights, which is what sampling uses.
EMA_DECAY = 0.998
#: Networks that play against each other are trained with less momentum.
ADVERSARIAL = {"discriminator", "adversary", "generator"}

#: Called as update(name, loss): takes a step that lowers the loss of one network.
Update: TypeAlias = Callable[[str, Tensor], None]


@dataclass(frozen=True, eq=False)
class Groups:
    """Combinations of groups, with their joint shares in training."""

    #: Groups of each sensitive attribute.
    n_groups: tuple[int, ...]
    #: Group codes that occur together, (n_combinations, n_attributes).
    combinations: NDArray[np.int64]
    shares: NDArray[np.float64]

    @classmethod
    def of(cls, codes: NDArray[np.int64], n_groups: tuple[int, ...]) -> Groups:
        """Return the groups of a table by its codes (n, n_attributes)."""
        combinations, counts = np.unique(codes, axis=0, return_counts=True)
        return cls(n_groups, combinations, counts / len(codes))

    def one_hot(self, codes: Tensor) -> Tensor:
        """Return group codes (n, n_attributes) as one-hot blocks, float32."""
        columns = zip(codes.T, self.n_groups, strict=True)
        return torch.cat([one_hot(z, n).float() for z, n in columns], 1)

    def draw(self, uniforms: Tensor) -> Tensor:
        """Return group codes (n, n_attributes), drawn with `uniforms` (n,)."""
        levels = torch.from_numpy(self.shares.cumsum())
        index = torch.searchsorted(levels, uniforms.double(), right=True)
        # The last level may have been rounded to less than 1.
        return torch.from_numpy(self.combinations)[index.clamp_max(len(levels) - 1)]


class Batch(NamedTuple):
    """What a step is given."""

    #: Compact rows (n, n_columns), the label last, and group codes (n, n_attributes).
    rows: Tensor
    groups: Tensor
    generator: Generator
    #: How far training has come, from 0 to 1.
    progress: float = 0.0


class Networks(nn.Module, ABC):
    """The networks of a baseline: those that generate and those that only train.

    A subclass builds them by `p`, which has the estimator's parameters as attributes.
    """

    #: Names of the networks that are trained together, in the order of their updates,
    #: in each stage of the training.
    stages: tuple[tuple[str, ...], ...]
    stage = 0

    def __init__(self, layout: Layout, groups: Groups | None, p: Any):
        super().__init__()
        self.layout, self.groups, self.p = layout, groups, p

    @abstractmethod
    def step(self, batch: Batch, update: Update) -> None:
        """Update each of the networks of the stage once, on one batch."""

    @abstractmethod
    def generate(self, streams: RowStreams) -> Tensor:
        """Return compact rows, a row for each row of `streams`."""


class MLP(nn.Sequential):
    """A perceptron with `n_layers` hidden layers of leaky ReLUs.

    Its output is float32, whatever its products are made in.
    """

    def __init__(self, n_inputs: int, n_outputs: int, width: int, n_layers: int):
        layers: list[nn.Module] = []
        for size in (n_inputs, *[width] * (n_layers - 1)):
            layers += [Linear(size, width), nn.LeakyReLU(0.2)]
        super().__init__(*layers, Linear(width, n_outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Return the output, a row for each row of `x`."""
        return super().forward(x).float()


class Cosine(Schedule):
    """A length that is given: a short linear warm-up, then a cosine to zero."""

    def factor(self, iteration: int) -> float:
        """Return the factor on the learning rate."""
        warm_up = max(1, min(WARM_UP, self.n_iter // 10))
        if iteration < warm_up:
            return (iteration + 1) / warm_up
        progress = (iteration - warm_up) / max(1, self.n_iter - warm_up)
        return 0.5 * (1.0 + math.cos(math.pi * progress))


def train(
    networks: Networks,
    rows: NDArray[np.float32],
    groups: NDArray[np.int64],
    *,
    max_iter: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    report: Report | None = None,
) -> Trained:
    """Train networks in place by Adam, stage by stage of `max_iter` iterations each.

    Batches are drawn with replacement. FloatingPointError if some weight is not finite.
    """
    all_rows, all_groups = torch.from_numpy(rows), torch.from_numpy(groups)
    history = {name: torch.zeros(max_iter) for own in networks.stages for name in own}
    schedule, is_mixed = Cosine(max_iter), has_fast_bfloat16("cpu")
    iteration = 0

    def update(name: str, loss: Tensor) -> None:
        (group,) = optimisers[name].param_groups
        group["lr"] = learning_rate * schedule.factor(iteration)
        gradients = torch.autograd.grad(loss, group["params"])
        for parameter, gradient in zip(group["params"], gradients, strict=True):
            parameter.grad = gradient
        optimisers[name].step()
        history[name][iteration] = loss.detach()

    seeds = spawn_seeds(seed, len(networks.stages))
    for stage, names in enumerate(networks.stages):
        networks.stage = stage
        generator = Generator().manual_seed(seeds[stage])
        optimisers = {
            name: torch.optim.Adam(
                getattr(networks, name).parameters(),
                betas=(0.5, 0.9) if name in ADVERSARIAL else (0.9, 0.99),
                fused=True,
            )
            for name in names
        }
        parameters = {
            key: parameter
            for key, parameter in networks.named_parameters()
            if key.partition(".")[0] in names
        }
        average = {key: p.detach().clone() for key, p in parameters.items()}
        for iteration in range(max_iter):
            index = torch.randint(len(rows), (batch_size,), generator=generator)
            progress = iteration / max_iter
            batch = Batch(all_rows[index], all_groups[index], generator, progress)
            # The products alone, in half the time: weights and losses stay float32. A
            # cache would keep what weights were before an update.
            with torch.autocast(
                "cpu", torch.bfloat16, enabled=is_mixed, cache_enabled=False
            ):
                networks.step(batch, update)
            update_average(average, parameters, iteration, EMA_DECAY)
            if report is not None:
                losses = {name: history[name][iteration] for name in names}
                done = stage * max_iter + iteration
                report(done, losses, max_iter * len(networks.stages))
        if not all(weights.isfinite().all() for weights in average.values()):
            raise FloatingPointError(
                f"training diverged with learning_rate={learning_rate!r}: its weights "
                "are not finite. Try a smaller one."
            )
        networks.load_state_dict(average, strict=False)
    return Trained(
        weights={key: p.detach().numpy() for key, p in networks.named_parameters()},
        history={name: own.double().numpy() for name, own in history.items()},
        n_iter=max_iter,
    )
