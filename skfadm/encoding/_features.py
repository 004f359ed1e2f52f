"""Columns of any type as what classifiers take: floats and few categories."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from ._dtypes import UnnamedDtypeError, freeze_dtype, thaw_dtype
from ._kinds import amounts, kind_of, origin_of, plain, wall_clock
from ._tables import TakesAnyTable, check_table, iterate

#: Gradient boosting takes 255 categories a column: the frequent ones, and the rest.
MAX_CATEGORIES = 254
_LARGEST = 1e100
# What boosting reads off a time only with very many splits, and the length in days of
# the cycle: within one cycle the part says no more than the time itself.
_PARTS = {"hour": 1, "weekday": 7, "day": 31, "day of year": 366}


class ClassifierFeatures(TakesAnyTable, TransformerMixin, BaseEstimator):
    """Turn a table of any column types into floats and categories for classifiers.

    - Numbers of every type and booleans become float64, missing values NaN. Infinite
      values become finite ones outside the range seen in `fit`; a column that reaches
      beyond 1e100 is divided by a constant, so that its square is finite too. Integers
      and decimals beyond 2^53, which floats do not tell apart, are counted from the
      smallest.
    - Times become seconds since 1970 as the clock on the wall shows them, and as far
      as the column goes through more than one day, week, month or year, the hour (a
      fraction with the minutes), weekday, day of the month and of the year beside
      them. Durations and times of day become seconds.
    - Words, categories and all else become a pandas category of the codes 0, 1, ...,
      in the order of their frequency: the 254 most frequent in `fit`, and 254 for all
      others seen there. Those not seen there are missing.
    - Columns without any value in `fit` are left out.

    Attributes
    ----------
    kinds_ : list of str
        "number", "time", "duration", "words" or "nothing" for each column.
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
    >>> X = pd.DataFrame({"n": [1, 2, None], "word": ["b", "a", "b"]})
    >>> ClassifierFeatures().fit_transform(X)
         n word
    0  1.0    0
    1  2.0    1
    2  NaN    0
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
        self._states: list[Any] = []
        for name, series in iterate(table):
            values = plain(series)
            if pd.api.types.is_complex_dtype(values.dtype):
                raise ValueError(f"Complex data not supported, found in column {name}.")
            kind = kind_of(values).replace("boolean", "number")
            self.kinds_.append(kind)
            if kind == "words":
                state: Any = _most_frequent(values)
            elif kind == "nothing":
                state = None
            elif kind == "time":
                zone = _name_zone(values.dtype)
                state = zone, _parts_of(_wall(values, zone))
            else:
                origin = origin_of(values) if kind == "number" else 0
                state = origin, *_limits(amounts(values, kind, origin))
            self._states.append(state)
        columns = (
            table.columns if isinstance(table, pd.DataFrame) else range(table.shape[1])
        )
        self._names = [str(name) for name in columns]
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
            kind, state = self.kinds_[j], self._states[j]
            if kind == "nothing":
                continue
            values = plain(series)
            if kind == "words":
                found = {"": _codes(values, state)}
            else:
                _check_kind(kind, kind_of(values), name)
                if kind == "time":
                    found = _time_features(_wall(values, state[0]), state[1])
                else:
                    numbers = amounts(values, kind, state[0])
                    found = {"": _finite(numbers, *state[1:])}
            for part, feature in found.items():
                key = f"{self._names[j]} {part}" if part else self._names[j]
                while key in features:  # a column "t hour" beside the hour of "t"
                    key += "'"
                features[key] = feature
        if not features:
            # Classifiers refuse a table without columns; one that is constant is none.
            features["nothing"] = np.zeros(len(table))
        index = table.index if isinstance(table, pd.DataFrame) else None
        return pd.DataFrame(features, index=index)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


def _check_kind(fitted: str, found: str, name: str) -> None:
    if found not in (fitted, "nothing") and (fitted, found) != ("number", "boolean"):
        raise TypeError(
            f"Column {name} holds {found}{'' if found[-1] == 's' else 's'}, expected "
            f"{fitted}s as in fit."
        )


def _name_zone(dtype: Any) -> str:
    """Return a dtype of the zone in which hours are told, as a string."""
    try:
        return freeze_dtype(dtype) if isinstance(dtype, pd.DatetimeTZDtype) else ""
    except UnnamedDtypeError:
        return ""


def _wall(series: pd.Series, zone: str) -> np.ndarray:
    if kind_of(series) == "nothing":
        return np.full(len(series), np.datetime64("NaT", "s"))
    return wall_clock(series, thaw_dtype(zone).tz if zone else None)


def _limits(numbers: np.ndarray) -> tuple[float, float, float]:
    """Return a divisor, and what stands for the infinities after division."""
    finite = numbers[np.isfinite(numbers)]
    divisor = max(1.0, float(np.abs(finite).max(initial=0.0)) / _LARGEST)
    low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 0.0)
    low, high = low / divisor, high / divisor
    width = max(high - low, abs(low), abs(high), 1.0)
    return divisor, float(low - width), float(high + width)


def _finite(numbers: np.ndarray, divisor: float, low: float, high: float) -> np.ndarray:
    return np.nan_to_num(numbers / divisor, nan=np.nan, posinf=high, neginf=low)


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


def _most_frequent(series: pd.Series) -> dict[str, int]:
    """Return the code of each word."""
    codes, words = _words(series)
    counts = np.bincount(codes[codes >= 0], minlength=len(words))
    totals: dict[str, int] = {}
    for word, count in zip(words, counts, strict=True):
        if count:
            totals[word] = totals.get(word, 0) + int(count)
    # By the word where equally frequent: the order of rows is to change nothing.
    order = sorted(totals, key=lambda word: (-totals[word], word))
    return {word: min(code, MAX_CATEGORIES) for code, word in enumerate(order)}


def _codes(series: pd.Series, known: dict[str, int]) -> pd.Categorical:
    codes, words = _words(series)
    lookup = np.array([known.get(word, -1) for word in words] + [-1], dtype=np.intp)
    categories = np.arange(min(len(known), MAX_CATEGORIES + 1))
    return pd.Categorical.from_codes(lookup[codes], categories=categories)


def _parts_of(times: np.ndarray) -> list[str]:
    """Name the parts of times that vary and are not the order of the times again."""
    times = times[~np.isnat(times)].astype("M8[s]")
    span = (times.max() - times.min()) / np.timedelta64(1, "D")
    return [
        name
        for name, days in _PARTS.items()
        if span > days and np.ptp(_part(times, name)) > 0
    ]


def _part(times: np.ndarray, name: str) -> np.ndarray:
    days = times.astype("M8[D]")
    if name == "hour":
        return (times - days) / np.timedelta64(1, "h")
    if name == "weekday":  # 1970 began on a Thursday; Monday is 0
        return (days.astype(np.int64) + 3) % 7
    cycle = "M8[M]" if name == "day" else "M8[Y]"
    return (days - days.astype(cycle)) / np.timedelta64(1, "D") + 1


def _time_features(times: np.ndarray, parts: list[str]) -> dict[str, np.ndarray]:
    missing = np.isnat(times)
    epoch = np.datetime64(0, "s")
    features = {"": (times - epoch) / np.timedelta64(1, "s")}
    for name in parts:
        part = _part(np.where(missing, epoch, times), name).astype(np.float64)
        part[missing] = np.nan
        features[name] = part
    return features
