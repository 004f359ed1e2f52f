"""How long training lasts, and how the learning rate goes meanwhile."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

#: Iterations over which the learning rate rises to its full size.
WARM_UP = 50
#: The held-out loss is first taken then, and each time after a fifth more iterations.
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


def learning_rate_factor(iteration: int, max_iter: int) -> float:
    """Return the factor on gamma: a short linear warm-up, then a cosine to zero."""
    warm_up = max(1, min(100, max_iter // 10))
    if iteration < warm_up:
        return (iteration + 1) / warm_up
    progress = (iteration - warm_up) / max(1, max_iter - warm_up)
    return 0.5 * (1.0 + math.cos(math.pi * progress))


class Cosine:
    """A schedule of a length that is known: `learning_rate_factor`."""

    def __init__(self, max_iter: int):
        self.n_iter = max_iter

    def factor(self, iteration: int) -> float:
        """Return the factor on the learning rate."""
        return learning_rate_factor(iteration, self.n_iter)


class UntilFlat:
    """A schedule whose length follows the held-out loss.

    The learning rate is constant while the loss on rows that are not learned from
    falls, and then goes to zero by a cosine: a loss that no longer falls is that of
    networks that begin to learn the rows by heart.

    Parameters
    ----------
    max_iter : int
        Iterations at most.
    first_loss : float
        The held-out loss before training.
    """

    def __init__(self, max_iter: int, first_loss: float):
        self.losses = [first_loss]
        self.next_check = FIRST_CHECK
        self.decays_from = max(1, round(max_iter / (1 + DECAY)))
        self.n_iter = max_iter

    def factor(self, iteration: int) -> float:
        """Return the factor on the learning rate."""
        rise = (iteration + 1) / min(WARM_UP, self.decays_from)
        late = max(0, iteration + 1 - self.decays_from)
        progress = late / (self.n_iter - self.decays_from + 1)
        return min(1.0, rise, 0.5 * (1.0 + math.cos(math.pi * progress)))

    def is_due(self, done: int) -> bool:
        """Tell whether the held-out loss is wanted after so many iterations."""
        return done == self.next_check and done < self.decays_from

    def note(self, done: int, loss: float) -> None:
        """Take the held-out loss, and begin to end if it has become flat."""
        self.losses.append(loss)
        self.next_check = math.ceil(self.next_check * NEXT_CHECK)
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
    """Divide rows into those to learn from and those to hold out.

    Parameters
    ----------
    codes : ndarray of shape (n, k), int64
        Labels, groups and domains of the rows.
    seed : int
        Decides which rows are held out.

    Returns
    -------
    learned, held_out : ndarray of int64
        Row numbers. Rows with a rare code are learned from, so `held_out` may be empty.
    """
    common = np.ones(len(codes), dtype=bool)
    for column in codes.T:
        common &= np.bincount(column)[column] >= COMMON
    (rows,) = common.nonzero()
    n_out = min(int(HELD_OUT_SHARE * len(rows)), MOST_HELD_OUT)
    out = np.sort(np.random.default_rng(seed).permutation(rows)[:n_out])
    return np.setdiff1d(np.arange(len(codes)), out), out
