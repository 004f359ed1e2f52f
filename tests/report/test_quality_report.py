"""How the figures print: as text, in HTML, as a frame."""

import html
import pickle

import numpy as np
import pytest

from skfadm.report import quality_report

from .tables import QUICK, halves


@pytest.fixture(scope="module")
def report():
    """A report of a copier, so that some figures are bad."""
    real, holdout = (table.rename(columns={"a": "<b>a</b>"}) for table in halves(150))
    return quality_report(real, real, holdout=holdout, **QUICK)


def test_report_prints_one_line_a_figure_by_group_and_marks_the_bad_ones(report):
    text = str(report)
    line = next(part for part in text.splitlines() if "DCR share" in part)
    assert line.split() == [
        "DCR", "share", "1.000", "above", "0.632", "BAD"
    ]  # fmt: skip
    for group in ("fidelity", "privacy"):
        assert sum(line.startswith(group) for line in text.splitlines()) == 1
    assert "BAD DCR share: synthetic rows lie nearer" in text
    assert "train-on-synthetic" not in text  # no labels, so not measured
    assert max(map(len, text.splitlines()[:20])) <= 80
    assert "6 bad" in repr(report)


def test_a_notebook_shows_the_same_text_escaped(report):
    assert report._repr_html_() == f"<pre>{html.escape(str(report))}</pre>"
    assert "&lt;b&gt;a" in report._repr_html_()


def test_report_frame_has_every_figure_and_its_limit(report):
    frame = report.to_frame()
    assert " ".join(frame.columns) == "group measure value low high reference limit bad"
    assert set(frame["group"]) == {"fidelity", "use", "privacy"}
    for name, row in frame.iterrows():
        assert row["value"] == getattr(report, name) or np.isnan(row["value"])
    # 0.55 and two standard errors of a share of 150
    assert frame.loc["dcr_share", "limit"] == pytest.approx(0.55 + 1 / np.sqrt(150))


def test_report_pickles_and_keeps_no_rows(report):
    again = pickle.loads(pickle.dumps(report))
    assert str(again) == str(report)
    assert max(m.real.size for m in report.marginals) <= 31
