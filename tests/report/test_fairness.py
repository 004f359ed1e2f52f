"""fairness_report: figures against the public measures, SciPy's bootstrap and truth."""

import fairlearn.metrics as oracle
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, recall_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from skfadm.datasets import make_biased_domains
from skfadm.metrics import demographic_parity_ratio, equal_opportunity_ratio

from ..generators import tiny
from .tables import biased_rows, judge

pytestmark = pytest.mark.usefixtures("small_trees")


def numbers(table):
    X, y, z, domains = table
    return X[["skill", "hint"]].fillna(0.0), y, z, domains


REAL = numbers(biased_rows(1200, 0.6, 0))
FAIR = numbers(biased_rows(900, 0.0, 1))
HOLDOUT = numbers(biased_rows(700, 0.6, 2))


def make(real=REAL, synthetic=FAIR, holdout=HOLDOUT, **params):
    settings = {"classifier": LogisticRegression(), "max_rows": 2000} | params
    return judge(real, synthetic, holdout, **settings)


@pytest.fixture(scope="module")
def report():
    return make(domains=REAL[3])


@pytest.fixture(scope="module")
def predicted():
    """What logistic regression predicts of the holdout, before and after."""
    return {
        name: LogisticRegression().fit(*table[:2]).predict(HOLDOUT[0])
        for name, table in (("real", REAL), ("synthetic", FAIR))
    }


def test_scores_are_those_of_classifiers_of_real_and_of_synthetic_rows(
    report, predicted
):
    _, y, z, _ = HOLDOUT
    for name, y_pred in predicted.items():
        expected = {
            ("", "accuracy"): accuracy_score(y, y_pred),
            ("", "balanced_accuracy"): balanced_accuracy_score(y, y_pred),
        }
        for ratio in (demographic_parity_ratio, equal_opportunity_ratio):
            expected["sex", ratio.__name__] = ratio(y, y_pred, z=z)
        assert report.scores[name].to_dict() == pytest.approx(expected)
        for domain, part in report.by_domain.groupby(level="state"):
            rows = (HOLDOUT[3] == domain).to_numpy()
            expected = demographic_parity_ratio(y[rows], y_pred[rows], z=z[rows])
            ratio = part.loc[(domain, "demographic_parity_ratio"), name]
            assert ratio == pytest.approx(expected)
            assert (part["n"] == rows.sum()).all()


def test_rates_are_those_of_fairlearn_with_wilsons_intervals(report, predicted):
    _, y, z, _ = HOLDOUT
    for name, y_pred in predicted.items():
        frame = oracle.MetricFrame(
            metrics={
                "selection rate": lambda t, p: (p == "yes").mean(),
                "true positive rate": lambda t, p: recall_score(t, p, pos_label="yes"),
            },
            y_true=y,
            y_pred=y_pred,
            sensitive_features=z,
        )
        for (measure, _, _, group), row in report.rates.iterrows():
            assert row[name] == pytest.approx(frame.by_group.loc[group, measure])
            counted = (z == group) & ((measure == "selection rate") | (y == "yes"))
            assert row["n"] == counted.sum()
            chosen = int((y_pred[counted] == "yes").sum())
            ends = stats.binomtest(chosen, int(counted.sum()))
            ends = ends.proportion_ci(method="wilson")
            found = row[f"{name}_low"], row[f"{name}_high"]
            assert found == pytest.approx((ends.low, ends.high))


def test_intervals_agree_with_a_bootstrap_over_rows(report, predicted):
    y, z = (np.asarray(part) for part in HOLDOUT[1:3])
    rows = np.arange(len(y))

    def ratio(name, drawn):
        rates = [(predicted[name][drawn][z[drawn] == g] == "yes").mean() for g in "fm"]
        return min(rates) / max(rates)

    rng = np.random.default_rng(5)
    draws = [rng.choice(rows, len(rows)) for _ in range(1500)]
    pairs = np.array([[ratio(name, d) for name in predicted] for d in draws])
    found = report.scores.loc[("sex", "demographic_parity_ratio")]
    for k, name in enumerate(predicted):
        low, high = np.quantile(pairs[:, k], [0.025, 0.975])
        assert found[f"{name}_low"] == pytest.approx(low, abs=0.02)
        assert found[f"{name}_high"] == pytest.approx(high, abs=0.02)
    low, high = np.quantile(np.diff(pairs), [0.025, 0.975])
    assert found["change_low"] == pytest.approx(low, abs=0.03)
    assert found["change_high"] == pytest.approx(high, abs=0.03)
    assert found["change"] == found["synthetic"] - found["real"]


def test_a_ratio_of_a_handful_of_chosen_rows_has_no_interval(report, predicted):
    X, y, z, _ = HOLDOUT
    few = pd.Series(np.where(np.arange(700) < 4, "rare", z), name="sex")
    found = make(holdout=(X, y, few, None))
    row = found.scores.loc[("sex", "demographic_parity_ratio")]
    parity = demographic_parity_ratio(y, predicted["real"], z=few)
    assert row["real"] == pytest.approx(parity) and np.isnan(row["real_low"])
    assert np.isnan(row["change_high"])
    assert not np.isnan(found.scores.loc[("", "accuracy"), "change_low"])
    assert found.verdict.startswith("No clear change")
    (note,) = (n for n in found.warnings if n.startswith("Fewer than 30 rows to"))
    assert "in sex: rare;" in note
    assert not report.scores.isna().any(axis=None)


def test_without_a_holdout_real_rows_are_predicted_by_cross_fitting():
    report = make(holdout=None, random_state=3)
    X, y, z, _ = REAL
    folds = StratifiedKFold(5, shuffle=True, random_state=3)
    model = LogisticRegression()
    before = cross_val_predict(model, X, y, cv=folds)
    accuracy = report.scores.loc[("", "accuracy")]
    assert accuracy["real"] == pytest.approx(accuracy_score(y, before))
    after = model.fit(*FAIR[:2]).score(X, y)
    assert accuracy["synthetic"] == pytest.approx(after)
    assert report.n_rows["judged"] == len(X)
    assert np.isnan(report.quality.membership_auc)


def test_several_attributes_are_looked_at_each_and_in_combination(predicted):
    age = pd.Series(np.arange(1200) % 3, name="age")
    real = (*REAL[:2], pd.concat([REAL[2], age], axis=1), None)
    z = pd.concat([HOLDOUT[2], pd.Series(np.arange(700) % 3, name="age")], axis=1)
    report = make(real, holdout=(*HOLDOUT[:2], z, None))
    assert report.attribute == "sex and age"
    expected = demographic_parity_ratio(HOLDOUT[1], predicted["real"], z=z)
    parity = report.scores["real"].xs("demographic_parity_ratio", level="measure")
    assert parity["sex and age"] == pytest.approx(expected)
    alone = demographic_parity_ratio(HOLDOUT[1], predicted["real"], z=HOLDOUT[2])
    assert parity["sex"] == pytest.approx(alone)
    assert set(parity.index) == {"sex", "age", "sex and age"}


def test_attributes_without_a_printable_name_are_told_apart():
    z = np.arange(300) % 3
    real = [part[:300] for part in REAL]
    attributes = pd.DataFrame({"": real[2], "\x00n": z, "\x00": z % 2})
    found = make((*real[:2], attributes, None), holdout=None)
    names = found.scores.index.unique("attribute")
    assert list(names[1:4]) == ["z0", "\\x00n", "\\x00"]
    assert "\x00" not in str(found) + found.to_html()


def test_of_several_labels_each_is_the_positive_one_in_turn():
    words = {"groups": ("f", "m", "x"), "labels": ("low", "middle", "high")}
    real = numbers(biased_rows(900, 0.5, 0, **words))
    holdout = numbers(biased_rows(900, 0.5, 1, **words))
    report = make(real, real, holdout)
    assert report.pos_labels == ("high", "low", "middle")
    y_pred = LogisticRegression().fit(*real[:2]).predict(holdout[0])
    expected = demographic_parity_ratio(holdout[1], y_pred, z=holdout[2])
    ratio = report.scores.loc[("sex", "demographic_parity_ratio"), "real"]
    assert ratio == pytest.approx(expected)
    low = demographic_parity_ratio(holdout[1], y_pred, z=holdout[2], pos_label="low")
    one = make(real, real, holdout, pos_label="low")
    ratio = one.scores.loc[("sex", "demographic_parity_ratio"), "real"]
    assert ratio == pytest.approx(low) and one.pos_labels == ("low",)


def test_long_tables_are_drawn_from_and_the_seed_says_which_rows():
    first, second, other = (make(max_rows=300, random_state=s) for s in (0, 0, 1))
    rows = {"real": 1200, "synthetic": 900, "holdout": 700, "judged": 300}
    assert first.n_rows == rows
    assert first.quality.n_rows == dict.fromkeys(("real", "synthetic", "holdout"), 300)
    assert str(first) == str(second) != str(other)


def test_mixed_columns_and_arrays_are_judged_with_the_default_classifier():
    X, y, z, _ = biased_rows(300, 0.5, 0)
    report = judge((X, y, z), (X, y))
    assert report.scores.loc[("", "accuracy"), "synthetic"] > 0.7
    X = X[["skill", "hint"]].fillna(0.0).to_numpy()
    found = make((X, y == "yes", z.to_numpy()), (X, y == "yes"), None)
    assert found.pos_labels == (True,) and found.attribute == "z"


@pytest.mark.filterwarnings("ignore:All .* generated rows have the label")
def test_rows_of_one_label_give_no_verdict_and_say_why():
    report = make(synthetic=(FAIR[0], FAIR[1].map(lambda _: "no")))
    assert report.verdict.startswith("No use") and "always answers" in report.verdict
    assert report.always == {"synthetic": "no"}
    assert any("No synthetic row has the label yes" in note for note in report.warnings)
    assert any("undefined" in note for note in report.warnings)
    assert "undefined" in str(report)
    assert report.to_html()


def test_a_generator_gives_its_settings_and_its_trade_off(monkeypatch):
    monkeypatch.setattr("skfadm.report._fairness._STRENGTHS", (0.0, 1.0))
    data = make_biased_domains(300, n_domains=1, bias=0.3, random_state=0)
    generator = tiny().fit(data.data, data.target, data.z)
    params = {"generator": generator, "settings": {"made on": "a Monday"}}
    real = data.data, data.target, data.z
    report = make(real, generator.sample(200), None, **params)
    assert report.settings["generator"] == "FairDiffusionGenerator"
    assert report.settings["max_iter"] == "5"
    assert report.settings["made on"] == "a Monday"
    taken = report.settings["lambda_yz that was taken"]
    assert float(taken) == pytest.approx(generator.lambda_yz_, rel=0.01)
    assert report.tradeoff.auto in report.tradeoff.strengths
    parity = report.scores.loc[("z", "demographic_parity_ratio"), "real"]
    assert report.tradeoff.real[0] == parity


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y_holdout": None}, "holdout needs y_holdout"),
        ({"domains": REAL[3], "domains_holdout": None}, "domains_holdout"),
        ({"pos_label": "perhaps"}, "pos_label='perhaps'"),
        ({"synthetic": (FAIR[0], FAIR[1].replace("no", "never"))}, "no real row"),
        ({"real": (*REAL[:2], REAL[2].map(lambda _: "f"))}, "one group in 'sex'"),
        ({"real": (*REAL[:2], REAL[2][:9])}, "z has 9 rows"),
        ({"real": (REAL[0], REAL[1].map(lambda _: "no"), REAL[2])}, "two labels"),
        ({"real": (REAL[0], None, REAL[2])}, "y_real is None"),
        ({"synthetic": (FAIR[0][["skill"]], FAIR[1])}, r"missing \['hint'\]"),
        (
            {"real": (REAL[0].set_axis(["skill", 1], axis=1), *REAL[1:])},
            "real has column names of types int, str",
        ),
    ],
)
def test_bad_input_is_refused_by_name(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make(**arguments)
