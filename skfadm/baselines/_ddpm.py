"""DDPM: discrete-time diffusion without guidance or meta-learning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor, nn

from skfadm.diffusion.layout import Layout
from skfadm.diffusion.losses import fill_numbers
from skfadm.diffusion.networks import ResidualMLP
from skfadm.diffusion.row_streams import RowStreams
from skfadm.diffusion.samplers import Noise
from skfadm.diffusion.sde import VPSDE

from ._base import BaselineGenerator
from ._training import Batch, Groups, Networks, Update


class Chain:
    r"""The Markov chain of DDPM and its reversal, steps counted from 1 to `n_steps`.

    .. math:: q(x_i | x_{i-1}) = N(\sqrt{1 - \beta_i}\, x_{i-1}, \beta_i I), \qquad
              q(x_i | x_0) = N(\sqrt{\bar\alpha_i}\, x_0, (1 - \bar\alpha_i) I),
              \qquad \bar\alpha_i = \prod_{j \le i} (1 - \beta_j).

    Steps are integers of a shape that broadcasts with the rows.
    """

    def __init__(self, betas: Tensor):
        self.n_steps = len(betas)
        # With step 0, the data, in front: nothing has been added there.
        self.betas = torch.cat([betas.new_zeros(1), betas])
        self.alpha_bars = (1.0 - self.betas).cumprod(0)

    def noised(self, x: Tensor, step: Tensor, noise: Tensor) -> Tensor:
        """Return x_i given x_0 = `x`."""
        alpha_bar = self.alpha_bars[step]
        signal, deviation = alpha_bar.sqrt(), (1.0 - alpha_bar).sqrt()
        return signal.to(x.dtype) * x + deviation.to(x.dtype) * noise

    def step_back(self, x: Tensor, step: Tensor, epsilon: Tensor, z: Tensor) -> Tensor:
        """Return x_{i-1} given x_i = `x`, the predicted noise and standard normal z.

        Its variance is that of q(x_{i-1} | x_i, x_0), zero at step 1.
        """
        beta, alpha_bar = self.betas[step], self.alpha_bars[step]
        weight = beta / (1.0 - alpha_bar).sqrt()
        mean = (x - weight.to(x.dtype) * epsilon) / (1.0 - beta).sqrt().to(x.dtype)
        variance = beta * (1.0 - self.alpha_bars[step - 1]) / (1.0 - alpha_bar)
        return mean + variance.sqrt().to(x.dtype) * z

    def ancestral_sampling(
        self, predict: Callable[[Tensor, Tensor], Tensor], noise: Noise
    ) -> Tensor:
        """Return rows of the data's distribution (Algorithm 2 of Ho et al. 2020).

        `predict` gives the noise in rows (n, p) of a step of shape (1, 1).
        """
        x = noise()
        for i in range(self.n_steps, 0, -1):
            step = torch.tensor([[i]])
            x = self.step_back(x, step, predict(x, step), noise())
        return x


class NoiseModel(nn.Module):
    r"""The network that predicts the noise of a chain, for rows of R^p.

    Of numbers it predicts the noise itself. Of a one-hot block it estimates x_0 by a
    softmax, :math:`\epsilon = (x_i - \sqrt{\bar\alpha_i} x_0) / \sqrt{1 -
    \bar\alpha_i}`: the mean of a one-hot vector is a vector of probabilities. The
    noise that a block of many channels holds is more than a hidden layer of a few
    hundred units can pass on, and channels of rows that are generated with such a
    prediction end between 0 and their height.
    """

    def __init__(self, layout: Layout, n_steps: int, width: int, n_blocks: int):
        super().__init__()
        sde, p = VPSDE(), layout.width
        self.layout = layout
        self.chain = Chain(sde.ddpm_betas(n_steps))
        self.network = ResidualMLP(p, p, width, n_blocks, sde)

    def predict(self, x: Tensor, step: Tensor) -> Tensor:
        """Return the predicted noise of rows (n, p) at steps (n or 1, 1).

        For numbers the network adds to the best linear prediction for data of unit
        variance, for blocks to what the noised block says by itself.
        """
        k, scale = self.layout.n_numbers, self.layout.scale
        alpha_bar = self.chain.alpha_bars[step].to(x.dtype)
        alpha, sigma = alpha_bar.sqrt(), (1.0 - alpha_bar).sqrt()
        outputs = self.network(x, step / self.chain.n_steps)
        numbers = sigma * x[:, :k] + alpha * outputs[:, :k]
        if not self.layout.category_sizes:
            return numbers
        shares = self.layout.probabilities(outputs + scale * alpha / sigma**2 * x)
        return torch.cat([numbers, (x[:, k:] - alpha * scale * shares) / sigma], 1)

    def loss(self, x: Tensor, generator: Generator) -> Tensor:
        """Return the simple loss: squared error of the noise, mean over channels."""
        size = (len(x), 1)
        step = torch.randint(1, self.chain.n_steps + 1, size, generator=generator)
        noise = torch.randn(x.shape, generator=generator)
        predicted = self.predict(self.chain.noised(x, step, noise), step)
        return (predicted - noise).square().mean()

    def generate(self, streams: RowStreams) -> Tensor:
        """Return vectors (n, p) by ancestral sampling."""
        return self.chain.ancestral_sampling(
            self.predict, lambda: streams.normal(self.layout.width)
        )


class DDPMNetworks(Networks):
    """The network that predicts the noise in rows of R^p."""

    stages = (("noise",),)

    def __init__(self, layout: Layout, groups: Groups | None, p: Any):
        super().__init__(layout, groups, p)
        self.noise = NoiseModel(layout, p.n_steps, p.hidden_width, p.n_blocks)

    def step(self, batch: Batch, update: Update) -> None:
        """Lower the simple loss."""
        x = self.layout.expand(fill_numbers(batch.rows, batch.generator))
        update("noise", self.noise.loss(x, batch.generator))

    def generate(self, streams: RowStreams) -> Tensor:
        """Sample all channels, then take the largest of each category column's."""
        return self.layout.collapse(self.noise.generate(streams))


@dataclass(kw_only=True, eq=False, repr=False)
class DDPM(BaselineGenerator):
    r"""Generate tables by a denoising diffusion probabilistic model.

    A network :math:`\epsilon_\theta` predicts the noise in
    :math:`x_i = \sqrt{\bar\alpha_i} x_0 + \sqrt{1 - \bar\alpha_i}\,\epsilon` by the
    simple loss :math:`E |\epsilon - \epsilon_\theta(x_i, i)|^2`, and ancestral sampling
    goes from noise to rows one step at a time, with the variance of
    :math:`q(x_{i-1} | x_i, x_0)`. Categories are one-hot channels that are diffused
    like numbers; the largest channel is the category. The :math:`\beta_i` are those of
    FADM's diffusion in discrete time (Eq. 1), so that the two differ in what FADM adds:
    guidance, fair control and meta-learning. The label is one of the categories: rows
    and labels are modelled jointly, without regard to z or domains.

    Parameters
    ----------
    n_steps : int, default=200
        Steps of the chain, in training and in sampling.
    hidden_width, n_blocks : int, default=256, 3
        Units a layer and residual blocks of two layers.
    max_iter, batch_size, learning_rate, verbose, random_state
        As for :class:`VAE`, but ``max_iter=3000``.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (n_iter_,)
        Loss of "noise" at each iteration.
    classes_, class_prior_, encoder_, n_iter_, ...
        As of :class:`~skfadm.FairDiffusionGenerator`.

    References
    ----------
    .. [1] J. Ho, A. Jain, P. Abbeel, "Denoising Diffusion Probabilistic Models", 2020.

    Examples
    --------
    >>> from skfadm.baselines import DDPM
    >>> from skfadm.datasets import make_biased_domains
    >>> data = make_biased_domains(300, random_state=0)
    >>> generator = DDPM(max_iter=50, n_steps=20, random_state=0)
    >>> X, y = generator.fit(data.data, data.target).sample(4, y=1)
    >>> X.shape, y.tolist()
    ((4, 6), [1, 1, 1, 1])
    """

    _networks = DDPMNetworks

    n_steps: int = 200
    hidden_width: int = 256
    n_blocks: int = 3
