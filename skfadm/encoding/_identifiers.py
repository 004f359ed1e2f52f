"""Words that belong to single rows: how they are told, and new ones like them."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from ._formats import object_array

#: What identifiers can come back as.
RULES = frozenset({"synthetic", "missing", "keep"})
# Words of fewer rows are rare. They are identifiers if they hold more than this share
# of the rows, and at least so many rows, the most of them, have a word of their own ...
MIN_ROWS = 5
MIN_SHARE = 0.2
MIN_SINGLE = 20
# ... or if there are more rare words than that, in most of the rows.
MAX_RARE = 1000
# A pattern is read from so many words of one shape, others have the letters only.
MIN_SHAPE = 20
MAX_SHAPES = 200
SUBSAMPLE = 100_000
# Characters that are letters or digits; all others are the shape of a word.
_ALPHANUMERIC = re.compile(r"[^\W_]")
#: Makes an identifier of each type that there is, from text.
_MAKE: dict[str, Callable[[str], Any]] = {
    "str": str,
    "bytes": lambda text: text.encode("latin-1"),
    "int": int,
    "UUID": uuid.UUID,
}
# How often a row tries to find a word that is none of the real ones.
_ATTEMPTS = 8
# Characters that are drawn at a time.
_CELLS = 1 << 22


def rare_words(counts: np.ndarray) -> np.ndarray:
    """Tell which words are identifiers or free text, given the rows of each word."""
    rare = (counts > 0) & (counts < MIN_ROWS)
    n_single, n_rare, n_rows = (counts == 1).sum(), counts[rare].sum(), counts.sum()
    own = n_rare > MIN_SHARE * n_rows and 2 * n_single > n_rare
    many = rare.sum() > MAX_RARE and 2 * n_rare > n_rows
    is_column = (own and n_single >= MIN_SINGLE) or many
    return rare if is_column else np.zeros_like(rare)


def row_streams(seed: int, rows: np.ndarray) -> np.ndarray:
    """Return a random number for each row, of uint64: the same for the same row."""
    return mix(mix(np.array([seed], dtype=np.uint64)) + rows.astype(np.uint64))


def mix(numbers: np.ndarray) -> np.ndarray:
    """Return numbers that look random, for ones of uint64 (splitmix64)."""
    z = numbers + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


class WordPattern:
    """Makes new words like given ones, and none of them.

    Words of one shape (length, and places of all that is no letter or digit) give,
    place by place, the characters and how frequent they are. Of words whose shape is
    seldom, such as sentences, only lengths and the characters of all are kept.

    The words are distinct strings, bytes, integers or UUIDs; a TypeError names other
    types, or several. Where there are very many, `rng` draws those that are read.
    """

    def __init__(self, words: Sequence[Any], rng: np.random.Generator) -> None:
        types = sorted({_type_name(word) for word in words})
        if len(types) > 1 or types[0] not in _MAKE:
            raise TypeError(" and ".join(types))
        (self.type,) = types
        texts = [_text(word) for word in words]
        # Hashes, to know a real word by, and not the words themselves.
        self.known = np.unique(_hash(texts))
        if len(texts) > SUBSAMPLE:
            picked = rng.choice(len(texts), SUBSAMPLE, replace=False)
            texts = [texts[i] for i in picked]
        shapes: dict[str, list[str]] = {}
        for text in texts:
            shapes.setdefault(_ALPHANUMERIC.sub("x", text), []).append(text)
        groups = sorted(shapes.values(), key=len, reverse=True)[:MAX_SHAPES]
        groups = [group for group in groups if len(group) >= MIN_SHAPE]
        sizes = [len(group) for group in groups]
        self.shares = np.cumsum([*sizes, len(texts) - sum(sizes)]) / len(texts)
        self.places = [
            [_alphabet(Counter(place)) for place in zip(*group, strict=True)]
            for group in groups
        ]
        lengths = np.sort([len(text) for text in texts])
        self.lengths = lengths[np.linspace(0, len(lengths) - 1, 200).astype(int)]
        self.letters = _alphabet(_common_letters(texts, self.type))

    def draw(self, streams: np.ndarray) -> np.ndarray:
        """Return a new word for each of some random numbers, uint64.

        Different ones give different words as far as the pattern has as many.
        """
        texts = np.empty(len(streams), dtype=object)
        block = max(1, _CELLS // (int(self.lengths[-1]) + 1))
        todo = np.arange(len(streams))
        for attempt in range(_ATTEMPTS):
            for start in range(0, len(todo), block):
                rows = todo[start : start + block]
                texts[rows] = self._texts(mix(streams[rows] + np.uint64(attempt)))
            todo = todo[self._is_known(texts[todo])]
        while len(todo):  # All words of so short a pattern may be taken.
            texts[todo] += np.array([str(s % 10) for s in streams[todo]], dtype=object)
            todo = todo[self._is_known(texts[todo])]
        if self.type != "str":
            texts[:] = [_MAKE[self.type](text) for text in texts]
        return texts

    def _is_known(self, texts: np.ndarray) -> np.ndarray:
        return np.isin(_hash(texts), self.known)

    def _texts(self, streams: np.ndarray) -> Any:
        if self.type == "UUID":
            bits = zip(streams.tolist(), mix(streams).tolist(), strict=True)
            return [str(uuid.UUID(int=a << 64 | b, version=4)) for a, b in bits]
        texts = np.empty(len(streams), dtype=object)
        shapes = np.searchsorted(self.shares, _uniform(streams, 0), side="right")
        for shape in np.unique(shapes):
            rows = np.flatnonzero(shapes == shape)
            if shape < len(self.places):
                letters = _letters(self.places[shape], streams[rows])
                texts[rows] = ["".join(row) for row in letters.tolist()]
                continue
            lengths = self.lengths[(_uniform(streams[rows], 1) * 200).astype(int)]
            letters = _letters([self.letters] * int(lengths.max()), streams[rows])
            for row, length, line in zip(rows, lengths, letters.tolist(), strict=True):
                texts[row] = " ".join("".join(line[:length]).split())
        return texts


_Alphabet = tuple[str, np.ndarray]


def _alphabet(counts: Counter[str]) -> _Alphabet:
    """Return characters, and the cumulative shares in which they are drawn."""
    chars = sorted(counts)
    shares = np.cumsum([counts[c] for c in chars])
    return "".join(chars), shares / shares[-1]


def _letters(places: Sequence[_Alphabet], streams: np.ndarray) -> np.ndarray:
    letters = np.empty((len(streams), len(places)), dtype="U1")
    for j, (chars, shares) in enumerate(places):
        drawn = np.searchsorted(shares, _uniform(streams, j + 2), side="right")
        letters[:, j] = np.array(list(chars))[drawn]
    return letters


def _common_letters(texts: Sequence[str], kind: str) -> Counter[str]:
    """Count characters, without those of few words, which could tell one."""
    n_words = Counter(c for text in texts for c in set(text))
    common = Counter(c for text in texts for c in text if n_words[c] >= MIN_ROWS)
    if kind == "int":
        del common["-"]
    return common or Counter("0123456789")


def _uniform(streams: np.ndarray, place: int) -> np.ndarray:
    step = np.uint64(place * 0xD1342543DE82EF95 % 2**64)
    return (mix(streams + step) >> np.uint64(11)) * 2.0**-53


def _type_name(word: Any) -> str:
    if isinstance(word, str):
        return "str"
    if isinstance(word, Integral) and not isinstance(word, bool):
        return "int"
    return type(word).__name__


def _text(word: Any) -> str:
    return word.decode("latin-1") if isinstance(word, bytes) else str(word)


def _hash(texts: Iterable[str]) -> np.ndarray:
    codes = object_array(text.encode("utf-8", "surrogatepass") for text in texts)
    return pd.util.hash_array(codes, categorize=False)
