"""Pictures of flows on roads: what is drawn how wide, in which colours, under which notices."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.image import imread
from PIL import Image

from netopt.data.read import read_instance
from netopt.maps import labelling, style
from netopt.maps.basemap import china
from netopt.maps.labels import Crowd, overlap
from netopt.maps.legend import Legend
from netopt.maps.picture import draw
from netopt.maps.roadflows import road_flows
from netopt.maps.roadlines import RoadLines, shares_from
from netopt.maps.shipments import STAGES
from netopt.maps.symbols import Sizes
from netopt.resources import shipped
from tests.maps.map_cases import ROADS, FakeRun, empty_answer, toy_run, with_roads
from tests.maps.test_map_picture import SMALL, has_colour, pixels
from tests.maps.test_map_roads import national_run

PLATE = "+proj=eqc +datum=WGS84 +units=m +type=crs"
SIZES = Sizes(1.0, 12_500.0, 1.0, RoadLines.width_power)


@pytest.fixture
def axes():
    figure = Figure(figsize=(6, 6), dpi=100)
    FigureCanvasAgg(figure)
    drawn = figure.add_axes((0, 0, 1, 1))
    degree = 111_319.5
    drawn.set(xlim=(102 * degree, 107 * degree), ylim=(28 * degree, 33 * degree), aspect="equal")
    return drawn


def info_of(path) -> dict:
    with Image.open(path) as image:
        return dict(image.info)


def lines_of(axes, colour: str) -> list[LineCollection]:
    wanted = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    drawn = [each for each in axes.collections if isinstance(each, LineCollection)]
    return [each for each in drawn if np.allclose(each.get_colors()[0][:3], wanted, atol=1e-3)]


def test_a_line_is_as_wide_as_its_tonnes_ask_and_its_bands_as_their_shares(axes):
    """On a-m 12,500 t, 2,000 t of it packs; on m-b the rest: 2,100 cascade, 4,900 scrap, 3,500 mass."""
    RoadLines(with_roads(toy_run()), PLATE).draw(axes, SIZES, {})
    widest = {
        stage: max(max(lines.get_linewidths()) for lines in lines_of(axes, style.STAGE_COLOURS[stage]))
        for stage in STAGES[:4]
    }
    full, rest = SIZES.width_pt(12_500.0), SIZES.width_pt(10_500.0)
    assert rest == pytest.approx(full * (10_500 / 12_500) ** 0.5)
    assert widest == pytest.approx(
        {
            "first_leg": full,
            "cascade_grade": rest,
            "undismantled": rest * 8_400 / 10_500,
            "intermediate": rest * 3_500 / 10_500,
        }
    )
    assert not lines_of(axes, style.STAGE_COLOURS["product"])
    # Where 2,000 t of packs move alone the line is thinner by the square root.
    alone = min(min(lines.get_linewidths()) for lines in lines_of(axes, style.STAGE_COLOURS["first_leg"]))
    assert alone == pytest.approx(full * (2_000 / 12_500) ** 0.5)


def test_bands_of_later_stages_lie_on_top_and_heavy_lines_on_light_ones(axes):
    RoadLines(with_roads(toy_run()), PLATE).draw(axes, SIZES, {})
    heights = [lines_of(axes, style.STAGE_COLOURS[stage])[0].get_zorder() for stage in STAGES[:4]]
    assert heights == sorted(set(heights))
    for lines in axes.collections:
        if isinstance(lines, LineCollection):
            widths = list(lines.get_linewidths())
            if lines.get_zorder() == heights[0]:
                assert widths == sorted(widths)


def test_shares_start_with_everything():
    flows = road_flows(with_roads(toy_run()))
    shares = shares_from(flows)
    assert (shares[:, 0] == 1).all()
    assert (np.diff(shares, axis=1) <= 1e-12).all()


def test_the_way_to_the_nearest_road_is_dashed(axes):
    lines = RoadLines(with_roads(toy_run()), PLATE)
    lines.draw(axes, SIZES, {})
    drawn = [each for each in axes.collections if isinstance(each, LineCollection)]
    dashed = [each for each in drawn if each.get_linestyle()[0][1] is not None]
    n_access = (road_flows(with_roads(toy_run()))["kind"] == "access").sum()
    longest = max(dashed, key=lambda each: len(each.get_segments()))
    assert len(longest.get_segments()) == n_access == 3


def test_arrows_point_where_most_of_it_goes(axes):
    """Packs of C go north-west to m: one arrow there points up, and its tip lies beyond its back."""
    lines = RoadLines(with_roads(toy_run()), PLATE)
    lines.draw(axes, SIZES, {})
    arrows = axes.collections[-1]
    assert tuple(arrows.get_facecolor()[0][:3]) == (1, 1, 1)
    tips = {tuple(np.round(path.vertices[0] / 111_319.5, 0)): path.vertices for path in arrows.get_paths()}
    north = tips[(104.0, 30.0)]
    assert north[0, 1] > north[1:3, 1].max()


def test_both_ways_alike_have_no_arrow(axes):
    """On a-m 7,000 t go to b and 5,500 t to a: less than two thirds either way."""
    lines = RoadLines(with_roads(toy_run()), PLATE)
    lines.draw(axes, SIZES, {})
    middles = [path.vertices[:3].mean(axis=0) / 111_319.5 for path in axes.collections[-1].get_paths()]
    assert not [x for x, y in middles if x < 103.9 and y > 30.3]


def test_the_legend_explains_what_is_drawn_and_no_more():
    def texts_of(run):
        return [text for _, text in RoadLines(run, PLATE).keys(Legend(1.0))]

    bands, arrow, dashes = (
        "Bands: shares of what moves",
        "Most of it goes this way",
        "Way to the nearest road",
    )
    toy = with_roads(toy_run())
    assert texts_of(toy) == [bands, arrow, dashes]
    at_seats = {"a": (103.0, 31.0), "m": (104.0, 30.2), "b": (105.5, 30.2), "c": (104.2, 29.0)}
    close = with_roads(toy_run(), nodes=[(node, *at) for node, at in at_seats.items()], roads=ROADS)
    assert texts_of(close) == [bands, arrow]
    assert texts_of(replace(toy, answer=empty_answer())) == []
    assert texts_of(national_run(read_instance(shipped("instances") / "china-2024"), 1)) == [arrow, dashes]


@pytest.mark.parametrize("periods", [1, 3])
def test_roads_are_drawn_in_every_format_with_the_notice(tmp_path, periods):
    run = with_roads(toy_run(periods))
    image = pixels(draw(run, tmp_path / "a.png", title="Roads", **SMALL))
    for stage in ("first_leg", "cascade_grade", "undismantled"):
        assert has_colour(image, style.STAGE_COLOURS[stage]), stage
    notice = "© OpenStreetMap contributors, ODbL"
    assert notice in info_of(tmp_path / "a.png")["Copyright"]
    svg = draw(run, tmp_path / "a.svg", title="Roads", **SMALL).read_text(encoding="utf-8")
    assert notice in svg
    assert draw(run, tmp_path / "a.pdf", title="Roads", **SMALL).read_bytes().startswith(b"%PDF-")
    again = draw(run, tmp_path / "b.png", title="Roads", **SMALL)
    assert again.read_bytes() == (tmp_path / "a.png").read_bytes()


def test_without_roads_nothing_is_claimed(tmp_path):
    draw(toy_run(), tmp_path / "a.png", title="Curves", **SMALL)
    assert "Copyright" not in info_of(tmp_path / "a.png")


def test_an_empty_answer_along_roads_is_drawn(tmp_path):
    run = replace(with_roads(toy_run()), answer=empty_answer(), outcome=None)
    assert imread(draw(run, tmp_path / "a.png", title="Nothing", **SMALL)).std() > 0


def test_three_thousand_routes_are_drawn_in_seconds_without_labels_on_labels(tmp_path, monkeypatch):
    run: FakeRun = national_run(read_instance(shipped("instances") / "china-2024"), 9)
    written: list[tuple[float, float, float, float]] = []
    write = labelling._write

    def remember(axes, spot, *rest):
        written.append(spot)
        write(axes, spot, *rest)

    monkeypatch.setattr(labelling, "_write", remember)
    start = time.perf_counter()
    image = pixels(draw(run, tmp_path / "a.png", title="China"))
    assert time.perf_counter() - start < 60
    assert has_colour(image, style.STAGE_COLOURS["first_leg"])
    assert len(written) > 20
    pairs = [(one, other) for index, one in enumerate(written) for other in written[:index]]
    areas = [overlap(one, other) / min(area_of(one), area_of(other)) for one, other in pairs]
    assert max(areas) < 0.1


def area_of(box: tuple[float, float, float, float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def test_names_of_provinces_lie_in_their_provinces(monkeypatch):
    base_map = china()
    shapes = base_map.boundaries.to_crs(base_map.crs)
    figure = Figure(figsize=(12, 9), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    west, south, east, north = shapes.total_bounds
    axes.set(xlim=(west, east), ylim=(south, north), aspect="equal")
    spots = {}
    monkeypatch.setattr(
        labelling,
        "_write",
        lambda axes, spot, text, *rest: spots.__setitem__(text, spot),  # noqa: ARG005
    )
    crowd = Crowd((0.0, 0.0, 1200.0, 900.0))
    labelling.label_units(axes, crowd, shapes, 1.0, named={"Chongqing"})
    assert len(spots) > 25
    assert {"TAIWAN", "SICHUAN", "HAINAN"} <= set(spots)
    assert "CHONGQING" not in spots
    by_name = shapes.assign(name=shapes["name"].str.upper()).set_index("name").geometry
    for name, spot in spots.items():
        middle = ((spot[0] + spot[2]) / 2, (spot[1] + spot[3]) / 2)
        point = axes.transData.inverted().transform(middle)
        assert by_name[name].buffer(20_000).contains(labelling.box(*point, *(point + 1.0)))


def test_a_crowd_nearby_says_what_the_whole_crowd_says():
    crowd = Crowd((0.0, 0.0, 100.0, 100.0))
    crowd.add([(0.0, 0.0, 10.0, 10.0), (50.0, 50.0, 60.0, 60.0)], 3.0)
    crowd.add([(5.0, 5.0, 8.0, 8.0)], 1.0)
    near = crowd.near((0.0, 0.0, 20.0, 20.0))
    for box in ((0.0, 0.0, 20.0, 20.0), (6.0, 6.0, 7.0, 9.0)):
        assert near.cost(box) == crowd.cost(box)
    assert crowd.cost((0.0, 0.0, 20.0, 20.0)) == 3 * 100 + 9
    assert near.cost((50.0, 50.0, 60.0, 60.0)) == 0
