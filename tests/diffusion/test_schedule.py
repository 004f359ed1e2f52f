import numpy as np
import pytest

from skfadm.diffusion.schedule import DECAY, UntilFlat, held_out


def run(loss, max_iter):
    """Return the factors of a training whose held-out loss is a function of time."""
    schedule = UntilFlat(max_iter)
    factors = []
    while len(factors) < schedule.n_iter:
        schedule.check(len(factors), lambda: loss(len(factors)))
        factors.append(schedule.factor(len(factors)))
    return np.array(factors)


def until(flat):
    return lambda done: 1.0 - min(done, flat) / flat


def rising_after(lowest):
    return lambda done: abs(done - lowest) / lowest


@pytest.mark.parametrize("loss", [until, rising_after])
@pytest.mark.parametrize("lowest", [300, 1000, 3000])
def test_training_ends_soon_after_the_held_out_loss_has_ceased_to_fall(loss, lowest):
    flat = len(run(loss(lowest), max_iter=100_000)) / (1 + DECAY)
    # At most four checks later, a fifth more each; gains under 1 % are none.
    assert lowest < 1.02 * flat < lowest * 1.2**4 * 1.02


@pytest.mark.parametrize("max_iter", [1, 2, 7, 60, 400])
def test_the_learning_rate_rises_stays_and_falls_towards_zero(max_iter):
    factors = run(lambda done: -done, max_iter)
    assert len(factors) == max_iter
    assert factors.max() == 1.0 and factors.min() > 0
    top = np.flatnonzero(factors == 1.0)
    assert (np.diff(factors[: top[0] + 1]) > 0).all()
    assert (np.diff(top) == 1).all()
    assert (np.diff(factors[top[-1] :]) < 0).all()


def test_one_check_of_chance_does_not_end_training():
    def loss(done):
        return -done + (50 if done == 250 else 0)

    assert len(run(loss, max_iter=1000)) == 1000


def test_a_tenth_is_held_out_up_to_what_is_enough_and_the_rest_learned():
    codes = np.random.default_rng(0).integers(2, size=(1000, 2))
    learned, out = held_out(codes, seed=0)
    assert len(out) == 100
    assert sorted([*learned, *out]) == list(range(1000))
    assert set(out) != set(held_out(codes, seed=1)[1])
    assert len(held_out(np.zeros((100_000, 1), dtype=int), seed=0)[1]) == 2048


def test_rare_labels_groups_and_domains_are_all_learned():
    codes = np.zeros((1000, 3), dtype=int)
    codes[:10, 0], codes[10:25, 1], codes[25:40, 2] = 1, 1, 1
    _, out = held_out(codes, seed=0)
    assert out.min() >= 40 and len(out) == 96
    assert len(held_out(np.arange(100)[:, None] % 10, seed=0)[1]) == 0
