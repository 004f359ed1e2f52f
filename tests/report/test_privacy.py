"""Attacks: copies shout, fresh rows are silent, and the verdict rests on both."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import bootstrap, norm
from sklearn.metrics import roc_auc_score

from skfadm.report import quality_report
from skfadm.report._attacks import (
    area,
    found_at_one_percent,
    likely_secrets,
    membership,
    singling_out,
)

from .tables import QUICK, halves, mixed_table

ATTACKS = ["membership_auc", "membership_tpr", "attribute_inference", "singling_out"]
CHANCE = dict(zip(ATTACKS, (0.5, 0.01, 0.0, 0.0), strict=True))


def attacked(train, rows, holdout, **kwargs):
    return quality_report(train, rows, holdout=holdout, **(QUICK | kwargs))


def test_copies_are_found_by_every_privacy_figure_and_pass_as_faithful():
    real, holdout = halves(300)
    report = attacked(real, real.sample(frac=1, random_state=0), holdout)
    assert set(report.bad) == {"dcr_share", "copies", *ATTACKS}
    assert report.dcr_share == report.membership_tpr == report.copies == 1.0
    assert "copies" in attacked(real, real, None).bad
    # Of mixed rows, about 1 % of the held-out ones equal a copy, too.
    real, holdout = mixed_table(300, 0), mixed_table(300, 1)
    mixed = attacked(real, real, holdout)
    for found in (report, mixed):
        assert found.membership_auc > 0.98 and found.membership_tpr > 0.3
        assert found.attribute_inference > 0.15 and found.singling_out > 0.5
        assert found.privacy == "look closer"
        assert "fewer iterations (max_iter)" in " ".join(str(found).split())


def test_fresh_rows_are_silent_whatever_the_draw():
    n_bad, inside, found = 0, [], []
    for seed in range(20):
        train, fresh, holdout = (mixed_table(150, 3 * seed + k) for k in range(3))
        report = attacked(train, fresh, holdout, random_state=seed)
        n_bad += bool(set(ATTACKS) & set(report.bad))
        ends = [report.intervals[name] for name in ATTACKS]
        inside.append(
            [a <= CHANCE[k] <= b for k, (a, b) in zip(ATTACKS, ends, strict=True)]
        )
        found.append([getattr(report, name) for name in ATTACKS])
    assert n_bad <= 3  # each of four may be wrong once in forty
    assert np.mean(inside, axis=0).min() >= 0.8
    assert np.mean(found, axis=0) == pytest.approx([0.5, 0.01, 0, 0], abs=0.02)


def test_rows_learned_in_part_are_found():
    train, holdout = halves(300)
    numbers = list("abcd")
    noise = np.random.default_rng(1).normal(scale=0.3, size=(300, 4))
    near = train.copy()
    near[numbers] += noise * train[numbers].std().to_numpy()
    report = attacked(train, near, holdout)
    assert report.copies == 0
    assert {"membership_auc", "attribute_inference"} <= set(report.bad)
    assert report.privacy == "look closer"


def test_a_few_copies_among_fresh_rows_show_at_one_percent_of_false_positives():
    train, holdout, fresh = halves(1000, parts=3)
    rows = pd.concat([train[:100], fresh[100:]])
    report = attacked(train, rows, holdout)
    assert report.membership_tpr == pytest.approx(0.1, abs=0.03)
    assert "membership_tpr" in report.bad


def test_membership_is_calibrated_by_rows_around():
    # Outliers lie far from any synthetic row, members and others alike. Only the
    # ratio to other real rows tells a member that is copied among them.
    rng = np.random.default_rng(0)
    scale = np.r_[np.full(250, 0.01), np.full(50, 1.0)][:, None]
    train, holdout, fresh = (rng.normal(size=(300, 3)) * scale for _ in range(3))
    synthetic = np.concatenate([fresh[:250], train[250:]])
    order = rng.permutation(300)
    auc, found = membership(
        train[order],
        holdout[order],
        synthetic,
        np.zeros(3, dtype=bool),
        np.random.RandomState(0),
    )
    assert found[0] == pytest.approx(1 / 6, abs=0.03)
    assert auc[1] > 0.5


def test_the_area_and_its_interval_are_those_of_others():
    rng = np.random.default_rng(0)
    members, others = rng.normal(0.3, 1, 200).round(1), rng.normal(0, 1, 300).round(1)
    auc, low, high = area(members, others)
    y = np.repeat([1, 0], [200, 300])
    assert auc == pytest.approx(roc_auc_score(y, np.r_[members, others]))
    theirs = bootstrap(
        (members, others),
        lambda a, b: roc_auc_score(y, np.r_[a, b]),
        n_resamples=500,
        vectorized=False,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    assert (low, high) == pytest.approx(theirs, abs=0.01)


@pytest.mark.parametrize("gain", [0.0, 0.5, 1.5])
def test_the_interval_of_members_found_holds_the_true_share(gain):
    rng = np.random.default_rng(0)
    true = norm.sf(norm.isf(0.01) - gain)
    inside, shares = [], []
    for seed in range(200):
        share, low, high = found_at_one_percent(
            rng.normal(gain, size=500),
            rng.normal(size=500),
            np.random.RandomState(seed),
        )
        inside.append(low <= true <= high)
        shares.append(share)
    assert np.mean(inside) > 0.91
    assert np.mean(shares) == pytest.approx(true, rel=0.15)


def test_attribute_inference_is_about_the_chosen_column():
    rng = np.random.default_rng(0)
    train, holdout = (
        pd.DataFrame(rng.normal(size=(400, 3)), columns=["a", "b", "c"]).assign(
            ill=rng.choice(["no", "yes"], 400)
        )
        for _ in range(2)
    )
    leaked = train.assign(c=rng.permutation(train["c"]))
    found = {
        name: attacked(train, leaked, holdout, secret=name).attribute_inference
        for name in ("ill", "c")
    }
    assert found["ill"] > 0.08  # of members that are near in a and b
    assert found["c"] == pytest.approx(0, abs=0.1)
    with pytest.raises(ValueError, match="secret must name a column .* got 'd'"):
        attacked(train, leaked, holdout, secret="d")


def test_secrets_are_the_label_and_what_has_most_values():
    table = np.column_stack([np.arange(40) % k for k in (2, 40, 3, 10, 5, 4, 7)])
    assert likely_secrets(table.astype(float), -1) == [6, 1, 3, 4, 5]
    assert likely_secrets(table.astype(float), None) == [1, 3, 6, 4, 5]


def test_a_predicate_of_one_row_singles_out_that_row_alone():
    # Codes 0..99 in train, none of them in the holdout.
    codes = np.arange(100.0)[:, None]
    twice = np.repeat(codes, 2, axis=0)
    once, never = (
        singling_out(
            codes, codes + 100, rows, np.array([True]), np.random.RandomState(0)
        )
        for rows in (codes, twice)
    )
    assert once[0] == 1.0
    assert never == (0.0, 0.0, 0.0)  # no predicate isolates a row that is there twice


@pytest.mark.parametrize(("n_holdout", "verdict"), [(0, "not"), (60, "not"), (200, "")])
def test_good_is_said_only_after_attacks_on_enough_rows(n_holdout, verdict):
    train, holdout, fresh = halves(200, parts=3)
    given = holdout[:n_holdout] if n_holdout else None
    report = attacked(train, fresh, given)
    assert report.privacy == ("not attacked" if verdict else "good")
    text = " ".join(str(report).split())
    assert f"Privacy: {report.privacy}" in text
    assert "good ones do not show that there is none" in text
    page = " ".join(report.to_html().split())
    assert ("Not attacked" in page) == bool(verdict)


def test_tables_of_ten_rows_and_columns_without_values_are_attacked():
    train, holdout = mixed_table(10, 0), mixed_table(10, 1)
    train["gone"] = holdout["gone"] = np.nan
    report = attacked(train, train, holdout)
    assert not np.isnan([getattr(report, name) for name in ATTACKS]).any()
    one = pd.DataFrame({"a": np.arange(30.0)})
    assert attacked(one, one + 0.4, one + 100).attribute_inference == 0
