"""What binds a plan and what the next tonne costs, against rates by hand; loops that earn without end."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from netopt.accounts import Perspective
from netopt.analysis.explain import Explanation, explain
from netopt.data.instance import Instance
from netopt.data.read import make_instance, read_instance
from netopt.formulation.build import build_model
from netopt.formulation.compile import compile_model
from netopt.network.build import build_network
from netopt.network.network import Network
from netopt.pipeline import infeasibility
from netopt.policy.base import Policy
from netopt.policy.effects import Effects
from netopt.policy.levers.in_province_processing import InProvinceProcessing
from netopt.policy.read import make_policy, read_policy
from netopt.resources import shipped
from netopt.solution.options import SolveOptions
from netopt.strategies.explaining.loops import find_loop
from tests.analysis.infeasible_cases import toy

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


def test_where_a_plan_exists_nothing_contradicts() -> None:
    assert infeasibility(toy(), NO_POLICY, ONE_THREAD) is None


@pytest.fixture
def network() -> Network:
    """Return the toy's network."""
    return build_network(toy(), Effects())


def test_a_model_that_is_bounded_has_no_loop(network: Network) -> None:
    form = compile_model(build_model(network, Perspective.SOCIAL))
    assert find_loop(network, form, ONE_THREAD) is None


def test_a_loop_of_recipes_is_named_with_its_places_and_commodities(network: Network) -> None:
    """R3 gives back more black mass than it takes, and no capacity stops it: metal without end."""
    back = network.activity_outputs[network.activity_outputs["commodity"] == "metal"]
    back = back[back["site"] == "R3"].assign(commodity="black_mass", units_per_tonne=1.0)
    outputs = pd.concat([network.activity_outputs, back], ignore_index=True)
    looped = replace(network, activity_outputs=outputs)
    form = compile_model(build_model(looped, Perspective.PRIVATE, without=frozenset({"module_load"})))
    loop = find_loop(looped, form, ONE_THREAD)
    assert loop is not None
    assert loop.places == ("G", "R3")
    assert loop.commodities == ("black_mass", "metal")
    # A tonne leached: 0.4 t of metal at 20,000, less 2,000 x 0.9 of processing and 50 of local tax.
    assert loop.earns_cny == pytest.approx(0.4 * 20_000 - 1800 - 50)
    assert "R3 runs leach on 1 t" in str(loop)
    assert "R3 sells 0.4 of metal to G" in str(loop)


def test_sales_from_nowhere_are_named(network: Network) -> None:
    form = compile_model(build_model(network, Perspective.SOCIAL, without=frozenset({"conversion"})))
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
