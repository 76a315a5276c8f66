"""One name reads an instance or a run, by what the folder holds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from netopt.data.instance import Instance
from netopt.data.read import read_instance
from netopt.errors import CheckError, InstanceError, UsageError
from netopt.pipeline import solve
from netopt.policy.read import read_policy
from netopt.resources import shipped
from netopt.solution.load import load
from netopt.solution.solution import Solution
from netopt.solution.store import Run, write_run


@pytest.fixture(scope="module")
def solution() -> Solution:
    toy = read_instance("toy")
    return solve(toy, read_policy("unified", toy))


@pytest.fixture
def run(solution: Solution, tmp_path: Path) -> Path:
    return write_run(solution, tmp_path / "runs" / "unified")


@pytest.mark.parametrize("asked", ["toy", shipped("instances") / "toy", str(shipped("instances") / "toy")])
def test_an_instance_by_name_or_folder(asked: str | Path) -> None:
    found = load(asked)
    assert isinstance(found, Instance)
    assert found.digest == read_instance("toy").digest


def test_a_run(run: Path, solution: Solution) -> None:
    found = load(run)
    assert isinstance(found, Run)
    assert found.outcome == solution.outcome
    assert found.instance.digest == solution.instance.digest


def test_the_instance_inside_a_run(run: Path) -> None:
    assert isinstance(load(run / "instance"), Instance)


def test_an_answer_without_a_manifest_is_a_run_that_cannot_be_trusted(run: Path) -> None:
    (run / "manifest.json").unlink()
    with pytest.raises(CheckError, match=r"manifest\.json: missing"):
        load(run)


def test_an_altered_run_is_refused(run: Path) -> None:
    (run / "ledger.csv").write_text("nothing", encoding="utf-8")
    with pytest.raises(CheckError, match=r"ledger\.csv"):
        load(run)


def test_a_comparison_names_its_runs(run: Path) -> None:
    comparison = run.parents[1]
    manifest = {"kind": "comparison", "netopt_version": "0"}
    (comparison / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(UsageError, match=r"comparison of several runs; load one of .*runs/unified$"):
        load(comparison)


def test_what_holds_no_plan_is_said(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"kind": "infeasible"}), encoding="utf-8")
    with pytest.raises(UsageError, match="holds no plan"):
        load(tmp_path)


def test_an_instance_with_problems_lists_them(tmp_path: Path) -> None:
    shutil.copytree(shipped("instances") / "toy", tmp_path / "mine")
    supply = tmp_path / "mine" / "data" / "supply.csv"
    supply.write_text(supply.read_text(encoding="utf-8").replace("S1,", "S9,"), encoding="utf-8")
    with pytest.raises(InstanceError, match=r"supply\.csv, row 2"):
        load(tmp_path / "mine")


def test_a_folder_of_anything_else_says_what_an_instance_lacks(tmp_path: Path) -> None:
    with pytest.raises(InstanceError, match=r"instance\.toml"):
        load(tmp_path)


def test_a_slip_of_the_pen_is_met_with_a_name() -> None:
    with pytest.raises(UsageError, match="did you mean 'toy'"):
        load("toi")
