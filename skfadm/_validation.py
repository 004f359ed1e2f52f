"""The checks of labels, groups, domains, numbers of rows, strengths and seeds."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from functools import partial
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import check_random_state

from ._containers import factorize as factorize_values
from ._containers import to_pandas

#: With more labels than this, most rows must share theirs with another.
_FEW_LABELS = 20
#: The rates of more groups or labels cannot be made alike.
MAX_GROUPS = 20


def bad_value(
    argument: str,
    problem: str,
    in_python: str = "",
    kind: type[Exception] = ValueError,
) -> Exception:
    """Return the error of a wrong argument: what it is, and what to do in Python.

    A command line says the problem of its own option: `argument` and `problem` are
    attributes of the error.
    """
    error = kind(f"{argument} {problem}{in_python}")
    vars(error).update(argument=argument, problem=problem)
    return error


bad_type = partial(bad_value, kind=TypeError)


def as_columns(
    name: str,
    values: ArrayLike,
    n_rows: int | None = None,
    of: str = "X",
    *,
    gaps: bool = False,
) -> list[pd.Series]:
    """Return `values`, one or several columns of labels; `gaps`: some may be missing.

    They are an array-like or DataFrame of shape (n,) or (n, n_columns), of any dtype;
    n is `n_rows`, as many as the argument `of` has, or any number but 0.
    """
    values = to_pandas(name, values)
    frame = values if isinstance(values, pd.DataFrame) else _frame(name, values)
    if n_rows is not None and len(frame) != n_rows:
        raise bad_value(
            name,
            f"has {len(frame)} rows but {of} has {n_rows}; expected as many. "
            "Found input variables with inconsistent numbers of samples.",
        )
    if 0 in frame.shape:
        what = "rows" if not len(frame) else "columns"
        raise bad_value(name, f"has no {what}; expected one or more.")
    columns = [frame.iloc[:, j] for j in range(frame.shape[1])]
    for column in columns:
        n_missing = int(column.isna().sum())
        if n_missing and not gaps:
            raise bad_value(
                name,
                f"has {n_missing} missing values (NaN or None); every row needs "
                "one. Drop these rows or give them a value of their own.",
            )
    return columns


def _frame(name: str, values: ArrayLike) -> pd.DataFrame:
    if isinstance(values, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        return pd.Series(values).to_frame()
    # As objects, because NumPy would turn a list such as [1, "a"] to strings.
    array = np.asarray(values, dtype=getattr(values, "dtype", object))
    if array.ndim == 0:
        shown = type(values).__name__ if isinstance(values, Mapping) else repr(values)
        raise bad_type(
            name,
            f"is {shown}; expected the values themselves, one a row, as an "
            "array, a Series or, for several columns, a DataFrame.",
        )
    if array.ndim > 2:
        raise bad_value(
            name,
            f"has {array.ndim} dimensions; expected one value a row or, for "
            "several attributes, a column each.",
        )
    return pd.DataFrame(array)


def as_labels(
    name: str, values: ArrayLike, n_rows: int | None = None, of: str = "X"
) -> NDArray[Any]:
    """Return a column of labels as an array of plain values, shape (n,).

    As `as_columns` and `factorize`, but several columns are an error.
    """
    codes, labels = _factorize_one(name, values, n_rows, of)
    return labels[codes]


def _factorize_one(
    name: str, values: ArrayLike, n_rows: int | None, of: str = "X"
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    columns = as_columns(name, values, n_rows, of)
    if len(columns) != 1:
        raise bad_value(name, f"has {len(columns)} columns; expected one label a row.")
    return factorize(name, columns[0])


def factorize(name: str, column: pd.Series) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return integer codes and the sorted distinct values of a column of labels.

    Values may be of any dtype; those of pandas and Arrow become NumPy's or objects.
    Numbers come before words where both are there. Numbers that are no integers are a
    ValueError; collections, and values that cannot be sorted, a TypeError.
    """
    values = np.asarray(column)
    try:
        # Hashing finds the few distinct labels of many rows, so that the rest is done
        # for them alone.
        codes, found = factorize_values(values)
    except TypeError:
        codes, found = np.arange(len(values)), values
    if found.dtype == object:
        plain = pd.Series([_plain(name, v) for v in found], dtype=object)
        found = np.asarray(plain.infer_objects())
    _check_whole(name, found)
    try:
        order, labels = pd.factorize(found, sort=True)
    except TypeError as error:
        kinds = sorted({type(v).__name__ for v in found})
        raise bad_type(
            name,
            f"mixes labels of types {', '.join(kinds)}; expected labels that "
            "can be ordered, such as all strings or all integers.",
        ) from error
    if values.dtype.kind in "US":  # pandas makes objects of them
        labels = labels.astype(values.dtype)
    return order[codes].astype(np.int64, copy=False), labels


def _plain(name: str, value: Any) -> Any:
    """Return an object as a label; decimals are numbers as any other."""
    if isinstance(value, Collection) and not isinstance(value, str | bytes):
        raise bad_type(
            name,
            f"holds {value!r}; expected single values such as strings or "
            "integers. Join the parts to one string, or, for several sensitive "
            "attributes, give each a column.",
        )
    if not isinstance(value, Decimal):
        return value
    is_whole = value.is_finite() and value == value.to_integral_value()
    return int(value) if is_whole else float(value)


def _check_whole(name: str, found: NDArray[Any]) -> None:
    numbers = found
    if found.dtype == object:
        numbers = np.array([v for v in found if isinstance(v, float)])
    if numbers.dtype.kind == "c":
        raise bad_value(
            name,
            f"holds complex numbers such as {numbers[0]:g}; expected labels "
            "(Complex data not supported).",
        )
    if numbers.dtype.kind != "f":
        return
    if not np.isfinite(numbers).all():
        raise bad_value(name, "holds infinite values (infinity); expected labels.")
    odd = numbers[numbers != np.floor(numbers)]
    if len(odd):
        # The words in brackets are what scikit-learn calls it.
        raise bad_value(
            name,
            f"holds continuous values such as {odd[0]:g}; expected labels "
            "(Unknown label type: continuous). Make labels of ranges of values, for "
            'instance "low" and "high".',
            f" In pandas: pandas.cut({name}, 2).",
        )


def encode_labels(y: ArrayLike, n_rows: int) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return label codes and classes: two or more, of one type, which rows share."""
    y = to_pandas("y", y)
    if getattr(y, "ndim", 1) == 2 and np.shape(y)[1:] == (1,):
        warnings.warn(
            "A column-vector y was passed when a 1d array was expected.",
            DataConversionWarning,
            stacklevel=3,
        )
    codes, classes = _factorize_one("y", y, n_rows)
    if len(classes) < 2:
        raise bad_value(
            "y",
            f"holds one class ({classes.tolist()[0]!r}); a generator needs at least "
            "two.",
        )
    kinds = {type(label).__name__ for label in classes.tolist()}
    if "str" in kinds and len(kinds) > 1:
        raise bad_type(
            "y",
            f"mixes labels of types {', '.join(sorted(kinds))}; expected labels of "
            "one type, such as all strings or all integers.",
        )
    if len(classes) > max(_FEW_LABELS, n_rows / 2):
        raise bad_value(
            "y",
            f"holds {len(classes)} different values in {n_rows} rows; expected class "
            "labels that rows share. If it is a quantity, make labels of ranges of "
            'values, for instance "low" and "high"; if it tells rows apart, choose '
            "another column.",
        )
    if classes.dtype.kind in "iu" and len(classes) > max(_FEW_LABELS, n_rows / 10):
        warnings.warn(
            f"y holds {len(classes)} different numbers in {n_rows} rows, which become "
            'labels without an order. Of a quantity, make ranges such as "low" and '
            '"high".',
            UserWarning,
            stacklevel=3,
        )
    return codes, classes


def check_for_classifiers(name: str, labels: NDArray[Any]) -> None:
    """Refuse labels that scikit-learn's classifiers do not take: other than strings."""
    if labels.dtype != object and labels.dtype.kind != "S":
        return
    other = [v for v in pd.unique(labels.astype(object)) if not isinstance(v, str)]
    if other:
        raise bad_type(
            name,
            f"holds {other[0]!r}, which classifiers do not take as a label; "
            "expected strings or integers.",
            f" Convert them, for example by {name}.astype(str).",
        )


def encode_groups(
    z: ArrayLike | None, n_rows: int, *, gaps: bool = False
) -> tuple[NDArray[np.int64], list[NDArray[Any]]]:
    """Return group codes (n_rows, n_attributes) and the groups of each attribute.

    An attribute has two groups or more, and is there once. With `gaps`, groups of some
    rows may be missing, which have the code -1.
    """
    if z is None:
        return np.empty((n_rows, 0), dtype=np.int64), []
    codes: list[NDArray[np.int64]] = []
    groups: list[NDArray[Any]] = []
    for column in as_columns("z", z, n_rows, gaps=gaps):
        which = "" if column.name is None else f" in column {column.name!r}"
        if column.isna().all():
            raise bad_value(
                "z",
                f"holds missing values only{which}; expected the group of at least "
                "some rows.",
                " Without z there is no fair control.",
            )
        column_codes, values = _codes_of_known(column)
        if len(values) < 2:
            raise bad_value(
                "z",
                f"holds one group{which} ({values.tolist()[0]!r}), so there is "
                "nothing to be fair between; expected at least two groups.",
                " Without z there is no fair control.",
            )
        if any(np.array_equal(column_codes, other) for other in codes):
            raise bad_value(
                "z",
                f"holds the same attribute twice (column {column.name!r}); "
                "expected different ones, since fair control adds them up.",
            )
        codes.append(column_codes)
        groups.append(values)
    return np.stack(codes, axis=1), groups


def combine_groups(z: ArrayLike, n_rows: int, of: str = "X") -> NDArray[np.int64]:
    """Return the code of each row's combination of values in the columns of `z`."""
    codes = [factorize("z", column)[0] for column in as_columns("z", z, n_rows, of)]
    return np.unique(np.stack(codes, axis=1), axis=0, return_inverse=True)[1].ravel()


def encode_domains(
    domains: ArrayLike | None, n_rows: int | None, name: str = "domains"
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return domain codes and the domains; None is a single domain."""
    if domains is None:
        return np.zeros(n_rows or 0, dtype=np.int64), np.array([0])
    return _factorize_one(name, domains, n_rows)


def check_n_samples(n_samples: object, name: str = "n_samples") -> int:
    """Return `n_samples` as int; TypeError or ValueError unless a positive integer."""
    if isinstance(n_samples, bool) or not isinstance(n_samples, Integral):
        raise bad_type(name, f"must be a positive integer, got {n_samples!r}.")
    if n_samples < 1:
        raise bad_value(name, f"must be a positive integer, got {n_samples}.")
    return int(n_samples)


def as_group_codes(
    z: ArrayLike, n_rows: int, groups: Sequence[NDArray[Any]]
) -> NDArray[np.int64]:
    """Return codes (n_rows, n_attributes) of known groups; -1 where one is missing."""
    columns = as_columns("z", z, n_rows, gaps=True)
    if len(columns) != len(groups):
        raise bad_value(
            "z",
            f"has {len(columns)} columns; expected the {len(groups)} sensitive "
            "attributes of fit.",
        )
    found = []
    for column, of_fit in zip(columns, groups, strict=True):
        codes, values = _codes_of_known(column)
        places = pd.Index(of_fit).get_indexer(pd.Index(values))
        if strange := values[places < 0].tolist():
            raise bad_value(
                "z",
                f"holds the group {strange[0]!r}; expected those of fit: "
                f"{of_fit.tolist()}.",
            )
        found.append(np.append(places, -1)[codes])
    return np.stack(found, axis=1)


def _codes_of_known(column: pd.Series) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return the codes of groups, -1 where one is missing, and the groups."""
    known = column.notna().to_numpy()
    codes = np.full(len(column), -1, dtype=np.int64)
    codes[known], values = factorize("z", column[known])
    return codes, values


def what_is_in_the_way(n_groups: tuple[int, ...], n_labels: int) -> str | None:
    """Return why rates cannot be made alike, if they cannot."""
    if not n_groups:
        return "fit was given no sensitive attribute; expected z in fit."
    if max((n_labels, *n_groups)) <= MAX_GROUPS:
        return None
    return (
        f"z has {', '.join(map(str, n_groups))} groups and y {n_labels} labels, whose "
        f"rates cannot be made alike; expected at most {MAX_GROUPS} of each. Join "
        "them, numbers to ranges."
    )


def check_strengths(strengths: Sequence[object], obstacle: str | None) -> list[float]:
    """Return several values of lambda_yz as numbers; ValueError for what is none.

    Where there is an obstacle to fair labels, no strength other than 0 can act.
    """
    if not len(strengths):
        raise bad_value("strengths", "is empty; expected at least one lambda_yz.")
    for strength in strengths:
        if not isinstance(strength, Real) or not 0 <= float(strength) <= 1:
            raise bad_value(
                "strengths", f"holds {strength!r}; expected numbers in [0, 1]."
            )
        if strength and obstacle:
            raise bad_value(
                "strengths",
                f"holds {strength!r}, which cannot act: {obstacle}",
                " Or ask for 0 alone.",
            )
    return [float(strength) for strength in strengths]  # type: ignore[arg-type]


def new_random_state(
    random_state: int | np.random.RandomState | None,
) -> np.random.RandomState:
    """`check_random_state`, except that ``None`` leaves NumPy's global state alone."""
    if random_state is None:
        return np.random.RandomState()
    return check_random_state(random_state)
