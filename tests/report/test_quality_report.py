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


def test_it_prints_one_line_a_figure_by_group_and_marks_the_bad_ones(report):
    text = str(report)
    line = next(part for part in text.splitlines() if "DCR share" in part)
    assert line.split() == ["DCR", "share", "1.000", "above", "0.632", "BAD"]
    for group in ("fidelity", "privacy"):
        assert sum(line.startswith(group) for line in text.splitlines()) == 1
    assert "BAD DCR share: synthetic rows lie nearer" in text
    assert "train-on-synthetic" not in text  # no labels, so not measured
    assert max(map(len, text.splitlines()[:20])) <= 80
    assert "6 bad" in repr(report)
    assert report._repr_html_() == f"<pre>{html.escape(text)}</pre>"


def test_its_frame_has_every_figure_and_its_limit_and_no_rows_are_kept(report):
    frame = report.to_frame()
    assert " ".join(frame.columns) == "group measure value low high reference limit bad"
    for name, row in frame.iterrows():
        assert row["value"] == getattr(report, name) or np.isnan(row["value"])
    # 0.55 and two standard errors of a share of 150
    assert frame.loc["dcr_share", "limit"] == pytest.approx(0.55 + 1 / np.sqrt(150))
    assert str(pickle.loads(pickle.dumps(report))) == str(report)
    assert max(m.real.size for m in report.marginals) <= 31
