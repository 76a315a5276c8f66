"""One GeoPackage for GIS: all policies on one map, styled for QGIS, EPSG:4326."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pyogrio

from netopt.maps import layers, qgis, style
from netopt.maps.aside import written_aside
from netopt.maps.basemap import BaseMap, base_map_of
from netopt.maps.caption import credits_of
from netopt.maps.roadflows import STAGE_COLUMNS, road_flows
from netopt.maps.shared import common_instance
from netopt.maps.symbols import symbol_capacities
from netopt.maps.text import identifiers, plain, plain_table
from netopt.maps.ways import ROAD_NOTICE, follows_roads

if TYPE_CHECKING:
    import geopandas as gpd

    from netopt.maps.shipments import MapInput

_STYLES_TABLE: Final = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))
"""
_ADD_STYLE: Final = """
INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,
  styleQML, styleSLD, useAsDefault, description, owner)
VALUES ('', '', ?, 'geom', 'netopt', ?, '', 1, ?, '')
"""
_REGISTER: Final = """
INSERT INTO gpkg_contents (table_name, data_type, identifier, description)
VALUES ('layer_styles', 'attributes', 'layer_styles', 'QGIS styles')
"""


class Layer(NamedTuple):
    """A layer to write: its table, type of geometry, QGIS style and what it is."""

    table: gpd.GeoDataFrame
    geometry_type: str
    qml: str
    description: str


def write_geopackage(runs: Mapping[str, MapInput], path: Path, *, base_map: BaseMap | None = None) -> Path:
    """Write runs of one instance into one GeoPackage and return its path.

    Layers ``jurisdictions``, ``sources``, ``markets`` and, where there are any, ``vendors`` carry the
    figures of every run, the run's name at the end of the column; ``facilities_<run>`` and
    ``routes_<run>`` are one layer each, and where hauls follow roads ``road_flows_<run>``, what moves on
    each stretch of road.
    Notices that the first run's data ask for are in the file's metadata (ATTRIBUTION) and end each
    layer's description. Names are made of lower-case letters, digits and underscores
    (``text.identifiers``). QGIS finds the styles in the table ``layer_styles``. An older file is
    replaced.

    Parameters
    ----------
    runs
        At least one run by the name to give it, usually its policy's.
    base_map
        Boundaries instead of the shipped ones.

    Raises
    ------
    UsageError
        If there is no run, or if the runs do not share jurisdictions, places and periods.
    """
    common_instance(runs, ("markets", "vendors"))
    path = Path(path)
    names = identifiers(runs)
    contents = _shared_layers({names[key]: run for key, run in runs.items()}, base_map)
    for key, run in runs.items():
        contents |= _layers_of(run, names[key])
    notices = credits_of(next(iter(runs.values())).instance)
    with written_aside(path) as draft:
        for name, layer in contents.items():
            _add_layer(draft, name, layer, notices)
        _add_styles(draft, contents)
    return path


def _shared_layers(runs: Mapping[str, MapInput], base_map: BaseMap | None) -> dict[str, Layer]:
    first = next(iter(runs.values()))
    ground = base_map or base_map_of(first.instance)
    boundaries = None if ground is None else ground.boundaries
    provinces = _side_by_side(runs, lambda run: layers.jurisdictions(run, boundaries), "jurisdiction")
    column = f"collected_tonnes_per_year_{next(iter(runs))}"
    breaks = style.class_breaks(provinces[column])
    credit = "Planning units without boundaries." if ground is None else ground.credit
    shared = {
        "jurisdictions": Layer(provinces, "MultiPolygon", qgis.provinces_qml(column, breaks), credit),
        "sources": Layer(
            _side_by_side(runs, layers.sources, "source"),
            "Point",
            qgis.points_qml(style.QUIET_INK, size_mm=qgis.SOURCE_MM),
            "Where batteries retire; rates are means over the horizon.",
        ),
        "markets": Layer(
            _side_by_side(runs, layers.markets, "market"),
            "Point",
            qgis.points_qml(style.STAGE_COLOURS["product"], "s"),
            "Where products are sold; rates are means over the horizon.",
        ),
    }
    if len(first.instance["vendors"]):
        shared["vendors"] = Layer(
            _side_by_side(runs, layers.vendors, "vendor"),
            "Point",
            qgis.points_qml(style.STAGE_COLOURS["intermediate"], "s"),
            "Where goods are bought beside what retires; rates are means over the horizon.",
        )
    return shared


def _side_by_side(
    runs: Mapping[str, MapInput], make: Callable[[MapInput], gpd.GeoDataFrame], key: str
) -> gpd.GeoDataFrame:
    """Return one table for all runs: figures of each run under its name."""
    tables = {name: make(run) for name, run in runs.items()}
    first = next(iter(tables.values()))
    figures = [column for column in first.columns if "per_year" in column]
    result = first.drop(columns=figures)
    for name, table in tables.items():
        own = table.set_index(key)[figures].add_suffix(f"_{name}")
        result = result.join(own, on=key)
    return result


def _layers_of(run: MapInput, name: str) -> dict[str, Layer]:
    facilities, routes = layers.facilities(run), layers.routes(run)
    most = max(symbol_capacities(facilities), default=0.0)
    policy = plain(run.policy.title or run.policy.name)
    by_road = follows_roads(run.instance)
    drawn = (
        f"along roads, straight between junctions. {ROAD_NOTICE}."
        if by_road
        else "geodesic lines, not roads."
    )
    contents = {
        f"facilities_{name}": Layer(
            facilities,
            "Point",
            qgis.facilities_qml(_kinds(run, facilities), most),
            f"Facilities under policy: {policy}",
        ),
        f"routes_{name}": Layer(
            routes,
            _line_type(routes),
            qgis.routes_qml(style.width_breaks(routes["tonnes_per_year"])),
            f"Flows between places under policy: {policy}; {drawn}",
        ),
    }
    return contents | ({f"road_flows_{name}": _road_flows(run, policy)} if by_road else {})


def _kinds(run: MapInput, facilities: gpd.GeoDataFrame) -> dict[str, qgis.Kind]:
    """Return the types and states of facilities that there are, in the order of their tables."""
    names = run.instance["facility_types"].set_index("facility_type")["name"]
    shapes, colours = style.markers(run.instance), style.facility_colours(run.instance)
    there = set(zip(facilities["facility_type"], facilities["status"], strict=True))
    return {
        qgis.kind_key(plain(kind), status): qgis.Kind(
            plain(names[kind]), shapes[kind], colours[kind], status
        )
        for kind in shapes
        for status in style.STATUS_TITLES
        if (kind, status) in there
    }


def _road_flows(run: MapInput, policy: str) -> Layer:
    flows = road_flows(run)
    return Layer(
        flows,
        _line_type(flows),
        qgis.road_flows_qml(style.width_breaks(flows["tonnes_per_year"]), STAGE_COLUMNS),
        f"Tonnes on each stretch of road, both directions, under policy: {policy}. {ROAD_NOTICE}.",
    )


def _line_type(table: gpd.GeoDataFrame) -> str:
    return "MultiLineString" if table.geom_type.str.startswith("Multi").any() else "LineString"


def _add_layer(path: Path, name: str, layer: Layer, notices: Sequence[str]) -> None:
    """Add a layer; its description ends with the notices that it does not carry of its own."""
    missing = [notice for notice in notices if notice not in layer.description]
    pyogrio.write_dataframe(
        plain_table(layer.table),
        path,
        layer=name,
        driver="GPKG",
        geometry_type=layer.geometry_type,
        promote_to_multi=layer.geometry_type.startswith("Multi"),
        layer_options={
            "GEOMETRY_NAME": "geom",
            "DESCRIPTION": " ".join([layer.description, *missing]),
        },
        dataset_metadata={"ATTRIBUTION": " ".join(notices)} if notices else None,
    )


def _add_styles(path: Path, contents: Mapping[str, Layer]) -> None:
    """Add QGIS's table of styles, registered as the GeoPackage standard asks."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(_STYLES_TABLE)
        database.execute(_REGISTER)
        for name, layer in contents.items():
            database.execute(_ADD_STYLE, (name, layer.qml, f"netopt: {name}"))
