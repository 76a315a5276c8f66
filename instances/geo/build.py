"""Make ``china_provinces.geojson`` from the Natural Earth provinces table.

Usage: ``python instances/geo/build.py PROVINCES.geojson``, where the argument is the 34-unit file
described in SOURCES.md. Borders are simplified together, so that neighbours keep one edge.
"""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import pyogrio
import shapely

ALBERS = "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +datum=WGS84 +units=m"
TOLERANCE_M = 1000
N_UNITS = 34


def simplify(units: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the 34 units with fewer vertices (about 1 km), EPSG:4326, sorted by id."""
    projected = units.to_crs(ALBERS)
    coarse = gpd.GeoSeries(shapely.coverage_simplify(projected.geometry.values, TOLERANCE_M), crs=ALBERS)
    degrees = shapely.set_precision(coarse.to_crs(4326).values, 1e-6)
    table = {
        "jurisdiction": units["iso_3166_2"].to_numpy(),
        "adcode": units["adcode"].astype(str).to_numpy(),
        "name": units["name_en"].to_numpy(),
        "name_zh": units["name_zh"].to_numpy(),
    }
    result = gpd.GeoDataFrame(table, geometry=degrees, crs=4326)
    return result.sort_values("jurisdiction", ignore_index=True)


def main(source: Path, target: Path) -> None:
    """Read, simplify, check and write."""
    units = simplify(gpd.read_file(source))
    assert len(units) == N_UNITS
    assert units.geometry.is_valid.all()
    assert not units.geometry.is_empty.any()
    pyogrio.write_dataframe(
        units, target, driver="GeoJSON", layer_options={"RFC7946": "YES", "COORDINATE_PRECISION": "4"}
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).with_name("china_provinces.geojson"))
