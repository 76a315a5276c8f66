"""The styles as QGIS itself draws them."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from scipy import ndimage

from netopt.maps import layers, style
from netopt.maps.geopackage import write_geopackage
from tests.maps.map_cases import FakeRun, china_run, empty_answer, toy_run, with_roads
from tests.maps.test_map_picture import has_colour

RENDER = Path(__file__).with_name("qgis_render.py")
GROUND = (0, 255, 255)


@functools.cache
def python_of_qgis() -> str | None:
    """Return the system's Python where it has PyQGIS; QGIS does not come by pip."""
    python = shutil.which("python3", path=os.defpath)
    if python is None:
        return None
    probe = subprocess.run([python, "-c", "import qgis.core"], capture_output=True, check=False)  # noqa: S603 - our own code
    return python if probe.returncode == 0 else None


def draw_in_qgis(run: FakeRun, folder: Path, *kinds: str) -> tuple[np.ndarray, list[dict]]:
    """Return the picture (0 to 255) that QGIS draws of layers, and what it says of them."""
    python = python_of_qgis()
    if python is None:
        pytest.skip("the system's Python has no PyQGIS (Debian: apt-get install python3-qgis)")
    file = write_geopackage({"unified": run}, folder / "x.gpkg")
    picture = folder / "x.png"
    names = [
        f"{kind}_unified" if kind in ("facilities", "routes", "road_flows") else kind for kind in kinds
    ]
    headless = {"PATH": os.defpath, "QT_QPA_PLATFORM": "offscreen", "HOME": str(folder)}
    headless["XDG_RUNTIME_DIR"] = str(folder)
    command = [python, str(RENDER), str(file), str(picture), *names]
    done = subprocess.run(command, env=headless, capture_output=True, text=True, timeout=100, check=False)  # noqa: S603 - our own code
    assert done.returncode == 0, done.stderr
    return np.round(imread(picture)[..., :3] * 255).astype(int), json.loads(done.stdout)


def test_qgis_loads_the_style_of_every_layer(tmp_path):
    kinds = ("facilities", "routes", "sources", "markets", "jurisdictions")
    image, found = draw_in_qgis(china_run(), tmp_path, *kinds)
    assert all(each["valid"] and each["styled"] for each in found)
    renderers = [each["renderer"] for each in found]
    assert renderers == ["categorizedSymbol", "graduatedSymbol", *["singleSymbol"] * 2, "graduatedSymbol"]
    assert has_colour(image, style.FILL_COLOURS[-1])
    for stage in ("first_leg", "undismantled"):
        assert has_colour(image, style.STAGE_COLOURS[stage]), stage


def test_qgis_draws_every_facility_of_one_place_apart(tmp_path):
    run = toy_run()
    image, (found,) = draw_in_qgis(run, tmp_path, "facilities")
    facilities = layers.facilities(run)
    assert found["features"] == len(facilities) > facilities["location"].nunique()
    drawn = np.abs(image - GROUND).max(axis=-1) > 40
    _, n_symbols = ndimage.label(drawn)
    assert n_symbols == len(facilities)
    assert has_colour(image, style.PALE_EDGE)
    for colour in style.facility_colours(run.instance).values():
        assert has_colour(image, colour), colour


def hub_alone(status: str) -> FakeRun:
    """Return a run with one facility, B's standing hub or one built at A, of the same capacity."""
    run = toy_run()
    table = run.answer.facilities.query("site == 'hub-B' and size == 'existing'")
    built = table.assign(site="hub-A", size="large", opened=True).astype({"site": "str", "size": "str"})
    answer = empty_answer(facilities=built if status == "new" else table)
    run = replace(run, answer=answer)
    assert layers.facilities(run)["status"].tolist() == [status]
    return run


def test_qgis_fills_what_is_new_and_leaves_what_exists_hollow(tmp_path):
    colour = [int(style.STAGE_COLOURS["first_leg"][at : at + 2], 16) for at in (1, 3, 5)]
    coloured = {}
    for status in ("new", "existing"):
        image, _ = draw_in_qgis(hub_alone(status), tmp_path, "facilities")
        coloured[status] = int((np.abs(image - colour).max(axis=-1) <= 12).sum())
    assert coloured["new"] > 2 * coloured["existing"] > 0


def test_qgis_draws_flows_on_roads(tmp_path):
    image, (found,) = draw_in_qgis(with_roads(toy_run()), tmp_path, "road_flows")
    assert found["styled"]
    assert found["renderer"] == "graduatedSymbol"
    assert has_colour(image, style.STAGE_COLOURS["undismantled"])
