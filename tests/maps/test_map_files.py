from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from xml.etree import ElementTree as ET

import pandas as pd
import pyogrio
import pytest
from shapely.geometry import shape

from netopt.data.read import read_instance
from netopt.errors import UsageError
from netopt.maps import layers, style
from netopt.maps.geojson import write_geojson
from netopt.maps.geopackage import write_geopackage
from netopt.maps.text import plain
from netopt.pipeline import solve
from netopt.policy.read import make_policy as policy_of
from netopt.resources import shipped
from tests.instances_random import with_tables
from tests.maps.map_cases import (
    CHINA,
    FakeRun,
    china_run,
    empty_answer,
    make_instance,
    make_policy,
    toy_run,
)

HOSTILE = (
    '<script>alert("x")</script>',
    '=HYPERLINK("http://example.org")\'); DROP TABLE layer_styles;--',
    "\u202egnirts\u202c \u0627\u0644\u0635\u064a\u0646",
    "$\\frac{1}{0}$ & $x^2$",
    "n" * 3000,
    "line\nbreak\ttab\x07",
    "]]> --> <!-- %s {0} 中文名字 🔋",
)


def hostile_run() -> FakeRun:
    """Return the run on provinces with a stranger's names everywhere."""
    run = china_run()
    tables = dict(run.instance.tables)
    for name in ("locations", "jurisdictions", "sites", "facility_types", "commodities", "operators"):
        table = tables[name]
        names = [HOSTILE[index % len(HOSTILE)] for index in range(len(table))]
        tables[name] = table.assign(name=names).astype({"name": "str"})
    about = run.instance.settings.instance.model_copy(update={"title": HOSTILE[0]})
    settings = run.instance.settings.model_copy(update={"instance": about})
    instance = replace(run.instance, tables=tables, settings=settings)
    return replace(run, instance=instance, policy=make_policy(HOSTILE[1], HOSTILE[3]))


def styles_of(path) -> dict[str, ET.Element]:
    """Return the parsed default style of every layer."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT f_table_name, styleQML, useAsDefault FROM layer_styles").fetchall()
    assert all(default == 1 for *_, default in rows)
    return {name: ET.fromstring(qml) for name, qml, _ in rows}  # noqa: S314 - our own file


def test_geopackage_has_every_layer_in_wgs84_with_a_style(tmp_path):
    runs = {"unified": china_run(), "open-market": china_run()}
    path = write_geopackage(runs, tmp_path / "maps" / "network.gpkg")
    names = [name for name, _ in pyogrio.list_layers(path)]
    expected = ["jurisdictions", "sources", "markets"]
    expected += ["facilities_unified", "routes_unified", "facilities_open_market", "routes_open_market"]
    assert names == [*expected, "layer_styles"]
    assert all(pyogrio.read_info(path, layer=name)["crs"] == "EPSG:4326" for name in expected)
    styles = styles_of(path)
    assert list(styles) == expected
    kinds = {name: own.find("renderer-v2").get("type") for name, own in styles.items()}
    assert kinds["routes_unified"] == kinds["jurisdictions"] == "graduatedSymbol"
    assert kinds["facilities_unified"] == "categorizedSymbol"
    assert kinds["sources"] == "singleSymbol"
    assert not list((tmp_path / "maps").glob(".map-*"))


def test_geopackage_is_registered_as_the_standard_asks(tmp_path):
    path = write_geopackage({"unified": toy_run()}, tmp_path / "toy.gpkg")
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT data_type FROM gpkg_contents WHERE table_name = 'layer_styles'")
        assert rows.fetchall() == [("attributes",)]
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_gis_files_carry_the_notices_of_a_renamed_copy(tmp_path):
    notice = (shipped("instances") / "china-provinces" / "LICENSE-DATA.md").read_text(encoding="utf-8")
    home = tmp_path / "my-copy"
    home.mkdir()
    (home / "LICENSE-DATA.md").write_text(notice, encoding="utf-8")
    run = china_run()
    run = replace(run, instance=replace(run.instance, directory=home))
    path = write_geopackage({"unified": run}, tmp_path / "maps" / "network.gpkg")
    with closing(sqlite3.connect(path)) as database:
        said = "SELECT description FROM gpkg_contents WHERE data_type = 'features'"
        descriptions = [text for (text,) in database.execute(said)]
    assert len(descriptions) == 5
    for text in descriptions:
        assert "© OpenStreetMap contributors, ODbL 1.0." in text
        assert "GeoNames, CC BY 4.0." in text
    assert "Natural Earth" in descriptions[0]
    written = write_geojson(run, tmp_path / "maps" / "unified")
    assert (tmp_path / "maps" / "unified" / "LICENSE-DATA.md") in written
    assert written[-1].read_text(encoding="utf-8") == notice


def test_styles_cover_every_tonne_and_every_type(tmp_path):
    run = china_run()
    path = write_geopackage({"unified": run}, tmp_path / "china.gpkg")
    styles = styles_of(path)
    ranges = styles["routes_unified"].findall(".//range")
    bounds = [(float(each.get("lower")), float(each.get("upper"))) for each in ranges]
    assert all(low < high for low, high in bounds)
    assert [high for _, high in bounds[:-1]] == [low for low, _ in bounds[1:]]
    assert bounds[-1][1] >= layers.routes(run)["tonnes_per_year"].max()
    categories = styles["facilities_unified"].findall(".//category")
    facilities = layers.facilities(run)
    there = facilities["facility_type"] + " " + facilities["status"]
    assert {each.get("value") for each in categories} == set(there)
    for own in styles.values():
        named = {each.get("name") for each in own.findall(".//symbols/symbol")}
        used = {each.get("symbol") for each in own.iter() if each.get("symbol") is not None}
        assert used <= named


def test_facilities_are_styled_as_in_pictures(tmp_path):
    run = china_run()
    root = styles_of(write_geopackage({"unified": run}, tmp_path / "china.gpkg"))["facilities_unified"]
    order = root.find("renderer-v2/orderby/orderByClause")
    assert root.find("renderer-v2").get("enableorderby") == "1"
    assert (order.text, order.get("asc")) == ('"capacity_tonnes_per_year"', "0")
    looks = {
        category.get("value"): [
            {prop.get("k"): prop.get("v") for prop in layer.findall("prop")}
            for layer in root.findall(f".//symbol[@name='{category.get('symbol')}']/layer")
        ]
        for category in root.findall(".//category")
    }
    colour = (
        ",".join(str(int(style.STAGE_COLOURS["first_leg"][at : at + 2], 16)) for at in (1, 3, 5)) + ",255"
    )
    white = "255,255,255,255"
    (new,), (hollow, core) = looks["hub new"], looks["hub expanded"]
    assert (new["color"], new["outline_color"]) == (colour, white)
    assert (hollow["color"], hollow["outline_color"]) == (white, colour)
    assert core["color"] == colour
    assert all(colour not in (each["color"], each["outline_color"]) for each in looks["hydromet closed"])
    offsets = [
        each for each in root.iter("Option") if each.get("name") == "offset" and each.get("type") == "Map"
    ]
    assert len(offsets) == len(root.findall(".//symbols/symbol/layer"))


def test_geopackage_holds_the_figures_of_the_answer(tmp_path):
    run = china_run(2)
    path = write_geopackage({"a": run, "A": run}, tmp_path / "china.gpkg")
    routes = pyogrio.read_dataframe(path, layer="routes_a_2")
    assert routes["tonnes_per_year"].sum() == pytest.approx(layers.routes(run)["tonnes_per_year"].sum())
    provinces = pyogrio.read_dataframe(path, layer="jurisdictions").set_index("jurisdiction")
    assert len(provinces) == 34
    for name in ("a", "a_2"):
        collected = provinces[f"collected_tonnes_per_year_{name}"]
        assert collected.sum() == pytest.approx(layers.sources(run)["collected_tonnes_per_year"].sum())
    sources = pyogrio.read_dataframe(path, layer="sources")
    assert {f"collected_tonnes_per_year_{year}_a" for year in (2024, 2025)} <= set(sources.columns)
    assert len(sources) == len(CHINA)


def test_geopackage_replaces_an_older_one(tmp_path):
    path = tmp_path / "x.gpkg"
    write_geopackage({"one": toy_run()}, path)
    write_geopackage({"two": toy_run()}, path)
    names = {name for name, _ in pyogrio.list_layers(path)}
    assert "routes_two" in names
    assert "routes_one" not in names


def test_geopackage_of_nothing_or_of_different_grounds_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no run"):
        write_geopackage({}, tmp_path / "x.gpkg")
    with pytest.raises(UsageError, match="different jurisdictions"):
        write_geopackage({"a": toy_run(), "b": china_run()}, tmp_path / "x.gpkg")
    assert not list(tmp_path.iterdir())


def test_geojson_is_rfc_7946(tmp_path):
    run = china_run()
    paths = write_geojson(run, tmp_path / "out")
    assert [path.name for path in paths] == ["facilities.geojson", "routes.geojson", "sources.geojson"]
    tables = (layers.facilities(run), layers.routes(run), layers.sources(run))
    for path, table in zip(paths, tables, strict=True):
        content = json.loads(path.read_text(encoding="utf-8"))
        assert content["type"] == "FeatureCollection"
        assert "crs" not in content
        assert len(content["features"]) == len(table)
        for feature, expected in zip(content["features"], table.geometry, strict=True):
            assert feature["type"] == "Feature"
            assert shape(feature["geometry"]).equals_exact(expected, 1e-6)
    routes = json.loads(paths[1].read_text(encoding="utf-8"))["features"]
    moved = sum(feature["properties"]["tonnes_per_year"] for feature in routes)
    assert moved == pytest.approx(tables[1]["tonnes_per_year"].sum())


def test_an_empty_answer_gives_whole_files(tmp_path):
    run = FakeRun(make_instance(), make_policy(), empty_answer(), None)
    for path in write_geojson(run, tmp_path):
        assert json.loads(path.read_text(encoding="utf-8"))["type"] == "FeatureCollection"
    path = write_geopackage({"empty": run}, tmp_path / "x.gpkg")
    info = pyogrio.read_info(path, layer="routes_empty")
    assert info["features"] == 0
    assert "tonnes_per_year" in info["fields"]
    assert "routes_empty" in styles_of(path)


def test_hostile_names_are_only_text(tmp_path):
    run = hostile_run()
    path = write_geopackage({HOSTILE[0]: run, HOSTILE[1]: run}, tmp_path / "x.gpkg")
    names = [name for name, _ in pyogrio.list_layers(path)]
    assert all(name.replace("_", "").isalnum() and name.isascii() for name in names)
    styles = styles_of(path)
    assert len(styles) == 7
    labels = {each.get("label") for each in styles[names[3]].findall(".//category")}
    assert {label.rpartition(": ")[0] for label in labels} == {plain(name) for name in HOSTILE[:4]}
    facilities = pyogrio.read_dataframe(path, layer=names[3])
    assert set(facilities["location_name"]) <= {plain(name) for name in HOSTILE}
    for file in write_geojson(run, tmp_path):
        text = file.read_text(encoding="utf-8")
        assert "\u202e" not in text
        assert json.loads(text)["features"]


def test_an_error_leaves_the_older_file_as_it_was(tmp_path, monkeypatch):
    path = write_geopackage({"one": toy_run()}, tmp_path / "x.gpkg")
    before = path.read_bytes()
    monkeypatch.setattr("netopt.maps.geopackage._add_styles", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_geopackage({"two": toy_run()}, path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["x.gpkg"]


def test_what_vendors_sell_is_a_layer_where_there_are_any(tmp_path):
    """Toy's recycler takes all 300 t of black mass that a port beside it offers for little."""
    toy = read_instance(shipped("instances") / "toy")
    vendors = pd.DataFrame({"vendor": ["port"], "name": ["Eastport"], "location": ["L3"]})
    offer = ("port", "black_mass", "", "imports", 1500.0, 300.0)
    offers = pd.DataFrame([offer], columns=toy["offers"].columns)
    run = solve(with_tables(toy, vendors=vendors, offers=offers), policy_of("free", []))
    sold = layers.vendors(run).set_index("vendor")["sold_tonnes_per_year"]
    assert sold.to_dict() == {"port": pytest.approx(300.0)}
    path = write_geopackage({"free": run}, tmp_path / "network.gpkg")
    assert "vendors" in [name for name, _ in pyogrio.list_layers(path)]
