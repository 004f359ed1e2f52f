"""FairDiffusionGenerator: FADM as a scikit-learn estimator."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import _fit_context
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ._base import LabelFormat, Labels, Table, new_seed
from ._files import cached
from ._sampling import Request, TableSampler, requested_codes
from ._training import CODE, DiffusionGenerator
from ._validation import (
    as_group_codes,
    check_n_samples,
    check_strengths,
    new_random_state,
    what_is_in_the_way,
)
from .diffusion.objective import DEFAULT
from .encoding._identifiers import RULES
from .fair_control.control import FairControl
from .fair_control.goal import Goal
from .fair_control.labels import FairLabels
from .fair_control.posteriors import fit_posteriors

_NON_NEGATIVE = [Interval(Real, 0, None, closed="left")]
#: The sensitive classifier's share of gamma: at more it overfits small tables.
CLASSIFIER_GAMMA = 1 / 4
#: Rows that the clean classifiers learn from, at most: more cost time and bring little.
MAX_ROWS = 100_000
_COUNT = [Interval(Integral, 1, None, closed="left")]


@dataclass(kw_only=True, eq=False, repr=False)
class FairDiffusionGenerator(DiffusionGenerator):
    r"""Generate fair synthetic tables by guided score-based diffusion (FADM).

    Two networks are trained, by meta-learning over domains (Algorithm 1): a score
    network for the rows (Eq. 4), which is given their labels and guides toward them,
    and a sensitive classifier p(z | x) of noised rows. Sampling solves the reverse-time
    SDE, guided toward the label and away from what tells the group (Eq. 11):

    .. math:: dx = \big[f - g^2 \big(\nabla \log p_t(x)
              + \lambda_y \nabla \log p_t(y | x)
              + \lambda_z \nabla H(p_t(z | x))\big)\big] d\bar t + g\, d\bar w.

    Beyond the paper, the label of a generated row is drawn last, from a fair posterior
    :math:`q(y | x)`: that of strong classifiers, shifted so that decisions treat the
    groups alike, after `adapt` in the domain where models will be used.

    Parameters
    ----------
    lambda_y : float, default=1.0
        Strength of label guidance, at least 0. 1 samples p(x | y); more makes rows more
        typical of their label. Labels of n < 50 rows get (n + 5) / n of it, at most 2.
    lambda_z : float, default=0.0
        Strength of the paper's fair control, at least 0: rows move to where their group
        is hard to tell. It gives little parity (:doc:`/user_guide/fair_control`).
    lambda_yz : float or "auto", default="auto"
        Strength of fair labels, in [0, 1]: the share of the way from the classifiers'
        p(y | x) as it is, at 0, to `fairness_target`, at 1, on the rows at hand. "auto"
        is 1 for a target, or as far as 10 points of predicted accuracy go, and never
        below the constant answer. Without a target it is the least strength predicted
        to bring demographic parity to a ratio of 0.95, at a price of at most a quarter
        of what decisions gain over the constant answer, and 2 points, 1 before `adapt`.
    fairness_target : float, dict or None, default=None
        The ratios that are aimed at. A number in (0, 1] is one of demographic parity
        (Eq. 12), such as 0.8; a dict has ratios with the keys "demographic_parity",
        "equal_opportunity" (Eq. 13) and "equalized_odds" (rates of true and of false
        positives). None is parity. A warning says where one may not be met.
    pos_label : label or None, default=None
        The favourable label, whose rates are made alike. None guesses which of two is
        wished for: the larger, unless its name or that of `y` sounds unfavourable
        (denied, default, churn, ...); of more labels each is meant.
    identifiers : {"synthetic", "missing", "keep"} or dict, default="synthetic"
        What identifiers and free text, where nearly all rows have a word of their own,
        come back as: new words of the same pattern; missing values; or the real words.
        A dict names columns; :class:`~skfadm.encoding.TabularEncoder` has the rule.
    min_frequency : int, default=5
        No category, nor end of a range, of fewer rows comes back, so that generated
        rows point at nobody; 1 gives all back.
    n_steps : int, default=16
        Steps of the solver; each evaluates the score network once, or twice unless
        `lambda_y` is 1.
    hidden_width, n_blocks : int, default=256, 3
        Size of the score network: units a layer, blocks of two layers.
    max_iter : int, default=5000
        Iterations of training, at most, and no more than 100 passes over the rows or
        200 iterations. Where the loss on a tenth of the rows, held out, ceases to fall,
        the learning rate begins to; training ends after twice as many iterations more.
    batch_size : int, default=1024
        Rows of an iteration, meta-train and meta-test part together.
    alpha, beta : float, default=0.001, 1.0
        Inner step size and weight of the meta-test loss of Algorithm 1 in first order,
        at least 0. The default is all but plain training. Steps of 0.1 and 0.5 act, and
        brought little where they were tried (:doc:`/user_guide/meta_learning`).
    gamma : float, default=0.004
        Learning rate of the score network, whose matrices Muon updates [2]_; that of
        the sensitive classifier, by Adam, is a quarter. Both end at zero.
    device : str, default="auto"
        "cpu", "cuda" or a GPU such as "cuda:1"; "auto" is "cuda" if there is one.
    memory : str or joblib.Memory, default=None
        Where to cache training, so that a search over strengths trains once a fold.
        Needs a `random_state`. Entries are pickle files, which hold what a model holds:
        protect the folder like the data (:doc:`/user_guide/persistence`).
    n_jobs : int or None, default=None
        Workers that sample: -1 is all processors, None as many as torch has threads.
        They are threads unless a :class:`joblib.parallel_config` says otherwise. Rows
        are the same however many there are. `fit` does not use it.
    verbose : int, default=0
        With 1, `fit` shows its progress on standard error, with the losses of the
        networks: "score" of the rows and "z" of the groups; lower is better.
    random_state : int, RandomState instance or None, default=None
        Decides all that is random in `fit` and, unless it is given its own, `sample`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    class_count_, class_prior_ : ndarray of shape (n_classes,)
        Rows of each label in training, and their shares.
    sensitive_classes_ : list of ndarray
        The groups of each sensitive attribute.
    domains_ : ndarray of shape (n_domains,)
        The domains.
    encoder_ : TabularEncoder
        Maps the table to the rows that are diffused, and back.
    pos_label_ : label or None
        The label whose rates are made alike; None for all labels. This and the next
        two are those of the last `fit`, `adapt` or call that sampled.
    lambda_yz_ : float
        The strength of fair labels that is taken; 0 without `z`.
    tradeoff_ : Tradeoff or None
        Predicted accuracy and ratios for each strength; ``print(tradeoff_)`` says what
        is done to the labels, and why. None without `z`.
    fair_control_ : FairControl or None
        Classifiers and predictions that fair labels are drawn by; None without `z`.
    weights_ : dict of str to ndarray
        Averaged weights of the networks, float32.
    history_ : dict of str to ndarray of shape (n_iter_,)
        Loss of "score" and, with `z`, of "z" at each iteration.
    n_iter_ : int
        Iterations of training.
    n_features_in_, feature_names_in_ : int, ndarray of shape (n_features_in_,)
        Features of `fit`; their names where X is a DataFrame whose names are strings.

    References
    ----------
    .. [1] Y. Lin, D. Li, C. Zhao, M. Shao, "Fair Data Generation via Score-based
       Diffusion Model", 2024.
    .. [2] K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks",
       2024.

    Examples
    --------
    >>> from skfadm import FairDiffusionGenerator
    >>> from skfadm.datasets import make_biased_domains
    >>> data = make_biased_domains(300, bias=0.3, random_state=0)
    >>> generator = FairDiffusionGenerator(max_iter=20, n_steps=5, random_state=0)
    >>> generator.fit(data.data, data.target, z=data.z, domains=data.domains)
    FairDiffusionGenerator(max_iter=20, n_steps=5, random_state=0)
    >>> X, y = generator.sample(4, y=1)
    >>> X.shape, y.tolist()
    ((4, 6), [1, 1, 1, 1])
    >>> [len(X) for X, y in generator.sample_batches(250, batch_size=100)]
    [100, 100, 50]
    >>> generator.adapt(data.data).tradeoff_.rows
    'the unlabelled rows'
    """

    _parameter_constraints: ClassVar[dict] = {
        **dict.fromkeys(("lambda_y", "lambda_z", "alpha", "beta"), _NON_NEGATIVE),
        "lambda_yz": [Interval(Real, 0, 1, closed="both"), StrOptions({"auto"})],
        "fairness_target": [Interval(Real, 0, 1, closed="right"), dict, None],
        "pos_label": "no_validation",
        "identifiers": [StrOptions(RULES), dict],
        "min_frequency": _COUNT,
        **dict.fromkeys(("n_steps", "hidden_width", "n_blocks"), _COUNT),
        **dict.fromkeys(("max_iter", "batch_size"), _COUNT),
        "gamma": [Interval(Real, 0, None, closed="neither")],
        "device": [str],
        "memory": [str, HasMethods("cache"), None],
        "n_jobs": [*_COUNT, Interval(Integral, None, -1, closed="right"), None],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    _recipe, _takes_gaps_in_z, _fair = DEFAULT, True, None
    lambda_y: float = field(default=1.0, kw_only=False)
    lambda_z: float = field(default=0.0, kw_only=False)
    lambda_yz: float | str = field(default="auto", kw_only=False)
    fairness_target: float | dict[str, float] | None = None
    pos_label: Any = None
    identifiers: str | dict = "synthetic"
    min_frequency: int = 5
    n_steps: int = 16
    hidden_width: int = 256
    n_blocks: int = 3
    max_iter: int = 5000
    batch_size: int = 1024
    alpha: float = 1e-3
    beta: float = 1.0
    gamma: float = 4e-3
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
        """Train score network and classifiers.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Numbers, words, categories and booleans mixed; values may be missing.
        y : array-like of shape (n_samples,)
            Labels, of two classes or more.
        z : array-like of shape (n_samples,) or (n_samples, n_attributes), default=None
            Sensitive attributes, each with two groups or more. Rows where one is
            missing teach features and labels, not that attribute. None trains without
            fair control. Leave z out of X unless generated rows shall have it.
        domains : array-like of shape (n_samples,), default=None
            Domain of each row. With None, or one domain, training is plain.

        Returns
        -------
        self : FairDiffusionGenerator

        Warns
        -----
        UserWarning
            If a column holds identifiers or free text, the favourable label is guessed
            against the rule, little is done for fairness, or a target may not be met.

        Raises
        ------
        ValueError, TypeError
            Before any training, naming the argument: lengths that differ, an empty
            table, infinite numbers, missing or continuous labels, a single class.
        FloatingPointError
            If the training diverges.
        """
        seed = new_seed(new_random_state(self.random_state))
        encoded = self._encode(X, y, z, domains, seed)
        self._check_has_groups(bool(encoded.n_groups), "lambda_z")
        obstacle = what_is_in_the_way(encoded.n_groups, len(encoded.classes))
        self._check_can_act(obstacle)
        goal = self._goal(encoded.classes, encoded.label_format)
        memory = self._memory()
        sizes, trained = self._train(encoded, seed, memory)
        # As generated rows are written, so that no identifier is seen.
        index = np.random.default_rng(seed).permutation(len(encoded.rows))[:MAX_ROWS]
        X = encoded.encoder.decode(encoded.rows[index], seed=seed)
        n_groups = () if obstacle else encoded.n_groups
        y, z = encoded.labels[index], encoded.groups[index, : len(n_groups)]
        posteriors, p = cached(memory, fit_posteriors, CODE)(
            X, y, z, len(encoded.classes), n_groups, seed
        )
        control = fair = None
        if not obstacle:
            control = FairControl.of(posteriors, p, y, z, encoded.domains[index], seed)
            fair = control.solve(goal)
        # Only now, so that an interrupted fit leaves nothing that looks fitted.
        self._posteriors = posteriors if posteriors.tells_labels else None
        self._remember_training(encoded, sizes, trained)
        self._take(control, fair, stacklevel=4)
        return self

    def adapt(
        self, X: ArrayLike | pd.DataFrame | None, z: ArrayLike | None = None
    ) -> Self:
        """Make labels fair in the domain of unlabelled rows.

        Neither labels nor sensitive attributes of these rows are needed: the rates of
        the groups follow from p(z | x). Nothing is trained again. The shift that n rows
        ask for has the weight n / (n + 100); the rest is that of the source rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features), or None
            Rows with the columns of `fit`; categories may be new and values missing.
            None goes back to the source domains.
        z : array-like of shape (n,) or (n, n_attributes), default=None
            Their sensitive attributes, as far as they are known: values may be missing.
            p(z | x) is corrected by them.

        Returns
        -------
        self : FairDiffusionGenerator

        Raises
        ------
        ValueError
            If `fit` was given no `z`, columns are wrong or missing, there are no rows,
            or `z` holds groups that `fit` has not seen.
        """
        check_is_fitted(self)
        self._validate_params()
        if self.fair_control_ is None:
            raise ValueError(f"adapt has nothing to make fair: {self._obstacle()}")
        if X is None and z is not None:
            raise ValueError("z is given without X; expected the rows that it is of.")
        rows: Any = X
        groups = self.sensitive_classes_
        codes = None if z is None else as_group_codes(z, len(rows), groups)
        control = self.fair_control_.adapted(X, codes)
        self._take(control, control.solve(self._goal()), stacklevel=3)
        if text := control.drift():
            warnings.warn(text, UserWarning, stacklevel=2)
        return self

    def sample(
        self, n_samples: int = 1, y: object = None, *, random_state: Any = None
    ) -> tuple[Table, Labels]:
        """Generate rows and their labels.

        Parameters
        ----------
        n_samples : int, default=1
            How many rows.
        y : label, array-like of shape (n_samples,) or dict, default=None
            The label of all rows, of each row, or a mapping from labels to shares that
            sum to 1. Rows are generated for them and, where labels are made fair,
            accepted so that they are distributed like rows that draw the label. None
            draws labels last, from p(y | x) of classifiers of the real rows, fair as
            `lambda_yz` asks. At strength 0 they are those that rows are generated for,
            if these classifiers predict no better than the shares of the labels.
        random_state : int, RandomState instance or None, default=None
            Seeds these rows; None takes the estimator's. A row depends on the seed, its
            index and its label only.

        Returns
        -------
        X : ndarray or DataFrame of shape (n_samples, n_features)
            The kind of table that `fit` saw, with the same columns, order and types.
        y : ndarray or Series of shape (n_samples,)
            The labels.

        Raises
        ------
        ValueError, TypeError
            If `n_samples` is no positive integer, a label is unknown, shares do not sum
            to 1, a parameter is wrong, or before `fit`.
        """
        request = self._requested(n_samples, y, random_state)
        return self._sampler()(request)[0]

    def sample_strengths(
        self,
        strengths: Sequence[float],
        n_samples: int = 1,
        y: object = None,
        *,
        random_state: Any = None,
    ) -> list[tuple[Table, Labels]]:
        """Generate a table for each of several strengths of fair labels.

        Unless labels are asked for, the tables hold the same rows, with labels drawn
        again: all together take about as long as one.

        Parameters
        ----------
        strengths : sequence of float
            Values of `lambda_yz`, each in [0, 1].
        n_samples, y, random_state
            As for `sample`.

        Returns
        -------
        list of (X, y)
            For each strength what `sample` returns with it as `lambda_yz`.

        Raises
        ------
        ValueError, TypeError, NotFittedError
            As `sample`, or if a strength is none or there is nothing to act on.
        """
        request = self._requested(n_samples, y, random_state)
        checked = check_strengths(strengths, self._obstacle())
        return self._sampler(checked)(request)

    def sample_batches(
        self,
        n_samples: int = 1,
        y: object = None,
        *,
        batch_size: int = 65_536,
        random_state: Any = None,
    ) -> Iterator[tuple[Table, Labels]]:
        """Generate a table of any length batch by batch, in constant memory.

        The batches are, one after the other, the rows of ``sample(n_samples, y,
        random_state=random_state)``, up to rounding.

        Parameters
        ----------
        n_samples, y, random_state
            As for `sample`. Besides the batch, a byte a row is kept for the labels.
        batch_size : int, default=65536
            Rows of a batch; the last may be shorter.

        Returns
        -------
        iterator of (X, y)
            As `sample` returns them, generated when they are asked for.

        Raises
        ------
        ValueError, TypeError, NotFittedError
            At once, as `sample`, or if `batch_size` is no positive integer.
        """
        request = self._requested(n_samples, y, random_state)
        size = check_n_samples(batch_size, "batch_size")
        sampler, starts = self._sampler(), range(0, len(request.codes), size)
        # Not itself a generator, so that errors come before the first batch is taken.
        return map(lambda start: sampler(request, start, start + size)[0], starts)

    def _requested(self, n_samples: object, y: object, random_state: Any) -> Request:
        """Return the rows that are asked for."""
        n_rows, seed, rng = self._begin_sampling(n_samples, random_state)
        self._check_has_groups(bool(self.sizes_.n_groups), "lambda_z")
        self._check_can_act(self._obstacle())
        codes = requested_codes(y, n_rows, self.classes_, self.class_prior_, rng)
        return Request(codes, y is not None, seed)

    def _sampler(self, strengths: Sequence[float] | None = None) -> TableSampler:
        goal, control, fair = self._goal(), self.fair_control_, self._fair
        if (goal, self.lambda_yz) != self._asked:
            if control is not None and fair and fair.tradeoff.goal != goal:
                # Threads that meet here find the same.
                fair = control.solve(goal)
            self._take(control, fair, stacklevel=4)
        return TableSampler(
            self._row_generator(),
            self.encoder_,
            self._posteriors,
            control,
            fair,
            self.class_prior_,
            [self.lambda_yz_] if strengths is None else strengths,
            self.classes_,
            self.label_format_,
            self.n_jobs,
        )

    def _goal(self, classes: Any = None, labels: LabelFormat | None = None) -> Goal:
        classes = self.classes_ if classes is None else classes
        name = (labels or self.label_format_).name
        return Goal.of(self.fairness_target, self.pos_label, classes, name)

    def _obstacle(self) -> str | None:
        """Return why rates cannot be made alike, if they cannot."""
        return what_is_in_the_way(self.sizes_.n_groups, len(self.classes_))

    def _take(
        self, control: FairControl | None, fair: FairLabels | None, stacklevel: int
    ) -> None:
        """Set what is fair control's, and warn of it where labels are made fair."""
        goal, is_new = self._goal(), fair is not self._fair
        self.fair_control_, self._fair = control, fair
        self._asked, self.pos_label_ = (goal, self.lambda_yz), goal.pos_label
        self.tradeoff_ = fair.tradeoff.with_strength(self.lambda_yz) if fair else None
        self.lambda_yz_ = self.tradeoff_.taken if self.tradeoff_ else 0.0
        found = [goal.warning if fair and is_new else None]
        if self.tradeoff_:
            found += [self.tradeoff_.note]
        elif self.sensitive_classes_ or self.fairness_target is not None:
            found = [f"No fair labels: {self._obstacle()}"]
        for text in filter(None, found if self.lambda_yz != 0 else ()):
            warnings.warn(text, UserWarning, stacklevel=stacklevel)

    def _check_can_act(self, obstacle: str | None) -> None:
        """Refuse a strength of fair labels where rates cannot be made alike."""
        if obstacle and self.lambda_yz not in ("auto", 0):
            what = f"lambda_yz is {self.lambda_yz!r} but cannot act: {obstacle}"
            raise ValueError(f"{what} Or set lambda_yz=0.")

    def _rates(self, network: str) -> tuple[float, float, float]:
        factor = 1.0 if network == "score" else CLASSIFIER_GAMMA
        return self.alpha, self.beta, self.gamma * factor
