"""What the report says: in 80 columns, as a page, and in a real browser."""

import dataclasses
import json
import pickle
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from skfadm import fairness_report
from skfadm.metrics import FairnessTradeoffDisplay

from .tables import biased_rows

pytest.importorskip("matplotlib")
pytestmark = pytest.mark.usefixtures("small_trees")


@pytest.fixture(scope="module")
def report():
    """A report with every part: domains, a holdout, a trade-off, odd names."""
    real, synthetic, holdout = (
        biased_rows(400, bias, seed) for bias, seed in ((0.6, 0), (0.0, 1), (0.6, 2))
    )
    made = fairness_report(
        real[0],
        synthetic[0],
        real[1],
        synthetic[1],
        real[2],
        domains=real[3],
        holdout=holdout[0],
        y_holdout=holdout[1],
        z_holdout=holdout[2],
        domains_holdout=holdout[3],
        settings={"generator": "<script>alert(1)</script>"},
    )
    display = FairnessTradeoffDisplay(
        strengths=[0, 1, 2],
        accuracy=[0.8, 0.79, 0.77],
        ratio=[0.4, 0.6, 0.9],
        ratio_interval=[[0.3, 0.5], [0.5, 0.7], [0.8, 1.0]],
        auto=1,
    )
    return dataclasses.replace(made, tradeoff=display)


@pytest.fixture(scope="module")
def html(report):
    return report.to_html()


# --- in words ------------------------------------------------------------------------


def with_scores(report, parity, accuracy):
    """Return the report with (before, after, low and high end of the change)."""
    scores = report.scores.copy()
    for key, values in (
        (("sex", "demographic_parity_ratio"), parity),
        (("", "accuracy"), accuracy),
    ):
        before, after, low, high = values
        scores.loc[key, ["real", "synthetic"]] = before, after
        scores.loc[key, ["synthetic_low", "synthetic_high"]] = after - 0.1, after + 0.1
        scores.loc[key, ["change", "change_low", "change_high"]] = (
            after - before,
            low,
            high,
        )
    return dataclasses.replace(report, scores=scores)


SAME = (0.8, 0.8, -0.01, 0.01)


@pytest.mark.parametrize(
    ("parity", "accuracy", "verdict"),
    [
        ((0.3, 0.95, 0.5, 0.7), (0.85, 0.83, -0.03, -0.01),
         "Fairer, and above four fifths, for 2.0 points of accuracy."),
        ((0.3, 0.85, 0.4, 0.7), SAME,
         "Fairer, and above four fifths (not surely), at no clear cost in accuracy."),
        ((0.3, 0.5, 0.1, 0.3), SAME,
         "Fairer, but below four fifths, at no clear cost in accuracy."),
        ((0.5, 0.3, -0.3, -0.1), (0.8, 0.82, 0.01, 0.03),
         "Less fair, and below four fifths, and 2.0 points more accurate."),
        ((0.95, 0.93, -0.1, 0.05), SAME,
         "No clear change in fairness, but above four fifths, at no clear cost in "
         "accuracy."),
        ((0.3, np.nan, np.nan, np.nan), SAME,
         "No verdict: the ratio of demographic parity is undefined."),
    ],
)  # fmt: skip
def test_the_verdict_follows_from_the_intervals(report, parity, accuracy, verdict):
    assert with_scores(report, parity, accuracy).verdict.startswith(verdict)


def test_the_verdict_does_not_hide_that_equal_opportunity_is_worse(report):
    found = {}
    for change in ((0.9, 0.6, -0.4, -0.2), (0.9, 0.8, -0.3, 0.1), (0.6, 0.9, 0.2, 0.4)):
        before, after, low, high = change
        scores = report.scores.copy()
        row = ("sex", "equal_opportunity_ratio")
        scores.loc[row, ["real", "synthetic"]] = before, after
        scores.loc[row, ["change_low", "change_high"]] = low, high
        found[change] = dataclasses.replace(report, scores=scores)
    worse, unclear, better = (r.verdict for r in found.values())
    assert worse.endswith("Equal opportunity is worse: a ratio of 0.60, 0.90 before.")
    assert "Equal opportunity" not in unclear + better
    page = next(iter(found.values())).to_html()
    assert "a ratio of 0.60, 0.90 before" in page


def test_it_prints_as_a_small_table_in_80_columns(report):
    text = str(report)
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) < 30
    assert "Positive label: hired = yes" in text.replace("\n", " ")
    rates = report.rates.xs("selection rate", level="measure")
    for (_, _, group), row in rates.iterrows():
        (line,) = (t for t in text.splitlines() if f"selection rate, {group} " in t)
        shares = [f"{100 * row[name]:.1f} %" for name in ("real", "synthetic")]
        assert " ".join(line.split()[-4:]) == " ".join(shares)
    for measure in ("demographic parity", "equal opportunity", "accuracy", "Fidelity"):
        assert measure in text
    assert report.verdict in text.replace("\n", " ")
    assert text.splitlines()[-1].startswith(("Next: ", "compare"))
    assert "Next: go on." in report.to_text("go on.")
    assert repr(report) == f"<FairnessReport: {report.verdict}>"


def test_without_held_out_rows_it_says_what_is_not_measured():
    X, y, z, _ = biased_rows(120, 0.5, 0)
    text = str(fairness_report(X, X, y, y, z, classifier=None)).replace("\n", " ")
    assert "not measured: give held-out rows" in text
    assert "120 real rows by cross-fitting" in text


def test_dozens_of_groups_and_long_names_stay_within_80_columns():
    X, y, z, _ = biased_rows(400, 0.3, 0, groups=[f"{k} " * 12 for k in range(20)])
    report = fairness_report(
        X[["hint"]], X[["hint"]], y, y, z, classifier=LogisticRegression()
    )
    lines = str(report).splitlines()
    assert max(map(len, lines)) <= 80
    assert any("12 more in report.rates" in line for line in lines)
    assert "Fewer than 30 rows" in " ".join(lines)


def test_it_pickles(report):
    again = pickle.loads(pickle.dumps(report))
    assert str(again) == str(report)


# --- as a page -----------------------------------------------------------------------


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def test_the_page_is_one_file_that_asks_for_nothing_else(html):
    assert len(html) < 2_000_000
    for tag, attributes in Page(html).tags:
        assert tag not in ("script", "iframe", "object", "img")
        for name in ("src", "href", "srcset", "data"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    assert "url(http" not in html and "@import" not in html


def test_names_of_the_tables_are_escaped(html):
    assert "<script>alert" not in html and "&lt;script&gt;alert" in html
    assert "south <b>" not in html


def test_ids_are_unique_and_every_reference_has_one(html):
    tags = Page(html).tags
    ids = [a["id"] for _, a in tags if "id" in a]
    assert len(ids) == len(set(ids))
    asked = {a["href"][1:] for _, a in tags if a.get("href", "").startswith("#")}
    asked |= {
        a["clip-path"][5:-1]
        for _, a in tags
        if a.get("clip-path", "").startswith("url")
    }
    asked |= {a["aria-labelledby"] for _, a in tags if "aria-labelledby" in a}
    assert asked <= set(ids)


def test_pictures_have_alternative_texts_and_tables_have_headings(html):
    tags = Page(html).tags
    pictures = [a for tag, a in tags if tag == "svg" or a.get("role") == "img"]
    assert len(pictures) > 8
    assert all(len(a.get("aria-label", "")) > 10 for a in pictures)
    names = [tag for tag, _ in tags]
    assert names.count("caption") == names.count("table")
    assert names.count("h1") == 1
    assert all("scope" in a for tag, a in tags if tag == "th")


def test_figures_of_the_page_are_those_of_the_report(report, html):
    text = " ".join(Page(html).text.split())
    for sentence in report.verdict.split(". "):
        assert sentence.rstrip(".") in text
    for measure in ("demographic_parity_ratio", "equal_opportunity_ratio"):
        row = report.scores.loc[("sex", measure)]
        assert f"{row['real']:.2f} → {row['synthetic']:.2f}" in text
    for _, row in report.rates.iterrows():
        assert f"{100 * row['real']:.1f} %" in text
        assert f"{100 * row['synthetic_low']:.1f} to" in text
    for title in report.quality.to_frame().dropna(subset="value")["measure"]:
        assert title in text
    assert "hired = yes" in text and "east" in text


def test_colours_of_pictures_are_those_of_the_page(html):
    assert "var(--accent)" in html and "#0f766e;" not in html.partition("</style>")[2]


def test_the_same_report_is_the_same_page_whatever_the_settings_of_matplotlib(
    report, html, tmp_path
):
    import matplotlib

    with matplotlib.rc_context({"font.size": 40, "axes.facecolor": "black"}):
        before = dict(matplotlib.rcParams)
        report.save_html(tmp_path / "report.html")
        assert dict(matplotlib.rcParams) == before
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == html


def test_it_says_that_matplotlib_is_missing(monkeypatch, report):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        report.to_html()


def test_the_quality_alone_has_a_page_with_every_figure_that_was_measured(report):
    quality = report.quality
    page = quality.to_html()
    for name, row in quality.to_frame().dropna(subset="value").iterrows():
        assert row["measure"] in page, name
        assert f"{row['value']:.3f}" in page, name
    n_bad = len(quality.bad)
    assert page.count('<span class="bad">bad</span>') == n_bad
    assert ("None of" in page) == (n_bad == 0)
    assert "://" not in page  # nothing is loaded from elsewhere


# --- in a browser --------------------------------------------------------------------

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-file-access-from-files",
    "--enable-logging=stderr",
]
#: Shows the page in frames as wide as screens and writes down how it came out.
LOOK = """
<!doctype html><title>look</title><pre id="found"></pre><script>
onload = () => {
  const found = {};
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument, root = page.documentElement;
    const seen = [...page.querySelectorAll("main *")].filter(e => e.offsetParent);
    const heights = [...page.querySelectorAll("figure > svg text")]
      .map(e => e.getBoundingClientRect().height).filter(h => h > 0);
    found[frame.width] = {
      scroll: root.scrollWidth,
      right: Math.max(...seen.map(e => e.getBoundingClientRect().right)),
      smallest: Math.min(...heights),
      pictures: page.querySelectorAll("figure > svg").length,
      text: page.body.innerText.length,
      tiles: page.querySelectorAll(".tiles > li").length,
    };
  }
  document.getElementById("found").textContent = JSON.stringify(found);
};
</script>
<iframe width="390" height="800" src="report.html"></iframe>
<iframe width="1280" height="800" src="report.html"></iframe>
"""


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize(
    ("part", "n_tiles", "n_pictures"), [("fairness", 5, 7), ("quality", 2, 6)]
)
def test_a_browser_shows_it_at_390_and_1280_pixels_without_a_complaint(
    report, part, n_tiles, n_pictures, tmp_path
):
    shown = report if part == "fairness" else report.quality
    shown.save_html(tmp_path / "report.html")
    (tmp_path / "look.html").write_text(LOOK, encoding="utf-8")
    profile = tmp_path / "profile"
    profile.mkdir()
    done = subprocess.run(
        [
            CHROMIUM,
            *FLAGS,
            f"--user-data-dir={profile}",
            "--dump-dom",
            (tmp_path / "look.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )
    # A request to elsewhere would be a complaint too: the page forbids itself any.
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert complaints == []
    (text,) = (
        part.partition("</pre>")[0]
        for part in done.stdout.split('<pre id="found">')[1:]
    )
    found = json.loads(text)
    assert set(found) == {"390", "1280"}
    for width, page in found.items():
        assert page["scroll"] <= int(width)
        assert page["right"] <= int(width)
        assert page["smallest"] >= 8
        assert page["tiles"] == n_tiles
        assert page["pictures"] == n_pictures
        assert page["text"] > 2000
