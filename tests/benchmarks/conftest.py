import pytest

from skfadm.datasets import fetch_adult

from .adult_files import write_adult


@pytest.fixture(scope="session")
def adult_folder(tmp_path_factory):
    return write_adult(tmp_path_factory.mktemp("adult"))


@pytest.fixture(scope="session")
def adult(adult_folder):
    return fetch_adult(data_home=adult_folder)
