"""RELOG's distances: straight through the ellipsoid, to the metre."""

from __future__ import annotations

import math
from typing import Final

from pyproj import Geod

_ELLIPSOID: Final = Geod(ellps="WGS84")


def chord_km(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Return the straight line between two points of the WGS-84 ellipsoid in km, to three decimals.

    Parameters
    ----------
    first, second
        Latitude and longitude in degrees, on the ellipsoid itself; any number of turns.

    Examples
    --------
    >>> chord_km((41.866, -87.656), (39.764, -86.148))
    265.818
    """
    metres = math.dist(_geocentric(*first), _geocentric(*second))
    return round(metres / 1000.0, 3)


def _geocentric(latitude: float, longitude: float) -> tuple[float, float, float]:
    """Return the point's distances from the earth's centre (m), along the three axes."""
    phi, lam = math.radians(latitude), math.radians(longitude)
    across = _ELLIPSOID.a / math.sqrt(1.0 - _ELLIPSOID.es * math.sin(phi) ** 2)
    return (
        across * math.cos(phi) * math.cos(lam),
        across * math.cos(phi) * math.sin(lam),
        across * (1.0 - _ELLIPSOID.es) * math.sin(phi),
    )
