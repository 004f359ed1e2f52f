"""Tables whose labels favour a group, and others in which they do so less."""

import numpy as np
import pandas as pd


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
