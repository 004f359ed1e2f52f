import numpy as np
import pytest
import torch

from skfadm.diffusion.layout import Layout

LAYOUT = Layout(n_numbers=2, category_sizes=(5, 2, 3, 2), scale=2.0)


def random_rows(n=50, layout=LAYOUT, seed=0):
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(n, layout.n_numbers))
    codes = [rng.integers(0, k, (n, 1)) for k in layout.category_sizes]
    return torch.tensor(np.hstack([numbers, *codes]), dtype=torch.float32)


@pytest.mark.parametrize(
    "layout", [LAYOUT, Layout(3), Layout(0, (2, 3)), Layout(1, (500, 2))]
)
def test_collapse_inverts_expand(layout):
    rows = random_rows(layout=layout)
    x = layout.expand(rows)
    assert x.shape == (50, layout.width)
    torch.testing.assert_close(layout.collapse(x), rows)
    uniforms = torch.rand(50, len(layout.category_sizes))
    torch.testing.assert_close(layout.collapse(x, uniforms), rows)


def test_probabilities_are_those_of_each_block_alone():
    logits = torch.randn(7, LAYOUT.width)
    p, log_p = LAYOUT.probabilities(logits), LAYOUT.log_probabilities(logits)
    for j in LAYOUT.order:
        a = LAYOUT.offsets[j]
        b = a + LAYOUT.category_sizes[j]
        torch.testing.assert_close(p[:, a - 2 : b - 2], logits[:, a:b].softmax(1))
        torch.testing.assert_close(log_p[:, a - 2 : b - 2], p[:, a - 2 : b - 2].log())


def test_codes_are_drawn_in_proportion_to_their_probabilities():
    layout = Layout(0, (3, 4))
    p = torch.tensor([[0.2, 0.5, 0.3, 0.1, 0.0, 0.6, 0.3]])
    n = 200_000
    uniforms = torch.rand(n, 2, generator=torch.Generator().manual_seed(0))
    codes = layout.collapse(2.0 * p.expand(n, -1), uniforms).long()
    for j, expected in enumerate([p[0, :3], p[0, 3:]]):
        share = torch.bincount(codes[:, j], minlength=len(expected)) / n
        torch.testing.assert_close(share, expected, atol=0.004, rtol=0)
    assert not (codes[:, 1] == 1).any()
