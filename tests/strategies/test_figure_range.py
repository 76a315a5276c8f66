"""Ranges of figures over plans as cheap as the one found, against every plan of tiny cases."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial

import pytest

from netopt.accounts import Perspective
from netopt.analysis.figures import Figure, ranges_of, read_figure
from netopt.data.instance import Instance
from netopt.data.read import read_instance
from netopt.errors import InfeasibleError, UsageError
from netopt.network.build import build_network
from netopt.network.scope import Scope
from netopt.pipeline import solve
from netopt.policy.effects import Effects
from netopt.policy.read import make_policy, read_policy
from netopt.resources import shipped
from netopt.solution.options import SolveOptions
from netopt.solution.solution import Solution
from netopt.strategies.direct import solve_direct
from netopt.strategies.figure_range import Effort, figure_range
from netopt.strategies.priced.solve import PricedProgram
from tests.instances_random import random_instance, with_tables
from tests.policy.tiny import Site, Tiny
from tests.strategies.test_social_range import EXACT, two_ways


@pytest.fixture(scope="module")
def either_way() -> Solution:
    """Return a plan for 100 t that are recycled or reused, in any part, at the same private cost."""
    return solve(two_ways(), make_policy("either", [], perspective=Perspective.PRIVATE), EXACT)


def test_a_figure_that_may_be_anything_ranges_over_all_of_it(either_way: Solution) -> None:
    """One plant is open, and takes all: so either 0 or 100 t are recycled, and 0 to 5,000 CNY of carbon."""
    tonnes, carbon = ranges_of(
        either_way, [Figure("throughput", "A", "recycler"), Figure("externality", "A")], EXACT
    )
    assert (tonnes.low, tonnes.high) == pytest.approx((0, 100), abs=0.1)
    assert (carbon.low, carbon.high) == pytest.approx((0, 5000), abs=1)
    assert tonnes.own in (pytest.approx(0), pytest.approx(100))


def test_a_figure_that_all_such_plans_share_is_a_point(either_way: Solution) -> None:
    (haulage, both) = ranges_of(either_way, [Figure("haulage"), Figure("throughput")], EXACT)
    assert (haulage.low, haulage.own, haulage.high) == pytest.approx((1000, 1000, 1000), abs=1)
    assert (both.low, both.own, both.high) == pytest.approx((100, 100, 100), abs=0.1)


def test_a_looser_proof_allows_more_plans(either_way: Solution) -> None:
    """With 1,000 CNY more allowed both plants may be open; tonnes stay within 0 and 100 and bounds hold."""
    outcome = replace(either_way.outcome, upper_bound_cny_per_year=3000.0)
    loose = replace(either_way, outcome=outcome)
    (fixed,) = ranges_of(loose, [Figure("resource_cost")], EXACT)
    assert fixed.high >= 3000 - 1
    assert fixed.low <= 2000 + 1


@pytest.mark.parametrize("seed", range(6))
def test_no_near_optimal_plan_found_otherwise_lies_outside(seed: int) -> None:
    """Plans of other seeds and of prices that break ties otherwise, as cheap, are within the ends."""
    instance = random_instance(seed, features=("existing", "transfers", "unserved"))
    policy = make_policy("none", [])
    try:
        plan = solve(instance, policy, SolveOptions(gap=0.02, threads=1))
    except InfeasibleError:
        pytest.skip("no plan")
    place = random.Random(seed).choice(instance["jurisdictions"]["jurisdiction"].tolist())  # noqa: S311
    asked = [Figure("resource_cost", place), Figure("throughput", place)]
    ranges = ranges_of(plan, asked, SolveOptions(gap=1e-6, threads=1))
    others = [solve(instance, policy, SolveOptions(gap=1e-6, threads=1, seed=n)) for n in range(3)]
    for found, figure in zip(ranges, asked, strict=True):
        for other in (plan, *others):
            cheap = other.outcome.upper_bound_cny_per_year <= plan.outcome.upper_bound_cny_per_year
            assert not cheap or found.low - 1e-3 <= figure.of(other) <= found.high + 1e-3


def test_the_priced_strategy_bounds_the_same_figures() -> None:
    """Its ends may be wider, and hold the plan and what the whole network proves."""
    toy = read_instance(shipped("instances") / "toy")
    plan = solve(toy, read_policy("unified", toy), EXACT)
    asked = [read_figure(text, toy) for text in ("cost@P3", "throughput/hydromet", "jobs@P2")]
    whole = ranges_of(plan, asked, EXACT)
    priced = ranges_of(plan, asked, replace(EXACT, strategy="priced"))
    for one, other in zip(whole, priced, strict=True):
        slack = 1e-6 * max(1.0, abs(one.own)) + 1.0
        assert other.low - slack <= one.own <= other.high + slack
        assert other.low <= one.low + slack
        assert other.high >= one.high - slack
        assert other.low > -1e9
        assert other.high < 1e9


def far_plant() -> Instance:
    """Return 100 t in B for a plant 500 km away in C; near ones take 10 t, or cost 100,000 CNY a year."""
    near = Site("N", "B", "recycler", capacity=10.0)
    candidates = (Site("D", "B", "recycler", candidate=True), Site("E", "A", "recycler", candidate=True))
    tiny = Tiny(
        km={("A", "B"): 900.0, ("A", "C"): 900.0, ("B", "C"): 500.0},
        sites=(near, Site("F", "C", "recycler"), *candidates),
        supply={("A", "2024"): 1.0, ("C", "2024"): 0.0},
    )
    plain = tiny.instance()
    return with_tables(plain, sizes=plain["sizes"].assign(fixed_cny_per_year=1e5))


@pytest.mark.parametrize("weight", [1.0, 5.0])
@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (Figure("haulage", "A"), 900),
        (Figure("haulage", "B"), 10 * 10 + 90 * 500),
        (Figure("haulage", "C"), 0),
        (Figure("haulage", "B", "recycler"), 0),
        (Figure("haulage"), 900 + 45_100),
    ],
)
def test_hauls_that_are_not_listed_count_where_they_start(
    figure: Figure, expected: float, weight: float
) -> None:
    """The one cheapest plan hauls 90 t along an arc that the network of short arcs does not list."""
    instance = far_plant()
    plan = solve_direct(build_network(instance, Effects()), Perspective.SOCIAL, EXACT)
    near = build_network(instance, Effects(), scope=Scope(1))
    goal, effort = partial(figure.in_cny, instance=instance), Effort((weight,), 1e-3, 20.0)
    program = PricedProgram(near, Perspective.SOCIAL, EXACT)
    ends = figure_range(
        near, Perspective.SOCIAL, plan.outcome, goal, effort, EXACT, what=str(figure), program=program
    )
    assert ends == pytest.approx((expected, expected), abs=1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("throughputs", "no figure"),
        ("cost@P9", "no jurisdiction"),
        ("throughput/smelter", "no facility type"),
    ],
)
def test_unknown_figures_are_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_figure(text, read_instance(shipped("instances") / "toy"))


def test_a_figure_reads_as_it_is_asked_for() -> None:
    toy = read_instance(shipped("instances") / "toy")
    for text in ("cost", "jobs@P1", "throughput/hydromet", "local_tax/hydromet@P3"):
        assert str(read_figure(text, toy)) == text


def test_figures_of_toy_by_hand() -> None:
    toy = read_instance(shipped("instances") / "toy")
    plan = solve(toy, read_policy("unified", toy), EXACT)
    assert read_figure("throughput/hydromet@P3", toy).of(plan) == pytest.approx(3400)
    assert read_figure("jobs", toy).of(plan) == pytest.approx(8 + 6 + 13.6 + 17)
    assert read_figure("local_tax", toy).of(plan) == pytest.approx(170_000)
