"""A small table in the files of UCI's Adult."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import _tables

RACES = ["Black", "Other", "White"]


def write_adult(folder, n=150, seed=0):
    """Write adult.data and adult.test with `n` rows in all, of three races."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["Male", "Female"], n)
    hours = rng.integers(20, 60, n)
    education = rng.integers(5, 17, n)
    points = 0.1 * (hours - 40) + 0.3 * (education - 10) + (sex == "Male") - 0.5
    table = pd.DataFrame(
        {
            "age": rng.integers(17, 80, n),
            "workclass": rng.choice(["Private", "State-gov", "?"], n),
            "fnlwgt": 1,
            "education": "HS-grad",
            "education-num": education,
            "marital-status": rng.choice(["Divorced", "Never-married"], n),
            "occupation": rng.choice(["Sales", "Tech-support"], n),
            "relationship": np.where(sex == "Male", "Husband", "Wife"),
            "race": rng.choice(RACES, n),
            "sex": sex,
            "capital-gain": np.where(rng.random(n) < 0.8, 0, 5000),
            "capital-loss": np.where(rng.random(n) < 0.9, 0, 1900),
            "hours-per-week": hours,
            "native-country": rng.choice(["United-States", "Mexico"], n),
            "income": np.where(rng.logistic(points) > 0, ">50K", "<=50K"),
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    options = {"index": False, "header": False}
    table[: n // 2].to_csv(folder / "adult.data", **options)
    table[n // 2 :].assign(income=table["income"] + ".").to_csv(
        folder / "adult.test", **options
    )
    return folder


@pytest.fixture(scope="session")
def adult_folder(tmp_path_factory):
    return write_adult(tmp_path_factory.mktemp("adult"))


@pytest.fixture(scope="session")
def adult(adult_folder):
    return _tables.adult(adult_folder)
