"""One plan written down by hand, with every yuan of it, on an instance of two provinces.

100 t of packs retire in Left in each of two years; 80 t are collected and hauled 100 km to the one
recycler, in Right, which opens in the first year and makes 40 t of metal. See ``YUAN`` for the sums.
"""

from __future__ import annotations

import pandas as pd

from netopt.accounts import Perspective
from netopt.data.instance import Instance
from netopt.data.read import make_instance
from netopt.data.settings import Settings
from netopt.data.tables import TABLES
from netopt.policy.base import Policy
from netopt.policy.levers.transfer_delay import TransferDelay
from netopt.policy.read import make_policy
from netopt.solution.tables import LEDGER_COLUMNS, SOLUTION_COLUMNS, Answer

FORMAL_SHARE = 0.8

YUAN = {
    "collection": 20 * 80 + 70,
    "haulage": 2 * 100 * 80,
    "loading": 3 * 80,
    "delay": 5 * 80,
    "processing": 30 * 80 + 4 * 80,
    "fixed": 500,
    "capital": 40_000 / 4,
    "recovered_metals": -200 * 40,
    "emissions": (0.1 * 100 * 80 + 50 * 80) / 1000 * 100,
    "scrap_purchase": 7 * 80,
    "informal_processing": 10 * 20,
    "informal_recovery": -15 * 20,
    "informal_damage": 5 * 20,
    "informal_emissions": 1000 / 1000 * 100 * 20,
}
"""What the plan costs in either year, by category."""

SOCIAL_CNY_PER_YEAR = 26_010.0
"""All of ``YUAN`` but the scrap purchase, which is a transfer."""

PRIVATE_CNY_PER_YEAR = 23_530.0 + 560.0
"""What the formal chain pays: no emissions, nothing informal, but the scrap purchase."""

GROSS_CNY_PER_YEAR = 32_010.0
"""Costs of the formal network before revenue."""

ROWS: dict[str, list[tuple[object, ...]]] = {
    "jurisdictions": [("P1", "Left", ""), ("P2", "Right", "")],
    "locations": [
        ("L1", "Left", "", "P1", 100.0, 30.0, 10.0),
        ("L2", "Right", "", "P2", 101.0, 30.0, 10.0),
    ],
    "commodities": [
        ("pack", "Pack", "", "t", 1.0, "class9", True, False, 20.0),
        ("metal", "Metal", "", "t", 1.0, "ordinary", False, False, None),
    ],
    "sources": [("S1", "Dealers", "L1", 70.0)],
    "supply": [("S1", "pack", "2025", 100.0), ("S1", "pack", "2026", 100.0)],
    "operators": [("O1", "Firm", "P2")],
    "facility_types": [("recycler", "Recycler", "", 4)],
    "sizes": [("recycler", "small", 100.0, 40_000.0, 500.0, 4.0, 0.5)],
    "recipes": [("melt", "recycler", "Melt", "processing", 30.0, 50.0)],
    "recipe_inputs": [("melt", "pack", 1.0)],
    "recipe_outputs": [("melt", "metal", 0.5)],
    "sites": [("R1", "Plant", "L2", "recycler", "O1", 0.0, 1.0, 0.0, False, True)],
    "markets": [("gate", "At the gate", "")],
    "offtake": [("gate", "metal", "", "recovered_metals", 200.0, None)],
    "informal": [("pack", 10.0, 15.0, 5.0, 1000.0)],
    "transfers": [("scrap_purchase", "collected", "pack", "formal_chain", "consumers", 7.0)],
    "haulage": [("road", "class9", "first", 2.0, 3.0, 0.1)],
    "distances": [("L1", "L2", "road", 100.0)],
}


def hand_instance(**changed: list[tuple[object, ...]]) -> Instance:
    """Return the instance of the plan, with other rows in the named tables."""
    settings = Settings.model_validate(
        {
            "instance": {
                "name": "hand",
                "title": "By hand",
                "currency": "CNY",
                "price_year": 2025,
                "price_basis": "Invented.",
            },
            "horizon": {
                "discount_rate": 0.0,
                "base_year": 2025,
                "periods": [
                    {"period": "2025", "start_year": 2025, "length_years": 1},
                    {"period": "2026", "start_year": 2026, "length_years": 1},
                ],
            },
            "capital": {"wacc": 0.0},
            "distance": {"method": "table"},
            "prices": {"carbon_cny_per_tonne": 100.0},
            "leakage": {
                "formal_share": FORMAL_SHARE,
                "beta_per_cny": 0.0113,
                "reference_gap_cny_per_pack": 75.0,
                "reference_friction_cny_per_tonne": 0.0,
                "pack_mass_tonnes": 0.4,
                "pass_through": 0.1,
            },
        }
    )
    rows_of = {**ROWS, **changed}
    tables = {name: pd.DataFrame(rows, columns=TABLES[name].column_names) for name, rows in rows_of.items()}
    return make_instance(settings, tables)


def hand_policy(perspective: Perspective = Perspective.SOCIAL) -> Policy:
    """Return a policy that holds every tonne for a day, at 5 CNY, as it leaves its province."""
    delay = TransferDelay(lever="transfer_delay", days=1.0, holding_cny_per_tonne_day=5.0)
    return make_policy("hand", [delay], perspective=perspective)


def hand_answer() -> Answer:
    """Return the tables of the plan."""
    rows: dict[str, list[tuple[object, ...]]] = {
        "flows": [
            flow
            for year in ("2025", "2026")
            for flow in (
                ("S1", "R1", "pack", "road", "", False, True, year, 80.0, 100.0),
                ("R1", "gate", "metal", "", "", False, False, year, 40.0, 0.0),
            )
        ],
        "throughput": [("R1", "melt", "", True, year, 80.0) for year in ("2025", "2026")],
        "facilities": [
            ("R1", "small", "2025", True, False, False, False, True, 100.0, 80.0),
            ("R1", "small", "2026", False, False, False, False, True, 100.0, 80.0),
        ],
        "stored": [],
        "supply": [("S1", "pack", year, 100.0, 80.0, 20.0, 0.0) for year in ("2025", "2026")],
        "shortfalls": [],
    }
    return Answer(
        **{
            name: pd.DataFrame(rows[name], columns=list(columns)).astype(columns)
            for name, columns in SOLUTION_COLUMNS.items()
        }
    )


def hand_ledger() -> pd.DataFrame:
    """Return the plan's ledger, account by account."""
    chain, suppliers, public = ("formal_chain", "suppliers"), "suppliers", ("public", "nature")
    source, plant, plant_metal = ("P1", "", "pack"), ("P2", "recycler", ""), ("P2", "recycler", "metal")
    informal = "informal_channel"
    accounts = [
        ("collection", "resource", *chain, *source, 1600.0),
        ("collection", "resource", *chain, "P1", "", "", 70.0),
        ("haulage", "resource", *chain, *source, 16_000.0),
        ("loading", "resource", *chain, *source, 240.0),
        ("delay", "resource", *chain, *source, 400.0),
        ("emissions", "externality", *public, *source, 80.0),
        ("emissions", "externality", *public, *plant, 400.0),
        ("scrap_purchase", "transfer", "formal_chain", "consumers", *source, 560.0),
        ("processing", "resource", *chain, *plant, 2720.0),
        ("fixed", "resource", *chain, *plant, 500.0),
        ("capital", "resource", *chain, *plant, 10_000.0),
        ("recovered_metals", "resource", "formal_chain", "buyers", *plant_metal, -8000.0),
        ("informal_processing", "resource", informal, suppliers, *source, 200.0),
        ("informal_recovery", "resource", informal, "buyers", *source, -300.0),
        ("informal_damage", "externality", *public, *source, 100.0),
        ("informal_emissions", "externality", *public, *source, 2000.0),
    ]
    rows = [(*account[:-1], year, account[-1]) for year in ("2025", "2026") for account in accounts]
    return pd.DataFrame(rows, columns=list(LEDGER_COLUMNS)).astype(LEDGER_COLUMNS)
