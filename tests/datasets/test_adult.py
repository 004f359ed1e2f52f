"""Adult is the same table from either source."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skfadm.datasets import fetch_adult

ADULT = Path(__file__).parents[3] / "shared" / "data" / "adult"
needs_adult = pytest.mark.skipif(
    not (ADULT / "adult.data").is_file(), reason="the UCI files are not there"
)

# Lines as they are in the files.
UCI_DATA = """\
39, State-gov, 77516, Bachelors, 13, Never-married, Adm-clerical, Not-in-family, White, Male, 2174, 0, 40, United-States, <=50K
52, ?, 83311, Bachelors, 13, Married-civ-spouse, ?, Husband, Black, Male, 0, 0, 13, ?, >50K

"""  # noqa: E501
UCI_TEST = """\
|1x3 Cross validator
25, Private, 226802, 11th, 7, Never-married, Sales, Own-child, Other, Female, 0, 5, 40, Mexico, <=50K.
44, Private, 160323, Some-college, 10, Divorced, Sales, Husband, White, Female, 7688, 0, 40, Cuba, >50K.

"""  # noqa: E501
NUMBERS = ["age", "education-num", "capital-gain", "capital-loss", "hours-per-week"]
WORDS = ["workclass", "marital-status", "occupation", "relationship", "native-country"]


@pytest.fixture
def uci_folder(tmp_path):
    (tmp_path / "adult.data").write_text(UCI_DATA)
    (tmp_path / "adult.test").write_text(UCI_TEST)
    return tmp_path


@pytest.fixture
def openml(monkeypatch):
    """The same four rows as OpenML has them; returns the calls that were made."""
    words = {
        "workclass": ["State-gov", None, "Private", "Private"],
        "education": ["Bachelors", "Bachelors", "11th", "Some-college"],
        "marital-status": ["Never-married", "Married-civ-spouse"]
        + ["Never-married", "Divorced"],
        "occupation": ["Adm-clerical", None, "Sales", "Sales"],
        "relationship": ["Not-in-family", "Husband", "Own-child", "Husband"],
        "race": ["White", "Black", "Other", "White"],
        "sex": ["Male", "Male", "Female", "Female"],
        "native-country": ["United-States", None, "Mexico", "Cuba"],
        "class": ["<=50K", ">50K", "<=50K", ">50K"],
    }
    frame = pd.DataFrame(
        {
            "age": [39, 52, 25, 44],
            "fnlwgt": [77516, 83311, 226802, 160323],
            "education-num": [13, 13, 7, 10],
            "capital-gain": [2174, 0, 0, 7688],
            "capital-loss": [0, 0, 5, 0],
            "hours-per-week": [40, 13, 40, 40],
        },
        index=[7, 3, 5, 1],
    )
    for name, values in words.items():
        # OpenML declares categories in the order of its header, used or not.
        declared = ["unused", *sorted(set(values) - {None}, reverse=True)]
        frame[name] = pd.Categorical(values, categories=declared)
    calls = []

    def fetch_openml(*args, **kwargs):
        calls.append((args, kwargs))
        bunch = {"frame": frame.copy()}
        return type("Bunch", (), bunch)

    monkeypatch.setattr("skfadm.datasets._adult.fetch_openml", fetch_openml)
    return calls, frame


def test_both_sources_give_the_same_table(uci_folder, openml, tmp_path):
    local = fetch_adult(data_home=uci_folder)
    assert not openml[0]
    fetched = fetch_adult()
    pd.testing.assert_frame_equal(local.data, fetched.data)
    pd.testing.assert_frame_equal(local.frame, fetched.frame)
    for key, name in (("target", "income"), ("z", "sex"), ("domains", "race")):
        pd.testing.assert_series_equal(local[key], fetched[key])
        pd.testing.assert_series_equal(fetched[key], fetched.frame[name])
    X = fetched.data
    assert fetched.feature_names == list(X.columns) == NUMBERS + WORDS
    assert (X.dtypes[NUMBERS] == np.int64).all()
    assert all(isinstance(X[w].dtype, pd.CategoricalDtype) for w in WORDS)
    assert X["workclass"].isna().tolist() == [False, True, False, False]
    countries = X["native-country"].cat.categories.tolist()
    assert countries == ["Cuba", "Mexico", "United-States"]
    assert fetched.target.tolist() == ["<=50K", ">50K", "<=50K", ">50K"]
    assert fetched.z.tolist() == ["Male", "Male", "Female", "Female"]
    assert fetched.domains.tolist() == ["White", "Black", "Other", "White"]
    assert "CC BY 4.0" in fetched.DESCR and "10.24432/C5XW20" in fetched.DESCR
    (tmp_path / "cache").mkdir()
    fetch_adult(data_home=tmp_path / "cache")  # holds no UCI files
    homes = [(args, o["version"], o["data_home"]) for args, o in openml[0]]
    assert homes == [(("adult",), 2, None), (("adult",), 2, str(tmp_path / "cache"))]


def test_half_of_the_uci_files_is_an_error(uci_folder, openml):
    (uci_folder / "adult.test").unlink()
    with pytest.raises(FileNotFoundError, match="holds adult.data alone"):
        fetch_adult(data_home=uci_folder)


def test_another_table_is_an_error(uci_folder, openml):
    del openml[1]["occupation"]
    with pytest.raises(ValueError, match=r"not Adult: it lacks .*'occupation'"):
        fetch_adult()
    (uci_folder / "adult.data").write_text(UCI_DATA.replace(">50K", ">60K"))
    with pytest.raises(ValueError, match="not Adult: the labels are"):
        fetch_adult(data_home=uci_folder)


@needs_adult
def test_real_files_have_the_published_counts():
    adult = fetch_adult(data_home=ADULT)
    assert adult.data.shape == (48_842, 10)
    assert adult.data.columns.tolist() == NUMBERS + WORDS
    assert adult.frame.shape == (48_842, 15)
    pd.testing.assert_frame_equal(adult.frame[NUMBERS + WORDS], adult.data)
    for name, column in [("sex", adult.z), ("race", adult.domains)]:
        pd.testing.assert_series_equal(adult.frame[name], column)
    assert adult.domains.value_counts().to_dict() == {
        "White": 41_762,
        "Black": 4_685,
        "Asian-Pac-Islander": 1_519,
        "Amer-Indian-Eskimo": 470,
        "Other": 406,
    }
    rich = adult.target == ">50K"
    assert rich.sum() == 11_687
    assert adult.target.index.equals(pd.RangeIndex(48_842))
    assert rich[adult.z == "Female"].mean() == pytest.approx(0.11, abs=0.005)
    assert rich[adult.z == "Male"].mean() == pytest.approx(0.30, abs=0.005)
    missing = adult.data.isna().sum()
    assert missing[missing > 0].to_dict() == {
        "workclass": 2_799,
        "occupation": 2_809,
        "native-country": 857,
    }
    assert adult.data["native-country"].nunique() == 41
