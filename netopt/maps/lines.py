"""Lines between places, fit for GIS files."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pyproj import Geod
from shapely.geometry import LineString, MultiLineString

Point = tuple[float, float]
"""Longitude and latitude, degrees."""

_GEOD = Geod(ellps="WGS84")
_STEP_M = 50_000.0


def geodesic_line(start: Point, end: Point) -> LineString | MultiLineString:
    """Return the WGS 84 geodesic from start to end, a vertex at least every 50 km; see ``line_along``."""
    _, _, length_m = _GEOD.inv(*start, *end)
    n_inside = int(length_m // _STEP_M)
    return line_along([start, *(_GEOD.npts(*start, *end, n_inside) if n_inside else ()), end])


def line_along(points: Sequence[Point]) -> LineString | MultiLineString:
    """Return the line along two or more points.

    It is cut where it crosses the antimeridian, as RFC 7946 (section 3.1.9) asks.
    """
    parts = [[points[0]]]
    for here, there in pairwise(points):
        if abs(there[0] - here[0]) > 180:
            edge = 180.0 if here[0] > 0 else -180.0
            lat_deg = _latitude_at(edge, here, there)
            parts[-1].append((edge, lat_deg))
            parts.append([(-edge, lat_deg)])
        parts[-1].append(there)
    return LineString(parts[0]) if len(parts) == 1 else MultiLineString(parts)


def _latitude_at(edge_deg: float, here: Point, there: Point) -> float:
    """Return where the straight segment from here to there meets the antimeridian."""
    unwrapped = there[0] + 2 * edge_deg
    share = (edge_deg - here[0]) / (unwrapped - here[0])
    return here[1] + share * (there[1] - here[1])
