"""How long training lasts, and how the learning rate goes meanwhile."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

#: Iterations over which the learning rate rises to its full size.
WARM_UP = 50
#: The held-out loss is taken before training, then after so many iterations, and each
#: time after a fifth more.
FIRST_CHECK, NEXT_CHECK = 100, 1.2
#: Training goes on while the mean of two checks is lower than that of the two before by
#: at least this share of all that the loss has fallen by. One check is chance: on Adult
#: it is up to 1 % too high or too low.
LEAST_GAIN = 0.01
#: How long the learning rate then falls to zero, in what went before. On Adult, seed 1,
#: once gave a C2ST of 0.85, 1.5 times 0.87, twice 0.88.
DECAY = 2.0
#: Rows to hold out: this share, of at most so many.
HELD_OUT_SHARE, MOST_HELD_OUT = 0.1, 2048
#: Labels, groups and domains with fewer rows are not held out, lest they get lost.
COMMON = 20


class Schedule(ABC):
    """The course of the learning rate, and how long training lasts."""

    #: Whether rows are held out, whose loss decides how long.
    holds_out: ClassVar[bool] = False

    def __init__(self, max_iter: int):
        #: Iterations, as far as is known.
        self.n_iter = max_iter

    @abstractmethod
    def factor(self, iteration: int) -> float:
        """Return the factor on the learning rate."""

    def check(self, done: int, loss: Callable[[], float]) -> None:
        """Take the held-out loss after so many iterations, if it is wanted by then."""
        raise NotImplementedError


class UntilFlat(Schedule):
    """A schedule whose length, `max_iter` at most, follows the held-out loss.

    The learning rate is constant while this loss falls, and then goes to zero by a
    cosine: networks whose loss no longer falls begin to memorise the rows.
    """

    holds_out = True

    def __init__(self, max_iter: int):
        super().__init__(max_iter)
        self.losses: list[float] = []
        self.next_check = 0
        self.decays_from = max(1, round(max_iter / (1 + DECAY)))

    def factor(self, iteration: int) -> float:
        """Return the factor on the learning rate."""
        rise = (iteration + 1) / min(WARM_UP, self.decays_from)
        late = max(0, iteration + 1 - self.decays_from)
        progress = late / (self.n_iter - self.decays_from + 1)
        return min(1.0, rise, 0.5 * (1.0 + math.cos(math.pi * progress)))

    def check(self, done: int, loss: Callable[[], float]) -> None:
        """Take the held-out loss if it is time, and begin to end if it is flat."""
        if done != self.next_check or done >= self.decays_from:
            return
        self.losses.append(loss())
        self.next_check = max(FIRST_CHECK, math.ceil(self.next_check * NEXT_CHECK))
        first, *checks = self.losses
        if len(checks) < 4:
            return
        before, now = np.mean(checks[-4:-2]), np.mean(checks[-2:])
        if before - now < LEAST_GAIN * abs(first - now):
            self.decays_from = done
            self.n_iter = min(self.n_iter, done + math.ceil(done * DECAY))


def held_out(
    codes: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers of the rows to learn from and of those to hold out.

    `codes` (n, k) are labels, groups (-1: not known) and domains. Rows with a rare code
    are learned from, so that there may be none to hold out.
    """
    common = np.ones(len(codes), dtype=bool)
    for column in codes.T:
        common &= np.bincount(column + 1)[column + 1] >= COMMON
    (rows,) = common.nonzero()
    n_out = min(int(HELD_OUT_SHARE * len(rows)), MOST_HELD_OUT)
    out = np.sort(np.random.default_rng(seed).permutation(rows)[:n_out])
    return np.setdiff1d(np.arange(len(codes)), out), out
