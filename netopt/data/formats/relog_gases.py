"""Gases of a RELOG case: what their price adds to costs, and which of them netopt's emissions stand for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from netopt.data.formats.relog_case import Case, Series, is_constant

_HIGHEST_HAULAGE_KG: Final = 10.0
_HIGHEST_RECIPE_KG: Final = 1e6
_KG_PER_TONNE: Final = 1000.0


@dataclass(frozen=True)
class Gases:
    """What gases come to.

    Attributes
    ----------
    case
        Whose gases.
    counted
        The one gas that netopt's emissions are of ("" for none).
    kg_per_tonne
        What a tonne of it is in the tables: 1,000 kg, or less where figures would not be plausible.
    """

    case: Case
    counted: str
    kg_per_tonne: float

    def price_of(self, emissions: dict[str, Series]) -> Series:
        """Return what emissions (t per unit) cost (per unit), by year."""
        price = [0.0] * self.case.years
        for name, tonnes in emissions.items():
            gas = self.case.gases.get(name)
            if gas is not None:
                price = [
                    sum_so_far + amount * penalty
                    for sum_so_far, amount, penalty in zip(price, tonnes, gas.penalty, strict=True)
                ]
        return tuple(price)

    def kg_of(self, emissions: dict[str, Series]) -> float:
        """Return the emissions that are counted, in the tables' kg per unit."""
        return emissions[self.counted][0] * self.kg_per_tonne if self.counted in emissions else 0.0

    def caps(self, periods: list[str]) -> dict[str, float]:
        """Return the cap of each period that has one, in the tables' tonnes a year."""
        gas = self.case.gases.get(self.counted)
        if gas is None:
            return {}
        scale = self.kg_per_tonne / _KG_PER_TONNE
        return {
            period: limit * scale
            for period, limit in zip(periods, gas.limit, strict=True)
            if math.isfinite(limit)
        }

    def notes(self) -> list[str]:
        """Return what a planner should know of the gases."""
        found = []
        priced = [name for name, gas in self.case.gases.items() if any(gas.penalty)]
        if priced:
            found.append(
                f"The price of emissions ({', '.join(priced)}) is in the tariffs of haulage and the "
                "costs of recipes."
            )
        everything = {name for emissions in _all_emissions(self.case) for name in emissions}
        left_out = sorted(everything - {self.counted})
        if left_out:
            found.append(f"Tonnes of {', '.join(left_out)} are not in the tables: nothing bounds them.")
        if self.counted and self.kg_per_tonne != _KG_PER_TONNE:
            found.append(
                f"Emissions are of {self.counted}: {self.kg_per_tonne:g} kg in the tables is a tonne of it."
            )
        return found


def read_gases(case: Case) -> Gases:
    """Return the gases of a case; what netopt cannot bound is refused where the file says it."""
    limited = [name for name, gas in case.gases.items() if any(map(math.isfinite, gas.limit))]
    for name in limited[1:]:
        case.gases[name].said.at("limit (tonne)").refuse(
            "two_gases",
            f"{limited[0]} is limited too, and netopt bounds the emissions of one gas",
            "lift one of the two limits (null)",
        )
    counted = limited[0] if limited else next((name for name in _names(case) if name.upper() == "CO2"), "")
    changing = [
        emissions[counted]
        for emissions in _all_emissions(case)
        if not is_constant(emissions.get(counted, ()))
    ]
    if limited and changing:
        case.gases[counted].said.at("limit (tonne)").refuse(
            "changes",
            f"emissions of {counted} per tonne change with the years, and a limit needs them constant",
        )
    scale = _scale(case, counted)
    if not limited and (changing or scale != _KG_PER_TONNE):
        counted = ""
    return Gases(case, counted, scale)


def _names(case: Case) -> list[str]:
    return sorted({name for emissions in _all_emissions(case) for name in emissions})


def _all_emissions(case: Case) -> list[dict[str, Series]]:
    of_products = [product.emissions for product in case.products.values()]
    return [*of_products, *(plant.emissions for plant in case.plants)]


def _scale(case: Case, counted: str) -> float:
    """Return the kg that a tonne counts as, such that no figure of the tables is out of its usual range."""
    hauled = max((max(p.emissions.get(counted, (0.0,))) for p in case.products.values()), default=0.0)
    processed = max((max(p.emissions.get(counted, (0.0,))) for p in case.plants), default=0.0)
    scale = _KG_PER_TONNE
    while hauled * scale > _HIGHEST_HAULAGE_KG or processed * scale > _HIGHEST_RECIPE_KG:
        scale /= 1000.0
    return scale
