"""Columns of any type as what classifiers take: floats and few categories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from ._dtypes import UnnamedDtypeError, freeze_dtype, thaw_dtype
from ._identifiers import MIN_ROWS
from ._kinds import amounts, kind_of, only, origin_of, plain, wall_clock
from ._tables import TakesAnyTable, check_table, iterate

#: Gradient boosting takes 255 categories a column: the frequent ones, and the rest.
MAX_CATEGORIES = 254
#: Exponents of 2: of the largest numbers, whose squares are finite, and of the steps in
#: which huge integers are counted, lest the smallest be told.
_LARGEST, _STEP = 332, 32
# What boosting reads off a time only with very many splits, and the length in days of
# the cycle: within one cycle the part says no more than the time itself.
_PARTS = {"hour": 1, "weekday": 7, "day": 31, "day of year": 366}


class ClassifierFeatures(TakesAnyTable, TransformerMixin, BaseEstimator):
    """Turn a table of any column types into floats and categories for classifiers.

    - Numbers of every type and booleans become float64, missing values NaN. Infinite
      values become a power of two beyond the range seen in `fit`; a column that reaches
      beyond 2^332 is divided by another, so that its square is finite too. Integers and
      decimals beyond 2^53, which floats do not tell apart, are counted from near the
      smallest.
    - Times become seconds since 1970 as the clock on the wall shows them, and as far
      as the column goes through more than one day, week, month or year, the hour (a
      fraction with the minutes), weekday, day of the month and of the year beside
      them. Durations and times of day become seconds.
    - Words, categories and all else become a pandas category of the codes 0, 1, ...,
      in the order of their frequency. The 254 most frequent in `fit`, each of 5 rows or
      more, have a code; all others share the next one, and are not kept.
    - Columns without any value in `fit` are left out, and so are words that are all
      rare: identifiers and free text.

    Attributes
    ----------
    kinds_ : list of str
        "number", "time", "duration", "words" or "nothing" for each column.
    n_categories_ : list of int
        Number of codes of each column; 0 for what is no words.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if all are strings.

    Notes
    -----
    The output is a DataFrame with names that are strings, whatever
    ``sklearn.set_config(transform_output=...)`` says, since what follows reads the
    categories off its dtypes.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfadm.encoding import ClassifierFeatures
    >>> X = pd.DataFrame({"n": [1, 2, None] * 2, "word": ["b"] * 5 + ["a"]})
    >>> ClassifierFeatures().fit_transform(X).tail(3)
         n word
    3  1.0    0
    4  2.0    0
    5  NaN    1
    """

    def fit(self, X: Any, y: Any = None) -> ClassifierFeatures:
        """Learn kinds, ranges and categories of the columns.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            The table.
        y : None
            Ignored.

        Returns
        -------
        ClassifierFeatures

        Raises
        ------
        ValueError
            If X is empty, has names twice, or holds complex numbers.
        """
        table = check_table(self, X, reset=True)
        self.kinds_: list[str] = []
        self.n_categories_: list[int] = []
        self._states: list[Any] = []
        for name, series in iterate(table):
            values = plain(series)
            if pd.api.types.is_complex_dtype(values.dtype):
                raise ValueError(f"Complex data not supported, found in column {name}.")
            kind = kind_of(values).replace("boolean", "number")
            state: Any = None
            if kind == "words":
                state = _frequent(values)
                kind = kind if state else "nothing"
            elif kind == "time":
                zone = _name_zone(values.dtype)
                state = zone, _parts_of(_wall(values, zone).dropna())
            elif kind != "nothing":
                origin = origin_of(values) >> _STEP << _STEP
                state = origin, *_scale(amounts(values, kind, origin))
            self.kinds_.append(kind)
            self.n_categories_.append(len(state) + 1 if kind == "words" else 0)
            self._states.append(state)
        is_frame = isinstance(table, pd.DataFrame)
        names = table.columns if is_frame else range(table.shape[1])
        self._names = [str(name) for name in names]
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Return the features.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            A table with the columns of the fitted one.

        Returns
        -------
        DataFrame of shape (n_samples, n_features_out)
            float64 and category columns, with the index of X.

        Raises
        ------
        ValueError
            If the columns differ from the fitted ones.
        TypeError
            If a column holds another kind of values than in `fit`.
        """
        check_is_fitted(self)
        table = check_table(self, X, reset=False)
        features: dict[str, Any] = {}
        for j, (name, series) in enumerate(iterate(table)):
            if self.kinds_[j] == "nothing":
                continue
            for part, feature in self._features(j, name, plain(series)):
                key = f"{self._names[j]} {part}" if part else self._names[j]
                while key in features:  # a column "t hour" beside the hour of "t"
                    key += "'"
                features[key] = feature
        if not features:
            # Classifiers refuse a table without columns; one that is constant is none.
            features["nothing"] = np.zeros(len(table))
        index = table.index if isinstance(table, pd.DataFrame) else None
        return pd.DataFrame(features, index=index)

    def _features(
        self, j: int, name: str, values: pd.Series
    ) -> Iterator[tuple[str, Any]]:
        """Yield the features of a column, after the names of the parts of a time."""
        kind, state = self.kinds_[j], self._states[j]
        if kind == "words":
            yield "", _codes(values, state)
            return
        # Words among numbers, so rare that fit has not seen any, are missing.
        values = only(kind, values)
        found = kind_of(values)
        if found not in (kind, "nothing") and (kind, found) != ("number", "boolean"):
            raise TypeError(
                f"Column {name} holds {found.rstrip('s')}s, expected {kind}s as in fit."
            )
        if kind == "time":
            times = _wall(values, state[0])
            yield "", amounts(times, kind)
            yield from ((part, _part(times, part).to_numpy()) for part in state[1])
            return
        origin, divisor, beyond = state
        numbers = amounts(values, kind, origin) / divisor
        yield "", np.nan_to_num(numbers, nan=np.nan, posinf=beyond, neginf=-beyond)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


def _name_zone(dtype: Any) -> str:
    """Return a dtype of the zone in which hours are told, as a string."""
    try:
        return freeze_dtype(dtype) if isinstance(dtype, pd.DatetimeTZDtype) else ""
    except UnnamedDtypeError:
        return ""


def _wall(series: pd.Series, zone: str) -> pd.Series:
    """Return times as the clock on a wall of the zone shows them."""
    if kind_of(series) == "nothing":
        return pd.Series(np.full(len(series), np.datetime64("NaT", "s")))
    return pd.Series(wall_clock(series, thaw_dtype(zone).tz if zone else None))


def _parts_of(times: pd.Series) -> list[str]:
    """Name the parts of times that vary and are not the order of the times again."""
    span = np.ptp(times.to_numpy()) / np.timedelta64(1, "D")
    return [
        part
        for part, days in _PARTS.items()
        if span > days and _part(times, part).nunique() > 1
    ]


def _part(times: pd.Series, name: str) -> pd.Series:
    if name == "hour":
        return (times - times.dt.floor("D")) / np.timedelta64(1, "h")
    return getattr(times.dt, name.replace(" ", "")).astype(np.float64)


def _scale(numbers: np.ndarray) -> tuple[float, float]:
    """Return a divisor, and what stands for infinity after it: powers of two."""
    largest = np.abs(numbers[np.isfinite(numbers)]).max(initial=0.5)
    exponent = int(np.frexp(largest)[1])
    return 2.0 ** max(0, exponent - _LARGEST), 2.0 ** min(exponent, _LARGEST)


def _words(series: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Return codes, -1 where missing, and the word of each code (some may be equal)."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        codes, values = series.cat.codes.to_numpy(), series.cat.categories
    else:
        values = series.astype(object)
        try:
            codes, values = pd.factorize(values)
        except TypeError:  # lists and other values without a hash
            codes, values = pd.factorize(values.map(repr, na_action="ignore"))
    return codes, [_word(value) for value in values]


def _word(value: Any) -> str:
    # 1 and 1.0 are the same category, which is an integer only where none is missing.
    is_whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if is_whole else str(value)


def _frequent(series: pd.Series) -> dict[str, int]:
    """Return the code of each word that is not rare."""
    codes, words = _words(series)
    totals = pd.Series(words, dtype=object)[codes[codes >= 0]].value_counts()
    # By the word where equally frequent: the order of rows is to change nothing.
    common = totals[totals >= MIN_ROWS].items()
    order = sorted(common, key=lambda item: (-item[1], item[0]))[:MAX_CATEGORIES]
    return {word: code for code, (word, _) in enumerate(order)}


def _codes(series: pd.Series, known: dict[str, int]) -> pd.Categorical:
    codes, words = _words(series)
    lookup = np.array([known.get(word, len(known)) for word in words] + [-1])
    return pd.Categorical.from_codes(lookup[codes], categories=range(len(known) + 1))
