"""Distances by every method against figures worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from netopt.data.instance import Instance
from netopt.network.distance import haul_distances_km
from netopt.network.roads import RoadNetwork
from tests.formulation.golden_models import ROWS
from tests.network.variants import network_of, variant

DEGREE_KM = 111.3195
"""One degree of longitude on the equator of WGS 84: 2 pi x 6378.137 km / 360."""

RAIL = ("rail", "class9", "first", 0.5, 30.0, 0.02)
EQUATOR = [("A", "A", "", "PA", 0.0, 0.0, 10.0), ("B", "B", "", "PB", 2.0, 0.0, 25.0)]
NODES = [("n1", 0.0, 0.0), ("n2", 1.0, 0.0), ("n3", 2.0, 0.0), ("island", 9.0, 9.0)]
EDGES = [("n1", "n2", "road", 100.0), ("n2", "n3", "road", 130.0), ("n1", "n3", "road", 300.0)]


def km(instance: Instance, origin: str, destination: str, mode: str = "road") -> float:
    """Return one distance, asked for between others and under an index of its own."""
    hauls = pd.DataFrame(
        [(destination, origin, mode), (origin, destination, mode), (origin, origin, mode)],
        columns=["from_location", "to_location", "mode"],
        index=[7, 3, 5],
    )
    found = haul_distances_km(instance, hauls)
    assert list(found.index) == [7, 3, 5]
    return float(found[3])


def test_a_table_row_holds_both_ways_unless_the_way_back_has_its_own() -> None:
    one_row = variant(distances=[("A", "B", "road", 100.0)])
    assert (km(one_row, "A", "B"), km(one_row, "B", "A")) == (100.0, 100.0)
    own = pd.DataFrame(
        [("A", "B", "road", 100.0), ("B", "A", "road", 120.0)], columns=one_row["distances"].columns
    )
    both_rows = replace(one_row, tables={**one_row.tables, "distances": own})
    assert (km(both_rows, "A", "B"), km(both_rows, "B", "A")) == (100.0, 120.0)


def test_each_mode_has_its_own_rows() -> None:
    distances = [("A", "B", "road", 100.0), ("B", "A", "rail", 90.0)]
    instance = variant(distances=distances, haulage=[*ROWS["haulage"], RAIL])
    assert (km(instance, "A", "B"), km(instance, "A", "B", "rail")) == (100.0, 90.0)
    assert pd.isna(km(instance, "A", "B", "ship"))


@pytest.mark.parametrize("method", ["table", "geodesic", "road"])
def test_two_places_at_one_location_are_its_internal_distance_apart(method: str) -> None:
    instance = variant(
        {"distance": {"method": method, "circuity": 2.0, "road_correction": 1.5}},
        locations=EQUATOR,
        road_nodes=NODES,
        road_edges=EDGES,
    )
    assert (km(instance, "A", "A"), km(instance, "B", "B")) == (10.0, 25.0)


def test_a_geodesic_is_stretched_by_the_circuity() -> None:
    instance = variant({"distance": {"method": "geodesic", "circuity": 1.3}}, locations=EQUATOR)
    assert km(instance, "A", "B") == pytest.approx(1.3 * 2 * DEGREE_KM, rel=1e-6)


def road(edges: list[tuple[object, ...]], east_deg: float = 2.0, correction: float = 1.0) -> Instance:
    """Return an instance by road whose location B lies at a longitude on the equator."""
    places = [EQUATOR[0], ("B", "B", "", "PB", east_deg, 0.0, 25.0)]
    settings = {"distance": {"method": "road", "road_correction": correction}}
    haulage = [*ROWS["haulage"], RAIL]
    return variant(settings, locations=places, road_nodes=NODES, road_edges=edges, haulage=haulage)


def test_roads_take_the_shortest_way_in_both_directions() -> None:
    assert km(road(EDGES), "A", "B") == pytest.approx(230.0)
    assert km(road(EDGES), "B", "A") == pytest.approx(230.0)
    assert km(road(EDGES, correction=1.1), "A", "B") == pytest.approx(253.0)


def test_of_two_rows_for_one_road_the_shorter_counts() -> None:
    edges = [("n1", "n3", "road", 300.0), ("n3", "n1", "road", 260.0)]
    assert km(road(edges), "A", "B") == pytest.approx(260.0)
    assert km(road(edges), "B", "A") == pytest.approx(260.0)


def test_the_way_to_the_nearest_node_is_a_stretched_geodesic() -> None:
    # B lies a tenth of a degree past n3: 1.3 x 11.13 km to the node, then 230 km.
    instance = road(EDGES, east_deg=2.1, correction=1.1)
    assert km(instance, "A", "B") == pytest.approx(1.1 * (1.3 * 0.1 * DEGREE_KM + 230.0), rel=1e-6)


def test_a_road_of_no_length_is_still_a_road() -> None:
    edges = [("n1", "n2", "road", 0.0), ("n2", "n3", "road", 130.0)]
    assert km(road(edges), "A", "B") == pytest.approx(130.0)


@pytest.mark.parametrize(
    "edges",
    [[("n1", "n2", "road", 100.0)], [("n1", "n3", "rail", 100.0)]],
    ids=["no path", "another mode"],
)
def test_what_no_road_reaches_has_no_distance_and_no_arc(edges: list[tuple[object, ...]]) -> None:
    assert pd.isna(km(road(edges), "A", "B"))
    network = network_of(road(edges))
    by_road = network.arcs[network.arcs["mode"] == "road"]
    assert ("S", "R") not in set(zip(by_road["from_place"], by_road["to_place"], strict=True))
    dropped = network.dropped_arcs.set_index(["from_place", "to_place", "mode"])["reason"]
    assert dropped["S", "R", "road"] == "no distance"


def test_the_way_is_what_the_distance_is_the_length_of() -> None:
    instance = road(EDGES, east_deg=2.1, correction=1.1)
    network = RoadNetwork(instance)
    pairs = pd.DataFrame(
        [("A", "B", "road"), ("B", "A", "road")], columns=["from_location", "to_location", "mode"]
    )
    there, back = network.ways(pairs)
    assert (there.tolist(), back.tolist()) == ([0, 1, 2], [2, 1, 0])
    steps = network.steps_km("road")
    assert steps.to_dict() == {(0, 1): 100.0, (0, 2): 300.0, (1, 2): 130.0}
    along = steps[0, 1] + steps[1, 2] + network.access_km["A"] + network.access_km["B"]
    assert km(instance, "A", "B") == pytest.approx(1.1 * along)


def test_of_several_ways_of_one_length_both_directions_take_the_same() -> None:
    nodes = [("n1", 0.0, 0.0), ("up", 1.0, 1.0), ("down", 1.0, -1.0), ("n3", 2.0, 0.0)]
    edges = [
        (end, middle, "road", 100.0) if end == "n1" else (middle, end, "road", 100.0)
        for middle in ("down", "up")
        for end in ("n1", "n3")
    ]
    instance = variant(
        {"distance": {"method": "road"}}, locations=EQUATOR, road_nodes=nodes, road_edges=edges
    )
    pairs = pd.DataFrame(
        [("B", "A", "road"), ("A", "B", "road")], columns=["from_location", "to_location", "mode"]
    )
    back, there = RoadNetwork(instance).ways(pairs)
    assert len(there) == 3
    assert there.tolist() == back.tolist()[::-1]


@pytest.mark.parametrize(
    "edges",
    [[("n1", "n2", "road", 100.0)], [("n1", "n3", "rail", 100.0)]],
    ids=["no path", "another mode"],
)
def test_what_no_road_reaches_has_no_way(edges: list[tuple[object, ...]]) -> None:
    pairs = pd.DataFrame([("A", "B", "road")], columns=["from_location", "to_location", "mode"])
    assert [way.tolist() for way in RoadNetwork(road(edges)).ways(pairs)] == [[]]


def test_of_two_rows_for_one_road_the_step_is_the_shorter() -> None:
    edges = [("n1", "n3", "road", 300.0), ("n3", "n1", "road", 260.0)]
    assert RoadNetwork(road(edges)).steps_km("road").to_dict() == {(0, 2): 260.0}
