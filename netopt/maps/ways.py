"""How hauls run on the ground: along the roads of the instance, or as geodesics where it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from shapely.geometry import LineString, MultiLineString

from netopt.maps.lines import Point, geodesic_line, line_along
from netopt.network.roads import RoadNetwork

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netopt.data.instance import Instance

PAIR: Final = ["from_location", "to_location", "mode"]
ROAD_NOTICE: Final = "Roads: © OpenStreetMap contributors, ODbL 1.0"
"""Goes with everything that is drawn along roads."""


def follows_roads(instance: Instance) -> bool:
    """Return whether hauls follow the instance's roads."""
    return instance.settings.distance.method == "road"


class Ways:
    """The way of each haul: the shortest path that its ``distance_km`` is the length of.

    Junctions are joined by straight segments, as ``road_edges`` says how long a road is but not how
    it bends; so are a place and the junction nearest to it. Nothing is simplified.

    Attributes
    ----------
    hauls
        ``PAIR`` of what is drawn, a row each; different locations.
    nodes
        Rows of ``road_nodes`` along each haul; empty where it follows no road.
    """

    def __init__(self, instance: Instance, hauls: pd.DataFrame) -> None:
        self.instance = instance
        self.hauls = hauls[PAIR].reset_index(drop=True)
        self.roads = RoadNetwork(instance) if follows_roads(instance) else None
        self.nodes = self._nodes()

    def _nodes(self) -> list[NDArray[np.int64]]:
        """Look up each way once, however many commodities take it."""
        if self.roads is None:
            return [np.empty(0, dtype=np.int64)] * len(self.hauls)
        number = self.hauls.groupby(PAIR, sort=False).ngroup()
        found = self.roads.ways(self.hauls.drop_duplicates(ignore_index=True))
        return [found[each] for each in number]

    def kinds(self) -> pd.Series:
        """Return how each haul is drawn: ``road`` or ``geodesic``."""
        kinds = ["road" if len(way) else "geodesic" for way in self.nodes]
        return pd.Series(kinds, index=self.hauls.index, dtype="str")

    def lines(self) -> list[LineString | MultiLineString]:
        """Return a line for each haul, in its direction (EPSG:4326)."""
        places = points_of(self.instance["locations"], "location")
        junctions = list(points_of(self.instance["road_nodes"], "node").values())
        ends = zip(self.hauls["from_location"], self.hauls["to_location"], self.nodes, strict=True)
        return [
            line_along([places[start], *(junctions[node] for node in way), places[end]])
            if len(way)
            else geodesic_line(places[start], places[end])
            for start, end, way in ends
        ]


def points_of(table: pd.DataFrame, key: str) -> dict[str, Point]:
    """Return longitude and latitude (degrees) of each row, in their order, by an id."""
    return dict(zip(table[key], zip(table["lon_deg"], table["lat_deg"], strict=True), strict=True))
