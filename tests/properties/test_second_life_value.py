"""One year, or a horizon longer than the second life: cascade use is worth the same.

One town. 100 t of packs retire every year, all collected. A recycler and a cascade plant stand there and
cost nothing but what they process; places in town are 10 km apart. What is sold returns after two years.

A returned tonne that is handled formally inside the horizon costs the network, by hand:

    collection                                  100.0
    first leg, 10 km x 2 CNY/(t km)              20.0
    loading                                      10.0
    carbon of the haul, 10 km x 0.1 kg x 0.1      0.1     (carbon: 100 CNY/t, that is 0.1 CNY/kg)
    recycling                                   400.0
    carbon of recycling, 500 kg                  50.0
    metal, 0.5 t x 600                         -300.0
                                                -----
                                                280.1  = END_OF_LIFE

So ``end_of_life_cost_cny_per_tonne = 280.1`` says of a return after the horizon what the network says of
one inside it. A leaked return costs 500 + 1,000 - 700 + 200 kg x 0.1 = 820, inside and after alike.
Two years on a yuan is worth 0.8 x 0.8 = 0.64, and a kWh returns 0.01 t, of which a quarter leaks:

    value of a kWh sold = 50 - 0.64 x 0.01 x (0.75 x 280.1 + 0.25 x 820) = 50 - 2.65648 = 47.34352

A tonne of packs that goes to the cascade plant instead of the recycler, 10 km either way, saves recycling
(150) and costs 300 + 80 kWh x (10 km x 0.01 t x (0.5 + 0.01) + 0.1 loading = 0.151) = 312.08; its rejects,
0.2 t, are hauled on and recycled for 0.2 x (10 x 1 + 10 + 0.1 + 150) = 34.02; its 80 kWh are worth
3,787.4816. It gains 150 - 312.08 - 34.02 + 3,787.4816 = 3,591.3816. The market takes 4,000 kWh: 50 t.

    Z without a market = 100 x 280.1 = 28,010;   Z = 28,010 - 50 x 3,591.3816 = -151,559.08
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from netopt.data.instance import Instance
from netopt.data.read import make_instance
from netopt.data.settings import Settings
from netopt.data.tables import TABLES
from netopt.pipeline import solve
from netopt.policy.read import make_policy
from netopt.solution.options import SolveOptions
from netopt.solution.solution import Solution

LAG_YEARS = 2
END_OF_LIFE = 280.1
VALUE_OF_A_KWH = 47.34352
Z_WITHOUT, Z_WITH = 28_010.0, -151_559.08
KWH_PER_YEAR = 4_000.0

Rows = list[dict[str, Any]]


def town(n_years: int, *, end_of_life: float = END_OF_LIFE, limit_kwh: float = KWH_PER_YEAR) -> Instance:
    """Return the town over some years, each a period of its own."""
    years = [str(2025 + number) for number in range(n_years)]
    tables = {**_places(years), **_chain(), **_trade(end_of_life, limit_kwh)}
    frames = {
        name: pd.DataFrame(rows, columns=list(TABLES[name].column_names)) for name, rows in tables.items()
    }
    return make_instance(_settings(years), frames)


def _settings(years: list[str]) -> Settings:
    return Settings.model_validate(
        {
            "instance": {
                "name": "town",
                "title": "Town",
                "currency": "CNY",
                "price_year": 2025,
                "price_basis": "Invented.",
            },
            "horizon": {
                "discount_rate": 0.25,
                "base_year": 2025,
                "periods": [{"period": year, "start_year": int(year), "length_years": 1} for year in years],
            },
            "capital": {"wacc": 0.25},
            "distance": {"method": "table"},
            "prices": {"carbon_cny_per_tonne": 100.0},
            "leakage": {
                "formal_share": 1.0,
                "beta_per_cny": 0.01,
                "reference_gap_cny_per_pack": 0.0,
                "reference_friction_cny_per_tonne": 0.0,
                "pack_mass_tonnes": 0.5,
                "pass_through": 0.0,
            },
        }
    )


def _places(years: list[str]) -> dict[str, Rows]:
    site = {"location": "L", "operator": "O", "existing_capacity_tonnes_per_year": 1000.0}
    site |= {"effective_share": 1.0, "existing_fixed_cny_per_year": 0.0}
    site |= {"existing_divisible": False, "may_build": False}
    return {
        "jurisdictions": [{"jurisdiction": "P", "name": "Province"}],
        "locations": [
            {
                "location": "L",
                "name": "Town",
                "jurisdiction": "P",
                "lon_deg": 105.0,
                "lat_deg": 30.0,
                "internal_km": 10.0,
            }
        ],
        "operators": [{"operator": "O", "name": "Operator", "jurisdiction": "P"}],
        "sources": [{"source": "S", "name": "Dealers", "location": "L", "fixed_cny_per_year": 0.0}],
        "supply": [
            {"source": "S", "commodity": "pack", "period": year, "supply_tonnes_per_year": 100.0}
            for year in years
        ],
        "sites": [
            {"site": "R", "name": "Recycler", "facility_type": "recycler", **site},
            {"site": "C", "name": "Cascade plant", "facility_type": "cascade", **site},
        ],
    }


def _chain() -> dict[str, Rows]:
    commodities = [
        ("pack", "t", 1.0, "class9", True, 100.0),
        ("scrap", "t", 1.0, "class9", True, 100.0),
        ("kwh", "kWh", 0.01, "ordinary", False, None),
        ("metal", "t", 1.0, "ordinary", False, None),
    ]
    recipes = [
        ("recycle_pack", "recycler", 400.0, 500.0, "pack", {"metal": 0.5}),
        ("recycle_scrap", "recycler", 400.0, 500.0, "scrap", {"metal": 0.5}),
        ("repurpose", "cascade", 300.0, 0.0, "pack", {"kwh": 80.0, "scrap": 0.2}),
    ]
    return {
        "commodities": [
            {
                "commodity": name,
                "name": name,
                "unit": unit,
                "tonnes_per_unit": mass,
                "goods_class": goods_class,
                "undismantled": undismantled,
                "cascade_grade": False,
                "collection_cny_per_tonne": collection,
            }
            for name, unit, mass, goods_class, undismantled, collection in commodities
        ],
        "facility_types": [
            {"facility_type": kind, "name": kind, "life_years": 10} for kind in ("recycler", "cascade")
        ],
        "sizes": [
            {
                "facility_type": kind,
                "size": "new",
                "capacity_tonnes_per_year": 1000.0,
                "capital_cny": 1e6,
                "fixed_cny_per_year": 0.0,
                "variable_cny_per_tonne": 0.0,
                "minimum_utilisation": 0.0,
            }
            for kind in ("recycler", "cascade")
        ],
        "recipes": [
            {
                "recipe": name,
                "facility_type": kind,
                "name": name,
                "category": "processing",
                "cost_cny_per_tonne": cost,
                "emission_kgco2e_per_tonne": emission,
            }
            for name, kind, cost, emission, _, _ in recipes
        ],
        "recipe_inputs": [
            {"recipe": name, "commodity": taken, "mass_share": 1.0} for name, _, _, _, taken, _ in recipes
        ],
        "recipe_outputs": [
            {"recipe": name, "commodity": commodity, "yield_units_per_tonne": units}
            for name, *_, given in recipes
            for commodity, units in given.items()
        ],
    }


def _trade(end_of_life: float, limit_kwh: float) -> dict[str, Rows]:
    return {
        "markets": [
            {"market": "gate", "name": "Gate", "location": ""},
            {"market": "yard", "name": "Yard", "location": "L"},
        ],
        "offtake": [
            {
                "market": "gate",
                "commodity": "metal",
                "period": "",
                "category": "recovered_metals",
                "price_cny_per_unit": 600.0,
            },
            {
                "market": "yard",
                "commodity": "kwh",
                "period": "",
                "category": "second_life",
                "price_cny_per_unit": 50.0,
                "limit_units_per_year": limit_kwh,
            },
        ],
        "second_life": [
            {
                "commodity": "kwh",
                "returned_commodity": "scrap",
                "returned_tonnes_per_unit": 0.01,
                "lag_years": LAG_YEARS,
                "leakage_share": 0.25,
                "end_of_life_cost_cny_per_tonne": end_of_life,
            }
        ],
        "informal": [
            {
                "commodity": commodity,
                "processing_cny_per_tonne": 500.0,
                "recovered_cny_per_tonne": 700.0,
                "damage_cny_per_tonne": 1000.0,
                "emission_kgco2e_per_tonne": 200.0,
            }
            for commodity in ("pack", "scrap")
        ],
        "haulage": [
            {
                "mode": "road",
                "goods_class": goods_class,
                "leg": leg,
                "tariff_cny_per_tonne_km": tariff,
                "loading_cny_per_tonne": 10.0,
                "emission_kgco2e_per_tonne_km": 0.1,
            }
            for goods_class, leg, tariff in (
                ("ordinary", "first", 1.0),
                ("ordinary", "trunk", 0.5),
                ("class9", "first", 2.0),
                ("class9", "trunk", 1.0),
            )
        ],
    }


def solved(instance: Instance) -> Solution:
    return solve(instance, make_policy("none", ()), SolveOptions(gap=1e-9, threads=1))


def cost(instance: Instance) -> float:
    return solved(instance).outcome.upper_bound_cny_per_year


@pytest.mark.parametrize("n_years", [1, LAG_YEARS, LAG_YEARS + 1, LAG_YEARS + 3])
def test_a_year_costs_the_same_whatever_the_horizon(n_years: int) -> None:
    assert cost(town(n_years)) == pytest.approx(Z_WITH, abs=0.01)
    assert cost(town(n_years, limit_kwh=0.0)) == pytest.approx(Z_WITHOUT, abs=0.01)


def test_a_unit_sold_is_worth_the_same_in_both_forms() -> None:
    """The value of a kWh, from what its sale adds over making it: 47.34352 by hand."""
    # What making a kWh costs, per tonne of packs and 80 kWh: 312.08 + 34.02 - 150.
    making = (312.08 + 34.02 - 150.0) / 80.0
    for n_years in (1, LAG_YEARS + 3):
        saved = cost(town(n_years, limit_kwh=0.0)) - cost(town(n_years))
        assert saved / KWH_PER_YEAR + making == pytest.approx(VALUE_OF_A_KWH, abs=1e-5)


def test_in_the_long_horizon_returns_are_handled_by_the_network() -> None:
    long = solved(town(LAG_YEARS + 3))
    flows = long.answer.flows
    returned = flows[flows["from_place"] == "yard"].groupby("period")["flow_units_per_year"].sum()
    # 4,000 kWh x 0.01 t x 0.75 formally, from the third year on.
    assert dict(returned.round(6)) == {"2027": 30.0, "2028": 30.0, "2029": 30.0}
    dues = long.ledger[long.ledger["category"] == "end_of_life"]
    assert set(dues["period"]) == {"2029"}
    # Sales of 2028 and 2029 return in 2030 and 2031: 30 t each, seen from 2029.
    assert dues["cny_per_year"].sum() == pytest.approx(30.0 * END_OF_LIFE * (0.8 + 0.64))
    short = solved(town(1))
    assert (short.answer.flows["from_place"] == "yard").sum() == 0


@pytest.mark.parametrize("wrong", [0.0, 2 * END_OF_LIFE])
def test_another_end_of_life_cost_would_part_the_two_forms(wrong: float) -> None:
    # One year counts every return at the wrong cost, five years two of five.
    short, long = cost(town(1, end_of_life=wrong)), cost(town(LAG_YEARS + 3, end_of_life=wrong))
    off = 0.64 * 30.0 * (wrong - END_OF_LIFE)
    assert short - Z_WITH == pytest.approx(off, abs=0.01)
    weights = [0.8**year for year in range(5)]
    assert long - Z_WITH == pytest.approx(off * sum(weights[3:]) / sum(weights), abs=0.01)
