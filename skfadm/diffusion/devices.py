"""The devices that tensors live on."""

from __future__ import annotations

import torch


def resolve_device(device: str) -> str:
    """Return the torch device that `device` names; ValueError if it cannot be used."""
    has_cuda = torch.cuda.is_available()
    if device == "auto":
        return "cuda" if has_cuda else "cpu"
    expected = "'auto', 'cuda' or 'cpu'" if has_cuda else "'auto' or 'cpu'"
    try:
        kind = torch.device(device).type
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device is {device!r}, which torch cannot use on this machine; expected "
            f"{expected}."
        ) from error
    if kind not in ("cpu", "cuda"):
        raise ValueError(
            f"device is {device!r}; expected {expected}. Other devices lack numbers of "
            "64 bits or generators of random numbers, which training needs."
        )
    # There is one processor, whatever number it is given.
    return device if kind == "cuda" else "cpu"


def has_fast_bfloat16(device: str) -> bool:
    """Tell whether a device is a CPU that multiplies bfloat16 faster than float32."""
    # Added to torch after the oldest version that is supported.
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    has_it = capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")
    return torch.device(device).type == "cpu" and bool(has_it)
