"""Ceilings of hard rules, against sums by hand: fit share x what is not rejected x formal share."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from netopt.cli.main import main
from netopt.data.instance import Instance
from netopt.data.read import make_instance, read_instance
from netopt.errors import InfeasibleError
from netopt.pipeline import solve
from netopt.policy.base import Lever
from netopt.policy.compose import compose
from netopt.policy.effects import Effects, ShareRule
from netopt.policy.levers.cascade_target import CascadeTarget
from netopt.policy.levers.in_province_processing import InProvinceProcessing
from netopt.policy.read import make_policy
from netopt.resources import shipped
from netopt.solution.options import SolveOptions
from netopt.strategies.ceilings import ceilings, explain_infeasible
from netopt.strategies.clock import Clock, OutOfTimeError
from tests.policy.tiny import Site, Tiny
from tests.properties.test_second_life_value import town

ONE_THREAD = SolveOptions(threads=1)


def hard_target(instance: Instance, share: float = 0.6) -> tuple[Effects, ShareRule]:
    """Return a hard target for cascade use of all that retires, and its one rule."""
    target = CascadeTarget(share=share, denominator="retired", hard=True)
    effects = compose(make_policy("hard", (target,)), instance)
    (rule,) = effects.share_rules
    return effects, rule


def toy(*, fit: float = 0.25, rejects: float = 0.2, limited: bool = False) -> Instance:
    """Return toy with another yield of its tests, other rejects, and perhaps no limit in the market."""
    given = read_instance(shipped("instances") / "toy")
    tables = {name: table.copy() for name, table in given.tables.items() if len(table)}
    yields = tables["recipe_outputs"].set_index(["recipe", "commodity"])["yield_units_per_tonne"]
    yields["test_pack", "cascade_pack"] = fit
    yields["test_pack", "scrap_pack"] = 1.0 - fit
    yields["repurpose", "second_life_kwh"] = 100.0 * (1.0 - rejects)
    yields["repurpose", "scrap_pack"] = rejects
    tables["recipe_outputs"] = yields.reset_index()
    if not limited:
        tables["offtake"]["limit_units_per_year"] = float("nan")
    return make_instance(given.settings, tables)


@pytest.mark.parametrize(
    ("instance", "formal_share", "by_hand"),
    [
        (toy(), 0.5, 0.25 * 0.8 * 0.5),
        (toy(fit=0.4, rejects=0.3), 0.6, 0.4 * 0.7 * 0.6),
        # The market takes 120,000 kWh: 1,500 t at 80 kWh, of 16,000 t that retire.
        (toy(limited=True), 0.5, 1500.0 * 0.8 / 16_000.0),
        # The one cascade plant takes 4,000 t; 6,400 t would be fit.
        (toy(fit=0.4, rejects=0.3), 1.0, 4000.0 * 0.7 / 16_000.0),
    ],
    ids=["fit, rejects, formal share", "another yield", "limit of the market", "capacity"],
)
def test_the_ceiling_is_the_sum_by_hand(instance: Instance, formal_share: float, by_hand: float) -> None:
    instance = instance.with_formal_share(formal_share)
    effects, rule = hard_target(instance)
    found = ceilings(instance, effects, rule, Clock(ONE_THREAD))
    assert found is not None
    (ceiling,) = found
    assert ceiling.period == "2025"
    assert ceiling.share == pytest.approx(by_hand, abs=1e-6)
    assert ceiling.shortfall_tonnes_per_year == pytest.approx((0.6 - by_hand) * 16_000.0, abs=0.1)


def test_the_explanation_says_the_ceiling_and_each_step_to_it() -> None:
    instance = toy()
    words = explain_infeasible(instance, "hard", hard_target(instance)[0], Clock(ONE_THREAD))
    assert "asks for 60.0%" in words
    assert "at most 10.0% can be reached, 8,000 t a year too little" in words
    assert "25.0% of the retired mass is fit" in words
    assert "20.0% of the retired mass could be used so after rejects" in words
    assert "50% of the retired mass is collected formally" in words


def test_the_ceiling_of_a_share_of_what_is_eligible_is_what_is_not_rejected() -> None:
    instance = toy().with_formal_share(0.5)
    target = CascadeTarget(share=0.9, denominator="eligible", hard=True)
    effects = compose(make_policy("hard", (target,)), instance)
    found = ceilings(instance, effects, effects.share_rules[0], Clock(ONE_THREAD))
    assert found is not None
    assert found[0].share == pytest.approx(0.8, abs=1e-6)
    assert found[0].shortfall_tonnes_per_year == pytest.approx(0.1 * 0.25 * 0.5 * 16_000.0, abs=0.1)


def test_a_share_just_below_the_ceiling_can_be_reached() -> None:
    instance = toy()
    effects, rule = hard_target(instance, share=0.0999)
    found = ceilings(instance, effects, rule, Clock(ONE_THREAD))
    assert found is not None
    assert found[0].shortfall_tonnes_per_year == pytest.approx(0.0, abs=1e-6)


def test_where_nothing_can_be_placed_no_rule_is_blamed() -> None:
    instance = toy()
    tables = {name: table.copy() for name, table in instance.tables.items() if len(table)}
    tables["sizes"]["capacity_tonnes_per_year"] = 1.0
    cramped = make_instance(instance.settings, tables)
    effects, rule = hard_target(cramped)
    assert ceilings(cramped, effects, rule, Clock(ONE_THREAD)) is None
    words = explain_infeasible(cramped, "hard", effects, Clock(ONE_THREAD))
    assert "Even without any hard share rule" in words
    assert "%" not in words


def crowded(*, capacity: float = 150.0, least: float = 0.4) -> Instance:
    """Return the town of 100 t a year with a recycler and a cascade plant yet to be built, in one size."""
    given = town(1, limit_kwh=1e6)
    tables = {name: table.copy() for name, table in given.tables.items() if len(table)}
    tables["sites"] = tables["sites"].assign(existing_capacity_tonnes_per_year=0.0, may_build=True)
    tables["sizes"] = tables["sizes"].assign(
        capacity_tonnes_per_year=capacity, minimum_utilisation=least, capital_cny=0.0
    )
    return make_instance(given.settings, tables)


def explained(instance: Instance, *levers: Lever) -> str:
    effects = compose(make_policy("asked", levers), instance)
    with pytest.raises(InfeasibleError):
        solve(instance, make_policy("asked", levers), ONE_THREAD)
    return explain_infeasible(instance, "asked", effects, Clock(ONE_THREAD))


def test_whole_plants_are_named_where_only_parts_of_them_would_do() -> None:
    # Two plants of at least 60 t share 100 t; the rejects of 50 t in second life are 10 t more.
    target = CascadeTarget(share=0.5, denominator="retired", hard=True)
    words = explained(crowded(), target)
    assert "whole ones do not: their sizes and minimum loads stand in the way" in words
    assert "Without the hard rules (cascade_target[national]) a plan exists." in words
    assert "alone" not in words


def test_whole_plants_are_named_without_any_rule_too() -> None:
    # One plant of 63 to 70 t is too small for 100 t, two are too large.
    words = explained(crowded(capacity=70.0, least=0.9))
    assert "whole ones do not" in words
    assert "rule" not in words.splitlines()[1]


def test_rules_that_hold_each_alone_are_said_to_do_so_after_proof() -> None:
    # 60 % of A's batteries to a recycler at home and 60 % to a cascade plant: one fifth too many.
    both = (
        InProvinceProcessing(jurisdictions=("A",), share=0.6, facility_types=("recycler",)),
        CascadeTarget(share=0.6, denominator="collected", hard=True, jurisdictions=("A",)),
    )
    sites = (Site("RA", "A", "recycler"), Site("RB", "B", "recycler"), Site("CB", "B", "cascade"))
    instance = Tiny(km={("A", "B"): 100.0}, sites=sites).instance()
    words = explained(instance, *both)
    assert "Each hard rule could be met alone, but not all of them together" in words
    for lever in both:
        assert solve(instance, make_policy("alone", (lever,)), ONE_THREAD).verdict.ok


def test_a_rule_that_no_whole_plan_holds_is_not_said_to_hold_alone() -> None:
    # Beside the two rules that contradict each other, plants of 90 t hold neither: 100 t retire at A.
    both = (
        InProvinceProcessing(jurisdictions=("A",), share=0.6, facility_types=("recycler",)),
        CascadeTarget(share=0.6, denominator="collected", hard=True, jurisdictions=("A",)),
    )
    sites = (Site("RA", "A", "recycler", candidate=True), Site("CA", "A", "cascade", candidate=True))
    given = Tiny(km={("A", "B"): 100.0}, sites=sites, supply={("B", "2024"): 0.0}).instance()
    sizes = given["sizes"].assign(capacity_tonnes_per_year=95.0, minimum_utilisation=0.9)
    instance = make_instance(given.settings, {**given.tables, "sizes": sizes})
    words = explained(instance, *both)
    assert "Each hard rule could be met alone" not in words
    assert words.count("cannot be met even alone") == 2


def test_the_national_quota_ends_with_code_4_and_its_ceiling(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    code = main(
        ["solve", "china-provinces", "--policy", "hard-cascade", "-o", str(run), "--threads", "1", "-q"]
    )
    assert code == 4
    words = capsys.readouterr().err
    # Fit: 37 % LFP x 0.6 + 63 % NCM x 0.1 = 28.5 %; less a tenth of rejects, 30 % formal: 7.695 %.
    assert "asks for 60.0% of all retired mass in 2024; at most 7.7% can be reached" in words
    assert "28.5% of the retired mass is fit for it before rejects" in words
    assert "30% of the retired mass is collected formally" in words
    assert "at most 7.7% can be reached" in (run / "explanation.txt").read_text(encoding="utf-8")
    assert not (run / "tables").exists()


def test_another_chemistry_and_yield_show_other_numbers() -> None:
    """80 % LFP of which half is fit and a fifth rejected, 40 % collected formally."""
    given = read_instance(shipped("instances") / "china-provinces")
    tables = {name: table.copy() for name, table in given.tables.items() if len(table)}
    supply = tables["supply"]
    total = supply["supply_tonnes_per_year"].sum()
    for commodity, share in (("pack_lfp", 0.8), ("pack_ncm", 0.2)):
        rows = supply["commodity"] == commodity
        now = supply.loc[rows, "supply_tonnes_per_year"].sum()
        supply.loc[rows, "supply_tonnes_per_year"] *= share * total / now
    yields = tables["recipe_outputs"].set_index(["recipe", "commodity"])["yield_units_per_tonne"]
    yields["test_lfp", "cascade_lfp"] = yields["test_lfp", "scrap_lfp"] = 0.5
    yields["repurpose_lfp", "second_life_lfp"] *= 0.8 / 0.9
    yields["repurpose_lfp", "scrap_lfp"] = 0.2
    tables["recipe_outputs"] = yields.reset_index()
    instance = make_instance(given.settings, tables).with_formal_share(0.4)
    effects, rule = hard_target(instance)
    found = ceilings(instance, effects, rule, Clock(ONE_THREAD))
    assert found is not None
    # Of LFP 0.5 x 0.8, of NCM 0.1 x 0.9.
    by_hand = 0.4 * (0.8 * 0.5 * 0.8 + 0.2 * 0.1 * 0.9)
    assert found[0].share == pytest.approx(by_hand, abs=1e-6)


@pytest.mark.parametrize("stopped", [True, False])
def test_out_of_time_says_so_instead_of_an_answer(*, stopped: bool) -> None:
    instance = toy()
    options = SolveOptions(threads=1, time_limit_s=600.0 if stopped else 0.0)
    if stopped:
        options.stop.set()
    effects, rule = hard_target(instance)
    with pytest.raises(OutOfTimeError):
        ceilings(instance, effects, rule, Clock(options))
    words = explain_infeasible(instance, "hard", effects, Clock(options))
    assert words.endswith("How far the rules can be met was not settled before the end.")


def test_a_clock_hands_out_what_is_left() -> None:
    clock = Clock(SolveOptions(time_limit_s=100.0), began_s=time.monotonic() - 60.0)
    assert 39.0 < float(clock.settings()["time_limit"]) <= 40.0
    assert clock.settings(most_s=7.0)["time_limit"] == 7.0
