"""What lies under a map: boundaries, projection, inset, credit and approval number."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import geopandas as gpd
from shapely.geometry import box

from netopt.data.gisfile import WHAT_TO_DO, distortion
from netopt.errors import UsageError
from netopt.resources import shipped

if TYPE_CHECKING:
    from netopt.data.instance import Instance

ALBERS_CHINA: Final = "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +datum=WGS84 +units=m +type=crs"
_EQUAL_AREA: Final = "+proj=laea +lat_0={lat:.4f} +lon_0={lon:.4f} +datum=WGS84 +units=m +type=crs"
SOUTH_CHINA_SEA_DEG: Final = (105.0, 2.0, 123.0, 24.0)
_MAINLAND_DEG: Final = (73.4, 17.9, 135.3, 53.9)


@dataclass(frozen=True)
class BaseMap:
    """Boundaries for pictures and GeoPackages.

    Attributes
    ----------
    boundaries
        ``jurisdiction, name, name_zh``, polygons; rows with a blank jurisdiction (lines or
        polygons of a standard map) are drawn as they are.
    crs
        Projection of pictures.
    frame_deg, inset_deg
        West, south, east, north of the picture and of the inset (None: no inset).
    credit, approval_number
        Printed on every picture; the number that an approved map of China carries, or "".
    """

    boundaries: gpd.GeoDataFrame
    crs: str
    frame_deg: tuple[float, float, float, float]
    inset_deg: tuple[float, float, float, float] | None
    credit: str
    approval_number: str = ""


def china() -> BaseMap:
    """Return the shipped base map: 34 schematic provincial units in an Albers projection."""
    boundaries = gpd.read_file(shipped("instances") / "geo" / "china_provinces.geojson")
    credit = "Boundaries: Natural Earth (public domain), schematic province fills, not a standard map."
    return BaseMap(boundaries, ALBERS_CHINA, _MAINLAND_DEG, SOUTH_CHINA_SEA_DEG, credit)


def base_map_of(instance: Instance) -> BaseMap | None:
    """Return the shipped base map if it has one of the instance's jurisdictions, else None."""
    shipped_map = china()
    known = set(shipped_map.boundaries["jurisdiction"])
    return shipped_map if known & set(instance["jurisdictions"]["jurisdiction"]) else None


def read_base_map(path: Path, *, credit: str, approval_number: str = "") -> BaseMap:
    """Return a base map with somebody else's boundaries, for example a standard map.

    Boundaries that reach into China are drawn as the shipped ones are, with the inset of the South
    China Sea; others in an equal-area projection of their own.

    Parameters
    ----------
    path
        Any vector file with a CRS and a column ``jurisdiction`` (ISO 3166-2, blank for what is
        only drawn); ``name`` and ``name_zh`` where there are any.
    credit, approval_number
        Printed on the picture.

    Raises
    ------
    UsageError
        If the file cannot be read, has no CRS, no column ``jurisdiction`` or no shapes, or says that its
        coordinates are GCJ-02 or BD-09.
    """
    try:
        boundaries = gpd.read_file(path)
    except (OSError, RuntimeError) as error:
        raise UsageError(f"the base map {path.name} cannot be read: {error}") from error
    if "jurisdiction" not in boundaries or boundaries.crs is None:
        raise UsageError(f"the base map {path.name} needs a column jurisdiction and a CRS")
    if message := distortion([path.name, boundaries.crs.name, *boundaries.columns]):
        raise UsageError(f"the base map {path.name} is refused: {message}; {WHAT_TO_DO}")
    wanted = ["jurisdiction", "name", "name_zh"]
    texts = boundaries.reindex(columns=wanted).astype(object).fillna("").astype("str")
    frame = gpd.GeoDataFrame(texts, geometry=boundaries.geometry, crs=boundaries.crs)
    frame = frame[~(frame.geometry.is_empty | frame.geometry.isna())]
    if frame.empty:
        raise UsageError(f"the base map {path.name} has no shapes")
    west, south, east, north = (float(value) for value in frame.to_crs("EPSG:4326").total_bounds)
    if box(west, south, east, north).intersects(box(*_MAINLAND_DEG)):
        return BaseMap(frame, ALBERS_CHINA, _MAINLAND_DEG, SOUTH_CHINA_SEA_DEG, credit, approval_number)
    crs = _EQUAL_AREA.format(lat=(south + north) / 2, lon=(west + east) / 2)
    return BaseMap(frame, crs, (west, south, east, north), None, credit, approval_number)
