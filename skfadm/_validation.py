"""Checks of labels, sensitive attributes, domains and what is asked of `sample`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets

#: Labels that are drawn at a time.
_PIECE = 1 << 16


@dataclass(frozen=True)
class LabelFormat:
    """How labels came in, so that generated ones go out alike."""

    is_series: bool
    name: Any
    categories: NDArray[Any] | None
    ordered: bool
    dtype: str | None = None

    @classmethod
    def of(cls, y: ArrayLike) -> LabelFormat:
        """Return the format of `y`."""
        if not isinstance(y, pd.Series):
            return cls(False, None, None, False)
        if isinstance(y.dtype, pd.CategoricalDtype):
            return cls(True, y.name, np.asarray(y.cat.categories), bool(y.cat.ordered))
        return cls(True, y.name, None, False, str(y.dtype))

    def restore(self, labels: NDArray[Any]) -> NDArray[Any] | pd.Series:
        """Return `labels` in this format."""
        if not self.is_series:
            return labels
        values: Any = labels
        if self.categories is not None:
            values = pd.Categorical(labels, self.categories, ordered=self.ordered)
        return pd.Series(values, name=self.name, dtype=self.dtype)


def as_columns(name: str, values: ArrayLike, n_rows: int) -> list[pd.Series]:
    """Return `values`, one or several columns, checked for missing entries.

    Raises
    ------
    ValueError
        If the length is not `n_rows` or an entry is missing.
    """
    frame = values if isinstance(values, pd.DataFrame) else _frame(name, values)
    if len(frame) != n_rows:
        raise ValueError(
            f"{name} has {len(frame)} rows but X has {n_rows}; expected as many. Found "
            "input variables with inconsistent numbers of samples."
        )
    if frame.shape[1] == 0:
        raise ValueError(f"{name} has no columns; expected one or more.")
    columns = [frame.iloc[:, j] for j in range(frame.shape[1])]
    for column in columns:
        n_missing = int(column.isna().sum())
        if n_missing:
            raise ValueError(
                f"{name} has {n_missing} missing values (NaN or None); every row needs "
                "one. Drop these rows or give them a value of their own."
            )
    return columns


def _frame(name: str, values: ArrayLike) -> pd.DataFrame:
    if isinstance(values, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        return pd.Series(values).to_frame()
    # As objects, because NumPy would turn a list such as [1, "a"] to strings.
    array = np.asarray(values, dtype=getattr(values, "dtype", object))
    if array.ndim not in (1, 2):
        raise ValueError(
            f"{name} has {array.ndim} dimensions; expected one value a row or, for "
            "several attributes, a column each."
        )
    return pd.DataFrame(array).infer_objects()


def factorize(name: str, column: pd.Series) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return integer codes and the sorted distinct values of a column of labels."""
    values = np.asarray(column)
    if values.dtype.kind == "f" and (values != np.floor(values)).any():
        odd = values[values != np.floor(values)][0]
        raise ValueError(
            f"{name} holds continuous values such as {odd:g}; expected labels. Bin "
            "them, for instance with pandas.cut."
        )
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ValueError(f"{name} holds infinite values (infinity); expected labels.")
    if values.dtype.kind in "mM":
        raise TypeError(f"{name} holds dates or times; expected labels.")
    try:
        # Hashing finds the few distinct labels of many rows, so that only they are
        # sorted.
        codes, found = pd.factorize(values)
        classes, order = np.unique(found, return_inverse=True)
    except TypeError as error:
        kinds = sorted({type(v).__name__ for v in values})
        raise TypeError(
            f"{name} mixes labels of types {', '.join(kinds)}; expected labels that "
            "can be ordered, such as all strings or all integers."
        ) from error
    return order[codes].astype(np.int64, copy=False), classes


def encode_labels(y: ArrayLike, n_rows: int) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return label codes and classes; at least two classes.

    Raises
    ------
    ValueError
        For a wrong length, missing or continuous values, several columns, one class.
    """
    columns = as_columns("y", y, n_rows)
    if len(columns) != 1:
        raise ValueError(f"y has {len(columns)} columns; expected one label a row.")
    if getattr(y, "ndim", 1) == 2:
        warnings.warn(
            "A column-vector y was passed when a 1d array was expected.",
            DataConversionWarning,
            stacklevel=3,
        )
    values = np.asarray(columns[0])
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise ValueError("y holds infinite values (infinity); expected labels.")
        # Names what scikit-learn calls an unknown label type.
        try:
            check_classification_targets(values)
        except ValueError as error:
            raise ValueError(f"y holds no class labels. {error}") from error
    codes, classes = factorize("y", columns[0])
    if len(classes) < 2:
        raise ValueError(
            f"y holds one class ({classes.tolist()[0]!r}); a generator needs at least "
            "two."
        )
    return codes, classes


def encode_groups(
    z: ArrayLike | None, n_rows: int
) -> tuple[NDArray[np.int64], list[NDArray[Any]]]:
    """Return group codes (n_rows, n_attributes) and the groups of each attribute.

    Raises
    ------
    ValueError
        For a wrong length, missing values or an attribute with a single group.
    """
    if z is None:
        return np.empty((n_rows, 0), dtype=np.int64), []
    codes: list[NDArray[np.int64]] = []
    groups: list[NDArray[Any]] = []
    for column in as_columns("z", z, n_rows):
        column_codes, values = factorize("z", column)
        if len(values) < 2:
            which = "" if column.name is None else f" in column {column.name!r}"
            raise ValueError(
                f"z holds one group{which} ({values.tolist()[0]!r}), so there is "
                "nothing to be fair between; expected at least two groups, or z=None "
                "for no fair control."
            )
        if any(np.array_equal(column_codes, known) for known in codes):
            raise ValueError(
                f"z holds the same attribute twice (column {len(codes)} of it); "
                "expected different ones, since fair control adds them up."
            )
        codes.append(column_codes)
        groups.append(values)
    return np.stack(codes, axis=1), groups


def encode_domains(
    domains: ArrayLike | None, n_rows: int
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return domain codes and the domains; None is a single domain."""
    if domains is None:
        return np.zeros(n_rows, dtype=np.int64), np.array([0])
    columns = as_columns("domains", domains, n_rows)
    if len(columns) != 1:
        raise ValueError(
            f"domains has {len(columns)} columns; expected one label a row."
        )
    return factorize("domains", columns[0])


def new_random_state(
    random_state: int | np.random.RandomState | None,
) -> np.random.RandomState:
    """`check_random_state`, except that ``None`` leaves NumPy's global state alone."""
    if random_state is None:
        return np.random.RandomState()
    return check_random_state(random_state)


def check_n_samples(n_samples: object, name: str = "n_samples") -> int:
    """Return `n_samples` as int; TypeError or ValueError unless a positive integer."""
    if isinstance(n_samples, bool) or not isinstance(n_samples, Integral):
        raise TypeError(f"{name} must be a positive integer, got {n_samples!r}.")
    if n_samples < 1:
        raise ValueError(f"{name} must be a positive integer, got {n_samples}.")
    return int(n_samples)


def check_strengths(
    strengths: Sequence[object], has_groups: bool, largest: float
) -> list[float]:
    """Return several values of lambda_yz as numbers; ValueError for what is none.

    Without groups there is nothing that a strength other than 0 could act on.
    """
    if not len(strengths):
        raise ValueError("strengths is empty; expected at least one lambda_yz.")
    for strength in strengths:
        if not isinstance(strength, Real) or not 0 <= float(strength) <= largest:
            raise ValueError(
                f"strengths holds {strength!r}; expected numbers in [0, {largest:g}]."
            )
        if strength and not has_groups:
            raise ValueError(
                f"strengths holds {strength!r} but fit was given no sensitive "
                "attribute to act on; expected z, or 0 alone."
            )
    return [float(strength) for strength in strengths]  # type: ignore[arg-type]


def requested_codes(
    y: object,
    n_samples: int,
    classes: NDArray[Any],
    prior: NDArray[np.float64],
    rng: np.random.RandomState,
) -> NDArray[np.unsignedinteger]:
    """Return the label code of each row that is asked for, in the smallest dtype.

    `y` is None (drawn from `prior`), one label, one label a row, or a mapping of labels
    to shares, which are met to the nearest row.

    Raises
    ------
    ValueError
        For an unknown label, a wrong number of labels, or shares that are negative or
        do not sum to 1.
    """
    dtype = np.min_scalar_type(len(classes) - 1)
    if y is None:
        drawn = np.empty(n_samples, dtype)
        # In pieces, which take the same random numbers as one draw and less memory.
        for piece in np.split(drawn, range(_PIECE, n_samples, _PIECE)):
            piece[:] = rng.choice(len(classes), size=len(piece), p=prior)
        return drawn
    if isinstance(y, Mapping):
        return _codes_of_shares(y, n_samples, classes, rng, dtype)
    labels = np.asarray(y, dtype=getattr(y, "dtype", object))
    if labels.ndim == 0:
        return np.full(n_samples, _codes(labels[None], classes)[0], dtype)
    if labels.shape != (n_samples,):
        raise ValueError(
            f"y has shape {labels.shape} but n_samples is {n_samples}; expected one "
            f"label, one label a row (shape ({n_samples},)) or a mapping of shares."
        )
    return _codes(labels, classes).astype(dtype)


def _codes(labels: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.int64]:
    lookup = {label: code for code, label in enumerate(classes.tolist())}
    values = labels.tolist()
    unknown = sorted({repr(v) for v in values if _get(lookup, v) is None})
    if unknown:
        raise ValueError(
            f"y asks for unknown labels {', '.join(unknown)}; the labels seen in fit "
            f"are {classes.tolist()}."
        )
    return np.array([lookup[v] for v in values], dtype=np.int64)


def _get(lookup: dict[Any, int], value: Any) -> int | None:
    try:
        return lookup.get(value)
    except TypeError:  # unhashable, hence no label
        return None


def _codes_of_shares(
    shares: Mapping[Any, Any],
    n_samples: int,
    classes: NDArray[Any],
    rng: np.random.RandomState,
    dtype: np.dtype,
) -> NDArray[np.unsignedinteger]:
    codes = _codes(np.array(list(shares), dtype=object), classes)
    try:
        values = np.array([float(v) for v in shares.values()])
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"y maps labels to {list(shares.values())!r}; expected shares as numbers."
        ) from error
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise ValueError(
            f"y holds shares {values.tolist()}; expected numbers that are not negative."
        )
    if abs(values.sum() - 1.0) > 1e-6:
        raise ValueError(f"y holds shares that sum to {values.sum():g}; expected 1.")
    # Largest remainders: the counts are the shares to the nearest row and sum to n.
    exact = values / values.sum() * n_samples
    counts = np.floor(exact).astype(np.int64)
    counts[np.argsort(counts - exact, kind="stable")[: n_samples - counts.sum()]] += 1
    return rng.permutation(np.repeat(codes.astype(dtype), counts))
