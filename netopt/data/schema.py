"""What a table is: one declaration that reading, checks, docs, templates and tests share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from netopt.units import UNITS

if TYPE_CHECKING:
    import pandas as pd


class ColumnType(StrEnum):
    """The closed list of cell types."""

    ID = "id"
    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"


@dataclass(frozen=True)
class Column:
    """One column: its type, unit, meaning and permitted values.

    Attributes
    ----------
    name, type, unit, description
        The unit is one of ``netopt.units.UNITS``; "" for ids, texts and booleans.
    nullable
        Whether a cell may be blank. A blank id or text is "", a blank number is None in the
        file and NaN in the validated table; NaN written in a file is always an error.
    minimum, maximum
        Inclusive bounds of a number.
    plausible_maximum
        A value above is refused as a likely confusion of units (kt for t, yuan for million).
    choices
        The closed list of texts, where there is one.
    """

    name: str
    type: ColumnType
    description: str
    unit: str = ""
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    plausible_maximum: float | None = None
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a unit that is not on the closed list."""
        if self.unit and self.unit not in UNITS:
            raise ValueError(f"column {self.name}: {self.unit} is not a unit of netopt.units.UNITS")


@dataclass(frozen=True)
class ForeignKey:
    """Cells of ``columns`` must be a key of ``table``; blank cells are exempt."""

    columns: tuple[str, ...]
    table: str
    target: tuple[str, ...]


@dataclass(frozen=True)
class RowCheck:
    """A rule on the rows of one table.

    ``failing`` takes the typed table and returns a boolean Series, True where a row breaks the
    rule; ``column`` is the column the message points at.
    """

    rule: str
    column: str
    message: str
    hint: str
    failing: Callable[[pd.DataFrame], pd.Series]


@dataclass(frozen=True)
class TableSpec:
    """One table of an instance: file ``data/<name>.csv``.

    ``required`` tables must be in the folder and, unless ``may_be_empty``, have rows; an absent
    optional table reads as a table without rows. ``in_digest`` is off where rows say nothing about
    the planning problem itself, only about variants of it or about what is told of its plans.
    """

    name: str
    title: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()
    row_checks: tuple[RowCheck, ...] = ()
    required: bool = True
    may_be_empty: bool = False
    in_digest: bool = True
    _by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the columns by name and refuse a declaration that contradicts itself."""
        by_name = {column.name: column for column in self.columns}
        if len(by_name) != len(self.columns):
            raise ValueError(f"table {self.name}: a column is declared twice")
        named = {*self.key, *(name for key in self.foreign_keys for name in key.columns)}
        if missing := named - by_name.keys():
            raise ValueError(f"table {self.name}: keys name unknown columns {sorted(missing)}")
        object.__setattr__(self, "_by_name", by_name)

    @property
    def file(self) -> str:
        """Path of the table inside an instance folder."""
        return f"data/{self.name}.csv"

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns in the order of the file."""
        return tuple(self._by_name)

    def column(self, name: str) -> Column:
        """Return the column called ``name``; KeyError where there is none."""
        return self._by_name[name]
