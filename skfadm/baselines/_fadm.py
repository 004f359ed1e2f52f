"""FADM as its paper prints it, where the paper says enough: loss, times, solver."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skfadm._base import EncodedTable
from skfadm._sampling import generate_rows
from skfadm._training import DiffusionGenerator
from skfadm.diffusion.losses import MAX_NOISE_LEVEL, MIN_NOISE_LEVEL, NoisedRows
from skfadm.diffusion.networks import Denoiser
from skfadm.diffusion.objective import Recipe
from skfadm.diffusion.optimiser import adam
from skfadm.diffusion.samplers import DenoiserFunction, Noise
from skfadm.diffusion.sde import VPSDE
from skfadm.generator import FairDiffusionGenerator

from ._base import NON_NEGATIVE, POSITIVE, Baseline
from ._training import Cosine


def score_matching_loss(
    denoiser: Denoiser, batch: NoisedRows, y: Tensor | None = None
) -> Tensor:
    r"""Return Eq. 4 of each row, shape (n,): squared error on every channel.

    With the weighting of Eq. 5, :math:`\lambda(t) = \sigma_t^2` because
    :math:`E\|\nabla \log p_{0t}\|^2 = p / \sigma_t^2`. Averaged over the p channels.
    """
    alpha, sigma = denoiser.sde.marginal(batch.t)
    noised = batch.evidence.inputs
    estimate = denoiser(noised, batch.t, y)
    score = (alpha * estimate - noised) / sigma**2
    target = -batch.noise / sigma
    return (sigma**2 * (score - target).square()).mean(1)


def uniform_times(u: Tensor, sde: VPSDE) -> Tensor:
    """Return the training times of quantiles u that are uniform in t (Eq. 4)."""
    low, high = sde.time(torch.tensor([MIN_NOISE_LEVEL, MAX_NOISE_LEVEL]).to(u))
    return low + u * (high - low)


def even_times(n_steps: int, sde: VPSDE) -> Tensor:
    """Return the times of `euler_maruyama`, shape (n_steps + 1,), float64."""
    ramp = torch.linspace(1.0, 0.0, n_steps + 1, dtype=torch.float64)
    return uniform_times(ramp, sde)


def euler_maruyama(
    denoiser: DenoiserFunction, x: Tensor, times: Tensor, sde: VPSDE, noise: Noise
) -> Tensor:
    """Solve the reverse SDE (Eq. 11) by Euler-Maruyama steps and denoise at the end.

    `denoiser` is the guided estimate of x_0, `x` are standard normal rows (n, p),
    `times` (n_steps + 1,) decrease, and `noise` draws the increments.
    """
    times = times.to(x).view(-1, 1, 1)
    for t, t_next in pairwise(times):
        alpha, sigma = sde.marginal(t)
        score = (alpha * denoiser(x, t) - x) / sigma**2
        dt = t - t_next
        x = x - sde.reverse_drift(x, t, score) * dt
        x += sde.beta(t).sqrt() * dt.sqrt() * noise()
    return denoiser(x, times[-1])


#: FADM as it is printed.
PAPER = Recipe(
    loss=score_matching_loss,
    categorical=False,
    conditional=False,
    second_order=True,
    weighted=False,
    training_times=uniform_times,
    optimisers=adam,
    schedule=Cosine,
    half=False,
    sampling_times=even_times,
    solver=euler_maruyama,
)


@dataclass(kw_only=True, eq=False, repr=False)
class FADM(Baseline, DiffusionGenerator):
    r"""Fairness-aware diffusion with meta-learning as printed, with the choices below.

    What :class:`~skfadm.FairDiffusionGenerator` is made of, without what that adds: a
    classifier gives the label guidance (Eq. 7), the score network learns every channel
    by squared error at times uniform in t (Eq. 4-5), fair control is the entropy of the
    sensitive classifier alone (Eq. 10), rows are sampled by Euler-Maruyama steps of
    Eq. 11, even in t, and training is Algorithm 1 in second order: the losses on B_in
    and B_out are not weighted by their shares of the rows.

    Parameters
    ----------
    lambda_y : float, default=1.0
        Strength of label guidance, at least 0 (Eq. 7).
    lambda_z : float, default=1.0
        Strength of fair control, at least 0 (Eq. 11). Needs `z` in `fit` if it is
        positive.
    n_steps : int, default=200
        Steps of Euler-Maruyama.
    hidden_width, n_blocks : int, default=256, 3
        Size of the score network: units a layer, residual blocks of two layers.
    max_iter : int, default=3000
        Iterations of training, at most: small tables are trained for no more than 100
        passes over their rows, or 200 iterations.
    batch_size : int, default=256
        Rows of an iteration, B_in and B_out together.
    alpha_score, alpha_y, alpha_z : float, default=0.1
        Inner step sizes of Algorithm 1, lines 8, 10 and 12, at least 0.
    beta_score, beta_y, beta_z : float, default=1.0
        Weights of the losses on B_out, lines 16-18, at least 0.
    gamma_score, gamma_y, gamma_z : float, default=0.003, 0.001, 0.001
        Learning rates, lines 16-18, greater than 0.
    device, memory, n_jobs, verbose, random_state
        As for :class:`~skfadm.FairDiffusionGenerator`.

    Attributes
    ----------
    history_ : dict of str to ndarray of shape (n_iter_,)
        Loss of "score", "y" and "z" at each iteration.
    classes_, class_prior_, encoder_, n_iter_, ...
        As of :class:`~skfadm.FairDiffusionGenerator`.

    Notes
    -----
    The paper publishes no code and no settings. Where its text leaves something open,
    or cannot be meant, this was chosen:

    - *Eq. 2-3.* :math:`f(x, t) = -\tfrac12 \beta(t) x`; the x is missing in the text.
      :math:`\beta(t)` rises linearly from 0.1 to 20; times run from a noise level
      :math:`\sigma_t / \alpha_t` of 0.01 to 50.
    - *Eq. 4-5.* :math:`\lambda(t) = \sigma_t^2`; the loss is averaged over channels.
      Training times are stratified: one in each n-th of their range, for n rows.
    - *Rows.* Numbers by quantiles to a normal distribution, categories one-hot
      (:class:`~skfadm.encoding.TabularEncoder`); the largest channel of a block is the
      category at the end, after one last denoising.
    - *Labels.* Rows are made for labels with their shares in training, unless labels
      are asked for.
    - *Networks.* Residual SiLU networks, given the noise level. The score network puts
      out the denoiser, from which the score follows; it has 3 blocks of width 256. The
      classifiers have one block of width 64, and learn with half of it dropped out.
    - *Inner steps.* :math:`\alpha = 0.1`. Of four sizes, it tells labels of an unseen
      domain best; at 0.001 training is plain (:doc:`/user_guide/meta_learning`).
    - *Strengths.* :math:`\lambda_y = \lambda_z = 1`. With several sensitive attributes
      their entropies are added.
    - *Algorithm 1, line 5.* Section 4.4 gives :math:`B_{in}` and :math:`B_{out}`
      opposite roles; the algorithm is followed. One domain, each as likely as another,
      is :math:`B_{out}`, with at least an eighth of the batch; rows are drawn with
      replacement, so that small domains take part. With one domain training is plain.
    - *Lines 16-18.* Their gradients are handed to Adam, with the learning rate warmed
      up and annealed to zero, in place of the plain gradient steps that are printed.
      Sampling uses a running average of the weights.

    References
    ----------
    .. [1] Y. Lin, D. Li, C. Zhao, M. Shao, "Fair Data Generation via Score-based
       Diffusion Model", 2024.

    Examples
    --------
    >>> from skfadm.baselines import FADM
    >>> from skfadm.datasets import make_biased_domains
    >>> data = make_biased_domains(300, random_state=0)
    >>> generator = FADM(max_iter=20, n_steps=20, random_state=0)
    >>> generator.fit(data.data, data.target, z=data.z, domains=data.domains)
    FADM(max_iter=20, n_steps=20, random_state=0)
    >>> X, y = generator.sample(4, y=1)
    >>> X.shape, y.tolist()
    ((4, 6), [1, 1, 1, 1])
    """

    _parameter_constraints: ClassVar[dict] = {
        **FairDiffusionGenerator._parameter_constraints,
        **{f"alpha_{name}": NON_NEGATIVE for name in ("score", "y", "z")},
        **{f"beta_{name}": NON_NEGATIVE for name in ("score", "y", "z")},
        **{f"gamma_{name}": POSITIVE for name in ("score", "y", "z")},
    }

    _recipe = PAPER
    _draws_labels = False

    lambda_y: float = field(default=1.0, kw_only=False)
    lambda_z: float = field(default=1.0, kw_only=False)
    n_steps: int = 200
    hidden_width: int = 256
    n_blocks: int = 3
    max_iter: int = 3000
    batch_size: int = 256
    alpha_score: float = 0.1
    alpha_y: float = 0.1
    alpha_z: float = 0.1
    beta_score: float = 1.0
    beta_y: float = 1.0
    beta_z: float = 1.0
    gamma_score: float = 3e-3
    gamma_y: float = 1e-3
    gamma_z: float = 1e-3
    device: str = "auto"
    memory: Any = None
    n_jobs: int | None = None
    verbose: int = 0
    random_state: Any = None

    def _learn(self, table: EncodedTable, seed: int) -> None:
        self._check_has_groups(bool(table.n_groups), "lambda_z")
        self._remember_training(table, *self._train(table, seed, self._memory()))

    def _rows(
        self, n_rows: int, codes: NDArray[Any] | None, seed: int
    ) -> tuple[NDArray[np.float32], NDArray[Any]]:
        assert codes is not None
        self._check_has_groups(bool(self.sizes_.n_groups), "lambda_z")
        index, makes = np.arange(n_rows), self._row_generator()
        return generate_rows(makes, codes, seed, index, n_jobs=self.n_jobs), codes

    def _rates(self, network: str) -> tuple[float, float, float]:
        alpha, beta, gamma = (
            getattr(self, f"{name}_{network}") for name in ("alpha", "beta", "gamma")
        )
        return alpha, beta, gamma
