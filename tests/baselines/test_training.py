import numpy as np
import torch
from torch import nn

from skfadm.baselines._training import train


class TwoLooks(nn.Module):
    """Updates a layer, and looks at its output before and after in the same step."""

    stages = (("layer",),)

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)
        nn.init.ones_(self.layer.weight)
        self.seen, self.expected, self.steps = [], [], []

    def step(self, batch, update):
        x = torch.ones(len(batch.rows), 2)
        update("layer", self.layer(x).square().mean())
        with torch.no_grad():
            self.seen.append(self.layer(x)[0, 0].float().item())
            weights = self.layer.weight.sum() + self.layer.bias
            self.expected.append(weights.item())
            self.steps.append(self.layer.weight.clone())


def trained(networks, max_iter):
    rows, groups = np.zeros((8, 2), np.float32), np.zeros((8, 0), np.int64)
    settings = {"batch_size": 4, "learning_rate": 0.3, "seed": 0}
    return train(networks, rows, groups, max_iter=max_iter, **settings)


def test_the_rest_of_a_step_sees_the_weights_that_it_has_updated(monkeypatch):
    name = "skfadm.baselines._training.has_fast_bfloat16"
    monkeypatch.setattr(name, lambda device: True)
    networks = TwoLooks()
    trained(networks, 3)
    # Products of bfloat16 are right to one part in 256; an update is far more.
    np.testing.assert_allclose(networks.seen, networks.expected, atol=0.01)
    assert np.abs(np.diff(networks.expected)).min() > 0.1


def test_what_is_trained_ends_as_the_running_average_of_its_weights():
    networks = TwoLooks()
    average = networks.layer.weight.detach().clone()
    weights = trained(networks, 5).weights["layer.weight"]
    for i, weight in enumerate(networks.steps):
        decay = (1 + i) / (10 + i)
        average = decay * average + (1 - decay) * weight
    torch.testing.assert_close(torch.tensor(weights), average)
    assert (average - networks.steps[-1]).abs().max() > 1e-3
