"""GAN: a generative adversarial network for tables."""

from __future__ import annotations

from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import softplus

from skfadm.diffusion.layout import Layout
from skfadm.diffusion.losses import fill_numbers
from skfadm.diffusion.row_streams import RowStreams

from ._base import COUNT, NON_NEGATIVE, BaselineGenerator
from ._training import Batch, Networks, Update, mlp

#: Temperature of the softmax through which drawn categories pass gradients on.
TEMPERATURE = 0.5


class RowGenerator(nn.Module):
    """Makes rows of R^p from noise, and what else it is given."""

    def __init__(self, layout: Layout, n_inputs: int, width: int, n_layers: int):
        super().__init__()
        self.layout = layout
        self.network = mlp(n_inputs, layout.width, width, n_layers)

    def forward(self, inputs: Tensor, uniforms: Tensor) -> Tensor:
        """Return rows (n, p) whose categories are drawn with `uniforms` (n, p - k).

        Straight-through Gumbel-softmax: each category column is a one-hot block, so
        that no discriminator can tell rows by it, and gradients are those of a softmax.
        """
        k = self.layout.n_numbers
        raw = self.network(inputs)
        # Kept from 0, where the logarithm ends.
        gumbel = -torch.log(-torch.log(uniforms.clamp(1e-7, 1.0 - 1e-7)))
        perturbed = torch.cat([raw[:, :k], (raw[:, k:] + gumbel) / TEMPERATURE], 1)
        soft = torch.cat([raw[:, :k], self.layout.probabilities(perturbed)], 1)
        hard = self.layout.expand(self.layout.collapse(soft.detach()))
        soft = torch.cat([soft[:, :k], self.layout.scale * soft[:, k:]], 1)
        return soft + (hard - soft).detach()


class GANNetworks(Networks):
    """Generator and discriminator."""

    trained = ("discriminator", "generator")
    betas = (0.5, 0.9)

    def __init__(
        self,
        layout: Layout,
        noise_size: int,
        hidden_width: int,
        n_layers: int,
        gradient_penalty: float,
    ):
        super().__init__(layout)
        self.noise_size = noise_size
        self.gradient_penalty = gradient_penalty
        self.generator = RowGenerator(layout, noise_size, hidden_width, n_layers)
        self.discriminator = mlp(layout.width, 1, hidden_width, n_layers)

    def step(self, batch: Batch, update: Update) -> None:
        """Update the discriminator, then the generator against the new one."""
        real = self.layout.expand(fill_numbers(batch.rows, batch.generator))
        inputs = draw_inputs(self.layout, len(real), self.noise_size, batch.generator)
        fake = self.generator(*inputs)
        update(
            "discriminator",
            discriminator_loss(
                self.discriminator, real, fake.detach(), self.gradient_penalty
            ),
        )
        update("generator", generator_loss(self.discriminator(fake)))

    def generate(self, streams: RowStreams) -> Tensor:
        """Return generated rows, each category drawn from the generator's softmax."""
        noise = streams.normal(self.noise_size)
        uniforms = streams.uniform(self.layout.width - self.layout.n_numbers)
        return self.layout.collapse(self.generator(noise, uniforms))


def draw_inputs(
    layout: Layout, n_rows: int, noise_size: int, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Return what a `RowGenerator` is given in training: noise and uniforms."""
    noise = torch.randn(n_rows, noise_size, generator=generator)
    n_channels = layout.width - layout.n_numbers
    return noise, torch.rand(n_rows, n_channels, generator=generator)


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


def generator_loss(on_fake: Tensor) -> Tensor:
    """Return -E[log D(fake)], the non-saturating loss, from logits of "real"."""
    return softplus(-on_fake).mean()


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
    max_iter : int, default=3000
        Iterations of training, an update of D and one of G each.
    batch_size : int, default=256
        Rows of an iteration, drawn with replacement.
    learning_rate : float, default=0.001
        Step size of Adam, warmed up and then annealed to zero.
    verbose, random_state : int, default=0, None
        As for :class:`~skfadm.FairDiffusionGenerator`.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (n_iter_,)
        Losses of "discriminator" and "generator" at each iteration.
    classes_, class_prior_, sensitive_classes_, domains_, encoder_, weights_, n_iter_
        As of :class:`~skfadm.FairDiffusionGenerator`; so are `n_features_in_` and
        `feature_names_in_`.

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

    _networks = GANNetworks

    _parameter_constraints: dict = {
        **BaselineGenerator._parameter_constraints,
        "noise_size": COUNT,
        "hidden_width": COUNT,
        "n_layers": COUNT,
        "gradient_penalty": NON_NEGATIVE,
    }

    def __init__(
        self,
        *,
        noise_size: int = 64,
        hidden_width: int = 256,
        n_layers: int = 2,
        gradient_penalty: float = 0.1,
        max_iter: int = 3000,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        verbose: int = 0,
        random_state: Any = None,
    ):
        self.noise_size = noise_size
        self.hidden_width = hidden_width
        self.n_layers = n_layers
        self.gradient_penalty = gradient_penalty
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.verbose = verbose
        self.random_state = random_state
