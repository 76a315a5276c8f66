"""Capacity in any amount, capital paid at once, what may open and close when, costs by period.

A mill at the quarry grinds 100, then 60 t a year. It opens with 40 t for 400 CNY and may grow by up to
80 t at 10 CNY a tonne in the first year and 6 in the second; its fixed cost is 20 and 0.5 a tonne added.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import netopt
from netopt.analysis.explain import explain
from netopt.data.greenfield import as_greenfield
from netopt.data.instance import Instance
from netopt.data.read import make_instance
from netopt.data.settings import Settings
from netopt.data.tables import TABLES
from netopt.data.write import write_instance
from netopt.errors import InstanceError, PolicyError
from netopt.network.lanes import why_not_priced
from netopt.policy.compose import compose
from netopt.policy.effects import Effects
from netopt.policy.levers.subsidy import Subsidy
from netopt.policy.read import make_policy
from netopt.solution.check import check
from netopt.solution.earlier import read_design
from netopt.solution.options import SolveOptions
from netopt.solution.solution import Solution
from netopt.solution.store import write_run

PLAIN = make_policy("plain", [])
EXACT = SolveOptions(gap=0.0, threads=1)
CAPITAL: dict[str, Any] = {"wacc": 0.0, "paid": "at_once"}
Rows = list[tuple[object, ...]]

ROWS: dict[str, Rows] = {
    "jurisdictions": [("XX", "Nowhere", "")],
    "locations": [("Q", "Quarry", "", "XX", 10.0, 50.0, 0.0)],
    "commodities": [("stone", "Stone", "", "t", 1.0, "loose", True, False, 0.0)],
    "sources": [("S", "Quarry", "Q", 0.0)],
    "supply": [("S", "stone", "2025", 100.0), ("S", "stone", "2026", 60.0)],
    "operators": [("firm", "Firm", "XX")],
    "facility_types": [("mill", "Mill", "", 20)],
    "sizes": [("mill", "small", 40.0, 400.0, 20.0, 0.0, 0.0)],
    "expansions": [("mill", "more", 80.0, 10.0, 0.5, 0.0, None)],
    "recipes": [("grind", "mill", "Grind", "processing", 3.0, 0.0)],
    "recipe_inputs": [("grind", "stone", 1.0)],
    "sites": [("M", "Mill", "Q", "mill", "firm", 0.0, 1.0, 0.0, False, True)],
    "costs_by_period": [("expansions", "mill/more", "capital_cny_per_tonne", "2026", 6.0)],
    "informal": [("stone", 0.0, 0.0, 0.0, 0.0)],
    "haulage": [("lorry", "loose", leg, 0.0, 0.0, 0.0) for leg in ("first", "trunk")],
    "distances": [],
}


def mill(capital: dict[str, Any] | None = None, **rows: Rows) -> Instance:
    periods = [{"period": str(year), "start_year": year, "length_years": 1} for year in (2025, 2026)]
    about = {
        "name": "mill",
        "title": "Mill",
        "currency": "CNY",
        "price_year": 2025,
        "price_basis": "invented",
    }
    settings = {
        "instance": about,
        "horizon": {"discount_rate": 0.0, "base_year": 2025, "periods": periods},
        "capital": {**CAPITAL, **(capital or {})},
        "distance": {"method": "table"},
        "prices": {"carbon_cny_per_tonne": 0.0},
        "leakage": {
            "formal_share": 1.0,
            "beta_per_cny": 0.0,
            "reference_gap_cny_per_pack": 0.0,
            "reference_friction_cny_per_tonne": 0.0,
            "pack_mass_tonnes": 1.0,
            "pass_through": 0.0,
        },
    }
    said = {**ROWS, **rows}
    tables = {
        name: pd.DataFrame(said.get(name, []), columns=list(spec.column_names))
        for name, spec in TABLES.items()
        if said.get(name) or spec.required
    }
    return make_instance(Settings.model_validate(settings), tables)


def solved(instance: Instance, options: SolveOptions = EXACT) -> Solution:
    plan = netopt.solve(instance, PLAIN, options)
    assert plan.verdict.ok
    return plan


def two_years(plan: Solution) -> float:
    return 2 * plan.outcome.upper_bound_cny_per_year


def shares(plan: Solution) -> list[float]:
    facilities = plan.answer.facilities
    more = facilities[facilities["size"] == "more"].sort_values("period")
    return more["capacity_tonnes_per_year"].tolist()


def tags(plan: Solution, facilities: pd.DataFrame) -> set[str]:
    answer = replace(plan.answer, facilities=facilities)
    return set(check(plan.instance, plan.policy, answer, None, formal_share=1.0).tags())


RUNNING = 160 * 3


def test_a_plant_grows_by_as_much_as_it_needs_as_it_opens() -> None:
    plan = solved(mill())
    assert shares(plan) == pytest.approx([60.0, 60.0])
    assert two_years(plan) == pytest.approx(RUNNING + 400 + 60 * 10 + 2 * (20 + 60 * 0.5))


def test_it_grows_later_where_that_is_soon_enough_and_cheaper() -> None:
    swapped = [("S", "stone", "2025", 60.0), ("S", "stone", "2026", 100.0)]
    plan = solved(mill(supply=swapped))
    assert shares(plan) == pytest.approx([20.0, 60.0])
    assert two_years(plan) == pytest.approx(RUNNING + 400 + 20 * 10 + 40 * 6 + 40 + 20 * 0.5 + 60 * 0.5)


def test_what_is_given_up_is_got_back_in_part() -> None:
    resold = [("mill", "more", 80.0, 10.0, 0.5, 0.0, 0.5)]
    plan = solved(mill(expansions=resold))
    assert shares(plan) == pytest.approx([60.0, 20.0])
    back = 40 * 6 * 0.5
    assert two_years(plan) == pytest.approx(RUNNING + 400 + 600 - back + 40 + 60 * 0.5 + 20 * 0.5)


def test_what_stands_of_an_expansion_costs_no_capital() -> None:
    plan = solved(
        mill(
            sites=[("M", "Mill", "Q", "mill", "firm", 40.0, 1.0, 20.0, False, True)],
            sizes=[],
            expansions=[("mill", "more", 80.0, 10.0, 0.5, 25.0, None)],
        )
    )
    assert shares(plan) == pytest.approx([60.0, 60.0])
    assert two_years(plan) == pytest.approx(RUNNING + 35 * 10 + 2 * (20 + 60 * 0.5))


def test_a_green_field_has_no_expansion_that_stands() -> None:
    standing = mill(
        sites=[("M", "Mill", "Q", "mill", "firm", 40.0, 1.0, 20.0, False, True)],
        expansions=[("mill", "more", 80.0, 10.0, 0.5, 25.0, None)],
    )
    assert two_years(solved(as_greenfield(standing))) == pytest.approx(two_years(solved(mill())))


def test_capital_paid_at_once_is_due_in_the_period_of_opening() -> None:
    plan = solved(mill())
    capital = plan.ledger[plan.ledger["category"] == "capital"]
    assert capital.set_index("period")["cny_per_year"].to_dict() == pytest.approx({"2025": 1_000.0})
    yearly = solved(mill({"paid": "annuity"}))
    paid = yearly.ledger[yearly.ledger["category"] == "capital"]["cny_per_year"]
    assert paid.tolist() == pytest.approx([1_000.0 / 20] * 2)


GONE: dict[str, Rows] = {
    "supply": [("S", "stone", "2025", 100.0)],
    "expansions": [("mill", "more", 80.0, 10.0, 0.5, 0.0, 0.0)],
}


def test_plants_that_may_not_close_are_paid_for_to_the_end() -> None:
    # Expansions say for themselves whether they may be given up; the plant that they are added to stays.
    assert two_years(solved(mill(**GONE))) == pytest.approx(300 + 1_000 + 50)
    assert two_years(solved(mill({"may_close": False}, **GONE))) == pytest.approx(300 + 1_000 + 50 + 20)
    stays = {**GONE, "expansions": ROWS["expansions"]}
    assert two_years(solved(mill(**stays))) == pytest.approx(300 + 1_000 + 50 + 50)


def test_sites_open_in_the_periods_that_are_named() -> None:
    late = [("S", "stone", "2026", 60.0)]
    assert two_years(solved(mill(supply=late))) == pytest.approx(180 + 400 + 20 * 6 + 20 + 10)
    early = solved(mill({"opening_periods": ["2025"]}, supply=late))
    assert two_years(early) == pytest.approx(180 + 400 + 20 * 6 + 20 + 20 + 10)
    assert early.answer.facilities.query("opened")["period"].tolist() == ["2025"]


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "more"),
    [
        ("sizes", "mill/small", "fixed_cny_per_year", 50.0, 30.0),
        ("expansions", "mill/more", "fixed_cny_per_tonne", 1.5, 60.0),
        ("recipes", "grind", "cost_cny_per_tonne", 5.0, 120.0),
        ("recipes", "grind", "cost_cny_per_tonne", -5.0, -480.0),
        ("haulage", "lorry/loose/first", "loading_cny_per_tonne", 2.0, 120.0),
    ],
)
def test_a_cost_may_differ_in_one_period(
    table: str, row: str, column: str, value: float, more: float
) -> None:
    # In the second year 60 t are ground, of which 20 in what was built first need nothing more.
    plan = solved(mill(costs_by_period=[*ROWS["costs_by_period"], (table, row, column, "2026", value)]))
    base = two_years(solved(mill()))
    assert two_years(plan) == pytest.approx(base + more)


def test_the_variable_cost_of_a_step_falls_on_what_the_step_carries() -> None:
    plan = solved(
        mill(
            costs_by_period=[
                *ROWS["costs_by_period"],
                ("sizes", "mill/small", "variable_cny_per_tonne", "2026", 1.0),
            ]
        )
    )
    # What was added has no variable cost, so that it carries its 60 t and the step none.
    assert two_years(plan) == pytest.approx(two_years(solved(mill())))


@pytest.mark.parametrize(
    ("change", "tag"),
    [
        ({"period": "2026", "size": "more", "capacity_tonnes_per_year": 50.0}, "closing"),
        ({"period": "2026", "size": "more", "capacity_tonnes_per_year": 70.0}, "stay_open"),
        ({"period": "2025", "size": "more", "capacity_tonnes_per_year": 90.0}, "open_once"),
        ({"period": "2025", "size": "more", "opened": True}, "open_once"),
        ({"period": "2026", "size": "more", "renewed": True}, "replacement"),
        ({"period": "2026", "size": "more", "expanded": True}, "stay_open"),
        ({"period": "2025", "size": "small", "operating": False, "opened": False}, "expansion"),
    ],
)
def test_the_checker_knows_what_an_expansion_may_not(change: dict[str, Any], tag: str) -> None:
    plan = solved(mill())
    facilities = plan.answer.facilities.copy()
    here = (facilities["period"] == change.pop("period")) & (facilities["size"] == change.pop("size"))
    for column, value in change.items():
        facilities.loc[here, column] = value
    assert tag in tags(plan, facilities)


def test_the_checker_knows_when_a_site_may_open_and_what_may_close() -> None:
    late = solved(mill(supply=[("S", "stone", "2026", 60.0)]))
    answer = late.answer
    bound = mill({"opening_periods": ["2025"]}, supply=[("S", "stone", "2026", 60.0)])
    assert "open_once" in check(bound, PLAIN, answer, None, formal_share=1.0).tags()
    closing = solved(mill(**GONE)).answer
    bound = mill({"may_close": False}, **GONE)
    assert "closing" in check(bound, PLAIN, closing, None, formal_share=1.0).tags()


def test_the_checker_adds_up_what_is_got_back() -> None:
    plan = solved(mill(expansions=[("mill", "more", 80.0, 10.0, 0.5, 0.0, 0.5)]))
    ledger = plan.ledger.copy()
    capital = (ledger["category"] == "capital") & (ledger["period"] == "2026")
    assert ledger.loc[capital, "cny_per_year"].tolist() == pytest.approx([-120.0])
    ledger.loc[capital, "cny_per_year"] = -240.0
    verdict = check(plan.instance, PLAIN, plan.answer, ledger, formal_share=1.0)
    assert "ledger" in verdict.tags()


def test_a_plan_is_decided_in_rational_arithmetic_too() -> None:
    plan = solved(mill(expansions=[("mill", "more", 80.0, 10.0, 0.5, 0.0, 0.5)]))
    verdict = check(plan.instance, PLAIN, plan.answer, plan.ledger, formal_share=1.0, exact=True)
    assert verdict.ok


def test_an_expansion_can_be_kept(tmp_path: Any) -> None:
    plan = solved(mill())
    write_run(plan, tmp_path / "run")
    design = read_design(tmp_path / "run")
    less = mill(supply=[("S", "stone", "2025", 90.0), ("S", "stone", "2026", 60.0)])
    kept = solved(less, replace(EXACT, design=design))
    assert shares(kept) == pytest.approx([60.0, 60.0])
    assert two_years(kept) == pytest.approx(two_years(plan) - 10 * 3)


def test_it_is_written_and_read_again(tmp_path: Any) -> None:
    instance = mill({"may_close": False, "opening_periods": ["2025"]})
    write_instance(instance, tmp_path / "mill")
    assert netopt.read_instance(tmp_path / "mill").digest == instance.digest


def test_arcs_are_not_priced_as_a_whole_where_capacity_grows() -> None:
    assert why_not_priced(mill(), compose(PLAIN, mill())) == "capacity can be added in any amount"


def test_arcs_are_priced_as_a_whole_where_costs_change_with_time() -> None:
    changing = mill(
        expansions=[], costs_by_period=[("recipes", "grind", "cost_cny_per_tonne", "2026", 4.0)]
    )
    assert why_not_priced(changing, Effects()) is None


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ({"expansions": [("mill", "small", 80.0, 10.0, 0.5, 0.0, None)]}, "expansion_id"),
        ({"expansions": [("mill", "existing", 80.0, 10.0, 0.5, 0.0, None)]}, "reserved_size"),
        ({"expansions": [("mill", "more", 80.0, 10.0, 0.5, 90.0, None)]}, "standing_within_capacity"),
        ({"expansions": [("mill", "more", 80.0, 10.0, 0.5, 0.0, 1.5)]}, "maximum"),
        ({"facility_types": [("mill", "Mill", "", 1)]}, "expansion_life"),
        ({"costs_by_period": [("sizes", "mill/small", "cost_cny_per_tonne", "2026", 1.0)]}, "cost_column"),
        ({"costs_by_period": [("sizes", "mill/small", "capital_cny", "2026", -1.0)]}, "minimum"),
        ({"costs_by_period": [("sizes", "mill/large", "capital_cny", "2026", 1.0)]}, "foreign_key"),
        ({"costs_by_period": [("sizes", "mill/small", "capital_cny", "2027", 1.0)]}, "unknown_period"),
        ({"costs_by_period": [("prices", "mill/small", "capital_cny", "2026", 1.0)]}, "choice"),
    ],
)
def test_what_makes_no_sense_is_refused(rows: dict[str, Rows], rule: str) -> None:
    said = {"costs_by_period": [], **rows} if "expansions" in rows else rows
    with pytest.raises(InstanceError) as refused:
        mill(**said)
    assert rule in {problem.rule for problem in refused.value.problems}


@pytest.mark.parametrize("capital", [{"opening_periods": ["2030"]}, {"paid": "later"}, {"may_close": 1}])
def test_settings_that_make_no_sense_are_refused(capital: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"opening_periods|paid|may_close"):
        mill(capital)


def test_an_explanation_tells_what_may_be_added() -> None:
    too_much = mill(supply=[("S", "stone", "2025", 150.0)])
    words = explain(too_much, PLAIN, EXACT).to_text()
    assert "40 t a year can be built at M; any amount up to 80 t a year can be added at M" in words
    assert "2025: 30 t a year over capacity at Mill" in words


RESOLD: Rows = [("mill", "more", 80.0, 10.0, 0.5, 0.0, 0.5)]


def test_nothing_is_got_back_of_what_was_not_paid() -> None:
    with pytest.raises(InstanceError, match="resale_of_annuities"):
        mill({"paid": "annuity"}, expansions=RESOLD)


def test_what_stands_of_an_expansion_is_not_lost_where_nothing_may_be_built() -> None:
    stands = [("mill", "more", 80.0, 10.0, 0.5, 25.0, None)]
    sites = [("M", "Mill", "Q", "mill", "firm", 40.0, 1.0, 0.0, False, False)]
    with pytest.raises(InstanceError, match="standing_expansion"):
        mill(expansions=stands, sites=sites)


def test_a_subsidy_of_capital_that_can_be_resold_is_refused() -> None:
    subsidised = make_policy("s", [Subsidy(capital_share=0.3)])
    with pytest.raises(PolicyError, match="can be got back"):
        compose(subsidised, mill(expansions=RESOLD))
    compose(subsidised, mill())
