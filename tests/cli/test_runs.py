"""Solves from the command line: runs, checks, exit codes, interrupts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import netopt.pipeline
from netopt.errors import NoSolutionError
from netopt.solution.outcome import Status
from tests.cli.conftest import Run, environment, files_of

HARD_POLICY = """
name = "hard"
[[levers]]
lever = "cascade_target"
share = 0.9
denominator = "retired"
hard = true
facility_types = ["cascade"]
"""


def _solve(run: Run, *words: object) -> Any:
    return run("solve", "toy", "--policy", "unified", "--threads", "1", *words)


def test_a_solve_writes_a_checked_run_and_says_where(netopt_process: Run, tmp_path: Path) -> None:
    ended = _solve(netopt_process, "-o", "run", "--json", "--profile", "exact")
    assert ended.code == 0, ended.err
    content = ended.json()
    assert content["status"] == "optimal"
    assert content["checked"] is True
    assert content["bound"] <= content["objective"]
    assert content["gap"] == pytest.approx(
        (content["objective"] - content["bound"]) / content["gross_cost"], abs=1e-12
    )
    assert content["paths"] == {"run": "run", "manifest": str(Path("run") / "manifest.json")}
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["policy"]["digest"] == content["digests"]["policy"]
    assert manifest["instance"]["digest"] == content["digests"]["instance"]
    options = manifest["options"]
    assert (options["profile"], options["threads"], options["gap"]) == ("exact", 1, 0.0)
    assert options["solver_options"]["mip_feasibility_tolerance"] == 1e-9
    assert ended.err
    for line in ended.err.splitlines():
        assert json.loads(line)["event"] == "progress"


@pytest.mark.parametrize("output", ["a-file/run", "x" * 300, "a-loop", "a-file"])
@pytest.mark.parametrize("options", [["--dry-run"], []], ids=["dry", "solve"])
@pytest.mark.parametrize("words", [["solve", "--policy"], ["compare", "--policies"]], ids=lambda w: w[0])
def test_an_output_that_cannot_be_written_is_found_before_the_solve(
    netopt_here: Run, tmp_path: Path, output: str, options: list[str], words: list[str]
) -> None:
    (tmp_path / "a-file").write_text("mine", encoding="utf-8")
    (tmp_path / "a-loop").symlink_to("a-loop")
    command, policies = words
    names = "unified" if command == "solve" else "unified,mandates"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(netopt.pipeline, "solve_direct", lambda *_: pytest.fail("solved"))
        ended = netopt_here(command, "toy", policies, names, "-o", output, *options)
    assert ended.code == 2, ended.err
    assert output[:40] in ended.err.replace("\n", "")
    assert {entry.name for entry in tmp_path.iterdir()} == {"a-file", "a-loop"}


def test_results_that_is_a_file_is_found_before_the_solve(netopt_here: Run, tmp_path: Path) -> None:
    (tmp_path / "results").write_text("mine", encoding="utf-8")
    ended = _solve(netopt_here, "--dry-run")
    assert ended.code == 2
    assert str(Path("results") / "runs") in ended.err
    assert "cannot be written" in ended.err


def test_a_run_goes_to_a_dated_folder_by_default(netopt_here: Run, tmp_path: Path) -> None:
    ended = _solve(netopt_here)
    assert ended.code == 0
    (run,) = (tmp_path / "results" / "runs").iterdir()
    assert re.fullmatch(r"toy-unified-\d{8}T\d{6}Z", run.name)
    assert ended.out.splitlines()[-1].endswith(str(Path("results") / "runs" / run.name))


def test_a_run_that_is_there_is_kept_unless_forced(netopt_here: Run, toy_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(toy_run, run)
    before = files_of(run)
    refused = _solve(netopt_here, "-o", run)
    assert (refused.code, refused.out) == (2, "")
    assert "--force" in refused.err
    assert files_of(run) == before
    assert _solve(netopt_here, "-o", run, "--force", "--seed", "3").code == 0
    assert json.loads((run / "manifest.json").read_text(encoding="utf-8"))["options"]["seed"] == 3


def test_the_formal_share_is_that_asked_for(netopt_here: Run, tmp_path: Path) -> None:
    content = _solve(netopt_here, "-o", "run", "--formal-share", "1", "--json").json()
    assert content["formal_share"] == 1.0
    supply = (tmp_path / "run" / "tables" / "supply.csv").read_text(encoding="utf-8").splitlines()
    leaked = supply[0].split(",").index("leaked_tonnes_per_year")
    assert {float(row.split(",")[leaked]) for row in supply[1:]} == {0.0}
    assert netopt_here("check", "run").code == 0


def test_check_passes_what_was_solved(netopt_here: Run, toy_run: Path) -> None:
    ended = netopt_here("check", toy_run)
    assert (ended.code, ended.out.splitlines()[0]) == (0, f"{toy_run}: passed")
    content = netopt_here("check", toy_run, "--json").json()
    assert (content["status"], content["altered_files"]) == ("passed", [])
    assert content["verdict"]["ok"] is True


def test_check_names_edited_files_and_broken_rules(netopt_here: Run, toy_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(toy_run, run)
    flows = run / "tables" / "flows.csv"
    lines = flows.read_text(encoding="utf-8").splitlines()
    flows.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    ended = netopt_here("check", run)
    assert ended.code == 7
    assert "altered: tables/flows.csv: changed" in ended.out
    assert "violated: " in ended.out
    content = netopt_here("check", run, "--json").json()
    assert (content["status"], content["exit_code"]) == ("check_failed", 7)
    assert content["verdict"]["violations"]


def test_check_judges_a_foreign_answer_by_its_tables(
    netopt_here: Run, toy_run: Path, tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign"
    for part in ("instance", "tables"):
        shutil.copytree(toy_run / part, foreign / part)
    for part in ("policy.toml", "ledger.csv"):
        shutil.copyfile(toy_run / part, foreign / part)
    assert netopt_here("check", foreign).code == 0
    ledger = foreign / "ledger.csv"
    text = ledger.read_text(encoding="utf-8")
    ledger.write_text("\n".join(text.splitlines()[:-1]) + "\n", encoding="utf-8")
    ended = netopt_here("check", foreign)
    assert ended.code == 7
    assert "violated: " in ended.out
    (foreign / "tables" / "flows.csv").write_text("from_place\n", encoding="utf-8")
    unreadable = netopt_here("check", foreign)
    assert (unreadable.code, "columns missing" in unreadable.err) == (7, True)


def test_an_impossible_policy_is_explained_in_words_and_in_a_file(netopt_here: Run, tmp_path: Path) -> None:
    policy = tmp_path / "hard.toml"
    policy.write_text(HARD_POLICY, encoding="utf-8")
    words = ["solve", "toy", "--policy", policy, "-o", "why"]
    ended = netopt_here(*words)
    assert (ended.code, ended.out) == (4, "")
    explanation = (tmp_path / "why" / "explanation.txt").read_text(encoding="utf-8")
    assert "cascade_target" in explanation
    assert re.search(r"\d+(\.\d+)? ?%", explanation)
    assert explanation.strip() in ended.err
    content = netopt_here(*words, "--force", "--json").json()
    assert (content["status"], content["exit_code"]) == ("infeasible", 4)
    more = f"netopt explain toy --policy {policy}"
    assert content["paths"] == {"explanation": str(Path("why") / "explanation.txt")}
    assert more in explanation
    assert more in content["message"]
    assert netopt_here("check", "why").code == 2
    words = ["compare", "toy", "--policies", f"unified,{policy}", "-o", "whynot", "--no-curve"]
    assert netopt_here(*words).code == 4
    assert more in (tmp_path / "whynot" / "explanation.txt").read_text(encoding="utf-8")


def test_an_option_that_the_solver_lacks_is_a_usage_error(netopt_here: Run, tmp_path: Path) -> None:
    (tmp_path / "netopt.toml").write_text("[solver_options]\nno_such_option = 1\n", encoding="utf-8")
    ended = _solve(netopt_here, "-o", "run")
    assert (ended.code, ended.out) == (2, "")
    assert "no_such_option" in ended.err
    assert not (tmp_path / "run").exists()


def test_a_fault_is_one_line_and_a_traceback_on_request(
    netopt_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(netopt.pipeline, "solve", faulty)
    ended = _solve(netopt_here, "-o", "run")
    assert ended.code == 1
    assert ended.err.splitlines()[0] == "error: by zero"
    assert "-vv" in ended.err
    assert "Traceback" not in ended.err
    assert "Traceback" in _solve(netopt_here, "-o", "run", "-vv").err
    assert not (tmp_path / "run").exists()


def _ends_with(monkeypatch: pytest.MonkeyPatch, status: Status) -> None:
    """Let solves end as if a limit or the user had ended them, with the plan they have."""
    whole = netopt.pipeline.solve

    def cut_short(*words: Any) -> Any:
        solution = whole(*words)
        known = solution.outcome
        low = known.upper_bound_cny_per_year - 0.5 * known.gross_cost_cny_per_year
        return replace(
            solution, outcome=replace(known, status=status, lower_bound_cny_per_year=low, gap=0.5)
        )

    monkeypatch.setattr(netopt.pipeline, "solve", cut_short)


@pytest.mark.parametrize(("status", "code"), [(Status.LIMIT, 5), (Status.INTERRUPTED, 130)])
def test_a_plan_within_a_wider_gap_is_written_and_told_apart(
    netopt_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: Status, code: int
) -> None:
    _ends_with(monkeypatch, status)
    ended = _solve(netopt_here, "-o", "run", "--json")
    assert ended.code == code
    assert (ended.json()["status"], ended.json()["exit_code"]) == (str(status), code)
    assert netopt_here("check", "run").code == 0


def test_no_plan_at_all_writes_nothing(
    netopt_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hasty(*_: object) -> None:
        raise NoSolutionError("the time limit came before any plan")

    monkeypatch.setattr(netopt.pipeline, "solve", hasty)
    ended = _solve(netopt_here, "-o", "run", "--json")
    assert (ended.code, ended.json()["status"]) == (6, "no_solution")
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_stops_listening_is_no_fault(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "netopt", "schema", "instance"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(  # noqa: S603
        words, cwd=tmp_path, env=environment(), text=True, **pipes
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
    assert "Traceback" not in errors
    assert "Exception" not in errors


def test_maps_of_a_run(netopt_here: Run, toy_run: Path, tmp_path: Path) -> None:
    dry = netopt_here("map", toy_run, "-o", "maps", "--dry-run")
    assert (dry.code, (tmp_path / "maps").exists()) == (0, False)
    ended = netopt_here("map", toy_run, "-o", "maps", "--json")
    assert ended.code == 0, ended.err
    assert ended.json()["exit_code"] == 0
    paths = sorted(Path(path) for path in ended.json()["paths"].values())
    assert [path.name for path in paths] == ["map.html", "network.gpkg", "unified", "unified.png"]
    assert sorted((tmp_path / "maps").iterdir()) == [tmp_path / path for path in paths]
    json.loads((tmp_path / "maps" / "unified" / "routes.geojson").read_text(encoding="utf-8"))
    assert (tmp_path / "maps" / "unified.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "maps" / "network.gpkg").read_bytes().startswith(b"SQLite format 3")
    again = netopt_here("map", toy_run, "-o", "maps", "--format", "geojson")
    assert (again.code, "--force" in again.err) == (2, True)
    assert netopt_here("map", toy_run, "-o", "maps", "--format", "geojson", "--force").code == 0
    typo = netopt_here("map", toy_run, "--format", "geojsn")
    assert (typo.code, "did you mean geojson?" in typo.err) == (2, True)


def test_maps_for_print(netopt_here: Run, toy_run: Path, tmp_path: Path) -> None:
    ended = netopt_here("map", toy_run, "-o", "maps", "--format", "svg,pdf", "--json")
    assert ended.code == 0, ended.err
    assert [Path(path).name for path in ended.json()["paths"].values()] == ["unified.svg", "unified.pdf"]
    assert set(files_of(tmp_path / "maps")) == {"unified.svg", "unified.pdf"}
    assert (tmp_path / "maps" / "unified.pdf").read_bytes().startswith(b"%PDF-")
    assert b"<svg" in (tmp_path / "maps" / "unified.svg").read_bytes()


def test_the_size_of_a_picture_and_its_base_map_are_options(
    netopt_here: Run, toy_run: Path, tmp_path: Path
) -> None:
    units = {"type": "FeatureCollection", "features": [_square("W", 0), _square("E", 10)]}
    (tmp_path / "units.geojson").write_text(json.dumps(units), encoding="utf-8")
    base = ["map", toy_run, "--format", "png,html", "--base-map", "units.geojson"]
    nameless = netopt_here(*base, "-o", "maps")
    assert (nameless.code, "--credit" in nameless.err) == (2, True)
    said = ["--credit", "Survey office", "--approval-number", "GS(2026)1"]
    ended = netopt_here(*base, *said, "-o", "maps", "--figsize", "6x5", "--dpi", "50", "--lang", "zh")
    assert ended.code == 0, ended.err
    picture = (tmp_path / "maps" / "unified.png").read_bytes()
    assert (int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])) == (300, 250)
    page = (tmp_path / "maps" / "map.html").read_text(encoding="utf-8")
    assert all(words in page for words in ("Survey office", "GS(2026)1", '<html lang="zh">'))
    for option, value in (
        ("--figsize", "big"),
        ("--figsize", "1x1"),
        ("--dpi", "0"),
        ("--lang", "fr"),
        ("--fill", "x"),
    ):
        refused = netopt_here("map", toy_run, "--format", "png", "-o", "other", option, value)
        assert refused.code == 2, (option, value, refused.err)
    assert not (tmp_path / "other").exists()


def _square(jurisdiction: str, west: float) -> dict[str, object]:
    ring = [[west, 0], [west + 5, 0], [west + 5, 5], [west, 5], [west, 0]]
    return {
        "type": "Feature",
        "properties": {"jurisdiction": jurisdiction, "name": jurisdiction},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def test_two_runs_are_drawn_beside_each_other(netopt_here: Run, toy_run: Path, tmp_path: Path) -> None:
    ended = netopt_here("map", toy_run, "--vs", toy_run, "-o", "maps", "--format", "html,parquet", "--json")
    assert ended.code == 0, ended.err
    assert {path.name for path in (tmp_path / "maps").iterdir()} == {
        "map.html",
        "unified-parquet",
        "unified-2-parquet",
    }


def test_a_map_of_one_period(netopt_here: Run, toy_run: Path, tmp_path: Path) -> None:
    ended = netopt_here("map", toy_run, "-o", "maps", "--format", "png", "--period", "2025")
    assert ended.code == 0
    assert set(files_of(tmp_path / "maps")) == {"unified-2025.png"}
    unknown = netopt_here("map", toy_run, "-o", "other", "--period", "2042")
    assert unknown.code == 2
    assert "no period '2042'" in unknown.err
    assert not (tmp_path / "other").exists()


def test_maps_that_are_interrupted_are_not_there(
    netopt_here: Run, toy_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "unified.svg").write_text("mine", encoding="utf-8")
    monkeypatch.setattr("netopt.maps.picture.draw", interrupted)
    ended = netopt_here("map", toy_run, "-o", "maps")
    assert (ended.code, "nothing was written" in ended.err) == (130, True)
    assert files_of(tmp_path) == {"maps/unified.svg": b"mine"}


@pytest.mark.parametrize("dry", [["--dry-run"], []])
def test_maps_that_cannot_be_written_are_a_usage_error(
    netopt_here: Run, toy_run: Path, tmp_path: Path, dry: list[str]
) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for output in ("file", "file/maps"):
        ended = netopt_here("map", toy_run, "-o", output, *dry)
        assert (ended.code, output in ended.err) == (2, True)
    assert files_of(tmp_path) == {"file": b"mine"}


def test_an_altered_run_is_not_mapped(netopt_here: Run, toy_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(toy_run, run)
    (run / "ledger.csv").write_text("", encoding="utf-8")
    ended = netopt_here("map", run)
    assert (ended.code, "ledger.csv: changed" in ended.err) == (7, True)
    assert not (run / "maps").exists()


def test_compare_leaves_runs_verdict_and_maps(netopt_here: Run, tmp_path: Path) -> None:
    ended = netopt_here("compare", "toy", "-o", "all", "--threads", "1", "--no-curve", "--json")
    assert ended.code == 0, ended.err
    content = ended.json()
    names = {"unified", "mandates", "open-market"}
    assert set(content["objective"]) == set(content["gap"]) == names
    folder = tmp_path / "all"
    assert {path.name for path in (folder / "runs").iterdir()} == names
    top = {path.name for path in folder.iterdir()}
    assert {"comparison.json", "README.md", "manifest.json", "maps"} <= top
    assert {"network.gpkg", "mandates.png"} <= {path.name for path in (folder / "maps").iterdir()}
    for name in names:
        assert netopt_here("check", folder / "runs" / name).code == 0
    json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    assert netopt_here("map", folder, "-o", "again", "--format", "gpkg").code == 0


def test_compare_prints_the_verdict(netopt_here: Run, tmp_path: Path) -> None:
    words = [
        "compare",
        "toy",
        "--policies",
        "unified,mandates",
        "--no-maps",
        "--no-curve",
        "--formal-share",
        "0.25",
    ]
    ended = netopt_here(*words, "-o", "two")
    assert ended.code == 0, ended.err
    assert (tmp_path / "two" / "README.md").read_text(encoding="utf-8").rstrip() in ended.out
    assert not (tmp_path / "two" / "maps").exists()
    assert ended.out.rstrip().endswith("two")


def test_solves_are_not_lost_to_a_map_that_cannot_be_drawn(
    netopt_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no ink")

    monkeypatch.setattr("netopt.maps.picture.draw", broken)
    ended = netopt_here("compare", "toy", "--policies", "unified,mandates", "--no-curve", "-o", "two")
    assert (ended.code, "no ink" in ended.err) == (1, True)
    assert netopt_here("check", Path("two") / "runs" / "mandates").code == 0
