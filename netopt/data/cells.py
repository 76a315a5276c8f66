"""Cells to typed columns: text from a file, or the columns of a DataFrame made in memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.extensions import ExtensionArray

from netopt.data.csvfile import RawTable
from netopt.data.problems import ProblemLog, nearest, unprintable
from netopt.data.schema import Column, ColumnType, TableSpec
from netopt.data.tables import TABLES
from netopt.data.texts import CONTROL_CHARACTER

Mask = npt.NDArray[np.bool_]
_Cells = npt.NDArray[Any] | ExtensionArray
_STR: Final = pd.StringDtype(na_value=np.nan)

TEXT_TYPES: Final = (ColumnType.ID, ColumnType.TEXT)
_LARGEST_INTEGER: Final = 10**15
TRUE, FALSE = "true", "false"

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
_INTEGER = re.compile(r"[+-]?[0-9]{1,15}", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity|#num!|#div/0!|#value!|#n/a|#ref!)", re.IGNORECASE)
_DATE: Final = re.compile(
    r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}|[0-9]{1,4}[-/][0-9]{1,2}"
    r"|[0-9]{1,2}[- ][A-Za-z]{3,9}([- ][0-9]{2,4})?|[A-Za-z]{3,9}[- ][0-9]{2,4}"
    r"|([0-9]{2,4}年)?[0-9]{1,2}月([0-9]{1,2}日)?|[0-9]{2,4}年"
)
_FINITE_HINT: Final = "every number must be finite; leave a cell blank only where the format allows it"
_MERGED_HINT: Final = (
    "cells that were merged in a spreadsheet come out blank: repeat the value in every row"
)


@dataclass(frozen=True)
class Table:
    """A typed table with the places of its rows, as far as it could be read.

    Attributes
    ----------
    frame
        The columns that are there, typed as ``Instance.tables`` says; a cell that could not be read
        holds "", NaN, 0 or False.
    lines
        Line of the file of each row; a table made in memory counts as if it were in a file.
    sound
        True for rows whose cells could all be read.
    doubtful
        Columns with a cell that could not be read, or missing.
    whole
        Whether no row was left out.
    """

    spec: TableSpec
    frame: pd.DataFrame
    lines: npt.NDArray[np.int64]
    sound: Mask
    doubtful: frozenset[str]
    whole: bool

    def trusts(self, *columns: str) -> bool:
        """Return whether every row and every cell of ``columns`` could be read."""
        return self.whole and not self.doubtful.intersection(columns)


@cache
def empty_table(name: str) -> Table:
    """Return a table without rows, its columns typed."""
    spec = TABLES[name]
    blank = np.zeros(0, dtype=np.float64)
    frame = pd.DataFrame({column.name: _typed(column, blank) for column in spec.columns})
    nowhere = np.zeros(0, dtype=np.int64)
    return Table(spec, frame, nowhere, nowhere.astype(np.bool_), frozenset(), whole=True)


def type_file(raw: RawTable, spec: TableSpec, log: ProblemLog) -> Table:
    """Type the cells of a file; note blanks, wrong types and numbers that are not finite."""
    reading = _Reading(spec, raw.lines, log)
    for column in spec.columns:
        if column.name not in raw.cells:
            reading.miss(column)
        else:
            cells = np.array(raw.cells[column.name], dtype=object)
            reading.take_texts(column, cells, noted=raw.noted.get(column.name))
    return reading.table(raw.whole)


def type_frame(frame: pd.DataFrame, spec: TableSpec, log: ProblemLog) -> Table:
    """Type the columns of a DataFrame; the same problems are noted as for a file.

    None, NaN and "" are blank in a column of ids or texts and in a nullable column of numbers.
    """
    reading = _Reading(spec, np.arange(2, len(frame) + 2, dtype=np.int64), log)
    for name in frame.columns:
        if name not in spec.column_names:
            hint = nearest(str(name), spec.column_names)
            log.add(
                spec.file, 1, str(name), "unknown_column", name, f"the table has no column '{name}'", hint
            )
    for column in spec.columns:
        if column.name not in frame.columns:
            reading.miss(column)
        elif column.type in TEXT_TYPES:
            reading.take_texts(column, *_texts_in_memory(frame[column.name]))
        else:
            reading.take_values(column, frame[column.name])
    return reading.table(whole=True)


def _texts_in_memory(series: pd.Series) -> tuple[npt.NDArray[np.object_], Mask]:
    """Return the cells as texts ("" for blank), and where a cell is something else than a text."""
    cells = series.to_numpy(dtype=object, copy=True)
    cells[pd.isna(cells)] = ""
    alien = np.fromiter((not isinstance(cell, str) for cell in cells), np.bool_, len(cells))
    return cells, alien


def _typed(column: Column, values: npt.NDArray[Any]) -> _Cells:
    """Return cells in the column's type; building no Series keeps small instances fast."""
    if column.type in TEXT_TYPES:
        return pd.array(values, dtype=_STR)
    if column.type is ColumnType.BOOLEAN:
        return values.astype(np.bool_)
    if column.type is ColumnType.INTEGER:  # one that could not be read becomes one that no bound refuses
        return np.where(np.isnan(values), column.minimum or 0, values).astype(np.int64)
    return values.astype(np.float64)


class _Reading:
    """The columns of one table, typed one after the other."""

    def __init__(self, spec: TableSpec, lines: npt.NDArray[np.int64], log: ProblemLog) -> None:
        self._spec = spec
        self._lines = lines
        self._log = log
        self._columns: dict[str, _Cells] = {}
        self._sound = np.ones(len(lines), dtype=np.bool_)
        self._doubtful: set[str] = set()

    def table(self, whole: bool) -> Table:
        frame = pd.DataFrame(self._columns, index=pd.RangeIndex(len(self._lines)), copy=False)
        return Table(self._spec, frame, self._lines, self._sound, frozenset(self._doubtful), whole)

    def miss(self, column: Column) -> None:
        self._doubtful.add(column.name)
        message = f"the column '{column.name}' is missing"
        self._log.add(self._spec.file, 1, column.name, "missing_column", "", message, column.description)

    def take_texts(
        self,
        column: Column,
        cells: npt.NDArray[np.object_],
        alien: Mask | None = None,
        noted: Mask | None = None,
    ) -> None:
        """Type a column of texts, whatever its type is to be; of ``noted`` cells nothing is said."""
        if alien is not None and alien.any():
            self._refuse(
                column, alien, cells, "type", "'{value}' is not a text", "ids and texts are strings"
            )
            cells = np.where(alien, "", cells)
        else:
            alien = np.zeros(len(cells), dtype=np.bool_)
        if noted is not None and noted.any():
            self._doubt(column, noted)
            alien = alien | noted
        blank = cells == ""
        if not column.nullable:
            hint = _MERGED_HINT if column.name in self._spec.key else ""
            self._refuse(column, blank & ~alien, cells, "required", "the cell is blank", hint)
        if column.type in TEXT_TYPES:
            self._refuse_odd_texts(column, cells)
            self._columns[column.name] = _typed(column, cells)
        elif column.type is ColumnType.BOOLEAN:
            flags = cells == TRUE
            alien = ~(flags | (cells == FALSE) | blank)
            self._refuse(
                column, alien, cells, "type", "'{value}' is not a truth value", "write true or false"
            )
            self._columns[column.name] = _typed(column, flags)
        else:
            self._columns[column.name] = self._numbers(column, cells, blank)

    def take_values(self, column: Column, series: pd.Series) -> None:
        """Type a column of numbers or flags that was made in memory."""
        kind = series.dtype.kind
        if column.type is ColumnType.BOOLEAN and kind == "b":
            self._columns[column.name] = _typed(column, series.to_numpy())
        elif column.type is not ColumnType.BOOLEAN and kind in "iuf":
            self._columns[column.name] = self._numbers_in_memory(column, series.to_numpy(dtype=np.float64))
        else:
            cells = [_as_text(cell, column.type) for cell in series]
            self.take_texts(column, np.array(cells, dtype=object))

    def _numbers_in_memory(self, column: Column, numbers: npt.NDArray[np.float64]) -> _Cells:
        unread = np.isinf(numbers) if column.nullable else ~np.isfinite(numbers)
        self._refuse(column, unread, numbers, "finite", "'{value}' is not a finite number", _FINITE_HINT)
        if column.type is ColumnType.INTEGER:
            fraction = ~unread & ((numbers != np.round(numbers)) | (np.abs(numbers) > _LARGEST_INTEGER))
            self._refuse(column, fraction, numbers, "type", "'{value}' is not a whole number")
            unread |= fraction
        return _typed(column, np.where(unread, np.nan, numbers))

    def _numbers(self, column: Column, cells: npt.NDArray[np.object_], blank: Mask) -> _Cells:
        whole = column.type is ColumnType.INTEGER
        pattern = _INTEGER if whole else _NUMBER
        reads = np.fromiter((pattern.fullmatch(cell) is not None for cell in cells), np.bool_, len(cells))
        numbers = np.full(len(cells), np.nan)
        numbers[reads] = cells[reads].astype(np.float64)
        odd = ~(reads | blank)
        infinite = np.isinf(numbers)
        for index in np.flatnonzero(odd):
            infinite[index] = _NOT_FINITE.fullmatch(cells[index].strip()) is not None
        self._refuse(column, infinite, cells, "finite", "'{value}' is not a finite number", _FINITE_HINT)
        kind = "a whole number" if whole else "a number"
        self._refuse(column, odd & ~infinite, cells, "type", f"'{{value}}' is not {kind}", _number_hint)
        return _typed(column, np.where(infinite, np.nan, numbers))

    def _refuse_odd_texts(self, column: Column, cells: npt.NDArray[np.object_]) -> None:
        """Refuse control characters, ids with blanks around them, and texts outside the choices."""
        distinct = set(cells.tolist())
        odd = {cell for cell in distinct if unprintable(cell)}
        if odd:
            message = "the text holds a line break or another control character"
            self._refuse(column, _is_in(cells, odd), cells, CONTROL_CHARACTER, message)
        padded = {cell for cell in distinct - odd if cell != cell.strip()}
        if padded and column.type is ColumnType.ID:
            message = "'{value}' has a blank at its start or end"
            self._refuse(column, _is_in(cells, padded), cells, "padding", message, "remove the blank")
        unknown = distinct - odd - set(column.choices) - {""} if column.choices else set()
        if unknown:
            message = f"'{{value}}' is none of {', '.join(column.choices)}"
            hint = partial(nearest, names=column.choices)
            self._refuse(column, _is_in(cells, unknown), cells, "choice", message, hint)

    def _refuse(
        self,
        column: Column,
        wrong: Mask,
        values: npt.NDArray[Any],
        rule: str,
        message: str,
        hint: str | Callable[[str], str] = "",
    ) -> None:
        if wrong.any():
            self._doubt(column, wrong)
            lines = self._lines[wrong].tolist()
            self._log.add_rows(
                self._spec.file, lines, column.name, rule, values[wrong].tolist(), message, hint
            )

    def _doubt(self, column: Column, wrong: Mask) -> None:
        self._doubtful.add(column.name)
        self._sound &= ~wrong


def _as_text(cell: Any, kind: ColumnType) -> str:
    """Return what a cell of mixed objects would be in a file."""
    if pd.api.types.is_scalar(cell) and pd.isna(cell):
        return ""
    if kind is ColumnType.BOOLEAN and isinstance(cell, (bool, np.bool_)):
        return TRUE if cell else FALSE
    return str(cell)


def _is_in(cells: npt.NDArray[np.object_], values: set[str]) -> Mask:
    return np.fromiter((cell in values for cell in cells), np.bool_, len(cells))


def _number_hint(cell: str) -> str:
    """Return what may have gone wrong with a cell that should hold a number.

    Examples
    --------
    >>> _number_hint("12,5")
    'write a decimal point, and no thousands separator'
    >>> _number_hint("60 %")
    'write a share as a number from 0 to 1'
    >>> _number_hint("Jan-25"), _number_hint("2025年1月")[:13]
    ('a spreadsheet may have turned the number into a date', 'a spreadsheet')
    """
    if cell.endswith("%"):
        return "write a share as a number from 0 to 1"
    if re.fullmatch(r"[+-]?[0-9.,' \u00a0\u202f_]*[,' \u00a0\u202f_][0-9.]+", cell):
        return "write a decimal point, and no thousands separator"
    if _DATE.fullmatch(cell):
        return "a spreadsheet may have turned the number into a date"
    if re.match(r"[+-]?[0-9.]+ *[^0-9.]+$", cell):
        return "write the number alone; its unit is in the column's name"
    return ""
