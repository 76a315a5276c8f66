"""GeoJSON of a run (RFC 7946): facilities, routes, sources and flows on roads, EPSG:4326."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyogrio

from netopt.data.notice import copy_notice
from netopt.maps import layers
from netopt.maps.aside import written_aside
from netopt.maps.roadflows import road_flows
from netopt.maps.text import plain_table
from netopt.maps.ways import ROAD_NOTICE, follows_roads

if TYPE_CHECKING:
    import geopandas as gpd

    from netopt.maps.shipments import MapInput


def write_geojson(run: MapInput, folder: Path) -> list[Path]:
    """Write ``facilities.geojson``, ``routes.geojson`` and ``sources.geojson`` into a folder.

    Where hauls follow roads there is also ``road_flows.geojson``; it and the routes carry the notice
    of the road data as their ``description``. The licences of the instance's data (``LICENSE-DATA.md``)
    lie beside them. Columns and units are those of ``netopt.maps.layers`` and
    ``netopt.maps.roadflows``; a blank figure is null. The folder is made where it is missing, older
    files are replaced.

    Returns
    -------
    list of Path
        The layers, and the licences where the instance has them.

    Raises
    ------
    UsageError
        If the answer names places or commodities that the instance does not have.
    """
    folder = Path(folder)
    written = [_write(layer, folder / f"{layer.name}.geojson") for layer in feature_layers(run)]
    return [*written, *copy_notice(run.instance, folder)]


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


def _write(layer: FeatureLayer, path: Path) -> Path:
    table, kind, notice = layer.table, layer.geometry_type, layer.notice
    options = {"RFC7946": "YES", "WRITE_NAME": "NO"} | ({"DESCRIPTION": notice} if notice else {})
    has_parts = len(table) > 0 and table.geom_type.str.startswith("Multi").any()
    with written_aside(path) as draft:
        pyogrio.write_dataframe(
            plain_table(table),
            draft,
            driver="GeoJSON",
            geometry_type="Unknown" if has_parts else kind,
            layer_options=options,
        )
    return path
