"""What the report says: in 80 columns, as a page, and in a real browser."""

import dataclasses
import json
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from skfadm.metrics import FairnessTradeoffDisplay
from skfadm.report import QualityDisplay

from .tables import biased_rows, judge

pytest.importorskip("matplotlib")
pytestmark = pytest.mark.usefixtures("small_trees")


@pytest.fixture(scope="module")
def report():
    """A report with every part: domains, a holdout, a trade-off, odd names."""
    real, synthetic, holdout = (
        biased_rows(400, bias, seed) for bias, seed in ((0.6, 0), (0.0, 1), (0.6, 2))
    )
    settings = {"generator": "<script>alert(1)</script>"}
    made = judge(real, synthetic, holdout, domains=real[3], settings=settings)
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


def with_scores(report, parity, opportunity, accuracy, rare=0.4, always=()):
    """Return the report with (before, after, low and high end of the change)."""
    scores = report.scores.copy()
    for key, values in (
        (("sex", "demographic_parity_ratio"), parity),
        (("sex", "equal_opportunity_ratio"), opportunity),
        (("", "accuracy"), accuracy),
        (("", "balanced_accuracy"), (0.7, 0.65, -0.08, -0.02)),
    ):
        before, after, low, high = values
        ends = [after - 0.1, after + 0.1, after - before, low, high]
        scores.loc[key, ["real", "synthetic"]] = before, after
        columns = ["synthetic_low", "synthetic_high", "change", "change_low"]
        scores.loc[key, [*columns, "change_high"]] = ends
    labels = pd.Series([1 - rare, rare], ["no", "yes"])
    return dataclasses.replace(
        report, scores=scores, labels=labels, always=dict(always)
    )


SAME = (0.8, 0.8, -0.01, 0.01)
BETTER, WORSE = (0.3, 0.95, 0.5, 0.7), (0.9, 0.6, -0.4, -0.2)
UNDEFINED = (0.3, np.nan, np.nan, np.nan)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ((BETTER, (0.5, 0.8, 0.1, 0.4), (0.85, 0.83, -0.03, -0.01)),
         "Fairer by parity (from 0.30 to 0.95) and opportunity (from 0.50 to 0.80), "
         "for 2.0 points of accuracy. Parity is above four fifths. Accuracy is 83.0 %, "
         '85.0 % before; always answering "no" reaches 60.0 %.'),
        (((0.3, 0.85, 0.4, 0.7), WORSE, SAME),
         "Fairer by parity (from 0.30 to 0.85), less fair by opportunity (from 0.90 to "
         "0.60), at no clear cost in accuracy. Parity is above four fifths, but not "
         "surely."),
        (((0.3, 0.5, 0.1, 0.3), SAME, SAME),
         "Fairer by parity (from 0.30 to 0.50), no clear change in opportunity (from "
         "0.80 to 0.80), at no clear cost in accuracy. Parity stays below four fif"),
        (((0.5, 0.3, -0.3, -0.1), UNDEFINED, (0.8, 0.82, 0.01, 0.03)),
         "Less fair by parity (from 0.50 to 0.30), no clear change in opportunity "
         "(from 0.30 to undefined), and 2.0 points better in accuracy."),
        ((BETTER, BETTER, SAME, 0.4, {"synthetic": "yes"}),
         'No use: the classifier trained on synthetic rows always answers "yes".'),
        ((UNDEFINED, SAME, SAME),
         "No verdict: the ratio of demographic parity is undefined. Accuracy is"),
    ],
)  # fmt: skip
def test_the_verdict_follows_from_the_intervals(report, changes, verdict):
    assert with_scores(report, *changes).verdict.startswith(verdict)


def test_where_labels_are_rare_the_verdict_is_in_balanced_accuracy(report):
    rare = with_scores(report, BETTER, SAME, SAME, rare=0.05)
    assert "for 5.0 points of balanced accuracy" in rare.verdict
    assert "balanced accuracy: 65.0 %, 70.0 % before" in rare.verdict
    assert "balanced accuracy" in str(rare)
    assert rare.to_html().count("<li>\n<h3>Balanced accuracy") == 1


def test_what_is_after_is_coloured_by_better_or_worse(report):
    page = with_scores(report, BETTER, WORSE, SAME).to_html()
    for value, colour in (("0.95", "good"), ("0.60", "bad"), ("80.0 %", "unclear")):
        assert f'<span class="is-{colour}">{value}</span>' in page


def test_it_prints_as_a_small_table_in_80_columns(report):
    text = str(report)
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) < 30
    rates = report.rates.xs("selection rate", level="measure")
    for (_, _, group), row in rates.iterrows():
        (line,) = (t for t in text.splitlines() if f"selection rate, {group} " in t)
        shares = [f"{100 * row[name]:.1f} %" for name in ("real", "synthetic")]
        assert " ".join(line.split()[-4:]) == " ".join(shares)
    whole = text.replace("\n", " ")
    for part in ("equal opportunity", "Fidelity", "hired = yes", report.verdict):
        assert part in whole
    assert "Next: go on." in report.to_text("go on.")


def test_dozens_of_groups_with_long_names_are_whole_within_80_columns():
    groups = [f"{k} " * 12 for k in range(20)]
    X, y, z, _ = biased_rows(400, 0.3, 0, groups=groups)
    rows = X[["hint"]], y, z
    report = judge(rows, rows, classifier=LogisticRegression())
    lines = str(report).splitlines()
    assert max(map(len, lines)) <= 80
    assert any("12 more in report.rates" in line for line in lines)
    assert any("400 real rows by cross-fitting" in line for line in lines)
    told = " ".join(" ".join(lines).split())
    assert "not attacked: give held-out rows" in told
    assert "Fewer than 30 rows" in told
    assert f"selection rate, {groups[0].strip()} " in told


def test_groups_and_domains_say_what_they_are():
    X, y, _, domains = biased_rows(400, 0.3, 0)
    z = pd.DataFrame({"black": np.arange(400) % 2 == 0, "sex": ["f", "m"] * 200})
    z.loc[:99, "sex"] = "x"
    z["black"] = np.where(z["black"], "yes", "no")
    numbers = domains.map({"east": 1, "west": 2}).rename("policePrecinct")
    rows = X[["hint"]], y, z
    report = judge(rows, rows, domains=numbers, classifier=LogisticRegression())
    page = Page(report.to_html()).text
    assert "black\u00a0=\u00a0yes\u00a0/ f" in page
    page = page.replace("\u00a0", " ")
    for text in (str(report), page):
        assert "black = yes / f" in text and "black = no / x" in text
    assert "policePrecinct 1" in page


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
        assert tag not in ("script", "iframe", "object")
        for name in ("src", "href", "srcset", "data"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    assert "url(http" not in html and "@import" not in html
    assert "<script>alert" not in html and "&lt;script&gt;alert" in html
    assert "south <b>" not in html


def test_pictures_have_alternative_texts_and_tables_have_headings(html):
    tags = Page(html).tags
    pictures = [a.get("alt", "") for tag, a in tags if tag == "img"]
    pictures += [a["aria-label"] for _, a in tags if a.get("role") == "img"]
    assert len(pictures) > 8
    assert all(len(text) > 10 for text in pictures)
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
    with pytest.raises(ImportError, match="pip install matplotlib"):
        QualityDisplay.from_report(report.quality)


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
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--allow-file-access-from-files --enable-logging=stderr --dump-dom"
)
#: Shows the page in frames as wide as screens and writes down how it came out.
LOOK = """
<!doctype html><title>look</title><pre id="found"></pre><script>
onload = () => {
  const found = {};
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument, root = page.documentElement;
    const seen = [...page.querySelectorAll("main *")].filter(e => e.offsetParent);
    const pictures = [...page.querySelectorAll("figure > img")];
    found[frame.width] = {
      scroll: root.scrollWidth,
      right: Math.max(...seen.map(e => e.getBoundingClientRect().right)),
      pictures: pictures.filter(e => e.naturalWidth > 0 && e.width > 200).length,
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
    address = (tmp_path / "look.html").as_uri()
    command = [CHROMIUM, *FLAGS.split(), f"--user-data-dir={tmp_path}/p", address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    # A request to elsewhere would be a complaint too: the page forbids itself any.
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert complaints == []
    text = done.stdout.partition('<pre id="found">')[2].partition("</pre>")[0]
    found = json.loads(text)
    assert set(found) == {"390", "1280"}
    for width, page in found.items():
        assert page["scroll"] <= int(width)
        assert page["right"] <= int(width)
        assert page["tiles"] == n_tiles
        assert page["pictures"] == n_pictures
        assert page["text"] > 2000
