"""The runner: one file each, resumed, crashes recorded; contenders agree on a small case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench import bench_file
from tests.benchmarks import families
from tests.benchmarks.case import Case, SkippedError
from tests.benchmarks.contenders import CONTENDERS
from tests.benchmarks.measures import Run, by_case, contradictions, final_gap, gross_of, load, run_of
from tests.benchmarks.run import Request, run_suite
from tests.benchmarks.suites import SUITES, Suite
from tests.benchmarks.targets import TARGETS

SMALL = Case(
    "small",
    "synthetic",
    {
        "n_sources": 8,
        "n_hubs": 3,
        "n_cascade": 2,
        "n_recyclers": 2,
        "n_periods": 1,
        "profile": "coarse",
        "seed": 0,
    },
)


def suite_of(*contenders: str, cases: tuple[Case, ...] = (SMALL,)) -> Suite:
    return Suite("small", lambda _: list(cases), contenders, 20.0)


def one_run(folder: Path, contender: str) -> Run:
    (path,) = run_suite("test", suite_of(contender), Request(threads=1), folder, "python -m the.command")
    return run_of(json.loads(path.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    run_suite("test", suite_of("netopt", "highs", "highs-strong", "scip"), Request(threads=1), folder)
    return folder


def test_all_contenders_solve_the_small_case_and_agree(results: Path) -> None:
    its = by_case(load(results))["small"]
    assert set(its) == {"netopt", "highs", "highs-strong", "scip"}
    gross = gross_of(its.values())
    assert max(final_gap(run, gross) for run in its.values()) <= 1.2e-4
    assert contradictions(its.values()) == []
    costs = [run.incumbent for run in its.values()]
    assert costs == pytest.approx([costs[0]] * 4, rel=2e-4)


def test_a_result_says_all_that_is_needed_to_repeat_it(tmp_path: Path) -> None:
    run = one_run(tmp_path, "highs")
    record = run.record
    assert record["command"] == "python -m the.command"
    assert record["case"]["arguments"] == SMALL.arguments
    assert {"highspy", "netopt", "python"} <= set(record["versions"])
    assert record["machine"]["cores"] >= 1
    assert (record["limit_s"], record["threads"], record["seed"], record["gap"]) == (20.0, 1, 0, 1e-4)
    assert record["peak_memory_mib"] > 50
    assert run.build_s > 0
    assert [time_s for time_s, _, _ in run.trace] == sorted(time_s for time_s, _, _ in run.trace)


def test_bounds_rise_and_costs_fall(results: Path) -> None:
    for run in load(results):
        costs = [cost for _, cost, _ in run.trace if cost is not None]
        bounds = [bound for _, _, bound in run.trace if bound is not None]
        assert costs == sorted(costs, reverse=True)
        assert bounds == sorted(bounds)
        assert (costs[-1], bounds[-1]) == (run.incumbent, run.bound)


def test_a_second_call_runs_nothing(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise AssertionError("nothing is to be run")

    monkeypatch.setattr("tests.benchmarks.run._record", refuse)
    assert run_suite("test", suite_of("netopt", "highs"), Request(), results) == []
    with pytest.raises(AssertionError, match="nothing is to be run"):
        run_suite("test", suite_of("netopt-priced"), Request(), results)


def test_a_file_made_with_another_limit_is_kept_and_said_so(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_suite("test", suite_of("netopt"), Request(limit_s=20.0), results) == []
    assert capsys.readouterr().out == "test: small--netopt.json is there\n"
    assert run_suite("test", suite_of("netopt"), Request(limit_s=7.0), results) == []
    assert "but with a limit of 20 s, not 7: delete it" in capsys.readouterr().out


def test_a_crash_is_a_result_with_what_was_told_before(tmp_path: Path) -> None:
    run = one_run(tmp_path, "dies")
    assert run.end == {"how": "crashed", "code": -9, "said": ""}
    assert [reading[1:] for reading in run.trace] == [(2.0, 1.0)]
    assert run_suite("test", suite_of("dies"), Request(), tmp_path) == []


def test_an_error_is_a_crash_with_its_last_line(tmp_path: Path) -> None:
    case = Case("bad", "synthetic", {**SMALL.arguments, "profile": "medium"})
    (path,) = run_suite("test", suite_of("highs", cases=(case,)), Request(), tmp_path)
    end = json.loads(path.read_text(encoding="utf-8"))["end"]
    assert end == {"how": "crashed", "code": 1, "said": "KeyError: 'medium'"}


def test_a_contender_may_have_its_own_threads(tmp_path: Path) -> None:
    (path,) = run_suite("test", suite_of("highs-one-thread"), Request(threads=2), tmp_path)
    assert json.loads(path.read_text(encoding="utf-8"))["threads"] == 1


def test_no_plan_in_time_is_an_end_without_a_gap(tmp_path: Path) -> None:
    case = Case("hard", "synthetic", {**SMALL.arguments, "n_sources": 200, "n_hubs": 60, "n_recyclers": 30})
    (path,) = run_suite("test", suite_of("netopt-direct", cases=(case,)), Request(limit_s=0.2), tmp_path)
    run = run_of(json.loads(path.read_text(encoding="utf-8")))
    assert (run.end["how"], run.end["status"], run.incumbent) == ("ended", "no plan", None)
    assert final_gap(run, gross_of([run])) == float("inf")


def test_who_does_not_end_in_time_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.benchmarks.run.GRACE_S", 0.2)
    (path,) = run_suite("test", suite_of("netopt"), Request(limit_s=0.0), tmp_path)
    assert json.loads(path.read_text(encoding="utf-8"))["end"]["how"] == "killed"


def test_what_is_absent_is_skipped_and_leaves_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = Case("absent", "instance", {"instance": "china-1949", "policy": "unified"})
    assert run_suite("test", suite_of("netopt", cases=(case,)), Request(), tmp_path) == []
    assert "skipped: the instance china-1949 is not shipped" in capsys.readouterr().out
    assert list(tmp_path.rglob("*.json")) == []


def test_only_and_contenders_choose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def note(case: Case, contender: str, *_: Any) -> dict[str, Any]:
        asked.append((case.name, contender))
        return {"end": {"how": "skipped", "said": "a test"}}

    monkeypatch.setattr("tests.benchmarks.run._record", note)
    suite = suite_of("netopt", "highs", cases=(SMALL, Case("other", "synthetic", SMALL.arguments)))
    run_suite("test", suite, Request(only="oth", contenders=("scip",)), tmp_path)
    assert asked == [("other", "scip")]


def test_every_target_is_a_suite_and_every_contender_exists() -> None:
    assert {target.suite for target in TARGETS} == SUITES.keys() - {"growth", "threads"}
    assert {who for suite in SUITES.values() for who in suite.contenders} <= CONTENDERS.keys()


def test_cases_of_a_suite_have_names_of_their_own() -> None:
    for suite in SUITES.values():
        try:
            names = [case.name for case in suite.cases((0, 1))]
        except SkippedError:
            continue
        assert len(names) == len(set(names)) > 0


def test_growth_reaches_what_is_promised() -> None:
    shapes = [case.arguments for case in SUITES["growth"].cases((0,))]
    assert any(shape["n_sources"] == 3000 and shape["n_periods"] == 10 for shape in shapes)


def test_public_families_are_whole_and_open() -> None:
    bench_file("orlib_cap", "cap41.txt")
    assert len(families.caps()) == 37
    assert all(case.known.optimum for case in [*families.caps(), *families.capb(), *families.tbed1()])
    assert len(families.mp_tscflp()) == 7
    assert all(case.known.rival_gap is not None and case.known.best for case in families.mp_tscflp())
    assert all(case.known.bound for case in families.tscflp())
    instance, policy = families.caps()[0].open()
    assert (len(instance["sites"]), policy.name) == (16, "plain")
    assert Case.from_dict(json.loads(json.dumps(families.capb()[0].to_dict()))) == families.capb()[0]
