"""Frictionless Data Packages: the descriptor of an instance, made and checked.

https://specs.frictionlessdata.io: ``datapackage.json`` lists the tables as resources, each with its
Table Schema, so that an instance can be validated and read without netopt.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

from netopt.data.folder import DESCRIPTOR_FILE
from netopt.data.problems import ProblemLog, shown
from netopt.data.schema import Column, ColumnType, TableSpec
from netopt.data.settings import Settings
from netopt.data.tables import TABLES
from netopt.errors import Problem

Json = dict[str, Any]

_TYPES: Final = {
    ColumnType.ID: "string",
    ColumnType.TEXT: "string",
    ColumnType.NUMBER: "number",
    ColumnType.INTEGER: "integer",
    ColumnType.BOOLEAN: "boolean",
}
_SCHEMA_KEYS: Final = ("fields", "missingValues", "primaryKey", "foreignKeys")


def make_descriptor(settings: Settings, present: Collection[str]) -> Json:
    """Return the descriptor of a package with the tables ``present`` (names)."""
    about = settings.instance
    specs = [spec for name, spec in TABLES.items() if name in present]
    return {
        "profile": "tabular-data-package",
        "name": about.name,
        "title": about.title,
        "description": about.description,
        "resources": [_resource(spec, present) for spec in specs],
    }


def table_schema(spec: TableSpec, present: Collection[str]) -> Json:
    """Return the Table Schema of a table; references to tables that are not ``present`` are left out."""
    schema: Json = {
        "fields": [_field(spec, column) for column in spec.columns],
        "missingValues": [""],
        "primaryKey": list(spec.key),
    }
    keys = [
        {"fields": list(key.columns), "reference": {"resource": key.table, "fields": list(key.target)}}
        for key in spec.foreign_keys
        if key.table in present
    ]
    return schema | ({"foreignKeys": keys} if keys else {})


def _resource(spec: TableSpec, present: Collection[str]) -> Json:
    return {
        "profile": "tabular-data-resource",
        "name": spec.name,
        "path": spec.file,
        "title": spec.title,
        "description": spec.description,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": table_schema(spec, present),
    }


def _field(spec: TableSpec, column: Column) -> Json:
    """Return the Table Schema field of a column; ``unit`` is our own property."""
    field: Json = {"name": column.name, "type": _TYPES[column.type], "description": column.description}
    if column.unit:
        field["unit"] = column.unit
    if column.type is ColumnType.BOOLEAN:
        field |= {"trueValues": ["true"], "falseValues": ["false"]}
    limits = {
        "required": not column.nullable or None,
        "unique": spec.key == (column.name,) or None,
        "minimum": column.minimum,
        "maximum": column.maximum if column.maximum is not None else column.plausible_maximum,
        "enum": list(column.choices) or None,
    }
    constraints = {name: _whole(limit, column) for name, limit in limits.items() if limit is not None}
    return field | ({"constraints": constraints} if constraints else {})


def _whole(limit: object, column: Column) -> object:
    return int(limit) if column.type is ColumnType.INTEGER and isinstance(limit, float) else limit


def check_descriptor(text: str, files: Mapping[str, str], log: ProblemLog) -> None:
    """Note what is wrong with ``datapackage.json``.

    Parameters
    ----------
    text
        The descriptor as read.
    files
        Table name -> file of every table that lies in the folder. Each must be a resource, and
        each resource one of them: no path may lead anywhere else.
    """
    try:
        contents = json.loads(text)
    except (ValueError, RecursionError) as error:
        log.add(
            DESCRIPTOR_FILE, getattr(error, "lineno", None), None, "json", "", f"not valid JSON: {error}"
        )
        return
    resources = contents.get("resources") if isinstance(contents, dict) else None
    if not isinstance(resources, list) or not all(isinstance(resource, dict) for resource in resources):
        log.add(DESCRIPTOR_FILE, None, "resources", "descriptor", "", "there is no list of resources")
        return
    for index, resource in enumerate(resources):
        _check_resource(resource, f"resources[{index}]", files, log)
    listed = {resource.get("path") for resource in resources if isinstance(resource.get("path"), str)}
    for file in sorted(set(files.values()) - listed):
        message = f"'{file}' is not listed as a resource"
        log.add(
            DESCRIPTOR_FILE,
            None,
            "resources",
            "unlisted_table",
            file,
            message,
            "list it, or remove the file",
        )


def _check_resource(resource: Json, key: str, files: Mapping[str, str], log: ProblemLog) -> None:
    path, schema = resource.get("path"), resource.get("schema")
    known = {spec.file: name for name, spec in TABLES.items()}
    if not isinstance(path, str) or path not in known:
        message = f"the path '{shown(path)}' is not that of a table of the format"
        hint = "resources are data/<table>.csv inside the folder"
        log.add(DESCRIPTOR_FILE, None, f"{key}.path", "path", path, message, hint)
        return
    if resource.get("name") != known[path]:
        message = f"the resource at '{path}' must be called '{known[path]}'"
        log.add(DESCRIPTOR_FILE, None, f"{key}.name", "descriptor", resource.get("name", ""), message)
    if not isinstance(schema, dict) or not isinstance(schema.get("fields"), list):
        message = f"the resource at '{path}' needs its Table Schema in place, with a list of fields"
        log.add(DESCRIPTOR_FILE, None, f"{key}.schema", "descriptor", "", message)
    else:
        _check_schema(schema, f"{key}.schema", log)
    if path not in files.values() and not TABLES[known[path]].required:
        log.add(
            path, None, None, "missing_file", "", f"{DESCRIPTOR_FILE} lists the file, but it is missing"
        )


def _check_schema(schema: Json, key: str, log: ProblemLog) -> None:
    """Note parts of a Table Schema that have not the shape the standard gives them."""
    for index, field in enumerate(schema["fields"]):
        if not _is_field(field):
            message = "a field is an object with a name and a type; its limits are numbers"
            log.add(DESCRIPTOR_FILE, None, f"{key}.fields[{index}]", "descriptor", field, message)
    for part, is_right in _SCHEMA_PARTS.items():
        if part in schema and not is_right(schema[part]):
            message = f"{part} has not the form that Table Schema gives it"
            log.add(DESCRIPTOR_FILE, None, f"{key}.{part}", "descriptor", schema[part], message)


def _is_field(value: object) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("constraints", {}), dict):
        return False
    limits = [value.get("constraints", {}).get(limit, 0) for limit in ("minimum", "maximum")]
    are_numbers = all(isinstance(limit, int | float) and not isinstance(limit, bool) for limit in limits)
    return are_numbers and _are_texts([value.get("name"), value.get("type", "string")])


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _are_keys(value: object) -> bool:
    """Return whether a value lists foreign keys."""
    return isinstance(value, list) and all(
        isinstance(item, dict)
        and (isinstance(item.get("fields"), str) or _are_texts(item.get("fields")))
        and isinstance(item.get("reference"), dict)
        for item in value
    )


_SCHEMA_PARTS: Final[dict[str, Callable[[object], bool]]] = {
    "missingValues": _are_texts,
    "primaryKey": lambda value: isinstance(value, str) or _are_texts(value),
    "foreignKeys": _are_keys,
}


def frictionless_problems(folder: Path) -> list[Problem]:
    """Return what the frictionless library finds wrong with a package that netopt has accepted.

    A second opinion on structure, types and references, by the descriptor in the folder, which may have
    been edited. It is handed the schemas alone, never a path or address of the descriptor's own.
    """
    from frictionless import Package  # noqa: PLC0415 - takes a second to import
    from frictionless.exception import FrictionlessException  # noqa: PLC0415

    contents = json.loads((folder / DESCRIPTOR_FILE).read_text("utf-8-sig"))
    resources = [
        {
            "name": resource["name"],
            "path": resource["path"],
            "format": "csv",
            "encoding": "utf-8",
            "schema": {key: resource["schema"][key] for key in _SCHEMA_KEYS if key in resource["schema"]},
        }
        for resource in contents["resources"]
    ]
    try:
        package = Package.from_descriptor(
            {"name": "instance", "resources": resources}, basepath=str(folder)
        )
        report = package.validate()
    except FrictionlessException as error:
        notes = [note.note for note in (error.error, *error.reasons)]
        return [_second_opinion(DESCRIPTOR_FILE, {}, note) for note in notes]
    problems = [_second_opinion(DESCRIPTOR_FILE, {}, error.note) for error in report.errors]
    for task in report.tasks:
        problems += [
            _second_opinion(task.place, error.to_descriptor(), error.note) for error in task.errors
        ]
    return problems


def _second_opinion(file: str, error: Json, note: str) -> Problem:
    rule = "frictionless_" + error.get("type", "descriptor").replace("-", "_")
    row, column, value = error.get("rowNumber"), error.get("fieldName"), error.get("cell", "")
    hint = f"the schema in {DESCRIPTOR_FILE} differs from netopt's"
    return Problem(file, row, column, rule, shown(value), shown(note) if len(note) < 60 else note, hint)
