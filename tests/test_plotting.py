"""The trade-off display draws what one fitted generator gives at each strength."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from skfadm.datasets import make_biased_domains
from skfadm.metrics import FairnessScorer
from skfadm.plotting import FairnessTradeoffDisplay

from .generators import tiny


@pytest.fixture(scope="module")
def data():
    return make_biased_domains(600, n_domains=1, bias=0.7, random_state=0)


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
        **params,
    )


def test_points_are_the_scores_of_rows_sampled_with_each_strength(data, generator):
    display = draw(generator, data, strengths=[0.0, 1.5])
    for i, strength in enumerate([0.0, 1.5]):
        generator.set_params(lambda_yz=strength)
        model = LogisticRegression().fit(*generator.sample(300, random_state=0))
        scorer = FairnessScorer(("accuracy", "demographic_parity_ratio"))
        scores = scorer(model, data.data, data.target, z=data.z)
        point = display.line_.get_xydata()[i]
        assert point[1] == scores["accuracy"]
        assert point[0] == scores["demographic_parity_ratio"]
    generator.set_params(lambda_yz="auto")


def test_drawing_leaves_the_generator_as_it_was(data, generator):
    before = generator.get_params()["lambda_yz"]
    draw(generator, data, strengths=[2.0])
    assert generator.lambda_yz == before == "auto"


def test_real_rows_are_a_point_of_what_they_teach(data, generator):
    display = draw(generator, data, strengths=[0.0], real_rows=(data.data, data.target))
    model = LogisticRegression().fit(data.data, data.target)
    accuracy = model.score(data.data, data.target)
    assert display.real_.get_offsets()[0][1] == pytest.approx(accuracy)
    assert draw(generator, data, strengths=[0.0]).real_ is None


def test_it_draws_into_axes_that_are_given_and_writes_the_strengths(data, generator):
    ax = Figure().subplots()
    display = draw(generator, data, strengths=[0.0, 0.5], ax=ax, name="mine")
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert {text.get_text() for text in ax.texts} == {"0", "0.5"}
    assert "mine" in [t.get_text() for t in ax.get_legend().get_texts()]


def test_an_undefined_ratio_is_a_gap():
    display = FairnessTradeoffDisplay(
        strengths=[0, 1], accuracy=[0.8, 0.7], ratio=[0.4, np.nan]
    ).plot()
    assert [text.get_text() for text in display.ax_.texts] == ["0"]


def test_what_cannot_be_drawn_is_refused(data, generator):
    with pytest.raises(ValueError, match="ratio"):
        draw(generator, data, ratio="parity")
    with pytest.raises(ValueError, match="strengths"):
        draw(generator, data, strengths=[])
    with pytest.raises(NotFittedError):
        draw(tiny(), data)
    with pytest.raises(ValueError, match="without z"):
        draw(tiny().fit(data.data, data.target), data)
