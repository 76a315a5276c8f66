"""Who bears, works and lives where: tables for incidence, which no plan depends on."""

from __future__ import annotations

import pandas as pd

from builder.chemistry import mean_black_mass_yield
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

METAL_NAMES = {"Li": "Lithium", "Ni": "Nickel", "Co": "Cobalt"}
TONNES_PER_10_KT = 10_000.0


def incidence_tables(figures: Figures, provinces: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return population, labour, bearers, metals and what sold commodities hold of them."""
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
                "import_share": [figures["metal.import_share_li"], float("nan"), float("nan")],
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
    """Return tonnes of metal per tonne sold; lithium carbonate holds it by its formula Li2CO3."""
    li = 2 * figures["chem.li_molar_mass"]
    carbonate = li + figures["chem.c_molar_mass"] + 3 * figures["chem.o_molar_mass"]
    rows = [("li2co3", "Li", round(li / carbonate, 6)), ("ni", "Ni", 1.0), ("co", "Co", 1.0)]
    return pd.DataFrame(rows, columns=["commodity", "metal", "tonnes_per_unit"])
