"""GeoJSON of a run (RFC 7946): facilities, routes, sources and flows on roads, EPSG:4326."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyogrio

from netopt.data.notice import copy_notice
from netopt.maps.aside import written_aside
from netopt.maps.features import FeatureLayer, feature_layers
from netopt.maps.text import plain_table

if TYPE_CHECKING:
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
