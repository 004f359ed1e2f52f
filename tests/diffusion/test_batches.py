import numpy as np
import pytest
import torch

from skfadm.diffusion.batches import LABEL_SHARE, MIN_SHARE, DomainBatches


def draws(domains, batch_size=64, n=400, labels=None):
    generator = torch.Generator().manual_seed(0)
    batches = DomainBatches(np.asarray(domains), batch_size, generator, labels)
    return [batches.draw() for _ in range(n)]


@pytest.mark.parametrize("labels", [None, (np.arange(85) == 40).astype(int)])
def test_parts_never_share_a_domain_and_fill_the_batch(labels):
    domains = np.repeat([0, 1, 2], [50, 30, 5])
    for (inside, w_in), (outside, w_out) in draws(domains, labels=labels):
        held_out = set(domains[outside])
        assert len(held_out) == 1
        assert not held_out & set(domains[inside])
        assert len(inside) + len(outside) == 64
        if labels is None:
            assert w_in + w_out == 1.0


def test_every_domain_is_held_out_equally_often_even_one_of_a_single_row():
    domains = np.repeat([0, 1, 2], [5000, 300, 1])
    outs = [outside for _, (outside, _) in draws(domains, n=3000)]
    held_out = [domains[out[0]] for out in outs]
    np.testing.assert_allclose(np.bincount(held_out) / 3000, 1 / 3, atol=0.04)
    sizes = {len(out) for out, d in zip(outs, held_out, strict=True) if d == 2}
    assert sizes == {round(64 * MIN_SHARE)}


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


def test_a_single_domain_gives_one_part_and_a_batch_of_one_still_has_both():
    ((index, weight),) = draws(np.zeros(10, dtype=int), n=1)[0]
    assert weight == 1.0
    assert len(index) == 64
    for inside, outside in draws([0, 1], batch_size=1, n=5):
        assert len(inside[0]) == len(outside[0]) == 1


@pytest.mark.parametrize("n_domains", [1, 3])
def test_rows_of_a_rare_label_are_drawn_more_often_and_weigh_as_much_less(n_domains):
    rng = np.random.default_rng(0)
    domains = np.minimum(np.arange(1000) // 400, n_domains - 1)
    labels = (rng.random(1000) < 0.01).astype(int)
    batches = DomainBatches(domains, 64, torch.Generator().manual_seed(0), labels)
    total, drawn = np.zeros(1000), np.zeros(2)
    for _ in range(6000):
        for index, weight in batches.draw():
            np.add.at(total, index.numpy(), weight.numpy() / len(index))
            drawn += np.bincount(labels[index], minlength=2)
    assert drawn[1] / drawn.sum() == pytest.approx(LABEL_SHARE, rel=0.3)
    found = total / total.sum()
    assert total.sum() / 6000 == pytest.approx(1.0, rel=0.01)
    assert found[labels == 1].sum() == pytest.approx(labels.mean(), rel=0.05)
    shares = np.bincount(domains, weights=found)
    np.testing.assert_allclose(shares, np.bincount(domains) / 1000, atol=0.01)
