"""One step of Algorithm 1: the gradients that meta-learning over domains takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

Losses = dict[str, Tensor]


def network_of(parameter: str) -> str:
    """Return the network that a parameter belongs to: the first part of its name."""
    return parameter.partition(".")[0]


def meta_gradients(
    objective: nn.Module,
    batch_in: Any,
    batch_out: Any | None,
    *,
    alpha: Mapping[str, float],
    beta: Mapping[str, float],
    second_order: bool = True,
) -> tuple[dict[str, Tensor], Losses, Losses]:
    r"""Return the gradients of Algorithm 1, lines 7-18, for all networks at once.

    For each network, with its own parameters and losses,

    .. math:: \hat\theta = \theta - \alpha \nabla_\theta L(B_{in}, \theta), \qquad
              \nabla_\theta \big(L(B_{in}, \theta) + \beta L(B_{out}, \hat\theta)\big).

    The networks do not interact, so the gradient of the summed losses holds that of
    each. The first-order form takes the gradient at :math:`\hat\theta` as if it were
    that at :math:`\theta`; without a `batch_out` the step is plain training.
    ``objective(batch)`` returns scalar losses by network, its submodules. Returned are
    the gradients by parameter, and the losses on B_in and B_out, detached.
    """
    params = dict(objective.named_parameters())
    names: list[str] = list(params)
    tensors: list[Tensor] = list(params.values())
    losses_in: Losses = objective(batch_in)
    total_in = torch.stack(list(losses_in.values())).sum()
    if batch_out is None:
        grads = torch.autograd.grad(total_in, tensors)
        return dict(zip(names, grads, strict=True)), _detach(losses_in), {}

    grads_in = torch.autograd.grad(total_in, tensors, create_graph=second_order)
    steps = torch._foreach_mul(list(grads_in), [alpha[network_of(n)] for n in names])
    if second_order:
        inner = dict(zip(names, torch._foreach_sub(tensors, steps), strict=True))
    else:
        with torch.no_grad():
            moved = torch._foreach_sub(tensors, steps)
        inner = {n: p.requires_grad_() for n, p in zip(names, moved, strict=True)}
    losses_out: Losses = functional_call(objective, inner, (batch_out,))
    total_out = torch.stack([beta[n] * v for n, v in losses_out.items()]).sum()
    if second_order:
        grads = torch.autograd.grad(total_in + total_out, tensors)
    else:
        grads_out = torch.autograd.grad(total_out, list(inner.values()))
        grads = tuple(torch._foreach_add(list(grads_in), list(grads_out)))
    gradients = dict(zip(names, grads, strict=True))
    return gradients, _detach(losses_in), _detach(losses_out)


def _detach(losses: Losses) -> Losses:
    return {name: loss.detach() for name, loss in losses.items()}
