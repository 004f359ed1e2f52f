"""The table of the page on columns says what becomes of columns."""

import pytest

from .column_kinds import PAGE, compute, read_page


@pytest.fixture(scope="module")
def found():
    return compute()


def test_the_page_says_what_becomes_of_columns(found):
    # After a change that is meant: python -m tests.column_kinds
    assert read_page() == found, PAGE


def test_nothing_is_lost_without_a_word(found):
    cells = [(kind, cell) for kind, of in found.items() for cell in of.values()]
    assert len(found) >= 40
    assert not [kind for kind, cell in cells if cell.partition(":")[0] not in WORDS]
    assert not [kind for kind, cell in cells if cell == "refused: "]


#: What a cell may say, before a message.
WORDS = {"kept", "refused", "n/a"}
