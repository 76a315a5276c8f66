"""What binds a plan and what the next tonne costs, against rates by hand and against plans on the same
sites without one of the rules; loops that earn without end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pytest

from netopt.accounts import Perspective
from netopt.analysis.explain import Explanation, explain, explain_plan
from netopt.data.design import Design
from netopt.data.instance import Instance
from netopt.data.read import make_instance, read_instance
from netopt.errors import NoSolutionError
from netopt.formulation.compile import standard_form
from netopt.network.build import build_network
from netopt.network.network import Network
from netopt.pipeline import infeasibility, solve
from netopt.policy.base import Lever, Policy
from netopt.policy.effects import Effects
from netopt.policy.levers.haulage_modes import HaulageModes
from netopt.policy.levers.in_province_processing import InProvinceProcessing
from netopt.policy.levers.maximum_haul import MaximumHaul
from netopt.policy.levers.site_choice import SiteChoice
from netopt.policy.levers.whitelist import Whitelist
from netopt.policy.read import make_policy, read_policy
from netopt.resources import shipped
from netopt.solution.design import decided_in
from netopt.solution.options import SolveOptions
from netopt.solution.solution import Solution
from netopt.strategies.clock import OutOfTimeError
from netopt.strategies.explaining.loops import find_loop
from netopt.strategies.explaining.operations import Operations, Optimum
from tests.analysis.infeasible_cases import Edit, sites, toy
from tests.instances_random import with_tables
from tests.policy.test_control_oracles import DIVISIBLE, TWO

ONE_THREAD = SolveOptions(threads=1, gap=1e-9)
NO_POLICY = make_policy("none", ())


def prices(explanation: Explanation) -> dict[str, float]:
    """Return what one more collected tonne costs, by source."""
    assert explanation.margins is not None
    rows = explanation.margins.next_tonne
    return dict(zip(rows["source"], rows["cny_per_tonne"], strict=True))


def binding(explanation: Explanation) -> dict[str, float]:
    """Return what one more unit of room saves, by statement."""
    assert explanation.margins is not None
    rows = explanation.margins.binding
    return dict(zip(rows["statement"], rows["saves_cny_per_unit"], strict=True))


# A tonne of scrap or fit packs at the hub in Midtown: 100 km to D3 at 1 CNY, loading 10, carbon 1;
# dismantled at 400 x 0.9 with 100 kg of carbon dioxide (10); half of it black mass: 10 km at 0.5,
# loading 10, carbon 0.1; leached at (2,000 + 100) x 0.9 with 1 t (100); 0.4 t of metal at 20,000.
_FROM_HUB = 111 + 370 + 0.5 * (15.1 + 1890 + 100) - 0.2 * 20_000
_TEST = 100.0


def test_the_next_tonne_is_the_sum_of_its_rates_by_hand() -> None:
    """The market is full and nothing else is: a further tonne is tested, dismantled and leached."""
    found = prices(explain(toy(), NO_POLICY, ONE_THREAD))
    away = 100 * 2 + 10 + 1
    near = 10 * 2 + 10 + 0.1
    assert found["S1"] == pytest.approx(110 + away + _TEST + _FROM_HUB)
    assert found["S2"] == pytest.approx(100 + near + _TEST + _FROM_HUB)
    assert found["S3"] == pytest.approx(90 + away + _TEST + _FROM_HUB)


def test_the_full_market_binds_and_one_more_tonne_of_room_is_worth_what_reuse_is_worth() -> None:
    """A tonne of second life is 100 kWh, 1.25 t of packs that would else be dismantled."""
    explanation = explain(toy(), NO_POLICY, ONE_THREAD)
    packs = 1.25
    dismantled = packs * _FROM_HUB
    to_c2 = packs * (10 + 10 + 0.1 + 300 - 100)
    rejects = 0.25 * _FROM_HUB
    sold = 10 * 0.5 + 10 + 0.1 - 100 * 100
    # It returns after the horizon: half is handled formally at 500, half leaks; a year's discount of 0.8.
    later = 0.5 * 500 * 0.8 + 0.5 * 0.8 * (500 - 1000 + 1000 + 100)
    saves = dismantled - (to_c2 + rejects + sold + later)
    assert binding(explanation) == pytest.approx({"market second_life_kwh[P2]": saves})


def test_prices_are_the_change_of_cost_when_a_tonne_more_retires() -> None:
    """Eastland retires 2 t more, half of them collected: the optimum moves by price and leakage."""
    explanation = explain(toy(), NO_POLICY, ONE_THREAD)

    def more(tables: dict[str, pd.DataFrame]) -> None:
        tables["supply"].loc[tables["supply"]["source"] == "S3", "supply_tonnes_per_year"] += 2.0

    dearer = explain(toy(more), NO_POLICY, ONE_THREAD)
    assert explanation.outcome is not None
    assert dearer.outcome is not None
    change = dearer.outcome.upper_bound_cny_per_year - explanation.outcome.upper_bound_cny_per_year
    leaked = 500 - 1500 + 1000 + 100  # informal processing, recovery, damage, carbon
    assert change == pytest.approx(prices(explanation)["S3"] + leaked)


def test_the_margins_cost_what_the_plan_costs() -> None:
    instance = read_instance(shipped("instances") / "toy-two-periods")
    for policy in ("unified", "mandates", "open-market"):
        explanation = explain(instance, read_policy(policy, instance), ONE_THREAD)
        assert explanation.margins is not None
        assert explanation.outcome is not None
        cost = explanation.outcome.upper_bound_cny_per_year
        assert explanation.margins.cost_cny_per_year == pytest.approx(cost)


def test_a_duty_binds_with_the_price_of_an_export() -> None:
    """Westland must dismantle all of its packs: one tonne less of duty goes to D3 instead of D1.

    Both hauls from the hub are 100 km. D1 costs 400 x 1.1 + 50 x 1.1 a tonne, D3 400 x 0.9; black mass
    from D1 travels 200 km instead of 10, at 0.5 and carbon of 0.01 a km.
    """
    duty = InProvinceProcessing(jurisdictions=("P1",), share=1.0)
    explanation = explain(toy(), make_policy("duty", (duty,)), ONE_THREAD)
    saves = 400 * 0.2 + 50 * 1.1 + 0.5 * 190 * (0.5 + 0.01)
    assert binding(explanation)["rule in_province_processing[P1]"] == pytest.approx(saves)
    words = explanation.to_text()
    assert "sites fixed" in words
    assert f"one more t would save {saves:,.0f} CNY" in words


def with_rail(tables: dict[str, pd.DataFrame]) -> None:
    """Add a railway to toy, along all roads, for class 9 at a quarter of the tariff."""
    haulage, distances = tables["haulage"], tables["distances"]
    rail = haulage[haulage["goods_class"] == "class9"].assign(mode="rail")
    rail["tariff_cny_per_tonne_km"] *= 0.25
    tables["haulage"] = pd.concat([haulage, rail], ignore_index=True)
    tables["distances"] = pd.concat([distances, distances.assign(mode="rail")], ignore_index=True)


@dataclass(frozen=True)
class Closing:
    """A lever that closes hauls or sites of toy, the levers beside it, and whether lifting it saves.

    Sites are as they were planned under all of the levers.
    """

    lever: Lever
    saves: bool
    beside: tuple[Lever, ...] = ()
    edit: Edit | None = None


CLOSINGS = {
    # Black mass goes 10 km from D3 to R3; R2 is not built.
    "a haul nobody makes": Closing(MaximumHaul(km=99, commodities=("black_mass",)), saves=False),
    # Hubs on either side of the border, so that what is fit stays where its next plant is.
    "cascade packs": Closing(MaximumHaul(km=50, commodities=("cascade_pack",)), saves=True),
    # Scrap stays in Westland, so that packs are tested there; from Midland it would go to the cheaper D3.
    "scrap packs, plants on both sides": Closing(
        MaximumHaul(km=99, commodities=("scrap_pack",)),
        saves=True,
        beside=(SiteChoice(open=("H1", "H2", "D1", "D3")),),
    ),
    "scrap packs, plants on one side": Closing(
        MaximumHaul(km=99, commodities=("scrap_pack",)), saves=False
    ),
    "a mode that is cheaper": Closing(HaulageModes(modes=("road",)), saves=True, edit=with_rail),
    "a mode that is dearer": Closing(
        HaulageModes(modes=("rail",), commodities=("scrap_pack",)), saves=False, edit=with_rail
    ),
    # Closed, it is not built, and with the sites fixed it stays so.
    "a site closed": Closing(SiteChoice(closed=("R3",)), saves=False),
    "a hub closed": Closing(SiteChoice(closed=("H2",)), saves=False),
    # A dismantler of Westland stands in Eastland and may not receive: it is idle, open or not.
    "barred and idle": Closing(
        Whitelist(jurisdiction="P3", action="receive"), saves=False, edit=sites("operator", {"D3": "west"})
    ),
    "barred and open": Closing(
        Whitelist(jurisdiction="P3", action="receive"),
        saves=True,
        beside=(SiteChoice(open=("D3",)),),
        edit=sites("operator", {"D3": "west"}),
    ),
    # Two rules close the same hauls: to lift one of them opens nothing.
    "closed twice": Closing(
        MaximumHaul(km=50, commodities=("cascade_pack",)),
        saves=False,
        beside=(MaximumHaul(km=40, commodities=("cascade_pack",)),),
    ),
}


def design_of(plan: Solution) -> Design:
    """Return the sites of a plan, as ``--fix-sites`` keeps those of a run."""
    return Design("planned", "0" * 64, decided_in(plan.answer.facilities, plan.instance))


def lifted(explanation: Explanation) -> dict[str, dict[str, Any]]:
    """Return what is saved without a statement, by statement."""
    assert explanation.margins is not None
    return {row["statement"]: row for row in explanation.margins.lifted.to_dict("records")}


@pytest.mark.parametrize("name", CLOSINGS)
def test_a_closing_is_listed_if_the_plan_without_it_is_cheaper_on_the_same_sites(name: str) -> None:
    case = CLOSINGS[name]
    instance = toy(case.edit)
    plan = solve(instance, make_policy("all", (case.lever, *case.beside)), ONE_THREAD)
    on_its_sites = replace(ONE_THREAD, design=design_of(plan))
    without = solve(instance, make_policy("without", case.beside), on_its_sites)
    saving = plan.outcome.upper_bound_cny_per_year - without.outcome.upper_bound_cny_per_year
    assert (saving > 1.0) == case.saves
    explanation = explain_plan(plan, ONE_THREAD)
    assert explanation.margins is not None
    assert explanation.margins.unpriced == ()
    assert (explanation.margins.binding["saves_cny_per_unit"] > 0).all()
    said = lifted(explanation)
    assert len(said) == case.saves
    for row in said.values():
        assert row["saves_cny_per_year"] == pytest.approx(saving, rel=1e-6)
        assert row["first_tonne_saves_cny"] * row["tonnes_per_year"] >= saving * (1 - 1e-6)
    words = explanation.to_text()
    assert words.count("lifted, it would save") == case.saves
    assert "save -" not in words
    assert "save 0 CNY" not in words


def test_a_dearer_mode_alone_allowed_costs_what_the_cheaper_one_saves() -> None:
    """Class 9 by rail costs a quarter: a tonne of scrap saves 75 CNY on 100 km, of packs 150."""
    explanation = explain(toy(with_rail), make_policy("road", (HaulageModes(modes=("road",)),)), ONE_THREAD)
    said = lifted(explanation)["hauls haulage_modes 1"]
    # S1 and S3 send packs 100 km, H2 scrap and what is left of fit packs to D3, C2 its rejects; 5,500 t km
    # more are of hauls within Midtown.
    assert said["first_tonne_saves_cny"] == pytest.approx(100 * 2 * 0.75)
    packs = (2_000 * 100 + 4_000 * 10 + 2_000 * 100) * 2 * 0.75
    trunk = (1_500 * 10 + 6_800 * 100) * 0.75
    assert said["saves_cny_per_year"] == pytest.approx(packs + trunk)
    assert said["tonnes_per_year"] == pytest.approx(8_000 + 1_500 + 6_800)
    assert explanation.margins is not None
    hauls = explanation.margins.hauls
    assert hauls["share"].sum() == pytest.approx(1.0)
    assert set(hauls["commodity"]) == {"pack"}
    assert set(hauls["mode"]) == {"rail"}
    assert set(hauls["from_place"]) <= {"S1", "S3"}
    assert set(hauls["to_place"]) == {"H2"}
    assert "retired pack from" in explanation.to_text()
    (in_json,) = explanation.to_dict()["lifted"]
    assert in_json["statement"] == "hauls haulage_modes 1"
    assert [row["to_place"] for row in in_json["first_tonne"]] == ["H2"] * len(hauls)


def test_a_full_plant_with_nothing_more_to_take_does_not_bind() -> None:
    """B's 100 t fill B's plant: room for more is worth nothing, though A's plant stands 100 km off."""
    full = (replace(TWO.sites[0], fixed=0.0), replace(TWO.sites[1], capacity=100.0))
    instance = replace(DIVISIBLE, sites=full).instance()
    both = make_policy("both", (SiteChoice(open=("RA", "RB")),))
    assert binding(explain(instance, both, ONE_THREAD)) == {}
    short = replace(DIVISIBLE, sites=(full[0], replace(full[1], capacity=60.0))).instance()
    found = binding(explain(short, both, ONE_THREAD))
    assert found == pytest.approx({"capacity recycler[B]": 90.0})


def test_what_is_not_priced_in_time_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*given: object) -> Optimum:
        raise OutOfTimeError(given)

    monkeypatch.setattr(Operations, "with_sides", none_left)
    monkeypatch.setattr(Operations, "with_open", none_left)
    case = CLOSINGS["cascade packs"]
    plan = solve(toy(), make_policy("closed", (case.lever,)), ONE_THREAD)
    explanation = explain_plan(plan, ONE_THREAD)
    assert explanation.margins is not None
    assert explanation.margins.unpriced == ("hauls maximum_haul 1", "market second_life_kwh[P2]")
    assert lifted(explanation) == binding(explanation) == {}
    assert explanation.to_text().count("not known: time ran out") == 2
    names = [row["statement"] for row in explanation.to_dict()["unpriced"]]
    assert names == list(explanation.margins.unpriced)


def test_without_any_time_nothing_is_priced() -> None:
    plan = solve(toy(), NO_POLICY, ONE_THREAD)
    with pytest.raises(NoSolutionError, match="time ran out before operations"):
        explain_plan(plan, replace(ONE_THREAD, time_limit_s=1e-9))


def test_the_shares_of_divisible_plants_are_held_as_with_fix_sites() -> None:
    """A tenth of A's plant stays for A's packs: without the limit no tonne fits into the tenth of B's."""
    dear = replace(TWO, sites=(replace(TWO.sites[0], fixed=150_000.0), TWO.sites[1])).instance()
    parts = with_tables(dear, sites=dear["sites"].assign(existing_divisible=True))
    plan = solve(parts, make_policy("near", (MaximumHaul(km=50.0),)), ONE_THREAD)
    assert plan.outcome.upper_bound_cny_per_year == pytest.approx(2 * 1_000 + 15_000 + 100)
    on_its_sites = replace(ONE_THREAD, design=design_of(plan))
    assert solve(parts, NO_POLICY, on_its_sites).outcome.upper_bound_cny_per_year == pytest.approx(17_100)
    assert lifted(explain_plan(plan, ONE_THREAD)) == {}


def test_where_a_plan_exists_nothing_contradicts() -> None:
    assert infeasibility(toy(), NO_POLICY, ONE_THREAD) is None


@pytest.fixture
def network() -> Network:
    """Return the toy's network."""
    return build_network(toy(), Effects())


def test_a_model_that_is_bounded_has_no_loop(network: Network) -> None:
    form = standard_form(network, Perspective.SOCIAL)
    assert find_loop(network, form, ONE_THREAD) is None


def test_a_loop_of_recipes_is_named_with_its_places_and_commodities(network: Network) -> None:
    """R3 gives back more black mass than it takes, and no capacity stops it: metal without end."""
    back = network.activity_outputs[network.activity_outputs["commodity"] == "metal"]
    back = back[back["site"] == "R3"].assign(commodity="black_mass", units_per_tonne=1.0)
    outputs = pd.concat([network.activity_outputs, back], ignore_index=True)
    looped = replace(network, activity_outputs=outputs)
    form = standard_form(looped, Perspective.PRIVATE, without=frozenset({"module_load"}))
    loop = find_loop(looped, form, ONE_THREAD)
    assert loop is not None
    assert loop.places == ("G", "R3")
    assert loop.commodities == ("black_mass", "metal")
    # A tonne leached: 0.4 t of metal at 20,000, less 2,000 x 0.9 of processing and 50 of local tax.
    assert loop.earns_cny == pytest.approx(0.4 * 20_000 - 1800 - 50)
    assert "R3 runs leach on 1 t" in str(loop)
    assert "R3 sells 0.4 of metal to G" in str(loop)


def test_sales_from_nowhere_are_named(network: Network) -> None:
    form = standard_form(network, Perspective.SOCIAL, without=frozenset({"conversion"}))
    loop = find_loop(network, form, ONE_THREAD)
    assert loop is not None
    assert loop.commodities == ("metal",)
    assert loop.earns_cny == pytest.approx(20_000)


def _stated_sentences(instance: Instance, policy: Policy) -> str:
    found = infeasibility(instance, policy, ONE_THREAD)
    assert found is not None
    return "\n".join(said.sentence for said in found.stated.statements)


def test_an_emission_cap_is_a_statement_with_its_tonnes() -> None:
    """Hauling and processing 8,000 t cannot emit nothing; without its cap a plan exists."""
    given = toy()
    limits = given.settings.limits.model_copy(update={"emission_tonnes_co2e_per_year": 0.0})
    settings = given.settings.model_copy(update={"limits": limits})
    tables = {name: table.copy() for name, table in given.tables.items() if len(table)}
    is_repurposing = tables["recipes"]["recipe"] == "repurpose"
    tables["recipes"].loc[is_repurposing, "emission_kgco2e_per_tonne"] = 0.0
    capped = make_instance(settings, tables)
    found = infeasibility(capped, NO_POLICY, ONE_THREAD)
    assert found is not None
    assert found.remedy.names == ("emission cap",)
    assert found.relief.gives["statement"].tolist() == ["emission cap"]
    assert "at most 0 t CO2e a year" in _stated_sentences(capped, NO_POLICY)
