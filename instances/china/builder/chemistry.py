"""What is in a tonne of retired pack, and what each step gets out of it."""

from __future__ import annotations

from dataclasses import dataclass

from builder.figures import Figures

KG_PER_TONNE = 1000.0
CHEMISTRIES = ("lfp", "ncm")
YIELD_DIGITS = 6
"""Yields are written to so many decimals."""


@dataclass(frozen=True)
class Pack:
    """Contents of one tonne of retired pack, in tonnes unless named otherwise.

    Attributes
    ----------
    nominal_kwh, residual_kwh
        Energy of a tonne when new, and of a tonne that passed the cascade test.
    metals
        Metal -> contained tonnes (li, ni, co, mn).
    iron_phosphate
        FePO4 that the cathode holds.
    powder
        Cathode plus graphite: what black mass is made of.
    """

    nominal_kwh: float
    residual_kwh: float
    metals: dict[str, float]
    iron_phosphate: float
    powder: float


def pack_contents(figures: Figures, chemistry: str) -> Pack:
    """Return the contents of a tonne of ``lfp`` or ``ncm`` pack.

    Metals are kg per nominal kWh x nominal kWh per tonne. Cathode mass follows from them by
    stoichiometry: LiFePO4 by its lithium, Li(Ni,Co,Mn)O2 by its nickel, cobalt and manganese.
    """
    nominal = figures[f"tech.kwh_per_t_nominal_{chemistry}"]
    soh = (figures["cascade.soh_min"] + figures["tech.soh_upper"]) / 2
    # The row gives LFP as its value and NCM as the upper end (see its note).
    li_kg_per_kwh = figures["tech.li_content"] if chemistry == "lfp" else figures.high("tech.li_content")
    metals = {"li": li_kg_per_kwh * nominal / KG_PER_TONNE}
    molar = {e: figures[f"chem.{e}_molar_mass"] for e in ("li", "fe", "p", "o", "c", "ni", "co", "mn")}
    iron_phosphate = 0.0
    if chemistry == "lfp":
        iron_phosphate = metals["li"] / molar["li"] * (molar["fe"] + molar["p"] + 4 * molar["o"])
        cathode = metals["li"] + iron_phosphate
    else:
        for metal in ("ni", "co", "mn"):
            metals[metal] = figures[f"tech.{metal}_content_ncm"] * nominal / KG_PER_TONNE
        oxygen = 2 * molar["o"] * sum(metals[m] / molar[m] for m in ("ni", "co", "mn"))
        cathode = sum(metals.values()) + oxygen
    powder = cathode + figures["tech.graphite_share"]
    return Pack(nominal, nominal * soh, metals, iron_phosphate, powder)


def carbonate_per_lithium(figures: Figures) -> float:
    """Return tonnes of Li2CO3 per tonne of contained lithium."""
    li, carbon, oxygen = (figures[f"chem.{e}_molar_mass"] for e in ("li", "c", "o"))
    return (2 * li + carbon + 3 * oxygen) / (2 * li)


def black_mass_yield(figures: Figures, chemistry: str) -> float:
    """Return tonnes of black mass per tonne of pack dismantled."""
    return figures["yield.electrode_powder"] * pack_contents(figures, chemistry).powder


def mean_black_mass_yield(figures: Figures) -> float:
    """Return tonnes of black mass per tonne of the national mix of packs."""
    lfp = figures["supply.lfp_share_mass_2024"]
    return lfp * black_mass_yield(figures, "lfp") + (1 - lfp) * black_mass_yield(figures, "ncm")


def dismantling_yields(figures: Figures, chemistry: str) -> dict[str, float]:
    """Return commodity -> tonnes per tonne of pack or scrap that a dismantler takes in."""
    return {
        f"black_mass_{chemistry}": black_mass_yield(figures, chemistry),
        "cu": figures["tech.cu_share"] * figures["yield.cu_al"],
        "al": figures["tech.al_share"] * figures["yield.cu_al"],
    }


def hydromet_yields(figures: Figures, chemistry: str) -> dict[str, float]:
    """Return commodity -> tonnes per tonne of black mass that a hydromet plant takes in."""
    pack = pack_contents(figures, chemistry)
    lithium = pack.metals["li"] / pack.powder * figures["yield.li_hydro_formal"]
    yields = {"li2co3": lithium * carbonate_per_lithium(figures)}
    if chemistry == "lfp":
        yields["fepo4"] = pack.iron_phosphate / pack.powder * figures["yield.fepo4"]
    else:
        for metal in ("ni", "co", "mn"):
            yields[metal] = pack.metals[metal] / pack.powder * figures["yield.nicomn_hydro_formal"]
    return yields


def metal_prices(figures: Figures) -> dict[str, float]:
    """Return commodity -> CNY per tonne at the gate in the instance's year.

    Cobalt is the low end of its row: the base value there is 2025, after the export quota.
    """
    return {
        "li2co3": figures["price.li2co3_2024"],
        "ni": figures["price.ni_contained"],
        "co": figures.low("price.co_contained"),
        "mn": figures["price.mnso4_2024"] / figures["tech.mn_in_mnso4"],
        "fepo4": figures["price.fepo4_recycled"] * figures["price.fepo4_net_share"],
        "cu": figures["price.cu"] * figures["price.cu_al_payable"],
        "al": figures["price.al"] * figures["price.cu_al_payable"],
    }


def formal_metal_value(figures: Figures, chemistry: str) -> float:
    """Return CNY of metals per tonne of pack that goes through dismantling and hydromet."""
    prices = metal_prices(figures)
    dismantled = dismantling_yields(figures, chemistry)
    black_mass = dismantled.pop(f"black_mass_{chemistry}")
    at_hydromet = {k: black_mass * v for k, v in hydromet_yields(figures, chemistry).items()}
    return sum(prices[k] * v for k, v in {**dismantled, **at_hydromet}.items())


def informal_metal_value(figures: Figures, chemistry: str) -> float:
    """Return CNY of metals per tonne of pack at informal yields.

    Copper and aluminium as in the formal route; no iron phosphate.
    """
    prices, pack = metal_prices(figures), pack_contents(figures, chemistry)
    value = prices["li2co3"] * carbonate_per_lithium(figures)
    value *= pack.metals["li"] * figures["yield.li_informal"]
    value += sum(
        prices[metal] * mass * figures["yield.nicomn_informal"]
        for metal, mass in pack.metals.items()
        if metal != "li"
    )
    dismantled = dismantling_yields(figures, chemistry)
    return value + prices["cu"] * dismantled["cu"] + prices["al"] * dismantled["al"]
