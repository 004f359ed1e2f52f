"""Commands that the tests run, and what they say when they fail."""

import os
from pathlib import Path

import skfadm
from skfadm.cli import main

# Other processes shall find the package that is tested, installed or not.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(skfadm.__file__).parents[1])}
LABELS = ["--label", "income", "--sensitive", "sex", "--domain", "race"]
LEARN = [*LABELS, "--max-iter", "2"]
GOOD = ["generate", "adult.csv", *LEARN, "-o", "fair.csv"]


def error_of(capsys, *argv):
    """Run a command that fails; return its message."""
    before = set(os.listdir())
    assert main(list(argv)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("skfadm: error: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert set(os.listdir()) == before
    return err
