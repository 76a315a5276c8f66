"""The sheets of settings and periods of a workbook, read as ``instance.toml`` would be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from netopt.data.cells import FALSE, TRUE
from netopt.data.folder import SETTINGS_FILE
from netopt.data.formats.excel_cells import (
    Grid,
    Unread,
    cell_at,
    digits_note,
    header_text,
    is_blank,
    taken_text,
)
from netopt.data.formats.excel_layout import (
    KEY,
    PERIOD_SETTINGS,
    PERIODS,
    SETTINGS_HEADER,
    SETTINGS_SHEET,
    VALUE,
    setting_list,
)
from netopt.data.problems import ProblemLog, nearest, shown
from netopt.data.schema import Column, ColumnType
from netopt.data.settings import Settings
from netopt.data.settingsfile import check_settings
from netopt.errors import Problem

_PERIODS_KEY: Final = "horizon.periods"
_PERIOD: Final = re.compile(r"horizon\.periods\[(\d+)\](?:\.(\w+))?")
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?|nan|inf", re.ASCII)
_REFUSED: Final = object()

Contents = dict[str, dict[str, Any]]
"""Section -> key -> value, as in ``instance.toml``."""


@dataclass(frozen=True)
class Place:
    """Where a problem stands in a workbook, and what is wrong there."""

    sheet: str
    row: int | None
    column: str | None
    message: str

    @property
    def counts_rest(self) -> bool:
        """Whether the problem only counts rows that are not listed."""
        return self.row is None and self.message.endswith("same rule")


class SettingsReading:
    """Two sheets on their way to settings, which remembers where each setting stands.

    Parameters
    ----------
    settings, periods
        Cells of the sheets; None where the workbook has no such sheet.
    log, notes
        Where problems and notes go.
    """

    def __init__(
        self, settings: Grid | None, periods: Grid | None, log: ProblemLog, notes: list[str]
    ) -> None:
        self._settings_grid = settings
        self._periods_grid = periods
        self._log = log
        self._notes = notes
        self._rows: dict[str, int] = {}
        self._period_rows: list[int] = []
        self._refused: set[str] = set()

    def settings(self) -> Settings | None:
        """Return the settings; None where a problem was noted."""
        contents = self._values()
        periods = self._periods()
        if contents is None or periods is None:
            return None
        _put(contents, periods)
        own = ProblemLog()
        settings = check_settings(contents, own)
        for problem in own.sorted([]):
            if problem.column not in self._refused:
                self._log.add(**vars(problem))
        return settings

    def place(self, problem: Problem) -> Place:
        """Return where a problem of ``instance.toml`` stands in the workbook."""
        key = problem.column
        if key is None or key in (KEY, VALUE):
            return Place(SETTINGS_SHEET, problem.row, key, problem.message)
        if period := _PERIOD.fullmatch(key):
            told = "the cell is blank" if problem.rule == "missing_key" else problem.message
            return Place(PERIODS.name, self._period_rows[int(period[1])], period[2], told)
        if key in ("horizon", _PERIODS_KEY):
            return Place(PERIODS.name, None, None, problem.message)
        for setting, column in PERIOD_SETTINGS.items():
            if key == setting or key.startswith((f"{setting}.", f"{setting}[")):
                return Place(PERIODS.name, None, column.name, problem.message)
        row = self._rows.get(key)
        told = problem.message if key in problem.message else f"{key}: {problem.message}"
        return Place(SETTINGS_SHEET, row, VALUE if row else None, told)

    def _header(self, grid: Grid | None, file: str, needed: tuple[str, ...]) -> list[str] | None:
        """Return the names in row 1; None where the sheet is missing or lacks one that is needed."""
        if grid is None:
            self._log.add(file, None, None, "missing_sheet", "", "the sheet is missing")
            return None
        header = [header_text(cell) for cell in grid[0]] if grid else []
        if absent := [name for name in needed if name not in header]:
            message = f"the first row must name the columns; it lacks {', '.join(absent)}"
            self._log.add(file, 1, None, "missing_header", " ".join(header), message)
            return None
        return header

    def _values(self) -> Contents | None:
        """Return the values of the sheet of settings; the rows of keys are remembered."""
        header = self._header(self._settings_grid, SETTINGS_FILE, SETTINGS_HEADER[:2])
        if self._settings_grid is None or header is None:
            return None
        contents: Contents = {setting.section: {} for setting in setting_list()}
        for row, cells in enumerate(self._settings_grid[1:], 2):
            key = header_text(cell_at(cells, header.index(KEY)))
            cell = cell_at(cells, header.index(VALUE))
            if key or cell != "":
                self._take(row, key, cell, contents)
        return contents

    def _take(self, row: int, key: str, cell: Any, contents: Contents) -> None:
        """Add the setting of one row to the contents, or note what is wrong with it."""
        known = {setting.key: setting for setting in setting_list()}
        if key in self._rows:
            said = f"the key '{key}' stands in row {self._rows[key]} already"
            self._log.add(SETTINGS_FILE, row, KEY, "duplicate_key", key, said)
        elif key not in known:
            said = f"there is no setting '{key}'"
            self._log.add(SETTINGS_FILE, row, KEY, "unknown_key", key, said, nearest(key, known))
        else:
            self._rows[key] = row
            value = self._value(SETTINGS_FILE, row, VALUE, known[key].column, cell)
            if value is _REFUSED:
                self._refused.add(key)
            elif value is not None:
                contents[known[key].section][known[key].column.name] = value

    def _periods(self) -> list[dict[str, Any]] | None:
        """Return the periods of their sheet."""
        needed = tuple(column.name for column in PERIODS.columns if not column.nullable)
        header = self._header(self._periods_grid, PERIODS.file, needed)
        if self._periods_grid is None or header is None:
            return None
        periods: list[dict[str, Any]] = []
        for row, cells in enumerate(self._periods_grid[1:], 2):
            if not is_blank(cells):
                periods.append(self._period(row, cells, header, len(periods)))
                self._period_rows.append(row)
        return periods

    def _period(self, row: int, cells: list[Any], header: list[str], number: int) -> dict[str, Any]:
        period = {}
        for column in [column for column in PERIODS.columns if column.name in header]:
            cell = cell_at(cells, header.index(column.name))
            value = self._value(PERIODS.file, row, column.name, column, cell)
            if value is _REFUSED:
                self._refused.add(f"{_PERIODS_KEY}[{number}].{column.name}")
            elif value is not None:
                period[column.name] = value
        return period

    def _value(self, file: str, row: int, place: str, column: Column, cell: Any) -> Any:
        """Return a setting's value, None where it is not set, ``_REFUSED`` where a problem was noted."""
        taken = taken_text(cell, column.type)
        if isinstance(taken, Unread):
            self._log.add(file, row, place, taken.rule, taken.value, taken.told, taken.hint)
            return _REFUSED
        if column.type is ColumnType.TEXT:
            if not isinstance(cell, str):
                sheet = SETTINGS_SHEET if file == SETTINGS_FILE else PERIODS.name
                self._notes.append(digits_note(f"sheet {sheet}", [taken]))
            return taken if taken or not column.nullable else None
        if not taken:
            return None
        if column.type is ColumnType.BOOLEAN:
            return self._flag(file, row, place, taken)
        if _WHOLE.fullmatch(taken):
            return int(taken)
        return float(taken) if _DECIMAL.fullmatch(taken) else taken

    def _flag(self, file: str, row: int, place: str, taken: str) -> Any:
        if taken in (TRUE, FALSE):
            return taken == TRUE
        told = f"'{shown(taken)}' is not a truth value"
        self._log.add(file, row, place, "type", taken, told, "write TRUE or FALSE")
        return _REFUSED


def _put(contents: Contents, periods: list[dict[str, Any]]) -> None:
    """Put the rows of the sheet of periods where ``instance.toml`` has what they say."""
    for key, column in PERIOD_SETTINGS.items():
        section, _, name = key.partition(".")
        said = {each.get("period"): each.pop(column.name) for each in periods if column.name in each}
        if said:
            is_list = column.type is ColumnType.BOOLEAN
            contents[section][name] = [period for period, yes in said.items() if yes] if is_list else said
    contents["horizon"]["periods"] = periods
