"""FLDGM: a generator in a latent space that does not tell z."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from skfadm.diffusion.layout import Layout
from skfadm.diffusion.row_streams import RowStreams

from ._ddpm import NoiseModel
from ._training import Batch, Groups, Update
from ._vae import VAE, VAENetworks

#: Share of the training of the autoencoder in which the weight of its penalty, where it
#: is never low enough, rises to `lambda_fair`: from a thousandth of it, geometrically.
RISE, START = 0.5, 1e-3
#: A squared distance correlation that is as good as none, and the share of a batch in
#: the running mean that is held against it.
TOLERANCE, MEMORY = 2e-3, 0.05


class FLDGMNetworks(VAENetworks):
    """The autoencoder with its penalty, and then the diffusion of latent vectors."""

    stages = (("autoencoder",), ("noise",))
    groups: Groups

    def __init__(self, layout: Layout, groups: Groups, p: Any):
        super().__init__(layout, groups, p)
        self.strength, self.mean, self.progress = START * p.lambda_fair, 0.0, 0.0
        latent = Layout(p.latent_size)
        self.noise = NoiseModel(latent, p.n_steps, p.hidden_width, p.n_layers)

    def step(self, batch: Batch, update: Update) -> None:
        """Update what is being trained."""
        h, kl = self.encode(batch.rows, batch.generator)
        if self.stage == 1:
            update("noise", self.noise.loss(h.detach(), batch.generator))
            return
        correlation = distance_correlation(h, self.groups.one_hot(batch.groups))
        bound = self.log_likelihood(batch.rows, h) - kl
        strength = self._strength(correlation, batch.progress)
        update("autoencoder", strength * correlation - bound.mean())

    def _strength(self, correlation: Tensor, progress: float) -> float:
        """Return the weight of the penalty: it rises while h tells z, else it falls.

        A weight that is right for a table of many columns, whose bound is many nats,
        leaves nothing in h of a table of few.
        """
        self.mean += MEMORY * (float(correlation.detach()) - self.mean)
        rate = START ** ((self.progress - progress) / RISE)
        self.strength *= rate if self.mean > TOLERANCE else 1.0 / rate
        most = self.p.lambda_fair
        self.strength = min(max(self.strength, START * most), most)
        self.progress = progress
        return self.strength

    def generate(self, streams: RowStreams) -> Tensor:
        """Generate h, then draw each column from p(column | h)."""
        return self.decode(self.noise.generate(streams), streams)


def distance_correlation(a: Tensor, b: Tensor) -> Tensor:
    r"""Return the squared distance correlation of two samples, bias-corrected.

    .. math:: R^2 = \frac{\langle A, B \rangle}{\|A\| \|B\|}

    with the U-centred matrices A and B of Euclidean distances between rows (Székely and
    Rizzo 2014). Its expectation is zero at independence, whatever the dimension, where
    that of the plain estimate grows with it. With groups as one-hot rows the numerator
    is the energy distance between the groups, up to a factor. It is 0 for fewer than
    four rows, which do not determine it, or where `a` or `b` is constant.
    """
    if len(a) < 4:
        return a.new_zeros(())
    A, B = (_u_centred(torch.cdist(x, x)) for x in (a, b))
    squares = A.square().sum() * B.square().sum()
    return (A * B).sum() / squares.clamp_min(1e-12).sqrt()


def _u_centred(distances: Tensor) -> Tensor:
    n = len(distances)
    rows = distances.sum(1, keepdim=True) / (n - 2)
    centred = distances - rows - rows.T + distances.sum() / ((n - 1) * (n - 2))
    return centred * (1.0 - torch.eye(n))


@dataclass(kw_only=True, eq=False, repr=False)
class FLDGM(VAE):
    r"""Generate tables from a latent space that does not tell z (FLDGM).

    First a variational autoencoder of (x, y) is trained whose latent vectors h are
    pushed to be independent of z: it minimises

    .. math:: -\mathrm{ELBO} + \lambda\, R^2(h, z),

    with the distance correlation R between h and z, a distance between the groups'
    distributions of h, after the fair representation of [2]_. Then a diffusion model
    learns the distribution of h, and generated h are decoded to rows. What is decoded
    can tell z no better than h does.

    As [1]_, except: one autoencoder of mixed columns, that of :class:`VAE`, with the
    penalty on its latent vectors normalised to a correlation, so that `lambda_fair`
    does not depend on their scale, and annealed: :math:`\lambda` starts at a thousandth
    of `lambda_fair`, grows while h tells z and falls where it does not, since what a
    table of many columns needs leaves a table of few with no h at all. Of the latent
    generators of [1]_ there is the diffusion model, that of :class:`DDPM`.

    Parameters
    ----------
    lambda_fair : float, default=1000.0
        The weight lambda that the penalty may reach, at least 0, in nats.
    latent_size : int, default=32
        Dimension of h.
    hidden_width, n_layers : int, default=256, 2
        Units and hidden layers of encoder and decoder; units and residual blocks of
        the diffusion model.
    n_steps : int, default=100
        Steps of the chain of the diffusion model.
    max_iter, batch_size, learning_rate, verbose, random_state
        As for :class:`VAE`, in each of the two stages, but ``max_iter=3000``.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (n_iter_,)
        Losses of "autoencoder" and "noise" at each iteration of their stages.
    classes_, class_prior_, encoder_, n_iter_, ...
        As of :class:`~skfadm.FairDiffusionGenerator`.

    References
    ----------
    .. [1] R. Ramachandranpillai, M. F. Sikder, F. Heintz, "Fair Latent Deep Generative
       Models (FLDGMs) for Syntax-Agnostic and Fair Synthetic Data Generation", 2023.
    .. [2] J. Liu et al., "Fair Representation Learning: An Alternative to Mutual
       Information", 2022.

    Examples
    --------
    >>> from skfadm.baselines import FLDGM
    >>> from skfadm.datasets import make_biased_domains
    >>> data = make_biased_domains(300, random_state=0)
    >>> generator = FLDGM(max_iter=50, n_steps=20, random_state=0)
    >>> X, y = generator.fit(data.data, data.target, data.z).sample(4, y=1)
    >>> X.shape, y.tolist()
    ((4, 6), [1, 1, 1, 1])
    """

    _networks = FLDGMNetworks
    _needs_z = "keeps a sensitive attribute out of its latent space"

    lambda_fair: float = field(default=1000.0, kw_only=False)
    n_steps: int = 100
    max_iter: int = 3000
