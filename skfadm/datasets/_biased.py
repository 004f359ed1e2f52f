"""Biased rows from several domains, from a model in which everything is known."""

from dataclasses import dataclass, replace
from numbers import Integral, Real

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import logsumexp, softmax
from sklearn.utils import Bunch

from skfadm._validation import new_random_state


@dataclass(frozen=True, eq=False)
class BiasedDomains:
    """The Gaussian model behind `make_biased_domains`, in closed form.

    A row of domain ``d`` draws its label and group from the table ``p(y, z | d)``, and
    its features from a normal distribution with unit covariance and mean
    ``means[d, y, z]``. So each domain is a Gaussian mixture of ``n_classes * n_groups``
    components, and all posteriors are exact.

    In every method, ``domain=None`` means the domains pooled with `domain_shares`.

    Attributes
    ----------
    domain_shares : ndarray of shape (n_domains,)
        ``p(d)``.
    joint : ndarray of shape (n_domains, n_classes, n_groups)
        ``p(y, z | d)``; each table sums to 1.
    means : ndarray of shape (n_domains, n_classes, n_groups, n_features)
        ``E[x | d, y, z]``.
    """

    domain_shares: np.ndarray
    joint: np.ndarray
    means: np.ndarray

    def table(self, domain: int | None = None) -> np.ndarray:
        """Return ``p(y, z)``, shape (n_classes, n_groups)."""
        return np.tensordot(self._domain_weights(domain), self.joint, axes=1)

    def pmi(self, domain: int | None = None) -> np.ndarray:
        """Return the pointwise mutual information of label and group.

        Parameters
        ----------
        domain : int, default=None
            Index of a domain.

        Returns
        -------
        ndarray of shape (n_classes, n_groups)
            ``log p(y, z) - log p(y) - log p(z)``; all 0 where there is no bias.
        """
        table = self.table(domain)
        marginals = np.outer(table.sum(axis=1), table.sum(axis=0))
        return np.log(table) - np.log(marginals)

    def posterior_y(self, X: ArrayLike, domain: int | None = None) -> np.ndarray:
        """Return ``p(y | x)``: no classifier is better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        domain : int, default=None
            The domain of the rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Rows sum to 1.
        """
        joint = self._log_joint(X, domain)
        return softmax(logsumexp(joint, axis=2), axis=1)

    def posterior_z(self, X: ArrayLike, domain: int | None = None) -> np.ndarray:
        """Return ``p(z | x)``.

        Parameters
        ----------
        X, domain
            As for `posterior_y`.

        Returns
        -------
        ndarray of shape (n_samples, n_groups)
            Rows sum to 1.
        """
        joint = self._log_joint(X, domain)
        return softmax(logsumexp(joint, axis=1), axis=1)

    def unbiased(self) -> "BiasedDomains":
        """Return the same model with label and group independent in each domain.

        The shares of labels and of groups stay as they are in each domain, and so do
        the features given both: what perfect fair control would draw from.

        Returns
        -------
        BiasedDomains
            A new model.
        """
        p_y = self.joint.sum(axis=2, keepdims=True)
        p_z = self.joint.sum(axis=1, keepdims=True)
        return replace(self, joint=p_y * p_z)

    def sample(
        self, n_samples: int, random_state: int | np.random.RandomState | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Draw rows.

        Parameters
        ----------
        n_samples : int
            Rows of all domains together.
        random_state : int, RandomState instance or None, default=None
            Seed.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features), dtype float64
            Features.
        y : ndarray of shape (n_samples,), dtype int
            Labels, from 0.
        z : ndarray of shape (n_samples,), dtype int
            Groups, from 0.
        domains : ndarray of shape (n_samples,), dtype int
            Domains, from 0.
        """
        rng = new_random_state(random_state)
        p = self.domain_shares[:, None, None] * self.joint
        cells = rng.choice(p.size, size=n_samples, p=p.ravel())
        domains, y, z = np.unravel_index(cells, p.shape)
        noise = rng.standard_normal((n_samples, self.means.shape[-1]))
        return self.means[domains, y, z] + noise, y, z, domains

    def _domain_weights(self, domain: int | None) -> np.ndarray:
        if domain is None:
            return self.domain_shares
        return np.eye(len(self.domain_shares))[domain]

    def _log_joint(self, X: ArrayLike, domain: int | None) -> np.ndarray:
        """Return ``log p(x, y, z)`` but for a constant, (n, n_classes, n_groups)."""
        rows = np.asarray(X, dtype=float)[:, None, None, None]
        squares = ((rows - self.means) ** 2).sum(axis=-1)
        weights = self._domain_weights(domain)[:, None, None] * self.joint
        return logsumexp(-squares / 2, axis=1, b=weights)


def make_biased_domains(
    n_samples: int = 1000,
    *,
    n_features: int = 6,
    n_classes: int = 2,
    n_groups: int = 2,
    n_domains: int = 3,
    bias: float | ArrayLike = 0.6,
    class_sep: float = 2.0,
    group_sep: float = 2.0,
    shift: float = 1.0,
    class_shares: ArrayLike | None = None,
    group_shares: ArrayLike | None = None,
    domain_shares: ArrayLike | None = None,
    as_frame: bool = False,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    """Make a biased table with several domains, of which everything is known.

    Labels and groups depend on each other as strongly as `bias` says, and the features
    depend on both. Features are normal with unit covariance around a mean that
    moves along three perpendicular directions, which `random_state` draws: one for the
    label, one for the group, one for the domain. As the domain's direction tells
    nothing of label or group, ``p(y | x)`` and ``p(z | x)`` are the same in all domains
    of equal bias: a model that ignores that direction carries over to any other domain.

    Parameters
    ----------
    n_samples : int, default=1000
        Rows of all domains together.
    n_features : int, default=6
        At least 3; those beyond 3 are noise before the directions are rotated.
    n_classes, n_groups : int, default=2
        Numbers of labels and of groups, at least 2.
    n_domains : int, default=3
        Number of domains, at least 1.
    bias : float or array-like of shape (n_domains,), default=0.6
        In [0, 1), for all domains or for each: 0 means that label and group are
        independent; toward 1 they depend on each other as far as their shares allow,
        high labels with high groups.
    class_sep, group_sep : float, default=2.0
        Distance between the means of neighbouring labels (of groups), in standard
        deviations of a feature. With ``group_sep=0`` the features tell nothing of the
        group that they do not tell of the label.
    shift : float, default=1.0
        Distance between the means of neighbouring domains.
    class_shares, group_shares, domain_shares : array-like, default=None
        Shares of each label, group, domain: positive, summing to 1. ``None``: equal.
        Rows are drawn independently, so the shares in the table vary a little.
    as_frame : bool, default=False
        Whether to return a DataFrame and Series instead of arrays.
    random_state : int, RandomState instance or None, default=None
        Seeds the directions and the rows.

    Returns
    -------
    Bunch
        data : {ndarray, DataFrame} of shape (n_samples, n_features)
            Features, float64.
        target : {ndarray, Series} of shape (n_samples,)
            Labels, int, from 0.
        z : {ndarray, Series} of shape (n_samples,)
            Sensitive attribute, int, from 0.
        domains : {ndarray, Series} of shape (n_samples,)
            Words ``"domain_0"``, ``"domain_1"``, ...
        model : BiasedDomains
            The true distribution.
        feature_names : list of str
            Names of the columns.

    Raises
    ------
    ValueError
        If a number is out of its range, or shares are not positive, do not sum to 1 or
        have the wrong length.

    Notes
    -----
    ``p(y, z) = (1 - bias) p(y) p(z) + bias m(y, z)``, where ``m`` has the same shares
    and couples label and group as strongly as possible (the comonotone coupling). With
    two equal labels and two equal groups, ``p(y = z) = (1 + bias) / 2``.

    Examples
    --------
    >>> from skfadm.datasets import make_biased_domains
    >>> biased = make_biased_domains(500, bias=0.6, random_state=0)
    >>> biased.data.shape, sorted(set(biased.domains.tolist()))
    ((500, 6), ['domain_0', 'domain_1', 'domain_2'])
    >>> biased.model.table().round(2)
    array([[0.4, 0.1],
           [0.1, 0.4]])
    >>> biased.model.pmi().round(2)
    array([[ 0.47, -0.92],
           [-0.92,  0.47]])
    """
    counts = {"n_samples": (n_samples, 1), "n_features": (n_features, 3)}
    counts |= {"n_classes": (n_classes, 2), "n_groups": (n_groups, 2)}
    for name, (value, least) in {**counts, "n_domains": (n_domains, 1)}.items():
        if not isinstance(value, Integral) or value < least:
            raise ValueError(f"{name} must be an integer >= {least}, got {value!r}.")
    distances = {"class_sep": class_sep, "group_sep": group_sep, "shift": shift}
    for name, distance in distances.items():
        if not isinstance(distance, Real) or not 0 <= float(distance) < np.inf:
            raise ValueError(f"{name} must be a finite number >= 0, got {distance!r}.")
    b = _biases(bias, n_domains)[:, None, None]
    p_y = _shares(class_shares, n_classes, "class_shares")
    p_z = _shares(group_shares, n_groups, "group_shares")
    p_d = _shares(domain_shares, n_domains, "domain_shares")

    rng = new_random_state(random_state)
    # Columns of a random rotation: perpendicular, of unit length.
    axes = np.linalg.qr(rng.standard_normal((n_features, n_features)))[0].T
    means = (
        _steps(n_domains, shift)[:, None, None, None] * axes[2]
        + _steps(n_classes, class_sep)[None, :, None, None] * axes[0]
        + _steps(n_groups, group_sep)[None, None, :, None] * axes[1]
    )
    joint = (1 - b) * np.outer(p_y, p_z) + b * _comonotone(p_y, p_z)
    model = BiasedDomains(domain_shares=p_d, joint=joint, means=means)

    X, y, z, codes = model.sample(n_samples, rng)
    domains = np.array([f"domain_{d}" for d in range(n_domains)])[codes]
    names = [f"feature_{j}" for j in range(n_features)]
    bunch = Bunch(
        data=X, target=y, z=z, domains=domains, model=model, feature_names=names
    )
    if as_frame:
        bunch.data = pd.DataFrame(X, columns=names)
        for key, name in (("target", "y"), ("z", "z"), ("domains", "domain")):
            bunch[key] = pd.Series(bunch[key], name=name)
    return bunch


def _biases(bias: float | ArrayLike, n_domains: int) -> np.ndarray:
    biases = np.asarray(bias, dtype=float)
    in_range = ((biases >= 0) & (biases < 1)).all()
    if biases.shape not in ((), (n_domains,)) or not in_range:
        raise ValueError(
            f"bias must be a number in [0, 1) or {n_domains} of them, one a domain; "
            f"got {bias!r}."
        )
    return np.broadcast_to(biases, (n_domains,))


def _shares(shares: ArrayLike | None, n: int, name: str) -> np.ndarray:
    if shares is None:
        return np.full(n, 1 / n)
    p = np.asarray(shares, dtype=float)
    if p.shape != (n,) or not (p > 0).all() or not np.isclose(p.sum(), 1):
        raise ValueError(
            f"{name} must be {n} positive numbers that sum to 1, got {shares!r}."
        )
    return p / p.sum()


def _steps(n: int, distance: float) -> np.ndarray:
    """Put `n` places on a line, `distance` apart, around 0."""
    return (np.arange(n) - (n - 1) / 2) * distance


def _comonotone(p_y: np.ndarray, p_z: np.ndarray) -> np.ndarray:
    """Couple the shares: the joint table in which high y goes with high z most."""
    # Lay both sets of shares on [0, 1] in order: a cell is the overlap of two pieces.
    ends_y, ends_z = np.cumsum(p_y)[:, None], np.cumsum(p_z)
    starts = np.maximum(ends_y - p_y[:, None], ends_z - p_z)
    return np.maximum(np.minimum(ends_y, ends_z) - starts, 0)
