"""The checker on plans of the engine: right as they come, wrong once anything is touched."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

import pandas as pd
import pytest

from netopt.accounts import Perspective
from netopt.errors import InfeasibleError
from netopt.formulation.extract import answer
from netopt.network.build import build_network
from netopt.solution.check import judge
from netopt.solution.checking.facts import Facts
from netopt.solution.options import SolveOptions
from netopt.solution.tables import Answer
from netopt.strategies.direct import Found, solve_direct
from tests.instances_random import FEATURES, random_effects, random_instance
from tests.solution.mutations import answer_mutations, ledger_mutations, one_of_each

OPTIONS = SolveOptions(gap=1e-5, time_limit_s=60.0, threads=1)
RICH_SEED = 3
"""A plan with stock, shortfalls, tracked origins, divisible plants and three periods."""
CAMPAIGN_SEEDS = range(12)


@dataclass(frozen=True)
class Plan:
    """An answer of the engine and what it is judged by."""

    facts: Facts
    answer: Answer
    found: Found


@cache
def plan_of(seed: int) -> Plan:
    """Solve a random instance with random features under random effects."""
    draw = random.Random(seed)  # noqa: S311
    features = [name for name in FEATURES if draw.random() < 0.5 and name != "emission_cap"]
    instance = random_instance(seed, features=features)
    effects = random_effects(seed, instance)
    perspective = Perspective.SOCIAL if seed % 4 else Perspective.PRIVATE
    network = build_network(instance, effects)
    found = solve_direct(network, perspective, OPTIONS)
    facts = Facts.of(instance, perspective, effects, instance.settings.leakage.formal_share)
    return Plan(facts, answer(network, found.decisions), found)


def exactly(facts: Facts) -> Facts:
    share = facts.instance.settings.leakage.formal_share
    return Facts.of(facts.instance, facts.perspective, facts.effects, share, exact=True)


def assert_right(plan: Plan) -> None:
    """The verdict is right in both arithmetics, and agrees with the engine on the totals."""
    outcome = plan.found.outcome
    for facts in (plan.facts, exactly(plan.facts)):
        verdict = judge(facts, plan.answer, plan.found.ledger, outcome.upper_bound_cny_per_year)
        assert [str(violation) for violation in verdict.violations] == []
        assert verdict.objective_cny_per_year == pytest.approx(
            outcome.upper_bound_cny_per_year, abs=1e-6 * outcome.gross_cost_cny_per_year
        )
        assert verdict.gross_cost_cny_per_year == pytest.approx(outcome.gross_cost_cny_per_year, rel=1e-6)


def test_plan_of_the_engine_is_right() -> None:
    plan = plan_of(RICH_SEED)
    assert all(len(table) for table in plan.answer.tables().values())
    assert_right(plan)


def missed(plan: Plan, seed: int, tables: tuple[str, ...] = ()) -> list[str]:
    """Return the mutations that the checker does not notice, one tried for every column."""
    draw = random.Random(seed)  # noqa: S311

    def pick(table: pd.DataFrame) -> list[int]:
        return draw.sample(range(len(table)), min(3, len(table)))

    ledger = plan.found.ledger
    every = [*answer_mutations(plan.answer, ledger, pick), *ledger_mutations(plan.answer, ledger, pick)]
    draw.shuffle(every)
    unnoticed = []
    for mutation in one_of_each(every):
        if tables and not mutation.place.startswith(tables):
            continue
        tags = judge(plan.facts, mutation.answer, mutation.ledger).tags()
        if not tags & mutation.expected:
            unnoticed.append(f"{mutation.name}: {sorted(tags)}")
    return unnoticed


def test_every_column_of_stock_and_shortfalls_is_checked() -> None:
    assert missed(plan_of(RICH_SEED), seed=0, tables=("stored", "shortfalls")) == []


@pytest.mark.campaign
@pytest.mark.parametrize("seed", CAMPAIGN_SEEDS)
def test_every_plan_is_right_and_every_mutation_is_noticed(seed: int) -> None:
    try:
        plan = plan_of(seed)
    except InfeasibleError:
        pytest.skip("this random instance has no plan")
    assert_right(plan)
    assert missed(plan, seed) == []
