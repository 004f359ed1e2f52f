"""Tables to compare, also with labels that favour a group, and a quick judge."""

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from skfadm import fairness_report

#: For tests that are about other figures than those of boosting.
QUICK = {"detector": DecisionTreeClassifier(max_depth=3), "random_state": 0}


def mixed_table(n, seed, missing=0.1, shift=0.0):
    """Numbers, categories, a date and a truth value that depend on each other."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n) + shift
    b = a + rng.normal(size=n)
    job = np.array(["clerk", "cook", "judge", "pilot"], dtype=object)[
        np.digitize(b, [-1, 0.5, 2])
    ]
    frame = pd.DataFrame(
        {
            "age": np.round(40 + 10 * a),
            "gain": np.where(rng.random(n) < 0.8, 0.0, np.exp(b)),
            "job": job,
            "member": rng.random(n) < 1 / (1 + np.exp(-a)),
            "since": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(rng.integers(0, 900, n), unit="D"),
        }
    )
    for column in ("age", "gain", "job", "since"):
        frame.loc[rng.random(n) < missing, column] = None
    return frame


def halves(n, parts=2):
    """Continuous rows of one law: no two are equal, so a copy is no accident."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n * parts, 4)) @ rng.normal(size=(4, 4))
    rows = pd.DataFrame(x, columns=list("abcd"))
    rows["e"] = np.where(x[:, 0] + x[:, 1] > 0, "up", "down")
    return [rows.iloc[k * n : (k + 1) * n] for k in range(parts)]


def biased_rows(n, bias, seed, groups=("f", "m"), labels=("no", "yes")):
    """Return X, y, z, domains; the larger `bias`, the more y favours the last group."""
    rng = np.random.default_rng(seed)
    g = rng.integers(len(groups), size=n)
    skill = rng.normal(size=n)
    hint = g + rng.normal(scale=0.5, size=n)
    noise = rng.normal(scale=0.5, size=n)
    score = skill + bias * 2 * (g - (len(groups) - 1) / 2) + noise
    cuts = np.linspace(0, 1.5, len(labels) - 1)
    X = pd.DataFrame(
        {
            "skill": skill,
            "hint": hint,
            "town": rng.choice(["north", "south <b>"], size=n),
            "since": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(rng.integers(0, 900, n), unit="D"),
            "flat": 1.0,
        }
    )
    X.loc[::17, "skill"] = np.nan
    y = pd.Series(np.array(labels)[np.digitize(score, cuts)], name="hired")
    z = pd.Series(np.array(groups)[g], name="sex")
    return X, y, z, pd.Series(rng.choice(["east", "west"], size=n), name="state")


def judge(real, synthetic, holdout=None, **params):
    """Return the fairness report of tables as `biased_rows` gives them."""
    if holdout is not None:
        parts = dict(zip(("holdout", "y_holdout", "z_holdout"), holdout, strict=False))
        params = parts | params
        if "domains" in params:
            params = {"domains_holdout": holdout[3]} | params
    return fairness_report(
        real[0], synthetic[0], real[1], synthetic[1], real[2], **params
    )
