"""Seeds of streams of random numbers that are independent of each other."""

from __future__ import annotations

import numpy as np


def spawn_seeds(seed: int, n: int) -> list[int]:
    """Return n seeds of 64 bits that `seed` decides.

    Generators that are given one and the same seed draw the same numbers.
    """
    children = np.random.SeedSequence(seed).spawn(n)
    return [int(child.generate_state(1, np.uint64)[0]) for child in children]
