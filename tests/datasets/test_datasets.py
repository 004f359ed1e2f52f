from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal
from sklearn.linear_model import LogisticRegression

from skfadm.datasets import _adult, fetch_adult, make_biased_domains

ADULT = Path(__file__).parents[2] / "shared" / "data" / "adult"
needs_adult = pytest.mark.skipif(
    not (ADULT / "adult.data").is_file(), reason="the UCI files are not there"
)

# --- make_biased_domains ------------------------------------------------------

SETTINGS = [
    {},
    {"n_classes": 3, "n_groups": 3, "n_domains": 4, "n_features": 3},
    {"group_shares": [0.98, 0.02], "bias": [0.0, 0.3, 0.9]},
    {"n_classes": 3, "class_shares": [0.2, 0.5, 0.3], "n_domains": 1, "shift": 0.0},
]


@pytest.fixture(scope="module", params=SETTINGS, ids=range(len(SETTINGS)))
def biased(request):
    return make_biased_domains(20_000, random_state=0, **request.param)


def test_shapes_and_values(biased):
    n_domains, n_classes, n_groups, n_features = biased.model.means.shape
    assert biased.data.shape == (20_000, n_features)
    assert biased.data.dtype == np.float64
    assert set(biased.target) == set(range(n_classes))
    assert set(biased.z) == set(range(n_groups))
    assert set(biased.domains) == {f"domain_{d}" for d in range(n_domains)}
    assert len(biased.feature_names) == n_features


def test_shares_are_what_was_asked_for():
    model = make_biased_domains(
        1,
        class_shares=[0.2, 0.5, 0.3],
        n_classes=3,
        group_shares=[0.98, 0.02],
        domain_shares=[0.5, 0.3, 0.2],
        bias=[0.0, 0.4, 0.99],
        random_state=0,
    ).model
    np.testing.assert_allclose(model.joint.sum(axis=2), [[0.2, 0.5, 0.3]] * 3)
    np.testing.assert_allclose(model.joint.sum(axis=1), [[0.98, 0.02]] * 3)
    np.testing.assert_allclose(model.domain_shares, [0.5, 0.3, 0.2])
    assert (model.joint > 0).all() or model.joint.min() > -1e-15


def test_two_equal_labels_and_groups_agree_as_often_as_documented():
    for bias in (0.0, 0.25, 0.8):
        table = make_biased_domains(1, bias=bias).model.table()
        assert np.trace(table) == pytest.approx((1 + bias) / 2)


def test_without_bias_label_and_group_are_independent():
    for model in (
        make_biased_domains(1, bias=0, n_groups=3).model,
        make_biased_domains(1, bias=[0.2, 0.5, 0.9], n_groups=3).model.unbiased(),
    ):
        np.testing.assert_allclose(model.pmi(), 0, atol=1e-12)


def test_rows_follow_the_tables(biased):
    model = biased.model
    codes = np.array([int(name.removeprefix("domain_")) for name in biased.domains])
    counts = np.zeros(model.joint.shape)
    np.add.at(counts, (codes, biased.target, biased.z), 1)
    expected = model.domain_shares[:, None, None] * model.joint
    error = np.sqrt(expected / 20_000)
    assert (np.abs(counts / 20_000 - expected) < 5 * error + 1e-9).all()
    np.testing.assert_allclose(model.table(), expected.sum(axis=0))

    table = counts.sum(axis=0) / 20_000
    outer = np.outer(table.sum(axis=1), table.sum(axis=0))
    cells = table > 0.01
    np.testing.assert_allclose(
        model.pmi()[cells], np.log(table / outer)[cells], atol=0.1
    )


def test_features_are_normal_around_the_means(biased):
    codes = np.array([int(name.removeprefix("domain_")) for name in biased.domains])
    noise = biased.data - biased.model.means[codes, biased.target, biased.z]
    np.testing.assert_allclose(noise.mean(axis=0), 0, atol=0.04)
    np.testing.assert_allclose(np.cov(noise.T), np.eye(noise.shape[1]), atol=0.06)


def test_neighbouring_means_are_as_far_apart_as_asked_for():
    means = make_biased_domains(
        1, n_classes=3, n_groups=3, class_sep=3.0, group_sep=1.5, shift=0.5
    ).model.means
    for axis, distance in ((0, 0.5), (1, 3.0), (2, 1.5)):
        lengths = np.linalg.norm(np.diff(means, axis=axis), axis=-1)
        np.testing.assert_allclose(lengths, distance)
    steps = [np.diff(means, axis=axis)[0, 0, 0] for axis in range(3)]
    np.testing.assert_allclose(
        np.triu(np.array(steps) @ np.transpose(steps), 1), 0, atol=1e-12
    )


@pytest.mark.parametrize("domain", [None, 0])
def test_densities_and_posteriors_agree_with_scipy(biased, domain):
    model, X = biased.model, biased.data[:40]
    n_domains, n_classes, n_groups, n_features = model.means.shape
    joint = np.zeros((40, n_classes, n_groups))
    for d in range(n_domains) if domain is None else [domain]:
        weight = model.domain_shares[d] if domain is None else 1.0
        for y in range(n_classes):
            for z in range(n_groups):
                density = multivariate_normal(model.means[d, y, z]).pdf(X)
                joint[:, y, z] += weight * model.joint[d, y, z] * density
    p_x = joint.sum(axis=(1, 2))
    table = model.table(domain)
    close = {"rtol": 1e-9, "atol": 1e-15}
    np.testing.assert_allclose(
        np.exp(model.log_density(X, domain=domain)), p_x, **close
    )
    np.testing.assert_allclose(
        model.posterior_y(X, domain), joint.sum(axis=2) / p_x[:, None], **close
    )
    np.testing.assert_allclose(
        model.posterior_z(X, domain), joint.sum(axis=1) / p_x[:, None], **close
    )
    np.testing.assert_allclose(
        np.exp(model.log_density(X, y=1, domain=domain)),
        joint[:, 1].sum(axis=1) / table[1].sum(),
        **close,
    )
    np.testing.assert_allclose(
        np.exp(model.log_density(X, y=1, z=0, domain=domain)),
        joint[:, 1, 0] / table[1, 0],
        **close,
    )
    np.testing.assert_allclose(
        np.exp(model.log_density(X, z=1, domain=domain)),
        joint[:, :, 1].sum(axis=1) / table[:, 1].sum(),
        **close,
    )


def test_density_integrates_to_one_along_a_line():
    # All directions but one integrate to 1 by themselves: a product of normals.
    model = make_biased_domains(1, n_domains=1, n_features=3, random_state=0).model
    axis = np.eye(3)[0]

    def along(t):
        return np.exp(model.log_density((t * axis)[None]))[0]

    by_component = sum(
        p * multivariate_normal(mean[1:]).pdf(np.zeros(2))
        for p, mean in zip(
            model.joint[0].ravel(), model.means[0].reshape(-1, 3), strict=True
        )
    )
    assert quad(along, -12, 12)[0] == pytest.approx(by_component, rel=1e-8)


def test_posteriors_are_the_same_in_all_domains_of_equal_bias():
    same = make_biased_domains(200, shift=3.0, bias=0.5, random_state=0)
    other = make_biased_domains(200, shift=3.0, bias=[0.5, 0.5, 0.0], random_state=0)
    X = same.data
    for posterior in ("posterior_y", "posterior_z"):
        first, second, third = (
            getattr(other.model, posterior)(X, domain) for domain in range(3)
        )
        np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-15)
        assert np.abs(first - third).max() > 0.1
        pooled = getattr(same.model, posterior)(X)
        np.testing.assert_allclose(pooled, first, rtol=1e-9, atol=1e-15)


def test_no_classifier_beats_the_posterior_and_a_linear_one_comes_close():
    biased = make_biased_domains(8000, random_state=1)
    best = np.mean(
        biased.model.posterior_y(biased.data).argmax(axis=1) == biased.target
    )
    linear = LogisticRegression().fit(biased.data, biased.target)
    assert 0.8 < linear.score(biased.data, biased.target) < best + 0.01
    assert linear.score(biased.data, biased.target) > best - 0.02


def test_bias_makes_the_best_classifier_unfair_and_unbiased_rows_do_not():
    biased = make_biased_domains(8000, bias=0.8, random_state=0)
    fair_rows, _, z, _ = biased.model.unbiased().sample(8000, random_state=0)

    def parity(model, X, groups):
        y_pred = model.posterior_y(X).argmax(axis=1)
        rates = [y_pred[groups == g].mean() for g in (0, 1)]
        return min(rates) / max(rates)

    assert parity(biased.model, biased.data, biased.z) < 0.3
    assert parity(biased.model.unbiased(), fair_rows, z) > 0.95


def test_frames_hold_the_same_numbers_as_arrays():
    arrays = make_biased_domains(50, random_state=3)
    frames = make_biased_domains(50, random_state=3, as_frame=True)
    pd.testing.assert_frame_equal(
        frames.data, pd.DataFrame(arrays.data, columns=arrays.feature_names)
    )
    for key, name in (("target", "y"), ("z", "z"), ("domains", "domain")):
        assert frames[key].name == name
        np.testing.assert_array_equal(frames[key], arrays[key])


def test_seed_repeats_and_global_random_state_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    draws = [make_biased_domains(20, random_state=s).data for s in (0, 0, 1, None)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.allclose(draws[0], draws[2])
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 0}, "n_samples must be an integer >= 1, got 0"),
        ({"n_samples": 10.0}, "n_samples must be an integer"),
        ({"n_features": 2}, "n_features must be an integer >= 3"),
        ({"n_classes": 1}, "n_classes must be an integer >= 2"),
        ({"n_groups": 1}, "n_groups must be an integer >= 2"),
        ({"n_domains": 0}, "n_domains must be an integer >= 1"),
        ({"class_sep": -1}, "class_sep must be a finite number >= 0"),
        ({"group_sep": np.inf}, "group_sep must be a finite"),
        ({"shift": "far"}, "shift must be a finite"),
        ({"bias": 1.0}, "bias must be a number in"),
        ({"bias": -0.1}, "bias must be a number in"),
        ({"bias": [0.1, 0.2]}, "bias must be a number in .* or 3 of them"),
        ({"bias": np.nan}, "bias must be a number in"),
        ({"class_shares": [0.5, 0.6]}, "class_shares must be 2 positive numbers"),
        ({"group_shares": [1.0, 0.0]}, "group_shares must be 2 positive numbers"),
        ({"domain_shares": [0.5, 0.5]}, "domain_shares must be 3 positive numbers"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_biased_domains(**arguments)


# --- fetch_adult --------------------------------------------------------------

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
WORDS = [
    "workclass",
    "marital-status",
    "occupation",
    "relationship",
    "native-country",
]


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
        "marital-status": [
            "Never-married",
            "Married-civ-spouse",
            "Never-married",
            "Divorced",
        ],
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

    monkeypatch.setattr(_adult, "fetch_openml", fetch_openml)
    return calls, frame


def assert_same_adult(one, other):
    pd.testing.assert_frame_equal(one.data, other.data)
    for key in ("target", "z", "domains"):
        pd.testing.assert_series_equal(one[key], other[key])
    assert one.feature_names == other.feature_names == list(one.data.columns)


def test_both_sources_give_the_same_table(uci_folder, openml):
    local = fetch_adult(data_home=uci_folder)
    assert not openml[0]
    fetched = fetch_adult()
    assert_same_adult(local, fetched)

    assert list(fetched.data.columns) == NUMBERS + WORDS
    assert (fetched.data.dtypes[NUMBERS] == np.int64).all()
    assert all(isinstance(fetched.data[w].dtype, pd.CategoricalDtype) for w in WORDS)
    assert fetched.data["workclass"].isna().tolist() == [False, True, False, False]
    assert fetched.data["native-country"].cat.categories.tolist() == [
        "Cuba",
        "Mexico",
        "United-States",
    ]
    assert fetched.target.tolist() == ["<=50K", ">50K", "<=50K", ">50K"]
    assert fetched.z.tolist() == ["Male", "Male", "Female", "Female"]
    assert fetched.domains.tolist() == ["White", "Black", "Other", "White"]
    names = [fetched[key].name for key in ("target", "z", "domains")]
    assert names == ["income", "sex", "race"]
    assert "CC BY 4.0" in fetched.DESCR
    assert "10.24432/C5XW20" in fetched.DESCR


def test_openml_is_asked_for_version_2_and_given_the_cache_folder(openml, tmp_path):
    fetch_adult()
    fetch_adult(data_home=tmp_path)  # holds no UCI files
    (first, second) = openml[0]
    assert first[0] == ("adult",)
    assert first[1]["version"] == 2
    assert first[1]["data_home"] is None
    assert second[1]["data_home"] == str(tmp_path)


def test_half_of_the_uci_files_is_an_error(uci_folder, openml):
    (uci_folder / "adult.test").unlink()
    with pytest.raises(FileNotFoundError, match="holds adult.data alone"):
        fetch_adult(data_home=uci_folder)


def test_another_table_is_an_error(openml):
    frame = openml[1]
    del frame["occupation"]
    with pytest.raises(ValueError, match=r"not Adult: it lacks .*'occupation'"):
        fetch_adult()


def test_unknown_labels_are_an_error(uci_folder):
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
