"""Workbooks to instances: every cell taken for what a planner meant by it, or refused with its place."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

from netopt.data.cells import Table, type_file
from netopt.data.csvfile import RawTable, known_columns
from netopt.data.folder import SETTINGS_FILE
from netopt.data.formats.excel_cells import (
    Grid,
    Unread,
    cell_at,
    counted,
    digits_note,
    header_text,
    is_blank,
    taken_text,
    unread_cells,
)
from netopt.data.formats.excel_layout import (
    LICENCE_SHEET,
    PERIODS,
    READ_ME,
    SETTINGS_SHEET,
    SHEETS,
    column_letter,
)
from netopt.data.formats.excel_package import Package, WorkbookError, open_package
from netopt.data.formats.excel_settings import Place, SettingsReading
from netopt.data.instance import Instance
from netopt.data.problems import ProblemLog, nearest, shown
from netopt.data.read import check_instance
from netopt.data.schema import Column, ColumnType, TableSpec
from netopt.data.tables import TABLES
from netopt.errors import InstanceError, Problem, UsageError

_OWN_SHEET: Final = re.compile(r"_|notes?(?![a-z])|备注|说明", re.IGNORECASE)
_NAMED_FILE: Final = re.compile(r"(?:data/)?\b(" + "|".join(TABLES) + r")\.csv\b")


@dataclass(frozen=True)
class Read:
    """What a workbook holds.

    Attributes
    ----------
    instance
        The instance, checked whole.
    notice
        Text of the licences of its data (``LICENSE-DATA.md``), which goes with every copy; "" for none.
    notes
        Sentences a planner should read: what was taken how, and what was not read.
    """

    instance: Instance
    notice: str
    notes: tuple[str, ...]


def read_workbook(path: Path) -> Read:
    """Read a workbook; see ``netopt.data.formats.excel.read``."""
    if not path.is_file():
        raise UsageError(f"{path} is not a file")
    try:
        package = open_package(path)
        book = CalamineWorkbook.from_object(io.BytesIO(package.content))
        reading = _Reading(path, package, book)
        return reading.result()
    except WorkbookError as error:
        problem = Problem(path.name, None, None, error.rule, "", str(error), error.hint)
        raise InstanceError(str(path), [problem]) from error
    except CalamineError as error:
        message = f"the workbook cannot be read: {shown(error)}"
        hint = "open it in Excel and save it as .xlsx"
        problem = Problem(path.name, None, None, "workbook", "", message, hint)
        raise InstanceError(str(path), [problem]) from error


class _Reading:
    """One workbook on its way to an instance."""

    def __init__(self, path: Path, package: Package, book: CalamineWorkbook) -> None:
        self._path = path
        self._package = package
        self._book = book
        self._notes: list[str] = []
        self._log = ProblemLog()
        self._names: dict[str, str] = {}

    def result(self) -> Read:
        """Return what the workbook holds; InstanceError with every problem."""
        if self._package.has_macros:
            self._notes.append("the workbook has macros, which were not read and never run")
        self._find_sheets()
        sheets = self._grid_of(SETTINGS_SHEET), self._grid_of(PERIODS.name)
        self._settings = SettingsReading(*sheets, self._log, self._notes)
        settings = self._settings.settings()
        tables: dict[str, Table] = {}
        unread = set()
        for name, spec in TABLES.items():
            if name not in self._names:
                if spec.required:
                    self._log.add(
                        spec.file, None, None, "missing_sheet", "", "the sheet is missing", spec.description
                    )
                continue
            raw = self._raw_table(name, spec)
            if raw is None:
                unread.add(name)
            else:
                tables[name] = type_file(raw, spec, self._log)
        subject = str(self._path)
        try:
            instance = check_instance(settings, tables, self._log, subject, unread)
        except InstanceError as error:
            raise InstanceError(subject, self._in_order(error.problems)) from None
        return Read(instance, self._notice(), tuple(self._notes))

    def _find_sheets(self) -> None:
        """Match the sheets of the workbook with those of the format; note all others that hold anything."""
        by_folded = {name.casefold(): name for name in (*SHEETS, LICENCE_SHEET)}
        about = self._book.sheets_metadata
        worksheets = {sheet.name for sheet in about if sheet.typ is SheetTypeEnum.WorkSheet}
        for name in self._book.sheet_names:
            known = by_folded.get(name.casefold().strip())
            if known is not None and name in worksheets and known not in self._names:
                self._names[known] = name
                if known not in (READ_ME, LICENCE_SHEET):
                    self._note_facts(name)
            elif _OWN_SHEET.match(name):
                continue
            elif name in worksheets and self._grid(name):
                hint = nearest(name, [*TABLES, SETTINGS_SHEET, PERIODS.name])
                hint = hint or "start the name of a sheet of your own with _ or Notes"
                message = "no sheet of an instance is called so"
                self._log.add(f"data/{name}.csv", None, None, "unknown_sheet", name, message, hint)

    def _note_facts(self, name: str) -> None:
        facts = self._package.sheets[name]
        if facts.hidden:
            self._notes.append(f"sheet {name} is hidden; it was read all the same")
        if facts.n_formulas:
            formulas = counted(facts.n_formulas, "formula")
            self._notes.append(f"sheet {name}: {formulas}, taken by the value that was computed last")

    def _grid_of(self, known: str) -> Grid | None:
        """Return the cells of a sheet of the format, None where the workbook has none."""
        return self._grid(self._names[known]) if known in self._names else None

    def _grid(self, name: str) -> Grid:
        """Return the cells of a sheet, marked where they have no value, without blank rows at its end."""
        facts = self._package.sheets[name]
        grid: Grid = self._book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        for place, cell in unread_cells(facts):
            row, column = place
            grid.extend([] for _ in range(row + 1 - len(grid)))
            grid[row].extend("" for _ in range(column + 1 - len(grid[row])))
            grid[row][column] = cell
        while grid and is_blank(grid[-1]):
            grid.pop()
        return grid

    def _raw_table(self, name: str, spec: TableSpec) -> RawTable | None:
        """Return the cells of a table's sheet as texts; None where its header cannot be made sense of."""
        sheet = self._names[name]
        grid = self._grid(sheet)
        if not grid:
            return RawTable({c.name: () for c in spec.columns}, np.zeros(0, np.int64), whole=True)
        width = max(map(len, grid))
        header = [header_text(cell_at(grid[0], index)) for index in range(width)]
        if not set(header) & set(spec.column_names):
            message = "the first row must name the columns"
            hint = "columns: " + ", ".join(spec.column_names)
            self._log.add(spec.file, 1, None, "missing_header", " ".join(header), message, hint)
            return None
        rows = [index for index, row in enumerate(grid) if index and not is_blank(row)]
        lines = np.array(rows, dtype=np.int64) + 1
        columns = [[cell_at(grid[row], index) for row in rows] for index in range(width)]
        named = self._named_columns(spec, header, columns)
        found = known_columns(*named, spec, self._log)
        cells: dict[str, Sequence[str]] = {}
        noted = {}
        for column in spec.columns:
            if column.name in found:
                texts, wrong = self._texts(spec, column, found[column.name], lines.tolist())
                cells[column.name], noted[column.name] = texts, wrong
        return RawTable(cells, lines, True, noted)

    def _named_columns(
        self, spec: TableSpec, header: Sequence[str], columns: Sequence[Sequence[Any]]
    ) -> tuple[list[str], list[Sequence[Any]]]:
        """Return header and columns without a planner's own; note columns with cells and no name."""
        kept = []
        for index, (name, column) in enumerate(zip(header, columns, strict=True)):
            if name and not name.startswith("_"):
                kept.append(index)
            elif not name and not is_blank(column):
                letter = column_letter(index)
                hint = "start the name of a column of your own with _"
                message = f"column {letter} has cells, but no name in row 1"
                self._log.add(spec.file, 1, letter, "unknown_column", "", message, hint)
        return [header[index] for index in kept], [columns[index] for index in kept]

    def _texts(
        self, spec: TableSpec, column: Column, cells: Sequence[Any], lines: Sequence[int]
    ) -> tuple[list[str], np.ndarray[Any, np.dtype[np.bool_]]]:
        """Return the cells of a column as a CSV file would have them, and which were refused already."""
        taken = [taken_text(cell, column.type) for cell in cells]
        wrong = np.fromiter((isinstance(cell, Unread) for cell in taken), np.bool_, len(taken))
        self._refuse(spec.file, column.name, zip(taken, lines, strict=True))
        if column.type in (ColumnType.ID, ColumnType.TEXT):
            typed = [
                text
                for cell, text in zip(cells, taken, strict=True)
                if isinstance(text, str) and not isinstance(cell, str)
            ]
            if typed:
                self._notes.append(digits_note(f"sheet {spec.name}, column {column.name}", typed))
        return [cell if isinstance(cell, str) else "" for cell in taken], wrong

    def _refuse(self, file: str, column: str, cells: Iterable[tuple[str | Unread, int]]) -> None:
        """Note the cells that were not taken, the first rows of each kind one by one."""
        kinds: dict[tuple[str, str, str], list[tuple[int, str]]] = {}
        for cell, line in cells:
            if isinstance(cell, Unread):
                kinds.setdefault((cell.rule, cell.message, cell.hint), []).append((line, cell.value))
        for (rule, message, hint), found in kinds.items():
            lines, values = zip(*found, strict=True)
            self._log.add_rows(file, lines, column, rule, values, message, hint)

    def _notice(self) -> str:
        grid = self._grid_of(LICENCE_SHEET) or []
        return "".join(f"{cell_at(row, 0)}\n" for row in grid)

    def _in_order(self, problems: Sequence[Problem]) -> list[Problem]:
        """Return problems of the files of an instance as those of sheets, in the order of the sheets."""
        rank = {sheet: place for place, sheet in enumerate(SHEETS)}
        told = [(self._place(problem), problem) for problem in problems]
        told.sort(
            key=lambda pair: (rank.get(pair[0].sheet, len(rank)), pair[0].counts_rest, pair[0].row or 0)
        )
        name = shown(self._path.name)
        return [
            replace(
                problem,
                file=f"{name}: sheet {place.sheet}",
                row=place.row,
                column=place.column,
                message=_in_sheets(place.message),
                hint=_in_sheets(problem.hint),
            )
            for place, problem in told
        ]

    def _place(self, problem: Problem) -> Place:
        """Return where a problem of a file of an instance stands in the workbook."""
        if problem.file == SETTINGS_FILE:
            return self._settings.place(problem)
        sheet = problem.file.removeprefix("data/").removesuffix(".csv")
        return Place(sheet, problem.row, problem.column, problem.message)


def _in_sheets(text: str) -> str:
    """Return a sentence about files of an instance as one about sheets.

    Examples
    --------
    >>> _in_sheets("'x' is not in data/locations.csv")
    "'x' is not in sheet locations"
    """
    text = text.replace(f"a period of {SETTINGS_FILE}", f"a period of sheet {PERIODS.name}")
    text = text.replace(SETTINGS_FILE, f"sheet {SETTINGS_SHEET}")
    return _NAMED_FILE.sub(r"sheet \1", text)
