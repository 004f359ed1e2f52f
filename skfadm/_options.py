"""Parameters of the generator that take more than one form."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import torch

from .fair_control.calibration import MAX_STRENGTH


def resolve_device(device: str) -> str:
    """Return the torch device that `device` names; ValueError if there is none."""
    has_cuda = torch.cuda.is_available()
    if device == "auto":
        return "cuda" if has_cuda else "cpu"
    try:
        if torch.device(device).type not in ("cpu", "cuda", "mps"):
            raise RuntimeError("a device that holds no numbers or is not supported")
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device is {device!r}, which torch cannot use on this machine; "
            f"expected 'auto'{', cuda' if has_cuda else ''} or 'cpu'."
        ) from error
    return device


def has_fast_bfloat16(device: str) -> bool:
    """Tell whether a device is a CPU that multiplies bfloat16 faster than float32."""
    # Added to torch after the oldest version that is supported.
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    has_it = capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")
    return torch.device(device).type == "cpu" and bool(has_it)


def check_strengths(strengths: Sequence[object], has_groups: bool) -> list[float]:
    """Return several values of lambda_yz as numbers; ValueError for what is none.

    Without groups there is nothing that a strength other than 0 could act on.
    """
    if not len(strengths):
        raise ValueError("strengths is empty; expected at least one lambda_yz.")
    for strength in strengths:
        if not isinstance(strength, Real) or not 0 <= float(strength) <= MAX_STRENGTH:
            raise ValueError(
                f"strengths holds {strength!r}; expected numbers in "
                f"[0, {MAX_STRENGTH:g}]."
            )
        if strength and not has_groups:
            raise ValueError(
                f"strengths holds {strength!r} but fit was given no sensitive "
                "attribute to act on; expected z, or 0 alone."
            )
    return [float(strength) for strength in strengths]  # type: ignore[arg-type]
