"""A run's layers as GeoDataFrames and its map as a figure: the same as the files, without a file."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pytest
from geopandas.testing import assert_geodataframe_equal
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

import netopt
from netopt.errors import UsageError
from netopt.maps import layers
from netopt.maps.basemap import china
from netopt.maps.geodataframes import to_geopandas
from netopt.maps.moment import in_period
from netopt.maps.picture import FILLS, draw, plot
from netopt.maps.roadflows import road_flows
from tests.maps.map_cases import china_run, toy_run, with_roads

ALWAYS = ["jurisdictions", "sources", "markets", "facilities", "routes"]
SMALL = {"dpi": 60, "figsize": (9.0, 6.0)}


def pixels(figure: Figure) -> np.ndarray:
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3]


def test_layers_are_those_of_the_geopackage():
    run = china_run(periods=2)
    found = to_geopandas(run)
    assert list(found) == ALWAYS
    for name in ("sources", "markets", "facilities", "routes"):
        assert_geodataframe_equal(found[name], getattr(layers, name)(run))
    assert_geodataframe_equal(
        found["jurisdictions"], layers.jurisdictions(run, china().boundaries), check_less_precise=True
    )
    assert all(isinstance(layer, gpd.GeoDataFrame) for layer in found.values())
    assert {layer.crs.to_string() for layer in found.values()} == {"EPSG:4326"}


def test_roads_are_a_layer_where_hauls_follow_them():
    run = with_roads(toy_run())
    found = to_geopandas(run)
    assert list(found) == [*ALWAYS, "road_flows"]
    assert_geodataframe_equal(found["road_flows"], road_flows(run))
    tonne_km = found["routes"]["tonne_km_per_year"].sum()
    assert found["road_flows"]["tonne_km_per_year"].sum() == pytest.approx(tonne_km)


def test_vendors_are_a_layer_where_there_are_any():
    run = toy_run()
    vendors = run.instance["vendors"]
    location = run.instance["locations"]["location"].iloc[0]
    one = vendors.reindex([0]).assign(vendor="V1", name="Port", location=location)
    tables = {**run.instance.tables, "vendors": one.astype("str")}
    found = to_geopandas(replace(run, instance=replace(run.instance, tables=tables)))
    assert list(found) == ["jurisdictions", "sources", "markets", "vendors", "facilities", "routes"]
    assert found["vendors"]["sold_tonnes_per_year"].tolist() == [0.0]


def test_where_no_boundary_is_known_jurisdictions_have_no_shape():
    found = to_geopandas(toy_run())["jurisdictions"]
    assert found.geometry.isna().all()
    assert found["retired_tonnes_per_year"].sum() > 0


def test_boundaries_of_ones_own():
    ground = china()
    only = replace(ground, boundaries=ground.boundaries[ground.boundaries["jurisdiction"] == "CN-GD"])
    found = to_geopandas(china_run(), base_map=only)["jurisdictions"].set_index("jurisdiction")
    assert found.geometry.notna().sum() == 1
    assert found.geometry.notna()["CN-GD"]


def test_a_run_read_back_gives_the_layers_of_its_solution(tmp_path):
    toy = netopt.read_instance("toy")
    solution = netopt.solve(toy, netopt.read_policy("mandates", toy))
    run = netopt.load(netopt.write_run(solution, tmp_path / "run"))
    of_solution, of_run = to_geopandas(solution), to_geopandas(run)
    assert list(of_solution) == list(of_run)
    for name, layer in of_solution.items():
        assert_geodataframe_equal(layer, of_run[name], check_less_precise=True)
    assert len(of_run["routes"]) > 0


def test_the_figure_is_the_picture(tmp_path):
    run = china_run()
    drawn = imread(draw(run, tmp_path / "a.png", title=run.policy.title, **SMALL))[..., :3]
    figure = plot(run, **SMALL)
    assert np.array_equal(np.round(drawn * 255).astype("uint8"), pixels(figure))
    figure.savefig(tmp_path / "b.png")
    assert np.array_equal(imread(tmp_path / "b.png")[..., :3], drawn)


def test_a_callers_own_style_changes_neither_the_figure_nor_is_changed():
    plain = pixels(plot(china_run(), **SMALL))
    with mpl.rc_context({"font.size": 30.0, "axes.facecolor": "black", "font.family": ["serif"]}):
        figure = plot(china_run(), **SMALL)
        assert mpl.rcParams["font.size"] == 30.0
        assert np.array_equal(pixels(figure), plain)


def test_one_period_of_two():
    run = china_run(periods=2)
    first, second = run.instance.periods
    pictures = [pixels(plot(run, period, **SMALL)) for period in (None, first, second)]
    assert not any(np.array_equal(pictures[one], pictures[two]) for one, two in ((0, 1), (1, 2), (0, 2)))
    assert np.array_equal(pictures[1], pixels(plot(in_period(run, first), **SMALL)))


def test_a_title_of_ones_own_is_on_the_figure():
    written = {text.get_text() for text in plot(toy_run(), title="My plan", **SMALL).texts}
    assert "My plan" in written
    assert toy_run().policy.title in {text.get_text() for text in plot(toy_run(), **SMALL).texts}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"period": "1999"}, "no period '1999'"),
        ({"fill": "height"}, "not by height"),
        ({"figsize": (1.0, 9.0)}, "at least 3 inches"),
        ({"dpi": 0}, "at least 3 inches"),
    ],
)
def test_what_cannot_be_drawn_is_refused(asked, said):
    with pytest.raises(UsageError, match=said):
        plot(toy_run(), **asked)


@pytest.mark.parametrize("fill", FILLS)
def test_the_heading_of_a_fill_is_written_whole(fill):
    assert FILLS[fill] in {text.get_text() for text in plot(china_run(), fill=fill).findobj(Text)}
