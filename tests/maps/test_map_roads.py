"""Routes along roads: they are the ways that the hauls are the lengths of."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from pyproj import Geod

from netopt.data.instance import Instance
from netopt.data.read import read_instance
from netopt.maps import layers
from netopt.maps.geojson import write_geojson
from netopt.maps.geopackage import write_geopackage
from netopt.maps.roadflows import STAGE_COLUMNS, road_flows
from netopt.maps.shipments import STAGES
from netopt.maps.ways import ROAD_NOTICE, Ways
from netopt.network.distance import haul_distances_km
from netopt.network.roads import ACCESS_FACTOR, RoadNetwork
from netopt.resources import shipped
from tests.maps.map_cases import (
    ROAD_NODES,
    ROADS,
    FakeRun,
    empty_answer,
    flows_of,
    make_policy,
    toy_run,
    with_roads,
)

NODES = {node: (lon, lat) for node, lon, lat in ROAD_NODES}
SEAT_B, SEAT_C = (105.5, 30.2), (104.2, 29.0)


@pytest.fixture(scope="module")
def china() -> Instance:
    return read_instance(shipped("instances") / "china-2024")


def lengths_km(lines: gpd.GeoSeries) -> np.ndarray:
    return np.array([Geod(ellps="WGS84").geometry_length(line) / 1000 for line in lines])


def access_km(instance: Instance, table: pd.DataFrame) -> np.ndarray:
    """Return the geodesics from both ends of each route to their nearest nodes, added."""
    by_location = RoadNetwork(instance).access_km / ACCESS_FACTOR
    ends = [by_location.loc[table[f"{end}_location"]].to_numpy() for end in ("from", "to")]
    return ends[0] + ends[1]


def national_run(instance: Instance, n_targets: int) -> FakeRun:
    """Return a made-up answer: every prefecture sends packs to the hubs of some others."""
    locations = instance["locations"]["location"].tolist()
    rng = np.random.default_rng(7)
    rows = [
        (f"src_{start}", f"hub_{locations[end]}", "pack_lfp", "2024", float(rng.integers(1, 900)), 0.0)
        for start in locations
        for end in rng.choice(len(locations), n_targets, replace=False)
        if locations[end] != start
    ]
    flows = flows_of(rows)
    hauls = flows.assign(from_location=flows["from_place"].str[4:], to_location=flows["to_place"].str[4:])
    flows["distance_km"] = haul_distances_km(instance, hauls)
    return FakeRun(instance, make_policy(), empty_answer(flows=flows), None)


def test_a_route_runs_from_seat_over_junctions_to_seat():
    routes = layers.routes(with_roads(toy_run())).set_index(["from_location", "to_location", "commodity"])
    there = routes.geometry["L-A", "L-B", "scrap"]
    assert list(there.coords) == [NODES["a"], NODES["a"], NODES["m"], NODES["b"], SEAT_B]
    back = routes.geometry["L-B", "L-A", "black_mass"]
    assert list(back.coords) == list(there.coords)[::-1]
    first = routes.geometry["L-C", "L-A", "pack"]
    assert list(first.coords) == [SEAT_C, NODES["c"], NODES["m"], NODES["a"], NODES["a"]]
    assert set(routes["drawn_as"]) == {"road"}


def test_the_line_is_as_long_as_the_haul():
    """Where roads run straight: distance = correction x (line + 0.3 x access), to a metre."""
    run = with_roads(toy_run())
    routes = layers.routes(run)
    expected = 1.05 * (lengths_km(routes.geometry) + 0.3 * access_km(run.instance, routes))
    assert routes["distance_km"].to_numpy() == pytest.approx(expected, abs=1e-3)
    assert access_km(run.instance, routes).max() > 9


def test_national_lines_fall_short_of_the_haul_by_the_bends_of_roads_alone(china):
    """The table's lengths along each way give the haul to a metre; straight lines are 6 % shorter."""
    run = national_run(china, 3)
    routes = layers.routes(run)
    network, steps = RoadNetwork(china), RoadNetwork(china).steps_km("road")
    along = [sum(steps[min(ends), max(ends)] for ends in pairwise(way)) for way in network.ways(routes)]
    haul = 1.053 * (np.array(along) + ACCESS_FACTOR * access_km(china, routes))
    assert routes["distance_km"].to_numpy() == pytest.approx(haul, abs=1e-3)
    drawn = 1.053 * (lengths_km(routes.geometry) + 0.3 * access_km(china, routes))
    ratio = drawn / routes["distance_km"].to_numpy()
    assert ratio.max() < 1.001
    assert ratio.min() > 0.7
    assert drawn.sum() / routes["distance_km"].sum() == pytest.approx(0.94, abs=0.02)


def test_there_and_back_are_one_way_whatever_else_is_asked(china):
    places = china["locations"]["location"].tolist()
    pairs = pd.DataFrame({"from_location": places[:60], "to_location": places[60:120], "mode": "road"})
    swapped = pairs.rename(columns={"from_location": "to_location", "to_location": "from_location"})
    network = RoadNetwork(china)
    there, back = network.ways(pairs), network.ways(swapped.iloc[::-1])[::-1]
    assert all(np.array_equal(first, second[::-1]) for first, second in zip(there, back, strict=True))
    nearest = network.nearest_nodes
    assert [way[0] for way in there] == nearest.loc[pairs["from_location"]].tolist()
    assert [way[-1] for way in there] == nearest.loc[pairs["to_location"]].tolist()


def test_what_no_road_joins_is_a_geodesic_and_says_so():
    """C's nearest node has no road: its haul comes from a foreign answer, and is shown all the same."""
    run = with_roads(toy_run())
    cut = with_roads(toy_run(), roads=ROADS[:2])
    cut = replace(cut, answer=run.answer)
    routes = layers.routes(cut).set_index(["from_location", "commodity"])
    assert routes.loc[("L-C", "pack"), "drawn_as"] == "geodesic"
    assert routes["drawn_as"].value_counts().to_dict() == {"road": 3, "geodesic": 1}
    line = routes.geometry["L-C", "pack"]
    assert (line.coords[0], line.coords[-1]) == (SEAT_C, NODES["a"])
    flows = road_flows(cut)
    assert flows["tonne_km_per_year"].sum() == pytest.approx(routes["tonne_km_per_year"].sum())
    assert flows.set_index("kind").loc["geodesic", ["from_end", "to_end"]].tolist() == ["L-A", "L-C"]


def test_two_places_at_one_junction_go_over_it():
    run = with_roads(toy_run(), nodes=[("a", 103.0, 31.0), ("m", 0.0, 0.0)], roads=[("a", "m")])
    pair = pd.DataFrame({"from_location": ["L-B"], "to_location": ["L-C"], "mode": ["road"]})
    ways = Ways(run.instance, pair)
    assert list(ways.lines()[0].coords) == [SEAT_B, NODES["a"], SEAT_C]


def test_tables_and_geodesics_keep_their_lines():
    routes = layers.routes(toy_run())
    assert set(routes["drawn_as"]) == {"geodesic"}
    assert all(len(line.coords) > 3 for line in routes.geometry)


def test_a_road_over_the_antimeridian_is_cut_at_every_crossing():
    nodes = [("a", 179.0, 0.0), ("m", -179.0, 1.0), ("b", 179.0, 2.0)]
    run = with_roads(toy_run(), nodes=nodes, roads=[("a", "m"), ("m", "b")])
    at = {"L-A": (178.0, 0.0), "L-B": (178.0, 2.0), "L-C": (-178.0, 1.0)}
    locations = run.instance["locations"]
    locations = locations.assign(
        lon_deg=[at[each][0] for each in locations["location"]],
        lat_deg=[at[each][1] for each in locations["location"]],
    )
    instance = replace(run.instance, tables={**run.instance.tables, "locations": locations})
    pair = pd.DataFrame({"from_location": ["L-A"], "to_location": ["L-B"], "mode": ["road"]})
    parts = [list(part.coords) for part in Ways(instance, pair).lines()[0].geoms]
    assert parts == [
        [(178.0, 0.0), (179.0, 0.0), (180.0, 0.5)],
        [(-180.0, 0.5), (-179.0, 1.0), (-180.0, 1.5)],
        [(180.0, 1.5), (179.0, 2.0), (178.0, 2.0)],
    ]


def test_what_moves_on_a_stretch_is_what_the_routes_over_it_carry():
    flows = road_flows(with_roads(toy_run())).set_index(["kind", "from_end", "to_end"])
    scrap, cascade, mass, packs = 4900.0, 2100.0, 3500.0, 2000.0
    tonnes = flows["tonnes_per_year"].to_dict()
    assert tonnes == pytest.approx(
        {
            ("access", "L-A", "a"): scrap + cascade + mass + packs,
            ("access", "L-B", "b"): scrap + cascade + mass,
            ("access", "L-C", "c"): packs,
            ("road", "a", "m"): scrap + cascade + mass + packs,
            ("road", "m", "b"): scrap + cascade + mass,
            ("road", "m", "c"): packs,
        }
    )
    shared = flows.loc[("road", "a", "m")]
    by_stage = dict(zip(STAGES, (packs, cascade, scrap, mass, 0.0), strict=True))
    assert {stage: shared[column] for stage, column in STAGE_COLUMNS.items()} == pytest.approx(by_stage)
    assert shared["main_stage"] == "undismantled"
    assert list(shared["geometry"].coords) == [NODES["a"], NODES["m"]]


@pytest.mark.parametrize("periods", [1, 3])
def test_stretches_hold_every_tonne_kilometre_of_the_routes(periods):
    run = with_roads(toy_run(periods))
    routes, flows = layers.routes(run), road_flows(run)
    assert flows["tonne_km_per_year"].sum() == pytest.approx(routes["tonne_km_per_year"].sum(), rel=1e-6)
    stages = flows[list(STAGE_COLUMNS.values())].sum(axis=1)
    assert stages.to_numpy() == pytest.approx(flows["tonnes_per_year"].to_numpy())
    if periods == 3:
        assert (flows["tonnes_per_year_2025"] > flows["tonnes_per_year_2024"]).all()


def test_three_thousand_routes_take_seconds_and_few_megabytes(china, tmp_path):
    run = national_run(china, 9)
    start = time.perf_counter()
    path = write_geopackage({"unified": run}, tmp_path / "china.gpkg")
    assert time.perf_counter() - start < 30
    assert pyogrio.read_info(path, layer="routes_unified")["features"] > 3000
    assert path.stat().st_size < 30e6
    flows = road_flows(run)
    routes = layers.route_figures(run)
    assert flows["tonne_km_per_year"].sum() == pytest.approx(routes["tonne_km_per_year"].sum(), rel=1e-6)


def test_files_along_roads_carry_the_notice_and_a_layer_of_flows(tmp_path):
    run = with_roads(toy_run())
    path = write_geopackage({"unified": run, "open-market": run}, tmp_path / "x.gpkg")
    drawn = [f"{kind}_{name}" for name in ("unified", "open_market") for kind in ("routes", "road_flows")]
    for layer in drawn:
        info = pyogrio.read_info(path, layer=layer)
        assert ROAD_NOTICE in info["layer_metadata"]["DESCRIPTION"]
        assert ROAD_NOTICE in info["dataset_metadata"]["ATTRIBUTION"]
    assert "© OpenStreetMap contributors, ODbL" in ROAD_NOTICE
    files = {
        each.name: json.loads(each.read_text(encoding="utf-8")) for each in write_geojson(run, tmp_path)
    }
    assert list(files) == ["facilities.geojson", "routes.geojson", "sources.geojson", "road_flows.geojson"]
    notices = {name: content.get("description") for name, content in files.items()}
    assert notices["routes.geojson"] == notices["road_flows.geojson"] == ROAD_NOTICE
    assert len(files["road_flows.geojson"]["features"]) == len(road_flows(run))


def test_files_without_roads_claim_none(tmp_path):
    path = write_geopackage({"unified": toy_run()}, tmp_path / "x.gpkg")
    names = [name for name, _ in pyogrio.list_layers(path)]
    assert not [name for name in names if "road" in name]
    info = pyogrio.read_info(path, layer="routes_unified")
    assert info["dataset_metadata"] is None
    assert "OpenStreetMap" not in info["layer_metadata"]["DESCRIPTION"]
    assert "not roads" in info["layer_metadata"]["DESCRIPTION"]


def test_the_style_of_flows_has_a_band_for_each_stage(tmp_path):
    path = write_geopackage({"unified": with_roads(toy_run())}, tmp_path / "x.gpkg")
    with closing(sqlite3.connect(path)) as database:
        query = "SELECT styleQML FROM layer_styles WHERE f_table_name = 'road_flows_unified'"
        root = ET.fromstring(database.execute(query).fetchone()[0])  # noqa: S314 - our own file
    renderer = root.find("renderer-v2")
    assert (renderer.get("attr"), renderer.get("symbollevels")) == ("tonnes_per_year", "1")
    columns = set(pyogrio.read_info(path, layer="road_flows_unified")["fields"])
    for symbol in renderer.findall("symbols/symbol"):
        bands = symbol.findall("layer")
        assert [band.get("pass") for band in bands] == [str(rank) for rank in range(len(STAGES))]
        named = [
            option.get("value").count("_tonnes_per_year")
            for band in bands
            for option in band.iter("Option")
            if option.get("name") == "expression" and "/" in option.get("value")
        ]
        assert named == list(range(len(STAGES), 0, -1))
    assert set(STAGE_COLUMNS.values()) <= columns


def test_an_answer_without_flows_has_no_stretches(tmp_path):
    run = replace(with_roads(toy_run()), answer=empty_answer())
    flows = road_flows(run)
    assert len(flows) == 0
    assert "tonnes_per_year" in flows
    info = pyogrio.read_info(write_geopackage({"a": run}, tmp_path / "x.gpkg"), layer="road_flows_a")
    assert info["features"] == 0
