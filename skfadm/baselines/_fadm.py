"""FADM as its paper prints it."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from sklearn.utils._param_validation import Interval

from skfadm.diffusion.samplers import euler_maruyama, uniform_times
from skfadm.generator import FairDiffusionGenerator

_COUNT = [Interval(Integral, 1, None, closed="left")]
_NON_NEGATIVE = [Interval(Real, 0, None, closed="left")]
_POSITIVE = [Interval(Real, 0, None, closed="neither")]
#: Parameters that mean the same here.
_SHARED = (
    *("lambda_y", "lambda_z", "n_steps", "hidden_width", "n_blocks", "max_iter"),
    *("batch_size", "device", "memory", "n_jobs", "verbose", "random_state"),
)


class FADM(FairDiffusionGenerator):
    r"""Fairness-aware diffusion with meta-learning, to the letter of its paper.

    What :class:`~skfadm.FairDiffusionGenerator` is made of, without what that adds: the
    label classifier gives all of the label guidance (Eq. 7), the score network learns
    every channel by squared error at times uniform in t (Eq. 4-5), fair control is the
    entropy of the sensitive classifier alone (Eq. 10), rows are sampled by
    Euler-Maruyama steps of Eq. 11, even in t, and training is Algorithm 1 in second
    order: the losses on B_in and B_out are not weighted by their shares of the rows.

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
    classes_, class_prior_, sensitive_classes_, domains_, encoder_, weights_, n_iter_
        As of :class:`~skfadm.FairDiffusionGenerator`; so are `n_features_in_` and
        `feature_names_in_`.

    Notes
    -----
    The paper publishes no code and no settings. Where its text leaves something open,
    or cannot be meant, this was taken:

    - *Eq. 2-3.* :math:`f(x, t) = -\tfrac12 \beta(t) x`; the x is missing in the text.
      :math:`\beta(t)` rises linearly from 0.1 to 20; times run
      from a noise level :math:`\sigma_t / \alpha_t` of 0.01 to 50.
    - *Eq. 4-5.* :math:`\lambda(t) = \sigma_t^2`; the loss is averaged over channels.
    - *Rows.* Numbers by quantiles to a normal distribution, categories one-hot
      (:class:`~skfadm.encoding.TabularEncoder`); the largest channel of a block is the
      category at the end, after one last denoising.
    - *Networks.* Residual SiLU networks, told the noise level. The score network puts
      out the denoiser, from which the score follows; the classifiers are smaller and
      learn with dropout.
    - *Inner steps.* :math:`\alpha = 0.1`, since the paper names none. Of the four sizes
      that were tried, it tells labels of an unseen domain best; at 0.001 training is
      plain (:doc:`/user_guide/meta_learning`).
    - *Strengths.* :math:`\lambda_y = \lambda_z = 1`, since the paper names none. With
      several sensitive attributes their entropies are added.
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

    _parameter_constraints: dict = {
        **{
            name: FairDiffusionGenerator._parameter_constraints[name]
            for name in _SHARED
        },
        **{f"alpha_{name}": _NON_NEGATIVE for name in ("score", "y", "z")},
        **{f"beta_{name}": _NON_NEGATIVE for name in ("score", "y", "z")},
        **{f"gamma_{name}": _POSITIVE for name in ("score", "y", "z")},
    }

    _tells_labels = False
    _draws_labels_last = False
    _softmax = False
    _weighs_parts = False
    _times = staticmethod(uniform_times)
    _solver = staticmethod(euler_maruyama)

    # Parameters of the base class that are none here.
    lambda_yz = 0.0
    fairness_target = None
    pos_label = None
    second_order = True

    def __init__(
        self,
        lambda_y: float = 1.0,
        lambda_z: float = 1.0,
        *,
        n_steps: int = 200,
        hidden_width: int = 256,
        n_blocks: int = 3,
        max_iter: int = 3000,
        batch_size: int = 256,
        alpha_score: float = 0.1,
        alpha_y: float = 0.1,
        alpha_z: float = 0.1,
        beta_score: float = 1.0,
        beta_y: float = 1.0,
        beta_z: float = 1.0,
        gamma_score: float = 3e-3,
        gamma_y: float = 1e-3,
        gamma_z: float = 1e-3,
        device: str = "auto",
        memory: Any = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        random_state: Any = None,
    ):
        self.lambda_y = lambda_y
        self.lambda_z = lambda_z
        self.n_steps = n_steps
        self.hidden_width = hidden_width
        self.n_blocks = n_blocks
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.alpha_score = alpha_score
        self.alpha_y = alpha_y
        self.alpha_z = alpha_z
        self.beta_score = beta_score
        self.beta_y = beta_y
        self.beta_z = beta_z
        self.gamma_score = gamma_score
        self.gamma_y = gamma_y
        self.gamma_z = gamma_z
        self.device = device
        self.memory = memory
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    def _rates(self, network: str) -> tuple[float, float, float]:
        alpha, beta, gamma = (
            getattr(self, f"{name}_{network}") for name in ("alpha", "beta", "gamma")
        )
        return alpha, beta, gamma
