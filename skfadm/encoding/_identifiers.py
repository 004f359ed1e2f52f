"""Words that belong to single rows: how they are told, and new ones like them."""

from __future__ import annotations

import math
import re
import string
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

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
# New words get digits more where a larger share of them would be real by chance.
MAX_REAL = 1e-3
# Lengths of words whose shape is seldom are drawn from so many quantiles.
N_LENGTHS = 200
_CLASSES = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
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


#: Characters, and the cumulative shares in which they are drawn.
_Alphabet = tuple[str, np.ndarray]
_DIGITS: _Alphabet = ("0123456789", np.arange(1, 11) / 10)


class WordPattern:
    """Makes new words like given ones, and keeps nothing that tells one of these.

    Words of one shape (length, and places of all that is no letter or digit) give,
    place by place, the characters of several words and how frequent they are. Of words
    whose shape is seldom, such as sentences, only lengths and the characters of many
    are kept. There is no list of real words, not as hashes either: to know whether a
    word is real, an attacker would try them all. Instead new words get digits more
    where so few are possible that many would be real by chance.

    The words are distinct strings or UUIDs; a TypeError names other types, or several.
    Where there are very many, `rng` draws those that are read.
    """

    def __init__(self, words: Sequence[Any], rng: np.random.Generator) -> None:
        types = sorted(
            {"str" if isinstance(w, str) else type(w).__name__ for w in words}
        )
        if types not in (["str"], ["UUID"]):
            raise TypeError(" and ".join(types))
        (self.type,) = types
        texts = [str(word) for word in words]
        shapes = {_ALPHANUMERIC.sub("x", text) for text in texts}
        if len(texts) > SUBSAMPLE:
            picked = rng.choice(len(texts), SUBSAMPLE, replace=False)
            texts = [texts[i] for i in picked]
        # How many real words each of those that are read stands for.
        weight = len(words) / len(texts)
        grouped: dict[str, list[str]] = {}
        for text in texts:
            grouped.setdefault(_ALPHANUMERIC.sub("x", text), []).append(text)
        groups = sorted(grouped.items(), key=lambda item: len(item[1]), reverse=True)
        groups = [g for g in groups[:MAX_SHAPES] if len(g[1]) >= MIN_SHAPE]
        sizes = [len(group) for _, group in groups]
        self.shares = np.cumsum([*sizes, len(texts) - sum(sizes)]) / len(texts)
        self.places: list[list[_Alphabet]] = []
        self.n_extra: list[int] = []
        for shape, group in groups:
            chances = np.ones(len(group))
            self.places.append([])
            for column in np.array(group).reshape(-1, 1).view("U1").T:
                chars, at, counts = np.unique(
                    column, return_inverse=True, return_counts=True
                )
                self.places[-1].append(_alphabet(chars, counts))
                p = _probabilities(self.places[-1][-1])
                chances *= np.array([p.get(char, 0.0) for char in chars])[at]
            # A shape that no real word has is one of no real word.
            longer = (k for k in count(1) if shape + "x" * k not in shapes)
            is_common = weight * chances.sum() > MAX_REAL
            self.n_extra.append(next(longer) if is_common else 0)
        self.letters = _common_letters(texts)
        lengths = np.sort([len(text) for text in texts])
        end = min(MIN_ROWS, len(lengths) - 1) // 2
        ranks = np.linspace(end, len(lengths) - 1 - end, N_LENGTHS)
        self.lengths = lengths[ranks.astype(int)]
        p = _probabilities(self.letters)
        rest = set(texts).difference(*(group for _, group in groups))
        found = weight * sum(
            float((self.lengths == len(text)).mean())
            * math.prod(p.get(char, 0.0) for char in text)
            for text in rest
        )
        self.n_extra.append(max(0, int(np.ceil(np.log10(max(found, 1e-9) / MAX_REAL)))))

    def draw(self, streams: np.ndarray) -> np.ndarray:
        """Return a new word for each of some random numbers, uint64."""
        words = np.empty(len(streams), dtype=object)
        block = max(1, _CELLS // (int(self.lengths[-1]) + 1))
        for start in range(0, len(words), block):
            rows = slice(start, start + block)
            words[rows] = self._words(mix(streams[rows]))
        return words

    def _words(self, streams: np.ndarray) -> Any:
        if self.type == "UUID":
            bits = zip(streams.tolist(), mix(streams).tolist(), strict=True)
            return [uuid.UUID(int=a << 64 | b, version=4) for a, b in bits]
        texts = np.empty(len(streams), dtype=object)
        shapes = np.searchsorted(self.shares, _uniform(streams, 0), side="right")
        for shape in np.unique(shapes):
            rows = np.flatnonzero(shapes == shape)
            extra = [_DIGITS] * self.n_extra[shape]
            if shape < len(self.places):
                letters = _letters([*self.places[shape], *extra], streams[rows])
                texts[rows] = ["".join(row) for row in letters.tolist()]
                continue
            drawn = (_uniform(streams[rows], 1) * N_LENGTHS).astype(int)
            lengths = self.lengths[drawn] + len(extra)
            places = [*extra, *[self.letters] * int(lengths.max() - len(extra))]
            letters = _letters(places, streams[rows])
            for row, length, line in zip(rows, lengths, letters.tolist(), strict=True):
                words = "".join(line[:length]).split()
                texts[row] = " ".join(words) or str(streams[row])
        return texts


def _alphabet(chars: np.ndarray, counts: np.ndarray) -> _Alphabet:
    """Return what is drawn at a place.

    A character of few words could tell one: it stands for all of its class.
    """
    often = counts >= MIN_ROWS
    shares = dict(zip(chars[often].tolist(), counts[often].astype(float), strict=True))
    for kind in _CLASSES:
        n_rare = counts[~often & np.isin(chars, list(kind))].sum()
        if n_rare >= MIN_ROWS:
            for char in kind:
                shares[char] = shares.get(char, 0.0) + n_rare / len(kind)
    return _of_shares(shares)


def _of_shares(shares: Mapping[str, float]) -> _Alphabet:
    if not shares:
        return _DIGITS
    chars = sorted(shares)
    cumulative = np.cumsum([shares[c] for c in chars])
    return "".join(chars), cumulative / cumulative[-1]


def _probabilities(alphabet: _Alphabet) -> dict[str, float]:
    chars, shares = alphabet
    return dict(zip(chars, np.diff(shares, prepend=0.0).tolist(), strict=True))


def _letters(places: Sequence[_Alphabet], streams: np.ndarray) -> np.ndarray:
    letters = np.empty((len(streams), len(places)), dtype="U1")
    for j, (chars, shares) in enumerate(places):
        drawn = np.searchsorted(shares, _uniform(streams, j + 2), side="right")
        letters[:, j] = np.array(list(chars))[drawn]
    return letters


def _common_letters(texts: Sequence[str]) -> _Alphabet:
    """Count characters, without those of few words, which could tell one."""
    n_words = Counter(c for text in texts for c in set(text))
    total = Counter(c for text in texts for c in text)
    return _of_shares({c: n for c, n in total.items() if n_words[c] >= MIN_ROWS})


def _uniform(streams: np.ndarray, place: int) -> np.ndarray:
    step = np.uint64(place * 0xD1342543DE82EF95 % 2**64)
    return (mix(streams + step) >> np.uint64(11)) * 2.0**-53
