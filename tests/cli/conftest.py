"""A folder with a table in it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier


@pytest.fixture(scope="package", autouse=True)
def small_trees():
    """Judge tables by small trees: the tests of the report look at the others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "skfadm.report._trees._booster",
            lambda rng: DecisionTreeClassifier(max_depth=3, random_state=0),
        )
        yield


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    n = 60
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "sex": rng.choice(["F", "M"], n),
            "income": rng.choice(["<=50K", ">50K"], n),
            "race": rng.choice(["A", "B", "C"], n),
            "hours": rng.normal(40, 5, n).round(2),
            "job": rng.choice(["x", "y", None], n),
        }
    )


@pytest.fixture
def folder(tmp_path, monkeypatch, table):
    """Work in a folder with the table as adult.csv."""
    monkeypatch.chdir(tmp_path)
    table.to_csv("adult.csv", index=False)
    return tmp_path


@pytest.fixture
def no_training(monkeypatch):
    """Fail if anything is trained."""

    def train(*_, **__):
        raise AssertionError("training has started")

    monkeypatch.setattr("skfadm._training.train", train)
