"""What a report says, before any format: sections of sentences, named tables and charts of these tables.

Every format renders the same tables, so that a figure seen in one is found in all. Numbers in tables are
in the unit of their heading, unrounded; rounding is for the eye, and of bounds always outward.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MILLION: Final = 1e6
UNKNOWN: Final = "–"  # noqa: RUF001 - a dash for the eye
"""Shown where the runs do not say."""

_MINUS: Final = "−"  # noqa: RUF001 - as wide as a digit


class Rounding(StrEnum):
    """How a number is rounded for the eye: a lower bound down, an upper bound up."""

    NEAREST = "nearest"
    DOWN = "down"
    UP = "up"


_MODES: Final = {
    Rounding.NEAREST: ROUND_HALF_EVEN,
    Rounding.DOWN: ROUND_FLOOR,
    Rounding.UP: ROUND_CEILING,
}


class Tone(StrEnum):
    """How a sentence is meant."""

    PLAIN = "plain"
    LEAD = "lead"
    """What the section says in one sentence."""
    ALARM = "alarm"
    """What is not proven, or wrong: shown in red."""
    ABSENT = "absent"
    """What is not computed, and why."""
    QUOTED = "quoted"
    """Words of the instance or of the engine, in the language they were written in."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    name
        As it stands in Parquet.
    title, unit
        As they stand in a heading; unit "" for texts and counts.
    digits
        Decimals for the eye; None for a text.
    rounding
        See ``Rounding``.
    is_quoted
        A text of the instance or the engine, in the language it was written in.
    """

    name: str
    title: str
    unit: str = ""
    digits: int | None = None
    rounding: Rounding = Rounding.NEAREST
    is_quoted: bool = False

    @property
    def is_number(self) -> bool:
        """Whether the cells are numbers."""
        return self.digits is not None

    @property
    def heading(self) -> str:
        """Title and unit."""
        return f"{self.title}, {self.unit}" if self.unit else self.title

    def shown(self, value: object) -> str:
        """Return a cell for the eye."""
        if self.digits is None:
            return "" if value is None else str(value)
        return UNKNOWN if value is None else shown_number(float(str(value)), self.digits, self.rounding)


def text(name: str, title: str, *, is_quoted: bool = False) -> Column:
    """Return a column of texts."""
    return Column(name, title, is_quoted=is_quoted)


def number(
    name: str, title: str, unit: str = "", digits: int = 0, rounding: Rounding = Rounding.NEAREST
) -> Column:
    """Return a column of numbers."""
    return Column(name, title, unit, digits, rounding)


def shown_number(value: float, digits: int, rounding: Rounding = Rounding.NEAREST) -> str:
    """Return a number with thousands separators; of its exact decimal value, so that no bound moves inward.

    Examples
    --------
    >>> shown_number(1330.9576, 2, Rounding.DOWN), shown_number(331.2161, 2, Rounding.UP)
    ('1,330.95', '331.22')
    >>> shown_number(0.29, 2, Rounding.DOWN), shown_number(-0.001, 2)
    ('0.29', '0.00')
    """
    if not math.isfinite(value):
        return UNKNOWN
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), rounding=_MODES[rounding])
    return f"{abs(rounded):,f}" if rounded == 0 else f"{rounded:,f}".replace("-", _MINUS)


def digits_for(values: Iterable[float], least: int = 2, most: int = 9) -> int:
    """Return how many decimals show two digits of the largest of some amounts.

    Examples
    --------
    >>> digits_for([331.0, 4.0]), digits_for([0.0021]), digits_for([0.0])
    (2, 4, 2)
    """
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if not 0 < largest < 10.0 ** (1 - least):
        return least
    return min(most, max(least, 1 - math.floor(math.log10(largest))))


@dataclass(frozen=True)
class Table:
    """A named table.

    Attributes
    ----------
    name
        Of the Parquet file and the sheet; at most 31 lower-case letters, digits and underscores.
    title
        Caption.
    frame
        One column per ``columns``, in the units of the headings.
    columns
        In order.
    origin
        Files of runs that it is derived from, as ``label/file``.
    n_shown
        How many rows HTML and Markdown show; None: all. Workbook and Parquet have all.
    n_totals
        So many last rows are sums.
    """

    name: str
    title: str
    frame: pd.DataFrame
    columns: tuple[Column, ...]
    origin: tuple[str, ...]
    n_shown: int | None = None
    n_totals: int = 0

    def __post_init__(self) -> None:
        """Keep the columns that are declared, with the types that are declared."""
        frame = self.frame[[column.name for column in self.columns]].reset_index(drop=True)
        typed: dict[str, pd.Series] = {
            column.name: pd.to_numeric(frame[column.name]).astype(float)
            if column.is_number
            else frame[column.name].fillna("").astype(str)
            for column in self.columns
        }
        object.__setattr__(self, "frame", pd.DataFrame(typed, columns=list(typed)))

    @property
    def shown_frame(self) -> pd.DataFrame:
        """The rows that HTML and Markdown show: the first and the totals."""
        if self.n_shown is None or len(self.frame) <= self.n_shown + self.n_totals:
            return self.frame
        totals = self.frame.tail(self.n_totals) if self.n_totals else self.frame[:0]
        return pd.concat([self.frame.head(self.n_shown), totals])

    @property
    def n_hidden(self) -> int:
        """How many rows only workbook and Parquet have."""
        return len(self.frame) - len(self.shown_frame)

    def cells(self) -> list[list[str]]:
        """Return the shown rows for the eye."""
        rows = self.shown_frame.itertuples(index=False, name=None)
        return [
            [column.shown(value) for column, value in zip(self.columns, row, strict=True)] for row in rows
        ]

    def column(self, name: str) -> Column:
        """Return a column by name."""
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True)
class Sentence:
    """A sentence or two of a section."""

    text: str
    tone: Tone = Tone.PLAIN


class ChartKind(StrEnum):
    """How a table is drawn."""

    BAND = "band"
    """Intervals over a number: ``x``, ``low`` and ``high`` by ``group``."""
    WATERFALL = "waterfall"
    """Parts of a difference by ``label``, and their sum (the total row)."""
    BARS = "bars"
    """Signed bars by ``label``; above zero is a loss."""
    HEAT = "heat"
    """``drawn`` by ``x`` (to) and ``label`` (from)."""
    STACK = "stack"
    """Shares (``drawn``) by ``label``, one bar each."""


@dataclass(frozen=True)
class Chart:
    """A picture of a table of the same section.

    Attributes
    ----------
    table
        Its name.
    title, alt
        Heading, and what is seen, for those who do not see it.
    label, drawn, x, group
        Names of columns, by kind.
    order
        Of a heat map: what stands on both axes, in order.
    """

    kind: ChartKind
    table: str
    title: str
    alt: str
    drawn: tuple[str, ...]
    label: str = ""
    x: str = ""
    group: str = ""
    order: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """One question and its answer."""

    key: str
    heading: str
    sentences: tuple[Sentence, ...]
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()

    def table(self, name: str) -> Table:
        """Return a table by name."""
        return next(table for table in self.tables if table.name == name)


@dataclass(frozen=True)
class Report:
    """Everything that is said.

    Attributes
    ----------
    language
        ``en`` or ``zh``.
    title, subtitle
        Instance and policies.
    sections
        In order.
    alarms
        What is not proven or wrong, each a sentence; empty where all is proven and checked.
    labels
        Of the runs, the base first.
    verdict
        What is proven and checked, in a sentence, where there are no alarms.
    """

    language: str
    title: str
    subtitle: str
    sections: tuple[Section, ...]
    alarms: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    verdict: str = ""

    @property
    def tables(self) -> list[Table]:
        """All tables in order."""
        return [table for section in self.sections for table in section.tables]


def with_total(frame: pd.DataFrame, label_column: str, label: str, summed: Sequence[str]) -> pd.DataFrame:
    """Return the frame with a last row that sums columns; texts but the label are blank, others unknown."""
    row: dict[str, object] = {
        str(name): float("nan") if pd.api.types.is_numeric_dtype(frame[name]) else "" for name in frame
    }
    row |= {name: float(frame[name].sum()) for name in summed}
    row[label_column] = label
    return pd.concat([frame, pd.DataFrame([row], columns=frame.columns)], ignore_index=True)
