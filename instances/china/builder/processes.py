"""What flows, what is done to it and what that costs: commodities, recipes, haulage, transfers."""

from __future__ import annotations

import math

import pandas as pd

from builder.chemistry import (
    CHEMISTRIES,
    KG_PER_TONNE,
    YIELD_DIGITS,
    black_mass_yield,
    dismantling_yields,
    formal_metal_value,
    hydromet_yields,
    informal_metal_value,
    pack_contents,
)
from builder.figures import Figures
from builder.places import MODE
from builder.plants import CAPITAL_NORM

NAMES = {
    "pack": ("Retired {} pack", "退役{}电池包", "class9"),
    "cascade": ("Tested {} pack, cascade grade", "梯次级{}电池", "class9"),
    "scrap": ("Tested {} pack, scrap", "报废级{}电池", "class9"),
    "black_mass": ("{} black mass", "{}黑粉", "class9"),
    "second_life": ("Second-life {} storage", "{}梯次储能", "class9"),
}
CHEMISTRY_ZH = {"lfp": "磷酸铁锂", "ncm": "三元"}
METALS = {
    "li2co3": ("Lithium carbonate", "碳酸锂"),
    "ni": ("Nickel in sulphate", "硫酸镍中的镍"),
    "co": ("Cobalt in sulphate", "硫酸钴中的钴"),
    "mn": ("Manganese in sulphate", "硫酸锰中的锰"),
    "fepo4": ("Iron phosphate", "磷酸铁"),
    "cu": ("Copper", "铜"),
    "al": ("Aluminium", "铝"),
}
RETIRED_FORMS = ("pack", "scrap")
"""Forms in which a battery is collected: packs from vehicles, scrap back from second life."""
TARIFFS = {
    "ordinary": "cost.transport_ordinary",
    "class9": "cost.transport_class9",
    "hazardous": "cost.transport_hazwaste",
}


def tonnes_per_kwh(figures: Figures, chemistry: str) -> float:
    """Return the mass of a second-life kWh, cut (not rounded) at 12 digits so that no mass is won."""
    return math.floor(1e12 / pack_contents(figures, chemistry).residual_kwh) / 1e12


def dismantling_cost(figures: Figures) -> float:
    """Return CNY per tonne of pack at the dismantler."""
    return figures["cost.dismantling"] * figures["tech.cell_mass_share"]


def hydromet_cost(figures: Figures, chemistry: str) -> float:
    """Return CNY per tonne of pack at the hydromet plant, without dismantling."""
    per_cells = figures["cost.hydro_fixed_lab_sewage"] - figures["cost.dismantling"]
    per_cells += figures[f"cost.hydro_reagent_utility_{chemistry}"]
    return per_cells * figures["tech.cell_mass_share"]


def commodities_table(figures: Figures) -> pd.DataFrame:
    """Return every commodity with its unit, mass and class of goods."""
    rows: list[tuple[object, ...]] = []
    for form, (name, name_zh, goods_class) in NAMES.items():
        for chemistry in CHEMISTRIES:
            energy = form == "second_life"
            collected = figures["cost.collection_var"] if form in RETIRED_FORMS else float("nan")
            rows.append(
                (
                    f"{form}_{chemistry}",
                    name.format(chemistry.upper()),
                    name_zh.format(CHEMISTRY_ZH[chemistry]),
                    "kWh" if energy else "t",
                    tonnes_per_kwh(figures, chemistry) if energy else 1.0,
                    goods_class,
                    form in ("pack", "cascade", "scrap"),
                    form == "cascade",
                    collected,
                )
            )
    rows += [
        (metal, *names, "t", 1.0, "ordinary", False, False, float("nan")) for metal, names in METALS.items()
    ]
    columns = [
        "commodity",
        "name",
        "name_zh",
        "unit",
        "tonnes_per_unit",
        "goods_class",
        "undismantled",
        "cascade_grade",
        "collection_cny_per_tonne",
    ]
    return pd.DataFrame(rows, columns=columns)


def recipe_tables(figures: Figures) -> dict[str, pd.DataFrame]:
    """Return recipes, recipe_inputs and recipe_outputs."""
    recipes: list[tuple[object, ...]] = []
    outputs: list[tuple[str, str, float]] = []
    inputs: list[tuple[str, str, float]] = []
    for chemistry in CHEMISTRIES:
        for recipe, kind, taken, category, cost, emission, yields in _steps(figures, chemistry):
            name = f"{recipe.replace('_', ' ')} ({kind})"
            recipes.append((recipe, kind, name, category, round(cost, 2), round(emission, 1)))
            inputs.append((recipe, taken, 1.0))
            outputs += [(recipe, made, round(amount, YIELD_DIGITS)) for made, amount in yields.items()]
    columns = [
        "recipe",
        "facility_type",
        "name",
        "category",
        "cost_cny_per_tonne",
        "emission_kgco2e_per_tonne",
    ]
    return {
        "recipes": pd.DataFrame(recipes, columns=columns),
        "recipe_inputs": pd.DataFrame(inputs, columns=["recipe", "commodity", "mass_share"]),
        "recipe_outputs": pd.DataFrame(outputs, columns=["recipe", "commodity", "yield_units_per_tonne"]),
    }


def _steps(
    figures: Figures, chemistry: str
) -> list[tuple[str, str, str, str, float, float, dict[str, float]]]:
    pack = pack_contents(figures, chemistry)
    fit, reject = figures[f"cascade.yield_{chemistry}"], figures["cascade.reject_share"]
    soh = pack.residual_kwh / pack.nominal_kwh
    steps = [
        (
            f"test_{chemistry}",
            "hub",
            f"pack_{chemistry}",
            "testing",
            figures["cost.testing_sorting"],
            figures["ef.diagnosis"] * soh * pack.nominal_kwh,
            {f"cascade_{chemistry}": fit, f"scrap_{chemistry}": 1 - fit},
        ),
        (
            f"repurpose_{chemistry}",
            "cascade",
            f"cascade_{chemistry}",
            "processing",
            figures["cost.repurposing"] * pack.residual_kwh,
            figures["ef.second_use_lfp"],
            {
                f"second_life_{chemistry}": (1 - reject) * pack.residual_kwh,
                f"scrap_{chemistry}": reject,
            },
        ),
    ]
    steps += [
        (
            f"dismantle_{form}_{chemistry}",
            "dismantler",
            f"{form}_{chemistry}",
            "processing",
            dismantling_cost(figures),
            0.0,
            dismantling_yields(figures, chemistry),
        )
        for form in ("pack", "scrap", "cascade")
    ]
    black_mass = black_mass_yield(figures, chemistry)
    steps.append(
        (
            f"leach_{chemistry}",
            "hydromet",
            f"black_mass_{chemistry}",
            "processing",
            hydromet_cost(figures, chemistry) / black_mass,
            figures[f"ef.hydro_formal_{chemistry}"] / black_mass,
            hydromet_yields(figures, chemistry),
        )
    )
    return steps


def cost_shares_table(figures: Figures) -> pd.DataFrame:
    """Return the labour share of every cost that varies by province."""
    processing = {
        "cascade": "share.labour_repurposing",
        "dismantler": "share.labour_dismantling",
        "hydromet": "share.labour_hydromet",
    }
    rows = [("", "collection", "labour", figures["share.labour_collection"])]
    rows.append(("hub", "testing", "labour", figures["share.labour_testing"]))
    rows += [(kind, "processing", "labour", figures[name]) for kind, name in processing.items()]
    rows += [(kind, "fixed", "labour", figures["share.labour_fixed"]) for kind in CAPITAL_NORM]
    return pd.DataFrame(rows, columns=["facility_type", "category", "component", "share"])


def haulage_table(figures: Figures) -> pd.DataFrame:
    """Return tariffs by class of goods; the collection round is dearer by a factor."""
    rows = []
    for goods_class, name in TARIFFS.items():
        for leg, factor in (("first", figures["cost.first_leg_factor"]), ("trunk", 1.0)):
            tariff = round(figures[name] * factor, 4)
            rows.append(
                (MODE, goods_class, leg, tariff, figures["cost.loading_fixed"], figures["ef.transport"])
            )
    columns = [
        "mode",
        "goods_class",
        "leg",
        "tariff_cny_per_tonne_km",
        "loading_cny_per_tonne",
        "emission_kgco2e_per_tonne_km",
    ]
    return pd.DataFrame(rows, columns=columns)


def informal_processing_cost(figures: Figures) -> float:
    """Return CNY per tonne of pack: informal collection, ordinary haul and processing.

    The processing figure is per tonne of cells, as is the formal one that it is set against.
    """
    haul = figures["informal.haul_km"] * figures["cost.transport_ordinary"] + figures["cost.loading_fixed"]
    processing = figures["cost.informal_same_boundary"] * figures["tech.cell_mass_share"]
    return figures["cost.collection_var"] + haul + processing


def informal_table(figures: Figures) -> pd.DataFrame:
    """Return what a leaked tonne costs, recovers and damages."""
    rows = [
        (
            f"{form}_{chemistry}",
            round(informal_processing_cost(figures), 2),
            round(informal_metal_value(figures, chemistry), 2),
            figures["derived.remediation_per_informal_t"],
            figures[f"ef.informal_{chemistry}"],
        )
        for form in RETIRED_FORMS
        for chemistry in CHEMISTRIES
    ]
    columns = [
        "commodity",
        "processing_cny_per_tonne",
        "recovered_cny_per_tonne",
        "damage_cny_per_tonne",
        "emission_kgco2e_per_tonne",
    ]
    return pd.DataFrame(rows, columns=columns)


def transfers_table(figures: Figures) -> pd.DataFrame:
    """Return what batteries are bought for, and local tax on processed tonnes.

    The tax on an integrated tonne is divided between its two steps as their capital norms are.
    """
    rows: list[tuple[object, ...]] = []
    cells = figures["tech.cell_mass_share"]
    offers = {"lfp": "price.scrap_lfp_prismatic", "ncm": "price.scrap_ncm_pouch"}
    for form in RETIRED_FORMS:
        for chemistry, name in offers.items():
            price = round(figures[name] * cells, 2)
            subject = f"{form}_{chemistry}"
            rows.append(("scrap_purchase", "collected", subject, "formal_chain", "consumers", price))
    tax = figures["fiscal.local_value_per_t"]
    norms = figures["capex.pretreatment"], figures["capex.norm_hydro"]
    share = norms[0] / sum(norms)
    lfp = figures["supply.lfp_share_mass_2024"]
    black_mass = lfp * black_mass_yield(figures, "lfp") + (1 - lfp) * black_mass_yield(figures, "ncm")
    taxes = {"cascade": tax, "dismantler": tax * share, "hydromet": tax * (1 - share) / black_mass}
    rows += [
        ("local_tax", "processed", kind, "formal_chain", "local_government", round(amount, 2))
        for kind, amount in taxes.items()
    ]
    columns = ["category", "basis", "subject", "payer", "payee", "cny_per_tonne"]
    return pd.DataFrame(rows, columns=columns)


def end_of_life_cost(figures: Figures, chemistry: str, mean_km: float) -> float:
    """Return the net cost of a tonne back from second life that is recycled formally, CNY/t.

    Collection, first leg, dismantling, hydromet and their emissions minus metals, at the
    national cost level and today's prices; ``mean_km`` is the mean haul inside a province.
    """
    tariff = figures["cost.transport_class9"] * figures["cost.first_leg_factor"]
    cost = figures["cost.collection_var"] + tariff * mean_km + figures["cost.loading_fixed"]
    cost += dismantling_cost(figures) + hydromet_cost(figures, chemistry)
    emission_kg = figures["ef.transport"] * mean_km + figures[f"ef.hydro_formal_{chemistry}"]
    cost += emission_kg / KG_PER_TONNE * figures["price.carbon_cea"]
    return cost - formal_metal_value(figures, chemistry)


def second_life_table(figures: Figures, mean_km: float) -> pd.DataFrame:
    """Return what comes back, after how long, and what it is then worth."""
    rows = [
        (
            f"second_life_{chemistry}",
            f"scrap_{chemistry}",
            tonnes_per_kwh(figures, chemistry),
            int(figures["cascade.second_life"]),
            figures["cascade.return_leakage_share"],
            round(end_of_life_cost(figures, chemistry, mean_km), 2),
        )
        for chemistry in CHEMISTRIES
    ]
    columns = [
        "commodity",
        "returned_commodity",
        "returned_tonnes_per_unit",
        "lag_years",
        "leakage_share",
        "end_of_life_cost_cny_per_tonne",
    ]
    return pd.DataFrame(rows, columns=columns)
