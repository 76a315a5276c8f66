"""One small network in which every equation appears, and each equation alone as an LP file.

``python -m tests.formulation.golden_models`` writes the golden files anew: read the difference before
committing it.

A source in province PA, a cascade plant that may be built there, a recycler in PB that stands in part
and may grow; what is sold as second life comes back to its market, and dross can be bought. Two periods
of two and three years.
"""

from __future__ import annotations

from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyomo.environ as pyo
from pyomo.repn.plugins.lp_writer import LPWriter

from netopt.data.instance import Instance
from netopt.data.read import make_instance
from netopt.data.settings import Settings
from netopt.data.tables import TABLES
from netopt.formulation.build import EQUATIONS
from netopt.formulation.model import Model
from netopt.formulation.pyomo_model import as_pyomo
from netopt.formulation.sets import Facts
from netopt.formulation.variables import add_variables
from netopt.network.build import build_network
from netopt.network.network import Network
from netopt.policy.effects import CountSites, Effects, ForceSite, Mass, ShareRule, SingleSource

GOLDEN: Final = Path(__file__).with_name("golden")

SETTINGS: Final[dict[str, Any]] = {
    "instance": {
        "name": "golden",
        "title": "Every equation once",
        "currency": "CNY",
        "price_year": 2025,
        "price_basis": "invented",
    },
    "horizon": {
        "discount_rate": 0.0,
        "base_year": 2025,
        "periods": [
            {"period": "t1", "start_year": 2025, "length_years": 2},
            {"period": "t2", "start_year": 2027, "length_years": 3},
        ],
    },
    "capital": {"wacc": 0.0},
    "distance": {"method": "table"},
    "prices": {"carbon_cny_per_tonne": 0.0, "unserved_cny_per_tonne": 1e4},
    "limits": {"emission_tonnes_co2e_per_year": 60.0},
    "leakage": {
        "formal_share": 0.75,
        "beta_per_cny": 0.01,
        "reference_gap_cny_per_pack": 0.0,
        "reference_friction_cny_per_tonne": 0.0,
        "pack_mass_tonnes": 0.4,
        "pass_through": 0.0,
    },
}

ROWS: Final[dict[str, list[tuple[object, ...]]]] = {
    "jurisdictions": [("PA", "Province A", ""), ("PB", "Province B", "")],
    "locations": [("A", "A", "", "PA", 104.0, 30.0, 10.0), ("B", "B", "", "PB", 113.0, 23.0, 10.0)],
    "commodities": [
        ("pack", "Pack", "", "t", 1.0, "class9", True, True, 0.0),
        ("kwh", "Second life", "", "kWh", 0.01, "ordinary", False, False, None),
        ("metal", "Metal", "", "t", 1.0, "ordinary", False, False, None),
        ("slag", "Slag", "", "t", 1.0, "ordinary", False, False, None),
        ("dross", "Dross", "", "t", 1.0, "ordinary", False, False, None),
    ],
    "sources": [("S", "Dealers", "A", 0.0)],
    "supply": [("S", "pack", "t1", 200.0), ("S", "pack", "t2", 800.0)],
    "operators": [("firm", "Firm", "PA")],
    "facility_types": [("cascade", "Cascade", "", 3), ("recycler", "Recycler", "", 10)],
    "sizes": [
        ("cascade", "new", 200.0, 3e5, 1e4, 0.0, 0.25),
        ("recycler", "new", 500.0, 1e6, 2e4, 0.0, 0.0),
    ],
    "recipes": [
        ("reuse", "cascade", "Repurpose", "processing", 100.0, 20.0),
        ("melt", "recycler", "Melt", "processing", 200.0, 50.0),
        ("purify", "recycler", "Purify", "processing", 150.0, 0.0),
    ],
    "recipe_inputs": [("reuse", "pack", 1.0), ("melt", "pack", 1.0), ("purify", "dross", 1.0)],
    "recipe_outputs": [
        ("reuse", "kwh", 90.0),
        ("melt", "metal", 0.4),
        ("melt", "slag", 0.5),
        ("purify", "metal", 0.3),
    ],
    "sites": [
        ("C", "Cascade", "A", "cascade", "firm", 0.0, 1.0, 0.0, False, True),
        ("R", "Recycler", "B", "recycler", "firm", 600.0, 0.5, 2e4, True, True),
    ],
    "markets": [("M", "Users", "A"), ("gate", "Metal traders", ""), ("dump", "Landfill", "B")],
    "offtake": [
        ("M", "kwh", "", "second_life", 50.0, 9000.0),
        ("gate", "metal", "", "recovered_metals", 2000.0, None),
        ("dump", "slag", "", "disposal", -100.0, 250.0),
    ],
    "vendors": [("V", "Smelter", "A")],
    "offers": [
        ("V", "dross", "", "purchases", 100.0, 70.0),
        ("V", "dross", "t2", "purchases", 120.0, 90.0),
    ],
    "second_life": [("kwh", "pack", 0.01, 2, 0.1, 0.0)],
    "storage": [("recycler", "pack", 80.0, 5.0)],
    "informal": [("pack", 0.0, 0.0, 0.0, 0.0)],
    "haulage": [
        ("road", "class9", "first", 2.0, 0.0, 0.1),
        ("road", "ordinary", "trunk", 1.0, 0.0, 0.1),
    ],
    "distances": [("A", "B", "road", 100.0)],
}

EFFECTS: Final = Effects(
    share_rules=(
        ShareRule(
            "cascade_target",
            "reuse_at_home",
            part=Mass("processed", facility_types=("cascade",), origins=("PA",)),
            whole=Mass("collected", origins=("PA",)),
            share=0.5,
            penalty_cny_per_tonne=900.0,
        ),
        ShareRule(
            "cascade_target",
            "reuse_of_retired",
            part=Mass("processed", facility_types=("cascade",)),
            whole=Mass("retired"),
            share=0.1,
        ),
    ),
    tracked_origins=("PA",),
    forced_sites=(ForceSite("site_choice", "R", "open", from_year=2027),),
    site_counts=(
        CountSites("site_count", minimum=1, facility_types=("recycler",), jurisdictions=("PB",)),
        CountSites("site_count", maximum=2),
    ),
    single_sources=(SingleSource("single_sourcing", ("pack",)),),
)


def golden_instance() -> Instance:
    """Return the instance of the golden LPs."""
    tables = {name: pd.DataFrame(rows, columns=TABLES[name].column_names) for name, rows in ROWS.items()}
    return make_instance(Settings.model_validate(SETTINGS), tables)


@cache
def golden_network() -> Network:
    """Return its network under a soft and a hard rule."""
    return build_network(golden_instance(), EFFECTS)


def lone_equation(tag: str) -> pyo.ConcreteModel:
    """Return a model with all variables, one equation and nothing to minimise."""
    facts = Facts(golden_network())
    model = Model(tag, pd.Index(facts.periods))
    add_variables(model, facts)
    EQUATIONS[tag](model, facts)
    made = as_pyomo(model)
    made.del_component("total_cost")
    made.nothing_to_minimise = pyo.Objective(expr=made.nothing)
    return made


def golden_lp(tag: str) -> str:
    """Return one equation as an LP file with its names."""
    text = StringIO()
    LPWriter().write(lone_equation(tag), text, symbolic_solver_labels=True)
    return text.getvalue()


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name in EQUATIONS:
        (GOLDEN / f"{name}.lp").write_text(golden_lp(name), "utf-8", newline="\n")
