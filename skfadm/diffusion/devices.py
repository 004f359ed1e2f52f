"""The devices that tensors live on."""

from __future__ import annotations

import torch


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
