from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from netopt.data.read import read_instance
from netopt.errors import CheckError, UsageError
from netopt.pipeline import solve
from netopt.policy.read import read_policy
from netopt.solution.check import check
from netopt.solution.options import SolveOptions
from netopt.solution.outcome import Status
from netopt.solution.solution import Solution
from netopt.solution.store import (
    altered_files,
    finite_or_null,
    read_manifest,
    read_run,
    write_explanation,
    write_run,
)


@pytest.fixture(scope="module")
def solution() -> Solution:
    toy = read_instance("toy")
    return solve(toy, read_policy("mandates", toy), SolveOptions(threads=1, formal_share=0.4))


@pytest.fixture
def run(solution: Solution, tmp_path: Path) -> Path:
    return write_run(solution, tmp_path / "run", extra={"profile": "default", "time_limit_s": 600.0})


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_run_reads_back_to_the_last_bit(solution: Solution, run: Path) -> None:
    read = read_run(run)
    for name, table in solution.answer.tables().items():
        written = table.reset_index(drop=True)
        pd.testing.assert_frame_equal(read.answer.tables()[name], written, check_exact=True)
    pd.testing.assert_frame_equal(read.ledger, solution.ledger.reset_index(drop=True), check_exact=True)
    pd.testing.assert_frame_equal(read.dropped_arcs, solution.dropped_arcs.reset_index(drop=True))
    assert read.outcome == solution.outcome
    assert read.policy.digest == solution.policy.digest
    assert read.formal_share == 0.4
    for name, table in solution.instance.tables.items():
        pd.testing.assert_frame_equal(read.instance[name], table.reset_index(drop=True))


def test_a_run_can_be_checked_and_solved_again_alone(solution: Solution, run: Path) -> None:
    read = read_run(run)
    assert check(read.instance, read.policy, read.answer, read.ledger, formal_share=read.formal_share).ok
    again = solve(read.instance, read.policy, SolveOptions(threads=1))
    assert again.outcome.upper_bound_cny_per_year == pytest.approx(
        solution.outcome.upper_bound_cny_per_year, rel=1e-9
    )


def test_the_layout_is_that_of_the_contract(run: Path) -> None:
    files = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    tables = {"flows", "throughput", "facilities", "stored", "supply", "shortfalls"}
    assert {f"tables/{name}.csv" for name in tables} <= files
    top = {file for file in files if "/" not in file}
    assert top == {
        "manifest.json",
        "outcome.json",
        "verdict.json",
        "ledger.csv",
        "dropped_arcs.csv",
        "policy.toml",
    }
    assert {"instance/instance.toml", "instance/datapackage.json", "instance/data/supply.csv"} <= files


def test_the_manifest_says_what_was_done_with_what(solution: Solution, run: Path) -> None:
    manifest = read_manifest(run)
    assert manifest["instance"]["name"] == "toy"
    assert manifest["policy"] == {"name": "mandates", "digest": solution.policy.digest}
    assert manifest["options"] == {
        "gap": 1e-4,
        "threads": 1,
        "seed": 0,
        "profile": "default",
        "time_limit_s": 600.0,
    }
    assert manifest["outcome"]["lower_bound_cny_per_year"] == solution.outcome.lower_bound_cny_per_year
    assert manifest["repeats_bit_for_bit"]["value"] is True
    assert manifest["created_utc"].endswith("+00:00")
    assert {"python", "pyomo", "highspy", "pandas"} <= manifest["versions"].keys()
    for file, digest in manifest["files"].items():
        assert hashlib.sha256((run / file).read_bytes()).hexdigest() == digest
    n_files = sum(path.is_file() for path in run.rglob("*"))
    assert len(manifest["files"]) == n_files - 1


def test_one_thread_repeats_bit_for_bit(solution: Solution, run: Path, tmp_path: Path) -> None:
    again = write_run(
        solve(solution.instance, solution.policy, SolveOptions(threads=1)),
        tmp_path / "again",
    )
    first, second = read_manifest(run)["files"], read_manifest(again)["files"]
    differing = {file for file in first if first[file] != second.get(file)}
    assert differing <= {"outcome.json"}  # the times measured


@pytest.mark.parametrize(
    ("status", "threads"), [(Status.LIMIT, 1), (Status.INTERRUPTED, 1), (Status.OPTIMAL, 2)]
)
def test_what_does_not_repeat_says_so(
    solution: Solution, tmp_path: Path, status: Status, threads: int
) -> None:
    outcome = replace(solution.outcome, status=status, threads=threads)
    run = write_run(replace(solution, outcome=outcome), tmp_path / "other")
    assert read_manifest(run)["repeats_bit_for_bit"]["value"] is False


def test_no_bound_is_null_and_comes_back(solution: Solution, tmp_path: Path) -> None:
    infinite = float("inf")
    outcome = replace(
        solution.outcome, lower_bound_cny_per_year=-infinite, gap=infinite, status=Status.LIMIT
    )
    run = write_run(replace(solution, outcome=outcome), tmp_path / "other")
    assert json.loads((run / "outcome.json").read_text(encoding="utf-8"))["gap"] is None
    assert read_run(run).outcome == outcome
    assert finite_or_null({"a": infinite, "b": "x"}) == {"a": None, "b": "x"}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("tables/flows.csv", "S1", "S2"),
        ("ledger.csv", "haulage", "loading"),
        ("outcome.json", '"optimal"', '"limit"'),
        ("policy.toml", "mandates", "mandated"),
        ("instance/data/supply.csv", "4000", "4001"),
        ("instance/instance.toml", "0.25", "0.26"),
    ],
)
def test_an_altered_file_is_named_and_refused(run: Path, file: str, old: str, new: str) -> None:
    assert altered_files(run) == []
    _edit(run / file, old, new)
    assert altered_files(run) == [f"{file}: changed"]
    with pytest.raises(CheckError, match=f"{file}: changed"):
        read_run(run)


def test_missing_and_added_files_count_where_they_are_read(run: Path) -> None:
    (run / "tables" / "flows.csv").unlink()
    (run / "instance" / "data" / "storage.csv").write_text("x", encoding="utf-8")
    (run / "maps").mkdir()
    (run / "maps" / "unified.png").write_bytes(b"")
    assert altered_files(run) == ["instance/data/storage.csv: added", "tables/flows.csv: missing"]


def test_a_link_out_of_the_run_is_no_file_of_it(run: Path, tmp_path: Path) -> None:
    flows = run / "tables" / "flows.csv"
    flows.rename(tmp_path / "flows.csv")
    flows.symlink_to(tmp_path / "flows.csv")
    assert altered_files(run) == ["tables/flows.csv: missing"]


def test_an_edited_answer_can_still_be_read_for_the_checker(run: Path) -> None:
    facilities = pd.read_csv(run / "tables" / "facilities.csv")
    facilities["capacity_tonnes_per_year"] *= 2
    facilities.to_csv(run / "tables" / "facilities.csv", index=False)
    read = read_run(run, verify_digests=False)
    verdict = check(read.instance, read.policy, read.answer, read.ledger, formal_share=read.formal_share)
    assert not verdict.ok


def test_a_malformed_outcome_is_said_on_one_line(run: Path) -> None:
    content = json.loads((run / "outcome.json").read_text(encoding="utf-8"))
    (run / "outcome.json").write_text(json.dumps({**content, "threads": "many", "seed": None}), "utf-8")
    with pytest.raises(CheckError) as caught:
        read_run(run, verify_digests=False)
    said = str(caught.value)
    assert "\n" not in said
    assert "https" not in said
    assert said.startswith("outcome.json: threads: ")
    assert "; seed: " in said


def test_a_foreign_answer_needs_no_manifest(solution: Solution, run: Path) -> None:
    for name in ("manifest.json", "outcome.json", "verdict.json", "dropped_arcs.csv"):
        (run / name).unlink()
    (run / "tables" / "stored.csv").unlink()
    with pytest.raises(CheckError, match=r"manifest\.json"):
        read_run(run)
    read = read_run(run, verify_digests=False)
    assert read.outcome is None
    assert read.manifest == {}
    assert read.formal_share == 0.4
    assert len(read.answer.flows) == len(solution.answer.flows)
    assert len(read.answer.stored) == len(read.dropped_arcs) == 0


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("manifest.json", "{", "not readable JSON"),
        ("manifest.json", "[]", "not a JSON object"),
        ("manifest.json", '{"formal_share": 2}', "formal_share 2"),
        ("manifest.json", '{"formal_share": NaN}', "formal_share nan"),
        ("outcome.json", '{"status": "fine"}', "outcome.json"),
        ("tables/flows.csv", "from_place\nS1\n", "columns missing"),
        ("instance/data/supply.csv", "source\n", "not valid"),
        ("policy.toml", "levers = 1", "not valid"),
    ],
)
def test_what_has_not_the_form_of_a_run_is_refused(run: Path, file: str, text: str, said: str) -> None:
    (run / file).write_text(text, encoding="utf-8")
    with pytest.raises(CheckError, match=said):
        read_run(run, verify_digests=False)


def test_what_is_no_run_is_a_usage_error(solution: Solution, run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        read_run(tmp_path / "absent")
    with pytest.raises(UsageError, match="no run folder"):
        read_run(run / "tables")
    policies = [solution.policy]
    path = write_explanation("Too much is asked.", solution.instance, policies, tmp_path / "why")
    assert (path / "explanation.txt").read_text(encoding="utf-8") == "Too much is asked.\n"
    with pytest.raises(UsageError, match="holds no plan"):
        read_run(path)


def test_a_run_is_replaced_only_on_request(solution: Solution, run: Path) -> None:
    (run / "maps").mkdir()
    with pytest.raises(UsageError, match="exists already"):
        write_run(solution, run)
    write_run(solution, run, force=True)
    assert altered_files(run) == []
    assert not (run / "maps").exists()
    assert [entry.name for entry in run.parent.iterdir()] == ["run"]
