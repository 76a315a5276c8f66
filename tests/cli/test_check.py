"""``netopt check``: what a run or a comparison says about itself is believed no more than its plan."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from netopt.cli.main import main
from tests.cli.conftest import Run

Edit = Callable[[Path], None]


@pytest.fixture(scope="session")
def toy_comparison(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a comparison of toy under unified, mandates and open-market; not to be altered."""
    folder = tmp_path_factory.mktemp("compared") / "all"
    command = ["compare", "toy", "-o", str(folder), "-q", "--threads", "1", "--no-curve", "--no-maps"]
    assert main(command) == 0
    return folder


def edited(source: Path, copy: Path, edit: Edit, *, sealed: bool) -> Path:
    """Return a copy of a folder after an edit; ``sealed`` writes the manifest's digests anew."""
    shutil.copytree(source, copy)
    edit(copy)
    if sealed:
        for manifest in [*copy.glob("runs/*/manifest.json"), copy / "manifest.json"]:
            seal(manifest)
    return copy


def seal(manifest: Path) -> None:
    content = json.loads(manifest.read_text("utf-8"))
    for name in list(content["files"]):
        file = manifest.parent / name
        if file.exists():
            content["files"][name] = hashlib.sha256(file.read_bytes()).hexdigest()
        else:
            del content["files"][name]
    manifest.write_text(json.dumps(content), "utf-8")


def changed(name: str, change: Callable[[dict[str, Any]], None]) -> Edit:
    """Return an edit of a JSON file."""

    def edit(folder: Path) -> None:
        content = json.loads((folder / name).read_text("utf-8"))
        change(content)
        (folder / name).write_text(json.dumps(content), "utf-8")

    return edit


def outcome(**values: Any) -> Edit:
    """Return an edit of outcome.json, and of what the manifest repeats of it."""

    def edit(folder: Path) -> None:
        changed("outcome.json", lambda content: content.update(values))(folder)
        repeated = (
            json.loads((folder / "manifest.json").read_text("utf-8"))["outcome"].keys() & values.keys()
        )
        said = {name: values[name] for name in repeated}
        changed("manifest.json", lambda content: content["outcome"].update(said))(folder)

    return edit


def without_the_target(folder: Path) -> None:
    policy = tomllib.loads((folder / "policy.toml").read_text("utf-8"))
    policy["levers"] = [lever for lever in policy["levers"] if lever["lever"] != "classification"]
    (folder / "policy.toml").write_text(tomli_w.dumps(policy), "utf-8")


def a_dropped_arc_with_flow(folder: Path) -> None:
    flow = (folder / "tables" / "flows.csv").read_text("utf-8").splitlines()
    head, first = flow[0].split(","), flow[1].split(",")
    cells = dict(zip(head, first, strict=True))
    row = ",".join(cells[name] for name in ("from_place", "to_place", "commodity", "mode"))
    (folder / "dropped_arcs.csv").write_text(
        f"from_place,to_place,commodity,mode,reason\r\n{row},no distance\r\n", "utf-8", newline=""
    )


FORGED: dict[str, tuple[Edit, str]] = {
    "bound above the cost": (outcome(lower_bound_cny_per_year=1e12), "lies above the cost"),
    "bound far below, gap 0": (outcome(lower_bound_cny_per_year=-1e12), "make a gap of"),
    "no bound, gap 0": (outcome(lower_bound_cny_per_year=None), "make a gap of inf"),
    "gap below zero": (outcome(gap=-5.0), "not -5"),
    "gross cost": (outcome(gross_cost_cny_per_year=1e12), "the gross cost is"),
    "status": (outcome(status="limit"), "is not 'limit'"),
    "cost": (outcome(upper_bound_cny_per_year=0.0), "violated: [objective]"),
    "manifest's outcome": (
        changed("manifest.json", lambda content: content["outcome"].update(gap=1e-9)),
        "manifest.json: outcome gap",
    ),
    "manifest's policy": (
        changed("manifest.json", lambda content: content["policy"].update(digest="0" * 64)),
        "manifest.json: policy digest",
    ),
    "manifest's instance": (
        changed("manifest.json", lambda content: content["instance"].update(name="china")),
        "manifest.json: instance name",
    ),
    "manifest's seed": (
        changed("manifest.json", lambda content: content["options"].update(seed=77)),
        "manifest.json: options seed",
    ),
    "nothing listed": (changed("manifest.json", lambda content: content.update(files={})), "not listed"),
    "another policy": (without_the_target, "manifest.json: policy digest"),
    "no outcome": (lambda folder: (folder / "outcome.json").unlink(), "outcome.json: not listed"),
    "verdict": (
        changed("verdict.json", lambda content: content.update(ok=False)),
        "verdict.json: ok is True",
    ),
    "verdict's sum": (
        changed("verdict.json", lambda content: content.update(gross_cost_cny_per_year=1.0)),
        "verdict.json: gross_cost_cny_per_year",
    ),
    "dropped arc": (a_dropped_arc_with_flow, "dropped_arcs.csv: "),
}


@pytest.mark.parametrize("forgery", list(FORGED))
def test_what_a_run_says_of_itself_is_not_believed(
    netopt_here: Run, toy_run: Path, tmp_path: Path, forgery: str
) -> None:
    edit, expected = FORGED[forgery]
    run = edited(toy_run, tmp_path / "forged", edit, sealed=forgery != "nothing listed")
    ended = netopt_here("check", run)
    assert (ended.code, expected in ended.out) == (7, True), ended.out


@pytest.mark.parametrize("file", ["dropped_arcs.csv", "verdict.json", "outcome.json"])
def test_files_beside_the_tables_are_covered_by_the_manifest(
    netopt_here: Run, toy_run: Path, tmp_path: Path, file: str
) -> None:
    run = edited(toy_run, tmp_path / "run", lambda folder: (folder / file).unlink(), sealed=False)
    assert f"{file}: missing" in netopt_here("check", run).out


def test_a_passed_check_says_whose_word_the_bound_is(netopt_here: Run, toy_run: Path) -> None:
    ended = netopt_here("check", toy_run)
    assert ended.code == 0
    assert "is the word of HiGHS" in ended.out
    content = netopt_here("check", toy_run, "--json").json()
    assert content["bound_source"].startswith("HiGHS")
    assert content["verdict"]["exact"] is True


def test_a_large_run_is_decided_exactly_on_request(
    netopt_here: Run, toy_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netopt.solution.recheck.EXACT_FLOWS", 0)
    assert netopt_here("check", toy_run, "--json").json()["verdict"]["exact"] is False
    assert netopt_here("check", toy_run, "--exact", "--json").json()["verdict"]["exact"] is True


def test_a_comparison_is_checked_with_all_its_runs(netopt_here: Run, toy_comparison: Path) -> None:
    ended = netopt_here("check", toy_comparison)
    assert ended.code == 0, ended.out
    for name in ("unified", "mandates", "open-market"):
        assert f"{name}: cost " in ended.out
    assert "the interval of open-market was not recomputed" in ended.out
    content = netopt_here("check", toy_comparison, "--json").json()
    assert set(content["runs"]) == {"unified", "mandates", "open-market"}


def headline(**values: Any) -> Edit:
    return changed("comparison.json", lambda content: content["headline"][0].update(values))


def another_formal_share(folder: Path) -> None:
    """Put a run of more batteries in the place of the mandates'."""
    shutil.rmtree(folder / "runs" / "mandates")
    where = str(folder / "runs" / "mandates")
    command = ["solve", "toy", "--policy", "mandates", "-o", where, "-q", "--threads", "1"]
    assert main([*command, "--formal-share", "0.4"]) == 0
    listed = [file for file in folder.rglob("*") if file.is_file() and file != folder / "manifest.json"]
    names = {file.relative_to(folder).as_posix(): "" for file in listed}
    changed("manifest.json", lambda content: content["files"].update(names))(folder)


FORGED_COMPARISONS: dict[str, tuple[Edit, str]] = {
    "interval": (headline(low_cny_per_year=1.0), "comparison.json: low_cny_per_year of mandates is"),
    "share": (headline(high_share_of_base_gross_cost=0.1), "high_share_of_base_gross_cost of mandates"),
    "tonnes": (headline(low_cny_per_tonne_retired=math.pi), "low_cny_per_tonne_retired of mandates"),
    "sign": (headline(sign=-1), "sign of mandates is 1, not -1"),
    "line left out": (
        changed("comparison.json", lambda content: content["headline"].pop(0)),
        "the headline has 0 lines of mandates",
    ),
    "a run's bound": (
        lambda folder: outcome(lower_bound_cny_per_year=-1e12)(folder / "runs" / "unified"),
        "unified: untrue: outcome.json",
    ),
    "other batteries": (another_formal_share, "not the same batteries"),
    "a run left out": (
        lambda folder: shutil.rmtree(folder / "runs" / "mandates"),
        "runs/mandates: missing",
    ),
    "a policy's digest": (
        changed("manifest.json", lambda content: content["policies"][1].update(digest="0")),
        "policy mandates is not that of its run",
    ),
}


@pytest.mark.parametrize("forgery", list(FORGED_COMPARISONS))
def test_what_a_comparison_says_is_recomputed(
    netopt_here: Run, toy_comparison: Path, tmp_path: Path, forgery: str
) -> None:
    edit, expected = FORGED_COMPARISONS[forgery]
    folder = edited(toy_comparison, tmp_path / "forged", edit, sealed=True)
    ended = netopt_here("check", folder)
    assert (ended.code, expected in ended.out) == (7, True), ended.out
