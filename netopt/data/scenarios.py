"""Scenarios: the same instance with some of its cells changed, taken by name from ``scenarios.csv``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.data.problems import nearest, shown
from netopt.data.schema import ColumnType
from netopt.data.tables import TABLES
from netopt.errors import UsageError

if TYPE_CHECKING:
    from netopt.data.instance import Instance

FACTOR, VALUE = "factor", "value"
"""What an amount does to a cell: it multiplies it, or stands in its place."""

ANY: Final = "*"
"""Stands for any part of the ids of a row."""

_BETWEEN_NAMES: Final = " + "


def with_scenario(instance: Instance, scenario: str) -> Instance:
    """Return the instance with the cells changed that a scenario of ``scenarios.csv`` names.

    Each of the scenario's rows changes one column in the rows whose ids it names (``rows_meant``):
    a ``factor`` multiplies the cells, a ``value`` replaces them; of two rows that mean one cell the
    later has the last word. All else stays. Scenarios are taken one after the other; the title and the
    setting ``instance.scenario`` name all that were, and none is taken twice.

    Parameters
    ----------
    instance
        With a table ``scenarios``.
    scenario
        Id of one of its scenarios.

    Raises
    ------
    UsageError
        There is no such scenario, or it was taken already.
    InstanceError
        The changed instance breaks a rule, for example as two scenarios do not go together.

    Examples
    --------
    >>> import netopt
    >>> base = netopt.read_instance("china-provinces-2035")
    >>> more = netopt.with_scenario(base, "retirements-high")
    >>> for instance in (base, more):
    ...     supply = instance["supply"].groupby("period")["supply_tonnes_per_year"].sum()
    ...     print(f"{supply['2030']:,.0f} t retire in 2030")
    2,500,000 t retire in 2030
    5,930,000 t retire in 2030
    """
    from netopt.data.read import make_instance  # noqa: PLC0415 - its checks know this module

    rows = instance["scenarios"]
    changes = rows[rows["scenario"] == scenario]
    if changes.empty:
        raise UsageError(
            f"{instance.name} has no scenario {shown(scenario)!r} ({_hint(instance, scenario)})"
        )
    if scenario in (taken := scenarios_of(instance)):
        raise UsageError(f"{instance.name} is at scenario {scenario} already")
    tables = dict(instance.tables)
    for change in changes.to_dict("records"):
        name, column = change["table"], change["column"]
        meant = rows_meant(tables[name], name, change["row"])
        cells = tables[name][column]
        changed = cells * change["amount"] if change["change"] == FACTOR else change["amount"]
        tables[name] = tables[name].assign(**{column: cells.mask(meant, changed)})
    about = instance.settings.instance
    told = {
        "title": f"{about.title}; scenario {scenario}",
        "scenario": _BETWEEN_NAMES.join([*taken, scenario]),
    }
    settings = instance.settings.model_copy(update={"instance": about.model_copy(update=told)})
    return replace(make_instance(settings, tables), directory=instance.directory)


def scenarios_of(instance: Instance) -> list[str]:
    """Return the ids of the scenarios that the instance is at, in the order in which they were taken."""
    said = instance.settings.instance.scenario
    return said.split(_BETWEEN_NAMES) if said else []


def rows_meant(table: pd.DataFrame, name: str, pattern: str) -> pd.Series:
    """Return which rows of a table a pattern means, index of ``table``.

    Parameters
    ----------
    table, name
        The table and what it is called.
    pattern
        The ids of a row, joined by a slash in the order of the table's key; ``*`` is any part of them.

    Examples
    --------
    >>> import pandas as pd
    >>> sizes = pd.DataFrame({"facility_type": ["hub", "hub", "plant"], "size": ["S", "L", "S"]})
    >>> rows_meant(sizes, "sizes", "*/S").tolist()
    [True, False, True]
    """
    if table.empty:
        return pd.Series(False, index=table.index)
    expression = ".*".join(re.escape(part) for part in pattern.split(ANY))
    ids = table[list(TABLES[name].key)].agg("/".join, axis=1)
    return ids.str.fullmatch(expression).astype(bool)


def changeable(name: str) -> tuple[str, ...]:
    """Return the columns of a table that a scenario may change: its numbers, where plans depend on it.

    Examples
    --------
    >>> changeable("supply")
    ('supply_tonnes_per_year',)
    >>> changeable("volumes")
    ()
    """
    spec = TABLES.get(name)
    if spec is None or not spec.in_digest:
        return ()
    return tuple(column.name for column in spec.columns if column.type is ColumnType.NUMBER)


def _hint(instance: Instance, scenario: str) -> str:
    names = instance["scenarios"]["scenario"].drop_duplicates().tolist()
    if not names:
        return "it has no data/scenarios.csv"
    known = ", ".join(names[:20]) + ("" if len(names) <= 20 else ", ...")
    return "; ".join(part for part in (nearest(scenario, names), known) if part)
