"""The training loop around the meta step: one pure function of data and settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from .batches import DomainBatches
from .layers import deal_dropout, draw_weights
from .losses import label_condition, noise_rows
from .meta_learning import meta_gradients
from .objective import Batch, NetworkSizes, Objective, Recipe
from .row_streams import spawn_seeds
from .schedule import held_out

#: Iterations between two checks for divergence: each waits for the device.
CHECK_EVERY = 200
#: Weights beyond it are those of a training that has diverged; so are NaN and inf.
LARGEST = 1e9
#: Called as report(iteration, losses, n_iter) after each iteration; training lasts
#: `n_iter` iterations as far as is known by then.
Report = Callable[[int, dict[str, Tensor], int], None]
#: Held-out rows are noised anew until there are about so many: the loss of few rows
#: would be all chance.
HELD_OUT_DRAWS = 4096


@dataclass(frozen=True)
class TrainingSettings:
    """What the optimisation does; alpha, beta and learning rates are by network."""

    max_iter: int
    batch_size: int
    alpha: dict[str, float]
    beta: dict[str, float]
    learning_rate: dict[str, float]
    #: Whether the score network's products are of bfloat16; weights are of float32.
    half: bool = False
    #: Of the running average of the weights: about the last 500 iterations.
    ema_decay: float = 0.998


@dataclass(frozen=True)
class Trained:
    """The averaged weights, by parameter name, and what the training went through."""

    weights: dict[str, NDArray[np.float32]]
    history: dict[str, NDArray[np.float64]]
    n_iter: int


def train(
    table: NDArray[np.float32],
    y: NDArray[np.int64],
    z: NDArray[np.int64],
    domains: NDArray[np.int64],
    sizes: NetworkSizes,
    recipe: Recipe,
    settings: TrainingSettings,
    seed: int,
    device: str = "cpu",
    report: Report | None = None,
) -> Trained:
    """Train the networks of a recipe by Algorithm 1, as the seed decides.

    `table` holds compact rows (n, n_columns), `y` label codes (n,), `z` group codes
    (n, n_attributes), `domains` domain codes (n,); with a single domain the training is
    plain.
    """
    # Dropout draws for itself: classifiers do not change what the score network sees.
    of_weights, of_batches, of_noise, of_dropout, of_held_out = spawn_seeds(seed, 5)
    objective = Objective(sizes, recipe)
    draw_weights(objective, Generator().manual_seed(of_weights))
    objective.evidence.set_prior(table)
    objective.to(device)
    deal_dropout(objective, Generator(device).manual_seed(of_dropout))
    dtype = torch.bfloat16 if settings.half else torch.float32
    if settings.half:
        objective.score.network.dtype = dtype
    data = [torch.as_tensor(a, device=device) for a in (table, y[:, None], z)]
    schedule = recipe.schedule(settings.max_iter)
    learned, out = np.arange(len(table)), np.empty(0, dtype=np.int64)
    if schedule.holds_out:
        learned, out = held_out(np.column_stack([y, z, domains]), seed)
    labels = y[learned] if recipe.weighted else None
    batches = DomainBatches(
        domains[learned],
        settings.batch_size,
        Generator(device).manual_seed(of_batches),
        labels,
    )
    generator = Generator(device).manual_seed(of_noise)
    rows_learned = torch.as_tensor(learned, device=device)

    def batch(index: Tensor, share: float | Tensor) -> Batch:
        rows, labels, groups = (a[rows_learned[index]] for a in data)
        noised = noise_rows(rows, objective.evidence, recipe.training_times, generator)
        condition = label_condition(objective.score, labels[:, 0], generator)
        weight = share if recipe.weighted else 1.0
        return Batch(noised, labels, groups, condition, weight)

    parameters = dict(objective.named_parameters())
    optimisers = recipe.optimisers(parameters, dtype)
    average = {name: p.detach().clone() for name, p in parameters.items()}
    judge = None
    if len(out):
        parts = (data[0][out], data[1][out, 0])
        judge = held_out_loss(objective, sizes, average, *parts, of_held_out)
    networks = list(settings.learning_rate)
    history = torch.zeros(settings.max_iter, len(networks), device=device)
    iteration = 0
    while iteration < schedule.n_iter:
        if judge is not None:
            schedule.check(iteration, judge)
        drawn = [batch(*part) for part in batches.draw()]
        gradients, losses_in, losses_out = meta_gradients(
            objective,
            drawn[0],
            drawn[1] if len(drawn) > 1 else None,
            alpha=settings.alpha,
            beta=settings.beta,
            second_order=recipe.second_order,
        )
        factor = schedule.factor(iteration)
        for name, parameter in parameters.items():
            parameter.grad = gradients[name]
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                rate = settings.learning_rate[group["network"]] * group["speed"]
                group["lr"] = rate * factor
            optimiser.step()
        update_average(average, parameters, iteration, settings.ema_decay)
        for j, name in enumerate(losses_in):
            history[iteration, j] = losses_in[name] + losses_out.get(name, 0.0)
        if iteration % CHECK_EVERY == 0:
            _check_finite(history[: iteration + 1], settings)
        if report is not None:
            losses = dict(zip(losses_in, history[iteration], strict=True))
            report(iteration, losses, schedule.n_iter)
        iteration += 1
    history = history[:iteration]
    _check_finite(history, settings, list(average.values()))
    recorded = history.cpu().numpy().astype(np.float64)
    return Trained(
        weights={
            # The state also holds the shares of categories, which are not averaged.
            name: average.get(name, value).cpu().numpy().copy()
            for name, value in objective.state_dict().items()
        },
        history={name: recorded[:, j] for j, name in enumerate(networks)},
        n_iter=iteration,
    )


@torch.no_grad()
def update_average(
    average: Mapping[str, Tensor],
    parameters: Mapping[str, Tensor],
    iteration: int,
    most: float,
) -> None:
    """Move a running average of parameters, of a decay of `most` at most.

    It starts short and grows long, so that it never drags the start.
    """
    decay = min(most, (1 + iteration) / (10 + iteration))
    torch._foreach_lerp_(list(average.values()), list(parameters.values()), 1.0 - decay)


def held_out_loss(
    objective: Objective,
    sizes: NetworkSizes,
    average: Mapping[str, Tensor],
    rows: Tensor,
    y: Tensor,
    seed: int,
) -> Callable[[], float]:
    """Return what takes the score network's loss, by averaged weights, on these rows.

    The noise is the same each time.
    """
    recipe, dtype = objective.recipe, objective.score.network.dtype
    networks = Objective(sizes, recipe).to(rows.device).eval()
    networks.load_state_dict(objective.state_dict())
    networks.score.network.dtype = dtype

    @torch.no_grad()
    def measure() -> float:
        networks.load_state_dict(average, strict=False)
        generator = Generator(rows.device).manual_seed(seed)
        index = torch.arange(len(rows)).repeat(-(-HELD_OUT_DRAWS // len(rows)))
        losses = []
        # Noised anew each time, since noised rows of wide blocks are large.
        for part in index.split(1024):
            noised = noise_rows(
                rows[part], networks.evidence, recipe.training_times, generator
            )
            losses.append(recipe.loss(networks.score, noised, y[part]))
        return float(torch.cat(losses).mean())

    return measure


def _check_finite(
    history: Tensor, settings: TrainingSettings, weights: Sequence[Tensor] = ()
) -> None:
    if history.isfinite().all() and all((w.abs() < LARGEST).all() for w in weights):
        return
    raise FloatingPointError(
        f"Training diverged within {len(history)} iterations. A smaller gamma (found "
        f"{settings.learning_rate}) or alpha (found {settings.alpha}) may help."
    )
