"""Which columns are label, sensitive attributes and domain; labels in options."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Number
from typing import TYPE_CHECKING, Any

from skfadm._files import UserError

from .terminal import problem_of

if TYPE_CHECKING:
    import pandas as pd

    from .forms import Form

#: Columns that a message names at most.
_SHOWN = 10


@dataclass(frozen=True)
class Rows:
    """A table by the roles of its columns."""

    X: pd.DataFrame
    y: pd.Series
    z: Any = None
    domains: pd.Series | None = None


@dataclass(frozen=True)
class Roles:
    """The columns that ``--label``, ``--sensitive`` and ``--domain`` name."""

    label: str
    sensitive: tuple[str, ...] = ()
    domain: str | None = None

    @classmethod
    def of(cls, args: Namespace) -> Roles:
        """Return the roles that the options give: a label, and no column twice."""
        if args.label is None:
            raise UserError("say with --label which column of the table is the label")
        roles = cls(args.label, tuple(args.sensitive), args.domain)
        options: dict[str, str] = {}
        for name, option in roles._options():
            if name in options:
                again = option if option != options[name] else "again"
                raise UserError(
                    f"column {name!r} is {options[name]} and cannot be {again}"
                )
            options[name] = option
        return roles

    def _options(self) -> list[tuple[str, str]]:
        domain = [] if self.domain is None else [(self.domain, "--domain")]
        sensitive = [(name, "--sensitive") for name in self.sensitive]
        return [(self.label, "--label"), *sensitive, *domain]

    @property
    def names(self) -> frozenset[str]:
        """All columns that have a role."""
        return frozenset(name for name, _ in self._options())

    @property
    def left_out(self) -> list[str]:
        """Columns that are no features and not generated."""
        return [name for name, _ in self._options()[1:]]

    def complete(self, table: pd.DataFrame, drop_missing: bool) -> pd.DataFrame:
        """Return the rows with a value in each of the columns: all, unless dropped."""
        columns = table.columns.tolist()
        for name, option in self._options():
            if name not in columns:
                advice = _advice(name, option, columns)
                raise UserError(f"has no column {name!r} ({option}); {advice}")
        missing = table[[name for name, _ in self._options()]].isna()
        n_missing = int(missing.any(axis=1).sum())
        if n_missing and not drop_missing:
            counts = ", ".join(
                f"{missing[name].sum()} in {name!r} ({option})"
                for name, option in self._options()
                if missing[name].any()
            )
            raise UserError(
                f"values are missing: {counts}; fill them in, or leave these "
                f"{n_missing} rows out by --drop-missing"
            )
        if n_missing == len(table):
            raise UserError("no rows are left: each has a missing value")
        return table[~missing.any(axis=1)] if n_missing else table

    def rows(self, table: pd.DataFrame) -> Rows:
        """Return features, label, sensitive attributes and domain of complete rows."""
        from skfadm._validation import encode_groups, encode_labels

        for name, option in self._options():
            _check_kind(table[name], f"column {name!r} ({option})")
        sensitive = table[list(self.sensitive)] if self.sensitive else None
        with _in_terms_of(f"column {self.label!r} (--label)"):
            encode_labels(table[self.label], len(table))
        with _in_terms_of("--sensitive"):
            encode_groups(sensitive, len(table))
        return Rows(
            table.drop(columns=[self.label, *self.left_out]),
            table[self.label],
            sensitive,
            None if self.domain is None else table[self.domain],
        )


@contextmanager
def _in_terms_of(what: str) -> Iterator[None]:
    """Say of a column or an option what errors say of an argument."""
    try:
        yield
    except (TypeError, ValueError) as error:
        problem = getattr(error, "problem", None)
        raise UserError(f"{what} {problem}" if problem else problem_of(error)) from None


def _check_kind(column: pd.Series, what: str) -> None:
    """Check that a column holds labels: words, whole numbers or truth values."""
    import numpy as np
    import pandas as pd

    from skfadm._validation import factorize

    with _in_terms_of(what):
        first = pd.Series(factorize("", column)[1]).iloc[0]
    if not isinstance(first, str | Number | np.bool_):
        raise UserError(
            f"{what} holds {first}, which is no label: turn such values into words or "
            "whole numbers first"
        )


def _advice(name: str, option: str, columns: list[str]) -> str:
    parts = [part.strip() for part in name.split(",")]
    if len(parts) > 1 and all(part in columns for part in parts):
        if option != "--sensitive":
            return "it takes one column"
        repeated = " ".join(f"{option} {part}" for part in parts)
        return f"name several as {repeated}"
    by_case = {column.casefold(): column for column in columns}
    close = [
        by_case[key] for key in get_close_matches(name.casefold(), by_case, 3, 0.5)
    ]
    if close:
        return f"did you mean {', '.join(map(repr, close))}?"
    shown = ", ".join(map(repr, columns[:_SHOWN]))
    more = len(columns) - _SHOWN
    advice = f"it has {shown}" + (f" and {more} more" if more > 0 else "")
    if len(columns) > 1 and sum(map(_is_value, columns)) > len(columns) / 3:
        advice += "; the first line of the file must name the columns"
    if len(columns) == 1:
        advice += "; if that is more than one column, give --sep"
    return advice


def _is_value(name: str) -> bool:
    """Tell whether a column's name looks like a number."""
    return name.strip().replace(".", "", 1).lstrip("-").isdigit()


def labels_by_text(form: Form, labels: Any) -> dict[str, Any]:
    """Return labels by the text that stands for each in the file."""
    import pandas as pd

    series = pd.Series(labels)
    return dict(zip(form.texts(series), series.tolist(), strict=True))


def label_of(positive: str | None, labels: Mapping[str, Any]) -> Any:
    """Return the label that stands in the file as `positive`."""
    return None if positive is None else _known("--positive", positive, labels)


def asked_labels(asked: Sequence[str], labels: Mapping[str, Any]) -> Any:
    """Turn the texts of --ask into what `sample` takes: None, a label or shares.

    `labels` has each label by the text that stands for it in the file.
    """
    if not asked:
        return None
    if len(asked) == 1 and asked[0] in labels:
        return labels[asked[0]]
    import numpy as np

    from skfadm._sampling import requested_codes

    shares = {}
    for text in asked:
        # A label may hold "=" itself, as "<=50K" does.
        name, _, share = text.rpartition("=")
        label = _known("--ask", name or text, labels)
        try:
            shares[label] = float(share)
        except ValueError:
            raise UserError(
                f"--ask {text}: {share!r} is no share; write it as {name}=0.5"
            ) from None
    classes = np.array(list(labels.values()), dtype=object)
    try:
        requested_codes(shares, 1, classes, classes, np.random.RandomState(0))
    except ValueError as error:
        raise UserError(f"--ask {str(error).removeprefix('y ')}") from error
    return shares


def _known(option: str, text: str, labels: Mapping[str, Any]) -> Any:
    if text not in labels:
        raise UserError(
            f"{option} {text}: there is no label {text!r}; the labels are "
            f"{', '.join(map(repr, sorted(labels)))}"
        )
    return labels[text]
