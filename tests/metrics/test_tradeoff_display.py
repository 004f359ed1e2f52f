"""The trade-off display draws what one fitted generator gives at each strength."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from skfadm.datasets import make_biased_domains
from skfadm.metrics import FairnessScorer, FairnessTradeoffDisplay

from ..generators import tiny

pytestmark = pytest.mark.usefixtures("plt")


@pytest.fixture(scope="module")
def data():
    return make_biased_domains(600, n_domains=1, bias=0.3, random_state=0)


@pytest.fixture(scope="module")
def generator(data):
    return tiny(max_iter=60).fit(data.data, data.target, data.z)


def draw(generator, data, **params):
    return FairnessTradeoffDisplay.from_estimator(
        generator,
        data.data,
        data.target,
        data.z,
        classifier=LogisticRegression(),
        n_samples=300,
        **{"n_repeats": 1, **params},
    )


def test_points_are_the_scores_of_rows_sampled_with_each_strength(data, generator):
    generator.set_params(lambda_yz=1.0)
    real = (data.data, data.target)
    display = draw(generator, data, strengths=[0.0, 0.5], real_rows=real)
    accuracy = LogisticRegression().fit(*real).score(*real)
    assert display.real_.get_offsets()[0][1] == pytest.approx(accuracy)
    for i, strength in enumerate([0.0, 0.5]):
        generator.set_params(lambda_yz=strength)
        model = LogisticRegression().fit(*generator.sample(300, random_state=0))
        scorer = FairnessScorer(("accuracy", "demographic_parity_ratio"))
        scores = scorer(model, data.data, data.target, z=data.z)
        point = display.line_.get_xydata()[i]
        assert point[1] == scores["accuracy"]
        assert point[0] == scores["demographic_parity_ratio"]
    generator.set_params(lambda_yz="auto")


def test_auto_is_one_more_point_and_is_ringed(data, generator):
    ax = Figure().subplots()
    display = draw(generator, data, strengths=[0.0, 1.0], ax=ax, name="mine")
    assert display.ax_ is ax and display.real_ is None
    assert {"0", "better \u2197"} <= {text.get_text() for text in ax.texts}
    assert "mine" in [t.get_text() for t in ax.get_legend().get_texts()]
    assert display.auto == generator.lambda_yz_
    assert list(display.strengths) == sorted({0.0, generator.lambda_yz_, 1.0})
    place = list(display.strengths).index(display.auto)
    ring = display.auto_.get_offsets()[0]
    np.testing.assert_allclose(ring, display.line_.get_xydata()[place])
    assert f"auto ({display.auto:.2g})" in [t.get_text() for t in display.ax_.texts]


def test_repeats_give_means_and_t_intervals_of_them(data, generator):
    generator.set_params(lambda_yz=1.0)
    single = [
        draw(generator, data, strengths=[0.0, 1.0], random_state=seed)
        for seed in (3, 4, 5)
    ]
    display = draw(generator, data, strengths=[0.0, 1.0], n_repeats=3, random_state=3)
    generator.set_params(lambda_yz="auto")
    for name in ("accuracy", "ratio"):
        scores = np.array([getattr(one, name) for one in single])
        np.testing.assert_allclose(getattr(display, name), scores.mean(0))
        half = 4.303 * scores.std(0, ddof=1) / np.sqrt(3)  # t of 2 degrees of freedom
        ends = np.stack([scores.mean(0) - half, scores.mean(0) + half], 1).clip(0, 1)
        np.testing.assert_allclose(
            getattr(display, f"{name}_interval"), ends, rtol=1e-3
        )
    assert display.intervals_ is not None
    assert single[0].intervals_ is None


def test_four_fifths_and_the_positive_label_are_marked():
    display = FairnessTradeoffDisplay(
        strengths=[0, 1], accuracy=[0.8, 0.7], ratio=[0.9, np.nan], pos_label="yes"
    ).plot()
    texts = [text.get_text() for text in display.ax_.texts]
    assert "0" in texts and "1" not in texts  # an undefined ratio is a gap
    lines = {line.get_label(): line.get_xdata() for line in display.ax_.lines}
    assert list(lines["four fifths"]) == [0.8, 0.8]
    assert display.ax_.get_xlim()[0] < 0.8 < display.ax_.get_xlim()[1]
    assert "yes" in display.ax_.get_xlabel()
    assert display.ax_.get_title()


def test_what_a_generator_predicts_is_drawn_without_sampling(generator, monkeypatch):
    monkeypatch.delattr(type(generator), "sample_strengths")
    ax = generator.tradeoff_.plot(ratio="equal_opportunity")
    drawn = next(line for line in ax.lines if line.get_label().startswith("predicted"))
    assert generator.tradeoff_.rows in drawn.get_label()
    auto = generator.tradeoff_.auto
    strengths = np.union1d([0.0, 0.25, 0.5, 0.75, 1.0], auto)
    predicted = [generator.tradeoff_.at(strength) for strength in strengths]
    points = [[p["equal_opportunity"], p["accuracy"]] for p in predicted]
    np.testing.assert_allclose(drawn.get_xydata(), points)
    ring = next(c for c in ax.collections if isinstance(c, PathCollection))
    np.testing.assert_allclose(
        ring.get_offsets()[0], points[strengths.searchsorted(auto)]
    )
    assert "equal opportunity" in ax.get_xlabel()
    with pytest.raises(ValueError, match="ratio"):
        generator.tradeoff_.plot(ratio="parity")


def test_what_cannot_be_drawn_is_refused(data, generator):
    with pytest.raises(ValueError, match="ratio"):
        draw(generator, data, ratio="parity")
    with pytest.raises(ValueError, match="strengths"):
        draw(generator, data, strengths=[])
    with pytest.raises(ValueError, match="n_repeats"):
        draw(generator, data, n_repeats=0)
    with pytest.raises(NotFittedError):
        draw(tiny(), data)
    with pytest.raises(ValueError, match="without z"):
        draw(tiny().fit(data.data, data.target), data)
