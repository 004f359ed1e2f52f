"""A mixed-type table as rows of numbers and codes, and back."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import Tags, check_array, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ._fitting import Column, fit_columns
from ._identifiers import RULES
from ._tables import TableKind, TakesAnyTable, check_table, iterate

#: Rows of a column that are encoded at a time: what float64 arrays this takes on the
#: way is then small beside the table, and stays in the processor's cache.
BLOCK = 1 << 16


class TabularEncoder(TakesAnyTable, TransformerMixin, BaseEstimator):
    r"""Encode a table of numbers and categories in a compact array, and decode it.

    The compact array has the numbers first, each with a standard normal marginal, then
    one integer code for each category channel. A column becomes

    - a number channel, if it holds numbers or times: the value v becomes
      :math:`\Phi^{-1}(u)`, u uniform in :math:`[F(v^-), F(v)]`, F the empirical
      distribution. Decoding is :math:`F^{-1}(\Phi(x))`, so that a model that is right
      on the normal axis has the right marginal.
    - a category channel, if it holds strings, booleans, pandas categories, mixed
      objects, or at most 16 distinct numbers, each seen twice on average. Missing
      values have a code, and so have identifiers.
    - both, if it holds numbers of which some are missing, or stand out (atoms). There
      is a code for each atom, for "the rest" and for missing. The number channel is NaN
      outside the rest, where there is no number to be learned.
    - nothing, if it is constant or missing throughout, or identifiers.

    The page :doc:`/user_guide/columns` has the rules: what is an atom or an identifier,
    what is stored of those, and what few rows have.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=None
        Source of the noise that spreads tied values, and of the words that take the
        place of rare ones. An integer gives the same encoding at every call. None draws
        afresh.
    identifiers : {"synthetic", "missing", "keep"} or dict, default="synthetic"
        What identifiers come back as: new words of the same pattern; missing values;
        or, with "keep", the real words, which are then categories as any others. A dict
        from columns (names, or positions in an array) to one of these says so for these
        columns, whatever they hold: with "synthetic" and "missing" all their words are
        identifiers. All other columns are as by default.
    min_frequency : int, default=5
        Nothing comes back that fewer rows have, so that it points at nobody: no
        category, no rare number among tied ones, no extreme. Of n rows, n / 5 is the
        most that is asked for; 1 gives all back. Words of "keep" columns all stay.

    Attributes
    ----------
    n_numbers_ : int
        Number of number channels, the first columns of the compact array.
    category_sizes_ : tuple of int
        Number of codes of each category channel, at least 2.
    columns_ : list
        The fitted columns of the table.
    n_features_in_ : int
        Number of columns of the table.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if all are strings.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfadm.encoding import TabularEncoder
    >>> X = pd.DataFrame({"age": [39, 50, 38, 53], "sex": ["M", "M", None, "F"]})
    >>> encoder = TabularEncoder(random_state=0).fit(X)
    >>> encoder.n_numbers_, encoder.category_sizes_
    (1, (3,))
    >>> encoder.transform(X).round(2)
    array([[-0.32,  1.  ],
           [ 0.32,  1.  ],
           [-1.32,  2.  ],
           [ 1.62,  0.  ]], dtype=float32)
    >>> encoder.inverse_transform(encoder.transform(X)).equals(X)
    True
    """

    _parameter_constraints: dict = {
        "random_state": ["random_state"],
        "identifiers": [StrOptions(RULES), dict],
        "min_frequency": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        random_state: Any = None,
        *,
        identifiers: str | dict = "synthetic",
        min_frequency: int = 5,
    ) -> None:
        self.random_state = random_state
        self.identifiers = identifiers
        self.min_frequency = min_frequency

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> TabularEncoder:
        """Learn the columns' types, categories and distributions.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            The table, of pandas, polars, Arrow or whatever narwhals knows. NaN, None,
            pd.NA, NaT and what is masked are missing values.
        y : None
            Ignored.

        Returns
        -------
        TabularEncoder
            The fitted encoder.

        Raises
        ------
        ValueError
            If a column holds infinite or complex numbers, decimals of more than 18
            digits or times of several zones, or `identifiers` names no column.
        TypeError
            If a column holds objects that are not hashable, or very many that are
            neither numbers nor times nor text.

        Warns
        -----
        UserWarning
            If a column that `identifiers` does not name holds identifiers.
        """
        table = check_table(self, X, reset=True)
        self.columns_ = fit_columns(
            table, self.identifiers, self.min_frequency, self._rng()
        )
        sizes = [column.category_size for column in self.columns_]
        self.category_sizes_ = tuple(size for size in sizes if size)
        self.n_numbers_ = sum(column.has_number for column in self.columns_)
        self._kind = TableKind(X, table)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Encode a table.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            A table with the columns of the fitted one.

        Returns
        -------
        ndarray of shape (n_samples, n_numbers_ + len(category_sizes_)), dtype float32
            Numbers, about N(0, 1) each and NaN where an atom or a missing value
            stands, then codes in 0, ..., size - 1.

        Raises
        ------
        ValueError
            If the columns differ from the fitted ones, if a category is unknown, if a
            value is missing in a column that was complete in fit, or if a number is
            infinite.
        """
        check_is_fitted(self)
        table, rng = check_table(self, X, reset=False), self._rng()
        width = self.n_numbers_ + len(self.category_sizes_)
        encoded = np.empty((len(table), width), dtype=np.float32)
        placed = zip(self.places(), iterate(table), strict=True)
        for (column, number, code), (_, series) in placed:
            for start in range(0, len(table), BLOCK):
                rows = slice(start, start + BLOCK)
                scores, codes = column.encode(series.iloc[rows], rng)
                if scores is not None:
                    encoded[rows, number] = scores
                if codes is not None:
                    encoded[rows, code] = codes
        return encoded

    def inverse_transform(self, X: Any) -> Any:
        """Decode a compact array.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_numbers_ + len(category_sizes_))
            A compact array: finite numbers (any, also NaN, where the code says that
            there is none), then codes in 0, ..., size - 1.

        Returns
        -------
        DataFrame, ndarray or table of shape (n_samples, n_features_in_)
            The kind of table that fit saw, with the same columns and dtypes.

        Raises
        ------
        ValueError
            If the shape is another, a number that is needed is not finite, or a code
            is not one.
        """
        check_is_fitted(self)
        return self.restore(self.decode(X, seed=int(self._rng().integers(2**63))))

    def decode(self, X: Any, *, seed: int, first: int = 0) -> Any:
        """Decode rows from the index `first` on, as an array or a DataFrame of pandas.

        `seed` decides, with the index of a row, which new words the row gets.
        """
        check_is_fitted(self)
        E = check_array(
            X,
            dtype=[np.float32, np.float64],
            ensure_min_features=0,
            ensure_all_finite="allow-nan",
        )
        width = self.n_numbers_ + len(self.category_sizes_)
        if E.shape[1] != width:
            raise ValueError(
                f"X has {E.shape[1]} columns, expected {width}: {self.n_numbers_} "
                f"numbers and {len(self.category_sizes_)} codes."
            )
        rows = np.arange(first, first + len(E))
        arrays: list[Any] = []
        for column, number, code in self.places():
            codes = np.zeros(len(E), dtype=np.intp)
            if size := column.category_size:
                codes = E[:, code].astype(np.intp)
                is_code = (codes == E[:, code]) & (codes >= 0) & (codes < size)
                if not is_code.all():
                    raise ValueError(
                        f"The category channel of column {column.name} holds values "
                        f"that are no codes, expected integers in [0, {size - 1}]."
                    )
            scores = E[:, number] if column.has_number else None
            arrays.append(column.decode(scores, codes, rows, seed + len(arrays)))
        return self._kind.assemble(arrays, len(E))

    def restore(self, table: Any) -> Any:
        """Return a decoded table as one of the library that `fit` saw."""
        return self._kind.restore(table)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def places(self) -> Iterator[tuple[Column, int, int]]:
        """Yield each column with the places of its channels, those that it has."""
        number, code = 0, self.n_numbers_
        for column in self.columns_:
            yield column, number, code
            number += column.has_number
            code += bool(column.category_size)

    def _rng(self) -> np.random.Generator:
        """Return a generator that is not NumPy's global one."""
        if self.random_state is None:
            return np.random.default_rng()
        seeds = check_random_state(self.random_state)
        return np.random.default_rng(seeds.randint(np.iinfo(np.int32).max))
