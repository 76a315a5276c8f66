"""The priced strategy: its bound holds over all arcs, its links over all plans, its plan is one."""

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
from netopt.analysis.figures import Figure
from netopt.backends import highs
from netopt.backends.result import BackendResult, BackendStatus
from netopt.data.instance import Instance
from netopt.data.tables import TABLES
from netopt.errors import NoSolutionError, StoppedError, UsageError
from netopt.formulation.build import STRENGTHENING
from netopt.formulation.compile import standard_form
from netopt.formulation.objective import OBJECTIVE_UNIT_CNY, by_column, unit_costs
from netopt.network.build import build_network
from netopt.network.lanes import BARE, DEPARTS, PER_KM, everywhere, why_not_priced
from netopt.network.scope import Scope, n_possible_arcs
from netopt.policy.effects import Effects, Mass, ShareRule, SingleSource
from netopt.solution.options import Progress, SolveOptions
from netopt.solution.outcome import Status
from netopt.strategies.choice import MOST_ARCS, scope_for
from netopt.strategies.direct import solve_direct
from netopt.strategies.priced.bound import Pricer
from netopt.strategies.priced.columns import Columns
from netopt.strategies.priced.few_sites import Effort, FewSites, among, plan_at_few_sites
from netopt.strategies.priced.regions import Regions, plans_by_region
from netopt.strategies.priced.relaxation import Relaxation
from netopt.strategies.priced.slopes import gathered
from netopt.strategies.priced.solve import PricedProgram, solve_priced
from tests.engine import EXACT, engine_optimum
from tests.instances_random import random_effects, random_instance, with_tables

FEATURES = (
    "periods",
    "minimum_utilisation",
    "existing",
    "divisible",
    "modes",
    "limits",
    "regional_costs",
    "transfers",
    "emission_cap",
    "unserved",
    "geodesic",
)
"""What the strategy can price, beside vendors, second life and costs by period."""

SEEDS = (3, 4, 5, 6, 7, 9, 11, 12, 13, 15, 17, 38, 48, 56, 18, 22, 24, 25, 26, 28, 29, 30, 31, 33, 34, 35)
"""Cases with a plan, also over the listed arcs."""

OPEN_SEEDS = (4, 5, 6, 7, 11, 12, 13, 15)
"""Those of them in which no operator is barred from receiving."""


OVER_TIME = (1, 11, 22, 31, 35, 38, 39, 45, 47, 51, 2, 29)
"""Cases in whose best plan something comes back; in the last two few listed arcs give a weaker bound."""


def case(seed: int) -> tuple[Instance, Effects, Perspective, Scope]:
    draw = random.Random(f"priced {seed}")  # noqa: S311
    features = [name for name in FEATURES if draw.random() < 0.3]
    if random.Random(f"vendors {seed}").random() < 0.3:  # noqa: S311
        features.append("vendors")
    instance = random_instance(seed, features=features)
    effects = random_effects(seed, instance, at_borders=False)
    return instance, effects, draw.choice(list(Perspective)), Scope(draw.choice((1, 2)))


def case_over_time(seed: int) -> tuple[Instance, Effects, Perspective, Scope]:
    """Return a case of several periods in which goods come back in a later one, and costs change."""
    draw = random.Random(f"over time {seed}")  # noqa: S311
    features = [name for name in FEATURES if draw.random() < 0.2]
    instance = random_instance(seed, features=[*features, "periods", "second_life"])
    longest = max(period.length_years for period in instance.settings.horizon.periods)
    lives = instance["second_life"].assign(lag_years=longest)
    rows = [
        (table, row, column, period, round(draw.uniform(0.3, 2.0) * cost, 2))
        for table, row, column, cost in changing(instance)
        for period in instance.periods
        if draw.random() < 0.7
    ]
    costs = pd.DataFrame(rows, columns=list(TABLES["costs_by_period"].column_names))
    is_reused = instance["offtake"]["commodity"] == "second_life_kwh"
    prices = instance["offtake"]["price_cny_per_unit"].mask(is_reused, draw.choice((150.0, 600.0, 2000.0)))
    sold = instance["offtake"].assign(price_cny_per_unit=prices)
    changed = with_tables(instance, second_life=lives, costs_by_period=costs, offtake=sold)
    effects = random_effects(seed, changed, at_borders=False)
    return changed, effects, draw.choice(list(Perspective)), Scope(1)


def changing(instance: Instance) -> list[tuple[str, str, str, float]]:
    """Return the costs of sizes, recipes and hauls: table, row, column and cost."""
    return [
        (name, "/".join(row[key] for key in TABLES[name].key), column, float(row[column]))
        for name, column in (
            ("sizes", "capital_cny"),
            ("recipes", "cost_cny_per_tonne"),
            ("haulage", "tariff_cny_per_tonne_km"),
        )
        for row in instance[name].to_dict("records")
    ]


def relaxation(instance: Instance, effects: Effects, perspective: Perspective, scope: Scope) -> Relaxation:
    network = build_network(instance, effects, scope=scope)
    form = standard_form(network, perspective, without=STRENGTHENING)
    columns = Columns(network, form)
    pricer = Pricer(columns, partial(unit_costs, perspective=perspective))
    return Relaxation(columns, pricer, {"threads": 1}, lambda: None)


def improved(found: Relaxation) -> BackendStatus:
    return found.improve(time.monotonic() + 30.0, lambda _result: 1e-9, EXACT)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_bound_holds_over_all_arcs_and_the_plan_is_one(seed: int) -> None:
    instance, effects, perspective, scope = case(seed)
    optimum = engine_optimum(instance, effects, perspective)
    assert optimum is not None
    tolerance = 1e-6 * max(1.0, abs(optimum))
    found = relaxation(instance, effects, perspective, scope)
    found.bound_without_multipliers()
    free = found.bound
    assert free * OBJECTIVE_UNIT_CNY <= optimum + tolerance
    assert improved(found) is BackendStatus.OPTIMAL
    assert free - tolerance <= found.bound
    assert found.bound * OBJECTIVE_UNIT_CNY <= optimum + tolerance
    plan = solve_priced(build_network(instance, effects, scope=scope), perspective, EXACT)
    assert plan.outcome.upper_bound_cny_per_year >= optimum - tolerance
    assert plan.outcome.lower_bound_cny_per_year <= optimum + tolerance
    assert "every conceivable arc" in plan.outcome.bound_source


@pytest.mark.parametrize("seed", OVER_TIME)
def test_the_bound_holds_where_goods_come_back_and_costs_change(seed: int) -> None:
    instance, effects, perspective, scope = case_over_time(seed)
    assert why_not_priced(instance, effects) is None
    optimum = engine_optimum(instance, effects, perspective)
    assert optimum is not None
    tolerance = 1e-6 * max(1.0, abs(optimum))
    found = relaxation(instance, effects, perspective, scope)
    found.bound_without_multipliers()
    assert found.bound * OBJECTIVE_UNIT_CNY <= optimum + tolerance
    assert improved(found) is BackendStatus.OPTIMAL
    assert found.bound * OBJECTIVE_UNIT_CNY <= optimum + tolerance
    plan = solve_priced(build_network(instance, effects, scope=scope), perspective, EXACT)
    assert plan.outcome.upper_bound_cny_per_year >= optimum - tolerance
    assert plan.outcome.lower_bound_cny_per_year <= optimum + tolerance


@pytest.mark.parametrize("seed", OVER_TIME[:-2])
def test_few_listed_arcs_give_the_bound_of_all_over_time(seed: int) -> None:
    instance, effects, perspective, scope = case_over_time(seed)
    few, all_arcs = (relaxation(instance, effects, perspective, it) for it in (scope, Scope(99)))
    assert [improved(each) for each in (few, all_arcs)] == [BackendStatus.OPTIMAL] * 2
    assert few.bound == pytest.approx(all_arcs.bound, rel=1e-5, abs=1e-3)


def test_cases_over_time_come_back_and_list_fewer_arcs() -> None:
    n_fewer = 0
    for seed in OVER_TIME:
        instance, effects, perspective, scope = case_over_time(seed)
        network = build_network(instance, effects)
        arcs = network.arcs["arc"][network.arcs["from_kind"] == "market"]
        flows = solve_direct(network, perspective, EXACT).decisions["flow"]
        assert flows.reindex(arcs).to_numpy().sum() > 1.0, seed
        n_fewer += len(build_network(instance, effects, scope=scope).arcs) < len(network.arcs)
    assert n_fewer >= 5


def test_what_comes_back_in_the_period_of_its_sale_is_refused() -> None:
    instance, effects, _, _ = case_over_time(1)
    longest = max(period.length_years for period in instance.settings.horizon.periods)
    assert longest > 1
    soon = with_tables(instance, second_life=instance["second_life"].assign(lag_years=longest - 1))
    assert why_not_priced(soon, effects) == "batteries return from second life within a period"


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_an_early_end_keeps_the_first_plan_and_a_bound(seed: int) -> None:
    instance, effects, perspective, scope = case(seed)
    readings: list[Progress] = []

    def stop_at_the_first_incumbent(reading: Progress) -> None:
        readings.append(reading)
        if reading.incumbent_cny_per_year is not None:
            options.stop.set()

    options = replace(EXACT, on_progress=stop_at_the_first_incumbent, stop=Event())
    plan = solve_priced(build_network(instance, effects, scope=scope), perspective, options)
    optimum = engine_optimum(instance, effects, perspective)
    assert optimum is not None
    tolerance = 1e-6 * max(1.0, abs(optimum))
    assert readings[-1].what == "bound over all arcs"
    assert plan.outcome.upper_bound_cny_per_year >= optimum - tolerance
    assert -np.inf < plan.outcome.lower_bound_cny_per_year <= optimum + tolerance
    assert plan.outcome.gap < 1e-6 or plan.outcome.status is Status.INTERRUPTED


def among_few(seed: int) -> list[tuple[FewSites, float]]:
    """Return the plans of the program among few sites, each with what it costs."""
    instance, effects, perspective, scope = case(seed)
    program = PricedProgram(build_network(instance, effects, scope=scope), perspective, EXACT)
    program.relax(time.monotonic() + 30.0)
    assert program.relaxation.result is not None
    use = program._use(program.relaxation.result.point)
    plans = plan_at_few_sites(
        program.network, perspective, use, Effort(1e-9, time.monotonic() + 30.0, EXACT)
    )
    return [(few, found.objective) for few, found in plans]


@pytest.mark.parametrize("seed", SEEDS[:12])
def test_plans_at_few_sites_are_plans_of_the_whole_and_get_cheaper(seed: int) -> None:
    instance, effects, perspective, _ = case(seed)
    optimum = engine_optimum(instance, effects, perspective)
    assert optimum is not None
    found = among_few(seed)
    values = [value * OBJECTIVE_UNIT_CNY for _, value in found]
    assert values == sorted(values, reverse=True)
    assert all(value >= optimum - 1e-6 * max(1.0, abs(optimum)) for value in values)
    sites = set(instance["sites"]["site"])
    assert all(set(few.network.instance["sites"]["site"]) <= sites for few, _ in found)


def by_region(seed: int) -> tuple[float, list[float]]:
    """Return the cost of the first plan found among all sites, and what regions make of it."""
    instance, effects, perspective, _ = case(seed)
    network = build_network(instance, effects, scope=Scope(99))
    all_sites = among(network, perspective, set(instance["sites"]["site"]))
    first = highs.solve_form(all_sites.form, {"mip_max_improving_sols": 1, "presolve": "off"})
    assert first.point is not None
    effort = Effort(1e-6, time.monotonic() + 30.0, EXACT)
    found = [result.objective for result in plans_by_region(all_sites, first.point, effort)]
    return all_sites.form.objective(first.point), [value for value in found if value is not None]


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_regions_make_plans_cheaper_and_never_cheaper_than_the_best(seed: int) -> None:
    """So few sites are one region: the search ends at the optimum of the program."""
    optimum = engine_optimum(*case(seed)[:3])
    assert optimum is not None
    first, found = by_region(seed)
    assert [first, *found] == sorted([first, *found], reverse=True)
    least = min([first, *found]) * OBJECTIVE_UNIT_CNY
    assert least == pytest.approx(optimum, rel=1e-6, abs=1.0)


def test_some_first_plan_is_made_cheaper_by_region() -> None:
    assert any(found and found[-1] < first for first, found in map(by_region, SEEDS[:6]))


@pytest.mark.parametrize("seed", range(8))
def test_sites_that_are_planned_anew_are_the_nearest_of_some_place(seed: int) -> None:
    instance, effects, perspective, _ = case(SEEDS[0])
    few = among(
        build_network(instance, effects, scope=Scope(99)), perspective, set(instance["sites"]["site"])
    )
    columns, kept = few.sites(), Regions(few, seed=seed, size=2).elsewhere()
    freed = set(columns[~kept]) - {""}
    assert 0 < len(freed) <= 2 < len(set(columns) - {""})
    assert not kept[columns == ""].any()
    places = instance["sites"].merge(instance["locations"], on="location").set_index("site")
    places = places.loc[sorted(set(columns) - {""}), ["lon_deg", "lat_deg"]]
    is_free = places.index.isin(freed)
    kilometres = [
        np.hypot(*(places - centre).mul([np.cos(np.radians(centre["lat_deg"])), 1.0]).to_numpy().T)
        for _, centre in places.iterrows()
    ]
    assert any(away[is_free].max() <= away[~is_free].min() + 1e-9 for away in kilometres)


def test_most_searches_among_few_sites_find_a_plan_and_some_the_best() -> None:
    """How many depends on what a relaxation uses; that it is never any would be a mistake."""
    best = []
    for seed in SEEDS[:12]:
        optimum, found = engine_optimum(*case(seed)[:3]), among_few(seed)
        if found and optimum is not None:
            best.append(found[-1][1] * OBJECTIVE_UNIT_CNY - optimum <= 1e-6 * max(1.0, abs(optimum)))
    assert len(best) >= 8
    assert sum(best) >= 2


@pytest.mark.parametrize("seed", SEEDS[:8])
def test_without_a_first_plan_few_sites_give_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    instance, effects, perspective, scope = case(seed)
    monkeypatch.setattr(PricedProgram, "find_first_plan", lambda _program, _time_s: None)
    monkeypatch.setattr(PricedProgram, "plan", lambda _program, _time_s: None)
    optimum = engine_optimum(instance, effects, perspective)
    assert optimum is not None
    tolerance = 1e-6 * max(1.0, abs(optimum))
    try:
        plan = solve_priced(build_network(instance, effects, scope=scope), perspective, EXACT)
    except NoSolutionError:
        assert among_few(seed) == []
        return
    assert plan.outcome.upper_bound_cny_per_year >= optimum - tolerance
    assert plan.outcome.lower_bound_cny_per_year <= optimum + tolerance


@pytest.mark.parametrize("seed", [13, 33])
def test_a_source_without_a_choice_among_few_sites_is_assigned_among_all(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program among few sites has no column for the one site that a source can send to."""
    instance, effects, perspective, scope = case(seed)
    effects = replace(effects, single_sources=(SingleSource("single", ("pack",)),))
    monkeypatch.setattr(PricedProgram, "find_first_plan", lambda _program, _time_s: None)
    monkeypatch.setattr(PricedProgram, "plan", lambda _program, _time_s: None)
    network = build_network(instance, effects, scope=scope)
    assert len(network.assignments)
    best = solve_direct(build_network(instance, effects), perspective, EXACT).outcome
    plan = solve_priced(network, perspective, EXACT)
    tolerance = 1e-6 * best.gross_cost_cny_per_year
    assert plan.outcome.upper_bound_cny_per_year >= best.lower_bound_cny_per_year - tolerance
    assert plan.outcome.lower_bound_cny_per_year <= best.upper_bound_cny_per_year + tolerance


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_slope_scaling_ends_at_a_point_of_the_relaxation(seed: int) -> None:
    instance, effects, perspective, scope = case(seed)
    form = standard_form(build_network(instance, effects, scope=scope), perspective)
    point = gathered(form, time.monotonic() + 30.0, EXACT)
    assert point is not None
    rows = form.matrix @ point
    assert (rows >= form.row_lower - 1e-6).all() and (rows <= form.row_upper + 1e-6).all()
    assert (point >= form.lower - 1e-9).all() and (point <= form.upper + 1e-9).all()
    plain = highs.solve_form(form, {}, relaxed=True)
    assert form.objective(point) >= plain.objective - 1e-6 * max(1.0, abs(plain.objective))


def test_slope_scaling_has_nothing_to_say_without_time() -> None:
    instance, effects, perspective, scope = case(SEEDS[0])
    form = standard_form(build_network(instance, effects, scope=scope), perspective)
    stop = Event()
    stop.set()
    assert gathered(form, time.monotonic() + 30.0, replace(EXACT, stop=stop)) is None


def test_a_stop_before_the_first_plan_finds_none(monkeypatch: pytest.MonkeyPatch) -> None:
    instance, effects, perspective, scope = case(SEEDS[0])
    options = replace(EXACT, stop=Event())
    nothing = BackendResult(BackendStatus.INTERRUPTED, None, None, -np.inf, 0, "HiGHS", "")

    def stopped(*_words: object, **_options: object) -> BackendResult:
        options.stop.set()
        return nothing

    monkeypatch.setattr(highs, "solve_form", stopped)
    with pytest.raises(StoppedError, match="before any plan was found"):
        solve_priced(build_network(instance, effects, scope=scope), perspective, options)


@pytest.mark.parametrize("seed", OPEN_SEEDS)
def test_few_listed_arcs_give_the_bound_of_all(seed: int) -> None:
    """Arcs added one by one end at the relaxation that lists everything.

    Closed arcs are priced as if they were open, which gives a weaker bound.
    """
    instance, effects, perspective, scope = case(seed)
    few, all_arcs = (relaxation(instance, effects, perspective, it) for it in (scope, Scope(99)))
    assert [improved(each) for each in (few, all_arcs)] == [BackendStatus.OPTIMAL] * 2
    assert len(few.columns.network.arcs) <= len(all_arcs.columns.network.arcs)
    assert few.bound == pytest.approx(all_arcs.bound, rel=1e-5, abs=1e-3)


@pytest.mark.parametrize("seed", SEEDS[:10])
def test_links_hold_at_every_whole_plan(seed: int) -> None:
    instance, effects, perspective, _ = case(seed)
    found = relaxation(instance, effects, perspective, Scope(99))
    assert improved(found) is BackendStatus.OPTIMAL
    draw = np.random.default_rng(seed)
    for _ in range(3):
        form = found.columns.form
        goal = draw.normal(size=form.shape[1]) * (np.abs(form.cost) + 1.0)
        tried = highs.solve_form(
            type(form)(**{**vars(form), "cost": np.abs(goal)}), {"threads": 1, "time_limit": 10.0}
        )
        if tried.point is not None:
            whole = np.where(form.is_integer, tried.point.round(), tried.point)
            padded = np.zeros(found.links.matrix.shape[1])
            padded[: len(whole)] = whole
            assert (found.links.matrix @ padded).max(initial=0.0) <= 1e-3


@pytest.mark.parametrize("seed", SEEDS[:10])
def test_probes_price_listed_arcs_to_the_yuan(seed: int) -> None:
    """Cost is affine in the length: what prices millions of unlisted arcs prices the listed too.

    So are figures that count it in one jurisdiction, or after one facility type, alone.
    """
    instance, effects, perspective, _ = case(seed)
    network = build_network(instance, effects)
    form = standard_form(network, perspective, without=STRENGTHENING)
    own = Columns(network, form)
    last = instance["jurisdictions"]["jurisdiction"].iloc[-1]
    of_type = instance["facility_types"]["facility_type"].iloc[0]
    asked = (Figure("cost", last), Figure("haulage", last), Figure("haulage", facility_type=of_type))
    goals = [partial(figure.in_cny, instance=instance) for figure in asked]
    everywhere_ = everywhere(network)
    lanes = {(lane.commodity, lane.mode, lane.kind): lane for lane in everywhere_.lanes}
    km = network.arcs.set_index(["from_place", "to_place", "mode"])["distance_km"]
    km = km[~km.index.duplicated()]
    n_compared = 0
    for goal in (partial(unit_costs, perspective=perspective), *goals):
        cost, _ = by_column(form, goal(network))
        flows = own.flows.assign(cost=cost[own.flows["column"].to_numpy()])
        flows = flows[(flows["to_kind"] == "site") & flows["from_kind"].isin(["source", "site"])]
        prices = goal(everywhere_).xs("flow", level=0).to_dict()
        for arc in flows.to_dict("records"):
            lane = lanes[arc["commodity"], arc["mode"], arc["from_kind"]]
            bare, a_kilometre, a_departure = (
                prices.get((lane.probe(arc["from_place"], what), arc["period"]), 0.0)
                for what in (BARE, PER_KM, DEPARTS)
            )
            length = km[arc["from_place"], arc["to_place"], arc["mode"]]
            leaves = arc["left_after"] and not arc["left_before"]
            told = bare + (a_kilometre - bare) * length
            told += (a_departure - bare) if leaves else 0.0
            assert told == pytest.approx(arc["cost"], rel=1e-9, abs=1e-6)
            n_compared += 1
    assert n_compared > 0


@pytest.mark.parametrize("seed", SEEDS[:10])
def test_an_arc_that_is_added_is_the_column_that_a_listed_one_is(seed: int) -> None:
    """In cost and in every row, caps on emissions among them."""
    instance, effects, perspective, _ = case(seed)
    given = Mass("given", tonnes_per_year=10.0)
    cap = ShareRule("test", "emissions of a test", given, Mass("emitted"), 1.0, 100.0)
    effects = replace(effects, share_rules=(*effects.share_rules, cap))
    network = build_network(instance, effects)
    form = standard_form(network, perspective, without=STRENGTHENING)
    own = Columns(network, form)
    pricer = Pricer(own, partial(unit_costs, perspective=perspective))
    lanes = pricer.everywhere.lanes
    numbers = {(lane.commodity, lane.mode, lane.kind): number for number, lane in enumerate(lanes)}
    km = network.arcs.set_index("arc")["distance_km"]
    is_priced = own.flows["from_kind"].isin(["source", "site", "market"])
    flows = own.flows[(own.flows["to_kind"] == "site") & is_priced]
    keys = zip(flows["commodity"], flows["mode"], flows["from_kind"], strict=True)
    names = [form.columns[column].key for column in flows["column"]]
    arcs = flows.assign(lane=[numbers[key] for key in keys], distance_km=km[names].to_numpy())
    made = pricer.columns_of(arcs, 0)
    assert len(made.cost) == len(arcs) > 0
    listed = arcs["column"].to_numpy()
    assert made.cost == pytest.approx(form.cost[listed], rel=1e-9, abs=1e-9)
    told = (
        "share_rule",
        "emission_cap",
        "facility_balance",
        "conversion",
        "supply_balance",
        "return_balance",
    )
    rows = np.array([tag in told for tag, *_ in form.row_keys])
    expected = form.matrix[:, listed].toarray()[rows]
    assert made.matrix.toarray()[rows] == pytest.approx(expected, rel=1e-9, abs=1e-9)


def duties(instance: Instance) -> tuple[ShareRule, ...]:
    """Return duties on one retired commodity: on what is processed, on what is fit for cascade use."""
    commodity = str(instance["supply"]["commodity"].iloc[-1])
    home = str(instance["locations"]["jurisdiction"].iloc[0])
    processed = Mass("processed", commodities=(commodity,), jurisdictions=(home,), origins=(home,))
    collected = Mass("collected", commodities=(commodity,), origins=(home,))
    fit = Mass("eligible", commodities=(commodity,))
    return (
        ShareRule("test", "at home", processed, collected, 0.5, 100.0),
        ShareRule("test", "cascade", replace(processed, jurisdictions=(), origins=()), fit, 0.5, 100.0),
    )


@pytest.mark.parametrize("seed", SEEDS[:10])
def test_duties_weigh_unlisted_shipments_and_recipes_as_listed_ones(seed: int) -> None:
    instance, effects, _, _ = case(seed)
    network = build_network(instance, replace(effects, share_rules=duties(instance)))
    all_of_it = everywhere(network)
    key = ["site", "recipe", "origin", "left"]
    runs = network.activities.merge(all_of_it.runs, on=key, suffixes=("", "_anywhere"), validate="1:1")
    assert len(runs) == len(network.activities)
    anywhere = dict(zip(runs["activity"], runs["activity_anywhere"], strict=True))
    arcs = network.arcs[(network.arcs["from_kind"] == "source") & (network.arcs["to_kind"] == "site")]
    lanes = {(lane.commodity, lane.mode): lane for lane in all_of_it.lanes if lane.kind == "source"}
    for arc in arcs.to_dict("records"):
        anywhere[arc["arc"]] = lanes[arc["commodity"], arc["mode"]].probe(arc["from_place"])
    told, own = (
        table.set_index(["rule", "family", "index", "period"])["coefficient"]
        for table in (all_of_it.rule_terms, network.rule_terms)
    )
    n_compared = 0
    for rule, family, index, period in own.index:
        if family in ("flow", "throughput") and index in anywhere:
            expected = own[rule, family, index, period]
            assert told[rule, family, anywhere[index], period] == pytest.approx(expected, rel=1e-12)
            n_compared += 1
    assert n_compared > 0


def test_what_cannot_be_priced_is_solved_whole_or_refused_with_the_reason() -> None:
    stocked = random_instance(1, features=["storage"])
    assert why_not_priced(stocked, Effects()) == "goods can be stored"
    assert scope_for(stocked, Effects(), SolveOptions()) is None
    with pytest.raises(UsageError, match="goods can be stored"):
        scope_for(stocked, Effects(), SolveOptions(strategy="priced"))
    several = random_instance(1, features=["several_inputs"])
    assert why_not_priced(several, Effects()) == "a recipe has several inputs"


def test_auto_lists_all_arcs_of_small_instances() -> None:
    small = random_instance(3)
    assert n_possible_arcs(small) < MOST_ARCS
    assert scope_for(small, Effects(), SolveOptions()) is None
    assert scope_for(small, Effects(), SolveOptions(strategy="priced")) is not None
    assert scope_for(small, Effects(), SolveOptions(strategy="direct")) is None
