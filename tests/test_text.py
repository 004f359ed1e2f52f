"""Text of users: drawn, printed and put on pages as it is, and whole."""

import json
from io import BytesIO
from xml.etree import ElementTree

import pytest

from skfadm._text import drawable, names_of, printable, wrapped

ODD = ["a\x0bb", "nul\x00", "\x1b[31m", "\ufffe", "lone \ud800", "c1 \x85", "\u202eabc"]


@pytest.mark.parametrize("text", ODD)
def test_printable_text_can_be_written_anywhere(text):
    shown = printable(text)
    assert shown.isprintable()
    assert shown.encode().decode() == shown
    ElementTree.fromstring(f"<p>{shown}</p>")
    assert json.loads(f'"{shown}"'.replace("\\", "\\\\")) == shown


def test_printable_text_tells_texts_apart_and_leaves_words_alone():
    assert len(set(map(printable, ODD))) == len(ODD)
    for word in ("naïve", "日本", "👩‍🔬", "می‌خواهم", "$50K_$100K", "a\\b"):
        assert printable(word) == word
    assert printable("two\nlines\there") == "two lines here"
    assert printable(3) == "3"


@pytest.mark.parametrize(
    "text", ["$", "$$", "$$$", "$50K_$100K", "$a_b$", r"\$x$y$", r"$\frac{$"]
)
def test_dollars_are_drawn_as_they_are(plt, text):
    drawn = plt.figure().text(0, 0, drawable(text))
    drawn.figure.savefig(BytesIO(), format="png")
    assert drawn._preprocess_math(drawn.get_text()) == (text, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short", "short"),
        ("debt_to_income_ratio", "debt_to_\nincome_\nratio"),
        ("Asian / Pacific Islander", "Asian /\nPacific\nIslander"),
        ("Donaudampfschifffahrt", "Donaudam\npfschiff\nfahrt"),
    ],
)
def test_names_are_broken_between_words_only(text, expected):
    assert wrapped(text, 8) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["no", "yes"], ["x = no", "x = yes"]),
        ([False, True], ["x = False", "x = True"]),
        ([0, 1], ["x is 0", "x is 1"]),
        (["1", "other"], ["x is 1", "x is other"]),
        (["no", "yes", "unknown"], ["x = no", "x = yes", "x = unknown"]),
        (["Latino", "Asian\x00"], ["Latino", "Asian\\x00"]),
    ],
)
def test_groups_that_do_not_say_what_they_are_get_the_name_of_the_column(
    values, expected
):
    assert names_of("x", values, between=" is ") == expected
