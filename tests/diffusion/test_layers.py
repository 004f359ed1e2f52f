import pytest
import torch
from scipy.stats import kstest

from skfadm.diffusion.layers import Dropout, Linear, deal_dropout, draw_weights


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_initial_weights_follow_the_law_of_torch():
    ours, torchs = Linear(100, 300), torch.nn.Linear(100, 300)
    draw_weights(ours, seeded())
    for mine, theirs in zip(ours.parameters(), torchs.parameters(), strict=True):
        # Both uniform in +-1 / sqrt(100).
        values, expected = (p.detach().flatten().numpy() for p in (mine, theirs))
        assert abs(expected).max() == pytest.approx(0.1, rel=0.05)
        assert abs(values).max() == pytest.approx(0.1, rel=0.05)
        assert kstest(values, "uniform", args=(-0.1, 0.2)).pvalue > 1e-3


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_dropout_leaves_out_its_share_and_keeps_the_mean(p):
    dropout = Dropout(p)
    deal_dropout(dropout, seeded())
    x = torch.ones(1000, 201)
    out = dropout(x)
    assert float((out == 0).float().mean()) == pytest.approx(p, abs=0.005)
    assert float(out.mean()) == pytest.approx(1.0, abs=0.01)
    # Units of a row are left out independently of each other and of other rows'.
    left = (out == 0).double()
    for both in (left[:, :-1] * left[:, 1:], left[:-1] * left[1:]):
        assert float(both.mean()) == pytest.approx(p * p, abs=0.005)
    assert torch.equal(dropout.eval()(x), x)
    with pytest.raises(RuntimeError, match="no generator"):
        Dropout(0.5)(torch.ones(3))
