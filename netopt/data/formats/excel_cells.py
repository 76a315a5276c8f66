"""Cells of a workbook as a CSV file would have them, or why they cannot be taken."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from netopt.data.cells import FALSE, TRUE
from netopt.data.formats.excel_package import SheetFacts
from netopt.data.problems import shown, spelled
from netopt.data.schema import ColumnType

Grid = list[list[Any]]
"""Rows of cells as calamine gives them, from A1: "" where blank, an ``Unread`` where there is no value."""

_LARGEST_ID: Final = 10**15
_RETYPE: Final = "set the cell's format to Text first, then type it again"


@dataclass(frozen=True)
class Unread:
    """A cell without a value that could be taken; ``{value}`` in the message stands for what it shows."""

    rule: str
    value: str
    message: str
    hint: str

    @property
    def told(self) -> str:
        """The message with the value."""
        return self.message.replace("{value}", shown(self.value))


def unread_cells(facts: SheetFacts) -> Iterable[tuple[tuple[int, int], Unread]]:
    """Yield cells whose value cannot be taken, which calamine gives as blank."""
    for place in facts.unvalued:
        message = "the cell holds a formula that was never computed, or that gives nothing"
        hint = "open the workbook in Excel and save it, or type the value"
        yield place, Unread("formula_without_value", "", message, hint)
    for place, error in facts.errors.items():
        hint = "mend the formula, or type the value"
        yield place, Unread("spreadsheet_error", error, "the cell shows the error {value}", hint)


def taken_text(cell: Any, kind: ColumnType) -> str | Unread:
    """Return a cell as a CSV file would have it, or why it cannot be taken.

    Examples
    --------
    >>> taken_text(510100.0, ColumnType.ID), taken_text(0.1, ColumnType.NUMBER)
    ('510100', '0.1')
    >>> taken_text(datetime.date(2026, 2, 1), ColumnType.ID).told
    "a spreadsheet made the date 2026-02-01 of what was typed, such as '1-2' or '2-1'"
    """
    if isinstance(cell, Unread):
        return cell
    if isinstance(cell, str):
        folded = cell.strip().casefold()
        return folded if kind is ColumnType.BOOLEAN and folded in (TRUE, FALSE) else cell
    if isinstance(cell, bool):
        return _flag(cell, kind)
    if isinstance(cell, (int, float)):
        return _number(float(cell), kind)
    return _date(cell, kind)


def _flag(cell: bool, kind: ColumnType) -> str | Unread:
    if kind is ColumnType.BOOLEAN:
        return TRUE if cell else FALSE
    value = str(cell).upper()
    if kind in (ColumnType.NUMBER, ColumnType.INTEGER):
        return value
    message = "a spreadsheet made the truth value {value} of what was typed"
    return Unread("spreadsheet_boolean", value, message, _RETYPE)


def _number(number: float, kind: ColumnType) -> str | Unread:
    is_whole = number.is_integer() and abs(number) < _LARGEST_ID
    digits = str(int(number)) if is_whole else repr(number)
    if kind is ColumnType.BOOLEAN:
        return {"1": TRUE, "0": FALSE}.get(digits, digits)
    if is_whole or kind in (ColumnType.NUMBER, ColumnType.INTEGER):
        return digits
    message = "the number {value} stands where a text belongs, and how it was typed is lost"
    return Unread("number_for_text", shown(number), message, _RETYPE)


def _date(cell: Any, kind: ColumnType) -> Unread:
    told = str(cell)
    what = "time" if isinstance(cell, (datetime.time, datetime.timedelta)) else "date"
    if kind in (ColumnType.ID, ColumnType.TEXT):
        like = "'1-2' or '2-1'" if what == "date" else "'1:30'"
        message = f"a spreadsheet made the {what} {{value}} of what was typed, such as {like}"
        return Unread("spreadsheet_date", told, message, _RETYPE)
    message = f"the cell holds the {what} {{value}}, not a number"
    return Unread("spreadsheet_date", told, message, "set the cell's format to Number, then type it again")


def header_text(cell: Any) -> str:
    """Return a cell that names something, "" where it has no value."""
    return cell.strip() if isinstance(cell, str) else "" if isinstance(cell, Unread) else str(cell)


def cell_at(row: Sequence[Any], index: int) -> Any:
    """Return a cell of a row, blank beyond its end."""
    return row[index] if index < len(row) else ""


def is_blank(cells: Collection[Any]) -> bool:
    """Return whether all cells of a row or column are blank."""
    return all(cell == "" for cell in cells)


def counted(number: int, noun: str) -> str:
    """Return a number of things in words.

    Examples
    --------
    >>> counted(1, "formula"), counted(2000, "formula")
    ('1 formula', '2,000 formulas')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def digits_note(where: str, typed: Sequence[str]) -> str:
    """Return the note on numbers that were taken as texts, their digits."""
    told = spelled(dict.fromkeys(typed))
    numbers = counted(len(typed), "number")
    return f"{where}: {numbers} where texts belong, taken as the digits {told}; zeros in front are lost"
