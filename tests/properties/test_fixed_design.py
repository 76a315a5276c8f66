"""A plan's own design, kept: the optimum is the same, the checker agrees, and nothing is cheaper free."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netopt.accounts import Perspective
from netopt.data.design import Design
from netopt.data.instance import Instance
from netopt.errors import InfeasibleError
from netopt.formulation.extract import answer
from netopt.network.build import build_network
from netopt.policy.effects import CountSites, Effects
from netopt.solution.check import judge
from netopt.solution.checking.facts import Facts
from netopt.solution.design import decided_in
from netopt.strategies.direct import Found, solve_direct
from tests.engine import EXACT
from tests.instances_random import random_effects, random_instance

SETS = (
    ("periods", "second_life", "existing", "divisible"),
    ("storage", "minimum_utilisation", "periods", "existing"),
    ("existing", "divisible", "unserved", "modes", "periods"),
)
FAST = (0, 2, 5, 6, 13, 28, 60)
CAMPAIGN = range(100, 160)
over_seeds = pytest.mark.parametrize(
    "seed", [*FAST, *(pytest.param(seed, marks=pytest.mark.campaign) for seed in CAMPAIGN)]
)


def case_of(seed: int) -> tuple[Instance, Effects]:
    instance = random_instance(seed, features=SETS[seed % len(SETS)])
    return instance, random_effects(seed, instance)


def solved(instance: Instance, effects: Effects, design: Design | None) -> tuple[Found, Design]:
    """Solve, let the checker judge the plan, and return it with its design."""
    network = build_network(instance, effects, design)
    found = solve_direct(network, Perspective.SOCIAL, EXACT)
    plan = answer(network, found.decisions)
    share = instance.settings.leakage.formal_share
    facts = Facts.of(instance, Perspective.SOCIAL, effects, share)
    verdict = judge(facts, plan, found.ledger, found.outcome.upper_bound_cny_per_year, design)
    assert [str(violation) for violation in verdict.violations] == []
    return found, Design("earlier", "0" * 64, decided_in(plan.facilities, instance))


@over_seeds
def test_a_plan_on_its_own_sites_costs_what_it_cost(seed: int) -> None:
    instance, effects = case_of(seed)
    try:
        free, design = solved(instance, effects, None)
    except InfeasibleError:
        pytest.skip("no plan exists")
    kept, again = solved(instance, effects, design)
    slack = 1e-6 * free.outcome.gross_cost_cny_per_year
    assert kept.outcome.upper_bound_cny_per_year == pytest.approx(
        free.outcome.upper_bound_cny_per_year, abs=slack
    )
    flags = design.decided.drop(columns="kept_share")
    assert again.decided.drop(columns="kept_share").equals(flags)


@over_seeds
def test_a_design_is_operable_beside_whole_decisions_that_it_does_not_hold(seed: int) -> None:
    """Whether a site counts as in use is a whole decision that the shares held of a design leave open."""
    instance, effects = case_of(seed)
    counted = CountSites("site_count", None, 10_000, (), ())
    effects = replace(effects, site_counts=(counted,))
    try:
        free, design = solved(instance, effects, None)
    except InfeasibleError:
        pytest.skip("no plan exists")
    kept, _ = solved(instance, effects, design)
    slack = 1e-6 * free.outcome.gross_cost_cny_per_year
    assert kept.outcome.upper_bound_cny_per_year == pytest.approx(
        free.outcome.upper_bound_cny_per_year, abs=slack
    )


@over_seeds
def test_nothing_is_cheaper_on_kept_sites_than_where_they_are_free(seed: int) -> None:
    """The design of a cheaper world, hauls at nothing, is dearer or as dear in this one."""
    instance, effects = case_of(seed)
    haulage = instance["haulage"].assign(tariff_cny_per_tonne_km=0.0)
    near = replace(instance, tables={**instance.tables, "haulage": haulage})
    try:
        free, _ = solved(instance, effects, None)
        _, design = solved(near, effects, None)
    except InfeasibleError:
        pytest.skip("no plan exists")
    kept, _ = solved(instance, effects, design)
    slack = 1e-6 * free.outcome.gross_cost_cny_per_year
    assert kept.outcome.upper_bound_cny_per_year >= free.outcome.lower_bound_cny_per_year - slack
