"""GeoParquet of a run: the layers of GeoJSON, typed and compressed, EPSG:4326."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from netopt.data.notice import copy_notice
from netopt.maps.aside import written_aside
from netopt.maps.features import feature_layers
from netopt.maps.text import plain_table

if TYPE_CHECKING:
    from netopt.maps.shipments import MapInput

SCHEMA_VERSION = "1.1.0"
"""Of GeoParquet; geometries are WKB, the CRS is declared."""


def write_geoparquet(run: MapInput, folder: Path) -> list[Path]:
    """Write ``facilities``, ``routes``, ``sources`` and, by road, ``road_flows`` as ``.parquet`` files.

    Columns and units are those of ``netopt.maps.layers`` and ``netopt.maps.roadflows``. What is drawn
    along roads carries the notice of the road data as the attribute ``description`` of the pandas
    metadata. The licences of the instance's data (``LICENSE-DATA.md``) lie beside them. The folder is
    made where it is missing, older files are replaced.

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
    written = []
    for layer in feature_layers(run):
        table = plain_table(layer.table)
        if layer.notice:
            table.attrs["description"] = layer.notice
        path = folder / f"{layer.name}.parquet"
        with written_aside(path) as draft:
            table.to_parquet(draft, schema_version=SCHEMA_VERSION, compression="zstd")
        written.append(path)
    return [*written, *copy_notice(run.instance, folder)]
