"""Who bears, works and lives where: tables for incidence, which no plan depends on."""

from __future__ import annotations

import pandas as pd

from builder.chemistry import (
    CHEMISTRIES,
    YIELD_DIGITS,
    carbonate_per_lithium,
    hydromet_yields,
    mean_black_mass_yield,
)
from builder.figures import Figures

STEPS = (
    ("", "", "car_maker"),
    ("", "scrap_purchase", "formal_recycler"),
    ("", "compliance", "formal_recycler"),
    ("hub", "", "formal_recycler"),
    ("cascade", "", "battery_maker"),
    ("dismantler", "", "formal_recycler"),
    ("hydromet", "", "formal_recycler"),
)
"""Facility type, ledger category ("": all others) and who bears it."""

METAL_NAMES = {"Li": "Lithium", "Ni": "Nickel", "Co": "Cobalt", "Mn": "Manganese"}
TONNES_PER_10_KT = 10_000.0


def incidence_tables(figures: Figures, provinces: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return population, labour, bearers, metals and what commodities hold of them."""
    bearers = pd.DataFrame(STEPS, columns=["facility_type", "category", "actor"])
    return {
        "population": pd.DataFrame(
            {"jurisdiction": provinces["iso"], "people": provinces["pop_2020_census"]}
        ),
        "labour": _labour(figures),
        "bearers": bearers.assign(share=1.0),
        "metals": pd.DataFrame(
            {
                "metal": list(METAL_NAMES),
                "name": list(METAL_NAMES.values()),
                "import_share": [figures["metal.import_share_li"], *([float("nan")] * 3)],
            }
        ),
        "metal_contents": _metal_contents(figures),
    }


def _labour(figures: Figures) -> pd.DataFrame:
    """Return jobs per tonne of input: the figure is of an integrated plant, per tonne of pack.

    It is divided between dismantling and hydromet as local tax is, by their capital norms.
    """
    jobs = figures["labour.jobs_per_10kt"] / TONNES_PER_10_KT
    norms = figures["capex.pretreatment"], figures["capex.norm_hydro"]
    share = norms[0] / sum(norms)
    by_type = {
        "hub": jobs * figures["labour.hub_ratio"],
        "cascade": jobs,
        "dismantler": jobs * share,
        "hydromet": jobs * (1 - share) / mean_black_mass_yield(figures),
    }
    table = pd.DataFrame(
        {"facility_type": list(by_type), "jobs_per_tonne_per_year": list(by_type.values())}
    )
    return table.round({"jobs_per_tonne_per_year": 8})


def _metal_contents(figures: Figures) -> pd.DataFrame:
    """Return tonnes of metal per tonne of what is sold and of the black mass that it is leached from.

    Lithium carbonate holds it by its formula Li2CO3; black mass what the leach's rounded yield is the
    recovered part of, so that the recipe recovers exactly what its sources say.
    """
    held = {"li2co3": ("Li", round(1 / carbonate_per_lithium(figures), 6))}
    held |= {metal.lower(): (metal, 1.0) for metal in ("Ni", "Co", "Mn")}
    rows = [(sold, *content) for sold, content in held.items()]
    for chemistry in CHEMISTRIES:
        yields = hydromet_yields(figures, chemistry)
        for sold, (metal, content) in held.items():
            if sold in yields:
                recovered = figures[
                    "yield.li_hydro_formal" if metal == "Li" else "yield.nicomn_hydro_formal"
                ]
                tonnes = round(yields[sold], YIELD_DIGITS) * content / recovered
                rows.append((f"black_mass_{chemistry}", metal, tonnes))
    return pd.DataFrame(rows, columns=["commodity", "metal", "tonnes_per_unit"])
