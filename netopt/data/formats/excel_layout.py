"""What the sheets of a workbook are called and hold: shared by its writer and its reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from netopt.data.reference import permitted, permitted_setting, resolved
from netopt.data.schema import Column, ColumnType, TableSpec
from netopt.data.settings import Period, Settings
from netopt.data.tables import TABLES

READ_ME: Final = "READ ME"
SETTINGS_SHEET: Final = "settings"
LICENCE_SHEET: Final = "LICENSE-DATA"
LISTS_SHEET: Final = "_lists"
"""Long lists that cells choose from; sheets whose names start with an underscore are not read."""

KEY, VALUE = "key", "value"
SETTINGS_HEADER: Final = (KEY, VALUE, "meaning", "permitted", "if blank")

MOST_ROWS: Final = 1_048_576
"""Rows of an Excel sheet, its header among them."""
LONGEST_TEXT: Final = 32_767
"""UTF-16 units that an Excel cell may hold."""

_PERIODS_KEY: Final = "horizon.periods"
_TYPES: Final = {
    "string": ColumnType.TEXT,
    "number": ColumnType.NUMBER,
    "integer": ColumnType.INTEGER,
    "boolean": ColumnType.BOOLEAN,
}

PERIOD_SETTINGS: Final = {
    "capital.opening_periods": Column(
        "new_sites_may_open",
        ColumnType.BOOLEAN,
        "Whether new sites may open in the period; blank in all rows: in every period.",
        nullable=True,
    ),
    "limits.emission_tonnes_co2e_by_period": Column(
        "emission_tonnes_co2e_per_year",
        ColumnType.NUMBER,
        "Cap on emissions in the period instead of the general one; blank: the general one.",
        nullable=True,
        minimum=0.0,
    ),
}
"""Settings that say something of single periods: a column each on the sheet of periods."""


@dataclass(frozen=True)
class Setting:
    """One setting: its dotted key, what it may be, and what counts where its cell is blank."""

    key: str
    column: Column
    permitted: str
    if_blank: str

    @property
    def section(self) -> str:
        """The table of ``instance.toml`` that the setting stands in."""
        return self.key.partition(".")[0]


def _column(name: str, field: Mapping[str, Any], *, nullable: bool) -> Column:
    """Return a setting, as JSON Schema describes it, as a column."""
    choices = field.get("enum") or ([field["const"]] if "const" in field else [])
    return Column(
        name,
        _TYPES[field["type"]],
        field["description"],
        nullable=nullable,
        minimum=field.get("minimum"),
        maximum=field.get("maximum"),
        choices=tuple(choices),
    )


@cache
def setting_list() -> tuple[Setting, ...]:
    """Return every setting that has a value of its own; periods have a sheet."""
    schema = Settings.model_json_schema()
    found = []
    for section, declared in schema["properties"].items():
        part = resolved(declared, schema)
        for name, raw in part["properties"].items():
            key = f"{section}.{name}"
            if key == _PERIODS_KEY or key in PERIOD_SETTINGS:
                continue
            field = {**resolved(raw, schema), "description": raw["description"]}
            needed = name in part.get("required", ())
            blank = "must be filled" if needed else _default_words(raw.get("default"))
            column = _column(name, field, nullable=not needed)
            found.append(Setting(key, column, _permitted_words(field), blank))
    return tuple(found)


def _default_words(default: Any) -> str:
    """Return in words what counts where a setting is not given."""
    if default is None or default == "":
        return "not set"
    return (
        f"{default:g}"
        if isinstance(default, float)
        else str(default).upper()
        if isinstance(default, bool)
        else str(default)
    )


def _permitted_words(field: Mapping[str, Any]) -> str:
    if "pattern" in field:
        return "small letters, digits and hyphens"
    return permitted_setting(dict(field)).replace("`", "")


def _periods_table() -> TableSpec:
    fields = Period.model_json_schema()["properties"]
    columns = tuple(_column(name, field, nullable=False) for name, field in fields.items())
    columns += tuple(PERIOD_SETTINGS.values())
    about = "The years that are planned, in order; each period starts where the one before ends."
    return TableSpec("periods", "Periods", about, columns, key=("period",))


PERIODS: Final = _periods_table()
"""The periods of the settings as a table of their own, a row each."""

SHEETS: Final = (READ_ME, SETTINGS_SHEET, PERIODS.name, *TABLES)
"""Sheets of every workbook, in order."""


def source_of_choices(spec: TableSpec, column: Column) -> tuple[str, str] | None:
    """Return table and column that the cells of a column are taken from, None where there are none."""
    for key in spec.foreign_keys:
        if key.columns == (column.name,):
            return key.table, key.target[0]
    if column.name == "period" and spec is not PERIODS:
        return PERIODS.name, "period"
    return None


def permitted_values(spec: TableSpec, column: Column) -> str:
    """Return in words what the cells of a column may hold, "" where any text will do."""
    source = source_of_choices(spec, column)
    if source is not None:
        return f"a {source[1]} of sheet {source[0]}"
    if column.type is ColumnType.BOOLEAN:
        return "TRUE or FALSE"
    return permitted(column).replace("`", "")


def column_letter(index: int) -> str:
    """Return the letter of a column counted from 0.

    Examples
    --------
    >>> column_letter(0), column_letter(25), column_letter(26), column_letter(16_383)
    ('A', 'Z', 'AA', 'XFD')
    """
    letters = ""
    index += 1
    while index:
        index, digit = divmod(index - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters
