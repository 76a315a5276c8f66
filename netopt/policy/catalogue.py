"""What levers there are and what the shipped policies set them to: rows, schemas and one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import netopt.policy.levers  # noqa: F401 - registers every lever
from netopt.policy.base import LEVERS
from netopt.policy.document import PolicyFile
from netopt.policy.read import parse_policy, shipped_policies

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic.fields import FieldInfo

    from netopt.policy.base import Lever, Policy

COMMITTED_PAGE: Final = "README.md"
"""File of the page that ``policies_page`` makes, beside the policies."""

_UNITS: Final[dict[str, str]] = {
    "cny_per_tonne_capacity": "CNY/yr per t/yr",
    "cny_per_tonne_day": "CNY/(t d)",
    "cny_per_tonne_year": "CNY/(t yr)",
    "cny_per_tonne": "CNY/t",
    "cny_per_year": "CNY/yr",
    "cny_per_pack": "CNY/pack",
    "cny_per_tonne_co2e": "CNY/t CO2e",
    "tonnes_co2e_per_year": "t CO2e/yr",
    "tonnes_per_year": "t/yr",
    "days": "d",
    "km": "km",
    "share": "-",
}
_BOUND_SIGNS: Final[dict[str, str]] = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


@dataclass(frozen=True)
class ParameterRow:
    """One parameter of one lever, as the docs and ``netopt lever`` show it.

    ``bounds`` are as in ``>= 0, <= 1``; ``default`` is "required" where there is none.
    """

    lever: str
    parameter: str
    unit: str
    bounds: str
    default: str
    description: str


def unit_of(parameter: str) -> str:
    """Return the unit that a parameter's name ends with, "" for what has none.

    Examples
    --------
    >>> unit_of("holding_cny_per_tonne_day"), unit_of("interoperable_share"), unit_of("hard")
    ('CNY/(t d)', '-', '')
    """
    return next((unit for suffix, unit in _UNITS.items() if parameter.endswith(suffix)), "")


def parameter_rows(lever: type[Lever]) -> tuple[ParameterRow, ...]:
    """Return one row for each parameter of a lever, in the order of its declaration."""
    schema = lever.model_json_schema()["properties"]
    rows = []
    for name in lever.parameters():
        field = lever.model_fields[name]
        bounds = _bounds(schema[name])
        rows.append(
            ParameterRow(lever.name, name, unit_of(name), bounds, _default(field), field.description or "")
        )
    return tuple(rows)


def lever_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of one lever's ``[[levers]]`` table; KeyError where there is no such lever."""
    return LEVERS[name].model_json_schema()


def policy_schema() -> dict[str, Any]:
    """Return the JSON Schema of a policy file, with the schema of every lever in it."""
    schema = PolicyFile.model_json_schema()
    levers = [lever_schema(name) for name in sorted(LEVERS)]
    for lever in levers:
        lever["required"] = ["lever", *(key for key in lever.get("required", []) if key != "lever")]
    schema["properties"]["levers"]["items"] = {"anyOf": levers}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def policies_page(folder: Path | None = None) -> str:
    """Return the Markdown page of a folder of policies: every lever's value in every policy.

    Parameters
    ----------
    folder
        Default: the shipped policies, whose page is committed as ``instances/policies/README.md``.

    Raises
    ------
    PolicyError
        If one of the policies cannot be read.
    """
    folder = folder or shipped_policies()
    policies = [parse_policy(path, (folder,)) for path in sorted(folder.glob("*.toml"), key=_by_stem)]
    parts = (
        _PAGE_HEAD,
        "## Policies\n",
        _policy_lines(policies),
        "## Every lever's value in every policy\n\nA dash: the policy does not have the lever; "
        "levers that none of them has are left out.\n"
        "What an empty list `[]` means is said under the lever.\n",
        _values_table(policies),
        "## Where the figures come from\n",
        _basis_table(policies),
        "## Levers\n",
        "\n".join(_lever_section(LEVERS[name]) for name in sorted(LEVERS)),
    )
    return "\n".join(parts)


def levers_page() -> str:
    """Return the Markdown page of all levers: a line for each, then each with its parameters.

    Examples
    --------
    >>> levers_page().splitlines()[0]
    '# Levers'
    """
    levers = sorted(LEVERS.items())
    rows = [[f"[`{name}`](#{name})", str(lever.direction), lever.title] for name, lever in levers]
    sections = [f'<a id="{name}"></a>\n\n{_lever_section(lever, "##")}' for name, lever in levers]
    return "\n".join([_LEVERS_HEAD, _table(["lever", "tightening it", "what it is"], rows), *sections])


def _by_stem(path: Path) -> str:
    return path.stem


def _bounds(schema: dict[str, Any]) -> str:
    """Read a parameter's bounds or choices out of its JSON Schema."""
    options = schema.get("anyOf", [schema])
    listed = [option.get("items", {}) for option in options]
    choices = [str(choice) for option in (*options, *listed) for choice in option.get("enum", [])]
    if choices:
        return ", ".join(choices)
    names = {"minimum": "ge", "exclusiveMinimum": "gt", "maximum": "le", "exclusiveMaximum": "lt"}
    found = [
        f"{_BOUND_SIGNS[names[key]]} {option[key]:g}"
        for option in options
        for key in names
        if key in option
    ]
    if any(option.get("minItems") for option in options):
        found.append("not empty")
    return ", ".join(found)


def _default(field: FieldInfo) -> str:
    return "required" if field.is_required() else _shown(field.default)


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value) or "[]"
    if isinstance(value, float):
        return f"{value:,.10g}"
    return str(value)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join([_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]) + "\n"


def _policy_lines(policies: Sequence[Policy]) -> str:
    lines = [
        f"* `{policy.name}` ({policy.perspective}): {policy.title}. {policy.description.strip()}"
        for policy in policies
    ]
    return "\n".join(lines) + "\n"


def _values_table(policies: Sequence[Policy]) -> str:
    used = {lever.lever for policy in policies for lever in policy.levers}
    rows = [
        [f"`{name}`", f"`{parameter}`", *(_value(policy, name, parameter) for policy in policies)]
        for name in sorted(used)
        for parameter in LEVERS[name].parameters()
    ]
    return _table(["lever", "parameter", *(policy.name for policy in policies)], rows)


def _value(policy: Policy, name: str, parameter: str) -> str:
    values = [_shown(getattr(lever, parameter)) for lever in policy.levers if lever.lever == name]
    return "; ".join(values) or "-"


def _basis_table(policies: Sequence[Policy]) -> str:
    """Return one row for each value with its basis, and the policies that have it so."""
    users: dict[tuple[str, str, str, str], list[str]] = {}
    for policy in policies:
        for lever in policy.levers:
            for parameter, text in lever.basis.items():
                value = _shown(getattr(lever, parameter))
                users.setdefault((lever.lever, parameter, value, text), []).append(policy.name)
    rows = []
    for (lever_name, parameter, value, text), names in sorted(users.items()):
        status, _, source = text.partition(":")
        unit = unit_of(parameter).replace("-", "")
        figure = f"{value} {unit}".strip()
        having = [policy.name for policy in policies if _value(policy, lever_name, parameter) != "-"]
        where = "all that have the lever" if names == having else ", ".join(names)
        rows.append([f"`{lever_name}`", f"`{parameter}`", figure, status, source.strip(), where])
    return _table(["lever", "parameter", "value", "status", "source", "policies"], rows)


def _lever_section(lever: type[Lever], heading: str = "###") -> str:
    rows = [
        [f"`{row.parameter}`", row.unit, row.bounds, row.default, row.description]
        for row in parameter_rows(lever)
    ]
    table = _table(["parameter", "unit", "bounds", "default", "meaning"], rows)
    summary = (lever.__doc__ or "").strip().split("\n\n", maxsplit=1)[0]
    return (
        f"{heading} `{lever.name}`: {lever.title} ({lever.direction})\n\n{summary}\n\n"
        f"`{lever.equation}`\n\n{lever.source}\n\n{table}"
    )


_LEVERS_HEAD: Final = """\
# Levers

A policy is a list of levers, each with its parameters: in a policy file a `[[levers]]` table with
`lever = "NAME"`, in Python `netopt.make_lever("NAME", ...)`. `netopt lever show NAME` prints the same.
Tightening a lever *restricts* the set of plans, *relaxes* it, or *reprices* plans.
"""
_PAGE_HEAD: Final = """\
# Policies

This page is made from the policy files beside it by `netopt.policy.catalogue.policies_page`;
a test fails where it is out of date.

A policy is a TOML file: `name`, `title`, `description`, `perspective` (`social` or `private`),
`extends`, `remove` and one `[[levers]]` table for each lever. A policy that extends another has its
levers, but a lever that it gives itself replaces *all* levers of the same name in the base, and
`remove = ["platform"]` leaves levers out. `[levers.basis]` says of each figure whether it is sourced,
derived or assumed. Names are looked up in the `policies/` folder of the instance first, then here.

Readings of the sources that these policies rest on:

* **White list.** The brief says that it "restricts market access for non-local recyclers, delaying
  the expansion" of CATL and GEM. It is read as `action = "open"`: who is not local may not open or
  expand; plants that stand go on.
* **Interoperable share.** It is 0.3 wherever a platform is, though it frees nothing where there is no
  delay, so that `unified-plus-transfer_delay` and `unified-plus-platform` each add exactly their own
  part of `mandates`.
* **Soft target.** It and its price are the same in `unified` and `mandates`. `mandates-legal` and
  `measures-2026` drop the unconfirmed quota: compare them with `unified-legal`, not with `unified`.
* **Platforms** are counted one by one: 31 of them would cost 31 times `cny_per_year`.
* **Haulage** is class 9 in every policy but the two `-hazardous` ones.
* **Six-ministry measures** (issued 2026-01-16, in force from 2026-04-01). Sourced: their date, a
  digital identity for every battery, scrapping of car and battery together, supervision of the whole
  chain. What this does to surcharge, delay, white list and quota is assumed, as the policy's
  description says.
"""
