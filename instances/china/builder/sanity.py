"""Arithmetic that a reader can follow: what a tonne earns by each route, before any siting."""

from __future__ import annotations

from dataclasses import dataclass

from builder.chemistry import (
    KG_PER_TONNE,
    black_mass_yield,
    formal_metal_value,
    hydromet_yields,
    informal_metal_value,
    metal_prices,
    pack_contents,
)
from builder.figures import Figures
from builder.places import read_provinces
from builder.plants import capital_cny
from builder.processes import (
    dismantling_cost,
    end_of_life_cost,
    hydromet_cost,
    informal_processing_cost,
)

PERCENT = 100.0
BILLION = 1e9


@dataclass(frozen=True)
class Route:
    """What a tonne of pack yields by each route, CNY per tonne, before haulage, plant and collection."""

    recycle: float
    cascade: float
    informal: float


def carbon_cost(figures: Figures, kg: float) -> float:
    """Return CNY for ``kg`` of CO2e."""
    return kg / KG_PER_TONNE * figures["price.carbon_cea"]


def recycling_value(figures: Figures, chemistry: str) -> float:
    """Return metals minus dismantling, hydromet and their emissions, CNY per tonne of pack."""
    cost = dismantling_cost(figures) + hydromet_cost(figures, chemistry)
    emission = carbon_cost(figures, figures[f"ef.hydro_formal_{chemistry}"])
    return formal_metal_value(figures, chemistry) - cost - emission


def routes(figures: Figures, chemistry: str, mean_km: float) -> Route:
    """Return the value of a tonne by recycling, by cascade use (of a fit tonne) and informally.

    Cascade: energy sold minus repurposing and emissions, rejects recycled, and the discounted
    value at the end of second life, formal or leaked.
    """
    pack = pack_contents(figures, chemistry)
    reject = figures["cascade.reject_share"]
    ratio = figures["price.second_life_ncm_ratio"] if chemistry == "ncm" else 1.0
    sold = (1 - reject) * pack.residual_kwh * figures["price.second_life_lfp"] * ratio
    cost = figures["cost.repurposing"] * pack.residual_kwh + carbon_cost(
        figures, figures["ef.second_use_lfp"]
    )
    informal = informal_metal_value(figures, chemistry) - informal_processing_cost(figures)
    informal -= figures["derived.remediation_per_informal_t"]
    informal -= carbon_cost(figures, figures[f"ef.informal_{chemistry}"])
    leaked = figures["cascade.return_leakage_share"]
    after = -(1 - leaked) * end_of_life_cost(figures, chemistry, mean_km) + leaked * informal
    discounted = after * (1 + figures["horizon.discount_rate"]) ** -figures["cascade.second_life"]
    recycle = recycling_value(figures, chemistry)
    cascade = sold - cost + reject * recycle + (1 - reject) * discounted
    return Route(recycle, cascade, informal)


def cell_plant_margin(figures: Figures, chemistry: str) -> float:
    """Return the margin of an integrated plant that buys bare cells, at 2025 prices of lithium.

    Formula: ``(metals - purchase - processing) / metals`` per tonne of cells: the boundary of
    the trade press. Housings are not bought, so only the aluminium in cells counts.
    """
    bought = {"lfp": "price.scrap_lfp_prismatic", "ncm": "price.scrap_ncm_pouch"}
    prices = metal_prices(figures)
    metals = formal_metal_value(figures, chemistry)
    lithium = black_mass_yield(figures, chemistry) * hydromet_yields(figures, chemistry)["li2co3"]
    metals += lithium * (figures["price.li2co3_2025"] - prices["li2co3"])
    housing = figures["tech.al_share"] - figures["tech.al_share_cells"]
    metals -= housing * figures["yield.cu_al"] * prices["al"]
    per_cells = metals / figures["tech.cell_mass_share"]
    processing = dismantling_cost(figures) + hydromet_cost(figures, chemistry)
    processing /= figures["tech.cell_mass_share"]
    return (per_cells - figures[bought[chemistry]] - processing) / per_cells


def hydromet_margin_lfp(figures: Figures) -> float:
    """Return the margin of a plant that buys LFP black mass, at 2025 prices as the trade press has it.

    Formula: ``(sales - black mass at its lithium content - processing) / sales``.
    """
    prices = {**metal_prices(figures), "li2co3": figures["price.li2co3_2025"]}
    sales = sum(prices[metal] * amount for metal, amount in hydromet_yields(figures, "lfp").items())
    pack = pack_contents(figures, "lfp")
    purchase = figures["price.blackmass_lfp_per_li_pct"] * pack.metals["li"] / pack.powder * PERCENT
    return (sales - purchase - hydromet_cost(figures, "lfp") / black_mass_yield(figures, "lfp")) / sales


def report(figures: Figures, mean_km: float) -> str:
    """Return the sanity figures as text, one per line."""
    lines = ["Value of a tonne of pack by route, CNY, before collection, haulage and plant:"]
    for chemistry in ("lfp", "ncm"):
        route = routes(figures, chemistry, mean_km)
        lines.append(
            f"  {chemistry.upper()}: recycled {route.recycle:,.0f}, cascade (fit tonne) "
            f"{route.cascade:,.0f}, informal, with damage {route.informal:,.0f}"
        )
    lines.append("Margins at 2025 lithium prices, beside the trade press:")
    for chemistry in ("lfp", "ncm"):
        name = f"price.hydro_margin_{chemistry}"
        margin = cell_plant_margin(figures, chemistry)
        lines.append(
            f"  {chemistry.upper()} integrated plant buying cells: {margin:+.1%} "
            f"({figures.low(name):+.0%} to {figures.high(name):+.0%})"
        )
    lines.append(f"  LFP hydromet plant buying black mass: {hydromet_margin_lfp(figures):+.1%}")
    return "\n".join([*lines, *_gross(figures, mean_km)])


def _gross(figures: Figures, mean_km: float) -> list[str]:
    tonnes = figures["seed.retired_mass_2024"] * figures["seed.formal_share_2024"]
    lfp = figures["supply.lfp_share_mass_2024"]
    hydromet = lfp * hydromet_cost(figures, "lfp") + (1 - lfp) * hydromet_cost(figures, "ncm")
    tariff = figures["cost.transport_class9"] * figures["cost.first_leg_factor"]
    per_tonne = figures["cost.collection_var"] + dismantling_cost(figures) + hydromet
    per_tonne += tariff * mean_km + figures["cost.loading_fixed"]
    reference = figures["fac.size_reference"]
    for kind in ("dismantler", "hydromet"):
        capital = capital_cny(figures, kind, reference) / reference
        per_tonne += capital * figures["fac.existing_fixed_share"] / figures["fac.existing_effective_share"]
    return [
        f"Rough gross cost if every collected tonne were recycled at home: {per_tonne:,.0f} CNY/t, "
        f"{per_tonne * tonnes / BILLION:.2f} bn CNY a year for {tonnes:,.0f} t "
        f"(mean haul inside a province {mean_km:.0f} km, {len(read_provinces())} provinces)"
    ]
