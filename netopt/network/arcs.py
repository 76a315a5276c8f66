"""Every shipment that can be thought of, grown from the sources recipe by recipe.

Starting from what sources and returns give, each round adds the arcs that carry what was newly
given out, the activities that can use what arrives or was made at the same site, and what these
give out in turn. So only provenances that can occur are ever listed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from netopt.network.distance import haul_distances_km
from netopt.network.facilities import located_sites
from netopt.network.lookups import are_undismantled, tonnes_per_unit
from netopt.network.scope import nearby_sites

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.network.scope import Scope
    from netopt.policy.effects import Effects

STATE = ["commodity", "origin", "left"]
LEG_FROM = {"source": "first", "market": "first", "site": "trunk", "vendor": "trunk"}
"""Leg of a haul by the kind of place where it starts."""

GIVERS = ["place", "kind", "location", "jurisdiction", *STATE]


@dataclass(frozen=True)
class Shipments:
    """Arcs, activities and dropped arcs; columns as in ``Network``, before ids of policy."""

    arcs: pd.DataFrame
    dropped: pd.DataFrame
    activities: pd.DataFrame
    inputs: pd.DataFrame
    outputs: pd.DataFrame


def grow_shipments(
    instance: Instance,
    effects: Effects,
    supplies: pd.DataFrame,
    offtakes: pd.DataFrame,
    returns: pd.DataFrame,
    offers: pd.DataFrame,
    scope: Scope | None = None,
) -> Shipments:
    """Return every arc and activity that supply, returns and recipes make possible.

    Parameters
    ----------
    instance, effects
        What to plan and under which rules.
    supplies, offtakes, returns, offers
        Tables of ``netopt.network.supplies``.
    scope
        Which arcs into sites are listed; None: all.
    """
    takers = _takers(instance, offtakes)
    recipes = _recipes_at_sites(instance)
    givers = _first_givers(supplies, returns, offers)
    if scope is None:
        return _grown(instance, effects, givers, takers, recipes, None)
    nearby = nearby_sites(instance, scope)
    while True:
        shipments = _grown(instance, effects, givers, takers, recipes, nearby)
        wider = _reaching(instance, nearby, recipes, shipments.activities)
        if len(wider) == len(nearby):
            return shipments
        nearby = wider


def _reaching(
    instance: Instance, nearby: pd.DataFrame, recipes: pd.DataFrame, activities: pd.DataFrame
) -> pd.DataFrame:
    """Return ``nearby`` with every way into sites that cannot run what others run."""
    pairs = ["site", "recipe"]
    runs = pd.MultiIndex.from_frame(activities[pairs])
    is_idle = ~pd.MultiIndex.from_frame(recipes[pairs]).isin(runs)
    is_run = recipes["recipe"].isin(activities["recipe"]).to_numpy()
    idle = recipes.loc[is_idle & is_run, ["site"]].drop_duplicates()
    ways = instance["locations"][["location"]].merge(idle, how="cross")
    ways = ways.rename(columns={"location": "from_location", "site": "place_to"})
    return pd.concat([nearby, ways]).drop_duplicates(ignore_index=True)


def _grown(
    instance: Instance,
    effects: Effects,
    fresh: pd.DataFrame,
    takers: pd.DataFrame,
    recipes: pd.DataFrame,
    nearby: pd.DataFrame | None,
) -> Shipments:
    found: list[tuple[pd.DataFrame, pd.DataFrame]] = []
    given = fresh
    arrived = pd.DataFrame(columns=["site", *STATE])
    activities = _no_activities()
    while len(fresh):
        arcs, dropped = _arcs_from(instance, effects, _pairs(fresh, takers, nearby))
        found.append((arcs, dropped))
        own = fresh.loc[fresh["kind"] == "site", ["place", *STATE]].rename(columns={"place": "site"})
        arrived = pd.concat([arrived, _arrivals(arcs), own]).drop_duplicates(ignore_index=True)
        activities = _activities(instance, recipes, arrived)
        givers = _site_givers(instance, activities)
        known = pd.MultiIndex.from_frame(given[["place", *STATE]])
        is_new = ~pd.MultiIndex.from_frame(givers[["place", *STATE]]).isin(known)
        fresh = givers[is_new]
        given = pd.concat([given, fresh], ignore_index=True)
    arcs = pd.concat([arcs for arcs, _ in found], ignore_index=True)
    dropped = pd.concat([dropped for _, dropped in found], ignore_index=True)
    inputs, outputs = activity_flows(instance, activities)
    return Shipments(
        _identified(arcs),
        dropped.drop_duplicates(ignore_index=True),
        activities[["activity", "site", "recipe", "origin", "left"]],
        inputs,
        outputs,
    )


def _first_givers(supplies: pd.DataFrame, returns: pd.DataFrame, offers: pd.DataFrame) -> pd.DataFrame:
    sources = supplies.rename(columns={"source": "place"}).assign(kind="source", left=False)
    markets = returns.rename(columns={"market": "place"}).assign(kind="market", left=False)
    vendors = offers.rename(columns={"vendor": "place"}).assign(kind="vendor", left=False)
    parts = [part[GIVERS] for part in (sources, markets, vendors) if len(part)]
    return pd.concat(parts).drop_duplicates(ignore_index=True)


def _takers(instance: Instance, offtakes: pd.DataFrame) -> pd.DataFrame:
    """Return who takes which commodity: ``place, kind, location, jurisdiction, commodity``."""
    inputs = instance["recipe_inputs"].merge(instance["recipes"][["recipe", "facility_type"]], on="recipe")
    sites = located_sites(instance).merge(inputs[["facility_type", "commodity"]], on="facility_type")
    sites = sites.rename(columns={"site": "place"}).assign(kind="site")
    markets = offtakes.rename(columns={"market": "place"}).assign(kind="market")
    columns = ["place", "kind", "location", "jurisdiction", "commodity"]
    return pd.concat([sites[columns], markets[columns]]).drop_duplicates(ignore_index=True)


def _recipes_at_sites(instance: Instance) -> pd.DataFrame:
    """Return every recipe at every site that can run it: ``site, recipe``."""
    sites = instance["sites"][["site", "facility_type"]]
    runs = sites.merge(instance["recipes"][["recipe", "facility_type"]], on="facility_type")
    return runs[["site", "recipe"]]


def _pairs(givers: pd.DataFrame, takers: pd.DataFrame, nearby: pd.DataFrame | None) -> pd.DataFrame:
    """Return every giver with every taker of what it gives, where ``nearby`` lists the two.

    Vendors are few, and every way from them is listed; they sell to sites alone.
    """
    ends = [
        table.rename(
            columns={name: f"{end}_{name}" for name in ("place", "kind", "location", "jurisdiction")}
        )
        for end, table in (("from", givers), ("to", takers))
    ]
    if nearby is None:
        pairs = ends[0].merge(ends[1], on="commodity")
    else:
        is_site, is_vendor = ends[1]["to_kind"] == "site", ends[0]["from_kind"] == "vendor"
        listed = nearby.rename(columns={"place_to": "to_place"}).merge(ends[1][is_site], on="to_place")
        parts = [
            ends[0][~is_vendor].merge(listed, on=["from_location", "commodity"]),
            ends[0][is_vendor].merge(ends[1][is_site], on="commodity"),
            ends[0].merge(ends[1][~is_site], on="commodity"),
        ]
        pairs = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    resells = (pairs["from_kind"] == "vendor") & (pairs["to_kind"] == "market")
    return pairs[(pairs["from_place"] != pairs["to_place"]) & ~resells]


def _arcs_from(
    instance: Instance, effects: Effects, pairs: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the arcs between pairs of givers and takers, and those dropped with the reason."""
    at_gate = (pairs["to_kind"] == "market") & (pairs["to_location"] == "")
    gate = pairs[at_gate].assign(mode="", leg="", goods_class="", distance_km=0.0)
    gate["to_jurisdiction"] = gate["from_jurisdiction"]
    hauled = _with_modes(instance, effects, pairs[~at_gate])
    no_mode = hauled["mode"].isna()
    hauled["distance_km"] = haul_distances_km(instance, hauled)
    no_way = ~no_mode & hauled["distance_km"].isna()
    dropped = pd.concat(
        [
            hauled[no_mode].assign(mode="", reason="no mode has a tariff for this class and leg"),
            hauled[no_way].assign(reason="no distance"),
        ]
    )
    arcs = pd.concat([gate, hauled[~no_mode & ~no_way]], ignore_index=True)
    arcs["tonnes_per_unit"] = tonnes_per_unit(instance, arcs["commodity"])
    arcs["left_before"] = arcs["left"].astype(bool)
    crosses = arcs["from_jurisdiction"] != arcs["to_jurisdiction"]
    is_tracked = are_undismantled(instance, arcs["commodity"]) & effects.tracks_departures
    arcs["left_after"] = arcs["left_before"] | (crosses & is_tracked)
    return arcs, dropped[["from_place", "to_place", "commodity", "mode", "reason"]]


def _with_modes(instance: Instance, effects: Effects, pairs: pd.DataFrame) -> pd.DataFrame:
    classes = instance["commodities"].set_index("commodity")["goods_class"].to_dict() | effects.goods_class
    leg = pairs["from_kind"].map(LEG_FROM)
    classed = pairs.assign(goods_class=pairs["commodity"].map(classes), leg=leg)
    tariffs = instance["haulage"][["mode", "goods_class", "leg"]]
    return classed.merge(tariffs, how="left", on=["goods_class", "leg"])


def _arrivals(arcs: pd.DataFrame) -> pd.DataFrame:
    into_sites = arcs[arcs["to_kind"] == "site"]
    renamed = into_sites[["to_place", "commodity", "origin", "left_after"]].set_axis(
        ["site", *STATE], axis=1
    )
    return renamed.drop_duplicates()


def _no_activities() -> pd.DataFrame:
    return pd.DataFrame({"activity": [], "site": [], "recipe": [], "origin": [], "left": []}, dtype=str)


def _activities(instance: Instance, recipes: pd.DataFrame, arrived: pd.DataFrame) -> pd.DataFrame:
    """Return the activities whose every input can arrive with one provenance.

    Dismantled inputs carry no provenance and go with any.
    """
    inputs = recipes.merge(instance["recipe_inputs"], on="recipe")
    inputs["is_battery"] = are_undismantled(instance, inputs["commodity"])
    possible = inputs.merge(arrived.astype({"left": bool}), on=["site", "commodity"])
    batteries = possible[possible["is_battery"]][["site", "recipe", "origin", "left"]].drop_duplicates()
    has_battery = inputs.groupby("recipe")["is_battery"].any()
    plain = recipes[~recipes["recipe"].map(has_battery).astype(bool)][["site", "recipe"]]
    candidates = pd.concat([batteries, plain.assign(origin="", left=False)], ignore_index=True)
    needs = candidates.merge(inputs, on=["site", "recipe"])
    wanted = pd.MultiIndex.from_arrays(
        [
            needs["site"],
            needs["commodity"],
            needs["origin"].where(needs["is_battery"], ""),
            needs["left"].astype(bool) & needs["is_battery"],
        ]
    )
    available = pd.MultiIndex.from_frame(arrived[["site", *STATE]].astype({"left": bool}))
    needs["met"] = wanted.isin(available)
    state = ["site", "recipe", "origin", "left"]
    met = needs.groupby(state)["met"].all()
    activities = met[met].index.to_frame(index=False).astype({"left": bool})
    suffix = _provenance_suffix(activities["origin"], activities["left"])
    activities.insert(0, "activity", activities["site"] + "/" + activities["recipe"] + suffix)
    return activities


def activity_flows(instance: Instance, activities: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what activities take in and give out; see ``Network.activity_inputs``.

    Parameters
    ----------
    instance
        With its recipes.
    activities
        ``activity, site, recipe, origin, left``.
    """
    inputs = activities.merge(instance["recipe_inputs"], on="recipe")
    inputs["units_per_tonne"] = inputs["mass_share"] / tonnes_per_unit(instance, inputs["commodity"])
    outputs = activities.merge(instance["recipe_outputs"], on="recipe")
    outputs = outputs.rename(columns={"yield_units_per_tonne": "units_per_tonne"})
    columns = ["activity", "site", *STATE, "units_per_tonne"]
    return (
        _with_own_provenance(instance, inputs)[columns],
        _with_own_provenance(instance, outputs)[columns],
    )


def _with_own_provenance(instance: Instance, flows: pd.DataFrame) -> pd.DataFrame:
    """Return activity flows in which dismantled commodities have lost their provenance."""
    is_battery = are_undismantled(instance, flows["commodity"])
    return flows.assign(
        origin=flows["origin"].where(is_battery, ""), left=flows["left"].astype(bool) & is_battery
    )


def _site_givers(instance: Instance, activities: pd.DataFrame) -> pd.DataFrame:
    _, outputs = activity_flows(instance, activities)
    sites = located_sites(instance)[["site", "location", "jurisdiction"]]
    givers = outputs.merge(sites, on="site").rename(columns={"site": "place"}).assign(kind="site")
    return givers[GIVERS].drop_duplicates(ignore_index=True)


def _identified(arcs: pd.DataFrame) -> pd.DataFrame:
    suffix = _provenance_suffix(arcs["origin"], arcs["left_before"])
    mode = ("@" + arcs["mode"]).where(arcs["mode"] != "", "")
    arc = arcs["from_place"] + ">" + arcs["to_place"] + ":" + arcs["commodity"] + mode + suffix
    columns = ["from_place", "to_place", "from_kind", "to_kind", "commodity", "mode", "origin"]
    columns += ["left_before", "left_after", "distance_km", "tonnes_per_unit"]
    columns += ["from_jurisdiction", "to_jurisdiction", "goods_class", "leg"]
    tidy = arcs[columns].copy()
    tidy.insert(0, "arc", arc)
    return tidy.sort_values("arc", ignore_index=True)


def _provenance_suffix(origin: pd.Series, left: pd.Series) -> pd.Series:
    return ("[" + origin + "]").where(origin != "", "") + left.map({True: "+left", False: ""}).astype(str)
