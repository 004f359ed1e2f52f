"""GAN and FairGAN: generative adversarial networks for tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softplus

from skfadm.diffusion.layout import Layout
from skfadm.diffusion.losses import fill_numbers
from skfadm.diffusion.row_streams import RowStreams

from ._base import BaselineGenerator
from ._training import MLP, Batch, Groups, Networks, Update

#: Temperature of the softmax through which drawn categories pass gradients on.
TEMPERATURE = 0.5


class RowGenerator(nn.Module):
    """Makes rows of R^p from noise, and what else it is given."""

    def __init__(self, layout: Layout, n_inputs: int, p: Any):
        super().__init__()
        self.layout = layout
        self.network = MLP(n_inputs, layout.width, p.hidden_width, p.n_layers)

    def forward(self, inputs: Tensor, uniforms: Tensor) -> Tensor:
        """Return rows (n, p) whose categories are drawn with `uniforms` (n, p - k).

        Straight-through Gumbel-softmax: each category column is a one-hot block, so
        that no discriminator can tell rows by it, and gradients are those of a softmax.
        """
        k = self.layout.n_numbers
        outputs = self.network(inputs)
        # Kept from 0, where the logarithm ends.
        gumbel = -torch.log(-torch.log(uniforms.clamp(1e-7, 1.0 - 1e-7)))
        logits = (outputs[:, k:] + gumbel) / TEMPERATURE
        perturbed = torch.cat([outputs[:, :k], logits], 1)
        soft = torch.cat([outputs[:, :k], self.layout.probabilities(perturbed)], 1)
        hard = self.layout.expand(self.layout.collapse(soft.detach()))
        soft = torch.cat([soft[:, :k], self.layout.scale * soft[:, k:]], 1)
        return soft + (hard - soft).detach()


class GANNetworks(Networks):
    """A generator that may be given z, and a discriminator of (x, y, z)."""

    stages: tuple[tuple[str, ...], ...] = (("discriminator", "generator"),)

    def __init__(self, layout: Layout, groups: Groups | None, p: Any):
        super().__init__(layout, groups, p)
        n_given = sum(groups.n_groups) if groups else 0
        #: Of all noise of a row.
        self.noise_size = p.noise_size
        self.generator = self.new_generator(n_given)
        self.discriminator = MLP(layout.width + n_given, 1, p.hidden_width, p.n_layers)

    def new_generator(self, n_given: int) -> nn.Module:
        """Return what makes rows from noise and `n_given` channels of groups."""
        return RowGenerator(self.layout, self.noise_size + n_given, self.p)

    def generate_for(self, z: Tensor, noise: Tensor, uniforms: Tensor) -> Tensor:
        """Return rows of R^p for groups as one-hot blocks (n, sum(n_groups))."""
        rows: Tensor = self.generator(torch.cat([noise, z], 1), uniforms)
        return rows

    def step(self, batch: Batch, update: Update) -> None:
        """Update the discriminator, then the generator against the new one.

        Rows are generated for the groups of the batch, which come with their shares in
        training.
        """
        real = self.layout.expand(fill_numbers(batch.rows, batch.generator))
        z = self._one_hot(batch.groups)
        n, generator = len(real), batch.generator
        noise = torch.randn(n, self.noise_size, generator=generator)
        n_channels = self.layout.width - self.layout.n_numbers
        uniforms = torch.rand(n, n_channels, generator=generator)
        fake = self.generate_for(z, noise, uniforms)
        loss = discriminator_loss(
            self.discriminator,
            torch.cat([real, z], 1),
            torch.cat([fake.detach(), z], 1),
            self.p.gradient_penalty,
        )
        update("discriminator", loss)
        reward = self.reward(fake, batch, update)
        # The non-saturating loss, -E[log D(fake)].
        on_fake = self.discriminator(torch.cat([fake, z], 1))
        update("generator", softplus(-on_fake).mean() - reward)

    def reward(self, fake: Tensor, batch: Batch, update: Update) -> Tensor | float:
        """Return what the generator gains besides, and update who decides on it."""
        return 0.0

    def generate(self, streams: RowStreams) -> Tensor:
        """Return compact rows, for groups that are drawn with their joint shares."""
        groups = torch.empty(len(streams.keys), 0)
        if self.groups is not None:
            groups = self.groups.draw(streams.uniform(1)[:, 0])
        noise = streams.normal(self.noise_size)
        uniforms = streams.uniform(self.layout.width - self.layout.n_numbers)
        x = self.generate_for(self._one_hot(groups), noise, uniforms)
        return self.layout.collapse(x)

    def _one_hot(self, groups: Tensor) -> Tensor:
        if self.groups is None:
            return torch.empty(len(groups), 0)
        return self.groups.one_hot(groups)


class FairGANNetworks(GANNetworks):
    """Generator given z, discriminator of (x, y, z), adversary that tells z."""

    stages = (("discriminator", "adversary", "generator"),)
    groups: Groups

    def __init__(self, layout: Layout, groups: Groups, p: Any):
        super().__init__(layout, groups, p)
        n_groups = sum(groups.n_groups)
        self.adversary = MLP(layout.width, n_groups, p.hidden_width, p.n_layers)

    def reward(self, fake: Tensor, batch: Batch, update: Update) -> Tensor:
        """Update the adversary, and return what it then loses."""
        update("adversary", self.adversary_loss(fake.detach(), batch.groups))
        return self.p.lambda_fair * self.adversary_loss(fake, batch.groups)

    def adversary_loss(self, rows: Tensor, groups: Tensor) -> Tensor:
        """Return the mean cross-entropy of group codes, added over attributes."""
        logits = self.adversary(rows).split(self.groups.n_groups, 1)
        heads = zip(logits, groups.T, strict=True)
        return torch.stack([cross_entropy(head, codes) for head, codes in heads]).sum()


def discriminator_loss(
    discriminator: nn.Module, real: Tensor, fake: Tensor, gradient_penalty: float
) -> Tensor:
    r"""Return the loss of a discriminator that gives logits of "real", a scalar.

    .. math:: -E[\log D(x)] - E[\log(1 - D(\hat x))]
              + \tfrac{\gamma}{2} E |\nabla D(x)|^2

    with the logit of D in the last term, the penalty R1 of Mescheder et al. 2018.
    """
    real = real.detach().requires_grad_()
    on_real = discriminator(real)
    loss = softplus(-on_real).mean() + softplus(discriminator(fake)).mean()
    if not gradient_penalty:
        return loss
    (slope,) = torch.autograd.grad(on_real.sum(), real, create_graph=True)
    return loss + 0.5 * gradient_penalty * slope.square().sum(1).mean()


@dataclass(kw_only=True, eq=False, repr=False)
class GAN(BaselineGenerator):
    r"""Generate tables by a generative adversarial network.

    A generator G makes rows from noise h and a discriminator D tells them from real
    ones; they are updated in turns. D maximises

    .. math:: E[\log D(x)] + E[\log(1 - D(G(h)))] - \tfrac{\gamma}{2} E |\nabla D(x)|^2

    and G maximises :math:`E[\log D(G(h))]`, the non-saturating form of [1]_. What is
    added to [1]_ for tables, where it often fails: the gradient penalty R1 [2]_ (of the
    logit of D), which makes the game converge, and categories that are drawn from a
    softmax by a straight-through Gumbel-softmax [3]_, so that D sees one-hot blocks in
    real and generated rows alike. Sampling takes a running average of the weights. The
    label is one of the categories: rows and labels are modelled jointly, without regard
    to z or domains.

    Parameters
    ----------
    noise_size : int, default=64
        Dimension of h, normal noise.
    hidden_width, n_layers : int, default=256, 2
        Units and hidden layers of generator and discriminator.
    gradient_penalty : float, default=0.1
        The weight gamma of R1, at least 0.
    max_iter, batch_size, learning_rate, verbose, random_state
        As for :class:`VAE`, but ``max_iter=3000``.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (n_iter_,)
        Losses of "discriminator" and "generator" at each iteration.
    classes_, class_prior_, encoder_, n_iter_, ...
        As of :class:`~skfadm.FairDiffusionGenerator`.

    References
    ----------
    .. [1] I. Goodfellow et al., "Generative Adversarial Nets", 2014.
    .. [2] L. Mescheder, A. Geiger, S. Nowozin, "Which Training Methods for GANs do
       actually Converge?", 2018.
    .. [3] E. Jang, S. Gu, B. Poole, "Categorical Reparameterization with
       Gumbel-Softmax", 2017.

    Examples
    --------
    >>> from skfadm.baselines import GAN
    >>> from skfadm.datasets import make_biased_domains
    >>> data = make_biased_domains(300, random_state=0)
    >>> generator = GAN(max_iter=50, random_state=0).fit(data.data, data.target)
    >>> X, y = generator.sample(4, y=1)
    >>> X.shape, y.tolist()
    ((4, 6), [1, 1, 1, 1])
    """

    _networks: ClassVar[type[Networks]] = GANNetworks

    noise_size: int = 64
    hidden_width: int = 256
    n_layers: int = 2
    gradient_penalty: float = 0.1


@dataclass(kw_only=True, eq=False, repr=False)
class FairGAN(GAN):
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
    max_iter, batch_size, learning_rate, verbose, random_state
        As for :class:`VAE`, but ``max_iter=2500``.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (n_iter_,)
        Losses of "discriminator", "adversary" and "generator" at each iteration.
    classes_, class_prior_, encoder_, n_iter_, ...
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
    max_iter: int = 2500
