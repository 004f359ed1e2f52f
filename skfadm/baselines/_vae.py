"""VAE: a variational autoencoder for tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Generator, Tensor, nn
from torch.distributions import Normal

from skfadm.diffusion.layout import Layout
from skfadm.diffusion.row_streams import RowStreams

from ._base import BaselineGenerator
from ._training import MLP, Batch, Groups, Networks, Update


class Autoencoder(nn.Module):
    """Encoder, decoder and the deviation of each number around what is decoded."""

    def __init__(self, layout: Layout, p: Any):
        super().__init__()
        shape = (p.hidden_width, p.n_layers)
        self.encoder = MLP(layout.width, 2 * p.latent_size, *shape)
        self.decoder = MLP(p.latent_size, layout.width, *shape)
        self.log_sigma = nn.Parameter(torch.zeros(layout.n_numbers))


class VAENetworks(Networks):
    """The autoencoder and its evidence lower bound."""

    stages: tuple[tuple[str, ...], ...] = (("autoencoder",),)

    def __init__(self, layout: Layout, groups: Groups | None, p: Any):
        super().__init__(layout, groups, p)
        self.autoencoder = Autoencoder(layout, p)

    def step(self, batch: Batch, update: Update) -> None:
        """Lower the negative evidence lower bound, mean over the rows."""
        h, kl = self.encode(batch.rows, batch.generator)
        update("autoencoder", (kl - self.log_likelihood(batch.rows, h)).mean())

    def encode(self, rows: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return h ~ q(h | row), (n, latent_size), and KL(q || N(0, I)), (n,)."""
        known = self.layout.expand(rows.nan_to_num(0.0))
        mean, log_variance = self.autoencoder.encoder(known).chunk(2, 1)
        noise = torch.randn(mean.shape, generator=generator)
        h = mean + (0.5 * log_variance).exp() * noise
        kl = 0.5 * (mean**2 + log_variance.exp() - 1.0 - log_variance).sum(1)
        return h, kl

    def log_likelihood(self, rows: Tensor, h: Tensor) -> Tensor:
        """Return log p(row | h), shape (n,): normal numbers, categorical codes.

        A number that is NaN adds nothing.
        """
        k = self.layout.n_numbers
        decoded = self.autoencoder.decoder(h)
        sigma = self.autoencoder.log_sigma.exp()
        numbers = Normal(decoded[:, :k], sigma, validate_args=False)
        hot = self.layout.hot_channels(rows) - k
        codes = self.layout.log_probabilities(decoded).gather(1, hot).sum(1)
        observed = ~rows[:, :k].isnan()
        log_prob = numbers.log_prob(rows[:, :k].nan_to_num(0.0))
        return (log_prob * observed).sum(1) + codes

    def generate(self, streams: RowStreams) -> Tensor:
        """Draw h from the prior, then each column from p(column | h)."""
        return self.decode(streams.normal(self.p.latent_size), streams)

    def decode(self, h: Tensor, streams: RowStreams) -> Tensor:
        """Return compact rows, each column drawn from p(column | h)."""
        k = self.layout.n_numbers
        decoded = self.autoencoder.decoder(h)
        numbers = decoded[:, :k] + self.autoencoder.log_sigma.exp() * streams.normal(k)
        x = torch.cat([numbers, self.layout.probabilities(decoded)], 1)
        return self.layout.collapse(x, streams.uniform(len(self.layout.category_sizes)))


@dataclass(kw_only=True, eq=False, repr=False)
class VAE(BaselineGenerator):
    r"""Generate tables by a variational autoencoder.

    An encoder :math:`q(h | x)` and a decoder :math:`p(x | h)` maximise the evidence
    lower bound

    .. math:: E_{q(h | x)}[\log p(x | h)] - KL(q(h | x) \,\|\, N(0, I)),

    in which numbers are normal around what is decoded, with one deviation a column that
    is learned, and categories are drawn from a softmax. The label is one of the
    categories: rows and labels are modelled jointly, without regard to z or domains.

    Parameters
    ----------
    latent_size : int, default=32
        Dimension of h.
    hidden_width, n_layers : int, default=256, 2
        Units and hidden layers of encoder and decoder.
    max_iter, batch_size, learning_rate : int, int, float, default=5000, 256, 0.001
        Iterations of training, rows of each (drawn with replacement) and step size
        of Adam, which is warmed up and annealed to zero.
    verbose, random_state
        As for :class:`~skfadm.FairDiffusionGenerator`.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (n_iter_,)
        Loss of the "autoencoder" at each iteration.
    classes_, class_prior_, encoder_, n_iter_, ...
        As of :class:`~skfadm.FairDiffusionGenerator`.

    References
    ----------
    .. [1] D. P. Kingma, M. Welling, "Auto-Encoding Variational Bayes", 2014.

    Examples
    --------
    >>> from skfadm.baselines import VAE
    >>> from skfadm.datasets import make_biased_domains
    >>> data = make_biased_domains(300, random_state=0)
    >>> generator = VAE(max_iter=50, random_state=0).fit(data.data, data.target)
    >>> X, y = generator.sample(4, y=1)
    >>> X.shape, y.tolist()
    ((4, 6), [1, 1, 1, 1])
    """

    _networks: ClassVar[type[Networks]] = VAENetworks

    latent_size: int = 32
    hidden_width: int = 256
    n_layers: int = 2
    max_iter: int = 5000
