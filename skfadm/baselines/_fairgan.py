"""FairGAN: a GAN whose rows do not tell the group they were made for."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from skfadm._base import EncodedTable
from skfadm.diffusion.layout import Layout
from skfadm.diffusion.losses import fill_numbers
from skfadm.diffusion.row_streams import RowStreams

from ._base import COUNT, NON_NEGATIVE, BaselineGenerator
from ._gan import RowGenerator, discriminator_loss, draw_inputs, generator_loss
from ._groups import Groups
from ._training import Batch, Networks, Update, mlp


class FairGANNetworks(Networks):
    """Generator given z, discriminator of (x, y, z), adversary that tells z."""

    trained = ("discriminator", "adversary", "generator")
    betas = (0.5, 0.9)

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
        super().__init__(layout)
        self.lambda_fair = lambda_fair
        self.noise_size = noise_size
        self.gradient_penalty = gradient_penalty
        self.groups = groups
        told, shape = groups.width, (hidden_width, n_layers)
        self.generator = RowGenerator(layout, noise_size + told, *shape)
        self.discriminator = mlp(layout.width + told, 1, *shape)
        self.adversary = mlp(layout.width, told, *shape)

    def step(self, batch: Batch, update: Update) -> None:
        """Update the discriminator, the adversary and, against both, the generator.

        Rows are generated for the groups of the batch, which come with their shares in
        training.
        """
        real = self.layout.expand(fill_numbers(batch.rows, batch.generator))
        inputs = draw_inputs(self.layout, len(real), self.noise_size, batch.generator)
        groups, n_groups = batch.groups, self.groups.n_groups
        z = self.groups.one_hot(groups)
        fake = self.generate_for(z, *inputs)
        update(
            "discriminator",
            discriminator_loss(
                self.discriminator,
                torch.cat([real, z], 1),
                torch.cat([fake.detach(), z], 1),
                self.gradient_penalty,
            ),
        )
        told = adversary_loss(self.adversary(fake.detach()), groups, n_groups)
        update("adversary", told)
        told = adversary_loss(self.adversary(fake), groups, n_groups)
        on_fake = self.discriminator(torch.cat([fake, z], 1))
        update("generator", generator_loss(on_fake) - self.lambda_fair * told)

    def generate(self, streams: RowStreams) -> Tensor:
        """Return rows generated for groups that are drawn with their shares."""
        groups = self.groups.draw(streams.uniform(1)[:, 0])
        noise = streams.normal(self.noise_size)
        uniforms = streams.uniform(self.layout.width - self.layout.n_numbers)
        x = self.generate_for(self.groups.one_hot(groups), noise, uniforms)
        return self.layout.collapse(x)

    def generate_for(self, z: Tensor, noise: Tensor, uniforms: Tensor) -> Tensor:
        """Return rows of R^p for groups as one-hot blocks (n, sum(n_groups))."""
        return self.generator(torch.cat([noise, z], 1), uniforms)


def adversary_loss(logits: Tensor, groups: Tensor, n_groups: tuple[int, ...]) -> Tensor:
    """Return the mean cross-entropy of the groups, added over attributes.

    Parameters
    ----------
    logits : Tensor of shape (n, sum(n_groups))
        Logits of the groups of the first attribute, then of the next.
    groups : Tensor of shape (n, n_attributes), int64
        Group codes.
    n_groups : tuple of int
        Groups of each attribute.
    """
    heads = zip(logits.split(n_groups, 1), groups.T, strict=True)
    losses = [cross_entropy(head, codes) for head, codes in heads]
    return torch.stack(losses).sum()


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
    max_iter : int, default=2500
        Iterations of training, an update of each network.
    batch_size : int, default=256
        Rows of an iteration, drawn with replacement.
    learning_rate : float, default=0.001
        Step size of Adam, warmed up and then annealed to zero.
    verbose, random_state : int, default=0, None
        As for :class:`~skfadm.FairDiffusionGenerator`.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (n_iter_,)
        Losses of "discriminator", "adversary" and "generator" at each iteration.
    classes_, class_prior_, sensitive_classes_, domains_, encoder_, weights_, n_iter_
        As of :class:`~skfadm.FairDiffusionGenerator`; so are `n_features_in_` and
        `feature_names_in_`.

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
    >>> generator.fit(data.data, data.target, data.z)
    FairGAN(max_iter=50, random_state=0)
    >>> X, y = generator.sample(4, y=1)
    >>> X.shape, y.tolist()
    ((4, 6), [1, 1, 1, 1])
    """

    _networks = FairGANNetworks

    _parameter_constraints: dict = {
        **BaselineGenerator._parameter_constraints,
        "lambda_fair": NON_NEGATIVE,
        "noise_size": COUNT,
        "hidden_width": COUNT,
        "n_layers": COUNT,
        "gradient_penalty": NON_NEGATIVE,
    }

    def __init__(
        self,
        lambda_fair: float = 1.0,
        *,
        noise_size: int = 64,
        hidden_width: int = 256,
        n_layers: int = 2,
        gradient_penalty: float = 0.1,
        max_iter: int = 2500,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        verbose: int = 0,
        random_state: Any = None,
    ):
        self.lambda_fair = lambda_fair
        self.noise_size = noise_size
        self.hidden_width = hidden_width
        self.n_layers = n_layers
        self.gradient_penalty = gradient_penalty
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.verbose = verbose
        self.random_state = random_state

    def _network_params(self, table: EncodedTable) -> dict[str, Any]:
        why = "generates rows for the groups of a sensitive attribute"
        groups = Groups.of(table, "FairGAN", why)
        return {**super()._network_params(table), "groups": groups}
