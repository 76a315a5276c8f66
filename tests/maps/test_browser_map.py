from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netopt.data.read import read_instance
from netopt.errors import UsageError
from netopt.maps import layers
from netopt.maps.basemap import china
from netopt.maps.browser.chains import chains
from netopt.maps.browser.content import PROVINCE_FIGURES, content_of
from netopt.maps.browser.page import write_browser_map
from netopt.maps.browser.words import LANGUAGES, in_all_languages
from netopt.maps.roadflows import road_flows
from netopt.maps.shipments import STAGES
from netopt.policy.levers.site_choice import SiteChoice
from netopt.policy.read import read_policy
from tests.browser import Opened, opened
from tests.maps.map_cases import FakeRun, china_run, empty_answer, make_policy, toy_run
from tests.maps.test_map_files import HOSTILE, hostile_run

TEMPLATE = files("netopt.maps.browser").joinpath("template")
DRAWN = "window.netoptMap?.isDrawn"


def national_run(policy: str = "unified", n_routes: int = 1000, seed: int = 7) -> FakeRun:
    """Return a made-up plan between the 337 prefectures: random hauls and every site in use."""
    instance = read_instance("china-2024")
    random = np.random.default_rng(seed)
    sources, sites = instance["sources"], instance["sites"]
    hubs = sites[sites["facility_type"] == "hub"]
    pairs = random.choice(len(sources) * len(hubs), n_routes, replace=False)
    flows = [
        {
            "from_place": sources["source"].iloc[pair // len(hubs)],
            "to_place": hubs["site"].iloc[pair % len(hubs)],
            "commodity": "pack_lfp" if rank % 2 else "pack_ncm",
            "mode": "road",
            "period": "2024",
            "flow_units_per_year": 10.0 + rank,
            "distance_km": 100.0,
        }
        for rank, pair in enumerate(pairs)
    ]
    modules = [
        {
            "site": site,
            "size": "existing",
            "period": "2024",
            "operating": True,
            "capacity_tonnes_per_year": 1000.0,
            "load_tonnes_per_year": 500.0,
        }
        for site in sites["site"]
    ]
    answer = empty_answer()
    answer = replace(
        answer,
        flows=_answer_table(answer.flows, flows),
        facilities=_answer_table(answer.facilities, modules),
    )
    return FakeRun(instance, read_policy(policy, instance), answer, None)


def _answer_table(like: pd.DataFrame, rows: list[dict[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame(rows).reindex(columns=like.columns)
    blanks = {"str": "", "bool": False, "float64": 0.0}
    fills = {name: blanks[str(dtype)] for name, dtype in like.dtypes.items()}
    return table.astype(object).where(table.notna(), pd.Series(fills), axis=1).astype(like.dtypes)


@pytest.fixture(scope="module")
def national(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = {"unified": national_run(), "mandates": national_run("mandates", seed=8)}
    return write_browser_map(runs, tmp_path_factory.mktemp("national") / "map.html")


@pytest.fixture(scope="module")
def page(national: Path) -> Iterator[Opened]:
    with opened(national, width=1400) as result:
        result.page.wait_for_function(DRAWN)
        yield result


def data_of(page: Opened, source: str) -> dict[str, list]:
    script = """name => {
        const data = Bokeh.documents[0].get_model_by_name(name).data;
        return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Array.from(value)]));
    }"""
    return page.page.evaluate(script, source)


# ---- ways cut into stretches


@given(st.lists(st.lists(st.integers(0, 12), min_size=2, max_size=8, unique=True), min_size=1, max_size=8))
def test_stretches_joined_again_are_the_ways_and_no_two_share_an_edge(ways: list[list[int]]) -> None:
    cut = chains(ways)
    for way, steps in zip(ways, cut.ways, strict=True):
        parts = [cut.stretches[abs(step) - 1][:: 1 if step > 0 else -1] for step in steps]
        assert [parts[0][0], *(node for part in parts for node in part[1:])] == way
    edges = [frozenset(edge) for stretch in cut.stretches for edge in pairwise(stretch)]
    assert len(edges) == len(set(edges))


# ---- what the page knows


def test_the_page_knows_every_tonne_of_the_routes() -> None:
    run = toy_run()
    content = content_of({"a": run}, None, "EPSG:3857")
    figures = layers.route_figures(run)
    (policy,) = content["policies"]
    assert sum(row[0] for row in policy["routes"]["tonnes"]) == pytest.approx(
        figures["tonnes_per_year"].sum(), rel=1e-4
    )
    assert len(policy["routes"]["way"]) == len(figures)


def test_what_passes_a_stretch_is_what_the_roads_carry() -> None:
    run = national_run(n_routes=60)
    content = content_of({"unified": run}, china(), china().crs)
    routes = content["policies"][0]["routes"]
    carried = np.zeros(len(content["stretches"]))
    for way, tonnes in zip(routes["way"], routes["tonnes"], strict=True):
        for step in content["ways"][way]:
            carried[abs(step) - 1] += tonnes[0]
    roads = road_flows(run)["tonnes_per_year"]
    assert carried.max() == pytest.approx(roads.max(), rel=1e-4)
    assert set(np.round(carried, 0)) == set(np.round(roads, 0))


def test_the_haulage_of_a_route_follows_the_goods_class_of_its_policy() -> None:
    ordinary, hazardous = national_run("unified", 20), national_run("unified-hazardous", 20)
    content = content_of({"a": ordinary, "b": hazardous}, china(), china().crs)
    first, second = (policy["routes"]["cny_per_tonne"] for policy in content["policies"])
    tariffs = ordinary.instance["haulage"].set_index(["mode", "goods_class", "leg"])
    row = tariffs.loc[("road", "class9", "first")]
    assert first[0] == pytest.approx(100 * row["tariff_cny_per_tonne_km"] + row["loading_cny_per_tonne"])
    assert all(dear > cheap for cheap, dear in zip(first, second, strict=True))


def test_runs_of_other_places_cannot_share_a_map(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="map them apart"):
        write_browser_map({"a": toy_run(), "b": china_run()}, tmp_path / "map.html")
    assert list(tmp_path.iterdir()) == []


def test_a_language_that_the_map_does_not_speak(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="en, zh"):
        write_browser_map({"a": toy_run()}, tmp_path / "map.html", language="fr")


# ---- words


def test_every_word_is_used_and_said_in_both_languages() -> None:
    words = in_all_languages()
    script, page = (TEMPLATE.joinpath(name).read_text("utf-8") for name in ("page.js", "page.html.j2"))
    sources = script + page + Path(write_browser_map.__code__.co_filename).read_text("utf-8")
    assert all(set(texts) == set(LANGUAGES) and all(texts.values()) for texts in words.values())
    asked = set(re.findall(r'word\("(\w+)"\)', script)) | set(
        re.findall(r'data-(?:word|label)="(\w+)"', page)
    )
    assert asked <= set(words)
    spoken_by_data = {*STAGES, *PROVINCE_FIGURES, *_DATA_WORDS}
    unused = [key for key in words if key not in spoken_by_data and not re.search(rf"\b{key}\b", sources)]
    assert unused == []


_DATA_WORDS = {"existing", "expanded", "new", "closed", "barred", "social", "private"}
"""Words that are looked up by what a run says."""


# ---- in the browser


def test_a_thousand_routes_open_offline_and_weigh_little(national: Path, page: Opened) -> None:
    assert national.stat().st_size < 5_000_000
    content = re.search(r'id="netopt-content">(.*?)</script>', national.read_text("utf-8"))
    assert content is not None
    assert len(json.loads(content[1])["ways"]) > 1900
    page.assert_quiet()
    picture = page.page.locator("#left .map").screenshot()
    assert len(picture) > 40_000
    assert len(data_of(page, "left_bands")["xs"]) > 1000
    assert len(data_of(page, "left_provinces")["unit"]) == 34


def test_the_panels_differ_and_the_difference_says_where(page: Opened) -> None:
    page.page.check("input[value=difference]")
    try:
        colours = set(data_of(page, "right_bands")["colour"])
        looks = page.page.evaluate(
            "JSON.parse(document.getElementById('netopt-content').textContent).looks"
        )
        assert {looks["more"], looks["less"]} <= colours
        heads = data_of(page, "right_stretches")["head"]
        assert all(head[0] in "+\N{MINUS SIGN}\N{PLUS-MINUS SIGN}" for head in heads)
        assert "compared with" in page.page.inner_text("#right h2")
        assert page.page.locator("table.routes tbody tr").count() == 40
    finally:
        page.page.check("input[value=side]")


def test_a_commodity_can_be_hidden(page: Opened) -> None:
    whole = sum(data_of(page, "left_stretches")["width"])
    page.page.click(".goods summary")
    page.page.uncheck(".goods input >> nth=0")
    assert sum(data_of(page, "left_stretches")["width"]) < whole
    page.page.click(".goods button >> nth=1")
    assert data_of(page, "left_bands")["xs"] == []
    page.page.click(".goods button >> nth=0")
    assert sum(data_of(page, "left_stretches")["width"]) == pytest.approx(whole)
    page.page.click(".goods summary")


def test_the_page_speaks_chinese_when_asked(page: Opened) -> None:
    page.page.click("[data-language=zh]")
    try:
        assert page.page.evaluate("document.documentElement.lang") == "zh"
        text = page.page.inner_text("main") + page.page.inner_text(".controls")
        assert "运输物料" in text
        assert all(re.search("[\u4e00-\u9fff]", name) for name in data_of(page, "left_labels")["text"])
        said = [texts["en"] for texts in in_all_languages().values() if len(texts["en"]) > 12]
        assert [words for words in said if words in text] == []
    finally:
        page.page.click("[data-language=en]")


def test_provinces_can_be_filled_by_another_figure(page: Opened) -> None:
    before = data_of(page, "left_provinces")["fill"]
    page.page.select_option("select[name=fill]", "processed_tonnes_per_year")
    assert data_of(page, "left_provinces")["fill"] != before
    page.page.select_option("select[name=fill]", "collected_tonnes_per_year")
    assert data_of(page, "left_provinces")["fill"] == before


@pytest.mark.parametrize("source", ["left_facilities", "left_stretches", "left_provinces"])
def test_the_pointer_is_told_what_is_there(source: str, tmp_path: Path) -> None:
    spot = """source => {
        const document_ = Bokeh.documents[0], map = document_.get_model_by_name("left_map");
        const data = document_.get_model_by_name(source).data, most = data.width ?? data.size ?? null;
        const row = most ? Array.from(most).indexOf(Math.max(...most)) : data.unit.indexOf("CN-XJ");
        const middle = values => Array.isArray(values[row]) ? values[row][6] : values[row];
        const { jurisdictions: all } = JSON.parse(document.getElementById("netopt-content").textContent);
        const [x, y] = !most ? all.spot[all.id.indexOf("CN-XJ")].map(value => value * 100)
            : data.xs ? [middle(data.xs), middle(data.ys)] : [data.x[row], data.y[row]];
        const box = document.querySelector("#left .map").getBoundingClientRect();
        const share = (value, range) => (value - range.start) / (range.end - range.start);
        return [box.left + share(x, map.x_range) * map.inner_width,
                box.top + (1 - share(y, map.y_range)) * map.inner_height, data.head[row]];
    }"""
    with opened(write_browser_map({"a": china_run()}, tmp_path / "map.html")) as shown:
        shown.page.wait_for_function(DRAWN)
        x, y, head = shown.page.evaluate(spot, source)
        shown.page.mouse.move(x - 30, y - 30)
        shown.page.mouse.move(x, y)
        shown.page.wait_for_selector(".netopt-tip", state="attached")
        shown.page.wait_for_timeout(200)
        tips = shown.page.locator(".netopt-tip").all_inner_texts()
        assert any(tip.startswith(head) for tip in tips), (head, tips)
        shown.assert_quiet()


def test_names_come_into_sight_when_the_map_is_enlarged(page: Opened) -> None:
    before = set(data_of(page, "left_labels")["text"])
    page.page.evaluate("""() => {
        const map = Bokeh.documents[0].get_model_by_name("left_map");
        map.x_range.setv({ start: 9e5, end: 1.3e6 });
        map.y_range.setv({ start: 3.1e6, end: 3.43e6 });
    }""")
    page.page.wait_for_timeout(400)
    assert set(data_of(page, "left_labels")["text"]) - before
    page.assert_quiet()


def test_a_narrow_window_has_the_maps_below_each_other(national: Path) -> None:
    with opened(national, width=420) as narrow:
        narrow.page.wait_for_function(DRAWN)
        left, right = (narrow.page.locator(f"#{side}").bounding_box() for side in ("left", "right"))
        assert right["y"] > left["y"] + left["height"]
        assert narrow.page.evaluate("document.documentElement.scrollWidth") == 420
        narrow.assert_quiet()


def test_periods_are_stepped_through(tmp_path: Path) -> None:
    run = toy_run(periods=2)
    routes = layers.route_figures(run)
    rates = [routes[name].sum() for name in routes.columns if name.startswith("tonnes_per_year")]
    path = write_browser_map({"a": run}, tmp_path / "map.html")
    with opened(path) as shown:
        shown.page.wait_for_function(DRAWN)
        assert shown.page.locator("section.panel").count() == 1
        for rank, stop in enumerate(["mean year", *run.instance.periods]):
            shown.page.fill("input[name=moment]", str(rank))
            assert shown.page.inner_text(".period output") == stop
            cells = shown.page.locator("table.routes td:nth-child(4)").all_inner_texts()
            assert sum(float(cell.replace(",", "")) for cell in cells) == pytest.approx(
                rates[rank], rel=0.01
            )
        assert len({round(rate) for rate in rates}) > 1
        shown.assert_quiet()


def test_what_a_stranger_wrote_into_names_stays_text(tmp_path: Path) -> None:
    run = hostile_run()
    other = replace(run, policy=replace(run.policy, name="other"))
    path = write_browser_map({"a": run, "b": other}, tmp_path / "map.html")
    with opened(path) as shown:
        shown.page.wait_for_function(DRAWN)
        page = shown.page
        assert (
            page.evaluate("document.querySelectorAll('main script, header script, footer script').length")
            == 0
        )
        assert HOSTILE[0] in page.inner_text("h1")
        page.check("input[value=difference]")
        box = page.locator("#left .map").bounding_box()
        for share in (0.3, 0.5, 0.7, 0.8):
            page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.6 * box["height"])
            page.wait_for_timeout(150)
        assert (
            page.evaluate("[...document.querySelectorAll('.netopt-tip script, .netopt-tip img')].length")
            == 0
        )
        shown.assert_quiet()


def test_two_runs_of_one_policy_are_told_apart(tmp_path: Path) -> None:
    run = toy_run()
    with opened(write_browser_map({"a": run, run.policy.name: run}, tmp_path / "map.html")) as shown:
        shown.page.wait_for_function(DRAWN)
        titles = shown.page.locator("select[name=left] option").all_inner_texts()
        assert len(set(titles)) == 2
        assert titles[0].endswith("(a)")
        shown.page.check("input[value=difference]")
        assert shown.page.inner_text("table.facilities") == "Nothing differs here."
        assert set(data_of(shown, "right_facilities")["edge"]) == {"#8a949c"}


def test_what_a_policy_forces_is_no_difference(tmp_path: Path) -> None:
    run = toy_run()
    site = run.instance["sites"]["site"].iloc[0]
    forcing = replace(make_policy("forcing", "Forcing"), levers=(SiteChoice(open=(site,)),))
    path = write_browser_map({"a": run, "b": replace(run, policy=forcing)}, tmp_path / "map.html")
    with opened(path) as shown:
        shown.page.wait_for_function(DRAWN)
        assert data_of(shown, "right_forced")["x"]
        shown.page.check("input[value=difference]")
        assert shown.page.inner_text("table.facilities") == "Nothing differs here."


def test_what_is_not_yet_built_is_not_shown(tmp_path: Path) -> None:
    run = toy_run(periods=2)
    modules = run.answer.facilities
    first, second = run.instance.periods
    late = modules["site"] == modules["site"].iloc[0]
    kept = modules[~(late & (modules["period"] == first))]
    kept = kept.assign(opened=kept["opened"] | (late & (kept["period"] == second)))
    run = replace(run, answer=replace(run.answer, facilities=kept))
    stands = run.instance["sites"].assign(existing_capacity_tonnes_per_year=0.0)
    bare = replace(run.instance, tables={**run.instance.tables, "sites": stands})
    run = replace(run, instance=bare)
    own = content_of({"a": run}, None, "EPSG:3857")
    statuses = [own["statuses"][code] for code in own["policies"][0]["facilities"]["status"][0]]
    assert statuses[1:] == ["absent", "new"]


def test_runs_that_differ_say_what_each_assumes(tmp_path: Path) -> None:
    run = toy_run()
    other = run.instance.with_formal_share(0.45)
    path = write_browser_map({"a": run, "b": replace(run, instance=other)}, tmp_path / "map.html")
    with opened(path) as shown:
        shown.page.wait_for_function(DRAWN)
        notes = shown.page.inner_text(".notes")
        assert "b: Planned for a formal share of 45%" in notes


def test_an_empty_plan_is_a_whole_page(tmp_path: Path) -> None:
    run = replace(toy_run(), answer=empty_answer(), outcome=None)
    with opened(write_browser_map({"a": run}, tmp_path / "map.html")) as shown:
        shown.page.wait_for_function(DRAWN)
        assert shown.page.inner_text("table.routes") == "Nothing differs here."
        shown.assert_quiet()
