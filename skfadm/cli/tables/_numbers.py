"""Numbers as text: read only where writing them back gives the same text."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ._form import Form

#: Decimal mark and thousands separator; the first that fit are taken. Where fields are
#: separated by semicolons, numbers come from a place that writes 1.234,5.
LOCALES = ((".", ""), (".", ","), (",", ""), (",", "."))
SEMICOLON_LOCALES = (*LOCALES[2:], *LOCALES[:2])

#: What every number looks like, in plain or scientific notation.
_SHAPE = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
#: Digits that a float64 holds whatever they are.
_EXACT_DIGITS = 15


@dataclass(frozen=True)
class Whole(Form):
    """Whole numbers that fit into 64 bits."""

    thousands: str = ""

    def read(self, texts: list[str]) -> NDArray[Any]:
        """Return the numbers, int64."""
        if self.thousands:
            texts = [text.replace(self.thousands, "") for text in texts]
        return np.array(list(map(int, texts)), dtype=np.int64)

    def write(self, values: Any) -> list[str]:
        """Return the numbers as text."""
        integers = np.asarray(values).astype(np.int64).tolist()
        return list(map(self._text, integers))

    def _text(self, value: int) -> str:
        if not self.thousands:
            return str(value)
        return f"{value:,}".replace(",", self.thousands)


@dataclass(frozen=True)
class Decimals(Form):
    """Numbers with decimals, written as one program writes them."""

    #: A key of `STYLES`, or "fixed" or "scientific" for as many decimals throughout.
    style: str = "python"
    #: Decimals, in the latter two.
    digits: int = 0
    #: The decimal mark and what groups thousands.
    point: str = "."
    thousands: str = ""
    #: Whether digits beyond the 15th may differ when they are written.
    rounds: bool = False

    def reads(self, texts: Collection[str]) -> bool:
        """Tell whether all texts are such numbers and come back alike.

        With `rounds`, those of more digits than a float64 holds need not.
        """
        write, read = self._writer(), self._plain
        return all(
            write(float(read(text))) == text or (self.rounds and _is_long(read(text)))
            for text in texts
        )

    def read(self, texts: list[str]) -> NDArray[Any]:
        """Return the numbers, float64."""
        if self.thousands or self.point != ".":
            texts = list(map(self._plain, texts))
        return np.array(list(map(float, texts)))

    def write(self, values: Any) -> list[str]:
        """Return the numbers as text."""
        numbers = np.asarray(values, dtype=np.float64).tolist()
        return list(map(self._writer(), numbers))

    def _plain(self, text: str) -> str:
        return plain(text, self.point, self.thousands)

    def _writer(self) -> Callable[[float], str]:
        write: Callable[..., str]
        if self.style == "scientific":
            write = f"{{:.{self.digits}e}}".format
        elif self.style != "fixed":
            write = STYLES[self.style]
        else:
            write = f"{{:{',' * bool(self.thousands)}.{self.digits}f}}".format
        if self.point == ".":
            return write
        marks = str.maketrans({".": self.point, ",": self.thousands})
        return lambda value: write(value).translate(marks)


def number_forms(
    blocks: Callable[[], Iterator[Collection[str]]], sep: str
) -> Iterator[Whole | Decimals]:
    """Yield forms that could suit a column, the likeliest first.

    `blocks` returns an iterator over distinct values: first a few, then those of each
    block.
    """
    for point, thousands in SEMICOLON_LOCALES if sep == ";" else LOCALES:
        if not all(_are_numbers(texts, point, thousands) for texts in blocks()):
            continue
        yield Whole(thousands)
        first = next(blocks())
        shapes = {_shape(plain(text, point, thousands)) for text in first}
        if len(shapes) == 1:
            style, digits = shapes.pop()
            if digits:
                yield Decimals(style, digits, point, thousands)
        if not thousands:
            for style in STYLES:
                yield Decimals(style, 0, point)


def plain(text: str, point: str, thousands: str) -> str:
    """Return a number's text as Python writes it."""
    if thousands:
        text = text.replace(thousands, "")
    return text if point == "." else text.replace(point, ".")


def _are_numbers(texts: Collection[str], point: str, thousands: str) -> bool:
    # A point that is no decimal mark makes a text no number of this locale.
    if point != "." != thousands and any("." in text for text in texts):
        return False
    if thousands or point != ".":
        texts = [plain(text, point, thousands) for text in texts]
    return all(map(_SHAPE.fullmatch, texts))


def _shape(text: str) -> tuple[str, int]:
    """Return the style and the decimals of a text, as if all were written like it."""
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return "scientific" if exponent else "fixed", decimals


def _is_long(text: str) -> bool:
    """Tell whether a decimal fraction has more digits than a float64 holds."""
    if len(text) <= _EXACT_DIGITS or "." not in text:
        return False
    digits = re.split("[eE]", text)[0].lstrip("-0.").replace(".", "")
    return len(digits) > _EXACT_DIGITS


def _shortest(
    low: int, high: int, trim: Literal["0", "-"], scientific: str
) -> Callable[[float], str]:
    """Return a writer of the fewest digits that tell a float64.

    It is scientific for decimal exponents below `low` and from `high` on; `trim` says,
    as for NumPy, whether whole numbers end in a point and a zero.
    """

    def write(value: float) -> str:
        text = np.format_float_scientific(value, trim=trim, exp_digits=1)
        mantissa, exponent = text.split("e")
        if value == 0 or low <= int(exponent) < high:
            return np.format_float_positional(value, trim=trim)
        if "E" not in scientific:
            mantissa = mantissa.removesuffix(".0")
        return mantissa + scientific.format(int(exponent))

    return write


def _r(value: float) -> str:
    """Write as R does: 15 digits, scientific where that is shorter."""
    mantissa, exponent = f"{value:.14e}".split("e")
    scientific = f"{mantissa.rstrip('0').rstrip('.')}e{exponent}"
    fixed = np.format_float_positional(float(scientific), trim="-")
    return fixed if len(fixed) <= len(scientific) else scientific


#: How programs write numbers: the first of these that gives back every text is taken.
STYLES: dict[str, Callable[[float], str]] = {
    "python": repr,
    "15 digits": "{:.15g}".format,
    "R": _r,
    "spreadsheet": "{:.15G}".format,
    "Rust": _shortest(-5, 16, "0", "e{}"),
    "JavaScript": _shortest(-6, 21, "-", "e{:+}"),
    "Java": _shortest(-3, 7, "0", "E{}"),
    "17 digits": "{:.17g}".format,
    "6 digits": "{:g}".format,
}
