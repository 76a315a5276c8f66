"""The checker on planner's controls: a plan made without one breaks it, and is told so."""

from __future__ import annotations

import pytest

from netopt.data.instance import Instance
from netopt.pipeline import solve
from netopt.policy.base import Lever
from netopt.policy.levers.haulage_modes import HaulageModes
from netopt.policy.levers.maximum_haul import MaximumHaul
from netopt.policy.read import make_policy
from netopt.solution.check import Verdict, check
from netopt.solution.options import SolveOptions
from netopt.solution.solution import Solution
from tests.policy.test_control_oracles import TWO, with_rail

OPTIONS = SolveOptions(gap=1e-9, threads=1)


def planned(instance: Instance, *levers: Lever) -> Solution:
    """Return a plan under levers."""
    return solve(instance, make_policy("made under", levers), OPTIONS)


def judged(plan: Solution, *levers: Lever, exact: bool = False) -> Verdict:
    """Return the verdict on a plan under other levers."""
    policy = make_policy("judged by", levers)
    share = plan.formal_share
    return check(plan.instance, policy, plan.answer, plan.ledger, formal_share=share, exact=exact)


def assert_only_broken_by(plan: Solution, lever: Lever, tag: str) -> None:
    """Assert that the plan is right without the lever and breaks only ``tag`` with it."""
    assert judged(plan).ok
    for exact in (False, True):
        verdict = judged(plan, lever, exact=exact)
        assert verdict.tags() == {tag}
    assert planned(plan.instance, lever).verdict.n_checks[tag] > 0


@pytest.mark.parametrize(
    "lever", [MaximumHaul(km=99.0), MaximumHaul(km=9.0, legs=("first",))], ids=["far", "all"]
)
def test_a_haul_that_is_too_long_is_noticed(lever: MaximumHaul) -> None:
    plan = planned(TWO.instance())
    assert judged(plan, lever).tags() == {"haul_rule"}
    assert judged(plan, lever, exact=True).tags() == {"haul_rule"}
    assert judged(plan, MaximumHaul(km=100.0)).ok
    assert judged(plan, MaximumHaul(km=5.0, legs=("trunk",))).ok


def test_a_sale_at_the_gate_is_no_haul() -> None:
    flows = planned(TWO.instance()).answer.flows
    assert set(flows.loc[flows["commodity"] == "metal", "mode"]) == {""}
    assert judged(planned(TWO.instance()), MaximumHaul(km=1.0, commodities=("metal",))).ok
    assert judged(planned(TWO.instance()), HaulageModes(modes=("road",))).ok


def test_a_mode_that_is_not_allowed_is_noticed() -> None:
    assert_only_broken_by(planned(with_rail()), HaulageModes(modes=("road",)), "haul_rule")
