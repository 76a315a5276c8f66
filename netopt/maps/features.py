"""The layers of one run that feature formats write: facilities, routes, sources, flows on roads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netopt.maps import layers
from netopt.maps.roadflows import road_flows
from netopt.maps.ways import ROAD_NOTICE, follows_roads

if TYPE_CHECKING:
    import geopandas as gpd

    from netopt.maps.shipments import MapInput


@dataclass(frozen=True)
class FeatureLayer:
    """One layer of a run's map.

    Attributes
    ----------
    name, table
        What the layer is called, and its features (EPSG:4326).
    geometry_type
        Point or LineString; lines that cross the antimeridian have two parts.
    notice
        What the data under it ask to be said, "" for nothing.
    """

    name: str
    table: gpd.GeoDataFrame
    geometry_type: str
    notice: str = ""


def feature_layers(run: MapInput) -> list[FeatureLayer]:
    """Return facilities, routes and sources of a run, and flows on roads where hauls follow roads."""
    by_road = follows_roads(run.instance)
    notice = ROAD_NOTICE if by_road else ""
    found = [
        FeatureLayer("facilities", layers.facilities(run), "Point"),
        FeatureLayer("routes", layers.routes(run), "LineString", notice),
        FeatureLayer("sources", layers.sources(run), "Point"),
    ]
    return [*found, FeatureLayer("road_flows", road_flows(run), "LineString", notice)] if by_road else found
