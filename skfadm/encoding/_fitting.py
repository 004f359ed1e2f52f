"""Which columns of a table are numbers, which categories, and which identifiers."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from ._categories import CategoryColumn
from ._columns import NumberColumn
from ._dtypes import UnnamedDtypeError
from ._formats import find_format
from ._identifiers import RULES
from ._tables import iterate

Column = NumberColumn | CategoryColumn

#: A column can be in so many groups of the least size, at least.
MIN_GROUPS = 5


def fit_columns(
    table: Any, identifiers: str | dict, min_frequency: int, rng: np.random.Generator
) -> list[Column]:
    """Fit each column of a checked table, with errors as those of `TabularEncoder`.

    `rng` picks the words that patterns of very many are read from.
    """
    # Of a small table less is asked for, or nothing would be left.
    minimum = max(1, min(min_frequency, len(table) // MIN_GROUPS))
    columns: list[Column] = []
    rules = _rules(table, identifiers)
    for (name, series), (rule, is_named) in zip(iterate(table), rules, strict=True):
        try:
            form = find_format(name, series)
            if form is not None:
                columns.append(NumberColumn(name, series, form, minimum))
                continue
            words = CategoryColumn(name, series, rule, is_named, rng, minimum)
        except UnnamedDtypeError as error:
            raise ValueError(
                f"Column {name} is of the dtype {error}, which cannot be stored by "
                "name, expected another, such as one of a zone of the IANA: convert "
                "it, for example by .dt.tz_convert('UTC')."
            ) from None
        columns.append(words)
        if words.note and not is_named:
            warnings.warn(words.note, UserWarning, stacklevel=4)
    return columns


def _rules(table: Any, identifiers: str | dict) -> list[tuple[str, bool]]:
    """Return the rule for each column, and whether it is for all of its words."""
    is_frame = isinstance(table, pd.DataFrame)
    labels = list(table.columns if is_frame else range(table.shape[1]))
    if not isinstance(identifiers, dict):
        rules = [(identifiers, False)] * len(labels)
    else:
        for label, rule in identifiers.items():
            if label not in labels or rule not in RULES:
                raise ValueError(
                    "identifiers must map columns of X to one of "
                    f"{sorted(RULES)}, got {label!r}: {rule!r}."
                )
        rules = [(identifiers.get(x, "synthetic"), x in identifiers) for x in labels]
    if not is_frame and table.dtype.kind in "US" and ("missing" in dict(rules)):
        raise ValueError(
            f"identifiers is 'missing' but an array of {table.dtype} cannot hold "
            "missing values; expected a DataFrame or an array of objects."
        )
    return rules
