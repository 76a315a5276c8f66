"""The checker on planner's controls: a plan made without one breaks it, and is told so."""

from __future__ import annotations

import pytest

from netopt.data.instance import Instance
from netopt.pipeline import solve
from netopt.policy.base import Lever
from netopt.policy.levers.haulage_modes import HaulageModes
from netopt.policy.levers.maximum_haul import MaximumHaul
from netopt.policy.levers.single_sourcing import SingleSourcing
from netopt.policy.levers.site_choice import SiteChoice
from netopt.policy.levers.site_count import SiteCount
from netopt.policy.read import make_policy
from netopt.solution.check import Verdict, check
from netopt.solution.options import SolveOptions
from netopt.solution.solution import Solution
from tests.policy.test_control_oracles import CHEAP, SPLIT, TWO, YEARS, divisible, with_rail

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
    assert any(", km 10" in found.subject for found in judged(plan, lever).violations)
    assert judged(plan, MaximumHaul(km=100.0)).ok
    assert judged(plan, MaximumHaul(km=5.0, legs=("trunk",))).ok


def test_a_sale_at_the_gate_is_no_haul() -> None:
    flows = planned(TWO.instance()).answer.flows
    assert set(flows.loc[flows["commodity"] == "metal", "mode"]) == {""}
    assert judged(planned(TWO.instance()), MaximumHaul(km=1.0, commodities=("metal",))).ok
    assert judged(planned(TWO.instance()), HaulageModes(modes=("road",))).ok


def test_a_mode_that_is_not_allowed_is_noticed() -> None:
    assert_only_broken_by(planned(with_rail()), HaulageModes(modes=("road",)), "haul_rule")


def test_a_site_that_should_be_open_and_is_not_is_noticed() -> None:
    assert_only_broken_by(planned(TWO.instance()), SiteChoice(open=("RA",)), "forced_open")
    found = judged(planned(TWO.instance()), SiteChoice(open=("RA",))).violations
    assert [(violation.amount, violation.unit) for violation in found] == [(1.0, "whole module too little")]


def test_a_tenth_of_a_plant_is_not_open() -> None:
    plan = planned(divisible())
    assert judged(plan, SiteChoice(open=("RB",))).tags() == {"forced_open"}
    found = judged(plan, SiteChoice(open=("RB",))).violations
    assert [violation.amount for violation in found] == pytest.approx([0.9])


def test_a_site_that_should_be_closed_and_is_not_is_noticed_in_plant_and_flows() -> None:
    plan = planned(TWO.instance())
    assert_only_broken_by(plan, SiteChoice(closed=("RB",)), "forced_closed")
    messages = [str(violation) for violation in judged(plan, SiteChoice(closed=("RB",))).violations]
    assert sum("the site must be closed" in message for message in messages) == 1
    assert sum("nothing may arrive at a closed site" in message for message in messages) == 2
    assert judged(planned(divisible()), SiteChoice(closed=("RB",))).tags() == {"forced_closed"}


@pytest.mark.parametrize(
    ("lever", "periods"),
    [
        (SiteChoice(open=("RA",), from_year=2025), {"2025"}),
        (SiteChoice(open=("RA",), until_year=2025), {"2024"}),
        (SiteChoice(closed=("RB",)), {"2024", "2025"}),
        (SiteChoice(closed=("RB",), from_year=2026), set()),
    ],
)
def test_only_periods_within_its_years_are_judged(lever: SiteChoice, periods: set[str]) -> None:
    found = judged(planned(YEARS.instance()), lever).violations
    assert {violation.period for violation in found} == periods


@pytest.mark.parametrize(
    ("instance", "lever", "amount"),
    [
        (TWO.instance(), SiteCount(minimum=2), 1.0),
        (TWO.instance(), SiteCount(minimum=1, jurisdictions=("A",)), 1.0),
        (CHEAP.instance(), SiteCount(maximum=1, facility_types=("recycler",)), 1.0),
        (divisible(), SiteCount(minimum=2), 2.0),
    ],
    ids=["too few", "none at A", "too many", "parts are not whole"],
)
def test_a_wrong_number_of_sites_is_noticed(instance: Instance, lever: SiteCount, amount: float) -> None:
    plan = planned(instance)
    assert_only_broken_by(plan, lever, "site_count")
    found = judged(plan, lever).violations
    unit = "sites too few" if lever.minimum else "sites too many"
    assert [(violation.amount, violation.unit) for violation in found] == [(amount, unit)]


def test_a_tenth_of_a_plant_is_one_too_many() -> None:
    assert judged(planned(divisible()), SiteCount(maximum=0)).tags() == {"site_count"}
    assert judged(planned(divisible()), SiteCount(maximum=0, jurisdictions=("A",))).ok


def test_a_source_that_is_split_is_noticed() -> None:
    plan = planned(SPLIT.instance())
    assert_only_broken_by(plan, SingleSourcing(), "single_sourcing")
    (found,) = judged(plan, SingleSourcing()).violations
    assert "source SA" in found.subject
    assert (found.amount, found.unit) == (1.0, "sites too many")
    assert judged(plan, SingleSourcing(facility_types=("hub",))).ok
    assert judged(plan, SingleSourcing(commodities=("metal",))).ok
