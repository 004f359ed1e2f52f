"""Parameters of the generator that take more than one form."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real

import torch

#: The networks by name; the last is there only with sensitive attributes.
NETWORKS = ("score", "y", "z")


def resolve_device(device: str) -> str:
    """Return the torch device that `device` names; ValueError if there is none."""
    has_cuda = torch.cuda.is_available()
    if device == "auto":
        return "cuda" if has_cuda else "cpu"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device is {device!r}, which torch cannot use on this machine; "
            f"expected 'auto'{', cuda' if has_cuda else ''} or 'cpu'."
        ) from error
    return device


def by_network(
    name: str, value: float | Mapping[str, float], networks: tuple[str, ...]
) -> dict[str, float]:
    """Return a value for each network, given one for all or a mapping."""
    if not isinstance(value, Mapping):
        return dict.fromkeys(networks, float(value))
    wrong = {k: v for k, v in value.items() if not isinstance(v, Real) or v < 0}
    if set(value) != set(NETWORKS) or wrong:
        raise ValueError(
            f"{name} is {dict(value)!r}; expected a number that is not negative, or a "
            f"mapping with one for each of {', '.join(NETWORKS)}."
        )
    return {network: float(value[network]) for network in networks}
