"""Generic rules, caps, obligations and payments on instances small enough to be solved by hand."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from pydantic import ValidationError

from netopt.accounts import Perspective
from netopt.analysis.explain import explain
from netopt.analysis.targets import has_soft_targets
from netopt.data.instance import Instance
from netopt.data.read import make_instance, read_instance
from netopt.errors import InfeasibleError, PolicyError, UsageError
from netopt.pipeline import solve
from netopt.policy.base import Lever, Policy
from netopt.policy.compose import compose
from netopt.policy.effects import Effects
from netopt.policy.levers.carbon_price import CarbonPrice
from netopt.policy.levers.emission_cap import EmissionCap
from netopt.policy.levers.epr_obligation import EprObligation
from netopt.policy.levers.facility_cap import FacilityCap
from netopt.policy.levers.import_export import ImportExport
from netopt.policy.levers.local_content import LocalContent
from netopt.policy.levers.maximum_haul import MaximumHaul
from netopt.policy.levers.provincial_levy import ProvincialLevy
from netopt.policy.levers.recovery_floor import RecoveryFloor
from netopt.policy.levers.subsidy import Subsidy
from netopt.policy.levers.transfer_ban import TransferBan
from netopt.policy.read import check_references, make_policy
from netopt.resources import shipped
from netopt.solution.check import check
from netopt.solution.options import SolveOptions
from netopt.solution.solution import Solution
from netopt.strategies.choice import scope_for
from netopt.strategies.explaining.words import Words
from tests.instances_random import random_instance
from tests.policy.test_control_oracles import ALL_TO_A, ALL_TO_B, BOTH, TWO
from tests.solution.test_check_controls import assert_only_broken_by, judged, planned

EXACT = SolveOptions(gap=1e-9, threads=1)


def solved(instance: Instance, *levers: Lever, perspective: str = "social") -> Solution:
    policy = make_policy("rules", levers, Perspective(perspective))
    check_references(policy, instance)
    return solve(instance, policy, EXACT)


def cost(*levers: Lever, perspective: str = "social", instance: Instance | None = None) -> float:
    made = TWO.instance() if instance is None else instance
    return solved(made, *levers, perspective=perspective).outcome.upper_bound_cny_per_year


def smoky() -> Instance:
    """Return the two places with lorries that emit 1 kg a tonne and kilometre, and carbon free of charge.

    All to B emits 100 t x 100 km + 100 t x 10 km = 11 t CO2e a year, both 2 x 100 t x 10 km = 2 t.
    """
    two = TWO.instance()
    haulage = two["haulage"].assign(emission_kgco2e_per_tonne_km=1.0)
    return make_instance(two.settings, {**_tables(two), "haulage": haulage})


def _tables(instance: Instance) -> dict[str, pd.DataFrame]:
    return {name: table for name, table in instance.tables.items() if len(table)}


def paid(solution: Solution, category: str) -> dict[tuple[str, str, str], float]:
    rows = solution.ledger[solution.ledger["category"] == category]
    summed = rows.groupby(["jurisdiction", "payer", "payee"])["cny_per_year"].sum()
    return {key: float(value) for key, value in summed.items()}


def told(instance: Instance, policy: Policy) -> str:
    """Return what ``netopt explain`` says of a policy."""
    return explain(instance, policy, EXACT).to_text()


@pytest.fixture(scope="module")
def toy() -> Instance:
    return read_instance(shipped("instances") / "toy")


# --- transfer_ban ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lever", "expected"),
    [
        (TransferBan(), BOTH),
        (TransferBan(from_jurisdictions=("A",)), BOTH),
        (TransferBan(to_jurisdictions=("B",)), BOTH),
        (TransferBan(from_jurisdictions=("A",), to_jurisdictions=("B",)), BOTH),
        (TransferBan(to_jurisdictions=("A",)), ALL_TO_B),
        (TransferBan(from_jurisdictions=("B",)), ALL_TO_B),
        (TransferBan(commodities=("metal",)), ALL_TO_B),
        (TransferBan(commodities=("pack",), legs=("trunk",)), ALL_TO_B),
        (TransferBan(commodities=("pack",), legs=("first",)), BOTH),
    ],
    ids=str,
)
def test_a_ban_stops_what_it_names_at_the_border_it_names(lever: Lever, expected: float) -> None:
    assert cost(lever) == pytest.approx(expected)


def test_two_bans_both_hold_and_dropped_arcs_say_why() -> None:
    bans = TransferBan(from_jurisdictions=("A",)), TransferBan(from_jurisdictions=("B",))
    found = solved(TWO.instance(), *bans)
    assert found.outcome.upper_bound_cny_per_year == pytest.approx(BOTH)
    assert set(found.dropped_arcs["reason"]) == {"closed by transfer_ban: over a border"}


def test_a_haul_over_a_closed_border_is_noticed() -> None:
    assert_only_broken_by(planned(TWO.instance()), TransferBan(from_jurisdictions=("A",)), "haul_rule")


def test_a_ban_that_strands_batteries_is_explained_by_itself() -> None:
    one = replace(TWO, sites=TWO.sites[1:])
    policy = make_policy("closed", [TransferBan(from_jurisdictions=("A",))])
    with pytest.raises(InfeasibleError, match="transfer_ban"):
        solve(one.instance(), policy, EXACT)
    said = told(one.instance(), policy)
    assert "Transfer ban: nothing is hauled out of A over a border" in said


# --- local_content --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, ALL_TO_B), (0.6, BOTH), (1.0, BOTH), (0.0, ALL_TO_B)]
)
def test_plants_that_must_live_on_their_own_batteries_send_others_home(
    share: float, expected: float
) -> None:
    # All to B: half of what its plant works on is its own. With A open, hauling nothing is cheapest.
    assert cost(LocalContent(jurisdictions=("B",), share=share)) == pytest.approx(expected)


def test_local_content_may_be_missed_at_a_price() -> None:
    # 0.6 x 200 t - 100 t = 20 t short, at 10 CNY.
    lever = LocalContent(jurisdictions=("B",), share=0.6, hard=False, penalty_cny_per_tonne=10.0)
    assert cost(lever) == pytest.approx(ALL_TO_B + 200.0)


def test_foreign_batteries_beyond_the_share_are_noticed() -> None:
    # A plan made without the rule tells no origins apart; made under a looser one, it does.
    plan = planned(TWO.instance(), LocalContent(jurisdictions=("B",), share=0.5))
    assert judged(plan, LocalContent(jurisdictions=("B",), share=0.5)).ok
    for exact in (False, True):
        tighter = LocalContent(jurisdictions=("B",), share=0.6)
        assert judged(plan, tighter, exact=exact).tags() == {"share_rule"}


# --- facility_cap ---------------------------------------------------------------------------


def test_a_cap_on_one_plant_opens_another() -> None:
    assert cost(FacilityCap(tonnes_per_year=150.0, jurisdictions=("B",))) == pytest.approx(BOTH)
    assert cost(FacilityCap(tonnes_per_year=200.0, jurisdictions=("B",))) == pytest.approx(ALL_TO_B)
    each = FacilityCap(tonnes_per_year=150.0, facility_types=("recycler",), each_jurisdiction=True)
    assert cost(each) == pytest.approx(BOTH)


def test_a_cap_may_be_exceeded_at_a_price() -> None:
    lever = FacilityCap(tonnes_per_year=150.0, jurisdictions=("B",), hard=False, penalty_cny_per_tonne=3.0)
    assert cost(lever) == pytest.approx(ALL_TO_B + 50 * 3.0)


def test_a_cap_below_supply_says_by_how_much_and_explain_names_it() -> None:
    policy = make_policy("capped", [FacilityCap(tonnes_per_year=199.0)])
    with pytest.raises(InfeasibleError, match=r"allows 199 t a year.*by at least 1 t a year"):
        solve(TWO.instance(), policy, EXACT)
    said = told(TWO.instance(), policy)
    assert "at most 199 t a year are taken in by any facility" in said


def test_tonnes_above_a_cap_are_noticed() -> None:
    lever = FacilityCap(tonnes_per_year=150.0, facility_types=("recycler",), jurisdictions=("B",))
    assert_only_broken_by(planned(TWO.instance()), lever, "share_rule")


# --- emission_cap ---------------------------------------------------------------------------


@pytest.mark.parametrize(("cap", "expected"), [(11.0, ALL_TO_B), (10.0, BOTH), (2.0, BOTH)])
def test_a_cap_on_emissions_shortens_hauls(cap: float, expected: float) -> None:
    assert cost(EmissionCap(tonnes_co2e_per_year=cap), instance=smoky()) == pytest.approx(expected)


def test_emissions_above_the_cap_cost_what_the_policy_says_and_are_noticed() -> None:
    soft = EmissionCap(tonnes_co2e_per_year=10.0, hard=False, penalty_cny_per_tonne=500.0)
    assert cost(soft, instance=smoky()) == pytest.approx(ALL_TO_B + 500.0)
    assert_only_broken_by(planned(smoky()), EmissionCap(tonnes_co2e_per_year=10.0), "share_rule")


def test_a_cap_that_no_plan_keeps_is_said_in_tonnes_of_co2e() -> None:
    policy = make_policy("capped", [EmissionCap(tonnes_co2e_per_year=1.0)])
    with pytest.raises(InfeasibleError, match=r"allows 1 t CO2e a year.*by at least 1 t CO2e"):
        solve(smoky(), policy, EXACT)
    assert "at most 1 t CO2e a year are emitted" in told(smoky(), policy)


def test_a_province_may_have_a_cap_of_its_own() -> None:
    # A's haul to B emits 10 t and counts where it starts; B's own is 1 t.
    def capped(tonnes: float, **where: object) -> float:
        return cost(EmissionCap(tonnes_co2e_per_year=tonnes, **where), instance=smoky())

    assert capped(9.0, jurisdictions=("B",)) == pytest.approx(ALL_TO_B)
    assert capped(9.0, jurisdictions=("A",)) == pytest.approx(BOTH)
    assert capped(9.0, each_jurisdiction=True) == pytest.approx(BOTH)
    assert capped(10.0, each_jurisdiction=True) == pytest.approx(ALL_TO_B)
    tight = EmissionCap(tonnes_co2e_per_year=9.0, jurisdictions=("A",))
    assert_only_broken_by(planned(smoky()), tight, "share_rule")


def test_what_a_plant_emits_counts_where_it_stands(toy: Instance) -> None:
    """In toy's unified plan only P3 leaches: 1,000 kg a tonne."""
    found = solve(toy, make_policy("free", []), EXACT)
    leached = found.answer.throughput.set_index("recipe").loc["leach", "throughput_tonnes_per_year"].sum()
    assert leached > 0
    cap = EmissionCap(tonnes_co2e_per_year=float(leached) / 2, jurisdictions=("P3",))
    assert_only_broken_by(planned(toy), cap, "share_rule")


# --- recovery_floor -------------------------------------------------------------------------


def alloyed() -> Instance:
    """Return the two places where a pack holds half a tonne of nickel, and recyclers have two recipes.

    The plain one recovers 0.3 t of it, the thorough one 0.45 t for 7 CNY a tonne. All goes to B.
    """
    two = TWO.instance()
    tables = _tables(two)
    recipes, inputs, outputs = (two[name] for name in ("recipes", "recipe_inputs", "recipe_outputs"))
    outputs = outputs.assign(yield_units_per_tonne=0.3)
    thorough = {"recipe": "thorough", "name": "thorough"}
    tables["recipes"] = pd.concat([recipes, recipes.assign(cost_cny_per_tonne=7.0, **thorough)])
    tables["recipe_inputs"] = pd.concat([inputs, inputs.assign(recipe="thorough")])
    tables["recipe_outputs"] = pd.concat(
        [outputs, outputs.assign(recipe="thorough", yield_units_per_tonne=0.45)]
    )
    tables["metals"] = pd.DataFrame({"metal": ["Ni"], "name": ["Nickel"], "import_share": [None]})
    tables["metal_contents"] = pd.DataFrame(
        {"commodity": ["pack", "metal"], "metal": "Ni", "tonnes_per_unit": [0.5, 1.0]}
    )
    return make_instance(two.settings, tables)


@pytest.mark.parametrize(("share", "thorough_tonnes"), [(0.6, 0.0), (0.75, 100.0), (0.9, 200.0)])
def test_a_floor_pays_for_as_much_thorough_work_as_it_takes(share: float, thorough_tonnes: float) -> None:
    # 0.3 x (200 - t) + 0.45 x t >= share x 100 t of nickel.
    floor = RecoveryFloor(metal="Ni", share=share, facility_types=("recycler",))
    assert cost(floor, instance=alloyed()) == pytest.approx(ALL_TO_B + 7.0 * thorough_tonnes)


def test_a_floor_binds_where_it_says() -> None:
    def floored(*where: str) -> float:
        floor = RecoveryFloor(
            metal="Ni", share=0.9, facility_types=("recycler",), jurisdictions=where, each_jurisdiction=True
        )
        return cost(floor, instance=alloyed())

    assert floored("A") == pytest.approx(ALL_TO_B)
    assert floored("B") == floored() == pytest.approx(ALL_TO_B + 1_400.0)


def test_metal_that_is_missing_costs_what_the_policy_says_and_is_noticed() -> None:
    # 90 t asked, 60 t recovered: at 10 CNY a tonne of nickel that is cheaper than thorough work (1,400).
    soft = RecoveryFloor(
        metal="Ni", share=0.9, facility_types=("recycler",), hard=False, penalty_cny_per_tonne=10.0
    )
    assert cost(soft, instance=alloyed()) == pytest.approx(ALL_TO_B + 300.0)
    hard = RecoveryFloor(metal="Ni", share=0.9, facility_types=("recycler",))
    assert_only_broken_by(planned(alloyed()), hard, "share_rule")


def test_a_floor_above_every_recipe_is_explained_in_the_planners_words() -> None:
    policy = make_policy("floor", [RecoveryFloor(metal="Ni", share=0.95, facility_types=("recycler",))])
    with pytest.raises(InfeasibleError, match=r"asks for 95\.0% of .*Ni.*misses it by at least 5 t a year"):
        solve(alloyed(), policy, EXACT)
    said = told(alloyed(), policy)
    assert "at least 95 % of the nickel that recyclers take in must be recovered" in said


def test_a_floor_on_a_metal_that_nothing_is_said_to_hold_is_refused() -> None:
    only_sold = alloyed()
    contents = only_sold["metal_contents"]
    tables = {**_tables(only_sold), "metal_contents": contents[contents["commodity"] == "metal"]}
    bare = make_instance(only_sold.settings, tables)
    with pytest.raises(PolicyError, match=r"nothing that recycler takes in is said to hold Ni"):
        solved(bare, RecoveryFloor(metal="Ni", share=0.5, facility_types=("recycler",)))
    with pytest.raises(PolicyError, match="Co"):
        solved(alloyed(), RecoveryFloor(metal="Co", share=0.5, facility_types=("recycler",)))


# --- import_export --------------------------------------------------------------------------


def abroad(buys_at: float, most: float, sells_at: float = 5.0) -> Instance:
    """Return the two places with a port at B, 10 km from its recycler.

    It sells 50 t of scrap, which recyclers turn into metal, and buys ``most`` tonnes of metal. At home
    metal is worth nothing, so without the port all to B costs 12,000.
    """
    two = TWO.instance()
    tables = _tables(two)
    recipes, inputs, outputs = (two[name] for name in ("recipes", "recipe_inputs", "recipe_outputs"))
    scrap = two["commodities"].iloc[[-1]].assign(commodity="scrap", name="scrap")
    tables["commodities"] = pd.concat([two["commodities"], scrap])
    tables["recipes"] = pd.concat([recipes, recipes.assign(recipe="smelt", name="smelt")])
    tables["recipe_inputs"] = pd.concat([inputs, inputs.assign(recipe="smelt", commodity="scrap")])
    tables["recipe_outputs"] = pd.concat([outputs, outputs.assign(recipe="smelt")])
    tables["vendors"] = pd.DataFrame({"vendor": ["port"], "name": ["Port"], "location": ["B"]})
    tables["offers"] = pd.DataFrame(
        [("port", "scrap", "", "imports", sells_at, 50.0)], columns=two["offers"].columns
    )
    buyer = pd.DataFrame({"market": ["ship"], "name": ["Ship"], "location": ["B"]})
    tables["markets"] = pd.concat([two["markets"], buyer])
    sale = pd.DataFrame([("ship", "metal", "", "exports", buys_at, most)], columns=two["offtake"].columns)
    tables["offtake"] = pd.concat([two["offtake"], sale])
    return make_instance(two.settings, tables)


def test_goods_are_traded_where_it_pays_and_no_further() -> None:
    # Exported metal earns 30 - 10 a tonne for 250 t; scrap costs 5 + 10 of that for each of its 50 t.
    open_border = abroad(buys_at=30.0, most=1000.0)
    assert cost(instance=open_border) == pytest.approx(ALL_TO_B - 250 * 20 + 50 * 15)
    assert cost(instance=abroad(buys_at=20.0, most=1000.0)) == pytest.approx(ALL_TO_B - 200 * 10)
    assert cost(instance=abroad(buys_at=30.0, most=80.0)) == pytest.approx(ALL_TO_B - 80 * 20)


@pytest.mark.parametrize(
    ("lever", "expected"),
    [
        (ImportExport(trade="exports", tonnes_per_year=0.0), ALL_TO_B),
        (ImportExport(trade="exports", tonnes_per_year=120.0, commodities=("metal",)), ALL_TO_B - 120 * 20),
        (ImportExport(trade="imports", tonnes_per_year=0.0), ALL_TO_B - 200 * 20),
        (ImportExport(trade="imports", tonnes_per_year=30.0), ALL_TO_B - 230 * 20 + 30 * 15),
        (ImportExport(trade="imports", duty_cny_per_tonne=50.0), ALL_TO_B - 250 * 20 + 50 * 15),
    ],
    ids=str,
)
def test_quotas_close_the_border_as_far_as_they_say(lever: Lever, expected: float) -> None:
    assert cost(lever, instance=abroad(buys_at=30.0, most=1000.0)) == pytest.approx(expected)


def test_a_duty_moves_private_plans_alone_and_is_the_central_governments() -> None:
    # Each tonne of scrap earns 20 - 15 = 5 before its duty of 6; metal is exported all the same.
    open_border = abroad(buys_at=30.0, most=1000.0)
    imports = ImportExport(trade="imports", duty_cny_per_tonne=6.0)
    assert cost(imports, instance=open_border, perspective="private") == pytest.approx(ALL_TO_B - 200 * 20)
    exports = ImportExport(trade="exports", duty_cny_per_tonne=2.0)
    found = solved(open_border, exports, perspective="private")
    assert found.outcome.upper_bound_cny_per_year == pytest.approx(ALL_TO_B - 250 * 18 + 50 * 15)
    assert paid(found, "duty") == {("B", "formal_chain", "central_government"): pytest.approx(500.0)}
    assert sum(paid(found, "imports").values()) == pytest.approx(250.0)
    assert sum(paid(found, "exports").values()) == pytest.approx(-7_500.0)


def test_imports_and_their_duty_are_booked_where_they_are_bought() -> None:
    """The port moves to A, whence 50 t of scrap travel 100 km to the one recycler, B's."""
    moved = abroad(buys_at=200.0, most=1000.0)
    tables = _tables(moved)
    tables["vendors"] = tables["vendors"].assign(location="A")
    duty = ImportExport(trade="imports", duty_cny_per_tonne=2.0)
    found = solved(make_instance(moved.settings, tables), duty)
    assert paid(found, "imports") == {("B", "formal_chain", "suppliers"): pytest.approx(250.0)}
    assert paid(found, "duty") == {("B", "formal_chain", "central_government"): pytest.approx(100.0)}
    rows = found.ledger[found.ledger["category"].isin(["imports", "duty"])]
    assert set(rows["facility_type"]) == {"recycler"}


def test_trade_above_a_quota_is_noticed() -> None:
    plan = planned(abroad(buys_at=30.0, most=1000.0))
    for trade in ("imports", "exports"):
        assert_only_broken_by(plan, ImportExport(trade=trade, tonnes_per_year=40.0), "share_rule")


def test_a_quota_is_explained_in_the_planners_words() -> None:
    policy = make_policy("closed", [ImportExport(trade="exports", tonnes_per_year=120.0)])
    said = told(abroad(buys_at=30.0, most=1000.0), policy)
    assert "at most 120 t a year are exported" in said


def test_a_lever_on_trade_that_does_not_exist_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"no row of offers\.csv has the category 'imports'"):
        solved(TWO.instance(), ImportExport(trade="imports", tonnes_per_year=0.0))
    with pytest.raises(PolicyError, match=r"category 'exports' and is of scrap"):
        solved(
            abroad(buys_at=1.0, most=1.0),
            ImportExport(trade="exports", tonnes_per_year=0.0, commodities=("scrap",)),
        )


# --- epr_obligation -------------------------------------------------------------------------


def test_an_obligation_above_the_formal_share_is_missed_or_paid_for() -> None:
    half = replace(TWO, formal_share=0.5)
    # 50 t each: 5,000 + 500 + 1,000. Of 200 t retired 120 must be collected and 100 are.
    plain = 6_500.0
    assert cost(EprObligation(share=0.5, hard=True), instance=half.instance()) == pytest.approx(plain)
    soft = EprObligation(share=0.6, hard=False, penalty_cny_per_tonne=10.0)
    assert cost(soft, instance=half.instance()) == pytest.approx(plain + 20 * 10.0)
    of_a = EprObligation(share=0.6, hard=False, penalty_cny_per_tonne=10.0, jurisdictions=("A",))
    assert cost(of_a, instance=half.instance()) == pytest.approx(plain + 10 * 10.0)
    hard = make_policy("hard", [EprObligation(share=0.6, hard=True)])
    with pytest.raises(InfeasibleError, match=r"60\.0%.*at most 50\.0%"):
        solve(half.instance(), hard, EXACT)
    said = told(half.instance(), hard)
    assert "of what retires must be collected" in said and "Producers' obligation" in said
    for exact in (False, True):
        missed = judged(planned(half.instance()), EprObligation(share=0.6, hard=True), exact=exact)
        assert missed.tags() == {"share_rule"}


def test_what_makers_pay_for_a_pack_is_a_resource_cost() -> None:
    # 0.4 t a pack: 40 CNY a pack are 100 CNY a tonne, of 200 t.
    lever = EprObligation(share=0.0, hard=True, cny_per_pack=40.0)
    found = solved(TWO.instance(), lever)
    assert found.outcome.upper_bound_cny_per_year == pytest.approx(ALL_TO_B + 20_000.0)
    assert sum(paid(found, "compliance").values()) == pytest.approx(20_000.0)


# --- provincial_levy ------------------------------------------------------------------------


def test_a_levy_on_what_leaves_moves_private_plans_alone() -> None:
    # Keeping A's 100 t at home costs 41,000 more: 410 CNY a tonne.
    def levy(amount: float) -> ProvincialLevy:
        return ProvincialLevy(cny_per_tonne=amount, on="leaving", jurisdictions=("A",))

    assert cost(levy(400.0), perspective="private") == pytest.approx(ALL_TO_B + 40_000.0)
    assert cost(levy(420.0), perspective="private") == pytest.approx(BOTH)
    social = solved(TWO.instance(), levy(420.0))
    assert social.outcome.upper_bound_cny_per_year == pytest.approx(ALL_TO_B)
    assert paid(social, "levy") == {("A", "formal_chain", "local_government"): pytest.approx(42_000.0)}


def test_a_levy_on_what_enters_is_the_entered_jurisdictions() -> None:
    lever = ProvincialLevy(cny_per_tonne=5.0, on="entering", commodities=("pack",))
    assert paid(solved(TWO.instance(), lever), "levy") == {
        ("B", "formal_chain", "local_government"): pytest.approx(500.0)
    }
    other = ProvincialLevy(cny_per_tonne=5.0, on="entering", jurisdictions=("A",))
    assert paid(solved(TWO.instance(), other), "levy") == {}


def test_a_levy_on_processing_can_drive_tonnes_away() -> None:
    def levy(amount: float) -> ProvincialLevy:
        return ProvincialLevy(
            cny_per_tonne=amount, on="processing", jurisdictions=("B",), facility_types=("recycler",)
        )

    assert cost(levy(100.0), perspective="private") == pytest.approx(ALL_TO_B + 20_000.0)
    assert cost(levy(250.0), perspective="private") == pytest.approx(ALL_TO_A)


def test_a_levy_at_borders_cannot_be_priced_over_unlisted_arcs_and_says_so() -> None:
    lever = ProvincialLevy(cny_per_tonne=5.0, on="leaving")
    effects = Effects(border_transfers=lever.effects(TWO.instance()))
    assert scope_for(TWO.instance(), effects, SolveOptions()) is None
    with pytest.raises(UsageError, match="provincial_levy is paid at borders"):
        scope_for(TWO.instance(), effects, SolveOptions(strategy="priced"))


# --- carbon_price ---------------------------------------------------------------------------


def test_a_carbon_price_moves_private_plans_alone() -> None:
    # 41,000 CNY save 9 t: 4,555.56 CNY a tonne.
    low, high = CarbonPrice(cny_per_tonne_co2e=4_500.0), CarbonPrice(cny_per_tonne_co2e=4_600.0)
    assert cost(low, perspective="private", instance=smoky()) == pytest.approx(ALL_TO_B + 11 * 4_500.0)
    assert cost(high, perspective="private", instance=smoky()) == pytest.approx(BOTH + 2 * 4_600.0)
    social = solved(smoky(), high)
    assert social.outcome.upper_bound_cny_per_year == pytest.approx(ALL_TO_B)
    assert sum(paid(social, "carbon_price").values()) == pytest.approx(11 * 4_600.0)


def test_a_carbon_price_is_paid_for_recipes_too_beside_the_damage(toy: Instance) -> None:
    found = solve(toy, make_policy("p", [CarbonPrice(cny_per_tonne_co2e=250.0)]), SolveOptions(threads=1))
    damage = sum(paid(found, "emissions").values())
    per_tonne = toy.settings.prices.carbon_cny_per_tonne
    assert sum(paid(found, "carbon_price").values()) == pytest.approx(damage / per_tonne * 250.0)
    assert set(found.ledger.loc[found.ledger["category"] == "carbon_price", "facility_type"]) > {""}


# --- subsidy --------------------------------------------------------------------------------


def test_a_subsidy_by_the_tonne_draws_tonnes() -> None:
    # All to A costs 49,000 more; 200 t of it get 300 CNY each.
    lever = Subsidy(cny_per_tonne=300.0, facility_types=("recycler",), jurisdictions=("A",))
    assert cost(lever, perspective="private") == pytest.approx(ALL_TO_A - 60_000.0)
    small = Subsidy(cny_per_tonne=200.0, jurisdictions=("A",))
    assert cost(small, perspective="private") == pytest.approx(ALL_TO_B)
    assert cost(lever) == pytest.approx(ALL_TO_B)


def test_a_subsidy_ends_with_its_budget() -> None:
    # All to A costs 49,000 more, and 60,000 buy that. With 50,000 for 166.7 t as many go to A and the rest
    # to B: 51,000 of plants, 66.7 t x 100 km, 133.3 t x 10 km. With 45,000 that is dearer than all to B.
    def funded(budget: float, **given: object) -> float:
        lever = Subsidy(
            cny_per_tonne=300.0,
            budget_cny_per_year=budget,
            facility_types=("recycler",),
            jurisdictions=("A",),
        )
        return cost(lever, **given)

    assert funded(60_000.0, perspective="private") == pytest.approx(ALL_TO_A - 60_000.0)
    assert funded(50_000.0, perspective="private") == pytest.approx(9_000.0)
    assert funded(45_000.0, perspective="private") == pytest.approx(ALL_TO_B)
    assert funded(45_000.0) == pytest.approx(ALL_TO_B)


@pytest.mark.parametrize("perspective", ["social", "private"])
def test_what_exceeds_a_budget_is_paid_back_exactly(perspective: str) -> None:
    """Also where it counts for nothing, and a solver could leave any amount."""
    lever = Subsidy(cny_per_tonne=3.0, budget_cny_per_year=450.0, jurisdictions=("B",))
    found = solved(TWO.instance(), lever, perspective=perspective)
    assert paid(found, "subsidy") == {
        ("B", "local_government", "formal_chain"): pytest.approx(600.0),
        ("B", "formal_chain", "local_government"): pytest.approx(150.0),
    }
    short = found.answer.shortfalls["shortfall_tonnes_per_year"]
    assert short.tolist() == [pytest.approx(50.0)]


def test_a_budget_is_no_target_that_a_comparison_would_lessen() -> None:
    policy = make_policy("p", [Subsidy(cny_per_tonne=3.0, budget_cny_per_year=450.0)])
    assert not has_soft_targets(TWO.instance(), policy)
    (rule,) = compose(policy, TWO.instance()).share_rules
    said = Words(TWO.instance()).rule(rule)
    assert said.endswith(
        "at most 150 t a year are paid for that are taken in by any facility; nothing is paid for more"
    )


def test_a_subsidy_of_capital_is_a_share_of_what_is_invested(toy: Instance) -> None:
    lever = Subsidy(capital_share=0.4, facility_types=("hub",), paid_by="central_government")
    found = solve(toy, make_policy("p", [lever]), SolveOptions(threads=1))
    capital = found.ledger[found.ledger["category"] == "capital"]
    of_hubs = capital.loc[capital["facility_type"] == "hub", "cny_per_year"].sum()
    assert of_hubs > 0
    given = paid(found, "subsidy")
    assert sum(given.values()) == pytest.approx(0.4 * of_hubs)
    assert {parties[1:] for parties in given} == {("central_government", "formal_chain")}


def test_a_subsidy_by_capacity_is_paid_for_what_operates_however_little_it_takes_in() -> None:
    # Both at work cost 41,000 more than all to B; A's plant of 1,000 t a year gets 42 CNY for each.
    few = Subsidy(cny_per_tonne_capacity=40.0, facility_types=("recycler",), jurisdictions=("A",))
    assert cost(few, perspective="private") == pytest.approx(ALL_TO_B)
    more = Subsidy(cny_per_tonne_capacity=42.0, facility_types=("recycler",), jurisdictions=("A",))
    assert cost(more) == pytest.approx(ALL_TO_B)
    found = solved(TWO.instance(), more, perspective="private")
    assert found.outcome.upper_bound_cny_per_year == pytest.approx(BOTH - 42_000.0)
    assert paid(found, "subsidy") == {("A", "local_government", "formal_chain"): pytest.approx(42_000.0)}


def test_a_subsidy_by_capacity_ends_with_its_budget() -> None:
    lever = Subsidy(cny_per_tonne_capacity=50.0, jurisdictions=("A",), budget_cny_per_year=41_500.0)
    found = solved(TWO.instance(), lever, perspective="private")
    assert found.outcome.upper_bound_cny_per_year == pytest.approx(BOTH - 41_500.0)
    assert paid(found, "subsidy") == {
        ("A", "local_government", "formal_chain"): pytest.approx(50_000.0),
        ("A", "formal_chain", "local_government"): pytest.approx(8_500.0),
    }
    spent = lever.model_copy(update={"budget_cny_per_year": 40_500.0})
    assert cost(spent, perspective="private") == pytest.approx(ALL_TO_B)
    policy = make_policy("p", [lever])
    (rule,) = compose(policy, TWO.instance()).share_rules
    said = Words(TWO.instance()).rule(rule)
    assert said.endswith(
        "at most 830 t a year of capacity of any facility in A are paid for; nothing is paid for more"
    )


def test_what_exceeds_a_budget_is_paid_back_where_it_was_earned() -> None:
    # Hauls of more than 50 km are closed: each takes in its own 100 t, so that each earns 300 of 450 CNY.
    levers = Subsidy(cny_per_tonne=3.0, budget_cny_per_year=450.0), MaximumHaul(km=50.0)
    found = solved(TWO.instance(), *levers)
    assert paid(found, "subsidy") == {
        (place, *parties): pytest.approx(amount)
        for place in ("A", "B")
        for parties, amount in (
            (("local_government", "formal_chain"), 300.0),
            (("formal_chain", "local_government"), 75.0),
        )
    }


@pytest.mark.parametrize("perspective", ["social", "private"])
def test_a_subsidy_of_capital_ends_with_its_budget(toy: Instance, perspective: str) -> None:
    every = Subsidy(capital_share=0.4)
    free = solved(toy, every, perspective=perspective)
    whole = sum(paid(free, "subsidy").values())
    assert whole > 1_000.0
    few = every.model_copy(update={"budget_cny_per_year": 1_000.0})
    found = solved(toy, few, perspective=perspective)
    given = paid(found, "subsidy")
    net = {place: 0.0 for place, _, _ in given}
    for (place, payer, _), amount in given.items():
        net[place] += amount if payer == "local_government" else -amount
    assert sum(net.values()) == pytest.approx(1_000.0)
    assert all(value > 0 for value in net.values())


@pytest.mark.parametrize("seed", [1, 2, 9, 12])
def test_a_budget_of_capital_holds_in_every_period_in_which_annuities_are_due(seed: int) -> None:
    instance = random_instance(seed, features=("periods",))
    whole = solved(instance, Subsidy(capital_share=0.5), perspective="private")
    due = whole.ledger[whole.ledger["category"] == "subsidy"].groupby("period")["cny_per_year"].sum()
    assert len(due), "nothing is built: another seed"
    budget = float(due.max()) / 2
    lever = Subsidy(capital_share=0.5, budget_cny_per_year=budget)
    found = solved(instance, lever, perspective="private")
    rows = found.ledger[found.ledger["category"].isin(["subsidy", "capital"])]
    sign = (rows["payee"] == "formal_chain").astype(float) - (rows["payer"] == "formal_chain")
    signed = rows.assign(net=rows["cny_per_year"] * sign)
    capital = -signed[signed["category"] == "capital"].groupby("period")["net"].sum()
    given = signed[signed["category"] == "subsidy"].groupby("period")["net"].sum()
    for period, annuities in capital.items():
        assert given.get(period, 0.0) == pytest.approx(min(0.5 * annuities, budget), rel=1e-6)
    assert found.verdict.ok


@pytest.mark.parametrize("more", [-10.0, 10.0])
def test_the_checker_knows_what_a_budget_pays_back(more: float) -> None:
    """Also in a social plan, where the payback is free."""
    lever = Subsidy(cny_per_tonne=3.0, budget_cny_per_year=450.0)
    policy, found = make_policy("p", [lever]), planned(TWO.instance(), lever)
    short = found.answer.shortfalls
    wrong = short.assign(shortfall_tonnes_per_year=short["shortfall_tonnes_per_year"] + more)
    for exact in (False, True):
        answer = replace(found.answer, shortfalls=wrong)
        verdict = check(found.instance, policy, answer, found.ledger, formal_share=1.0, exact=exact)
        assert "share_rule" in verdict.tags()
    assert found.verdict.ok


# --- what is wrong with them ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("lever", "given", "said"),
    [
        (TransferBan, {"from_jurisdictions": ("A",), "to_jurisdictions": ("A",)}, "closes no border"),
        (TransferBan, {"legs": ("middle",)}, "first"),
        (LocalContent, {"jurisdictions": (), "share": 0.5}, "at least 1 item"),
        (LocalContent, {"jurisdictions": ("A",), "share": 1.5}, "less than or equal to 1"),
        (LocalContent, {"jurisdictions": ("A",), "share": 0.5, "hard": False}, "needs penalty"),
        (FacilityCap, {"tonnes_per_year": -1.0}, "greater than or equal to 0"),
        (FacilityCap, {"tonnes_per_year": float("nan")}, "finite"),
        (FacilityCap, {"tonnes_per_year": 5.0, "penalty_cny_per_tonne": 1.0}, "has no penalty"),
        (EmissionCap, {"tonnes_co2e_per_year": float("inf")}, "finite"),
        (EmissionCap, {"tonnes_co2e_per_year": 5.0, "hard": False}, "needs penalty"),
        (EmissionCap, {"tonnes_co2e_per_year": 5.0, "jurisdictions": ("A", "A")}, "names A twice"),
        (RecoveryFloor, {"metal": "Ni", "share": 0.5, "facility_types": ()}, "at least 1 item"),
        (RecoveryFloor, {"metal": "", "share": 0.5, "facility_types": ("r",)}, "at least 1 character"),
        (RecoveryFloor, {"metal": "Ni", "share": 1.2, "facility_types": ("r",)}, "less than or equal to 1"),
        (
            RecoveryFloor,
            {"metal": "Ni", "share": 0.5, "facility_types": ("r",), "hard": False},
            "needs penalty",
        ),
        (ImportExport, {"trade": "imports"}, "changes nothing"),
        (ImportExport, {"trade": "smuggling", "tonnes_per_year": 1.0}, "imports"),
        (ImportExport, {"trade": "exports", "tonnes_per_year": float("nan")}, "finite"),
        (EprObligation, {"share": 0.5}, "Field required"),
        (EprObligation, {"share": 0.5, "hard": True, "cny_per_pack": -1.0}, "greater than or equal to 0"),
        (ProvincialLevy, {"cny_per_tonne": 5.0, "on": "leaving", "facility_types": ("hub",)}, "no meaning"),
        (ProvincialLevy, {"cny_per_tonne": 5.0, "on": "processing", "commodities": ("p",)}, "no meaning"),
        (ProvincialLevy, {"cny_per_tonne": 5.0, "on": "passing"}, "leaving"),
        (CarbonPrice, {"cny_per_tonne_co2e": 1e9}, "less than or equal to 100000"),
        (Subsidy, {}, "pays nothing"),
        (Subsidy, {"capital_share": 2.0}, "less than or equal to 1"),
        (
            Subsidy,
            {"capital_share": 0.2, "cny_per_tonne": 1.0, "budget_cny_per_year": 5.0},
            "bounds one amount",
        ),
        (Subsidy, {"cny_per_tonne_capacity": -2.0}, "greater than or equal to 0"),
        (Subsidy, {"cny_per_tonne": 2.0, "budget_cny_per_year": -5.0}, "greater than or equal to 0"),
    ],
)
def test_bad_parameters_are_refused_with_a_reason(
    lever: type[Lever], given: dict[str, object], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        lever.model_validate(given)


@pytest.mark.parametrize(
    "lever",
    [
        ProvincialLevy(cny_per_tonne=0.0, on="leaving"),
        CarbonPrice(cny_per_tonne_co2e=0.0),
        EprObligation(share=0.0, hard=True),
        LocalContent(jurisdictions=("A",), share=0.0),
    ],
)
def test_nothing_asked_is_no_effect(lever: Lever) -> None:
    assert lever.effects(TWO.instance()) == ()
