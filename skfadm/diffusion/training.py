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
from .losses import labels_told, noise_rows
from .meta_learning import meta_gradients
from .objective import Batch, NetworkSizes, Objective
from .optimiser import optimisers
from .schedule import Cosine, UntilFlat, held_out
from .sde import VPSDE

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
    """What the optimisation does; alpha, beta and gamma are given by network."""

    max_iter: int
    batch_size: int
    alpha: dict[str, float]
    beta: dict[str, float]
    gamma: dict[str, float]
    second_order: bool
    #: Whether B_in and B_out weigh as much as their domains have rows.
    weigh_parts: bool = True
    #: Whether Muon updates the matrices of the score network, in place of AdamW.
    muon: bool = False
    #: Whether the score network's products are of bfloat16; weights are of float32.
    half: bool = False
    #: Whether training ends where the loss on held-out rows does; `max_iter` is the
    #: most then.
    until_flat: bool = False
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
    settings: TrainingSettings,
    seed: int,
    device: str = "cpu",
    report: Report | None = None,
    code: str = "",
) -> Trained:
    """Train score network and classifiers by Algorithm 1.

    Parameters
    ----------
    table : ndarray of shape (n, n_columns), float32
        Compact rows: numbers, then category codes.
    y : ndarray of shape (n,), int64
        Label codes.
    z : ndarray of shape (n, n_attributes), int64
        Group codes of each sensitive attribute; no columns for no attribute.
    domains : ndarray of shape (n,), int64
        Domain codes 0, 1, ...; with a single domain the training is plain.
    sizes, settings : NetworkSizes, TrainingSettings
        The networks and the optimisation.
    seed : int
        Decides everything that is random.
    device : str, default="cpu"
        Where to compute.
    report : callable, optional
        Called as `Report` says; it cannot change the result.
    code : str, default=""
        Not looked at: it tells a cache of results which code they are of.

    Returns
    -------
    Trained
    """
    objective = Objective(sizes, VPSDE())
    draw_weights(objective, Generator().manual_seed(seed))
    objective.evidence.set_prior(table)
    objective.to(device)
    generator = Generator(device).manual_seed(seed)
    deal_dropout(objective, generator)
    if settings.half:
        objective.score.network.dtype = torch.bfloat16
    data = [torch.as_tensor(a, device=device) for a in (table, y[:, None], z)]
    learned, out = np.arange(len(table)), np.empty(0, dtype=np.int64)
    if settings.until_flat:
        learned, out = held_out(np.column_stack([y, z, domains]), seed)
    told = y[learned] if sizes.conditional and settings.weigh_parts else None
    batches = DomainBatches(domains[learned], settings.batch_size, generator, told)
    rows_learned = torch.as_tensor(learned, device=device)

    def batch(index: Tensor, share: float | Tensor) -> Batch:
        rows, labels, groups = (a[rows_learned[index]] for a in data)
        noised = noise_rows(rows, objective.evidence, not sizes.softmax, generator)
        told = labels_told(objective.score, labels[:, 0], generator)
        weight = share if settings.weigh_parts else 1.0
        return Batch(noised, labels, groups, told, weight)

    names = dict(objective.named_parameters())
    dtype = torch.bfloat16 if settings.half else torch.float32
    found = optimisers(names, settings.muon, dtype)
    average = {name: p.detach().clone() for name, p in names.items()}
    history = torch.zeros(settings.max_iter, len(settings.gamma), device=device)
    schedule: Cosine | UntilFlat = Cosine(settings.max_iter)
    if len(out):
        judge = HeldOutLoss(objective, sizes, data[0][out], data[1][out, 0], seed)
        schedule = UntilFlat(settings.max_iter, judge(average))
    iteration = 0
    while iteration < schedule.n_iter:
        drawn = [batch(*part) for part in batches.draw()]
        gradients, losses_in, losses_out = meta_gradients(
            objective,
            drawn[0],
            drawn[1] if len(drawn) > 1 else None,
            alpha=settings.alpha,
            beta=settings.beta,
            second_order=settings.second_order,
        )
        factor = schedule.factor(iteration)
        for name, parameter in names.items():
            parameter.grad = gradients[name]
        for optimiser in found:
            for group in optimiser.param_groups:
                rate = settings.gamma[group["network"]] * group["speed"]
                group["lr"] = rate * factor
            optimiser.step()
        # The average starts short and grows long, so that it never drags the start.
        decay = min(settings.ema_decay, (1 + iteration) / (10 + iteration))
        with torch.no_grad():
            torch._foreach_lerp_(
                list(average.values()), list(names.values()), 1.0 - decay
            )
        for j, name in enumerate(losses_in):
            history[iteration, j] = losses_in[name] + losses_out.get(name, 0.0)
        if iteration % CHECK_EVERY == 0:
            _check_finite(history[: iteration + 1], settings)
        if isinstance(schedule, UntilFlat) and schedule.is_due(iteration + 1):
            schedule.note(iteration + 1, judge(average))
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
        history={name: recorded[:, j] for j, name in enumerate(settings.gamma)},
        n_iter=iteration,
    )


class HeldOutLoss:
    """The score network's loss, by its averaged weights, on rows it does not learn."""

    def __init__(
        self,
        objective: Objective,
        sizes: NetworkSizes,
        rows: Tensor,
        y: Tensor,
        seed: int,
    ):
        self.objective = Objective(sizes, VPSDE()).to(rows.device).eval()
        self.objective.load_state_dict(objective.state_dict())
        self.objective.score.network.dtype = objective.score.network.dtype
        index = torch.arange(len(rows)).repeat(-(-HELD_OUT_DRAWS // len(rows)))
        generator = Generator(rows.device).manual_seed(seed)
        evidence, uniform = objective.evidence, not objective.softmax
        self.batches = [
            (noise_rows(rows[part], evidence, uniform, generator), y[part])
            for part in index.split(1024)
        ]

    @torch.no_grad()
    def __call__(self, average: Mapping[str, Tensor]) -> float:
        """Return the mean loss by the weights `average`."""
        self.objective.load_state_dict(average, strict=False)
        losses = [self.objective.score_loss(*batch) for batch in self.batches]
        return float(torch.cat(losses).mean())


def _check_finite(
    history: Tensor, settings: TrainingSettings, weights: Sequence[Tensor] = ()
) -> None:
    if history.isfinite().all() and all((w.abs() < LARGEST).all() for w in weights):
        return
    raise FloatingPointError(
        f"Training diverged within {len(history)} iterations. A smaller gamma (found "
        f"{settings.gamma}) or alpha (found {settings.alpha}) may help."
    )
