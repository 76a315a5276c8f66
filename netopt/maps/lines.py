"""Geodesic lines between two places, fit for GIS files."""

from __future__ import annotations

from itertools import pairwise

from pyproj import Geod
from shapely.geometry import LineString, MultiLineString

_GEOD = Geod(ellps="WGS84")
_STEP_M = 50_000.0


def geodesic_line(start: tuple[float, float], end: tuple[float, float]) -> LineString | MultiLineString:
    """Return the WGS 84 geodesic from start to end, a vertex at least every 50 km.

    It is cut in two where it crosses the antimeridian, as RFC 7946 (section 3.1.9) asks.

    Parameters
    ----------
    start, end
        Longitude and latitude, degrees; different places.
    """
    _, _, length_m = _GEOD.inv(*start, *end)
    n_inside = int(length_m // _STEP_M)
    points = [start, *(_GEOD.npts(*start, *end, n_inside) if n_inside else ()), end]
    for index, (here, there) in enumerate(pairwise(points), start=1):
        if abs(there[0] - here[0]) > 180:
            return _cut(points, index)
    return LineString(points)


def _cut(points: list[tuple[float, float]], index: int) -> MultiLineString:
    """Return the line in two parts, cut at the antimeridian before ``points[index]``."""
    here, there = points[index - 1], points[index]
    edge = 180.0 if here[0] > 0 else -180.0
    unwrapped = there[0] + 2 * edge
    share = (edge - here[0]) / (unwrapped - here[0])
    lat_deg = here[1] + share * (there[1] - here[1])
    return MultiLineString([[*points[:index], (edge, lat_deg)], [(-edge, lat_deg), *points[index:]]])
