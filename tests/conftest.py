"""What many tests share."""

import pytest


@pytest.fixture
def plt():
    """Give pyplot without windows, and close what a test leaves open."""
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    yield plt
    plt.close("all")
