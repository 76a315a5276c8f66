"""The format reference, made from the declared tables and settings.

``python -m netopt.data.reference > instances/README.md`` writes it anew; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from netopt.data.chainchecks import CHAIN_CHECKS
from netopt.data.folder import DESCRIPTOR_FILE, SETTINGS_FILE
from netopt.data.networkchecks import NETWORK_CHECKS
from netopt.data.placechecks import PLACE_CHECKS
from netopt.data.scenariochecks import SCENARIO_CHECKS
from netopt.data.schema import Column, ColumnType, TableSpec
from netopt.data.settings import Settings
from netopt.data.tables import TABLES

_HEAD = f"""# Instances: the format

*Generated from `netopt/data/tables.py` and `netopt/data/settings.py` by `python -m netopt.data.reference`.*

An instance is a folder, a [Frictionless Data Package](https://specs.frictionlessdata.io):

| file | what |
| --- | --- |
| `{DESCRIPTOR_FILE}` | lists the tables with their Table Schemas; netopt writes it |
| `{SETTINGS_FILE}` | money, horizon, distances, prices, informal channel |
| `data/<table>.csv` | one file per table, described below |

`netopt validate FOLDER` lists every problem at once, with file, row, column, rule, value and hint.

* Files are in UTF-8 (with or without a byte order mark), cells separated by commas, numbers with a decimal
  point and without thousands separators. Columns may stand in any order; every column must be there.
* Ids and texts are kept as written: `010000` and `NA` stay what they are. Ids have no blanks around them.
  A text stays on one line.
* Truth values are `true` and `false`. Numbers are finite. Cells may be blank where the column says so.
* Units stand in the names of columns. A figure far outside its unit's usual range is refused.
* Quantities of a period are rates: per year, in every year of the period.
"""

_TYPES = {
    ColumnType.ID: "id",
    ColumnType.TEXT: "text",
    ColumnType.NUMBER: "number",
    ColumnType.INTEGER: "whole number",
    ColumnType.BOOLEAN: "true or false",
}


def format_reference() -> str:
    """Return the format reference as Markdown: every table, column, unit, rule and setting."""
    tables = "\n".join(_table(spec) for spec in TABLES.values())
    return f"{_HEAD}\n## Tables\n\n{_contents()}\n\n{tables}\n{_cross_checks()}\n{_settings()}"


def _contents() -> str:
    rows = (
        f"| [{spec.name}](#{spec.name}) | {spec.description} | {'yes' if spec.required else ''} |"
        for spec in TABLES.values()
    )
    return "\n".join(["| table | what | required |", "| --- | --- | --- |", *rows])


def _table(spec: TableSpec) -> str:
    referred = {key.columns: key.table for key in spec.foreign_keys}
    lines = [
        f"### {spec.name}",
        "",
        f"{spec.description} File `{spec.file}`, {'required' if spec.required else 'optional'}; "
        f"one row per {', '.join(f'`{name}`' for name in spec.key)}.",
        "",
        "| column | type | unit | may be blank | permitted | meaning |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for column in spec.columns:
        target = referred.get((column.name,))
        blank = "yes" if column.nullable else ""
        allowed = f"in [{target}](#{target})" if target else permitted(column)
        cells = (f"`{column.name}`", _TYPES[column.type], column.unit, blank, allowed, column.description)
        lines.append("| " + " | ".join(cells) + " |")
    rules = [f"* {check.message}" + (f": {check.hint}" if check.hint else "") for check in spec.row_checks]
    refused = ["", "Refused rows:", "", *rules] if rules else []
    return "\n".join([*lines, *refused, ""])


def _cross_checks() -> str:
    """List what the checks across tables demand, in the words of their docstrings."""
    demands = [check.demand for check in (*CHAIN_CHECKS, *NETWORK_CHECKS, *PLACE_CHECKS, *SCENARIO_CHECKS)]
    return "\n".join(["## Rules across tables", "", *(f"* {demand}" for demand in demands), ""])


def permitted(column: Column) -> str:
    """Return the permitted values of a column in words, "" where any will do."""
    if column.choices:
        return ", ".join(f"`{choice}`" for choice in column.choices)
    highest = column.maximum if column.maximum is not None else column.plausible_maximum
    low = f"from {column.minimum:g}" if column.minimum is not None else ""
    high = f"up to {highest:,g}" if highest is not None and highest < 1e6 else ""
    if highest is not None and not high:
        high = f"up to {highest:.0e}".replace("e+0", "e").replace("e+", "e")
    return " ".join(part for part in (low, high) if part)


def _settings() -> str:
    schema = Settings.model_json_schema()
    rows = "\n".join(_setting_rows(schema, schema, ""))
    return (
        f"## Settings\n\n`{SETTINGS_FILE}`, in TOML. Unknown keys are refused.\n\n"
        f"| key | type | permitted | default |\n| --- | --- | --- | --- |\n{rows}\n"
    )


def _setting_rows(node: dict[str, Any], schema: dict[str, Any], prefix: str) -> Iterator[str]:
    for name, declared in node["properties"].items():
        key = f"{prefix}{name}"
        field = resolved(declared, schema)
        if "properties" in field:
            yield f"| **[{key}]** | {field.get('description', '').splitlines()[0]} | | |"
            yield from _setting_rows(field, schema, f"{key}.")
        elif "properties" in (item := resolved(field.get("items", {}), schema)):
            yield f"| **[[{key}]]** | {item.get('description', '').splitlines()[0]} | | |"
            yield from _setting_rows(item, schema, f"{key}[].")
        else:
            needed = "required" if name in node.get("required", ()) else _toml(declared.get("default"))
            yield f"| `{key}` | {field.get('type', '')} | {permitted_setting(field)} | {needed} |"


def resolved(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return a field's schema without references and without the null of optional fields."""
    if "anyOf" in field:
        field = next(option for option in field["anyOf"] if option.get("type") != "null")
    if "$ref" in field:
        target: dict[str, Any] = schema["$defs"][field["$ref"].rsplit("/", 1)[-1]]
        return target
    return field


def permitted_setting(field: dict[str, Any]) -> str:
    """Return the permitted values of a resolved setting in words, "" where any will do."""
    choices = field.get("enum") or ([field["const"]] if "const" in field else [])
    if choices:
        return ", ".join(f"`{choice}`" for choice in choices)
    bounds = (("minimum", "from {}"), ("exclusiveMinimum", "above {}"), ("maximum", "up to {}"))
    parts = [text.format(f"{field[name]:g}") for name, text in bounds if name in field]
    return " ".join(parts) or (f"`{field['pattern']}`" if "pattern" in field else "")


def _toml(value: object) -> str:
    if value is None:
        return "not set"
    return f'"{value}"' if isinstance(value, str) else str(value)


if __name__ == "__main__":
    print(format_reference(), end="")
