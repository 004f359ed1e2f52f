import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score
from torch.nn.functional import one_hot

from skfadm.baselines import FairGAN
from skfadm.baselines._fairgan import FairGANNetworks, adversary_loss
from skfadm.baselines._groups import Groups
from skfadm.datasets import make_biased_domains
from skfadm.diffusion.layout import Layout
from skfadm.diffusion.row_streams import RowStreams

from .generators import drawn, losses_of, networks_of


def networks(layout, lambda_fair=1.0, combinations=((0,), (1,)), shares=(0.5, 0.5)):
    combinations = np.array(combinations)
    networks = FairGANNetworks(
        layout,
        lambda_fair,
        noise_size=3,
        hidden_width=8,
        n_layers=1,
        gradient_penalty=0.1,
        groups=Groups(tuple(combinations.max(0) + 1), combinations, np.array(shares)),
    )
    return drawn(networks)


def test_adversary_loss_against_numbers_by_hand():
    logits = torch.tensor([[1.0, -1.0, 0.0, 2.0, 1.0], [0.5, 0.5, 1.0, 0.0, 0.0]])
    groups = torch.tensor([[0, 1], [1, 0]])
    p = np.exp(logits.numpy())
    first = [p[0, 0] / p[0, :2].sum(), p[1, 1] / p[1, :2].sum()]
    second = [p[0, 3] / p[0, 2:].sum(), p[1, 2] / p[1, 2:].sum()]
    expected = -np.mean(np.log(first)) - np.mean(np.log(second))
    assert float(adversary_loss(logits, groups, (2, 3))) == pytest.approx(expected)


def test_generator_is_rewarded_for_what_the_adversary_loses_by_lambda_fair():
    rows = torch.tensor([[0.2, 1.0], [-0.3, 0.0], [1.1, 1.0]])
    groups = torch.tensor([[0], [1], [1]])
    losses = {}
    for strength in (0.0, 2.5):
        steps = losses_of(networks(Layout(1, (2,)), strength), rows, groups)
        losses[strength] = [float(loss.detach()) for loss in steps.values()]
    assert losses[0.0][:2] == losses[2.5][:2]
    reward = losses[0.0][2] - losses[2.5][2]
    assert reward == pytest.approx(2.5 * losses[0.0][1], rel=1e-5)


def test_groups_are_drawn_with_their_joint_shares_in_training():
    combinations, shares = ((0, 0), (0, 1), (1, 1)), (0.5, 0.2, 0.3)
    model = networks(Layout(0, (2, 2)), 1.0, combinations, shares)
    # Rows that say which groups they were made for.
    model.generate_for = lambda z, noise, uniforms: z
    rows = model.generate(RowStreams(0, np.arange(20_000))).numpy()
    found = [np.mean((rows == combination).all(1)) for combination in combinations]
    np.testing.assert_allclose(found, shares, atol=0.015)


def accuracy_of_telling_z(gen, n=1500):
    """Return how well a forest tells for which group rows were generated."""
    model = networks_of(gen)
    z = np.arange(n) % 2
    streams = RowStreams(5, np.arange(n))
    noise = streams.normal(model.noise_size)
    uniforms = streams.uniform(model.layout.width - model.layout.n_numbers)
    rows = model.generate_for(one_hot(torch.tensor(z)).float(), noise, uniforms)
    forest = RandomForestClassifier(50, min_samples_leaf=10, random_state=0)
    return cross_val_score(forest, rows.numpy(), z, cv=3).mean()


def test_second_discriminator_lowers_what_can_be_told_of_z():
    data = make_biased_domains(2000, n_features=3, random_state=0)
    gen = FairGAN(noise_size=8, hidden_width=32, n_layers=2, max_iter=600)
    gen.set_params(batch_size=128, learning_rate=3e-3, random_state=0)

    def accuracy(lambda_fair):
        gen.set_params(lambda_fair=lambda_fair).fit(data.data, data.target, data.z)
        return accuracy_of_telling_z(gen)

    assert accuracy(0.0) > 0.8
    assert accuracy(3.0) < 0.6
