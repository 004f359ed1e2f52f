"""What `memory` keeps, who can read it, and when training is done anew."""

import logging
import os
import stat

import numpy as np
import pandas as pd
import pytest
from joblib import Memory
from sklearn.base import clone

from skfadm import FairDiffusionGenerator, _training
from skfadm.diffusion import training
from skfadm.fair_control import posteriors

from .generators import tiny


def n_kept(folder):
    return len(list(folder.rglob("output.pkl")))


def test_training_is_done_once_for_all_strengths(table, tmp_path, monkeypatch):
    calls = []

    def count(module, name):
        real = getattr(module, name)
        counted = lambda *a, **k: calls.append(name) or real(*a, **k)  # noqa: E731
        monkeypatch.setattr(module, name, counted)

    count(training, "meta_gradients")
    count(posteriors, "fit_classifier")
    gen = tiny(memory=str(tmp_path))
    rows = [
        clone(gen).set_params(lambda_y=ly, lambda_z=lz).fit(*table).sample(5)[0]
        for ly in (1.0, 2.0)
        for lz in (0.0, 5.0)
    ]
    assert calls.count("meta_gradients") == gen.max_iter
    # Two kinds for label and group: five folds each, and the rows together if taken.
    assert 22 <= calls.count("fit_classifier") <= 24
    assert not rows[0].equals(rows[3])


def test_training_is_done_anew_where_it_would_differ(table, tmp_path, monkeypatch):
    gen = tiny(memory=str(tmp_path)).fit(*table)
    other = clone(gen).set_params(gamma=0.01).fit(*table)
    assert any((gen.weights_[k] != other.weights_[k]).any() for k in gen.weights_)
    kept = n_kept(tmp_path)
    clone(gen).fit(*table)
    assert n_kept(tmp_path) == kept
    # As a newer version of the training code or of torch has it.
    monkeypatch.setattr(_training, "CODE", ("newer",))
    clone(gen).fit(*table)
    assert n_kept(tmp_path) > kept


def people(n=300):
    rng = np.random.default_rng(0)
    names = [f"Ann Lee {k:06d}" for k in rng.choice(10**6, n, replace=False)]
    X = pd.DataFrame({"name": names, "pay": rng.normal(size=n).round(8)})
    return X, rng.integers(0, 2, n), rng.integers(0, 2, n)


@pytest.mark.filterwarnings("ignore:Column 'name' holds")
@pytest.mark.parametrize("as_object", [False, True])
def test_a_cache_tells_nobody_else_and_no_reader_of_its_notes_a_row(
    tmp_path, capfd, caplog, as_object
):
    X, y, z = people()
    folder = tmp_path / "cache"
    memory = Memory(folder, verbose=10) if as_object else str(folder)
    old = os.umask(0o022)
    try:
        gen = FairDiffusionGenerator(
            max_iter=2, hidden_width=16, memory=memory, random_state=0
        )
        gen.fit(X, y, z)
        # A damaged entry is computed anew; what is said of it names no row either.
        for path in folder.rglob("output.pkl"):
            path.write_bytes(path.read_bytes()[:-50])
        with caplog.at_level(logging.WARNING):
            again = clone(gen).fit(X, y, z)
    finally:
        os.umask(old)
    assert "Exception while loading results" in caplog.text
    for name, weights in gen.weights_.items():
        np.testing.assert_array_equal(weights, again.weights_[name])
    texts = [caplog.text, *capfd.readouterr()]
    files = [path for path in folder.rglob("*") if path.is_file()]
    texts += [path.read_text() for path in files if path.suffix in (".json", ".py")]
    pays = {f"{pay:.9f}"[:-1] for pay in X["pay"]}
    for text in texts:
        assert not [value for value in {*X["name"], *pays} if value in text]
    if os.name != "nt":
        [entries] = folder.rglob("skfadm")
        closed = [entries, *entries.rglob("*")]
        assert not [p for p in closed if stat.S_IMODE(p.stat().st_mode) & 0o077]


def test_nothing_is_kept_that_would_never_be_found_again(table, tmp_path):
    gen = tiny(memory=str(tmp_path), random_state=None)
    with pytest.warns(UserWarning, match="memory keeps nothing.*random_state is None"):
        gen.fit(*table)
    assert n_kept(tmp_path) == 0
