"""The training loop around the meta step: one pure function of data and settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from .batches import DomainBatches
from .evidence import BlockEvidence
from .layers import deal_dropout, draw_weights
from .layout import Layout
from .losses import (
    NoisedRows,
    classification_loss,
    denoising_loss,
    labels_told,
    noise_rows,
    score_matching_loss,
)
from .meta_learning import meta_gradients, network_of
from .networks import Denoiser, NoisedClassifier
from .sde import VPSDE

#: Iterations between two checks for divergence: each waits for the device.
CHECK_EVERY = 200
#: Weights beyond it are those of a training that has diverged; so are NaN and inf.
LARGEST = 1e9
#: Called as report(iteration, losses) after each iteration.
Report = Callable[[int, dict[str, Tensor]], None]


@dataclass(frozen=True)
class NetworkSizes:
    """What the networks look like: all that is needed to rebuild them."""

    n_numbers: int
    category_sizes: tuple[int, ...]
    n_classes: int
    n_groups: tuple[int, ...]
    width: int
    n_blocks: int
    softmax: bool
    conditional: bool
    #: Larger classifiers learn small tables by heart, and so do those without dropout:
    #: figures are in docs/user_guide/quality.rst.
    classifier_width: int = 64
    classifier_blocks: int = 1
    dropout: float = 0.5


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
    #: Of the running average of the weights: about the last 500 iterations.
    ema_decay: float = 0.998


@dataclass(frozen=True)
class Trained:
    """The averaged weights, by parameter name, and what the training went through."""

    weights: dict[str, NDArray[np.float32]]
    history: dict[str, NDArray[np.float64]]
    n_iter: int


class Batch(NamedTuple):
    """Noised rows, their codes, the labels that are told, the weight of their loss."""

    rows: NoisedRows
    y: Tensor
    z: Tensor
    told: Tensor | None
    weight: float


class Objective(nn.Module):
    """The three networks and their losses on a batch."""

    def __init__(self, sizes: NetworkSizes, sde: VPSDE):
        super().__init__()
        layout = Layout(sizes.n_numbers, sizes.category_sizes)
        self.softmax = sizes.softmax
        self.evidence = BlockEvidence(layout, sde, active=sizes.softmax)
        n_labels = sizes.n_classes if sizes.conditional else 0
        self.score = Denoiser(self.evidence, sizes.width, sizes.n_blocks, sde, n_labels)
        shape = (sizes.classifier_width, sizes.classifier_blocks, sde, sizes.dropout)
        self.y = NoisedClassifier(self.evidence, (sizes.n_classes,), *shape)
        self.z = (
            NoisedClassifier(self.evidence, sizes.n_groups, *shape)
            if sizes.n_groups
            else None
        )

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the weighted loss of each network, scalars."""
        score_loss = denoising_loss if self.softmax else score_matching_loss
        losses = {
            "score": score_loss(self.score, batch.rows, batch.told),
            "y": classification_loss(self.y, batch.rows, batch.y),
        }
        if self.z is not None:
            losses["z"] = classification_loss(self.z, batch.rows, batch.z)
        return {name: loss.mean() * batch.weight for name, loss in losses.items()}


def restore(
    sizes: NetworkSizes, weights: dict[str, NDArray[np.float32]], device: str
) -> Objective:
    """Return trained networks, ready to be evaluated on a device."""
    networks = Objective(sizes, VPSDE())
    networks.load_state_dict({k: torch.from_numpy(w) for k, w in weights.items()})
    return networks.to(device).eval().requires_grad_(False)


def learning_rate_factor(iteration: int, max_iter: int) -> float:
    """Return the factor on gamma: a short linear warm-up, then a cosine to zero."""
    warm_up = max(1, min(100, max_iter // 10))
    if iteration < warm_up:
        return (iteration + 1) / warm_up
    progress = (iteration - warm_up) / max(1, max_iter - warm_up)
    return 0.5 * (1.0 + math.cos(math.pi * progress))


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
        Called after each iteration; it cannot change the result.
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
    batches = DomainBatches(domains, settings.batch_size, generator)
    data = [torch.as_tensor(a, device=device) for a in (table, y[:, None], z)]

    def batch(index: Tensor, share: float) -> Batch:
        rows, labels, groups = (a[index] for a in data)
        noised = noise_rows(rows, objective.evidence, not sizes.softmax, generator)
        told = labels_told(objective.score, labels[:, 0], generator)
        weight = share if settings.weigh_parts else 1.0
        return Batch(noised, labels, groups, told, weight)

    names = dict(objective.named_parameters())
    optimiser = _optimiser(names, settings)
    average = {name: p.detach().clone() for name, p in names.items()}
    history = torch.zeros(settings.max_iter, len(settings.gamma), device=device)
    for iteration in range(settings.max_iter):
        drawn = [batch(*part) for part in batches.draw()]
        gradients, losses_in, losses_out = meta_gradients(
            objective,
            drawn[0],
            drawn[1] if len(drawn) > 1 else None,
            alpha=settings.alpha,
            beta=settings.beta,
            second_order=settings.second_order,
        )
        factor = learning_rate_factor(iteration, settings.max_iter)
        for group in optimiser.param_groups:
            group["lr"] = settings.gamma[group["network"]] * factor
        for name, parameter in names.items():
            parameter.grad = gradients[name]
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
        if report is not None:
            report(iteration, dict(zip(losses_in, history[iteration], strict=True)))
    _check_finite(history, settings, list(average.values()))
    recorded = history.cpu().numpy().astype(np.float64)
    return Trained(
        weights={
            # The state also holds the shares of categories, which are not averaged.
            name: average.get(name, value).cpu().numpy().copy()
            for name, value in objective.state_dict().items()
        },
        history={name: recorded[:, j] for j, name in enumerate(settings.gamma)},
        n_iter=settings.max_iter,
    )


def _check_finite(
    history: Tensor, settings: TrainingSettings, weights: Sequence[Tensor] = ()
) -> None:
    if history.isfinite().all() and all((w.abs() < LARGEST).all() for w in weights):
        return
    raise FloatingPointError(
        f"Training diverged within {len(history)} iterations. A smaller gamma (found "
        f"{settings.gamma}) or alpha (found {settings.alpha}) may help."
    )


def _optimiser(
    parameters: dict[str, nn.Parameter], settings: TrainingSettings
) -> torch.optim.Optimizer:
    groups: dict[str, list[Any]] = {}
    for name, parameter in parameters.items():
        groups.setdefault(network_of(name), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": params, "network": name} for name, params in groups.items()],
        betas=(0.9, 0.99),
        weight_decay=0.0,
        fused=True,
    )
