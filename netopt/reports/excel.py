"""A report as an Excel workbook: one sheet per table, plain cells, nothing that runs or links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import xlsxwriter

from netopt import __version__
from netopt.reports.language import Language

if TYPE_CHECKING:
    from pathlib import Path

    from netopt.reports.content import Column, Report, Table

READ_ME: Final = "READ ME"
LONGEST_CELL: Final = 32_767
"""Characters that Excel keeps in a cell."""

_OPTIONS: Final = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
    "in_memory": True,
}
_NARROWEST, _WIDEST = 10, 48


def write_excel(report: Report, path: Path) -> None:
    """Write a report as a workbook: READ ME first, then a sheet of every table, named as the table is."""
    with xlsxwriter.Workbook(str(path), _OPTIONS) as book:
        formats = _Formats(book)
        book.set_properties({"title": report.title, "author": f"netopt {__version__}"})
        _write_read_me(book.add_worksheet(READ_ME), report, formats)
        for table in report.tables:
            _write_table(book.add_worksheet(table.name), table, formats)


class _Formats:
    """Formats of cells, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._known: dict[tuple[int, bool], Any] = {}
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.strong = book.add_format({"bold": True})
        self.alarm = book.add_format({"bold": True, "font_color": "#b3121d", "text_wrap": True})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})

    def number(self, digits: int, *, is_total: bool) -> Any:
        """Return thousands separators and so many decimals."""
        key = (digits, is_total)
        if key not in self._known:
            pattern = "#,##0" + ("." + "0" * digits if digits else "")
            self._known[key] = self._book.add_format({"num_format": pattern, "bold": is_total})
        return self._known[key]


def _write_table(sheet: Any, table: Table, formats: _Formats) -> None:
    """Write headings, frozen, and all rows; what is unknown stays blank."""
    for place, column in enumerate(table.columns):
        _write_text(sheet, 0, place, column.heading, formats.heading)
        sheet.set_column(place, place, _width(column, table))
    first_total = len(table.frame) - table.n_totals
    for rank, row in enumerate(table.frame.itertuples(index=False, name=None)):
        is_total = rank >= first_total
        for place, (column, value) in enumerate(zip(table.columns, row, strict=True)):
            if column.digits is None:
                _write_text(sheet, rank + 1, place, value, formats.strong if is_total else None)
            elif value == value:  # noqa: PLR0124 - not NaN
                sheet.write_number(rank + 1, place, value, formats.number(column.digits, is_total=is_total))
    sheet.freeze_panes(1, 0)
    if len(table.frame):
        sheet.autofilter(0, 0, max(first_total, 1), len(table.columns) - 1)


def _write_text(sheet: Any, row: int, place: int, words: str, style: Any = None) -> None:
    """Write a text as a text, whatever it begins with."""
    sheet.write_string(row, place, words[:LONGEST_CELL], style)


def _width(column: Column, table: Table) -> int:
    longest = max((len(str(cell)) for cell in table.frame[column.name].head(200)), default=0)
    shown = 14 if column.is_number else longest + 2
    return min(_WIDEST, max(_NARROWEST, shown, min(len(column.heading), 22)))


def _write_read_me(sheet: Any, report: Report, formats: _Formats) -> None:
    """Write what the workbook is, what is proven, and what every sheet and column holds."""
    say = Language(report.language)
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 60)
    sheet.set_column(2, 3, 34)
    lines: list[tuple[tuple[str, ...], Any]] = [
        ((report.title,), formats.title),
        ((report.subtitle,), None),
        *(((line,), formats.alarm) for line in report.alarms),
    ]
    if not report.alarms:
        lines.append(((report.verdict,), formats.strong))
    lines += [
        ((say("Written by netopt {version}.", version=__version__),), None),
        (
            (
                say(
                    "Figures are unrounded, in the unit of their heading. A blank cell: the runs do not "
                    "say."
                ),
            ),
            None,
        ),
        ((), None),
        (
            (say("sheet"), say("what it holds"), say("columns with units"), say("files of the runs")),
            formats.heading,
        ),
    ]
    for table in report.tables:
        units = "; ".join(column.heading for column in table.columns)
        lines.append(((table.name, table.title, units, ", ".join(table.origin)), formats.wrapped))
    for row, (cells, style) in enumerate(lines):
        for place, words in enumerate(cells):
            _write_text(sheet, row, place, words, style)
    sheet.freeze_panes(1, 0)
    _write_digests(sheet, report, len(lines) + 1, formats)


def _write_digests(sheet: Any, report: Report, row: int, formats: _Formats) -> None:
    """Write the table of runs, which identifies them, at the end."""
    runs = next(table for table in report.tables if table.name == "runs")
    for place, column in enumerate(runs.columns):
        _write_text(sheet, row, place, column.heading, formats.heading)
        for rank, value in enumerate(runs.frame[column.name], start=1):
            _write_text(sheet, row + rank, place, value, formats.wrapped)
