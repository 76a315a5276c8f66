"""Look-ups that several tables of the network share."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Final, Literal

import pandas as pd

from netopt.data.tables import TABLES

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.policy.effects import Ids

_TRADES: Final = {"imports": ("offers", "vendor", "from"), "exports": ("offtake", "market", "to")}
"""Table that says what is traded, column of who trades it, and the end of an arc where that is."""


def tonnes_per_unit(instance: Instance, commodities: pd.Series) -> pd.Series:
    """Return the mass of one unit (t) of each commodity id, index of ``commodities``."""
    mass = instance["commodities"].set_index("commodity")["tonnes_per_unit"]
    return commodities.map(mass).astype(float)


def are_undismantled(instance: Instance, commodities: pd.Series) -> pd.Series:
    """Return whether each commodity id is a battery still whole, index of ``commodities``."""
    undismantled = instance["commodities"].set_index("commodity")["undismantled"]
    return commodities.map(undismantled).astype(bool)


def jurisdictions_of(instance: Instance, locations: pd.Series) -> pd.Series:
    """Return the jurisdiction of each location id ("" without a location), same index."""
    jurisdiction = instance["locations"].set_index("location")["jurisdiction"]
    return locations.map(jurisdiction).fillna("").astype(str)


def is_meant(values: pd.Series, ids: Ids) -> pd.Series:
    """Return whether an effect that names ``ids`` (none: all) means each value, same index."""
    return values.isin(ids) if ids else pd.Series(True, index=values.index)


def are_traded(instance: Instance, arcs: pd.DataFrame, trade: Literal["imports", "exports"]) -> pd.Series:
    """Return whether each arc brings goods from abroad, or takes them there, index of ``arcs``."""
    table, place, end = _TRADES[trade]
    rows = instance[table]
    abroad = pd.MultiIndex.from_frame(rows.loc[rows["category"] == trade, [place, "commodity"]])
    ends = pd.MultiIndex.from_frame(arcs[[f"{end}_place", "commodity"]])
    return pd.Series(ends.isin(abroad), index=arcs.index) & (arcs[f"{end}_kind"] == place)


def in_every_period(instance: Instance, rows: pd.DataFrame) -> pd.DataFrame:
    """Return each row once for every period of the horizon, with the column ``period``."""
    return rows.merge(pd.DataFrame({"period": list(instance.periods)}), how="cross")


def costs_in(instance: Instance, table: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of a table once for every period, with each cost as it is in that period.

    Parameters
    ----------
    instance
        Where ``costs_by_period`` says what changes.
    table
        Name of the table that says the costs.
    rows
        With the columns of the table's key, and any others.
    """
    crossed = in_every_period(instance, rows)
    changes = instance["costs_by_period"]
    changes = changes[changes["table"] == table]
    if changes.empty or crossed.empty:
        return crossed
    ids = crossed[list(TABLES[table].key)].agg("/".join, axis=1)
    at = pd.MultiIndex.from_arrays([ids, crossed["period"]])
    for column, cells in changes.groupby("column"):
        then = cells.set_index(["row", "period"])["value"].reindex(at).set_axis(crossed.index)
        crossed[column] = then.where(then.notna(), crossed[column])
    return crossed


def long_form(wide: pd.DataFrame, key: str, value: str) -> pd.DataFrame:
    """Return a table by id and period as ``key, period, value``, one row per cell.

    Examples
    --------
    >>> wide = pd.DataFrame({"2025": [1.0], "2030": [2.0]}, index=["A"])
    >>> long_form(wide, "arc", "flow").to_dict("records")
    [{'arc': 'A', 'period': '2025', 'flow': 1.0}, {'arc': 'A', 'period': '2030', 'flow': 2.0}]
    """
    keyed = wide.rename_axis(index=key).reset_index()
    return keyed.melt(id_vars=key, var_name="period", value_name=value)


def last_first(instance: Instance) -> list[str]:
    """Return the commodities so that whatever recipes make of one comes before it."""
    made = instance["recipe_inputs"].merge(instance["recipe_outputs"], on="recipe", suffixes=("", "_made"))
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for commodity in instance["commodities"]["commodity"]:
        sorter.add(commodity)
    for commodity, output in zip(made["commodity"], made["commodity_made"], strict=True):
        sorter.add(commodity, output)
    return list(sorter.static_order())
