"""``netopt schema``: JSON Schemas of what netopt reads and writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from netopt.cli.console import open_console
from netopt.cli.endings import SOLVED
from netopt.cli.inputs import only_name
from netopt.cli.options import Talk
from netopt.errors import UsageError

if TYPE_CHECKING:
    from netopt.data.schema import Column, TableSpec

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_JSON_TYPE = {
    "id": "string",
    "text": "string",
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
}


def command(
    subject: Literal["instance", "policy", "lever", "outcome"],
    name: str | None = None,
    *,
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Print a JSON Schema (2020-12): of an instance, a policy, a lever or an outcome.

    With --json it is the ``schema`` of the object that every command prints.

    Parameters
    ----------
    subject
        What the schema describes: instance (settings, and the rows of every table), policy
        (a policy file), lever (one entry of its levers), outcome (outcome.json of a run).
    name
        With lever: only this one.
    """
    console = open_console(talk)
    if name is not None and subject != "lever":
        raise UsageError(f"schema {subject} takes no name")
    whole = schema_of(subject, name)
    text = json.dumps(whole, indent=2, ensure_ascii=False)
    console.result(text, {"status": "ok", "schema": whole})
    return SOLVED


def schema_of(subject: str, name: str | None = None) -> dict[str, Any]:
    """Return the JSON Schema of a subject of ``command``, where it is a lever of one or of all."""
    if subject == "lever":
        schema = _lever(name)
    else:
        schema = {"instance": _instance, "policy": _policy, "outcome": _outcome}[subject]()
    return {"$schema": _DIALECT, **schema}


def _instance() -> dict[str, Any]:
    from netopt.data.settings import Settings  # noqa: PLC0415 - heavy
    from netopt.data.tables import TABLES  # noqa: PLC0415 - heavy

    settings = Settings.model_json_schema(ref_template="#/$defs/{model}")
    definitions = settings.pop("$defs", {})
    tables = {name: _table(spec) for name, spec in TABLES.items()}
    required = [name for name, spec in TABLES.items() if spec.required]
    return {
        "title": "Instance",
        "description": "instance.toml as settings; the rows of data/<table>.csv as tables.",
        "type": "object",
        "properties": {
            "settings": settings,
            "tables": {
                "type": "object",
                "properties": tables,
                "required": required,
                "additionalProperties": False,
            },
        },
        "required": ["settings", "tables"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _table(spec: TableSpec) -> dict[str, Any]:
    row = {
        "type": "object",
        "properties": {column.name: _column(column) for column in spec.columns},
        "required": list(spec.column_names),
        "additionalProperties": False,
    }
    least = 1 if spec.required and not spec.may_be_empty else 0
    about = {"title": spec.title, "description": spec.description}
    return {**about, "type": "array", "items": row, "minItems": least}


def _column(column: Column) -> dict[str, Any]:
    kind = _JSON_TYPE[str(column.type)]
    blank_is_null = column.nullable and kind not in ("string", "boolean")
    unit = f" ({column.unit})" if column.unit else ""
    schema: dict[str, Any] = {"description": f"{column.description}{unit}"}
    schema["type"] = [kind, "null"] if blank_is_null else kind
    if column.choices:
        schema["enum"] = [*column.choices, *([""] if column.nullable else [])]
    elif kind == "string" and not column.nullable:
        schema["minLength"] = 1
    if column.minimum is not None:
        schema["minimum"] = column.minimum
    ceilings = [top for top in (column.maximum, column.plausible_maximum) if top is not None]
    if ceilings:
        schema["maximum"] = min(ceilings)
    return schema


def _lever(name: str | None) -> dict[str, Any]:
    import netopt.policy.levers  # noqa: F401, PLC0415 - fills the registry
    from netopt.policy.base import LEVERS  # noqa: PLC0415 - heavy
    from netopt.policy.catalogue import lever_schema  # noqa: PLC0415 - heavy

    if name is not None:
        return lever_schema(only_name(sorted(LEVERS), name, "lever"))
    return {"title": "Lever", "anyOf": [lever_schema(each) for each in sorted(LEVERS)]}


def _policy() -> dict[str, Any]:
    from netopt.policy.catalogue import policy_schema  # noqa: PLC0415 - heavy

    return policy_schema()


def _outcome() -> dict[str, Any]:
    from pydantic import TypeAdapter  # noqa: PLC0415 - heavy

    from netopt.solution.outcome import Outcome  # noqa: PLC0415 - heavy

    return TypeAdapter(Outcome).json_schema()
