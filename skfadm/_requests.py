"""What `sample` is asked for: how many rows, of which labels, with what strengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._validation import as_columns, factorize

#: Labels that are drawn at a time.
_PIECE = 1 << 16


@dataclass(frozen=True)
class Request:
    """Rows to generate."""

    #: Label code of each row.
    codes: NDArray[np.integer]
    #: Whether the user asks for these labels; otherwise they only make the rows.
    is_asked: bool
    #: Of the whole table.
    seed: int


def check_n_samples(n_samples: object, name: str = "n_samples") -> int:
    """Return `n_samples` as int; TypeError or ValueError unless a positive integer."""
    if isinstance(n_samples, bool) or not isinstance(n_samples, Integral):
        raise TypeError(f"{name} must be a positive integer, got {n_samples!r}.")
    if n_samples < 1:
        raise ValueError(f"{name} must be a positive integer, got {n_samples}.")
    return int(n_samples)


def check_strengths(strengths: Sequence[object], has_groups: bool) -> list[float]:
    """Return several values of lambda_yz as numbers; ValueError for what is none.

    Without groups there is nothing that a strength other than 0 could act on.
    """
    if not len(strengths):
        raise ValueError("strengths is empty; expected at least one lambda_yz.")
    for strength in strengths:
        if not isinstance(strength, Real) or not 0 <= float(strength) <= 1:
            raise ValueError(
                f"strengths holds {strength!r}; expected numbers in [0, 1]."
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
    if not pd.api.types.is_list_like(y):
        label = y[()] if isinstance(y, np.ndarray) else y
        return np.full(n_samples, _codes([label], classes)[0], dtype)
    columns = as_columns("y", y)  # type: ignore[arg-type]
    shape = (len(columns[0]), len(columns))[: 1 + (len(columns) > 1)]
    if shape != (n_samples,):
        raise ValueError(
            f"y has shape {shape} but n_samples is {n_samples}; expected one label, "
            f"one label a row (shape ({n_samples},)) or a mapping of shares."
        )
    rows, asked = factorize("y", columns[0])
    return _codes(asked, classes)[rows].astype(dtype)


def _codes(labels: Any, classes: NDArray[Any]) -> NDArray[np.int64]:
    """Return the code of each label, by equality: 1, 1.0 and True are the same."""
    # By way of pandas, because NumPy makes integers of times.
    known, asked = (
        [v.item() if isinstance(v, np.generic) else v for v in pd.Series(values)]
        for values in (classes, labels)
    )
    lookup = {label: code for code, label in enumerate(known)}
    is_known = [pd.api.types.is_hashable(v) and v in lookup for v in asked]
    unknown = sorted({repr(v) for v, k in zip(asked, is_known, strict=True) if not k})
    if unknown:
        raise ValueError(
            f"y asks for unknown labels {', '.join(unknown)}; the labels seen in fit "
            f"are {known}."
        )
    return np.array([lookup[v] for v in asked], dtype=np.int64)


def _codes_of_shares(
    shares: Mapping[Any, Any],
    n_samples: int,
    classes: NDArray[Any],
    rng: np.random.RandomState,
    dtype: np.dtype,
) -> NDArray[np.unsignedinteger]:
    codes = _codes(list(shares), classes)
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
