"""Points of a GIS into an instance: merged by id, in WGS 84, and never from a distorted system."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from pyproj import Transformer
from shapely import LineString, MultiPoint, Point, Polygon

from netopt.data.formats.foreign import Foreign
from netopt.data.formats.places import read
from netopt.data.imported import as_instance
from netopt.data.instance import Instance
from netopt.data.read import read_instance
from netopt.errors import InstanceError, UsageError

NEW_SITE = {
    "site": "R9",
    "name": "Neu",
    "facility_type": "hub",
    "operator": "O1",
    "jurisdiction": "P1",
}


def layer(rows: list[dict[str, Any]], points: list[Any], crs: str | None = "EPSG:4326") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(rows, geometry=points, crs=crs)


def saved(folder: Path, table: gpd.GeoDataFrame, name: str = "sites", file: str = "qgis.gpkg") -> Path:
    path = folder / file
    if file.endswith(".geojson"):
        table.to_file(path, driver="GeoJSON")
    else:
        table.to_file(path, layer=name, driver="GPKG", engine="pyogrio")
    return path


def geojson(
    folder: Path, features: list[dict[str, Any]], file: str = "sites.geojson", **members: Any
) -> Path:
    path = folder / file
    content = {"type": "FeatureCollection", **members, "features": features}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def feature(properties: dict[str, Any], lon: Any = 100.5, lat: Any = 30.5) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
    }


def merged(path: Path, **options: Any) -> tuple[Instance, Foreign]:
    found = read(path, base="toy", **options)
    return as_instance(found, path, "places", "").instance, found


def operator_of_toy() -> str:
    return str(read_instance("toy")["operators"]["operator"].iloc[0])


def new_site(**more: Any) -> dict[str, Any]:
    return {**NEW_SITE, "operator": operator_of_toy(), **more}


def problems_of(path: Path, **options: Any) -> str:
    with pytest.raises(InstanceError) as caught:
        merged(path, **options)
    return str(caught.value)


@pytest.mark.parametrize("file", ["qgis.gpkg", "sites.geojson"])
def test_a_new_site_is_a_row_with_its_place_and_the_rest_stays(tmp_path: Path, file: str) -> None:
    path = saved(
        tmp_path, layer([new_site(existing_capacity_tonnes_per_year=500)], [Point(100.5, 30.5)]), file=file
    )
    instance, found = merged(path)
    toy = read_instance("toy")
    sites = instance["sites"].set_index("site")
    assert sites.loc["R9", "name"] == "Neu"
    assert sites.loc["R9", "existing_capacity_tonnes_per_year"] == 500
    assert (sites.loc["R9", "effective_share"], sites.loc["R9", "may_build"]) == (1, True)
    place = instance["locations"].set_index("location").loc["R9"]
    assert (place["lon_deg"], place["lat_deg"], place["jurisdiction"]) == (100.5, 30.5, "P1")
    for name in ("sites", "locations"):
        assert instance[name].iloc[: len(toy[name])].equals(toy[name])
    untouched = toy.tables.keys() - {"sites", "locations"}
    assert all(instance[name].equals(toy[name]) for name in untouched)
    assert "data/sites.csv: 1 rows are new, 0 are of an id that was there." in found.notes


def test_what_a_layer_says_of_known_rows_is_changed_and_nothing_else(tmp_path: Path) -> None:
    toy = read_instance("toy")
    known = toy["sources"].iloc[0]
    rows = [{"source": known["source"], "fixed_cny_per_year": 7.0, "remark": "moved", "lokation": None}]
    instance, found = merged(saved(tmp_path, layer(rows, [Point(100.25, 30.125)]), "sources"))
    first = instance["sources"].iloc[0]
    assert (first["fixed_cny_per_year"], first["name"], first["location"]) == (
        7,
        known["name"],
        known["location"],
    )
    assert instance["supply"].equals(toy["supply"])
    place = instance["locations"].set_index("location").loc[known["location"]]
    assert (place["lon_deg"], place["lat_deg"], place["name"]) == (100.25, 30.125, "Westtown")
    told = " ".join(found.notes)
    assert f"Locations that moved: {known['location']}" in told
    assert "no column of the tables is called remark, lokation (lokation: did you mean 'location'?)" in told


def test_a_new_source_needs_what_retires_there(tmp_path: Path) -> None:
    row = {"source": "S9", "jurisdiction": "P1"}
    point = [Point(100.1, 30.1)]
    assert "what retires at source 'S9' needs 'supply_tonnes_per_year'" in problems_of(
        saved(tmp_path, layer([row], point), "sources", "a.gpkg")
    )
    row["supply_tonnes_per_year"] = 120.5
    instance, _ = merged(saved(tmp_path, layer([row], point), "sources", "b.gpkg"))
    supply = instance["supply"].set_index("source").loc["S9"]
    assert (supply["commodity"], supply["supply_tonnes_per_year"]) == ("pack", 120.5)
    assert supply["period"] == instance.periods[0]


def test_points_of_another_system_are_brought_to_wgs_84(tmp_path: Path) -> None:
    """UTM zone 47 N, CGCS2000 Gauss-Krueger zone 34 and plain CGCS2000."""
    for number, crs in enumerate(("EPSG:32647", "EPSG:4534", "EPSG:4490")):
        east, north = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(100.5, 30.5)
        path = saved(tmp_path, layer([new_site()], [Point(east, north)], crs), file=f"{number}.gpkg")
        instance, _ = merged(path)
        place = instance["locations"].set_index("location").loc["R9"]
        assert place["lon_deg"] == pytest.approx(100.5, abs=1e-7)
        assert place["lat_deg"] == pytest.approx(30.5, abs=1e-7)


@pytest.mark.filterwarnings("ignore:.crs. was not provided")
def test_an_undeclared_system_is_refused(tmp_path: Path) -> None:
    said = problems_of(saved(tmp_path, layer([new_site()], [Point(100.5, 30.5)], None)))
    assert "[crs_missing]" in said
    assert "coordinate system" in said


def test_points_that_are_not_where_the_system_says_are_refused(tmp_path: Path) -> None:
    said = problems_of(saved(tmp_path, layer([new_site()], [Point(500_000, 3_400_000)])))
    assert (
        "row 1: [off_the_earth] '500000 3400000' is no place on earth in the declared system, WGS 84"
        in said
    )


def test_swapped_coordinates_are_noticed(tmp_path: Path) -> None:
    assert "or are longitude and latitude swapped?" in problems_of(
        geojson(tmp_path, [feature(new_site(), 30.5, 100.5)])
    )


GCJ = "GCJ-02 (and BD-09, made from it) shifts every point by 100 to 700 m"


@pytest.mark.parametrize(
    ("file", "members", "properties"),
    [
        ("sites.geojson", {"crs": {"type": "name", "properties": {"name": "GCJ-02"}}}, {}),
        ("sites.geojson", {"crs": {"type": "name", "properties": {"name": "urn:local:Mars"}}}, {}),
        ("sites.geojson", {"coordinate_system": "gcj02"}, {}),
        ("sites.geojson", {"metadata": {"source": "高德地图"}}, {}),
        ("sites.geojson", {"name": "sites_GCJ02"}, {}),
        ("sites-gcj02.geojson", {}, {}),
        ("sites.geojson", {}, {"lng_gcj02": 100.5}),
        ("sites.geojson", {}, {"amap_id": "B0"}),
        ("sites.geojson", {}, {"coord_type": "GCJ-02"}),
        ("sites.geojson", {}, {"crs": "bd09ll"}),
        ("sites.geojson", {}, {"坐标系": "火星坐标系"}),
    ],
)
def test_distorted_coordinates_are_refused_by_every_way_to_say_so(
    tmp_path: Path, file: str, members: dict[str, Any], properties: dict[str, Any]
) -> None:
    said = problems_of(geojson(tmp_path, [feature({**new_site(), **properties})], file, **members))
    assert "[distorted_coordinates]" in said
    assert GCJ in said
    assert "WGS 84 or CGCS2000" in said


@pytest.mark.parametrize("place", ["layer", "column", "description", "system", "metadata"])
def test_distorted_coordinates_of_a_package_are_refused(tmp_path: Path, place: str) -> None:
    row = new_site(**({"x_gcj": 1.0} if place == "column" else {}))
    name = "sites_gcj02" if place == "layer" else "sites"
    path = saved(tmp_path, layer([row], [Point(100.5, 30.5)]), name)
    with closing(sqlite3.connect(path)) as package, package:
        if place == "description":
            package.execute("UPDATE gpkg_contents SET description = 'exported from AMap'")
        if place == "system":
            package.execute("UPDATE gpkg_spatial_ref_sys SET srs_name = 'GCJ02 Mars' WHERE srs_id = 4326")
        if place == "metadata":
            package.execute("CREATE TABLE gpkg_metadata (id INTEGER PRIMARY KEY, metadata TEXT)")
            package.execute("INSERT INTO gpkg_metadata (metadata) VALUES ('coordinates: GCJ-02')")
    assert "[distorted_coordinates]" in problems_of(path)


def test_names_that_only_look_alike_are_no_reason(tmp_path: Path) -> None:
    """Marseille is a town, a datamap a map; what a plant is called says nothing of coordinates."""
    row = new_site(datamap="Marseille", name="Mars Baidu Recycling", marsh=1)
    instance, _ = merged(geojson(tmp_path, [feature(row)], "marshland.geojson"))
    assert instance["sites"].set_index("site").loc["R9", "name"] == "Mars Baidu Recycling"


def test_an_unknown_system_of_a_geojson_is_not_taken_for_wgs_84(tmp_path: Path) -> None:
    named = {"type": "name", "properties": {"name": "urn:county:local-grid"}}
    assert "[crs_unknown]" in problems_of(geojson(tmp_path, [feature(new_site())], crs=named))


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        '=HYPERLINK("http://x")',
        "'; DROP TABLE sites; --",
        "../../etc",
        "厂 |`*",
    ],
)
def test_hostile_names_stay_text(tmp_path: Path, name: str) -> None:
    for file in ("a.gpkg", "b.geojson"):
        path = saved(tmp_path, layer([new_site(name=name)], [Point(100.5, 30.5)]), file=file)
        instance, _ = merged(path, table="sites")
        assert instance["sites"].set_index("site").loc["R9", "name"] == name


def test_control_characters_are_refused_and_never_printed(tmp_path: Path) -> None:
    said = problems_of(geojson(tmp_path, [feature(new_site(name="a\x1b[2Jb"))]))
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (LineString([(100, 30), (101, 31)]), "LineString"),
        (Polygon([(100, 30), (101, 30), (101, 31)]), "Polygon"),
        (MultiPoint([(100, 30), (101, 31)]), "MultiPoint"),
        (None, "none"),
        (Point(), "none"),
    ],
)
def test_what_is_no_point_is_refused_feature_by_feature(tmp_path: Path, shape: Any, kind: str) -> None:
    path = saved(tmp_path, layer([new_site(), new_site(site="R8")], [Point(100.5, 30.5), shape]))
    said = problems_of(path, layer="sites")
    assert f"qgis.gpkg: sites, row 2: [not_a_point] a place is one point, this is: {kind}" in said


def test_every_bad_attribute_is_told(tmp_path: Path) -> None:
    features = [
        feature(new_site(existing_capacity_tonnes_per_year="many", may_build="maybe")),
        feature({**new_site(), "site": None}),
        feature(new_site(site="R7", location="R9"), 101.0),
        feature(new_site()),
    ]
    said = problems_of(geojson(tmp_path, features))
    for part in (
        "row 1, column existing_capacity_tonnes_per_year: [number] 'many' is not a number",
        "row 1, column may_build: [boolean] 'maybe' is neither true nor false",
        "row 2, column site: [blank] the feature has no 'site'",
        "row 3, column location: [two_points] location 'R9' is given 100.500000 30.500000 and 101.000000",
        "row 4, column site: [duplicate] 'R9' stands in an earlier feature too",
    ):
        assert part in said


def test_what_a_new_row_needs_is_named(tmp_path: Path) -> None:
    said = problems_of(geojson(tmp_path, [feature({"site": "R9"})]))
    assert "a new row of data/sites.csv needs 'facility_type': What it is or would be." in said
    assert "a new row of data/locations.csv needs 'jurisdiction'" in said


def test_figures_are_checked_like_those_of_any_instance(tmp_path: Path) -> None:
    row = new_site(existing_capacity_tonnes_per_year=-5, facility_type="recycller")
    said = problems_of(geojson(tmp_path, [feature(row)]))
    assert "data/sites.csv" in said
    assert "recycller" in said


def test_layers_are_chosen_by_name_column_or_option(tmp_path: Path) -> None:
    table = layer([new_site()], [Point(100.5, 30.5)])
    path = saved(tmp_path, table, "plants")
    saved(tmp_path, layer([{"town": "x"}], [Polygon([(0, 0), (1, 0), (1, 1)])]), "counties")
    assert "R9" in set(merged(path)[0]["sites"]["site"])
    saved(tmp_path, layer([{"town": "x"}], [Point(1, 1)]), "towns")
    assert "qgis.gpkg: towns: [layer_table] neither name nor columns tell" in problems_of(path)
    assert "R9" in set(merged(path, layer="plants")[0]["sites"]["site"])
    with pytest.raises(UsageError, match="has no layer 'plant' \\(did you mean 'plants'\\?\\)"):
        merged(path, layer="plant")
    with pytest.raises(UsageError, match="--table must be one of"):
        merged(path, table="site")
    assert "[missing_column] the layer has no column 'source'" in problems_of(
        path, layer="plants", table="sources"
    )


def test_places_need_an_instance(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="add --base"):
        read(geojson(tmp_path, [feature(new_site())]))


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("a.geojson", b"not json"),
        ("a.geojson", b"[1, 2]"),
        ("a.geojson", b'{"type": "Topology"}'),
        ("a.geojson", b"[" * 100_000),
        ("a.geojson", b'{"type": "FeatureCollection", "features": "none"}'),
        ("a.geojson", b'{"type": "FeatureCollection", "features": []}'),
        ("a.geojson", b"\xff\xfe\x00"),
        ("a.gpkg", b"SQLite format 3\x00" + b"\x00" * 50),
        ("a.gpkg", b"PK\x03\x04"),
        ("a.gpkg", b""),
    ],
)
def test_a_file_that_is_none_is_refused_quickly(tmp_path: Path, file: str, content: bytes) -> None:
    (tmp_path / file).write_bytes(content)
    began = time.monotonic()
    assert "a.g" in problems_of(tmp_path / file)
    assert time.monotonic() - began < 10


def test_a_database_that_is_no_geopackage_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE notes (text TEXT)")
    assert "no whole GeoPackage" in problems_of(path)


def test_a_cut_off_package_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, layer([new_site()], [Point(100.5, 30.5)]))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "qgis.gpkg" in problems_of(path)


def test_a_table_of_distances_has_no_row_for_a_new_place(tmp_path: Path) -> None:
    _, found = merged(geojson(tmp_path, [feature(new_site())]))
    assert any("data/distances.csv has no row for R9: no haul leads there" in note for note in found.notes)
