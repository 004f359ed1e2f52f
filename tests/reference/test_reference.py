import json

import numpy as np
import pytest

from . import FILE, figures, platform_name


def test_numerics_have_not_moved_on_this_platform():
    """Where they have on purpose, ``python -m tests.reference`` notes the new ones."""
    expected = json.loads(FILE.read_text()).get(platform_name())
    if expected is None:
        pytest.skip(f"no figures are kept for {platform_name()}")
    found = figures()
    # Processors of one kind differ in the last digits only.
    for name, loss in expected["losses"].items():
        assert found["losses"][name] == pytest.approx(loss, rel=1e-3), name
    for name, values in expected["rows"].items():
        own = found["rows"][name]
        if isinstance(values[0], float):
            np.testing.assert_allclose(own, values, rtol=0.01, atol=0.01, err_msg=name)
        else:
            assert own == values, name
