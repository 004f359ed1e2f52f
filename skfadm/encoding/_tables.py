"""Tables as estimators take them: checked, and column by column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Tags, check_array
from sklearn.utils.validation import validate_data

from .._containers import from_pandas, library_of, to_pandas
from ._dtypes import MISSING_MARKERS, freeze, thaw


def check_table(estimator: Any, X: Any, *, reset: bool) -> Any:
    """Return X as a DataFrame of pandas or a two-dimensional array.

    Number and names of the columns are remembered in `estimator` with `reset`, and
    compared with what it remembers without, as everywhere in scikit-learn.
    """
    X = to_pandas("X", X)
    if isinstance(X, pd.Series):
        raise ValueError(
            f"Expected 2D array, got 1D array instead: X is a column of {len(X)} "
            "values. Expected a table: reshape it, or make it a column of one."
        )
    if not isinstance(X, pd.DataFrame):
        table = validate_data(
            estimator, X, reset=reset, dtype=None, ensure_all_finite=False
        )
        if not hasattr(X, "dtype") and table.dtype.kind in "US":
            # A list of lists such as [[1, "a"]]: NumPy made all of it strings.
            table = check_array(X, dtype=object, ensure_all_finite=False)
        return table
    if not X.columns.is_unique:
        twice = X.columns[X.columns.duplicated()][0]
        raise ValueError(
            f"X holds more than one column named {twice!r}, expected unique names."
        )
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    for count, what in zip(X.shape, ("sample", "feature"), strict=True):
        if not count:
            raise ValueError(
                f"Found array with 0 {what}(s) (shape={X.shape}) while a minimum "
                "of 1 is required."
            )
    return X


def iterate(table: Any) -> Iterator[tuple[str, pd.Series]]:
    """Yield the name, as errors say it, and the values of each column."""
    for j in range(table.shape[1]):
        if isinstance(table, pd.DataFrame):
            yield repr(table.columns[j]), table.iloc[:, j]
        else:
            # Without a dtype pandas 3 would turn objects that are strings to `str`.
            dtype = object if table.dtype.kind in "OUS" else None
            yield str(j), pd.Series(table[:, j], dtype=dtype)


class TakesAnyTable:
    """Mixin: columns of any type, with missing values, are welcome."""

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


class TableKind:
    """What a table is besides its columns: of which library, with names, or an array.

    `given` is what the user gave, `table` what `check_table` made of it.
    """

    def __init__(self, given: Any, table: Any) -> None:
        self.labels = None
        self.library = library_of(given)
        if isinstance(table, pd.DataFrame):
            self.labels = freeze(table.columns)
            self.label_names = list(table.columns.names)
            return
        dtype: Any = getattr(given, "dtype", None)
        self.dtype = "T" if getattr(dtype, "kind", "") == "T" else table.dtype.str
        #: What is missing in an array of NumPy's StringDType, "" if nothing can be.
        self.missing = ""
        if hasattr(dtype, "na_object"):
            names = [k for k, m in MISSING_MARKERS.items() if m is dtype.na_object]
            self.missing = [*names, "nan"][0]

    def assemble(self, arrays: list[Any], n_rows: int) -> Any:
        """Return a table with these columns: a DataFrame of pandas or an array."""
        if self.labels is not None:
            # Without a dtype pandas 3 would turn objects that are strings to `str`.
            columns = (pd.Series(x, dtype=x.dtype, copy=False) for x in arrays)
            table = pd.DataFrame(dict(enumerate(columns)), copy=False)
            labels = thaw(self.labels)
            if len(self.label_names) > 1:
                labels = pd.MultiIndex.from_tuples(labels)
            table.columns = labels.set_names(self.label_names)
            return table
        # New words can be longer than those of an array of strings.
        is_text = self.dtype[:2].strip("<>|=") in ("U", "S", "T")
        array = np.empty((n_rows, len(arrays)), dtype=object if is_text else self.dtype)
        for j, column in enumerate(arrays):
            array[:, j] = column
        if self.dtype != "T":
            return array.astype(self.dtype[:2]) if is_text else array
        gaps = pd.isna(array)
        if not self.missing and not gaps.any():
            return array.astype(np.dtypes.StringDType())
        array[gaps] = marker = MISSING_MARKERS[self.missing or "nan"]
        return array.astype(np.dtypes.StringDType(na_object=marker))

    def restore(self, table: Any) -> Any:
        """Return an assembled table in the library that it came from."""
        return from_pandas(table, self.library)
