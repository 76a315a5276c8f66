from __future__ import annotations

import re
import shutil
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from shapely.geometry import box

from netopt.errors import UsageError
from netopt.maps import caption, curves, labelling, layers, style, symbols
from netopt.maps.basemap import base_map_of, china, read_base_map
from netopt.maps.glyphs import drawable
from netopt.maps.labels import Box, Crowd, boxes_around, overlap
from netopt.maps.moment import in_period
from netopt.maps.picture import draw
from netopt.maps.traffic import Anchor, Mark
from netopt.policy.levers.site_choice import SiteChoice
from netopt.resources import shipped
from tests.maps.map_cases import (
    FakeRun,
    china_run,
    empty_answer,
    make_instance,
    make_outcome,
    make_policy,
    toy_run,
)
from tests.maps.test_map_files import hostile_run

SMALL = {"dpi": 60, "figsize": (9.0, 6.0)}
HEX = re.compile(r"#(..)(..)(..)")


def pixels(path) -> np.ndarray:
    """Return the picture's colours, 0 to 255."""
    return np.round(imread(path)[..., :3] * 255).astype(int)


def has_colour(image: np.ndarray, colour: str, near: int = 12) -> bool:
    """Return whether some pixels have a colour, about."""
    wanted = [int(part, 16) for part in HEX.fullmatch(colour).groups()]
    return bool((np.abs(image - wanted).max(axis=-1) <= near).sum() > 5)


def test_picture_has_the_size_asked_for_and_shows_every_stage(tmp_path):
    image = pixels(draw(china_run(), tmp_path / "a.png", title="China", dpi=100, figsize=(11.0, 8.0)))
    assert image.shape == (800, 1100, 3)
    for stage in ("first_leg", "cascade_grade", "undismantled", "intermediate"):
        assert has_colour(image, style.STAGE_COLOURS[stage]), stage
    assert has_colour(image, style.FILL_COLOURS[-1])
    assert (image == 255).all(axis=-1).mean() < 0.9


def test_plain_ground_without_boundaries(tmp_path):
    image = pixels(draw(toy_run(2), tmp_path / "a.png", title="Toy", **SMALL))
    assert image.shape == (360, 540, 3)
    assert has_colour(image, style.STAGE_COLOURS["undismantled"])
    assert not has_colour(image, style.FILL_COLOURS[-1], near=3)


def test_the_same_run_gives_the_same_bytes(tmp_path):
    for suffix in ("png", "svg", "pdf"):
        first = draw(toy_run(), tmp_path / f"a.{suffix}", title="Toy", **SMALL).read_bytes()
        again = draw(toy_run(), tmp_path / f"b.{suffix}", title="Toy", **SMALL).read_bytes()
        assert first == again, suffix


def test_pictures_leave_matplotlib_as_it_was(tmp_path):
    before = dict(mpl.rcParams)
    draw(toy_run(), tmp_path / "a.png", title="Toy", **SMALL)
    assert dict(mpl.rcParams) == before


def test_svg_is_one_well_formed_file_without_foreign_parts(tmp_path):
    path = draw(hostile_run(), tmp_path / "a.svg", title="<b>$x$ & 'y'</b>", **SMALL)
    root = ET.parse(path).getroot()  # noqa: S314 - our own file
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags.isdisjoint({"script", "image", "foreignObject", "a"})
    links = [value for each in root.iter() for key, value in each.attrib.items() if key.endswith("href")]
    assert all(link.startswith("#") for link in links)


def test_pdf_is_written(tmp_path):
    assert draw(china_run(), tmp_path / "a.pdf", title="China", **SMALL).read_bytes().startswith(b"%PDF-")


def test_hostile_names_do_not_break_the_drawing(tmp_path):
    image = pixels(draw(hostile_run(), tmp_path / "a.png", title="$\\frac{1}{0}$ " + "t" * 5000, **SMALL))
    assert has_colour(image, style.STAGE_COLOURS["undismantled"])


def test_an_empty_answer_and_an_unknown_bound_are_drawn(tmp_path):
    run = FakeRun(make_instance(), make_policy(), empty_answer(), None)
    assert pixels(draw(run, tmp_path / "a.png", title="Nothing", **SMALL)).std() > 0
    unproven = replace(make_outcome(), lower_bound_cny_per_year=-np.inf, gap=np.inf)
    assert "no lower bound" in caption.interval(unproven)
    draw(replace(toy_run(), outcome=unproven), tmp_path / "b.png", title="Unproven", **SMALL)


def test_one_place_alone_is_drawn(tmp_path):
    instance = make_instance([("A", "Aster", "", 103.0, 31.0, 1.0)])
    run = FakeRun(instance, make_policy(), empty_answer(), None)
    assert pixels(draw(run, tmp_path / "a.png", title="One place", **SMALL)).std() > 0


@pytest.mark.parametrize(
    "wrong", [{"path": "a.gif"}, {"fill": "profit"}, {"figsize": (1.0, 1.0)}, {"dpi": 0}], ids=str
)
def test_what_cannot_be_drawn_is_refused(tmp_path, wrong):
    options = {"path": "a.png", "title": "No"} | wrong
    with pytest.raises(UsageError):
        draw(toy_run(), tmp_path / options.pop("path"), **options)
    assert not list(tmp_path.iterdir())


def test_subtitle_says_policy_year_volume_share_and_interval():
    first, second = caption.subtitle(china_run(), 580_000.0, 174_000.0)
    assert "Unified planning" in first
    assert first.endswith("2024")
    assert "174,000 t/yr collected formally of 580,000 t/yr retired (30%)" in second
    assert "social cost between 1,234.38 and 1,234.50 million CNY/yr, gap 0.01% of gross cost" in second
    several = caption.subtitle(china_run(3), 1.0, 1.0)
    assert several[0].endswith("2024 to 2028: mean year of 3 periods, states as in the last")
    assert "(a gain)" in caption.interval(make_outcome(-1e9))


@pytest.fixture
def written(monkeypatch) -> list[tuple[Box, str]]:
    """Return boxes (pixels) and texts of what is written on maps from now on."""
    found: list[tuple[Box, str]] = []
    write = labelling._write

    def remember(axes, spot, text, size_pt, colour):
        found.append((spot, text))
        write(axes, spot, text, size_pt, colour)

    monkeypatch.setattr(labelling, "_write", remember)
    return found


def test_a_picture_of_one_period_says_so_and_draws_that_period(tmp_path, written):
    run = toy_run(2)
    first, second = caption.subtitle(in_period(run, "2025"), 1.0, 1.0)
    assert first.endswith("2025, 2025 to 2027: period 2 of 2")
    assert "cost of all periods between" in second
    for period, tonnes in (("2024", "4,900 t/yr"), ("2025", "7,350 t/yr")):
        written.clear()
        draw(in_period(run, period), tmp_path / "a.png", title="Toy", **SMALL)
        assert tonnes in {text for _, text in written}
    written.clear()
    draw(run, tmp_path / "a.png", title="Toy", **SMALL)
    assert "6,740 t/yr" in {text for _, text in written}


def test_a_period_knows_what_was_built_before():
    run = toy_run(2)
    statuses = layers.facilities(in_period(run, "2025")).set_index("site")["status"]
    assert statuses.to_dict() == layers.facilities(run).set_index("site")["status"].to_dict()
    assert statuses["hub-B"] == "expanded"
    with pytest.raises(UsageError, match="no period '2030'"):
        in_period(run, "2030")


def test_sites_that_the_policy_forces_are_marked_and_explained(tmp_path):
    run = toy_run()
    lever = SiteChoice(open=("hub-A",), closed=("hydromet-B", "hub-C"))
    forced = replace(run, policy=replace(run.policy, levers=(lever,)))
    barred = layers.barred_sites(forced)
    assert barred["site"].tolist() == ["hub-C"]
    assert len(layers.barred_sites(run)) == 0
    sizes = symbols.Sizes(1.0, 1.0, 1.0)
    drawn = symbols.clusters(gpd.pd.concat([layers.facilities(forced), barred]), sizes, layers.CRS)
    marks = {(group.location, each.facility_type): each.forced for group in drawn for each in group.symbols}
    assert {key: state for key, state in marks.items() if state} == {
        ("L-A", "hub"): "open",
        ("L-B", "hydromet"): "closed",
        ("L-C", "hub"): "closed",
    }
    for first, second in combinations(next(each for each in drawn if each.location == "L-A").symbols, 2):
        assert np.hypot(*np.subtract(first.shift_pt, second.shift_pt)) > first.reach_pt + second.reach_pt
    (ringed,) = (each for group in drawn for each in group.symbols if each.forced == "open")
    assert ringed.reach_pt > 1.42 * ringed.radius_pt
    texts = [
        draw(each, tmp_path / "a.svg", title="Toy", **SMALL).read_text(encoding="utf-8")
        for each in (forced, run)
    ]
    for words in ("Forced open", "Forced closed"):
        assert f"<!-- {words} -->" in texts[0]
        assert f"<!-- {words} -->" not in texts[1]


def test_footer_carries_notices_and_the_approval_number(tmp_path):
    run = china_run()
    text = " ".join(caption.footer(run, china(), ""))
    assert "Natural Earth" in text
    assert "not a standard map" in text
    assert "OpenStreetMap" not in text
    located = replace(run, instance=replace(run.instance, directory=tmp_path))
    (tmp_path / "SOURCES.md").write_text("distances: OpenStreetMap, ODbL", encoding="utf-8")
    assert caption.credits_of(located.instance) == []
    shutil.copy(shipped("instances") / "china-2024" / "LICENSE-DATA.md", tmp_path)
    text = " ".join(caption.footer(located, china(), ""))
    assert "Road distances: © OpenStreetMap contributors, ODbL 1.0. Coordinates: GeoNames" in text
    (tmp_path / "LICENSE-DATA.md").write_text("Counts: the city of Aster, CC BY.", encoding="utf-8")
    assert caption.credits_of(located.instance) == ["Licences of the data: LICENSE-DATA.md."]
    approved = replace(china(), approval_number="GS(2024)0650")
    assert "Approval number: GS(2024)0650" in " ".join(caption.footer(run, approved, ""))


def test_a_base_map_of_ones_own_is_drawn_with_its_lines(tmp_path):
    boundaries = china().boundaries
    lines = gpd.GeoDataFrame({"jurisdiction": [""]}, geometry=boundaries.geometry[:1].boundary, crs=4326)
    file = tmp_path / "standard.gpkg"
    gpd.pd.concat([boundaries, lines], ignore_index=True).to_file(file)
    own = read_base_map(file, credit="Standard map", approval_number="GS(2024)0650")
    assert len(own.boundaries) == 35
    image = pixels(draw(china_run(), tmp_path / "a.png", title="Own", base_map=own, **SMALL))
    assert has_colour(image, style.FILL_COLOURS[-1])


def test_a_base_map_that_is_none_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_base_map(tmp_path / "missing.gpkg", credit="")
    china().boundaries.drop(columns="jurisdiction").to_file(tmp_path / "x.gpkg")
    with pytest.raises(UsageError, match="needs a column jurisdiction"):
        read_base_map(tmp_path / "x.gpkg", credit="")


def test_shipped_boundaries_are_whole_and_documented():
    base_map = base_map_of(china_run().instance)
    assert base_map is not None
    boundaries = base_map.boundaries
    assert len(boundaries) == 34
    assert boundaries["jurisdiction"].is_unique
    assert boundaries.is_valid.all()
    assert {"CN-TW", "CN-HK", "CN-MO"} <= set(boundaries["jurisdiction"])
    sources = (shipped("instances") / "geo" / "SOURCES.md").read_text(encoding="utf-8")
    for column in boundaries.columns:
        assert f"`{column}`" in sources


def test_text_is_drawable_in_the_fonts_there_are():
    assert drawable("A$b") == "A$b"
    assert drawable("\U0001f50b\U0001f50b", instead="CN-SC") == "CN-SC"
    assert len(drawable("n" * 3000, longest=22)) == 22


SEEN_WITH = {
    "all cones": np.eye(3),
    "no red cones": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no green cones": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no blue cones": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
"""Linear RGB as seen by dichromats: Machado, Oliveira and Fernandes (2009), severity 1."""


def grey_of(colour: str) -> float:
    """Return the lightness of a colour in a grey print, 0 to 255."""
    red, green, blue = (int(part, 16) for part in HEX.fullmatch(colour).groups())
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def lab_of(colour: str, seen_with: np.ndarray) -> np.ndarray:
    """Return a colour in CIELAB (D65) as an eye sees it."""
    part = np.array([int(each, 16) for each in HEX.fullmatch(colour).groups()]) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(seen_with @ linear, 0, 1) / np.array([0.9505, 1.0, 1.089])
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def test_colours_differ_in_a_grey_print():
    stages = sorted((grey_of(colour) for colour in style.STAGE_COLOURS.values()), reverse=True)
    assert all(first - second > 25 for first, second in pairwise(stages))
    assert grey_of(style.STAGE_COLOURS["first_leg"]) == stages[0]
    fills = [grey_of(colour) for colour in style.FILL_COLOURS]
    assert all(first - second >= 12 for first, second in pairwise(fills))
    assert fills[-1] - stages[0] > 20


@pytest.mark.parametrize("eye", SEEN_WITH)
def test_colours_differ_for_every_eye(eye):
    seen = [lab_of(colour, SEEN_WITH[eye]) for colour in style.STAGE_COLOURS.values()]
    assert min(np.linalg.norm(first - second) for first, second in combinations(seen, 2)) >= 24


def test_routes_of_one_stage_between_two_places_are_one_curve():
    routes = layers.routes(toy_run())
    twice = gpd.pd.concat([routes, routes.assign(commodity="another")])
    strands = curves.strands(twice)
    assert len(strands) == len(routes) == 4
    assert strands["tonnes_per_year"].tolist() == pytest.approx((2 * routes["tonnes_per_year"]).tolist())


def test_facility_types_have_the_colours_of_what_they_take_in():
    colours = style.facility_colours(make_instance())
    expected = ("first_leg", "cascade_grade", "undismantled", "intermediate")
    assert list(colours.values()) == [style.STAGE_COLOURS[stage] for stage in expected]


def test_classes_hold_every_province():
    breaks = style.class_breaks([3.0, 17.0, 1234.0, 5.0, 99999.0, 0.0, float("nan"), 801.0])
    assert breaks == sorted(set(breaks))
    assert len(breaks) == 5
    assert [style.class_of(value, breaks) for value in (0.0, 3.0, 99999.0)] == [None, 0, 4]
    assert style.class_breaks([]) == []
    assert style.class_breaks([7.0, 7.0]) == [7.0]


def test_names_and_tonnes_keep_off_the_symbols(tmp_path, written, monkeypatch):
    markers: list[Box] = []
    crowd_of = labelling.crowd_of

    def remember_markers(axes, groups, lines):
        markers.extend(tuple(box) for box in crowd_of(axes, groups, [])._boxes)
        return crowd_of(axes, groups, lines)

    monkeypatch.setattr(labelling, "crowd_of", remember_markers)
    draw(china_run(), tmp_path / "a.png", title="China")
    assert any(text.endswith(" t/yr") for _, text in written)
    assert not any(text.endswith(" t") for _, text in written)
    for spot, text in written:
        for marker in markers:
            assert overlap(spot, marker) <= 0.02 * overlap(spot, spot), text


class OneMark:
    """Traffic with one mark, as far as labels ask."""

    marks_apart_pt = 0.0

    def __init__(self, x: float) -> None:
        self.x = x

    def marks(self, axes, sizes):  # noqa: ARG002
        return [Mark(5000.0, style.INK, 1.0, [Anchor(self.x, 100.0, (1.0, 0.0))])]


def test_tonnes_are_left_out_where_they_would_touch_a_symbol(written):
    axes = Figure(figsize=(4, 4), dpi=72).add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 288), ylim=(0, 288))
    symbol = symbols.Symbol("hub", "new", 1.0, 5.0)
    group = symbols.Cluster("L-A", "Aster", "A", "Aster", (100.0, 100.0), (symbol,))
    half = labelling._text_size(axes, "5,000 t/yr", 6.0)[0] / 2
    for gap_px, n_texts in ((-0.5, 0), (2.0, 1)):
        crowd = labelling.crowd_of(axes, [group], [])
        labelling.label_lines(axes, crowd, OneMark(105.0 + half + gap_px), symbols.Sizes(1.0, 1.0, 1.0))
        assert len(written) == n_texts


def test_a_head_is_shorter_than_its_curve():
    axes = Figure(dpi=72).add_subplot()
    near = curves.Curve((0.5, 0.5), (0.51, 0.5), "L-A", 0.1, 6.5, "first_leg", 1.0)
    curves.draw_routes(axes, [near], {"L-A": 0.0}, 1.0)
    (arrow,) = axes.patches
    assert arrow.get_arrowstyle().head_length < near.length_pt(axes)


def test_labels_take_a_free_place():
    crowd = Crowd((0, 0, 100, 100))
    spots = boxes_around((50.0, 50.0), 5.0, (20.0, 10.0))
    assert crowd.best(spots)[0] == 0
    crowd.add(spots[:1], 10.0)
    index, cost = crowd.best(spots)
    assert index != 0
    assert cost == 0
    assert overlap(spots[index], spots[0]) == 0


@pytest.mark.parametrize("column", ["lng_gcj02", "高德坐标"])
def test_boundaries_in_distorted_coordinates_are_refused(column: str, tmp_path: Path) -> None:
    path = tmp_path / "units.geojson"
    shapes = gpd.GeoDataFrame(
        {"jurisdiction": ["CN-SC"], column: ["1"]}, geometry=[box(100, 30, 105, 33)], crs=4326
    )
    shapes.to_file(path)
    with pytest.raises(UsageError, match=r"GCJ-02 or BD-09.*100 to 700 m"):
        read_base_map(path, credit="somebody")


def test_boundaries_elsewhere_have_a_projection_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "units.geojson"
    gpd.GeoDataFrame({"jurisdiction": ["A"]}, geometry=[box(-3, 40, 2, 44)], crs=4326).to_file(path)
    base_map = read_base_map(path, credit="somebody")
    assert (base_map.inset_deg, base_map.frame_deg) == (None, (-3, 40, 2, 44))
    assert base_map.boundaries.to_crs(base_map.crs).total_bounds.sum() == pytest.approx(0, abs=2e4)
