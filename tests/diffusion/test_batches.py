import numpy as np
import torch

from skfadm.diffusion.batches import MIN_SHARE, DomainBatches


def draws(domains, batch_size=64, n=400, seed=0):
    batches = DomainBatches(
        np.asarray(domains), batch_size, torch.Generator().manual_seed(seed)
    )
    return [batches.draw() for _ in range(n)]


def test_parts_never_share_a_domain_and_fill_the_batch():
    domains = np.repeat([0, 1, 2], [50, 30, 5])
    for (inside, w_in), (outside, w_out) in draws(domains):
        held_out = set(domains[outside])
        assert len(held_out) == 1
        assert not held_out & set(domains[inside])
        assert len(inside) + len(outside) == 64
        assert w_in + w_out == 1.0


def test_every_domain_is_held_out_equally_often():
    domains = np.repeat([0, 1, 2], [5000, 300, 5])
    held_out = [domains[outside[0]] for _, (outside, _) in draws(domains, n=3000)]
    np.testing.assert_allclose(np.bincount(held_out) / 3000, 1 / 3, atol=0.04)


def test_weighted_rows_follow_the_pooled_table():
    domains = np.repeat([0, 1, 2], [800, 150, 50])
    order = np.random.default_rng(0).permutation(1000)
    domains = domains[order]
    total = np.zeros(1000)
    for parts in draws(domains, n=6000):
        for index, weight in parts:
            np.add.at(total, index.numpy(), weight / len(index))
    shares = np.bincount(domains, weights=total / total.sum())
    np.testing.assert_allclose(shares, [0.8, 0.15, 0.05], atol=0.002)


def test_a_domain_of_one_row_is_drawn_with_replacement():
    domains = np.array([0] * 99 + [1])
    sizes = {len(out) for _, (out, _) in draws(domains) if domains[out[0]] == 1}
    assert sizes == {round(64 * MIN_SHARE)}


def test_a_single_domain_gives_one_part_of_weight_one():
    ((index, weight),) = draws(np.zeros(10, dtype=int), n=1)[0]
    assert weight == 1.0
    assert len(index) == 64


def test_a_batch_of_one_still_has_both_parts():
    for inside, outside in draws([0, 1], batch_size=1, n=5):
        assert len(inside[0]) == len(outside[0]) == 1
