"""FairGAN: a GAN whose rows do not tell the group they were made for."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from skfadm.diffusion.layout import Layout

from ._base import BaselineGenerator
from ._gan import GANNetworks
from ._groups import Groups
from ._training import Batch, Update, mlp


class FairGANNetworks(GANNetworks):
    """Generator given z, discriminator of (x, y, z), adversary that tells z."""

    stages = (("discriminator", "adversary", "generator"),)
    groups: Groups

    def __init__(
        self,
        layout: Layout,
        lambda_fair: float,
        noise_size: int,
        hidden_width: int,
        n_layers: int,
        gradient_penalty: float,
        groups: Groups,
    ):
        shape = (hidden_width, n_layers)
        super().__init__(layout, noise_size, *shape, gradient_penalty, groups)
        self.lambda_fair = lambda_fair
        self.adversary = mlp(layout.width, groups.width, *shape)

    def reward(self, fake: Tensor, batch: Batch, update: Update) -> Tensor:
        """Update the adversary, and return what it then loses."""
        groups, n_groups = batch.groups, self.groups.n_groups
        loss = adversary_loss(self.adversary(fake.detach()), groups, n_groups)
        update("adversary", loss)
        loss = adversary_loss(self.adversary(fake), groups, n_groups)
        return self.lambda_fair * loss


def adversary_loss(logits: Tensor, groups: Tensor, n_groups: tuple[int, ...]) -> Tensor:
    """Return the mean cross-entropy of group codes, added over attributes.

    `logits` (n, sum(n_groups)) are of the first attribute's groups, then of the next.
    """
    heads = zip(logits.split(n_groups, 1), groups.T, strict=True)
    losses = [cross_entropy(head, codes) for head, codes in heads]
    return torch.stack(losses).sum()


@dataclass(kw_only=True, eq=False, repr=False)
class FairGAN(BaselineGenerator):
    r"""Generate tables by FairGAN, a GAN with a second adversary for fairness.

    A generator makes (x, y) from noise and the group z, which is drawn with its share
    in training. One discriminator D1 tells real (x, y, z) from generated ones; a second
    one, D2, tells z from generated (x, y):

    .. math:: \min_G \max_{D_1, D_2} V_1(G, D_1) + \lambda\, V_2(G, D_2), \qquad
              V_2 = E[\log D_2(z | \hat x, \hat y)].

    At the optimum of V2 the rows and labels do not tell the group, which is
    statistical parity in the generated table. z itself is not part of it. As [1]_, but
    made like :class:`GAN`: V1 in its non-saturating form with the penalty R1, and
    categories by a straight-through Gumbel-softmax where [1]_ trains an autoencoder
    first. More than two groups, and several sensitive attributes, whose V2 are added,
    extend it.

    Parameters
    ----------
    lambda_fair : float, default=1.0
        The weight lambda of V2 for the generator, at least 0.
    noise_size : int, default=64
        Dimension of the normal noise.
    hidden_width, n_layers : int, default=256, 2
        Units and hidden layers of each of the three networks.
    gradient_penalty : float, default=0.1
        The weight of R1, at least 0.
    max_iter, batch_size, learning_rate : int, int, float, default=2500, 256, 0.001
        As for :class:`VAE`.
    verbose, random_state
        As for :class:`~skfadm.FairDiffusionGenerator`.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (n_iter_,)
        Losses of "discriminator", "adversary" and "generator" at each iteration.
    classes_, class_prior_, sensitive_classes_, domains_, encoder_, weights_, n_iter_, \
            n_features_in_, feature_names_in_
        As of :class:`~skfadm.FairDiffusionGenerator`.

    References
    ----------
    .. [1] D. Xu, S. Yuan, L. Zhang, X. Wu, "FairGAN: Fairness-aware Generative
       Adversarial Networks", 2018.

    Examples
    --------
    >>> from skfadm.baselines import FairGAN
    >>> from skfadm.datasets import make_biased_domains
    >>> data = make_biased_domains(300, random_state=0)
    >>> generator = FairGAN(max_iter=50, random_state=0)
    >>> X, y = generator.fit(data.data, data.target, data.z).sample(4, y=1)
    >>> X.shape, y.tolist()
    ((4, 6), [1, 1, 1, 1])
    """

    _networks = FairGANNetworks
    _needs_z = "generates rows for the groups of a sensitive attribute"

    lambda_fair: float = field(default=1.0, kw_only=False)
    noise_size: int = 64
    hidden_width: int = 256
    n_layers: int = 2
    gradient_penalty: float = 0.1
    max_iter: int = 2500
