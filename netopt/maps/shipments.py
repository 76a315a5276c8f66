"""The flows of an answer with their places, stages and tonnes: what every map layer is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

import pandas as pd

from netopt.data.tables import PLACES
from netopt.errors import UsageError
from netopt.maps.text import identifiers

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.policy.base import Policy
    from netopt.solution.outcome import Outcome
    from netopt.solution.tables import Answer

STAGES: Final = ("first_leg", "cascade_grade", "undismantled", "intermediate", "product")
"""What a route carries, in the order of the chain: see ``stage_of_commodities``."""


class MapInput(Protocol):
    """What can be mapped: a ``Solution``, a run read back, or anything with these attributes."""

    @property
    def instance(self) -> Instance:
        """The instance that was planned."""

    @property
    def policy(self) -> Policy:
        """The policy it was planned under."""

    @property
    def formal_share(self) -> float:
        """The formal share that was planned for, before any lever (0 to 1)."""

    @property
    def answer(self) -> Answer:
        """The plan's tables."""

    @property
    def outcome(self) -> Outcome | None:
        """Bounds and gap; None where they are not known."""


def places(instance: Instance) -> pd.DataFrame:
    """Return every source, site, market and vendor with its kind and location.

    Returns
    -------
    DataFrame
        Index place id; ``kind`` (source, site, market, vendor), ``location`` ("" at the gate).
    """
    parts = [
        instance[table][[kind, "location"]].rename(columns={kind: "place"}).assign(kind=kind)
        for kind, table in PLACES.items()
    ]
    return pd.concat(parts, ignore_index=True).set_index("place")[["kind", "location"]]


def stage_of_commodities(instance: Instance) -> dict[str, str]:
    """Return the stage in which a commodity moves on the trunk between facilities.

    ``cascade_grade`` is fit for a second life, ``undismantled`` any other battery,
    ``intermediate`` a fraction that some recipe takes in, ``product`` everything else.
    """
    inputs = set(instance["recipe_inputs"]["commodity"])
    stages: dict[str, str] = {}
    table = instance["commodities"]
    for commodity, cascade, whole in zip(
        table["commodity"], table["cascade_grade"], table["undismantled"], strict=True
    ):
        if cascade:
            stages[commodity] = "cascade_grade"
        elif whole:
            stages[commodity] = "undismantled"
        else:
            stages[commodity] = "intermediate" if commodity in inputs else "product"
    return stages


def shipments(run: MapInput) -> pd.DataFrame:
    """Return the flows of a run with their places and tonnes, one row per row of the answer.

    Returns
    -------
    DataFrame
        ``from_place, to_place, from_location, to_location`` ("" at the gate), ``commodity, mode,
        leg`` (first, trunk), ``stage`` (``STAGES``), ``period, distance_km``,
        ``tonnes_per_year``, ``tonne_km_per_year``.

    Raises
    ------
    UsageError
        If a flow names a place or a commodity that the instance does not have.
    """
    flows = run.answer.flows
    known = places(run.instance)
    commodities = run.instance["commodities"].set_index("commodity")
    _refuse_strangers(flows, known.index, commodities.index)
    stages = stage_of_commodities(run.instance)
    tonnes_per_unit = flows["commodity"].map(commodities["tonnes_per_unit"]).astype(float)
    tonnes = flows["flow_units_per_year"] * tonnes_per_unit
    is_first = flows["from_place"].map(known["kind"]).isin(["source", "market"])
    table = flows[["from_place", "to_place", "commodity", "mode", "period", "distance_km"]].assign(
        from_location=flows["from_place"].map(known["location"]),
        to_location=flows["to_place"].map(known["location"]),
        leg=is_first.map({True: "first", False: "trunk"}).astype("str"),
        stage=flows["commodity"].map(stages).mask(is_first, "first_leg").astype("str"),
        tonnes_per_year=tonnes.astype(float),
    )
    table["tonne_km_per_year"] = table["tonnes_per_year"] * table["distance_km"]
    return table


def _refuse_strangers(flows: pd.DataFrame, known: pd.Index, commodities: pd.Index) -> None:
    strangers = set(flows["from_place"]) | set(flows["to_place"])
    strangers = (strangers - set(known)) | (set(flows["commodity"]) - set(commodities))
    if strangers:
        raise UsageError(f"the answer names what the instance does not have: {sorted(strangers)[:5]}")


def over_periods(table: pd.DataFrame, keys: list[str], column: str, instance: Instance) -> pd.DataFrame:
    """Return a yearly rate per key: its mean over the horizon, and its value in every period.

    The mean weighs periods by their length in years (not discounted), so that it times the
    years of the horizon is what moves in all.

    Parameters
    ----------
    table
        Has ``keys``, ``period`` and ``column``; rows of one key and period are added up.

    Returns
    -------
    DataFrame
        Index ``keys``; ``column`` (mean) and, for a horizon of several periods,
        ``<column>_<period>``, in the unit of ``column``.
    """
    names = period_columns(instance, column)
    rates = table.groupby([*keys, "period"])[column].sum()
    sums = rates.unstack("period")  # noqa: PD010 - pivot_table fails on a table without rows
    wide = sums.reindex(columns=list(instance.periods)).fillna(0.0).astype(float)
    result = wide.rename(columns=names)[list(names.values())]
    result.insert(0, column, (wide * period_shares(instance)).sum(axis=1))
    return result


def period_columns(instance: Instance, column: str) -> dict[str, str]:
    """Return the column of every period, by period id; none for a horizon of one period."""
    if len(instance.periods) == 1:
        return {}
    suffixes = identifiers(instance.periods)
    return {period: f"{column}_{suffixes[period]}" for period in instance.periods}


def period_shares(instance: Instance) -> pd.Series:
    """Return each period's share of the years of the horizon, index period id."""
    lengths = instance.period_years()
    years = pd.Series(lengths, dtype=float)
    return years / years.sum()


def named(table: pd.DataFrame, key: str, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return columns of a table under other names, index ``key``."""
    return table.set_index(key)[list(columns)].rename(columns=dict(columns))
