"""What both generations of RELOG's format say alike: horizon, building period, metric, coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from netopt.data.formats.relog_json import Field, read_or

LONGEST_YEARS: Final = 100
"""Longest horizon (yr) that is read: what netopt lets capital last."""


@dataclass(frozen=True)
class Parameters:
    """Years of the horizon; years (from 1) in which plants may open; what is not in the plan."""

    years: int
    building: tuple[int, ...]
    notes: tuple[str, ...] = ()


def read_parameters(said: Field) -> Parameters:
    """Return the parameters of a file of either generation."""
    parts = said.parts(["time horizon (years)"], ["building period (years)", "distance metric", "version"])
    years = read_or(parts, "time horizon (years)", lambda part: part.whole(1, LONGEST_YEARS), 1)
    building = read_or(
        parts,
        "building period (years)",
        lambda part: tuple(entry.whole(1, years) for entry in part.entries()),
        (1,),
    )
    metric = parts.get("distance metric")
    if metric is not None and str(metric.value).lower() != "euclidean":
        metric.refuse(
            "distance_metric",
            f"'{metric.value}' is not 'Euclidean', and netopt has no table of RELOG's driving distances",
            "compute the distances elsewhere and give them in data/distances.csv of the imported instance",
        )
    return Parameters(years, tuple(sorted(set(building))))


def place_of(said: Field, parts: dict[str, Field]) -> tuple[float, float]:
    """Return latitude and longitude (deg) of a place."""
    if "location" in parts:
        parts["location"].refuse(
            "geographic_database",
            "netopt has no table of RELOG's named places",
            "give latitude (deg) and longitude (deg) instead",
        )
        return 0.0, 0.0
    found = []
    for key in ("latitude (deg)", "longitude (deg)"):
        if key not in parts:
            said.at(key).refuse("missing_field", "the field is missing, so no distance can be told")
        found.append(read_or(parts, key, lambda part: part.number(), 0.0))
    for key, degrees in zip(("latitude (deg)", "longitude (deg)"), found, strict=True):
        if abs(degrees) > 360:
            said.at(key).refuse("degrees", f"{degrees:g} degrees are more than a circle")
    return found[0], found[1]
