"""Text of users, made safe and kept whole where it is drawn, printed or on a page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

#: Control characters, marks that turn the direction of text, lone surrogates and
#: noncharacters: they break pages, pictures, terminals and names of files.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_PIECE = re.compile(r"[^\s_/.,:;-]*[\s_/.,:;-]+|[^\s_/.,:;-]+")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
_FLAGS = ({"yes", "no"}, {"true", "false"}, {"y", "n"}, {"t", "f"})


def printable(text: Any) -> str:
    r"""Return text on one line: breaks as spaces, what is unprintable as ``\x0b``."""
    return _UNPRINTABLE.sub(_escape, str(text))


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character in "\t\n\r\u2028\u2029":
        return " "
    return character.encode("unicode_escape").decode()


def drawable(text: Any, width: int | None = None, n_lines: int = 99) -> str:
    """Return text that matplotlib draws as it is, `wrapped` if there is a `width`.

    Dollars are no formula.
    """
    lines = printable(text) if width is None else wrapped(text, width, n_lines)
    return lines.replace("$", r"\$")


def wrapped(text: Any, width: int, n_lines: int = 99) -> str:
    """Break text into lines of `width`, behind spaces and marks of punctuation.

    A word is only broken where it is longer than two lines. What does not go into
    `n_lines` is left out from a word on, which three dots tell.
    """
    lines = [""]
    for piece in _PIECE.findall(printable(text)):
        if len(piece) > 2 * width:
            piece = "\n".join(piece[i : i + width] for i in range(0, len(piece), width))
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    lines = [line.rstrip() for line in "\n".join(lines).split("\n")]
    more = ["\u2026"] if len(lines) > n_lines else []
    return "\n".join([*lines[:n_lines], *more])


def names_of(what: Any, values: Iterable[Any], *, between: str = " = ") -> list[str]:
    """Name groups or domains so that each says what it is, in printable text.

    "yes", "no" and truth values become "black = yes"; numbers get the name of the
    column as well, after which `between` stands. Other words speak for themselves.
    """
    words = [printable(value) for value in values]
    present = {word.lower() for word in words}
    if any(present <= flags for flags in _FLAGS) or present & {"yes", "true", "false"}:
        return [f"{printable(what)} = {word}" for word in words]
    if any(_NUMBER.fullmatch(word) for word in present):
        return [f"{printable(what)}{between}{word}" for word in words]
    return words
