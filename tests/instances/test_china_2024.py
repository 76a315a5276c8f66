"""The instance of 337 prefectures: it is china-provinces, divided, with roads between its places."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pandas as pd
import pytest

from netopt.data.instance import Instance
from netopt.data.read import read_instance, validate_folder
from netopt.data.volumes import with_volume
from netopt.data.write import describe_folder
from netopt.network.distance import haul_distances_km
from netopt.pipeline import solve
from netopt.policy.read import read_policy
from netopt.solution.options import SolveOptions
from netopt.solution.outcome import Status
from tests.instances.national import INSTANCES, part, source

FOLDER = INSTANCES / "china-2024"
TYPES = ["cascade", "dismantler", "hub", "hydromet"]

KNOWN_ROAD_KM = [
    ("110000", "310000", 1215),  # Beijing, Shanghai
    ("110000", "120000", 130),  # Beijing, Tianjin
    ("110000", "130100", 290),  # Beijing, Shijiazhuang
    ("110000", "440100", 2130),  # Beijing, Guangzhou
    ("310000", "320100", 300),  # Shanghai, Nanjing
    ("310000", "330100", 177),  # Shanghai, Hangzhou
    ("440100", "440300", 138),  # Guangzhou, Shenzhen
    ("420100", "430100", 345),  # Wuhan, Changsha
    ("510100", "500000", 310),  # Chengdu, Chongqing
    ("610100", "510100", 720),  # Xi'an, Chengdu
    ("370100", "370200", 355),  # Jinan, Qingdao
    ("210100", "210200", 390),  # Shenyang, Dalian
    ("220100", "230100", 270),  # Changchun, Harbin
    ("620100", "650100", 1900),  # Lanzhou, Urumqi
    ("460100", "460200", 270),  # Haikou, Sanya
]
"""Driving distances by expressway between centres, general knowledge, known to about 3 %."""


@pytest.fixture(scope="module")
def instance() -> Instance:
    return read_instance(FOLDER)


@pytest.fixture(scope="module")
def provinces() -> Instance:
    return read_instance(INSTANCES / "china-provinces")


def in_provinces(instance: Instance, table: str) -> pd.DataFrame:
    """Return a table with a column ``jurisdiction`` from its locations."""
    home = instance["locations"].set_index("location")["jurisdiction"]
    return instance[table].assign(jurisdiction=instance[table]["location"].map(home))


def supply_by_province(instance: Instance) -> pd.Series:
    supply = instance["supply"].merge(in_provinces(instance, "sources"), on="source")
    return supply.groupby(["jurisdiction", "commodity"])["supply_tonnes_per_year"].sum()


def standing_by_province(instance: Instance) -> pd.DataFrame:
    keys = ["jurisdiction", "facility_type", "operator"]
    amounts = ["existing_capacity_tonnes_per_year", "existing_fixed_cny_per_year"]
    sums = in_provinces(instance, "sites").groupby(keys)[amounts].sum()
    return sums[sums[amounts[0]] > 0]


def test_supply_sums_to_the_provinces(instance: Instance, provinces: Instance) -> None:
    found, expected = supply_by_province(instance), supply_by_province(provinces)
    assert len(found) == 62
    pd.testing.assert_series_equal(found, expected, rtol=0, atol=1e-4)


def test_standing_capacity_and_its_cost_sum_to_the_provinces(
    instance: Instance, provinces: Instance
) -> None:
    pd.testing.assert_frame_equal(standing_by_province(instance), standing_by_province(provinces))


def test_demand_and_outlets_sum_to_the_provinces(instance: Instance, provinces: Instance) -> None:
    for table in ("markets", "offtake"):
        pd.testing.assert_frame_equal(instance[table], provinces[table])
    outlets, expected = (
        in_provinces(one, "sources").groupby("jurisdiction")["fixed_cny_per_year"].sum()
        for one in (instance, provinces)
    )
    pd.testing.assert_series_equal(outlets, expected, rtol=1e-12)


def test_within_a_province_supply_follows_population(instance: Instance) -> None:
    people = source("prefecture_population.csv").set_index("adcode")["pop_2020_incl_direct_counties"]
    tonnes = instance["supply"].groupby("source")["supply_tonnes_per_year"].sum()
    ratio = float(people["510100"]) / float(people["511900"])
    assert tonnes["src_510100"] / tonnes["src_511900"] == pytest.approx(ratio, rel=1e-6)


def test_every_prefecture_may_have_every_type(instance: Instance) -> None:
    sites = instance["sites"]
    assert sites["may_build"].all()
    types = sites.groupby("location")["facility_type"].agg(lambda kinds: sorted(set(kinds)))
    assert len(types) == len(instance["locations"]) == instance["sources"]["location"].nunique() == 337
    assert all(kinds == TYPES for kinds in types)
    assert set(sites.loc[sites.duplicated(["location", "facility_type"]), "location"]) == {"440100"}


def test_plants_stand_at_capitals_but_where_a_white_list_names_the_prefecture(instance: Instance) -> None:
    sites = instance["sites"]
    standing = sites[sites["existing_capacity_tonnes_per_year"] > 0]
    capitals = set(source("provinces.csv")["capital_adcode"])
    for types, files in (
        (["cascade"], ["white_list_cascade.csv"]),
        (["dismantler", "hydromet"], ["white_list_batch1.csv", "white_list_recycling.csv"]),
    ):
        named = pd.concat([source(file) for file in files])["prefecture_adcode"]
        for facility_type in types:
            places = set(standing.loc[standing["facility_type"] == facility_type, "location"])
            assert places - capitals == set(named) - capitals - {""}
    sizes = standing.set_index("site")["existing_capacity_tonnes_per_year"]
    assert sizes["dismantler_360700"] == round(2 / 21 * 420_000)  # Ganzhou: two of Jiangxi's 21 plants


def test_a_dozen_pairs_of_cities_are_as_far_apart_as_drivers_know(instance: Instance) -> None:
    pairs = pd.DataFrame(KNOWN_ROAD_KM, columns=["from_location", "to_location", "known_km"])
    km = haul_distances_km(instance, pairs.assign(mode="road"))
    error = km / pairs["known_km"] - 1
    assert error.abs().max() < 0.08, pairs.assign(km=km)
    assert abs(error.median()) < 0.03


def test_roads_and_geodesics_agree_in_the_mean_with_the_table_of_capitals(
    instance: Instance, provinces: Instance
) -> None:
    table = provinces["distances"].rename(
        columns={"origin": "from_location", "destination": "to_location", "distance_km": "table_km"}
    )
    by_road = haul_distances_km(instance, table)
    assert by_road.sum() / table["table_km"].sum() == pytest.approx(1, abs=0.005)
    assert (by_road / table["table_km"] - 1).abs().max() < 0.12
    distance = instance.settings.distance.model_copy(update={"method": "geodesic"})
    settings = instance.settings.model_copy(update={"distance": distance})
    geodesic = haul_distances_km(Instance(settings, instance.tables, "", None), table)
    assert geodesic.sum() / table["table_km"].sum() == pytest.approx(1, abs=0.05)


def test_the_instance_chooses_its_distances_by_one_word(tmp_path: Path) -> None:
    copy = tmp_path / "geodesic"
    shutil.copytree(FOLDER, copy)
    for file in (copy / "data").glob("road_*.csv"):
        file.unlink()
    settings = (copy / "instance.toml").read_text(encoding="utf-8")
    assert settings.count('method = "road"') == 1
    (copy / "instance.toml").write_text(settings.replace('"road"', '"geodesic"'), encoding="utf-8")
    describe_folder(copy)
    pair = pd.DataFrame([("110000", "310000", "road")], columns=["from_location", "to_location", "mode"])
    assert haul_distances_km(read_instance(copy), pair).iloc[0] == pytest.approx(1.265 * 1067, rel=0.005)


def test_a_part_is_planned_and_checked_along_the_roads(instance: Instance) -> None:
    """Qinghai and Ningxia at a volume of 2030, all collected: what stands is at Yinchuan alone."""
    pair = part(with_volume(instance, "2030-high"), ["CN-QH", "CN-NX"])
    options = SolveOptions(gap=0.02, time_limit_s=120, threads=1, formal_share=1.0)
    solution = solve(pair, read_policy("unified", pair), options)
    assert solution.verdict.ok
    assert solution.outcome.status is Status.OPTIMAL
    facilities = solution.answer.facilities.merge(pair["sites"], on="site")
    assert set(facilities.loc[facilities["closed"], "location"]) <= {"640100"}
    hauls = solution.answer.flows.merge(pair["sources"], left_on="from_place", right_on="source")
    assert hauls["flow_units_per_year"].sum() == pytest.approx(
        pair["supply"]["supply_tonnes_per_year"].sum()
    )
    away = hauls.merge(pair["sites"], left_on="to_place", right_on="site", suffixes=("_from", "_to"))
    ends = {"location_from": "from_location", "location_to": "to_location"}
    away = away.rename(columns=ends).query("from_location != to_location")
    assert away["distance_km"].max() > 500
    assert away["distance_km"].to_numpy() == pytest.approx(haul_distances_km(instance, away).to_numpy())


def test_every_prefecture_is_reached_quickly_from_every_other(instance: Instance) -> None:
    places = instance["locations"][["location"]]
    pairs = places.merge(places, how="cross", suffixes=("_from", "_to")).assign(mode="road")
    hauls = pairs.set_axis(["from_location", "to_location", "mode"], axis=1)
    start = time.perf_counter()
    km = haul_distances_km(instance, hauls)
    assert time.perf_counter() - start < 10
    assert km.notna().all()
    matrix = km.to_numpy().reshape(337, 337)
    assert abs(matrix - matrix.T).max() < 1e-6


def test_areas_of_prefectures_fill_their_provinces() -> None:
    places = source("prefecture_places.csv").set_index("adcode")["thiessen_area_km2"].astype(float)
    province = source("prefecture_population.csv").set_index("adcode")["province_adcode"]
    areas = places.groupby(province.reindex(places.index)).sum()
    assert areas["510000"] == pytest.approx(486_000, rel=0.02)  # Sichuan
    assert areas["440000"] == pytest.approx(179_700, rel=0.03)  # Guangdong
    assert areas.sum() == pytest.approx(9.4e6, rel=0.02)


def test_it_validates_in_seconds() -> None:
    start = time.perf_counter()
    assert validate_folder(FOLDER) == []
    assert time.perf_counter() - start < 15


def test_the_notice_of_the_road_data_travels_with_it() -> None:
    notice = "(c) OpenStreetMap contributors"
    for page in (FOLDER / "LICENSE-DATA.md", FOLDER / "README.md", INSTANCES / "china" / "LICENSE-DATA.md"):
        text = page.read_text(encoding="utf-8")
        assert notice in text
        assert "Open Database License" in text
    assert sum(file.stat().st_size for file in (FOLDER / "data").glob("road_*.csv")) < 1e6
