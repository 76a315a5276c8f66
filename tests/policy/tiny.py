"""Instances of two or three places whose optimum is a sum on a napkin.

One province per location, one source per province (100 t/yr of packs). Hauling a tonne costs 1 CNY a
kilometre as ordinary goods, 2 as class 9, 4 as hazardous; two places at one location are 10 km apart.
Nothing else costs or earns anything unless a test says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations

import pandas as pd

from netopt.data.instance import Instance
from netopt.data.read import make_instance
from netopt.data.settings import Settings
from netopt.policy.base import Lever
from netopt.policy.read import check_references, make_policy
from netopt.solution.options import SolveOptions
from netopt.solution.solution import Solution

SUPPLY_TONNES = 100.0


@dataclass(frozen=True)
class Site:
    """A facility: ``kind`` is recycler, cascade or hub; it stands already unless ``candidate``."""

    name: str
    place: str
    kind: str
    fixed: float = 0.0
    capacity: float = 1000.0
    operator: str = ""
    candidate: bool = False


@dataclass(frozen=True)
class Tiny:
    """What a test chooses; everything else is the same in all of them.

    ``km`` maps two places to their distance. ``tested`` sends every pack through a hub first:
    recyclers take scrap, cascade plants the half of it that is cascade grade. With ``untested_too``
    recyclers also take packs as they come. ``other_supply`` maps a
    place to tonnes of another chemistry, class 9, that go through the same recipes.
    """

    km: dict[tuple[str, str], float]
    sites: tuple[Site, ...]
    tested: bool = False
    untested_too: bool = False
    cascade_cost: float = 30.0
    formal_share: float = 1.0
    supply: dict[tuple[str, str], float] = field(default_factory=dict)
    other_supply: dict[str, float] = field(default_factory=dict)
    periods: tuple[str, ...] = ("2024",)
    storage_at_recyclers: float = 0.0

    @property
    def places(self) -> list[str]:
        return sorted({place for pair in self.km for place in pair})

    def instance(self) -> Instance:
        return make_instance(self._settings(), self._tables())

    def _settings(self) -> Settings:
        periods = [{"period": name, "start_year": int(name), "length_years": 1} for name in self.periods]
        return Settings.model_validate(
            {
                "instance": {
                    "name": "tiny",
                    "title": "Tiny",
                    "currency": "CNY",
                    "price_year": 2024,
                    "price_basis": "x",
                },
                "horizon": {"discount_rate": 0.0, "base_year": 2024, "periods": periods},
                "capital": {"wacc": 0.0},
                "distance": {"method": "table"},
                "prices": {"carbon_cny_per_tonne": 0.0},
                "leakage": {
                    "formal_share": self.formal_share,
                    "beta_per_cny": 0.01,
                    "reference_gap_cny_per_pack": 0.0,
                    "reference_friction_cny_per_tonne": 0.0,
                    "pack_mass_tonnes": 0.4,
                    "pass_through": 0.0,
                },
            }
        )

    def _tables(self) -> dict[str, pd.DataFrame]:
        tables = {**self._geography(), **self._technology(), **self._trade()}
        if self.storage_at_recyclers:
            tables["storage"] = pd.DataFrame(
                [("recycler", "pack", self.storage_at_recyclers, 0.0)],
                columns=["facility_type", "commodity", "capacity_units", "cost_cny_per_unit_year"],
            )
        return tables

    def _geography(self) -> dict[str, pd.DataFrame]:
        places = self.places
        count = len(places)
        supply = [
            (f"S{place}", "pack", period, tonnes)
            for place in places
            for period in self.periods
            if (tonnes := self.supply.get((place, period), SUPPLY_TONNES)) > 0
        ]
        supply += [
            (f"S{place}", "other", period, tonnes)
            for place, tonnes in self.other_supply.items()
            for period in self.periods
        ]
        retiring = [place for place in places if f"S{place}" in {source for source, *_ in supply}]
        return {
            "jurisdictions": pd.DataFrame({"jurisdiction": places, "name": places, "name_zh": ""}),
            "locations": pd.DataFrame(
                {
                    "location": places,
                    "name": places,
                    "name_zh": "",
                    "jurisdiction": places,
                    "lon_deg": [100.0 + step for step in range(count)],
                    "lat_deg": 30.0,
                    "internal_km": 10.0,
                }
            ),
            "sources": pd.DataFrame(
                {
                    "source": [f"S{place}" for place in retiring],
                    "name": "dealers",
                    "location": retiring,
                    "fixed_cny_per_year": 0.0,
                }
            ),
            "supply": pd.DataFrame(
                supply, columns=["source", "commodity", "period", "supply_tonnes_per_year"]
            ),
            "distances": pd.DataFrame(
                [(a, b, "road", self.km[(a, b)]) for a, b in combinations(places, 2)],
                columns=["origin", "destination", "mode", "distance_km"],
            ),
            "operators": pd.DataFrame(
                {
                    "operator": [*(f"of_{place}" for place in places)],
                    "name": "firm",
                    "jurisdiction": places,
                }
            ),
        }

    def _technology(self) -> dict[str, pd.DataFrame]:
        kinds = sorted({site.kind for site in self.sites})
        undismantled = [*self._retired(), *(("fit", "scrap") if self.tested else ())]
        commodities = [*undismantled, "metal", "second_life"]
        recipes, inputs, outputs = self._recipes(kinds)
        return {
            "commodities": pd.DataFrame(
                {
                    "commodity": commodities,
                    "name": commodities,
                    "name_zh": "",
                    "unit": "t",
                    "tonnes_per_unit": 1.0,
                    "goods_class": ["class9" if name == "other" else "ordinary" for name in commodities],
                    "undismantled": [name in undismantled for name in commodities],
                    "cascade_grade": [name == "fit" for name in commodities],
                    "collection_cny_per_tonne": [
                        0.0 if name in self._retired() else None for name in commodities
                    ],
                }
            ),
            "facility_types": pd.DataFrame(
                {"facility_type": kinds, "name": kinds, "name_zh": "", "life_years": 10}
            ),
            "sizes": pd.DataFrame(
                {
                    "facility_type": kinds,
                    "size": "new",
                    "capacity_tonnes_per_year": 1000.0,
                    "capital_cny": 0.0,
                    "fixed_cny_per_year": 1000.0,
                    "variable_cny_per_tonne": 0.0,
                    "minimum_utilisation": 0.0,
                }
            ),
            "recipes": pd.DataFrame(
                recipes,
                columns=[
                    "recipe",
                    "facility_type",
                    "name",
                    "category",
                    "cost_cny_per_tonne",
                    "emission_kgco2e_per_tonne",
                ],
            ),
            "recipe_inputs": pd.DataFrame(inputs, columns=["recipe", "commodity", "mass_share"]),
            "recipe_outputs": pd.DataFrame(
                outputs, columns=["recipe", "commodity", "yield_units_per_tonne"]
            ),
            "sites": pd.DataFrame(
                [
                    (
                        site.name,
                        site.name,
                        site.place,
                        site.kind,
                        site.operator or f"of_{site.place}",
                        0.0 if site.candidate else site.capacity,
                        1.0,
                        0.0 if site.candidate else site.fixed,
                        False,
                        site.candidate,
                    )
                    for site in self.sites
                ],
                columns=[
                    "site",
                    "name",
                    "location",
                    "facility_type",
                    "operator",
                    "existing_capacity_tonnes_per_year",
                    "effective_share",
                    "existing_fixed_cny_per_year",
                    "existing_divisible",
                    "may_build",
                ],
            ),
        }

    def _retired(self) -> list[str]:
        return ["pack", "other"] if self.other_supply else ["pack"]

    def _recipes(self, kinds: list[str]) -> tuple[list[tuple], list[tuple], list[tuple]]:
        recipes, inputs, outputs = [], [], []

        def add(kind, taken, given, cost=0.0):
            name = f"{kind}_{taken}"
            recipes.append((name, kind, name, "processing", cost, 0.0))
            inputs.append((name, taken, 1.0))
            outputs.extend((name, commodity, share) for commodity, share in given.items())

        if "hub" in kinds:
            for taken in self._retired():
                add("hub", taken, {"fit": 0.5, "scrap": 0.5})
        untested = [] if self.tested and not self.untested_too else self._retired()
        for taken in [*(("fit", "scrap") if self.tested else ()), *untested]:
            add("recycler", taken, {"metal": 1.0})
        if "cascade" in kinds:
            add("cascade", "fit" if self.tested else "pack", {"second_life": 1.0}, self.cascade_cost)
        return recipes, inputs, outputs

    def _trade(self) -> dict[str, pd.DataFrame]:
        return {
            "markets": pd.DataFrame({"market": ["gate"], "name": ["gate"], "location": [""]}),
            "offtake": pd.DataFrame(
                [
                    ("gate", "metal", "", "recovered_metals", 0.0, None),
                    ("gate", "second_life", "", "second_life", 0.0, None),
                ],
                columns=[
                    "market",
                    "commodity",
                    "period",
                    "category",
                    "price_cny_per_unit",
                    "limit_units_per_year",
                ],
            ),
            "informal": pd.DataFrame(
                [(name, 0.0, 0.0, 0.0, 0.0) for name in self._retired()],
                columns=[
                    "commodity",
                    "processing_cny_per_tonne",
                    "recovered_cny_per_tonne",
                    "damage_cny_per_tonne",
                    "emission_kgco2e_per_tonne",
                ],
            ),
            "haulage": pd.DataFrame(
                [
                    ("road", goods_class, leg, tariff, 0.0, 0.0)
                    for goods_class, tariff in (("ordinary", 1.0), ("class9", 2.0), ("hazardous", 4.0))
                    for leg in ("first", "trunk")
                ],
                columns=[
                    "mode",
                    "goods_class",
                    "leg",
                    "tariff_cny_per_tonne_km",
                    "loading_cny_per_tonne",
                    "emission_kgco2e_per_tonne_km",
                ],
            ),
        }


def solved(tiny: Tiny, *levers: Lever) -> Solution:
    """Solve a tiny instance under levers, after the checks that a policy file goes through."""
    from netopt.pipeline import solve  # noqa: PLC0415 - the solver is asked for by the oracles alone

    instance = tiny.instance()
    policy = make_policy("oracle", levers)
    check_references(policy, instance)
    return solve(instance, policy, SolveOptions(gap=1e-9, threads=1))


def cost(tiny: Tiny, *levers: Lever) -> float:
    """Return the optimal cost (CNY a year, annual equivalent) under levers."""
    return solved(tiny, *levers).outcome.upper_bound_cny_per_year
