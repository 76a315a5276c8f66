"""The page is what the result files make; its pictures are drawn from the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.benchmarks.measures import load
from tests.benchmarks.plots import DIGEST_KEY, digest_of, draw_gaps, gaps_at
from tests.benchmarks.run import RESULTS
from tests.benchmarks.suites import SUITES
from tests.benchmarks.tables import COSTS, PAGE, draw_all, growth_series, make_page
from tests.benchmarks.targets import TARGETS
from tests.benchmarks.test_measures import FAST, SLOW, made

FRESH = "python -m tests.benchmarks.tables makes it anew"


def test_the_page_is_what_the_results_make() -> None:
    assert PAGE.read_text(encoding="utf-8") == make_page(load(RESULTS)), FRESH


def test_the_pictures_are_drawn_from_the_results() -> None:
    runs = load(RESULTS)
    named = re.findall(r"!\[[^]]*\]\((\S+)\)", PAGE.read_text(encoding="utf-8"))
    for picture in named:
        suite = Path(picture).stem.removesuffix("-seconds").removesuffix("-memory")
        its = [run for run in runs if run.suite == suite]
        with Image.open(PAGE.parent / picture) as image:
            assert image.text[DIGEST_KEY] == digest_of(its), FRESH


def circumstances() -> dict[str, Any]:
    machine = {"cores": 2, "processor": "a processor", "memory_gib": 8.0, "system": "Linux"}
    return {
        "machine": machine,
        "versions": {"netopt": "1"},
        "begun": "2026-12-01T00:00:00+00:00",
        "threads": 2,
        "gap": 0.05,
        "command": "python -m tests.benchmarks.run coarse",
    }


def test_a_page_of_nothing_says_so_in_every_row() -> None:
    page = make_page([])
    assert page.count("| not measured | 0 | open |") == len(TARGETS)
    assert "growth --seeds 0" in page


def test_a_page_shows_contenders_cases_and_commands() -> None:
    more = circumstances()
    runs = [made("netopt", FAST, name=name, **more) for name in ("a", "b")]
    runs += [made("highs", SLOW, name="a", end={"how": "crashed"}, **more)]
    page = make_page(runs)
    assert "| time to HiGHS's own last gap, relative to HiGHS's, coarse | median <= 1/15 |" in page
    assert "1/100 against HiGHS, at 600 s | 1 | met so far (1 of 10 cases)" in page
    assert "| a | 1.00 %, 600.0 | crashed |" in page
    assert "| b | 1.00 %, 600.0 | - |" in page
    assert "`python -m tests.benchmarks.run coarse`" in page
    assert "2 cores of a processor" in page


def test_a_ratio_of_unequal_cores_says_so() -> None:
    more = circumstances()
    fewer = more | {"machine": {**more["machine"], "cores": 1}}
    unequal = make_page([made("netopt", FAST, **more), made("highs", SLOW, **fewer)])
    assert "at 600 s (**cores not equal**: netopt 2, HiGHS 1) | 1 |" in unequal
    assert "cores not equal" not in make_page([made(name, FAST, **more) for name in ("netopt", "highs")])


def test_a_contradiction_stands_on_the_page() -> None:
    runs = [
        made("netopt", [[1.0, 120.0, 111.0]], **circumstances()),
        made("highs", SLOW, **circumstances()),
    ]
    assert "**Yes:**" in make_page(runs)
    assert "No: 1 run, 0 on" in make_page(runs[1:])


def shaped(n_sources: int, seconds: float, n_periods: int = 1) -> dict[str, object]:
    arguments = {
        "n_sources": n_sources,
        "n_hubs": 100,
        "n_cascade": 60,
        "n_recyclers": 60,
        "n_periods": n_periods,
    }
    record = {**circumstances(), "peak_memory_mib": 1024.0 * n_sources / 100}
    run = made("netopt", [[seconds, 104.0, 100.0]], "growth", f"{n_sources}-{n_periods}", **record)
    run.case.arguments.update(arguments)
    return {"run": run}


def test_growth_takes_each_way_by_itself_and_leaves_out_what_was_not_reached() -> None:
    shapes = [(100, 1.0, 1), (337, 3.37, 1), (1000, 10.0, 1), (337, 7.0, 2), (3000, 1.0, 10)]
    runs = [shaped(*shape)["run"] for shape in shapes]
    runs.append(made("netopt", [[9.0, 130.0, 100.0]], "growth", "3000-1", **circumstances()))
    runs[-1].case.arguments.update({**runs[0].case.arguments, "n_sources": 3000})
    series = growth_series(runs, COSTS["seconds"][1])
    sizes, costs, fit = series["sources"]
    assert sizes == [100.0, 337.0, 1000.0]
    assert costs == [1.0, 3.37, 10.0]
    assert fit is not None
    assert fit.exponent == pytest.approx(1.0)
    assert series["periods"][0] == [1.0, 2.0]
    page = make_page(runs)
    assert "sources^1.00 (R² 1.00, 3 cases)" in page
    assert "not in 600 s" in page


def test_pictures_are_drawn_and_know_their_results(tmp_path: Path) -> None:
    more = circumstances()
    runs = [made("netopt", FAST, **more), made("highs", SLOW, **more)]
    runs += [made("highs", SLOW, name="b", **more)]
    growing = [shaped(*shape)["run"] for shape in ((100, 1.0), (337, 3.37), (1000, 10.0))]
    paths = draw_all([*runs, *growing], tmp_path)
    assert [path.name for path in paths] == ["coarse.png", "growth-seconds.png", "growth-memory.png"]
    with Image.open(paths[0]) as image:
        assert image.text[DIGEST_KEY] == digest_of(runs)
        assert image.size[0] > 800
    draw_gaps(runs, SUITES["coarse"].title, tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == paths[0].read_bytes()


def test_a_line_of_a_picture_is_the_gap_at_each_moment() -> None:
    import numpy as np  # noqa: PLC0415 - only here

    gaps = gaps_at(made("highs", SLOW), 100.0, np.array([0.5, 5.0, 10.0, 99.0, 100.0, 600.0]))
    assert gaps.tolist() == pytest.approx([np.inf, np.inf, 0.6, 0.6, 0.2, 0.1])
