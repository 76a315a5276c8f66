"""What must not change an answer, and what must change it in proportion.

A case is solved, changed in a way whose consequence is known, and solved again. The fast seeds cover
every feature of the random instances; ``campaign`` widens them.
"""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest

from netopt.accounts import Perspective
from netopt.data.read import read_instance
from netopt.errors import InfeasibleError
from netopt.network.build import build_network
from netopt.policy.compose import compose
from netopt.policy.read import read_policy
from netopt.resources import shipped
from netopt.solution.ledger import annual_equivalent
from netopt.strategies.direct import Found, solve_direct
from tests.engine import EXACT
from tests.instances_random import FEATURES, random_effects, random_instance
from tests.properties.transforms import (
    Case,
    renamed,
    shuffled,
    with_folly,
    with_money_times,
    with_split_source,
)

SETS = (
    ("periods", "second_life", "regional_costs"),
    ("storage", "minimum_utilisation", "transfers"),
    ("existing", "divisible", "unserved", "modes"),
    ("several_inputs", "limits", "transit", "geodesic", "emission_cap", "vendors"),
)
FAST = [f"random-{seed}" for seed in (4, 13, 18, 19)] + ["toy-unified", "toy-mandates"]
CAMPAIGN = [f"random-{seed}" for seed in range(100, 200)]
RELATIVE = 1e-7
"""Two exact solves agree to this share of gross cost."""

over_cases = pytest.mark.parametrize(
    "name", [*FAST, *(pytest.param(name, marks=pytest.mark.campaign) for name in CAMPAIGN)]
)


def case_of(name: str) -> Case:
    kind, _, which = name.partition("-")
    if kind == "toy":
        toy = read_instance(shipped("instances") / "toy")
        return toy, compose(read_policy(which, toy), toy)
    seed = int(which)
    instance = random_instance(seed, features=SETS[seed % len(SETS)])
    return instance, random_effects(seed, instance)


def perspective_of(name: str) -> Perspective:
    return Perspective.PRIVATE if name.endswith(("3", "6", "9")) else Perspective.SOCIAL


def optimum(case: Case, perspective: Perspective) -> Found | None:
    """Return the proven optimum; None where there is no plan."""
    try:
        found = solve_direct(build_network(*case), perspective, EXACT)
    except InfeasibleError:
        return None
    outcome = found.outcome
    assert outcome.upper_bound_cny_per_year - outcome.lower_bound_cny_per_year <= tolerance(found)
    return found


@cache
def base_of(name: str) -> Found | None:
    return optimum(case_of(name), perspective_of(name))


def tolerance(found: Found) -> float:
    return RELATIVE * max(1.0, found.outcome.gross_cost_cny_per_year)


def by_category(found: Found, case: Case) -> pd.Series:
    """Return CNY a year, annual equivalent, by ledger category."""
    amounts = annual_equivalent(found.ledger, case[0].period_weights())
    return amounts.groupby(found.ledger["category"]).sum()


def assert_same_cost(name: str, changed: Case, factor: float = 1.0) -> None:
    before, after = base_of(name), optimum(changed, perspective_of(name))
    assert (before is None) == (after is None)
    if before is None or after is None:
        return
    expected = factor * before.outcome.upper_bound_cny_per_year
    assert after.outcome.upper_bound_cny_per_year == pytest.approx(
        expected, abs=factor * tolerance(before), rel=0
    )


def test_the_fast_cases_cover_every_feature_and_have_plans() -> None:
    assert {feature for chosen in SETS for feature in chosen} == set(FEATURES)
    assert {int(name.split("-")[1]) % len(SETS) for name in FAST if name.startswith("random")} == {
        0,
        1,
        2,
        3,
    }
    assert all(base_of(name) is not None for name in FAST)


@over_cases
def test_other_names_and_another_order_of_rows_change_nothing(name: str) -> None:
    changed = shuffled(renamed(case_of(name)), seed=7)
    assert_same_cost(name, changed)
    before, after = base_of(name), optimum(changed, perspective_of(name))
    if before is None or after is None:
        return
    both = pd.concat([by_category(before, case_of(name)), by_category(after, changed)], axis=1).fillna(0.0)
    assert both.iloc[:, 0].to_numpy() == pytest.approx(both.iloc[:, 1].to_numpy(), abs=tolerance(before))


@over_cases
def test_twice_the_money_is_twice_the_cost(name: str) -> None:
    assert_same_cost(name, with_money_times(case_of(name), 2.0), factor=2.0)


@over_cases
def test_a_source_in_two_parts_changes_nothing(name: str) -> None:
    assert_same_cost(name, with_split_source(case_of(name)))


@over_cases
def test_a_site_that_nobody_would_run_changes_nothing(name: str) -> None:
    changed = with_folly(case_of(name))
    assert "folly" in set(build_network(*changed).modules["site"])
    if base_of(name) is not None:  # where there is no plan at all, it might make one
        assert_same_cost(name, changed)
