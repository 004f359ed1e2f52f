"""What is saved tells its version; another version does not read it in silence."""

import pickle

import pytest
from sklearn.base import clone

import skfadm
from skfadm._files import own_version

from .generators import tiny


def saved_by(version, generator, monkeypatch):
    """Return a generator as another version would have saved it."""
    with monkeypatch.context() as patch:
        patch.setattr("skfadm._base.own_version", lambda: version)
        return pickle.dumps(generator)


def test_a_generator_of_another_version_names_it_and_what_to_do(fitted, monkeypatch):
    saved = saved_by("0.0.7", fitted, monkeypatch)
    said = "FairDiffusionGenerator was written by skfadm 0.0.7, this is .* again"
    with pytest.raises(ValueError, match=said):
        pickle.loads(saved)


def test_a_generator_of_a_version_with_another_third_number_loads(fitted, monkeypatch):
    major, minor, _ = skfadm.__version__.split(".")
    saved = saved_by(f"{major}.{minor}.99", fitted, monkeypatch)
    loaded = pickle.loads(saved)
    assert loaded.sample(3)[0].equals(fitted.sample(3)[0])
    assert not hasattr(loaded, "_skfadm_version")


def test_parameters_alone_load_whatever_the_version(monkeypatch):
    loaded = pickle.loads(saved_by("0.0.7", tiny(lambda_y=2.0), monkeypatch))
    assert clone(loaded).lambda_y == 2.0


def test_what_is_installed_is_what_the_package_says():
    assert own_version() == skfadm.__version__
