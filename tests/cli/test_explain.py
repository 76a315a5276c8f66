"""``netopt explain``: of an instance under a policy, of a run, and its exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_runs import HARD_POLICY


def test_where_no_plan_exists_it_says_what_to_lift_and_ends_with_4(
    netopt_here: Run, tmp_path: Path
) -> None:
    policy = tmp_path / "hard.toml"
    policy.write_text(HARD_POLICY, encoding="utf-8")
    ended = netopt_here("explain", "toy", "--policy", policy, "--threads", 1)
    assert ended.code == 4
    assert "This alone cannot be kept, whatever else is lifted" in ended.out
    assert "Lift this, and a plan exists (no lighter set would do" in ended.out
    content = netopt_here("explain", "toy", "--policy", policy, "--threads", 1, "--json").json()
    assert (content["status"], content["exit_code"]) == ("infeasible", 4)
    (conflict,) = content["explanation"]["conflicts"]
    (statement,) = conflict["statements"]
    assert (statement["kind"], statement["enough_alone"]) == ("rule", True)
    assert conflict["irreducible"]
    lift = content["explanation"]["lift"]
    assert lift["smallest"]
    assert [item["name"] for item in lift["statements"]] == [statement["name"]]
    (give,) = content["explanation"]["gives"]
    assert give["unit"] == "t/yr"


def test_a_shipped_policy_may_be_impossible_once_all_is_collected(netopt_here: Run) -> None:
    """toy's mandates at a formal share of 1: R2 is barred, R3 alone is too small."""
    ended = netopt_here("explain", "toy", "--policy", "mandates", "--formal-share", 1, "--threads", 1)
    assert ended.code == 4
    lift = ended.out.split("Lift this", 1)[1]
    assert "it bars R2" in lift.split("What must give", 1)[0]
    solved = netopt_here("solve", "toy", "--policy", "mandates", "--formal-share", 1, "-o", "why", "-q")
    assert solved.code == 4
    assert "netopt explain toy --policy mandates --formal-share 1" in solved.err


def test_a_run_is_explained_as_its_instance_and_policy_are(netopt_here: Run, toy_run: Path) -> None:
    of_run = netopt_here("explain", toy_run, "--threads", 1)
    of_policy = netopt_here("explain", "toy", "--policy", "unified", "--threads", 1, "-q")
    assert (of_run.code, of_policy.code) == (0, 0)
    assert of_run.out == of_policy.out
    assert "-2,095  Westland dealers" in of_run.out
    content = netopt_here("explain", toy_run, "--json").json()
    assert content["status"] == "optimal"
    prices = {row["source"]: row["cny_per_tonne"] for row in content["explanation"]["next_tonne"]}
    assert prices["S1"] == pytest.approx(-2095.45)
    assert content["explanation"]["prices"].startswith("linear program of operations with the sites fixed")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["explain", "toy"], "add --policy"),
        (["explain", "no-such-run"], "add --policy"),
        (["explain", "toy", "--policy", "unifed"], "did you mean unified?"),
    ],
)
def test_what_cannot_be_meant_is_refused(netopt_here: Run, words: list[str], said: str) -> None:
    ended = netopt_here(*words)
    assert ended.code == 2
    assert said in ended.err


def test_a_run_keeps_its_formal_share(netopt_here: Run, toy_run: Path) -> None:
    ended = netopt_here("explain", toy_run, "--formal-share", 0.7)
    assert ended.code == 2
    assert "--formal-share goes with --policy" in ended.err


def test_a_folder_without_a_plan_points_to_the_instance(netopt_here: Run, tmp_path: Path) -> None:
    policy = tmp_path / "hard.toml"
    policy.write_text(HARD_POLICY, encoding="utf-8")
    assert netopt_here("solve", "toy", "--policy", policy, "-o", "why", "-q").code == 4
    ended = netopt_here("explain", "why")
    assert ended.code == 2
    assert "holds no plan" in ended.err
    assert "explanation.txt names the command" in ended.err
    compared = netopt_here(
        "compare", "toy", "--policies", "unified,mandates", "-o", "compared", "--no-curve", "--no-maps"
    )
    assert compared.code == 0
    assert "explain one of its runs" in netopt_here("explain", "compared").err
