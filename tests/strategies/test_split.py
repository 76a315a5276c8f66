"""The split strategy: its bound holds at any multipliers, its ascent is strong, its plan is one."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from functools import partial
from threading import Event

import numpy as np
import pandas as pd
import pytest

from netopt.accounts import Perspective
from netopt.backends import highs
from netopt.data.instance import Instance
from netopt.data.read import read_instance
from netopt.errors import InfeasibleError, NoSolutionError, StoppedError, UsageError
from netopt.formulation.build import STRENGTHENING
from netopt.formulation.compile import standard_form
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY, unit_costs
from netopt.network.build import build_network
from netopt.network.network import Network
from netopt.network.scope import Scope
from netopt.pipeline import network_of
from netopt.policy.compose import compose
from netopt.policy.effects import Effects, ForbidHauls
from netopt.policy.read import read_policy
from netopt.solution.ledger import ledger_total
from netopt.solution.options import Progress, SolveOptions
from netopt.solution.outcome import Status
from netopt.strategies.choice import solve_network
from netopt.strategies.direct import solve_direct
from netopt.strategies.priced.few_sites import FewSites
from netopt.strategies.social_range import social_range_cny_per_year
from netopt.strategies.split import kernels
from netopt.strategies.split.ascent import Ascent
from netopt.strategies.split.covering import Covering
from netopt.strategies.split.dual import Multipliers, SplitDual
from netopt.strategies.split.layout import why_not_split
from netopt.strategies.split.program import SplitProgram
from netopt.strategies.split.solve import solve_split
from tests.engine import EXACT, engine_optimum
from tests.instances_random import random_effects, random_instance, with_tables
from tests.strategies.test_priced import FEATURES, OVER_TIME, case_over_time

SEEDS = (3, 4, 5, 6, 7, 9, 11, 12, 13, 15, 17, 38, 18, 22, 24, 25)
"""Cases with a plan."""


def case(seed: int) -> tuple[Instance, Effects, Perspective, Network]:
    draw = random.Random(f"priced {seed}")  # noqa: S311
    features = [name for name in FEATURES if draw.random() < 0.3]
    instance = random_instance(seed, features=features)
    effects = random_effects(seed, instance, at_borders=False)
    perspective = draw.choice(list(Perspective))
    scope = Scope(draw.choice((1, 2)))
    return instance, effects, perspective, build_network(instance, effects, scope=scope)


def dual_of(network: Network, perspective: Perspective, threads: int = 1) -> SplitDual:
    return SplitDual(network, partial(unit_costs, perspective=perspective), threads)


def raised(dual: SplitDual, n_steps: int, target: float | None = None) -> Ascent:
    ascent = Ascent(dual, dual.first_multipliers())
    for _ in range(n_steps):
        ascent.step(target)
    return ascent


def drawn(dual: SplitDual, seed: int) -> Multipliers:
    """Return multipliers without any sense but their signs."""
    draw = np.random.default_rng(seed)
    prices = draw.exponential(1.0, dual.shape) * draw.choice([0.01, 1.0, 10.0])
    rules = np.minimum(draw.exponential(1.0, len(dual.rules.side)), dual.rules.penalty)
    return Multipliers(prices.astype(np.float32), rules)


def bounded_seeds(n: int, first: int = 0) -> int:
    """Check the bounds of ``n`` cases from a seed on; return how many of them had a plan."""
    n_planned = 0
    for seed in range(first, first + n):
        instance, effects, perspective, network = case(seed)
        optimum = engine_optimum(instance, effects, perspective)
        if optimum is None:
            continue
        n_planned += 1
        most = optimum / OBJECTIVE_UNIT_CNY + 1e-6 * max(1.0, abs(optimum) / OBJECTIVE_UNIT_CNY)
        dual = dual_of(network, perspective)
        for number in range(5):
            assert dual.evaluate(drawn(dual, 10 * seed + number)).bound <= most, seed
        assert raised(dual, 60).bound <= most, seed
    return n_planned


@pytest.mark.parametrize("seed", SEEDS)
def test_any_multipliers_bound_the_optimum(seed: int) -> None:
    assert bounded_seeds(1, seed) == 1


@pytest.mark.campaign
@pytest.mark.parametrize("first", range(1000, 1800, 50))
def test_any_multipliers_bound_the_optimum_of_hundreds(first: int) -> None:
    assert bounded_seeds(50, first) >= 20


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
@pytest.mark.parametrize("seed", SEEDS[:4])
def test_hauls_in_single_precision_never_cost_more_than_the_least(seed: int, scale: float) -> None:
    *_, perspective, network = case(seed)
    dual = dual_of(network, perspective)
    ways, draw = dual.ways, np.random.default_rng(seed)
    there = draw.normal(0.0, scale, len(dual.layout.sites))
    there[draw.random(len(there)) < 0.2] = np.inf
    lanes, n_trunk = dual.layout._lanes
    for number, lane in enumerate(lanes[:n_trunk]):
        per_km, found = draw.uniform(0.0, 0.01, len(lane.givers)), np.empty(len(lane.givers))
        kernels._cheapest_hauls(ways, number, per_km, there, found)
        with np.errstate(invalid="ignore"):
            costs = per_km[:, None] * lane.km + there[dual.layout._numbers(lane.takers)]
        least = costs.min(axis=1)
        assert (found <= least).all()
        is_way = np.isfinite(least)
        size = 1e-6 * (scale + per_km.max() * lane.km[np.isfinite(lane.km)].max(initial=0.0))
        assert (found[is_way] >= least[is_way] - 10 * size).all()
        assert np.isposinf(found[~is_way]).all()


def with_buyers(instance: Instance, *rows: tuple[str, str, float]) -> Instance:
    """Return an instance in which more markets, at the place of the first, take what has a second life."""
    markets, offtake = instance["markets"], instance["offtake"]
    place = markets.loc[markets["location"] != "", "location"].iloc[0]
    reused = offtake[offtake["commodity"] == "second_life_kwh"].iloc[[0]]
    new = pd.DataFrame({"market": [row[0] for row in rows], "location": place}).assign(name="Buyer")
    offers = [
        reused.assign(
            market=market,
            category=category,
            price_cny_per_unit=price,
            period="",
            limit_units_per_year=np.nan,
        )
        for market, category, price in rows
    ]
    return with_tables(
        instance,
        markets=pd.concat([markets, new], ignore_index=True)[markets.columns],
        offtake=pd.concat([offtake, *offers], ignore_index=True),
    )


@pytest.mark.parametrize("seed", OVER_TIME[:6])
def test_what_is_sold_where_it_never_comes_back_hides_no_sale_that_does(seed: int) -> None:
    """Sales of one good are looked at one by one: of those abroad nothing returns, of others something."""
    first, effects, perspective, _ = case_over_time(seed)
    instance = with_buyers(first, ("abroad", "exports", -1e4), ("zoo", "second_life", 1e4))
    optimum = engine_optimum(instance, effects, perspective)
    assert optimum is not None
    network = build_network(instance, effects, scope=Scope(2))
    if (reason := why_not_split(network)) is not None:
        pytest.skip(reason)
    bound = raised(dual_of(network, perspective), 200, optimum / OBJECTIVE_UNIT_CNY).bound
    assert bound <= optimum / OBJECTIVE_UNIT_CNY + 1e-6 * abs(optimum) / OBJECTIVE_UNIT_CNY


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ascent_is_as_strong_as_all_strong_links(seed: int) -> None:
    """At the best multipliers it is; the ascent comes near, and often beats them."""
    instance, effects, perspective, network = case(seed)
    periods = instance.settings.horizon.periods
    years = periods[-1].start_year + periods[-1].length_years - periods[0].start_year
    if network.modules["life_years"].min() < years:
        pytest.skip("what is renewed within the horizon costs nothing in the bound")
    whole = standard_form(build_network(instance, effects), perspective)
    linked = highs.solve_form(whole, {}, relaxed=True).bound
    optimum = engine_optimum(instance, effects, perspective)
    assert optimum is not None
    dual = dual_of(network, perspective)
    ascent = raised(dual, 400, optimum / OBJECTIVE_UNIT_CNY)
    assert ascent.bound >= linked - 0.02 * ascent.size


def test_on_the_toy_it_beats_the_linear_relaxation() -> None:
    toy = read_instance("toy")
    policy = read_policy("unified", toy)
    network = network_of(toy, policy, SolveOptions())
    linked = highs.solve_form(standard_form(network, policy.perspective), {}, relaxed=True).bound
    found = raised(dual_of(network, policy.perspective), 600).bound
    assert linked + 100.0 < found <= -5531.19


def test_a_bound_does_not_depend_on_threads() -> None:
    _, _, perspective, network = case(5)
    alone, together = (raised(dual_of(network, perspective, threads), 40) for threads in (1, 2))
    assert alone.bound == together.bound
    np.testing.assert_array_equal(alone.best.prices, together.best.prices)


@pytest.mark.parametrize("policy", ["unified", "open-market"])
@pytest.mark.parametrize("name", ["toy", "toy-two-periods"])
def test_its_plan_and_bound_hold_the_optimum_of_shipped_cases(name: str, policy: str) -> None:
    instance = read_instance(name)
    wanted = read_policy(policy, instance)
    network = build_network(instance, compose(wanted, instance), scope=Scope(3))
    if why_not_split(network) is not None:
        pytest.skip(f"{name} under {policy}: {why_not_split(network)}")
    optimum = engine_optimum(instance, compose(wanted, instance), wanted.perspective)
    assert optimum is not None
    plan = solve_split(network, wanted.perspective, replace(EXACT, time_limit_s=20.0))
    tolerance = 1e-6 * abs(optimum)
    assert plan.outcome.lower_bound_cny_per_year - tolerance <= optimum
    assert optimum <= plan.outcome.upper_bound_cny_per_year + tolerance
    assert "every conceivable arc" in plan.outcome.bound_source


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_its_plan_is_one_and_its_gap_holds_the_optimum(seed: int) -> None:
    instance, effects, perspective, network = case(seed)
    optimum = engine_optimum(instance, effects, perspective)
    assert optimum is not None
    plan = solve_split(network, perspective, replace(EXACT, time_limit_s=10.0))
    tolerance = 1e-6 * max(1.0, abs(optimum))
    assert plan.outcome.lower_bound_cny_per_year - tolerance <= optimum
    assert optimum <= plan.outcome.upper_bound_cny_per_year + tolerance


def test_whoever_stops_it_keeps_plan_and_bound() -> None:
    toy = read_instance("toy")
    policy = read_policy("unified", toy)
    network = build_network(toy, compose(policy, toy), scope=Scope(3))

    def stop_at_the_first_plan(reading: Progress) -> None:
        if reading.incumbent_cny_per_year is not None:
            options.stop.set()

    options = SolveOptions(gap=0.0, time_limit_s=60.0, on_progress=stop_at_the_first_plan, stop=Event())
    began = time.monotonic()
    plan = solve_split(network, policy.perspective, options)
    assert plan.outcome.status is Status.INTERRUPTED
    assert -np.inf < plan.outcome.lower_bound_cny_per_year <= -5_531_190.0
    assert plan.outcome.upper_bound_cny_per_year >= -5_531_190.001
    assert time.monotonic() - began < 50.0


def test_stopped_before_any_plan_there_is_none() -> None:
    toy = read_instance("toy")
    policy = read_policy("unified", toy)
    network = build_network(toy, compose(policy, toy), scope=Scope(3))
    options = SolveOptions(stop=Event())
    options.stop.set()
    with pytest.raises(StoppedError, match="before any plan"):
        solve_split(network, policy.perspective, options)


def test_no_time_is_no_plan() -> None:
    toy = read_instance("toy")
    policy = read_policy("unified", toy)
    network = build_network(toy, compose(policy, toy), scope=Scope(3))
    with pytest.raises(NoSolutionError, match="time limit"):
        solve_split(network, policy.perspective, SolveOptions(time_limit_s=1e-6))


def test_a_supply_without_any_way_is_infeasible() -> None:
    toy = read_instance("toy")
    policy = read_policy("unified", toy)
    ban = ForbidHauls("transfer_ban", commodities=("pack",), legs=("first",))
    stranded = replace(compose(policy, toy), forbidden_hauls=(ban,))
    network = build_network(toy, stranded, scope=Scope(3))
    with pytest.raises(InfeasibleError, match="no way"):
        solve_split(network, policy.perspective, SolveOptions())


def test_what_it_cannot_split_it_names() -> None:
    toy = read_instance("toy")
    policy = read_policy("unified", toy)
    network = build_network(toy, compose(policy, toy), scope=Scope(3))
    held = pd.DataFrame({"family": ["operating"], "index": ["x"], "period": ["2025"]})
    kept = replace(network, held=held.assign(lower=1.0, upper=1.0))
    assert why_not_split(kept) == "a design is kept"
    with pytest.raises(UsageError, match="the strategy split cannot solve toy: a design is kept"):
        solve_network(kept, policy.perspective, SolveOptions(strategy="split"))
    offered = replace(network, offers=pd.DataFrame({"offer": ["x"]}))
    assert why_not_split(offered) == "vendors offer goods"
    counting = network.rule_terms.assign(family="operating")
    assert why_not_split(replace(network, rule_terms=counting)) == (
        "a rule counts capacity, capital or what leaks"
    )


def test_an_objective_of_ones_own_is_bounded_too() -> None:
    """A goal that counts nothing but throughput of a recipe is bounded by what must be processed."""
    toy = read_instance("toy")
    policy = read_policy("unified", toy)
    network = network_of(toy, policy, SolveOptions())

    def tonnes_tested(priced: object) -> pd.Series:
        costs = unit_costs(priced, Perspective.SOCIAL)  # type: ignore[arg-type]
        counted = (costs.index.get_level_values("family") == "throughput") & (
            costs.index.get_level_values("index").str.contains("test_pack")
        )
        return pd.Series(np.where(counted, OBJECTIVE_UNIT_CNY, 0.0), index=costs.index)

    told: list[float | None] = []
    program = SplitProgram(network, SolveOptions(threads=1))
    found = program.least(tonnes_tested, lambda *reading: told.append(reading[2]), 10.0)
    assert found == pytest.approx(8000.0, rel=1e-6)
    assert told[-1] == found


@pytest.mark.parametrize("seed", SEEDS[:8])
def test_ranges_of_a_figure_hold_what_exact_ones_hold(seed: int) -> None:
    """The social cost of private plans, over all arcs, by splitting and by branch and bound."""
    instance, effects, _, network = case(seed)
    whole = build_network(instance, effects)
    private = solve_direct(whole, Perspective.PRIVATE, EXACT).outcome
    low, high = social_range_cny_per_year(whole, private, EXACT)
    program = SplitProgram(network, EXACT)
    split_low, split_high = social_range_cny_per_year(network, private, EXACT, program)
    tolerance = 1e-6 * max(1.0, abs(low), abs(high))
    cheapest = solve_direct(whole, Perspective.PRIVATE, EXACT).ledger
    own = ledger_total(cheapest, whole.period_weights, Perspective.SOCIAL)
    assert split_low - tolerance <= own <= split_high + tolerance
    assert low - tolerance <= own <= high + tolerance


def among_all(network: Network, perspective: Perspective) -> FewSites:
    return FewSites(network, standard_form(network, perspective, without=STRENGTHENING))


@pytest.mark.parametrize("seed", SEEDS)
def test_modules_that_cover_loads_are_a_plan(seed: int) -> None:
    instance, effects, perspective, _ = case(seed)
    network = build_network(instance, effects, scope=Scope(9))
    optimum = engine_optimum(instance, effects, perspective)
    assert optimum is not None
    covering = Covering(dual_of(network, perspective))
    found = covering.first_plan(among_all(network, perspective), time.monotonic() + 20.0, EXACT)
    if found is None:
        pytest.skip("a rule on whole decisions, or no size above what is loaded")
    assert found.objective is not None
    assert found.objective * OBJECTIVE_UNIT_CNY >= optimum - 1e-6 * max(1.0, abs(optimum))


def test_most_cases_can_be_covered() -> None:
    n_found = 0
    for seed in SEEDS:
        instance, effects, perspective, _ = case(seed)
        network = build_network(instance, effects, scope=Scope(9))
        covering = Covering(dual_of(network, perspective))
        found = covering.first_plan(among_all(network, perspective), time.monotonic() + 20.0, EXACT)
        n_found += found is not None
    assert n_found >= len(SEEDS) // 2
