"""Incidence against toy's README, worked by hand, and on random instances: rows sum, whoever bears them."""

from __future__ import annotations

import random
from dataclasses import replace

import pandas as pd
import pytest

from netopt.accounts import Perspective
from netopt.analysis.equity import gini
from netopt.analysis.figures import read_figure
from netopt.analysis.incidence import COST, MONEY_COLUMNS, NET, Incidence, incidence
from netopt.analysis.incidence_change import incidence_change
from netopt.data.instance import Instance
from netopt.data.read import make_instance, read_instance
from netopt.data.tables import BEARERS, TABLES
from netopt.errors import InfeasibleError, UsageError
from netopt.pipeline import solve
from netopt.policy.read import make_policy, read_policy
from netopt.resources import shipped
from netopt.solution.ledger import annual_equivalent, ledger_total
from netopt.solution.options import SolveOptions
from netopt.solution.solution import Solution
from tests.instances_random import FEATURES, random_instance, with_tables

EXACT = SolveOptions(gap=1e-9, threads=1)
SEEDS = range(20)
CAMPAIGN = range(100, 380)


@pytest.fixture(scope="module")
def toy() -> Instance:
    return read_instance(shipped("instances") / "toy")


@pytest.fixture(scope="module")
def unified(toy: Instance) -> Solution:
    """Return the plan of toy's README: H2, C2, D3 and R3 at work; a cascade target is missed."""
    return solve(toy, read_policy("unified", toy), SolveOptions(gap=0.0, threads=1))


def test_quantities_of_toy_are_those_of_its_page(unified: Solution) -> None:
    table = incidence(unified).jurisdictions
    assert table.loc[["P1", "P2", "P3"], "collected_tonnes_per_year"].tolist() == [2000, 4000, 2000]
    # Midland: 8,000 t tested, 1,500 t repurposed; Eastland: 6,800 t dismantled, 3,400 t leached.
    assert table["throughput_tonnes_per_year"].tolist() == pytest.approx([0, 0, 9500, 10200])
    assert table["jobs"].tolist() == pytest.approx([0, 0, 8 + 6, 13.6 + 17])
    assert table["local_tax_cny_per_year"].tolist() == pytest.approx([0, 0, 0, 50 * 3400])
    # Westland's 2,000 t go 100 km to Midland's hub; nothing else leaves it.
    assert table.loc["P1", "haul_mean_km"] == pytest.approx(100)
    assert table.loc["P1", "sent_over_border_tonnes_per_year"] == pytest.approx(2000)
    # From Midland to Eastland 6,500 t at the hub and 300 t of rejects; to Midland 4,000 t from both sides.
    assert table.loc["P3", "received_over_border_tonnes_per_year"] == pytest.approx(6800)
    assert table.loc["P2", "received_over_border_tonnes_per_year"] == pytest.approx(4000)
    # The first leg inside Midland is 10 km.
    assert table.loc["P2", "first_leg_mean_km"] == pytest.approx(10)
    # 50 % of 4,000 t leak at 1,000 kg a tonne.
    assert table.loc["P1", "informal_emission_tonnes_co2e_per_year"] == pytest.approx(2000)
    # 2,000 t x 100 km x 0.1 kg.
    assert table.loc["P1", "emission_tonnes_co2e_per_year"] == pytest.approx(20)


def test_actors_of_toy_by_hand(unified: Solution) -> None:
    """What consumers, the treasury and battery makers bear; the last own C2 and a quarter of R3."""
    actors = incidence(unified).actors
    assert actors.loc["consumers", "transfers_cny_per_year"] == pytest.approx(-8000 * 1000)
    assert actors.loc["local_government", NET] == pytest.approx(-170_000)
    # Packs are bought by recyclers, who pay three quarters of the tax beside.
    paid = 8000 * 1000 + 0.75 * 170_000
    assert actors.loc["formal_recycler", "transfers_cny_per_year"] == pytest.approx(paid)
    ledger = unified.ledger[unified.ledger["payer"] == "formal_chain"]
    cascade = ledger[(ledger["facility_type"] == "cascade") & (ledger["kind"] == "resource")]
    hydromet = ledger[(ledger["facility_type"] == "hydromet") & (ledger["kind"] == "resource")]
    expected = cascade["cny_per_year"].sum() + hydromet["cny_per_year"].sum() / 4
    assert actors.loc["battery_maker", "resource_cny_per_year"] == pytest.approx(expected)
    # R3: capital 10.0, fixed 1.5, leaching 6.426, haul and loading none, 1,360 t of metal at 20,000.
    assert hydromet["cny_per_year"].sum() == pytest.approx(10e6 + 1.5e6 + 6.426e6 - 27.2e6)


def test_what_actors_of_toy_do_by_hand(unified: Solution) -> None:
    """Car makers run collection and the hub, battery makers C2 and a quarter of R3, recyclers all else."""
    actors = incidence(unified).actors
    throughput = actors["throughput_tonnes_per_year"]
    assert throughput["car_maker"] == pytest.approx(8000)
    assert throughput["battery_maker"] == pytest.approx(1500 + 3400 / 4)
    assert throughput["formal_recycler"] == pytest.approx(6800 + 3400 * 3 / 4)
    assert throughput["informal_channel"] == pytest.approx(8000)
    assert actors["jobs"].sum() == pytest.approx(8 + 6 + 13.6 + 17)
    # Packs: 440,000 t km to H2; from it 15,000 to C2 and 650,000 to D3. 8,000 + 1,500 + 6,500 t.
    assert actors.loc["car_maker", "haul_mean_km"] == pytest.approx(1_105_000 / 16_000)
    emitted = incidence(unified).jurisdictions["emission_tonnes_co2e_per_year"].sum()
    formal = actors["emission_tonnes_co2e_per_year"].drop("informal_channel").sum()
    assert formal == pytest.approx(emitted)
    assert throughput.drop("informal_channel").sum() == pytest.approx(
        incidence(unified).jurisdictions["throughput_tonnes_per_year"].sum()
    )


def test_metals_of_toy_by_hand(unified: Solution) -> None:
    metal = incidence(unified).metals.loc["Ni"]
    assert metal["recovered_tonnes_per_year"] == pytest.approx(1360)
    assert metal["displaced_tonnes_per_year"] == pytest.approx(680)


def test_capacity_of_toy_is_what_is_at_work(unified: Solution) -> None:
    steps = incidence(unified).facility_types.set_index(["jurisdiction", "facility_type"])
    dismantler = steps.loc[("P3", "dismantler")]
    assert dismantler["capacity_tonnes_per_year"] == pytest.approx(10_000 * 0.8)
    assert dismantler["utilisation"] == pytest.approx(6800 / 8000)
    assert dismantler["n_sites"] == 1


def test_equity_of_toy_by_hand(unified: Solution) -> None:
    """All tax falls to Eastland, a quarter of the people: 1 - 1/4."""
    found = incidence(unified).equity
    assert found["Gini of local tax per head"] == pytest.approx(0.75)


@pytest.mark.parametrize("name", ["population", "labour", "bearers", "metal_contents"])
def test_what_an_instance_does_not_say_is_said_to_be_missing(toy: Instance, name: str) -> None:
    tables = {**toy.tables, name: toy[name].iloc[:0]}
    bare = with_tables(toy, **{name: tables[name]})
    solution = solve(bare, read_policy("unified", bare), EXACT)
    found = incidence(solution)
    (said,) = [words for words in found.missing if name in words]
    assert said in found.to_markdown()
    unknown = {"population": "people", "labour": "jobs"}
    if name in unknown:
        assert found.jurisdictions[unknown[name]].isna().all()
    if name == "bearers":
        assert "formal_chain" in found.actors.index
    if name == "population":
        assert found.equity == {}


def test_a_step_without_a_row_of_labour_has_no_jobs_that_are_known(toy: Instance) -> None:
    """The hub and C2 work in Midland: with the row of one missing, its jobs are unknown, not fewer."""
    bare = with_tables(toy, labour=toy["labour"][toy["labour"]["facility_type"] != "hub"])
    found = incidence(solve(bare, read_policy("unified", bare), EXACT))
    jobs = found.jurisdictions["jobs"]
    assert jobs.isna().to_dict() == {"": False, "P1": False, "P2": True, "P3": False}
    assert jobs["P3"] == pytest.approx(13.6 + 17)
    assert found.actors["jobs"].isna()["car_maker"]
    assert found.actors["jobs"]["formal_recycler"] == pytest.approx(13.6 + 17 * 3 / 4)
    assert [words for words in found.missing if "labour.csv has no row of hub" in words]
    (total,) = [line for line in found.to_markdown().splitlines() if line.startswith("| **all**")]
    assert total.split(" | ")[7] == "?"
    assert read_figure("jobs/hydromet@P3", bare).facility_type == "hydromet"
    for text in ("jobs", "jobs/hub@P2"):
        with pytest.raises(UsageError, match="has no row of hub"):
            read_figure(text, bare)


def test_figures_per_head_are_of_all_or_not_said(toy: Instance) -> None:
    fewer = with_tables(toy, population=toy["population"].iloc[:2])
    found = incidence(solve(fewer, read_policy("unified", fewer), EXACT))
    assert found.equity == {}
    assert any("population.csv has no row of P3" in words for words in found.missing)


def test_without_a_price_of_carbon_tonnes_of_co2e_are_missing(toy: Instance) -> None:
    prices = toy.settings.prices.model_copy(update={"carbon_cny_per_tonne": 0.0})
    free = make_instance(toy.settings.model_copy(update={"prices": prices}), toy.tables)
    found = incidence(solve(free, read_policy("unified", free), EXACT))
    assert found.jurisdictions["emission_tonnes_co2e_per_year"].isna().all()
    assert any("CO2e" in words for words in found.missing)


def random_bearers(seed: int, instance: Instance) -> pd.DataFrame:
    """Return who bears what: some steps divided, some given to one, one category apart, some left out."""
    draw = random.Random(f"bearers {seed}")  # noqa: S311
    rows: list[tuple[str, str, str, float]] = []
    for step in ["", *instance["facility_types"]["facility_type"]]:
        for category in draw.choice([("",), ("", "capital"), ("haulage",), ()]):
            share = draw.choice([1.0, 0.5, 0.125])
            first, second = draw.sample(BEARERS, 2)
            rows.append((step, category, first, share))
            if share < 1:
                rows.append((step, category, second, 1 - share))
    return pd.DataFrame(rows, columns=TABLES["bearers"].column_names)


def random_plan(seed: int) -> Solution | None:
    draw = random.Random(f"incidence {seed}")  # noqa: S311
    features = {*draw.sample(FEATURES, draw.randint(2, 6)), "transfers"}
    instance = random_instance(seed, features=features)
    instance = with_tables(instance, bearers=random_bearers(seed, instance))
    perspective = Perspective.PRIVATE if seed % 3 == 0 else Perspective.SOCIAL
    try:
        return solve(instance, make_policy("none", [], perspective=perspective), EXACT)
    except InfeasibleError:
        return None


def assert_rows_sum(found: Incidence, solution: Solution) -> None:
    """By province = by actor = the ledger's social total, and transfers net out everywhere."""
    ledger, weights = solution.ledger, solution.instance.period_weights()
    total = ledger_total(ledger, weights, Perspective.SOCIAL)
    near = pytest.approx(total, abs=1e-6 * max(1.0, annual_equivalent(ledger, weights).abs().sum()))
    assert found.total_cny_per_year == total
    assert found.jurisdictions[COST].sum() == near
    assert found.actors[COST].sum() == near
    assert found.actors[NET].sum() == near
    rounding = 1e-6 * max(1.0, float(found.accounts["cny_per_year"].abs().sum()))
    transfers = found.accounts[found.accounts["kind"] == "transfer"]
    by_place = transfers.groupby("jurisdiction")["cny_per_year"].sum()
    assert (by_place.abs() <= rounding).all()
    assert abs(found.actors["transfers_cny_per_year"].sum()) <= rounding
    for kind, column in zip(("resource", "externality", "penalty"), MONEY_COLUMNS, strict=False):
        amounts = annual_equivalent(ledger, weights)[ledger["kind"] == kind].sum()
        assert found.actors[column].sum() == pytest.approx(amounts, abs=rounding)
        assert found.jurisdictions[column].sum() == pytest.approx(amounts, abs=rounding)
    done = found.actors.drop("informal_channel", errors="ignore")
    for name in ("throughput_tonnes_per_year", "emission_tonnes_co2e_per_year"):
        here = found.jurisdictions[name].sum()
        assert done[name].sum() == pytest.approx(here, abs=1e-6 * max(1.0, done[name].abs().sum()))
    supply = solution.answer.supply
    share = supply["period"].map(weights) / sum(weights.values())
    for what in ("retired", "collected", "leaked", "unserved"):
        tonnes = (supply[f"{what}_tonnes_per_year"] * share).sum()
        assert found.jurisdictions[f"{what}_tonnes_per_year"].sum() == pytest.approx(tonnes)


@pytest.mark.parametrize(
    "seed", [*SEEDS, *(pytest.param(seed, marks=pytest.mark.campaign) for seed in CAMPAIGN)]
)
def test_rows_sum_on_random_instances(seed: int) -> None:
    solution = random_plan(seed)
    if solution is None:
        pytest.skip("no plan")
    assert_rows_sum(incidence(solution), solution)


def test_most_random_instances_have_a_plan_with_transfers() -> None:
    plans = [plan for seed in SEEDS if (plan := random_plan(seed)) is not None]
    assert len(plans) >= 12
    assert sum((plan.ledger["kind"] == "transfer").any() for plan in plans) >= 8


def test_rows_sum_for_toy_and_between_two_plans(toy: Instance, unified: Solution) -> None:
    assert_rows_sum(incidence(unified), unified)
    mandates = solve(toy, read_policy("mandates", toy), SolveOptions(gap=0.0, threads=1))
    change = incidence_change(unified, mandates)
    more = mandates.outcome.upper_bound_cny_per_year - unified.outcome.upper_bound_cny_per_year
    assert change.jurisdictions[COST].sum() == pytest.approx(more)
    assert change.actors[COST].sum() == pytest.approx(more)
    assert change.actors["transfers_cny_per_year"].sum() == pytest.approx(0, abs=1e-3)
    low, high = change.difference_cny_per_year or (0.0, 0.0)
    assert low - 1e-3 <= more <= high + 1e-3
    losing = change.jurisdictions.drop(index="")[COST]
    assert set(change.losers) == set(losing[losing > 1].index)
    assert set(change.winners) == set(losing[losing < -1].index)
    assert change.jurisdictions.loc["P1", "social_cost_cny_per_head"] == pytest.approx(losing["P1"] / 1e6)
    assert change.equity["share of jurisdictions that lose"] == pytest.approx(len(change.losers) / 3)
    words = change.to_markdown()
    assert "Of these two plans" in words
    assert f"{len(change.losers)} jurisdictions lose" in words


@pytest.mark.parametrize("name", ["unified-plus-rebate", "unified-plus-enforcement", "mandates"])
def test_rows_sum_where_levers_pay_and_fine(toy: Instance, name: str) -> None:
    """Rebates and fines are transfers like any other; what is collected is what the levers leave."""
    solution = solve(toy, read_policy(name, toy), EXACT)
    found = incidence(solution)
    assert_rows_sum(found, solution)
    supply = solution.answer.supply
    collected = supply["collected_tonnes_per_year"].sum() / supply["retired_tonnes_per_year"].sum()
    assert found.collected_share == pytest.approx(collected)


def test_a_plan_changes_nothing_against_itself(unified: Solution) -> None:
    change = incidence_change(unified, unified)
    assert (change.losers, change.winners) == ((), ())
    assert (change.jurisdictions[COST] == 0).all()


def test_plans_for_other_batteries_are_refused(toy: Instance, unified: Solution) -> None:
    supply = toy["supply"].assign(supply_tonnes_per_year=toy["supply"]["supply_tonnes_per_year"] * 0.9)
    fewer = with_tables(toy, supply=supply)
    other = solve(fewer, read_policy("unified", fewer), EXACT)
    with pytest.raises(UsageError, match="not planned for the same retired batteries"):
        incidence_change(unified, other)


def test_what_another_instance_costs_is_not_put_down_to_the_policy(
    toy: Instance, unified: Solution
) -> None:
    dearer = with_tables(
        toy, recipes=toy["recipes"].assign(cost_cny_per_tonne=toy["recipes"]["cost_cny_per_tonne"] + 500)
    )
    change = incidence_change(unified, solve(dearer, read_policy("unified", dearer), EXACT))
    assert change.also_differ == ("the tables or settings of their instances",)
    assert "what the policy alone costs is not said" in change.to_markdown()
    assert "second policy costs" not in change.to_markdown()


def test_another_formal_share_is_not_put_down_to_the_policy(toy: Instance, unified: Solution) -> None:
    options = replace(EXACT, formal_share=0.9)
    change = incidence_change(unified, solve(toy, read_policy("unified", toy), options))
    assert change.also_differ == ("the formal share they start from (50.0% and 90.0%)",)
    assert "with 50.0% and 90.0% of what retires collected" in change.to_markdown()
    same = incidence_change(unified, unified)
    assert same.also_differ == ()
    assert "second policy costs society 0.00 to 0.00" in same.to_markdown()


def test_a_private_plan_has_no_proven_social_difference(toy: Instance, unified: Solution) -> None:
    private = solve(toy, read_policy("open-market", toy), SolveOptions(gap=0.0, threads=1))
    change = incidence_change(unified, private)
    assert change.difference_cny_per_year is None
    assert "not said" in change.to_markdown()


def test_gini_of_known_cases() -> None:
    ones = pd.Series([1.0] * 4)
    assert gini(pd.Series([1.0, 2.0, 3.0, 4.0]), ones) == pytest.approx(0.25)
    # Two people with 1 each count like one weight of 2 with 2.
    assert gini(pd.Series([2.0, 5.0]), pd.Series([2.0, 1.0])) == pytest.approx(
        gini(pd.Series([1.0, 1.0, 5.0]), pd.Series([1.0] * 3))
    )
    assert gini(pd.Series([0.0, 0.0]), pd.Series([1.0, 1.0])) != gini(pd.Series([1.0]), pd.Series([1.0]))
    for amounts, weights in (([-1.0, 1.0], [1.0, 1.0]), ([1.0, 1.0], [0.0, 1.0])):
        with pytest.raises(ValueError, match="below zero"):
            gini(pd.Series(amounts), pd.Series(weights))
