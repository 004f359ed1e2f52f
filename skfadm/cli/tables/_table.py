"""A table that was read from a file, and how it is written again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ._dialect import Dialect

if TYPE_CHECKING:
    import pandas as pd

    from ._forms import ColumnForm


@dataclass(frozen=True)
class ReadOptions:
    """What the user says of a file."""

    #: Separator and encoding of a CSV file; None if they are to be found.
    sep: str | None = None
    encoding: str | None = None
    #: What stands for missing values, beside the empty field.
    missing: Collection[str] = ()
    #: Columns of labels, groups and domains, which are no times.
    labels: Collection[str] = ()
    #: Columns that are words whatever they look like.
    words: Collection[str] = ()


@dataclass(frozen=True)
class TableForm:
    """How a table is written: its columns by name, and the file."""

    columns: dict[str, ColumnForm]
    #: Of a CSV file.
    dialect: Dialect = field(default_factory=Dialect)
    #: The number of the first row, where a CSV file has a first column of those.
    row_names: int | None = None
    #: Of a Parquet file, "" if the table came from none.
    schema: str = ""

    def of(self, names: Iterable[str]) -> TableForm:
        """Return the form of some of the columns."""
        return replace(self, columns={name: self.columns[name] for name in names})

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` turns back."""
        columns = {name: column.to_json() for name, column in self.columns.items()}
        return asdict(replace(self, columns={})) | {"columns": columns}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> TableForm:
        """Return the form that `to_json` stored."""
        # Imports pandas, which takes half a second: not for --help and errors.
        from ._forms import ColumnForm

        columns = {
            name: ColumnForm.from_json(column)
            for name, column in stored["columns"].items()
        }
        rest = {"columns": columns, "dialect": Dialect(**stored["dialect"])}
        return cls(**stored | rest)


@dataclass
class Table:
    """A table, how it is written, and what is to be told of how it was read."""

    frame: pd.DataFrame
    form: TableForm
    notes: list[str] = field(default_factory=list)
