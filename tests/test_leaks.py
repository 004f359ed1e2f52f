"""An attacker who holds a fitted generator finds no identifier of a real row in it."""

import pickle

import numpy as np
import pandas as pd
import pytest
import skops.io

from .generators import tiny
from .reachable import texts_of

N = 300


@pytest.fixture(scope="module")
def secrets():
    """Return columns of words, each of one person."""
    rng = np.random.default_rng(0)
    numbers = rng.choice(10**6, (4, N), replace=False)
    syllables = np.array(["ka", "lo", "mi", "nu", "re", "sa", "to", "vi", "wo", "xe"])
    text = [" ".join("".join(w) for w in ws) for ws in rng.choice(syllables, (N, 9, 3))]
    return pd.DataFrame(
        {
            "name": [f"Ann Lee {k:06d}" for k in numbers[0]],
            "phone": [f"+49 171 {k:06d}" for k in numbers[1]],
            "pin": pd.Categorical([f"P-{k:06d}" for k in numbers[2]]),
            "comment": text,
        }
    )


@pytest.mark.parametrize(
    ("rule", "has_groups"),
    [
        ("synthetic", True),
        ("missing", True),
        ({"name": "synthetic", "comment": "missing"}, False),
    ],
)
def test_a_kept_model_holds_no_identifier(secrets, rule, has_groups):
    rng = np.random.default_rng(1)
    X = secrets.assign(pay=rng.normal(size=N), town=rng.choice(["Ulm", "Bonn"], N))
    y, z = rng.integers(2, size=(2, N))
    with pytest.warns(UserWarning, match="rare"):
        model = tiny(identifiers=rule).fit(X, y, z if has_groups else None)
    found = texts_of(model)
    files = pickle.dumps(model), skops.io.dumps(model)
    assert "Bonn" in found and all(b"Bonn" in file for file in files)
    held = set(found.split("\n"))
    for name in secrets:
        words = set(secrets[name])
        assert not words & held
        assert not any(w.encode() in file for w in words for file in files)


def test_words_named_as_identifiers_are_not_held_even_if_frequent():
    rng = np.random.default_rng(2)
    names = [f"Ann Lee {k:06d}" for k in rng.choice(10**6, 20, replace=False)]
    X = pd.DataFrame({"name": rng.choice(names, N), "pay": rng.normal(size=N)})
    y, z = rng.integers(2, size=(2, N))
    model = tiny(identifiers={"name": "synthetic"}).fit(X, y, z)
    assert not set(names) & set(texts_of(model).split("\n"))
    kept = tiny(identifiers={"name": "keep"}).fit(X, y, z)
    assert set(names) <= set(texts_of(kept).split("\n"))
