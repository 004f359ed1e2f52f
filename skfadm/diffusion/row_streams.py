"""Random numbers: seeds of independent streams, and a stream for each row."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

#: Of SplitMix64: what the counter grows by, and the factors that mix it.
GOLDEN = 0x9E3779B97F4A7C15
FACTORS = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)

#: Integers that a processor scrambles at a time.
AT_A_TIME = 16_384


def spawn_seeds(seed: int, n: int) -> list[int]:
    """Return n seeds of 64 bits that `seed` decides.

    Generators that are given one and the same seed draw the same numbers.
    """
    children = np.random.SeedSequence(seed).spawn(n)
    return [int(child.generate_state(1, np.uint64)[0]) for child in children]


class RowStreams:
    r"""A stream of random numbers for each row.

    Whatever else is generated, by whichever worker, a row gets the same numbers. Number
    c of a stream is computed from c, with no state to keep:

    .. math:: h_c = \operatorname{mix}(k + c\,\gamma) \bmod 2^{64}, \qquad
              k = \operatorname{mix}(\operatorname{mix}(\operatorname{mix}(s)
              + i\,\gamma) + a\,\gamma)

    for seed s, row i and attempt a: SplitMix64 (Steele, Lea, Flood 2014), started at a
    place of its own. Each :math:`h_c` gives two numbers of 32 bits. (Generators of
    PyTorch or NumPy would be one object a row, slower than its noise.)
    """

    def __init__(
        self, seed: int, index: NDArray[np.int64], attempt: int = 0, device: str = "cpu"
    ):
        rows = torch.as_tensor(index, device=device)
        start = mix_(torch.tensor(_signed(seed), device=device))
        of_row = mix_(start + rows * _signed(GOLDEN))
        self.keys = mix_(of_row + _signed(attempt * GOLDEN)).unsqueeze(1)
        self.n_dealt = 0

    def normal(self, width: int) -> Tensor:
        """Return standard normal numbers, shape (n, width)."""

        def from_bits(bits: Tensor, out: Tensor) -> None:
            # The largest is then just below 1, where the inverse is still finite.
            out.copy_(bits).mul_(2.0**-31 * (1.0 - 2.0**-24))
            out.erfinv_().mul_(math.sqrt(2.0))

        return self._deal(width, from_bits)

    def uniform(self, width: int) -> Tensor:
        """Return uniform numbers in [0, 1), shape (n, width)."""

        def from_bits(bits: Tensor, out: Tensor) -> None:
            # As many bits as a float32 holds: with more, the largest would round to 1.
            out.copy_(bits >> 8).mul_(2.0**-24).add_(0.5)

        return self._deal(width, from_bits)

    def _deal(self, width: int, from_bits: Callable[[Tensor, Tensor], None]) -> Tensor:
        """Return the next numbers of each stream, made of integers of 32 bits."""
        n_hashes = -(-width // 2)
        device = self.keys.device
        counters = torch.arange(1, n_hashes + 1, device=device).add_(self.n_dealt)
        counters *= _signed(GOLDEN)
        self.n_dealt += n_hashes
        out = torch.empty(len(self.keys), width, device=device)
        # A processor computes faster in its cache, a GPU all at once.
        at_a_time = AT_A_TIME if device.type == "cpu" else out.numel()
        n_rows = max(1, at_a_time // max(1, n_hashes))
        for keys, part in zip(self.keys.split(n_rows), out.split(n_rows), strict=True):
            hashes = mix_(keys + counters)
            from_bits(hashes.view(torch.int32)[:, :width], part)
        return out


def mix_(x: Tensor) -> Tensor:
    """Scramble int64 integers one to one and in place, as SplitMix64 does.

    The arithmetic is that of unsigned integers modulo 2^64, in the bits of signed ones.
    """
    shifted = torch.empty_like(x)
    for n_bits, factor in zip((30, 27, 31), (*FACTORS, 1), strict=True):
        torch.bitwise_right_shift(x, n_bits, out=shifted)
        # The shift of a signed integer repeats its sign, which the mask takes away.
        x ^= shifted.bitwise_and_((1 << (64 - n_bits)) - 1)
        if factor != 1:
            x *= _signed(factor)
    return x


def _signed(value: int) -> int:
    """Return the signed integer of 64 bits that has the bits of `value` mod 2^64."""
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)
