import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from skfadm.datasets import make_biased_domains
from skfadm.metrics import audit_groups


@pytest.fixture(scope="module")
def biased():
    return make_biased_domains(20_000, n_domains=1, bias=0.8, random_state=0)


def audit(real, generated, z):
    return audit_groups(real, generated, z, classifier=LogisticRegression())


def test_real_rows_are_told_as_the_true_model_tells_them(biased):
    rows = biased.data, biased.target
    found = audit(rows, rows, biased.z).loc[("z0", "real")]
    p = biased.model.posterior_z(biased.data)
    assert found["certainty"] == pytest.approx(p.max(1).mean(), abs=0.03)
    joint = np.stack([p[biased.target == a].sum(0) for a in (0, 1)]) / len(p)
    independent = np.outer(joint.sum(1), joint.sum(0))
    expected = (joint * np.log(joint / independent)).sum()
    assert found["mutual_information"] == pytest.approx(expected, rel=0.2)


def test_labels_that_are_dealt_at_random_go_along_with_no_group(biased):
    shuffled = np.random.default_rng(0).permutation(biased.target)
    table = audit(
        (biased.data, biased.target), (biased.data, shuffled), biased.z
    ).droplevel(0)
    information = table["mutual_information"]
    assert information["generated"] < 0.001 < 0.02 < information["real"]
    assert table.loc["generated", "certainty"] == pytest.approx(
        table.loc["real", "certainty"], abs=0.01
    )


def test_features_that_are_blurred_tell_the_group_less(biased):
    noise = np.random.default_rng(0).permutation(np.asarray(biased.data))
    for j in range(noise.shape[1]):
        noise[:, j] = np.random.default_rng(j).permutation(noise[:, j])
    table = audit((biased.data, biased.target), (noise, biased.target), biased.z)
    certainty = table["certainty"].droplevel(0)
    # Each column on its own suggests either group; together they contradict.
    assert certainty["generated"] < certainty["real"] - 0.02


def test_each_attribute_has_rows_of_its_own(biased):
    z = pd.DataFrame({"sex": biased.z, "age": np.arange(20_000) % 3})
    rows = biased.data, biased.target
    table = audit(rows, rows, z)
    assert list(table.index.get_level_values("attribute").unique()) == ["sex", "age"]
    assert table.loc[("age", "real"), "certainty"] < 0.4


def test_labels_and_groups_that_make_no_sense_are_refused(biased):
    rows = biased.data, biased.target
    with pytest.raises(ValueError, match="generated"):
        audit(rows, (biased.data, biased.target + 5), biased.z)
    with pytest.raises(ValueError, match="two groups"):
        audit(rows, rows, np.zeros(20_000))
