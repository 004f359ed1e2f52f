"""What is saved tells its version; another version does not read it in silence."""

import pickle

import pytest

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
    # Parameters alone load whatever the version, and so does another third number.
    assert (
        pickle.loads(saved_by("0.0.7", tiny(lambda_y=2.0), monkeypatch)).lambda_y == 2
    )
    major, minor, _ = skfadm.__version__.split(".")
    loaded = pickle.loads(saved_by(f"{major}.{minor}.99", fitted, monkeypatch))
    assert loaded.sample(3)[0].equals(fitted.sample(3)[0])
    assert not hasattr(loaded, "_skfadm_version")


def test_what_is_installed_is_what_the_package_says():
    assert own_version() == skfadm.__version__
