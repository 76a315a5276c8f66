"""Instances to workbooks: a sheet per table, with drop-downs, limits, comments and a page that explains.

Only texts, numbers and truth values are written, never formulas or links, whatever a text looks like.
"""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import xlsxwriter

from netopt.data.checks import LARGEST_FIGURE
from netopt.data.formats.excel_layout import (
    LICENCE_SHEET,
    LISTS_SHEET,
    LONGEST_TEXT,
    MOST_ROWS,
    PERIODS,
    READ_ME,
    SETTINGS_HEADER,
    SETTINGS_SHEET,
    Setting,
    column_letter,
    permitted_values,
    setting_list,
    source_of_choices,
)
from netopt.data.formats.excel_readme import readme_lines
from netopt.data.notice import notice_of
from netopt.data.problems import ProblemLog
from netopt.data.schema import Column, ColumnType, TableSpec
from netopt.data.tables import TABLES
from netopt.errors import InstanceError, UsageError

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from netopt.data.instance import Instance
    from netopt.data.settings import Settings

_DARK, _LIGHT, _INK = "#1F4E79", "#DDEBF7", "#1F3864"
_TABS: Final = {"settings": "#548235", "filled": _DARK, "optional": "#9DC3E6", "empty": "#D9D9D9"}
_TEXT_FORMAT: Final = "@"
"""Excel keeps what is typed into such a cell as it is: no dates, no formulas, no lost zeros."""
_NUMBER_FORMATS: Final = {
    "t/yr": "#,##0.0",
    "km": "#,##0.0",
    "deg": "0.0000",
    "yr": "0",
    "CNY": "#,##0",
    "CNY/yr": "#,##0",
    "CNY/t": "#,##0.00",
    "CNY/unit": "#,##0.00",
    "CNY/(t km)": "0.0000",
    "kgCO2e/t": "#,##0.0",
    "kgCO2e/(t km)": "0.0000",
    "people": "#,##0",
    "unit/yr": "#,##0.0",
}
"""How cells of a unit are shown; all others as they are. What is stored is never rounded."""
_HEADER: Final = {"bold": True, "num_format": _TEXT_FORMAT, "border": 1, "indent": 1}
_TEXT: Final = {"num_format": _TEXT_FORMAT, "valign": "top"}
_STYLES: Final[dict[str, dict[str, Any]]] = {
    "title": {"bold": True, "font_size": 16, "font_color": _DARK},
    "heading": {"bold": True, "font_size": 12, "font_color": _DARK, "bottom": 1},
    "plain": {"num_format": _TEXT_FORMAT},
    "strong": {"num_format": _TEXT_FORMAT, "bold": True},
    "required": {**_HEADER, "bg_color": _DARK, "font_color": "#FFFFFF"},
    "optional": {**_HEADER, "bg_color": _LIGHT, "font_color": _INK},
    "text": {**_TEXT, "align": "left", "indent": 1},
    "wrapped": {**_TEXT, "align": "left", "indent": 1, "text_wrap": True},
    "flag": {"num_format": '"TRUE";"TRUE";"FALSE"', "align": "center", "valign": "top"},
}
_WIDEST: Final = 44
_MEASURED_ROWS: Final = 400
_LONGEST_LIST: Final = 255
"""Letters of a list that may stand in a validation itself (Excel's limit)."""
_MADE: Final = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""The same instance gives the same bytes, so the time of writing is not said."""
_NO_LETTER: Final = re.compile(r"[\ufffe\uffff]|_x[0-9A-Fa-f]{4}_x[0-9A-Fa-f]{4}_")
"""What no workbook can hold: two letters that XML has not, and what Excel takes for a letter's number."""


class _Exact(float):
    """A number that xlsxwriter writes with all 17 digits that a float64 may need; it would keep 16."""

    def __format__(self, _spec: str) -> str:
        return repr(float(self) + 0.0).removesuffix(".0")


def write_workbook(instance: Instance, path: Path) -> None:
    """Write an instance as a workbook; see ``netopt.data.formats.excel.write``."""
    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"{path.name}: a workbook is called something.xlsx")
    log = ProblemLog()
    _refuse_what_does_not_fit(instance, log)
    problems = log.sorted([spec.file for spec in TABLES.values()])
    if problems:
        raise InstanceError(f"{instance.name} does not fit into an Excel workbook", problems)
    content = _workbook(instance)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _refuse_what_does_not_fit(instance: Instance, log: ProblemLog) -> None:
    """Note tables with too many rows, and texts that no cell can hold."""
    for name, spec in TABLES.items():
        table = instance[name]
        if len(table) >= MOST_ROWS:
            message = (
                f"{len(table):,} rows and a header are more than the {MOST_ROWS:,} rows of an Excel sheet"
            )
            hint = "keep this instance as a folder of CSV files"
            log.add(spec.file, None, None, "excel_rows", len(table), message, hint)
        for column in spec.columns:
            if column.type in (ColumnType.ID, ColumnType.TEXT):
                _refuse_texts(spec.file, column.name, table[column.name].tolist(), log)
    settings = _setting_values(instance.settings)
    for setting in setting_list():
        if isinstance(value := settings[setting.key], str):
            _refuse_texts("instance.toml", setting.key, [value], log, first_row=None)
    periods = [period.period for period in instance.settings.horizon.periods]
    _refuse_texts("instance.toml", "horizon.periods", periods, log, first_row=None)


def _refuse_texts(
    file: str, column: str, texts: Sequence[str], log: ProblemLog, first_row: int | None = 2
) -> None:
    for index, text in enumerate(texts):
        row = None if first_row is None else first_row + index
        if len(text) * 2 > LONGEST_TEXT and (length := len(text.encode("utf-16-le")) // 2) > LONGEST_TEXT:
            message = f"the text has {length:,} letters, an Excel cell holds {LONGEST_TEXT:,}"
            log.add(file, row, column, "excel_text_length", text, message, "shorten it")
        if found := _NO_LETTER.search(text):
            what = found[0] if len(found[0]) > 1 else f"the letter U+{ord(found[0]):04X}"
            message = f"the text holds {what}, which no Excel file can hold"
            log.add(file, row, column, "excel_letter", text, message, "remove it")


def _workbook(instance: Instance) -> bytes:
    """Return the bytes of the workbook."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(buffer, {**options, "strings_to_numbers": False, "nan_inf_to_errors": False})
    book.set_properties({"title": instance.settings.instance.title, "created": _MADE})
    book.set_calc_mode("auto")
    writer = _Writer(book)
    writer.read_me(readme_lines(instance))
    writer.settings(_setting_values(instance.settings))
    periods = _period_rows(instance.settings)
    writer.table(PERIODS, [list(column) for column in zip(*periods, strict=True)], _TABS["settings"])
    for name, spec in TABLES.items():
        table = instance[name]
        tab = _TABS["filled" if spec.required else "optional" if len(table) else "empty"]
        writer.table(spec, [table[column.name].tolist() for column in spec.columns], tab)
    writer.licence(notice_of(instance))
    writer.lists()
    book.close()
    return buffer.getvalue()


def _period_rows(settings: Settings) -> list[tuple[Any, ...]]:
    """Return the cells of every period, in the order of ``PERIODS``."""
    opening = settings.capital.opening_periods
    caps = settings.limits.emission_tonnes_co2e_by_period or {}
    return [
        (
            *vars(period).values(),
            None if opening is None else period.period in opening,
            caps.get(period.period),
        )
        for period in settings.horizon.periods
    ]


def _setting_values(settings: Settings) -> dict[str, Any]:
    """Return the value of every setting by its dotted key, None where it is not set."""
    said = settings.model_dump(mode="json")
    return {setting.key: said[setting.section][setting.column.name] for setting in setting_list()}


class _Writer:
    """The sheets of one workbook, written one after the other."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._formats: dict[str, Format] = {}
        self._long_lists: list[tuple[str, ...]] = []

    def read_me(self, lines: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Write the page that explains the workbook: a style and cells for each row."""
        sheet = self._book.add_worksheet(READ_ME)
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 2, 11)
        sheet.set_column(3, 3, 90)
        for row, (style, cells) in enumerate(lines):
            for column, text in enumerate(cells):
                spreads = column == 0 or style == "heading"
                sheet.write_string(row, column, text, self._format(style if spreads else "plain"))
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)

    def settings(self, values: dict[str, Any]) -> None:
        """Write the sheet of settings: key, value, meaning, what is permitted, what counts if blank."""
        sheet = self._book.add_worksheet(SETTINGS_SHEET)
        sheet.set_tab_color(_TABS["settings"])
        for column, (name, width) in enumerate(zip(SETTINGS_HEADER, (44, 44, 88, 34, 16), strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, name, self._format("required"))
        about = "The column that is read; the key beside it says what a value is."
        sheet.write_comment(0, 1, about, {"author": "netopt"})
        for row, setting in enumerate(setting_list(), 1):
            needed = not setting.column.nullable
            sheet.write_string(row, 0, setting.key, self._format("required" if needed else "optional"))
            self._cell(sheet, row, 1, setting.column, values[setting.key], wrap=True)
            told = (setting.column.description, setting.permitted, setting.if_blank)
            for column, text in enumerate(told, 2):
                sheet.write_string(row, column, text, self._format("wrapped"))
            self._limit_setting(sheet, row, setting)
        sheet.freeze_panes(1, 1)
        _set_up_print(sheet)

    def table(self, spec: TableSpec, columns: Sequence[Sequence[Any]], tab: str) -> None:
        """Write the sheet of one table: a header that stays in view, and a row for each of its rows."""
        sheet = self._book.add_worksheet(spec.name)
        sheet.set_tab_color(tab)
        for index, (column, cells) in enumerate(zip(spec.columns, columns, strict=True)):
            sheet.set_column(index, index, _width(column, cells), self._body(column))
            style = "optional" if column.nullable else "required"
            sheet.write_string(
                0, index, column.name, self._format(style + " key" * (column.name in spec.key))
            )
            self._comment(sheet, index, spec, column)
            self._limit(sheet, index, spec, column)
            for row, value in enumerate(cells, 1):
                self._cell(sheet, row, index, column, value)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(1, len(columns[0])), len(columns) - 1)
        _set_up_print(sheet)

    def licence(self, notice: str) -> None:
        """Write the licences of the data, a line a row, where there are any."""
        if not notice:
            return
        sheet = self._book.add_worksheet(LICENCE_SHEET)
        sheet.set_column(0, 0, 130, self._format("wrapped"))
        for row, line in enumerate(notice.splitlines()):
            sheet.write_string(row, 0, line, self._format("wrapped"))

    def lists(self) -> None:
        """Write the lists that are too long to stand beside the cells that choose from them."""
        sheet = self._book.add_worksheet(LISTS_SHEET)
        sheet.hide()
        for column, choices in enumerate(self._long_lists):
            for row, choice in enumerate(choices):
                sheet.write_string(row, column, choice)

    def _cell(
        self, sheet: Worksheet, row: int, index: int, column: Column, value: Any, *, wrap: bool = False
    ) -> None:
        """Write one cell; what is not set, NaN and "" stay blank."""
        style = self._body(column, wrap=wrap)
        if value is None or value == "" or value != value:  # noqa: PLR0124 - NaN
            sheet.write_blank(row, index, None, style)
        elif column.type is ColumnType.BOOLEAN:
            sheet.write_boolean(row, index, bool(value), style)
        elif column.type in (ColumnType.ID, ColumnType.TEXT):
            sheet.write_string(row, index, value, style)
        else:
            sheet.write_number(row, index, _Exact(value), style)

    def _comment(self, sheet: Worksheet, index: int, spec: TableSpec, column: Column) -> None:
        about = [spec.description, ""] if index == 0 else []
        lines = [*about, *_column_words(spec, column)]
        height = 20 + 18 * sum(1 + len(line) // 46 for line in lines)
        sheet.write_comment(
            0, index, "\n".join(lines), {"width": 330, "height": height, "author": "netopt"}
        )

    def _limit(self, sheet: Worksheet, index: int, spec: TableSpec, column: Column) -> None:
        """Offer the permitted values of a column, or refuse others, down to the last row of the sheet."""
        rule = self._rule(spec, column)
        if rule:
            sheet.data_validation(1, index, MOST_ROWS - 1, index, rule)

    def _limit_setting(self, sheet: Worksheet, row: int, setting: Setting) -> None:
        rule = self._rule(PERIODS, setting.column)
        if rule:
            sheet.data_validation(row, 1, row, 1, rule)

    def _rule(self, spec: TableSpec, column: Column) -> dict[str, Any]:
        source = source_of_choices(spec, column)
        words = {"error_title": column.name[:32], "error_message": _refusal(spec, column)[:255]}
        if source is not None:
            listed = {"validate": "list", "source": _list_of(*source), "error_type": "warning"}
            return {**words, **listed}
        if column.type is ColumnType.BOOLEAN:
            return {**words, "validate": "list", "source": ["TRUE", "FALSE"]}
        if column.choices:
            return {**words, "validate": "list", "source": self._choices(column.choices)}
        if column.type in (ColumnType.ID, ColumnType.TEXT):
            return {}
        low, high = _bounds(column)
        kind = "integer" if column.type is ColumnType.INTEGER else "decimal"
        return {**words, "validate": kind, "criteria": "between", "minimum": low, "maximum": high}

    def _choices(self, choices: tuple[str, ...]) -> list[str] | str:
        if len(",".join(choices)) <= _LONGEST_LIST:
            return list(choices)
        self._long_lists.append(choices)
        letter = column_letter(len(self._long_lists) - 1)
        return f"={LISTS_SHEET}!${letter}$1:${letter}${len(choices)}"

    def _body(self, column: Column, *, wrap: bool = False) -> Format:
        if column.type in (ColumnType.ID, ColumnType.TEXT):
            return self._format("wrapped" if wrap else "text")
        if column.type is ColumnType.BOOLEAN:
            return self._format("flag")
        shown = _NUMBER_FORMATS.get(column.unit, "0" if column.type is ColumnType.INTEGER else "General")
        return self._format(f"{'left' if wrap else 'number'} {shown}")

    def _format(self, style: str) -> Format:
        """Return the format of a style, which is made when it is first asked for."""
        if style not in self._formats:
            self._formats[style] = self._book.add_format(_style(style))
        return self._formats[style]


def _style(name: str) -> dict[str, Any]:
    """Return what a style looks like, in xlsxwriter's words."""
    kind, _, rest = name.partition(" ")
    if kind == "number":
        return {"num_format": rest, "valign": "top"}
    if kind == "left":
        return {"num_format": rest, "valign": "top", "align": "left", "indent": 1}
    return _STYLES[kind] | ({"underline": 1} if rest == "key" else {})


def _set_up_print(sheet: Worksheet) -> None:
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _list_of(table: str, column: str) -> str:
    """Return the formula of the filled cells of another sheet's column, whatever rows are added there."""
    spec = PERIODS if table == PERIODS.name else TABLES[table]
    letter = column_letter(spec.column_names.index(column))
    return f"=OFFSET({table}!${letter}$2,0,0,MAX(1,COUNTA({table}!${letter}:${letter})-1),1)"


def _bounds(column: Column) -> tuple[float, float]:
    high = column.maximum if column.maximum is not None else column.plausible_maximum
    high = LARGEST_FIGURE if high is None else high
    return -high if column.minimum is None else column.minimum, high


def _refusal(spec: TableSpec, column: Column) -> str:
    """Return what Excel says of a value that a column does not take."""
    if source_of_choices(spec, column) is not None:
        table = permitted_values(spec, column).removeprefix("a ")
        return f"There is no such {table} yet. Choose one from the list, or add it there too."
    if column.type is ColumnType.BOOLEAN or column.choices:
        return f"Choose one from the list: {permitted_values(spec, column)}."
    low, high = _bounds(column)
    kind = "whole number" if column.type is ColumnType.INTEGER else "number"
    unit = f" {column.unit}" if column.unit not in ("", "-") else ""
    share = " Write 60 % as 0.6." if column.unit == "-" and high == 1 else ""
    return f"{column.description} A {kind} from {low:,g} to {high:,g}{unit}, without its unit.{share}"


def _column_words(spec: TableSpec, column: Column) -> Iterator[str]:
    """Yield what the comment on a header says."""
    yield column.description
    if column.unit and column.unit != "-":
        yield f"Unit: {column.unit}"
    if allowed := permitted_values(spec, column):
        yield f"Permitted: {allowed}"
    yield "May be blank." if column.nullable else "Must be filled."
    if column.name in spec.key:
        yield f"Key: one row for each {', '.join(spec.key)}."
    if column.type is ColumnType.ID:
        yield "An id: kept as it is typed."


def _width(column: Column, cells: Sequence[Any]) -> float:
    """Return the width of a column, in letters: of its name with its filter, and of its first cells."""
    widest = len(column.name) + 4
    if column.type in (ColumnType.ID, ColumnType.TEXT):
        longest = max((_letters(cell) for cell in cells[:_MEASURED_ROWS]), default=0)
        widest = max(widest, longest + 2)
    return min(_WIDEST, widest)


def _letters(text: str) -> int:
    """Return the width of a text, Chinese letters counting double."""
    return sum(2 if letter > "\u2e7f" else 1 for letter in text)
