"""Which columns of a table are label, sensitive attributes and domain."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from skfadm._files import UserError

if TYPE_CHECKING:
    import pandas as pd

#: Groups, and labels, that the generator makes fair at most.
MAX_GROUPS = 20
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

    def rows(self, table: pd.DataFrame) -> Rows:
        """Return features, label, sensitive attributes and domain of rows, checked."""
        for name, option in self._options():
            _check_column(table, name, option)
        _check_classes(table[self.label], "--label", "two labels are needed")
        _check_shared(table[self.label])
        for name in self.sensitive:
            _check_classes(
                table[name],
                "--sensitive",
                "there is nothing to be fair between, leave the option out",
            )
            _check_few(table[name], "--sensitive")
        _check_different(table[list(self.sensitive)])
        if self.sensitive:
            _check_few(table[self.label], "--label")
        if self.domain is not None:
            _check_labels(table[self.domain], "--domain")
        return Rows(
            table.drop(columns=[self.label, *self.left_out]),
            table[self.label],
            table[list(self.sensitive)] if self.sensitive else None,
            None if self.domain is None else table[self.domain],
        )


def _check_column(table: pd.DataFrame, name: str, option: str) -> None:
    """Check that a column is there and has a value in each row."""
    columns = table.columns.tolist()
    if name not in columns:
        advice = _advice(name, option, columns)
        raise UserError(f"the table has no column {name!r} ({option}); {advice}")
    n_missing = int(table[name].isna().sum())
    if n_missing:
        raise UserError(
            f"column {name!r} ({option}) has {n_missing} missing values; fill them in "
            "or drop these rows"
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


def _check_classes(column: pd.Series, option: str, otherwise: str) -> None:
    _check_labels(column, option)
    if column.nunique() < 2:
        raise UserError(
            f"column {column.name!r} ({option}) holds only {column.iloc[0]!r}; "
            f"{otherwise}"
        )


def _check_shared(column: pd.Series) -> None:
    """Check that rows share labels, so that these can be learnt."""
    n_values, n_rows = column.nunique(), len(column)
    if n_values > max(MAX_GROUPS, n_rows / 2):
        raise UserError(
            f"column {column.name!r} (--label) has {n_values} different values in "
            f"{n_rows} rows, and rows must share labels: turn a quantity into labels "
            "first, say above and below a threshold, or choose another column"
        )


def _check_different(columns: pd.DataFrame) -> None:
    """Check that no column says the same of every row as another."""
    known: dict[bytes, Any] = {}
    for name in columns:
        codes = columns[name].factorize()[0].tobytes()
        if codes in known:
            raise UserError(
                f"columns {known[codes]!r} and {name!r} (--sensitive) make the same "
                "groups; leave one of them out"
            )
        known[codes] = name


def _check_few(column: pd.Series, option: str) -> None:
    n_values = column.nunique()
    if n_values > MAX_GROUPS:
        raise UserError(
            f"column {column.name!r} ({option}) has {n_values} different values; fair "
            f"labels are for {MAX_GROUPS} at most: join them first, numbers into bands"
        )


def _check_labels(column: pd.Series, option: str) -> None:
    """Check that a column holds labels: words, whole numbers or truth values."""
    import pandas as pd

    dtype = column.dtype
    is_time = (
        pd.api.types.is_datetime64_any_dtype(dtype)
        or pd.api.types.is_timedelta64_dtype(dtype)
        or isinstance(dtype, pd.PeriodDtype)
    )
    if is_time or isinstance(dtype, pd.IntervalDtype):
        raise UserError(
            f"column {column.name!r} ({option}) holds "
            f"{'times' if is_time else 'intervals'}; turn them into labels first, say "
            f"{'years' if is_time else 'words'}"
        )
    if pd.api.types.is_float_dtype(dtype) and (column % 1 != 0).any():
        example = column[column % 1 != 0].iloc[0]
        raise UserError(
            f"column {column.name!r} ({option}) holds numbers such as {example:g}; "
            "turn them into labels first, say above and below a threshold"
        )
