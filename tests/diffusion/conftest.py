import pytest


@pytest.fixture(autouse=True)
def seeded(seeded_torch):
    """Let tests of networks draw inputs and weights."""
