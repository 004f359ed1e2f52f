"""Probabilities of rows in which the groups are unlike."""

import numpy as np

from skfadm.fair_control.control import FairControl
from skfadm.fair_control.posteriors import Probabilities

PARITY, OPPORTUNITY = "demographic_parity", "equal_opportunity"
ODDS = "equalized_odds"


def probabilities(n=4000, n_labels=2, n_groups=2, bias=1.0, seed=0):
    """Return p(y | x) and p(z | x, y); `bias` is what groups do to log-odds."""
    rng = np.random.default_rng(seed)
    told = rng.dirichlet(np.full(n_groups, 0.4), size=n)
    logits = rng.normal(size=(n, n_labels)) * 1.5
    logits[:, 1] += bias * told @ np.linspace(-1, 1, n_groups)
    label = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    given = told[:, None] * rng.uniform(0.5, 1.5, size=(1, n_labels, n_groups))
    return Probabilities(label, (given / given.sum(2, keepdims=True),))


def drawn(p, seed=0):
    """Return labels and groups drawn from probabilities."""
    rng = np.random.default_rng(seed)
    y = (p.label.cumsum(1) < rng.random((len(p), 1))).sum(1)
    given = p.group_given_label[0][np.arange(len(p)), y]
    return y, (given.cumsum(1) < rng.random((len(p), 1))).sum(1)


class Told:
    """Posteriors that know the probabilities of rows, which are their numbers."""

    def __init__(self, p):
        self.p, self.group_auc = p, (0.9,)

    def predict(self, X):
        return self.p[np.asarray(X)]


def control(p, target=None, n_domains=2, z=None):
    """Return the fair control of rows, their labels and groups drawn."""
    y, groups = drawn(p)
    z = groups if z is None else z
    return FairControl.of(
        Told(p if target is None else target),
        p,
        y,
        z[:, np.newaxis],
        np.arange(len(p)) % n_domains,
        0,
    )


def decided_under(p, shift):
    logits = np.log(p.label) + shift(p)
    return np.eye(logits.shape[1])[logits.argmax(1)]
