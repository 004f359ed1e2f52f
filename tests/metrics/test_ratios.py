"""Eq. 12 and 13 against fairlearn, and where they are undefined."""

import fairlearn.metrics
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import UndefinedMetricWarning

from skfadm.metrics import demographic_parity_ratio, equal_opportunity_ratio

RATIOS = [
    (demographic_parity_ratio, fairlearn.metrics.demographic_parity_ratio),
    (equal_opportunity_ratio, fairlearn.metrics.equal_opportunity_ratio),
]


def random_labels(seed, n=300, n_groups=2, n_labels=2):
    rng = np.random.default_rng(seed)
    z = rng.integers(n_groups, size=n)
    # The rates differ by group, so that wrong groups give wrong ratios.
    y_pred = (rng.uniform(size=n) < 0.3 + 0.15 * z).astype(int)
    return rng.integers(n_labels, size=n), y_pred, z


@pytest.mark.parametrize(("ours", "theirs"), RATIOS)
@pytest.mark.parametrize("n_groups", [2, 3, 5])
@pytest.mark.parametrize("seed", range(2))
def test_ratio_agrees_with_fairlearn(ours, theirs, n_groups, seed):
    y_true, y_pred, z = random_labels(seed, n_groups=n_groups)
    expected = theirs(y_true, y_pred, sensitive_features=z)
    assert 0 < expected < 1
    assert ours(y_true, y_pred, z=z) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("ours", "theirs"), RATIOS)
def test_several_attributes_are_compared_in_their_combinations(ours, theirs):
    y_true, y_pred, sex = random_labels(0)
    age = np.random.default_rng(1).choice(["old", "young", "mid"], size=len(sex))
    table = pd.DataFrame({"sex": sex, "age": age})
    expected = theirs(y_true, y_pred, sensitive_features=table)
    assert ours(y_true, y_pred, z=table) == pytest.approx(expected, abs=1e-12)
    objects = table.to_numpy(dtype=object)
    assert ours(y_true, y_pred, z=objects) == pytest.approx(expected, abs=1e-12)
    assert expected < theirs(y_true, y_pred, sensitive_features=sex)


def test_paper_equations_by_hand():
    y_true = [1, 1, 1, 1, 0, 1, 1, 0, 0, 0]
    y_pred = [1, 1, 0, 0, 1, 1, 0, 0, 0, 0]
    z = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    # P(1|0) = 3/5, P(1|1) = 1/5; among true positives 2/4 and 1/2.
    assert demographic_parity_ratio(y_true, y_pred, z=z) == pytest.approx(1 / 3)
    assert equal_opportunity_ratio(y_true, y_pred, z=z) == 1.0
    assert demographic_parity_ratio([0, 1, 0, 1], [0, 0, 0, 1], z=[0, 0, 1, 1]) == 0


@pytest.mark.parametrize(("ours", "theirs"), RATIOS)
@pytest.mark.parametrize(
    "names",
    [
        np.array(["no", "yes"]),
        np.array([-1, 1]),
        np.array([False, True]),
        pd.Categorical(["no", "yes"]),
        pd.array([0, 1], dtype="Int64"),
    ],
)
def test_the_larger_of_two_labels_is_the_positive_one(ours, theirs, names):
    y_true, y_pred, z = random_labels(3)
    expected = theirs(y_true, y_pred, sensitive_features=z)
    true, pred = pd.Series(names[y_true]), pd.Series(names[y_pred])
    assert ours(true, pred, z=z) == pytest.approx(expected, abs=1e-12)
    z_words = pd.Series(np.array(["f", "m"])[z], dtype="category")
    assert ours(true, pred, z=z_words) == pytest.approx(expected, abs=1e-12)
    other = theirs(1 - y_true, 1 - y_pred, sensitive_features=z)
    smaller = ours(true, pred, z=z, pos_label=names[0])
    assert smaller == pytest.approx(other, abs=1e-12) != expected


@pytest.mark.parametrize(("ours", "theirs"), RATIOS)
def test_of_three_labels_the_smallest_ratio_counts(ours, theirs):
    rng = np.random.default_rng(0)
    z = rng.integers(2, size=400)
    y_true, y_pred = rng.integers(3, size=(2, 400))
    each = [
        theirs(y_true == label, y_pred == label, sensitive_features=z)
        for label in range(3)
    ]
    assert ours(y_true, y_pred, z=z) == pytest.approx(min(each), abs=1e-12)
    assert ours(y_true, y_pred, z=z, pos_label=1) == pytest.approx(each[1], abs=1e-12)


@pytest.mark.parametrize("ratio", [demographic_parity_ratio, equal_opportunity_ratio])
@pytest.mark.parametrize(
    ("y_pred", "z", "words"),
    [
        ([0, 0, 0, 0], [0, 0, 1, 1], "the ratio is undefined"),
        ([0, 1, 0, 0], ["m"] * 4, "a ratio compares two"),
    ],
)
def test_undefined_ratios_are_nan_and_said_so(ratio, y_pred, z, words):
    match = f"{ratio.__name__}: .*{words}"
    with pytest.warns(UndefinedMetricWarning, match=match) as caught:
        assert np.isnan(ratio([0, 1, 0, 1], y_pred, z=z))
    assert caught[0].filename == __file__  # it points to the caller


def test_equal_opportunity_leaves_out_a_group_without_positive_rows():
    y_true = [1, 1, 1, 1, 0, 0]
    y_pred = [1, 1, 1, 0, 1, 0]
    z = ["a", "a", "b", "b", "c", "c"]
    with pytest.warns(UndefinedMetricWarning, match="1 group.* left out"):
        assert equal_opportunity_ratio(y_true, y_pred, z=z) == 0.5
    with pytest.warns(UndefinedMetricWarning, match="1 of 2 group"):
        assert np.isnan(equal_opportunity_ratio(y_true[2:], y_pred[2:], z=z[2:]))


def test_a_third_label_that_nobody_gets_is_left_out_and_said_so():
    y_true = ["a", "b", "c", "a", "b", "c"]
    y_pred = ["a", "b", "b", "a", "b", "a"]
    z = [0, 0, 0, 1, 1, 1]
    with pytest.warns(UndefinedMetricWarning, match="label 'c', the ratio is undef"):
        assert demographic_parity_ratio(y_true, y_pred, z=z) == 0.5


def test_all_negative_numbers_are_not_taken_for_positives():
    with pytest.warns(UndefinedMetricWarning):
        assert np.isnan(demographic_parity_ratio([0, 0], [0, 0], z=[0, 1]))
    for label in ("no", 2):
        with pytest.raises(ValueError, match="Pass pos_label"):
            demographic_parity_ratio([label] * 2, [label] * 2, z=[0, 1])
    with pytest.warns(UndefinedMetricWarning):
        ratio = demographic_parity_ratio(["no"] * 2, ["no"] * 2, z=[0, 1], pos_label="")
    assert np.isnan(ratio)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_pred": [0, 1, 1]}, "y_pred has 3 rows but y_true has 4"),
        ({"z": [0, 1, 1]}, "z has 3 rows but y_true has 4"),
        ({"z": [0, 1, None, 1]}, "z has 1 missing"),
        ({"z": np.zeros((4, 0))}, "z has no columns"),
        ({"y_pred": [0.2, 0.7, 0.1, 0.4]}, "y_pred holds continuous"),
        ({"y_true": ["a", None, "b", "b"]}, "y_true has 1 missing"),
        ({"y_pred": np.eye(4)}, "y_pred has 4 columns"),
        ({"y_pred": ["0", "1", "1", "0"]}, "labels of one kind"),
        ({"y_pred": np.array([0, "1", 1, 0], dtype=object)}, "labels of one kind"),
        ({"pos_label": "1"}, "pos_label='1' is not among the labels"),
    ],
)
@pytest.mark.parametrize("ratio", [demographic_parity_ratio, equal_opportunity_ratio])
def test_bad_input_is_named(ratio, changes, message):
    arguments = {"y_true": [0, 1, 0, 1], "y_pred": [0, 1, 1, 0], "z": [0, 1, 0, 1]}
    arguments |= changes
    y_true, y_pred = arguments.pop("y_true"), arguments.pop("y_pred")
    with pytest.raises(ValueError, match=message):
        ratio(y_true, y_pred, **arguments)
