"""Distances that the checker measures by its own code."""

from __future__ import annotations

import pandas as pd
import pytest
from pyproj import Geod

from netopt.data.instance import Instance
from netopt.data.settings import Distance
from netopt.solution.checking.distance import distances_km
from tests.solution.hand_case import hand_instance

PLACES = {"L1": (100.0, 30.0), "L2": (101.0, 30.0), "L3": (102.0, 30.0), "L4": (130.0, 45.0)}
NODES = [("a", 100.1, 30.0), ("b", 101.0, 30.0), ("c", 101.9, 30.0), ("far", 130.0, 45.0)]
EDGES = [("a", "b", "road", 120.0), ("c", "b", "road", 80.0), ("a", "c", "road", 250.0)]


def measured(method: Distance, *pairs: tuple[str, str], **tables: list[tuple[object, ...]]) -> list[float]:
    locations = [(name, name, "", "P1", *place, 7.0) for name, place in PLACES.items()]
    locations[1] = ("L2", "L2", "", "P2", *PLACES["L2"], 10.0)
    instance = hand_instance(locations=locations, **tables)
    settings = instance.settings.model_copy(update={"distance": method})
    hauls = pd.DataFrame(
        [(*pair, "road") for pair in pairs], columns=["from_location", "to_location", "mode"]
    )
    return distances_km(Instance(settings, instance.tables, "digest"), hauls).tolist()


def geodesic_km(start: tuple[float, float], end: tuple[float, float]) -> float:
    return Geod(ellps="WGS84").inv(*start, *end)[2] / 1000.0


def test_a_row_of_the_table_holds_both_ways() -> None:
    rows = [("L1", "L2", "road", 100.0), ("L1", "L3", "road", 230.0)]
    pairs = [("L1", "L2"), ("L2", "L1"), ("L3", "L1"), ("L2", "L3")]
    found = measured(Distance(method="table"), *pairs, distances=rows)
    assert found == pytest.approx([100.0, 100.0, 230.0, float("nan")], nan_ok=True)


@pytest.mark.parametrize("method", ["table", "road", "geodesic"])
def test_one_location_and_the_gate(method: str) -> None:
    tables = {"road_nodes": NODES, "road_edges": EDGES}
    assert measured(Distance(method=method), ("L1", "L1"), ("L3", ""), **tables) == [7.0, 0.0]


def test_geodesic_times_circuity() -> None:
    found = measured(Distance(method="geodesic", circuity=1.4), ("L1", "L2"))
    assert found == pytest.approx([1.4 * geodesic_km(PLACES["L1"], PLACES["L2"])])


def test_shortest_road_with_access_at_both_ends() -> None:
    """By b it is 200 km from a to c, directly 250; no road leads to the far node."""
    access = geodesic_km(PLACES["L1"], (100.1, 30.0)) + geodesic_km(PLACES["L3"], (101.9, 30.0))
    found = measured(
        Distance(method="road", road_correction=1.1),
        ("L1", "L3"),
        ("L3", "L1"),
        ("L1", "L4"),
        road_nodes=NODES,
        road_edges=EDGES,
    )
    way = 1.1 * (200.0 + 1.3 * access)
    assert found == pytest.approx([way, way, float("nan")], nan_ok=True)
