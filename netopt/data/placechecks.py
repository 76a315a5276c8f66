"""Checks of figures against what is known of the world: where provinces lie, how much retires in all."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import numpy as np

from netopt.data.checks import Draft
from netopt.data.crosscheck import cross_check
from netopt.data.problems import spelled
from netopt.resources import shipped

INSIDE_ANOTHER_KM: Final = 100.0
"""Tolerance where a place lies in the outline of another province. The seat of Daxing'anling (Heilongjiang)
really lies in Inner Mongolia, 93 km from its own province."""

OUTSIDE_ALL_KM: Final = 200.0
"""Tolerance elsewhere: the outlines are schematic and lack small islands. Sansha (Hainan) is 169 km off."""

UNIT_FACTOR: Final = 50.0
"""Supply this many times above or below every volume of the instance is in another unit."""

_KM_PER_DEGREE: Final = 111.3


@cross_check("locations.jurisdiction", "locations.lon_deg", "locations.lat_deg")
def _places_in_their_province(draft: Draft) -> None:
    """A location lies in its jurisdiction: Chinese provinces, to 100 km (at sea 200 km)."""
    locations = draft["locations"]
    if not locations["jurisdiction"].str.startswith("CN-").any():
        return
    outlines = _outlines()
    told_already = [check.failing(locations) for check in draft.tables["locations"].spec.row_checks]
    on_the_globe = locations["lon_deg"].abs().le(180) & ~np.logical_or.reduce(told_already)
    records = zip(locations.to_dict("records"), on_the_globe, strict=True)
    found = [_misplaced(row, outlines) if sound else None for row, sound in records]
    for words in dict.fromkeys(found):
        if words is not None:
            wrong = np.array([place == words for place in found], dtype=np.bool_)
            draft.refuse("locations", wrong, "location", "outside_jurisdiction", *words)


@cross_check(
    "supply.period",
    "supply.source",
    "supply.supply_tonnes_per_year",
    "volumes.supply_tonnes_per_year",
    "sources.location",
    "locations.jurisdiction",
    "jurisdictions.jurisdiction",
    settings=True,
)
def _supply_is_of_the_size_of_volumes(draft: Draft) -> None:
    """Supply of the first period is within a factor of 50 of volumes.csv, for its jurisdictions."""
    volumes = draft["volumes"]["supply_tonnes_per_year"]
    supply = draft["supply"]
    first = draft.sound_settings.horizon.periods[0].period
    total = float(supply.loc[supply["period"] == first, "supply_tonnes_per_year"].sum())
    least = 0.0 if volumes.empty else volumes.min() / UNIT_FACTOR * _part_with_sources(draft)
    if volumes.empty or least < total < volumes.max() * UNIT_FACTOR:
        return
    told = f"{volumes.min():,.0f} to {volumes.max():,.0f}"
    message = f"supply of {first} sums to {total:,.6g} t/yr, the totals of data/volumes.csv are {told} t/yr"
    hint = "is the figure in another unit, such as kt for t? A part of a country needs volumes of its own"
    draft.log.add("data/supply.csv", None, "supply_tonnes_per_year", "unit", total, message, hint)


def _part_with_sources(draft: Draft) -> float:
    """Return the share of the jurisdictions that have a source: a part of a country has its volumes."""
    here = draft["locations"]["location"].isin(draft["sources"]["location"])
    served = draft["locations"].loc[here, "jurisdiction"].nunique()
    return float(served / max(1, len(draft["jurisdictions"])))


@cache
def _outlines() -> Mapping[str, Any]:
    """Return the schematic outline (degrees) of every province that the shipped map has."""
    import shapely  # noqa: PLC0415 - takes a third of a second to import
    from shapely.geometry import shape  # noqa: PLC0415

    file = shipped("instances") / "geo" / "china_provinces.geojson"
    features = json.loads(file.read_text("utf-8"))["features"] if file.is_file() else []
    outlines = {part["properties"]["jurisdiction"]: shape(part["geometry"]) for part in features}
    for outline in outlines.values():
        shapely.prepare(outline)
    return outlines


def _misplaced(location: Mapping[Any, Any], outlines: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return message and hint for a location that lies far outside of its own outline."""
    own = outlines.get(location["jurisdiction"])
    if own is None:
        return None
    lon_deg, lat_deg = location["lon_deg"], location["lat_deg"]
    off_km = _distance_km(own, lon_deg, lat_deg)
    if off_km <= INSIDE_ANOTHER_KM:
        return None
    others = [name for name, outline in outlines.items() if _distance_km(outline, lon_deg, lat_deg) == 0]
    if off_km <= OUTSIDE_ALL_KM and not others:
        return None
    where = f", in {spelled(others)}" if others else ""
    message = f"'{{value}}' lies {off_km:,.0f} km outside of {location['jurisdiction']}{where}"
    return message, "correct lon_deg and lat_deg, or the jurisdiction"


def _distance_km(outline: Any, lon_deg: float, lat_deg: float) -> float:
    """Return how far a point lies outside of an outline; good to a per cent over some hundred km."""
    from shapely import Point, shortest_line  # noqa: PLC0415

    point = Point(lon_deg, lat_deg)
    if outline.covers(point):
        return 0.0
    (east, north), (lon, lat) = shortest_line(outline, point).coords
    return _KM_PER_DEGREE * math.hypot((east - lon) * math.cos(math.radians(lat)), north - lat)


PLACE_CHECKS = (_places_in_their_province, _supply_is_of_the_size_of_volumes)
"""Every check of this module, in the order in which they run."""
