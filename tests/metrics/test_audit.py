from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from skfadm.datasets import make_biased_domains
from skfadm.metrics import audit_groups


@pytest.fixture(scope="module")
def biased():
    return make_biased_domains(20_000, n_domains=1, bias=0.8, random_state=0)


def audit(real, generated, z, **params):
    return audit_groups(real, generated, z, classifier=LogisticRegression(), **params)


def test_real_rows_are_told_as_the_true_model_tells_them(biased):
    rows = biased.data, biased.target
    found = audit(rows, rows, biased.z)
    p = biased.model.posterior_z(biased.data)
    expected = [p[biased.target == 1, g].sum() / p[:, g].sum() for g in (0, 1)]
    np.testing.assert_allclose(found.rates["real"], expected, atol=0.02)
    observed = [biased.target[biased.z == g].mean() for g in (0, 1)]
    np.testing.assert_allclose(found.rates["observed"], observed)
    real = found.summary.loc[("z", 1, "real")]
    assert real["certainty"] == pytest.approx(p.max(1).mean(), abs=0.03)
    assert real["guess"] == pytest.approx(max(p.mean(0)), abs=0.02)
    assert real["favoured"] == int(np.argmax(expected))
    assert real["ratio"] == pytest.approx(min(expected) / max(expected), abs=0.02)


def test_labels_that_are_dealt_at_random_have_the_ratio_of_chance(biased):
    shuffled = np.random.default_rng(0).permutation(biased.target)
    found = audit((biased.data, biased.target), (biased.data, shuffled), biased.z)
    summary = found.summary.droplevel([0, 1])
    assert summary.loc["generated", "ratio"] == pytest.approx(
        summary.loc["generated", "by_chance"], abs=0.03
    )
    assert summary.loc["real", "ratio"] < summary.loc["real", "by_chance"] - 0.2
    assert summary.loc["generated", "certainty"] == pytest.approx(
        summary.loc["real", "certainty"], abs=0.01
    )


def test_each_attribute_and_each_of_several_labels_has_rows_of_its_own(biased):
    X, n = biased.data[:1500], np.arange(1500)
    z = pd.DataFrame({"sex": biased.z[:1500], "age": n % 3})
    rows = X, np.array(["a", "b", "c"])[n % 3]
    found = audit(rows, rows, z)
    assert len(found.rates) == 3 * (2 + 3)
    assert list(found.rates.index.unique("attribute")) == ["sex", "age"]
    by_group = found.rates["observed"].groupby(["attribute", "group"]).sum()
    np.testing.assert_allclose(by_group, 1.0)
    one = audit(rows, rows, z, pos_label="b")
    pd.testing.assert_frame_equal(one.rates, found.rates.xs("b", level=1, drop_level=0))


def test_it_prints_ratios_and_escapes_names_in_html(biased):
    rows = biased.data[:200], biased.target[:200]
    found = audit(rows, rows, pd.Series(biased.z[:200], name="<b>"))
    assert "favoured" in str(found) and "real 0." in repr(found)
    assert "&lt;b&gt;" in found._repr_html_() and "<b>" not in found._repr_html_()


def test_labels_and_groups_that_make_no_sense_are_refused(biased):
    rows = biased.data, biased.target
    with pytest.raises(ValueError, match="generated"):
        audit(rows, (biased.data, biased.target + 5), biased.z)
    with pytest.raises(ValueError, match="two groups"):
        audit(rows, rows, np.zeros(20_000))
    with pytest.raises(ValueError, match="pos_label=7"):
        audit(rows, rows, biased.z, pos_label=7)


def test_bars_of_an_audit_are_its_rates(plt, biased):
    rows = biased.data[:500], biased.target[:500]
    found = audit(rows, rows, biased.z[:500])
    display = found.plot()
    widths = [[bar.get_width() for bar in bars] for bars in display.bars_]
    np.testing.assert_allclose(widths, found.rates[["real", "generated"]].T)
    assert display.ax_.get_xlabel() == "share that gets 1"
    assert [t.get_text() for t in display.ax_.get_yticklabels()] == ["z = 0", "z = 1"]
    assert plt.figure(plt.get_fignums()[-1]) is display.figure_


def test_names_with_dollars_and_truth_values_are_drawn_as_they_are(plt, biased):
    n = np.arange(200)
    z = pd.DataFrame({"a $b_c$": ["$25K_$50K", "$"] * 100, "black": n % 2 == 0})
    rows = biased.data[:200], np.array(["$x$", "$\\frac{$"])[n // 2 % 2]
    display = audit(rows, rows, z).plot()
    display.figure_.savefig(BytesIO(), format="png")
    names = [t.get_text() for t in display.ax_.get_yticklabels()]
    assert any("black = True" in name.replace("\n", " ") for name in names)
    texts = display.figure_.findobj(lambda artist: hasattr(artist, "_preprocess_math"))
    assert not any(t._preprocess_math(t.get_text())[1] for t in texts)
