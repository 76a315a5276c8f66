"""The checker on rules of a policy: who may build, who may receive, which share is due."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from netopt.accounts import Perspective
from netopt.data.instance import Instance
from netopt.policy.effects import (
    CollectionCharge,
    Effects,
    FacilityCharge,
    ForbidOperators,
    JurisdictionCharge,
    Mass,
    ShareRule,
)
from netopt.solution.check import Verdict, judge
from netopt.solution.checking.facts import Facts
from netopt.solution.tables import SOLUTION_COLUMNS, Answer
from tests.solution.hand_case import FORMAL_SHARE, SOCIAL_CNY_PER_YEAR, hand_answer, hand_instance

DELAY_CNY = 400.0
"""What the delay adds to the hand-made plan's cost a year; the effects here know none."""


def verdict(effects: Effects, answer: Answer, instance: Instance | None = None) -> Verdict:
    facts = Facts.of(instance or hand_instance(), Perspective.SOCIAL, effects, FORMAL_SHARE)
    return judge(facts, answer, None)


def plan(origin: str = "") -> Answer:
    """Return the hand-made plan where no departure is tracked, but perhaps the origin."""
    answer = hand_answer()
    flows = answer.flows.assign(left_after=False)
    flows["origin"] = [origin if commodity == "pack" else "" for commodity in flows["commodity"]]
    return replace(answer, flows=flows, throughput=answer.throughput.assign(left=False, origin=origin))


@pytest.mark.parametrize("action", ["open", "receive"])
@pytest.mark.parametrize(
    ("rule", "is_barred"),
    [
        ({}, True),
        ({"jurisdiction": "P1"}, False),
        ({"facility_types": ("recycler",)}, True),
        ({"exempt_operators": ("O1",)}, False),
        ({"until_year": 2025}, False),
        ({"until_year": 2026}, True),
    ],
)
def test_operators_from_elsewhere_are_kept_out(action: str, rule: dict, is_barred: bool) -> None:
    guest = hand_instance(operators=[("O1", "Firm", "P1")])
    effect = ForbidOperators(**{"lever": "whitelist", "jurisdiction": "P2", "action": action, **rule})
    found = verdict(Effects(forbidden_operators=(effect,)), plan(), guest)
    assert found.tags() == ({"operator_rule"} if is_barred else set())


def test_local_operators_may_build_and_receive() -> None:
    effects = tuple(ForbidOperators("whitelist", "P2", action) for action in ("open", "receive"))
    assert verdict(Effects(forbidden_operators=effects), plan()).ok


def home_rule(share: float, penalty: float | None) -> Effects:
    """Return the duty to process a share of what Left collects in Right."""
    part = Mass("processed", jurisdictions=("P2",), origins=("P1",))
    rule = ShareRule("duty", "duty", part, Mass("retired", origins=("P1",)), share, penalty)
    return Effects(share_rules=(rule,), tracked_origins=("P1",))


def with_shortfall(answer: Answer, tonnes: float) -> Answer:
    rows = [("duty", period, tonnes) for period in ("2025", "2026")]
    columns = SOLUTION_COLUMNS["shortfalls"]
    return replace(answer, shortfalls=pd.DataFrame(rows, columns=list(columns)).astype(columns))


def test_hard_rule_is_kept_or_broken() -> None:
    assert verdict(home_rule(0.8, None), plan("P1")).ok
    found = verdict(home_rule(0.9, None), plan("P1"))
    assert found.tags() == {"share_rule"}
    assert [violation.amount for violation in found.violations] == pytest.approx([10.0, 10.0])
    assert verdict(home_rule(0.9, None), with_shortfall(plan("P1"), 10.0)).tags() >= {"share_rule"}


def test_soft_rule_owns_up_to_its_shortfall() -> None:
    assert verdict(home_rule(0.9, 50.0), plan("P1")).tags() == {"share_rule"}
    assert verdict(home_rule(0.9, 50.0), with_shortfall(plan("P1"), 9.0)).tags() == {"share_rule"}
    found = verdict(home_rule(0.9, 50.0), with_shortfall(plan("P1"), 10.0))
    assert found.ok
    assert found.objective_cny_per_year == pytest.approx(SOCIAL_CNY_PER_YEAR - DELAY_CNY + 50.0 * 10.0)


def test_origin_cannot_be_laundered() -> None:
    """Packs of a tracked province stay its packs until they are dismantled."""
    assert verdict(home_rule(0.8, None), plan("")).tags() == {"provenance", "share_rule"}
    mixed = replace(plan("P1"), throughput=plan("").throughput)
    assert verdict(home_rule(0.8, None), mixed).tags() == {"facility_balance", "share_rule"}


def test_charges_cost_what_the_levers_say() -> None:
    effects = Effects(
        collection_charges=(CollectionCharge("one", "compliance", 11.0, ("pack",)),),
        facility_charges=(FacilityCharge("two", "compliance", 130.0, ("recycler",)),),
        jurisdiction_charges=(JurisdictionCharge("three", "platform", 1700.0, ("P1", "")),),
    )
    found = verdict(effects, plan())
    charged = 11.0 * 80 + 130.0 + 2 * 1700.0
    assert found.ok
    assert found.objective_cny_per_year == pytest.approx(SOCIAL_CNY_PER_YEAR - DELAY_CNY + charged)


def test_charges_on_other_goods_and_plants_cost_nothing() -> None:
    effects = Effects(
        collection_charges=(CollectionCharge("one", "compliance", 11.0, ("metal",)),),
        facility_charges=(FacilityCharge("two", "compliance", 130.0, ("hub",)),),
    )
    found = verdict(effects, plan())
    assert found.objective_cny_per_year == pytest.approx(SOCIAL_CNY_PER_YEAR - DELAY_CNY)
