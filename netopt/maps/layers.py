"""Map layers of a run: jurisdictions, sources, markets, vendors, facilities, routes (EPSG:4326).

A yearly rate is the mean over the horizon, periods weighed by their length; a horizon of several
periods adds a column ``<rate>_<period>`` for each. What moves inside one location has no line: it is
``received_locally_tonnes_per_year`` of the facility or market that receives it. What is sold at the
gate is ``sold_at_gate_tonnes_per_year`` of the facility. Routes, local receipts and gate sales
together are all tonnes of the answer.
"""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import pandas as pd
from shapely.geometry import MultiPolygon

from netopt.data.instance import Instance
from netopt.maps.shipments import (
    MapInput,
    named,
    over_periods,
    period_columns,
    places,
    shipments,
)
from netopt.maps.ways import Ways
from netopt.network.facilities import EXISTING
from netopt.policy.effects import ForceSite
from netopt.policy.in_force import periods_in_force

CRS: Final = "EPSG:4326"
ROUTE_KEYS: Final = ["from_location", "to_location", "commodity", "mode", "leg", "stage"]


def routes(run: MapInput) -> gpd.GeoDataFrame:
    """Return the flows between different locations, a line each, heaviest first.

    Returns
    -------
    GeoDataFrame
        ``ROUTE_KEYS``; English and Chinese names and jurisdictions of both ends;
        ``commodity_name, commodity_name_zh``; ``drawn_as`` (road: along the instance's roads;
        geodesic); ``distance_km`` (the model's haul, not the length of the line);
        ``tonne_km_per_year``; ``tonnes_per_year``, also by period; LineString, in two parts where
        it crosses the antimeridian. See ``netopt.maps.ways`` for what a line along roads is.
    """
    table = route_figures(run)
    ways = Ways(run.instance, table)
    table = _with_names_of_ends(table.assign(drawn_as=ways.kinds()), run.instance)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(ways.lines(), crs=CRS), crs=CRS)


def route_figures(run: MapInput) -> pd.DataFrame:
    """Return the flows between different locations without names and lines, heaviest first.

    Returns
    -------
    DataFrame
        ``ROUTE_KEYS``; ``distance_km``; ``tonne_km_per_year``; ``tonnes_per_year``, also by period.
    """
    table = shipments(run)
    moved = table[(table["from_location"] != table["to_location"]) & (table["to_location"] != "")]
    moved = moved[moved["from_location"] != ""]
    tonnes = over_periods(moved, ROUTE_KEYS, "tonnes_per_year", run.instance)
    haul = over_periods(moved, ROUTE_KEYS, "tonne_km_per_year", run.instance)["tonne_km_per_year"]
    result = pd.concat([(haul / tonnes["tonnes_per_year"]).round(3), haul, tonnes], axis=1)
    result.columns = pd.Index(["distance_km", "tonne_km_per_year", *tonnes.columns])
    result = result[result["tonnes_per_year"] > 0].reset_index()
    order = ["tonnes_per_year", *ROUTE_KEYS]
    return result.sort_values(order, ascending=[False, *[True] * 6], ignore_index=True)


def _with_names_of_ends(table: pd.DataFrame, instance: Instance) -> pd.DataFrame:
    for end in ("from", "to"):
        about = {"name": f"{end}_name", "name_zh": f"{end}_name_zh", "jurisdiction": f"{end}_jurisdiction"}
        table = table.join(named(instance["locations"], "location", about), on=f"{end}_location")
    about = {"name": "commodity_name", "name_zh": "commodity_name_zh"}
    table = table.join(named(instance["commodities"], "commodity", about), on="commodity")
    figures = [name for name in table.columns if name not in ROUTE_KEYS and "per_year" in name]
    texts = [name for name in table.columns if name not in figures]
    return table[[*texts, *figures]]


def facilities(run: MapInput) -> gpd.GeoDataFrame:
    """Return every site that stands or operates, a point each.

    Returns
    -------
    GeoDataFrame
        ``site, name, facility_type, operator, location, jurisdiction`` with names; ``status``
        (existing, expanded, new, closed: idle in the last period); ``sizes`` that operate, joined
        by "+"; ``opened_period``; ``closed_period``, the first from which nothing operates any more
        ("" for never); ``forced`` (open, closed, "": what the policy says of the site);
        ``n_at_location``, ``rank_at_location`` (from 1, by type): the facilities at one point;
        ``standing_capacity_tonnes_per_year``, what stood before the horizon (0 for none);
        ``kept_share`` of it that operates in the last period, 0 to 1 (NaN where none stood), also
        by period; ``utilisation_share``, load by the capacity that operates;
        ``received_locally_tonnes_per_year``, ``sold_at_gate_tonnes_per_year``;
        ``capacity_tonnes_per_year`` that operates and ``load_tonnes_per_year``, also by period.
    """
    table = _sites(run.instance).join(_states(run), how="inner")
    table = table.assign(forced=forced_sites(run).reindex(table.index, fill_value="").astype("str"))
    table = table.join(_at_location(table, run.instance)).join(_kept(run)).join(_figures(run))
    table = table.fillna({"received_locally_tonnes_per_year": 0.0, "sold_at_gate_tonnes_per_year": 0.0})
    table = table.reset_index(names="site")
    return _points(table, run.instance)


def forced_sites(run: MapInput) -> pd.Series:
    """Return ``open`` or ``closed`` for each site that the policy forces so in some period, index site."""
    effects = [effect for lever in run.policy.levers for effect in lever.effects(run.instance)]
    forced = [effect for effect in effects if isinstance(effect, ForceSite)]
    states = {rule.site: rule.state for rule in forced if periods_in_force(rule, run.instance)}
    return pd.Series(states, dtype="str")


def _at_location(table: pd.DataFrame, instance: Instance) -> pd.DataFrame:
    """Return how many facilities are at each one's location, and its place among them by type."""
    types = list(instance["facility_types"]["facility_type"])
    order = table["facility_type"].map({name: rank for rank, name in enumerate(types)})
    groups = table.assign(order=order).sort_values("order", kind="stable").groupby("location")
    return pd.DataFrame(
        {"n_at_location": groups["order"].transform("size"), "rank_at_location": groups.cumcount() + 1}
    )


def standing_capacity(instance: Instance) -> pd.Series:
    """Return the capacity that stands before the horizon, t/yr, index site."""
    sites = instance["sites"].set_index("site")
    return (sites["existing_capacity_tonnes_per_year"] * sites["effective_share"]).astype(float)


def _kept(run: MapInput) -> pd.DataFrame:
    """Return the standing capacity of all sites and the share of it that operates, index site."""
    standing = standing_capacity(run.instance)
    modules = run.answer.facilities
    of_old = modules[(modules["size"] == EXISTING) & modules["operating"]]
    kept = of_old.groupby(["site", "period"])["capacity_tonnes_per_year"].sum().unstack("period")  # noqa: PD010 - pivot_table fails on a table without rows
    kept = kept.reindex(index=standing.index, columns=list(run.instance.periods)).fillna(0.0).astype(float)
    shares = kept.div(standing.where(standing > 0), axis=0).clip(0.0, 1.0)
    last = shares[run.instance.periods[-1]]
    names = period_columns(run.instance, "kept_share")
    by_period = shares.rename(columns=names)[list(names.values())]
    return pd.DataFrame({"standing_capacity_tonnes_per_year": standing, "kept_share": last}).join(by_period)


def barred_sites(run: MapInput) -> gpd.GeoDataFrame:
    """Return the sites that the policy forces closed and of which ``facilities`` knows nothing.

    Returns
    -------
    GeoDataFrame
        Names as in ``facilities``; ``status`` (barred), ``forced`` (closed), no capacity.
    """
    forced = forced_sites(run)
    barred = forced.index[forced == "closed"].difference(_states(run).index)
    table = _sites(run.instance)
    table = table[table.index.isin(barred)].reset_index(names="site")
    table = table.assign(status="barred", forced="closed", capacity_tonnes_per_year=0.0)
    return _points(table, run.instance)


def _sites(instance: Instance) -> pd.DataFrame:
    """Return the sites with the names of all that they refer to, index site."""
    types = {"name": "facility_type_name", "name_zh": "facility_type_name_zh"}
    owner = {"name": "operator_name", "jurisdiction": "operator_jurisdiction"}
    table = instance["sites"][["site", "name", "facility_type", "operator", "location"]]
    table = table.join(named(instance["facility_types"], "facility_type", types), on="facility_type")
    table = table.join(named(instance["operators"], "operator", owner), on="operator")
    return _with_location_names(table, instance).set_index("site")


def _with_location_names(table: pd.DataFrame, instance: Instance) -> pd.DataFrame:
    about = {"name": "location_name", "name_zh": "location_name_zh", "jurisdiction": "jurisdiction"}
    table = table.join(named(instance["locations"], "location", about), on="location")
    about = {"name": "jurisdiction_name", "name_zh": "jurisdiction_name_zh"}
    return table.join(named(instance["jurisdictions"], "jurisdiction", about), on="jurisdiction")


def _states(run: MapInput) -> pd.DataFrame:
    """Return ``status, sizes, opened_period, closed_period`` of sites that stand or operate."""
    modules = run.answer.facilities
    stands = standing_capacity(run.instance) > 0
    rows = {}
    for site, own in modules.groupby("site"):
        operating = own[own["operating"]]
        if operating.empty and not stands.get(site, False):
            continue
        built = own[own["opened"] | own["expanded"]]
        rows[site] = {
            "status": _status(own, built, run.instance.periods[-1], stands=bool(stands.get(site, False))),
            "sizes": "+".join(sorted(set(operating["size"]))),
            "opened_period": _first_period(built, run.instance.periods),
            "closed_period": _first_idle(operating, run.instance.periods),
        }
    columns = ["status", "sizes", "opened_period", "closed_period"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).astype("str")


def _status(own: pd.DataFrame, built: pd.DataFrame, last_period: str, *, stands: bool) -> str:
    if not own[own["operating"]]["period"].eq(last_period).any():
        return "closed"
    if not stands:
        return "new"
    return "existing" if built.empty else "expanded"


def _first_period(rows: pd.DataFrame, periods: tuple[str, ...]) -> str:
    happened = set(rows["period"])
    return next((period for period in periods if period in happened), "")


def _first_idle(operating: pd.DataFrame, periods: tuple[str, ...]) -> str:
    """Return the period after the last one in which anything operates; "" if that is the horizon's last."""
    used = [rank for rank, period in enumerate(periods) if period in set(operating["period"])]
    return ([*periods, ""])[used[-1] + 1 if used else 0]


def _figures(run: MapInput) -> pd.DataFrame:
    """Return receipts, utilisation, capacity and load of the sites, index site."""
    modules = run.answer.facilities
    in_use = modules["capacity_tonnes_per_year"].where(modules["operating"], 0.0)
    modules = modules.assign(capacity_tonnes_per_year=in_use)
    capacity = over_periods(modules, ["site"], "capacity_tonnes_per_year", run.instance)
    load = over_periods(modules, ["site"], "load_tonnes_per_year", run.instance)
    used = (load["load_tonnes_per_year"] / capacity["capacity_tonnes_per_year"]).rename("utilisation_share")
    moved = pd.concat([_received_locally(run), _sold_at_gate(run)], axis=1)
    return pd.DataFrame(pd.concat([used.to_frame(), moved, capacity, load], axis=1))


def _received_locally(run: MapInput) -> pd.Series:
    """Return what each place receives from its own location, t/yr, index place."""
    table = shipments(run)
    inside = table[(table["from_location"] == table["to_location"]) & (table["to_location"] != "")]
    result = over_periods(inside, ["to_place"], "tonnes_per_year", run.instance)["tonnes_per_year"]
    sites_and_markets = places(run.instance).query("kind in ('site', 'market')").index
    return result.reindex(sites_and_markets, fill_value=0.0).rename("received_locally_tonnes_per_year")


def _sold_at_gate(run: MapInput) -> pd.Series:
    table = shipments(run)
    at_gate = table[table["to_location"] == ""]
    result = over_periods(at_gate, ["from_place"], "tonnes_per_year", run.instance)["tonnes_per_year"]
    return result.rename("sold_at_gate_tonnes_per_year")


def sources(run: MapInput) -> gpd.GeoDataFrame:
    """Return the sources with what retires there and where it goes, a point each.

    Returns
    -------
    GeoDataFrame
        ``source, name, location, jurisdiction`` with names; ``retired_, collected_, leaked_`` and
        ``unserved_tonnes_per_year``, ``collected`` also by period.
    """
    table = run.instance["sources"][["source", "name", "location"]]
    table = _with_location_names(table, run.instance)
    for figure in ("retired", "leaked", "unserved", "collected"):
        column = f"{figure}_tonnes_per_year"
        rates = over_periods(run.answer.supply, ["source"], column, run.instance)
        kept = rates if figure == "collected" else rates[[column]]
        table = table.join(kept, on="source")
        table[list(kept.columns)] = table[list(kept.columns)].fillna(0.0)
    return _points(table, run.instance)


def markets(run: MapInput) -> gpd.GeoDataFrame:
    """Return the markets that lie somewhere with what they receive, a point each.

    Returns
    -------
    GeoDataFrame
        ``market, name, location, jurisdiction`` with names; ``received_tonnes_per_year`` and, as a
        part of it, ``received_locally_tonnes_per_year``.
    """
    table = run.instance["markets"][["market", "name", "location"]]
    table = _with_location_names(table[table["location"] != ""], run.instance)
    received = over_periods(shipments(run), ["to_place"], "tonnes_per_year", run.instance)
    table = table.join(received["tonnes_per_year"].rename("received_tonnes_per_year"), on="market")
    table = table.join(_received_locally(run), on="market")
    figures = ["received_tonnes_per_year", "received_locally_tonnes_per_year"]
    table[figures] = table[figures].fillna(0.0)
    return _points(table, run.instance)


def vendors(run: MapInput) -> gpd.GeoDataFrame:
    """Return the vendors with what they sell, a point each.

    Returns
    -------
    GeoDataFrame
        ``vendor, name, location, jurisdiction`` with names; ``sold_tonnes_per_year``.
    """
    table = _with_location_names(run.instance["vendors"], run.instance)
    sold = over_periods(shipments(run), ["from_place"], "tonnes_per_year", run.instance)
    table = table.join(sold["tonnes_per_year"].rename("sold_tonnes_per_year"), on="vendor")
    table["sold_tonnes_per_year"] = table["sold_tonnes_per_year"].fillna(0.0)
    return _points(table, run.instance)


def jurisdictions(run: MapInput, boundaries: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Return the jurisdictions with their figures, a polygon each where a boundary is given.

    Units of the boundaries that the instance does not plan for are kept, with blank figures.

    Returns
    -------
    GeoDataFrame
        ``jurisdiction, name, name_zh``; ``retired_, collected_`` and
        ``processed_tonnes_per_year`` (load of its facilities); MultiPolygon or None.
    """
    table = run.instance["jurisdictions"][["jurisdiction", "name", "name_zh"]].set_index("jurisdiction")
    table = table.join(jurisdiction_figures(run))
    if boundaries is None:
        empty = gpd.GeoSeries([None] * len(table), crs=CRS, index=table.index)
        return gpd.GeoDataFrame(table, geometry=empty, crs=CRS).reset_index()
    drawn = boundaries[boundaries["jurisdiction"] != ""].to_crs(CRS).dissolve("jurisdiction")
    every = table.index.union(drawn.index)
    shapes = drawn.geometry.map(_as_multi).reindex(every)
    table = table.reindex(every)
    for name in ("name", "name_zh"):
        table[name] = table[name].fillna(drawn[name].reindex(every)).fillna("").astype("str")
    return gpd.GeoDataFrame(table, geometry=shapes, crs=CRS).reset_index(names="jurisdiction")


def jurisdiction_figures(run: MapInput) -> pd.DataFrame:
    """Return ``retired_, collected_, processed_tonnes_per_year`` (float), index jurisdiction."""
    own = (
        sources(run).groupby("jurisdiction")[["retired_tonnes_per_year", "collected_tonnes_per_year"]].sum()
    )
    load = facilities(run).groupby("jurisdiction")["load_tonnes_per_year"].sum()
    figures = pd.DataFrame(own.join(load.rename("processed_tonnes_per_year"), how="outer"))
    return figures.reindex(run.instance["jurisdictions"]["jurisdiction"]).fillna(0.0)


def _as_multi(shape: object) -> MultiPolygon:
    return shape if isinstance(shape, MultiPolygon) else MultiPolygon([shape])


def _points(table: pd.DataFrame, instance: Instance) -> gpd.GeoDataFrame:
    at = instance["locations"].set_index("location").loc[table["location"], ["lon_deg", "lat_deg"]]
    points = gpd.points_from_xy(at["lon_deg"], at["lat_deg"])
    return gpd.GeoDataFrame(table.reset_index(drop=True), geometry=points, crs=CRS)
