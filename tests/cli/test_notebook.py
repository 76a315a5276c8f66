"""``netopt new --notebook``: a marimo notebook that plans the instance beside it, run as a reader would."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import netopt
from netopt.cli.new import NOTEBOOK
from netopt.resources import shipped
from tests.cli.conftest import Run, environment, files_of
from tests.docs.notebook_picture import shown

TEMPLATE = shipped("instances") / NOTEBOOK


@pytest.fixture
def here(netopt_here: Run, tmp_path: Path) -> Path:
    assert netopt_here("new", "mine", "--notebook").code == 0
    return tmp_path / "mine"


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder with marimo told to ask nobody for anything."""
    return subprocess.run(  # noqa: S603
        [sys.executable, *words],
        cwd=folder,
        env=environment(MARIMO_SKIP_UPDATE_CHECK="1", NO_COLOR="1"),
        capture_output=True,
        text=True,
        check=False,
    )


def outputs_of(folder: Path) -> list[dict[str, Any]]:
    """Return what cells showed, in order, from the session that an export leaves."""
    session = folder / "__marimo__" / "session" / f"{NOTEBOOK}.json"
    cells = json.loads(session.read_text(encoding="utf-8"))["cells"]
    return [output for cell in cells for output in cell["outputs"]]


def text_of(output: dict[str, Any]) -> str:
    """Return what a cell shows, with what its elements carry (twice escaped) made readable."""
    shown = " ".join(str(value) for value in output.get("data", {}).values())
    return re.sub(r"\s+", " ", html.unescape(html.unescape(shown)))


def interval(text: str) -> tuple[float, float]:
    found = re.search(r"costs society (-?[\d.,]+) to (-?[\d.,]+) m CNY", text)
    assert found is not None, text
    return float(found[1].replace(",", "")), float(found[2].replace(",", ""))


def test_the_notebook_is_copied_and_said(netopt_here: Run, tmp_path: Path) -> None:
    planned = netopt_here("new", "mine", "--notebook", "--dry-run", "--json").json()
    assert NOTEBOOK in planned["files"]
    assert list(tmp_path.iterdir()) == []
    made = netopt_here("new", "mine", "--notebook")
    assert made.code == 0
    assert "marimo edit mine/notebook.py" in made.out
    files = files_of(tmp_path / "mine")
    assert files.pop(NOTEBOOK) == TEMPLATE.read_bytes()
    netopt_here("new", "plain")
    assert files == files_of(tmp_path / "plain")


def test_a_notebook_is_kept_unless_it_is_asked_for_anew(netopt_here: Run, here: Path) -> None:
    (here / NOTEBOOK).write_text("edited", encoding="utf-8")
    assert netopt_here("new", "mine", "--notebook").code == 2
    assert netopt_here("new", "mine", "--force").code == 0
    assert (here / NOTEBOOK).read_text(encoding="utf-8") == "edited"
    assert netopt_here("new", "mine", "--notebook", "--force", "--from", "toy-two-periods").code == 0
    assert (here / NOTEBOOK).read_bytes() == TEMPLATE.read_bytes()
    assert netopt_here("validate", "mine").code == 0


def test_new_needs_no_marimo(netopt_process: Run, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "marimo.py").write_text("raise ImportError('not installed')", encoding="utf-8")
    ended = netopt_process("new", "mine", "--notebook", PYTHONPATH=f"{hidden}:{TEMPLATE.parents[1]}")
    assert ended.code == 0, ended.err


def test_marimo_finds_nothing_to_complain_of(here: Path) -> None:
    checked = run(here, "-m", "marimo", "check", "--strict", NOTEBOOK)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", ["toy", "toy-two-periods"])
def test_as_a_script_it_states_what_netopt_finds(netopt_here: Run, tmp_path: Path, name: str) -> None:
    netopt_here("new", "mine", "--notebook", "--from", name)
    done = run(tmp_path / "mine", NOTEBOOK)
    assert done.returncode == 0, done.stderr
    instance = netopt.read_instance(name)
    policies = [netopt.read_policy(policy, instance) for policy in ("unified", "mandates")]
    [cost] = netopt.compare(instance, policies, curve=False).headline
    low, high = interval(done.stdout)
    assert low == pytest.approx(cost.low_cny_per_year / 1e6, abs=0.006)
    assert high == pytest.approx(cost.high_cny_per_year / 1e6, abs=0.006)
    own = netopt.make_lever("site_count", facility_types=["hub"], minimum=2)
    plan = netopt.solve(instance, netopt.extend_policy(policies[0], "own", [own]))
    alone = netopt.solve(instance, policies[0])
    more = (plan.outcome.upper_bound_cny_per_year - alone.outcome.lower_bound_cny_per_year) / 1e6
    assert f"at least 2 sites of type hub the plan costs {more:,.2f} to" in done.stdout


def test_exported_every_cell_has_run_and_shows_what_it_should(here: Path) -> None:
    done = run(here, "-m", "marimo", "export", "html", NOTEBOOK, "-o", "notebook.html")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (here / "notebook.html").stat().st_size > 1e5
    outputs = outputs_of(here)
    assert [output for output in outputs if output["type"] != "data"] == []
    pictures = [output for output in outputs if "image/png" in str(output["data"])]
    assert len(pictures) == 2
    text = " ".join(text_of(output) for output in outputs)
    for expected in (
        "Three provinces in a row",
        "16,000 t a year retire",
        "-5.53 to -5.53",
        "passed",
        "recovered_metals",
        "Easttown dismantler",
        "mandates costs society 6.11 to 6.11 m CNY a year more than unified",
        "With at least 2 sites of type hub",
    ):
        assert expected in text, expected


def test_a_mistake_in_the_tables_is_told_and_nothing_is_planned(here: Path) -> None:
    supply = here / "data" / "supply.csv"
    supply.write_text(supply.read_text(encoding="utf-8").replace("S1,", "S9,"), encoding="utf-8")
    as_script = run(here, NOTEBOOK)
    assert as_script.returncode != 0
    assert "data/supply.csv, row 2, column source: [foreign_key]" in as_script.stderr
    exported = run(here, "-m", "marimo", "export", "html", NOTEBOOK, "-o", "notebook.html")
    outputs = outputs_of(here)
    assert exported.returncode in {0, 1}
    assert "'S9' is not in data/sources.csv" in " ".join(text_of(output) for output in outputs)
    assert {output["ename"] for output in outputs if output["type"] == "error"} == {"ancestor-stopped"}


def test_without_an_instance_beside_it_says_what_is_missing(tmp_path: Path) -> None:
    shutil.copy(TEMPLATE, tmp_path)
    done = run(tmp_path, NOTEBOOK)
    assert done.returncode != 0
    assert "instance.toml" in done.stderr


def test_in_marimo_a_choice_is_planned_at_once_and_nobody_else_is_asked(here: Path) -> None:
    with shown(here / NOTEBOOK) as notebook:
        page = notebook.page
        page.get_by_text("more than under unified alone").wait_for()
        page.locator("img").nth(1).wait_for(timeout=60_000)
        page.locator("select").nth(1).select_option(label="mandates")
        page.get_by_text("more than under mandates alone").wait_for(timeout=60_000)
        assert (notebook.outside, notebook.complaints) == ([], [])
