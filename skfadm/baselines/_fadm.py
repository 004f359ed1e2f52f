"""FADM as its paper prints it, where the paper says enough."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import _fit_context

from skfadm._base import Labels, Table, new_seed
from skfadm._sampling import generate_rows, requested_codes
from skfadm._training import DiffusionGenerator
from skfadm._validation import new_random_state
from skfadm.generator import FairDiffusionGenerator

from ._base import NON_NEGATIVE, POSITIVE
from ._paper import PAPER

#: Parameters that mean the same as those of `FairDiffusionGenerator`.
_SHARED = (
    *("lambda_y", "lambda_z", "n_steps", "hidden_width", "n_blocks", "max_iter"),
    *("batch_size", "device", "memory", "n_jobs", "verbose", "random_state"),
)


@dataclass(kw_only=True, eq=False, repr=False)
class FADM(DiffusionGenerator):
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
    classes_, class_prior_, sensitive_classes_, domains_, encoder_, weights_, n_iter_, \
            n_features_in_, feature_names_in_
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
        **{
            name: FairDiffusionGenerator._parameter_constraints[name]
            for name in _SHARED
        },
        **{f"alpha_{name}": NON_NEGATIVE for name in ("score", "y", "z")},
        **{f"beta_{name}": NON_NEGATIVE for name in ("score", "y", "z")},
        **{f"gamma_{name}": POSITIVE for name in ("score", "y", "z")},
    }

    _recipe = PAPER
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

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike | pd.DataFrame,
        y: ArrayLike,
        z: ArrayLike | None = None,
        domains: ArrayLike | None = None,
    ) -> Self:
        """Train score network and classifiers by Algorithm 1.

        Parameters
        ----------
        X, y, z, domains
            As for `FairDiffusionGenerator.fit`.

        Returns
        -------
        self : FADM

        Raises
        ------
        ValueError, TypeError
            Before any training, naming the argument, as `FairDiffusionGenerator.fit`.
        FloatingPointError
            If the training diverges.
        """
        seed = new_seed(new_random_state(self.random_state))
        table = self._encode(X, y, z, domains, seed)
        self._check_has_groups(bool(table.n_groups), "lambda_z")
        trained = self._train(table, seed, self._memory())
        self._remember_training(table, *trained)
        return self

    def sample(
        self, n_samples: int = 1, y: object = None, *, random_state: Any = None
    ) -> tuple[Table, Labels]:
        """Generate rows and their labels.

        Parameters
        ----------
        n_samples, y, random_state
            As for `FairDiffusionGenerator.sample`.

        Returns
        -------
        X, y
            As of `FairDiffusionGenerator.sample`.

        Raises
        ------
        ValueError, TypeError, NotFittedError
            As `FairDiffusionGenerator.sample`.
        """
        n_rows, seed, rng = self._begin_sampling(n_samples, random_state)
        self._check_has_groups(bool(self.sizes_.n_groups), "lambda_z")
        codes = requested_codes(y, n_rows, self.classes_, self.class_prior_, rng)
        index = np.arange(n_rows)
        rows = generate_rows(
            self._row_generator(), codes, seed, index, n_jobs=self.n_jobs
        )
        return self._decode(rows, codes, seed)

    def _rates(self, network: str) -> tuple[float, float, float]:
        alpha, beta, gamma = (
            getattr(self, f"{name}_{network}") for name in ("alpha", "beta", "gamma")
        )
        return alpha, beta, gamma
