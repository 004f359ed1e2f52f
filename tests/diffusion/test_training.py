import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import skfadm

TRAIN_TWICE = """
import sys
import joblib, numpy as np
from skfadm.diffusion.training import NetworkSizes, TrainingSettings, train

rows, codes = np.eye(4, 2, dtype=np.float32), np.arange(4) % 2
rates = dict.fromkeys(["score", "y"], 0.1)
arguments = (
    rows, codes, np.empty((4, 0), np.int64), np.zeros(4, np.int64),
    NetworkSizes(2, (), 2, (), 4, 1, True, True),
    TrainingSettings(2, 4, rates, rates, rates, False), 0,
)
cached = joblib.Memory(sys.argv[1], verbose=0).cache(train)
for _ in range(2):
    cached(*arguments)
print(*sorted({m.split(".")[1] for m in sys.modules if m.startswith("skfadm.")}))
"""


@pytest.fixture
def copied(tmp_path):
    """Return a folder with a copy of the package, to be changed."""
    source = Path(skfadm.__file__).parent
    (tmp_path / "skfadm").mkdir()
    shutil.copy(source / "__init__.py", tmp_path / "skfadm")
    shutil.copytree(source / "diffusion", tmp_path / "skfadm" / "diffusion")
    return tmp_path


def test_what_joblib_keeps_of_training_is_not_what_older_code_has_learned(copied):
    def train_twice():
        command = [sys.executable, "-c", TRAIN_TWICE, "kept"]
        done = subprocess.run(command, cwd=copied, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        # Training runs through no code whose changes would not be noticed.
        assert done.stdout.split() == ["diffusion"]
        return len(list((copied / "kept").rglob("output.pkl")))

    assert train_twice() == 1
    with (copied / "skfadm/diffusion/losses.py").open("a") as losses:
        losses.write("UNLABELLED_SHARE = 0.5\n")
    assert train_twice() == 2
