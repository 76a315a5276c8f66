"""Controls that no plan can keep: `explain` names them, and lifting what it names is enough."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from netopt.analysis.explain import explain
from netopt.data.instance import Instance
from netopt.data.read import make_instance
from netopt.errors import InfeasibleError
from netopt.pipeline import solve
from netopt.policy.base import Lever
from netopt.policy.levers.haulage_modes import HaulageModes
from netopt.policy.levers.maximum_haul import MaximumHaul
from netopt.policy.levers.single_sourcing import SingleSourcing
from netopt.policy.levers.site_choice import SiteChoice
from netopt.policy.levers.site_count import SiteCount
from netopt.policy.read import make_policy
from netopt.solution.options import SolveOptions
from tests.policy.test_control_oracles import CHEAP, SPLIT, TWO, divisible, with_rail

ONE_THREAD = SolveOptions(threads=1)


@dataclass(frozen=True)
class Case:
    """Levers that no plan keeps, what is to be lifted, and what is left once it is.

    Attributes
    ----------
    sentence
        What is said of what is to be lifted.
    amount
        What must give at least, in t a year or sites, by hand.
    """

    instance: Instance
    levers: tuple[Lever, ...]
    lift: frozenset[str]
    sentence: str
    amount: float
    left: tuple[Lever, ...] = ()


CASES = {
    # Either recycler is 10 km away at the nearest: all 200 t go too far.
    "maximum haul": Case(
        TWO.instance(),
        (MaximumHaul(km=9.0, legs=("first",)),),
        frozenset({"hauls maximum_haul 1"}),
        "Maximum haul: nothing is hauled further than 9 km from sources and returns",
        200.0,
    ),
    # Packs by rail alone, and nothing by rail: no pack moves, until one of the two is lifted.
    "haulage modes": Case(
        with_rail(),
        (HaulageModes(modes=("rail",), commodities=("pack",)), HaulageModes(modes=("road",))),
        frozenset({"hauls haulage_modes 1"}),
        "Haulage modes: nothing is hauled by rail",
        200.0,
        (HaulageModes(modes=("rail",), commodities=("pack",)),),
    ),
}


def both_loaded() -> Instance:
    """Return TWO with both recyclers still to be built, each for 150 t or more; 200 t are collected."""
    given = replace(TWO, sites=tuple(replace(site, candidate=True) for site in TWO.sites)).instance()
    tables = {name: table.copy() for name, table in given.tables.items() if len(table)}
    tables["sizes"]["minimum_utilisation"] = 0.15
    return make_instance(given.settings, tables)


CASES |= {
    # 200 t, and a plant of 1,000 t that operates for them, against the ban on one of the two.
    "closed sites": Case(
        TWO.instance(),
        (SiteChoice(closed=("RA",)), SiteChoice(closed=("RB",))),
        frozenset({"closed RA"}),
        "Choice of sites: RA (RA) must be closed, and nothing may arrive there",
        1_200.0,
        (SiteChoice(closed=("RB",)),),
    ),
    # Both plants want 150 t.
    "open sites": Case(
        both_loaded(),
        (SiteChoice(open=("RA", "RB")),),
        frozenset({"open RA"}),
        "Choice of sites: RA (RA) must operate a whole module",
        100.0,
        (SiteChoice(open=("RB",)),),
    ),
}


TOO_SMALL = replace(
    SPLIT,
    sites=(SPLIT.sites[0], replace(SPLIT.sites[1], capacity=60.0)),
    supply={("B", "2024"): 0.0},
)
"""A's 100 t fit into two recyclers of 60 t, not into one."""

CASES |= {
    # One plant operates though none should.
    "no sites": Case(
        TWO.instance(),
        (SiteCount(maximum=0),),
        frozenset({"maximum site_count[all: at most 0]"}),
        "Number of sites: at most 0 sites operate",
        1.0,
    ),
    "more sites than can be loaded": Case(
        both_loaded(),
        (SiteCount(minimum=2, facility_types=("recycler",), jurisdictions=("A", "B")),),
        frozenset({"minimum site_count[recycler in A, B: at least 2]"}),
        "Number of sites: at least 2 sites operate of the type recycler in A and B",
        100.0,
    ),
    # Least is 40 t over the capacity of either recycler.
    "single sourcing": Case(
        TOO_SMALL.instance(),
        (SingleSourcing(),),
        frozenset({"single_sourcing[all]"}),
        "Single sourcing: each source sends all that it collects of each commodity to one site a period",
        40.0,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_control_that_cannot_be_kept_is_named_and_lifting_it_is_enough(name: str) -> None:
    case = CASES[name]
    policy = make_policy("controlled", case.levers)
    with pytest.raises(InfeasibleError, match=case.levers[0].lever):
        solve(case.instance, policy, ONE_THREAD)
    found = explain(case.instance, policy, ONE_THREAD)
    assert found.infeasibility is not None
    assert frozenset(found.infeasibility.remedy.names) == case.lift
    assert found.infeasibility.remedy.smallest
    assert all(conflict.irreducible for conflict in found.infeasibility.conflicts)
    assert f"  - {case.sentence}" in found.to_text()
    gives = found.infeasibility.relief.gives
    assert gives["amount"].sum() == pytest.approx(case.amount, abs=1e-3)
    assert solve(case.instance, make_policy("lifted", case.left), ONE_THREAD).verdict.ok


@pytest.mark.parametrize(
    ("instance", "lever"),
    [
        (SPLIT.instance(), SingleSourcing()),
        (CHEAP.instance(), SiteCount(maximum=1)),
        (divisible(), SiteCount(minimum=1, maximum=1)),
        (divisible(), SiteChoice(open=("RB",), closed=("RA",))),
        (with_rail(), HaulageModes(modes=("road",))),
    ],
    ids=["single", "maximum", "both bounds", "sites", "modes"],
)
def test_a_plan_under_controls_operates_at_its_own_cost(instance: Instance, lever: Lever) -> None:
    """With the design fixed the controls still hold: the best operation costs what the plan does."""
    found = explain(instance, make_policy("controlled", (lever,)), SolveOptions(threads=1, gap=1e-9))
    assert found.margins is not None
    assert found.outcome is not None
    cost = found.outcome.upper_bound_cny_per_year
    assert found.margins.cost_cny_per_year == pytest.approx(cost, abs=1e-3)
