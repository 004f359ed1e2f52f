"""Networks of the baselines and the loop that trains them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from skfadm._progress import Report
from skfadm.diffusion.devices import has_fast_bfloat16
from skfadm.diffusion.layers import Linear
from skfadm.diffusion.layout import Layout
from skfadm.diffusion.row_streams import RowStreams
from skfadm.diffusion.schedule import WARM_UP, Schedule

#: Decay of the running average of the weights, which is what sampling uses.
EMA_DECAY = 0.998


#: Called as update(name, loss): takes a step that lowers the loss of one network.
Update: TypeAlias = Callable[[str, Tensor], None]


class Batch(NamedTuple):
    """What a step is given.

    Compact `rows` (n, n_columns), `groups` (n, n_attributes) as codes, the `generator`
    that all randomness comes from, and how far training has come, from 0 to 1.
    """

    rows: Tensor
    groups: Tensor
    generator: Generator
    progress: float = 0.0


class Networks(nn.Module, ABC):
    """The networks of a baseline: those that generate and those that only train.

    Rows are those of a `Layout` whose last category column is the label.
    """

    #: Of Adam.
    betas: tuple[float, float] = (0.9, 0.99)
    #: The networks that are trained, in the order of their updates.
    trained: tuple[str, ...]

    def __init__(self, layout: Layout):
        super().__init__()
        self.layout = layout

    @abstractmethod
    def step(self, batch: Batch, update: Update) -> None:
        """Update each of the `trained` networks once, on one batch."""

    @abstractmethod
    def generate(self, streams: RowStreams) -> Tensor:
        """Return compact rows, a row for each row of `streams`."""


@dataclass(frozen=True)
class Trained:
    """Averaged weights by parameter name, and the losses by network."""

    weights: dict[str, NDArray[np.float32]]
    history: dict[str, NDArray[np.float64]]


class MLP(nn.Sequential):
    """Layers whose output is float32, whatever their products are made in."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the output, a row for each row of `x`."""
        return super().forward(x).float()


def mlp(n_inputs: int, n_outputs: int, width: int, n_layers: int) -> MLP:
    """Return a perceptron with `n_layers` hidden layers of leaky ReLUs."""
    layers: list[nn.Module] = []
    for size in (n_inputs, *[width] * (n_layers - 1)):
        layers += [Linear(size, width), nn.LeakyReLU(0.2)]
    return MLP(*layers, Linear(width, n_outputs))


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
    """Train networks by Adam, with the learning rate annealed to zero.

    Parameters
    ----------
    networks : Networks
        They start as they are and are trained in place.
    rows : ndarray of shape (n, n_columns), float32
        Compact rows, the label last.
    groups : ndarray of shape (n, n_attributes), int64
        Group codes.
    max_iter, batch_size, learning_rate : int, int, float
        Iterations, rows of each (drawn with replacement), step size.
    seed : int
        Decides everything that is random.
    report : callable, optional
        Called after each iteration; it cannot change the result.

    Returns
    -------
    Trained

    Raises
    ------
    FloatingPointError
        If the training diverged: some weight is not finite.
    """
    generator = Generator().manual_seed(seed)
    all_rows, all_groups = torch.from_numpy(rows), torch.from_numpy(groups)
    optimisers = {
        name: torch.optim.Adam(
            getattr(networks, name).parameters(),
            learning_rate,
            networks.betas,
            fused=True,
        )
        for name in networks.trained
    }
    names = dict(networks.named_parameters())
    average = {name: p.detach().clone() for name, p in names.items()}
    history = {name: torch.zeros(max_iter) for name in networks.trained}
    schedule = Cosine(max_iter)
    iteration, is_mixed = 0, has_fast_bfloat16("cpu")

    def update(name: str, loss: Tensor) -> None:
        (group,) = optimisers[name].param_groups
        group["lr"] = learning_rate * schedule.factor(iteration)
        gradients = torch.autograd.grad(loss, group["params"])
        for parameter, gradient in zip(group["params"], gradients, strict=True):
            parameter.grad = gradient
        optimisers[name].step()
        history[name][iteration] = loss.detach()

    for iteration in range(max_iter):  # noqa: B007
        index = torch.randint(len(rows), (batch_size,), generator=generator)
        progress = iteration / max_iter
        batch = Batch(all_rows[index], all_groups[index], generator, progress)
        # The products alone, in half the time: weights and losses stay float32. A cache
        # would keep what weights were before an update, and threads share it.
        with torch.autocast(
            "cpu", torch.bfloat16, enabled=is_mixed, cache_enabled=False
        ):
            networks.step(batch, update)
        # The average starts short and grows long, so that it never drags the start.
        decay = min(EMA_DECAY, (1 + iteration) / (10 + iteration))
        with torch.no_grad():
            torch._foreach_lerp_(
                list(average.values()), list(names.values()), 1.0 - decay
            )
        if report is not None:
            losses = {name: own[iteration] for name, own in history.items()}
            report(iteration, losses, max_iter)
    if not all(p.isfinite().all() for p in average.values()):
        raise FloatingPointError(
            f"training diverged with learning_rate={learning_rate!r}: its weights are "
            "not finite. Try a smaller one."
        )
    return Trained(
        weights={name: p.numpy() for name, p in average.items()},
        history={name: own.double().numpy() for name, own in history.items()},
    )
