"""What moves on each road: routes added up over the stretches that they share (EPSG:4326)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from netopt.maps.layers import CRS, route_figures
from netopt.maps.lines import geodesic_line, line_along
from netopt.maps.shipments import STAGES
from netopt.maps.ways import Ways, points_of

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.maps.shipments import MapInput
    from netopt.network.roads import RoadNetwork

STRETCH: Final = ["kind", "from_end", "to_end", "mode"]
STAGE_COLUMNS: Final = {stage: f"{stage}_tonnes_per_year" for stage in STAGES}


def road_flows(run: MapInput) -> gpd.GeoDataFrame:
    """Return the stretches that routes use with what moves on them, both directions together.

    The tonne-kilometres of all stretches are those of all routes.

    Returns
    -------
    GeoDataFrame
        ``kind`` (road: between two nodes; access: from a location to the node nearest to it;
        geodesic: between two locations that no road joins), ``from_end``, ``to_end`` (node or
        location, as the kind says), ``mode``; ``distance_km`` as the model counts it, with
        ``road_correction``; ``main_stage``, the stage of most tonnes; ``tonne_km_per_year``;
        ``<stage>_tonnes_per_year`` for each of ``STAGES``; ``onward_tonnes_per_year``, the part that
        moves from ``from_end`` to ``to_end``; ``tonnes_per_year``, also by period.
        Heaviest first; LineString, in two parts where it crosses the antimeridian.
    """
    routes = route_figures(run)
    ways = Ways(run.instance, routes)
    steps = _steps(ways, routes["distance_km"])
    table = _added_up(steps, routes)
    lines = gpd.GeoSeries(_lines(table, run.instance), index=table.index, crs=CRS)
    return gpd.GeoDataFrame(table, geometry=lines, crs=CRS)


def _added_up(steps: pd.DataFrame, routes: pd.DataFrame) -> pd.DataFrame:
    """Return the figures of every stretch: rates of the routes that pass it, summed."""
    rates = [column for column in routes.columns if column.startswith("tonnes_per_year")]
    by_stage = {
        column: routes["tonnes_per_year"].where(routes["stage"] == stage, 0.0)
        for stage, column in STAGE_COLUMNS.items()
    }
    figures = routes[rates].assign(**by_stage)
    passing = steps.join(figures, on="haul")
    passing["onward_tonnes_per_year"] = passing["tonnes_per_year"].where(passing["is_onward"], 0.0)
    groups = passing.groupby(STRETCH, sort=True)
    table = groups[[*STAGE_COLUMNS.values(), "onward_tonnes_per_year", *rates]].sum()
    table.insert(0, "distance_km", groups["distance_km"].first())
    table.insert(1, "main_stage", _main_stage(table))
    table.insert(2, "tonne_km_per_year", table["distance_km"] * table["tonnes_per_year"])
    order = ["tonnes_per_year", *STRETCH]
    return table.reset_index().sort_values(order, ascending=[False, *[True] * 4], ignore_index=True)


def _main_stage(table: pd.DataFrame) -> pd.Series:
    tonnes = table[list(STAGE_COLUMNS.values())].to_numpy()
    stages = np.array(STAGES, dtype=object)[tonnes.argmax(axis=1)]
    return pd.Series(stages, index=table.index, dtype="str")


def _steps(ways: Ways, distance_km: pd.Series) -> pd.DataFrame:
    """Return the stretches of every haul.

    Returns
    -------
    DataFrame
        ``haul`` (row of the hauls), ``STRETCH``, ``is_onward`` (the haul runs from ``from_end`` to
        ``to_end``), ``distance_km``. Ends are ordered, so that there and back are one stretch.
    """
    parts = [_geodesics(ways, distance_km)]
    if ways.roads is not None:
        parts += [_accesses(ways, ways.roads, end) for end in ("from_location", "to_location")]
        parts.append(_between_nodes(ways, ways.roads))
    return pd.concat(parts, ignore_index=True)


def _geodesics(ways: Ways, distance_km: pd.Series) -> pd.DataFrame:
    own = ways.hauls[(ways.kinds() == "geodesic").to_numpy()]
    ends = own[["from_location", "to_location"]]
    return pd.DataFrame(
        {
            "haul": own.index,
            "kind": "geodesic",
            "from_end": ends.min(axis=1),
            "to_end": ends.max(axis=1),
            "mode": own["mode"],
            "is_onward": own["from_location"] < own["to_location"],
            "distance_km": distance_km.loc[own.index],
        }
    ).astype(_TYPES)


def _accesses(ways: Ways, roads: RoadNetwork, end: str) -> pd.DataFrame:
    own = ways.hauls[(ways.kinds() == "road").to_numpy()]
    nodes = ways.instance["road_nodes"]["node"].to_numpy()
    return pd.DataFrame(
        {
            "haul": own.index,
            "kind": "access",
            "from_end": own[end],
            "to_end": nodes[roads.nearest_nodes.loc[own[end]].to_numpy()],
            "mode": own["mode"],
            "is_onward": end == "from_location",
            "distance_km": roads.access_km.loc[own[end]].to_numpy() * _correction(ways.instance),
        }
    ).astype(_TYPES)


def _between_nodes(ways: Ways, roads: RoadNetwork) -> pd.DataFrame:
    first = np.concatenate([np.empty(0, dtype=np.int64), *[way[:-1] for way in ways.nodes]])
    second = np.concatenate([np.empty(0, dtype=np.int64), *[way[1:] for way in ways.nodes]])
    haul = np.repeat(np.arange(len(ways.nodes)), [max(len(way) - 1, 0) for way in ways.nodes])
    low, high = np.minimum(first, second), np.maximum(first, second)
    mode = ways.hauls["mode"].to_numpy()[haul]
    km = np.full(len(haul), np.nan)
    for each in pd.unique(mode):
        rows = np.flatnonzero(mode == each)
        steps = pd.MultiIndex.from_arrays([low[rows], high[rows]])
        km[rows] = roads.steps_km(str(each)).reindex(steps).to_numpy()
    nodes = ways.instance["road_nodes"]["node"].to_numpy()
    return pd.DataFrame(
        {
            "haul": haul,
            "kind": "road",
            "from_end": nodes[low],
            "to_end": nodes[high],
            "mode": mode,
            "is_onward": first == low,
            "distance_km": km * _correction(ways.instance),
        }
    ).astype(_TYPES)


_TYPES: Final = {"haul": "int64", "is_onward": "bool", "distance_km": "float64"} | dict.fromkeys(
    STRETCH, "str"
)


def _correction(instance: Instance) -> float:
    return instance.settings.distance.road_correction


def _lines(table: pd.DataFrame, instance: Instance) -> list[object]:
    places = points_of(instance["locations"], "location")
    nodes = points_of(instance["road_nodes"], "node")
    ground = {"road": (nodes, nodes), "access": (places, nodes), "geodesic": (places, places)}
    lines: list[object] = []
    for kind, start, end in zip(table["kind"], table["from_end"], table["to_end"], strict=True):
        first, last = ground[kind][0][start], ground[kind][1][end]
        lines.append(geodesic_line(first, last) if kind == "geodesic" else line_along([first, last]))
    return lines
